//! Which files are applied together, where nobody says so.
//!
//! A repository holds the same object many times: for each environment, as a release, as an example. Of such copies one
//! cluster has one. So files that hold copies of one object are kept apart, and what no other file has a copy of belongs
//! to all of them. This is found out from the folders: what a folder holds without contradiction is one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::counterparts::{Both, counterparts, name_of};
use super::declared::declared;
use super::groups::{Slot, groups};
use super::object::Object;
use super::variant::Variant;

/// Which clusters of the configuration a file belongs to, by number.
pub type ClustersOf<'a> = &'a dyn Fn(&str) -> Vec<usize>;

/// What was read from one file, as one variant builds it.
pub trait Filed {
    /// What makes two objects copies of one.
    type Identity: Clone + Eq + Hash;

    /// The file.
    fn path(&self) -> &Arc<str>;

    /// The variant; none for a file that no kustomization takes in.
    fn variant(&self) -> Option<&Arc<Variant>>;

    /// The objects that can be copies of others.
    fn identities(&self) -> Vec<Self::Identity>;

    /// What beside these tells two variants of the file apart, where both hold the same of it.
    fn twins(&self) -> Vec<Self::Identity> {
        Vec::new()
    }
}

/// The part that an object belongs to, of those that were read: a new one where its file, or its variant of that, begins.
pub fn part_of<'p, P: Filed>(
    parts: &'p mut Vec<P>,
    object: Object<'_>,
    new: impl FnOnce() -> P,
) -> Option<&'p mut P> {
    let of_file = |part: &&P| part.path() == object.path();
    let same = parts.iter().rev().take_while(of_file);
    let name = object.variant().map(|variant| &*variant.at);
    let back = same.map(name_of).position(|it| it == name);
    let Some(back) = back else {
        parts.push(new());
        return parts.last_mut();
    };
    let at = parts.len().checked_sub(back + 1)?;
    parts.get_mut(at)
}

/// The files of one side of each cluster.
#[must_use]
pub fn alone<'p, P: Filed>(parts: &'p [P], clusters_of: ClustersOf<'_>) -> Vec<Vec<&'p P>> {
    let both: Vec<Both<'p, P>> = parts
        .iter()
        .map(|part| Both {
            before: None,
            after: Some(part),
            variant: part.variant(),
        })
        .collect();
    let slots = slots(&both, clusters_of, &HashSet::new());
    let groups = groups(&slots).into_iter();
    groups
        .map(|group| group.iter().filter_map(|at| parts.get(*at)).collect())
        .collect()
}

/// What tells copies from others: the side, the file where it counts within that alone, and what they are.
type Mark<'p, I> = (bool, Option<&'p str>, I);

/// What stands against what, of files of both sides.
fn slots<'p, P: Filed>(
    both: &[Both<'p, P>],
    clusters_of: ClustersOf<'_>,
    without: &HashSet<(&str, P::Identity)>,
) -> Vec<Slot<'p>> {
    let mut variants: HashMap<&str, BTreeSet<Option<&str>>> = HashMap::new();
    for file in both.iter().filter(|file| file.variant.is_some()) {
        let variant = file.variant_name();
        variants.entry(file.path()).or_default().insert(variant);
    }
    let mut numbers: HashMap<Mark<'p, P::Identity>, u32> = HashMap::new();
    let mut seen: HashSet<*const P> = HashSet::new();
    let clusters = declared(both, clusters_of);
    let slots = both.iter().zip(clusters).map(|(file, clusters)| {
        let path = file.path();
        let is_shared = variants.get(path).is_some_and(|it| it.len() > 1);
        let mut objects = Vec::new();
        // What several go on from stands against none of them.
        for part in file
            .sides()
            .filter(|part| seen.insert(std::ptr::from_ref(*part)))
        {
            let is_head = file.after.is_some_and(|after| std::ptr::eq(after, part));
            let mut identities = part.identities();
            if is_head && !without.is_empty() {
                identities.retain(|it| !without.contains(&(&**part.path(), it.clone())));
            }
            let marks = identities.into_iter().map(|it| (is_head, None, it));
            let twins = if is_shared { part.twins() } else { Vec::new() };
            let twins = twins.into_iter().map(|it| (is_head, Some(path), it));
            for mark in marks.chain(twins) {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                objects.push(*numbers.entry(mark).or_insert(next));
            }
        }
        Slot {
            path,
            variant: file.variant_name(),
            objects,
            clusters,
        }
    });
    slots.collect()
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
    /// Those of the head that a variant brings along which is new, beside others of the same files.
    pub copied: Vec<&'p P>,
}

impl<P: Filed> Sides<'_, P> {
    /// Adds what was applied together with its files before the change added copies.
    pub fn widen_before(&mut self, united: &[Self]) {
        let key = |part: &P| (Arc::clone(part.path()), name_of(part).map(str::to_owned));
        let own: HashSet<_> = self.before.iter().map(|part| key(part)).collect();
        let mut more: BTreeMap<_, &P> = BTreeMap::new();
        for other in united {
            if other.before.iter().any(|part| own.contains(&key(part))) {
                let parts = other.before.iter().map(|part| (key(part), *part));
                more.extend(parts.filter(|(key, _)| !own.contains(key)));
            }
        }
        self.is_split = !more.is_empty();
        self.before.extend(more.into_values());
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
    let both = counterparts(before, after, renames);
    let slots = slots(&both, clusters_of, added);
    let mut holders: HashMap<u32, usize> = HashMap::new();
    for object in slots.iter().flat_map(|slot| &slot.objects) {
        *holders.entry(*object).or_default() += 1;
    }
    let groups = groups(&slots);
    let old = || both.iter().filter(|file| file.before.is_some());
    let old_paths: HashSet<&str> = old().map(Both::path).collect();
    let old_variants: HashSet<&str> = old().filter_map(Both::variant_name).collect();
    let is_copied = |file: &&Both<'p, P>| {
        let variant = file.variant_name();
        let is_new = variant.is_some_and(|variant| !old_variants.contains(variant));
        is_new && file.before.is_none() && old_paths.contains(file.path())
    };
    let sides = groups.iter().map(|group| {
        let files_of = || group.iter().filter_map(|at| both.get(*at));
        // A new copy of what there was elsewhere is held against what there was.
        let own = |at: &usize| {
            let slot = slots.get(*at);
            slot.is_some_and(|slot| {
                let mut objects = slot.objects.iter();
                objects.any(|object| holders.get(object).is_some_and(|holders| *holders > 1))
            })
        };
        // A cluster that the configuration names has nothing of another one.
        let mut slots_of = group.iter().filter_map(|at| slots.get(*at));
        let is_declared = slots_of.any(|slot| !slot.clusters.is_empty());
        let mut told_apart = group.iter().filter(|at| own(at)).peekable();
        let is_new_copy = !is_declared
            && told_apart.peek().is_some()
            && told_apart.all(|at| both.get(*at).is_some_and(|file| file.before.is_none()));
        let mut old: Vec<&P> = if is_new_copy {
            before.iter().collect()
        } else {
            files_of().filter_map(|file| file.before).collect()
        };
        let mut new: Vec<&P> = files_of().filter_map(|file| file.after).collect();
        // Several may go on from one.
        for side in [&mut old, &mut new] {
            let mut seen: HashSet<*const P> = HashSet::new();
            side.retain(|part| seen.insert(std::ptr::from_ref(*part)));
        }
        Sides {
            before: old,
            after: new,
            is_new_copy,
            is_split: false,
            copied: files_of()
                .filter(is_copied)
                .filter_map(|file| file.after)
                .collect(),
        }
    });
    sides.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct File {
        path: Arc<str>,
        variant: Option<Arc<Variant>>,
        objects: Vec<u32>,
        twins: Vec<u32>,
    }

    impl Filed for File {
        type Identity = u32;

        fn path(&self) -> &Arc<str> {
            &self.path
        }

        fn variant(&self) -> Option<&Arc<Variant>> {
            self.variant.as_ref()
        }

        fn identities(&self) -> Vec<u32> {
            self.objects.clone()
        }

        fn twins(&self) -> Vec<u32> {
            self.twins.clone()
        }
    }

    /// `folder of the variant: path objects`, with twins behind a `+`, one a line; nothing before the colon for a file of
    /// no variant.
    fn files(text: &str) -> Vec<File> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let files = lines.map(|line| {
            let (folder, rest) = line.split_once(':').expect("a colon");
            let mut words = rest.split_whitespace();
            let path = words.next().expect("a path").into();
            let variant = (!folder.is_empty()).then(|| {
                Arc::new(Variant {
                    at: format!("{folder}/kustomization.yaml").into(),
                    parts: Vec::new(),
                })
            });
            let (twins, objects): (Vec<&str>, Vec<&str>) =
                words.partition(|word| word.starts_with('+'));
            let numbers = |words: Vec<&str>| -> Vec<u32> {
                let words = words.iter();
                words
                    .map(|word| word.trim_start_matches('+').parse().expect("a number"))
                    .collect()
            };
            File {
                path,
                variant,
                objects: numbers(objects),
                twins: numbers(twins),
            }
        });
        files.collect()
    }

    fn told(files: &[&File]) -> String {
        let names = files.iter().map(|file| {
            let folder = name_of(*file).map_or("", |at| crate::folders::folder(at));
            format!("{folder}:{}", file.path)
        });
        names.collect::<Vec<_>>().join(" ")
    }

    /// Each cluster as `before | after`, with a mark before those that are new copies.
    fn paired(before: &str, after: &str) -> Vec<String> {
        let (before, after) = (files(before), files(after));
        let sides = pair(&before, &after, &BTreeMap::new(), &|_| Vec::new());
        let sides = sides.iter().map(|sides| {
            let mark = if sides.is_new_copy { "new " } else { "" };
            format!("{mark}{} | {}", told(&sides.before), told(&sides.after))
        });
        sides.collect()
    }

    fn alone_of(text: &str, clusters_of: ClustersOf<'_>) -> Vec<String> {
        let files = files(text);
        let groups = alone(&files, clusters_of);
        groups.iter().map(|group| told(group)).collect()
    }

    #[test]
    fn variants_of_the_same_objects_are_apart_and_others_are_one() {
        let nowhere = |_: &str| Vec::new();
        let two = "o/dev:base/r.yaml 1\no/prod:base/r.yaml 1\n:x.yaml 2";
        assert_eq!(
            alone_of(two, &nowhere),
            ["o/dev:base/r.yaml :x.yaml", "o/prod:base/r.yaml :x.yaml"]
        );
        // In namespaces of their own they hold none of the same.
        let moved = "o/dev:base/r.yaml 1\no/prod:base/r.yaml 2\n:x.yaml 3";
        let all = "o/dev:base/r.yaml o/prod:base/r.yaml :x.yaml";
        assert_eq!(alone_of(moved, &nowhere), [all]);
        // What is not told by itself tells variants of one file apart, and no others.
        let twins = "o/dev:base/r.yaml +1\no/prod:base/r.yaml +1\n:x.yaml +1";
        assert_eq!(alone_of(twins, &nowhere).len(), 2);
        let others = "o/dev:dev/r.yaml +1\no/prod:prod/r.yaml +1\n:x.yaml +1";
        assert_eq!(alone_of(others, &nowhere).len(), 1);
        // What one kustomization takes in is one, whatever it holds.
        assert_eq!(alone_of("o:a.yaml 1\no:b.yaml 1", &nowhere).len(), 1);
    }

    #[test]
    fn environments_of_several_bases_go_together() {
        let nowhere = |_: &str| Vec::new();
        let text = "a/dev:a/base/r.yaml 1\na/prod:a/base/r.yaml 1\nb/dev:b/base/r.yaml 2\nb/prod:b/base/r.yaml 2";
        assert_eq!(
            alone_of(text, &nowhere),
            [
                "a/dev:a/base/r.yaml b/dev:b/base/r.yaml",
                "a/prod:a/base/r.yaml b/prod:b/base/r.yaml"
            ]
        );
    }

    #[test]
    fn a_declared_kustomization_brings_its_base_along() {
        let text = "dev:base/r.yaml 1\nprod:base/r.yaml 1\ntest:base/r.yaml 1\ndev:dev/x.yaml 2";
        let of = |all: &'static [(&'static str, usize)]| {
            move |path: &str| -> Vec<usize> {
                let own = all.iter().filter(|(start, _)| path.starts_with(start));
                own.map(|(_, number)| *number).collect()
            }
        };
        let (dev, prod) = ("dev:base/r.yaml dev:dev/x.yaml", "prod:base/r.yaml");
        let expected = [dev, prod, "test:base/r.yaml"];
        for clusters in [
            &[("dev/", 0), ("prod/", 1)][..],
            &[("dev/", 0), ("prod/", 1), ("base/", 0), ("base/", 1)],
            &[("dev/", 0), ("prod/", 1), ("base/", 0)],
            // By its own file alone.
            &[("dev/x", 0), ("prod/", 1)],
        ] {
            assert_eq!(alone_of(text, &of(clusters)), expected, "{clusters:?}");
        }
        // What none of them is declared for goes where the configuration says.
        let base = of(&[("base/", 0)]);
        let all = "dev:base/r.yaml prod:base/r.yaml test:base/r.yaml";
        assert_eq!(alone_of(text, &base), [all, "dev:dev/x.yaml"]);
        // And what no other brings into a cluster is there once.
        let more = of(&[("prod/", 0), ("base/", 0), ("base/", 1)]);
        assert_eq!(alone_of(text, &more)[1], "dev:base/r.yaml");
    }

    #[test]
    fn a_variant_goes_on_as_itself_and_as_what_takes_its_place() {
        let (base, dev) = ("base:base/r.yaml 1", "dev:base/r.yaml 1");
        let two = "dev:base/r.yaml 1\nprod:base/r.yaml 1";
        for (before, after, expected) in [
            // One more is a new copy, one less is nothing.
            (
                dev,
                two,
                &[
                    "dev:base/r.yaml | dev:base/r.yaml",
                    "new dev:base/r.yaml | prod:base/r.yaml",
                ][..],
            ),
            (
                two,
                dev,
                &["dev:base/r.yaml | dev:base/r.yaml", "prod:base/r.yaml | "],
            ),
            // What lay by itself, and what was built by itself, goes on as all that take it in.
            (
                ":base/r.yaml 1",
                two,
                &[
                    ":base/r.yaml | dev:base/r.yaml",
                    ":base/r.yaml | prod:base/r.yaml",
                ],
            ),
            (
                base,
                two,
                &[
                    "base:base/r.yaml | dev:base/r.yaml",
                    "base:base/r.yaml | prod:base/r.yaml",
                ],
            ),
            // Another name, another one around it, and no one any more.
            (
                two,
                "dev:base/r.yaml 1\nproduction:base/r.yaml 1",
                &[
                    "dev:base/r.yaml | dev:base/r.yaml",
                    "prod:base/r.yaml | production:base/r.yaml",
                ],
            ),
            (
                two,
                "all:base/r.yaml 1",
                &["dev:base/r.yaml prod:base/r.yaml | all:base/r.yaml"],
            ),
            (
                two,
                ":base/r.yaml 1",
                &[
                    "dev:base/r.yaml | :base/r.yaml",
                    "prod:base/r.yaml | :base/r.yaml",
                ],
            ),
            // What another one takes in with the change was not there before.
            (
                "dev:base/r.yaml 1\nprod:base/r.yaml 1\ndev:b.yaml 2",
                "dev:base/r.yaml 1\nprod:base/r.yaml 1\nprod:b.yaml 2",
                &[
                    "dev:base/r.yaml dev:b.yaml | dev:base/r.yaml",
                    "prod:base/r.yaml | prod:base/r.yaml prod:b.yaml",
                ],
            ),
        ] {
            assert_eq!(paired(before, after), expected, "{before} to {after}");
        }
    }
}
