//! What follows a keyword: one line without continuations, its words, and where each stands.

use std::ops::Range;

use super::super::tree::Span;
use super::lines::continued;

/// Text without continuation marks and comments, with where each byte was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Logical {
    pub(super) text: String,
    /// Where a piece starts here, and where in the file.
    pieces: Vec<(usize, usize)>,
    /// The bytes that stand for all of it, where it was written in quotes.
    whole: Option<Span>,
}

impl Logical {
    /// What a span of a Dockerfile says, as one line.
    pub(super) fn of(text: &str, span: Span, escape: char) -> Self {
        let whole = text.get(span.range()).unwrap_or_default();
        let mut logical = Self {
            text: String::with_capacity(whole.len()),
            pieces: Vec::new(),
            whole: None,
        };
        let mut at = span.range().start;
        for (index, line) in whole.split_inclusive('\n').enumerate() {
            let start = at;
            at += line.len();
            let line = line.strip_suffix('\n').unwrap_or(line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            if index > 0 && line.trim_start().starts_with('#') {
                continue;
            }
            let line = continued(line, escape).unwrap_or(line);
            if !line.is_empty() {
                logical.pieces.push((logical.text.len(), start));
                logical.text.push_str(line);
            }
        }
        logical
    }

    /// Text that is taken as it is written.
    pub(super) fn verbatim(text: &str, span: Span) -> Self {
        Self {
            text: text.to_owned(),
            pieces: vec![(0, span.range().start)],
            whole: None,
        }
    }

    /// Text that was written in quotes: one span stands for all of it.
    pub(super) fn quoted(text: &str, span: Span) -> Self {
        Self {
            text: text.to_owned(),
            pieces: Vec::new(),
            whole: Some(span),
        }
    }

    /// The offset in the file of an offset here.
    pub(super) fn offset(&self, at: usize) -> usize {
        let after = self.pieces.partition_point(|(start, _)| *start <= at);
        match self.pieces.get(after.saturating_sub(1)) {
            Some((start, raw)) => raw + at.saturating_sub(*start),
            None => 0,
        }
    }

    /// The bytes of the file for a range here.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        if let Some(whole) = self.whole {
            return whole;
        }
        let start = self.offset(range.start);
        if range.end <= range.start {
            return Span::new(start, start);
        }
        Span::new(start, self.offset(range.end - 1) + 1)
    }
}

/// A word of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word without quotes and escapes; variables stand as they are written.
    pub text: String,
    /// The word as it is written, on one line.
    pub raw: String,
    /// Its bytes.
    pub span: Span,
}

/// A name of an `ENV`, `ARG` or `LABEL` with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The bytes of the name.
    pub name_span: Span,
    /// The value, where one is written.
    pub value: Option<Word>,
    /// Name and value.
    pub span: Span,
}

/// A word without quotes and escapes.
pub(super) fn unquoted(raw: &str, escape: char) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut quote = None;
    let mut letters = raw.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            Some(open) if letter == open => quote = None,
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter == escape => text.extend(letters.next()),
            Some('"') if letter == escape => {
                match letters.next_if(|next| *next == '"' || *next == '$' || *next == escape) {
                    Some(next) => text.push(next),
                    None => text.push(letter),
                }
            }
            _ => text.push(letter),
        }
    }
    text
}

/// The ranges of the words of a line; blanks in quotes and behind an escape do not split.
fn ranges(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match quote {
            Some(open) if letter == open => quote = None,
            None if letter.is_whitespace() => {
                if let Some(start) = start.take() {
                    ranges.push(start..at);
                }
                continue;
            }
            None | Some('"') if letter == escape => {
                letters.next();
            }
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            Some(_) | None => {}
        }
        start = start.or(Some(at));
    }
    if let Some(start) = start {
        ranges.push(start..text.len());
    }
    ranges
}

fn word(logical: &Logical, range: &Range<usize>, escape: char) -> Word {
    let raw = logical.text.get(range.clone()).unwrap_or_default();
    Word {
        text: unquoted(raw, escape),
        raw: raw.to_owned(),
        span: logical.span(range),
    }
}

/// The words of a line.
pub(super) fn split(logical: &Logical, escape: char) -> Vec<Word> {
    let ranges = ranges(&logical.text, escape);
    ranges
        .iter()
        .map(|range| word(logical, range, escape))
        .collect()
}

/// The strings of a JSON array, where the line is one and holds nothing else.
pub(super) fn json(logical: &Logical) -> Option<Vec<Word>> {
    let text = &logical.text;
    let trimmed = text.trim();
    if !(trimmed.starts_with('[') && trimmed.ends_with(']')) {
        return None;
    }
    let strings: Vec<String> = serde_json::from_str(trimmed).ok()?;
    // It is JSON: every quote that no escape stands before opens or closes a string.
    let mut ranges = Vec::with_capacity(strings.len());
    let mut open = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (byte, open) {
            (b'\\', Some(_)) => {
                bytes.next();
            }
            (b'"', None) => open = Some(at),
            (b'"', Some(start)) => {
                ranges.push(start..at + 1);
                open = None;
            }
            _ => {}
        }
    }
    let words = strings.into_iter().zip(ranges).map(|(string, range)| Word {
        text: string,
        raw: text.get(range.clone()).unwrap_or_default().to_owned(),
        span: logical.span(&range),
    });
    Some(words.collect())
}

/// The names and values of a line: `a=b c="d e"`, `a`, or in the old form `a everything behind`.
pub(super) fn pairs(logical: &Logical, escape: char, old_form: bool) -> Vec<Pair> {
    let ranges = ranges(&logical.text, escape);
    let Some(first) = ranges.first() else {
        return Vec::new();
    };
    let has_equals = |range: &Range<usize>| {
        let word = logical.text.get(range.clone());
        word.is_some_and(|word| word.contains('='))
    };
    if old_form && !has_equals(first) {
        let behind = first.end..logical.text.trim_end().len();
        let rest = logical.text.get(behind.clone()).unwrap_or_default();
        let start = behind.end - rest.trim_start().len();
        let value = (start < behind.end).then(|| {
            let raw = rest.trim_start();
            Word {
                text: unquoted(raw, escape),
                raw: raw.to_owned(),
                span: logical.span(&(start..behind.end)),
            }
        });
        let name_span = logical.span(first);
        return vec![Pair {
            name: word(logical, first, escape).text,
            name_span,
            span: value
                .as_ref()
                .map_or(name_span, |value| name_span.to(value.span)),
            value,
        }];
    }
    ranges
        .iter()
        .map(|range| {
            let raw = logical.text.get(range.clone()).unwrap_or_default();
            let at = raw.find('=');
            let name = range.start..range.start + at.unwrap_or(raw.len());
            Pair {
                name: word(logical, &name, escape).text,
                name_span: logical.span(&name),
                value: at.map(|at| word(logical, &(range.start + at + 1..range.end), escape)),
                span: logical.span(range),
            }
        })
        .collect()
}
