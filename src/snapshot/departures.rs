//! What a change leaves lying outside of where it was applied from: of a declared cluster, or of a kustomization.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::config::clusters::Clusters;
use crate::folders::folder;
use crate::kubernetes::{Completeness, Object, kustomization};

use super::built::inside_out;
use super::pairs::{Identity, Pair, meaning};
use super::{Snapshot, SourceFile};

/// The most objects of kustomizations that are kept; what is left counts as built, as nobody can tell that it is not.
const MOST: usize = 1 << 17;

/// An object of the base that is no longer where it was applied from.
#[derive(Clone, Copy, Debug)]
pub struct Departure<'a> {
    /// The object in the base.
    pub object: Object<'a>,
    /// What it left.
    pub from: Source<'a>,
}

/// What is applied as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source<'a> {
    /// A declared cluster, by its number.
    Cluster(usize),
    /// A kustomization, by its file in the head.
    Kustomization(&'a Arc<str>),
}

/// The objects that left, and that have no successor of the same meaning there; each once.
#[must_use]
pub fn departures<'a>(
    pair: &Pair<'a>,
    clusters: &Clusters,
    is_wanted: impl Fn(Object<'a>) -> bool,
) -> Vec<Departure<'a>> {
    let wanted = |snapshot: &'a Snapshot| -> Vec<Object<'a>> {
        let objects = snapshot.objects();
        let whole = objects.filter(|object| object.completeness() != Completeness::Partial);
        whole.filter(|object| is_wanted(*object)).collect()
    };
    let (base, head) = (wanted(pair.base), wanted(pair.head));
    if base.is_empty() {
        return Vec::new();
    }
    let known: HashSet<_> = base.iter().map(|object| identity(*object)).collect();
    let successors = head
        .iter()
        .filter(|object| !known.contains(&identity(**object)));
    // A new object of the same meaning is the same under another name.
    let mut same: HashMap<_, Vec<Identity<'a>>> = HashMap::new();
    for object in successors {
        if let Some(meaning) = meaning(*object) {
            same.entry(meaning).or_default().push(identity(*object));
        }
    }
    let stays = |object: Object<'a>, there: &HashSet<Identity<'a>>| {
        let renamed = meaning(object).and_then(|meaning| same.get(&meaning));
        there.contains(&identity(object))
            || renamed.is_some_and(|names| names.iter().any(|name| there.contains(name)))
    };
    let anywhere: HashSet<_> = head.iter().map(|object| identity(*object)).collect();
    let mut found: BTreeMap<(&str, usize), Departure<'a>> = BTreeMap::new();
    // What is nowhere is removed, and what cannot be read may be there.
    let left: Vec<(usize, Object<'a>)> = (0..)
        .zip(base)
        .filter(|(_, object)| {
            let file = pair.head.file(object.path());
            stays(*object, &anywhere) && file.is_none_or(SourceFile::is_wholly_read)
        })
        .collect();
    let mut of_clusters: HashMap<usize, HashSet<Identity<'a>>> = HashMap::new();
    for (at, object) in &left {
        for cluster in clusters.of(object.path()) {
            let there = of_clusters.entry(cluster).or_insert_with(|| {
                let files = files_of_cluster(pair.head, clusters, cluster);
                let objects = head.iter();
                let objects = objects.filter(|object| files.contains(&**object.path()));
                objects.map(|object| identity(*object)).collect()
            });
            if !stays(*object, there) {
                found.entry((object.path(), *at)).or_insert(Departure {
                    object: *object,
                    from: Source::Cluster(cluster),
                });
            }
        }
    }
    let (was_built, is_built) = (built(pair.base, &left_of(&left)), built(pair.head, &head));
    let (Some(was_built), Some(is_built)) = (was_built, is_built) else {
        return found.into_values().collect();
    };
    let old_folder = |at: &'a str| -> Option<&'a str> {
        if pair.base.kustomization(at).is_some() {
            return Some(at);
        }
        let (file, _) = pair.head.kustomization_file(at)?;
        pair.renames.get(&file.path).map(|old| folder(old))
    };
    let nothing = HashSet::new();
    // What a kustomization has only now has moved to it.
    let mut taken_over: HashSet<Identity<'a>> = HashSet::new();
    for (at, there) in &is_built {
        let before = old_folder(at).and_then(|at| was_built.get(at));
        let before = before.unwrap_or(&nothing);
        taken_over.extend(there.difference(before));
    }
    let by_identity: HashMap<Identity<'a>, (usize, Object<'a>)> = left
        .iter()
        .map(|(at, object)| (identity(*object), (*at, *object)))
        .collect();
    for (at, _) in pair.head.kustomizations() {
        let Some(before) = old_folder(at).and_then(|at| was_built.get(at)) else {
            continue;
        };
        let Some((file, _)) = pair.head.kustomization_file(at) else {
            continue;
        };
        let there = is_built.get(at).unwrap_or(&nothing);
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        gone.extend(before.iter().filter_map(|name| {
            let (at, object) = by_identity.get(name)?;
            (!stays(*object, there) && !stays(*object, &taken_over)).then_some(*at)
        }));
        for (at, object) in left.iter().filter(|(at, _)| gone.contains(at)) {
            let departure = Departure {
                object: *object,
                from: Source::Kustomization(&file.path),
            };
            let known = found.entry((object.path(), *at)).or_insert(departure);
            // The kustomization that was changed tells it best.
            if let Source::Kustomization(other) = known.from
                && !pair.changed.contains(other)
                && pair.changed.contains(&file.path)
            {
                *known = departure;
            }
        }
    }
    found.into_values().collect()
}

impl<'a> Source<'a> {
    /// The files of the head that are applied from there.
    #[must_use]
    pub fn files(self, head: &'a Snapshot, clusters: &Clusters) -> HashSet<&'a str> {
        match self {
            Self::Cluster(cluster) => files_of_cluster(head, clusters, cluster),
            Self::Kustomization(path) => built_from(head, vec![folder(path)]),
        }
    }
}

fn identity(object: Object<'_>) -> Identity<'_> {
    object.resource().identity()
}

fn left_of<'a>(left: &[(usize, Object<'a>)]) -> Vec<Object<'a>> {
    left.iter().map(|(_, object)| *object).collect()
}

/// The files that lie in a cluster, and those that its kustomizations build from.
fn files_of_cluster<'a>(
    head: &'a Snapshot,
    clusters: &Clusters,
    cluster: usize,
) -> HashSet<&'a str> {
    let files = head.files().iter();
    let inside = files.filter(|file| clusters.of(&file.path).contains(&cluster));
    let mut paths: HashSet<&str> = inside.map(|file| &*file.path).collect();
    let kustomizations = head.kustomization_files().map(|(file, _)| file);
    let own = kustomizations.filter(|file| paths.contains(&*file.path));
    let folders = own.map(SourceFile::folder).collect();
    paths.extend(built_from(head, folders));
    paths
}

fn built_from<'a>(head: &'a Snapshot, mut folders: Vec<&'a str>) -> HashSet<&'a str> {
    let mut seen: HashSet<&str> = folders.iter().copied().collect();
    let mut paths = HashSet::new();
    while let Some(at) = folders.pop() {
        let Some(listed) = head.kustomization(at) else {
            continue;
        };
        let resources = listed.resources.iter();
        for path in resources.filter_map(|path| kustomization::resolve(at, path)) {
            match head.kustomization_file(&path) {
                Some((file, _)) if seen.insert(file.folder()) => folders.push(file.folder()),
                Some(_) => {}
                None => paths.extend(head.file(&path).map(|file| &*file.path)),
            }
        }
    }
    paths
}

/// What each kustomization builds of some objects; none if that is too much to keep.
fn built<'a>(
    snapshot: &'a Snapshot,
    objects: &[Object<'a>],
) -> Option<BTreeMap<&'a str, HashSet<Identity<'a>>>> {
    let mut in_files: HashMap<&str, Vec<Identity<'a>>> = HashMap::new();
    for object in objects {
        let names = in_files.entry(&**object.path()).or_default();
        names.push(identity(*object));
    }
    let order = inside_out(snapshot, |_| true);
    let mut by_folder: BTreeMap<&str, HashSet<Identity<'a>>> = BTreeMap::new();
    let mut kept = 0;
    for part in &order {
        let mut names = HashSet::new();
        for file in part.files.iter().filter_map(|at| snapshot.files().get(*at)) {
            names.extend(in_files.get(&*file.path).into_iter().flatten().copied());
        }
        for below in part.parts.iter().filter_map(|at| order.get(*at)) {
            names.extend(by_folder.get(below.folder).into_iter().flatten().copied());
        }
        kept += names.len();
        if kept > MOST {
            return None;
        }
        if !names.is_empty() {
            by_folder.insert(part.folder, names);
        }
    }
    Some(by_folder)
}
