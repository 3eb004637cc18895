//! Comments that say something to us: where they stand, and which line they speak of.
//!
//! The reader of YAML drops comments. These are found in the text afterwards, which costs a search for one word in
//! files that hold none.

use memchr::memmem;

use super::lines::Lines;
use super::tree::{Span, Stored, Tree};

/// A comment that starts with a certain word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From its `#` to the end of its line.
    pub span: Span,
    /// From behind the word to the end of the line.
    pub text: Span,
    /// The line that it speaks of: its own where something stands before it, else the next one that is neither
    /// empty nor a comment. Empty at the end of the file.
    pub governs: Span,
}

impl Tree {
    /// The comments that start with `word`, in order. What looks like one within text is none.
    #[must_use]
    pub fn comments(&self, word: &str) -> Vec<Comment> {
        let text = self.text();
        if memmem::find(text.as_bytes(), word.as_bytes()).is_none() {
            return Vec::new();
        }
        let scalars = self.texts();
        let is_text = |offset: u32| {
            let next = scalars.partition_point(|span| span.start <= offset);
            let before = next.checked_sub(1).and_then(|index| scalars.get(index));
            before.is_some_and(|span| offset < span.end)
        };
        let lines = Lines::new(text);
        let mut comments = Vec::new();
        // Comments of their own line that wait for the line they speak of.
        let mut waiting: Vec<usize> = Vec::new();
        for number in 1..=u32::try_from(lines.count()).unwrap_or(u32::MAX) {
            let line = lines.line_span(number);
            let source = text.get(line.range()).unwrap_or_default();
            let content = source.trim_start();
            let is_comment =
                content.starts_with('#') && !is_text(line.start + width(source) - width(content));
            if !is_comment && !content.is_empty() {
                for index in waiting.drain(..) {
                    if let Some(Comment { governs, .. }) = comments.get_mut(index) {
                        *governs = line;
                    }
                }
            }
            let Some((before, after)) = find(source, word) else {
                continue;
            };
            let hash = line.start + before;
            if is_text(hash) {
                continue;
            }
            if is_comment {
                waiting.push(comments.len());
            }
            comments.push(Comment {
                span: Span {
                    start: hash,
                    ..line
                },
                text: Span {
                    start: line.start + after,
                    ..line
                },
                governs: if is_comment {
                    Span {
                        start: line.end,
                        ..line
                    }
                } else {
                    line
                },
            });
        }
        comments
    }

    /// The places of all texts that may hold a `#`, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<Span> {
        let texts = self
            .nodes
            .iter()
            .filter(|node| matches!(node.value, Stored::Source(_) | Stored::Decoded(_)));
        let mut spans: Vec<Span> = texts.map(|node| node.span).collect();
        spans.sort_unstable();
        spans
    }
}

/// The comments that start with `word` and have a line of their own, in a file whose statements are `statements`, in
/// order: a comment speaks of all of the next one. Within a statement nothing is a comment.
#[must_use]
pub fn comments_between(text: &str, word: &str, statements: &[Span]) -> Vec<Comment> {
    let found = memmem::find_iter(text.as_bytes(), word.as_bytes());
    let mut comments: Vec<Comment> = Vec::new();
    for at in found {
        let start = text.get(..at).and_then(|before| before.rfind('\n'));
        let start = start.map_or(0, |newline| newline + 1);
        let rest = text.get(at..).unwrap_or_default();
        let end = at + rest.find(['\n', '\r']).unwrap_or(rest.len());
        let before = text.get(start..at).unwrap_or_default();
        if before.trim_matches(['\u{feff}', ' ', '\t']) != "#" {
            continue;
        }
        let hash = at - (before.len() - before.find('#').unwrap_or_default());
        let line = Span::new(hash, end);
        let next = statements.partition_point(|span| span.start <= line.start);
        let within = next.checked_sub(1).and_then(|index| statements.get(index));
        if within.is_some_and(|span| line.start < span.end) {
            continue;
        }
        let nothing = Span {
            start: line.end,
            ..line
        };
        comments.push(Comment {
            span: line,
            text: Span::new(at + word.len(), end),
            governs: statements.get(next).copied().unwrap_or(nothing),
        });
    }
    comments
}

/// The lines of a file of lines that say something: neither empty nor comments.
#[must_use]
pub fn statement_lines(text: &str) -> Vec<Span> {
    let mut at = 0;
    let lines = text.split_inclusive('\n').filter_map(|line| {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let content = line.trim();
        let says = !content.is_empty() && !content.starts_with('#');
        says.then(|| Span::new(start, start + content.len()))
    });
    lines.collect()
}

fn width(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// Where in a line the `#` stands that opens a comment of this word, and where the text behind the word starts.
fn find(line: &str, word: &str) -> Option<(u32, u32)> {
    for (at, _) in line.match_indices(word) {
        let before = line.get(..at)?;
        let trimmed = before.trim_end_matches([' ', '\t']);
        let Some(code) = trimmed.strip_suffix('#') else {
            continue;
        };
        // YAML 1.2 §6.6: a comment is parted from what is before it by white space.
        if code.is_empty() || code.ends_with([' ', '\t', '\u{feff}']) {
            return Some((width(code), width(before) + width(word)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Format, parse};

    fn found(text: &str) -> Vec<(String, String)> {
        let tree = parse(Format::Yaml, text.to_owned());
        let show = |span: super::Span| text[span.range()].to_owned();
        tree.comments("tidegate:")
            .into_iter()
            .map(|comment| (show(comment.text), show(comment.governs)))
            .collect()
    }

    #[test]
    fn a_comment_speaks_of_its_line_or_the_next() {
        let pair = |text: &str, line: &str| (text.to_owned(), line.to_owned());
        assert_eq!(
            found("a: 1 # tidegate: x\n"),
            [pair(" x", "a: 1 # tidegate: x")]
        );
        assert_eq!(
            found("#tidegate: x\n# why\n\n# tidegate: y\n  a: 1\nb: 2\n"),
            [pair(" x", "  a: 1"), pair(" y", "  a: 1")]
        );
        assert_eq!(found("a: 1\n# tidegate: x\n"), [pair(" x", "")]);
        assert_eq!(
            found("a: 1\r\n# tidegate: x\r\nb: 2\r\n"),
            [pair(" x", "b: 2")]
        );
    }

    #[test]
    fn between_statements_a_comment_speaks_of_all_of_the_next() {
        let text = "# tidegate: x\nFROM a\n\n  # tidegate: y\n# more\nRUN b \\\n  # tidegate: no\n  c\nENV a=b # tidegate: no\n# tidegate: z";
        let of = |part: &str| {
            let start = text.find(part).unwrap();
            super::Span::new(start, start + part.len())
        };
        let run = "RUN b \\\n  # tidegate: no\n  c";
        let statements = ["FROM a", run, "ENV a=b # tidegate: no"].map(of);
        let found: Vec<_> = super::comments_between(text, "tidegate:", &statements)
            .into_iter()
            .map(|comment| (&text[comment.text.range()], &text[comment.governs.range()]))
            .collect();
        assert_eq!(found, [(" x", "FROM a"), (" y", run), (" z", "")]);
        let lines = super::statement_lines("# a\n\n b=c\r\nd");
        assert_eq!(lines, [super::Span::new(6, 9), super::Span::new(11, 12)]);
    }

    #[test]
    fn text_is_no_comment() {
        for text in [
            "a: '# tidegate: x'\n",
            "a: b# tidegate: x\n",
            "a: |\n  # tidegate: x\n  b\n",
            "a: >-\n  b # tidegate: x\n",
            "a: \"b\n  # tidegate: x\"\n",
            "a: tidegate: x\n",
            "tidegate: x\n",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
