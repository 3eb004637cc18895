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
    /// What is known of the file, whatever its documents hold; disjoint and in order.
    known: Vec<Span>,
    /// What is known of the objects of a document, by its number; disjoint and in order.
    documents: HashMap<usize, Vec<Span>>,
    values: Values<'s>,
}

/// What the scalars of a file hold, each looked at where a line shows it.
#[derive(Debug, Default)]
struct Values<'s> {
    /// Every scalar that is no key, in the order of where it is written; those of an anchor stand once for each place that they are
    /// put in.
    scalars: Vec<Node<'s>>,
    /// Lists that stand where a name makes a value secret; disjoint and in order.
    lists: Vec<Span>,
    /// What must not be shown of a scalar, by its node.
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
        let known = disjoint(known);
        Self {
            tree,
            objects,
            known,
            documents: HashMap::new(),
            values: tree.map(Values::of).unwrap_or_default(),
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
        let mut spans: Vec<Span> = meeting(&self.known, line).collect();
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
                let mut known = Vec::new();
                for object in objects.take_while(|object| start(object) < end) {
                    of_object(*object, &mut known);
                }
                disjoint(known)
            });
            spans.extend(meeting(part, line));
            number += 1;
        }
        self.values.on(line, &mut spans);
        spans.sort_unstable();
        spans
    }
}

impl<'s> Values<'s> {
    fn of(tree: &'s Tree) -> Self {
        let (mut scalars, mut lists) = (Vec::new(), Vec::new());
        let mut open: Vec<_> = tree.documents().iter().map(|one| tree.root(one)).collect();
        while let Some(node) = open.pop() {
            if node.is_mapping() {
                for Entry { key, value } in node.written_entries() {
                    if value.is_sequence() && is_told_by_name(node, key.key_text(), value) {
                        lists.push(value.span());
                    }
                    open.push(value);
                }
            } else if node.is_sequence() {
                open.extend(node.items());
            } else {
                scalars.push(node);
            }
        }
        scalars.sort_by_key(|node| node.span().start);
        Self {
            scalars,
            lists: disjoint(lists),
            found: HashMap::new(),
        }
    }

    fn on(&mut self, line: Span, spans: &mut Vec<Span>) {
        spans.extend(meeting(&self.lists, line));
        let first = self
            .scalars
            .partition_point(|node| node.span().end <= line.start);
        let shown = self.scalars.get(first..).unwrap_or_default();
        for node in shown {
            if node.span().start >= line.end {
                break;
            }
            let found = self.found.entry(node.id());
            let found = found.or_insert_with(|| in_scalar(*node));
            spans.extend(found.iter().filter(|span| meets(**span, line)));
        }
    }
}

/// What stands behind a key, a name or a flag that takes a secret, or goes to a program that reads one, whether or not
/// it looks like it; and what shows by itself that it is one. A value that a later one hides is as secret.
fn in_scalar(node: Node<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    if let (Some(pair), Some(key)) = (node.parent(), node.key())
        && is_told_by_name(pair, key.key_text(), node)
    {
        spans.push(node.span());
    }
    let Some(text) = node.as_str() else {
        return spans;
    };
    if node
        .parent()
        .is_some_and(|list| is_telling_word(list, node, text))
    {
        spans.push(node.span());
    }
    if credential::is_told(key_of(node), text) {
        let whole = 0..text.len();
        let parts = node.parts(&[whole]).into_iter();
        spans.extend(parts.map(|part| part.unwrap_or(node.span())));
    } else if !is_one_short_word(text) {
        let places = credential::candidates(text, Reader::Source);
        let parts = node.parts(&places).into_iter();
        spans.extend(parts.map(|part| part.unwrap_or(node.span())));
    }
    spans
}

/// The key of a value or of the list that it stands in; empty for what has none.
fn key_of(node: Node<'_>) -> &str {
    let mut place = node;
    while let Some(list) = place.parent().filter(|parent| parent.is_sequence()) {
        place = list;
    }
    place.key().map_or("", Node::key_text)
}

/// True for the `value` of a pair with a `name` that takes a secret. A misspelt key gives what the right one would.
fn is_told_by_name(pair: Node<'_>, key: &str, value: Node<'_>) -> bool {
    if key != "value" && nearest(key, ["value"]).is_none() {
        return false;
    }
    let Some(name) = pair.get("name").and_then(Node::as_str) else {
        return false;
    };
    let text = value.as_str();
    credential::is_telling(name) || text.is_some_and(|text| credential::is_told(name, text))
}

/// True for a word of a command that the words before it make one that must not be shown.
fn is_telling_word(list: Node<'_>, word: Node<'_>, text: &str) -> bool {
    if !list.is_sequence() {
        return false;
    }
    let mut words = Vec::new();
    // Arguments go on where the command ends.
    if list.key().is_some_and(|key| key.key_text() == "args") {
        let command = list.parent().and_then(|parent| parent.get("command"));
        let command = command.into_iter().flat_map(Node::items);
        words.extend(command.map(|item| item.as_str().unwrap_or_default()));
    }
    let before = list.items().take_while(|item| *item != word);
    words.extend(before.map(|item| item.as_str().unwrap_or_default()));
    credential::is_telling_word(&words, text)
}

/// The same bytes as spans in order that do not overlap.
fn disjoint(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut apart: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}

/// Those of spans that are disjoint which meet a line.
fn meeting(spans: &[Span], line: Span) -> impl Iterator<Item = Span> {
    let first = spans.partition_point(|span| span.end <= line.start);
    let behind = spans.get(first..).unwrap_or_default().iter().copied();
    behind.take_while(move |span| span.start < line.end)
}

fn meets(span: Span, line: Span) -> bool {
    span.start < line.end && span.end > line.start
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
