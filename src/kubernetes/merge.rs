//! What a patch makes of an object.
//!
//! Sources: strategic merge patches of Kubernetes with the directives `delete` and `replace`; JSON patches, RFC 6902.

use serde_json::{Map, Value};

use crate::syntax::{self, Node};

/// The most nodes of an object, aliases written out.
const MOST_NODES: usize = 1 << 16;

/// The value of a node, aliases and merge keys written out; none where it is too large for an object.
#[must_use]
pub fn value(node: Node<'_>) -> Option<Value> {
    let mut left = MOST_NODES;
    value_within(node, &mut left)
}

fn value_within(node: Node<'_>, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    Some(match node.value() {
        syntax::Value::Null => Value::Null,
        syntax::Value::Bool(value) => value.into(),
        syntax::Value::Int(value) => value.into(),
        syntax::Value::Float(value) => value.into(),
        syntax::Value::Text(text) => text.into(),
        syntax::Value::Sequence => {
            let items = node.items().map(|item| value_within(item, left));
            Value::Array(items.collect::<Option<_>>()?)
        }
        syntax::Value::Mapping => {
            let mut map = Map::new();
            for entry in node.entries() {
                let value = value_within(entry.value, left)?;
                map.insert(entry.key.key_text().to_owned(), value);
            }
            Value::Object(map)
        }
    })
}

/// What a patch in the form of an object makes of a value; none where it deletes it.
#[must_use]
pub fn merged(old: Value, patch: &Value) -> Option<Value> {
    let Value::Object(changes) = patch else {
        return (!patch.is_null()).then(|| patch.clone());
    };
    let mut map = match (changes.get("$patch").and_then(Value::as_str), old) {
        (Some("delete"), _) => return None,
        (None | Some("merge"), Value::Object(map)) => map,
        _ => Map::new(),
    };
    for (key, change) in changes.iter().filter(|(key, _)| *key != "$patch") {
        let old = map.remove(key);
        let new = match (old, change) {
            // Of the kinds that are looked at, these alone are merged item by item.
            (Some(Value::Array(items)), Value::Array(changes)) if key == "webhooks" => {
                Some(Value::Array(merged_by_name(items, changes)))
            }
            (old, change) => merged(old.unwrap_or_default(), change),
        };
        if let Some(new) = new {
            map.insert(key.clone(), new);
        }
    }
    Some(Value::Object(map))
}

fn merged_by_name(items: Vec<Value>, changes: &[Value]) -> Vec<Value> {
    let replaces = |change: &Value| {
        change.get("$patch").and_then(Value::as_str) == Some("replace")
            && change.get("name").is_none()
    };
    let mut items = if changes.iter().any(replaces) {
        Vec::new()
    } else {
        items
    };
    for change in changes.iter().filter(|change| !replaces(change)) {
        let name = change.get("name");
        let known = items
            .iter()
            .position(|item| name.is_some() && item.get("name") == name);
        let new = match known {
            Some(at) => merged(items.remove(at), change),
            None => merged(Value::Null, change),
        };
        let at = known.unwrap_or(items.len());
        items.splice(at..at, new);
    }
    items
}

/// What the operations of a JSON patch make of a value. What cannot be applied is left out, as the build then
/// fails; so are copies, which take nothing away.
#[must_use]
pub fn operated(mut value: Value, operations: &Value) -> Option<Value> {
    for operation in operations.as_array().into_iter().flatten() {
        let text = |key| operation.get(key).and_then(Value::as_str);
        let (Some(op), Some(path)) = (text("op"), text("path")) else {
            continue;
        };
        let new = match op {
            "add" | "replace" => operation.get("value").cloned().unwrap_or_default(),
            "move" => {
                let from = text("from").unwrap_or_default();
                let Some(moved) = value.pointer(from).cloned() else {
                    continue;
                };
                place(&mut value, from, None, true);
                moved
            }
            "remove" => {
                if path.is_empty() {
                    return None;
                }
                place(&mut value, path, None, true);
                continue;
            }
            _ => continue,
        };
        if path.is_empty() {
            value = new;
        } else {
            place(&mut value, path, Some(new), op == "replace");
        }
    }
    Some(value)
}

/// Puts something in a place, in the place of what is there or before it; nothing takes it away.
fn place(value: &mut Value, path: &str, new: Option<Value>, replaces: bool) {
    let Some((parent, last)) = path.rsplit_once('/') else {
        return;
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&last);
            if let Some(new) = new {
                map.insert(last, new);
            }
        }
        Some(Value::Array(items)) => {
            let at = last.parse::<usize>().ok();
            let at = at.or_else(|| (last == "-").then_some(items.len()));
            let Some(at) = at.filter(|at| *at <= items.len()) else {
                return;
            };
            let end = if replaces {
                items.len().min(at + 1)
            } else {
                at
            };
            items.splice(at..end, new);
        }
        _ => {}
    }
}
