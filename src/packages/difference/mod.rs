//! What a change does to what is installed: two graphs of one installation held against each other, as sets.
//!
//! Workspace by workspace, and by name: a changed notation, another order of entries, or a duplicate that is installed
//! somewhere else, is no change. Everything is said with the numbers of both graphs.

mod hashes;
mod pairing;
mod side;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::graph::{Installed, Scope, Workspace, shown};
use crate::finding::Location;

use pairing::{Group, Held, Rank, groups};

pub use side::Side;

/// What happened to a package. The order is that in which changes of one package are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// A newer version took the place of an older one.
    Upgraded,
    /// An older version took the place of a newer one.
    Downgraded,
    /// It comes from somewhere else.
    SourceChanged,
    /// Another hash stands for the same version.
    IntegrityChanged,
    /// The version is no longer held by a hash.
    IntegrityLost,
    /// The version is held by a hash.
    IntegrityGained,
    /// Production did not get it, and gets it.
    MovedToProduction,
    /// Production got it, and no longer does.
    MovedToDevelopment,
}

impl What {
    /// The word used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::SourceChanged => "source-changed",
            Self::IntegrityChanged => "integrity-changed",
            Self::IntegrityLost => "integrity-lost",
            Self::IntegrityGained => "integrity-gained",
            Self::MovedToProduction => "moved-to-production",
            Self::MovedToDevelopment => "moved-to-development",
        }
    }

    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Added,
        Self::Removed,
        Self::Upgraded,
        Self::Downgraded,
        Self::SourceChanged,
        Self::IntegrityChanged,
        Self::IntegrityLost,
        Self::IntegrityGained,
        Self::MovedToProduction,
        Self::MovedToDevelopment,
    ];

    /// What bears this word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }

    /// The same change the other way round.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Added => Self::Removed,
            Self::Removed => Self::Added,
            Self::Upgraded => Self::Downgraded,
            Self::Downgraded => Self::Upgraded,
            Self::IntegrityLost => Self::IntegrityGained,
            Self::IntegrityGained => Self::IntegrityLost,
            Self::MovedToProduction => Self::MovedToDevelopment,
            Self::MovedToDevelopment => Self::MovedToProduction,
            Self::SourceChanged | Self::IntegrityChanged => self,
        }
    }
}

/// A workspace on both sides, by their numbers. Neither, for what no workspace reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkspacePair {
    /// In the base.
    pub base: Option<usize>,
    /// In the head.
    pub head: Option<usize>,
}

/// Where a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The workspace.
    pub workspace: WorkspacePair,
    /// How much it needed the package before.
    pub before: Scope,
    /// How much it needs it now.
    pub after: Scope,
}

/// One change, over all workspaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub what: What,
    /// The package before, by its number in the graph of the base; none where it is added.
    pub before: Option<usize>,
    /// The package now, by its number in the graph of the head; none where it is removed.
    pub after: Option<usize>,
    /// The workspaces. Never empty.
    pub effects: Vec<Effect>,
}

/// All changes of one installation, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// By name, then by what happened.
    pub changes: Vec<Change>,
    /// The workspace of the base for each of the head.
    base_of: Vec<Option<usize>>,
}

impl Difference {
    /// Holds two sides against each other. A side that is not there is empty. `renames` names the base path of a
    /// `package.json` that was moved.
    #[must_use]
    pub fn between(
        base: Option<Side<'_>>,
        head: Option<Side<'_>>,
        renames: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        let workspaces = pairing::workspaces(base, head, renames);
        let groups = groups(base, head);
        let mut found: Vec<(u32, Rank, Effect)> = Vec::new();
        let unreached = WorkspacePair {
            base: None,
            head: None,
        };
        for pair in workspaces.iter().copied().chain([unreached]) {
            let own = Held::of(base, head, pair);
            for (number, group) in (0u32..).zip(&groups) {
                compare(number, group, &own, &mut found);
            }
        }
        found.sort_unstable();
        let mut changes: Vec<Change> = Vec::new();
        let mut last = None;
        for (number, rank, effect) in found {
            if last == Some((number, rank))
                && let Some(change) = changes.last_mut()
            {
                change.effects.push(effect);
                continue;
            }
            last = Some((number, rank));
            changes.push(Change {
                what: rank.what,
                before: rank.before,
                after: rank.after,
                effects: vec![effect],
            });
        }
        let mut base_of = vec![None; head.map_or(0, |head| head.graph.workspaces().len())];
        for pair in workspaces {
            if let Some(slot) = pair.head.and_then(|head| base_of.get_mut(head)) {
                *slot = pair.base;
            }
        }
        Self { changes, base_of }
    }

    /// The workspace of the base that is one of the head.
    #[must_use]
    pub fn base_of(&self, workspace: usize) -> Option<usize> {
        self.base_of.get(workspace).copied().flatten()
    }

    /// Its changes with the words of both sides, which must be those that it was made of.
    pub fn told<'a>(
        &'a self,
        base: Option<Side<'a>>,
        head: Option<Side<'a>>,
    ) -> impl Iterator<Item = Told<'a>> {
        self.changes.iter().map(move |change| Told {
            difference: self,
            base,
            head,
            change,
        })
    }
}

/// What one workspace has of one name, before and now.
fn compare(number: u32, group: &Group, held: &Held, found: &mut Vec<(u32, Rank, Effect)>) {
    if held.is_quiet(group) {
        return;
    }
    let mut push = |what: What, before: Option<usize>, after: Option<usize>| {
        let effect = Effect {
            workspace: held.pair,
            before: before.map_or(Scope::Unreached, |number| held.before(number)),
            after: after.map_or(Scope::Unreached, |number| held.after(number)),
        };
        found.push((
            number,
            Rank {
                what,
                before,
                after,
            },
            effect,
        ));
    };
    for pair in held.pairs(group) {
        for what in held.changes(group, pair) {
            push(what, pair.0, pair.1);
        }
    }
}

/// A change with the words of both sides.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    difference: &'a Difference,
    base: Option<Side<'a>>,
    head: Option<Side<'a>>,
    /// The change.
    pub change: &'a Change,
}

impl<'a> Told<'a> {
    /// What happened.
    #[must_use]
    pub fn what(self) -> What {
        self.change.what
    }

    /// The package before.
    #[must_use]
    pub fn before(self) -> Option<Installed<'a>> {
        self.base?.package(self.change.before?)
    }

    /// The package now.
    #[must_use]
    pub fn after(self) -> Option<Installed<'a>> {
        self.head?.package(self.change.after?)
    }

    /// The package now, or before where it is gone.
    #[must_use]
    pub fn package(self) -> Option<Installed<'a>> {
        self.after().or_else(|| self.before())
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.package().map_or("", Installed::name)
    }

    /// The effect that weighs most: of equals, where the package is nearest.
    #[must_use]
    pub fn main_effect(self) -> Option<Effect> {
        let weight = |effect: &&Effect| {
            let scope = effect.after.min(effect.before);
            let distance = self
                .origin(**effect)
                .map_or(usize::MAX, |origin| origin.distance);
            (scope, distance)
        };
        self.change.effects.iter().min_by_key(weight).copied()
    }

    /// Who brings it into the workspace of an effect: in the head, or in the base where it is gone.
    #[must_use]
    pub fn origin(self, effect: Effect) -> Option<super::graph::Origin<'a>> {
        match self.after() {
            Some(after) => after.origin_in(effect.workspace.head?),
            None => self.before()?.origin_in(effect.workspace.base?),
        }
    }

    /// The workspace of an effect: of the head, or of the base where the package is gone.
    #[must_use]
    pub fn workspace(self, effect: Effect) -> Option<&'a Workspace> {
        let (side, number) = match self.after() {
            Some(_) => (self.head?, effect.workspace.head?),
            None => (self.base?, effect.workspace.base?),
        };
        side.graph.workspaces().get(number)
    }

    /// True if the workspace asks for it itself.
    #[must_use]
    pub fn is_direct(self, effect: Effect) -> bool {
        self.origin(effect)
            .is_some_and(|origin| origin.distance == 1)
    }

    /// Over whom it comes in: the labels of the steps before the package, from the dependency of the workspace on;
    /// empty where the workspace asks for it itself.
    #[must_use]
    pub fn through(self, effect: Effect) -> Vec<String> {
        let way = match self.after() {
            Some(after) => effect.workspace.head.map(|workspace| {
                let mut ways = after.paths_in(workspace, 2);
                // What moved it is not the line of development that asks for it as before.
                let is_shipped = |want: &super::graph::Want| Scope::of(want.section).is_shipped();
                if self.what() == What::MovedToProduction
                    && !after.wanted_by(workspace).is_none_or(is_shipped)
                {
                    ways.retain(|way| way.len() > 1);
                }
                ways
            }),
            None => effect
                .workspace
                .base
                .zip(self.before())
                .map(|(workspace, before)| before.paths_in(workspace, 1)),
        };
        let mut way = way
            .and_then(|ways| ways.into_iter().next())
            .unwrap_or_default();
        way.pop();
        shown(way).iter().map(super::graph::Step::label).collect()
    }

    /// The line that a person edits: the entry of `package.json` that brings it; in the base where it is gone.
    #[must_use]
    pub fn location(self, effect: Effect) -> Option<Location> {
        let package = self.package()?;
        let graph = package.graph();
        let of_want = self
            .origin(effect)
            .and_then(|origin| graph.location(origin.want));
        Some(of_want.unwrap_or_else(|| package.locked_at()))
    }

    /// The changed line of the head: that of `package.json` where it changed, else the one of the lockfile that is
    /// new. None where the package is gone.
    #[must_use]
    pub fn changed_at(self, effect: Effect) -> Option<Location> {
        let after = self.after()?;
        let origin = self.origin(effect);
        let edited = origin.filter(|origin| self.is_edited(origin.want));
        let of_want = edited.and_then(|origin| after.graph().location(origin.want));
        of_want.or_else(|| Some(self.locked_change(after)))
    }

    /// True if the base asks for something else, or for nothing, at an entry of the head.
    fn is_edited(self, want: &super::graph::Want) -> bool {
        let Some(declared) = &want.declared else {
            return false;
        };
        let (Some(base), Some(workspace)) = (self.base, self.difference.base_of(want.workspace))
        else {
            return true;
        };
        !base.graph.wants(workspace).iter().any(|known| {
            known.name == want.name
                && known.declared.as_ref().is_some_and(|known| {
                    known.specifier == declared.specifier && known.section == declared.section
                })
        })
    }

    fn locked_change(self, after: Installed<'a>) -> Location {
        let mut location = after.locked_at();
        let first = after.entries().min_by_key(|locked| locked.at);
        let precise = first.and_then(|locked| match self.what() {
            What::IntegrityChanged | What::IntegrityGained => locked.integrity.as_ref(),
            What::SourceChanged => locked.resolved.as_ref(),
            _ => None,
        });
        if let Some((_, at)) = precise {
            location.span = *at;
        }
        location
    }
}

#[cfg(test)]
mod tests;
