//! Patches that stand in a kustomization as texts, read as the objects that they are.
//!
//! A text of a block scalar, or between quotes, is YAML that stands where it stands: with all else of the file blanked
//! out, the patches are documents of one stream whose bytes are those of the file. A text with escapes, or whose lines are
//! folded, is read for itself, and all of it stands where it begins. What operations write is put together.

use std::collections::{BTreeMap, BTreeSet};

use crate::syntax::{self, Format, Node, Span, Tree};

use super::manifest::Record;
use super::operations::put_together;
use super::patch::{Patch, PatchSource, Target};

/// The patches of a kustomization that are objects and stand in itself.
#[derive(Debug)]
pub struct InlinePatches {
    /// Their tree; its spans are those of the kustomization.
    pub tree: Tree,
    /// The objects that bear pods, and what decides what reaches them and as whom they act. None of them is complete.
    pub records: Vec<Record>,
    /// The roots of the documents of each text of the kustomization, by node.
    pub texts: BTreeMap<u32, Vec<u32>>,
    /// The texts of the kustomization, by node, in which nothing else stands; of a file, its lists of operations.
    read: BTreeSet<u32>,
    /// The texts, or the lists of a file, of which a part was read and another one that may matter was not.
    read_in_part: BTreeSet<u32>,
}

impl InlinePatches {
    /// Reads the patches of a kustomization. `records_of` finds the objects of a tree.
    pub(super) fn read(
        tree: &Tree,
        patches: &[Patch],
        records_of: impl FnOnce(&Tree) -> Vec<Record>,
    ) -> Option<Self> {
        let mut stream = Stream::new(tree.text());
        let inline = patches.iter().filter_map(|patch| match patch.source {
            PatchSource::Inline(node) => Some((tree.node(node), patch.target.as_ref())),
            PatchSource::File(_) => None,
        });
        let mut inline: Vec<_> = inline.collect();
        inline.sort_by_key(|(node, _)| node.span().start);
        let rewritten: Vec<_> = inline
            .iter()
            .map(|(node, _)| *node)
            .filter(|node| !node.is_aliased() && !stream.add(*node))
            .collect();
        let Stream { bytes, placed, .. } = stream;
        let targets: BTreeMap<u32, _> = inline
            .iter()
            .map(|(node, target)| (node.id(), *target))
            .collect();
        if placed.is_empty() && rewritten.is_empty() {
            return None;
        }
        let mut patches = syntax::parse(Format::Yaml, String::from_utf8(bytes).ok()?);
        let mut texts = as_they_stand(&patches, placed);
        for node in rewritten {
            texts.extend(Text::rewritten(node, &mut patches));
        }
        let mut known = BTreeSet::new();
        let mut known_in_part = BTreeSet::new();
        for text in &texts {
            let target = targets.get(&text.node).copied().flatten();
            for root in &text.roots {
                if !patches.node(*root).is_sequence() {
                    continue;
                }
                match put_together(&mut patches, *root, target) {
                    Some(outcome) if outcome.is_whole => known.insert(*root),
                    Some(outcome) if outcome.writes => known_in_part.insert(*root),
                    _ => false,
                };
            }
        }
        let records = parts(&patches, records_of);
        known.extend(records.iter().map(|record| record.root));
        let (mut read, mut read_in_part) = (BTreeSet::new(), BTreeSet::new());
        let mut of_texts = BTreeMap::new();
        for text in texts {
            let mut roots = text.roots.iter();
            let is_filled = !text.roots.is_empty();
            if is_filled && !text.is_broken && roots.all(|root| known.contains(root)) {
                read.insert(text.node);
            } else if text
                .roots
                .iter()
                .any(|root| known.contains(root) || known_in_part.contains(root))
            {
                read_in_part.insert(text.node);
            }
            of_texts.insert(text.node, text.roots);
        }
        Some(Self {
            tree: patches,
            records,
            texts: of_texts,
            read,
            read_in_part,
        })
    }

    /// Reads the operations of a file that a kustomization takes for a patch. None where it holds no operations.
    pub(super) fn of_operations(
        mut tree: Tree,
        target: Option<&Target>,
        records_of: impl FnOnce(&Tree) -> Vec<Record>,
    ) -> Option<Self> {
        let documents = tree
            .documents()
            .iter()
            .map(|document| tree.root(document).id());
        let lists: Vec<u32> = documents
            .filter(|root| tree.node(*root).is_sequence())
            .collect();
        let (mut read, mut read_in_part) = (BTreeSet::new(), BTreeSet::new());
        for list in lists {
            match put_together(&mut tree, list, target) {
                Some(outcome) if outcome.is_whole => read.insert(list),
                Some(outcome) if outcome.writes => read_in_part.insert(list),
                _ => false,
            };
        }
        let records = parts(&tree, records_of);
        let is_read = !records.is_empty() || !read.is_empty();
        is_read.then_some(Self {
            tree,
            records,
            texts: BTreeMap::new(),
            read,
            read_in_part,
        })
    }

    /// The objects that are judged as they stand. What becomes of a Namespace by its labels is told where they are changed.
    pub fn judged(&self) -> impl Iterator<Item = &Record> {
        let records = self.records.iter();
        records.filter(|record| record.kind.name != "Namespace")
    }

    /// True if some of what it says was read.
    #[must_use]
    pub fn has_read_any(&self) -> bool {
        !self.read.is_empty() || !self.records.is_empty()
    }

    /// True if a part of a text of the kustomization was read, or of a list of operations of a file, and the rest was
    /// not; it is named by its node.
    #[must_use]
    pub fn has_read_in_part(&self, text: u32) -> bool {
        self.read_in_part.contains(&text)
    }

    /// True if all that a text of the kustomization says was read, or a list of operations of a file; it is named by
    /// its node.
    #[must_use]
    pub fn has_read(&self, text: u32) -> bool {
        self.read.contains(&text)
    }
}

/// The objects of a tree that bear pods, and what decides what reaches them and as whom they act. None of them is complete.
fn parts(tree: &Tree, records_of: impl FnOnce(&Tree) -> Vec<Record>) -> Vec<Record> {
    const OTHERS: [&str; 5] = [
        "Ingress",
        "Namespace",
        "NetworkPolicy",
        "Service",
        "ServiceAccount",
    ];
    let mut records = records_of(tree);
    records.retain(|record| record.kind.bears_pods() || OTHERS.contains(&record.kind.name));
    for record in &mut records {
        record.complete = false;
    }
    records
}

/// A text of the kustomization.
struct Text {
    /// Its node there.
    node: u32,
    /// The roots of its documents, the empty ones left out, in the tree of the patches.
    roots: Vec<u32>,
    /// True if a part of it could not be read.
    is_broken: bool,
}

impl Text {
    /// A text whose bytes do not stand in the file as they are meant: all that it says stands on its first line.
    fn rewritten(node: Node<'_>, patches: &mut Tree) -> Option<Self> {
        let tree = syntax::parse(Format::Yaml, node.as_str()?.to_owned());
        let source = node.source();
        // A folded text begins behind its header.
        let header = match source.split_once('\n') {
            Some((header, _)) if header.starts_with('>') => header.len() + 1,
            _ => 0,
        };
        let rest = source.get(header..).unwrap_or_default();
        let from = node.span().start as usize + header + (rest.len() - rest.trim_start().len());
        let line = rest.trim_start().lines().next().unwrap_or_default();
        let roots = patches.adopt(&tree, Span::new(from, from + line.len()));
        Some(Self {
            node: node.id(),
            roots: filled(patches, roots),
            is_broken: !tree.problems().is_empty(),
        })
    }
}

fn filled(tree: &Tree, mut roots: Vec<u32>) -> Vec<u32> {
    roots.retain(|root| !tree.node(*root).is_null());
    roots
}

/// The texts whose bytes stand in the file, by the nodes and the places of all.
fn as_they_stand(patches: &Tree, placed: Vec<(u32, Span)>) -> Vec<Text> {
    let mut documents = patches.documents().iter().peekable();
    let problems = patches.problems();
    let mut texts = Vec::new();
    for (node, span) in placed {
        let is_within = |at: u32| span.start <= at && at < span.end;
        let mut roots = Vec::new();
        while let Some(document) = documents.next_if(|document| document.span.start < span.end) {
            if is_within(document.span.start) {
                roots.push(patches.root(document).id());
            }
        }
        texts.push(Text {
            node,
            roots: filled(patches, roots),
            is_broken: problems
                .iter()
                .any(|problem| is_within(problem.lost.start) || is_within(problem.at.start)),
        });
    }
    texts
}

/// A file of which nothing is left but the texts of its patches.
struct Stream<'a> {
    text: &'a str,
    bytes: Vec<u8>,
    /// The texts that were put in, by node, with where they stand, in order.
    placed: Vec<(u32, Span)>,
    /// Where the last one ends.
    end: usize,
}

/// What separates documents.
const MARK: &[u8] = b"---";

impl<'a> Stream<'a> {
    fn new(text: &'a str) -> Self {
        let blank = |byte: u8| match byte {
            b'\n' | b'\r' => byte,
            _ => b' ',
        };
        Self {
            text,
            bytes: text.bytes().map(blank).collect(),
            placed: Vec::new(),
            end: 0,
        }
    }

    /// Puts in a text; false if its bytes do not stand in the file as they are meant.
    fn add(&mut self, node: Node<'_>) -> bool {
        let Some(value) = node.as_str().filter(|_| !node.is_aliased()) else {
            return false;
        };
        let is_block = node.source().starts_with(['|', '>']) || value.trim_end().contains('\n');
        let placed = if is_block {
            self.add_block(node, value)
        } else {
            self.add_quoted(node, value)
        };
        if let Some(span) = placed {
            self.end = span.end as usize;
            self.placed.push((node.id(), span));
        }
        placed.is_some()
    }

    /// A block scalar that keeps its lines.
    fn add_block(&mut self, node: Node<'_>, value: &str) -> Option<Span> {
        let start = node.span().start as usize;
        let header = if self.text.get(start..)?.starts_with('|') {
            start
        } else {
            self.text.get(..start)?.rfind('|')?
        };
        let (rest, _) = self.text.get(header + 1..)?.split_once('\n')?;
        if !rest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-+ \t\r".contains(&byte))
        {
            return None;
        }
        let first = header + 1 + rest.len() + 1;
        let body = self.text.get(first..)?;
        let is_blank = |line: &str| line.trim().is_empty();
        let filled = body.lines().find(|line| !is_blank(line))?;
        let told = value.lines().find(|line| !is_blank(line))?;
        let indent = filled.len().checked_sub(told.len())?;
        // A document that begins on the line of the header, and the marks of further ones.
        let start = self.line_start(header, MARK.len())?;
        let mut marks = vec![start];
        let mut lines = Vec::new();
        let mut at = first;
        for (line, told) in body.split_inclusive('\n').zip(value.lines()) {
            let written = line.trim_end_matches(['\n', '\r']);
            let text = written.get(indent..).unwrap_or_default();
            if text != told && !(is_blank(written) && is_blank(told)) {
                return None;
            }
            if text.starts_with("...") || text.starts_with('%') {
                return None;
            }
            if text == "---" || text.starts_with("--- ") && is_blank(text.get(3..)?) {
                marks.push(at);
            } else {
                lines.push(at..at + written.len());
            }
            at += line.len();
        }
        // All lines of the value must have been there.
        if value.lines().count() > body.lines().count() {
            return None;
        }
        self.write(&marks, &lines)?;
        Some(Span::new(start, at))
    }

    /// A mapping or a list in flow style, in quotes or without, that needs no escapes.
    fn add_quoted(&mut self, node: Node<'_>, value: &str) -> Option<Span> {
        let text = value.trim();
        let span = node.span().range();
        let source = self.text.get(span.clone())?;
        if !text.starts_with(['{', '[']) {
            return None;
        }
        let at = span.start + source.find(text)?;
        // The mark, and a blank behind it.
        let mark = self.line_start(at, MARK.len() + 2)?;
        let line = at..at + text.len();
        self.write(&[mark], std::slice::from_ref(&line))?;
        Some(Span::new(mark, at + text.len()))
    }

    /// The start of a line that holds nothing yet, and has as much room before a place of it.
    fn line_start(&self, at: usize, room: usize) -> Option<usize> {
        let before = self.text.get(..at)?;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (start >= self.end && at + 1 >= start + room).then_some(start)
    }

    fn write(&mut self, marks: &[usize], lines: &[std::ops::Range<usize>]) -> Option<()> {
        for line in lines {
            let from = self.text.as_bytes().get(line.clone())?;
            self.bytes.get_mut(line.clone())?.copy_from_slice(from);
        }
        for mark in marks {
            let place = self.bytes.get_mut(*mark..*mark + MARK.len())?;
            place.copy_from_slice(MARK);
        }
        Some(())
    }
}
