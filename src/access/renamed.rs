//! Accounts that go on under another name.
//!
//! An account that is renamed together with what binds it and what runs as it gives nobody anything: in its namespace
//! there are as many who may do the same. Nor does one that takes over what another one gives up, if all that runs as it
//! ran as that one: its pods have what they had.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::cluster::Cluster;
use super::difference::Change;
use super::parts::{Account, Runner};
use super::subject::{Scope, Subject};

/// By their new names, the accounts that others go on as, with the old ones.
pub type Renamed = BTreeMap<Subject, Subject>;

/// The accounts that gain something with a change and take the place of one of their namespace, all of whose rights that
/// they have it had.
#[must_use]
pub(super) fn renamed(before: &Cluster, after: &Cluster, changes: &[Change]) -> Renamed {
    let mut renamed = Renamed::new();
    let gaining = changes.iter().filter(|it| !it.gained.is_empty());
    let known: BTreeMap<&Subject, bool> = gaining.map(|it| (&it.subject, it.is_known)).collect();
    let new: Vec<(&Subject, bool)> = known
        .into_iter()
        .filter(|(subject, _)| {
            matches!(subject, Subject::Account(..)) && !before.held.contains_key(subject)
        })
        .collect();
    if new.is_empty() {
        return renamed;
    }
    let (old_accounts, accounts) = (Written::of(before), Written::of(after));
    let gone = before.held.keys().filter(|subject| {
        let is_left = accounts.has(subject) || after.held.contains_key(subject);
        old_accounts.has(subject) && !is_left
    });
    let mut gone: Vec<&Subject> = gone.collect();
    let running = Running::of(before, after);
    for (subject, is_known) in new {
        let is_meant = |old: &Subject| {
            old.members_namespace() == subject.members_namespace()
                && had_all(before, after, (old, subject))
        };
        // What was there, or ran something, is no new name of anybody.
        let is_new = !is_known && !old_accounts.has(subject) && !running.uses(subject);
        if is_new && accounts.has(subject) {
            let place = gone.iter().position(|old| is_meant(old));
            if let Some(place) = place {
                renamed.insert(subject.clone(), gone.remove(place).clone());
                continue;
            }
        }
        let old = running.was(subject);
        let old = old.filter(|old| is_meant(old) && !had_all(after, after, (old, subject)));
        renamed.extend(old.map(|old| (subject.clone(), old)));
    }
    renamed
}

/// True if somebody has on one side in every scope what another one has there on the other.
fn had_all(before: &Cluster, after: &Cluster, (old, new): (&Subject, &Subject)) -> bool {
    let symbols = &after.symbols;
    let mut scopes = after.held.get(new).into_iter().flatten();
    scopes.all(|(scope, held): (&Scope, _)| {
        let rights = (*held.rights).clone();
        let left = before.lacking(rights, old, scope.namespace(), symbols);
        left.is_empty()
    })
}

/// The accounts that are written down. Where nothing says in which namespace one lies, it lies in whichever it is applied
/// to, so that it is known by its name.
struct Written<'c> {
    placed: BTreeSet<&'c Subject>,
    unplaced: BTreeSet<&'c str>,
}

impl<'c> Written<'c> {
    fn of(cluster: &'c Cluster) -> Self {
        let (placed, unplaced): (Vec<&Arc<Account>>, Vec<_>) =
            cluster.accounts.iter().partition(|it| it.is_placed);
        let unplaced = unplaced.into_iter();
        Self {
            placed: placed.into_iter().map(|it| &it.subject).collect(),
            unplaced: unplaced
                .filter_map(|it| it.subject.account_name())
                .collect(),
        }
    }

    fn has(&self, subject: &Subject) -> bool {
        let name = subject.account_name();
        self.placed.contains(subject) || name.is_some_and(|name| self.unplaced.contains(name))
    }
}

/// What runs as whom on both sides.
struct Running<'c> {
    /// What ran, by its title.
    old: HashMap<&'c str, Vec<&'c Runner>>,
    /// What runs, by the name of its account.
    new: HashMap<&'c str, Vec<&'c Runner>>,
    /// The accounts that something ran as, or that somebody had a token of, by their names.
    used: HashMap<&'c str, Vec<Use<'c>>>,
}

/// An account that is used: where it is known which one, that one.
type Use<'c> = Option<&'c Subject>;

impl<'c> Running<'c> {
    fn of(before: &'c Cluster, after: &'c Cluster) -> Self {
        let mut running = Self {
            old: HashMap::new(),
            new: HashMap::new(),
            used: HashMap::new(),
        };
        let mut uses: Vec<(&Subject, Use<'_>)> = Vec::new();
        for runner in &before.runners {
            running.old.entry(&runner.title).or_default().push(runner);
            let account = &runner.account;
            uses.push((account, runner.is_placed.then_some(account)));
        }
        let tokens = before.tokens.iter();
        uses.extend(tokens.map(|token| (&token.account, None)));
        for (account, by) in uses {
            let name = account.account_name().unwrap_or_default();
            running.used.entry(name).or_default().push(by);
        }
        for runner in &after.runners {
            let name = runner.account.account_name().unwrap_or_default();
            running.new.entry(name).or_default().push(runner);
        }
        running
    }

    /// True if something ran as an account of this name, or somebody had a token of one, which may be this one.
    fn uses(&self, account: &Subject) -> bool {
        let name = account.account_name();
        let mut used = name
            .and_then(|name| self.used.get(name))
            .into_iter()
            .flatten();
        used.any(|by| by.is_none_or(|used| used == account))
    }

    /// The account of the same namespace that all ran as that runs as an account now, which nobody was before.
    fn was(&self, new: &Subject) -> Option<Subject> {
        let (namespace, name) = (new.members_namespace()?, new.account_name()?);
        if self.uses(new) {
            return None;
        }
        let runners = self.new.get(name)?.iter().filter(|it| it.runs_as(new));
        let mut old: Option<Subject> = None;
        for runner in runners {
            for was in self.old.get(&*runner.title)? {
                let account = Subject::account(namespace, was.account.account_name()?);
                if !was.runs_as(&account) || old.as_ref().is_some_and(|old| *old != account) {
                    return None;
                }
                old = Some(account);
            }
        }
        old
    }
}
