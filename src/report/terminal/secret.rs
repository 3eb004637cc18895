//! Secrets in lines of source: by their shape, and by where they stand.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::credential::drawn_words;
use crate::redact::{mask as mask_shapes, mask_range};
use crate::snapshot::Snapshot;
use crate::snapshot::hidden::Hidden;
use crate::syntax::Span;

/// What must not be shown, looked up once a file.
#[derive(Debug, Default)]
pub(super) struct Masker<'r> {
    files: HashMap<(bool, String), Hidden<'r>>,
}

impl<'r> Masker<'r> {
    /// A line without the secrets in it, as many bytes as before; none where the file is not to be had. Of a part that
    /// could not be read, the first key of the line and the marks are shown.
    pub(super) fn mask<'a>(
        &mut self,
        snapshot: &'r Snapshot,
        (in_base, path): (bool, &str),
        line: Span,
        raw: &'a str,
    ) -> Option<Cow<'a, str>> {
        let file = snapshot.file(path)?;
        let hidden = self.files.entry((in_base, path.to_owned()));
        let hidden = hidden.or_insert_with(|| Hidden::of(snapshot, file));
        // What did not become an object may be a Secret, and nothing tells a value from a name in it.
        if !file.is_wholly_read() && !hidden.is_of_object(line) {
            return Some(Cow::Owned(mask_words(raw)));
        }
        let mut masked = mask_shapes(raw);
        for span in hidden.on(line) {
            let from = span.start.max(line.start) - line.start;
            let to = span.end.min(line.end).saturating_sub(line.start);
            let range = from as usize..to as usize;
            // The space before a value that goes on tells where it stands.
            let part = masked.get(range.clone()).unwrap_or_default();
            let blank = part.len() - part.trim_start().len();
            let range = range.start + blank..range.end;
            if range.start < range.end {
                masked = Cow::Owned(mask_range(&masked, range).into_owned());
            }
        }
        // What nothing names is seldom alone beside what something does.
        if masked != raw {
            for range in drawn_words(&masked) {
                masked = Cow::Owned(mask_range(&masked, range).into_owned());
            }
        }
        Some(masked)
    }
}

/// A line of which nothing is known: its first key and its marks, which are what a syntax error is about.
fn mask_words(line: &str) -> String {
    let key = first_key(line);
    let mut masked = String::with_capacity(line.len());
    for (at, letter) in line.char_indices() {
        if key.contains(&at) || letter.is_ascii_punctuation() || letter.is_whitespace() {
            masked.push(letter);
        } else {
            masked.extend(std::iter::repeat_n('*', letter.len_utf8()));
        }
    }
    masked
}

/// Where the first key of a line stands, if it begins with one: a name with a colon after it. Digits are for values.
fn first_key(line: &str) -> Range<usize> {
    const LONGEST: usize = 40;
    let from = line.len()
        - line
            .trim_start_matches([' ', '\t', '-', '{', '[', '"', '\''])
            .len();
    let rest = line.get(from..).unwrap_or_default();
    let is_part = |letter: char| letter.is_ascii_alphabetic() || "_-./".contains(letter);
    let length = rest.find(|letter| !is_part(letter)).unwrap_or(0);
    let after = rest.get(length..).unwrap_or_default();
    let after = after.trim_start_matches(['"', '\'']);
    let is_key = after.strip_prefix(':').is_some_and(|value| {
        value.is_empty()
            || value.starts_with(|next: char| next.is_whitespace() || "\"'[{".contains(next))
    });
    if is_key && length <= LONGEST {
        from..from + length
    } else {
        0..0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_nobody_could_read_shows_its_first_key_and_its_marks() {
        for (line, shown) in [
            ("      value: \"hunter2", "      value: \"*******"),
            ("- {name: A, value: b", "- {name: *, *****: *"),
            ("{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"*\":\"*\"}}"),
            ("\thunter2", "\t*******"),
            ("  v: x: y", "  v: *: *"),
            ("  a:b", "  *:*"),
            ("<<<<<<< HEAD", "<<<<<<< ****"),
            ("  é: ü", "  **: **"),
        ] {
            assert_eq!(mask_words(line), shown);
        }
    }
}
