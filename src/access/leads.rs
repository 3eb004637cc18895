//! What the rights of a subject lead to, by how they are used: whether a right makes more of its holder.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::cluster::Cluster;
use super::goal::Goal;
use super::graph::Graph;
use super::powers::Means;
use super::subject::{Scope, Subject};

/// How rights are used: how, in which namespace, and by which name where a right on all is not held.
type Use = (Means, Option<Arc<str>>, Option<Arc<str>>);

/// What the rights of every subject of a cluster lead to.
#[derive(Debug, Default)]
pub struct Leads {
    /// The gravest goal of each use of rights; none where it leads nowhere.
    by_subject: HashMap<Subject, BTreeMap<Use, Option<Goal>>>,
}

/// What is asked for: uses of rights that are held in a scope.
#[derive(Clone, Copy, Debug)]
pub struct AskedUse<'a> {
    /// How they are used.
    pub means: &'a [Means],
    /// Of which objects, where not all uses are meant.
    pub names: Option<&'a [&'a str]>,
}

impl AskedUse<'_> {
    fn is_of(&self, (means, namespace, name): &Use, scope: &Scope) -> bool {
        // What is held everywhere is used in every namespace.
        let is_here = *scope == Scope::Cluster || namespace.as_ref() == scope.namespace();
        let is_meant = self
            .names
            .is_none_or(|names| name.as_ref().is_some_and(|name| names.contains(&&**name)));
        self.means.contains(means) && is_here && is_meant
    }
}

impl Leads {
    /// Finds out what leads where.
    #[must_use]
    pub fn of(cluster: &Cluster, graph: &Graph) -> Self {
        let mut leads = Self::default();
        for (subject, power, goal) in graph.uses() {
            let uses = leads.by_subject.entry(subject.clone()).or_default();
            let name = power.needs.first().and_then(|asked| asked.name);
            let name = name.map(|name| Arc::from(cluster.symbols.text(name)));
            let known = uses
                .entry((power.means, power.namespace.clone(), name))
                .or_default();
            *known = match (*known, goal) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        leads
    }

    /// The gravest goal that a subject reaches by some uses of its rights in a scope.
    fn to(&self, subject: &Subject, scope: &Scope, asked: AskedUse<'_>) -> Option<Goal> {
        let uses = self.by_subject.get(subject)?.iter();
        let meant = uses.filter(|(own, _)| asked.is_of(own, scope));
        meant.filter_map(|(_, goal)| *goal).min()
    }

    /// True if a subject uses its rights in a scope that way, wherever that leads.
    #[must_use]
    pub fn has(&self, subject: &Subject, scope: &Scope, asked: AskedUse<'_>) -> bool {
        let uses = self.by_subject.get(subject);
        let mut uses = uses.into_iter().flat_map(BTreeMap::keys);
        uses.any(|own| asked.is_of(own, scope))
    }

    /// The gravest goal, if the subject reaches nothing as grave by other means.
    #[must_use]
    pub fn further_to(
        &self,
        subject: &Subject,
        scope: &Scope,
        asked: AskedUse<'_>,
    ) -> Option<Goal> {
        let goal = self.to(subject, scope, asked)?;
        let uses = self.by_subject.get(subject)?.iter();
        let others = uses.filter(|((means, _, _), _)| !asked.means.contains(means));
        let without = others.filter_map(|(_, goal)| *goal).min();
        without.is_none_or(|without| goal < without).then_some(goal)
    }
}
