//! Connections in the notation that tools for network policies share: one line a pair, `from => to : ports`.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::addresses::Addresses;
use super::ends::End;
use super::intervals::Intervals;
use super::lines::{Gathered, Lines};
use super::reach::Reach;
use super::selector::Selector;
use super::table::NONE;
use super::ways_in;
use super::world::{Direction, Pods, Workload};

/// An end of connections, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// A range of addresses outside of the cluster: `10.0.0.0-10.255.255.255[External]`.
    External(Arc<str>),
    /// A workload: `shop/cart[Deployment]`.
    Workload {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its kind.
        kind: Arc<str>,
    },
    /// Pods that the repository does not hold.
    Pods(Pods),
    /// What takes requests for Ingress objects and routes, wherever it runs: `{ingress-controller}`.
    Controller,
}

impl Named {
    /// A workload.
    #[must_use]
    pub fn workload(workload: &Workload) -> Self {
        Self::Workload {
            namespace: Arc::clone(&workload.namespace),
            name: Arc::clone(&workload.name),
            kind: Arc::clone(&workload.kind),
        }
    }

    /// The namespace that it is in, where it is in one.
    #[must_use]
    pub fn namespace(&self) -> Option<&Arc<str>> {
        match self {
            Self::Workload { namespace, .. } => Some(namespace),
            Self::Pods(pods) => pods.namespaces.only_namespace(),
            Self::External(_) | Self::Controller => None,
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::External(range) => write!(f, "{range}[External]"),
            Self::Workload {
                namespace,
                name,
                kind,
            } => write!(f, "{namespace}/{name}[{kind}]"),
            Self::Pods(pods) => f.write_str(&pods_text(pods)),
            Self::Controller => f.write_str("{ingress-controller}"),
        }
    }
}

/// Pods that are known by their labels alone: `entire-cluster`, `shop/[all pods]`, `[namespaces with team=a]/[pods with
/// app=web]`.
#[must_use]
pub fn pods_text(pods: &Pods) -> String {
    if pods.is_all() {
        return "entire-cluster".to_owned();
    }
    let of = |what: &str, selector: &Selector| {
        if selector.is_all() {
            format!("[all {what}]")
        } else {
            format!("[{what} with {selector}]")
        }
    };
    let only = pods.namespaces.only_namespace();
    let rest = pods.namespaces.without_namespace_name();
    let namespaces = match only {
        Some(name) if rest.is_all() => name.to_string(),
        _ => of("namespaces", &pods.namespaces),
    };
    format!("{namespaces}/{}", of("pods", &pods.pods))
}

/// The answers for addresses, without those of IPv6 that are no other than IPv4's. What counts for IPv4 is what becomes of
/// the addresses that no policy names, or of all of them.
#[must_use]
pub fn told_outside<V: PartialEq + Copy>(
    parts: &[(Addresses, V)],
    unnamed: &Intervals<u32>,
) -> Vec<(Addresses, V)> {
    let holds = |set: &Intervals<u32>| {
        let whole = Intervals::range(0, u32::MAX);
        !unnamed.is_empty() && unnamed.is_within(set) || *set == whole
    };
    let usual = parts.iter().find(|(set, _)| holds(&set.v4));
    let usual = usual.map(|(_, value)| *value);
    let told = parts.iter().map(|(set, value)| {
        let mut set = set.clone();
        if usual == Some(*value) {
            set.v6 = Intervals::none();
        }
        (set, *value)
    });
    told.filter(|(set, _)| !set.is_empty()).collect()
}

/// The ranges of some addresses as ends.
pub fn ranges(set: &Addresses) -> impl Iterator<Item = Named> {
    let v4 = set.v4.ranges().iter().map(|(first, last)| {
        let (first, last) = (Ipv4Addr::from(*first), Ipv4Addr::from(*last));
        format!("{first}-{last}")
    });
    let v6 = set.v6.ranges().iter().map(|(first, last)| {
        let (first, last) = (Ipv6Addr::from(*first), Ipv6Addr::from(*last));
        format!("{first}-{last}")
    });
    v4.chain(v6).map(|range| Named::External(range.into()))
}

/// The two ends of a line by their numbers, from where and to where.
pub(super) fn directed(direction: Direction, own: u32, other: u32) -> (u32, u32) {
    match direction {
        Direction::Ingress => (other, own),
        Direction::Egress => (own, other),
    }
}

/// The numbers that the ends of workloads have among some lines, and whether they are to be shown, by the number of the
/// workload.
fn owns(
    reach: &Reach,
    is_shown: &dyn Fn(&Named) -> bool,
    lines: &mut Gathered<1>,
) -> Vec<(u32, bool)> {
    let workloads = reach.world.workloads.iter().map(Named::workload);
    workloads
        .map(|own| (lines.end(&own), is_shown(&own)))
        .collect()
}

/// Who can reach whom, line by line, in order, as far as one of the two is to be shown.
#[must_use]
pub fn lines(reach: &Reach, is_shown: &dyn Fn(&Named) -> bool) -> Lines<1> {
    let mut lines = Gathered::default();
    let sets = reach.table.sets().iter();
    let texts: Vec<u32> = sets.map(|set| lines.word(&set.to_string())).collect();
    let text = |number: u32| -> u32 {
        let at = usize::try_from(number).ok();
        at.and_then(|at| texts.get(at)).copied().unwrap_or_default()
    };
    let owns = owns(reach, is_shown, &mut lines);
    let classes = || reach.ends.classes.iter().enumerate();
    for (from, sources) in classes() {
        for (to, targets) in classes() {
            let number = reach.number_between(from, to);
            if number == NONE {
                continue;
            }
            for source in &sources.workloads {
                for target in targets.workloads.iter().filter(|target| *target != source) {
                    if let (Some(from), Some(to)) = (owns.get(*source), owns.get(*target))
                        && (from.1 || to.1)
                    {
                        lines.add(from.0, to.0, [text(number)]);
                    }
                }
            }
        }
    }
    for (at, class) in classes() {
        for direction in Direction::BOTH {
            let parts = reach.outside_numbers(at, direction);
            for (set, number) in told_outside(&parts, &reach.ends.unnamed_v4) {
                if number == NONE {
                    continue;
                }
                for range in ranges(&set) {
                    let range = lines.end(&range);
                    let own = class.workloads.iter().filter_map(|it| owns.get(*it));
                    for (own, _) in own.filter(|own| own.1) {
                        let (from, to) = directed(direction, *own, range);
                        lines.add(from, to, [text(number)]);
                    }
                }
            }
        }
    }
    for (workload, connections) in let_in(reach) {
        if let Some((own, true)) = owns.get(workload) {
            let (from, what) = (
                lines.end(&Named::Controller),
                lines.word(&connections.to_string()),
            );
            lines.add(from, *own, [what]);
        }
    }
    lines.lines()
}

/// What comes in through Ingress objects and routes, by workload. What takes requests for these is a pod of which nothing
/// is known.
#[must_use]
pub fn let_in(reach: &Reach) -> Vec<(usize, super::Connections)> {
    let offered = ways_in::offered(&reach.world).into_iter();
    let offered = offered.filter_map(|(workload, connections)| {
        let class = *reach.ends.class_of.get(workload)?;
        let taken = reach.side(class, Direction::Ingress, End::Unknown(0));
        let both = connections.intersection(taken);
        (!both.is_empty()).then_some((workload, both))
    });
    offered.collect()
}

/// What workloads that are to be shown let in from, and out to, pods that the repository does not hold.
#[must_use]
pub fn exposure(reach: &Reach, is_shown: &dyn Fn(&Named) -> bool) -> Lines<1> {
    let mut lines = Gathered::default();
    let owns = owns(reach, is_shown, &mut lines);
    for (at, class) in reach.ends.classes.iter().enumerate() {
        for direction in Direction::BOTH {
            for (unknown, connections) in reach.exposure(at, direction) {
                let Some(pods) = reach.ends.unknown.get(unknown) else {
                    continue;
                };
                let other = lines.end(&Named::Pods(pods.clone()));
                let text = lines.word(&connections.to_string());
                let own = class.workloads.iter().filter_map(|it| owns.get(*it));
                for (own, _) in own.filter(|own| own.1) {
                    let (from, to) = directed(direction, *own, other);
                    lines.add(from, to, [text]);
                }
            }
        }
    }
    lines.lines()
}
