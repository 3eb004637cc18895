//! Versions as npm reads them.
//!
//! Beside `range` the one place that knows `js-semver`. The order is that of SemVer's precedence, which is also the
//! one that OSV asks for: a prerelease stands before its release, and build metadata counts for nothing.

use js_semver as semver;

/// A version with all of its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(super) semver::Version);

impl Version {
    /// Reads a version; none if npm would not. A `v` in front is fine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        semver::Version::parse(text.trim()).ok().map(Self)
    }

    /// The first number.
    #[must_use]
    pub fn major(&self) -> u64 {
        self.0.major
    }

    /// The second number.
    #[must_use]
    pub fn minor(&self) -> u64 {
        self.0.minor
    }

    /// The third number.
    #[must_use]
    pub fn patch(&self) -> u64 {
        self.0.patch
    }

    /// True for what comes before a release, such as `2.0.0-rc.1`.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre_release.is_empty()
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
