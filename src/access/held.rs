//! What everybody holds: by which bindings, and what that allows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::cluster::Cluster;
use super::rights::Rights;
use super::role::Role;
use super::subject::{Scope, Subject};
use super::sums::{Leaves, distinct};
use super::symbols::Symbol;

/// The most patterns that the rights of all subjects of one cluster have together. A subject beyond that counts for one
/// who may do everything: what is too much to be looked at is never taken for harmless.
const MOST_PATTERNS: usize = 2_000_000;

/// A role given to one subject by one binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The number of the binding.
    pub binding: usize,
    /// The number of the subject in it.
    pub subject: usize,
}

/// What one subject holds in one scope.
#[derive(Clone, Debug)]
pub struct Held {
    /// By what.
    pub grants: Vec<Grant>,
    /// What it allows, in its normal form. In a namespace, what can be reached there. Who holds the same shares it.
    pub rights: Arc<Rights>,
}

/// What is known of some roles so far.
#[derive(Default)]
struct Known {
    /// In the whole cluster.
    everywhere: Option<Arc<Rights>>,
    /// In whichever namespace; none where that depends on its name.
    inside: Option<Arc<Rights>>,
    /// In namespaces of some names.
    in_namespaces: HashMap<Arc<str>, Arc<Rights>>,
}

impl Cluster {
    /// What everybody holds, by subject and scope.
    pub(super) fn hold(&self) -> BTreeMap<Subject, BTreeMap<Scope, Held>> {
        let mut grants: BTreeMap<Subject, BTreeMap<Scope, Vec<Grant>>> = BTreeMap::new();
        for (number, binding) in self.bindings.iter().enumerate() {
            for (subject, bound) in binding.subjects.iter().enumerate() {
                let of_subject = grants.entry(bound.subject.clone()).or_default();
                let of_scope = of_subject.entry(binding.scope.clone()).or_default();
                of_scope.push(Grant {
                    binding: number,
                    subject,
                });
            }
        }
        // Lists that are equal are one, so that they are told apart by their places.
        let mut lists: HashSet<Leaves> = HashSet::new();
        let mut known: HashMap<*const Vec<usize>, Known> = HashMap::new();
        let mut left = MOST_PATTERNS;
        let mut held: BTreeMap<Subject, BTreeMap<Scope, Held>> = BTreeMap::new();
        for (subject, scopes) in grants {
            let mut of_subject = BTreeMap::new();
            for (scope, grants) in scopes {
                let rights = match self.leaves_of(&grants, &mut lists, &mut left) {
                    None => Arc::new(Rights::everything()),
                    Some(leaves) => {
                        let known = known.entry(Arc::as_ptr(&leaves)).or_default();
                        self.rights_known(&leaves, &scope, known, &mut left)
                    }
                };
                of_subject.insert(scope, Held { grants, rights });
            }
            held.insert(subject, of_subject);
        }
        held
    }

    /// The roles that grants give; none where these are too many to be looked at.
    fn leaves_of(
        &self,
        grants: &[Grant],
        known: &mut HashSet<Leaves>,
        left: &mut usize,
    ) -> Option<Leaves> {
        let meant = grants
            .iter()
            .filter_map(|grant| self.meant.get(grant.binding));
        let lists = distinct(meant.map(|meant| &meant.leaves));
        if let [one] = lists.as_slice() {
            return Some(Arc::clone(one));
        }
        let size = lists.iter().map(|list| list.len()).sum();
        *left = left.checked_sub(size)?;
        let leaves: BTreeSet<usize> = lists.iter().flat_map(|list| list.iter().copied()).collect();
        let leaves = Arc::new(leaves.into_iter().collect());
        let same = known.get(&leaves).cloned();
        Some(same.unwrap_or_else(|| {
            known.insert(Arc::clone(&leaves));
            leaves
        }))
    }

    fn rights_known(
        &self,
        leaves: &[usize],
        scope: &Scope,
        known: &mut Known,
        left: &mut usize,
    ) -> Arc<Rights> {
        let Some(namespace) = scope.namespace() else {
            let own = &mut known.everywhere;
            return Arc::clone(
                own.get_or_insert_with(|| self.rights_of_roles(leaves, scope, left)),
            );
        };
        if let Some(inside) = &known.inside {
            return Arc::clone(inside);
        }
        if let Some(own) = known.in_namespaces.get(namespace) {
            return Arc::clone(own);
        }
        let rights = self.rights_of_roles(leaves, scope, left);
        let mut roles = leaves.iter().filter_map(|role| self.roles.get(*role));
        if roles.any(|role| role.rights.names_namespaces(&self.symbols)) {
            let own = (Arc::clone(namespace), Arc::clone(&rights));
            known.in_namespaces.extend([own]);
        } else {
            known.inside = Some(Arc::clone(&rights));
        }
        rights
    }

    fn rights_of_roles(&self, leaves: &[usize], scope: &Scope, left: &mut usize) -> Arc<Rights> {
        let roles = leaves.iter().filter_map(|role| self.roles.get(*role));
        let size = roles.clone().map(|role| role.rights.len()).sum();
        match left.checked_sub(size) {
            Some(rest) => *left = rest,
            None => return Arc::new(Rights::everything()),
        }
        self.rights_by(roles.map(|role| &**role), scope)
    }

    /// What some roles give together in a scope.
    #[must_use]
    pub fn rights_by<'r>(
        &self,
        roles: impl Iterator<Item = &'r Role>,
        scope: &Scope,
    ) -> Arc<Rights> {
        let roles: Vec<&Role> = roles.collect();
        if let ([one], None) = (roles.as_slice(), scope.namespace()) {
            return Arc::clone(&one.rights);
        }
        let mut rights = Rights::union(roles.iter().map(|role| &*role.rights));
        if let Scope::Namespace(namespace) = scope {
            let namespace = self.symbols.find(namespace).unwrap_or(Symbol::EMPTY);
            rights = rights.within(namespace, &self.symbols);
        }
        rights.normalise(&self.symbols);
        Arc::new(rights)
    }
}
