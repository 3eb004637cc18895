//! The arena tree: nodes in source order, each with its byte span, its parent and the end of its subtree.
//!
//! Aliases are expanded while the tree is built (under a budget), so that a parent chain is always the path
//! a reader would name and no traversal can blow up. Merge keys stay where they were written; [`Node::get`]
//! and [`Node::entries`] look through them with the precedence of Kubernetes' YAML reader: the last writer wins.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A half-open range of bytes of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets; offsets beyond 4 GiB are clamped (files are far smaller).
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            end: clamp(end.max(start)),
        }
    }

    /// The span as a range to index the text with.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// What a node is, resolved as Kubernetes resolves it (YAML 1.1 booleans and octals, see `scalar`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, `~` or nothing at all.
    Null,
    /// A boolean, `yes`, `on` and `y` included.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number, or an integer beyond 64 bits.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// A list.
    Sequence,
    /// A mapping.
    Mapping,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Stored {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A slice of the file.
    Source(Span),
    /// A slice of the tree's buffer of decoded scalars.
    Decoded(Span),
    Sequence,
    Mapping,
}

pub(super) mod flag {
    /// The node was copied from an anchor: its bytes stand elsewhere in the file.
    pub(crate) const ALIASED: u8 = 1;
    /// This key is an active `<<`.
    pub(crate) const MERGE_KEY: u8 = 2;
    /// This mapping holds a merge key or a duplicate key, so that look-ups take the careful way.
    pub(crate) const CAREFUL: u8 = 4;
}

#[derive(Clone, Copy, Debug)]
pub(super) struct NodeData {
    pub(super) span: Span,
    pub(super) parent: u32,
    /// One past the last node of this subtree.
    pub(super) next: u32,
    pub(super) value: Stored,
    pub(super) flags: u8,
    /// The first and the last byte of a text: most keys are told apart by them, without a look at the file.
    pub(super) ends: [u8; 2],
}

/// The first and the last byte of a text; zeros where it has none.
pub(super) fn ends(text: &str) -> [u8; 2] {
    match text.as_bytes() {
        [] => [0, 0],
        [only] => [*only, *only],
        [first, .., last] => [*first, *last],
    }
}

/// A document of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    pub(super) root: u32,
    /// From its first to its last content byte.
    pub span: Span,
}

/// Two equal keys of one mapping. Kubernetes' reader lets the last one win.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    pub(super) mapping: u32,
    pub(super) second_node: u32,
    /// The earlier key, which has no effect.
    pub first: Span,
    /// The later key, which wins.
    pub second: Span,
}

/// Why a document, or a whole file, could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not well-formed; the text says why.
    Syntax(String),
    /// Nested deeper than [`super::MAX_DEPTH`].
    TooDeep,
    /// Aliases that expand beyond the budget.
    AliasBomb,
    /// A mapping key that is a list or a mapping; Kubernetes refuses it.
    ComplexKey,
}

/// A document that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where the reader stopped.
    pub at: Span,
    /// The bytes that are lost with it: from the start of the document to where reading went on.
    pub lost: Span,
}

/// Everything that was read from one file.
#[derive(Debug, Default)]
pub struct Tree {
    pub(super) text: Arc<str>,
    pub(super) decoded: String,
    pub(super) nodes: Vec<NodeData>,
    pub(super) documents: Vec<Document>,
    pub(super) duplicates: Vec<DuplicateKey>,
    pub(super) problems: Vec<Problem>,
    /// The written form of scalars whose bytes do not stand in the file, in the buffer of decoded scalars.
    pub(super) sources: BTreeMap<u32, Span>,
}

impl Tree {
    /// The file as it is.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The documents that could be read, in order; empty documents are kept as null.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The root node of a document.
    #[must_use]
    pub fn root(&self, document: &Document) -> Node<'_> {
        Node {
            tree: self,
            id: document.root,
        }
    }

    /// A name for the bytes that are lost with a problem, the same wherever they stand.
    #[must_use]
    pub fn lost_name(&self, problem: &Problem) -> String {
        use sha2::{Digest, Sha256};
        use std::fmt::Write as _;
        let lost = self.text.get(problem.lost.range()).unwrap_or_default();
        let mut name = String::new();
        for byte in Sha256::digest(lost.trim().as_bytes()).iter().take(8) {
            // Writing to a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// The documents that could not be read.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Keys that stand twice in one mapping, in source order.
    #[must_use]
    pub fn duplicates(&self) -> &[DuplicateKey] {
        &self.duplicates
    }

    /// The mapping that holds a duplicate key.
    #[must_use]
    pub fn duplicate_mapping(&self, duplicate: &DuplicateKey) -> Node<'_> {
        Node {
            tree: self,
            id: duplicate.mapping,
        }
    }

    /// The value that the later of two equal keys gives.
    #[must_use]
    pub fn duplicate_value(&self, duplicate: &DuplicateKey) -> Node<'_> {
        Node {
            tree: self,
            id: self.data(duplicate.second_node).next,
        }
    }

    /// A node by the number that [`Node::id`] gave.
    #[must_use]
    pub fn node(&self, id: u32) -> Node<'_> {
        Node { tree: self, id }
    }

    /// Moves every span to where it lies in a text that has `width` more bytes at each of `places` (sorted
    /// offsets of that longer text).
    pub(super) fn shift(&mut self, places: &[usize], width: usize) {
        let move_offset = |offset: u32| {
            let mut moved = offset as usize;
            for place in places {
                if *place <= moved {
                    moved += width;
                }
            }
            moved
        };
        let move_span =
            |span: &mut Span| *span = Span::new(move_offset(span.start), move_offset(span.end));
        for node in &mut self.nodes {
            move_span(&mut node.span);
            if let Stored::Source(span) = &mut node.value {
                move_span(span);
            }
        }
        for document in &mut self.documents {
            move_span(&mut document.span);
        }
        for duplicate in &mut self.duplicates {
            move_span(&mut duplicate.first);
            move_span(&mut duplicate.second);
        }
        for problem in &mut self.problems {
            move_span(&mut problem.at);
            move_span(&mut problem.lost);
        }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "node numbers come from this arena alone; no input can name one"
    )]
    pub(super) fn data(&self, id: u32) -> &NodeData {
        &self.nodes[id as usize]
    }

    pub(super) fn slice(&self, stored: Stored) -> &str {
        match stored {
            Stored::Source(span) => self.text.get(span.range()).unwrap_or_default(),
            Stored::Decoded(span) => self.decoded.get(span.range()).unwrap_or_default(),
            _ => "",
        }
    }
}

/// One key with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key.
    pub key: Node<'a>,
    /// The value.
    pub value: Node<'a>,
}

/// A node of a tree: the cursor that everything above this floor reads with.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    tree: &'a Tree,
    id: u32,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({} {:?})", self.pointer(), self.value())
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id == other.id
    }
}

impl<'a> Node<'a> {
    /// True for a node of this tree.
    #[must_use]
    pub fn is_of(self, tree: &Tree) -> bool {
        std::ptr::eq(self.tree, tree)
    }

    fn data(self) -> &'a NodeData {
        self.tree.data(self.id)
    }

    fn sibling(self, id: u32) -> Self {
        Self {
            tree: self.tree,
            id,
        }
    }

    /// The tree that holds this node.
    #[must_use]
    pub fn tree(self) -> &'a Tree {
        self.tree
    }

    /// The number of this node in its tree.
    #[must_use]
    pub fn id(self) -> u32 {
        self.id
    }

    /// The resolved value.
    #[must_use]
    pub fn value(self) -> Value<'a> {
        match self.data().value {
            Stored::Null => Value::Null,
            Stored::Bool(value) => Value::Bool(value),
            Stored::Int(value) => Value::Int(value),
            Stored::Float(value) => Value::Float(value),
            stored @ (Stored::Source(_) | Stored::Decoded(_)) => {
                Value::Text(self.tree.slice(stored))
            }
            Stored::Sequence => Value::Sequence,
            Stored::Mapping => Value::Mapping,
        }
    }

    /// The bytes that this value was written with (quotes included).
    #[must_use]
    pub fn span(self) -> Span {
        self.data().span
    }

    /// The written form of the value.
    #[must_use]
    pub fn source(self) -> &'a str {
        if let Some(place) = self.tree.sources.get(&self.id) {
            return self.tree.slice(Stored::Decoded(*place));
        }
        self.tree.text.get(self.span().range()).unwrap_or_default()
    }

    /// True if the bytes of this node belong to an anchor somewhere else in the file: an edit here would
    /// change every user of that anchor.
    #[must_use]
    pub fn is_aliased(self) -> bool {
        self.data().flags & flag::ALIASED != 0
    }

    /// True for null.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self.data().value, Stored::Null)
    }

    /// True for a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        matches!(self.data().value, Stored::Mapping)
    }

    /// True for a list.
    #[must_use]
    pub fn is_sequence(self) -> bool {
        matches!(self.data().value, Stored::Sequence)
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.data().value {
            Stored::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The integer, if it is one (a whole float counts, as in JSON).
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and in range is checked"
    )]
    pub fn as_int(self) -> Option<i64> {
        match self.data().value {
            Stored::Int(value) => Some(value),
            Stored::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                Some(value as i64)
            }
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self.value() {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; nothing for any other node.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> {
        let data = self.data();
        let end = if self.is_sequence() {
            data.next
        } else {
            self.id + 1
        };
        let mut id = self.id + 1;
        std::iter::from_fn(move || {
            (id < end).then(|| {
                let node = self.sibling(id);
                id = node.data().next;
                node
            })
        })
    }

    /// The entries as they were written, merge keys and shadowed duplicates included.
    pub fn written_entries(self) -> impl Iterator<Item = Entry<'a>> {
        let data = self.data();
        let end = if self.is_mapping() {
            data.next
        } else {
            self.id + 1
        };
        let mut id = self.id + 1;
        std::iter::from_fn(move || {
            (id < end).then(|| {
                let key = self.sibling(id);
                let value = self.sibling(key.data().next);
                id = value.data().next;
                Entry { key, value }
            })
        })
    }

    /// The entries that take effect, in source order: merge keys applied, of equal keys the last one.
    pub fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        let all = self.all_take_effect();
        let written = all.then(|| self.written_entries());
        let effective = (!all).then(|| self.effective_entries());
        let effective = effective.into_iter().flatten();
        written.into_iter().flatten().chain(effective)
    }

    /// True where nothing is merged and no key stands twice, so that the entries take effect as they are written.
    #[must_use]
    pub fn all_take_effect(self) -> bool {
        self.data().flags & flag::CAREFUL == 0
    }

    fn effective_entries(self) -> Vec<Entry<'a>> {
        let mut effective: Vec<Entry<'a>> = Vec::new();
        let mut index: HashMap<&'a str, usize> = HashMap::new();
        self.visit_flattened(&mut |entry| match index.entry(entry.key.key_text()) {
            std::collections::hash_map::Entry::Occupied(slot) => {
                if let Some(place) = effective.get_mut(*slot.get()) {
                    *place = entry;
                }
            }
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(effective.len());
                effective.push(entry);
            }
        });
        effective
    }

    fn visit_flattened(self, visit: &mut dyn FnMut(Entry<'a>)) {
        for entry in self.written_entries() {
            if entry.key.data().flags & flag::MERGE_KEY == 0 {
                visit(entry);
            } else if entry.value.is_sequence() {
                // The first of several merged mappings takes precedence, so it is written last.
                let sources: Vec<_> = entry.value.items().collect();
                for source in sources.into_iter().rev() {
                    source.visit_flattened(visit);
                }
            } else {
                entry.value.visit_flattened(visit);
            }
        }
    }

    /// The value of a key, merge keys applied; of equal keys the last one.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entry(key).map(|entry| entry.value)
    }

    /// Key and value of a key, merge keys applied; of equal keys the last one.
    #[must_use]
    pub fn entry(self, key: &str) -> Option<Entry<'a>> {
        if self.data().flags & flag::CAREFUL == 0 {
            return self.written_entries().find(|entry| entry.key.reads(key));
        }
        let mut found = None;
        self.visit_flattened(&mut |entry| {
            if entry.key.key_text() == key {
                found = Some(entry);
            }
        });
        found
    }

    /// The value of a key unless it is absent or null: Kubernetes does not tell the two apart.
    #[must_use]
    pub fn present(self, key: &str) -> Option<Node<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// True if the text of a key is this one. Most keys are told apart by their lengths and ends.
    fn reads(self, key: &str) -> bool {
        let data = self.data();
        let (text, span) = match data.value {
            Stored::Source(span) => (&*self.tree.text, span),
            Stored::Decoded(span) => (&*self.tree.decoded, span),
            _ => return self.key_text() == key,
        };
        span.range().len() == key.len()
            && data.ends == ends(key)
            && text.as_bytes().get(span.range()) == Some(key.as_bytes())
    }

    /// The text of a key: what JSON would name it.
    #[must_use]
    pub fn key_text(self) -> &'a str {
        match self.data().value {
            stored @ (Stored::Source(_) | Stored::Decoded(_)) => self.tree.slice(stored),
            Stored::Bool(true) => "true",
            Stored::Bool(false) => "false",
            Stored::Null => "null",
            _ => self.source(),
        }
    }

    /// The node that holds this one; none at a document's root.
    #[must_use]
    pub fn parent(self) -> Option<Node<'a>> {
        let parent = self.data().parent;
        (parent != u32::MAX).then(|| self.sibling(parent))
    }

    /// The key that this value stands under, if it stands in a mapping.
    #[must_use]
    pub fn key(self) -> Option<Node<'a>> {
        let parent = self.parent().filter(|parent| parent.is_mapping())?;
        // Keys are scalars, so the key of a value is the node before it.
        let key = self.sibling(self.id.checked_sub(1)?);
        (key.id > parent.id && key.data().next == self.id).then_some(key)
    }

    pub(super) fn is_merge_value(self) -> bool {
        self.key()
            .is_some_and(|key| key.data().flags & flag::MERGE_KEY != 0)
    }

    /// True if this node lies in the subtree of the other.
    #[must_use]
    pub fn is_within(self, other: Node<'_>) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id >= other.id && self.id < other.data().next
    }
}
