//! Ends of connections in sentences.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::causes::Opened;
use super::connections::Connections;
use super::notation::{Named, pods_text};
use super::world::Direction;

/// The most ends that a sentence names.
const MOST: usize = 3;

/// Some ends, the widest ones first. Workloads are left out where pods that are not here are meant as well: what lets these
/// in means them.
#[must_use]
pub fn ends(all: &BTreeSet<Named>) -> String {
    let mut words: Vec<String> = Vec::new();
    let outside: Vec<&str> = all
        .iter()
        .filter_map(|end| match end {
            Named::External(range) => Some(&**range),
            _ => None,
        })
        .collect();
    if outside.iter().any(|range| is_whole(range)) {
        words.push("any address".to_owned());
    } else if let [range, rest @ ..] = outside.as_slice() {
        let first = match range.split_once('-') {
            Some((first, last)) if first == last => first,
            _ => range,
        };
        let more = if rest.is_empty() {
            String::new()
        } else {
            format!(" and {} more ranges", rest.len())
        };
        words.push(format!("addresses {first}{more}"));
    }
    let mut pods: Vec<String> = Vec::new();
    for end in all {
        if let Named::Pods(own) = end {
            if own.is_all() {
                pods = vec!["any pod of the cluster".to_owned()];
                break;
            }
            pods.push(pods_text(own));
        }
    }
    let has_pods = !pods.is_empty();
    words.extend(pods);
    let workloads = all
        .iter()
        .filter(|end| matches!(end, Named::Workload { .. }));
    words.extend(workloads.filter(|_| !has_pods).map(ToString::to_string));
    listed(&words)
}

/// What passes: `everything`, or `TCP 80,443`.
#[must_use]
pub fn passing(connections: &Connections) -> String {
    if connections.is_all() {
        "everything".to_owned()
    } else {
        connections.to_string()
    }
}

/// `a`, `a and b`, `a, b, c and 2 more`.
#[must_use]
pub fn listed(words: &[String]) -> String {
    match words {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, two, last] => format!("{one}, {two} and {last}"),
        words => {
            let shown = words.get(..MOST).unwrap_or_default().join(", ");
            format!("{shown} and {} more", words.len() - MOST)
        }
    }
}

fn is_whole(range: &str) -> bool {
    matches!(
        range,
        "0.0.0.0-255.255.255.255" | "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    )
}

/// True if something comes in from outside of the cluster or from another namespace.
#[must_use]
pub fn comes_from_afar(opened: &Opened) -> bool {
    // All of its workloads are of one namespace.
    let namespace = opened.workloads.first().and_then(Named::namespace);
    let mut others = opened.others.iter();
    opened.direction == Direction::Ingress && others.any(|end| is_far(end, namespace))
}

/// True if an end is outside of a namespace.
#[must_use]
pub fn is_far(end: &Named, namespace: Option<&Arc<str>>) -> bool {
    match end {
        Named::External(_) | Named::Controller => true,
        Named::Workload { .. } | Named::Pods(_) => {
            end.namespace().is_none() || end.namespace() != namespace
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::selector::Selector;
    use crate::network::world::Pods;

    #[test]
    fn the_widest_end_is_said_first_and_for_all() {
        let workload = Named::Workload {
            namespace: "shop".into(),
            name: "web".into(),
            kind: "Deployment".into(),
        };
        let range = |range: &str| Named::External(range.into());
        let of = |all: &[&Named]| ends(&all.iter().map(|end| (*end).clone()).collect());
        let any = Named::Pods(Pods::all());
        let team = Named::Pods(Pods {
            namespaces: Selector::all().with_label("team", "a"),
            pods: Selector::all(),
        });
        assert_eq!(of(&[&workload]), "shop/web[Deployment]");
        assert_eq!(of(&[&workload, &any, &team]), "any pod of the cluster");
        assert_eq!(
            of(&[&workload, &team]),
            "[namespaces with team=a]/[all pods]"
        );
        assert_eq!(
            of(&[&range("0.0.0.0-255.255.255.255"), &any]),
            "any address and any pod of the cluster"
        );
        assert_eq!(
            of(&[&range("169.254.169.254-169.254.169.254")]),
            "addresses 169.254.169.254"
        );
        let four: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(listed(&four), "a, b, c and 2 more");
    }
}
