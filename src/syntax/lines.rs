//! Byte offsets to lines and columns: the one place, beside the reporters, that knows of lines.

use super::tree::Span;

/// A place as people and SARIF name it: 1-based line, 1-based column in UTF-16 code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 code units, from 1.
    pub column: u32,
}

/// The line starts of a file.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// Byte offset of each line's first byte. CRLF, LF and a lone CR each end a line.
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let crlf = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
            if !crlf {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { text, starts }
    }

    /// How many lines there are; the text after the last line break is one, even when it is empty.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Where a byte offset lies. Offsets beyond the end name the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let index = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let start = self.starts.get(index).copied().unwrap_or(0);
        let before = self.before(start as usize, offset as usize);
        // The byte-order mark is no character of the first line: editors do not show it.
        let before = if index == 0 {
            before.strip_prefix('\u{feff}').unwrap_or(before)
        } else {
            before
        };
        let column = before.chars().map(char::len_utf16).sum::<usize>() + 1;
        Position {
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The longest text from `start` that ends on a character boundary not after `end`.
    fn before(&self, start: usize, mut end: usize) -> &'a str {
        while end > start && !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(start..end).unwrap_or_default()
    }

    /// The bytes of a line (from 1), without its line break.
    #[must_use]
    pub fn line_span(&self, line: u32) -> Span {
        let index = (line.max(1) - 1) as usize;
        let start = self.starts.get(index).copied().unwrap_or(0);
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.text.len(), |next| *next as usize);
        let content = self.text.get(start as usize..end).unwrap_or_default();
        let trimmed = content.trim_end_matches(['\n', '\r']);
        Span::new(start as usize, start as usize + trimmed.len())
    }

    /// Cuts a span down to its first line: reports point at one line, never at a block.
    #[must_use]
    pub fn first_line(&self, span: Span) -> Span {
        let line = self.line_span(self.position(span.start).line);
        Span {
            start: span.start,
            end: span.end.min(line.end).max(span.start),
        }
    }
}
