//! Documents that are put together from nodes of several trees, as one file changes what stands in another one.
//!
//! Each tree has a range of bytes of its own in the composed one, so that a span of it tells which file it is of.

use super::tree::{Document, Node, NodeData, Span, Stored, Tree, Value, ends, flag};

/// A node of some tree, and by how much its bytes are moved in the composed one.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The node.
    pub node: Node<'a>,
    /// Where the bytes of its tree begin.
    pub from: u32,
}

impl<'a> Part<'a> {
    /// Another node of the same tree.
    #[must_use]
    pub fn beside(self, node: Node<'a>) -> Self {
        Self { node, ..self }
    }

    fn span(self) -> Span {
        let own = self.node.span();
        Span {
            start: own.start.saturating_add(self.from),
            end: own.end.saturating_add(self.from),
        }
    }
}

/// What is put together.
#[derive(Clone, Debug)]
pub enum Composed<'a> {
    /// A node with all below it, as it takes effect.
    Whole(Part<'a>),
    /// A mapping: the bytes of a node stand for it.
    Mapping(Part<'a>, Vec<(Part<'a>, Composed<'a>)>),
    /// A list: the bytes of a node stand for it.
    Sequence(Part<'a>, Vec<Composed<'a>>),
}

impl<'a> Composed<'a> {
    /// The node whose bytes stand for it.
    #[must_use]
    pub fn part(&self) -> Part<'a> {
        match self {
            Self::Whole(part) | Self::Mapping(part, _) | Self::Sequence(part, _) => *part,
        }
    }

    /// The entries of a mapping, each of which can be changed; none of anything else.
    #[must_use]
    pub fn into_entries(self) -> Option<Vec<(Part<'a>, Self)>> {
        match self {
            Self::Mapping(_, entries) => Some(entries),
            Self::Whole(part) if part.node.is_mapping() => {
                let entries = part.node.entries();
                let entries = entries.map(|it| (part.beside(it.key), it.value));
                Some(
                    entries
                        .map(|(key, value)| (key, Self::Whole(part.beside(value))))
                        .collect(),
                )
            }
            Self::Whole(_) | Self::Sequence(..) => None,
        }
    }

    /// The items of a list, each of which can be changed; none of anything else.
    #[must_use]
    pub fn into_items(self) -> Option<Vec<Self>> {
        match self {
            Self::Sequence(_, items) => Some(items),
            Self::Whole(part) if part.node.is_sequence() => {
                let items = part.node.items();
                Some(items.map(|item| Self::Whole(part.beside(item))).collect())
            }
            Self::Whole(_) | Self::Mapping(..) => None,
        }
    }

    /// The value of a key, if it is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Whole(part) => {
                let value = part.node.get(key)?;
                Some(Self::Whole(part.beside(value)))
            }
            Self::Mapping(_, entries) => {
                let mut entries = entries.iter();
                let (_, value) = entries.find(|(own, _)| own.node.key_text() == key)?;
                Some(value.clone())
            }
            Self::Sequence(..) => None,
        }
    }
}

impl Tree {
    /// A tree with one document that is put together; none where it has more nodes than may be.
    #[must_use]
    pub fn composed(root: &Composed<'_>, most: usize) -> Option<Self> {
        let mut composer = Composer {
            tree: Self::default(),
            most,
        };
        let id = composer.put(root, u32::MAX)?;
        let mut tree = composer.tree;
        let span = root.part().span();
        tree.documents.push(Document { root: id, span });
        Some(tree)
    }

    /// How many nodes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes.len()
    }
}

struct Composer {
    tree: Tree,
    most: usize,
}

impl Composer {
    fn put(&mut self, composed: &Composed<'_>, parent: u32) -> Option<u32> {
        match composed {
            Composed::Whole(part) => self.whole(*part, parent),
            Composed::Mapping(part, entries) => {
                let id = self.push(*part, Stored::Mapping, parent)?;
                for (key, value) in entries {
                    self.key(*key, id)?;
                    self.put(value, id)?;
                }
                self.close(id)
            }
            Composed::Sequence(part, items) => {
                let id = self.push(*part, Stored::Sequence, parent)?;
                for item in items {
                    self.put(item, id)?;
                }
                self.close(id)
            }
        }
    }

    fn whole(&mut self, part: Part<'_>, parent: u32) -> Option<u32> {
        match part.node.value() {
            Value::Mapping => {
                let id = self.push(part, Stored::Mapping, parent)?;
                for entry in part.node.entries() {
                    self.key(part.beside(entry.key), id)?;
                    self.whole(part.beside(entry.value), id)?;
                }
                self.close(id)
            }
            Value::Sequence => {
                let id = self.push(part, Stored::Sequence, parent)?;
                for item in part.node.items() {
                    self.whole(part.beside(item), id)?;
                }
                self.close(id)
            }
            Value::Null => self.scalar(part, Stored::Null, parent),
            Value::Bool(value) => self.scalar(part, Stored::Bool(value), parent),
            Value::Int(value) => self.scalar(part, Stored::Int(value), parent),
            Value::Float(value) => self.scalar(part, Stored::Float(value), parent),
            Value::Text(text) => {
                let text = self.text(text);
                self.scalar(part, text, parent)
            }
        }
    }

    fn key(&mut self, part: Part<'_>, parent: u32) -> Option<u32> {
        let text = self.text(part.node.key_text());
        self.scalar(part, text, parent)
    }

    fn text(&mut self, text: &str) -> Stored {
        let start = self.tree.decoded.len();
        self.tree.decoded.push_str(text);
        Stored::Decoded(Span::new(start, self.tree.decoded.len()))
    }

    /// A scalar, with its written form.
    fn scalar(&mut self, part: Part<'_>, value: Stored, parent: u32) -> Option<u32> {
        let id = self.push(part, value, parent)?;
        if let Stored::Decoded(place) = self.text(part.node.source()) {
            self.tree.sources.insert(id, place);
        }
        Some(id)
    }

    fn push(&mut self, part: Part<'_>, value: Stored, parent: u32) -> Option<u32> {
        if self.tree.nodes.len() >= self.most {
            return None;
        }
        let id = u32::try_from(self.tree.nodes.len()).ok()?;
        let ends = ends(self.tree.slice(value));
        self.tree.nodes.push(NodeData {
            span: part.span(),
            parent,
            next: id.saturating_add(1),
            value,
            flags: if part.node.is_aliased() {
                flag::ALIASED
            } else {
                0
            },
            ends,
        });
        Some(id)
    }

    /// Ends a subtree with the last node so far.
    fn close(&mut self, id: u32) -> Option<u32> {
        let next = u32::try_from(self.tree.nodes.len()).ok()?;
        if let Some(node) = self.tree.nodes.get_mut(id as usize) {
            node.next = next;
        }
        Some(id)
    }
}
