//! Which files differ between two sides, and which of them were merely moved.
//!
//! What happened to a path is exact. That a file was renamed is a guess for display: no verdict may depend on it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::ContentId;

/// The most pairs of files that are weighed against each other, as 200 removed and 200 added ones make.
const MOST_PAIRS: usize = 200 * 200;

/// The most lines that are weighed over all pairs.
const MOST_LINES: usize = 50_000_000;

/// Texts beyond this size are not taken for edited copies of each other.
const LARGEST_TEXT: usize = 1 << 20;

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Only the head has it.
    Added,
    /// Only the base has it.
    Removed,
    /// Both have it, with different contents.
    Modified,
    /// Both have it, with the same content.
    Unchanged,
}

/// What happened between base and head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    paths: BTreeMap<Arc<str>, Change>,
    renamed: BTreeMap<Arc<str>, Arc<str>>,
    moved: BTreeSet<Arc<str>>,
}

impl Changes {
    /// Compares two sides, each a list of paths without repetition, in any order. Removed and added files of equal
    /// content are paired as renames: first those that kept their file name, then those in the nearest folders.
    #[must_use]
    pub fn between(base: &[(Arc<str>, ContentId)], head: &[(Arc<str>, ContentId)]) -> Self {
        let base: BTreeMap<&Arc<str>, ContentId> = base.iter().map(|(p, id)| (p, *id)).collect();
        let head: BTreeMap<&Arc<str>, ContentId> = head.iter().map(|(p, id)| (p, *id)).collect();
        let mut changes = Self::default();
        let mut moved: BTreeMap<ContentId, Pool> = BTreeMap::new();
        for (path, id) in &base {
            let change = match head.get(path) {
                None => {
                    moved.entry(*id).or_default().removed.push(path);
                    Change::Removed
                }
                Some(other) if other == id => Change::Unchanged,
                Some(_) => Change::Modified,
            };
            changes.paths.insert(Arc::clone(path), change);
        }
        for (path, id) in &head {
            if !base.contains_key(path) {
                moved.entry(*id).or_default().added.push(path);
                changes.paths.insert(Arc::clone(path), Change::Added);
            }
        }
        for pool in moved.into_values() {
            pool.pair(&mut changes.renamed);
        }
        changes.moved = changes.renamed.keys().cloned().collect();
        changes
    }

    /// Also pairs removed and added files that share at least half of their lines, by bytes, the most alike first.
    /// `before` and `after` give the text of a path of the base and of the head; none where it has no text.
    pub fn find_similar(
        &mut self,
        mut before: impl FnMut(&str) -> Option<String>,
        mut after: impl FnMut(&str) -> Option<String>,
    ) {
        let removed: Vec<Arc<str>> = {
            let moved: BTreeSet<&Arc<str>> = self.renamed.values().collect();
            self.having(Change::Removed)
                .filter(|path| !moved.contains(path))
                .cloned()
                .collect()
        };
        let added: Vec<Arc<str>> = self
            .having(Change::Added)
            .filter(|path| !self.renamed.contains_key(*path))
            .cloned()
            .collect();

        let mut read_removed: HashMap<&str, Option<Weighed>> = HashMap::new();
        let mut read_added: HashMap<&str, Option<Weighed>> = HashMap::new();
        let mut lines_left = MOST_LINES;
        let mut alike = Vec::new();
        for (from, to) in candidates(&removed, &added) {
            let from_lines = read_removed
                .entry(from)
                .or_insert_with(|| before(from).and_then(|text| Weighed::new(&text)));
            let to_lines = read_added
                .entry(to)
                .or_insert_with(|| after(to).and_then(|text| Weighed::new(&text)));
            let (Some(from_lines), Some(to_lines)) = (from_lines, to_lines) else {
                continue;
            };
            let work = from_lines.lines.len() + to_lines.lines.len();
            if lines_left < work {
                break;
            }
            if let Some(likeness) = from_lines.likeness(to_lines, &mut lines_left) {
                alike.push((
                    std::cmp::Reverse(likeness),
                    Distance::of(from, to),
                    to,
                    from,
                ));
            }
        }
        alike.sort_unstable();
        let mut taken = BTreeSet::new();
        for (_, _, to, from) in alike {
            if !self.renamed.contains_key(to) && taken.insert(from) {
                self.renamed.insert(Arc::clone(to), Arc::clone(from));
            }
        }
    }

    /// Every path of either side, with what happened to it.
    #[must_use]
    pub fn paths(&self) -> &BTreeMap<Arc<str>, Change> {
        &self.paths
    }

    /// What happened to a path; none if neither side has it.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<Change> {
        self.paths.get(path).copied()
    }

    /// From an added path to the removed one that it probably was.
    #[must_use]
    pub fn renamed(&self) -> &BTreeMap<Arc<str>, Arc<str>> {
        &self.renamed
    }

    /// The added paths of [`Self::renamed`] whose bytes are those of the removed one.
    #[must_use]
    pub fn moved(&self) -> &BTreeSet<Arc<str>> {
        &self.moved
    }

    fn having(&self, wanted: Change) -> impl Iterator<Item = &Arc<str>> {
        self.paths
            .iter()
            .filter(move |(_, change)| **change == wanted)
            .map(|(path, _)| path)
    }
}

/// The removed and added files of one content, sorted.
#[derive(Default)]
struct Pool<'a> {
    removed: Vec<&'a Arc<str>>,
    added: Vec<&'a Arc<str>>,
}

impl Pool<'_> {
    fn pair(self, renamed: &mut BTreeMap<Arc<str>, Arc<str>>) {
        if self.removed.len().saturating_mul(self.added.len()) > MOST_PAIRS {
            // So many equal files are placeholders: it matters little which of them became which.
            let pairs = self.removed.into_iter().zip(self.added);
            renamed.extend(pairs.map(|(from, to)| (Arc::clone(to), Arc::clone(from))));
            return;
        }
        let mut pairs = Vec::new();
        for from in &self.removed {
            for to in &self.added {
                pairs.push((Distance::of(from, to), *to, *from));
            }
        }
        pairs.sort_unstable();
        let mut taken = BTreeSet::new();
        for (_, to, from) in pairs {
            if !renamed.contains_key(to) && taken.insert(from) {
                renamed.insert(Arc::clone(to), Arc::clone(from));
            }
        }
    }
}

/// How far a file would have moved, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Distance {
    has_new_name: bool,
    folders: usize,
}

impl Distance {
    fn of(from: &str, to: &str) -> Self {
        let (from_folder, from_name) = split(from);
        let (to_folder, to_name) = split(to);
        let depth = |folder: &str| folder.split('/').filter(|part| !part.is_empty()).count();
        let shared = from_folder
            .split('/')
            .zip(to_folder.split('/'))
            .take_while(|(a, b)| a == b && !a.is_empty())
            .count();
        Self {
            has_new_name: from_name != to_name,
            folders: depth(from_folder) + depth(to_folder) - 2 * shared,
        }
    }
}

/// Folder and file name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The pairs to weigh: all of them, or where they are too many those that kept their file name, as far as it goes.
fn candidates<'a>(
    removed: &'a [Arc<str>],
    added: &'a [Arc<str>],
) -> Vec<(&'a Arc<str>, &'a Arc<str>)> {
    if removed.len().saturating_mul(added.len()) <= MOST_PAIRS {
        return removed
            .iter()
            .flat_map(|from| added.iter().map(move |to| (from, to)))
            .collect();
    }
    let mut by_name: HashMap<&str, Vec<&Arc<str>>> = HashMap::new();
    for to in added {
        by_name.entry(split(to).1).or_default().push(to);
    }
    removed
        .iter()
        .flat_map(|from| {
            let same = by_name.get(split(from).1).map_or(&[][..], Vec::as_slice);
            same.iter().map(move |to| (from, *to))
        })
        .take(MOST_PAIRS)
        .collect()
}

/// A text as the lines that it has, each with the bytes that it takes up in all its repetitions.
struct Weighed {
    lines: Vec<(u64, usize)>,
    bytes: usize,
}

impl Weighed {
    /// None for what is empty or too large to weigh.
    fn new(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > LARGEST_TEXT {
            return None;
        }
        let mut lines: Vec<(u64, usize)> = text
            .split_inclusive('\n')
            .map(|line| {
                let mut hasher = DefaultHasher::new();
                line.hash(&mut hasher);
                (hasher.finish(), line.len())
            })
            .collect();
        lines.sort_unstable();
        lines.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Some(Self {
            lines,
            bytes: text.len(),
        })
    }

    /// The shared part of the larger text in thousandths, where it is at least half; what it cost is taken off
    /// `lines_left`.
    fn likeness(&self, other: &Self, lines_left: &mut usize) -> Option<usize> {
        let larger = self.bytes.max(other.bytes);
        if self.bytes.min(other.bytes) * 2 < larger {
            return None;
        }
        *lines_left = lines_left.saturating_sub(self.lines.len() + other.lines.len());
        let mut shared = 0;
        let mut theirs = other.lines.iter().peekable();
        for (line, bytes) in &self.lines {
            while theirs.next_if(|(their, _)| their < line).is_some() {}
            if let Some((_, their_bytes)) = theirs.next_if(|(their, _)| their == line) {
                shared += bytes.min(their_bytes);
            }
        }
        (shared * 2 >= larger).then(|| shared * 1000 / larger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::content_id;

    type Files<'a> = &'a [(&'a str, &'a str)];

    fn listed(files: Files<'_>) -> Vec<(Arc<str>, ContentId)> {
        files
            .iter()
            .map(|(path, text)| (Arc::from(*path), content_id(text.as_bytes())))
            .collect()
    }

    fn compared(base: Files<'_>, head: Files<'_>) -> Changes {
        let text = |files: Files<'_>, wanted: &str| {
            let found = files.iter().find(|(path, _)| *path == wanted);
            found.map(|(_, text)| (*text).to_owned())
        };
        let mut changes = Changes::between(&listed(base), &listed(head));
        changes.find_similar(|path| text(base, path), |path| text(head, path));
        let mut backwards = (listed(base), listed(head));
        backwards.0.reverse();
        backwards.1.reverse();
        let mut again = Changes::between(&backwards.0, &backwards.1);
        again.find_similar(|path| text(base, path), |path| text(head, path));
        assert_eq!(changes, again, "the order of the input must not matter");
        changes
    }

    fn renames(changes: &Changes) -> Vec<(&str, &str)> {
        let pairs = changes.renamed().iter();
        pairs.map(|(to, from)| (&**from, &**to)).collect()
    }

    #[test]
    fn paths_are_added_removed_modified_and_unchanged() {
        let changes = compared(
            &[("a", "1"), ("b", "2"), ("c", "3\n")],
            &[("b", "2"), ("c", "4\n"), ("d", "5")],
        );
        assert_eq!(changes.of("a"), Some(Change::Removed));
        assert_eq!(changes.of("b"), Some(Change::Unchanged));
        assert_eq!(changes.of("c"), Some(Change::Modified));
        assert_eq!(changes.of("d"), Some(Change::Added));
        assert_eq!(changes.of("e"), None);
        assert!(changes.renamed().is_empty());
    }

    #[test]
    fn equal_contents_are_renames() {
        let changes = compared(&[("a/x.yaml", "1")], &[("b/y.yaml", "1")]);
        assert_eq!(renames(&changes), [("a/x.yaml", "b/y.yaml")]);
        assert_eq!(changes.of("a/x.yaml"), Some(Change::Removed));
        assert_eq!(changes.of("b/y.yaml"), Some(Change::Added));
    }

    #[test]
    fn among_equal_contents_the_file_name_decides_and_then_the_folder() {
        let changes = compared(
            &[("a/one.yaml", "1"), ("a/two.yaml", "1")],
            &[("b/one.yaml", "1"), ("b/two.yaml", "1")],
        );
        assert_eq!(
            renames(&changes),
            [("a/one.yaml", "b/one.yaml"), ("a/two.yaml", "b/two.yaml")]
        );
        let changes = compared(
            &[("x/a/d.yaml", "1"), ("y/a/d.yaml", "1")],
            &[("y/b/d.yaml", "1"), ("x/b/d.yaml", "1")],
        );
        assert_eq!(
            renames(&changes),
            [("x/a/d.yaml", "x/b/d.yaml"), ("y/a/d.yaml", "y/b/d.yaml")]
        );
    }

    #[test]
    fn swapped_names_are_edits_and_copies_are_additions() {
        let changes = compared(&[("a", "1"), ("b", "2")], &[("a", "2"), ("b", "1")]);
        assert_eq!(changes.of("a"), Some(Change::Modified));
        assert_eq!(changes.of("b"), Some(Change::Modified));
        assert!(changes.renamed().is_empty());
        let changes = compared(&[("a", "1")], &[("a", "1"), ("b", "1")]);
        assert_eq!(changes.of("b"), Some(Change::Added));
        assert!(changes.renamed().is_empty());
    }

    #[test]
    fn edited_files_that_share_half_their_lines_are_renames() {
        let changes = compared(
            &[
                ("a.yaml", "1\n2\n3\n4\n"),
                ("b.yaml", "5\n6\n7\n8\n"),
                ("c.yaml", "9\n0\n"),
            ],
            &[
                ("x.yaml", "1\n2\n3\nx\n"),
                ("y.yaml", "5\n6\ny\ny\n"),
                ("z.yaml", "9\nz\nz\n"),
            ],
        );
        assert_eq!(
            renames(&changes),
            [("a.yaml", "x.yaml"), ("b.yaml", "y.yaml")]
        );
    }

    #[test]
    fn the_most_alike_are_paired_first() {
        let changes = compared(
            &[("a", "1\n2\n3\n4\n"), ("b", "1\n2\n3\nb\n")],
            &[("c", "1\n2\n3\n4\nc\n")],
        );
        assert_eq!(renames(&changes), [("a", "c")]);
    }

    #[test]
    fn repeated_lines_count_as_often_as_both_have_them() {
        let changes = compared(&[("a", "1\n1\n1\n1\n")], &[("b", "1\nx\ny\nz\n")]);
        assert!(changes.renamed().is_empty());
    }

    fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
        files.iter().map(|(p, t)| (&**p, &**t)).collect()
    }

    #[test]
    fn too_many_files_are_compared_only_with_their_namesakes() {
        let text = |n: usize, end: &str| format!("{n} 1\n{n} 2\n{n} 3\n{end}\n");
        let base: Vec<(String, String)> = (0..300)
            .map(|n| (format!("a/{n}.yaml"), text(n, "old")))
            .collect();
        let head: Vec<(String, String)> = (0..300)
            .map(|n| (format!("b/{n}.yaml"), text(n, "new")))
            .collect();
        let changes = compared(&borrowed(&base), &borrowed(&head));
        assert_eq!(changes.renamed().len(), 300);
        assert_eq!(&*changes.renamed()["b/7.yaml"], "a/7.yaml");
    }

    #[test]
    fn thousands_of_equal_files_are_paired_without_weighing_every_pair() {
        let base: Vec<String> = (0..5000).map(|n| format!("a/{n:04}/.keep")).collect();
        let head: Vec<String> = (0..5000).map(|n| format!("b/{n:04}/.keep")).collect();
        let listed = |paths: &[String]| -> Vec<(Arc<str>, ContentId)> {
            let id = content_id(b"");
            paths.iter().map(|path| (Arc::from(&**path), id)).collect()
        };
        let changes = Changes::between(&listed(&base), &listed(&head));
        assert_eq!(&*changes.renamed()["b/0042/.keep"], "a/0042/.keep");
    }
}
