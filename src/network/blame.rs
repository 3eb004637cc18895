//! Which line of a change lets through what did not pass.

use std::collections::BTreeSet;

use crate::finding::Location;

use super::causes::Thing;
use super::connections::Connections;
use super::difference::Both;
use super::ends::End;
use super::notation::Named;
use super::reach::Reach;
use super::world::{Action, Direction, Peer, Policy, Ports, Rule, Tier, Workload};

/// What it is a line of, where it stands, and other lines that have a part in it.
pub(super) type Found = (Thing, Location, Vec<(Location, String)>);

/// A workload for which something is opened in a direction.
pub(super) struct Blame<'r> {
    pub(super) before: &'r Reach,
    pub(super) after: &'r Reach,
    /// Its classes before and after.
    pub(super) classes: (usize, usize),
    pub(super) direction: Direction,
    pub(super) workload: &'r Workload,
    pub(super) earlier: &'r Workload,
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

/// True if two policies say the same of the same pods.
fn says_the_same(one: &Policy, other: &Policy, direction: Direction) -> bool {
    let rules = |policy: &Policy| policy.rules(direction).map(<[Rule]>::len);
    let pair = (one.rules(direction), other.rules(direction));
    let (Some(ones), Some(others)) = pair else {
        return false;
    };
    let mut rules_of_both = ones.iter().zip(others);
    one.subject == other.subject
        && one.priority == other.priority
        && rules(one) == rules(other)
        && rules_of_both.all(|(one, other)| means_the_same(one, other))
}

impl Blame<'_> {
    /// Why no policy selects a workload any more.
    pub(super) fn unprotected_by(&self) -> Found {
        let policies = self.before.policies(self.classes.0, self.direction);
        let mut gone = None;
        for policy in policies.filter(|policy| policy.tier == Tier::Namespace) {
            let mut later = self.after.world.policies.iter();
            let Some(later) = later.find(|later| is_same(policy, later)) else {
                gone = gone.or(Some(policy));
                continue;
            };
            if later.rules(self.direction).is_none() {
                // A patch may say so.
                let types = later.types_at.iter();
                let types = types.filter(|at| at.path != later.at.path);
                let types =
                    types.map(|at| (at.clone(), "the directions that it is for".to_owned()));
                return (Thing::Policy, later.at.clone(), types.collect());
            }
            if self.workload.labels != self.earlier.labels && later.subject == policy.subject {
                let related = format!("{} selected it by its labels", policy.title());
                let mut all = vec![(later.subject_at.clone(), related)];
                all.extend(self.added_labels());
                return (Thing::Workload, self.labels_at(), all);
            }
            return (Thing::Policy, later.subject_at.clone(), Vec::new());
        }
        match gone {
            Some(policy) => (Thing::GonePolicy, policy.at.clone(), Vec::new()),
            None => (Thing::Workload, self.labels_at(), self.added_labels()),
        }
    }

    /// Where the labels of the workload stand: where they are others than before, if a patch writes them.
    fn labels_at(&self) -> Location {
        changed_at(self.earlier, self.workload)
    }

    /// Where kustomizations put labels on the workload that are others than before.
    fn added_labels(&self) -> Vec<(Location, String)> {
        added(self.earlier, self.workload).collect()
    }

    /// Which line lets through what did not pass; none where nothing but a new port of the destination does, for those whom
    /// its name let in before.
    pub(super) fn opened_by(
        &self,
        end: End,
        other: Option<&Both>,
        gained: &Connections,
    ) -> Option<Found> {
        let (old, new) = self.classes;
        let number = self.after.ends.number(end);
        let (mut first, mut is_new_port) = (None, false);
        for policy in self.after.policies(new, self.direction) {
            let mut earlier_policies = self.before.policies(old, self.direction);
            let counterpart = earlier_policies.find(|it| is_same(it, policy));
            for rule in policy.rules(self.direction).unwrap_or_default() {
                let lets = rule.action != Action::Deny && self.after.ends.means(rule, number);
                let ports = || self.after.ports_of(rule, new, self.direction, end);
                if !lets || ports().intersection(gained).is_empty() {
                    continue;
                }
                let rules = counterpart.and_then(|it| it.rules(self.direction));
                let mut rules = rules.unwrap_or_default().iter();
                let was_there = rules.any(|it| means_the_same(it, rule));
                let mut related = Vec::new();
                if was_there {
                    related.extend(self.relabelled(end, other));
                } else if counterpart.is_none() && self.was_there(policy) {
                    related.extend(
                        self.own_labels(&format!("these labels make {} select it", policy.title())),
                    );
                }
                if was_there && related.is_empty() {
                    match self.renumbered(rule, other, gained) {
                        Some(None) => {
                            is_new_port = true;
                            continue;
                        }
                        Some(Some(place)) => related.push(place),
                        None => {}
                    }
                }
                let found = (Thing::Policy, line_of(self.after, rule, number), related);
                // A line that is new says more than one that was there.
                if !was_there || !found.2.is_empty() {
                    return Some(found);
                }
                first = first.or(Some(found));
            }
        }
        if is_new_port && first.is_none() {
            return None;
        }
        // Nothing lets it through that did not: something denied it.
        let denied = self.denied_by(end, other);
        let own = || (Thing::Workload, self.labels_at(), self.added_labels());
        Some(denied.or(first).unwrap_or_else(own))
    }

    /// What denied or passed on before and does no more.
    fn denied_by(&self, end: End, other: Option<&Both>) -> Option<Found> {
        let policies = self.before.policies(self.classes.0, self.direction);
        let mut policies = policies.filter(|policy| policy.tier != Tier::Namespace);
        policies.find_map(|policy| {
            let mut later = self.after.world.policies.iter();
            let Some(later) = later.find(|later| is_same(policy, later)) else {
                return Some((Thing::GonePolicy, policy.at.clone(), Vec::new()));
            };
            let mut related = Vec::new();
            if says_the_same(policy, later, self.direction) {
                let mut still = self.after.policies(self.classes.1, self.direction);
                related = if still.any(|it| is_same(it, policy)) {
                    self.relabelled(end, other)
                } else {
                    self.own_labels(&format!("{} selected it by these labels", policy.title()))
                };
                if related.is_empty() {
                    return None;
                }
            }
            Some((Thing::Policy, later.at.clone(), related))
        })
    }

    fn was_there(&self, policy: &Policy) -> bool {
        let mut earlier = self.before.world.policies.iter();
        earlier.any(|it| is_same(it, policy))
    }

    /// The labels of the workload, or of its namespace, that are others than before.
    fn own_labels(&self, text: &str) -> Vec<(Location, String)> {
        let mut all = Vec::new();
        if self.workload.labels != self.earlier.labels {
            all.push((self.labels_at(), text.to_owned()));
            all.extend(self.added_labels());
        }
        all.extend(self.relabelled_namespace(&self.earlier.namespace, &self.workload.namespace));
        all
    }

    /// The labels of the other end, or of its namespace, that are others than before.
    fn relabelled(&self, end: End, other: Option<&Both>) -> Vec<(Location, String)> {
        let mut all = BTreeSet::new();
        for (before, after) in other.into_iter().flat_map(|other| &other.workloads) {
            let old = before.and_then(|at| self.before.world.workloads.get(at));
            let new = after.and_then(|at| self.after.world.workloads.get(at));
            let (Some(old), Some(new)) = (old, new) else {
                continue;
            };
            if old.labels != new.labels {
                let text = format!("the labels of {}", Named::workload(new));
                all.insert((changed_at(old, new), text));
                all.extend(added(old, new));
            }
            all.extend(self.relabelled_namespace(&old.namespace, &new.namespace));
        }
        let unknown = match end {
            End::Unknown(at) => self.after.ends.unknown.get(at),
            End::Class(_) | End::Addresses(_) => None,
        };
        if let Some(name) = unknown.and_then(|pods| pods.namespaces.only_namespace()) {
            all.extend(self.relabelled_namespace(name, name));
        }
        all.into_iter().collect()
    }

    fn relabelled_namespace(&self, old: &str, new: &str) -> Option<(Location, String)> {
        let old = self.before.world.namespace(old)?;
        let new = self.after.world.namespace(new)?;
        let all = new.at.as_ref().filter(|_| old.labels != new.labels)?;
        let mut added = new.labels_at.newly_added(&old.labels, &new.labels);
        let at = new.labels_at.first_new(&old.labels, &new.labels);
        let at = at.or_else(|| added.next()).unwrap_or(all);
        Some((at.clone(), format!("the labels of namespace {}", new.name)))
    }

    /// Where a rule is as before and the ports that it names have other numbers at the destination: the place of these, or
    /// none where nothing else stood at the new numbers. Who may reach a port by its name reaches it wherever it goes.
    #[expect(
        clippy::option_option,
        reason = "no other numbers, new ones, and ones that were there"
    )]
    fn renumbered(
        &self,
        rule: &Rule,
        other: Option<&Both>,
        gained: &Connections,
    ) -> Option<Option<(Location, String)>> {
        let (earlier, workload) = match self.direction {
            Direction::Ingress => (self.earlier, self.workload),
            Direction::Egress => {
                let mut pairs = other?.workloads.iter();
                pairs.find_map(|(old, new)| {
                    let old = self.before.world.workloads.get((*old)?)?;
                    Some((old, self.after.world.workloads.get((*new)?)?))
                })?
            }
        };
        let numbers = |workload: &Workload| {
            let entries = rule.entries();
            entries.fold(Connections::none(), |all, ports| match ports {
                Ports::Named(protocol, name) => all.union(&workload.named(*protocol, name)),
                Ports::Numbers(_) => all,
            })
        };
        let (was, is) = (numbers(earlier), numbers(workload));
        let new = is.minus(&was);
        if new.intersection(gained).is_empty() {
            return None;
        }
        // Where nothing had the name, nobody came in by it.
        let is_taken = was.is_empty() || !new.intersection(&earlier.declared).is_empty();
        Some(is_taken.then(|| {
            let named = Named::workload(workload);
            let text = format!("the ports of {named} have other names");
            (workload.at.clone(), text)
        }))
    }
}

/// Where the labels of a workload stand that are others than before, if a patch writes them; else where all do.
fn changed_at(before: &Workload, after: &Workload) -> Location {
    let new = after.labels_at.first_new(&before.labels, &after.labels);
    new.unwrap_or(&after.at).clone()
}

/// Where kustomizations put labels on a workload that are others than before.
fn added<'w>(
    before: &'w Workload,
    after: &'w Workload,
) -> impl Iterator<Item = (Location, String)> + use<'w> {
    let places = after.labels_at.newly_added(&before.labels, &after.labels);
    places.map(|at| {
        let text = format!("the label that is put on {} here", Named::workload(after));
        (at.clone(), text)
    })
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
