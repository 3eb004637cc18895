//! RBAC as effective permissions: who can do what, which ways lead to the cluster, and what a change adds.
//!
//! ```text
//! objects ─▶ parts      what each file holds: roles, bindings, accounts, what runs as these
//!   ─▶ together         which files are applied together
//!   ─▶ cluster          grants by subject and scope ─▶ rights, as sets in a normal form
//!   ─▶ graph, proof     what rights lead to, and the shortest way there
//!   ─▶ difference       both of two sides
//! ```
//!
//! What is not in the repository is not known: other bindings may give more. What is said is what the API server would
//! answer for what the repository holds.

pub mod ask;
pub mod binders;
pub mod blame;
mod borrowed;
pub mod built_in;
pub mod by_name;
mod circles;
pub mod cluster;
pub mod describe;
pub mod difference;
pub mod exposed;
pub mod goal;
pub mod graph;
pub mod gravity;
pub mod held;
pub mod leads;
pub mod meant;
pub mod news;
pub mod outside;
pub mod parts;
pub mod patterns;
pub mod powers;
pub mod proof;
pub mod question;
mod reach;
mod reasons;
pub mod renamed;
pub mod rights;
pub mod role;
pub mod standing;
pub mod subject;
mod sums;
pub mod symbols;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::kubernetes::Object;
use crate::kubernetes::together::{ClustersOf, alone, pair, united};

use borrowed::{bindings_by_role, borrowed, wider_copies};
use cluster::Cluster;
use goal::Goal;
use graph::Graph;
use graph::ways::Ways;
use leads::Leads;
use parts::{Part, are_about_rights};
use powers::Behaviour;
use proof::{Evidence, Proof};
use role::Binding;
use standing::Standings;
use subject::Subject;

/// All that one revision gives, cluster by cluster.
#[derive(Debug, Default)]
pub struct Access {
    /// The clusters; none where there is neither a role nor a binding.
    pub clusters: Vec<Cluster>,
    behaviour: Behaviour,
    graphs: OnceLock<Vec<Graph>>,
    ways: OnceLock<Vec<Vec<Ways>>>,
    proofs: OnceLock<Vec<Vec<Proof>>>,
    leads: OnceLock<Vec<Leads>>,
    standings: OnceLock<Standings>,
}

impl Access {
    /// Reads a revision. Its objects come file by file.
    #[must_use]
    pub fn of<'a, I: Iterator<Item = Object<'a>>>(
        objects: impl Fn() -> I,
        clusters_of: ClustersOf<'_>,
        behaviour: Behaviour,
    ) -> Self {
        if !are_about_rights(objects()) {
            return Self::default();
        }
        let (mut symbols, built_in) = built_in::roles();
        let parts = parts::read(objects(), &mut symbols);
        let symbols = Arc::new(symbols);
        let groups = alone(&parts, clusters_of);
        let wider = wider_copies(&groups, &symbols);
        let bindings = bindings_by_role(&parts);
        let clusters = groups.iter().zip(wider).map(|(parts, wider)| {
            let borrowed = borrowed(&wider, &bindings);
            Cluster::of(&symbols, &built_in, parts, borrowed)
        });
        Self {
            clusters: clusters.filter(Cluster::is_about_rights).collect(),
            behaviour,
            ..Self::default()
        }
    }

    /// True if there is neither a role nor a binding.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// Who is given which role, and where.
    pub fn standings(&self) -> &Standings {
        self.standings.get_or_init(|| Standings::of(&self.clusters))
    }

    /// How the API server that is asked decides.
    #[must_use]
    pub fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    fn graphs(&self) -> &[Graph] {
        self.graphs.get_or_init(|| {
            let clusters = self.clusters.iter();
            clusters
                .map(|cluster| Graph::of(cluster, self.behaviour))
                .collect()
        })
    }

    /// By cluster, the shortest ways to each goal, the gravest goal first.
    fn ways(&self) -> &[Vec<Ways>] {
        self.ways.get_or_init(|| {
            let of = |graph: &Graph| {
                Goal::ALL
                    .iter()
                    .filter_map(|goal| graph.ways(*goal))
                    .collect()
            };
            self.graphs().iter().map(of).collect()
        })
    }

    /// The ways to what is most guarded, cluster by cluster.
    pub fn proofs(&self) -> &[Vec<Proof>] {
        self.proofs.get_or_init(|| {
            let clusters = self.clusters.iter().zip(self.graphs()).zip(self.ways());
            clusters
                .map(|((cluster, graph), ways)| proof::proofs(cluster, graph, ways))
                .collect()
        })
    }

    /// The gravest way of somebody to the cluster as a whole, by the number of the cluster. Whom no binding names has what
    /// the groups have that they are in.
    #[must_use]
    pub fn gravest_way(&self, cluster: usize, subject: &Subject) -> Option<Proof> {
        let graph = self.graphs().get(cluster)?;
        let all = self.ways().get(cluster)?;
        let cluster = self.clusters.get(cluster)?;
        let of = |number: usize| {
            let ways = all.iter().filter_map(|ways| graph.way_of(ways, number));
            let ways = ways.filter(|way| Goal::OF_CLUSTER.contains(&way.goal));
            let mut proofs = ways.filter_map(|way| proof::prove(cluster, graph, &way));
            proofs.find(proof::matters)
        };
        if let Some(own) = graph.names.subject(subject) {
            return of(own);
        }
        let groups = subject.groups().into_iter();
        let groups = groups.filter_map(|group| graph.names.subject(&group));
        groups.filter_map(of).min_by_key(|proof| proof.goal)
    }

    /// What the rights of everybody lead to, cluster by cluster.
    pub fn leads(&self) -> &[Leads] {
        self.leads.get_or_init(|| {
            let clusters = self.clusters.iter().zip(self.graphs());
            clusters
                .map(|(cluster, graph)| Leads::of(cluster, graph))
                .collect()
        })
    }
}

/// One cluster before and after a change.
#[derive(Debug)]
pub struct Compared {
    /// Before.
    pub before: Cluster,
    /// After.
    pub after: Cluster,
    /// What changes for everybody.
    pub changes: Vec<difference::Change>,
    /// The accounts that only have another name.
    pub renamed: renamed::Renamed,
    /// The ways that come with the change.
    pub new_proofs: Vec<Proof>,
    /// The numbers of those that one thing opens, the shortest first.
    pub causes: Vec<Vec<usize>>,
    /// By cause, the lines that the step takes that it is.
    pub closings: Vec<Vec<Evidence>>,
    /// Who reaches something of the cluster as a whole that they did not.
    pub nearer: BTreeSet<Subject>,
    /// True if all of it is a copy of what there was elsewhere, so that this is what it is held against.
    pub is_new_copy: bool,
    /// The bindings that a new variant of their files brings along.
    pub copied: Vec<Arc<Binding>>,
}

/// What a change does, cluster by cluster.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The clusters for which something changes.
    pub clusters: Vec<Compared>,
    /// Those for which nothing does, whatever was written otherwise.
    pub unchanged: Vec<Compared>,
    /// The ways that come with the change where copies that it adds are applied together with what they are copies of: a
    /// copy more hides nothing of what there would be without it.
    pub united: Vec<Compared>,
}

impl Comparison {
    /// Compares two revisions. Files of the head that were moved go by their old paths as well.
    #[must_use]
    pub fn between<'b, 'h, B: Iterator<Item = Object<'b>>, H: Iterator<Item = Object<'h>>>(
        base: impl Fn() -> B,
        head: impl Fn() -> H,
        renames: &BTreeMap<Arc<str>, Arc<str>>,
        clusters_of: ClustersOf<'_>,
        behaviour: Behaviour,
    ) -> Self {
        if !are_about_rights(base()) && !are_about_rights(head()) {
            return Self::default();
        }
        let (mut symbols, built_in) = built_in::roles();
        let before = parts::read(base(), &mut symbols);
        let after = parts::read(head(), &mut symbols);
        let symbols = Arc::new(symbols);
        let united = united(&before, &after, renames, clusters_of);
        let mut clusters = pair(&before, &after, renames, clusters_of);
        // Copies that the change adds take nothing away from what their cluster was before.
        for sides in clusters.iter_mut().filter(|sides| !sides.is_new_copy) {
            sides.widen_before(&united);
        }
        let united = united.iter().filter_map(|sides| {
            let before = Cluster::of(&symbols, &built_in, &sides.before, Vec::new());
            let after = Cluster::of(&symbols, &built_in, &sides.after, Vec::new());
            let mut goes_on_as = renamed::Renamed::default();
            let mut news = news::news(&before, &after, &goes_on_as, behaviour);
            if !news.proofs.is_empty() {
                let changes = difference::changes(&before, &after);
                goes_on_as = renamed::renamed(&before, &after, &changes);
                if !goes_on_as.is_empty() {
                    news = news::news(&before, &after, &goes_on_as, behaviour);
                }
            }
            (!news.proofs.is_empty()).then_some(Compared {
                before,
                after,
                changes: Vec::new(),
                renamed: goes_on_as,
                new_proofs: news.proofs,
                causes: news.causes,
                closings: news.closings,
                nearer: news.nearer,
                is_new_copy: sides.is_new_copy,
                copied: Vec::new(),
            })
        });
        let united: Vec<Compared> = united.collect();
        // A new copy is held against all there was, where nothing is borrowed.
        let old_groups: Vec<Vec<&Part>> = clusters
            .iter()
            .map(|sides| {
                if sides.is_new_copy {
                    Vec::new()
                } else {
                    sides.before.clone()
                }
            })
            .collect();
        let new_groups: Vec<Vec<&Part>> = clusters.iter().map(|it| it.after.clone()).collect();
        let wider = wider_copies(&old_groups, &symbols).into_iter();
        let wider = wider.zip(wider_copies(&new_groups, &symbols));
        let old = bindings_by_role(&before);
        let new = bindings_by_role(&after);
        let clusters = clusters.iter().zip(wider).map(|(sides, (wider, more))| {
            let wider = wider.into_iter().chain(more).collect();
            let of_base = if sides.is_new_copy {
                Vec::new()
            } else {
                borrowed(&wider, &old)
            };
            let before = Cluster::of(&symbols, &built_in, &sides.before, of_base);
            let after = Cluster::of(&symbols, &built_in, &sides.after, borrowed(&wider, &new));
            let mut changes = difference::changes(&before, &after);
            // A further copy takes nothing from what there was.
            let is_copy = sides.is_new_copy || sides.is_split;
            changes.retain(|change| !is_copy || !change.gained.is_empty());
            let goes_on_as = renamed::renamed(&before, &after, &changes);
            let news = news::news(&before, &after, &goes_on_as, behaviour);
            let copied = sides.copied.iter().flat_map(|part| &part.bindings);
            Compared {
                before,
                after,
                changes,
                renamed: goes_on_as,
                new_proofs: news.proofs,
                causes: news.causes,
                closings: news.closings,
                nearer: news.nearer,
                is_new_copy: sides.is_new_copy,
                copied: copied.cloned().collect(),
            }
        });
        let (clusters, unchanged) =
            clusters.partition(|it| !it.changes.is_empty() || !it.new_proofs.is_empty());
        Self {
            clusters,
            unchanged,
            united,
        }
    }
}
