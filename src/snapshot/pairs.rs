//! Which object of the base is which object of the head.
//!
//! An identity can stand in several files (bases, overlays, release copies). Its copies are paired by path, then by
//! rename, then by equal content, then by the nearest folder, never by order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use crate::access::Comparison;
use crate::finding::Resource;
use crate::folders::{folder, folders_up};
use crate::kubernetes::Object;

use super::taken::Lying;
use super::{Snapshot, SourceFile};

/// What an object is called: group, kind, namespace as written, name.
pub type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// Both revisions of a change.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// What head is compared with.
    pub base: &'a Snapshot,
    /// What the change leaves behind.
    pub head: &'a Snapshot,
    /// Files of the head that the base has not, or not with these bytes.
    pub changed: &'a BTreeSet<Arc<str>>,
    /// The base path of a file of the head that was moved.
    pub renames: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// The files of `renames` that were moved as they are, byte for byte.
    pub moved: &'a BTreeSet<Arc<str>>,
    /// Which object is which.
    pub pairs: &'a Pairs,
}

impl<'a> Pair<'a> {
    /// The counterpart in the base of an object of the head.
    #[must_use]
    pub fn before(&self, object: Object<'_>) -> Option<Object<'a>> {
        let path = self.pairs.base_path(object.resource(), object.path())?;
        copy_in(self.base, path, object)
    }

    /// The file in the base of a variant of the head.
    #[must_use]
    pub fn variant_before<'v>(&self, at: &'v Arc<str>) -> &'v Arc<str>
    where
        'a: 'v,
    {
        let renamed = self.renames.get(at);
        let renamed = renamed.filter(|_| self.base.file(at).is_none());
        renamed.unwrap_or(at)
    }

    /// What the base applied: its objects, once for each variant that takes them in, but for those of files that a
    /// kustomization takes in only now.
    pub fn applied_before(&self) -> impl Iterator<Item = Object<'a>> {
        let (base, lying) = (self.base, &self.pairs.lying.before);
        let files = base.files().iter();
        let files = files.filter(|file| !lying.contains(&file.path));
        files.flat_map(|file| base.landed_objects_of(file))
    }

    /// What the head applies: the same without the files that a kustomization takes in no longer.
    pub fn applied_after(&self) -> impl Iterator<Item = Object<'a>> {
        let head = self.head;
        self.files_after()
            .flat_map(|file| head.landed_objects_of(file))
    }

    /// The files of the head but for those that a kustomization takes in no longer.
    pub(super) fn files_after(&self) -> impl Iterator<Item = &'a SourceFile> {
        let lying = &self.pairs.lying.after;
        let files = self.head.files().iter();
        files.filter(|file| !lying.contains(&file.path))
    }

    /// The objects of the base that the head holds nowhere: neither in the same file, nor in another, nor under
    /// another name. Where the file can no longer be read, nothing is known to be gone.
    #[must_use]
    pub fn removed(&self) -> Vec<Object<'a>> {
        let known: BTreeSet<_> = self
            .head
            .objects()
            .map(|object| object.resource().identity())
            .collect();
        let mut gone: Vec<_> = self
            .base
            .objects()
            .filter(|object| !known.contains(&object.resource().identity()))
            .filter(|object| {
                let file = self.head.file(&self.continued(object.path()));
                file.is_none_or(SourceFile::is_wholly_read)
            })
            .collect();
        let kinds: BTreeSet<_> = gone.iter().copied().map(kind_of).collect();
        let new = self.head.objects().filter(|object| {
            let before = self.pairs.base_path(object.resource(), object.path());
            before.is_none() && kinds.contains(&kind_of(*object))
        });
        let new: BTreeSet<_> = new.filter_map(meaning).collect();
        gone.retain(|object| !meaning(*object).is_some_and(|meaning| new.contains(&meaning)));
        gone
    }

    /// The path in the head of a file of the base; the old one where it is gone.
    #[must_use]
    pub fn continued(&self, base_path: &Arc<str>) -> Arc<str> {
        if self.head.file(base_path).is_some() {
            return Arc::clone(base_path);
        }
        let moved = self.renames.iter().find(|(_, old)| *old == base_path);
        Arc::clone(moved.map_or(base_path, |(new, _)| new))
    }
}

/// The group and the kind of an object.
fn kind_of(object: Object<'_>) -> (&str, &str) {
    let (group, kind, ..) = object.resource().identity();
    (group, kind)
}

/// What an object says beside its name: its kind and its `spec`, or the `webhooks` that stand in its place.
pub(super) fn meaning(object: Object<'_>) -> Option<((&str, &str), u64)> {
    let node = object.node();
    let spec = node.present("spec").or_else(|| node.present("webhooks"));
    let spec = spec?.content_hash();
    Some((kind_of(object), spec))
}

/// The copy of an object in a file of a revision; of several the last, which is the one that stays.
fn copy_in<'a>(snapshot: &'a Snapshot, path: &str, object: Object<'_>) -> Option<Object<'a>> {
    let file = snapshot.file(path)?;
    let copies = snapshot.objects_of(file);
    copies
        .filter(|copy| copy.resource() == object.resource())
        .last()
}

/// An identity in a file.
type Place = (Arc<Resource>, Arc<str>);

/// Which copy of an identity in the base is the counterpart of which copy in the head.
#[derive(Debug, Default)]
pub struct Pairs {
    /// The base path of what the head holds.
    to_base: HashMap<Place, Arc<str>>,
    /// The head path of what the base holds.
    to_head: HashMap<Place, Arc<str>>,
    hides_more: bool,
    /// The files that count on one side alone.
    lying: Lying,
    /// What package managers install on both sides, once somebody has asked.
    pub(super) installations: OnceLock<Vec<super::installation_pairs::Numbered>>,
    /// What the change does to who may do what, once somebody has asked.
    pub(super) access: OnceLock<Comparison>,
    /// What the change does to who can reach whom, once somebody has asked.
    pub(super) network: OnceLock<crate::network::Comparison>,
}

impl Pairs {
    /// Pairs the objects of two revisions. `renames` names the base path of a head path.
    #[must_use]
    pub fn between(
        base: &Snapshot,
        head: &Snapshot,
        renames: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        let base_copies = copies(base);
        let head_copies = copies(head);
        let newly_hidden = |file: &SourceFile| {
            let known = base
                .file(&file.path)
                .is_some_and(|old| Arc::ptr_eq(&old.state, &file.state));
            !file.is_wholly_read() && !known
        };
        let mut pairs = Self {
            hides_more: head.files().iter().any(newly_hidden),
            lying: Lying::of(base, head),
            ..Self::default()
        };
        #[expect(
            clippy::iter_over_hash_type,
            reason = "only fills maps; no order comes out of it"
        )]
        for (identity, of_head) in &head_copies {
            let Some(of_base) = base_copies.get(identity) else {
                continue;
            };
            for (head_path, base_path) in pair(of_base, of_head, renames) {
                let Some(object) = of_head.get(head_path).and_then(|objects| objects.first())
                else {
                    continue;
                };
                let place = |path: &Arc<str>| (Arc::clone(object.resource()), Arc::clone(path));
                pairs
                    .to_base
                    .insert(place(head_path), Arc::clone(base_path));
                pairs
                    .to_head
                    .insert(place(base_path), Arc::clone(head_path));
            }
        }
        pairs
    }

    /// The path in the base of the counterpart of an object of the head.
    #[must_use]
    pub fn base_path(&self, resource: &Arc<Resource>, head_path: &Arc<str>) -> Option<&Arc<str>> {
        self.to_base
            .get(&(Arc::clone(resource), Arc::clone(head_path)))
    }

    /// The path in the head of the counterpart of an object of the base.
    #[must_use]
    pub fn head_path(&self, resource: &Arc<Resource>, base_path: &Arc<str>) -> Option<&Arc<str>> {
        self.to_head
            .get(&(Arc::clone(resource), Arc::clone(base_path)))
    }

    /// True if the head hides something that the base did not hide: what is nowhere to be seen may be there.
    #[must_use]
    pub fn hides_more(&self) -> bool {
        self.hides_more
    }
}

/// The copies of one identity on one side: objects by path. Copies within one file stay together.
type Copies<'a> = BTreeMap<&'a Arc<str>, Vec<Object<'a>>>;

fn copies(snapshot: &Snapshot) -> HashMap<Identity<'_>, Copies<'_>> {
    let mut copies: HashMap<Identity<'_>, Copies<'_>> = HashMap::new();
    for object in snapshot.objects() {
        let of_identity = copies.entry(object.resource().identity()).or_default();
        of_identity.entry(object.path()).or_default().push(object);
    }
    copies
}

/// Pairs the copies of one identity: (head path, base path).
fn pair<'a>(
    base: &Copies<'a>,
    head: &Copies<'a>,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<(&'a Arc<str>, &'a Arc<str>)> {
    let mut pairs = Vec::new();
    let mut open_base: Vec<&Arc<str>> = base
        .keys()
        .copied()
        .filter(|path| !head.contains_key(path))
        .collect();
    // In the order of their paths, as a map holds them.
    let mut taken = vec![false; open_base.len()];
    let mut open_head: Vec<&Arc<str>> = Vec::new();
    for path in head.keys() {
        match base.get_key_value(path) {
            Some((base_path, _)) => pairs.push((*path, *base_path)),
            None => open_head.push(path),
        }
    }
    open_head.retain(|head_path| {
        let old_path = renames.get(*head_path);
        let found = old_path.and_then(|old_path| open_base.binary_search(&old_path).ok());
        let Some(at) = found else {
            return true;
        };
        // What is taken is taken out below, all at once.
        if let Some((taken, base_path)) = taken.get_mut(at).zip(open_base.get(at))
            && !std::mem::replace(taken, true)
        {
            pairs.push((*head_path, *base_path));
            return false;
        }
        true
    });
    let mut taken = taken.into_iter();
    open_base.retain(|_| !taken.next().unwrap_or_default());
    if !open_head.is_empty() && !open_base.is_empty() {
        // Each copy is hashed once, however many it is held against.
        let of_head = contents(head, &open_head);
        let of_base = contents(base, &open_base);
        settle(&mut pairs, &mut open_head, &mut open_base, |path| {
            of_head.get(path).or_else(|| of_base.get(path)).cloned()
        });
        settle(&mut pairs, &mut open_head, &mut open_base, |_| None);
    }
    pairs
}

/// Pairs each open copy of the head with the nearest open one of the base that has the same mark.
fn settle<'a>(
    pairs: &mut Vec<(&'a Arc<str>, &'a Arc<str>)>,
    open_head: &mut Vec<&'a Arc<str>>,
    open_base: &mut Vec<&'a Arc<str>>,
    mark: impl Fn(&'a Arc<str>) -> Option<Vec<u64>>,
) {
    // The copies of the base by mark and by every folder that they are below: all, and those of one file name.
    let mut numbers: HashMap<Option<Vec<u64>>, usize> = HashMap::new();
    let mut below: HashMap<(usize, &str, Option<&str>), BTreeSet<usize>> = HashMap::new();
    for (at, path) in open_base.iter().enumerate() {
        let next = numbers.len();
        let mark = *numbers.entry(mark(path)).or_insert(next);
        for folder in folders_up(folder(path)) {
            for name in [None, Some(file_name(path))] {
                below.entry((mark, folder, name)).or_default().insert(at);
            }
        }
    }
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    open_head.retain(|head_path| {
        let Some(mark) = numbers.get(&mark(head_path)).copied() else {
            return true;
        };
        let first = |folder, name| below.get(&(mark, folder, name))?.first().copied();
        let nearest = folders_up(folder(head_path)).find_map(|folder| {
            first(folder, Some(file_name(head_path))).or_else(|| first(folder, None))
        });
        let Some((at, base_path)) = nearest.and_then(|at| Some((at, *open_base.get(at)?))) else {
            return true;
        };
        for folder in folders_up(folder(base_path)) {
            for name in [None, Some(file_name(base_path))] {
                if let Some(copies) = below.get_mut(&(mark, folder, name)) {
                    copies.remove(&at);
                }
            }
        }
        taken.insert(at);
        pairs.push((*head_path, base_path));
        false
    });
    let mut at = 0..;
    open_base.retain(|_| at.next().is_none_or(|at| !taken.contains(&at)));
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What the copies in some files say, whatever their order in the file.
fn contents<'a>(copies: &Copies<'a>, paths: &[&'a Arc<str>]) -> BTreeMap<&'a Arc<str>, Vec<u64>> {
    let of_path = |path: &&'a Arc<str>| {
        let objects = copies.get(path).into_iter().flatten();
        let mut hashes: Vec<u64> = objects.map(|object| object.node().content_hash()).collect();
        hashes.sort_unstable();
        (*path, hashes)
    };
    paths.iter().map(of_path).collect()
}
