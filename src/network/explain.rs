//! Why a connection passes or does not: which policies decide in each direction, and which of their lines.

use std::fmt;
use std::net::IpAddr;

use crate::finding::Location;

use super::addresses::Addresses;
use super::connections::Connections;
use super::ends::End;
use super::notation::Named;
use super::reach::Reach;
use super::world::{Action, Direction, Tier};

/// What is asked about: a workload or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Workloads of a namespace and a name, of one kind if that is said.
    Workload {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The kind.
        kind: Option<String>,
    },
    /// An address outside of the cluster.
    Address(IpAddr),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload {
                namespace,
                name,
                kind,
            } => {
                write!(f, "{namespace}/{name}")?;
                kind.as_ref().map_or(Ok(()), |kind| write!(f, "[{kind}]"))
            }
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Asked {
    /// Reads `shop/cart`, `shop/cart[Deployment]` or an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let (namespace, rest) = text.split_once('/')?;
        let (name, kind) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((name, kind)) => (name, Some(kind.to_owned())),
            None => (rest, None),
        };
        let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '[', ']']);
        (is_name(namespace) && is_name(name)).then(|| Self::Workload {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            kind,
        })
    }

    /// The ends that are meant, with their names.
    #[must_use]
    pub fn ends(&self, reach: &Reach) -> Vec<(End, Option<usize>, Named)> {
        match self {
            Self::Workload {
                namespace,
                name,
                kind,
            } => {
                let all = reach.world.workloads.iter().enumerate();
                let meant = all.filter(|(_, own)| {
                    *own.namespace == **namespace
                        && *own.name == **name
                        && kind.as_ref().is_none_or(|kind| *own.kind == **kind)
                });
                let ends = meant.filter_map(|(number, own)| {
                    let class = *reach.ends.class_of.get(number)?;
                    Some((End::Class(class), Some(number), Named::workload(own)))
                });
                ends.collect()
            }
            Self::Address(address) => {
                let prefix = if address.is_ipv4() { 32 } else { 128 };
                let single = Addresses::of_cidr(&format!("{address}/{prefix}"));
                let single = single.unwrap_or_default();
                let mut parts = reach.ends.parts.iter();
                let part = parts.position(|part| single.is_within(part));
                let name = Named::External(address.to_string().into());
                part.map(|part| (End::Addresses(part), None, name))
                    .into_iter()
                    .collect()
            }
        }
    }
}

/// One thing that decides.
#[derive(Clone, Debug)]
pub struct Reason {
    /// What it says.
    pub text: String,
    /// Where it says so.
    pub at: Option<Location>,
}

/// What one end says of a connection.
#[derive(Clone, Debug)]
pub struct Side {
    /// The direction, seen from this end.
    pub direction: Direction,
    /// The end.
    pub own: Named,
    /// What it lets through.
    pub connections: Connections,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Why a connection passes or does not.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// From where.
    pub from: Named,
    /// To where.
    pub to: Named,
    /// What passes.
    pub connections: Connections,
    /// What each end that policies reach says of it, the source first.
    pub sides: Vec<Side>,
}

/// Explains what passes between two ends.
#[must_use]
pub fn explain(reach: &Reach, from: &Asked, to: &Asked) -> Vec<Explanation> {
    let mut all = Vec::new();
    for (source, one, from) in from.ends(reach) {
        for (target, other, to) in to.ends(reach) {
            let mut sides = Vec::new();
            if one.is_some() && one == other {
                continue;
            }
            if let End::Class(class) = source {
                sides.push(side(reach, class, Direction::Egress, target, &from, &to));
            }
            if let End::Class(class) = target {
                sides.push(side(reach, class, Direction::Ingress, source, &to, &from));
            }
            if sides.is_empty() {
                continue;
            }
            let connections = sides.iter().fold(Connections::all(), |all, side| {
                all.intersection(&side.connections)
            });
            all.push(Explanation {
                from: from.clone(),
                to: to.clone(),
                connections,
                sides,
            });
        }
    }
    all
}

fn side(
    reach: &Reach,
    class: usize,
    direction: Direction,
    other: End,
    own: &Named,
    other_name: &Named,
) -> Side {
    let connections = reach.side(class, direction, other).clone();
    let mut reasons = Vec::new();
    let mut say = |text: String, at: Option<&Location>| {
        reasons.push(Reason {
            text,
            at: at.cloned(),
        });
    };
    let is_exempt = |at: usize| {
        reach
            .ends
            .classes
            .get(at)
            .is_some_and(|class| class.is_exempt)
    };
    let (verb, towards) = match direction {
        Direction::Ingress => ("lets in", "from"),
        Direction::Egress => ("lets out", "to"),
    };
    if is_exempt(class) {
        say(
            format!("{own} shares the network of its node, where policies do not reach it"),
            None,
        );
    } else if direction == Direction::Ingress && matches!(other, End::Class(at) if is_exempt(at)) {
        say(
            format!("{other_name} shares the network of its node, and a node reaches its own pods"),
            None,
        );
    } else {
        let number = reach.ends.number(other);
        let mut is_selected = false;
        for policy in reach.policies(class, direction) {
            // Where a policy of a namespace selects, the baseline is not asked.
            if policy.tier == Tier::Baseline && is_selected {
                continue;
            }
            is_selected |= policy.tier == Tier::Namespace;
            let mut is_meant = false;
            for rule in policy.rules(direction).unwrap_or_default() {
                if !reach.ends.means(rule, number) {
                    continue;
                }
                let ports = reach.ports_of(rule, class, direction, other);
                if ports.is_empty() {
                    continue;
                }
                is_meant = true;
                let does = match rule.action {
                    Action::Allow => verb,
                    Action::Deny => "denies",
                    Action::Pass => "leaves to the next tier",
                };
                say(
                    format!("{} {does} {ports} {towards} {other_name}", policy.title()),
                    Some(&rule.at),
                );
            }
            if !is_meant && policy.tier == Tier::Namespace {
                say(
                    format!(
                        "{} selects {own} and {verb} nothing {towards} {other_name}",
                        policy.title()
                    ),
                    Some(&policy.at),
                );
            }
        }
        if !is_selected {
            let name = direction.name().to_lowercase();
            say(
                format!(
                    "no NetworkPolicy selects {own} for {name}, so that what nothing denies passes"
                ),
                None,
            );
        }
    }
    Side {
        direction,
        own: own.clone(),
        connections,
        reasons,
    }
}
