//! What in an object is no field of its type, or of the wrong type.

use crate::syntax::{Node, Value};

use super::{Shape, Type, is_guarded, is_other_spelling};

/// The most that is told of one file: further mistakes of a file that has so many are of one make.
const MOST: usize = 1000;

/// How many oddities a file may still have.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MOST)
    }
}

/// A key that the API does not know, or a value that it refuses.
#[derive(Clone, Copy, Debug)]
pub struct Oddity {
    /// The number of the value's node.
    pub(super) node: u32,
    /// The type whose field it is, or is none.
    pub(super) within: &'static Type,
    /// What is odd.
    pub what: What,
    /// True if it stands where who may do what is decided.
    pub(super) guarded: bool,
}

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The key is no field.
    NoField,
    /// The key is no field, and was read as the one that it is meant to be.
    Respelt(&'static str),
    /// The API takes something else.
    WrongType(Shape),
}

impl Oddity {
    /// The number of the value's node.
    #[must_use]
    pub(in crate::kubernetes) fn at(&self) -> u32 {
        self.node
    }

    /// The type whose field it is, or is none.
    #[must_use]
    pub fn within(&self) -> &'static Type {
        self.within
    }
}

/// The oddities of an object, in the order of the file.
pub(crate) fn oddities(
    object: Node<'_>,
    api_version: &str,
    kind: &str,
    budget: &mut Budget,
) -> Vec<Oddity> {
    let Some(own) = Type::of(api_version, kind) else {
        return Vec::new();
    };
    // SOPS encrypts values, whatever their types, and adds its own key.
    if object.get("sops").is_some() {
        return Vec::new();
    }
    let mut walk = Walk {
        object,
        budget,
        found: Vec::new(),
    };
    walk.mapping(object, own, false);
    walk.found
}

struct Walk<'a, 'b> {
    object: Node<'a>,
    budget: &'b mut Budget,
    found: Vec<Oddity>,
}

impl Walk<'_, '_> {
    fn add(&mut self, node: Node<'_>, within: &'static Type, what: What, guarded: bool) {
        if let Some(left) = self.budget.0.checked_sub(1) {
            self.budget.0 = left;
            let node = node.id();
            self.found.push(Oddity {
                node,
                within,
                what,
                guarded,
            });
        }
    }

    fn mapping(&mut self, node: Node<'_>, own: &'static Type, guarded: bool) {
        let guarded = guarded || own.guards();
        for entry in node.written_entries() {
            let key = entry.key.key_text();
            match own.field(key) {
                Some(shape) => self.value(entry.value, shape, (own, guarded || is_guarded(key))),
                // What it merges is judged where it is written.
                None if key == "<<" && !entry.value.is_aliased() => {
                    self.mapping(entry.value, own, guarded);
                }
                None if is_name(key)
                    && !entry.value.is_aliased()
                    && !(node == self.object && is_spared(key)) =>
                {
                    self.add(entry.value, own, What::NoField, guarded);
                }
                None => {}
            }
        }
    }

    fn value(&mut self, node: Node<'_>, shape: Shape, (own, guarded): (&'static Type, bool)) {
        // What an anchor holds is judged where it is written.
        if node.is_null() || shape == Shape::Any || node.is_aliased() {
            return;
        }
        if !shape.takes(node) {
            if !is_placeholder(node) {
                self.add(node, own, What::WrongType(shape), guarded);
            }
            return;
        }
        match shape {
            Shape::Of(_) => {
                if let Some(inner) = shape.fields() {
                    self.mapping(node, inner, guarded);
                }
            }
            Shape::List(item) => {
                for value in node.items() {
                    self.value(value, *item, (own, guarded));
                }
            }
            Shape::Map(value) => {
                for entry in node.written_entries() {
                    // The directives of a patch say what becomes of the map.
                    if !entry.key.key_text().starts_with(['$', '<']) {
                        self.value(entry.value, *value, (own, guarded));
                    }
                }
            }
            _ => {}
        }
    }
}

/// True for what can be the name of a field: no directive of a patch, and nothing that is yet to be filled in.
fn is_name(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
}

/// Keys of an object that people put beside its own for other programs, and what servers write. Of an `apiVersion` or a
/// `kind` that is spelt in another way a rule of its own speaks.
fn is_spared(key: &str) -> bool {
    let is_head = || {
        ["apiVersion", "kind"]
            .iter()
            .any(|name| is_other_spelling(key, name))
    };
    key == "status" || key.starts_with("x-") || key.starts_with('.') || is_head()
}

/// True for text that stands for a value of another type until something fills it in.
fn is_placeholder(node: Node<'_>) -> bool {
    let Value::Text(text) = node.value() else {
        return false;
    };
    let shouts = || {
        text.bytes().any(|byte| byte.is_ascii_uppercase())
            && !text.bytes().any(|byte| byte.is_ascii_lowercase())
    };
    text.contains(['{', '$', '<', '%', '@', '#', '[']) || text.contains("__") || shouts()
}
