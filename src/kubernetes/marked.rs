//! Credentials that show by themselves what they are, wherever in an object they stand: in kinds of others, in fields
//! that nobody knows, in misspelt ones.

use std::collections::BTreeSet;

use crate::credential::{self, Found, What};
use crate::syntax::Node;

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
        walk(node, key, credential::find_marked, told, visit);
    }
}

/// The same where a text may be Base64 as well.
pub(super) fn with_base64<'a>(
    node: Node<'a>,
    key: &'a str,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    walk(node, key, find_encoded, told, visit);
}

fn find_encoded(text: &str) -> Vec<Found> {
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

fn walk<'a>(
    node: Node<'a>,
    key: &'a str,
    find: fn(&str) -> Vec<Found>,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    if let Some(text) = node.as_str() {
        let found = find(text);
        if !found.is_empty() && told.insert(node.id()) {
            visit(node, key, found);
        }
    }
    for item in node.items() {
        walk(item, key, find, told, visit);
    }
    if node.is_mapping() {
        for entry in node.entries() {
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
    for item in node.items() {
        pairs(item, told, visit);
    }
    if !node.is_mapping() {
        return;
    }
    let name = node.get("name").and_then(Node::as_str);
    for entry in node.entries() {
        let key = entry.key.key_text();
        match (entry.value.as_str(), name) {
            (Some(value), Some(name)) if key == "value" => {
                let found: Vec<_> = credential::by_key(name, value).into_iter().collect();
                if !found.is_empty() && told.insert(entry.value.id()) {
                    visit(entry.value, name, found);
                }
            }
            (None, _) if key != LAST_APPLIED => pairs(entry.value, told, visit),
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
