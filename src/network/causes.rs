//! What a change opens, by the line that opens it: one answer a cause, however many pairs it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;

use super::connections::Connections;
use super::difference::{Both, Difference, Other};
use super::ends::End;
use super::notation::Named;
use super::reach::Reach;
use super::world::{Action, Direction, Peer, Policy, Rule, Tier, Workload};

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
    /// Other lines that have a part in it, and what they are.
    pub related: BTreeSet<(Location, String)>,
}

/// What identifies the same policy on both sides.
fn is_same(one: &Policy, other: &Policy) -> bool {
    one.kind == other.kind && one.namespace == other.namespace && one.name == other.name
}

/// True if two rules mean the same.
fn means_the_same(one: &Rule, other: &Rule) -> bool {
    let peers = |rule: &Rule| -> Option<BTreeSet<Peer>> {
        let peers = rule.peers.as_ref()?.iter();
        Some(peers.map(|written| written.peer.clone()).collect())
    };
    one.action == other.action
        && peers(one) == peers(other)
        && one.meant_ports() == other.meant_ports()
}

/// Both sides of a change.
struct Sides<'r> {
    before: &'r Reach,
    after: &'r Reach,
    /// By the namespace of the workloads as well: to others that is another one.
    opened: BTreeMap<(Location, Direction, bool, Thing, Arc<str>), Opened>,
}

/// What a change opens between ends that were there before.
#[must_use]
pub fn opened(before: &Reach, after: &Reach, difference: &Difference) -> Vec<Opened> {
    let mut sides = Sides {
        before,
        after,
        opened: BTreeMap::new(),
    };
    let unknown = after.ends.unknown.iter().enumerate();
    let unknown: BTreeMap<_, usize> = unknown.map(|(at, pods)| (pods, at)).collect();
    for change in &difference.changes {
        let gained = change.after.minus(&change.before);
        let Some(own) = difference.workloads.get(change.own) else {
            continue;
        };
        if gained.is_empty() {
            continue;
        }
        match &change.other {
            Other::Workloads(from) => {
                if let Some(source) = difference.workloads.get(*from) {
                    sides.between(own, source, Direction::Ingress, &gained);
                    sides.between(source, own, Direction::Egress, &gained);
                }
            }
            Other::Pods(pods) => {
                let Some(unknown) = unknown.get(pods).copied() else {
                    continue;
                };
                let others = [Named::Pods(pods.clone())];
                let end = End::Unknown(unknown);
                sides.add(own, change.direction, end, None, &others, &gained);
            }
            Other::Addresses(set) => {
                let mut parts = after.ends.parts.iter();
                let part = parts.position(|part| !part.intersection(set).is_empty());
                let Some(part) = part else {
                    continue;
                };
                let others: Vec<Named> = super::notation::ranges(set).collect();
                let end = End::Addresses(part);
                sides.add(own, change.direction, end, None, &others, &gained);
            }
            // What an Ingress opens is the matter of what is exposed.
            Other::Controller => {}
        }
    }
    sides.opened.into_values().collect()
}

impl Sides<'_> {
    /// What one side of workloads lets through now to or from other workloads, as far as it makes the difference.
    fn between(&mut self, own: &Both, other: &Both, direction: Direction, gained: &Connections) {
        let (Some(old), Some(new)) = (own.before, own.after) else {
            return;
        };
        let (Some(other_old), Some(other_new)) = (other.before, other.after) else {
            return;
        };
        let was = self.before.side(old, direction, End::Class(other_old));
        let now = self.after.side(new, direction, End::Class(other_new));
        let gained = now.minus(was).intersection(gained);
        if gained.is_empty() {
            return;
        }
        let others = other.workloads.iter().filter_map(|(_, new)| {
            let workload = self.after.world.workloads.get((*new)?)?;
            Some(Named::workload(workload))
        });
        let others: Vec<Named> = others.collect();
        let end = End::Class(other_new);
        self.add(own, direction, end, Some(other), &others, &gained);
    }

    /// Adds what workloads let through now, to the line that opens it.
    fn add(
        &mut self,
        own: &Both,
        direction: Direction,
        end: End,
        other: Option<&Both>,
        others: &[Named],
        gained: &Connections,
    ) {
        let (Some(old), Some(new)) = (own.before, own.after) else {
            return;
        };
        let is_unprotected = self.before.is_isolated(old, direction)
            && !self.after.is_isolated(new, direction)
            && !self
                .after
                .ends
                .classes
                .get(new)
                .is_some_and(|it| it.is_exempt);
        for (before, after) in &own.workloads {
            let (Some(before), Some(after)) = (before, after) else {
                continue;
            };
            let (before_world, after_world) = (&self.before.world, &self.after.world);
            let (Some(workload), Some(earlier)) = (
                after_world.workloads.get(*after),
                before_world.workloads.get(*before),
            ) else {
                continue;
            };
            let (thing, at, related) = if is_unprotected {
                self.unprotected_by(old, direction, workload, earlier)
            } else {
                self.opened_by(
                    (old, new),
                    direction,
                    end,
                    other,
                    (workload, earlier),
                    gained,
                )
            };
            let namespace = Arc::clone(&workload.namespace);
            let key = (
                at.clone(),
                direction,
                is_unprotected,
                thing.clone(),
                namespace,
            );
            let opened = self.opened.entry(key).or_insert_with(|| Opened {
                thing,
                at,
                is_unprotected,
                direction,
                workloads: BTreeSet::new(),
                others: BTreeSet::new(),
                connections: Connections::none(),
                related: BTreeSet::new(),
            });
            let own = Named::workload(workload);
            opened
                .others
                .extend(others.iter().filter(|it| **it != own).cloned());
            opened.workloads.insert(own);
            opened.connections = opened.connections.union(gained);
            opened.related.extend(related);
        }
    }

    /// Why no policy selects a workload any more.
    fn unprotected_by(
        &self,
        old: usize,
        direction: Direction,
        workload: &Workload,
        earlier: &Workload,
    ) -> (Thing, Location, Vec<(Location, String)>) {
        let policies = self.before.policies(old, direction);
        let mut gone = None;
        for policy in policies.filter(|policy| policy.tier == Tier::Namespace) {
            let mut later = self.after.world.policies.iter();
            let Some(later) = later.find(|later| is_same(policy, later)) else {
                gone = gone.or(Some(policy));
                continue;
            };
            let selected = (policy.subject_at.clone(), policy.title());
            if later.rules(direction).is_none() {
                return (Thing::Policy, later.at.clone(), Vec::new());
            }
            if workload.labels != earlier.labels && later.subject == policy.subject {
                let related = format!("{} selected it by its labels", selected.1);
                return (
                    Thing::Workload,
                    workload.at.clone(),
                    vec![(later.subject_at.clone(), related)],
                );
            }
            return (Thing::Policy, later.subject_at.clone(), Vec::new());
        }
        match gone {
            Some(policy) => (Thing::GonePolicy, policy.at.clone(), Vec::new()),
            None => (Thing::Workload, workload.at.clone(), Vec::new()),
        }
    }

    /// Which line lets through what did not pass.
    fn opened_by(
        &self,
        classes: (usize, usize),
        direction: Direction,
        end: End,
        other: Option<&Both>,
        (workload, earlier): (&Workload, &Workload),
        gained: &Connections,
    ) -> (Thing, Location, Vec<(Location, String)>) {
        let (old, new) = classes;
        let number = self.after.ends.number(end);
        let mut first = None;
        for policy in self.after.policies(new, direction) {
            for rule in policy.rules(direction).unwrap_or_default() {
                let lets = rule.action != Action::Deny && self.after.ends.means(rule, number);
                let ports = || self.after.ports_of(rule, new, direction, end);
                if !lets || ports().intersection(gained).is_empty() {
                    continue;
                }
                let mut earlier_policies = self.before.policies(old, direction);
                let counterpart = earlier_policies.find(|it| is_same(it, policy));
                let rules = counterpart
                    .and_then(|it| it.rules(direction))
                    .unwrap_or_default();
                let was_there = rules.iter().any(|it| means_the_same(it, rule));
                let mut related = Vec::new();
                if was_there {
                    related.extend(self.relabelled(other));
                } else if counterpart.is_none() && workload.labels != earlier.labels {
                    let text = format!("these labels make {} select it", policy.title());
                    related.push((workload.at.clone(), text));
                }
                let found = (Thing::Policy, line_of(self.after, rule, number), related);
                // A line that is new says more than one that was there.
                if !was_there || !found.2.is_empty() {
                    return found;
                }
                first = first.or(Some(found));
            }
        }
        if let Some(found) = first {
            return found;
        }
        // Nothing lets it through that did not: something denied it.
        for policy in self.before.policies(old, direction) {
            let mut later = self.after.world.policies.iter();
            match later.find(|later| is_same(policy, later)) {
                Some(later) if later.tier != Tier::Namespace => {
                    return (Thing::Policy, later.at.clone(), Vec::new());
                }
                None if policy.tier != Tier::Namespace => {
                    return (Thing::GonePolicy, policy.at.clone(), Vec::new());
                }
                _ => {}
            }
        }
        (Thing::Workload, workload.at.clone(), Vec::new())
    }

    /// The labels of the other end, or of its namespace, that are others than before.
    fn relabelled(&self, other: Option<&Both>) -> Vec<(Location, String)> {
        let mut all = BTreeSet::new();
        for (before, after) in other.into_iter().flat_map(|other| &other.workloads) {
            let old = before.and_then(|at| self.before.world.workloads.get(at));
            let new = after.and_then(|at| self.after.world.workloads.get(at));
            let (Some(old), Some(new)) = (old, new) else {
                continue;
            };
            if old.labels != new.labels {
                let text = format!("the labels of {}", Named::workload(new));
                all.insert((new.at.clone(), text));
            }
            let namespaces = (
                self.before.world.namespace(&old.namespace),
                self.after.world.namespace(&new.namespace),
            );
            if let (Some(old), Some(new)) = namespaces
                && old.labels != new.labels
                && let Some(at) = &new.at
            {
                all.insert((at.clone(), format!("the labels of namespace {}", new.name)));
            }
        }
        all.into_iter().collect()
    }
}

/// The line of a rule that names an end.
fn line_of(reach: &Reach, rule: &Rule, number: usize) -> Location {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let mut peers = rule.peers.iter().flatten();
    let peer = peers.find(|it| {
        reach
            .ends
            .members_of(&it.peer)
            .binary_search(&number)
            .is_ok()
    });
    peer.map_or_else(|| rule.at.clone(), |peer| peer.at.clone())
}
