//! Who can reach whom: what the policies of one cluster let through between any two ends.

use std::collections::{BTreeMap, BTreeSet};

use super::addresses::Addresses;
use super::connections::{Connections, Protocol};
use super::ends::{Class, End, Ends};
use super::table::{ALL, NONE, Table};
use super::world::{Action, Direction, Pods, Policy, Ports, Rule, Tier, World, named};

/// What one side of connections lets through, by the number of the other end.
type Column = Vec<u32>;

/// Who can reach whom in one cluster.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What it is about.
    pub world: World,
    /// The ends.
    pub ends: Ends,
    /// The sets of connections, by number.
    pub table: Table,
    /// What each class lets in, by the number of the source.
    ingress: Vec<Column>,
    /// What each class lets out, by the number of the destination.
    egress: Vec<Column>,
    /// What passes from each class to each, by `from * classes + to`.
    between: Vec<u32>,
    /// The policies that a class is about, by number.
    policies: Vec<Vec<usize>>,
    /// Which of the pods that the repository does not hold are meant for workloads that are there.
    held: Vec<bool>,
}

impl Reach {
    /// Works it out.
    #[must_use]
    pub fn of(world: World) -> Self {
        Self::beside(world, &BTreeSet::new())
    }

    /// Works it out, with what another side of the same cluster calls pods.
    #[must_use]
    pub fn beside(world: World, others: &BTreeSet<Pods>) -> Self {
        let world = world.completed();
        let ends = Ends::of(&world, others);
        let selections: Vec<Option<usize>> = world
            .policies
            .iter()
            .map(|policy| ends.selection(&policy.subject))
            .collect();
        let policies: Vec<Vec<usize>> = ends
            .classes
            .iter()
            .map(|class| {
                let all = selections.iter().enumerate().filter(|(_, selection)| {
                    !class.is_exempt && selection.is_some_and(|it| class.is_in(it))
                });
                all.map(|(number, _)| number).collect()
            })
            .collect();
        let mut work = Work {
            world: &world,
            ends: &ends,
            table: Table::default(),
        };
        let mut columns = |direction: Direction| -> Vec<Column> {
            let classes = ends.classes.iter().zip(&policies);
            classes
                .map(|(class, policies)| work.column(class, policies, direction))
                .collect()
        };
        let (ingress, egress) = (columns(Direction::Ingress), columns(Direction::Egress));
        let mut table = work.table;
        let count = ends.classes.len();
        let mut between = Vec::with_capacity(count * count);
        for (from, egress) in egress.iter().enumerate() {
            for (out, ingress) in egress.iter().zip(&ingress) {
                let into = ingress.get(from).copied().unwrap_or(NONE);
                between.push(table.intersection(*out, into));
            }
        }
        let held = held(&ends);
        Self {
            world,
            ends,
            table,
            ingress,
            egress,
            between,
            policies,
            held,
        }
    }

    /// The number of what passes from one class to another.
    #[must_use]
    pub fn number_between(&self, from: usize, to: usize) -> u32 {
        let at = from * self.ends.classes.len() + to;
        self.between.get(at).copied().unwrap_or(NONE)
    }

    /// What passes from a workload to another, by their numbers.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> &Connections {
        let class = |workload: usize| self.ends.class_of.get(workload).copied();
        let number = match (class(from), class(to)) {
            (Some(from), Some(to)) => self.number_between(from, to),
            _ => NONE,
        };
        self.table.set(number)
    }

    /// The number of what a class itself lets through in a direction, whatever the other end says.
    #[must_use]
    pub fn number_of_side(&self, class: usize, direction: Direction, other: End) -> u32 {
        let columns = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        let column = columns.get(class);
        let number = column.and_then(|column| column.get(self.ends.number(other)));
        number.copied().unwrap_or(NONE)
    }

    /// What a class itself lets through in a direction, whatever the other end says.
    #[must_use]
    pub fn side(&self, class: usize, direction: Direction, other: End) -> &Connections {
        self.table.set(self.number_of_side(class, direction, other))
    }

    /// What passes between a class and addresses, as far as anything does: disjoint sets, each with its connections.
    #[must_use]
    pub fn outside(&self, class: usize, direction: Direction) -> Vec<(Addresses, &Connections)> {
        let sets = self.outside_numbers(class, direction).into_iter();
        sets.filter(|(_, number)| *number != NONE)
            .map(|(set, number)| (set, self.table.set(number)))
            .collect()
    }

    /// The numbers of what passes between a class and addresses: disjoint sets that hold every address together.
    #[must_use]
    pub fn outside_numbers(&self, class: usize, direction: Direction) -> Vec<(Addresses, u32)> {
        let mut sets: BTreeMap<u32, Addresses> = BTreeMap::new();
        for (at, part) in self.ends.parts.iter().enumerate() {
            let number = self.number_of_side(class, direction, End::Addresses(at));
            let set = sets.entry(number).or_default();
            *set = set.union(part);
        }
        sets.into_iter()
            .map(|(number, set)| (set, number))
            .collect()
    }

    /// What a class lets through to or from pods that the repository does not hold: the selections that say more than
    /// every wider one and are not meant for workloads that are there, any pod first.
    #[must_use]
    pub fn exposure(&self, class: usize, direction: Direction) -> Vec<(usize, &Connections)> {
        let number = |at: usize| self.number_of_side(class, direction, End::Unknown(at));
        let all = self.ends.unknown.iter().enumerate();
        let told = all.filter(|(at, _)| {
            if self.is_held(*at) {
                return false;
            }
            let wider = self.ends.wider.get(*at).into_iter().flatten();
            !wider.into_iter().any(|wider| number(*wider) == number(*at))
        });
        told.map(|(at, _)| (at, self.table.set(number(at))))
            .filter(|(_, connections)| !connections.is_empty())
            .collect()
    }

    /// True if what is known of some pods by their number are plain labels and there are workloads with these: whoever
    /// wrote it meant them.
    #[must_use]
    pub fn is_held(&self, unknown: usize) -> bool {
        self.held.get(unknown).copied().unwrap_or_default()
    }

    /// The policies that a class is about in a direction.
    pub fn policies(&self, class: usize, direction: Direction) -> impl Iterator<Item = &Policy> {
        let own = self.policies.get(class).into_iter().flatten();
        let own = own.filter_map(|at| self.world.policies.get(*at));
        own.filter(move |policy| policy.rules(direction).is_some())
    }

    /// True if a policy, by its number in the world, is about a class.
    #[must_use]
    pub fn is_about(&self, class: usize, policy: usize) -> bool {
        let own = self.policies.get(class);
        own.is_some_and(|own| own.binary_search(&policy).is_ok())
    }

    /// True if a `NetworkPolicy` says what may pass in a direction.
    #[must_use]
    pub fn is_isolated(&self, class: usize, direction: Direction) -> bool {
        let mut policies = self.policies(class, direction);
        policies.any(|policy| policy.tier == Tier::Namespace)
    }

    /// What a rule means between a class and another end.
    #[must_use]
    pub fn ports_of(
        &self,
        rule: &Rule,
        class: usize,
        direction: Direction,
        other: End,
    ) -> Connections {
        let class = self.ends.classes.get(class);
        class.map_or_else(Connections::none, |class| {
            ports_of(&self.ends, rule, class, direction, other)
        })
    }
}

/// For all that is known of pods that the repository does not hold, whether it names them by plain labels that workloads
/// have.
fn held(ends: &Ends) -> Vec<bool> {
    let selections = ends.classes.iter().flat_map(Class::selections);
    let taken: BTreeSet<usize> = selections.collect();
    let held = ends.unknown.iter().map(|pods| {
        let is_plain = pods.pods.is_plain() && pods.namespaces.is_plain() && !pods.pods.is_all();
        is_plain && ends.selection(pods).is_some_and(|it| taken.contains(&it))
    });
    held.collect()
}

/// What a rule means between a class and another end, of those that it means.
fn ports_of(
    ends: &Ends,
    rule: &Rule,
    class: &Class,
    direction: Direction,
    other: End,
) -> Connections {
    if rule.ports.is_none() {
        return Connections::all();
    }
    let mut all = Connections::none();
    for ports in rule.entries() {
        let own = match (ports, direction, other) {
            (Ports::Numbers(numbers), ..) => numbers.clone(),
            (Ports::Named(protocol, name), Direction::Ingress, _) => {
                named(&class.named_ports, *protocol, name)
            }
            (Ports::Named(protocol, name), Direction::Egress, End::Class(at)) => {
                let class = ends.classes.get(at);
                class.map_or_else(Connections::none, |class| {
                    named(&class.named_ports, *protocol, name)
                })
            }
            (Ports::Named(protocol, name), Direction::Egress, End::Unknown(_)) => {
                let protocols = Protocol::ALL.into_iter();
                let protocols = protocols.filter(|it| protocol.is_none_or(|own| own == *it));
                protocols.fold(Connections::none(), |all, protocol| {
                    all.union(&Connections::named(protocol, name))
                })
            }
            // Addresses name no ports.
            (Ports::Named(..), Direction::Egress, End::Addresses(_)) => Connections::none(),
        };
        all = all.union(&own);
    }
    all
}

/// What is needed to work it out.
struct Work<'w> {
    world: &'w World,
    ends: &'w Ends,
    table: Table,
}

impl Work<'_> {
    /// What a class lets through in a direction.
    fn column(&mut self, class: &Class, policies: &[usize], direction: Direction) -> Column {
        let world = self.world;
        let count = self.ends.len();
        let mut column = if class.is_exempt {
            vec![ALL; count]
        } else {
            let of_tier = |tier: Tier| -> Vec<&[Rule]> {
                let own = policies.iter().filter_map(|at| world.policies.get(*at));
                let own = own.filter(|policy| policy.tier == tier);
                own.filter_map(|policy| policy.rules(direction)).collect()
            };
            let admin = of_tier(Tier::Admin);
            let own = of_tier(Tier::Namespace);
            let baseline = of_tier(Tier::Baseline);
            let mut open = vec![ALL; count];
            let mut allowed = vec![NONE; count];
            self.walk(&admin, class, direction, &mut open, &mut allowed);
            if own.is_empty() {
                self.walk(&baseline, class, direction, &mut open, &mut allowed);
            } else {
                let own = self.allowed(&own, class, direction);
                for (open, own) in open.iter_mut().zip(own) {
                    *open = self.table.intersection(*open, own);
                }
            }
            let both = allowed.into_iter().zip(open);
            both.map(|(one, other)| self.table.union(one, other))
                .collect()
        };
        if direction == Direction::Ingress {
            // A node reaches its own pods.
            for (from, number) in self.ends.classes.iter().zip(column.iter_mut()) {
                if from.is_exempt {
                    *number = ALL;
                }
            }
        }
        column
    }

    /// What `NetworkPolicy` objects allow together.
    fn allowed(&mut self, policies: &[&[Rule]], class: &Class, direction: Direction) -> Column {
        let rules = || policies.iter().copied().flatten();
        let mut base = NONE;
        for rule in rules().filter(|rule| rule.peers.is_none()) {
            if let Some(ports) = self.same_for_all(rule, class, direction) {
                base = self.table.union(base, ports);
            }
        }
        let mut column = vec![base; self.ends.len()];
        for rule in rules() {
            let same = self.same_for_all(rule, class, direction);
            if rule.peers.is_none() && same.is_some() {
                continue;
            }
            self.each(rule, class, direction, same, |table, at, ports| {
                if let Some(own) = column.get_mut(at) {
                    *own = table.union(*own, ports);
                }
            });
        }
        column
    }

    /// Lets the rules of a tier decide in order. What they pass on stays open, and what is open is undecided.
    fn walk(
        &mut self,
        policies: &[&[Rule]],
        class: &Class,
        direction: Direction,
        open: &mut Column,
        allowed: &mut Column,
    ) {
        if policies.is_empty() {
            return;
        }
        let mut passed = vec![NONE; open.len()];
        for rule in policies.iter().copied().flatten() {
            let same = self.same_for_all(rule, class, direction);
            self.each(rule, class, direction, same, |table, at, ports| {
                let Some(open) = open.get_mut(at) else {
                    return;
                };
                let hit = table.intersection(*open, ports);
                if hit == NONE {
                    return;
                }
                *open = table.minus(*open, hit);
                let to = match rule.action {
                    Action::Allow => allowed.get_mut(at),
                    Action::Pass => passed.get_mut(at),
                    Action::Deny => None,
                };
                if let Some(to) = to {
                    *to = table.union(*to, hit);
                }
            });
        }
        for (open, passed) in open.iter_mut().zip(passed) {
            *open = self.table.union(*open, passed);
        }
    }

    /// The connections that a rule means, where they are the same for every end.
    fn same_for_all(&mut self, rule: &Rule, class: &Class, direction: Direction) -> Option<u32> {
        let mut entries = rule.entries();
        let is_same = direction == Direction::Ingress
            || !entries.any(|ports| matches!(ports, Ports::Named(..)));
        if !is_same {
            return None;
        }
        let ports = ports_of(self.ends, rule, class, direction, End::Unknown(0));
        Some(self.table.number(ports))
    }

    /// Visits the ends that a rule means, each once, with the number of what it means there.
    fn each(
        &mut self,
        rule: &Rule,
        class: &Class,
        direction: Direction,
        same: Option<u32>,
        mut visit: impl FnMut(&mut Table, usize, u32),
    ) {
        let ends = self.ends;
        let table = &mut self.table;
        let mut one = |at: usize| {
            let ports = same.unwrap_or_else(|| {
                let ports = ports_of(ends, rule, class, direction, ends.end(at));
                table.number(ports)
            });
            visit(table, at, ports);
        };
        match rule.peers.as_deref() {
            None => (0..ends.len()).for_each(one),
            Some([written]) => {
                let members = ends.members_of(&written.peer).iter();
                members
                    .filter_map(|at| usize::try_from(*at).ok())
                    .for_each(one);
            }
            Some(peers) => {
                let members = peers.iter().flat_map(|it| ends.members_of(&it.peer));
                let mut members: Vec<u32> = members.copied().collect();
                members.sort_unstable();
                members.dedup();
                let members = members.into_iter();
                members
                    .filter_map(|at| usize::try_from(at).ok())
                    .for_each(&mut one);
            }
        }
    }
}
