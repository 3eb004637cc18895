//! The release lines of Node.js: which are supported on a day, and until when.
//!
//! Everything is looked up. Whether a number is odd or even says nothing: from 27 on every line is supported for
//! long, and a line that is newer than the schedule is not known, never dead.

use jiff::civil::Date;

use super::node_schedule::LINES;

/// A release line: all versions with one major number, or below 1 with one minor number.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The major number.
    pub major: u64,
    /// The minor number below 1, else zero.
    pub minor: u64,
    /// The day of its first release.
    pub start: Date,
    /// The day from which it is supported for long, if it ever is.
    pub lts: Option<Date>,
    /// The last day on which it is supported.
    pub end: Date,
    /// Its name in small letters, as `lts/jod` has it; empty where it has none.
    pub codename: &'static str,
}

/// What a day makes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// Security fixes come.
    Supported,
    /// They come for at most [`SOON`] more days.
    EndsSoon,
    /// No more fixes come.
    Ended,
}

/// What counts as soon, in days.
pub const SOON: i32 = 90;

impl Line {
    /// All lines, the oldest first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        LINES
    }

    /// The line of a version.
    #[must_use]
    pub fn of(major: u64, minor: u64) -> Option<&'static Self> {
        let minor = if major == 0 { minor } else { 0 };
        LINES
            .iter()
            .find(|line| line.major == major && line.minor == minor)
    }

    /// The line of a name such as `jod`.
    #[must_use]
    pub fn named(codename: &str) -> Option<&'static Self> {
        LINES
            .iter()
            .find(|line| !line.codename.is_empty() && line.codename.eq_ignore_ascii_case(codename))
    }

    /// The newest line that is supported for long on a day.
    #[must_use]
    pub fn newest_lts(today: Date) -> Option<&'static Self> {
        LINES
            .iter()
            .rev()
            .find(|line| line.lts.is_some_and(|lts| lts <= today) && today <= line.end)
    }

    /// The oldest line that is supported for long on a day.
    #[must_use]
    pub fn oldest_lts(today: Date) -> Option<&'static Self> {
        LINES
            .iter()
            .find(|line| line.lts.is_some_and(|lts| lts <= today) && today <= line.end)
    }

    /// What a day makes of it.
    #[must_use]
    pub fn support(&self, today: Date) -> Support {
        if today > self.end {
            return Support::Ended;
        }
        match (self.end - today).get_days() {
            left if left <= SOON => Support::EndsSoon,
            _ => Support::Supported,
        }
    }
}

/// `22`, or `0.12`.
impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.major {
            0 => write!(f, "0.{}", self.minor),
            major => write!(f, "{major}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_schedule_decides() {
        let today = date(2026, 11, 26);
        let support = |major| Line::of(major, 0).map(|line| line.support(today));
        assert_eq!(support(20), Some(Support::Ended));
        assert_eq!(support(22), Some(Support::Supported));
        assert_eq!(support(25), Some(Support::Ended));
        assert_eq!(support(27), Some(Support::Supported));
        assert_eq!(support(29), None, "newer than the schedule");
        assert_eq!(support(3), None, "there never was one");
        let line = Line::of(22, 0).unwrap();
        assert_eq!(line.support(date(2027, 1, 29)), Support::Supported);
        assert_eq!(line.support(date(2027, 1, 30)), Support::EndsSoon);
        assert_eq!(line.support(date(2027, 4, 30)), Support::EndsSoon);
        assert_eq!(line.support(date(2027, 5, 1)), Support::Ended);
        assert_eq!(Line::of(0, 10).unwrap().to_string(), "0.10");
    }

    #[test]
    fn the_newest_line_with_long_support_depends_on_the_day() {
        let newest = |day| Line::newest_lts(day).map(|line| line.major);
        assert_eq!(newest(date(2026, 10, 27)), Some(24));
        assert_eq!(newest(date(2026, 10, 28)), Some(26));
        assert_eq!(newest(date(2035, 1, 1)), None);
        assert_eq!(Line::named("Jod").unwrap().major, 22);
        assert!(Line::named("").is_none());
    }
}
