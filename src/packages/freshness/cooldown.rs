//! Cooldown: a release must be so old before it is installed, as most malicious ones are found within days.
//!
//! The repository may ask for it in several places; the longest one counts, and an answer says which it was.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use jiff::{SignedDuration, Timestamp};

use crate::packages::range::Range;
use crate::packages::registry::{Document, Release};
use crate::packages::version::Version;

/// A demand that releases be so old.
#[derive(Clone, Debug)]
pub struct Gate {
    /// How old.
    pub least: SignedDuration,
    /// Who demands it: a file and its setting, such as `.npmrc: min-release-age`.
    pub from: Arc<str>,
    /// The scope, with its `@`, that it is about; none if it is about all packages.
    pub scope: Option<Box<str>>,
    /// Scopes with a gate of their own in the same file.
    pub but_scopes: Vec<Box<str>>,
    /// What need not be old.
    pub excludes: Vec<Exclude>,
    /// How whoever demands it is told to take a younger release all the same.
    pub exemption: Exemption,
}

/// How a young release is installed in spite of a demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exemption {
    /// No installation is held up by it.
    #[default]
    Unneeded,
    /// An option of the one command.
    Option(&'static str),
    /// A list of names.
    Names(&'static str),
    /// A list of names with versions.
    Versions(&'static str),
}

/// What need not be old: names, or some versions of them.
#[derive(Clone, Debug)]
pub struct Exclude {
    text: Box<str>,
    name: Name,
    versions: Option<Range>,
}

#[derive(Clone, Debug)]
enum Name {
    Pattern(GlobMatcher),
    Exact(Box<str>),
}

impl Exclude {
    /// Reads `name`, `@scope/*`, `name@1.2.3`, `name@1.2.3 || 1.2.4`. `crosses` says whether `*` stands for `/` too, as
    /// in pnpm.
    #[must_use]
    pub fn read(text: &str, crosses: bool) -> Self {
        let text = text.trim();
        let at = text.char_indices().skip(1).find(|(_, c)| *c == '@');
        let parts = at.and_then(|(at, _)| text.split_at_checked(at));
        let (pattern, versions) = match parts {
            Some((name, range)) => {
                let range = range.trim_start_matches('@');
                let range = range.strip_prefix("npm:").unwrap_or(range);
                (name, Range::parse(range))
            }
            None => (text, None),
        };
        // A descriptor whose range cannot be read excludes nothing rather than everything.
        let versions = versions.or_else(|| parts.and_then(|_| Range::parse("<0.0.0-0")));
        let is_pattern = pattern.contains(['*', '?', '{', '[']);
        let glob = is_pattern.then(|| {
            let mut builder = GlobBuilder::new(pattern);
            builder.literal_separator(!crosses).build().ok()
        });
        Self {
            text: text.into(),
            name: match glob.flatten() {
                Some(glob) => Name::Pattern(glob.compile_matcher()),
                None => Name::Exact(pattern.into()),
            },
            versions,
        }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn holds(&self, name: &str, version: &Version) -> bool {
        let is_named = match &self.name {
            Name::Pattern(pattern) => pattern.is_match(name),
            Name::Exact(exact) => **exact == *name,
        };
        let versions = self.versions.as_ref();
        is_named && versions.is_none_or(|range| range.satisfies(version))
    }
}

/// All demands together.
#[derive(Clone, Debug, Default)]
pub struct Cooldown {
    gates: Vec<Gate>,
}

/// Whether a release is old enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maturity {
    /// Nothing is asked of it.
    Unasked,
    /// It is.
    Mature,
    /// It is not.
    Young(Youth),
    /// It is not, but it fixes a severe advisory, which counts for more. To be said aloud.
    Excused(Youth),
    /// It need not be: a file excludes it from every cooldown.
    Excluded {
        /// The file and its setting.
        from: Arc<str>,
        /// The entry.
        entry: Box<str>,
    },
    /// The registry does not know when it was published.
    Unknown,
}

/// How young a release is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Youth {
    /// When it was published.
    pub published: Timestamp,
    /// How old it is.
    pub age: SignedDuration,
    /// How old it must be.
    pub least: SignedDuration,
    /// Who demands it.
    pub from: Arc<str>,
    /// When it will be old enough.
    pub mature_at: Timestamp,
}

impl Cooldown {
    /// Our own demand, with those of the package managers and of Renovate.
    #[must_use]
    pub fn new(gates: Vec<Gate>) -> Self {
        Self { gates }
    }

    /// The demand on a version that counts: of equally long ones the first.
    #[must_use]
    pub fn gate(&self, name: &str, version: &Version) -> Option<&Gate> {
        let asked = self.gates.iter().rev().filter(|gate| {
            gate.is_about(name)
                && gate.least > SignedDuration::ZERO
                && gate.exclude(name, version).is_none()
        });
        asked.max_by_key(|gate| gate.least)
    }

    /// The demands that a version of an age does not meet.
    pub fn unmet(
        &self,
        name: &str,
        version: &Version,
        age: SignedDuration,
    ) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(move |gate| {
            gate.is_about(name) && age < gate.least && gate.exclude(name, version).is_none()
        })
    }

    /// Whether a version is old enough at an instant. `fixes_severe` says that it fixes an advisory that is worse than
    /// a young release.
    #[must_use]
    pub fn judge(
        &self,
        name: &str,
        version: &Version,
        published: Option<Timestamp>,
        now: Timestamp,
        fixes_severe: bool,
    ) -> Maturity {
        let excluded = self
            .gates
            .iter()
            .find_map(|gate| Some((gate, gate.exclude(name, version)?)));
        if let Some((gate, exclude)) = excluded {
            return Maturity::Excluded {
                from: Arc::clone(&gate.from),
                entry: exclude.text.clone(),
            };
        }
        let Some(gate) = self.gate(name, version) else {
            return Maturity::Unasked;
        };
        let Some(published) = published else {
            return Maturity::Unknown;
        };
        // A clock that is a little behind the registry's makes nothing older or younger than new.
        let age = now.duration_since(published).max(SignedDuration::ZERO);
        if age >= gate.least {
            return Maturity::Mature;
        }
        let youth = Youth {
            published,
            age,
            least: gate.least,
            from: Arc::clone(&gate.from),
            mature_at: published.checked_add(gate.least).unwrap_or(Timestamp::MAX),
        };
        if fixes_severe {
            Maturity::Excused(youth)
        } else {
            Maturity::Young(youth)
        }
    }
}

impl Cooldown {
    /// [`Cooldown::judge`] for a release of a document. Where the registry keeps no dates, a version that was there long
    /// enough ago is old enough all the same.
    #[must_use]
    pub fn judge_release(
        &self,
        name: &str,
        document: &Document,
        release: &Release,
        now: Timestamp,
        fixes_severe: bool,
    ) -> Maturity {
        let judge = |published| self.judge(name, &release.version, published, now, fixes_severe);
        match judge(document.published(release)) {
            Maturity::Unknown if judge(document.there_by(release)) == Maturity::Mature => {
                Maturity::Mature
            }
            maturity => maturity,
        }
    }
}

impl Gate {
    /// A demand on all packages.
    #[must_use]
    pub fn new(least: SignedDuration, from: impl Into<Arc<str>>) -> Self {
        Self {
            least,
            from: from.into(),
            scope: None,
            but_scopes: Vec::new(),
            excludes: Vec::new(),
            exemption: Exemption::Unneeded,
        }
    }

    fn is_about(&self, name: &str) -> bool {
        let scope = name.split_once('/').map_or("", |(scope, _)| scope);
        match &self.scope {
            Some(own) => **own == *scope,
            None => !self.but_scopes.iter().any(|other| **other == *scope),
        }
    }

    fn exclude(&self, name: &str, version: &Version) -> Option<&Exclude> {
        let mut excludes = self.excludes.iter();
        excludes.find(|exclude| exclude.holds(name, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn gate(days: i64, from: &str, excludes: &[&str]) -> Gate {
        Gate {
            excludes: excludes
                .iter()
                .map(|text| Exclude::read(text, true))
                .collect(),
            ..Gate::new(SignedDuration::from_hours(24 * days), from)
        }
    }

    #[test]
    fn the_longest_demand_counts_and_says_whose_it_is() {
        let cooldown = Cooldown::new(vec![gate(3, "ours", &[]), gate(7, "renovate.json", &[])]);
        let now = at("2026-11-26T12:00:00Z");
        let version = Version::parse("1.2.3").unwrap();
        let judge = |published: &str, severe| {
            cooldown.judge("a", &version, Some(at(published)), now, severe)
        };
        let Maturity::Young(youth) = judge("2026-11-22T12:00:00Z", false) else {
            panic!("four days are too few");
        };
        assert_eq!(&*youth.from, "renovate.json");
        assert_eq!(youth.age.as_hours(), 96);
        assert_eq!(youth.mature_at, at("2026-11-29T12:00:00Z"));
        assert_eq!(judge("2026-11-19T12:00:00Z", false), Maturity::Mature);
        assert!(matches!(
            judge("2026-11-26T11:00:00Z", true),
            Maturity::Excused(_)
        ));
        let future = judge("2026-11-26T12:30:00Z", false);
        assert!(matches!(future, Maturity::Young(youth) if youth.age.is_zero()));
        let unknown = cooldown.judge("a", &version, None, now, true);
        assert_eq!(unknown, Maturity::Unknown);
        let none = Cooldown::new(vec![gate(0, "ours", &[])]);
        assert_eq!(
            none.judge("a", &version, None, now, false),
            Maturity::Unasked
        );
    }

    #[test]
    fn what_is_excluded_anywhere_need_not_be_old() {
        let excludes = ["@acme/*", "b@1.2.3 || 1.2.4", "c", "d@what", "e-*"];
        let cooldown = Cooldown::new(vec![gate(3, "ours", &[]), gate(1, "pnpm", &excludes)]);
        let now = at("2026-11-26T12:00:00Z");
        for (name, version, is_excluded) in [
            ("@acme/x", "1.0.0", true),
            ("acme", "1.0.0", false),
            ("b", "1.2.4", true),
            ("b", "1.2.5", false),
            ("c", "9.0.0", true),
            ("cc", "9.0.0", false),
            ("d", "1.0.0", false),
            ("e-x", "1.0.0", true),
        ] {
            let version = Version::parse(version).unwrap();
            let maturity = cooldown.judge(name, &version, Some(now), now, false);
            let expected = matches!(maturity, Maturity::Excluded { .. });
            assert_eq!(expected, is_excluded, "{name}@{version}");
        }
    }

    #[test]
    fn a_scope_may_have_a_gate_of_its_own() {
        let cooldown = Cooldown::new(vec![
            Gate {
                but_scopes: vec!["@acme".into()],
                ..gate(3, "all", &[])
            },
            Gate {
                scope: Some("@acme".into()),
                ..gate(1, "acme", &[])
            },
        ]);
        let version = Version::parse("1.0.0").unwrap();
        let from = |name| cooldown.gate(name, &version).map(|gate| &*gate.from);
        assert_eq!(from("@acme/a"), Some("acme"));
        assert_eq!(from("@other/a"), Some("all"));
        assert_eq!(from("a"), Some("all"));
    }
}
