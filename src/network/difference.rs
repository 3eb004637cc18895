//! What a change does to who can reach whom.
//!
//! It is a difference of what policies let through: policies that are renamed, moved, split or written otherwise and let
//! the same through change nothing. Workloads are the same ones by kind, namespace and name, whatever their labels.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::addresses::Addresses;
use super::connections::Connections;
use super::ends::End;
use super::intervals::Intervals;
use super::lines::Gathered;
use super::notation::{Named, directed, let_in, ranges, told_outside};
use super::reach::Reach;
use super::selector::Asked;
use super::table::NONE;
use super::world::{Direction, Pods, Workload};

/// Workloads that nothing of either side tells apart: no policy, and no way in from outside.
#[derive(Clone, Debug)]
pub struct Both {
    /// Their class before; none if they are new.
    pub before: Option<usize>,
    /// Their class after; none if they are gone.
    pub after: Option<usize>,
    /// What came in from outside through Ingress objects and routes, and what comes in; none where that is the same.
    pub ways_in: Option<(Connections, Connections)>,
    /// The workloads, by number before and after.
    pub workloads: Vec<(Option<usize>, Option<usize>)>,
}

/// The other end of a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Other {
    /// Workloads, by the numbers of those that nothing tells apart. They are the sources: the change is told at its
    /// destination.
    Workloads(Vec<usize>),
    /// Pods that the repository does not hold.
    Pods {
        /// Those for which something changes.
        pods: Pods,
        /// The number, after the change, of what is known of them.
        number: usize,
    },
    /// Addresses outside of the cluster.
    Addresses(Addresses),
    /// What takes requests for Ingress objects and routes.
    Controller,
}

/// What changes between workloads and another end.
#[derive(Clone, Debug)]
pub struct Change {
    /// The workloads, by the number of those that no policy tells apart.
    pub own: usize,
    /// The direction, seen from them.
    pub direction: Direction,
    /// The other end.
    pub other: Other,
    /// What passed. Of one difference, equal sets are one.
    pub before: Arc<Connections>,
    /// What passes.
    pub after: Arc<Connections>,
}

impl Change {
    /// True if nothing that passed is gone.
    #[must_use]
    pub fn only_opens(&self) -> bool {
        self.before.is_within(&self.after)
    }
}

/// What a change does to one cluster.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// The workloads of both sides, put together where nothing tells them apart.
    pub workloads: Vec<Both>,
    /// What changes. One end of each change is a workload.
    pub changes: Vec<Change>,
}

/// What becomes of connections, by what passed and what passes: `added`, `removed` or `changed`.
#[must_use]
pub fn verb(before: &str, after: &str) -> &'static str {
    match (is_none(before), is_none(after)) {
        (true, _) => "added",
        (_, true) => "removed",
        _ => "changed",
    }
}

fn is_none(connections: &str) -> bool {
    connections == "No Connections"
}

/// The numbers that sets of connections of both sides have together.
#[derive(Default)]
struct Numbers {
    sets: Vec<Arc<Connections>>,
    known: HashMap<Connections, u32>,
}

impl Numbers {
    fn of(&mut self, sets: &[Connections]) -> Vec<u32> {
        sets.iter().map(|set| self.number(set)).collect()
    }

    fn number(&mut self, set: &Connections) -> u32 {
        if let Some(known) = self.known.get(set) {
            return *known;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(Arc::new(set.clone()));
        self.known.insert(set.clone(), number);
        number
    }

    fn set(&self, number: u32) -> Arc<Connections> {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.sets.get(at))
            .cloned()
            .unwrap_or_default()
    }
}

fn at(numbers: &[u32], number: u32) -> u32 {
    let at = usize::try_from(number).ok();
    at.and_then(|at| numbers.get(at)).copied().unwrap_or(NONE)
}

type Key<'w> = (&'w str, &'w str, &'w str);

fn key(workload: &Workload) -> Key<'_> {
    (&workload.namespace, &workload.name, &workload.kind)
}

/// Puts the workloads of both sides together.
fn both(before: &Reach, after: &Reach) -> Vec<Both> {
    let mut ends: BTreeMap<Key<'_>, (Option<usize>, Option<usize>)> = BTreeMap::new();
    for (number, workload) in before.world.workloads.iter().enumerate() {
        ends.entry(key(workload)).or_default().0 = Some(number);
    }
    for (number, workload) in after.world.workloads.iter().enumerate() {
        ends.entry(key(workload)).or_default().1 = Some(number);
    }
    let class = |reach: &Reach, number: Option<usize>| -> Option<usize> {
        number.and_then(|number| reach.ends.class_of.get(number).copied())
    };
    let sides = [before, after].map(|side| let_in(side).into_iter().collect::<BTreeMap<_, _>>());
    let ways_in = |of: &BTreeMap<usize, Connections>, number: Option<usize>| -> Connections {
        let own = number.and_then(|number| of.get(&number));
        own.cloned().unwrap_or_default()
    };
    let [came_in, comes_in] = &sides;
    let mut all: BTreeMap<_, Both> = BTreeMap::new();
    for (old, new) in ends.into_values() {
        let classes = (class(before, old), class(after, new));
        let ways_in = (ways_in(came_in, old), ways_in(comes_in, new));
        let ways_in = (ways_in.0 != ways_in.1).then_some(ways_in);
        let own = all
            .entry((classes, ways_in.clone()))
            .or_insert_with(|| Both {
                before: classes.0,
                after: classes.1,
                ways_in,
                workloads: Vec::new(),
            });
        own.workloads.push((old, new));
    }
    all.into_values().collect()
}

impl Difference {
    /// Compares two sides of one cluster. Both must know what each other's policies call pods.
    #[must_use]
    pub fn between(before: &Reach, after: &Reach) -> Self {
        let workloads = both(before, after);
        let mut numbers = Numbers::default();
        let old = numbers.of(before.table.sets());
        let new = numbers.of(after.table.sets());
        let mut changes = Vec::new();
        for (to, target) in workloads.iter().enumerate() {
            let mut sources: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
            for (from, source) in workloads.iter().enumerate() {
                let was = match (source.before, target.before) {
                    (Some(from), Some(to)) => at(&old, before.number_between(from, to)),
                    _ => NONE,
                };
                let now = match (source.after, target.after) {
                    (Some(from), Some(to)) => at(&new, after.number_between(from, to)),
                    _ => NONE,
                };
                if was != now {
                    sources.entry((was, now)).or_default().push(from);
                }
            }
            changes.extend(sources.into_iter().map(|((was, now), sources)| Change {
                own: to,
                direction: Direction::Ingress,
                other: Other::Workloads(sources),
                before: numbers.set(was),
                after: numbers.set(now),
            }));
        }
        let known = before.ends.unknown.iter().enumerate();
        let known: BTreeMap<&Pods, usize> = known.map(|(at, pods)| (pods, at)).collect();
        let later = after.ends.unknown.iter();
        let earlier: Vec<Option<usize>> = later.map(|pods| known.get(pods).copied()).collect();
        for (own, both) in workloads.iter().enumerate() {
            for direction in Direction::BOTH {
                let outside = outside(before, after, both, direction, (&old, &new));
                changes.extend(outside.into_iter().map(|(set, (was, now))| Change {
                    own,
                    direction,
                    other: Other::Addresses(set),
                    before: numbers.set(was),
                    after: numbers.set(now),
                }));
                let unknown = unknown(before, after, both, direction, &earlier, (&old, &new));
                changes.extend(
                    unknown
                        .into_iter()
                        .filter_map(|(number, pods, (was, now))| {
                            let (was, now) = (numbers.set(was), numbers.set(now));
                            // What closes to pods that went is no news: they were workloads, and these are told.
                            let earlier = earlier.get(number).copied().flatten();
                            if earlier.is_some_and(|at| before.is_held(at)) && now.is_within(&was) {
                                return None;
                            }
                            Some(Change {
                                own,
                                direction,
                                other: Other::Pods { pods, number },
                                before: was,
                                after: now,
                            })
                        }),
                );
            }
        }
        for (own, both) in workloads.iter().enumerate() {
            if let Some((was, now)) = &both.ways_in {
                let (was, now) = (numbers.number(was), numbers.number(now));
                changes.push(Change {
                    own,
                    direction: Direction::Ingress,
                    other: Other::Controller,
                    before: numbers.set(was),
                    after: numbers.set(now),
                });
            }
        }
        Self { workloads, changes }
    }

    /// Tells the difference line by line, as far as one of the two ends is to be shown: what passed and what passes. Either
    /// of pods that the repository does not hold, or of all others.
    pub fn tell(
        &self,
        sides: (&Reach, &Reach),
        of_pods: bool,
        is_shown: &dyn Fn(&Named) -> bool,
        lines: &mut Gathered<2>,
    ) {
        let (before, after) = sides;
        let names: Vec<Vec<(u32, bool)>> = self
            .workloads
            .iter()
            .map(|both| {
                let named = both.workloads.iter().filter_map(|(old, new)| {
                    let new = new.and_then(|at| after.world.workloads.get(at));
                    let workload = new.or_else(|| before.world.workloads.get((*old)?))?;
                    Some(Named::workload(workload))
                });
                named
                    .map(|named| (lines.end(&named), is_shown(&named)))
                    .collect()
            })
            .collect();
        let names = |own: usize| names.get(own).map(Vec::as_slice).unwrap_or_default();
        let told = || {
            let changes = self.changes.iter();
            changes.filter(|change| matches!(change.other, Other::Pods { .. }) == of_pods)
        };
        let most = told().map(|change| {
            let count = names(change.own).len();
            match &change.other {
                Other::Workloads(from) => {
                    let sources = from.iter().map(|from| names(*from).len());
                    count * sources.sum::<usize>()
                }
                _ => count,
            }
        });
        lines.reserve(most.sum());
        for change in told() {
            let mut of_end = |end: &Named| (lines.end(end), false);
            let other: Vec<(u32, bool)>;
            let others = match &change.other {
                Other::Workloads(from) => {
                    let sources = from.iter().flat_map(|from| names(*from));
                    other = sources.copied().collect();
                    other.as_slice()
                }
                Other::Addresses(set) => {
                    other = ranges(set).map(|range| of_end(&range)).collect();
                    other.as_slice()
                }
                Other::Controller => {
                    other = vec![of_end(&Named::Controller)];
                    other.as_slice()
                }
                Other::Pods { pods, .. } => {
                    other = vec![of_end(&Named::Pods(pods.clone()))];
                    other.as_slice()
                }
            };
            let words = [&change.before, &change.after].map(|it| lines.word(&it.to_string()));
            for own in names(change.own) {
                let others = others.iter().filter(|other| other.0 != own.0);
                for other in others.filter(|other| own.1 || other.1) {
                    let (from, to) = directed(change.direction, own.0, other.0);
                    lines.add(from, to, words);
                }
            }
        }
    }
}

/// What changes between workloads and addresses.
fn outside(
    before: &Reach,
    after: &Reach,
    both: &Both,
    direction: Direction,
    numbers: (&[u32], &[u32]),
) -> Vec<(Addresses, (u32, u32))> {
    let parts = |reach: &Reach, class: Option<usize>, numbers: &[u32]| -> Vec<(Addresses, u32)> {
        let Some(class) = class else {
            return vec![(Addresses::all(), NONE)];
        };
        let parts = reach.outside_numbers(class, direction).into_iter();
        parts
            .map(|(set, number)| (set, at(numbers, number)))
            .collect()
    };
    let old = parts(before, both.before, numbers.0);
    let new = parts(after, both.after, numbers.1);
    let mut pieces: BTreeMap<(u32, u32), Addresses> = BTreeMap::new();
    for (set, was) in &old {
        for (other, now) in &new {
            let common = set.intersection(other);
            if !common.is_empty() {
                let own = pieces.entry((*was, *now)).or_default();
                *own = own.union(&common);
            }
        }
    }
    let pieces: Vec<(Addresses, (u32, u32))> = pieces
        .into_iter()
        .map(|(value, set)| (set, value))
        .collect();
    let unnamed: Intervals<u32> = before.ends.unnamed_v4.intersection(&after.ends.unnamed_v4);
    let told = told_outside(&pieces, &unnamed).into_iter();
    told.filter(|(_, (was, now))| was != now).collect()
}

/// What changes between workloads and pods that the repository does not hold, by the number that these have after, without
/// what a wider change says already and what is meant for workloads that are there. `earlier` has the numbers that they had before.
fn unknown(
    before: &Reach,
    after: &Reach,
    both: &Both,
    direction: Direction,
    earlier: &[Option<usize>],
    numbers: (&[u32], &[u32]),
) -> Vec<(usize, Pods, (u32, u32))> {
    let side = |reach: &Reach, class: Option<usize>, pods: Option<usize>, numbers: &[u32]| {
        let (Some(class), Some(pods)) = (class, pods) else {
            return NONE;
        };
        at(
            numbers,
            reach.number_of_side(class, direction, End::Unknown(pods)),
        )
    };
    let values = earlier.iter().enumerate().map(|(number, earlier)| {
        let was = side(before, both.before, *earlier, numbers.0);
        let now = side(after, both.after, Some(number), numbers.1);
        (was, now)
    });
    let values: Vec<(u32, u32)> = values.collect();
    let told = values.iter().enumerate().filter(|(own, value)| {
        let wider = after.ends.wider.get(*own).into_iter().flatten();
        let mut wider = wider.filter_map(|wider| values.get(*wider));
        value.0 != value.1 && !wider.any(|wider| wider == *value) && !after.is_held(*own)
    });
    let told = told.filter_map(|(own, value)| {
        let pods = after.ends.unknown.get(own)?;
        Some((own, without_same(pods, after, &values), *value))
    });
    told.collect()
}

/// Pods without those of a value of a label for which nothing changes, as what becomes of each of some is known by its
/// number.
fn without_same(pods: &Pods, after: &Reach, values: &[(u32, u32)]) -> Pods {
    let mut left = pods.clone();
    for (key, value, own) in pods.pods.each_value() {
        let own = Pods {
            namespaces: pods.namespaces.clone(),
            pods: own,
        };
        let number = after.ends.number_of_unknown(&own);
        let is_same = |number: usize| values.get(number).is_some_and(|(was, now)| was == now);
        if number.is_some_and(is_same) {
            let others = Asked::NotIn(BTreeSet::from([Arc::clone(value)]));
            left.pods = left.pods.with(key, others);
        }
    }
    if left.pods.is_none() {
        return pods.clone();
    }
    left
}
