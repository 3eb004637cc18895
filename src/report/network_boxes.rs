//! What a picture of who can reach whom is made of: ends that have the same arrows stand in one box, so that it stays as
//! small as what there is to say.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::connectivity::Answer;
use crate::network::difference::verb;
use crate::network::lines::{Gathered, Lines};
use crate::network::notation::Named;

/// What a change does to an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Same,
    /// It is new, or lets through something else.
    New,
    Gone,
}

impl Mark {
    /// As a word of lines.
    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }

    fn of(word: &str) -> Self {
        let mut all = [Self::New, Self::Gone].into_iter();
        all.find(|mark| mark.word() == word).unwrap_or(Self::Same)
    }
}

/// An arrow from one box to another, or within one: what it says, and what became of it.
pub(super) type Arrow<'p> = (usize, usize, &'p str, Mark);

/// A picture.
pub(super) struct Picture {
    lines: Lines<2>,
    /// The ends of each box, by number.
    boxes: Vec<Vec<usize>>,
    box_of: Vec<usize>,
}

impl Picture {
    /// The picture of an answer: of what changed where there is a base, else of what passes.
    pub(super) fn of(answer: &Answer) -> Self {
        let mut gathered = Gathered::default();
        let mut add = |from: &Named, to: &Named, said: &str, mark: Mark| {
            let (from, to) = (gathered.end(from), gathered.end(to));
            let words = [said, mark.word()].map(|word| gathered.word(word));
            gathered.add(from, to, words);
        };
        if let Some(changes) = &answer.changes {
            let changes = changes.iter().chain(answer.exposure_changes.iter());
            for (from, to, [before, after]) in changes {
                match verb(before, after) {
                    "added" => add(from, to, &format!("added: {after}"), Mark::New),
                    "removed" => add(from, to, &format!("removed: {before}"), Mark::Gone),
                    _ => add(from, to, &format!("changed: {before} → {after}"), Mark::New),
                }
            }
        } else {
            let lines = answer.clusters.iter();
            for (from, to, [said]) in lines.flat_map(|it| it.connections.iter()) {
                add(from, to, said, Mark::Same);
            }
        }
        let lines = gathered.lines();
        let boxes = boxes(&lines);
        let mut box_of = vec![0; lines.ends().len()];
        for (number, ends) in boxes.iter().enumerate() {
            for end in ends {
                if let Some(own) = box_of.get_mut(*end) {
                    *own = number;
                }
            }
        }
        Self {
            lines,
            boxes,
            box_of,
        }
    }

    /// How many boxes there are.
    pub(super) fn len(&self) -> usize {
        self.boxes.len()
    }

    /// The numbers of the boxes with their ends, by the namespace that they are in.
    pub(super) fn boxes(&self) -> BTreeMap<Option<String>, Vec<(usize, Vec<&Named>)>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (number, ends) in self.boxes.iter().enumerate() {
            let ends = ends.iter().filter_map(|end| self.lines.ends().get(*end));
            let ends: Vec<&Named> = ends.collect();
            let namespace = ends.first().and_then(|end| end.namespace());
            let of_namespace = all.entry(namespace.map(ToString::to_string)).or_default();
            of_namespace.push((number, ends));
        }
        all
    }

    /// The arrows.
    pub(super) fn arrows(&self) -> BTreeSet<Arrow<'_>> {
        let word = |at: usize| self.lines.words().get(at).map(|word| &**word);
        let arrows = self.lines.rows().filter_map(|([from, to], [said, mark])| {
            let (from, to) = (*self.box_of.get(from)?, *self.box_of.get(to)?);
            Some((from, to, word(said)?, Mark::of(word(mark)?)))
        });
        arrows.collect()
    }
}

/// What tells one arrow of an end from its others, as a number.
fn code(is_source: bool, other: usize, words: [usize; 2]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (is_source, other, words).hash(&mut hasher);
    hasher.finish()
}

/// The ends of each box. Two of them are alike if they have the same arrows from and to all others, and among themselves
/// none or the same both ways.
fn boxes(lines: &Lines<2>) -> Vec<Vec<usize>> {
    let ends = lines.ends();
    // The sum of all arrows of an end, and what its arrows within its namespace say.
    let mut sums = vec![0_u64; ends.len()];
    let mut within: Vec<BTreeSet<[usize; 2]>> = vec![BTreeSet::new(); ends.len()];
    let namespace = |end: usize| ends.get(end).and_then(Named::namespace);
    for ([from, to], words) in lines.rows() {
        for (own, is_source, other) in [(from, true, to), (to, false, from)] {
            if let Some(sum) = sums.get_mut(own) {
                *sum = sum.wrapping_add(code(is_source, other, words));
            }
        }
        if namespace(from).is_some()
            && namespace(from) == namespace(to)
            && let Some(own) = within.get_mut(from)
        {
            own.insert(words);
        }
    }
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (end, (sum, within)) in sums.iter().zip(&within).enumerate() {
        // What is known by its labels alone is an end of its own.
        let kind = match ends.get(end) {
            Some(Named::Workload { .. }) => 0,
            Some(Named::External(_)) => 1,
            _ => continue,
        };
        let place = (kind, namespace(end));
        alike.entry((place, None, *sum)).or_default().push(end);
        // With the arrows that it would have to itself, if those within are the same for all.
        for words in within {
            let own = [true, false].map(|is_source| code(is_source, end, *words));
            let sum = own.iter().fold(*sum, |sum, own| sum.wrapping_add(*own));
            let key = (place, Some(*words), sum);
            alike.entry(key).or_default().push(end);
        }
    }
    let mut groups: Vec<Vec<usize>> = alike.into_values().filter(|it| it.len() > 1).collect();
    groups.sort_by_key(|group| (usize::MAX - group.len(), group.clone()));
    let mut taken = vec![false; ends.len()];
    let mut boxes: Vec<Vec<usize>> = Vec::new();
    for mut group in groups {
        group.retain(|end| taken.get(*end) == Some(&false));
        if group.len() > 1 {
            for end in &group {
                if let Some(taken) = taken.get_mut(*end) {
                    *taken = true;
                }
            }
            boxes.push(group);
        }
    }
    let alone = taken.iter().enumerate().filter(|(_, taken)| !**taken);
    boxes.extend(alone.map(|(end, _)| vec![end]));
    boxes.sort();
    boxes
}
