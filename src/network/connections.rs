//! What may pass between two ends: protocols and destination ports.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::intervals::Intervals;

/// A protocol that policies tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SCTP.
    Sctp,
    /// TCP, the default of every port.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Sctp, Self::Tcp, Self::Udp];

    /// Its name in manifests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sctp => "SCTP",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }

    /// The protocol of a name; none for what the API refuses.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The lowest port that a connection can have.
pub const FIRST_PORT: u16 = 1;

/// A set of connections, by protocol and destination port. Equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connections {
    sctp: Intervals<u16>,
    tcp: Intervals<u16>,
    udp: Intervals<u16>,
    /// Ports that are known by name alone, because the pod that has them is not known. None of a protocol all of whose
    /// ports are in.
    named: BTreeSet<(Protocol, Arc<str>)>,
}

impl Connections {
    /// No connection.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every connection.
    #[must_use]
    pub fn all() -> Self {
        let ports = Intervals::range(FIRST_PORT, u16::MAX);
        Self {
            sctp: ports.clone(),
            tcp: ports.clone(),
            udp: ports,
            named: BTreeSet::new(),
        }
    }

    /// The ports from one to another, both included.
    #[must_use]
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let mut own = Self::none();
        *own.ports_mut(protocol) = Intervals::range(first.max(FIRST_PORT), last);
        own
    }

    /// Every port of a protocol.
    #[must_use]
    pub fn protocol(protocol: Protocol) -> Self {
        Self::range(protocol, FIRST_PORT, u16::MAX)
    }

    /// A port of a pod that is not known, by its name.
    #[must_use]
    pub fn named(protocol: Protocol, name: &Arc<str>) -> Self {
        Self {
            named: BTreeSet::from([(protocol, Arc::clone(name))]),
            ..Self::none()
        }
    }

    /// The ports of a protocol.
    #[must_use]
    pub fn ports(&self, protocol: Protocol) -> &Intervals<u16> {
        match protocol {
            Protocol::Sctp => &self.sctp,
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
        }
    }

    fn ports_mut(&mut self, protocol: Protocol) -> &mut Intervals<u16> {
        match protocol {
            Protocol::Sctp => &mut self.sctp,
            Protocol::Tcp => &mut self.tcp,
            Protocol::Udp => &mut self.udp,
        }
    }

    /// True if there is no connection in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut all = Protocol::ALL.into_iter();
        self.named.is_empty() && all.all(|protocol| self.ports(protocol).is_empty())
    }

    /// True if every connection is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let mut all = Protocol::ALL.into_iter();
        all.all(|protocol| self.has_whole(protocol))
    }

    fn has_whole(&self, protocol: Protocol) -> bool {
        self.ports(protocol).ranges() == [(FIRST_PORT, u16::MAX)]
    }

    /// The one connection that it is; none where it is more than one, or none.
    #[must_use]
    pub fn only(&self) -> Option<(Protocol, u16)> {
        let mut single = None;
        for protocol in Protocol::ALL {
            match self.ports(protocol).ranges() {
                [] => {}
                [(first, last)] if first == last && single.is_none() => {
                    single = Some((protocol, *first));
                }
                _ => return None,
            }
        }
        single.filter(|_| self.named.is_empty())
    }

    /// True if there is a port of a protocol that is known by its name alone.
    #[must_use]
    pub fn has_named(&self, protocol: Protocol) -> bool {
        self.named.iter().any(|(own, _)| *own == protocol)
    }

    /// True if a connection is in it.
    #[must_use]
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.ports(protocol).contains(port)
    }

    fn each(
        &self,
        other: &Self,
        operation: fn(&Intervals<u16>, &Intervals<u16>) -> Intervals<u16>,
    ) -> Self {
        let mut own = Self::none();
        for protocol in Protocol::ALL {
            *own.ports_mut(protocol) = operation(self.ports(protocol), other.ports(protocol));
        }
        own
    }

    /// The connections of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut own = self.each(other, Intervals::union);
        let named = self.named.union(&other.named);
        own.named = named
            .filter(|(protocol, _)| !own.has_whole(*protocol))
            .cloned()
            .collect();
        own
    }

    /// The connections of both. A name meets itself and whole protocols.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut own = self.each(other, Intervals::intersection);
        let met = |one: &Self, two: &Self| -> Vec<(Protocol, Arc<str>)> {
            let named = one.named.iter();
            named
                .filter(|it| two.named.contains(it) || two.has_whole(it.0))
                .cloned()
                .collect()
        };
        own.named.extend(met(self, other));
        own.named.extend(met(other, self));
        own
    }

    /// The connections of this one that the other lacks. A name goes with itself and with whole protocols.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut own = self.each(other, Intervals::minus);
        let named = self.named.iter();
        own.named = named
            .filter(|it| !other.named.contains(it) && !other.has_whole(it.0))
            .cloned()
            .collect();
        own
    }

    /// True if every connection of it is in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }
}

impl fmt::Display for Connections {
    /// The notation that tools for network policies share: `All Connections`, or `TCP 80,8080-8090,UDP 53`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("No Connections");
        }
        if self.is_all() {
            return f.write_str("All Connections");
        }
        let mut parts: Vec<String> = Vec::new();
        for protocol in Protocol::ALL {
            let ranges = self.ports(protocol).ranges().iter();
            let numbers = ranges.map(|(first, last)| {
                if first == last {
                    first.to_string()
                } else {
                    format!("{first}-{last}")
                }
            });
            let named = self.named.iter().filter(|(own, _)| *own == protocol);
            let named = named.map(|(_, name)| name.to_string());
            let told: Vec<String> = numbers.chain(named).collect();
            if !told.is_empty() {
                parts.push(format!("{} {}", protocol.name(), told.join(",")));
            }
        }
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_other_tools_write_it() {
        let web = Connections::range(Protocol::Tcp, 80, 80)
            .union(&Connections::range(Protocol::Tcp, 8080, 8090))
            .union(&Connections::range(Protocol::Udp, 53, 53));
        assert_eq!(web.to_string(), "TCP 80,8080-8090,UDP 53");
        assert_eq!(Connections::none().to_string(), "No Connections");
        let all = Connections::all();
        assert_eq!(all.to_string(), "All Connections");
        assert_eq!(
            all.minus(&web).to_string(),
            "SCTP 1-65535,TCP 1-79,81-8079,8091-65535,UDP 1-52,54-65535"
        );
        assert_eq!(all.minus(&web).union(&web), all);
    }

    #[test]
    fn a_name_goes_up_in_its_whole_protocol_alone() {
        let http = Connections::named(Protocol::Tcp, &"http".into());
        let tcp = Connections::protocol(Protocol::Tcp);
        let udp = Connections::protocol(Protocol::Udp);
        assert_eq!(http.union(&tcp), tcp);
        assert_eq!(http.to_string(), "TCP http");
        assert_eq!(http.intersection(&tcp), http);
        assert!(http.intersection(&udp).is_empty());
        assert!(http.is_within(&tcp));
        assert!(!tcp.is_within(&http));
    }
}
