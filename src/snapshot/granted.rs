//! A role of a revision with who is given it, and the rights that it names: what rules about rights look at.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::Access;
use crate::access::cluster::Cluster;
use crate::access::goal::Goal;
use crate::access::leads::{AskedUse, Leads};
use crate::access::outside::is_reached_within;
use crate::access::powers::{KUBE_SYSTEM, Means};
use crate::access::standing::Standing;
use crate::access::subject::{Scope, Subject};
use crate::access::symbols::Symbol;
use crate::config::clusters::Clusters;
use crate::finding::{Location, Severity};
use crate::kubernetes::Object;
use crate::kubernetes::pod_security::VersionSet;
use crate::kubernetes::roles::{Named, PolicyRule, Role};

use super::Snapshot;

/// A right that rules look for: an API group, resources of it, verbs.
pub type Wanted<'w> = (&'w str, &'w [&'w str], &'w [&'w str]);

/// A role, and who is given it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The role. A sum of roles is none: it has no rules of its own.
    pub role: Role<'a>,
    /// Who is given it, and where; none where nobody is.
    pub standing: Option<&'a Standing>,
    access: &'a Access,
}

/// A right that a role names.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// The role.
    pub given: Given<'a>,
    /// The rule that names it.
    pub rule: PolicyRule<'a>,
    /// The words.
    pub named: Named<'a>,
}

impl<'a> Given<'a> {
    /// The view, if the object is a role with rules of its own.
    #[must_use]
    pub fn of(
        snapshot: &'a Snapshot,
        object: Object<'a>,
        (clusters, targets): (&Clusters, VersionSet),
    ) -> Option<Self> {
        let role = Role::of(object).filter(|role| !role.aggregation().is_set())?;
        let access = snapshot.access(clusters, targets);
        let place = Location {
            path: Arc::clone(object.path()),
            span: object.name_span(),
        };
        Some(Self {
            role,
            standing: access.standings().at(&place),
            access,
        })
    }

    /// True if it counts in the whole cluster, or would if somebody were given it: a `ClusterRole` is bound anywhere.
    #[must_use]
    pub fn is_of_cluster(self) -> bool {
        match self.standing {
            Some(standing) => standing.is_of_cluster(),
            None => self.role.is_of_cluster(),
        }
    }

    /// True if it counts in the namespace of what runs the cluster.
    #[must_use]
    pub fn reaches_system(self) -> bool {
        match self.standing {
            Some(standing) => standing.reaches(KUBE_SYSTEM),
            None => self.is_confined_to_system(),
        }
    }

    /// True if it counts in the namespace of what runs the cluster and not in all, or would if somebody were given it.
    #[must_use]
    pub fn is_confined_to_system(self) -> bool {
        if self.is_of_cluster() {
            return false;
        }
        let home = self.role.object().namespace();
        self.standing.map_or_else(
            || home.is_some_and(|(own, _)| own == KUBE_SYSTEM),
            |standing| standing.reaches(KUBE_SYSTEM),
        )
    }

    /// How grave something is that would be as grave as this if somebody had it: what nobody is given is less.
    #[must_use]
    pub fn settled(self, severity: Severity) -> Severity {
        match (self.standing, severity) {
            (Some(_), severity) => severity,
            (None, Severity::Critical) => Severity::High,
            (None, Severity::High) => Severity::Medium,
            (None, Severity::Medium) => Severity::Low,
            (None, Severity::Low | Severity::Note) => Severity::Note,
        }
    }

    /// True if it gives one of some rights on all objects, or somebody who is given it has that right there by any
    /// other role.
    #[must_use]
    pub fn has_beside(self, wanted: &[Wanted<'_>]) -> bool {
        let own = self.role.rules().any(|rule| {
            let mut wanted = wanted.iter();
            !rule.is_named()
                && wanted
                    .any(|(group, resources, verbs)| rule.named(group, resources, verbs).is_some())
        });
        own || self.holders().any(|(cluster, subject, scope)| {
            let rights = cluster.rights(subject, scope.namespace());
            wanted.iter().any(|(group, resources, verbs)| {
                let verbs = verbs.iter().filter_map(|verb| cluster.symbols.find(verb));
                let verbs: Vec<Symbol> = verbs.collect();
                resources.iter().any(|resource| {
                    let reach = cluster.reach(&rights, (group, resource), &verbs);
                    reach.is_all()
                })
            })
        })
    }

    /// True if somebody who is given it uses their rights there by some means, wherever that leads.
    #[must_use]
    pub fn is_used(self, means: &[Means]) -> bool {
        let asked = AskedUse { means, names: None };
        self.leads(|leads, subject, scope| leads.has(subject, scope, asked).then_some(()))
            .is_some()
    }

    fn leads<T: Ord>(self, to: impl Fn(&Leads, &Subject, &Scope) -> Option<T>) -> Option<T> {
        let leads = self.access.leads();
        let given = self.standing.into_iter().flat_map(|it| &it.given);
        given
            .filter_map(|(cluster, subject, scope)| to(leads.get(*cluster)?, subject, scope))
            .min()
    }

    fn holders(self) -> impl Iterator<Item = (&'a Cluster, &'a Subject, &'a Scope)> {
        let given = self.standing.into_iter().flat_map(|it| &it.given);
        given.filter_map(move |(cluster, subject, scope)| {
            Some((self.access.clusters.get(*cluster)?, subject, scope))
        })
    }

    /// Who has it, in words.
    #[must_use]
    pub fn told(self) -> String {
        self.standing
            .map_or_else(|| Standing::default().told(), Standing::told)
    }

    /// Who has it, and what they reach with it.
    #[must_use]
    pub fn told_with(self, goal: Option<Goal>) -> String {
        match goal {
            Some(goal) => format!("{}, which leads to {}", self.told(), goal.title()),
            None => self.told(),
        }
    }

    /// True if a websocket is opened by `get` on one of the clusters: below Kubernetes 1.35.
    #[must_use]
    pub fn is_opened_by_get(self) -> bool {
        self.access.behaviour().get_opens_exec
    }

    /// Where it names one of some rights that have an effect, each right once, where it reaches most.
    #[must_use]
    pub fn naming(self, wanted: &[Wanted<'_>]) -> Vec<Granted<'a>> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut found: Vec<Granted<'a>> = Vec::new();
        for rule in self.role.rules() {
            for wanted in wanted {
                let Some(named) = self.effective(rule, wanted) else {
                    continue;
                };
                let granted = Granted {
                    given: self,
                    rule,
                    named,
                };
                let known = *seen.entry(named.right()).or_insert(found.len());
                match found.get_mut(known) {
                    // A right on all objects is more than one on those of some names.
                    Some(first) if first.is_named() && !granted.is_named() => *first = granted,
                    Some(_) => {}
                    None => found.push(granted),
                }
            }
        }
        found
    }
}

impl<'a> Given<'a> {
    /// Where a rule names a right that has an effect where the role counts.
    fn effective(
        self,
        rule: PolicyRule<'a>,
        (group, resources, verbs): &Wanted<'_>,
    ) -> Option<Named<'a>> {
        if self.is_of_cluster() {
            return effective(rule, group, resources, verbs);
        }
        // In a namespace nothing is reached that lies outside of all, and of Namespaces the own one alone.
        let is_reached = |resource: &str, verb: &str| {
            is_reached_within(group, resource, verb)
                && (resource != "namespaces" || self.names_own_namespace(rule))
        };
        let resources = resources.iter().copied();
        let resources: Vec<&str> = resources
            .filter(|resource| verbs.iter().any(|verb| is_reached(resource, verb)))
            .collect();
        let verbs = verbs.iter().copied();
        let verbs: Vec<&str> = verbs
            .filter(|verb| resources.iter().any(|resource| is_reached(resource, verb)))
            .collect();
        effective(rule, group, &resources, &verbs)
    }

    /// True if the names of a rule, where it has some, are those of a namespace that the role counts in.
    #[must_use]
    pub fn names_own_namespace(self, rule: PolicyRule<'_>) -> bool {
        let mut names = rule.resource_names().texts();
        !rule.is_named()
            || names.any(|name| {
                if let Some(standing) = self.standing {
                    return standing.reaches(name);
                }
                let home = self.role.object().namespace();
                home.is_none_or(|(own, _)| own == name)
            })
    }

    /// Where it lets somebody make certificates for signers whose users the API server knows, how grave that is, and
    /// whom it makes of its holder: a verb on `signers`, together with writing the part of the requests that belongs to it.
    #[must_use]
    pub fn signing(self, verb: &str, part: &str) -> Option<(Named<'a>, Severity, &'static str)> {
        const GROUP: &str = "certificates.k8s.io";
        if !self.is_of_cluster() {
            return None;
        }
        let found = self.naming(&[(GROUP, &["signers"], &[verb])]);
        let granted = found.first()?;
        let is_whole = self.has_beside(&[(GROUP, &[part], &["update", "patch"])]);
        let has = |name: &str| {
            let mut names = granted.rule.resource_names().texts();
            names.any(|own| own == name)
        };
        let makes_users = !granted.is_named()
            || has("kubernetes.io/*")
            || has("kubernetes.io/kube-apiserver-client");
        let (severity, who) = if makes_users {
            (Severity::Critical, "any user")
        } else if has("kubernetes.io/kube-apiserver-client-kubelet") {
            (Severity::High, "any node")
        } else {
            return None;
        };
        is_whole.then(|| (granted.named, self.settled(severity), who))
    }
}

impl Granted<'_> {
    /// True if it counts in the whole cluster, or would if somebody were given the role.
    #[must_use]
    pub fn is_of_cluster(&self) -> bool {
        self.given.is_of_cluster()
    }

    /// True if `resourceNames` say which objects are meant.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.rule.is_named()
    }

    /// The gravest of what somebody who is given the role reaches by some use of this right, if they reach nothing as
    /// grave by other means: what it makes of them. Where `resourceNames` say which objects are meant, it is by these.
    #[must_use]
    pub fn makes(&self, means: &'static [Means]) -> Option<Goal> {
        if means.is_empty() {
            return None;
        }
        let find = |names: Option<&[&str]>| {
            let asked = AskedUse { means, names };
            self.given
                .leads(|leads, subject, scope| leads.further_to(subject, scope, asked))
        };
        if self.is_named() {
            let names: Vec<&str> = self.rule.resource_names().texts().collect();
            return find(Some(&names));
        }
        self.given.standing?.made(means, || find(None))
    }

    /// One severity where all objects are meant, and another one where `resourceNames` say which.
    #[must_use]
    pub fn or_named(&self, all: Severity, named: Severity) -> Severity {
        if self.is_named() { named } else { all }
    }

    /// How grave it is to hand on rights: by what they lead to together with [`HANDED_ON`].
    #[must_use]
    pub fn handed_on(&self, goal: Option<Goal>) -> Severity {
        let all = match goal {
            Some(Goal::ClusterAdmin | Goal::Masters | Goal::Nodes) => Severity::Critical,
            Some(_) => Severity::High,
            None if self.given.is_used(HANDED_ON) => Severity::High,
            None => Severity::Medium,
        };
        self.or_named(all, Severity::Low)
    }

    /// How grave it is to write what rules the whole cluster: graver to make new ones than to change those that are
    /// there; none in a namespace, where there are none.
    #[must_use]
    pub fn of_cluster_rules(&self) -> Option<Severity> {
        let all = match self.named.verb.as_str() {
            Some("create" | "*") => Severity::High,
            _ => Severity::Medium,
        };
        self.is_of_cluster()
            .then(|| self.or_named(all, Severity::Low))
    }
}

/// What makes more of rights that are handed on.
pub const HANDED_ON: &[Means] = &[Means::Bind, Means::Escalate, Means::Everything];

/// Where a rule names a right that has an effect: requests that make objects, or delete all, carry no name that
/// `resourceNames` could mean.
fn effective<'a>(
    rule: PolicyRule<'a>,
    group: &str,
    resources: &[&str],
    verbs: &[&str],
) -> Option<Named<'a>> {
    const NAMELESS: [&str; 2] = ["create", "deletecollection"];
    let named = rule.named(group, resources, verbs)?;
    let is_sub = named.resource.as_str().is_some_and(|it| it.contains('/'));
    let is_nameless = named.verb.as_str().is_some_and(|it| NAMELESS.contains(&it));
    if !rule.is_named() || is_sub || !is_nameless {
        return Some(named);
    }
    let verbs: Vec<&str> = verbs
        .iter()
        .copied()
        .filter(|verb| !NAMELESS.contains(verb))
        .collect();
    rule.named(group, resources, &verbs)
}
