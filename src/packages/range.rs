//! Ranges of versions as npm reads them.
//!
//! A thin wrapper around `js-semver`: what the rest of the program needs, and nothing else, so that another crate can
//! take its place.

use js_semver as semver;

use super::version::Version;

/// Higher than any minor or patch version that was ever released.
const BEYOND: u64 = 1_000_000;

/// A range, or one version, which is the range that holds just it.
#[derive(Clone, Debug)]
pub struct Range {
    parsed: semver::Range,
    /// A version for every stretch of numbers between two that the text names: what one of them satisfies is what
    /// can be satisfied at all.
    probes: Vec<Release>,
    is_exact: bool,
}

/// A version without what may stand behind its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u64, pub u64, pub u64);

impl Range {
    /// Reads a range; none if npm would not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parsed = semver::Range::parse(text.trim()).ok()?;
        Some(Self {
            parsed,
            probes: probes(text),
            is_exact: semver::Version::parse(text.trim()).is_ok(),
        })
    }

    /// True if the text is one version and nothing else.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// True if npm takes a version for the range: a prerelease only where the range names one of the same numbers.
    #[must_use]
    pub fn satisfies(&self, version: &Version) -> bool {
        self.parsed.satisfies(&version.0)
    }

    /// The versions that the range takes though nothing around them: what stands between two `||` and leaves one alone,
    /// such as `1.2.3` or `^0.0.3`. What was never published of the others, nobody gets.
    #[must_use]
    pub fn only(&self) -> Vec<Version> {
        let text = self.to_string();
        text.split("||").filter_map(only).collect()
    }

    /// True if a release is in the range.
    #[must_use]
    pub fn holds(&self, release: Release) -> bool {
        let Release(major, minor, patch) = release;
        self.parsed
            .satisfies(&semver::Version::new(major, minor, patch))
    }

    /// True if some version of a line is in the range. Below 1 each minor version is a line.
    #[must_use]
    pub fn holds_some_of(&self, major: u64, minor: u64) -> bool {
        let is_of_line = |probe: &&Release| probe.0 == major && (major > 0 || probe.1 == minor);
        let last = if major > 0 { BEYOND } else { minor };
        [Release(major, minor, 0), Release(major, last, BEYOND)]
            .iter()
            .chain(self.probes.iter().filter(is_of_line))
            .any(|version| self.holds(*version))
    }

    /// True if some version is in both ranges.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let probes = self.probes.iter().chain(&other.probes);
        probes
            .chain(&[Release(0, 0, 0), Release(BEYOND, 0, 0)])
            .any(|version| self.holds(*version) && other.holds(*version))
    }
}

impl std::fmt::Display for Range {
    /// Comparators with whole versions: `>=1.2.3 <2.0.0-0 || =3.0.0` for `^1.2.3 || 3.0.0`, as `js-semver` takes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parsed.fmt(f)
    }
}

/// The only version that comparators take; none where there are several.
fn only(comparators: &str) -> Option<Version> {
    let mut least: Option<Version> = None;
    let mut below: Option<Release> = None;
    for comparator in comparators.split_whitespace() {
        let at = comparator.find(|letter: char| letter.is_ascii_digit())?;
        let (sign, written) = comparator.split_at_checked(at)?;
        let bound = Version::parse(written)?;
        let own = Release(bound.major(), bound.minor(), bound.patch());
        let next = Release(own.0, own.1, own.2.saturating_add(1));
        // What an upper bound ends with, where no prerelease is below it.
        let is_whole = !bound.is_prerelease() || written.ends_with("-0");
        let (from, until) = match sign {
            "=" | "" => return Some(bound),
            ">" if is_whole => (Some(release(next)), None),
            ">" | ">=" => (Some(bound), None),
            "<" if is_whole => (None, Some(own)),
            "<=" if !bound.is_prerelease() => (None, Some(next)),
            _ => return None,
        };
        least = least.max(from);
        below = [below, until].into_iter().flatten().min();
    }
    let (least, below) = (least?, below?);
    let latest = Release(below.0, below.1, below.2.checked_sub(1)?);
    (least == release(latest)).then_some(least)
}

fn release(Release(major, minor, patch): Release) -> Version {
    Version(semver::Version::new(major, minor, patch))
}

/// The versions that a text names, and those right behind them.
fn probes(text: &str) -> Vec<Release> {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let mut probes = Vec::new();
    for written in text.split(|letter| !is_part(letter)) {
        let mut parts = written
            .split('.')
            .map_while(|part| part.parse::<u64>().ok());
        let Some(major) = parts.next().filter(|major| *major < BEYOND) else {
            continue;
        };
        let (minor, patch) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        probes.extend([
            Release(major, minor, patch),
            Release(major, minor, patch.saturating_add(1)),
            Release(major, minor, BEYOND),
            Release(major, BEYOND, BEYOND),
            Release(major + 1, 0, 0),
        ]);
        if let Some(before) = major.checked_sub(1) {
            probes.push(Release(before, BEYOND, BEYOND));
        }
    }
    probes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_held_where_one_of_its_versions_is() {
        for (text, held, refused) in [
            (">=20.11.0 <21", vec![20], vec![19, 21]),
            ("20.11.0", vec![20], vec![19, 21]),
            (">20.11.0 <20.11.2", vec![20], vec![19, 21]),
            ("^18.18.0 || >=20.9", vec![18, 20, 21, 99], vec![17, 19]),
            ("~22.1", vec![22], vec![21, 23]),
            ("18 - 20", vec![18, 19, 20], vec![17, 21]),
            ("<=20", vec![0, 18, 20], vec![21]),
            (">20", vec![21, 22], vec![20]),
            ("*", vec![4, 22, 99], vec![]),
            ("", vec![4, 22, 99], vec![]),
            ("22.x", vec![22], vec![21, 23]),
        ] {
            let range = Range::parse(text).unwrap();
            for major in held {
                assert!(range.holds_some_of(major, 0), "{text} {major}");
            }
            for major in refused {
                assert!(!range.holds_some_of(major, 0), "{text} {major}");
            }
        }
        assert!(Range::parse("~0.10").unwrap().holds_some_of(0, 10));
        assert!(!Range::parse("~0.10").unwrap().holds_some_of(0, 12));
        assert!(Range::parse("latest").is_none());
    }

    #[test]
    fn what_a_range_takes_alone_is_known() {
        for (text, alone) in [
            ("1.2.3", vec!["1.2.3"]),
            ("1.2.3 || ^9", vec!["1.2.3"]),
            ("^9 || =1.2.3-rc.1||v4.0.0", vec!["1.2.3-rc.1", "4.0.0"]),
            (">=1.2.3 <=1.2.3", vec!["1.2.3"]),
            ("1.2.3 - 1.2.3", vec!["1.2.3"]),
            (">1.2.2 <1.2.4", vec!["1.2.3"]),
            ("~1.2.3 <1.2.4", vec!["1.2.3"]),
            ("^0.0.3", vec!["0.0.3"]),
            ("^0.0", vec![]),
            ("~1.2.3", vec![]),
            (">=1.2.3 <1.3.0", vec![]),
            (">=1.2.3-rc.1 <1.2.4", vec![]),
            (">=1.2.3", vec![]),
            ("<1", vec![]),
            ("*", vec![]),
            ("", vec![]),
        ] {
            let range = Range::parse(text).unwrap();
            let found: Vec<String> = range.only().iter().map(ToString::to_string).collect();
            assert_eq!(found, alone, "{text} is {range}");
        }
    }

    #[test]
    fn ranges_meet_where_a_version_is_in_both() {
        let meets = |one: &str, other: &str| {
            Range::parse(one)
                .unwrap()
                .meets(&Range::parse(other).unwrap())
        };
        assert!(meets(">=20.11", "20"));
        assert!(meets(">=20 <22.5", ">=22.4"));
        assert!(meets("*", "18.1.2"));
        assert!(meets(">=4", ">=6"));
        assert!(!meets(">=22", "20.x"));
        assert!(!meets(">=20.12", "20.11.1"));
        assert!(!meets("<20", ">=20"));
    }
}
