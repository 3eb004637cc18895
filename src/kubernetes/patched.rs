//! An object as patches in other files make it.

use std::sync::Arc;

use crate::finding::Location;
use crate::syntax::{Composed, Node, Part, Span, Tree};

use super::kinds::{self, Kind};
use super::manifest::Record;
use super::strategic::{self, Failure};

/// The most nodes that an object may have.
const MOST_NODES: usize = 1 << 16;

/// A file that says a part of an object.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The file.
    pub path: Arc<str>,
    /// Where its bytes begin in the spans of the object.
    pub from: u32,
    /// The object, or the patch, in the file.
    pub within: Span,
}

impl Piece {
    /// The place in the file of bytes that are its own.
    pub(super) fn location(&self, span: Span) -> Location {
        let back = |offset: u32| offset.saturating_sub(self.from);
        Location {
            path: Arc::clone(&self.path),
            span: Span {
                start: back(span.start),
                end: back(span.end),
            },
        }
    }
}

/// An object as patches make it.
#[derive(Debug)]
pub struct Patched {
    /// Its tree, whose spans are those of its pieces one behind the other.
    pub tree: Tree,
    /// Its record there.
    pub record: Record,
    /// The files that it is put together from, its own first.
    pub pieces: Vec<Piece>,
}

/// Something that stands in a file.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The file.
    pub path: &'a Arc<str>,
    /// Its tree.
    pub tree: &'a Tree,
    /// The node.
    pub root: u32,
}

impl<'a> Written<'a> {
    /// The node.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.tree.node(self.root)
    }
}

/// Puts patches on an object, one after the other.
pub struct Patching<'a> {
    record: &'a Record,
    own: Node<'a>,
    object: Option<Composed<'a>>,
    pieces: Vec<Piece>,
    /// Where the bytes of the next file begin.
    end: u32,
}

impl<'a> Patching<'a> {
    /// Begins with an object as its file says it.
    #[must_use]
    pub fn new(written: Written<'a>, record: &'a Record) -> Self {
        let mut patching = Self {
            record,
            own: written.node(),
            object: None,
            pieces: Vec::new(),
            end: 0,
        };
        let part = patching.part(written);
        patching.object = part.map(Composed::Whole);
        patching
    }

    fn part(&mut self, written: Written<'a>) -> Option<Part<'a>> {
        let node = written.node();
        let from = self.end;
        let length = u32::try_from(written.tree.text().len()).ok()?;
        self.end = from.checked_add(length)?.checked_add(1)?;
        self.pieces.push(Piece {
            path: Arc::clone(written.path),
            from,
            within: node.span(),
        });
        Some(Part { node, from })
    }

    /// Puts a patch on it.
    ///
    /// # Errors
    /// Where what it makes of the object is not known, and the object stays what it was.
    pub fn patch(&mut self, patch: Written<'a>, kind: &Kind) -> Result<(), Failure> {
        if let Some(object) = self.object.clone() {
            let part = self.part(patch).ok_or(Failure::Unknown)?;
            self.object = strategic::patched(object, part, kind)?;
        }
        Ok(())
    }

    /// True if a patch has deleted the object.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.object.is_none()
    }

    /// What has become of the object: none where it is gone. `most` is how many nodes it may have.
    ///
    /// # Errors
    /// Where it has more nodes than an object may have.
    pub fn result(self, most: usize) -> Result<Option<Patched>, Failure> {
        let Some(object) = self.object else {
            return Ok(None);
        };
        let tree = Tree::composed(&object, MOST_NODES.min(most)).ok_or(Failure::TooLarge)?;
        let root = tree.documents().first().map(|it| tree.root(it));
        let root = root.ok_or(Failure::TooLarge)?;
        let (old, own) = (self.record, self.own);
        let known = old.kind.pods.iter();
        let mut pods: Vec<Node<'_>> = known.flat_map(|path| kinds::follow(root, path)).collect();
        if old.kind.pods.is_empty() {
            let written = old.pods.iter().map(|pod| own.tree().node(*pod));
            pods.extend(written.filter_map(|pod| same_place(pod, own, root)));
        }
        let record = Record {
            root: root.id(),
            kind: old.kind,
            resource: Arc::clone(&old.resource),
            pods: pods.into_iter().map(Node::id).collect(),
            oddities: Vec::new(),
            fault: old.fault.clone(),
            complete: old.complete,
        };
        Ok(Some(Patched {
            tree,
            record,
            pieces: self.pieces,
        }))
    }
}

/// What stands in a mapping at the place of a node below another one.
fn same_place<'t>(node: Node<'_>, top: Node<'_>, mapping: Node<'t>) -> Option<Node<'t>> {
    if node == top {
        return Some(mapping);
    }
    let key = node.key()?.key_text();
    let holder = same_place(node.parent()?, top, mapping)?;
    holder.present(key)
}
