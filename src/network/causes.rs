//! What a change opens, by the line that opens it: one answer a cause, however many pairs it is about; `hostNetwork` is one,
//! whoever is reached by it. Each end of a connection is told for itself, as each can be accepted for itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::Location;

use super::blame::{Blame, Found};
use super::connections::Connections;
use super::difference::{Both, Difference, Other};
use super::ends::End;
use super::escaped::Escaped;
use super::notation::Named;
use super::reach::Reach;
use super::words::comes_from_afar;
use super::world::{Direction, Workload};

/// The thing that opens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A policy of the head.
    Policy,
    /// A policy of the base that is gone.
    GonePolicy,
    /// A workload of the head: its labels.
    Workload,
}

/// What one line opens in one namespace.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What it is a line of.
    pub thing: Thing,
    /// Where it stands: in the head, or in the base where the policy is gone.
    pub at: Location,
    /// True if workloads that a `NetworkPolicy` selected are selected by none any more.
    pub is_unprotected: bool,
    /// The direction, seen from the workloads.
    pub direction: Direction,
    /// The workloads.
    pub workloads: BTreeSet<Named>,
    /// The other ends.
    pub others: BTreeSet<Named>,
    /// What passes and did not.
    pub connections: Connections,
    /// True if something comes in from outside of the cluster or from another namespace.
    pub is_from_afar: bool,
    /// Other lines that have a part in it, and what they are.
    pub related: BTreeSet<(Location, String)>,
}

/// All that a change opens between ends that were there before.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    /// By the line that opens it.
    pub opened: Vec<Opened>,
    /// By workloads that have come to share the network of their node.
    pub escaped: Vec<Escaped>,
}

/// What one line opens, while it is gathered: there may be a pair for each two workloads.
struct Gathered {
    opened: Opened,
    /// Whether workloads are at the other end, by the numbers of those that nothing tells apart.
    groups: Vec<bool>,
    /// What passes and did not, by number.
    gains: BTreeSet<usize>,
}

/// What tells one line that opens something from others: the line, the direction, whether it leaves workloads without a
/// policy, what it is a line of, and the namespace of the workloads: to others that is another one.
type Line = (Location, Direction, bool, Thing, Arc<str>);

/// Both sides of a change.
struct Sides<'r> {
    before: &'r Reach,
    after: &'r Reach,
    difference: &'r Difference,
    /// Of the workloads that nothing tells apart, those that share the network of their node now and did not before.
    escaped_groups: Vec<bool>,
    /// Lines, by number.
    lines: BTreeMap<Line, usize>,
    gathered: Vec<Gathered>,
    /// The lines that leave workloads without a policy.
    unprotected: HashMap<(usize, Direction), Option<Arc<[usize]>>>,
    /// What is gained somewhere, by number.
    gains: Vec<Connections>,
    escaped: BTreeMap<Named, Escaped>,
}

/// What one end of a pair gains, by what it let through before and lets through now.
type Gains = HashMap<(u32, u32), Option<usize>>;

/// What a change opens between ends that were there before.
#[must_use]
pub fn opened(before: &Reach, after: &Reach, difference: &Difference) -> Openings {
    let mut sides = Sides {
        before,
        after,
        difference,
        escaped_groups: Vec::new(),
        lines: BTreeMap::new(),
        gathered: Vec::new(),
        unprotected: HashMap::new(),
        gains: Vec::new(),
        escaped: BTreeMap::new(),
    };
    let groups = difference.workloads.iter();
    sides.escaped_groups = groups.map(|both| sides.has_escaped(both)).collect();
    for change in &difference.changes {
        let gained = change.after.minus(&change.before);
        if gained.is_empty() {
            continue;
        }
        let (end, others): (End, Vec<Named>) = match &change.other {
            Other::Workloads(sources) => {
                // What each of the two ends lets through decides.
                let (mut lets_in, mut lets_out) = (Gains::new(), Gains::new());
                for from in sources {
                    let pair = (change.own, *from);
                    sides.between(pair, Direction::Ingress, &gained, &mut lets_in);
                    let pair = (*from, change.own);
                    sides.between(pair, Direction::Egress, &gained, &mut lets_out);
                }
                continue;
            }
            Other::Pods { pods, number } => {
                (End::Unknown(*number), vec![Named::Pods(pods.clone())])
            }
            Other::Addresses(set) => {
                let mut parts = after.ends.parts.iter();
                let part = parts.position(|part| !part.intersection(set).is_empty());
                let Some(part) = part else {
                    continue;
                };
                (End::Addresses(part), super::notation::ranges(set).collect())
            }
            // What an Ingress opens is the matter of what is exposed.
            Other::Controller => continue,
        };
        let gain = sides.gain(gained);
        sides.add(
            change.own,
            change.direction,
            end,
            gain,
            &Others::Named(&others),
        );
    }
    sides.openings()
}

/// The other end of what is opened.
enum Others<'o> {
    /// Workloads, by the number of those that nothing tells apart.
    Group(usize),
    /// Pods that the repository does not hold, or addresses.
    Named(&'o [Named]),
}

impl<'r> Sides<'r> {
    /// The workloads of both sides, before and after, that nothing tells apart.
    fn pairs(&self, group: usize) -> Vec<(&'r Workload, &'r Workload)> {
        let (before, after) = (&self.before.world, &self.after.world);
        let both = self.difference.workloads.get(group).into_iter();
        let numbers = both.flat_map(|both| both.workloads.iter().copied());
        let pairs = numbers.filter_map(|(old, new)| {
            Some((before.workloads.get(old?)?, after.workloads.get(new?)?))
        });
        pairs.collect()
    }

    /// The names of workloads of both sides.
    fn names(&self, group: usize) -> Vec<Named> {
        let pairs = self.pairs(group).into_iter();
        pairs.map(|(_, after)| Named::workload(after)).collect()
    }

    /// True if policies reached workloads, and do no more as these share the network of their node.
    fn has_escaped(&self, both: &Both) -> bool {
        let is_exempt = |reach: &Reach, class: Option<usize>| {
            let class = class.and_then(|at| reach.ends.classes.get(at));
            class.map(|class| class.is_exempt)
        };
        is_exempt(self.before, both.before) == Some(false)
            && is_exempt(self.after, both.after) == Some(true)
    }

    fn is_escaped(&self, group: usize) -> bool {
        self.escaped_groups.get(group).copied().unwrap_or_default()
    }

    /// The number of what is gained.
    fn gain(&mut self, gained: Connections) -> usize {
        self.gains.push(gained);
        self.gains.len() - 1
    }

    /// What is opened by workloads that have come to share the network of their node.
    fn escape(&mut self, group: usize, gain: usize, mut add: impl FnMut(&mut Escaped)) {
        let pairs = self.pairs(group);
        let Some(gained) = self.gains.get(gain) else {
            return;
        };
        for (_, workload) in pairs {
            let Some(at) = &workload.on_host else {
                continue;
            };
            let named = Named::workload(workload);
            let escaped = self
                .escaped
                .entry(named)
                .or_insert_with_key(|named| Escaped::new(named.clone(), at.clone()));
            escaped.connections = escaped.connections.union(gained);
            add(escaped);
        }
    }

    /// What one side of workloads lets through now to or from other workloads, as far as it makes the difference.
    fn between(
        &mut self,
        (own, other): (usize, usize),
        direction: Direction,
        gained: &Connections,
        known: &mut Gains,
    ) {
        let groups = &self.difference.workloads;
        let (Some(one), Some(two)) = (groups.get(own), groups.get(other)) else {
            return;
        };
        let (Some(old), Some(new)) = (one.before, one.after) else {
            return;
        };
        let (Some(other_old), Some(other_new)) = (two.before, two.after) else {
            return;
        };
        // A workload by itself is no pair.
        if own == other && one.workloads.len() == 1 {
            return;
        }
        let before = self.before;
        let was = before.number_of_side(old, direction, End::Class(other_old));
        let after = self.after;
        let now = after.number_of_side(new, direction, End::Class(other_new));
        let gain = *known.entry((was, now)).or_insert_with(|| {
            let (was, now) = (before.table.set(was), after.table.set(now));
            let gained = now.minus(was).intersection(gained);
            (!gained.is_empty()).then(|| self.gain(gained))
        });
        let Some(gain) = gain else {
            return;
        };
        if !self.is_escaped(own) && self.is_escaped(other) {
            let own = self.names(own);
            self.escape(other, gain, |escaped| match direction {
                Direction::Ingress => escaped.reached.extend(own.iter().cloned()),
                Direction::Egress => escaped.comes_in.extend(own.iter().cloned()),
            });
            return;
        }
        let end = End::Class(other_new);
        self.add(own, direction, end, gain, &Others::Group(other));
    }

    /// Adds what workloads let through now, to the lines that open it.
    fn add(
        &mut self,
        group: usize,
        direction: Direction,
        end: End,
        gain: usize,
        others: &Others<'_>,
    ) {
        if self.is_escaped(group) {
            let others = match others {
                Others::Group(other) => self.names(*other),
                Others::Named(others) => others.to_vec(),
            };
            self.escape(group, gain, |escaped| {
                let ends = match direction {
                    Direction::Ingress => &mut escaped.comes_in,
                    Direction::Egress => &mut escaped.goes_out,
                };
                ends.extend(others.iter().filter(|it| **it != escaped.workload).cloned());
            });
            return;
        }
        let key = (group, direction);
        let known = self.unprotected.get(&key).cloned();
        let unprotected = known.unwrap_or_else(|| {
            let found = self.unprotected_by(group, direction);
            self.unprotected.insert(key, found.clone());
            found
        });
        let lines = match unprotected {
            Some(lines) => lines,
            None => self.opened_by(group, direction, end, gain, others),
        };
        for line in lines.iter() {
            let Some(gathered) = self.gathered.get_mut(*line) else {
                continue;
            };
            gathered.gains.insert(gain);
            match others {
                Others::Group(other) => {
                    if let Some(is_there) = gathered.groups.get_mut(*other) {
                        *is_there = true;
                    }
                }
                Others::Named(others) => gathered.opened.others.extend(others.iter().cloned()),
            }
        }
    }

    fn blames(&self, group: usize, direction: Direction) -> Vec<Blame<'r>> {
        let Some(both) = self.difference.workloads.get(group) else {
            return Vec::new();
        };
        let (Some(old), Some(new)) = (both.before, both.after) else {
            return Vec::new();
        };
        let pairs = self.pairs(group).into_iter();
        let blames = pairs.map(|(earlier, workload)| Blame {
            before: self.before,
            after: self.after,
            classes: (old, new),
            direction,
            workload,
            earlier,
        });
        blames.collect()
    }

    /// The lines by which workloads have lost their last policy; none where they have not.
    fn unprotected_by(&mut self, group: usize, direction: Direction) -> Option<Arc<[usize]>> {
        let both = self.difference.workloads.get(group)?;
        let (old, new) = (both.before?, both.after?);
        let is_unprotected = self.before.is_isolated(old, direction)
            && !self.after.is_isolated(new, direction)
            && !self.after.ends.classes.get(new)?.is_exempt;
        is_unprotected.then(|| {
            let blames = self.blames(group, direction).into_iter();
            let lines = blames
                .map(|blame| self.line(blame.unprotected_by(), direction, true, blame.workload));
            lines.collect()
        })
    }

    /// The lines that let through what did not pass.
    fn opened_by(
        &mut self,
        group: usize,
        direction: Direction,
        end: End,
        gain: usize,
        others: &Others<'_>,
    ) -> Arc<[usize]> {
        let other = match others {
            Others::Group(other) => self.difference.workloads.get(*other),
            Others::Named(_) => None,
        };
        let none = Connections::none();
        let gained = self.gains.get(gain).unwrap_or(&none);
        let blames = self.blames(group, direction).into_iter();
        let found = blames.filter_map(|blame| {
            let found = blame.opened_by(end, other, gained)?;
            Some((found, blame.workload))
        });
        let found: Vec<_> = found.collect();
        let lines = found
            .into_iter()
            .map(|(found, own)| self.line(found, direction, false, own));
        lines.collect()
    }

    /// The number of a line that opens something to or from a workload.
    fn line(
        &mut self,
        (thing, at, related): Found,
        direction: Direction,
        is_unprotected: bool,
        own: &Workload,
    ) -> usize {
        let namespace = Arc::clone(&own.namespace);
        let key = (
            at.clone(),
            direction,
            is_unprotected,
            thing.clone(),
            namespace,
        );
        let next = self.gathered.len();
        let number = *self.lines.entry(key).or_insert(next);
        if number == next {
            self.gathered.push(Gathered {
                opened: Opened {
                    thing,
                    at,
                    is_unprotected,
                    direction,
                    workloads: BTreeSet::new(),
                    others: BTreeSet::new(),
                    connections: Connections::none(),
                    is_from_afar: false,
                    related: BTreeSet::new(),
                },
                groups: vec![false; self.difference.workloads.len()],
                gains: BTreeSet::new(),
            });
        }
        if let Some(gathered) = self.gathered.get_mut(number) {
            gathered.opened.workloads.insert(Named::workload(own));
            gathered.opened.related.extend(related);
        }
        number
    }

    /// All that was gathered, in the order of the lines.
    fn openings(mut self) -> Openings {
        let gathered = std::mem::take(&mut self.gathered);
        let mut gathered: Vec<Option<Gathered>> = gathered.into_iter().map(Some).collect();
        let mut opened = Vec::new();
        for number in self.lines.values() {
            let own = gathered.get_mut(*number).and_then(Option::take);
            let Some(mut own) = own else {
                continue;
            };
            let groups = own.groups.iter().enumerate();
            let groups = groups.filter(|(_, is_there)| **is_there);
            let names = groups.flat_map(|(group, _)| self.names(group));
            own.opened.others.extend(names);
            let gains = own.gains.iter().filter_map(|gain| self.gains.get(*gain));
            own.opened.connections = gains.fold(Connections::none(), |all, it| all.union(it));
            // What reaches itself alone is no other end.
            if own.opened.workloads.len() == 1 {
                let Opened {
                    workloads, others, ..
                } = &mut own.opened;
                others.retain(|end| !workloads.contains(end));
            }
            own.opened.is_from_afar = comes_from_afar(&own.opened);
            // Nobody is let through by it.
            if !own.opened.others.is_empty() {
                opened.push(own.opened);
            }
        }
        Openings {
            opened,
            escaped: self.escaped.into_values().collect(),
        }
    }
}
