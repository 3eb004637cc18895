//! Credentials that show by themselves what they are, wherever in an object they stand: in kinds of others, in fields
//! that nobody knows, in misspelt ones.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::credential::{self, Found, What};
use crate::syntax::{Entry, Node};

use super::Object;
use super::exposed::LAST_APPLIED;

/// Visits the texts below a node that hold a token, a private key or an address with a password, each with the key that
/// it stands behind. Nodes in `told` are left out, and none is visited twice. Depth is bounded by the reader.
pub fn marked<'a>(
    node: Node<'a>,
    key: &'a str,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    // One look at the bytes spares most objects the walk. Who breaks a token up with escapes is not found by it.
    if !credential::find_marked(node.source()).is_empty() {
        walk(node, key, credential::find_marked_behind, told, visit);
    }
}

/// What shows by itself what it is in a text, or in the Base64 that it is.
pub(super) fn find_encoded(_key: &str, text: &str) -> Vec<Found> {
    let found = credential::find_marked(text);
    if !found.is_empty() {
        return found;
    }
    let plain = credential::decode(text).and_then(|plain| String::from_utf8(plain).ok());
    let mut found = credential::find_marked(&plain.unwrap_or_default());
    // None of its bytes stands there as it is.
    for found in &mut found {
        found.range = 0..text.len();
    }
    found
}

/// The entries of a mapping that take effect, and those that a later one of the same key replaces: what was written
/// stands in the repository either way.
pub(super) fn all_entries(node: Node<'_>) -> impl Iterator<Item = Entry<'_>> {
    let replaced = (!node.all_take_effect()).then(|| replaced_entries(node));
    node.entries().chain(replaced.into_iter().flatten())
}

fn replaced_entries(node: Node<'_>) -> Vec<Entry<'_>> {
    let known: BTreeSet<u32> = node.entries().map(|entry| entry.value.id()).collect();
    let replaced = node.written_entries();
    let replaced = replaced.filter(|entry| entry.key.key_text() != "<<");
    replaced
        .filter(|entry| !known.contains(&entry.value.id()))
        .collect()
}

/// True for a value whose key stands again behind it, so that it has no effect.
fn is_replaced(node: Node<'_>) -> bool {
    let (Some(key), Some(mapping)) = (node.key(), node.parent()) else {
        return false;
    };
    let effective = mapping.get(key.key_text());
    effective.is_some_and(|effective| effective.id() != node.id())
}

/// What tells a credential from others at the address of its value, of which there may be two.
pub(super) fn discriminator(node: Node<'_>, found: &Found) -> String {
    let mut text = found.discriminator();
    if is_replaced(node) {
        text.push_str(" replaced");
    }
    text
}

/// Visits the texts below a node in which something is found, each with the key that it stands behind. Nodes in `told`
/// are left out, and none is visited twice. Depth is bounded by the reader.
pub(super) fn walk<'a>(
    node: Node<'a>,
    key: &'a str,
    find: fn(&str, &str) -> Vec<Found>,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    if let Some(text) = node.as_str() {
        let mut found = find(key, text);
        // What is called by a name beside it, as a variable is, has that for its key.
        if key == "value"
            && let Some(name) = node.parent().and_then(|pair| pair.get("name")?.as_str())
        {
            found = credential::without_published(name, found);
        }
        if !found.is_empty() && told.insert(node.id()) {
            visit(node, key, found);
        }
    }
    for item in node.items() {
        walk(item, key, find, told, visit);
    }
    if node.is_mapping() {
        for entry in all_entries(node) {
            let key = entry.key.key_text();
            if key != LAST_APPLIED {
                walk(entry.value, key, find, told, visit);
            }
        }
    }
}

/// Visits the values that a name beside them says to be secret, wherever below a node such pairs stand, as in variables:
/// `{name: redisPassword, value: …}`. Nodes in `told` are left out. Depth is bounded by the reader.
pub fn pairs<'a>(
    node: Node<'a>,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    // One look at the bytes spares most objects the walk.
    if memmem::find(node.source().as_bytes(), b"value").is_some() {
        pairs_below(node, told, visit);
    }
}

fn pairs_below<'a>(
    node: Node<'a>,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    for item in node.items() {
        pairs_below(item, told, visit);
    }
    if !node.is_mapping() {
        return;
    }
    for entry in all_entries(node) {
        let key = entry.key.key_text();
        match entry.value.as_str() {
            Some(value) if key == "value" => {
                let Some(name) = node.get("name").and_then(Node::as_str) else {
                    continue;
                };
                let found = credential::of_value(name, value);
                if !found.is_empty() && told.insert(entry.value.id()) {
                    visit(entry.value, name, found);
                }
            }
            None if key != LAST_APPLIED => pairs_below(entry.value, told, visit),
            _ => {}
        }
    }
}

/// The providers of an `EncryptionConfiguration` that keep their keys in it.
const KEYED: [&str; 3] = ["aescbc", "aesgcm", "secretbox"];

/// Visits the keys that an `EncryptionConfiguration` encrypts with: Base64 of 16, 24 or 32 bytes.
pub(super) fn encryption_keys<'a>(
    object: Object<'a>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    if object.kind().name != "EncryptionConfiguration" {
        return;
    }
    let entries = object.field(&["resources"]).items();
    let providers = entries.flat_map(|entry| {
        let providers = entry.get("providers").into_iter();
        providers.flat_map(Node::items)
    });
    for provider in providers {
        let keys = KEYED
            .iter()
            .filter_map(|name| provider.get(name)?.get("keys"));
        for key in keys.flat_map(Node::items) {
            let Some(node) = key.get("secret") else {
                continue;
            };
            let text = node.as_str().unwrap_or_default();
            if is_key(text) {
                let found = Found::new(0..text.len(), What::Secret, false).marked(text);
                visit(node, "secret", vec![found]);
            }
        }
    }
}

/// True for what a cipher takes. The keys that documentation shows are words in Base64.
fn is_key(text: &str) -> bool {
    let Some(bytes) = credential::decode(text) else {
        return false;
    };
    let is_text = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    let is_prose = is_text && bytes.contains(&b' ');
    let is_row = bytes.windows(2).all(|two| two.first() == two.last());
    matches!(bytes.len(), 16 | 24 | 32) && !is_prose && !is_row
}
