//! Our own comments: what each of them tells, and whether whoever looks at a finding sees it.

use std::collections::BTreeMap;

use super::anchor::{Anchor, ChangedFiles};
use super::body::Draft;
use super::known::Known;
use super::marker::{FindingMarker, Key};
use super::moves::{Moves, Present, Standing};
use super::patch::Side;
use super::standing::{Spot, StandingComment};
use crate::finding::Severity;
use crate::report::occurrence::Occurrence;

/// A comment of ours that a marker tells apart.
#[derive(Debug)]
pub(super) struct Ours<'s> {
    pub(super) comment: &'s StandingComment,
    pub(super) marker: FindingMarker,
    /// The same with the findings as they are called today.
    pub(super) today: FindingMarker,
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
    /// The findings that it tells.
    pub(super) fn tells(&self) -> impl Iterator<Item = &Occurrence> {
        self.today.findings.keys()
    }

    /// How grave it calls a finding; none where it does not tell it.
    pub(super) fn severity_of(&self, one: &Occurrence) -> Option<Severity> {
        let unnamed = || Occurrence {
            path: None,
            copy: 0,
            ..one.clone()
        };
        let exact = self.today.findings.get(one);
        exact
            .or_else(|| self.today.findings.get(&unnamed()))
            .copied()
    }

    /// True if it tells a finding in whichever of the copies of its object that the file has.
    pub(super) fn tells_a_copy_of(&self, one: &Occurrence) -> bool {
        let first = Occurrence {
            copy: 0,
            ..one.clone()
        };
        let next = self.today.findings.range(first..).next();
        next.is_some_and(|(next, _)| next.is_in_same_file(one))
    }

    /// True if it was closed while it said that its findings are there: a person has answered it.
    pub(super) fn is_answered(&self) -> bool {
        self.marker.is_open && self.comment.is_closed()
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
}

impl<'s> OurComments<'s> {
    /// Reads what stands there. `told` are the findings that are to be told, with the texts of their objects, and `files`
    /// those of the pull request.
    pub(super) fn new(
        standing: &'s [StandingComment],
        key: &Key,
        told: &BTreeMap<Occurrence, Option<String>>,
        known: &Known,
        files: &ChangedFiles,
    ) -> Self {
        let ours = standing.iter().filter(|comment| comment.is_ours);
        let ours: Vec<(&StandingComment, FindingMarker)> = ours
            .filter_map(|comment| Some((comment, FindingMarker::read(&comment.body, key)?)))
            .collect();
        let mut stand = Vec::new();
        for (index, (comment, marker)) in ours.iter().enumerate() {
            stand.extend(marker.findings.keys().map(|one| Standing {
                comment: index,
                one,
                text: marker.texts.get(one).map(String::as_str),
                is_open: marker.is_open,
                is_answered: marker.is_open && comment.is_closed(),
            }));
        }
        let unknown = known.existing.iter().chain(&known.waived);
        let mut present: Present<'_> = unknown.map(|one| (one, None)).collect();
        present.extend(told.iter().map(|(one, text)| (one, text.as_deref())));
        let moves = Moves::new(&stand, &present, known, files);
        let mut by_fingerprint: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut all = Vec::with_capacity(ours.len());
        for (comment, marker) in ours {
            let mut tells: BTreeMap<Occurrence, Severity> = BTreeMap::new();
            let mut texts = BTreeMap::new();
            for (one, severity) in &marker.findings {
                let indices = by_fingerprint.entry(one.fingerprint.clone()).or_default();
                if indices.last() != Some(&all.len()) {
                    indices.push(all.len());
                }
                let Some(now) = moves.now(all.len(), one) else {
                    continue;
                };
                if let Some(text) = marker.texts.get(one) {
                    texts.insert(now.clone(), text.clone());
                }
                let told = tells.entry(now).or_insert(*severity);
                *told = (*told).max(*severity);
            }
            let today = FindingMarker {
                findings: tells,
                texts,
                ..marker.clone()
            };
            all.push(Ours {
                comment,
                marker,
                today,
            });
        }
        Self {
            all,
            by_fingerprint,
        }
    }

    /// The comments that tell a finding of this identity, and their indices.
    pub(super) fn of(&self, fingerprint: &str) -> impl Iterator<Item = (usize, &Ours<'s>)> {
        let indices = self.by_fingerprint.get(fingerprint).into_iter().flatten();
        indices.filter_map(|index| Some((*index, self.all.get(*index)?)))
    }

    /// The number of the comment that told a finding and that a person closed, where no other one tells it.
    pub(super) fn answer_to(&self, one: &Occurrence) -> Option<u64> {
        let telling = self.of(&one.fingerprint);
        let mut answer = None;
        for (_, own) in telling.filter(|(_, own)| own.severity_of(one).is_some()) {
            if own.is_in_sight() {
                return None;
            }
            // What it tells without a place may be another one.
            let is_meant = own.today.findings.contains_key(one);
            if is_meant && own.is_answered() && answer.is_none() {
                answer = Some(own.comment.id);
            }
        }
        answer
    }
}
