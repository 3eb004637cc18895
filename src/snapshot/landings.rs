//! To which namespaces the kustomizations of a revision move the objects of a file, and which labels they put on them.
//!
//! A kustomization moves all that it takes in, what the kustomizations bring with them that it lists included: the outermost
//! that says a namespace has the last word. A base that several overlays take in lands once for each of them, in the
//! namespace that it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::folders::{folder, folders_up};
use crate::kubernetes::kustomization::{self, AddedLabel};
use crate::kubernetes::{Patched, Variant};

use super::Snapshot;
use super::built::{Built, inside_out};

/// The most variants that the objects of one file are told apart in.
const MOST: usize = 32;

/// The most that are told apart where all together are no more than [`MOST_COPIES`] then.
const MOST_OF_FEW: usize = 128;

/// So many copies of files and kustomizations are told apart, whatever number one of them has.
const MOST_COPIES: usize = 20_000;

/// What one variant makes of the objects of a file.
#[derive(Clone, Debug)]
pub(super) struct Landed {
    /// The variant.
    pub variant: Arc<Variant>,
    /// The namespace that they are moved to; none where they stay as they are written.
    pub namespace: Option<Arc<str>>,
    /// The labels that are put on them.
    pub labels: Arc<[AddedLabel]>,
    /// The folders of the kustomizations that patch or rename what they take in, the outermost first.
    pub way: Arc<[Arc<str>]>,
    /// What patches make of them, by their number in the file; none of what is gone by a patch.
    pub patched: BTreeMap<usize, Option<Arc<Patched>>>,
}

/// Where the objects of one file land.
#[derive(Clone, Debug, Default)]
pub(super) struct Landing {
    /// The namespace that they are moved to where all variants say the same, else that of the nearest kustomization.
    pub namespace: Option<Arc<str>>,
    /// The folders of the kustomizations that say so.
    pub by: Vec<String>,
    /// The labels that kustomizations put on them.
    pub labels: Vec<AddedLabel>,
    /// What becomes of them in each variant.
    pub landed: Vec<Landed>,
}

/// What the kustomizations outside of another one say of what that takes in.
#[derive(Clone, Debug)]
struct Word {
    /// The number of the outermost.
    root: usize,
    /// The number of that which has the last word about the namespace, if any.
    by: Option<usize>,
    /// The labels that they put on it.
    labels: Arc<[AddedLabel]>,
    /// The folders of those that patch or rename it, the outermost first.
    way: Arc<[Arc<str>]>,
}

/// What a kustomization itself says of all that it takes in.
struct Own {
    /// True if it says a namespace.
    says_namespace: bool,
    labels: Vec<AddedLabel>,
    /// Its folder, if it patches or renames what it takes in.
    changes: Option<Arc<str>>,
}

impl Word {
    /// The same about what a kustomization takes in that itself says something.
    fn within(&self, at: usize, own: &Own) -> Self {
        Self {
            root: self.root,
            by: self.by.or(own.says_namespace.then_some(at)),
            labels: joined(&self.labels, &own.labels),
            way: joined(&self.way, own.changes.as_slice()),
        }
    }
}

/// A list with more behind it.
fn joined<T: Clone>(list: &Arc<[T]>, more: &[T]) -> Arc<[T]> {
    if more.is_empty() {
        return Arc::clone(list);
    }
    list.iter().chain(more).cloned().collect()
}

/// The landings of a revision.
#[derive(Debug, Default)]
pub(super) struct Landings {
    /// Those of the files that some kustomization takes in.
    pub of_files: BTreeMap<String, Landing>,
    /// The kustomizations whose variants are more than are told apart, so that some of what they take in is not looked at
    /// in them.
    pub crowded: Vec<Arc<str>>,
}

/// The landings of the files that some kustomization takes in.
pub(super) fn landings(snapshot: &Snapshot) -> Landings {
    if snapshot.kustomizations.is_empty() {
        return Landings::default();
    }
    let order = inside_out(snapshot, |_| true);
    let words = words(snapshot, &order, MOST_OF_FEW, MOST_COPIES)
        .or_else(|| words(snapshot, &order, MOST, usize::MAX))
        .unwrap_or_default();
    let variants = variants(snapshot, &order);
    let crowded = words.crowded.iter();
    let crowded = crowded.filter_map(|root| Some(Arc::clone(&variants.get(root)?.at)));
    let mut landings = Landings {
        of_files: BTreeMap::new(),
        crowded: crowded.collect(),
    };
    landings.crowded.sort_unstable();
    for (file, words) in words.of_files {
        if let Some(file) = snapshot.files().get(file) {
            let landing = landing(snapshot, &order, &variants, &file.path, &words);
            landings.of_files.insert(file.path.to_string(), landing);
        }
    }
    landings
}

/// What is said of all files.
#[derive(Default)]
struct Words {
    of_files: BTreeMap<usize, Vec<Word>>,
    /// The numbers of the outermost that are left out somewhere.
    crowded: BTreeSet<usize>,
}

/// The namespace that a kustomization says itself.
fn namespace_of<'a>(snapshot: &'a Snapshot, built: &Built<'_>) -> Option<&'a str> {
    let namespace = snapshot.kustomization(built.folder)?.namespace.as_deref()?;
    (!namespace.is_empty()).then_some(namespace)
}

/// What is said of each file, by all that take it in: `most` of it at most. None where this is more than `all` together.
fn words(snapshot: &Snapshot, order: &[Built<'_>], most: usize, all: usize) -> Option<Words> {
    let mut left = all;
    let mut crowded = BTreeSet::new();
    let none: Arc<[AddedLabel]> = Arc::new([]);
    let nobody: Arc<[Arc<str>]> = Arc::new([]);
    let mut outer: Vec<Vec<Word>> = vec![Vec::new(); order.len()];
    let mut of_files: BTreeMap<usize, Vec<Word>> = BTreeMap::new();
    for (at, built) in order.iter().enumerate().rev() {
        let mut outside = outer.get_mut(at).map(std::mem::take).unwrap_or_default();
        if outside.is_empty() {
            outside.push(Word {
                root: at,
                by: None,
                labels: Arc::clone(&none),
                way: Arc::clone(&nobody),
            });
        }
        let own = Own {
            says_namespace: namespace_of(snapshot, built).is_some(),
            labels: own_labels(snapshot, built),
            changes: changes(snapshot, built.folder).then(|| built.folder.into()),
        };
        let said = outside.iter();
        let said: Vec<Word> = said.map(|word| word.within(at, &own)).collect();
        for part in &built.parts {
            if let Some(words) = outer.get_mut(*part) {
                left = left.checked_sub(add(words, &said, most, &mut crowded))?;
            }
        }
        for file in &built.files {
            let words = of_files.entry(*file).or_default();
            left = left.checked_sub(add(words, &said, most, &mut crowded))?;
        }
    }
    Some(Words { of_files, crowded })
}

/// Adds what is said by others, and says how much that is. What one variant takes in by several ways is there once for
/// each namespace.
fn add(words: &mut Vec<Word>, more: &[Word], most: usize, crowded: &mut BTreeSet<usize>) -> usize {
    let before = words.len();
    for word in more {
        let mut known = words.iter_mut();
        let same = known.find(|it| it.root == word.root && it.by == word.by);
        if let Some(same) = same {
            same.labels = joined(&same.labels, &missing(&word.labels, &same.labels));
            same.way = joined(&same.way, &missing(&word.way, &same.way));
        } else if words.len() < most {
            words.push(word.clone());
        } else {
            crowded.insert(word.root);
        }
    }
    words.len() - before
}

/// What a list does not hold of another one.
fn missing<T: Clone + PartialEq>(more: &[T], known: &[T]) -> Vec<T> {
    let missing = more.iter().filter(|it| !known.contains(it));
    missing.cloned().collect()
}

/// True if a kustomization renames what it takes in, or patches it: by itself, or by components, which patch what they are
/// listed beside. What a component takes in is patched by it where it is listed.
fn changes(snapshot: &Snapshot, folder: &str) -> bool {
    let Some(kustomization) = snapshot.kustomization(folder) else {
        return false;
    };
    let mut components = components(snapshot, folder).into_iter();
    let has_patches = |folder: &str| {
        let own = snapshot.kustomization(folder);
        own.is_some_and(|own| !own.changes.is_empty())
    };
    !kustomization.is_component
        && (kustomization.renames
            || !kustomization.changes.is_empty()
            || components.any(|it| has_patches(&it)))
}

/// The folders of the components that a kustomization lists, and those that these list, in the order in which they count.
pub(super) fn components(snapshot: &Snapshot, folder: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open = vec![(folder.to_owned(), false)];
    while let Some((at, is_done)) = open.pop() {
        if is_done {
            found.push(at);
            continue;
        }
        let Some(kustomization) = snapshot.kustomization(&at) else {
            continue;
        };
        if at != folder {
            open.push((at.clone(), true));
        }
        for listed in kustomization.resources.iter().rev() {
            let Some(part) = kustomization::resolve(&at, listed) else {
                continue;
            };
            let is_component = snapshot
                .kustomization(&part)
                .is_some_and(|it| it.is_component);
            if is_component && seen.insert(part.clone()) {
                open.push((part, false));
            }
        }
    }
    found
}

/// The labels that a kustomization puts on all that it takes in.
fn own_labels(snapshot: &Snapshot, built: &Built<'_>) -> Vec<AddedLabel> {
    let Some((file, kustomization)) = snapshot.kustomization_file(built.folder) else {
        return Vec::new();
    };
    let added = kustomization.added.iter();
    let added = added.map(|(key, value, reach, span)| AddedLabel {
        key: key.clone(),
        value: value.clone(),
        reach: *reach,
        at: Location {
            path: Arc::clone(&file.path),
            span: *span,
        },
    });
    added.collect()
}

/// The variants by the number of their kustomization.
fn variants(snapshot: &Snapshot, order: &[Built<'_>]) -> BTreeMap<usize, Arc<Variant>> {
    // Which one alone takes in another one; none where several do.
    let mut only: Vec<Option<Option<usize>>> = vec![None; order.len()];
    let mut parts: BTreeMap<usize, Vec<Arc<str>>> = BTreeMap::new();
    for (at, built) in order.iter().enumerate().rev() {
        let root = only.get(at).copied().flatten().unwrap_or(Some(at));
        let file = snapshot.kustomization_file(built.folder);
        if let (Some(root), Some((file, _))) = (root, file) {
            parts.entry(root).or_default().push(Arc::clone(&file.path));
        }
        for part in &built.parts {
            if let Some(known) = only.get_mut(*part) {
                *known = match *known {
                    None => Some(root),
                    Some(one) => Some(one.filter(|_| one == root)),
                };
            }
        }
    }
    let variants = parts.into_iter().filter_map(|(root, mut parts)| {
        parts.reverse();
        let at = parts.pop()?;
        Some((root, Arc::new(Variant { at, parts })))
    });
    variants.collect()
}

fn landing(
    snapshot: &Snapshot,
    order: &[Built<'_>],
    variants: &BTreeMap<usize, Arc<Variant>>,
    path: &str,
    words: &[Word],
) -> Landing {
    let mut landing = Landing::default();
    for word in words {
        let by = word.by.and_then(|by| order.get(by));
        let namespace = by.and_then(|by| namespace_of(snapshot, by)).map(Arc::from);
        let by = by.map(|by| by.folder.to_owned());
        landing.by.extend(by.filter(|by| !landing.by.contains(by)));
        let labels = word.labels.iter().filter(|it| !landing.labels.contains(it));
        let labels: Vec<AddedLabel> = labels.cloned().collect();
        landing.labels.extend(labels);
        let Some(variant) = variants.get(&word.root) else {
            continue;
        };
        let landed = Landed {
            variant: Arc::clone(variant),
            namespace,
            labels: Arc::clone(&word.labels),
            way: Arc::clone(&word.way),
            patched: BTreeMap::new(),
        };
        let is_same = |other: &Landed| {
            other.variant == landed.variant
                && other.namespace == landed.namespace
                && other.labels == landed.labels
        };
        if !landing.landed.iter().any(is_same) {
            landing.landed.push(landed);
        }
    }
    let mut namespaces = landing.landed.iter().map(|it| &it.namespace);
    landing.namespace = match namespaces.next() {
        Some(first) if namespaces.all(|it| it == first) => first.clone(),
        _ => nearest(snapshot, path),
    };
    landing
        .landed
        .sort_by(|one, other| one.variant.at.cmp(&other.variant.at));
    landing
}

/// The namespace that the nearest kustomization says which lists a file itself.
fn nearest(snapshot: &Snapshot, path: &str) -> Option<Arc<str>> {
    folders_up(folder(path)).find_map(|folder| {
        let own = snapshot.kustomization(folder)?;
        let mut listed = own.resources.iter();
        let lists = listed.any(|it| kustomization::resolve(folder, it).as_deref() == Some(path));
        own.namespace.as_deref().filter(|_| lists).map(Arc::from)
    })
}
