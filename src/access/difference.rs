//! What a change does to what everybody may do.
//!
//! It is a difference of sets: rules that are moved, split, joined or put in another order change nothing.

use std::collections::BTreeSet;
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
            let gained = news(before, after, subject, scope, &new);
            let lost = news(after, before, subject, scope, &old);
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

/// What of some rights one side does not know, however it would give them, and what the other side does not give in the
/// whole cluster as well, where that is told.
fn news(
    without: &Cluster,
    with: &Cluster,
    subject: &Subject,
    scope: &Scope,
    rights: &Rights,
) -> Rights {
    let symbols = &with.symbols;
    let mut left = rights.clone();
    for known in without.rights(subject, scope.namespace()) {
        left = left.beyond(known, symbols);
    }
    if scope.namespace().is_some()
        && let Some(wider) = with.held(subject, &Scope::Cluster)
    {
        left = left.beyond(&wider.rights, symbols);
    }
    left
}
