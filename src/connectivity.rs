//! What `tidegate network` answers: who can reach whom, why, and what changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::network::explain::{self, Explanation, explain};
use crate::network::lines::{Gathered, Lines};
use crate::network::notation::{Named, exposure, lines};
use crate::network::parts::Unanalysed;
use crate::network::posture::rows;
use crate::network::world::{HostNetwork, Workload};
use crate::network::{Cluster, Comparison, Direction, Network};
use crate::snapshot::Snapshot;
use crate::verdict::{NetworkChange, NetworkEnd, NetworkEnds, PassedOver};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Why a connection from one end to the other passes or does not.
    pub why: Option<(explain::Asked, explain::Asked)>,
    /// How pods that share the network of their node are taken.
    pub host_network: HostNetwork,
    /// True if of a change nothing is asked but what it opens and closes: what passes beside that is not worked out.
    pub is_change_alone: bool,
}

/// The whole answer.
#[derive(Debug)]
pub struct Answer {
    /// What each cluster lets through, in the order of its first file.
    pub clusters: Vec<ClusterAnswer>,
    /// What changed; none where there is no base.
    pub changes: Option<Lines<2>>,
    /// What is opened to or closed for pods that the repository does not hold.
    pub exposure_changes: Lines<2>,
    /// True if it was asked why.
    pub is_question: bool,
    /// What is assumed where the API leaves it to the network plugin.
    pub assumptions: Vec<&'static str>,
    /// Files that look like manifests and could not be read.
    pub unreadable: Vec<PassedOver>,
    /// The files of the head.
    pub head: Snapshot,
}

/// What one cluster lets through.
#[derive(Debug)]
pub struct ClusterAnswer {
    /// The files that are applied to it.
    pub files: Vec<Arc<str>>,
    /// Who can reach whom.
    pub connections: Lines<1>,
    /// What stands open to pods that the repository does not hold.
    pub exposure: Lines<1>,
    /// The workloads that no `NetworkPolicy` selects, by direction.
    pub unprotected: Vec<(Named, Direction)>,
    /// Why what was asked about passes or does not.
    pub explanations: Vec<Explanation>,
    /// Policies whose content is not analysed.
    pub unanalysed: Vec<Unanalysed>,
}

/// What a revision lets through, within some paths.
#[must_use]
pub fn answer(
    network: &Network,
    asked: &Asked,
    in_scope: &dyn Fn(&str) -> bool,
) -> Vec<ClusterAnswer> {
    let clusters = network.clusters.iter();
    clusters
        .filter(|cluster| cluster.files.iter().any(|file| in_scope(file)))
        .filter(|cluster| !cluster.reach.world.workloads.is_empty())
        .map(|cluster| of_cluster(cluster, asked, in_scope))
        .collect()
}

/// Why a question has no answer: an end that these files do not hold, or two that are one or do not meet; none where it
/// has one.
#[must_use]
pub fn why_not(network: &Network, asked: &Asked, answers: &[ClusterAnswer]) -> Option<String> {
    let (from, to) = asked.why.as_ref()?;
    if answers.iter().any(|it| !it.explanations.is_empty()) {
        return None;
    }
    let is_known = |end: &explain::Asked| {
        let mut clusters = network.clusters.iter();
        clusters.any(|cluster| !end.ends(&cluster.reach).is_empty())
    };
    let unknown: Vec<String> = [from, to]
        .into_iter()
        .filter(|end| !is_known(end))
        .map(ToString::to_string)
        .collect();
    Some(match unknown.as_slice() {
        [] if from == to => {
            format!(
                "{from} is both ends, and what pods of one workload send each other is not told"
            )
        }
        [] if matches!(
            (from, to),
            (explain::Asked::Address(_), explain::Asked::Address(_))
        ) =>
        {
            format!(
                "{from} and {to} are addresses, and policies are about pods; ask about a workload"
            )
        }
        [] => format!("no files that are applied together hold both {from} and {to}"),
        unknown => format!(
            "these files hold no workload {}; `tidegate network` lists those that they hold",
            unknown.join(" and none that is ")
        ),
    })
}

fn of_cluster(cluster: &Cluster, asked: &Asked, in_scope: &dyn Fn(&str) -> bool) -> ClusterAnswer {
    let reach = &cluster.reach;
    let why = asked.why.as_ref();
    let explanations = why.map(|(from, to)| explain(reach, from, to));
    let shown = shown(&[cluster], in_scope);
    let (mut connections, mut open) = (Lines::default(), Lines::default());
    let mut unprotected = Vec::new();
    if why.is_none() && !asked.is_change_alone {
        let is_shown = |end: &Named| shown.contains(end);
        connections = lines(reach, &is_shown);
        open = exposure(reach, &is_shown);
        for (number, class) in reach.ends.classes.iter().enumerate() {
            for direction in Direction::BOTH {
                if reach.is_isolated(number, direction) {
                    continue;
                }
                let own = class.workloads.iter();
                let own = own.filter_map(|at| reach.world.workloads.get(*at));
                let own = own.map(Named::workload).filter(|own| shown.contains(own));
                unprotected.extend(own.map(|own| (own, direction)));
            }
        }
        unprotected.sort_unstable();
    }
    let unanalysed = cluster.unanalysed.iter();
    ClusterAnswer {
        files: cluster.files.clone(),
        connections,
        exposure: open,
        unprotected,
        explanations: explanations.unwrap_or_default(),
        unanalysed: unanalysed
            .filter(|it| in_scope(&it.at.path))
            .cloned()
            .collect(),
    }
}

/// The workloads that some paths are about: they stand there, or a policy that selects them does.
fn shown(clusters: &[&Cluster], in_scope: &dyn Fn(&str) -> bool) -> BTreeSet<Named> {
    let mut shown = BTreeSet::new();
    for cluster in clusters {
        let reach = &cluster.reach;
        for (number, class) in reach.ends.classes.iter().enumerate() {
            let mut directions = Direction::BOTH.into_iter();
            let is_policed = directions.any(|direction| {
                let mut policies = reach.policies(number, direction);
                policies.any(|policy| in_scope(&policy.at.path))
            });
            let own = class.workloads.iter();
            let own = own.filter_map(|at| reach.world.workloads.get(*at));
            let own = own.filter(|own| is_policed || in_scope(&own.at.path));
            shown.extend(own.map(Named::workload));
        }
    }
    shown
}

/// What a change opens and closes within some paths, line by line. What is the same in several clusters is told once.
#[must_use]
pub fn changes(comparison: &Comparison, in_scope: &dyn Fn(&str) -> bool) -> Lines<2> {
    told(comparison, in_scope, false)
}

/// What a change opens to or closes for pods that the repository does not hold.
#[must_use]
pub fn exposure_changes(comparison: &Comparison, in_scope: &dyn Fn(&str) -> bool) -> Lines<2> {
    told(comparison, in_scope, true)
}

fn told(comparison: &Comparison, in_scope: &dyn Fn(&str) -> bool, of_pods: bool) -> Lines<2> {
    let mut lines = Gathered::default();
    for compared in &comparison.clusters {
        let (before, after) = (&compared.before, &compared.after);
        let shown = shown(&[before, after], in_scope);
        let is_shown = |end: &Named| shown.contains(end);
        let sides = (&before.reach, &after.reach);
        let difference = &compared.difference;
        difference.tell(sides, of_pods, &is_shown, &mut lines);
    }
    lines.lines()
}

/// The most ends that one row names.
const MOST_ENDS: usize = 20;

/// What a change opens and closes within some paths, in as few rows as say it, what it opens first.
#[must_use]
pub fn posture(comparison: &Comparison, in_scope: &dyn Fn(&str) -> bool) -> Vec<NetworkChange> {
    let mut all = BTreeSet::new();
    for compared in &comparison.clusters {
        let shown = shown(&[&compared.before, &compared.after], in_scope);
        for row in rows(compared, &|end| shown.contains(end)) {
            all.insert((
                !row.opens(),
                NetworkChange {
                    opens: row.opens(),
                    from: ends(&row.from),
                    to: ends(&row.to),
                    before: row.before.to_string(),
                    after: row.after.to_string(),
                },
            ));
        }
    }
    all.into_iter().map(|(_, change)| change).collect()
}

fn ends(all: &BTreeSet<Named>) -> NetworkEnds {
    let named = all.iter().take(MOST_ENDS).map(|end| {
        let whole = end.to_string();
        let within = end.namespace().and_then(|namespace| {
            let name = whole.strip_prefix(&**namespace)?.strip_prefix('/')?;
            Some((namespace.to_string(), name.to_owned()))
        });
        match within {
            Some((namespace, name)) => NetworkEnd {
                namespace: Some(namespace),
                name,
            },
            None => NetworkEnd {
                namespace: None,
                name: whole,
            },
        }
    });
    NetworkEnds {
        named: named.collect(),
        more: all.len().saturating_sub(MOST_ENDS),
    }
}

/// What is assumed of the network plugin, as far as it makes a difference here.
#[must_use]
pub fn assumptions(network: &Network) -> Vec<&'static str> {
    let mut all = Vec::new();
    let worlds = || network.clusters.iter().map(|cluster| &cluster.reach.world);
    if worlds().any(|world| !world.policies.is_empty()) {
        all.push("the network plugin of the cluster enforces policies");
    }
    let mut workloads = worlds().flat_map(|world| &world.workloads);
    if workloads.any(Workload::is_on_host) {
        let mut worlds = worlds();
        all.push(if worlds.any(|it| it.host_network == HostNetwork::Policied) {
            "policies reach pods that share the network of their node, as --host-network policied says"
        } else {
            "policies do not reach pods that share the network of their node, and a node reaches its own pods (--host-network policied assumes otherwise)"
        });
    }
    if worlds().any(names_addresses) {
        all.push("ranges of addresses mean what is outside of the cluster, not pods");
    }
    all
}

fn names_addresses(world: &crate::network::World) -> bool {
    let mut policies = world.policies.iter();
    policies.any(|policy| {
        let rules = policy.ingress.iter().chain(&policy.egress).flatten();
        let mut peers = rules.flat_map(|rule| rule.peers.iter().flatten());
        peers.any(|written| matches!(written.peer, crate::network::world::Peer::Addresses(_)))
    })
}

impl Answer {
    /// The exit code: 3 where something could not be read.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.unreadable.is_empty() { 0 } else { 3 }
    }
}
