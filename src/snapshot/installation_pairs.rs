//! Which installation of the base is which of the head, and what changed between the two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::packages::difference::{Difference, Side, Told};
use crate::packages::graph::Installed;

use super::Snapshot;
use super::installations::{Installation, PinnedBy};
use super::pairs::Pair;

/// An installation on both sides.
#[derive(Clone, Copy, Debug)]
pub struct InstallationPair<'a> {
    /// In the base; none where it is new.
    pub base: Option<&'a Installation>,
    /// In the head; none where it is gone.
    pub head: Option<&'a Installation>,
    /// What changed; nothing where it is not known.
    pub difference: &'a Difference,
    /// What changed in what is pinned and not held by the lockfile.
    pinned: &'a [(PinnedBy, Difference)],
    /// False where one side has a lockfile that cannot be read, or where the head has none any more: what was, or is,
    /// installed is unknown then.
    pub is_known: bool,
}

/// The same by numbers.
#[derive(Debug)]
pub(super) struct Numbered {
    base: Option<usize>,
    head: Option<usize>,
    difference: Difference,
    pinned: Vec<(PinnedBy, Difference)>,
    is_known: bool,
}

impl<'a> InstallationPair<'a> {
    /// The changes with their words: of what lockfiles hold, then of what is newly pinned beside them.
    pub fn changes(self) -> impl Iterator<Item = Told<'a>> {
        let locked = self
            .difference
            .told(self.base.and_then(side), self.head.and_then(side));
        let pinned = self.pinned.iter().flat_map(move |(by, difference)| {
            let side = |installation| pinned(installation, *by);
            difference.told(self.base.and_then(side), self.head.and_then(side))
        });
        // What is no longer beside the lockfile is in it, or was never installed.
        locked.chain(pinned.filter(move |told| {
            told.after().is_some_and(|package| {
                let was = |base: &Installation| holds(base, package);
                let is = |head: &Installation| holds(head, package);
                !self.base.is_some_and(was) && !self.head.is_some_and(is)
            })
        }))
    }
}

/// True if the lockfile of an installation holds a version.
fn holds(installation: &Installation, package: Installed<'_>) -> bool {
    let mut known = installation.named(package.name());
    known.any(|known| known.version() == package.version())
}

impl<'a> Pair<'a> {
    /// The installations of both revisions, by the folder that they have in the head.
    pub fn installations(&self) -> impl Iterator<Item = InstallationPair<'a>> {
        let (base, head) = (self.base.installations(), self.head.installations());
        let pairs = self
            .pairs
            .installations
            .get_or_init(|| numbered(self.base, self.head, self.renames));
        pairs.iter().map(|pair| InstallationPair {
            base: pair.base.and_then(|number| base.get(number)),
            head: pair.head.and_then(|number| head.get(number)),
            difference: &pair.difference,
            pinned: &pair.pinned,
            is_known: pair.is_known,
        })
    }

    /// True if no installation of the base has this version of a package: it comes into the repository with the
    /// change, and not just into another workspace.
    #[must_use]
    pub fn is_new(&self, package: Installed<'_>) -> bool {
        !self.base.installations().iter().any(|installation| {
            let known = installation.named(package.name());
            known.into_iter().any(|known| {
                known.version() == package.version() && known.place() == package.place()
            })
        })
    }
}

/// What a comparison needs of an installation.
#[must_use]
pub fn side(installation: &Installation) -> Option<Side<'_>> {
    Some(Side {
        graph: installation.graph(),
        lockfile: installation.resolved()?,
    })
}

/// The same of what is pinned beside its lockfile.
fn pinned(installation: &Installation, by: PinnedBy) -> Option<Side<'_>> {
    let mut all = installation.unmet_pins();
    let (_, graph, lockfile) = all.find(|(other, ..)| *other == by)?;
    Some(Side { graph, lockfile })
}

/// Whether an installation of the head can be one of the base.
type Fits<'f> = &'f dyn Fn(&Installation, &Installation) -> bool;

/// Pairs by folder and package manager, then by folder, then by rename. What is set aside is paired with what its
/// package manager had, whatever takes its place.
fn numbered(
    base: &Snapshot,
    head: &Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<Numbered> {
    let (of_base, of_head) = (base.installations(), head.installations());
    let mut free: BTreeSet<usize> = (0..of_base.len()).collect();
    let mut found: Vec<Option<usize>> = vec![None; of_head.len()];
    let is_moved = |installation: &Installation, old: &Installation| {
        let path = |of: &Installation| {
            of.lockfile_path()
                .cloned()
                .or_else(|| of.package_files().next().map(|file| Arc::clone(&file.path)))
        };
        let before = path(installation).and_then(|path| renames.get(&path));
        before.is_some() && before == path(old).as_ref()
    };
    let is_same_kind = |one: &Installation, other: &Installation| {
        one.folder == other.folder && one.kind() == other.kind()
    };
    let rounds: [Fits<'_>; 5] = [
        &|one, other| is_same_kind(one, other) && one.is_set_aside == other.is_set_aside,
        &|one, other| one.folder == other.folder && !one.is_set_aside && !other.is_set_aside,
        &is_same_kind,
        &|one, other| one.folder == other.folder,
        &is_moved,
    ];
    // Few installations are left after the first round, which looks at neighbours alone.
    for fits in rounds {
        for (installation, slot) in of_head.iter().zip(&mut found) {
            if slot.is_some() {
                continue;
            }
            let fitting = free.iter().copied().find(|number| {
                of_base
                    .get(*number)
                    .is_some_and(|old| fits(installation, old))
            });
            if let Some(number) = fitting {
                free.remove(&number);
                *slot = Some(number);
            }
        }
    }
    for (installation, slot) in of_head.iter().zip(&mut found) {
        if slot.is_none() && installation.is_set_aside {
            *slot = of_base
                .iter()
                .position(|old| is_same_kind(installation, old));
        }
    }
    // What nobody kept in step does not bring anything back by being cleared away.
    free.retain(|number| of_base.get(*number).is_some_and(|old| !old.is_set_aside));
    let both = found.into_iter().enumerate();
    let both = both.map(|(number, old)| (old, Some(number)));
    let gone = free.into_iter().map(|number| (Some(number), None));
    both.chain(gone)
        .map(|(base, head)| {
            let (old, new) = (
                base.and_then(|number| of_base.get(number)),
                head.and_then(|number| of_head.get(number)),
            );
            let is_known = is_known(old, new);
            let is_same = old.zip(new).is_some_and(|(old, new)| old.is_same(new));
            let is_compared = is_known && !is_same;
            let difference = if is_compared {
                Difference::between(old.and_then(side), new.and_then(side), renames)
            } else {
                Difference::default()
            };
            let kinds = PinnedBy::ALL.into_iter().filter(|_| is_compared);
            let pinned = kinds.map(|by| {
                let (old, new) = (
                    old.and_then(|old| pinned(old, by)),
                    new.and_then(|new| pinned(new, by)),
                );
                (by, Difference::between(old, new, renames))
            });
            Numbered {
                base,
                head,
                difference,
                pinned: pinned.collect(),
                is_known,
            }
        })
        .collect()
}

fn is_known(base: Option<&Installation>, head: Option<&Installation>) -> bool {
    // What had no lockfile locked nothing, and what has none installs something nevertheless.
    let was = base.is_none_or(|base| base.file.is_none() || base.is_known());
    let is = head.is_none_or(|head| head.is_known() || base.is_none_or(|base| base.file.is_none()));
    was && is
}
