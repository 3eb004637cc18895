//! Our own comments: what each of them tells, and whether whoever looks at a finding sees it.

use std::collections::{BTreeMap, BTreeSet};

use super::anchor::{Anchor, ChangedFiles};
use super::body::Draft;
use super::known::Known;
use super::marker::{FindingMarker, Key};
use super::patch::Side;
use super::standing::{Spot, StandingComment};
use crate::report::occurrence::Occurrence;

/// A comment of ours that a marker tells apart.
#[derive(Debug)]
pub(super) struct Ours<'s> {
    pub(super) comment: &'s StandingComment,
    pub(super) marker: FindingMarker,
}

/// How a comment stands to where a draft goes. The order is that of how surely it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stands {
    /// Whoever looks there does not see it: it is in another file or on other lines, or the difference no longer has its
    /// lines.
    Elsewhere,
    /// In the same file: on all of it, or on lines that are not known.
    InFile,
    /// On lines that the findings name.
    There,
}

impl Ours<'_> {
    /// True if it was closed while it said that its findings are there: a person has answered it.
    pub(super) fn is_answered(&self) -> bool {
        self.marker.is_open && (self.comment.is_resolved || self.comment.is_minimized)
    }

    /// True if it tells its findings to whoever looks.
    pub(super) fn is_in_sight(&self) -> bool {
        self.marker.is_open && !self.is_answered()
    }

    /// True if whoever looks at where its findings are now does not see it. A comment on a whole file has no lines to
    /// lose.
    pub(super) fn is_left_behind(&self, draft: &Draft) -> bool {
        self.stands(draft) == Stands::Elsewhere
    }

    /// Where it stands.
    pub(super) fn stands(&self, draft: &Draft) -> Stands {
        let is_outdated = self.comment.is_outdated;
        let own = self.comment.path.as_deref();
        match draft.anchor.path() {
            None if is_outdated => return Stands::Elsewhere,
            Some(path) if own.is_some_and(|own| own != path) => return Stands::Elsewhere,
            _ => {}
        }
        let Anchor::Lines {
            path,
            side,
            first,
            last,
        } = &draft.anchor
        else {
            return Stands::InFile;
        };
        if is_outdated {
            return Stands::Elsewhere;
        }
        let Spot::Lines {
            side: own_side,
            first: own_first,
            last: own_last,
        } = self.comment.spot
        else {
            return Stands::InFile;
        };
        let meets = |first: u32, last: u32| own_first <= last && first <= own_last;
        let names = |it: &super::placed::Stretch| it.path == *path && meets(it.first, it.last);
        let is_there = own_side == *side && meets(*first, *last)
            || own_side == Side::Right && draft.places.iter().any(names);
        if is_there {
            Stands::There
        } else {
            Stands::Elsewhere
        }
    }

    /// True if it stands on exactly the lines of a draft: only then what that suggests would replace the right ones.
    pub(super) fn has_lines_of(&self, draft: &Draft) -> bool {
        let Anchor::Lines {
            side, first, last, ..
        } = draft.anchor
        else {
            return false;
        };
        !self.is_left_behind(draft) && self.comment.spot == Spot::Lines { side, first, last }
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct OurComments<'s> {
    pub(super) all: Vec<Ours<'s>>,
    by_fingerprint: BTreeMap<String, Vec<usize>>,
    /// What findings of today were called when their files had other paths, and the other way round.
    before: BTreeMap<Occurrence, Occurrence>,
    now: BTreeMap<Occurrence, Occurrence>,
}

impl<'s> OurComments<'s> {
    /// Reads what stands there. `told` are the findings that are to be told, and `files` those of the pull request.
    pub(super) fn new(
        standing: &'s [StandingComment],
        key: &Key,
        told: &BTreeSet<Occurrence>,
        known: &Known,
        files: &ChangedFiles,
    ) -> Self {
        let ours = standing.iter().filter(|comment| comment.is_ours);
        let all: Vec<Ours<'_>> = ours
            .filter_map(|comment| {
                let marker = FindingMarker::read(&comment.body, key)?;
                Some(Ours { comment, marker })
            })
            .collect();
        let mut by_fingerprint: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, own) in all.iter().enumerate() {
            for one in own.marker.findings.keys() {
                let indices = by_fingerprint.entry(one.fingerprint.clone()).or_default();
                if indices.last() != Some(&index) {
                    indices.push(index);
                }
            }
        }
        let mut comments = Self {
            all,
            by_fingerprint,
            before: BTreeMap::new(),
            now: BTreeMap::new(),
        };
        for one in told.iter().chain(&known.existing).chain(&known.waived) {
            if let Some(before) = comments.moved(one, known, files) {
                comments.now.insert(before.clone(), one.clone());
                comments.before.insert(one.clone(), before);
            }
        }
        comments
    }

    /// What a comment calls a finding that went on in another file.
    fn moved(&self, one: &Occurrence, known: &Known, files: &ChangedFiles) -> Option<Occurrence> {
        let path = one.path.as_deref()?;
        let mut moved = None;
        for (_, own) in self.of(&one.fingerprint) {
            for before in own.marker.findings.keys() {
                if before.is_in_same_file(one) {
                    return None;
                }
                let is_free = moved.is_none()
                    && before.fingerprint == one.fingerprint
                    && before.copy == one.copy
                    && !self.now.contains_key(before);
                let from = before.path.as_deref().filter(|_| is_free);
                if from.is_some_and(|from| known.may_move(files, from, path)) {
                    moved = Some(before.clone());
                }
            }
        }
        moved
    }

    /// The comments that tell a finding of this identity, and their indices.
    pub(super) fn of(&self, fingerprint: &str) -> impl Iterator<Item = (usize, &Ours<'s>)> {
        let indices = self.by_fingerprint.get(fingerprint).into_iter().flatten();
        indices.filter_map(|index| Some((*index, self.all.get(*index)?)))
    }

    /// What a comment that was written before its file got another path calls a finding.
    pub(super) fn before<'o>(&'o self, one: &'o Occurrence) -> &'o Occurrence {
        self.before.get(one).unwrap_or(one)
    }

    /// True if a finding that a comment tells is one of these.
    pub(super) fn is_among(&self, one: &Occurrence, some: &BTreeSet<Occurrence>) -> bool {
        if one.path.is_none() {
            let next = some.range(one..).next();
            return next.is_some_and(|next| next.fingerprint == one.fingerprint);
        }
        some.contains(one) || self.now.get(one).is_some_and(|now| some.contains(now))
    }

    /// The number of the comment that told a finding and that a person closed, where no other one tells it.
    pub(super) fn answer_to(&self, one: &Occurrence) -> Option<u64> {
        let before = self.before(one);
        let telling = self.of(&one.fingerprint);
        let mut answer = None;
        for (_, own) in telling.filter(|(_, own)| own.marker.severity_of(before).is_some()) {
            if own.is_in_sight() {
                return None;
            }
            if own.is_answered() && answer.is_none() {
                answer = Some(own.comment.id);
            }
        }
        answer
    }
}
