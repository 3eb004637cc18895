//! What the lockfiles of pnpm and Yarn have in common as texts: the marks of a merge, and YAML whose scalars are read
//! as they are written, since `1.10` and `on` are versions and names here.

use super::{Problem, ProblemKind};
use crate::syntax::{self, Node, Span, Tree};

/// The first mark of an unresolved merge.
pub(super) fn conflict(text: &str) -> Option<Problem> {
    let bytes = text.as_bytes();
    let at = ["<<<<<<<", ">>>>>>>"]
        .iter()
        .filter_map(|mark| {
            memchr::memmem::find_iter(bytes, mark).find(|at| {
                let before = bytes.get(..*at).unwrap_or_default();
                before.is_empty() || before.ends_with(b"\n") || before == b"\xef\xbb\xbf"
            })
        })
        .min()?;
    let line = bytes.get(at..).unwrap_or_default();
    let length = memchr::memchr2(b'\r', b'\n', line).unwrap_or(line.len());
    Some(Problem {
        what: ProblemKind::Conflict,
        at: Span::new(at, at + length),
    })
}

/// A problem with the notation.
pub(super) fn broken(words: &str, at: Span) -> Problem {
    Problem {
        what: ProblemKind::Syntax(words.to_owned()),
        at,
    }
}

/// An entry that is left out.
pub(super) fn malformed(why: &'static str, at: Span) -> Problem {
    Problem {
        what: ProblemKind::Entry(why),
        at,
    }
}

/// What the reader of YAML could not read, in words that repeat nothing of the file.
pub(super) fn problems(tree: &Tree) -> impl Iterator<Item = Problem> {
    tree.problems().iter().map(|problem| {
        let words = match &problem.kind {
            // These words alone go on with what was found.
            syntax::ProblemKind::Syntax(words) if words.starts_with("unexpected character") => {
                "unexpected character"
            }
            syntax::ProblemKind::Syntax(words) => words,
            syntax::ProblemKind::TooDeep => "nested too deeply",
            syntax::ProblemKind::AliasBomb => "aliases that expand beyond measure",
            syntax::ProblemKind::ComplexKey => "a key that is a list or a mapping",
        };
        broken(words, within(tree.text(), problem.at))
    })
}

/// A span inside the text that splits no character.
fn within(text: &str, span: Span) -> Span {
    let start = text.floor_char_boundary(span.range().start);
    let end = text.ceil_char_boundary(span.range().end.max(start));
    Span::new(start, end)
}

/// A key as it is written, without quotes.
pub(super) fn key(node: Node<'_>) -> &str {
    node.as_str().unwrap_or_else(|| node.source())
}

/// A scalar as it is written, without quotes; none for null and for collections.
pub(super) fn scalar(node: Node<'_>) -> Option<&str> {
    let is_scalar = !(node.is_null() || node.is_mapping() || node.is_sequence());
    is_scalar.then(|| key(node))
}

/// A scalar with its place.
pub(super) fn placed(node: Node<'_>) -> Option<(Box<str>, Span)> {
    scalar(node).map(|text| (text.into(), node.span()))
}
