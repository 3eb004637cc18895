//! How far a role reaches: who is given it, and where.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::Location;

use super::cluster::Cluster;
use super::subject::{Scope, Subject};

/// Who is given a role, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Where it counts; empty where nobody is given it.
    pub scopes: BTreeSet<Scope>,
    /// Who is given it.
    pub subjects: BTreeSet<Subject>,
    /// Who is given it where, with the number of the cluster.
    pub given: BTreeSet<(usize, Subject, Scope)>,
}

/// The standings of all roles of a revision, by the place of their names.
#[derive(Debug, Default)]
pub struct Standings {
    by_place: HashMap<(Arc<str>, u32), Standing>,
}

impl Standings {
    /// Finds out who is given what.
    #[must_use]
    pub fn of(clusters: &[Cluster]) -> Self {
        let mut standings = Self::default();
        for (number, cluster) in clusters.iter().enumerate() {
            for (binding, meant) in cluster.bindings.iter().zip(&cluster.meant) {
                for role in meant
                    .leaves
                    .iter()
                    .filter_map(|role| cluster.roles.get(*role))
                {
                    let Some(at) = &role.at else { continue };
                    let place = (Arc::clone(&at.path), at.span.start);
                    let standing = standings.by_place.entry(place).or_default();
                    for bound in &binding.subjects {
                        standing.scopes.insert(binding.scope.clone());
                        standing.subjects.insert(bound.subject.clone());
                        let (subject, scope) = (bound.subject.clone(), binding.scope.clone());
                        standing.given.insert((number, subject, scope));
                    }
                }
            }
        }
        standings
    }

    /// That of the role whose name stands at a place; none where nobody is given it.
    #[must_use]
    pub fn at(&self, place: &Location) -> Option<&Standing> {
        self.by_place
            .get(&(Arc::clone(&place.path), place.span.start))
    }
}

impl Standing {
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
