//! What the lockfiles that are JSON have in common: npm's, which is strict, and Bun's, with comments.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Problem, ProblemKind};
use crate::syntax::Span;

/// How a lockfile writes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// RFC 8259, as `JSON.parse` reads it.
    Strict,
    /// With comments and trailing commas.
    Commented,
}

/// What is at hand while a lockfile is read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// What could not be read so far.
    pub(super) problems: Vec<Problem>,
    /// The bytes before the JSON: a byte-order mark.
    skip: usize,
    /// Names are held once, however often they are written.
    names: HashMap<&'a str, Arc<str>>,
}

/// Reads a text that is one JSON object; hands it to `then`, and returns all problems.
pub(super) fn read(
    text: &str,
    notation: Notation,
    then: impl for<'a> FnOnce(&'a Object<'a>, &mut Reading<'a>),
) -> Vec<Problem> {
    // The parser counts a byte-order mark among the white space it does not know.
    let skip = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    match parse(text.get(skip..).unwrap_or_default(), notation) {
        Ok(root) => {
            let mut reading = Reading {
                problems: Vec::new(),
                skip,
                names: HashMap::new(),
            };
            then(&root, &mut reading);
            reading.problems
        }
        Err((words, start, end)) => {
            // The marks begin a line, where a text that could be read has none of them.
            vec![conflict(text).unwrap_or_else(|| Problem {
                what: ProblemKind::Syntax(words),
                at: within(text, start + skip, end + skip),
            })]
        }
    }
}

fn parse(text: &str, notation: Notation) -> Result<Object<'_>, (String, usize, usize)> {
    let commented = notation == Notation::Commented;
    let options = ParseOptions {
        allow_comments: commented,
        allow_trailing_commas: commented,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    match parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(parsed) => match parsed.value {
            Some(Value::Object(object)) => Ok(object),
            Some(other) => {
                let range = other.range();
                Err(("The file is no JSON object".into(), range.start, range.end))
            }
            None => Err(("The file is empty".into(), 0, 0)),
        },
        Err(error) => {
            let words = match error.kind() {
                // The parser's own words for these repeat what is written.
                ParseErrorKind::String(_) => "Invalid or unterminated string".into(),
                kind => kind.to_string(),
            };
            Err((words, error.range().start, error.range().end))
        }
    }
}

/// A span inside the text that splits no character.
fn within(text: &str, start: usize, end: usize) -> Span {
    let start = text.floor_char_boundary(start);
    Span::new(start, text.ceil_char_boundary(end.max(start)))
}

/// The first line that begins with the marks of a merge conflict.
fn conflict(text: &str) -> Option<Problem> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end_matches(['\n', '\r']);
        let content = written.trim_start_matches('\u{feff}');
        if ["<<<<<<<", "=======", ">>>>>>>"]
            .iter()
            .any(|mark| content.starts_with(mark))
        {
            let end = start + written.len();
            return Some(Problem {
                what: ProblemKind::Conflict,
                at: Span::new(end - content.len(), end),
            });
        }
        start += line.len();
    }
    None
}

/// The properties that take effect, in the order in which they are written: of equal names the last one.
pub(super) fn properties<'a>(object: &'a Object<'a>) -> Vec<&'a ObjectProp<'a>> {
    let all = || object.properties.iter();
    // What package managers write is mostly sorted, and then nothing stands twice.
    if all().is_sorted_by(|one, next| one.name.as_str() < next.name.as_str()) {
        return all().collect();
    }
    let mut seen = HashSet::new();
    let mut effective: Vec<_> = all()
        .rev()
        .filter(|property| seen.insert(property.name.as_str()))
        .collect();
    effective.reverse();
    effective
}

impl<'a> Reading<'a> {
    /// Where something is written.
    pub(super) fn span(&self, of: &impl Ranged) -> Span {
        let range = of.range();
        Span::new(range.start + self.skip, range.end + self.skip)
    }

    /// A name, held once.
    pub(super) fn name(&mut self, name: &'a str) -> Arc<str> {
        Arc::clone(self.names.entry(name).or_insert_with(|| name.into()))
    }

    /// Notes a part that cannot be understood.
    pub(super) fn refuse(&mut self, why: &'static str, at: Span) {
        self.problems.push(Problem {
            what: ProblemKind::Entry(why),
            at,
        });
    }

    /// The text of a value with its place; none for what counts as nothing in JavaScript. Anything else is noted.
    pub(super) fn text(&mut self, value: &'a Value<'a>) -> Option<(&'a str, Span)> {
        match value {
            Value::StringLit(text) if !text.value.is_empty() => {
                Some((&*text.value, self.span(text)))
            }
            other => {
                if !is_nothing(other) {
                    self.refuse("a value is no text", self.span(other));
                }
                None
            }
        }
    }

    /// The object that a value is; none for what counts as nothing in JavaScript. Anything else is noted.
    pub(super) fn object(&mut self, value: &'a Value<'a>) -> Option<&'a Object<'a>> {
        match value {
            Value::Object(object) => Some(object),
            // Old manifests write an empty list for no dependencies.
            Value::Array(list) if list.elements.is_empty() => None,
            other => {
                if !is_nothing(other) {
                    self.refuse("a value is no object", self.span(other));
                }
                None
            }
        }
    }

    /// The object that a value must be: without it nothing of the file can be relied upon.
    pub(super) fn object_or_unreadable(
        &mut self,
        value: &'a Value<'a>,
        words: &str,
    ) -> Option<&'a Object<'a>> {
        if let Value::Object(object) = value {
            return Some(object);
        }
        self.make_unreadable(words, self.span(value));
        None
    }

    /// Notes something for which nothing of the file can be relied upon.
    pub(super) fn make_unreadable(&mut self, words: &str, at: Span) {
        self.problems.push(Problem {
            what: ProblemKind::Syntax(words.to_owned()),
            at,
        });
    }

    /// The version of the notation as written; one that is not `known` is noted.
    pub(super) fn notation_version(&mut self, value: &'a Value<'a>, known: &[&str]) -> Box<str> {
        let written = match value {
            Value::NumberLit(number) => number.value,
            Value::StringLit(text) => &*text.value,
            _ => "",
        };
        if !known.contains(&written) {
            self.problems.push(Problem {
                what: ProblemKind::Version,
                at: self.span(value),
            });
        }
        written.into()
    }
}

/// True for what JavaScript takes for false: how these files write that something is not there.
fn is_nothing(value: &Value<'_>) -> bool {
    match value {
        Value::NullKeyword(_) => true,
        Value::BooleanLit(literal) => !literal.value,
        Value::StringLit(text) => text.value.is_empty(),
        Value::NumberLit(number) => number.value.parse() == Ok(0.0),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// True for what JavaScript takes for true: what sets a flag.
pub(super) fn is_true(value: &Value<'_>) -> bool {
    !is_nothing(value)
}

/// The text of a value, where it is text and not empty.
pub(super) fn as_text<'a>(value: &'a Value<'a>) -> Option<&'a str> {
    match value {
        Value::StringLit(text) if !text.value.is_empty() => Some(&*text.value),
        _ => None,
    }
}

/// The texts of a list; other items are passed over.
pub(super) fn texts<'a>(value: &'a Value<'a>) -> impl Iterator<Item = &'a str> {
    let list = match value {
        Value::Array(list) => Some(list),
        _ => None,
    };
    list.into_iter()
        .flat_map(|list| &list.elements)
        .filter_map(as_text)
}
