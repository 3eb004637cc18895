//! Patches that stand in a kustomization as texts, read as the objects that they are.
//!
//! A text of a block scalar, or between quotes, is YAML that stands where it stands: with all else of the file blanked
//! out, the patches are documents of one stream whose bytes are those of the file.

use std::collections::BTreeSet;

use crate::syntax::{self, Format, Node, Span, Tree};

use super::manifest::Record;
use super::patch::{Patch, PatchSource};

/// The patches of a kustomization that are objects and stand in itself.
#[derive(Debug)]
pub struct InlinePatches {
    /// Their tree; its spans are those of the kustomization.
    pub tree: Tree,
    /// The objects that bear pods. None of them is complete.
    pub records: Vec<Record>,
    /// The texts of the kustomization, by node, in which nothing else stands.
    read: BTreeSet<u32>,
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
            PatchSource::Inline(node) => Some(tree.node(node)),
            PatchSource::File(_) => None,
        });
        let mut inline: Vec<_> = inline.collect();
        inline.sort_by_key(|node| node.span().start);
        for node in inline {
            stream.add(node);
        }
        let Stream { bytes, placed, .. } = stream;
        if placed.is_empty() {
            return None;
        }
        let patches = syntax::parse(Format::Yaml, String::from_utf8(bytes).ok()?);
        let mut records = records_of(&patches);
        records.retain(|record| record.kind.bears_pods());
        for record in &mut records {
            record.complete = false;
        }
        let roots: BTreeSet<u32> = records.iter().map(|record| record.root).collect();
        let mut documents = patches.documents().iter().peekable();
        let problems = patches.problems();
        let mut read = BTreeSet::new();
        for (text, span) in placed {
            let is_within = |at: u32| span.start <= at && at < span.end;
            let mut all_known = true;
            let mut any = false;
            while let Some(document) = documents.next_if(|document| document.span.start < span.end)
            {
                let root = patches.root(document);
                if is_within(document.span.start) && !root.is_null() {
                    any = true;
                    all_known &= roots.contains(&root.id());
                }
            }
            let is_broken = problems
                .iter()
                .any(|problem| is_within(problem.lost.start) || is_within(problem.at.start));
            if any && all_known && !is_broken {
                read.insert(text);
            }
        }
        Some(Self {
            tree: patches,
            records,
            read,
        })
    }

    /// True if all that a text of the kustomization says was read; the text is named by its node.
    #[must_use]
    pub fn has_read(&self, text: u32) -> bool {
        self.read.contains(&text)
    }
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

    /// Puts in a text, if its bytes stand in the file as they are meant.
    fn add(&mut self, node: Node<'_>) {
        let Some(value) = node.as_str().filter(|_| !node.is_aliased()) else {
            return;
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

    /// A mapping in flow style, in quotes or without, that needs no escapes.
    fn add_quoted(&mut self, node: Node<'_>, value: &str) -> Option<Span> {
        let text = value.trim();
        let span = node.span().range();
        let source = self.text.get(span.clone())?;
        if !text.starts_with('{') {
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
