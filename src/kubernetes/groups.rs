//! Files told apart into groups that are applied together, by their folders.
//!
//! What a folder holds without contradiction is one, and what a kustomization builds is one in any case.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::folders::folder;

/// The most groups that are told apart below one folder. What is more is taken for part of the last one.
const MOST: usize = 32;

/// A file of a variant, or one that belongs to none, with what of it stands against others, by numbers.
#[derive(Clone, Debug)]
pub(super) struct Slot<'a> {
    /// Its path.
    pub path: &'a str,
    /// The file of the kustomization that builds the variant.
    pub variant: Option<&'a str>,
    /// What it holds: equal numbers are copies of one object.
    pub objects: Vec<u32>,
    /// The clusters that the configuration puts it into.
    pub clusters: Vec<usize>,
}

/// Files that are applied together, by number, in order.
type Group = Vec<usize>;

/// The files of a folder or a variant that go together, and what they hold.
#[derive(Debug)]
struct Item {
    /// The path of the folder or the file that told them apart from others.
    label: String,
    slots: Vec<usize>,
    objects: Vec<u32>,
}

/// Tells files apart into groups that are applied together.
#[must_use]
pub(super) fn groups(slots: &[Slot<'_>]) -> Vec<Group> {
    let mut of_clusters: BTreeMap<usize, Group> = BTreeMap::new();
    // What is built by one kustomization, and what lies by itself, by folder and label.
    let mut items: BTreeMap<(&str, &str), Item> = BTreeMap::new();
    for (number, slot) in slots.iter().enumerate() {
        for cluster in &slot.clusters {
            of_clusters.entry(*cluster).or_default().push(number);
        }
        if slot.clusters.is_empty() {
            let place = folder(slot.variant.unwrap_or(slot.path));
            let label = slot.variant.map_or(slot.path, |_| place);
            let item = items.entry((place, label)).or_insert_with(|| Item {
                label: label.to_owned(),
                slots: Vec::new(),
                objects: Vec::new(),
            });
            item.slots.push(number);
            item.objects.extend(&slot.objects);
        }
    }
    let mut open: BTreeMap<(usize, String), Vec<Item>> = BTreeMap::new();
    for ((folder, _), mut item) in items {
        item.objects.sort_unstable();
        item.objects.dedup();
        let place = (depth(folder), folder.to_owned());
        open.entry(place).or_default().push(item);
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
                variant: None,
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
