//! The bytes of a file that must not be shown where a line of it is: everything that rules find, what a Secret holds,
//! and what stands where a credential does, proved or not.

use std::collections::HashMap;

use crate::credential::{self, Reader};
use crate::kubernetes::exposed;
use crate::kubernetes::{Object, Reading};
use crate::nearest::nearest;
use crate::syntax::{Entry, Node, Span, Tree, Value};

use super::credentials::in_settings;
use super::image_credentials::in_image;
use super::{Snapshot, SourceFile, State};

/// What must not be shown of one file, looked up document by document as lines of them are shown.
#[derive(Debug)]
pub struct Hidden<'s> {
    tree: Option<&'s Tree>,
    /// In the order of where they begin.
    objects: Vec<Object<'s>>,
    /// What is known of the file, whatever its documents hold, in order.
    known: Vec<Span>,
    documents: HashMap<usize, InDocument>,
}

/// What must not be shown of one document. What stands where a credential does is looked up once; what a value holds
/// beside that, where a line shows it.
#[derive(Debug, Default)]
struct InDocument {
    /// What is known, in order.
    known: Vec<Span>,
    /// Values that nobody has looked into yet, in order; they do not overlap.
    values: Vec<(Span, u32)>,
    /// What was found in a value, by its node.
    found: HashMap<u32, Vec<Span>>,
}

impl<'s> Hidden<'s> {
    /// What is known of a file without a look into its documents.
    #[must_use]
    pub fn of(snapshot: &'s Snapshot, file: &'s SourceFile) -> Self {
        let tree = tree_of(file);
        let is_own = |object: &Object<'_>| tree.is_some_and(|tree| object.node().is_of(tree));
        let (mut objects, patches): (Vec<_>, Vec<_>) = snapshot.objects_of(file).partition(is_own);
        objects.sort_by_key(|object| object.node().span().start);
        let mut known = Vec::new();
        for object in patches {
            of_object(object, &mut known);
        }
        known.extend(in_settings(file).into_iter().map(|held| held.span));
        if let Some(dockerfile) = file.dockerfile() {
            known.extend(in_image(dockerfile).into_iter().map(|held| held.span));
        }
        if tree.is_none() {
            let text = file.text().unwrap_or_default();
            let places = credential::candidates(text, Reader::Source);
            known.extend(places.iter().map(|place| Span::new(place.start, place.end)));
        }
        known.sort_unstable();
        Self {
            tree,
            objects,
            known,
            documents: HashMap::new(),
        }
    }

    /// True if the line begins in an object that was read.
    #[must_use]
    pub fn is_of_object(&self, line: Span) -> bool {
        let after = self
            .objects
            .partition_point(|object| object.node().span().start < line.end);
        let before = self.objects.get(..after).unwrap_or_default().iter().rev();
        // An item of a List lies within it.
        before
            .take(2)
            .any(|object| object.node().span().end > line.start)
    }

    /// What must not be shown of a line, in order.
    pub fn on(&mut self, line: Span) -> Vec<Span> {
        let known = self.known.iter().copied();
        let mut spans: Vec<Span> = known.filter(|span| meets(*span, line)).collect();
        let Some(tree) = self.tree else {
            return spans;
        };
        // What stands between two documents belongs to the first of them.
        let documents = tree.documents();
        let begins = |number: usize| documents.get(number).map(|document| document.span.start);
        let first = documents.partition_point(|document| document.span.start <= line.start);
        let mut number = first.saturating_sub(1);
        while let Some(document) = documents.get(number)
            && document.span.start < line.end
        {
            let part = self.documents.entry(number).or_insert_with(|| {
                let end = begins(number + 1).unwrap_or(u32::MAX);
                let start = |object: &Object<'_>| object.node().span().start;
                let from = self
                    .objects
                    .partition_point(|object| start(object) < document.span.start);
                let objects = self.objects.get(from..).unwrap_or_default().iter();
                let objects = objects.take_while(|object| start(object) < end).copied();
                InDocument::of(tree.root(document), objects)
            });
            part.on(tree, line, &mut spans);
            number += 1;
        }
        spans.sort_unstable();
        spans
    }
}

impl InDocument {
    fn of<'s>(root: Node<'s>, objects: impl Iterator<Item = Object<'s>>) -> Self {
        let mut hidden = Self::default();
        for object in objects {
            of_object(object, &mut hidden.known);
        }
        hidden.of_places(root, "", &mut Vec::new());
        hidden.known.sort_unstable();
        hidden.values.sort_unstable();
        hidden
    }

    fn on(&mut self, tree: &Tree, line: Span, spans: &mut Vec<Span>) {
        let known = self.known.iter().copied();
        spans.extend(known.filter(|span| meets(*span, line)));
        let first = self
            .values
            .partition_point(|(span, _)| span.end <= line.start);
        let shown = self.values.get(first..).unwrap_or_default().iter();
        for (_, id) in shown.take_while(|(span, _)| span.start < line.end) {
            let found = self.found.entry(*id);
            let found = found.or_insert_with(|| in_value(tree.node(*id)));
            spans.extend(found.iter().filter(|span| meets(**span, line)));
        }
    }

    /// What stands behind a key, a name or a flag that takes a secret, or goes to a program that reads one, whether or
    /// not it looks like it. A value that a later one hides is as secret. `words` are those of the command that a list
    /// goes on. Depth is bounded by the reader.
    fn of_places<'a>(&mut self, node: Node<'a>, key: &str, words: &mut Vec<&'a str>) {
        if let Some(text) = node.as_str() {
            if credential::is_told(key, text) {
                let whole = 0..text.len();
                let parts = node.parts(&[whole]).into_iter();
                self.known
                    .extend(parts.map(|part| part.unwrap_or(node.span())));
            } else if !is_one_short_word(text) {
                self.values.push((node.span(), node.id()));
            }
        }
        for item in node.items() {
            let text = item.as_str().unwrap_or_default();
            if credential::is_telling_word(words, text) {
                self.known.push(item.span());
            }
            words.push(text);
            self.of_places(
                item,
                if item.is_mapping() { "" } else { key },
                &mut Vec::new(),
            );
        }
        if !node.is_mapping() {
            return;
        }
        let name = node.get("name").and_then(Node::as_str);
        let is_telling = name.is_some_and(credential::is_telling);
        let mut command = Vec::new();
        for item in node.get("command").into_iter().flat_map(Node::items) {
            command.push(item.as_str().unwrap_or_default());
        }
        for entry in node.written_entries() {
            let key = entry.key.key_text();
            // A misspelt key gives what the right one would.
            let is_value =
                || name.is_some() && (key == "value" || nearest(key, ["value"]).is_some());
            let is_told = || {
                let text = entry.value.as_str();
                text.zip(name)
                    .is_some_and(|(text, name)| credential::is_told(name, text))
            };
            if !entry.value.is_mapping() && is_value() && (is_telling || is_told()) {
                self.known.push(entry.value.span());
            }
            // Arguments go on where the command ends.
            let mut words = if key == "args" {
                std::mem::take(&mut command)
            } else {
                Vec::new()
            };
            self.of_places(entry.value, key, &mut words);
        }
    }
}

fn meets(span: Span, line: Span) -> bool {
    span.start < line.end && span.end > line.start
}

fn in_value(node: Node<'_>) -> Vec<Span> {
    let places = credential::candidates(node.as_str().unwrap_or_default(), Reader::Source);
    let parts = node.parts(&places).into_iter();
    parts.map(|part| part.unwrap_or(node.span())).collect()
}

fn of_object(object: Object<'_>, spans: &mut Vec<Span>) {
    let node = object.node();
    if object.kind().name == "Secret" {
        // Whatever a key is called that nobody knows: a misspelt one holds what the right one would.
        let fields = node.written_entries();
        let data = fields.filter(|entry| !is_open(*entry));
        for entry in data {
            let mut values = entry.value.written_entries().peekable();
            if values.peek().is_none() {
                spans.push(entry.value.span());
            }
            spans.extend(values.map(|entry| entry.value.span()));
        }
        // What is indented too deep belongs to `metadata`.
        let metadata = node
            .written_entries()
            .filter(|entry| entry.key.key_text() == "metadata");
        let fields = metadata.flat_map(|entry| entry.value.written_entries());
        let is_known = |entry: &Entry<'_>| METADATA.contains(&entry.key.key_text());
        spans.extend(
            fields
                .filter(|entry| !is_known(entry))
                .map(|entry| entry.value.span()),
        );
    }
    // What shows by itself what it is stands in a value, which is looked into where it is shown.
    exposed::in_places(object, &mut |exposed| spans.extend(exposed.spans()));
    let annotations = object.field(&["metadata", "annotations", exposed::LAST_APPLIED]);
    spans.extend(annotations.node().map(Node::span));
}

/// The fields of `metadata` that people write.
const METADATA: [&str; 9] = [
    "annotations",
    "creationTimestamp",
    "finalizers",
    "generateName",
    "labels",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
];

/// True for a field of a Secret that may be shown, with what belongs there.
fn is_open(entry: Entry<'_>) -> bool {
    let name = entry.key.key_text();
    match name {
        "type" => {
            let text = entry.value.as_str().unwrap_or_default();
            text == "Opaque" || text.contains('/')
        }
        "immutable" => matches!(entry.value.value(), Value::Bool(_)),
        _ => exposed::is_open_field(name),
    }
}

fn tree_of(file: &SourceFile) -> Option<&Tree> {
    match &*file.state {
        State::Read(Reading::Manifest(manifest)) => Some(&manifest.tree),
        State::Read(Reading::Unrecognised(_, tree)) => Some(tree),
        State::Tree(tree) => Some(tree),
        State::Configuration(file) => Some(&file.tree),
        _ => None,
    }
}

/// True for a word that is too short for a key with a mark of its own, and that names and sets nothing: most scalars of
/// a manifest, which need no further look.
fn is_one_short_word(text: &str) -> bool {
    const SHORTEST_SHAPE: usize = 12;
    let names = |byte: u8| byte.is_ascii_whitespace() || b"=:@/'\"".contains(&byte);
    text.len() < SHORTEST_SHAPE && !text.starts_with('-') && !text.bytes().any(names)
}
