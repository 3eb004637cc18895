//! How far a role reaches: who is given it, and where.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::finding::Location;

use super::cluster::Cluster;
use super::goal::Goal;
use super::powers::Means;
use super::subject::{Scope, Subject};

/// Who is given a role, and where.
#[derive(Debug, Default)]
pub struct Standing {
    /// Where it counts; empty where nobody is given it.
    pub scopes: BTreeSet<Scope>,
    /// Who is given it.
    pub subjects: BTreeSet<Subject>,
    /// Who is given it where, with the number of the cluster.
    pub given: BTreeSet<(usize, Subject, Scope)>,
    /// What they make of uses of it, by how these are asked for.
    made: Mutex<HashMap<&'static [Means], Option<Goal>>>,
}

/// A cluster that gives a role, with the number of its bindings there and that of the role.
type Giver = (usize, usize, usize);

/// The standings of all roles of a revision, by the place of their names. Roles that are given by the same bindings have
/// one in common.
#[derive(Debug, Default)]
pub struct Standings {
    by_place: HashMap<(Arc<str>, u32), Arc<Standing>>,
}

impl Standings {
    /// Finds out who is given what.
    #[must_use]
    pub fn of(clusters: &[Cluster]) -> Self {
        let mut givers: BTreeMap<(&Arc<str>, u32), Vec<Giver>> = BTreeMap::new();
        for (cluster, own) in clusters.iter().enumerate() {
            for (role, at) in own.roles.iter().enumerate() {
                let place = at.at.as_ref().map(|at| (&at.path, at.span.start));
                let is_given = !own.binders.of_role(role).is_empty();
                if let Some((place, binders)) = place.zip(own.binders.number(role))
                    && is_given
                {
                    let givers = givers.entry(place).or_default();
                    givers.push((cluster, binders, role));
                }
            }
        }
        let mut known: HashMap<Vec<(usize, usize)>, Arc<Standing>> = HashMap::new();
        let mut standings = Self::default();
        for ((path, start), givers) in givers {
            let key = givers
                .iter()
                .map(|(cluster, binders, _)| (*cluster, *binders));
            let standing = known.entry(key.collect()).or_insert_with(|| {
                let mut standing = Standing::default();
                for (cluster, _, role) in &givers {
                    if let Some(own) = clusters.get(*cluster) {
                        standing.add(*cluster, own, *role);
                    }
                }
                Arc::new(standing)
            });
            // What binds nobody gives it to nobody, though it is bound.
            let place = (Arc::clone(path), start);
            standings.by_place.insert(place, Arc::clone(standing));
        }
        standings
    }

    /// That of the role whose name stands at a place; none where nobody is given it.
    #[must_use]
    pub fn at(&self, place: &Location) -> Option<&Standing> {
        let standing = self
            .by_place
            .get(&(Arc::clone(&place.path), place.span.start));
        standing.map(|standing| &**standing)
    }
}

impl Standing {
    fn add(&mut self, number: usize, cluster: &Cluster, role: usize) {
        let bindings = cluster.binders.of_role(role).iter();
        for binding in bindings.filter_map(|binding| cluster.bindings.get(*binding)) {
            for bound in &binding.subjects {
                self.scopes.insert(binding.scope.clone());
                self.subjects.insert(bound.subject.clone());
                let (subject, scope) = (bound.subject.clone(), binding.scope.clone());
                self.given.insert((number, subject, scope));
            }
        }
    }

    /// What those who are given it make of uses of it, which is found out once for all roles that are given alike.
    pub(crate) fn made(
        &self,
        means: &'static [Means],
        find: impl FnOnce() -> Option<Goal>,
    ) -> Option<Goal> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        *made.entry(means).or_insert_with(find)
    }

    /// True if it counts in the whole cluster.
    #[must_use]
    pub fn is_of_cluster(&self) -> bool {
        self.scopes.contains(&Scope::Cluster)
    }

    /// True if it counts in a namespace.
    #[must_use]
    pub fn reaches(&self, namespace: &str) -> bool {
        let mut scopes = self.scopes.iter();
        scopes.any(|scope| scope.namespace().is_none_or(|own| **own == *namespace))
    }

    /// `ServiceAccount ci/deployer has it in the whole cluster`, `4 subjects have it, ServiceAccount a/b among them, in
    /// namespace shop`.
    #[must_use]
    pub fn told(&self) -> String {
        let place = match self.scopes.first() {
            Some(Scope::Namespace(first)) if self.scopes.len() > 1 => {
                format!("in {} namespaces, {first} among them", self.scopes.len())
            }
            Some(scope) => format!("in {scope}"),
            None => return "no binding gives it to anybody yet".to_owned(),
        };
        match self.subjects.first() {
            Some(first) if self.subjects.len() > 1 => {
                let number = self.subjects.len();
                format!("{number} subjects have it {place}, {first} among them")
            }
            Some(first) => format!("{first} has it {place}"),
            None => "no binding gives it to anybody yet".to_owned(),
        }
    }
}
