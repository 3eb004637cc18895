//! Credentials that the instructions of Dockerfiles write into images or into their history, and those in their comments.

use std::ops::Range;

use crate::credential;
use crate::syntax::dockerfile::Dockerfile;

use super::credentials::{Held, add_apart, held, point_at_first_lines, trimmed};

/// What the instructions of a Dockerfile write into the image or into its history.
#[must_use]
pub fn in_image(file: &Dockerfile) -> Vec<Held> {
    let mut all = Vec::new();
    let text = file.text();
    for instruction in file.instructions() {
        let keyword = instruction.keyword.as_str();
        let range = instruction.arguments.range();
        let arguments = text.get(range.clone()).unwrap_or_default();
        if matches!(keyword, "ENV" | "ARG" | "LABEL") {
            for (key, value) in pairs(arguments) {
                let written = arguments.get(value.clone()).unwrap_or_default();
                for found in credential::of_value(key, written) {
                    let found = found.behind(range.start + value.start);
                    let place = format!("{keyword} {key}");
                    all.push(held(found, place.clone(), &place));
                }
            }
        } else if keyword != "FROM" {
            // The text of a script, and of the files that it writes, stands below.
            let bodies = instruction
                .heredocs
                .iter()
                .map(|heredoc| heredoc.body.range());
            for range in std::iter::once(range).chain(bodies) {
                let part = text.get(range.clone()).unwrap_or_default();
                for found in credential::find(part) {
                    let found = found.behind(range.start);
                    all.push(held(found, keyword.to_owned(), keyword));
                }
            }
        }
    }
    add_apart(credential::find_tokens(text).into_iter(), &mut all);
    point_at_first_lines(text, &mut all);
    all
}

/// The pairs of `ENV`, `ARG` and `LABEL`, and where the values stand: `KEY=value "KEY"="a value"`, or the old
/// notation `KEY value` to the end of the line.
fn pairs(arguments: &str) -> Vec<(&str, Range<usize>)> {
    let mut pairs = Vec::new();
    let bytes = arguments.as_bytes();
    let is_space = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    let mut at = 0;
    while at < bytes.len() {
        if is_space(at) || bytes.get(at) == Some(&b'\\') && is_space(at + 1) {
            at += 1;
            continue;
        }
        let start = at;
        while !is_space(at) && bytes.get(at) != Some(&b'=') {
            at += 1;
        }
        let key = arguments.get(start..at).unwrap_or_default();
        let key = key.trim_matches(['"', '\'']);
        if bytes.get(at) != Some(&b'=') {
            if start == 0 && at < bytes.len() {
                pairs.push((key, trimmed(arguments, at..arguments.len())));
                break;
            }
            continue;
        }
        at += 1;
        let from = at;
        let mut quote = None;
        while let Some(byte) = bytes.get(at).copied() {
            match quote {
                None if byte.is_ascii_whitespace() => break,
                None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
                Some(open) if byte == open => quote = None,
                _ if byte == b'\\' => at += 1,
                _ => {}
            }
            at += 1;
        }
        at = at.min(bytes.len());
        pairs.push((key, trimmed(arguments, from..at)));
    }
    pairs
}
