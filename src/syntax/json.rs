//! JSON with comments: `jsonc-parser`'s syntax tree into the arena.

use std::sync::Arc;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

use super::build::{Builder, Stop};
use super::tree::{ProblemKind, Span, Stored, Tree};

/// Parses a JSON file.
pub(super) fn parse(text: String) -> Tree {
    let text: Arc<str> = text.into();
    let mut builder = Builder::new(Arc::clone(&text));
    // The parser counts a byte-order mark among the white space it does not know.
    let skip = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    read(&text, skip, &mut builder);
    builder.tree
}

fn read(text: &str, skip: usize, builder: &mut Builder) {
    let content = text.get(skip..).unwrap_or_default();
    let options = CollectOptions {
        comments: CommentCollectionStrategy::Off,
        tokens: false,
    };
    builder.start_document(skip);
    match parse_to_ast(content, &options, &ParseOptions::default()) {
        Ok(parsed) => {
            let Some(root) = parsed.value else {
                builder.scalar(Stored::Null, Span::new(skip, skip), 0, false);
                builder.end_document();
                return;
            };
            match value(builder, text, skip, &root) {
                Ok(()) => builder.end_document(),
                Err(Stop(kind)) => {
                    let at = Span::new(skip, skip);
                    builder.abandon_document(kind, at, text.len());
                }
            }
        }
        Err(error) => {
            let range = error.range();
            let message = error.kind().to_string();
            let kind = if message.contains("nesting") {
                ProblemKind::TooDeep
            } else {
                ProblemKind::Syntax(message)
            };
            let at = Span::new(range.start + skip, range.end + skip);
            builder.abandon_document(kind, at, text.len());
        }
    }
}

fn value(builder: &mut Builder, text: &str, skip: usize, node: &Value<'_>) -> Result<(), Stop> {
    let range = node.range();
    let span = Span::new(range.start + skip, range.end + skip);
    match node {
        Value::NullKeyword(_) => builder.scalar(Stored::Null, span, 0, false),
        Value::BooleanLit(literal) => builder.scalar(Stored::Bool(literal.value), span, 0, false),
        Value::NumberLit(literal) => {
            let number = literal.value.parse::<i64>().map_or_else(
                |_| Stored::Float(literal.value.parse().unwrap_or(f64::MAX)),
                Stored::Int,
            );
            builder.scalar(number, span, 0, false);
        }
        Value::StringLit(literal) => string(builder, text, &literal.value, span),
        Value::Array(array) => {
            builder.open(false, true, span, 0)?;
            for element in &array.elements {
                value(builder, text, skip, element)?;
            }
            builder.close(span)?;
        }
        Value::Object(object) => {
            builder.open(true, true, span, 0)?;
            for property in &object.properties {
                let range = property.name.range();
                let key = Span::new(range.start + skip, range.end + skip);
                match &property.name {
                    ObjectPropName::String(literal) => string(builder, text, &literal.value, key),
                    ObjectPropName::Word(word) => string(builder, text, word.value, key),
                }
                value(builder, text, skip, &property.value)?;
            }
            builder.close(span)?;
        }
    }
    Ok(())
}

fn string(builder: &mut Builder, text: &str, value: &str, span: Span) {
    let inner = Span {
        start: span.start + 1,
        end: span.end.saturating_sub(1).max(span.start + 1),
    };
    let stored = if text.get(inner.range()) == Some(value) {
        Stored::Source(inner)
    } else {
        builder.store(value)
    };
    builder.scalar(stored, span, 0, false);
}
