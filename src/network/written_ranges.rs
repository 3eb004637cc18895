//! Ranges that the API server refuses, as a `NetworkPolicy` has them written.
//!
//! Source: the validation of the API server (`ValidateNetworkPolicyPort` and `ValidateIPBlock`): `endPort` needs a number
//! in `port` that is no higher, and what is excepted is a strict part of `cidr`.

use ipnet::IpNet;

use crate::kubernetes::{Field, Object};
use crate::syntax::{Node, Span};

use super::read::is_network_policy;

/// A range that the API server refuses.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Where it stands.
    pub span: Span,
    /// What is wrong with it.
    pub what: String,
    /// What to write instead.
    pub instead: &'static str,
}

/// The ranges of a policy that the API server refuses.
#[must_use]
pub fn refused(object: Object<'_>) -> Vec<Refused> {
    let mut all = Vec::new();
    if !is_network_policy(object) {
        return all;
    }
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        let spec = object.field(&["spec"]).node();
        let rules = spec.and_then(|spec| spec.present(rules)).into_iter();
        for rule in rules.flat_map(Node::items) {
            let items = |name: &str| rule.present(name).into_iter().flat_map(Node::items);
            all.extend(items("ports").filter_map(of_ports));
            all.extend(items(peers).flat_map(of_peer));
        }
    }
    all
}

fn of_ports(entry: Node<'_>) -> Option<Refused> {
    let end = entry.present("endPort")?;
    let last = end.as_int()?;
    let (what, instead) = match entry.present("port") {
        None => (
            format!("endPort is {last} without a port"),
            "name the first port of the range as port",
        ),
        Some(port) => match port.as_int() {
            Some(first) if first > last => (
                format!("endPort {last} is lower than port {first}"),
                "write an endPort that is no lower than port",
            ),
            Some(_) => return None,
            None => (
                format!("endPort is {last} and port is a name"),
                "write port as a number, or take endPort away",
            ),
        },
    };
    let span = end.span();
    Some(Refused {
        span,
        what,
        instead,
    })
}

fn of_peer(peer: Node<'_>) -> Vec<Refused> {
    let block = Field::follow(peer, &["ipBlock"]);
    let cidr = block.node().and_then(|block| block.present("cidr"));
    let Some(cidr) = cidr else {
        return Vec::new();
    };
    let Ok(whole) = cidr.key_text().parse::<IpNet>() else {
        return Vec::new();
    };
    let except = block.node().and_then(|block| block.present("except"));
    let except = except.into_iter().flat_map(Node::items);
    let outside = except.filter_map(|node| {
        let own = node.key_text().parse::<IpNet>().ok()?;
        let is_part = whole.contains(&own.network()) && own.prefix_len() > whole.prefix_len();
        (!is_part).then(|| Refused {
            span: node.span(),
            what: format!("except {own} is no smaller part of cidr {whole}"),
            instead: "except a smaller range that lies within cidr",
        })
    });
    outside.collect()
}
