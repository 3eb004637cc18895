//! Documents that no file holds as such: put together from parts of one, written in one as a text with escapes, or read
//! under other keys than those that are written.

use std::collections::BTreeMap;

use super::tree::{Document, NodeData, Span, Stored, Tree, ends};

/// What a document holds that is put together.
#[derive(Clone, Debug)]
pub enum Graft {
    /// A mapping: by its keys, each with the bytes that stand for it.
    Mapping(BTreeMap<String, (Span, Graft)>),
    /// A list, in the order of its numbers.
    Sequence(BTreeMap<u64, Graft>),
    /// A text that stands nowhere.
    Text(String),
    /// A copy of a node of the same tree.
    Copy(u32),
}

impl Tree {
    /// Gives a key another name than the one that is written. Its source stays what it was.
    pub fn respell(&mut self, key: u32, name: &str) {
        let start = self.decoded.len();
        self.decoded.push_str(name);
        let place = Span::new(start, self.decoded.len());
        if let Some(node) = self.nodes.get_mut(key as usize) {
            node.value = Stored::Decoded(place);
            node.ends = ends(name);
        }
    }

    /// Adds a document that is put together. `span` stands for the whole.
    pub fn graft(&mut self, root: &Graft, span: Span) {
        let root = self.put(root, span, u32::MAX);
        self.documents.push(Document { root, span });
    }

    /// Adds the documents of another tree, and returns the nodes of their roots. `span` stands for all that they hold.
    pub fn adopt(&mut self, other: &Self, span: Span) -> Vec<u32> {
        let (text, decoded) = (self.decoded.len(), self.decoded.len() + other.text().len());
        self.decoded.push_str(other.text());
        self.decoded.push_str(&other.decoded);
        let moved = |place: Span, by: usize| {
            let range = place.range();
            Span::new(range.start + by, range.end + by)
        };
        let first = number(self.nodes.len());
        for node in &other.nodes {
            let value = match node.value {
                Stored::Source(place) => Stored::Decoded(moved(place, text)),
                Stored::Decoded(place) => Stored::Decoded(moved(place, decoded)),
                other => other,
            };
            if !matches!(value, Stored::Mapping | Stored::Sequence) {
                let id = number(self.nodes.len());
                self.sources.insert(id, moved(node.span, text));
            }
            let parent = match node.parent {
                u32::MAX => u32::MAX,
                parent => parent.saturating_add(first),
            };
            self.nodes.push(NodeData {
                span,
                parent,
                next: node.next.saturating_add(first),
                value,
                flags: node.flags,
                ends: node.ends,
            });
        }
        let roots = other.documents.iter();
        let roots: Vec<u32> = roots
            .map(|document| document.root.saturating_add(first))
            .collect();
        let documents = roots.iter().map(|root| Document { root: *root, span });
        self.documents.extend(documents);
        roots
    }

    fn put(&mut self, graft: &Graft, span: Span, parent: u32) -> u32 {
        match graft {
            Graft::Copy(id) => self.copy(*id, parent),
            Graft::Text(text) => self.put_text(text, span, parent),
            Graft::Mapping(entries) => {
                let id = self.push(Stored::Mapping, span, parent);
                for (key, (span, value)) in entries {
                    self.put_text(key, *span, id);
                    self.put(value, *span, id);
                }
                self.close(id)
            }
            Graft::Sequence(items) => {
                let id = self.push(Stored::Sequence, span, parent);
                for item in items.values() {
                    self.put(item, span, id);
                }
                self.close(id)
            }
        }
    }

    fn put_text(&mut self, text: &str, span: Span, parent: u32) -> u32 {
        let start = self.decoded.len();
        self.decoded.push_str(text);
        let place = Span::new(start, self.decoded.len());
        self.push(Stored::Decoded(place), span, parent)
    }

    fn push(&mut self, value: Stored, span: Span, parent: u32) -> u32 {
        let id = number(self.nodes.len());
        let ends = ends(self.slice(value));
        self.nodes.push(NodeData {
            span,
            parent,
            next: id.saturating_add(1),
            value,
            flags: 0,
            ends,
        });
        id
    }

    /// Ends a subtree with the last node so far.
    fn close(&mut self, id: u32) -> u32 {
        let next = number(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.next = next;
        }
        id
    }

    fn copy(&mut self, id: u32, parent: u32) -> u32 {
        let next = self.data(id).next;
        let first = number(self.nodes.len());
        let by = first.saturating_sub(id);
        self.nodes.extend_from_within(id as usize..next as usize);
        for node in self.nodes.iter_mut().skip(first as usize) {
            node.parent = node.parent.saturating_add(by);
            node.next = node.next.saturating_add(by);
        }
        if let Some(node) = self.nodes.get_mut(first as usize) {
            node.parent = parent;
        }
        let sources = self.sources.range(id..next);
        let sources: Vec<_> = sources.map(|(id, place)| (id + by, *place)).collect();
        self.sources.extend(sources);
        first
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
