//! What a reader may commit with one click: a fix as the lines that stand in place of the lines of a comment.
//!
//! GitHub replaces exactly the lines that a comment hangs on, so that a fix is offered only where all of it lies within
//! them; and what is offered is computed from GitHub's own text of these lines.

use crate::redact::redact;
use crate::report::plain;
use crate::syntax::{Lines, Position, Span};

use super::anchor::Anchor;
use super::patch::{Hunks, Side};
use super::placed::FixEdit;

/// The longest suggestion, in bytes: a longer one is none that somebody reads before it is committed.
const LONGEST: usize = 4_000;

/// The lines that stand in place of those of the anchor once all of these edits are made, each with its line feed;
/// nothing where the lines go. None where no suggestion can say the same.
#[must_use]
pub fn replacement(anchor: &Anchor, hunks: &Hunks, edits: &[FixEdit]) -> Option<String> {
    let Anchor::Lines {
        path,
        side: Side::Right,
        first,
        last,
    } = anchor
    else {
        return None;
    };
    if edits.is_empty() || edits.iter().any(|edit| edit.path != *path) {
        return None;
    }
    let before = hunks.head_text(*first, *last)?;
    // How GitHub ends the lines of a suggestion in such a file is not known well enough.
    if before.iter().any(|line| line.contains('\r')) {
        return None;
    }
    let before = before.join("\n") + "\n";
    let lines = Lines::new(&before);
    let mut spans: Vec<(Span, &str)> = Vec::with_capacity(edits.len());
    for edit in edits {
        let start = offset(&lines, &before, edit.start, *first)?;
        let end = offset(&lines, &before, edit.end, *first)?;
        (start <= end).then_some(())?;
        spans.push((Span::new(start, end), &edit.replacement));
    }
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    spans.dedup();
    let mut after = String::with_capacity(before.len());
    let mut from = 0;
    let mut last_end = None;
    for (span, text) in spans {
        // Two edits of one place do not say which comes first.
        if last_end.is_some_and(|end| span.start <= end) {
            return None;
        }
        last_end = Some(span.end);
        after.push_str(before.get(from..span.start as usize)?);
        after.push_str(text);
        from = span.end as usize;
    }
    after.push_str(before.get(from..)?);
    // Lines stay lines: what follows them must not be drawn into the last one.
    let is_whole = after.is_empty() || after.ends_with('\n');
    let is_honest = plain(&after) == after && !after.contains('\r') && redact(&after) == after;
    (is_whole && is_honest && after != before && after.len() <= LONGEST).then_some(after)
}

/// Where a position of the file lies in the text of the lines from `first` on.
fn offset(lines: &Lines<'_>, text: &str, at: Position, first: u32) -> Option<usize> {
    let line = at.line.checked_sub(first)?.checked_add(1)?;
    // The end of the last line is the start of one that is not shown.
    if line as usize > lines.count() || line as usize == lines.count() && at.column > 1 {
        return None;
    }
    let span = lines.line_span(line);
    let content = text.get(span.start as usize..span.end as usize)?;
    let units = at.column.checked_sub(1)? as usize;
    let mut seen = 0;
    for (index, character) in content.char_indices() {
        if seen == units {
            return Some(span.start as usize + index);
        }
        seen += character.len_utf16();
    }
    (seen == units).then_some(span.end as usize)
}

/// The block that GitHub offers to commit. Its fence is longer than any in the text.
#[must_use]
pub fn block(replacement: &str) -> String {
    let longest = replacement
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}suggestion\n{replacement}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(start: (u32, u32), end: (u32, u32), replacement: &str) -> FixEdit {
        let position = |(line, column)| Position { line, column };
        FixEdit {
            path: "a.yaml".into(),
            start: position(start),
            end: position(end),
            replacement: replacement.to_owned(),
        }
    }

    fn on(first: u32, last: u32) -> Anchor {
        Anchor::Lines {
            path: "a.yaml".into(),
            side: Side::Right,
            first,
            last,
        }
    }

    const PATCH: &str = "@@ -1,2 +1,4 @@\n a: 1\n+b:\n+  é😀: no\n d: 2";

    #[test]
    fn a_fix_within_the_lines_is_offered() {
        let hunks = Hunks::parse(PATCH);
        let offer = |first, last, edits: &[FixEdit]| replacement(&on(first, last), &hunks, edits);
        let yes = edit((3, 8), (3, 10), "yes");
        assert_eq!(
            offer(3, 3, std::slice::from_ref(&yes)).unwrap(),
            "  é😀: yes\n"
        );
        assert_eq!(
            offer(2, 3, std::slice::from_ref(&yes)).unwrap(),
            "b:\n  é😀: yes\n"
        );
        assert_eq!(
            offer(2, 2, std::slice::from_ref(&yes)),
            None,
            "another line"
        );
        assert_eq!(
            offer(3, 3, &[edit((3, 1), (4, 1), "")]).unwrap(),
            "",
            "the line goes"
        );
        assert_eq!(
            offer(2, 2, &[edit((3, 1), (3, 1), "  c: 3\n")]).unwrap(),
            "b:\n  c: 3\n"
        );
        assert_eq!(
            offer(2, 2, &[edit((2, 3), (3, 1), "")]),
            None,
            "two lines would be one"
        );
        assert_eq!(
            offer(3, 3, &[edit((3, 4), (3, 5), "x")]),
            None,
            "within a character"
        );
        assert_eq!(
            offer(3, 3, &[yes.clone(), edit((3, 9), (3, 9), "x")]),
            None,
            "one in another"
        );
        assert_eq!(
            offer(3, 3, &[yes.clone(), yes]).unwrap(),
            "  é😀: yes\n",
            "said twice"
        );
        assert_eq!(offer(3, 3, &[edit((3, 8), (3, 10), "\u{202e}")]), None);
        assert_eq!(offer(3, 3, &[]), None);
    }

    #[test]
    fn a_fence_outgrows_what_it_holds() {
        assert_eq!(block(""), "```suggestion\n```\n");
        assert_eq!(block("a\n"), "```suggestion\na\n```\n");
        assert_eq!(block("````\n"), "`````suggestion\n````\n`````\n");
    }

    proptest! {
        /// What GitHub commits is what the fix makes of the file.
        #[test]
        fn a_committed_suggestion_is_the_fix(
            head in proptest::collection::vec("[a-zé😀: `-]{0,8}", 1..12),
            (first, last) in (1u32..12, 0u32..4),
            edits in proptest::collection::vec(((0usize..40, 0usize..10), "[a-z\n`é]{0,6}"), 1..3),
        ) {
            let count = u32::try_from(head.len()).unwrap();
            let first = first.min(count);
            let last = (first + last).min(count);
            let text = head.join("\n") + "\n";
            let patch: String = std::iter::once(format!("@@ -0,0 +1,{count} @@"))
                .chain(head.iter().map(|line| format!("+{line}")))
                .collect::<Vec<_>>()
                .join("\n");
            let lines = Lines::new(&text);
            let boundary = |at: usize| text.floor_char_boundary(at.min(text.len()));
            let mut spans = Vec::new();
            let mut fix = Vec::new();
            for ((start, length), replacement) in edits {
                let (start, end) = (boundary(start), boundary(start + length));
                spans.push((start, end, replacement.clone()));
                let position = |at: usize| {
                    let Position { line, column } = lines.position(u32::try_from(at).unwrap());
                    (line, column)
                };
                fix.push(edit(position(start), position(end), &replacement));
            }
            let hunks = Hunks::parse(&patch);
            if let Some(offered) = replacement(&on(first, last), &hunks, &fix) {
                let mut committed: Vec<&str> = text.split_inclusive('\n').collect();
                let range = first as usize - 1..last as usize;
                committed.splice(range, [offered.as_str()]);
                spans.sort();
                spans.dedup();
                let mut fixed = text.clone();
                for (start, end, replacement) in spans.iter().rev() {
                    fixed.replace_range(start..end, replacement);
                }
                prop_assert_eq!(committed.concat(), fixed);
            }
        }
    }
}
