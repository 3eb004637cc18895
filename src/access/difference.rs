//! What a change does to what everybody may do.
//!
//! It is a difference of sets: rules that are moved, split, joined or put in another order change nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::cluster::Cluster;
use super::rights::Rights;
use super::subject::{Scope, Subject};

/// What changes for somebody in one scope.
#[derive(Clone, Debug)]
pub struct Change {
    /// Who.
    pub subject: Subject,
    /// Where.
    pub scope: Scope,
    /// What was allowed, without what groups give.
    pub before: Arc<Rights>,
    /// What is allowed.
    pub after: Arc<Rights>,
    /// What is allowed and was not, in any way.
    pub gained: Rights,
    /// What was allowed and no longer is, in any way.
    pub lost: Rights,
    /// True if the base knew the subject: it gave it rights, or held the account, or something that runs as it.
    pub is_known: bool,
}

/// What changes between two sides of one cluster, by subject and scope. Both have the same words.
#[must_use]
pub fn changes(before: &Cluster, after: &Cluster) -> Vec<Change> {
    let subjects: BTreeSet<&Subject> = before.held.keys().chain(after.held.keys()).collect();
    let mut known: Option<BTreeSet<&Subject>> = None;
    let mut changes = Vec::new();
    let mut found = Found::new();
    for subject in subjects {
        let (old, new) = (before.held.get(subject), after.held.get(subject));
        let old_scopes = old.into_iter().flat_map(|scopes| scopes.keys());
        let new_scopes = new.into_iter().flat_map(|scopes| scopes.keys());
        let scopes: BTreeSet<&Scope> = old_scopes.chain(new_scopes).collect();
        for scope in scopes {
            let own = |cluster: &Cluster| {
                let held = cluster.held(subject, scope);
                held.map(|held| Arc::clone(&held.rights))
                    .unwrap_or_default()
            };
            let (old, new) = (own(before), own(after));
            if old == new {
                continue;
            }
            let gained = news((before, after), (subject, scope), &new, &mut found);
            let lost = news((after, before), (subject, scope), &old, &mut found);
            if gained.is_empty() && lost.is_empty() {
                continue;
            }
            let known = known.get_or_insert_with(|| {
                let accounts = before.accounts.iter().map(|account| &account.subject);
                let runners = before.runners.iter().map(|runner| &runner.account);
                before.held.keys().chain(accounts).chain(runners).collect()
            });
            changes.push(Change {
                subject: subject.clone(),
                scope: scope.clone(),
                before: Arc::clone(&old),
                after: Arc::clone(&new),
                gained,
                lost,
                is_known: known.contains(subject),
            });
        }
    }
    changes
}

/// What was found of rights that are held together: by their places, those that are looked at first.
type Found = HashMap<Vec<*const Rights>, Rights>;

/// What of some rights one side does not know, however it would give them, and what the other side does not give in the
/// whole cluster as well, where that is told. It is found out once for all who hold the same.
fn news(
    (without, with): (&Cluster, &Cluster),
    (subject, scope): (&Subject, &Scope),
    rights: &Arc<Rights>,
    found: &mut Found,
) -> Rights {
    let mut known = without.rights(subject, scope.namespace());
    if scope.namespace().is_some()
        && let Some(wider) = with.held(subject, &Scope::Cluster)
    {
        known.push(&wider.rights);
    }
    let all = std::iter::once(&**rights).chain(known.iter().copied());
    let key = all.map(std::ptr::from_ref).collect();
    let own = found.entry(key).or_insert_with(|| {
        let mut known = known.iter();
        let first = known
            .next()
            .map(|first| rights.beyond(first, &with.symbols));
        let left = first.unwrap_or_else(|| (**rights).clone());
        known.fold(left, |left, known| left.beyond(known, &with.symbols))
    });
    own.clone()
}
