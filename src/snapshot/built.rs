//! What kustomizations take in of each other.

use std::collections::{BTreeSet, HashMap};

use crate::kubernetes::kustomization::{self, Kustomization};

use super::Snapshot;

/// A kustomization by what it takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built<'a> {
    /// Its folder.
    pub folder: &'a str,
    /// The files that it names, by their index in [`Snapshot::files`], once each and in path order.
    pub files: Vec<usize>,
    /// The kustomizations that it takes in, by their place in the answer: all of them stand before it.
    pub parts: Vec<usize>,
}

/// The kustomizations of a revision, each behind those that it takes in, as far as `takes` lets them. What closes a
/// circle is left out: such a build fails.
///
/// Whatever is known of the parts can be put together in this order, so that what thousands share is looked at once.
#[must_use]
pub fn inside_out(snapshot: &Snapshot, takes: impl Fn(&Kustomization) -> bool) -> Vec<Built<'_>> {
    let all: Vec<(&str, &Kustomization)> = snapshot.kustomizations().collect();
    let numbers: HashMap<&str, usize> =
        (0..).zip(&all).map(|(at, (name, _))| (*name, at)).collect();
    let named: Vec<(Vec<usize>, Vec<usize>)> = all
        .iter()
        .map(|(folder, kustomization)| {
            let (mut files, mut nested) = (BTreeSet::new(), BTreeSet::new());
            let resources = kustomization.resources.iter();
            for path in resources.filter_map(|path| kustomization::resolve(folder, path)) {
                match numbers
                    .get(&*path)
                    .and_then(|at| Some((*at, all.get(*at)?)))
                {
                    Some((at, (_, part))) => {
                        nested.extend(takes(part).then_some(at));
                    }
                    None => files.extend(snapshot.index_of(&path)),
                }
            }
            (files.into_iter().collect(), nested.into_iter().collect())
        })
        .collect();
    let parts_of = |at: usize| {
        named
            .get(at)
            .map(|(_, nested)| nested.as_slice())
            .unwrap_or_default()
    };
    let mut entered = vec![false; all.len()];
    let mut enter = |at: usize| {
        let entered = entered.get_mut(at);
        entered.is_some_and(|entered| !std::mem::replace(entered, true))
    };
    let mut places: Vec<Option<usize>> = vec![None; all.len()];
    let mut order = Vec::with_capacity(all.len());
    for start in 0..all.len() {
        // A chain may be longer than a thread can call itself.
        let mut way: Vec<(usize, usize)> = enter(start).then_some((start, 0)).into_iter().collect();
        while let Some((at, next)) = way.last_mut() {
            let at = *at;
            if let Some(part) = parts_of(at).get(*next) {
                *next += 1;
                way.extend(enter(*part).then_some((*part, 0)));
                continue;
            }
            way.pop();
            let parts = parts_of(at).iter();
            let parts = parts.filter_map(|part| places.get(*part).copied().flatten());
            let built = Built {
                folder: all.get(at).map(|(folder, _)| *folder).unwrap_or_default(),
                files: named
                    .get(at)
                    .map(|(files, _)| files.clone())
                    .unwrap_or_default(),
                parts: parts.collect(),
            };
            if let Some(place) = places.get_mut(at) {
                *place = Some(order.len());
            }
            order.push(built);
        }
    }
    order
}

/// What all kustomizations of a revision take in.
pub struct Builds<'a> {
    snapshot: &'a Snapshot,
    order: Vec<Built<'a>>,
}

impl<'a> Builds<'a> {
    /// Those of a revision.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            order: inside_out(snapshot, |_| true),
        }
    }

    /// True if kustomizations take in two files, and none of them both: what they build is applied apart, as far as they
    /// say.
    #[must_use]
    pub fn are_apart(&self, one: &str, other: &str) -> bool {
        let (one, other) = (self.takers(one), self.takers(other));
        !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
    }

    /// The folders of those that take in a file, themselves or by what they build on.
    #[must_use]
    pub fn taking(&self, path: &str) -> BTreeSet<&'a str> {
        let takers = self.takers(path).into_iter();
        let built = takers.filter_map(|at| self.order.get(at));
        built.map(|built| built.folder).collect()
    }

    /// The folders of those whose objects a kustomization changes: its own; of a component, those that list it.
    #[must_use]
    pub fn changed_by(&self, folder: &'a str) -> BTreeSet<&'a str> {
        let is_component = |folder: &str| {
            let kustomization = self.snapshot.kustomization(folder);
            kustomization.is_some_and(|it| it.is_component)
        };
        let mut found = BTreeSet::from([folder]);
        // Each stands behind those that it lists.
        for built in &self.order {
            let mut parts = built.parts.iter().filter_map(|part| self.order.get(*part));
            if parts.any(|part| found.contains(part.folder) && is_component(part.folder)) {
                found.insert(built.folder);
            }
        }
        found
    }

    /// True if something on the way from a file to one of these folders changes the names of objects.
    #[must_use]
    pub fn renames(&self, path: &str, folders: &BTreeSet<&str>) -> bool {
        self.takers(path).into_iter().any(|at| {
            let folder = self.order.get(at).map(|built| built.folder);
            let inner = folder.filter(|folder| !folders.contains(folder));
            inner
                .and_then(|folder| self.snapshot.kustomization(folder))
                .is_some_and(|kustomization| kustomization.renames)
        })
    }

    /// The numbers of those that take in a file, themselves or by what they build on.
    fn takers(&self, path: &str) -> BTreeSet<usize> {
        let mut takers = BTreeSet::new();
        let Some(file) = self.snapshot.index_of(path) else {
            return takers;
        };
        for (at, built) in self.order.iter().enumerate() {
            let is_named = built.files.contains(&file);
            if is_named || built.parts.iter().any(|part| takers.contains(part)) {
                takers.insert(at);
            }
        }
        takers
    }
}
