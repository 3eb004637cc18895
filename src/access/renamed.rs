//! Accounts that go on under another name.
//!
//! An account that is renamed together with what binds it and what runs as it gives nobody anything: in its namespace
//! there are as many who may do the same.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::Cluster;
use super::difference::Change;
use super::rights::Rights;
use super::subject::{Scope, Subject};

/// By their new names, the accounts that others go on as, with the old ones.
pub type Renamed = BTreeMap<Subject, Subject>;

/// The accounts that are new with a change and take the place of one of their namespace that goes with it, all of whose
/// rights that they have it had.
#[must_use]
pub(super) fn renamed(before: &Cluster, after: &Cluster, changes: &[Change]) -> Renamed {
    let mut renamed = Renamed::new();
    let new = changes
        .iter()
        .filter(|it| !it.is_known && !it.gained.is_empty());
    let new: BTreeSet<&Subject> = new.map(|change| &change.subject).collect();
    if new.is_empty() {
        return renamed;
    }
    let accounts = |cluster: &Cluster| -> BTreeSet<Subject> {
        let accounts = cluster.accounts.iter();
        accounts.map(|account| account.subject.clone()).collect()
    };
    let (old_accounts, accounts) = (accounts(before), accounts(after));
    let gone = before.held.keys().filter(|subject| {
        let is_left = accounts.contains(subject) || after.held.contains_key(subject);
        old_accounts.contains(subject) && !is_left
    });
    let mut gone: Vec<&Subject> = gone.collect();
    for subject in new.into_iter().filter(|subject| accounts.contains(subject)) {
        let place = gone.iter().position(|old| {
            old.members_namespace() == subject.members_namespace()
                && had_all(before, after, (old, subject))
        });
        if let Some(place) = place {
            renamed.insert(subject.clone(), gone.remove(place).clone());
        }
    }
    renamed
}

/// True if somebody had in every scope what another one has there now.
fn had_all(before: &Cluster, after: &Cluster, (old, new): (&Subject, &Subject)) -> bool {
    let symbols = &after.symbols;
    let mut scopes = after.held.get(new).into_iter().flatten();
    scopes.all(|(scope, held): (&Scope, _)| {
        let mut left: Rights = (*held.rights).clone();
        for known in before.rights(old, scope.namespace()) {
            left = left.beyond(known, symbols);
        }
        left.is_empty()
    })
}
