//! From what should be said and what already stands on the pull request to what is to be done.
//!
//! A comment is known by the fingerprints of its findings and by its author. What says the same already is left alone,
//! an edit notifies nobody, and a person who answered has the last word.

use std::collections::{BTreeMap, BTreeSet};

use super::anchor::Anchor;
use super::body::{self, Draft, Settled};
use super::marker::{FindingMarker, Key};
use super::standing::StandingComment;

/// The most comments of a review: GitHub takes more for abuse.
pub const MOST_COMMENTS: usize = 30;
/// The most comments on whole files: each notifies by itself.
pub const MOST_FILES: usize = 5;

/// A new text for a comment of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedComment {
    /// The number of the comment.
    pub id: u64,
    /// Its new text.
    pub body: String,
}

/// A comment whose findings are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledComment {
    /// Its new text.
    pub edit: EditedComment,
    /// What to fold away; none where a person answered below it, or it is folded already.
    pub minimize: Option<String>,
    /// The thread to resolve, if the token may.
    pub resolve: Option<String>,
}

/// A comment whose findings came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReopenedComment {
    /// Its new text.
    pub edit: EditedComment,
    /// What to unfold.
    pub unminimize: Option<String>,
    /// The thread to open again, if the token may.
    pub unresolve: Option<String>,
}

/// What is to be done to the comments of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// New comments on lines, in one review.
    pub review: Vec<Draft>,
    /// New comments on whole files.
    pub files: Vec<Draft>,
    /// Comments that say something else by now.
    pub edited: Vec<EditedComment>,
    /// Comments whose findings are gone.
    pub settled: Vec<SettledComment>,
    /// Comments whose findings came back.
    pub reopened: Vec<ReopenedComment>,
    /// The fingerprints of findings that have no comment, and that the summary tells.
    pub rest: BTreeSet<String>,
    /// How many findings have a comment that already stands there.
    pub standing: usize,
}

impl Plan {
    /// True if there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.review.is_empty()
            && self.files.is_empty()
            && self.edited.is_empty()
            && self.settled.is_empty()
            && self.reopened.is_empty()
    }
}

/// What the run knows of findings that it does not tell.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Findings that the base has as well.
    pub existing: BTreeSet<String>,
    /// Findings that a waiver covers.
    pub waived: BTreeSet<String>,
    /// True if something that changed was not seen: then nothing is taken for fixed.
    pub is_partial: bool,
}

/// A comment of ours that a marker tells apart.
struct Ours<'s> {
    comment: &'s StandingComment,
    marker: FindingMarker,
}

/// Plans. `drafts` come with the most urgent first; `head` is the commit that was judged.
#[must_use]
pub fn plan(
    drafts: Vec<Draft>,
    standing: &[StandingComment],
    known: &Known,
    key: &Key,
    head: &str,
) -> Plan {
    let ours = standing.iter().filter(|comment| comment.is_ours);
    let ours: Vec<Ours<'_>> = ours
        .filter_map(|comment| {
            let marker = FindingMarker::read(&comment.body, key)?;
            Some(Ours { comment, marker })
        })
        .collect();
    let mut by_fingerprint: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, own) in ours.iter().enumerate() {
        for fingerprint in &own.marker.fingerprints {
            by_fingerprint.entry(fingerprint).or_default().push(index);
        }
    }
    let mut plan = Plan::default();
    let mut room = Room {
        comments: MOST_COMMENTS,
        files: MOST_FILES,
    };
    let mut taken = vec![false; ours.len()];
    let mut told: BTreeSet<String> = BTreeSet::new();
    for draft in drafts {
        told.extend(draft.marker.fingerprints.iter().cloned());
        let has_room = room.take(&draft.anchor);
        let found = counterpart(&draft, &by_fingerprint, &taken, &ours);
        match found.and_then(|index| Some((index, ours.get(index)?))) {
            Some((index, own)) => {
                if let Some(taken) = taken.get_mut(index) {
                    *taken = true;
                }
                plan.standing += draft.findings;
                plan.keep(own, draft);
            }
            None => plan.post(draft, has_room),
        }
    }
    for (own, taken) in ours.iter().zip(taken) {
        if !taken && own.marker.is_open {
            plan.settle(own, known, &told, key, head);
        }
    }
    plan
}

/// How many comments there may still be. What stands there takes room as well: else each run would tell some more of
/// what the summary has told already. The most urgent come first, so that what is new and urgent finds room.
struct Room {
    comments: usize,
    files: usize,
}

impl Room {
    fn take(&mut self, anchor: &Anchor) -> bool {
        let left = match anchor {
            Anchor::Lines { .. } => &mut self.comments,
            Anchor::File { .. } => &mut self.files,
            Anchor::Summary => return false,
        };
        let has_room = *left > 0;
        *left = left.saturating_sub(1);
        has_room
    }
}

/// The comment that told most of these findings: an open one before a settled one, an older one before a newer one.
fn counterpart(
    draft: &Draft,
    by_fingerprint: &BTreeMap<&str, Vec<usize>>,
    taken: &[bool],
    ours: &[Ours<'_>],
) -> Option<usize> {
    let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
    for fingerprint in &draft.marker.fingerprints {
        let comments = by_fingerprint.get(fingerprint.as_str());
        for index in comments.into_iter().flatten() {
            if taken.get(*index) == Some(&false) {
                *shared.entry(*index).or_default() += 1;
            }
        }
    }
    let is_open = |index: &usize| ours.get(*index).is_some_and(|own| own.marker.is_open);
    shared
        .into_iter()
        .max_by_key(|(index, number)| (is_open(index), *number, std::cmp::Reverse(*index)))
        .map(|(index, _)| index)
}

impl Plan {
    fn post(&mut self, draft: Draft, has_room: bool) {
        let list = match draft.anchor {
            Anchor::Lines { .. } if has_room => &mut self.review,
            Anchor::File { .. } if has_room => &mut self.files,
            _ => {
                self.rest.extend(draft.marker.fingerprints);
                return;
            }
        };
        list.push(draft);
    }

    /// A comment that stands there and is still right, more or less.
    fn keep(&mut self, own: &Ours<'_>, draft: Draft) {
        let comment = own.comment;
        let edit = EditedComment {
            id: comment.id,
            body: draft.body,
        };
        let is_graver = draft.marker.severity > own.marker.severity;
        if !own.marker.is_open {
            // It came back.
            self.reopened.push(reopened(comment, edit));
        } else if comment.is_resolved || comment.is_minimized {
            // Whoever closed it while it was open has answered it, unless it is worse by now.
            if is_graver {
                self.reopened.push(reopened(comment, edit));
            }
        } else if own.marker.hash != draft.marker.hash {
            self.edited.push(edit);
        }
    }

    fn settle(
        &mut self,
        own: &Ours<'_>,
        known: &Known,
        told: &BTreeSet<String>,
        key: &Key,
        head: &str,
    ) {
        let fingerprints = &own.marker.fingerprints;
        let any_in = |set: &BTreeSet<String>| fingerprints.iter().any(|one| set.contains(one));
        let how = if any_in(&known.existing) {
            Settled::Existing
        } else if any_in(&known.waived) {
            Settled::Waived
        } else if any_in(told) {
            Settled::Elsewhere
        } else if known.is_partial {
            // What was not seen is not gone.
            return;
        } else {
            Settled::Fixed
        };
        let comment = own.comment;
        self.settled.push(SettledComment {
            edit: EditedComment {
                id: comment.id,
                body: body::settled(&comment.body, &own.marker, how, head, key),
            },
            minimize: (!comment.has_reply && !comment.is_minimized)
                .then(|| comment.node_id.clone()),
            resolve: comment.thread_id.clone().filter(|_| !comment.is_resolved),
        });
    }
}

fn reopened(comment: &StandingComment, edit: EditedComment) -> ReopenedComment {
    ReopenedComment {
        edit,
        unminimize: comment.is_minimized.then(|| comment.node_id.clone()),
        unresolve: comment.thread_id.clone().filter(|_| comment.is_resolved),
    }
}
