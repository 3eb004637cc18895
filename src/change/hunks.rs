//! Which lines differ between two texts, as byte ranges.
//!
//! The work is bounded for any input: lines that are unique on both sides anchor the comparison, and a stretch
//! between two anchors that is too long to compare is one change.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// The most lines, of both sides together, that are compared exactly between two anchors. The comparison may take
/// the square of it.
const EXACT: usize = 4_000;

/// A stretch of whole lines that differs. Either range may be empty, and then is the place between two lines where
/// the other's lines were put in or taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedRange {
    /// Bytes of the text before.
    pub before: Range<u32>,
    /// Bytes of the text after.
    pub after: Range<u32>,
}

/// The stretches of lines that differ, in order; between them, the texts are equal. Replacing each `before` by its
/// `after` gives the text after. A line ends with LF, CRLF or a lone CR, and its ending belongs to it.
#[must_use]
pub fn changed_ranges(before: &str, after: &str) -> Vec<ChangedRange> {
    let before_lines = lines(before);
    let after_lines = lines(after);
    let mut ids = HashMap::new();
    let before_ids = number(&before_lines, &mut ids);
    let after_ids = number(&after_lines, &mut ids);
    let before_starts = starts(&before_lines);
    let after_starts = starts(&after_lines);

    let mut changed: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let mut push = |before: Range<usize>, after: Range<usize>| match changed.last_mut() {
        Some(last) if last.0.end == before.start && last.1.end == after.start => {
            last.0.end = before.end;
            last.1.end = after.end;
        }
        _ => changed.push((before, after)),
    };

    let whole = trim(
        &(&before_ids, 0..before_ids.len()),
        &(&after_ids, 0..after_ids.len()),
    );
    let mut from = (whole.0.start, whole.1.start);
    let end = (whole.0.end, whole.1.end);
    let anchors = anchors(&(&before_ids, whole.0), &(&after_ids, whole.1));
    for anchor in anchors.into_iter().chain([end]) {
        let gap = trim(
            &(&before_ids, from.0..anchor.0),
            &(&after_ids, from.1..anchor.1),
        );
        compare((&before_ids, gap.0), (&after_ids, gap.1), &mut push);
        from = (anchor.0 + 1, anchor.1 + 1);
    }

    let bytes = |starts: &[u32], lines: Range<usize>| {
        let at = |line: usize| starts.get(line).copied().unwrap_or(u32::MAX);
        at(lines.start)..at(lines.end)
    };
    changed
        .into_iter()
        .map(|(before, after)| ChangedRange {
            before: bytes(&before_starts, before),
            after: bytes(&after_starts, after),
        })
        .collect()
}

/// The lines of a text, each with its ending; nothing after the last ending is no line.
fn lines(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        let crlf = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
        if !crlf {
            lines.extend(text.get(start..=at));
            start = at + 1;
        }
    }
    lines.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    lines
}

/// Equal lines get equal numbers.
fn number<'a>(lines: &[&'a str], ids: &mut HashMap<&'a str, u32>) -> Vec<u32> {
    lines
        .iter()
        .map(|line| {
            let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            *ids.entry(line).or_insert(next)
        })
        .collect()
}

/// Where each line starts, and where the last one ends.
fn starts(lines: &[&str]) -> Vec<u32> {
    let mut at = 0_u32;
    let mut starts = vec![0];
    starts.extend(lines.iter().map(|line| {
        at = at.saturating_add(u32::try_from(line.len()).unwrap_or(u32::MAX));
        at
    }));
    starts
}

type Part<'a> = (&'a [u32], Range<usize>);

fn slice<'a>((lines, range): &Part<'a>) -> &'a [u32] {
    lines.get(range.clone()).unwrap_or_default()
}

/// Takes equal lines off both ends.
fn trim(before: &Part<'_>, after: &Part<'_>) -> (Range<usize>, Range<usize>) {
    let (a, b) = (slice(before), slice(after));
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - prefix;
    let suffix = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    (
        before.1.start + prefix..before.1.end - suffix,
        after.1.start + prefix..after.1.end - suffix,
    )
}

/// Pairs of lines that are equal, unique on both sides and in the same order on both: the longest such chain.
fn anchors(before: &Part<'_>, after: &Part<'_>) -> Vec<(usize, usize)> {
    #[derive(Default)]
    struct Seen {
        before: (usize, usize),
        after: (usize, usize),
    }
    let mut seen: HashMap<u32, Seen> = HashMap::new();
    for (at, id) in before.1.clone().zip(slice(before)) {
        let seen = seen.entry(*id).or_default();
        seen.before = (seen.before.0 + 1, at);
    }
    for (at, id) in after.1.clone().zip(slice(after)) {
        let seen = seen.entry(*id).or_default();
        seen.after = (seen.after.0 + 1, at);
    }
    let pairs: Vec<(usize, usize)> = before
        .1
        .clone()
        .zip(slice(before))
        .filter_map(|(at, id)| {
            let seen = seen.get(id)?;
            (seen.before.0 == 1 && seen.after.0 == 1).then_some((at, seen.after.1))
        })
        .collect();

    // Longest increasing run of the second members: `tails` holds, for each length, the pair that ends such a run
    // earliest, and `previous` how to walk back from it.
    let mut tails: Vec<(usize, usize)> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, after)) in pairs.iter().enumerate() {
        let length = tails.partition_point(|(tail, _)| tail < after);
        previous.push(
            length
                .checked_sub(1)
                .and_then(|shorter| tails.get(shorter))
                .map(|(_, index)| *index),
        );
        match tails.get_mut(length) {
            Some(tail) => *tail = (*after, index),
            None => tails.push((*after, index)),
        }
    }
    let mut chain = Vec::with_capacity(tails.len());
    let mut at = tails.last().map(|(_, index)| *index);
    while let Some(index) = at {
        chain.extend(pairs.get(index));
        at = previous.get(index).copied().flatten();
    }
    chain.reverse();
    chain
}

fn compare(before: Part<'_>, after: Part<'_>, push: &mut impl FnMut(Range<usize>, Range<usize>)) {
    let lengths = (before.1.len(), after.1.len());
    if lengths == (0, 0) {
        return;
    }
    if lengths.0 == 0 || lengths.1 == 0 || lengths.0 + lengths.1 > EXACT {
        push(before.1, after.1);
        return;
    }
    for op in capture_diff_slices(Algorithm::Myers, slice(&before), slice(&after)) {
        let (tag, a, b) = op.as_tag_tuple();
        if tag != DiffTag::Equal {
            push(
                before.1.start + a.start..before.1.start + a.end,
                after.1.start + b.start..after.1.start + b.end,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown<'a>(before: &'a str, after: &'a str) -> Vec<(&'a str, &'a str)> {
        changed_ranges(before, after)
            .into_iter()
            .map(|range| {
                (
                    &before[range.before.start as usize..range.before.end as usize],
                    &after[range.after.start as usize..range.after.end as usize],
                )
            })
            .collect()
    }

    fn applied(before: &str, after: &str) -> String {
        let mut result = String::new();
        let mut at = 0;
        for range in changed_ranges(before, after) {
            assert!(at <= range.before.start as usize);
            result.push_str(&before[at..range.before.start as usize]);
            assert_eq!(result.len(), range.after.start as usize);
            result.push_str(&after[range.after.start as usize..range.after.end as usize]);
            at = range.before.end as usize;
        }
        result + &before[at..]
    }

    #[test]
    fn equal_texts_have_no_changes() {
        assert!(changed_ranges("", "").is_empty());
        assert!(changed_ranges("a\nb", "a\nb").is_empty());
    }

    #[test]
    fn lines_are_inserted_deleted_and_replaced_whole() {
        assert_eq!(shown("a\nc\n", "a\nb\nc\n"), [("", "b\n")]);
        assert_eq!(shown("a\nb\nc\n", "a\nc\n"), [("b\n", "")]);
        assert_eq!(
            shown("a\nb: 1\nc\n", "a\nb: 2\nc\n"),
            [("b: 1\n", "b: 2\n")]
        );
        assert_eq!(
            shown("a\nb\nc\nd\ne\n", "A\nb\nc\nd\n"),
            [("a\n", "A\n"), ("e\n", "")]
        );
    }

    #[test]
    fn a_deletion_is_an_empty_range_where_the_lines_were() {
        assert_eq!(
            changed_ranges("a\nb\nc\n", "a\nc\n"),
            [ChangedRange {
                before: 2..4,
                after: 2..2
            }]
        );
    }

    #[test]
    fn empty_files_and_missing_final_newlines() {
        assert_eq!(shown("", "a\n"), [("", "a\n")]);
        assert_eq!(shown("a\nb", ""), [("a\nb", "")]);
        assert_eq!(shown("a\nb", "a\nb\n"), [("b", "b\n")]);
    }

    #[test]
    fn line_endings_belong_to_their_lines() {
        assert_eq!(shown("a\r\nb\r\n", "a\r\nB\r\n"), [("b\r\n", "B\r\n")]);
        assert_eq!(shown("a\r\nb\n", "a\nb\n"), [("a\r\n", "a\n")]);
        assert_eq!(shown("a\rb\rc", "a\rB\rc"), [("b\r", "B\r")]);
    }

    #[test]
    fn hostile_sizes_are_one_change_and_not_a_long_wait() {
        // No line is unique, so that there are no anchors, and no two lines next to each other are equal.
        let before = "a\nb\nb\n".repeat(100_000) + "x\n";
        let after = "c\nb\na\n".repeat(100_000) + "y\n";
        assert_eq!(changed_ranges(&before, &after).len(), 1);
        let many: Vec<String> = (0..200_000).map(|n| format!("line {n}\n")).collect();
        let backwards: String = many.iter().rev().map(String::as_str).collect();
        assert_eq!(applied(&many.concat(), &backwards), backwards);
    }

    #[test]
    fn far_apart_edits_of_a_large_file_stay_apart() {
        let lines: Vec<String> = (0..100_000).map(|n| format!("line {n}\n")).collect();
        let before = lines.concat();
        let after = before
            .replace("line 10\n", "line ten\n")
            .replace("line 99990\n", "");
        assert_eq!(
            shown(&before, &after),
            [("line 10\n", "line ten\n"), ("line 99990\n", "")]
        );
    }

    proptest! {
        #[test]
        fn applying_the_ranges_gives_the_text_after(
            before in "([ab]|\r?\n|\r|é){0,60}",
            after in "([ab]|\r?\n|\r|é){0,60}",
        ) {
            prop_assert_eq!(applied(&before, &after), after.as_str());
            for (a, b) in shown(&before, &after) {
                prop_assert!(a != b);
            }
        }
    }
}
