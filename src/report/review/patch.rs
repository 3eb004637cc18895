//! The lines of a file that a review can speak about: those of GitHub's own patch.
//!
//! A comment on any other line is refused together with the whole review, so that nobody's idea of the difference counts
//! but GitHub's. The format is that of a unified diff without its file header ("List pull requests files" of the REST API).

/// The longest patch that is looked at, in bytes. GitHub leaves longer ones out by itself.
const LONGEST: usize = 8 << 20;

/// Which text a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The base: lines that were taken out.
    Left,
    /// The head: lines that were put in or stayed.
    Right,
}

impl Side {
    /// The word that the API takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }
}

/// What a patch does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It stays.
    Context,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// A line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    hunk: usize,
    mark: Mark,
    /// Its number in the base; for an added line, that of the line that follows it there.
    left: u32,
    /// Its number in the head; for a removed line, that of the line that follows it there.
    right: u32,
    /// None where it may be cut.
    text: Option<Box<str>>,
}

/// A line that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Which hunk it is in, counted from 0.
    pub hunk: usize,
    /// What the patch does to it.
    pub mark: Mark,
}

/// The hunks of a patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunks {
    lines: Vec<Line>,
    /// The indices of the lines of the base, and of the head, each in the order of their numbers.
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Hunks {
    /// Reads a patch as far as it makes sense: one that is cut short has the lines that it has.
    #[must_use]
    pub fn parse(patch: &str) -> Self {
        let mut hunks = Self::default();
        let patch = patch
            .get(..patch.floor_char_boundary(LONGEST))
            .unwrap_or(patch);
        let mut open: Option<Open> = None;
        let mut number = 0;
        for text in patch.split('\n') {
            if let Some(hunk) = &mut open
                && hunk.is_unfinished()
            {
                if hunks.take(hunk, text) {
                    continue;
                }
                break;
            }
            if text.starts_with('\\') {
                continue;
            }
            let Some(next) = Open::parse(text, number) else {
                break;
            };
            // Hunks follow each other in both texts; what does not is no patch.
            let is_behind = open
                .as_ref()
                .is_none_or(|last| next.left >= last.left && next.right >= last.right);
            if !is_behind {
                break;
            }
            number += 1;
            open = Some(next);
        }
        if open.is_some_and(|hunk| hunk.is_unfinished())
            && let Some(last) = hunks.lines.last_mut()
        {
            last.text = None;
        }
        hunks.index();
        hunks
    }

    /// Takes a line of an unfinished hunk; false where it is none.
    fn take(&mut self, hunk: &mut Open, text: &str) -> bool {
        let mark = match text.chars().next() {
            // Some tools take the blank off an empty line.
            None | Some(' ') if hunk.left_more > 0 && hunk.right_more > 0 => Mark::Context,
            Some('+') if hunk.right_more > 0 => Mark::Added,
            Some('-') if hunk.left_more > 0 => Mark::Removed,
            // Says that the text ends without a line feed, and is no line.
            Some('\\') => return true,
            _ => return false,
        };
        self.lines.push(Line {
            hunk: hunk.number,
            mark,
            left: hunk.left,
            right: hunk.right,
            text: Some(text.get(1..).unwrap_or_default().into()),
        });
        if mark != Mark::Added {
            hunk.left = hunk.left.saturating_add(1);
            hunk.left_more -= 1;
        }
        if mark != Mark::Removed {
            hunk.right = hunk.right.saturating_add(1);
            hunk.right_more -= 1;
        }
        true
    }

    fn index(&mut self) {
        let of = |without: Mark| {
            let lines = self.lines.iter().enumerate();
            let lines = lines.filter(|(_, line)| line.mark != without);
            lines.map(|(index, _)| index).collect()
        };
        self.left = of(Mark::Added);
        self.right = of(Mark::Removed);
    }

    /// True if there is no line to speak about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// A line of one side, if a comment may stand there.
    #[must_use]
    pub fn spot(&self, side: Side, line: u32) -> Option<Spot> {
        let found = self.lines.get(self.find(side, line)?)?;
        Some(Spot {
            hunk: found.hunk,
            mark: found.mark,
        })
    }

    fn find(&self, side: Side, line: u32) -> Option<usize> {
        let (order, number): (_, fn(&Line) -> u32) = match side {
            Side::Left => (&self.left, |line| line.left),
            Side::Right => (&self.right, |line| line.right),
        };
        let number_at = |index: &usize| self.lines.get(*index).map_or(0, number);
        let at = order.binary_search_by_key(&line, number_at).ok()?;
        order.get(at).copied()
    }

    /// The lines of the base that were taken out where this line of the head now stands: directly before it, with
    /// nothing put in their place.
    #[must_use]
    pub fn taken_out_before(&self, line: u32) -> Option<(u32, u32)> {
        let end = match self.find(Side::Right, line) {
            Some(index) => index,
            // Behind the last line of a hunk, as at the end of a file.
            None => self.lines.partition_point(|other| {
                other.right < line || other.right == line && other.mark == Mark::Removed
            }),
        };
        let above = self.lines.get(..end)?;
        let run = above
            .iter()
            .rev()
            .take_while(|other| other.mark == Mark::Removed && other.right == line);
        let run: Vec<&Line> = run.collect();
        let (last, first) = (run.first()?, run.last()?);
        let before = above.len().checked_sub(run.len() + 1);
        let before = before.and_then(|index| above.get(index));
        // With a new line on either side, it is a change of lines and not their end.
        let replaced = before
            .is_some_and(|other| other.mark == Mark::Added && other.hunk == first.hunk)
            || self
                .lines
                .get(end)
                .is_some_and(|other| other.mark == Mark::Added && other.hunk == first.hunk);
        (!replaced).then_some((first.left, last.left))
    }

    /// The first line that was taken out.
    #[must_use]
    pub fn first_removed(&self) -> Option<u32> {
        let mut lines = self.lines.iter();
        let removed = lines.find(|line| line.mark == Mark::Removed);
        removed.map(|line| line.left)
    }

    /// The text of lines of the head, if all of them are whole and in one hunk.
    #[must_use]
    pub fn head_text(&self, first: u32, last: u32) -> Option<Vec<&str>> {
        let start = self.spot(Side::Right, first)?;
        let end = self.spot(Side::Right, last)?;
        if start.hunk != end.hunk || last < first {
            return None;
        }
        let from = self.find(Side::Right, first)?;
        let to = self.find(Side::Right, last)?;
        let lines = self.lines.get(from..=to)?.iter();
        lines
            .filter(|line| line.mark != Mark::Removed)
            .map(|line| line.text.as_deref())
            .collect()
    }

    /// The last line of the head that is in the same hunk as this one.
    #[must_use]
    pub fn end_of_hunk(&self, side: Side, line: u32) -> Option<u32> {
        let hunk = self.spot(side, line)?.hunk;
        let end = self.lines.partition_point(|other| other.hunk <= hunk);
        let lines = self.lines.get(..end)?.iter().rev();
        let other_side = match side {
            Side::Left => Mark::Added,
            Side::Right => Mark::Removed,
        };
        let mut lines = lines.filter(|other| other.mark != other_side);
        lines.next().map(|last| match side {
            Side::Left => last.left,
            Side::Right => last.right,
        })
    }
}

/// A hunk that is being read.
#[derive(Debug)]
struct Open {
    number: usize,
    left: u32,
    right: u32,
    left_more: u32,
    right_more: u32,
}

impl Open {
    /// `@@ -1,7 +1,6 @@ what is around it`; a count of one may be missing.
    fn parse(text: &str, number: usize) -> Option<Self> {
        let (ranges, _) = text.strip_prefix("@@ -")?.split_once(" @@")?;
        let (before, after) = ranges.split_once(" +")?;
        let (left, left_more) = range(before)?;
        let (right, right_more) = range(after)?;
        Some(Self {
            number,
            left,
            right,
            left_more,
            right_more,
        })
    }

    fn is_unfinished(&self) -> bool {
        self.left_more > 0 || self.right_more > 0
    }
}

/// The first line and the number of lines. Where there is none, the first line is the one before.
fn range(text: &str) -> Option<(u32, u32)> {
    let (first, more) = text.split_once(',').unwrap_or((text, "1"));
    let (first, more) = (first.parse::<u32>().ok()?, more.parse().ok()?);
    Some(if more == 0 {
        (first.checked_add(1)?, 0)
    } else {
        (first, more)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "@@ -1,4 +1,3 @@\n a\n-b\n c\n d\n@@ -10,3 +9,4 @@ x\n j\n-k\n+K\n+L\n m\n@@ -20,2 +20,1 @@\n y\n-z\n\\ No newline at end of file";

    #[test]
    fn each_side_has_its_lines() {
        let hunks = Hunks::parse(PATCH);
        let lines = |side| -> Vec<u32> {
            (0..40)
                .filter(|line| hunks.spot(side, *line).is_some())
                .collect()
        };
        assert_eq!(lines(Side::Right), [1, 2, 3, 9, 10, 11, 12, 20]);
        assert_eq!(lines(Side::Left), [1, 2, 3, 4, 10, 11, 12, 20, 21]);
        assert_eq!(
            hunks.spot(Side::Right, 10).unwrap(),
            Spot {
                hunk: 1,
                mark: Mark::Added
            }
        );
        assert_eq!(hunks.end_of_hunk(Side::Right, 9), Some(12));
        assert_eq!(hunks.end_of_hunk(Side::Left, 20), Some(21));
        assert_eq!(hunks.head_text(9, 11).unwrap(), ["j", "K", "L"]);
        assert_eq!(hunks.head_text(3, 9), None, "two hunks");
    }

    #[test]
    fn what_was_taken_out_is_found_where_it_stood() {
        let hunks = Hunks::parse(PATCH);
        assert_eq!(hunks.taken_out_before(2), Some((2, 2)));
        assert_eq!(hunks.taken_out_before(10), None, "it was replaced");
        assert_eq!(
            hunks.taken_out_before(21),
            Some((21, 21)),
            "the end of the file"
        );
        assert_eq!(hunks.taken_out_before(3), None);
        assert_eq!(hunks.first_removed(), Some(2));
        let gone = Hunks::parse("@@ -1,2 +0,0 @@\n-a\n-b");
        assert_eq!(gone.taken_out_before(1), Some((1, 2)));
        assert_eq!(gone.spot(Side::Right, 1), None);
    }

    #[test]
    fn a_patch_that_is_cut_has_the_lines_that_it_has() {
        let hunks = Hunks::parse("@@ -1,9 +1,9 @@\n a\n+b\n c");
        assert!(hunks.spot(Side::Right, 3).is_some());
        assert!(hunks.spot(Side::Right, 4).is_none());
        assert_eq!(hunks.head_text(1, 2).unwrap(), ["a", "b"]);
        assert_eq!(
            hunks.head_text(1, 3),
            None,
            "its last line may be cut as well"
        );
        for broken in [
            "",
            "x",
            "@@ -1 +1 @@",
            "@@ -4294967295,2 +1,9 @@\n a\n b",
            "@@ -1,1 +1,1 @@\n a\n@@ -1,1 +1,1 @@\n a",
            "@@ -1 +1 @@\n?",
        ] {
            let _ = Hunks::parse(broken);
        }
        assert!(Hunks::parse("Binary files differ").is_empty());
    }
}
