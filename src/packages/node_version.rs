//! What a text allows where a version of Node.js is asked for.

use jiff::civil::Date;

use super::node_release::{Line, Support};
use super::range::{Range, Release};

/// Words that mean whatever is newest on the day.
const MOVING: [&str; 9] = [
    "current",
    "latest",
    "lts",
    "lts/*",
    "lts/latest",
    "lts_latest",
    "nightly",
    "node",
    "stable",
];

/// What a text allows.
#[derive(Clone, Debug)]
pub enum NodeVersion {
    /// Whatever is newest on the day: `lts/*`, `node`, an image without a version.
    Moving,
    /// The versions of a range; one version is a range as well.
    In(Range),
    /// The versions of any of several ranges: what a matrix runs through.
    AnyOf(Vec<Range>),
}

impl NodeVersion {
    /// Reads what a version manager, an action or an image tag takes: `22`, `v22.1.0`, `lts/jod`, `node`, `>=20`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if MOVING.contains(&&*lower) || lower.starts_with("lts/-") {
            return Some(Self::Moving);
        }
        let name = lower
            .strip_prefix("lts/")
            .or_else(|| lower.strip_prefix("lts-"));
        if let Some(line) = Line::named(name.unwrap_or(&lower)) {
            return Some(Self::of_line(line));
        }
        let number = ["node-", "node/", "latest:", "latest-"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix))
            .unwrap_or(&lower);
        // A word is no range, and what npm takes for "anything" nobody means here.
        if !number.contains(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        Range::parse(number).map(Self::In)
    }

    /// All versions of a line.
    #[must_use]
    pub fn of_line(line: &Line) -> Self {
        Range::parse(&format!("{line}.x")).map_or(Self::Moving, Self::In)
    }

    fn ranges(&self) -> &[Range] {
        match self {
            Self::Moving => &[],
            Self::In(range) => std::slice::from_ref(range),
            Self::AnyOf(ranges) => ranges,
        }
    }

    /// The known lines that it allows, the oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &'static Line> {
        Line::all().iter().filter(|line| {
            let mut ranges = self.ranges().iter();
            ranges.any(|range| range.holds_some_of(line.major, line.minor))
        })
    }

    /// True if it allows a version that is newer than all known ones, of which nothing can be said.
    #[must_use]
    pub fn allows_unknown(&self) -> bool {
        let newest = Line::all().last().map_or(0, |line| line.major);
        let is_beyond = |range: &Range| {
            range.holds(Release(1_000_000, 0, 0))
                || (1..=40).any(|more| range.holds_some_of(newest + more, 0))
        };
        matches!(self, Self::Moving) || self.ranges().iter().any(is_beyond)
    }

    /// The line that is supported longest of those that it allows, with what a day makes of it; none where a newer
    /// version than the known ones is allowed, or none that is known.
    #[must_use]
    pub fn best(&self, today: Date) -> Option<(&'static Line, Support)> {
        if self.allows_unknown() {
            return None;
        }
        let best = self.lines().max_by_key(|line| line.end)?;
        Some((best, best.support(today)))
    }

    /// True if it is one version and nothing else.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::In(range) if range.is_exact())
    }

    /// True if some version satisfies both; also where one of them is not known.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        if matches!(self, Self::Moving) || matches!(other, Self::Moving) {
            return true;
        }
        let others = other.ranges();
        self.ranges()
            .iter()
            .any(|range| others.iter().any(|other| range.meets(other)))
    }

    /// True if both allow versions of one line; also where one of them allows none that is known.
    #[must_use]
    pub fn shares_line(&self, other: &Self) -> bool {
        let own: Vec<_> = self.lines().collect();
        let mut others = other.lines().peekable();
        if own.is_empty() || others.peek().is_none() {
            return true;
        }
        others.any(|line| own.contains(&line)) || self.allows_unknown() && other.allows_unknown()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn words_and_numbers_are_read_as_version_managers_read_them() {
        let lines = |text: &str| -> Vec<u64> {
            let version = NodeVersion::parse(text).unwrap();
            version.lines().map(|line| line.major).collect()
        };
        for (text, wanted) in [
            ("22", vec![22]),
            ("v22", vec![22]),
            ("v18.20.4\n", vec![18]),
            ("lts/jod", vec![22]),
            ("lts/Hydrogen", vec![18]),
            ("lts-iron", vec![20]),
            ("krypton", vec![24]),
            ("18.x", vec![18]),
            (">=24 <26", vec![24, 25]),
            ("latest:20", vec![20]),
        ] {
            assert_eq!(lines(text), wanted, "{text}");
        }
        for text in ["node", "lts/*", "latest", "current", "stable", "LTS"] {
            assert!(
                matches!(NodeVersion::parse(text), Some(NodeVersion::Moving)),
                "{text}"
            );
        }
        for text in ["system", "iojs", "", "path:/opt/node", "ref:main", "*"] {
            assert!(NodeVersion::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_allows_a_living_line_is_not_dead() {
        let today = date(2026, 11, 26);
        let best = |text: &str| {
            let best = NodeVersion::parse(text).unwrap().best(today);
            best.map(|(line, support)| (line.major, support))
        };
        assert_eq!(best("^18 || ^20"), Some((20, Support::Ended)));
        assert_eq!(best("^20 || ^22"), Some((22, Support::Supported)));
        assert_eq!(best(">=14"), None);
        assert_eq!(best("31"), None, "newer than the schedule");
        assert_eq!(best("lts/*"), None);
        assert_eq!(best("3.3"), None, "no line of ours");
    }
}
