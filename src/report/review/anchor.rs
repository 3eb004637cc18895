//! Where a comment on a finding stands: on lines of the patch, on a file of it, or nowhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::patch::{Hunks, Mark, Side};
use super::placed::{PlacedFinding, Stretch};

/// The most lines that a comment is hung on: more are shown folded, and point at nothing.
pub const MOST_LINES: u32 = 20;

/// A file of the pull request, as GitHub lists it.
#[derive(Clone, Debug)]
pub struct ChangedFile {
    /// Its path in the head; in the base where it is gone.
    pub path: String,
    /// Its path in the base, where that was another one.
    pub previous_path: Option<String>,
    /// True if the head has it no more.
    pub is_removed: bool,
    /// The difference; none where GitHub shows none, as for large files.
    pub patch: Option<String>,
}

/// The files of a pull request that a comment can stand on.
#[derive(Clone, Debug, Default)]
pub struct ChangedFiles {
    files: BTreeMap<String, (bool, Hunks)>,
    /// The paths that renamed files have in the head, by those in the base, and the other way round.
    in_head: BTreeMap<String, String>,
    in_base: BTreeMap<String, String>,
}

impl ChangedFiles {
    /// Reads the patches.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = ChangedFile>) -> Self {
        let mut all = Self::default();
        for file in files {
            let hunks = file.patch.as_deref().map(Hunks::parse).unwrap_or_default();
            if let Some(previous) = file.previous_path {
                all.in_base.insert(file.path.clone(), previous.clone());
                all.in_head.insert(previous, file.path.clone());
            }
            all.files.insert(file.path, (file.is_removed, hunks));
        }
        all
    }

    /// The path that a file of the head has in the base, where that is another one.
    #[must_use]
    pub fn path_in_base(&self, path: &str) -> Option<&str> {
        self.in_base.get(path).map(String::as_str)
    }

    /// The path that a file of the base has in the head, where that is another one.
    #[must_use]
    pub fn path_in_head(&self, path: &str) -> Option<&str> {
        self.in_head.get(path).map(String::as_str)
    }

    /// The lines of a file; none where the pull request does not change it.
    #[must_use]
    pub fn hunks(&self, path: &str) -> Option<&Hunks> {
        self.files.get(path).map(|(_, hunks)| hunks)
    }
}

/// Where a comment stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// On lines of one hunk.
    Lines {
        /// The file.
        path: Arc<str>,
        /// Whose lines are meant.
        side: Side,
        /// The first.
        first: u32,
        /// The last; the comment is shown below it.
        last: u32,
    },
    /// On a file that the pull request changes, where none of the lines that count is shown.
    File {
        /// The file.
        path: Arc<str>,
    },
    /// In the summary: the pull request does not change the file.
    Summary,
}

impl Anchor {
    /// The file that it is in; none in the summary.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Lines { path, .. } | Self::File { path } => Some(path),
            Self::Summary => None,
        }
    }
}

/// Chooses the place for a comment: the changed lines that caused the finding, else its own line; else their file.
#[must_use]
pub fn choose(finding: &PlacedFinding, files: &ChangedFiles) -> Anchor {
    let cause = finding.changed_at.as_ref();
    let on_cause = || on_lines(cause?, files, true);
    if let Some(anchor) = on_cause().or_else(|| on_lines(&finding.location, files, false)) {
        return anchor;
    }
    let candidates = cause.into_iter().chain([&finding.location]);
    let mut in_files = candidates.filter(|place| files.hunks(&place.path).is_some());
    in_files
        .next()
        .map_or(Anchor::Summary, |place| Anchor::File {
            path: Arc::clone(&place.path),
        })
}

fn on_lines(place: &Stretch, files: &ChangedFiles, is_cause: bool) -> Option<Anchor> {
    let (is_removed, hunks) = files.files.get(&*place.path)?;
    let lines = |side, first, last: u32| {
        let end = hunks.end_of_hunk(side, first)?;
        let last = last.clamp(first, end);
        // Of a long stretch, its first line says more than a folded block.
        let last = if last - first < MOST_LINES {
            last
        } else {
            first
        };
        Some(Anchor::Lines {
            path: Arc::clone(&place.path),
            side,
            first,
            last,
        })
    };
    if *is_removed {
        let first = hunks.first_removed()?;
        return lines(Side::Left, first, first);
    }
    match hunks.spot(Side::Right, place.first) {
        Some(spot) if spot.mark == Mark::Added => lines(Side::Right, place.first, place.last),
        found => {
            // What a change takes out is named by the line of the head that follows it.
            let taken_out = is_cause.then(|| hunks.taken_out_before(place.first));
            match taken_out.flatten() {
                Some((first, last)) => lines(Side::Left, first, last),
                None => found.and_then(|_| lines(Side::Right, place.first, place.last)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::finding::Severity;

    fn stretch(path: &str, first: u32, last: u32) -> Stretch {
        Stretch {
            path: path.into(),
            first,
            last,
        }
    }

    fn finding(location: Stretch, changed_at: Option<Stretch>) -> PlacedFinding {
        PlacedFinding {
            rule: "a/b".to_owned(),
            severity: Severity::High,
            message: String::new(),
            fingerprint: String::new(),
            copy: 0,
            text: None,
            location,
            changed_at,
            related: Vec::new(),
            fix: Vec::new(),
            fixed_with: BTreeSet::default(),
        }
    }

    fn files() -> ChangedFiles {
        let file = |path: &str, is_removed, patch: Option<&str>| ChangedFile {
            path: path.to_owned(),
            previous_path: None,
            is_removed,
            patch: patch.map(str::to_owned),
        };
        ChangedFiles::new([
            file(
                "a.yaml",
                false,
                Some(
                    "@@ -3,4 +3,4 @@\n c\n-d\n e\n+E\n f\n@@ -40,0 +41,30 @@\n+x"
                        .replace("+x", &"+x\n".repeat(30))
                        .trim_end(),
                ),
            ),
            file("gone.yaml", true, Some("@@ -1,2 +0,0 @@\n-a\n-b")),
            file("package-lock.json", false, None),
        ])
    }

    fn lines(path: &str, side: Side, first: u32, last: u32) -> Anchor {
        Anchor::Lines {
            path: path.into(),
            side,
            first,
            last,
        }
    }

    #[test]
    fn the_cause_comes_before_the_place() {
        let files = files();
        for (location, changed_at, expected) in [
            (
                stretch("a.yaml", 5, 5),
                None,
                lines("a.yaml", Side::Right, 5, 5),
            ),
            (
                stretch("b.yaml", 9, 9),
                Some(stretch("a.yaml", 5, 6)),
                lines("a.yaml", Side::Right, 5, 6),
            ),
            (
                stretch("a.yaml", 5, 5),
                Some(stretch("a.yaml", 5, 99)),
                lines("a.yaml", Side::Right, 5, 6),
            ),
            // Thirty lines are shown folded.
            (
                stretch("a.yaml", 5, 5),
                Some(stretch("a.yaml", 41, 70)),
                lines("a.yaml", Side::Right, 41, 41),
            ),
            // What was taken out stood before the line that is there now.
            (
                stretch("a.yaml", 3, 3),
                Some(stretch("a.yaml", 4, 4)),
                lines("a.yaml", Side::Left, 4, 4),
            ),
            (
                stretch("a.yaml", 3, 3),
                None,
                lines("a.yaml", Side::Right, 3, 3),
            ),
            (
                stretch("a.yaml", 3, 3),
                Some(stretch("a.yaml", 20, 20)),
                lines("a.yaml", Side::Right, 3, 3),
            ),
            (
                stretch("a.yaml", 20, 20),
                None,
                Anchor::File {
                    path: "a.yaml".into(),
                },
            ),
            (
                stretch("gone.yaml", 1, 1),
                None,
                lines("gone.yaml", Side::Left, 1, 1),
            ),
            (
                stretch("package-lock.json", 900, 900),
                None,
                Anchor::File {
                    path: "package-lock.json".into(),
                },
            ),
            (stretch("b.yaml", 1, 1), None, Anchor::Summary),
        ] {
            let finding = finding(location, changed_at);
            assert_eq!(choose(&finding, &files), expected, "{finding:?}");
        }
    }

    proptest::proptest! {
        /// Whatever a finding says of its place, its comment stands where GitHub takes one.
        #[test]
        fn an_anchor_is_on_lines_of_one_hunk(
            before in proptest::collection::vec("[ab]?", 0..40),
            after in proptest::collection::vec("[ab]?", 0..40),
            (first, length) in (0u32..50, 0u32..30),
            cause in proptest::option::of((0u32..50, 0u32..30)),
        ) {
            let text = |lines: &[String]| lines.iter().fold(String::new(), |text, line| text + line + "\n");
            let (old, new) = (text(&before), text(&after));
            let difference = similar::TextDiff::from_lines(&old, &new);
            let patch = difference.unified_diff().context_radius(3).to_string();
            let hunks = Hunks::parse(&patch);
            for line in 0..60 {
                let index = line as usize;
                let number = index.checked_sub(1);
                if let Some(spot) = hunks.spot(Side::Right, line) {
                    let text = hunks.head_text(line, line).unwrap();
                    proptest::prop_assert_eq!(text, [number.and_then(|number| after.get(number)).unwrap()]);
                    proptest::prop_assert!(spot.mark != Mark::Removed);
                }
                if hunks.spot(Side::Left, line).is_some() {
                    proptest::prop_assert!(number.and_then(|number| before.get(number)).is_some());
                }
            }
            let files = ChangedFiles::new([ChangedFile {
            previous_path: None,
                path: "a.yaml".to_owned(),
                is_removed: new.is_empty(),
                patch: Some(patch),
            }]);
            let finding = finding(
                stretch("a.yaml", first, first + length),
                cause.map(|(first, length)| stretch("a.yaml", first, first + length)),
            );
            match choose(&finding, &files) {
                Anchor::Lines { side, first, last, .. } => {
                    let (start, end) = (hunks.spot(side, first), hunks.spot(side, last));
                    proptest::prop_assert!(first <= last && last - first < MOST_LINES);
                    proptest::prop_assert_eq!(start.unwrap().hunk, end.unwrap().hunk);
                }
                Anchor::File { path } => proptest::prop_assert_eq!(&*path, "a.yaml"),
                Anchor::Summary => proptest::prop_assert!(false, "the file is in the pull request"),
            }
        }
    }
}
