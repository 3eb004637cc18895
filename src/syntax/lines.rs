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
    /// UTF-16 code units before every [`BLOCK`] bytes; empty where they are as many as the bytes.
    units: Vec<u32>,
}

/// How far apart the places are whose UTF-16 code units are counted in advance. A file may be one line of
/// megabytes with thousands of findings on it, and none of them should count from its start.
const BLOCK: usize = 256;

fn unit_counts(text: &str) -> Vec<u32> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut sum = 0;
    let before = |block| {
        let before = sum;
        sum += count_units(block);
        before
    };
    let mut counts: Vec<_> = text.as_bytes().chunks(BLOCK).map(before).collect();
    // The end of the text may be where a block would start.
    counts.push(sum);
    counts
}

/// The UTF-16 code units of UTF-8, by the first bytes of its characters: those of four bytes are two units.
fn count_units(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .map(|byte| u32::from(byte & 0xc0 != 0x80) + u32::from(*byte >= 0xf0))
        .sum()
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
        Self {
            text,
            starts,
            units: unit_counts(text),
        }
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
        let mut column = self.units_before(offset) - self.units_before(start) + 1;
        // The byte-order mark is no character of the first line: editors do not show it.
        if index == 0 && column > 1 && self.text.starts_with('\u{feff}') {
            column -= 1;
        }
        Position {
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            column,
        }
    }

    /// How many UTF-16 code units there are before a byte. Inside of a character, those before the character.
    fn units_before(&self, offset: u32) -> u32 {
        if self.units.is_empty() {
            return offset;
        }
        let mut end = offset as usize;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let block = end / BLOCK;
        let known = self.units.get(block).copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(block * BLOCK..end);
        known + rest.map_or(0, count_units)
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

    /// Cuts a span down to its first line: reports point at one line, never at a block. It has at least one
    /// character where the line has any: a reader cannot see an empty place.
    #[must_use]
    pub fn first_line(&self, span: Span) -> Span {
        let line = self.line_span(self.position(span.start).line).range();
        let content = self.text.get(line.clone()).unwrap_or_default();
        let line_start = line.end - content.trim_start_matches('\u{feff}').len();
        // Line breaks are no part of a line, and neither is a byte-order mark.
        let start = (span.start as usize).clamp(line_start, line.end);
        let end = (span.end as usize).clamp(start, line.end);
        if start < end {
            return Span::new(start, end);
        }
        let before = self.text.get(line_start..start).unwrap_or_default();
        let after = self.text.get(start..line.end).unwrap_or_default();
        match (after.chars().next(), before.chars().next_back()) {
            (Some(character), _) => Span::new(start, start + character.len_utf8()),
            (None, Some(character)) => Span::new(start - character.len_utf8(), start),
            (None, None) => Span::new(start, start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_line(text: &str, start: usize, end: usize) -> &str {
        let span = Lines::new(text).first_line(Span::new(start, end));
        text.get(span.range()).unwrap()
    }

    #[test]
    fn a_place_is_on_one_line_and_has_a_character() {
        let text = "\u{feff}ab\r\n\r\nc😀\n";
        assert_eq!(first_line(text, 0, 0), "a");
        assert_eq!(first_line(text, 0, text.len()), "ab");
        assert_eq!(first_line(text, 4, 9), "b");
        assert_eq!(
            first_line(text, 5, 6),
            "b",
            "the end of a line is its line break"
        );
        assert_eq!(first_line(text, 6, 7), "b", "also its second byte");
        assert_eq!(first_line(text, 7, 9), "", "an empty line has no character");
        assert_eq!(first_line(text, 10, 10), "😀");
        assert_eq!(first_line(text, 14, 14), "😀");
        assert_eq!(first_line(text, 15, 99), "");
    }

    #[test]
    fn columns_count_utf16_code_units() {
        let lines = Lines::new("\u{feff}a\n😀é: b\n");
        let position = |offset| {
            let Position { line, column } = lines.position(offset);
            (line, column)
        };
        assert_eq!(position(3), (1, 1), "the byte-order mark has no column");
        assert_eq!(position(5), (2, 1));
        assert_eq!(position(9), (2, 3));
        assert_eq!(position(11), (2, 4));
        assert_eq!(position(99), (3, 1));
        assert_eq!(position(7), (2, 1), "inside of a character");
    }

    #[test]
    fn long_lines_are_counted_as_short_ones() {
        let text =
            "\u{feff}".to_owned() + &"aé😀€".repeat(3 * BLOCK) + "\r\n" + &"😀".repeat(BLOCK);
        let lines = Lines::new(&text);
        for (offset, _) in text.char_indices().skip(1) {
            let before = &text[..offset];
            let line_start = before.rfind('\n').map_or(3, |at| at + 1);
            let column = text[line_start..offset].encode_utf16().count() + 1;
            assert_eq!(
                lines.position(u32::try_from(offset).unwrap()).column as usize,
                column
            );
        }
        let end = lines.position(u32::MAX);
        assert_eq!((end.line, end.column as usize), (2, 2 * BLOCK + 1));
    }
}
