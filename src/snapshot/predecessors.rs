//! What an object of the head takes the place of: its counterpart in the base, and where it is new in its place,
//! the copy of the base that is applied together with it.
//!
//! Applied together is what stands in one folder, in one declared cluster, or is built by one kustomization that
//! was there before. A copy in another folder, or for a kustomization that is new, is an alternative, and takes
//! the place of nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::clusters::Clusters;
use crate::folders::folder;
use crate::kubernetes::Object;
use crate::kubernetes::kustomization::{self, Kustomization};

use super::Snapshot;
use super::pairs::{Identity, Pair};

/// The most entries of kustomizations that are looked at. What is left then counts as applied together, as nobody
/// can tell that it is not.
const MOST: usize = 1 << 18;

/// The objects of the base by where they stand. Of several copies in one place the last counts, which is the one
/// that stays when all are applied.
#[derive(Debug)]
pub struct Predecessors<'a> {
    pair: Pair<'a>,
    clusters: &'a Clusters,
    anywhere: HashMap<Identity<'a>, Object<'a>>,
    in_file: HashMap<(Identity<'a>, &'a str), Object<'a>>,
    in_folder: HashMap<(Identity<'a>, &'a str), Object<'a>>,
    /// The same by the folder that a copy has moved to.
    moved_to: HashMap<(Identity<'a>, &'a str), Object<'a>>,
    in_cluster: HashMap<(Identity<'a>, usize), Object<'a>>,
    /// The folders of the kustomizations of the head by what they list.
    listed_by: BTreeMap<String, Vec<&'a str>>,
    steps_left: usize,
}

impl<'a> Predecessors<'a> {
    /// Looks at the objects that a rule is about.
    #[must_use]
    pub fn of(
        pair: &Pair<'a>,
        clusters: &'a Clusters,
        is_wanted: impl Fn(Object<'a>) -> bool,
    ) -> Self {
        let mut predecessors = Self {
            pair: *pair,
            clusters,
            anywhere: HashMap::new(),
            in_file: HashMap::new(),
            in_folder: HashMap::new(),
            moved_to: HashMap::new(),
            in_cluster: HashMap::new(),
            listed_by: BTreeMap::new(),
            steps_left: MOST,
        };
        for object in pair.base.objects().filter(|object| is_wanted(*object)) {
            let identity = object.resource().identity();
            let path = &**object.path();
            predecessors.anywhere.insert(identity, object);
            predecessors.in_file.insert((identity, path), object);
            let place = (identity, folder(path));
            predecessors.in_folder.insert(place, object);
            for cluster in clusters.of(path) {
                predecessors.in_cluster.insert((identity, cluster), object);
            }
        }
        for object in pair.head.objects().filter(|object| is_wanted(*object)) {
            if let Some(before) = pair.before(object)
                && before.path() != object.path()
            {
                let place = (object.resource().identity(), folder(object.path()));
                predecessors.moved_to.insert(place, before);
            }
        }
        if predecessors.anywhere.is_empty() {
            return predecessors;
        }
        for (at, kustomization) in pair.head.kustomizations() {
            for path in listed(at, kustomization) {
                predecessors.listed_by.entry(path).or_default().push(at);
            }
        }
        predecessors
    }

    /// What an object of the head is to be held against; its counterpart comes first.
    pub fn of_object(&mut self, object: Object<'_>) -> Vec<Object<'a>> {
        let counterpart = self.pair.before(object);
        let mut found: Vec<Object<'a>> = counterpart.into_iter().collect();
        let before = counterpart.map(|counterpart| &**counterpart.path());
        let path = &**object.path();
        let known: Option<Object<'a>> = self.anywhere.get(&object.resource().identity()).copied();
        let Some(known) = known.filter(|_| before != Some(path)) else {
            return found;
        };
        let identity = known.resource().identity();
        // A copy that was in a place before takes no other's place there.
        let own = folder(path);
        if before.is_none_or(|before| folder(before) != own) {
            let moved = self.moved_to.get(&(identity, own));
            let moved = moved.filter(|_| before.is_none());
            add(&mut found, self.in_folder.get(&(identity, own)).or(moved));
        }
        let clusters = self.clusters.of(path);
        if !clusters.is_empty() {
            let known = before.map(|before| self.clusters.of(before));
            let known = known.unwrap_or_default();
            for cluster in clusters.iter().filter(|cluster| !known.contains(cluster)) {
                add(&mut found, self.in_cluster.get(&(identity, *cluster)));
            }
        }
        let built = self.built_with(identity, path, before);
        add(&mut found, built.as_ref());
        found
    }

    /// The copy of the base that some kustomization built, which now builds a file with another copy.
    fn built_with(
        &mut self,
        identity: Identity<'a>,
        path: &str,
        before: Option<&str>,
    ) -> Option<Object<'a>> {
        let mut seen: HashSet<&'a str> = HashSet::new();
        let mut open: Vec<&str> = vec![path];
        while let Some(listed) = open.pop() {
            let folders = self.listed_by.get(listed).cloned().unwrap_or_default();
            for at in folders {
                if !self.step() {
                    return self.anywhere.get(&identity).copied();
                }
                if !seen.insert(at) {
                    continue;
                }
                open.push(at);
                let Some(at) = self.known_as(at) else {
                    continue;
                };
                if let Some(copy) = self.copy_built_by(identity, at, before) {
                    return Some(copy);
                }
            }
        }
        None
    }

    /// The folder of a kustomization in the base.
    fn known_as(&self, at: &'a str) -> Option<&'a str> {
        if self.pair.base.kustomization(at).is_some() {
            return Some(at);
        }
        let (file, _) = self.pair.head.kustomization_file(at)?;
        let old = folder(self.pair.renames.get(&file.path)?);
        self.pair.base.kustomization(old).map(|_| old)
    }

    /// The last copy that a kustomization of the base builds, unless it built the counterpart already.
    fn copy_built_by(
        &mut self,
        identity: Identity<'a>,
        at: &str,
        before: Option<&str>,
    ) -> Option<Object<'a>> {
        let base: &'a Snapshot = self.pair.base;
        let mut seen: HashSet<String> = HashSet::from([at.to_owned()]);
        let mut open = vec![at.to_owned()];
        let mut last = None;
        while let Some(at) = open.pop() {
            let Some(kustomization) = base.kustomization(&at) else {
                continue;
            };
            for path in listed(&at, kustomization) {
                if !self.step() {
                    return self.anywhere.get(&identity).copied();
                }
                if before == Some(&*path) {
                    return None;
                }
                let copy = self.in_file.get(&(identity, &*path)).copied();
                last = copy.or(last);
                if copy.is_none() && seen.insert(path.clone()) {
                    open.push(path);
                }
            }
        }
        last
    }

    fn step(&mut self) -> bool {
        self.steps_left = self.steps_left.saturating_sub(1);
        self.steps_left > 0
    }
}

fn add<'a>(found: &mut Vec<Object<'a>>, copy: Option<&Object<'a>>) {
    if let Some(copy) = copy
        && !found.iter().any(|known| known.path() == copy.path())
    {
        found.push(*copy);
    }
}

/// What a kustomization applies and what changes it, from the root on.
fn listed(at: &str, kustomization: &Kustomization) -> impl Iterator<Item = String> {
    let paths = kustomization.resources.iter().chain(&kustomization.patches);
    paths.filter_map(move |path| kustomization::resolve(at, path))
}
