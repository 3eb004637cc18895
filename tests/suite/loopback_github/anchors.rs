//! Which lines of a patch GitHub takes comments on, and where a comment goes when the file changes under it.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

/// A side of the diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Side {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "LEFT" => Some(Self::Left),
            "RIGHT" => Some(Self::Right),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }
}

/// The lines of a patch: which hunk each is in, and the text of the hunk down to it.
#[derive(Debug, Default)]
pub(crate) struct Anchors(BTreeMap<(Side, u64), (usize, String)>);

impl Anchors {
    pub(crate) fn of(patch: &str) -> Self {
        let mut found = BTreeMap::new();
        let (mut left, mut right, mut hunk, mut shown) = (0, 0, 0, String::new());
        for line in patch.lines() {
            if let Some(rest) = line.strip_prefix("@@ -") {
                let start = |part: &str| -> u64 {
                    let digits = part.split([',', ' ']).next().unwrap_or_default();
                    digits.parse().expect("a patch of ours has numbers")
                };
                let (old, new) = rest.split_once(" +").expect("a header has two ranges");
                (left, right) = (start(old), start(new));
                hunk += 1;
                shown.clear();
                shown.push_str(line);
                continue;
            }
            shown.push('\n');
            shown.push_str(line);
            let mut note = |side, at: &mut u64| {
                found.insert((side, *at), (hunk, shown.clone()));
                *at += 1;
            };
            match line.as_bytes().first() {
                Some(b'+') => note(Side::Right, &mut right),
                Some(b'-') => note(Side::Left, &mut left),
                Some(b'\\') => {}
                _ => {
                    note(Side::Left, &mut left);
                    note(Side::Right, &mut right);
                }
            }
        }
        Self(found)
    }

    pub(crate) fn hunk_of(&self, side: Side, line: u64) -> Option<usize> {
        self.0.get(&(side, line)).map(|(hunk, _)| *hunk)
    }

    /// The hunk down to a line, as GitHub shows it above a comment.
    pub(crate) fn text_to(&self, side: Side, line: u64) -> Option<&str> {
        self.0.get(&(side, line)).map(|(_, text)| text.as_str())
    }
}

/// Where a line went; none if it was changed or cut out.
pub(crate) fn follow(line: u64, old: &str, new: &str) -> Option<u64> {
    let diff = TextDiff::from_lines(old, new);
    diff.iter_all_changes()
        .filter(|change| change.tag() == ChangeTag::Equal)
        .find(|change| change.old_index().map(|at| at as u64 + 1) == Some(line))
        .and_then(|change| change.new_index())
        .map(|at| at as u64 + 1)
}
