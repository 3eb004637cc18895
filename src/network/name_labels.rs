//! Namespaces that a policy knows by a label `name`, which nobody sets for them.

use crate::kubernetes::{Field, Object};
use crate::syntax::Node;

use super::read::is_network_policy;

/// The label that is taken for the name of a namespace, and is not set by itself.
const NAME: &str = "name";

/// A place where a policy asks for the label.
#[derive(Clone, Debug)]
pub struct NameLabel<'a> {
    /// What holds the name of the label.
    pub key: Node<'a>,
    /// The value that belongs to it: the value of the label, or the expression.
    pub node: Node<'a>,
    /// The values that are asked for.
    pub values: Vec<&'a str>,
}

/// The places where the peers of a `NetworkPolicy` ask for the label.
#[must_use]
pub fn name_labels(object: Object<'_>) -> Vec<NameLabel<'_>> {
    let mut found = Vec::new();
    if !is_network_policy(object) {
        return found;
    }
    let directions: [(&'static [&'static str], &'static [&'static str]); 2] = [
        (&["spec", "ingress"], &["from"]),
        (&["spec", "egress"], &["to"]),
    ];
    for (rules, peers) in directions {
        let rules = object.field(rules).items();
        let peers = rules.flat_map(|rule| Field::follow(rule, peers).items());
        for peer in peers {
            let labels = Field::follow(peer, &["namespaceSelector", "matchLabels"]).node();
            let labels = labels.into_iter().flat_map(Node::entries);
            found.extend(
                labels
                    .filter(|entry| entry.key.key_text() == NAME)
                    .map(|entry| NameLabel {
                        key: entry.key,
                        node: entry.value,
                        values: vec![entry.value.key_text()],
                    }),
            );
            let expressions = Field::follow(peer, &["namespaceSelector", "matchExpressions"]);
            found.extend(expressions.items().filter_map(|expression| {
                let key = expression
                    .present("key")
                    .filter(|key| key.key_text() == NAME)?;
                let values = expression.present("values")?.items();
                Some(NameLabel {
                    key,
                    node: key,
                    values: values.map(Node::key_text).collect(),
                })
            }));
        }
    }
    found
}
