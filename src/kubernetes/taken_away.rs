//! What a strategic merge patch takes away from the object that it changes.
//!
//! Sources: strategic merge patches of Kubernetes with the directives `delete`, `replace`, `$retainKeys` and
//! `$deleteFromPrimitiveList`; `null` deletes a field, and an empty list empties one that is replaced as a whole.

use crate::syntax::{Node, Span, escape_segment};

use super::harmless_operation;
use super::ingress::Guard;
use super::object::Object;
use super::service;

/// The most nodes of a patch that are looked at, aliases written out.
const MOST_NODES: usize = 1 << 14;

/// The most items of a list among which the one of a name is looked for.
const MOST_ITEMS: usize = 256;

/// Fields whose lists are replaced as a whole, and whose items protect something.
/// An emptied `drop` is told where it stands.
const WHOLE_LISTS: [&str; 2] = ["loadBalancerSourceRanges", "tls"];

/// Kinds that only guard something: whatever is taken away from one weakens it.
const GUARDS: [&str; 3] = ["LimitRange", "NetworkPolicy", "ResourceQuota"];

/// The annotation that says which controller serves an Ingress.
const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";

/// Something that a patch takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAway {
    /// The bytes that do it.
    pub at: Span,
    /// The address of what it takes, in the patch.
    pub pointer: String,
    /// What it takes, as a person calls it.
    pub name: String,
    /// True if only that is left of it which the patch repeats.
    pub is_replaced: bool,
}

/// What a patch takes away that may protect something. `others` are what else the revision says of the patched object;
/// with `is_known`, they hold all of it, and what stands in none of them cannot be taken away.
#[must_use]
pub fn taken_away(patch: Object<'_>, others: &[Object<'_>], is_known: bool) -> Vec<TakenAway> {
    let mut search = Search {
        patch,
        is_known,
        left: MOST_NODES,
        found: Vec::new(),
    };
    let others: Vec<_> = others.iter().map(|other| other.node()).collect();
    search.mapping(patch.node(), &mut Vec::new(), &others);
    search.found
}

struct Search<'a> {
    patch: Object<'a>,
    is_known: bool,
    left: usize,
    found: Vec<TakenAway>,
}

impl<'a> Search<'a> {
    fn mapping(&mut self, node: Node<'a>, path: &mut Vec<String>, others: &[Node<'_>]) {
        for entry in node.entries() {
            let Some(left) = self.left.checked_sub(1) else {
                return;
            };
            self.left = left;
            let key = entry.key.key_text();
            let span = entry.key.span().to(entry.value.span());
            if key == "$patch" {
                match entry.value.as_str() {
                    Some("delete") => self.removal(span, node, path, others),
                    Some("replace") => self.replacement(span, node, path, others),
                    _ => {}
                }
                continue;
            }
            if key == "$retainKeys" {
                self.replacement(span, node, path, others);
                continue;
            }
            let list = key.strip_prefix("$deleteFromPrimitiveList/");
            path.push(list.unwrap_or(key).to_owned());
            let below: Vec<_> = others
                .iter()
                .filter_map(|other| other.present(path.last()?))
                .collect();
            let value = entry.value;
            if self.mounts_token(path, value) {
                // What the object says is what it takes away.
                let says_no = |other: &Node<'_>| other.as_bool() == Some(false);
                if !self.is_known || below.iter().any(says_no) {
                    self.add(span, value, path, true);
                }
                path.pop();
                continue;
            }
            let is_emptied = value.is_sequence() && value.items().next().is_none();
            if value.is_null() || list.is_some() || is_emptied && WHOLE_LISTS.contains(&key) {
                self.removal(span, value, path, &below);
            } else if value.is_mapping() {
                self.mapping(value, path, &below);
            } else {
                self.items(value, path, &below);
            }
            path.pop();
        }
    }

    fn items(&mut self, list: Node<'a>, path: &mut Vec<String>, others: &[Node<'_>]) {
        for (number, item) in list.items().enumerate() {
            let Some(left) = self.left.checked_sub(1) else {
                return;
            };
            self.left = left;
            if !item.is_mapping() {
                continue;
            }
            // A directive without a name is one for the list.
            let name = item.get("name").and_then(Node::as_str);
            if let Some(entry) = item.entry("$patch").filter(|_| name.is_none()) {
                if entry.value.as_str() == Some("replace") {
                    let span = entry.key.span().to(entry.value.span());
                    self.replacement(span, item, path, others);
                }
                continue;
            }
            let same = |other: &Node<'_>| {
                name.is_none() || other.get("name").and_then(Node::as_str) == name
            };
            let items = others
                .iter()
                .flat_map(|other| other.items().take(MOST_ITEMS));
            let below: Vec<_> = items.filter(same).collect();
            path.push(number.to_string());
            self.mapping(item, path, &below);
            path.pop();
        }
    }

    /// True for a `ServiceAccount` that gives pods their token again.
    fn mounts_token(&self, path: &[String], value: Node<'_>) -> bool {
        let is_field = matches!(path, [field] if field == "automountServiceAccountToken");
        self.patch.kind().name == "ServiceAccount"
            && is_field
            && (value.is_null() || value.as_bool() == Some(true))
    }

    /// A field, or an item, that is gone.
    fn removal(&mut self, at: Span, node: Node<'_>, path: &[String], others: &[Node<'_>]) {
        let is_there = others.iter().any(|other| !other.is_null());
        if (is_there || !self.is_known) && self.may_protect(path) {
            self.add(at, node, path, false);
        }
    }

    /// Something of which only that is left that the patch says.
    fn replacement(&mut self, at: Span, node: Node<'_>, path: &[String], others: &[Node<'_>]) {
        let is_there = others.iter().any(|other| !other.is_null());
        if (is_there || !self.is_known) && (self.may_protect(path) || self.holds_container(path)) {
            self.add(at, node, path, true);
        }
    }

    fn add(&mut self, at: Span, node: Node<'_>, path: &[String], is_replaced: bool) {
        let named = path.iter().rev().find(|step| step.parse::<u32>().is_err());
        self.found.push(TakenAway {
            at,
            pointer: node.pointer(),
            name: named.map_or_else(|| self.patch.resource().kind.to_string(), Clone::clone),
            is_replaced,
        });
    }

    /// True if what is taken away at a path of the object may protect something.
    fn may_protect(&self, path: &[String]) -> bool {
        let kind = self.patch.kind();
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        match kind.name {
            "Service" => match *steps {
                ["spec" | "metadata"]
                | [
                    "spec",
                    "loadBalancerSourceRanges" | "loadBalancerClass" | "loadBalancerIP",
                ]
                | ["metadata", "annotations"] => true,
                ["metadata", "annotations", name] => service::is_narrowing(name),
                _ => false,
            },
            "Ingress" => match *steps {
                ["spec" | "metadata"]
                | ["spec", "tls" | "ingressClassName"]
                | ["spec", "tls", _]
                | ["metadata", "annotations"] => true,
                ["metadata", "annotations", name] => {
                    let mut guards = Guard::ALL.iter();
                    name == INGRESS_CLASS || guards.any(|guard| guard.names().contains(&name))
                }
                _ => false,
            },
            name if GUARDS.contains(&name) => {
                matches!(*steps, [] | ["spec", ..])
            }
            _ if kind.bears_pods() => {
                let address: String = steps
                    .iter()
                    .flat_map(|step| ["/".to_owned(), escape_segment(step)])
                    .collect();
                harmless_operation::takes_protection(&address)
            }
            _ => false,
        }
    }

    /// True for the containers of a workload, and each of them.
    fn holds_container(&self, path: &[String]) -> bool {
        let is_number = |step: &&String| step.parse::<u32>().is_ok();
        let last = path.iter().rev().find(|step| !is_number(step));
        let is_list = last.is_some_and(|step| {
            ["containers", "initContainers", "ephemeralContainers"].contains(&step.as_str())
        });
        self.patch.kind().bears_pods() && is_list
    }
}
