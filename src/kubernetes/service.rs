//! A Service: whom it lets in.
//!
//! Sources: the Service of Kubernetes 1.37, and the documentation of the controllers that make load balancers.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::syntax::Node;

use super::annotations::{annotation_text, annotations};
use super::field::Field;
use super::object::Object;

/// How far a Service reaches, as far as its own words go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Pods of the cluster.
    Cluster,
    /// A network of one's own, or the addresses that are listed.
    Network,
    /// Whoever reaches a node.
    Nodes,
    /// Whoever reaches the load balancer, from anywhere.
    World,
}

/// A Service.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    object: Object<'a>,
}

/// Annotations that keep a load balancer off the internet, with the value that does it.
const INTERNAL: [(&str, Value); 17] = [
    ("cloud.google.com/load-balancer-type", Value::Is("internal")),
    (
        "load-balancer.hetzner.cloud/disable-public-network",
        Value::Is("true"),
    ),
    (
        "networking.gke.io/load-balancer-type",
        Value::Is("internal"),
    ),
    (
        "oci-network-load-balancer.oraclecloud.com/internal",
        Value::Is("true"),
    ),
    (
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type",
        Value::Is("intranet"),
    ),
    (
        "service.beta.kubernetes.io/alicloud-loadbalancer-address-type",
        Value::Is("intranet"),
    ),
    // It takes any value but this.
    (
        "service.beta.kubernetes.io/aws-load-balancer-internal",
        Value::IsNot("false"),
    ),
    (
        "service.beta.kubernetes.io/aws-load-balancer-scheme",
        Value::Is("internal"),
    ),
    (
        "service.beta.kubernetes.io/azure-allowed-ip-ranges",
        Value::IsNot("0.0.0.0/0"),
    ),
    (
        "service.beta.kubernetes.io/azure-allowed-service-tags",
        Value::IsNot("internet"),
    ),
    (
        "service.beta.kubernetes.io/azure-load-balancer-internal",
        Value::Is("true"),
    ),
    (
        "service.beta.kubernetes.io/do-loadbalancer-network",
        Value::Is("internal"),
    ),
    (
        "service.beta.kubernetes.io/oci-load-balancer-internal",
        Value::Is("true"),
    ),
    (
        "service.beta.kubernetes.io/openstack-internal-load-balancer",
        Value::Is("true"),
    ),
    (
        "service.beta.kubernetes.io/scw-loadbalancer-private",
        Value::Is("true"),
    ),
    (
        "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type",
        Value::Is("private"),
    ),
    ("yandex.cloud/load-balancer-type", Value::Is("internal")),
];

/// The annotation of Tencent names the network that it stays in.
const TENCENT_SUBNET: &str = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid";

/// Classes of load balancers that stay in a network of one's own unless told otherwise.
const INTERNAL_CLASSES: [&str; 3] = ["eks.amazonaws.com/nlb", "service.k8s.aws/nlb", "tailscale"];

const AWS_SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const AWS_INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";
const AWS_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Annotations that ask for addresses.
const ADDRESSES: [&str; 5] = [
    "io.cilium/lb-ipam-ips",
    "kube-vip.io/loadbalancerIPs",
    "lbipam.cilium.io/ips",
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
];

#[derive(Clone, Copy)]
enum Value {
    Is(&'static str),
    IsNot(&'static str),
}

impl Value {
    fn fits(self, text: &str) -> bool {
        match self {
            Self::Is(wanted) => text.eq_ignore_ascii_case(wanted),
            Self::IsNot(other) => !text.is_empty() && !text.eq_ignore_ascii_case(other),
        }
    }
}

impl<'a> Service<'a> {
    /// The view, if the object is a Service of Kubernetes itself.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let resource = object.resource();
        (resource.group.is_empty() && &*resource.kind == "Service").then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// `spec.type`.
    #[must_use]
    pub fn type_field(self) -> Field<'a> {
        self.object.field(&["spec", "type"])
    }

    /// True if that is its type. The API server refuses one in other letters, and whoever mends them gets what they say.
    fn is_of_type(self, name: &str) -> bool {
        let written = self.type_field().as_str();
        written.is_some_and(|written| written.trim().eq_ignore_ascii_case(name))
    }

    /// True if it asks for a load balancer.
    #[must_use]
    pub fn is_load_balancer(self) -> bool {
        self.is_of_type("LoadBalancer")
    }

    /// True if it opens a port of every node, and nothing more.
    #[must_use]
    pub fn is_node_port(self) -> bool {
        self.is_of_type("NodePort")
    }

    /// `spec.externalIPs`.
    #[must_use]
    pub fn external_ips(self) -> Field<'a> {
        self.object.field(&["spec", "externalIPs"])
    }

    /// The ports that it serves.
    pub fn ports(self) -> impl Iterator<Item = Field<'a>> {
        let ports = self.object.field(&["spec", "ports"]);
        ports
            .items()
            .filter(|port| port.is_mapping())
            .map(|port| Field::follow(port, &["port"]))
    }

    /// True if it looks like the entry of a cluster: the proxy behind its Ingresses or Gateways, for the web alone.
    #[must_use]
    pub fn is_entry(self) -> bool {
        const PROXIES: [&str; 6] = [
            "contour",
            "envoy",
            "haproxy",
            "kong",
            "nginx-ingress",
            "traefik",
        ];
        let is_proxy = |text: &str| {
            text.contains("ingress") || text.contains("gateway") || PROXIES.contains(&text)
        };
        let mut ports = self.ports().peekable();
        let labels: [&'static [&'static str]; 2] = [&["metadata", "labels"], &["spec", "selector"]];
        let mut said = labels
            .into_iter()
            .filter_map(|path| self.object.field(path).node())
            .flat_map(Node::entries)
            .filter_map(|entry| entry.value.as_str())
            .chain(std::iter::once(&*self.object.resource().name));
        ports.peek().is_some()
            && ports.all(|port| matches!(port.as_int(), Some(80 | 443)))
            && said.any(is_proxy)
    }

    /// The first of the ranges that a load balancer takes clients from that is everybody; none where there are none,
    /// or none of them is.
    #[must_use]
    pub fn open_range(self) -> Option<Field<'a>> {
        let ranges = self.object.field(&["spec", "loadBalancerSourceRanges"]);
        let items: Vec<_> = ranges
            .items()
            .filter_map(|item| Some((item, item.as_str()?)))
            .collect();
        let open = everybody(items.iter().map(|(_, text)| *text));
        let item = open.and_then(|number| items.get(number));
        item.map(|(item, _)| Field::of(*item)).or_else(|| {
            // The field wins over the annotation.
            let listed = ranges.items().next().is_some();
            let annotation = super::annotations::annotation(self.object, SOURCE_RANGES)?;
            let text = annotation.as_str()?;
            (!listed && everybody(text.split(',')).is_some()).then_some(annotation)
        })
    }

    /// True if something narrows the sources: ranges, none of which is everybody.
    fn is_narrowed(self) -> bool {
        let ranges = self.object.field(&["spec", "loadBalancerSourceRanges"]);
        let listed = ranges.items().next().is_some()
            || annotation_text(self.object, SOURCE_RANGES).is_some_and(|text| !text.is_empty());
        listed && self.open_range().is_none()
    }

    /// True if its load balancer stays in a network of one's own.
    fn is_internal(self) -> bool {
        let has = |(name, value): &(&str, Value)| {
            annotation_text(self.object, name).is_some_and(|text| value.fits(text.trim()))
        };
        INTERNAL.iter().any(has)
            || annotation_text(self.object, TENCENT_SUBNET).is_some_and(|text| !text.is_empty())
            || self.is_internal_by_default()
            || self.asks_for_private_addresses()
    }

    /// The controller of AWS makes what is internal unless a scheme says otherwise.
    fn is_internal_by_default(self) -> bool {
        let class = self.object.field(&["spec", "loadBalancerClass"]).as_str();
        let of_controller = matches!(
            annotation_text(self.object, AWS_TYPE),
            Some("external" | "nlb-ip")
        );
        let says = [AWS_SCHEME, AWS_INTERNAL]
            .into_iter()
            .any(|name| annotation_text(self.object, name).is_some());
        !says && (of_controller || class.is_some_and(|class| INTERNAL_CLASSES.contains(&class)))
    }

    fn asks_for_private_addresses(self) -> bool {
        let field = self.object.field(&["spec", "loadBalancerIP"]).as_str();
        let asked = ADDRESSES
            .iter()
            .filter_map(|name| annotation_text(self.object, name))
            .chain(field)
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|address| !address.is_empty());
        let mut count = 0;
        let mut private = asked.inspect(|_| count += 1).map(is_private);
        let all = private.all(|is_private| is_private);
        all && count > 0
    }

    /// True if it says what keeps a load balancer to a network, whether it is one or not.
    #[must_use]
    pub fn is_kept_in(self) -> bool {
        self.is_narrowed() || self.is_internal()
    }

    /// How far it reaches; none where only a rendered template would show it.
    #[must_use]
    pub fn reach(self) -> Option<Reach> {
        let kind = self.type_field();
        if kind.is_set() && kind.as_str().is_none_or(|text| text.contains("{{")) {
            return None;
        }
        if self.is_node_port() {
            return Some(Reach::Nodes);
        }
        if !self.is_load_balancer() {
            return Some(Reach::Cluster);
        }
        if self.is_kept_in() {
            return Some(Reach::Network);
        }
        let unrendered = annotations(self.object)
            .any(|entry| entry.value.as_str().is_some_and(|text| text.contains("{{")));
        (!unrendered).then_some(Reach::World)
    }
}

/// True for an annotation that may keep a load balancer to a network.
pub(super) fn is_narrowing(annotation: &str) -> bool {
    let named = [TENCENT_SUBNET, AWS_TYPE, SOURCE_RANGES];
    INTERNAL.iter().any(|(name, _)| *name == annotation)
        || named.contains(&annotation)
        || ADDRESSES.contains(&annotation)
}

/// The widest of some ranges, by its number, if together they let in everybody, or nearly so: half of all addresses of
/// IPv4 or more, or all that IPv6 hands out. Two halves are as open as the whole.
#[must_use]
pub fn everybody<'r>(ranges: impl Iterator<Item = &'r str>) -> Option<usize> {
    let nets: Vec<(usize, IpNet)> = ranges
        .map(str::trim)
        .enumerate()
        .filter_map(|(number, range)| Some((number, range.parse().ok()?)))
        .collect();
    let of_version_4 = nets.iter().filter_map(|(_, net)| match net {
        IpNet::V4(net) => Some(*net),
        IpNet::V6(_) => None,
    });
    let of_version_6 = nets.iter().filter_map(|(_, net)| match net {
        IpNet::V6(net) => Some(*net),
        IpNet::V4(_) => None,
    });
    let addresses: u64 = Ipv4Net::aggregate(&of_version_4.collect())
        .iter()
        .map(|net| 1 << (32 - net.prefix_len()))
        .sum();
    let unicast = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    let all_of_6 = Ipv6Net::aggregate(&of_version_6.collect())
        .iter()
        .any(|net| net.contains(&unicast));
    let is_open = |net: &IpNet| match net {
        IpNet::V4(_) => addresses >= 1 << 31,
        IpNet::V6(_) => all_of_6,
    };
    nets.iter()
        .filter(|(_, net)| is_open(net))
        .min_by_key(|(_, net)| net.prefix_len())
        .map(|(number, _)| *number)
}

/// True for an address that no router of the internet knows. Anything else that stands for addresses, such as the
/// name of a pool, is not.
fn is_private(text: &str) -> bool {
    let address = text.split('/').next().unwrap_or(text);
    match address.parse() {
        Ok(IpAddr::V4(address)) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        Ok(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod everybody_tests {
    use super::everybody;

    #[test]
    fn halves_are_as_open_as_the_whole() {
        for (ranges, expected) in [
            ("0.0.0.0/0", Some(0)),
            ("10.0.0.0/8, 0.0.0.0/0", Some(1)),
            ("0.0.0.0/1,128.0.0.0/1", Some(0)),
            ("0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/2", Some(0)),
            ("::/0", Some(0)),
            ("2000::/4,3000::/4", Some(0)),
            ("10.0.0.0/8,172.16.0.0/12,192.168.0.0/16", None),
            ("2001:db8::/32", None),
            ("office, 203.0.113.0/24", None),
            ("", None),
        ] {
            assert_eq!(everybody(ranges.split(',')), expected, "{ranges}");
        }
    }
}
