//! From what should be said and what already stands on the pull request to what is to be done.
//!
//! A comment is known by its findings, each in its file and its copy of the object, and by its author. What says the same already is left alone,
//! an edit notifies nobody, and a person who answered has the last word. What was left behind by its finding is said
//! anew where that is now.

use std::collections::{BTreeMap, BTreeSet};

use super::anchor::Anchor;
use super::body::{self, Draft, Settled};
use super::known::Known;
use super::marker::{FindingMarker, Key};
use super::ours::{OurComments, Ours, Stands};
use crate::finding::Severity;
use crate::report::occurrence::Occurrence;

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
    /// The findings that nothing but this text tells.
    pub news: BTreeSet<Occurrence>,
}

/// A comment whose findings are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledComment {
    /// Its new text.
    pub edit: EditedComment,
    /// The findings that another comment tells from now on: before that stands, this one has to.
    pub told_elsewhere: BTreeSet<Occurrence>,
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
    /// Its new text.
    pub body: String,
    /// What is told anew if this comment cannot be opened again.
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
    /// The findings that have no comment, and that the summary tells.
    pub rest: BTreeSet<Occurrence>,
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

/// Plans. `drafts` come with the most urgent first; `head` is the commit that was judged.
#[must_use]
pub(super) fn plan(
    drafts: Vec<Draft>,
    ours: &OurComments<'_>,
    known: &Known,
    key: &Key,
    head: &str,
) -> Plan {
    let mut plan = Plan::default();
    let told: BTreeSet<Occurrence> = drafts.iter().flat_map(Draft::occurrences).collect();
    let mut taken = vec![false; ours.all.len()];
    let drafts = plan.leave_answered(drafts, ours, &mut taken, key);
    let found = counterparts(&drafts, ours, &mut taken);
    let found = found.into_iter().map(|index| ours.all.get(index?));
    let matched: Vec<(Draft, Option<&Ours<'_>>)> = drafts.into_iter().zip(found).collect();
    let told = Findings { told, known };
    let mut room = Room::default();
    for (own, taken) in ours.all.iter().zip(taken) {
        if !taken && !plan.settle(own, &told, true, key, head) && own.is_in_sight() {
            room.occupy(None, own.marker.severity());
        }
    }
    for (draft, own) in &matched {
        let stays = |own: &&Ours<'_>| own.is_in_sight() && !own.is_left_behind(draft);
        if own.as_ref().is_some_and(stays) {
            room.occupy(Some(&draft.anchor), draft.marker.severity());
        }
    }
    for (draft, own) in matched {
        match own {
            Some(own) if own.is_left_behind(&draft) => {
                if plan.post(&draft, &mut room) {
                    // Where it is now, another comment tells it.
                    plan.settle(own, &told, false, key, head);
                } else if own.is_in_sight() {
                    plan.keep(own, draft, key);
                }
            }
            Some(own) if own.is_in_sight() => {
                plan.standing += draft.findings;
                // It is shown folded, and what stands on the whole file instead says no more.
                if own.comment.is_outdated {
                    plan.rest.extend(draft.occurrences());
                }
                plan.keep(own, draft, key);
            }
            // It is worse, or it came back.
            Some(own) if own.marker.is_open || room.take(&draft) => {
                plan.standing += draft.findings;
                if own.comment.is_outdated {
                    plan.rest.extend(draft.occurrences());
                }
                plan.reopened.push(reopened(own, draft));
            }
            Some(_) => plan.rest.extend(draft.occurrences()),
            None => {
                plan.post(&draft, &mut room);
            }
        }
    }
    plan
}

/// The findings of a run.
struct Findings<'f> {
    told: BTreeSet<Occurrence>,
    known: &'f Known,
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
        let severity = draft.marker.severity();
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

/// The comment that told each draft, by its index. What stands in sight where a draft goes is found for all drafts first:
/// else a part of its findings that went elsewhere could take it along, or a copy of its object.
fn counterparts(
    drafts: &[Draft],
    ours: &OurComments<'_>,
    taken: &mut [bool],
) -> Vec<Option<usize>> {
    let passes: [fn(&Match) -> bool; 5] = [
        |it| it.is_in_sight && it.stands == Stands::There && it.same > 0,
        |it| it.is_in_sight && it.stands == Stands::There,
        |it| it.is_in_sight && it.stands == Stands::InFile && it.same > 0,
        // What came back to where it was, while another comment told it elsewhere.
        |it| it.stands == Stands::There && it.same > 0,
        |it| it.same > 0,
    ];
    let mut found = vec![None; drafts.len()];
    for is_meant in passes {
        for (draft, found) in drafts.iter().zip(&mut found) {
            if found.is_none() {
                *found = counterpart(draft, ours, taken, is_meant);
                if let Some(taken) = found.and_then(|index| taken.get_mut(index)) {
                    *taken = true;
                }
            }
        }
    }
    found
}

/// How a comment and a draft go together. The order is that of which is taken: one in sight before one that was answered,
/// that one before a settled one, among these one that stands where the draft goes, then one that tells more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    is_in_sight: bool,
    is_open: bool,
    stands: Stands,
    /// How many of the findings it tells.
    same: usize,
    /// How many it tells of a copy of the object in the same file.
    similar: usize,
}

/// The comment that told most of these findings; an older one before a newer one.
fn counterpart(
    draft: &Draft,
    ours: &OurComments<'_>,
    taken: &[bool],
    is_meant: fn(&Match) -> bool,
) -> Option<usize> {
    let mut matches: BTreeMap<usize, Match> = BTreeMap::new();
    for one in draft.marker.findings.keys() {
        for (index, own) in ours.of(&one.fingerprint) {
            // What a person has answered is said of nothing else.
            let is_free = !own.is_answered() || draft.answered == Some(own.comment.id);
            if taken.get(index) != Some(&false) || !is_free {
                continue;
            }
            let is_same = own.severity_of(one).is_some();
            let is_similar = is_same || own.tells_a_copy_of(one);
            if is_similar {
                let found = matches.entry(index).or_insert_with(|| Match {
                    is_in_sight: own.is_in_sight(),
                    is_open: own.marker.is_open,
                    stands: own.stands(draft),
                    same: 0,
                    similar: 0,
                });
                found.same += usize::from(is_same);
                found.similar += 1;
            }
        }
    }
    matches
        .into_iter()
        .filter(|(_, found)| is_meant(found))
        .max_by_key(|(index, found)| (*found, std::cmp::Reverse(*index)))
        .map(|(index, _)| index)
}

impl Plan {
    /// Leaves what a person has answered, and gives the other drafts: whoever closed a comment has answered all that it
    /// tells, unless something of it is worse by now.
    fn leave_answered(
        &mut self,
        drafts: Vec<Draft>,
        ours: &OurComments<'_>,
        taken: &mut [bool],
        key: &Key,
    ) -> Vec<Draft> {
        let mut left = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let number = draft.answered;
            let mut all = ours.all.iter();
            let index = number.and_then(|id| all.position(|own| own.comment.id == id));
            let own = index.and_then(|index| ours.all.get(index));
            let is_worse = |own: &Ours<'_>| {
                let mut findings = draft.marker.findings.iter();
                findings.any(|(one, severity)| own.severity_of(one) < Some(*severity))
            };
            if own.is_none_or(is_worse) {
                left.push(draft);
                continue;
            }
            self.standing += draft.findings;
            let taken = index.and_then(|index| taken.get_mut(index));
            let is_first = taken.is_some_and(|taken| !std::mem::replace(taken, true));
            // The next run has to know it again, wherever its findings are by now, and with which words.
            let Some(own) = own.filter(|own| is_first && own.marker.is_intact) else {
                continue;
            };
            let mut today = own.today.clone();
            let texts = draft.marker.texts.into_iter();
            today
                .texts
                .extend(texts.filter(|(one, _)| own.today.findings.contains_key(one)));
            if today != own.marker {
                self.edited.push(EditedComment {
                    id: own.comment.id,
                    body: body::remembering(&own.comment.body, &today, key),
                    news: BTreeSet::new(),
                });
            }
        }
        left
    }

    /// True if there is room for it; else the summary tells it.
    fn post(&mut self, draft: &Draft, room: &mut Room) -> bool {
        let list = match draft.anchor {
            Anchor::Lines { .. } => &mut self.review,
            Anchor::File { .. } => &mut self.files,
            Anchor::Summary => {
                self.rest.extend(draft.occurrences());
                return false;
            }
        };
        let has_room = room.take(draft);
        if has_room {
            list.push(draft.clone());
        } else {
            self.rest.extend(draft.occurrences());
        }
        has_room
    }

    /// A comment in sight that is still right, more or less. One whose words are no longer ours tells nothing.
    fn keep(&mut self, own: &Ours<'_>, draft: Draft, key: &Key) {
        let marker = &own.marker;
        let is_told = |one: &Occurrence| marker.is_intact && own.severity_of(one).is_some();
        let news = draft.occurrences().filter(|one| !is_told(one)).collect();
        let body = words(own, draft);
        // What a body remembers of its findings is bounded, so that bodies are compared.
        if FindingMarker::read(&body, key).as_ref() != Some(marker) {
            self.edited.push(EditedComment {
                id: own.comment.id,
                news,
                body,
            });
        }
    }

    /// A comment whose findings nobody tells any more, or, if not `is_all`, another one from now on. True if it is
    /// settled, or was.
    fn settle(
        &mut self,
        own: &Ours<'_>,
        findings: &Findings<'_>,
        is_all: bool,
        key: &Key,
        head: &str,
    ) -> bool {
        let comment = own.comment;
        if !own.marker.is_open {
            if !comment.is_closed() && !comment.has_reply {
                self.folded.push(comment.node_id.clone());
            }
            return true;
        }
        let Findings { told, known } = findings;
        let told_here = || own.marker.findings.keys();
        let any_in = |set: &BTreeSet<Occurrence>| own.tells().any(|one| is_among(one, set));
        let path = |one: &Occurrence| {
            one.path
                .as_deref()
                .or(comment.path.as_deref())
                .map(str::to_owned)
        };
        let is_seen = |one: &Occurrence| known.has_seen(path(one).as_deref());
        let is_out_of_sight = |one: &Occurrence| {
            let path = one.path.as_deref();
            path.is_some_and(|path| known.is_out_of_sight(path))
        };
        let how = if is_all && any_in(&known.existing) {
            Settled::Existing
        } else if is_all && any_in(&known.waived) {
            Settled::Waived
        } else if any_in(told) {
            Settled::Elsewhere
        } else if !is_all || !told_here().all(is_seen) {
            // What was not seen is not gone.
            return false;
        } else if told_here().any(is_out_of_sight) {
            Settled::OutOfSight
        } else {
            Settled::Fixed
        };
        let told_elsewhere = told
            .iter()
            .filter(|one| how == Settled::Elsewhere && own.severity_of(one).is_some());
        let told_elsewhere = told_elsewhere.cloned().collect();
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

/// True if a finding that a comment tells is one of these.
fn is_among(one: &Occurrence, some: &BTreeSet<Occurrence>) -> bool {
    if one.path.is_none() {
        let next = some.range(one..).next();
        return next.is_some_and(|next| next.fingerprint == one.fingerprint);
    }
    some.contains(one)
}

fn reopened(own: &Ours<'_>, draft: Draft) -> ReopenedComment {
    let comment = own.comment;
    ReopenedComment {
        id: comment.id,
        body: words(own, draft.clone()),
        draft,
        unminimize: comment.is_minimized.then(|| comment.node_id.clone()),
        unresolve: comment.thread_id.clone().filter(|_| comment.is_resolved),
    }
}

/// What a comment that stands says of a draft: nothing is suggested for other lines than those that it stands on.
fn words(own: &Ours<'_>, draft: Draft) -> String {
    if own.has_lines_of(&draft) {
        return draft.body;
    }
    draft.bare.unwrap_or(draft.body)
}
