//! Where parts of a text were written: a line of a block scalar, a word between quotes.

use std::ops::Range;

use super::tree::{Node, Span};

impl Node<'_> {
    /// The bytes that parts of this text were written with: ranges of its value, in order. From the first line of a
    /// part to its last; none where the notation hides it, as an escape does.
    #[must_use]
    pub fn parts(self, ranges: &[Range<usize>]) -> Vec<Option<Span>> {
        let value = self.as_str().unwrap_or_default();
        let source = self.source();
        let start = self.span().start as usize;
        let mut cursor = 0;
        let mut find = |line: &str, within: usize| {
            let line = line.trim_end_matches('\r');
            let rest = source.as_bytes().get(cursor..).unwrap_or_default();
            let rest = rest.get(..within).unwrap_or(rest);
            let at = memchr::memmem::find(rest, line.as_bytes())? + cursor;
            cursor = at + line.len();
            Some(at..cursor)
        };
        let mut read = 0;
        let part = |range: &Range<usize>| {
            let lines = value.get(range.clone()).unwrap_or_default().trim();
            let (first, rest) = lines.split_once('\n').unwrap_or((lines, ""));
            if first.is_empty() {
                return None;
            }
            // The same letters may stand before it: its line tells where it is.
            let blank = value.get(range.clone()).unwrap_or_default();
            let from = range.start + (blank.len() - blank.trim_start().len());
            let before = value.get(read..from).unwrap_or_default();
            let before = before.rsplit('\n').next().unwrap_or_default();
            // Notation makes a text longer, but not by much: what is not near is not looked for to the end.
            let near = 4096 + 8 * (range.end - read.min(range.end));
            read = range.end.max(read);
            let line = value.get(from - before.len()..from + first.len());
            let whole = line
                .filter(|_| !before.is_empty())
                .and_then(|line| find(line, near));
            let first = match whole {
                Some(whole) => whole.start + before.len()..whole.end,
                None => find(first, usize::MAX)?,
            };
            let last = match rest.rsplit('\n').next().map(str::trim) {
                Some(line) if !line.is_empty() => find(line, usize::MAX)?,
                _ => first.clone(),
            };
            Some(Span::new(start + first.start, start + last.end))
        };
        ranges.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    #[test]
    fn a_part_is_found_where_it_was_written() {
        let text = "a: |\n  1one: 1\n  two: b\n  three: c\n  end: z\nb: \"x\\ty b\"\nc: 'q'\n";
        let tree = parse(Format::Yaml, text.to_owned());
        let root = tree.root(tree.documents().first().unwrap());
        let written = |key: &str, ranges: &[std::ops::Range<usize>]| -> Vec<_> {
            let parts = root.get(key).unwrap().parts(ranges);
            parts
                .into_iter()
                .map(|part| part.map(|span| text.get(span.range()).unwrap()))
                .collect()
        };
        let found = written("a", &[6..7, 8..23]);
        assert_eq!(found, [Some("1"), Some("two: b\n  three: c")]);
        let line = found.first().copied().flatten().unwrap();
        assert_eq!(line.as_ptr(), text.get(13..).unwrap().as_ptr());
        assert_eq!(written("b", &[0..3, 4..5]), [None, Some("b")]);
        assert_eq!(written("c", std::slice::from_ref(&(0..1))), [Some("q")]);
    }
}
