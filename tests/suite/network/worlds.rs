//! Small random clusters, the same ones for the same seed.

use super::raw::{
    AdminPeer, AdminPolicy, AdminPort, AdminRule, Cluster, Namespace, Peer, Pod, Policy, Port,
    PortValue, Rule, Selector,
};

/// The ports that packets are sent to.
pub(crate) const PORTS: [u16; 8] = [1, 53, 80, 81, 443, 8080, 8081, 65535];
/// The addresses that packets come from and go to.
pub(crate) const ADDRESSES: [&str; 8] = [
    "0.0.0.0",
    "10.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "255.255.255.255",
    "::",
    "fd00:ec2::254",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];
const BLOCKS: [(&str, &[&str]); 8] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "169.254.169.254/32"]),
    ("10.0.0.0/8", &["10.1.0.0/16"]),
    ("10.1.2.3/32", &[]),
    ("0.0.0.0/1", &["10.0.0.0/24"]),
    ("128.0.0.0/1", &[]),
    ("::/0", &["fd00::/8", "::/128"]),
    ("fd00::/8", &["fd00:ec2::254/128"]),
    ("8000::/1", &[]),
];
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
const KEYS: [&str; 2] = ["app", "tier"];
const VALUES: [&str; 3] = ["a", "b", "c"];
const NAMES: [&str; 2] = ["http", "dns"];
const NAMESPACES: [&str; 3] = ["red", "green", "blue"];

/// A small generator of numbers (`SplitMix64`): what is random must be the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> usize {
        usize::try_from(self.next() % end).expect("it is small")
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64)]
    }

    fn some<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn labels(&mut self) -> Vec<(&'static str, &'static str)> {
        let mut labels = Vec::new();
        for key in KEYS {
            if !self.one_in(3) {
                labels.push((key, self.pick(&VALUES)));
            }
        }
        labels
    }

    fn selector(&mut self, of_namespaces: bool) -> Selector {
        let mut selector = Selector::default();
        if of_namespaces && self.one_in(4) {
            let name = self.pick(&NAMESPACES);
            selector.labels.push(("kubernetes.io/metadata.name", name));
        }
        match self.below(4) {
            0 => {}
            1 => selector.labels.push((self.pick(&KEYS), self.pick(&VALUES))),
            _ => {
                selector.expressions = self.some(2, |random| {
                    let operator = random.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
                    let mut values = Vec::new();
                    if operator.ends_with("In") {
                        values.push(random.pick(&VALUES));
                        if random.one_in(2) {
                            values.push(random.pick(&VALUES));
                        }
                    }
                    (random.pick(&KEYS), operator, values)
                });
            }
        }
        selector
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (!self.one_in(3)).then(|| make(self))
    }

    fn port(&mut self) -> Port {
        let protocol = self.maybe(|random| random.pick(&PROTOCOLS));
        let port = match self.below(5) {
            0 => None,
            1 => Some(PortValue::Name(self.pick(&NAMES))),
            _ => Some(PortValue::Number(self.pick(&PORTS))),
        };
        let end = match port {
            Some(PortValue::Number(number)) if self.one_in(3) => {
                let last = self.pick(&PORTS);
                (last >= number).then_some(last)
            }
            _ => None,
        };
        Port {
            protocol,
            value: port,
            end,
        }
    }

    fn peer(&mut self) -> Peer {
        if self.one_in(3) {
            let (cidr, except) = self.pick(&BLOCKS);
            let except = if self.one_in(2) {
                except.to_vec()
            } else {
                Vec::new()
            };
            return Peer::Block(cidr, except);
        }
        match self.below(3) {
            0 => Peer::Pods(Some(self.selector(true)), None),
            1 => Peer::Pods(None, Some(self.selector(false))),
            _ => Peer::Pods(Some(self.selector(true)), Some(self.selector(false))),
        }
    }

    fn rule(&mut self) -> Rule {
        Rule {
            peers: self.maybe(|random| random.some(2, Self::peer)),
            ports: self.maybe(|random| random.some(2, Self::port)),
        }
    }

    fn policy(&mut self) -> Policy {
        let types = match self.below(6) {
            0 => Some(vec!["Ingress"]),
            1 => Some(vec!["Egress"]),
            2 => Some(vec!["Ingress", "Egress"]),
            3 => Some(vec![]),
            _ => None,
        };
        Policy {
            namespace: self.below(3),
            pods: self.maybe(|random| random.selector(false)),
            types,
            ingress: self.maybe(|random| random.some(3, Self::rule)),
            egress: self.maybe(|random| random.some(3, Self::rule)),
        }
    }

    fn admin_rule(&mut self) -> AdminRule {
        let peers = 1 + self.below(2);
        AdminRule {
            action: self.pick(&["Allow", "Deny", "Pass"]),
            peers: (0..peers)
                .map(|_| match self.below(3) {
                    0 => AdminPeer::Namespaces(self.selector(true)),
                    1 => AdminPeer::Pods(self.selector(true), self.selector(false)),
                    _ => AdminPeer::Networks(vec![self.pick(&BLOCKS).0, self.pick(&BLOCKS).0]),
                })
                .collect(),
            ports: self.maybe(|random| {
                let mut ports = random.some(1, Self::admin_port);
                ports.push(random.admin_port());
                ports
            }),
        }
    }

    fn admin_port(&mut self) -> AdminPort {
        match self.below(3) {
            0 => AdminPort::Number(self.pick(&PROTOCOLS), self.pick(&PORTS)),
            1 => {
                let (one, other) = (self.pick(&PORTS), self.pick(&PORTS));
                AdminPort::Range(self.pick(&PROTOCOLS), one.min(other), one.max(other))
            }
            _ => AdminPort::Named(self.pick(&NAMES)),
        }
    }

    /// A cluster of six pods in three namespaces.
    pub(crate) fn cluster(&mut self) -> Cluster {
        let namespaces = NAMESPACES.map(|name| Namespace {
            name,
            labels: self.labels(),
        });
        let pods = (0..6).map(|number| Pod {
            name: format!("pod-{number}"),
            namespace: self.below(3),
            labels: self.labels(),
            ports: {
                let mut ports = self.some(2, |random| {
                    let protocol = random.maybe(|random| random.pick(&PROTOCOLS));
                    (random.pick(&NAMES), protocol, random.pick(&PORTS))
                });
                // A pod names no two ports alike.
                ports.sort_unstable();
                ports.dedup_by(|one, other| one.0 == other.0);
                ports
            },
            host_network: self.one_in(8),
        });
        let pods = pods.collect();
        let has_tiers = self.one_in(2);
        let policies = self.some(5, Self::policy);
        let mut admin = Vec::new();
        if has_tiers {
            for number in 0..self.below(4) {
                admin.push(AdminPolicy {
                    is_baseline: number == 2,
                    priority: 10 - i64::try_from(number).expect("it is small"),
                    namespaces: self.selector(true),
                    pods: self.maybe(|random| random.selector(false)),
                    ingress: self.some(3, Self::admin_rule),
                    egress: self.some(3, Self::admin_rule),
                });
            }
        }
        Cluster {
            namespaces: namespaces.to_vec(),
            pods,
            policies,
            admin,
            exempt: self.one_in(2),
        }
    }
}
