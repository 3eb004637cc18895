//! The annotations of an object.

use crate::syntax::Entry;

use super::field::Field;
use super::object::Object;

/// The annotations of an object that hold a value.
pub fn annotations(object: Object<'_>) -> impl Iterator<Item = Entry<'_>> {
    let annotations = object.field(&["metadata", "annotations"]).node();
    annotations
        .into_iter()
        .flat_map(crate::syntax::Node::entries)
        .filter(|entry| !entry.value.is_null())
}

/// An annotation by its name.
#[must_use]
pub fn annotation<'a>(object: Object<'a>, name: &str) -> Option<Field<'a>> {
    annotations(object)
        .find(|entry| entry.key.key_text() == name)
        .map(|entry| Field::of(entry.value))
}

/// The text of an annotation. Controllers read what is not quoted as it is written.
#[must_use]
pub fn annotation_text<'a>(object: Object<'a>, name: &str) -> Option<&'a str> {
    annotation(object, name)?
        .node()
        .map(crate::syntax::Node::key_text)
}
