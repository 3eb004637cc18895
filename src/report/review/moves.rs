//! What the findings of our comments are called today: a comment calls each by the file and the copy of its object that
//! it was in when the comment was written.

use std::collections::{BTreeMap, BTreeSet};

use super::anchor::ChangedFiles;
use super::known::Known;
use crate::report::occurrence::Occurrence;

/// The names of today, by those that comments use, where they are others.
#[derive(Debug, Default)]
pub(super) struct Moves(BTreeMap<Occurrence, Occurrence>);

impl Moves {
    /// Finds them. `standing` are the findings that comments tell, each with whether one of them is open, and `present`
    /// those of this run.
    ///
    /// What GitHub calls a renamed file is one. Elsewhere, what still has its name stayed where it is, and only what
    /// nothing of that name explains came from somewhere else.
    pub(super) fn new(
        standing: &BTreeMap<&Occurrence, bool>,
        present: &BTreeSet<&Occurrence>,
        known: &Known,
        files: &ChangedFiles,
    ) -> Self {
        let mut moves = Self::default();
        // By identity: those that nothing of today has the name of.
        let mut left: BTreeMap<&str, Vec<(Occurrence, bool)>> = BTreeMap::new();
        let mut named: BTreeSet<Occurrence> = BTreeSet::new();
        for (&before, &is_open) in standing {
            let now = renamed(before, files).unwrap_or_else(|| before.clone());
            if present.contains(&now) {
                if now != *before {
                    moves.0.insert(before.clone(), now.clone());
                }
                named.insert(now);
            } else {
                let left = left.entry(&before.fingerprint).or_default();
                left.push((before.clone(), is_open));
            }
        }
        // An open comment before a settled one.
        for left in left.values_mut() {
            left.sort_by_key(|(_, is_open)| !is_open);
        }
        for &one in present {
            let fingerprint = &*one.fingerprint;
            let (Some(path), Some(left)) = (&one.path, left.get_mut(fingerprint)) else {
                continue;
            };
            if named.contains(one) {
                continue;
            }
            let goes = |(before, _): &(Occurrence, bool)| {
                let from = before.path.as_deref().filter(|from| *from != &**path);
                before.copy == one.copy
                    && from.is_some_and(|from| known.may_move(fingerprint, from, path))
            };
            if let Some(index) = left.iter().position(goes) {
                let (before, _) = left.remove(index);
                moves.0.insert(before, one.clone());
            }
        }
        moves
    }

    /// What a finding that a comment tells is called today.
    pub(super) fn now<'o>(&'o self, before: &'o Occurrence) -> &'o Occurrence {
        self.0.get(before).unwrap_or(before)
    }
}

/// The name in a file that GitHub calls renamed.
fn renamed(before: &Occurrence, files: &ChangedFiles) -> Option<Occurrence> {
    let path = files.path_in_head(before.path.as_deref()?)?;
    Some(Occurrence {
        path: Some(path.into()),
        ..before.clone()
    })
}
