//! Objects whose `apiVersion` or `kind` is written so that nobody accepts them: under another spelling of the key, as a
//! number, not at all, or with a value that no release of Kubernetes serves. They are read as what they are meant to be:
//! whoever mends the word brings all the rest into the cluster.

use memchr::memmem;

use crate::syntax::{Entry, Node};

use super::field::Field;
use super::kinds;
use super::schema::{Type, is_other_spelling};
use super::unserved::Unserved;

/// What is wrong with the head of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A key is spelt in another way: the node of its value, and how it is spelt rightly.
    Key(u32, &'static str),
    /// `apiVersion` is no text.
    NoText,
    /// There is no `apiVersion`.
    Missing,
    /// Both are written, and are not served together: what they are, and what was meant.
    Unserved(Box<str>, Box<str>, Unserved),
}

impl Fault {
    /// What is wrong with an object that has been read as of this version and kind; none if nothing is.
    #[must_use]
    pub fn of(node: Node<'_>, api_version: &str, kind: &str) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let is_in_typed_list = || {
            let list = node.parent().and_then(Node::parent);
            let kind = list.and_then(|list| list.get("kind")?.as_str());
            kind.is_some_and(|kind| kind != "List")
        };
        for key in ["kind", "apiVersion"] {
            if text(key).is_none()
                && let Some(entry) = other_spelling(node, key)
            {
                return Some(Self::Key(entry.value.id(), key));
            }
        }
        if text("apiVersion").is_none() && !is_in_typed_list() {
            return Some(match node.get("apiVersion") {
                Some(_) => Self::NoText,
                None => Self::Missing,
            });
        }
        let is_known = kinds::find(api_version, kind).is_some();
        let is_object = is_known || node.get("metadata").is_some_and(Node::is_mapping);
        let unserved = Unserved::of(api_version, kind).filter(|_| is_object)?;
        Some(Self::Unserved(api_version.into(), kind.into(), unserved))
    }
}

/// The version and kind that an object is meant to have, of which what is written rightly is given; none if nothing says
/// that it is meant to be one.
#[must_use]
pub fn meant<'a>(
    node: Node<'a>,
    api_version: Option<&'a str>,
    kind: Option<&'a str>,
) -> Option<(&'a str, &'a str)> {
    let is_object = node.get("metadata").is_some_and(Node::is_mapping);
    let is_list = node.get("items").is_some_and(Node::is_sequence);
    if !is_object && !is_list {
        return None;
    }
    let kind = match kind {
        Some(kind) => kind,
        None => other_spelling(node, "kind")?.value.as_str()?,
    };
    if let Some(api_version) = api_version {
        return Some((api_version, kind));
    }
    let other = other_spelling(node, "apiVersion").map(|entry| entry.value);
    let Some(written) = other.or_else(|| node.get("apiVersion")) else {
        let version = Type::version_of(kind)?;
        return is_whole_workload(node, kind).then_some((version, kind));
    };
    if let Some(version) = written.as_str() {
        // Other programs have keys like it.
        let is_list = is_list && kind.ends_with("List");
        let is_meant = is_list
            || kinds::find(version, kind).is_some()
            || Unserved::of(version, kind).is_some();
        return is_meant.then_some((version, kind));
    }
    let is_scalar = !written.is_mapping() && !written.is_sequence();
    let version = Type::version_of(kind).filter(|_| is_scalar)?;
    Some((version, kind))
}

/// True if it holds what only a workload of Kubernetes does: containers with a name and an image, where the kind has them.
fn is_whole_workload(node: Node<'_>, kind: &str) -> bool {
    let paths = kinds::built_in_workload(kind).into_iter();
    let mut pods = paths
        .flat_map(|known| known.pods)
        .flat_map(|path| kinds::follow(node, path));
    pods.any(|pod| {
        let mut containers = Field::follow(pod, &["spec", "containers"]).items();
        containers.any(|container| {
            container.present("name").is_some() && container.present("image").is_some()
        })
    })
}

/// The entry whose key is a field's name in other letters: `Kind`, `api-version`.
fn other_spelling<'a>(node: Node<'a>, name: &str) -> Option<Entry<'a>> {
    node.entries()
        .find(|entry| is_other_spelling(entry.key.key_text(), name))
}

/// The cheap test for bytes without `apiVersion`: false if there can be no object in them.
#[must_use]
pub fn may_be_object(bytes: &[u8]) -> bool {
    let holds = |word: &[u8]| memmem::find(bytes, word).is_some();
    let spells = |word: &[u8]| memmem::find_iter(bytes, word).any(|at| ends_in_api_v(bytes, at));
    let is_list = || holds(b"items");
    let is_object = holds(b"metadata");
    (is_object || is_list())
        && (is_object && holds(b"containers") || spells(b"ersion") || spells(b"ERSION"))
}

/// True if `api` and a `v` stand before a place, whatever their case, and at most a separator between them.
fn ends_in_api_v(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let Some((b'v' | b'V', before)) = before.split_last() else {
        return false;
    };
    let before = match before.split_last() {
        Some((b'-' | b'_' | b' ', before)) => before,
        _ => before,
    };
    let word = before
        .len()
        .checked_sub(3)
        .and_then(|from| before.get(from..));
    word.is_some_and(|word| word.eq_ignore_ascii_case(b"api"))
}
