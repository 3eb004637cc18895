//! Where things stand, as one line that a person would edit.

use crate::finding::Location;
use crate::kubernetes::Object;
use crate::kubernetes::field::anchor;
use crate::syntax::{Node, Span};

/// A place of the file of an object.
pub(super) fn place(object: Object<'_>, span: Span) -> Location {
    object.location(span)
}

/// The line of an entry of ports: that of its port, or what stands for the entry.
pub(super) fn port_line(object: Object<'_>, node: Node<'_>) -> Location {
    match node.entry("port") {
        Some(entry) => place(object, entry.key.span().to(entry.value.span())),
        None => item(object, node),
    }
}

/// The line that stands for an item of a list: its first key, with the value where that is short.
pub(super) fn item(object: Object<'_>, node: Node<'_>) -> Location {
    let first = node.entries().next();
    let span = match first {
        // What holds something goes on below.
        Some(entry)
            if entry.value.entries().next().is_some() || entry.value.items().next().is_some() =>
        {
            entry.key.span()
        }
        Some(entry) => entry.key.span().to(entry.value.span()),
        None => anchor(node),
    };
    place(object, span)
}
