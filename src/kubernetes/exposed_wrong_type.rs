//! Credentials in values of a type that their fields do not have: a command in one text, variables in a mapping, a
//! structure in place of a text. The API server refuses them, and they were shown all the same.

use crate::credential::Found;
use crate::syntax::Node;

use super::Container;
use super::exposed::{Exposed, short};
use super::exposed_unknown::of_field;

/// Visits what the variables and the commands of a container show that are no lists of what belongs there.
pub(super) fn in_container<'a>(
    container: Container<'a>,
    commands: impl IntoIterator<Item = &'static [&'static str]>,
    visit: &mut dyn FnMut(Exposed<'a>),
) {
    let is_structure = |node: Node<'_>| node.is_mapping() || node.is_sequence();
    let mut visit = |node: Node<'a>, key: &'a str| whole(node, key, Some(container), visit);
    for path in commands {
        let key = path.last().copied().unwrap_or_default();
        let field = container.field(path);
        if let Some(node) = field.node().filter(|node| !node.is_sequence()) {
            visit(node, key);
        }
        for item in field.items().filter(|item| is_structure(*item)) {
            visit(item, key);
        }
    }
    let env = container.field(&["env"]);
    if let Some(node) = env.node().filter(|node| !node.is_sequence()) {
        visit(node, "env");
    }
    for variable in env.items() {
        if !variable.is_mapping() {
            visit(variable, "env");
        }
        let name = variable.get("name").map_or("", Node::key_text);
        let value = variable.get("value");
        if let Some(node) = value.filter(|node| is_structure(*node)) {
            visit(node, name);
        }
    }
}

/// Visits what the data of a `ConfigMap` shows that is no mapping of texts.
pub(super) fn in_data<'a>(node: Node<'a>, field: &'a str, visit: &mut dyn FnMut(Exposed<'a>)) {
    if !node.is_mapping() {
        whole(node, field, None, visit);
        return;
    }
    for entry in node.entries() {
        if entry.value.is_mapping() || entry.value.is_sequence() {
            whole(entry.value, entry.key.key_text(), None, visit);
        }
    }
}

fn whole<'a>(
    node: Node<'a>,
    key: &'a str,
    container: Option<Container<'a>>,
    visit: &mut dyn FnMut(Exposed<'a>),
) {
    of_field(node, key, None, &mut |node, key, found: Vec<Found>| {
        visit(Exposed {
            node,
            container,
            place: format!("`{}`", short(key)),
            found,
        });
    });
}
