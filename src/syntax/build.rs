//! Builds the arena: what the YAML and the JSON reader share.

use std::collections::HashMap;
use std::sync::Arc;

use super::tree::{
    Document, DuplicateKey, Node, NodeData, Problem, ProblemKind, Span, Stored, Tree, ends, flag,
};

/// Below this many copied nodes no document is called a bomb; beyond [`ALIAS_CEILING`] every one is.
const ALIAS_FLOOR: usize = 2_000;
const ALIAS_CEILING: usize = 250_000;
/// Between the two, aliases may grow a file to this many times the nodes that it spells out.
const ALIAS_RATIO: usize = 20;

struct Open {
    id: u32,
    /// In a mapping: a key was written, its value is still to come.
    key_pending: bool,
    mapping: bool,
    flow: bool,
    anchor: usize,
}

/// The state of a tree under construction.
pub(super) struct Builder {
    pub(super) tree: Tree,
    open: Vec<Open>,
    anchors: HashMap<usize, u32>,
    copied: usize,
    document_start: usize,
    /// Where the last node that was written here ended. A block collection ends with its last node; the
    /// parser's own end event stands at the next token.
    last_end: u32,
    /// Nodes before the current document; a broken document is cut back to here.
    document_first: usize,
    duplicates_first: usize,
}

/// The document cannot go on.
pub(super) struct Stop(pub(super) ProblemKind);

impl Builder {
    pub(super) fn new(text: Arc<str>) -> Self {
        // A manifest has one for every 35 bytes.
        let nodes = Vec::with_capacity(text.len() / 32);
        Self {
            tree: Tree {
                text,
                nodes,
                ..Tree::default()
            },
            open: Vec::new(),
            anchors: HashMap::new(),
            copied: 0,
            document_start: 0,
            last_end: 0,
            document_first: 0,
            duplicates_first: 0,
        }
    }

    pub(super) fn start_document(&mut self, offset: usize) {
        self.document_start = offset;
        self.last_end = Span::new(offset, offset).start;
        self.document_first = self.tree.nodes.len();
        self.duplicates_first = self.tree.duplicates.len();
        self.open.clear();
        self.anchors.clear();
    }

    pub(super) fn end_document(&mut self) {
        if let Some(root) = self.tree.nodes.get(self.document_first) {
            let document = Document {
                root: number(self.document_first),
                span: root.span,
            };
            self.tree.documents.push(document);
        }
        self.open.clear();
        // What comes behind the end of a document, and cannot be read, does not take the document with it.
        self.document_first = self.tree.nodes.len();
        self.duplicates_first = self.tree.duplicates.len();
    }

    /// Gives the current document up. `resume` is where reading goes on.
    pub(super) fn abandon_document(&mut self, kind: ProblemKind, at: Span, resume: usize) {
        self.tree.nodes.truncate(self.document_first);
        self.tree.duplicates.truncate(self.duplicates_first);
        self.open.clear();
        let lost = Span::new(self.document_start, resume);
        self.tree.problems.push(Problem { kind, at, lost });
    }

    fn expects_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.mapping && !open.key_pending)
    }

    /// True if a key of a mapping in braces is due.
    pub(super) fn expects_flow_key(&self) -> bool {
        self.expects_key() && self.open.last().is_some_and(|open| open.flow)
    }

    /// Notes that a node was written where a key or a value was due.
    fn took_place(&mut self) {
        if let Some(open) = self.open.last_mut().filter(|open| open.mapping) {
            open.key_pending = !open.key_pending;
        }
    }

    fn push(&mut self, value: Stored, span: Span, flags: u8) -> u32 {
        let id = number(self.tree.nodes.len());
        let parent = self.open.last().map_or(u32::MAX, |open| open.id);
        let ends = ends(self.tree.slice(value));
        self.tree.nodes.push(NodeData {
            span,
            parent,
            next: id + 1,
            value,
            flags,
            ends,
        });
        id
    }

    /// Text that does not stand in the file as such.
    pub(super) fn store(&mut self, text: &str) -> Stored {
        let start = self.tree.decoded.len();
        self.tree.decoded.push_str(text);
        Stored::Decoded(Span::new(start, self.tree.decoded.len()))
    }

    pub(super) fn scalar(&mut self, value: Stored, span: Span, anchor: usize, merge_key: bool) {
        let key = self.expects_key();
        let flags = if key && merge_key { flag::MERGE_KEY } else { 0 };
        let id = self.push(value, span, flags);
        self.last_end = self.last_end.max(span.end);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        self.took_place();
    }

    pub(super) fn open(
        &mut self,
        mapping: bool,
        flow: bool,
        span: Span,
        anchor: usize,
    ) -> Result<(), Stop> {
        if self.expects_key() {
            return Err(Stop(ProblemKind::ComplexKey));
        }
        if self.open.len() >= super::MAX_DEPTH {
            return Err(Stop(ProblemKind::TooDeep));
        }
        let value = if mapping {
            Stored::Mapping
        } else {
            Stored::Sequence
        };
        let id = self.push(value, span, 0);
        self.open.push(Open {
            id,
            key_pending: false,
            mapping,
            flow,
            anchor,
        });
        Ok(())
    }

    pub(super) fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let next = number(self.tree.nodes.len());
        if open.mapping {
            self.finish_mapping(open.id, next)?;
        }
        if open.flow {
            self.last_end = self.last_end.max(end.end);
        }
        let last_end = self.last_end;
        if let Some(node) = self.tree.nodes.get_mut(open.id as usize) {
            node.next = next;
            node.span.end = last_end.max(node.span.start);
        }
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, open.id);
        }
        self.took_place();
        Ok(())
    }

    fn finish_mapping(&mut self, id: u32, next: u32) -> Result<(), Stop> {
        let mut keys: Vec<u32> = Vec::new();
        let mut careful = false;
        let mut at = id + 1;
        while at < next {
            let key = self.tree.data(at);
            let value = self.tree.data(key.next);
            if key.flags & flag::MERGE_KEY == 0 {
                keys.push(at);
            } else {
                careful = true;
                let value = self.tree.node(key.next);
                let mergeable = value.is_mapping()
                    || value.is_sequence() && value.items().all(Node::is_mapping);
                if !mergeable {
                    let why = "the merge key `<<` needs a mapping or a list of mappings";
                    return Err(Stop(ProblemKind::Syntax(why.into())));
                }
            }
            at = value.next;
        }
        let duplicates = self.find_duplicates(id, &keys);
        careful |= !duplicates.is_empty();
        self.tree.duplicates.extend(duplicates);
        if careful && let Some(node) = self.tree.nodes.get_mut(id as usize) {
            node.flags |= flag::CAREFUL;
        }
        Ok(())
    }

    fn find_duplicates(&self, mapping: u32, keys: &[u32]) -> Vec<DuplicateKey> {
        let text = |id: u32| self.tree.node(id).key_text();
        let is_text =
            |node: &NodeData| matches!(node.value, Stored::Source(_) | Stored::Decoded(_));
        // Most texts differ in their ends already. What is no text has a name that stands nowhere.
        let may_equal = |first: u32, second: u32| {
            let (first, second) = (self.tree.data(first), self.tree.data(second));
            first.ends == second.ends || !is_text(first) || !is_text(second)
        };
        let pair = |first: u32, second: u32| DuplicateKey {
            mapping,
            second_node: second,
            first: self.tree.data(first).span,
            second: self.tree.data(second).span,
        };
        let mut found = Vec::new();
        if keys.len() <= 12 {
            for (index, second) in keys.iter().enumerate() {
                let earlier = keys.iter().take(index).rev();
                if let Some(first) = earlier
                    .into_iter()
                    .find(|first| may_equal(**first, *second) && text(**first) == text(*second))
                {
                    found.push(pair(*first, *second));
                }
            }
        } else {
            let mut seen = HashMap::with_capacity(keys.len());
            for key in keys {
                if let Some(first) = seen.insert(text(*key), *key) {
                    found.push(pair(first, *key));
                }
            }
        }
        found
    }

    /// Copies the subtree of an anchor to where its alias stands.
    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(source) = self.anchors.get(&anchor).copied() else {
            return Err(Stop(ProblemKind::Syntax(
                "an alias stands inside the anchor that it names".into(),
            )));
        };
        let first = self.tree.data(source);
        let collection = matches!(first.value, Stored::Mapping | Stored::Sequence);
        if collection && self.expects_key() {
            return Err(Stop(ProblemKind::ComplexKey));
        }
        let size = (first.next - source) as usize;
        self.copied += size;
        let written = self.tree.nodes.len().saturating_sub(self.copied);
        let budget = (written * ALIAS_RATIO).clamp(ALIAS_FLOOR, ALIAS_CEILING);
        if self.copied > budget {
            return Err(Stop(ProblemKind::AliasBomb));
        }
        let target = number(self.tree.nodes.len());
        let shift = target - source;
        let parent = self.open.last().map_or(u32::MAX, |open| open.id);
        let end = first.next;
        for id in source..end {
            let mut node = *self.tree.data(id);
            node.next += shift;
            node.parent = if id == source {
                parent
            } else {
                node.parent + shift
            };
            node.flags |= flag::ALIASED;
            if !collection {
                // An alias to a key that reads `<<` is a key, not a merge.
                node.flags &= !flag::MERGE_KEY;
            }
            self.tree.nodes.push(node);
        }
        if self.open.len() + self.depth_of(target) > super::MAX_DEPTH {
            return Err(Stop(ProblemKind::TooDeep));
        }
        self.last_end = self.last_end.max(span.end);
        self.took_place();
        Ok(())
    }

    /// How deep the subtree goes below a node, by the parent chain of its deepest node.
    fn depth_of(&self, root: u32) -> usize {
        let mut deepest = 0;
        let mut ends: Vec<u32> = Vec::new();
        let mut id = root;
        while let Some(node) = self.tree.nodes.get(id as usize) {
            while ends.last().is_some_and(|end| *end <= id) {
                ends.pop();
            }
            if node.next > id + 1 {
                ends.push(node.next);
                deepest = deepest.max(ends.len());
            }
            id += 1;
        }
        deepest
    }
}

/// The number of a node: an arena beyond 32 bits would be larger than any file that is read.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
