//! Which files are applied together, where nobody says so.
//!
//! A repository holds the same object many times: for each environment, as a release, as an example. Of such copies one
//! cluster has one. So files that hold copies of one object are kept apart, and what no other file has a copy of belongs
//! to all of them. This is found out from the folders: what a folder holds without contradiction is one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::folders::folder;

/// The most groups that are told apart below one folder. What is more is taken for part of the last one.
const MOST: usize = 32;

/// Which clusters of the configuration a file belongs to, by number.
pub type ClustersOf<'a> = &'a dyn Fn(&str) -> Vec<usize>;

/// What was read from one file.
pub trait Filed {
    /// What makes two objects copies of one.
    type Identity: Clone + Eq + Hash;

    /// The file.
    fn path(&self) -> &Arc<str>;

    /// The objects that can be copies of others.
    fn identities(&self) -> Vec<Self::Identity>;
}

/// A file, with the objects of it that can be copies of others, by numbers.
#[derive(Clone, Debug)]
struct Slot<'a> {
    /// Its path.
    path: &'a str,
    /// Its objects: equal numbers are copies of one object.
    objects: Vec<u32>,
    /// The clusters that the configuration puts it into.
    clusters: Vec<usize>,
}

/// Files that are applied together, by number, in order.
type Group = Vec<usize>;

/// The files of a folder that go together, and what they hold.
#[derive(Debug)]
struct Item {
    /// The path of the folder or the file that told them apart from others.
    label: String,
    slots: Vec<usize>,
    objects: Vec<u32>,
}

/// The files of one side of each cluster.
#[must_use]
pub fn alone<'p, P: Filed>(parts: &'p [P], clusters_of: ClustersOf<'_>) -> Vec<Vec<&'p P>> {
    let mut numbers = Numbers::default();
    let slots: Vec<Slot<'_>> = parts
        .iter()
        .map(|part| Slot {
            path: part.path(),
            objects: numbers.of(part, false),
            clusters: clusters_of(part.path()),
        })
        .collect();
    let groups = groups(&slots).into_iter();
    groups
        .map(|group| group.iter().filter_map(|at| parts.get(*at)).collect())
        .collect()
}

/// Objects as numbers, equal ones for copies of one side.
struct Numbers<I> {
    known: HashMap<(bool, I), u32>,
}

impl<I> Default for Numbers<I> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
        }
    }
}

impl<I: Clone + Eq + Hash> Numbers<I> {
    fn of<P: Filed<Identity = I>>(&mut self, part: &P, is_head: bool) -> Vec<u32> {
        self.of_some(part, is_head, &HashSet::new())
    }

    fn of_some<P: Filed<Identity = I>>(
        &mut self,
        part: &P,
        is_head: bool,
        without: &HashSet<(&str, I)>,
    ) -> Vec<u32> {
        let mut identities = part.identities();
        if !without.is_empty() {
            identities.retain(|identity| !without.contains(&(&**part.path(), identity.clone())));
        }
        let identities = identities.into_iter();
        identities
            .map(|identity| {
                let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
                *self.known.entry((is_head, identity)).or_insert(next)
            })
            .collect()
    }
}

/// The files of both sides of one cluster.
#[derive(Clone, Debug)]
pub struct Sides<'p, P> {
    /// Those of the base.
    pub before: Vec<&'p P>,
    /// Those of the head.
    pub after: Vec<&'p P>,
    /// True if all of it is a copy of what there was elsewhere, so that this is what it is held against.
    pub is_new_copy: bool,
    /// True if copies that the change adds split what was one cluster before.
    pub is_split: bool,
}

impl<P: Filed> Sides<'_, P> {
    /// Adds what was applied together with its files before the change added copies.
    pub fn widen_before(&mut self, united: &[Self]) {
        let own: HashSet<&str> = self.before.iter().map(|part| &**part.path()).collect();
        let mut more: Vec<&P> = Vec::new();
        for other in united {
            if other.before.iter().any(|part| own.contains(&**part.path())) {
                let parts = other.before.iter().copied();
                more.extend(parts.filter(|part| !own.contains(&**part.path())));
            }
        }
        more.sort_by(|one, other| one.path().cmp(other.path()));
        more.dedup_by(|one, other| one.path() == other.path());
        self.is_split = !more.is_empty();
        self.before.extend(more);
    }
}

/// The files of both sides of each cluster. They are told apart once for both sides, so that no file changes its cluster
/// with the change.
#[must_use]
pub fn pair<'p, P: Filed>(
    before: &'p [P],
    after: &'p [P],
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    clusters_of: ClustersOf<'_>,
) -> Vec<Sides<'p, P>> {
    pair_without(before, after, renames, clusters_of, &HashSet::new())
}

/// The same where copies that the change adds tell no files apart: they are applied together with what they are copies
/// of. Empty if it adds none.
#[must_use]
pub fn united<'p, P: Filed>(
    before: &'p [P],
    after: &'p [P],
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    clusters_of: ClustersOf<'_>,
) -> Vec<Sides<'p, P>> {
    let held = |parts: &'p [P]| {
        let mut held: HashMap<P::Identity, Vec<&'p str>> = HashMap::new();
        for part in parts
            .iter()
            .filter(|part| clusters_of(part.path()).is_empty())
        {
            for identity in part.identities() {
                held.entry(identity).or_default().push(part.path());
            }
        }
        held
    };
    let (old, new) = (held(before), held(after));
    let mut added: HashSet<(&str, P::Identity)> = HashSet::new();
    for part in after {
        let path = &**part.path();
        for identity in part.identities() {
            let (Some(known), Some(paths)) = (old.get(&identity), new.get(&identity)) else {
                continue;
            };
            let was_there = |path: &str| {
                let old_path = renames.get(path).map(|path| &**path);
                known.contains(&path) || old_path.is_some_and(|old| known.contains(&old))
            };
            // One of them is still where it was.
            let is_copy = paths.contains(&path) && paths.iter().any(|path| was_there(path));
            if is_copy && !was_there(path) {
                added.insert((path, identity));
            }
        }
    }
    if added.is_empty() {
        return Vec::new();
    }
    pair_without(before, after, renames, clusters_of, &added)
}

/// The files of both sides of each cluster, some objects of the head being copies of nothing.
fn pair_without<'p, P: Filed>(
    before: &'p [P],
    after: &'p [P],
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    clusters_of: ClustersOf<'_>,
    added: &HashSet<(&str, P::Identity)>,
) -> Vec<Sides<'p, P>> {
    let old: BTreeMap<&str, &P> = before.iter().map(|part| (&**part.path(), part)).collect();
    let new: BTreeSet<&str> = after.iter().map(|part| &**part.path()).collect();
    let mut numbers = Numbers::default();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut files: Vec<(Option<&P>, Option<&P>)> = Vec::new();
    let mut slots: Vec<Slot<'_>> = Vec::new();
    for part in after {
        let old_path = renames.get(part.path()).map(|path| &**path);
        let old_path = old_path.filter(|path| !new.contains(path));
        let counterpart = old
            .get(&**part.path())
            .or_else(|| old.get(old_path?))
            .copied();
        let mut objects = numbers.of_some(part, true, added);
        if let Some(counterpart) = counterpart {
            taken.insert(counterpart.path());
            objects.extend(numbers.of(counterpart, false));
        }
        files.push((counterpart, Some(part)));
        slots.push(Slot {
            path: part.path(),
            objects,
            clusters: clusters_of(part.path()),
        });
    }
    for part in before.iter().filter(|part| !taken.contains(&**part.path())) {
        files.push((Some(part), None));
        slots.push(Slot {
            path: part.path(),
            objects: numbers.of(part, false),
            clusters: clusters_of(part.path()),
        });
    }
    let mut holders: HashMap<u32, usize> = HashMap::new();
    for object in slots.iter().flat_map(|slot| &slot.objects) {
        *holders.entry(*object).or_default() += 1;
    }
    let groups = groups(&slots);
    let sides = groups.iter().map(|group| {
        let files_of = || group.iter().filter_map(|at| files.get(*at));
        // A new copy of what there was elsewhere is held against what there was.
        let own = |at: &usize| {
            let slot = slots.get(*at);
            slot.is_some_and(|slot| {
                let mut objects = slot.objects.iter();
                objects.any(|object| holders.get(object).is_some_and(|holders| *holders > 1))
            })
        };
        let mut told_apart = group.iter().filter(|at| own(at)).peekable();
        let is_new_copy = told_apart.peek().is_some()
            && told_apart.all(|at| files.get(*at).is_some_and(|(before, _)| before.is_none()));
        let old = if is_new_copy {
            before.iter().collect()
        } else {
            files_of().filter_map(|(before, _)| *before).collect()
        };
        Sides {
            before: old,
            after: files_of().filter_map(|(_, after)| *after).collect(),
            is_new_copy,
            is_split: false,
        }
    });
    sides.collect()
}

/// Tells files apart into groups that are applied together.
#[must_use]
fn groups(slots: &[Slot<'_>]) -> Vec<Group> {
    let mut of_clusters: BTreeMap<usize, Group> = BTreeMap::new();
    let mut open: BTreeMap<(usize, String), Vec<Item>> = BTreeMap::new();
    for (number, slot) in slots.iter().enumerate() {
        for cluster in &slot.clusters {
            of_clusters.entry(*cluster).or_default().push(number);
        }
        if slot.clusters.is_empty() {
            let folder = folder(slot.path);
            let mut objects = slot.objects.clone();
            objects.sort_unstable();
            objects.dedup();
            let item = Item {
                label: slot.path.to_owned(),
                slots: vec![number],
                objects,
            };
            let place = (depth(folder), folder.to_owned());
            open.entry(place).or_default().push(item);
        }
    }
    let mut groups: Vec<Group> = of_clusters.into_values().collect();
    // The deepest folder first.
    while let Some(((level, at), mut items)) = open.pop_last() {
        items.sort_by(|one, other| one.label.cmp(&other.label));
        let folded = fold(items);
        if level == 0 {
            groups.extend(folded.into_iter().map(|item| item.slots));
            continue;
        }
        let above = folder(&at);
        let above = (depth(above), above.to_owned());
        let is_one = folded.len() == 1;
        let folded = folded.into_iter().map(|item| Item {
            label: if is_one { at.clone() } else { item.label },
            ..item
        });
        open.entry(above).or_default().extend(folded);
    }
    for group in &mut groups {
        group.sort_unstable();
        group.dedup();
    }
    groups
}

/// Joins what stands beside each other without contradiction.
fn fold(items: Vec<Item>) -> Vec<Item> {
    if items.len() < 2 {
        return items;
    }
    let mut holders: HashMap<u32, u32> = HashMap::new();
    for object in items.iter().flat_map(|item| &item.objects) {
        *holders.entry(*object).or_default() += 1;
    }
    let is_contested = |item: &Item| {
        let mut objects = item.objects.iter();
        objects.any(|object| holders.get(object).is_some_and(|holders| *holders > 1))
    };
    let (contested, common): (Vec<Item>, Vec<Item>) = items.into_iter().partition(is_contested);
    let mut rest = Item {
        label: String::new(),
        slots: Vec::new(),
        objects: Vec::new(),
    };
    for item in common {
        rest.slots.extend(item.slots);
        rest.objects.extend(item.objects);
    }
    if contested.is_empty() {
        return vec![rest];
    }
    let mut groups: Vec<Item> = Vec::new();
    let mut names: Vec<BTreeSet<String>> = Vec::new();
    // The groups that hold an object.
    let mut taken: HashMap<u32, Vec<usize>> = HashMap::new();
    for item in contested {
        let mut against: BTreeSet<usize> = BTreeSet::new();
        for object in &item.objects {
            against.extend(taken.get(object).into_iter().flatten());
        }
        let name = last_name(&item.label).to_owned();
        let free = |at: &usize| !against.contains(at);
        let of_name = |at: &usize| names.get(*at).is_some_and(|names| names.contains(&name));
        let found = (0..groups.len()).filter(free).find(of_name);
        let found = found.or_else(|| (0..groups.len()).find(free));
        let at = found.unwrap_or_else(|| groups.len().min(MOST - 1));
        for object in &item.objects {
            let groups = taken.entry(*object).or_default();
            if groups.last() != Some(&at) {
                groups.push(at);
            }
        }
        if let (Some(group), Some(names)) = (groups.get_mut(at), names.get_mut(at)) {
            group.slots.extend(item.slots);
            group.objects.extend(item.objects);
            names.insert(name);
        } else {
            names.push(BTreeSet::from([name]));
            groups.push(item);
        }
    }
    for group in &mut groups {
        group.slots.extend(&rest.slots);
        group.objects.extend(&rest.objects);
    }
    groups
}

fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How deep a folder lies; the root at 0.
fn depth(folder: &str) -> usize {
    if folder.is_empty() {
        return 0;
    }
    folder.bytes().filter(|byte| *byte == b'/').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &[u32])]) -> Vec<Vec<String>> {
        let slots: Vec<Slot<'_>> = files
            .iter()
            .map(|(path, objects)| Slot {
                path,
                objects: objects.to_vec(),
                clusters: Vec::new(),
            })
            .collect();
        let groups = groups(&slots);
        groups
            .into_iter()
            .map(|group| group.into_iter().map(|at| files[at].0.to_owned()).collect())
            .collect()
    }

    #[test]
    fn what_does_not_contradict_is_one() {
        assert_eq!(
            of(&[
                ("a/role.yaml", &[1]),
                ("b/c/binding.yaml", &[2]),
                ("x.yaml", &[])
            ]),
            [["a/role.yaml", "b/c/binding.yaml", "x.yaml"]]
        );
    }

    #[test]
    fn copies_are_kept_apart_and_the_rest_is_common() {
        assert_eq!(
            of(&[
                ("base/role.yaml", &[1]),
                ("dev/binding.yaml", &[2]),
                ("dev/pod.yaml", &[]),
                ("prod/binding.yaml", &[2]),
            ]),
            [
                vec!["base/role.yaml", "dev/binding.yaml", "dev/pod.yaml"],
                vec!["base/role.yaml", "prod/binding.yaml"],
            ]
        );
    }

    #[test]
    fn environments_of_one_name_go_together() {
        assert_eq!(
            of(&[
                ("apps/a/dev/r.yaml", &[1]),
                ("apps/a/prod/r.yaml", &[1]),
                ("apps/b/prod/r.yaml", &[2]),
                ("apps/b/test/r.yaml", &[2]),
            ]),
            [
                vec!["apps/a/dev/r.yaml", "apps/b/test/r.yaml"],
                vec!["apps/a/prod/r.yaml", "apps/b/prod/r.yaml"],
            ]
        );
    }

    #[test]
    fn many_copies_are_no_many_groups() {
        let paths: Vec<String> = (0..100)
            .map(|number| format!("{number:03}/r.yaml"))
            .collect();
        let files: Vec<(&str, &[u32])> = paths.iter().map(|path| (&**path, &[1][..])).collect();
        assert_eq!(of(&files).len(), MOST);
    }
}
