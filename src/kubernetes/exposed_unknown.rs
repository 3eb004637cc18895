//! Credentials in fields that nobody knows, most of them misspelt: what the field that was meant would show is shown.

use std::collections::BTreeSet;

use crate::credential::{self, Found};
use crate::nearest::nearest;
use crate::syntax::Node;

use super::Object;
use super::exposed::{LAST_APPLIED, decoded_whole};
use super::marked::{all_entries, find_encoded, walk};
use super::schema::{Meant, What};

/// The fields of a Secret, of which any may be meant.
const OF_SECRET: [&str; 7] = [
    "data",
    "stringData",
    "metadata",
    "type",
    "immutable",
    "apiVersion",
    "kind",
];

/// Visits what stands in the fields that an object of a known kind does not have, each with what says what it is. The
/// fields of a Secret itself are not among them.
pub(super) fn in_unknown_fields<'a>(
    object: Object<'a>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    let is_secret = object.kind().name == "Secret";
    for odd in object.oddities().filter(|odd| odd.what == What::NoField) {
        let node = odd.node(object);
        let (Some(key), Some(around)) = (node.key(), node.parent()) else {
            continue;
        };
        let is_own = around == object.node();
        if is_secret && is_own {
            continue;
        }
        let key = key.key_text();
        let is_binary = is_own && odd.meant(object) == Meant::Field("binaryData");
        if is_binary {
            for entry in all_entries(node) {
                let key = entry.key.key_text();
                let text = entry.value.as_str().unwrap_or_default();
                let found = decoded_whole(key, text, credential::of_value);
                if !found.is_empty() {
                    visit(entry.value, key, found);
                }
            }
            continue;
        }
        let name = around.get("name").and_then(Node::as_str);
        of_field(node, key, name, visit);
    }
}

/// Visits what a field shows: as a value behind its key or beside its name, as a list of words. Depth is bounded by the
/// reader.
pub(super) fn of_field<'a>(
    node: Node<'a>,
    key: &'a str,
    name: Option<&'a str>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    if let Some(text) = node.as_str() {
        // What is meant for the value belongs to the name.
        let own = name.filter(|_| key != "name");
        let is_value = own.is_some() && (key == "value" || nearest(key, ["value"]).is_some());
        let found = match own {
            Some(name) if is_value => credential::of_value(name, text),
            _ => credential::of_unknown(key, own, text),
        };
        if !found.is_empty() {
            visit(
                node,
                if is_value { name.unwrap_or(key) } else { key },
                found,
            );
        }
        return;
    }
    let mut words: Vec<&str> = Vec::new();
    for item in node.items() {
        let Some(text) = item.as_str() else {
            of_field(item, key, None, visit);
            continue;
        };
        let found = credential::of_word(&words, text);
        if !found.is_empty() {
            visit(item, key, found);
        }
        words.push(text);
    }
    if node.is_mapping() {
        let name = node.get("name").and_then(Node::as_str);
        for entry in all_entries(node) {
            let key = entry.key.key_text();
            if key != LAST_APPLIED {
                of_field(entry.value, key, name, visit);
            }
        }
    }
}

/// Visits what stands in a field that a Secret does not have, or in a type that its field does not have, behind a key: as strictly as in the field that is meant. Where nobody
/// can tell which, it may be Base64 or not.
pub(super) fn in_field_of_secret<'a>(
    node: Node<'a>,
    key: &'a str,
    field: &str,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    let find = match nearest(field, OF_SECRET) {
        Some("data") => of_data,
        Some("stringData") => of_string_data,
        _ => of_any,
    };
    walk(node, key, find, &mut BTreeSet::new(), visit);
}

fn of_data(key: &str, text: &str) -> Vec<Found> {
    let found = decoded_whole(key, text, credential::of_secret);
    if found.is_empty() {
        return find_encoded(key, text);
    }
    found
}

fn of_string_data(key: &str, text: &str) -> Vec<Found> {
    let found = credential::of_secret(key, text);
    if found.is_empty() {
        return find_encoded(key, text);
    }
    found
}

fn of_any(key: &str, text: &str) -> Vec<Found> {
    let found = find_encoded(key, text);
    if found.is_empty() {
        return credential::of_value(key, text);
    }
    found
}
