//! Objects whose `apiVersion` or `kind` is written so that nobody accepts them: under another spelling of the key, as a
//! number, not at all, or with a value that no release of Kubernetes serves. They are read as what they are meant to be:
//! whoever mends the word brings all the rest into the cluster. Of those that may be meant for several kinds it is told
//! that nobody can read them.

use memchr::memmem;

use crate::syntax::{Entry, Node, Span};

use super::field::Field;
use super::kinds::{self, Kind};
use super::schema::{Type, is_other_spelling, is_slip};
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
    /// There is no `kind`, or it is no text.
    NoKind,
    /// Both are written, and are not served together: what they are, and what was meant.
    Unserved(Box<str>, Box<str>, Unserved),
}

impl Fault {
    /// What is wrong with an object that has been read as of this version and kind; none if nothing is.
    #[must_use]
    pub fn of(node: Node<'_>, api_version: &str, kind: &str) -> Option<Self> {
        let text = |key: &str| text_of(node, key);
        let is_in_typed_list = || {
            let list = node.parent().and_then(Node::parent);
            let kind = list.and_then(|list| list.get("kind")?.as_str());
            kind.is_some_and(|kind| kind != "List")
        };
        if text("kind").is_none() {
            if let Some(entry) = kind_entry(node, text("apiVersion")) {
                return Some(Self::Key(entry.value.id(), "kind"));
            }
            if !is_in_typed_list() {
                return Some(Self::NoKind);
            }
        }
        if text("apiVersion").is_none()
            && let Some(entry) = other_spelling(node, "apiVersion")
        {
            return Some(Self::Key(entry.value.id(), "apiVersion"));
        }
        if text("apiVersion").is_none() && !is_in_typed_list() {
            return Some(match node.get("apiVersion") {
                Some(_) => Self::NoText,
                None => Self::Missing,
            });
        }
        let unserved = unserved(node, api_version, kind)?;
        Some(Self::Unserved(api_version.into(), kind.into(), unserved))
    }

    /// The value that it is about, where it is one that the table of fields has something to say of as well.
    #[must_use]
    pub fn told_at(&self, node: Node<'_>) -> Option<u32> {
        match self {
            Self::Key(value, _) => Some(*value),
            Self::NoText => node.get("apiVersion").map(Node::id),
            Self::NoKind => node.get("kind").map(Node::id),
            Self::Missing | Self::Unserved(..) => None,
        }
    }
}

/// What is not served of a pair that an object has, where the object is meant for Kubernetes.
///
/// Other programs write `apiVersion: v1`, or `v1alpha1`, over kinds of their own, among them `Rule`, which is a letter
/// away from `Role`, and have no `metadata.name`. Under such a version without a group, what Kubernetes refuses is
/// therefore told only of what has a name and, where the kind would have to be wrong, the fields of the one that is
/// meant; and where the kind and the version would both have to be wrong, only of what has the containers of the
/// workload that is meant.
#[must_use]
pub fn unserved(node: Node<'_>, api_version: &str, kind: &str) -> Option<Unserved> {
    let Some(unserved) = Unserved::of(api_version, kind) else {
        return unknown_workload(node, api_version, kind);
    };
    let is_plain = api_version.starts_with('v') && !api_version.contains('/');
    if kinds::find(api_version, kind).is_some() && !is_plain {
        return Some(unserved);
    }
    let metadata = node.get("metadata").filter(|value| value.is_mapping())?;
    let is_foreign = || {
        let is_unnamed =
            metadata.present("name").is_none() && metadata.present("generateName").is_none();
        let is_other = match unserved {
            Unserved::Kind(meant, instead) => {
                !kinds::group_of(instead).is_empty() || !has_fields_of(node, instead, meant)
            }
            Unserved::Version(_) | Unserved::Unknown => false,
        };
        is_unnamed || is_plain && is_other
    };
    let is_workload = || {
        let meant = unserved.meant(kind);
        meant.is_some_and(|(_, kind)| is_whole_workload(node, kind))
    };
    if !is_foreign() || is_workload() {
        return Some(unserved);
    }
    // Of another kind than its own, then, if of any: `cm` over the containers of a Pod.
    unknown_workload(node, api_version, kind)
}

/// True if an object has the fields of a kind, and no others. One that has none but its name may be any kind whose name
/// is long enough to be known by most of its letters: `Note` and `Mode` are words of their own beside `Node`.
fn has_fields_of(node: Node<'_>, api_version: &str, kind: &str) -> bool {
    const SHORTEST_KNOWN: usize = 6;
    let Some(of) = Type::of(api_version, kind) else {
        return false;
    };
    let head = ["apiVersion", "kind", "metadata"];
    let mut is_bare = true;
    for entry in node.entries() {
        let key = entry.key.key_text();
        if head.contains(&key) {
            continue;
        }
        let fits = match of.field(key) {
            Some(shape) => shape.fields().is_none_or(|of| {
                let mut keys = entry.value.entries().peekable();
                keys.peek().is_none() || keys.any(|own| of.field(own.key.key_text()).is_some())
            }),
            None => false,
        };
        if !fits {
            return false;
        }
        is_bare = false;
    }
    !is_bare || kind.len() >= SHORTEST_KNOWN
}

/// A kind that the core group does not have over the containers of one that it has: `P0d`, too short to be known by its
/// letters.
fn unknown_workload(node: Node<'_>, api_version: &str, kind: &str) -> Option<Unserved> {
    let is_known =
        || kinds::find(api_version, kind).is_some() || Type::of(api_version, kind).is_some();
    if api_version != "v1" || is_known() || Unserved::is_filled_in(kind) {
        return None;
    }
    let metadata = node.get("metadata").filter(|value| value.is_mapping())?;
    metadata
        .present("name")
        .or_else(|| metadata.present("generateName"))?;
    let mut fitting = fitting_workloads(node, api_version);
    fitting.next().map(|_| Unserved::Unknown)
}

/// The text of a key; none if it is empty.
#[must_use]
pub(super) fn text_of<'a>(node: Node<'a>, key: &str) -> Option<&'a str> {
    let text = node.get(key).and_then(Node::as_str);
    text.filter(|text| !text.is_empty())
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
        None => meant_kind(node, api_version)?,
    };
    if let Some(api_version) = api_version {
        return Some((api_version, kind));
    }
    let other = other_spelling(node, "apiVersion").map(|entry| entry.value);
    let Some(written) = other.or_else(|| node.get("apiVersion")) else {
        let version = Type::version_of(kind)?;
        return is_whole_workload(node, kind).then_some((version, kind));
    };
    if let Some(version) = written.as_str().filter(|text| !text.is_empty()) {
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

/// The kind that is meant where none is written: behind another spelling of the key, as the only item of a list, or
/// the only one of the version that has its pods where this object has some.
fn meant_kind<'a>(node: Node<'a>, api_version: Option<&'a str>) -> Option<&'a str> {
    if let Some(entry) = kind_entry(node, api_version) {
        return entry.value.as_str();
    }
    let api_version = api_version?;
    let mut items = node.get("kind").into_iter().flat_map(Node::items);
    let listed = items.next().and_then(Node::as_str);
    if let Some(kind) = listed.filter(|kind| kinds::find(api_version, kind).is_some()) {
        return items.next().is_none().then_some(kind);
    }
    let mut fitting = fitting_workloads(node, api_version);
    let kind = fitting.next()?.name;
    fitting.next().is_none().then_some(kind)
}

/// A workload that an object with pods may be meant for: the one that its kind names a part of, or the usual one.
#[must_use]
pub fn some_workload(node: Node<'_>, api_version: &str, kind: &str) -> Option<&'static str> {
    let fitting = || fitting_workloads(node, api_version).map(|known| known.name);
    let is_part = |of: &str, part: &str| {
        let start = of.get(..part.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(part))
    };
    fitting()
        .find(|name| is_part(name, kind) || is_part(kind, name))
        .or_else(|| fitting().find(|name| *name == "Deployment"))
        .or_else(|| fitting().next())
}

/// The workloads of a version that have their pods where an object has some.
fn fitting_workloads<'a>(
    node: Node<'a>,
    api_version: &'a str,
) -> impl Iterator<Item = &'static Kind> + 'a {
    kinds::workloads_of(kinds::group_of(api_version)).filter(move |known| {
        Type::of(api_version, known.name).is_some() && has_whole_containers(node, known)
    })
}

/// The entry that is meant for the kind. Where a letter makes the difference, its value must be a kind of the version
/// beside it.
fn kind_entry<'a>(node: Node<'a>, api_version: Option<&str>) -> Option<Entry<'a>> {
    other_spelling(node, "kind").or_else(|| {
        let api_version = api_version?;
        let is_kind = |kind: &str| kinds::find(api_version, kind).is_some();
        node.entries().find(|entry| {
            is_slip(entry.key.key_text(), "kind") && entry.value.as_str().is_some_and(is_kind)
        })
    })
}

/// True if it holds what only a workload of Kubernetes does: containers with a name and an image, where the kind has them.
fn is_whole_workload(node: Node<'_>, kind: &str) -> bool {
    kinds::built_in_workload(kind).is_some_and(|known| has_whole_containers(node, known))
}

fn has_whole_containers(node: Node<'_>, known: &Kind) -> bool {
    let paths = known.pods.iter();
    let mut pods = paths.flat_map(|path| kinds::follow(node, path));
    pods.any(|pod| {
        let mut containers = Field::follow(pod, &["spec", "containers"]).items();
        containers.any(|container| {
            container.present("name").is_some() && container.present("image").is_some()
        })
    })
}

/// What looks like an object and does not say of which kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headless {
    /// The key that should stand beside the one that is missing, or the value that says nothing.
    pub at: Span,
    /// Its name; empty for a list.
    pub name: Box<str>,
    /// What it lacks.
    pub lacks: &'static str,
    /// True if it says by a version of Kubernetes that it is an object; what else has a name in its `metadata` may be of
    /// another program, unless an object stood in its place.
    pub is_certain: bool,
}

impl Headless {
    /// Looks at what is not known to be an object of any kind.
    #[must_use]
    pub fn of(node: Node<'_>) -> Option<Self> {
        let metadata = node.get("metadata");
        let name = metadata.and_then(|metadata| {
            let name = metadata.present("name");
            name.or_else(|| metadata.present("generateName"))
        });
        if name.is_none() && !holds_objects(node) {
            return None;
        }
        let (version, kind) = (text_of(node, "apiVersion"), text_of(node, "kind"));
        let lacks = match (version, kind) {
            (Some(_), None) if node.present("kind").is_some() => "a kind that is no text",
            (Some(_), None) => "no kind",
            (None, None) => "neither apiVersion nor kind",
            (_, Some(_)) => "no apiVersion that says of which one its kind is",
        };
        // What a template engine fills in is there.
        let is_filled_in = |key: &str| {
            let value = node.get(key);
            value.is_some_and(|value| value.source().contains("{{"))
        };
        if is_filled_in("kind") || is_filled_in("apiVersion") {
            return None;
        }
        let mut keys = ["kind", "apiVersion", "metadata", "items"].into_iter();
        let at = keys.find_map(|key| node.entry(key))?.key.span();
        Some(Self {
            at,
            name: name.map_or("", Node::key_text).into(),
            lacks,
            is_certain: kind.is_none() && version.is_some_and(Type::is_version),
        })
    }
}

/// True for a list of objects.
fn holds_objects(node: Node<'_>) -> bool {
    let mut items = node.get("items").into_iter().flat_map(Node::items);
    let is_object =
        |item: Node<'_>| text_of(item, "apiVersion").is_some() && text_of(item, "kind").is_some();
    items.next().is_some_and(is_object)
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
