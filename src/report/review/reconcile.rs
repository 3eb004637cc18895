//! From what should be said and what already stands on the pull request to what is to be done.
//!
//! A comment is known by the fingerprints of its findings and by its author. What says the same already is left alone,
//! an edit notifies nobody, and a person who answered has the last word. What was left behind by its finding is said
//! anew where that is now.

use std::collections::{BTreeMap, BTreeSet};

use super::anchor::Anchor;
use super::body::{self, Draft, Settled};
use super::marker::{FindingMarker, Key};
use super::standing::StandingComment;
use crate::finding::Severity;
use crate::verdict::is_in_scope;

/// The most comments on lines that are as grave as any of them or graver: GitHub takes more at once for abuse, and what
/// is less grave shuts out nothing.
pub const MOST_COMMENTS: usize = 30;
/// The same of comments on whole files: each notifies by itself.
pub const MOST_FILES: usize = 5;

/// A new text for a comment of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedComment {
    /// The number of the comment.
    pub id: u64,
    /// Its new text.
    pub body: String,
    /// The fingerprints of findings that nothing but this text tells.
    pub news: BTreeSet<String>,
}

/// A comment whose findings are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledComment {
    /// Its new text.
    pub edit: EditedComment,
    /// The findings that another comment tells from now on: before that stands, this one has to.
    pub told_elsewhere: BTreeSet<String>,
    /// What to fold away; none where a person answered below it, or it is folded already.
    pub minimize: Option<String>,
    /// The thread to resolve, if the token may; none where a person answered.
    pub resolve: Option<String>,
}

/// A comment whose findings came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReopenedComment {
    /// The number of the comment.
    pub id: u64,
    /// Its new text, and where that goes if this comment cannot be opened again.
    pub draft: Draft,
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
    /// Comments that say that they are settled and are not folded away, as the run that settled them was cut short.
    pub folded: Vec<String>,
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
            && self.folded.is_empty()
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
    /// The paths that the run was about; empty for everything. Nothing elsewhere is taken for fixed.
    pub paths: Vec<String>,
}

impl Known {
    /// True if what is not found in a file is gone from it.
    fn has_seen(&self, path: Option<&str>) -> bool {
        let is_asked = path.is_some_and(|path| is_in_scope(&self.paths, path));
        !self.is_partial && (self.paths.is_empty() || is_asked)
    }
}

/// A comment of ours that a marker tells apart.
struct Ours<'s> {
    comment: &'s StandingComment,
    marker: FindingMarker,
}

impl Ours<'_> {
    /// True if it was closed while it said that its findings are there: a person has answered it.
    fn is_answered(&self) -> bool {
        self.marker.is_open && (self.comment.is_resolved || self.comment.is_minimized)
    }

    /// True if it tells its findings to whoever looks.
    fn is_in_sight(&self) -> bool {
        self.marker.is_open && !self.is_answered()
    }

    /// True if whoever looks at where its findings are now does not see it: they are in another file, or the difference
    /// no longer has its lines. A comment on a whole file has none to lose.
    fn is_left_behind(&self, anchor: &Anchor) -> bool {
        let is_outdated = self.comment.is_outdated;
        let (path, has_lost_it) = match anchor {
            Anchor::Lines { path, .. } => (path, is_outdated),
            Anchor::File { path } => (path, false),
            Anchor::Summary => return is_outdated,
        };
        let own = self.comment.path.as_deref();
        has_lost_it || own.is_some_and(|own| own != &**path)
    }
}

fn ours<'s>(standing: &'s [StandingComment], key: &Key) -> Vec<Ours<'s>> {
    let ours = standing.iter().filter(|comment| comment.is_ours);
    ours.filter_map(|comment| {
        let marker = FindingMarker::read(&comment.body, key)?;
        Some(Ours { comment, marker })
    })
    .collect()
}

/// The findings that a person has answered by closing the comment that told them, with the number of that comment.
#[must_use]
pub fn answered(standing: &[StandingComment], key: &Key) -> BTreeMap<String, u64> {
    let ours = ours(standing, key);
    let in_sight: BTreeSet<&String> = ours
        .iter()
        .filter(|own| own.is_in_sight())
        .flat_map(|own| &own.marker.fingerprints)
        .collect();
    let mut answered = BTreeMap::new();
    for own in ours.iter().filter(|own| own.is_answered()) {
        for fingerprint in &own.marker.fingerprints {
            if !in_sight.contains(fingerprint) {
                let first = answered.entry(fingerprint.clone());
                first.or_insert(own.comment.id);
            }
        }
    }
    answered
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
    let ours = ours(standing, key);
    let mut by_fingerprint: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, own) in ours.iter().enumerate() {
        for fingerprint in &own.marker.fingerprints {
            by_fingerprint.entry(fingerprint).or_default().push(index);
        }
    }
    let mut plan = Plan::default();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for draft in &drafts {
        told.extend(draft.marker.fingerprints.iter().cloned());
    }
    let (found, taken) = counterparts(&drafts, &by_fingerprint, &ours);
    let found = found.into_iter().map(|index| ours.get(index?));
    let matched: Vec<(Draft, Option<&Ours<'_>>)> = drafts.into_iter().zip(found).collect();
    let mut room = Room::default();
    for (own, taken) in ours.iter().zip(taken) {
        if !taken && !plan.settle(own, known, &told, key, head) && own.is_in_sight() {
            room.occupy(None, own.marker.severity);
        }
    }
    for (draft, own) in &matched {
        let stays = |own: &&Ours<'_>| own.is_in_sight() && !own.is_left_behind(&draft.anchor);
        if own.as_ref().is_some_and(stays) {
            room.occupy(Some(&draft.anchor), draft.marker.severity);
        }
    }
    for (draft, own) in matched {
        match own {
            // Whoever closed it has answered it, unless it is worse by now.
            Some(own) if own.is_answered() && draft.marker.severity <= own.marker.severity => {
                plan.standing += draft.findings;
            }
            Some(own) if own.is_left_behind(&draft.anchor) => {
                if plan.post(&draft, &mut room) {
                    // Where it is now, another comment tells it.
                    plan.settle(own, &Known::default(), &told, key, head);
                } else if own.is_in_sight() {
                    plan.keep(own, draft);
                }
            }
            Some(own) if own.is_in_sight() => {
                plan.standing += draft.findings;
                // It is shown folded, and what stands on the whole file instead says no more.
                if own.comment.is_outdated {
                    plan.rest.extend(draft.marker.fingerprints.iter().cloned());
                }
                plan.keep(own, draft);
            }
            // It is worse, or it came back.
            Some(own) if own.marker.is_open || room.take(&draft) => {
                plan.standing += draft.findings;
                plan.reopened.push(reopened(own.comment, draft));
            }
            Some(_) => plan.rest.extend(draft.marker.fingerprints),
            None => {
                plan.post(&draft, &mut room);
            }
        }
    }
    plan
}

/// How many comments there are, by how grave they are. What stands open has its room, whatever is new: else the pile
/// would grow with each push. But what is graver asks only for as much as is left by what is as grave as itself, so that
/// a pile of trifles hides nothing. Of what is left, the most urgent gets its part first. Comments on whole files show no
/// line and are few: what finds no room there, the summary tells.
#[derive(Default)]
struct Room {
    comments: BTreeMap<Severity, usize>,
    files: usize,
}

impl Room {
    fn occupy(&mut self, anchor: Option<&Anchor>, severity: Severity) {
        if matches!(anchor, Some(Anchor::File { .. })) {
            self.files += 1;
        } else {
            *self.comments.entry(severity).or_default() += 1;
        }
    }

    /// True if there was room.
    fn take(&mut self, draft: &Draft) -> bool {
        let severity = draft.marker.severity;
        let (taken, most) = match draft.anchor {
            Anchor::File { .. } => (self.files, MOST_FILES),
            Anchor::Lines { .. } | Anchor::Summary => {
                let as_grave = self.comments.range(severity..);
                (as_grave.map(|(_, number)| number).sum(), MOST_COMMENTS)
            }
        };
        let has_room = taken < most;
        if has_room {
            self.occupy(Some(&draft.anchor), severity);
        }
        has_room
    }
}

/// The comment that told each draft, by its index, and which comments have one. What stands in sight where a draft goes
/// is found for all drafts first: else a part of its findings that went elsewhere could take it along.
fn counterparts(
    drafts: &[Draft],
    by_fingerprint: &BTreeMap<&str, Vec<usize>>,
    ours: &[Ours<'_>],
) -> (Vec<Option<usize>>, Vec<bool>) {
    let mut taken = vec![false; ours.len()];
    let mut found = vec![None; drafts.len()];
    for in_place_only in [true, false] {
        for (draft, found) in drafts.iter().zip(&mut found) {
            if found.is_some() {
                continue;
            }
            let one = counterpart(draft, by_fingerprint, &taken, ours);
            let one = one.filter(|index| {
                let own = ours.get(*index);
                let is_in_place =
                    |own: &Ours<'_>| own.is_in_sight() && !own.is_left_behind(&draft.anchor);
                !in_place_only || own.is_some_and(is_in_place)
            });
            if let Some(taken) = one.and_then(|index| taken.get_mut(index)) {
                *taken = true;
            }
            *found = one;
        }
    }
    (found, taken)
}

/// The comment that told most of these findings: one in sight before one that was answered, that one before a settled
/// one, among these one that stands where the draft goes before one that was left behind, and an older one before a
/// newer one.
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
    let rank = |index: &usize| {
        let own = ours.get(*index);
        own.map(|own| {
            let is_in_place = !own.is_left_behind(&draft.anchor);
            (own.is_in_sight(), own.marker.is_open, is_in_place)
        })
    };
    shared
        .into_iter()
        .max_by_key(|(index, number)| (rank(index), *number, std::cmp::Reverse(*index)))
        .map(|(index, _)| index)
}

impl Plan {
    /// True if there is room for it; else the summary tells it.
    fn post(&mut self, draft: &Draft, room: &mut Room) -> bool {
        let list = match draft.anchor {
            Anchor::Lines { .. } => &mut self.review,
            Anchor::File { .. } => &mut self.files,
            Anchor::Summary => {
                self.rest.extend(draft.marker.fingerprints.iter().cloned());
                return false;
            }
        };
        let has_room = room.take(draft);
        if has_room {
            list.push(draft.clone());
        } else {
            self.rest.extend(draft.marker.fingerprints.iter().cloned());
        }
        has_room
    }

    /// A comment in sight that is still right, more or less. One whose words are no longer ours tells nothing.
    fn keep(&mut self, own: &Ours<'_>, draft: Draft) {
        let marker = &own.marker;
        if marker.is_intact && marker.hash == draft.marker.hash {
            return;
        }
        let is_told = |one: &&String| marker.is_intact && marker.fingerprints.contains(*one);
        let news = draft.marker.fingerprints.iter();
        let news = news.filter(|one| !is_told(one));
        self.edited.push(EditedComment {
            id: own.comment.id,
            news: news.cloned().collect(),
            body: draft.body,
        });
    }

    /// A comment whose findings nobody tells any more. True if it is settled, or was.
    fn settle(
        &mut self,
        own: &Ours<'_>,
        known: &Known,
        told: &BTreeSet<String>,
        key: &Key,
        head: &str,
    ) -> bool {
        let comment = own.comment;
        if !own.marker.is_open {
            if !comment.is_minimized && !comment.is_resolved && !comment.has_reply {
                self.folded.push(comment.node_id.clone());
            }
            return true;
        }
        let fingerprints = &own.marker.fingerprints;
        let any_in = |set: &BTreeSet<String>| fingerprints.iter().any(|one| set.contains(one));
        let how = if any_in(&known.existing) {
            Settled::Existing
        } else if any_in(&known.waived) {
            Settled::Waived
        } else if any_in(told) {
            Settled::Elsewhere
        } else if known.has_seen(comment.path.as_deref()) {
            Settled::Fixed
        } else {
            // What was not seen is not gone.
            return false;
        };
        let told_elsewhere = match how {
            Settled::Elsewhere => fingerprints
                .iter()
                .filter(|one| told.contains(*one))
                .cloned()
                .collect(),
            _ => BTreeSet::new(),
        };
        // Whoever answered is waiting for somebody to read it.
        let is_quiet = !comment.has_reply;
        self.settled.push(SettledComment {
            told_elsewhere,
            edit: EditedComment {
                id: comment.id,
                body: body::settled(&comment.body, &own.marker, how, head, key),
                news: BTreeSet::new(),
            },
            minimize: (is_quiet && !comment.is_minimized).then(|| comment.node_id.clone()),
            resolve: comment
                .thread_id
                .clone()
                .filter(|_| is_quiet && !comment.is_resolved),
        });
        true
    }
}

fn reopened(comment: &StandingComment, draft: Draft) -> ReopenedComment {
    ReopenedComment {
        id: comment.id,
        draft,
        unminimize: comment.is_minimized.then(|| comment.node_id.clone()),
        unresolve: comment.thread_id.clone().filter(|_| comment.is_resolved),
    }
}
