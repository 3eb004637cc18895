//! Whether a package works with the versions of Node.js that the repository promises to run on.
//!
//! Never the version that happens to run here: a gate runs none.

use jiff::civil::Date;

use crate::packages::node_release::Line;
use crate::packages::range::{Range, Release};
use crate::packages::version::Version;

/// A major version that Node.js will not reach soon.
const LAST: u64 = 9999;

/// `engines.node` of the repository.
#[derive(Clone, Debug)]
pub struct Engines {
    text: Box<str>,
    /// The newest version of every line that it promises, or the one version that it names.
    promised: Vec<Version>,
}

impl Engines {
    /// What a range promises on a day; none if it is no range, or one like `*` that nobody means. Of lines that are never supported for long (odd ones
    /// before 27) nobody promises anything, as packages leave them out of their own ranges.
    #[must_use]
    pub fn read(text: &str, today: Date) -> Option<Self> {
        let range = Range::parse(text)?;
        if range.holds(Release(0, 0, 0)) && range.holds(Release(LAST, 0, 0)) {
            return None;
        }
        let promised = if range.is_exact() {
            Version::parse(text).into_iter().collect()
        } else {
            let lines = Line::all()
                .iter()
                .filter(|line| line.major > 0 && line.lts.is_some() && line.start <= today)
                .filter(|line| range.holds_some_of(line.major, line.minor));
            let newest = |line: &Line| newest_of(&range, text, line);
            lines.filter_map(newest).collect()
        };
        Some(Self {
            text: text.trim().into(),
            promised,
        })
    }

    /// The range as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if a package with such `engines.node` runs wherever the repository promises to. What is no range forbids
    /// nothing.
    #[must_use]
    pub fn accept(&self, engines_node: Option<&str>) -> bool {
        let Some(range) = engines_node.and_then(Range::parse) else {
            return true;
        };
        self.promised.iter().all(|version| range.satisfies(version))
    }
}

/// A version beyond all that a line will ever have, or else the highest one of the line that the range names.
fn newest_of(range: &Range, text: &str, line: &Line) -> Option<Version> {
    let beyond = Version::parse(&format!("{}.9999.0", line.major))?;
    if range.satisfies(&beyond) {
        return Some(beyond);
    }
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let named = text
        .split(|letter| !is_part(letter))
        .filter_map(|written| {
            let mut parts = written.split('.');
            let major: u64 = parts.next()?.parse().ok()?;
            let minor: Option<u64> = parts.next().and_then(|part| part.parse().ok());
            let patch: Option<u64> = parts.next().and_then(|part| part.parse().ok());
            // Of `22.11` the last patch counts.
            let text = match (minor, patch) {
                (Some(minor), Some(patch)) => format!("{major}.{minor}.{patch}"),
                (Some(minor), None) => format!("{major}.{minor}.9999"),
                (None, _) => return None,
            };
            Version::parse(&text)
        })
        .filter(|version| version.major() == line.major && range.satisfies(version));
    named.max()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_package_must_run_on_every_promised_line() {
        let today = date(2026, 11, 26);
        for (repository, package, is_accepted) in [
            (">=18", ">=18", true),
            (">=18", "^18.18.0 || ^20.9.0 || >=21.1.0", true),
            (">=18", ">=20", false),
            (">=20.11", "^20.19.0 || >=22.12.0", true),
            ("22.x", ">=22.12", true),
            ("^22.11.0", ">=24", false),
            ("22.11.0", ">=22.12", false),
            ("22.11.0", ">=22", true),
            ("20 || 22", ">=20", true),
            ("~22.11", ">=22.12", false),
            ("~22.11", ">=22.10", true),
            (">=22", "<24", false),
            (">=22", "not a range at all", true),
            (">=6", ">=18", false),
        ] {
            let engines = Engines::read(repository, today).unwrap();
            let accepted = engines.accept(Some(package));
            assert_eq!(accepted, is_accepted, "{repository} with {package}");
            assert!(engines.accept(None));
        }
        for text in ["lts", "*", "", ">=0"] {
            assert!(Engines::read(text, today).is_none(), "{text}");
        }
    }
}
