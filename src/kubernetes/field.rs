//! A field that may be there or not: its value, or the nearest key that a person would edit to add it.

use crate::syntax::{Node, Span, Value, escape_segment};

/// A field by its path below a node that exists.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The deepest node on the way to the field that exists.
    within: Node<'a>,
    /// The names that are missing below `within`; empty where the field is present.
    missing: &'static [&'static str],
    node: Option<Node<'a>>,
}

impl<'a> Field<'a> {
    /// Follows a path from a mapping. Null counts as absent, as it does for the API server.
    #[must_use]
    pub fn follow(from: Node<'a>, path: &'static [&'static str]) -> Self {
        let mut within = from;
        for (index, name) in path.iter().enumerate() {
            match within.present(name) {
                Some(node) => within = node,
                None => {
                    return Self {
                        within,
                        missing: path.get(index..).unwrap_or_default(),
                        node: None,
                    };
                }
            }
        }
        Self {
            within,
            missing: &[],
            node: Some(within),
        }
    }

    /// A field that is present.
    #[must_use]
    pub fn of(node: Node<'a>) -> Self {
        Self {
            within: node,
            missing: &[],
            node: Some(node),
        }
    }

    /// The value, if the field is set to anything but null.
    #[must_use]
    pub fn node(self) -> Option<Node<'a>> {
        self.node
    }

    /// True if the field is set.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.node.is_some()
    }

    /// True only for the boolean `true`.
    #[must_use]
    pub fn is_true(self) -> bool {
        self.as_bool() == Some(true)
    }

    /// True only for the boolean `false`.
    #[must_use]
    pub fn is_false(self) -> bool {
        self.as_bool() == Some(false)
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        self.node.and_then(Node::as_bool)
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn as_int(self) -> Option<i64> {
        self.node.and_then(Node::as_int)
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        self.node.and_then(Node::as_str)
    }

    /// The texts among the items, if it is a list.
    pub fn texts(self) -> impl Iterator<Item = &'a str> {
        self.items().filter_map(Node::as_str)
    }

    /// The items, if it is a list.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> {
        self.node.into_iter().flat_map(Node::items)
    }

    /// What tells this field from every other one of its tree.
    #[must_use]
    pub fn place(self) -> (u32, &'static [&'static str]) {
        (self.within.id(), self.missing)
    }

    /// The JSON pointer of the field, present or not.
    #[must_use]
    pub fn pointer(self) -> String {
        let mut pointer = self.within.pointer();
        for name in self.missing {
            pointer.push('/');
            pointer.push_str(&escape_segment(name));
        }
        pointer
    }

    /// The bytes to point at: the value, or for an absent field the key that it belongs below. A key whose value
    /// is null is one to edit.
    #[must_use]
    pub fn span(self) -> Span {
        if let Some(node) = self.node {
            return value_span(node);
        }
        let null = self
            .missing
            .first()
            .and_then(|name| self.within.entry(name));
        null.map_or_else(|| anchor(self.within), |entry| entry.key.span())
    }
}

/// A value's own bytes, or its key's where the value is a block or nothing at all.
fn value_span(node: Node<'_>) -> Span {
    let block = matches!(node.value(), Value::Mapping | Value::Sequence)
        || node.span().start == node.span().end;
    match node.key() {
        Some(key) if block => key.span(),
        _ => node.span(),
    }
}

/// The line of a mapping that stands for it: its key, or for a list item its name.
#[must_use]
pub fn anchor(node: Node<'_>) -> Span {
    if let Some(key) = node.key() {
        return key.span();
    }
    let named = node.entry("name").or_else(|| node.entries().next());
    named.map_or_else(
        || node.span(),
        |entry| entry.key.span().to(entry.value.span()),
    )
}

/// A value as a message shows it: short, on one line, without control characters.
#[must_use]
pub fn shown(node: Node<'_>) -> String {
    match node.value() {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Text(text) => quoted(text),
        Value::Sequence => "a list".to_owned(),
        Value::Mapping => "a mapping".to_owned(),
        Value::Int(_) | Value::Float(_) => shortened(node.source()),
    }
}

/// Text in a message: cut to a readable length, control characters replaced, in double quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

/// The longest value that a message repeats, in characters.
const LONGEST_SHOWN: usize = 60;

/// Cuts text to a readable length and replaces control characters.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(LONGEST_SHOWN)
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    if text.chars().nth(LONGEST_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
