//! What the findings of our comments are called today: a comment calls each by the file and the copy of its object that
//! it was in when the comment was written.

use std::collections::{BTreeMap, BTreeSet};

use super::anchor::ChangedFiles;
use super::known::Known;
use crate::report::occurrence::Occurrence;

/// A finding as a comment tells it.
#[derive(Clone, Debug)]
pub(super) struct Standing<'a> {
    /// Which comment.
    pub(super) comment: usize,
    /// What that calls it.
    pub(super) one: &'a Occurrence,
    /// The text of its object at that time.
    pub(super) text: Option<&'a str>,
    /// True if the comment says that it is there.
    pub(super) is_open: bool,
    /// True if a person closed it all the same.
    pub(super) is_answered: bool,
}

/// The findings of this run, with the texts of their objects where they are known.
pub(super) type Present<'a> = BTreeMap<&'a Occurrence, Option<&'a str>>;

/// The names of today, by comment and name, where they are others; none where another one has that name by now.
#[derive(Debug, Default)]
pub(super) struct Moves(BTreeMap<(usize, Occurrence), Option<Occurrence>>);

impl Moves {
    /// Finds them. What GitHub calls a renamed file is one. In a file, a finding is in the copy that has its text, or that
    /// stands where it stood; only what neither explains may have come from another file. What a person has answered goes
    /// there only where nothing else can be meant. What is settled speaks of a finding that came back; it takes nothing
    /// from a comment that says that the finding is there.
    pub(super) fn new(
        standing: &[Standing<'_>],
        present: &Present<'_>,
        known: &Known,
        files: &ChangedFiles,
    ) -> Self {
        let mut by_identity: BTreeMap<(&str, bool), Side<'_>> = BTreeMap::new();
        for it in standing {
            let key = (&*it.one.fingerprint, it.is_open);
            let side = by_identity.entry(key).or_default();
            let name = renamed(it.one, files).unwrap_or_else(|| it.one.clone());
            side.left.push((name, it));
        }
        for (one, text) in present {
            for is_open in [false, true] {
                if let Some(side) = by_identity.get_mut(&(&*one.fingerprint, is_open)) {
                    side.free.insert(one, *text);
                }
            }
        }
        let mut moves = Self::default();
        for ((fingerprint, _), mut side) in by_identity {
            side.in_files(&mut moves);
            side.between_files(&mut moves, |from, to, is_same_text| {
                let to = files.path_in_base(to).unwrap_or(to);
                known.may_move(fingerprint, from, to, is_same_text)
            });
            for (name, it) in side.left {
                if present.contains_key(&name) {
                    moves.0.insert((it.comment, it.one.clone()), None);
                }
            }
        }
        moves
    }

    /// What a finding that a comment tells is called today; none where it is gone, and its name is another one's.
    pub(super) fn now(&self, comment: usize, before: &Occurrence) -> Option<Occurrence> {
        let now = self.0.get(&(comment, before.clone()));
        now.map_or_else(|| Some(before.clone()), Clone::clone)
    }

    fn add(&mut self, it: &Standing<'_>, now: &Occurrence) {
        if it.one != now {
            self.0
                .insert((it.comment, it.one.clone()), Some(now.clone()));
        }
    }
}

/// What comments tell of one identity and what there is of it, as far as they are not brought together.
#[derive(Debug, Default)]
struct Side<'a> {
    left: Vec<(Occurrence, &'a Standing<'a>)>,
    free: Present<'a>,
}

impl Side<'_> {
    fn in_files(&mut self, moves: &mut Moves) {
        // Where it was, as it was.
        let free = self.free.clone();
        let is_same = |name: &Occurrence, it: &Standing<'_>| {
            let now = free.get(name).copied().flatten();
            now.is_some() && now == it.text
        };
        self.take(moves, |name, it| is_same(name, it).then(|| name.clone()));
        // As it was, in another place of its file.
        let free = self.free.clone();
        let names: BTreeSet<(Occurrence, &str)> = self
            .left
            .iter()
            .filter_map(|(name, it)| Some((name.clone(), it.text?)))
            .collect();
        self.take(moves, |name, it| {
            let text = it.text?;
            let alike =
                |(other, own): &&(Occurrence, &str)| *own == text && other.path == name.path;
            if names.iter().filter(alike).count() > 1 {
                return None;
            }
            let mut found = free
                .iter()
                .filter(|(one, own)| one.path == name.path && **own == Some(text));
            let (one, _) = found.next()?;
            found.next().is_none().then(|| (*one).clone())
        });
        // Where it was, with other words. Where copies came or went, a place says nothing of what was answered.
        let free = self.free.clone();
        let open = self.left.iter().filter(|(_, it)| it.is_open);
        let open: BTreeSet<Occurrence> = open.map(|(name, _)| name.clone()).collect();
        self.take(moves, |name, it| {
            let in_file = |one: &&Occurrence| one.path == name.path;
            let is_sure =
                open.iter().filter(in_file).count() == free.keys().copied().filter(in_file).count();
            (free.contains_key(name) && (is_sure || !it.is_answered)).then(|| name.clone())
        });
    }

    /// Brings together what `now` names.
    fn take(
        &mut self,
        moves: &mut Moves,
        now: impl Fn(&Occurrence, &Standing<'_>) -> Option<Occurrence>,
    ) {
        let mut found = BTreeSet::new();
        self.left.retain(|(name, it)| {
            let now = now(name, it);
            if let Some(now) = &now {
                moves.add(it, now);
                found.insert(now.clone());
            }
            now.is_none()
        });
        self.free.retain(|one, _| !found.contains(*one));
    }

    fn between_files(&mut self, moves: &mut Moves, may_move: impl Fn(&str, &str, bool) -> bool) {
        for by_text in [true, false] {
            let goes =
                |name: &Occurrence, it: &Standing<'_>, one: &Occurrence, text: Option<&str>| {
                    let is_same_text = it.text.is_some() && it.text == text;
                    let (Some(from), Some(to)) = (&name.path, &one.path) else {
                        return false;
                    };
                    // A person has answered this text, and no other.
                    let is_alike = if by_text {
                        is_same_text
                    } else {
                        name.copy == one.copy && !it.is_answered
                    };
                    from != to && is_alike && may_move(from, to, is_same_text)
                };
            for (one, text) in self.free.clone() {
                let candidates: Vec<&(Occurrence, &Standing<'_>)> = self
                    .left
                    .iter()
                    .filter(|(name, it)| goes(name, it, one, text))
                    .collect();
                let names: BTreeSet<&Occurrence> =
                    candidates.iter().map(|(name, _)| name).collect();
                let is_only = |name: &Occurrence, it: &Standing<'_>| {
                    let mut ends = self.free.iter();
                    names.len() == 1
                        && !ends.any(|(other, text)| *other != one && goes(name, it, other, *text))
                };
                // What nobody has answered may be told of the wrong one of two.
                let found = candidates.iter().find(|(name, it)| is_only(name, it));
                let in_sight = || {
                    let mut all = candidates.iter();
                    all.find(|(_, it)| it.is_open && !it.is_answered)
                };
                let Some((name, _)) = found.or_else(in_sight).copied() else {
                    continue;
                };
                let name = name.clone();
                self.left.retain(|(other, it)| {
                    if *other == name {
                        moves.add(it, one);
                    }
                    *other != name
                });
                self.free.remove(one);
            }
        }
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
