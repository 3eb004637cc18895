//! The address of a node: a JSON pointer (RFC 6901) in which list items go by what names them, never by
//! their position, so that re-ordering a list changes no address.

use super::tree::{Node, Value};

/// Keys that name an item of a list, the first that is present wins. They are the merge keys of the
/// Kubernetes API's own lists, and of no other meaning here.
const NAMING_KEYS: [&str; 6] = [
    "name",
    "containerPort",
    "mountPath",
    "devicePath",
    "key",
    "ip",
];

/// Escapes one segment as RFC 6901 wants it.
#[must_use]
pub fn escape_segment(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// The key of a segment.
#[must_use]
pub fn unescape_segment(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

impl Node<'_> {
    /// The JSON pointer of this node, list items by name (`/spec/containers/api/securityContext`). An item of a list
    /// of words, as of a command, has that of its list: any of them may be a secret.
    #[must_use]
    pub fn pointer(self) -> String {
        let mut segments = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent() {
            if node.is_merge_value() {
                // What a merge key brings in is addressed as if it stood in the mapping itself.
            } else if parent.is_mapping() {
                segments.push(
                    node.key()
                        .map_or_else(String::new, |key| escape_segment(key.key_text())),
                );
            } else if !(parent.is_sequence() && parent.is_merge_value()) {
                segments.extend(item_name(node, parent));
            }
            node = parent;
        }
        let mut pointer = String::new();
        for segment in segments.iter().rev() {
            pointer.push('/');
            pointer.push_str(segment);
        }
        pointer
    }
}

fn item_name(item: Node<'_>, list: Node<'_>) -> Option<String> {
    match item.value() {
        Value::Text(text) => names_itself(list, text).then(|| escape_segment(text)),
        Value::Mapping => {
            let name = NAMING_KEYS.iter().find_map(|key| item.present(key));
            Some(name.map_or_else(
                || position(item, list),
                |name| match name.value() {
                    Value::Text(text) => escape_segment(text),
                    _ => escape_segment(name.source()),
                },
            ))
        }
        _ => Some(position(item, list)),
    }
}

/// True for an item that is its own name, as a capability or a verb is: not a word of a command, nor anything else
/// that is no plain word.
fn names_itself(list: Node<'_>, text: &str) -> bool {
    let key = list.key().map_or("", Node::key_text);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./*:".contains(&byte);
    let is_words = ["command", "args", "entrypoint", "literals"].contains(&key);
    !is_words && text.len() <= 64 && !text.starts_with('-') && text.bytes().all(is_plain)
}

/// The last resort, for lists of nameless items.
fn position(item: Node<'_>, list: Node<'_>) -> String {
    list.items()
        .position(|other| other == item)
        .unwrap_or_default()
        .to_string()
}
