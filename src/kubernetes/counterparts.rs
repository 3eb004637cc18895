//! Which file of the head goes on as which of the base, variant by variant.
//!
//! A kustomization that is moved, taken in by another one or split into several goes on as these: what it built is what
//! they are held against. One that comes beside another one goes on as nothing: it is a copy.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::together::Filed;
use super::variant::Variant;

/// A file of both sides, in one variant.
#[derive(Debug)]
pub(super) struct Both<'p, P> {
    /// The one of the base.
    pub before: Option<&'p P>,
    /// The one of the head.
    pub after: Option<&'p P>,
    /// The variant that it is part of: that of the head, where there is one.
    pub variant: Option<&'p Arc<Variant>>,
}

impl<'p, P: Filed> Both<'p, P> {
    /// Its path, in the head where it is there.
    pub(super) fn path(&self) -> &'p str {
        let part = self.after.or(self.before);
        part.map(|part| &**part.path()).unwrap_or_default()
    }

    /// The name of its variant.
    pub(super) fn variant_name(&self) -> Option<&'p str> {
        self.variant.map(|variant| &*variant.at)
    }

    /// The parts of it.
    pub(super) fn sides(&self) -> impl Iterator<Item = &'p P> {
        self.before.into_iter().chain(self.after)
    }
}

/// The name of a variant: the file of its kustomization.
pub(super) fn name_of<P: Filed>(part: &P) -> Option<&str> {
    part.variant().map(|variant| &*variant.at)
}

/// The files of both sides.
pub(super) fn counterparts<'p, P: Filed>(
    before: &'p [P],
    after: &'p [P],
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<Both<'p, P>> {
    let Variants { older, newer } = Variants::of(before, after, renames);
    let mut old: HashMap<&str, Vec<&'p P>> = HashMap::new();
    for part in before {
        old.entry(part.path()).or_default().push(part);
    }
    let new: BTreeSet<&str> = after.iter().map(|part| &**part.path()).collect();
    let mut taken: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
    let mut both: Vec<Both<'p, P>> = Vec::new();
    // What no kustomization takes in any longer, with its earlier selves.
    let mut dropped: Vec<(&'p P, &[&'p P])> = Vec::new();
    for part in after {
        let own = old.get(&**part.path()).map(Vec::as_slice);
        let old_path = renames
            .get(part.path())
            .filter(|path| !new.contains(&***path));
        let moved = || old.get(&**old_path?).map(Vec::as_slice);
        let earlier = own.or_else(moved).unwrap_or_default();
        let of = |variant: Option<&str>| {
            let mut earlier = earlier.iter();
            earlier.find(|it| name_of(**it) == variant).copied()
        };
        let counterpart = match part.variant() {
            None => of(None),
            Some(variant) => {
                let olds = older.get(&*variant.at).map(Vec::as_slice);
                let olds = olds.unwrap_or_default();
                let same = olds.iter().find_map(|old| of(Some(old)));
                // What lay by itself is built for the first time.
                same.or_else(|| of(None).filter(|_| olds.is_empty()))
            }
        };
        if counterpart.is_none() && part.variant().is_none() && !earlier.is_empty() {
            dropped.push((part, earlier));
            continue;
        }
        taken.extend(counterpart.map(|it| (&**it.path(), name_of(it))));
        both.push(Both {
            before: counterpart,
            after: Some(part),
            variant: part.variant(),
        });
    }
    let later: HashMap<&str, &'p Arc<Variant>> = after
        .iter()
        .filter_map(|part| part.variant())
        .map(|variant| (&*variant.at, variant))
        .collect();
    let goes_on = |part: &'p P| {
        let own = part.variant()?;
        let later = newer.get(&*own.at).and_then(|at| later.get(at));
        Some(later.copied().unwrap_or(own))
    };
    for (part, earlier) in dropped {
        let is_left = |it: &&&'p P| !taken.contains(&(&**it.path(), name_of(**it)));
        let left: Vec<&'p P> = earlier.iter().filter(is_left).copied().collect();
        if left.is_empty() {
            both.push(Both {
                before: None,
                after: Some(part),
                variant: None,
            });
        }
        for before in left {
            taken.insert((before.path(), name_of(before)));
            both.push(Both {
                before: Some(before),
                after: Some(part),
                variant: goes_on(before),
            });
        }
    }
    for part in before {
        if !taken.contains(&(&**part.path(), name_of(part))) {
            both.push(Both {
                before: Some(part),
                after: None,
                variant: goes_on(part),
            });
        }
    }
    both
}

/// Which variants of both sides are the same ones, by the files of their kustomizations.
#[derive(Debug, Default)]
struct Variants<'p> {
    /// What each one of the head was in the base, the likeliest first; nothing for one that is new.
    older: HashMap<&'p str, Vec<&'p str>>,
    /// What each one of the base became.
    newer: HashMap<&'p str, &'p str>,
}

/// The files of each variant.
fn files_of<P: Filed>(parts: &[P]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for part in parts {
        if let Some(variant) = name_of(part) {
            files.entry(variant).or_default().insert(part.path());
        }
    }
    files
}

impl<'p> Variants<'p> {
    fn of<P: Filed>(
        before: &'p [P],
        after: &'p [P],
        renames: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        let (old, new) = (files_of(before), files_of(after));
        let mut variants = Self::default();
        for at in new.keys() {
            let moved = renames.get(*at).filter(|path| !new.contains_key(&***path));
            let moved = moved.and_then(|path| old.get_key_value(&**path));
            let same = old.get_key_value(*at).or(moved);
            if let Some((same, _)) = same {
                variants.older.insert(at, vec![same]);
                variants.newer.insert(same, at);
            }
        }
        // What is gone, and what is new and builds some of the same files.
        let mut gone: HashMap<&str, Vec<&'p str>> = HashMap::new();
        for (at, files) in old {
            let files = files
                .into_iter()
                .filter(|_| !variants.newer.contains_key(at));
            for path in files {
                gone.entry(path).or_default().push(at);
            }
        }
        let mut most: HashMap<&'p str, usize> = HashMap::new();
        for (at, files) in new.into_iter().filter(|_| !gone.is_empty()) {
            if variants.older.contains_key(at) {
                continue;
            }
            let moved = files.iter().filter_map(|path| renames.get(*path));
            let moved = moved.map(|path| &**path);
            let earlier: BTreeSet<&str> = moved.chain(files.iter().copied()).collect();
            let mut shared: BTreeMap<&'p str, usize> = BTreeMap::new();
            for old in earlier.iter().filter_map(|path| gone.get(path)).flatten() {
                *shared.entry(old).or_default() += 1;
            }
            let mut alike: Vec<(&'p str, usize)> = shared.into_iter().collect();
            alike.sort_by_key(|(_, shared)| std::cmp::Reverse(*shared));
            for (old, shared) in &alike {
                let known = most.entry(old).or_default();
                if shared > known {
                    *known = *shared;
                    variants.newer.insert(old, at);
                }
            }
            let alike: Vec<&str> = alike.into_iter().map(|(old, _)| old).collect();
            variants.older.insert(at, alike);
        }
        variants
    }
}
