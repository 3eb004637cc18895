//! Which kustomizations take in a file that they did not take in before, or take it in no longer, and where they say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::kustomization;
use crate::syntax::{Node, Span};

use super::Snapshot;
use super::built::Builds;

/// The lists of what is taken in, by the names of their keys.
const LISTS: [&str; 3] = ["resources", "components", "bases"];

/// A kustomization of both sides of which one takes a file in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// Its folder.
    pub folder: String,
    /// The line of its list in the head that does it, or the one of the list's key.
    pub at: Location,
}

/// What the kustomizations of both sides of a change take in.
pub struct Takers<'a> {
    base: &'a Snapshot,
    head: &'a Snapshot,
    renames: &'a BTreeMap<Arc<str>, Arc<str>>,
    before: Builds<'a>,
    after: Builds<'a>,
}

impl<'a> Takers<'a> {
    /// Those of a change. Files of the head that were moved go by their old paths as well.
    #[must_use]
    pub fn of(
        base: &'a Snapshot,
        head: &'a Snapshot,
        renames: &'a BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        Self {
            base,
            head,
            renames,
            before: Builds::of(base),
            after: Builds::of(head),
        }
    }

    /// The path in the base of a file of the head, and the folders that take it in on both sides.
    fn sides(&self, path: &str) -> (BTreeSet<&'a str>, BTreeSet<&'a str>, &str) {
        let old = self.renames.get(path).map(|old| &**old);
        let old = self.base.file(path).map(|file| &*file.path).or(old);
        let before = old.map(|old| self.before.taking(old)).unwrap_or_default();
        (before, self.after.taking(path), old.unwrap_or_default())
    }

    /// Those that take in a file of the head and did not before.
    #[must_use]
    pub fn newly(&self, path: &str) -> Vec<Taking> {
        let (before, after, _) = self.sides(path);
        let folders = after.difference(&before);
        let found = folders.filter_map(|folder| {
            let known: BTreeSet<&str> = texts(self.base, folder)?.into_iter().collect();
            let (_, item) = items(self.head, folder).into_iter().find(|(_, item)| {
                let text = item.as_str().unwrap_or_default();
                let leads_there = kustomization::resolve(folder, text)
                    .is_some_and(|to| to == path || after.contains(&*to));
                leads_there && !known.contains(text)
            })?;
            self.taking(folder, item.span())
        });
        found.collect()
    }

    /// Those that took in a file which is still there, and do so no longer.
    #[must_use]
    pub fn no_longer(&self, path: &str) -> Vec<Taking> {
        if self.head.file(path).is_none() {
            return Vec::new();
        }
        let (before, after, old) = self.sides(path);
        let folders = before.difference(&after);
        let found = folders.filter_map(|folder| {
            let left: BTreeSet<&str> = texts(self.head, folder)?.into_iter().collect();
            let (list, _) = items(self.base, folder).into_iter().find(|(_, item)| {
                let text = item.as_str().unwrap_or_default();
                let led_there = kustomization::resolve(folder, text)
                    .is_some_and(|to| to == old || before.contains(&*to));
                led_there && !left.contains(text)
            })?;
            // What stands in its place, else the list.
            let known: BTreeSet<&str> = texts(self.base, folder)?.into_iter().collect();
            let now = items(self.head, folder);
            let new = now.iter().find(|(own, item)| {
                *own == list && item.as_str().is_some_and(|text| !known.contains(text))
            });
            let at = match new {
                Some((_, item)) => item.span(),
                None => key(self.head, folder, list)?,
            };
            self.taking(folder, at)
        });
        found.collect()
    }

    fn taking(&self, folder: &str, span: Span) -> Option<Taking> {
        let (file, _) = self.head.kustomization_file(folder)?;
        Some(Taking {
            folder: folder.to_owned(),
            at: Location {
                path: Arc::clone(&file.path),
                span,
            },
        })
    }
}

/// The files of both sides that count on one of them alone, as a kustomization of both takes them in there and nothing does
/// on the other one: where they lie by themselves is not where they are applied from.
#[derive(Debug, Default)]
pub struct Lying {
    /// Those that are taken in only now: they did not count in the base.
    pub before: BTreeSet<Arc<str>>,
    /// Those that are taken in no longer: they do not count in the head.
    pub after: BTreeSet<Arc<str>>,
}

impl Lying {
    /// Those of a change. What is moved to another place may be applied from there, and what gets its first kustomization, or
    /// loses its last one, may be applied without.
    #[must_use]
    pub fn of(base: &Snapshot, head: &Snapshot) -> Self {
        Self {
            before: lying(head, base),
            after: lying(base, head),
        }
    }
}

/// The files of both sides that a kustomization of both lists on the one, and that nothing takes in on the other.
fn lying(listed: &Snapshot, other: &Snapshot) -> BTreeSet<Arc<str>> {
    let both = listed.kustomizations();
    let both = both.filter(|(folder, _)| other.kustomization(folder).is_some());
    let paths = both.flat_map(|(folder, kustomization)| {
        let paths = kustomization.resources.iter();
        paths.filter_map(move |path| kustomization::resolve(folder, path))
    });
    let is_taken_in = |side: &Snapshot, path: &String| side.landings.contains_key(path);
    let left = paths.filter(|path| is_taken_in(listed, path) && !is_taken_in(other, path));
    let files = left.filter_map(|path| Some(Arc::clone(&other.file(&path)?.path)));
    files.collect()
}

/// Kustomizations of both sides that another one took in, and that none takes in any more: where that one lists what it takes
/// in, and the folder of what it left.
#[must_use]
pub fn left_alone(base: &Snapshot, head: &Snapshot) -> Vec<(Location, String)> {
    let listed = |(folder, kustomization): (&str, &kustomization::Kustomization)| {
        let listed = kustomization.resources.iter();
        let paths = listed.filter_map(|path| kustomization::resolve(folder, path));
        paths.collect::<Vec<_>>()
    };
    let taken: BTreeSet<String> = head.kustomizations().flat_map(listed).collect();
    let mut left = Vec::new();
    for (folder, before) in base.kustomizations() {
        for to in listed((folder, before)) {
            // A component is nothing by itself: what it took along is gone.
            let is_there = base.kustomization(&to).is_some()
                && head.kustomization(&to).is_some_and(|it| !it.is_component);
            if !is_there || taken.contains(&to) {
                continue;
            }
            let Some((file, _)) = head.kustomization_file(folder) else {
                continue;
            };
            let key = LISTS.into_iter().find_map(|list| key(head, folder, list));
            let at = Location {
                path: Arc::clone(&file.path),
                span: key.unwrap_or_default(),
            };
            left.push((at, to));
        }
    }
    left
}

fn root<'a>(snapshot: &'a Snapshot, folder: &str) -> Option<Node<'a>> {
    let (file, _) = snapshot.kustomization_file(folder)?;
    let tree = &file.manifest()?.tree;
    let mut roots = tree.documents().iter().map(|document| tree.root(document));
    roots.find(|root| root.is_mapping())
}

/// What a kustomization lists, with the names of the lists.
fn items<'a>(snapshot: &'a Snapshot, folder: &str) -> Vec<(&'static str, Node<'a>)> {
    let root = root(snapshot, folder);
    let lists = LISTS
        .into_iter()
        .filter_map(|name| Some((name, root?.present(name)?)));
    let items = lists.flat_map(|(name, list)| list.items().map(move |item| (name, item)));
    items.collect()
}

/// What a kustomization lists, as it is written; none where there is no kustomization.
fn texts<'a>(snapshot: &'a Snapshot, folder: &str) -> Option<Vec<&'a str>> {
    snapshot.kustomization(folder)?;
    let items = items(snapshot, folder).into_iter();
    Some(items.filter_map(|(_, item)| item.as_str()).collect())
}

/// Where the key of a list stands; of another one, or of whatever comes first, where that list is gone.
fn key(snapshot: &Snapshot, folder: &str, list: &str) -> Option<Span> {
    let root = root(snapshot, folder)?;
    let names = std::iter::once(list).chain(LISTS);
    let mut entries = names.filter_map(|name| root.entry(name));
    let entry = entries.next().or_else(|| root.entries().next())?;
    Some(entry.key.span())
}
