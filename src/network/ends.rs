//! The ends that connections can have, so few that all pairs of them can be asked: workloads that no policy tells apart,
//! pods that the repository does not hold, and addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::addresses::Addresses;
use super::intervals::{Intervals, Point};
use super::world::{HostNetwork, NamedPort, Peer, Pods, Ports, Rule, World};

/// Workloads that no policy tells apart.
#[derive(Clone, Debug)]
pub struct Class {
    /// The workloads, by number.
    pub workloads: Vec<usize>,
    /// The numbers of the selections of pods that they are in.
    selections: Vec<usize>,
    /// Their ports that some policy knows by name.
    pub named_ports: Vec<NamedPort>,
    /// True if policies do not reach them.
    pub is_exempt: bool,
}

impl Class {
    /// The numbers of the selections of pods that they are in.
    pub fn selections(&self) -> impl Iterator<Item = usize> {
        self.selections.iter().copied()
    }

    /// True if its pods are in a selection.
    #[must_use]
    pub fn is_in(&self, selection: usize) -> bool {
        self.selections.binary_search(&selection).is_ok()
    }
}

/// One end of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Workloads, by the number of their class.
    Class(usize),
    /// Pods that the repository does not hold, by the number of what is known of them.
    Unknown(usize),
    /// Addresses, by the number of their part.
    Addresses(usize),
}

/// All ends of one cluster.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// The workloads.
    pub classes: Vec<Class>,
    /// The class of each workload.
    pub class_of: Vec<usize>,
    /// What is known of pods that the repository does not hold; the first one is any pod.
    pub unknown: Vec<Pods>,
    /// For each of these the numbers of those that every pod of it is in as well. Of two that mean the same, the first one
    /// counts as the wider.
    pub wider: Vec<Vec<usize>>,
    /// Addresses that no policy tells apart.
    pub parts: Vec<Addresses>,
    /// The addresses of IPv4 that no policy names.
    pub unnamed_v4: Intervals<u32>,
    /// What policies call pods, and their numbers.
    selections: BTreeMap<Pods, usize>,
    /// The ends of each selection.
    members: Vec<Vec<u32>>,
    /// The ends of each set of addresses.
    parts_of: BTreeMap<Addresses, Vec<u32>>,
}

impl Ends {
    /// Finds the ends of a world, and those of pods that another side of the same cluster names.
    #[must_use]
    pub fn of(world: &World, others: &BTreeSet<Pods>) -> Self {
        let mut subjects: BTreeSet<&Pods> = BTreeSet::new();
        let mut peers: BTreeSet<&Pods> = BTreeSet::new();
        let mut addresses: BTreeSet<&Addresses> = BTreeSet::new();
        let mut port_names: BTreeSet<&Arc<str>> = BTreeSet::new();
        for policy in &world.policies {
            subjects.insert(&policy.subject);
            let rules = policy.ingress.iter().chain(&policy.egress).flatten();
            for rule in rules {
                for written in rule.peers.iter().flatten() {
                    match &written.peer {
                        Peer::Pods(pods) => peers.insert(pods),
                        Peer::Addresses(set) => addresses.insert(set),
                    };
                }
                for entry in rule.entries() {
                    if let Ports::Named(_, name) = entry {
                        port_names.insert(name);
                    }
                }
            }
        }
        let all = Pods::all();
        let mut selections: BTreeMap<Pods, usize> = BTreeMap::new();
        let written = subjects.iter().chain(&peers).copied();
        for pods in written.chain(std::iter::once(&all)) {
            let next = selections.len();
            selections.entry(pods.clone()).or_insert(next);
        }
        let (classes, class_of) = classes(world, &selections, &port_names);
        let named: BTreeSet<&Pods> = peers.iter().copied().chain(others).collect();
        let named = named.into_iter().filter(|pods| is_of_unknown(pods));
        let unknown: Vec<Pods> = std::iter::once(all).chain(named.cloned()).collect();
        let wider = wider(&unknown, world);
        let sets: Vec<&Addresses> = addresses.iter().copied().collect();
        let (parts, parts_of_sets) = cut_apart(&sets);
        let mut named: Vec<usize> = parts_of_sets.iter().flatten().copied().collect();
        named.sort_unstable();
        let unnamed_v4 = parts.iter().enumerate();
        let unnamed_v4 = unnamed_v4.filter(|(at, _)| named.binary_search(at).is_err());
        let unnamed_v4 = unnamed_v4.fold(Intervals::none(), |all, (_, part)| all.union(&part.v4));
        let mut ends = Self {
            classes,
            class_of,
            unknown,
            wider,
            parts,
            unnamed_v4,
            selections,
            members: Vec::new(),
            parts_of: BTreeMap::new(),
        };
        ends.members = ends.members(world);
        let offset = ends.classes.len() + ends.unknown.len();
        for (set, parts) in sets.into_iter().zip(parts_of_sets) {
            let parts = parts
                .into_iter()
                .filter_map(|part| u32::try_from(part + offset).ok());
            ends.parts_of.insert(set.clone(), parts.collect());
        }
        ends
    }

    /// How many ends there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.classes.len() + self.unknown.len() + self.parts.len()
    }

    /// True if there is no end.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of an end among all.
    #[must_use]
    pub fn number(&self, end: End) -> usize {
        match end {
            End::Class(at) => at,
            End::Unknown(at) => self.classes.len() + at,
            End::Addresses(at) => self.classes.len() + self.unknown.len() + at,
        }
    }

    /// The end of a number.
    #[must_use]
    pub fn end(&self, number: usize) -> End {
        let Some(beyond) = number.checked_sub(self.classes.len()) else {
            return End::Class(number);
        };
        match beyond.checked_sub(self.unknown.len()) {
            None => End::Unknown(beyond),
            Some(part) => End::Addresses(part),
        }
    }

    /// The number of what is known of pods that the repository does not hold. All but the first are in order.
    #[must_use]
    pub fn number_of_unknown(&self, pods: &Pods) -> Option<usize> {
        if pods.is_all() {
            return Some(0);
        }
        let named = self.unknown.get(1..)?;
        named.binary_search(pods).ok().map(|at| at + 1)
    }

    /// The number of a selection of pods that a policy names.
    #[must_use]
    pub fn selection(&self, pods: &Pods) -> Option<usize> {
        self.selections.get(pods).copied()
    }

    /// The numbers of the ends that a peer means.
    #[must_use]
    pub fn members_of(&self, peer: &Peer) -> &[u32] {
        let members = match peer {
            Peer::Pods(pods) => self.selection(pods).and_then(|at| self.members.get(at)),
            Peer::Addresses(set) => self.parts_of.get(set),
        };
        members.map(Vec::as_slice).unwrap_or_default()
    }

    /// True if a rule means an end.
    #[must_use]
    pub fn means(&self, rule: &Rule, end: usize) -> bool {
        let Some(peers) = &rule.peers else {
            return true;
        };
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        let mut peers = peers.iter();
        peers.any(|written| self.members_of(&written.peer).binary_search(&end).is_ok())
    }

    fn members(&self, world: &World) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.selections.len()];
        let mut add = |selection: usize, end: usize| {
            if let (Some(own), Ok(end)) = (members.get_mut(selection), u32::try_from(end)) {
                own.push(end);
            }
        };
        for (number, class) in self.classes.iter().enumerate() {
            // A policy sees the node in place of the pod.
            if class.is_exempt {
                continue;
            }
            for selection in &class.selections {
                add(*selection, number);
            }
        }
        let reaching = Reaching::of(self.selections.iter().map(|(pods, at)| (pods, *at)));
        for (at, unknown) in self.unknown.iter().enumerate() {
            for (pods, selection) in reaching.around(unknown) {
                if is_within(unknown, pods, world) {
                    add(selection, self.classes.len() + at);
                }
            }
        }
        members
    }
}

/// Selections of pods with their numbers, by the namespace that they reach into: most reach into one.
#[derive(Default)]
struct Reaching<'p> {
    everywhere: Vec<(&'p Pods, usize)>,
    within: BTreeMap<&'p Arc<str>, Vec<(&'p Pods, usize)>>,
}

impl<'p> Reaching<'p> {
    fn of(all: impl Iterator<Item = (&'p Pods, usize)>) -> Self {
        let mut own = Self::default();
        for (pods, number) in all {
            match pods.namespaces.only_namespace() {
                Some(name) => own.within.entry(name).or_default().push((pods, number)),
                None => own.everywhere.push((pods, number)),
            }
        }
        own
    }

    /// Those that can reach into a namespace, or into any.
    fn within(&self, namespace: Option<&Arc<str>>) -> impl Iterator<Item = (&'p Pods, usize)> {
        let own = namespace.and_then(|name| self.within.get(name));
        own.into_iter().flatten().chain(&self.everywhere).copied()
    }

    /// Those that some pods can be within.
    fn around(&self, pods: &Pods) -> impl Iterator<Item = (&'p Pods, usize)> {
        self.within(pods.namespaces.only_namespace())
    }
}

/// For each selection of pods those that are wider.
fn wider(all: &[Pods], world: &World) -> Vec<Vec<usize>> {
    let reaching = Reaching::of(all.iter().enumerate().map(|(at, pods)| (pods, at)));
    let wider = all.iter().enumerate().map(|(at, own)| {
        let others = reaching.around(own).filter(|(wider, other)| {
            *other != at
                && is_within(own, wider, world)
                && (*other < at || !is_within(wider, own, world))
        });
        let mut others: Vec<usize> = others.map(|(_, other)| other).collect();
        others.sort_unstable();
        others
    });
    wider.collect()
}

/// True if there may be pods of a selection that the repository does not hold, and it says more of them than that they
/// are pods.
fn is_of_unknown(pods: &Pods) -> bool {
    !pods.is_all() && !pods.namespaces.is_none() && !pods.pods.is_none()
}

/// True if every pod of one selection is in the other, as far as it is known which labels its namespace has.
#[must_use]
pub fn is_within(one: &Pods, other: &Pods, world: &World) -> bool {
    if !one.pods.is_within(&other.pods) {
        return false;
    }
    if one.namespaces.is_within(&other.namespaces) {
        return true;
    }
    let only = one.namespaces.only_namespace();
    let known = only.and_then(|name| world.namespace(name));
    known.is_some_and(|known| other.namespaces.selects(&known.labels))
}

/// What makes two workloads one for every policy: whether policies reach them, the selections that they are in, and the
/// ports that policies know by name.
type ClassKey = (bool, Vec<usize>, Vec<NamedPort>);

/// Puts workloads that no policy tells apart together.
fn classes(
    world: &World,
    selections: &BTreeMap<Pods, usize>,
    names: &BTreeSet<&Arc<str>>,
) -> (Vec<Class>, Vec<usize>) {
    let all = Reaching::of(selections.iter().map(|(pods, at)| (pods, *at)));
    let mut reaching: BTreeMap<&Arc<str>, Vec<(&Pods, usize)>> = BTreeMap::new();
    for namespace in &world.namespaces {
        let all = all.within(Some(&namespace.name));
        let reach = all.filter(|(pods, _)| pods.namespaces.selects(&namespace.labels));
        reaching.insert(&namespace.name, reach.collect());
    }
    // Workloads with the same labels in the same namespace are looked at once.
    let mut selected: BTreeMap<(&Arc<str>, &super::selector::Labels), Vec<usize>> = BTreeMap::new();
    let mut known: BTreeMap<ClassKey, usize> = BTreeMap::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut class_of = Vec::with_capacity(world.workloads.len());
    for (number, workload) in world.workloads.iter().enumerate() {
        let own = selected
            .entry((&workload.namespace, &workload.labels))
            .or_insert_with(|| {
                let reach = reaching.get(&workload.namespace).into_iter().flatten();
                let reach = reach.filter(|(pods, _)| pods.pods.selects(&workload.labels));
                let mut own: Vec<usize> = reach.map(|(_, number)| *number).collect();
                own.sort_unstable();
                own
            });
        let ports = workload.named_ports.iter();
        let mut ports: Vec<NamedPort> = ports
            .filter(|port| names.contains(&port.name))
            .cloned()
            .collect();
        ports.sort_unstable();
        ports.dedup();
        let is_exempt = workload.is_on_host() && world.host_network == HostNetwork::Exempt;
        let key = (is_exempt, own.clone(), ports);
        let class = known.get(&key).copied().unwrap_or_else(|| {
            let class = classes.len();
            classes.push(Class {
                workloads: Vec::new(),
                selections: key.1.clone(),
                named_ports: key.2.clone(),
                is_exempt,
            });
            known.insert(key, class);
            class
        });
        if let Some(class) = classes.get_mut(class) {
            class.workloads.push(number);
        }
        class_of.push(class);
    }
    (classes, class_of)
}

/// Cuts all addresses into parts that none of some sets tells apart. With each set come the numbers of its parts. The
/// parts of IPv4 come first, and no part has addresses of both families.
fn cut_apart(sets: &[&Addresses]) -> (Vec<Addresses>, Vec<Vec<usize>>) {
    let v4: Vec<&Intervals<u32>> = sets.iter().map(|set| &set.v4).collect();
    let v6: Vec<&Intervals<u128>> = sets.iter().map(|set| &set.v6).collect();
    let v4 = cut(&v4, 0);
    let v6 = cut(&v6, 0);
    let mut parts = Vec::new();
    let mut of_sets: Vec<Vec<usize>> = vec![Vec::new(); sets.len()];
    let mut add = |part: Addresses, sets: Vec<usize>| {
        for set in sets {
            if let Some(own) = of_sets.get_mut(set) {
                own.push(parts.len());
            }
        }
        parts.push(part);
    };
    for (sets, v4) in v4 {
        add(
            Addresses {
                v4,
                v6: Intervals::none(),
            },
            sets,
        );
    }
    for (sets, v6) in v6 {
        add(
            Addresses {
                v4: Intervals::none(),
                v6,
            },
            sets,
        );
    }
    (parts, of_sets)
}

/// Cuts a line from its first point on into parts by the sets that hold them.
fn cut<T: Point>(sets: &[&Intervals<T>], first: T) -> BTreeMap<Vec<usize>, Intervals<T>> {
    // Where sets begin and end: the first point of what is new.
    let mut turns: BTreeMap<T, Vec<(usize, bool)>> = BTreeMap::new();
    turns.entry(first).or_default();
    for (number, set) in sets.iter().enumerate() {
        for (from, to) in set.ranges() {
            turns.entry(*from).or_default().push((number, true));
            if let Some(after) = to.next() {
                turns.entry(after).or_default().push((number, false));
            }
        }
    }
    let mut active: BTreeSet<usize> = BTreeSet::new();
    let mut ranges: BTreeMap<Vec<usize>, Vec<(T, T)>> = BTreeMap::new();
    let mut turns = turns.into_iter().peekable();
    while let Some((at, changes)) = turns.next() {
        for (number, begins) in changes {
            if begins {
                active.insert(number);
            } else {
                active.remove(&number);
            }
        }
        let last = match turns.peek() {
            Some((next, _)) => next.previous(),
            None => Some(T::LAST),
        };
        if let Some(last) = last {
            let sets = active.iter().copied().collect();
            ranges.entry(sets).or_default().push((at, last));
        }
    }
    let ranges = ranges.into_iter();
    ranges
        .map(|(sets, ranges)| (sets, Intervals::of(ranges)))
        .collect()
}
