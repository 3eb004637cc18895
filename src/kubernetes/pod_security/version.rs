//! Versions of the standard: those of Kubernetes, without patches.

use std::fmt;
use std::str::FromStr;

/// A minor version of the standard: `Version(36)` is 1.36. One that is newer than [`Version::LATEST`] is judged
/// by the newest checks that are known, as the API server does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The newest version that is known.
    pub const LATEST: Self = Self(37);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// A set of versions, up to 1.63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VersionSet(u64);

impl VersionSet {
    /// No version.
    pub const EMPTY: Self = Self(0);

    /// The versions that the Kubernetes project mends: the three newest minor versions. Source: the version skew
    /// policy and the release calendar of Kubernetes, as of November 2026 (1.37 came in August 2026).
    pub const SUPPORTED: Self = Self(1 << 35 | 1 << 36 | 1 << 37);

    /// One version.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self(1_u64.checked_shl(version.0).unwrap_or(0))
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// True if the version is among them.
    #[must_use]
    pub fn contains(self, version: Version) -> bool {
        self.meets(Self::of(version))
    }

    /// True if the two have a version in common.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All but one.
    #[must_use]
    pub fn without(self, version: Version) -> Self {
        Self(self.0 & !Self::of(version).0)
    }

    /// The versions, the oldest first.
    pub fn iter(self) -> impl Iterator<Item = Version> {
        std::iter::successors(Some(self), |rest| {
            Some(Self(rest.0 & rest.0.wrapping_sub(1)))
        })
        .map_while(Self::oldest)
    }

    /// The oldest version.
    #[must_use]
    pub fn oldest(self) -> Option<Version> {
        (!self.is_empty()).then(|| Version(self.0.trailing_zeros()))
    }

    /// The newest version.
    #[must_use]
    pub fn newest(self) -> Option<Version> {
        u64::BITS
            .checked_sub(self.0.leading_zeros() + 1)
            .map(Version)
    }
}

impl FromIterator<Version> for VersionSet {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        let sets = versions.into_iter().map(Self::of);
        sets.fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Display for VersionSet {
    /// `1.35`, `1.35 and 1.36`, `1.33, 1.35 and 1.36`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest = self.newest();
        for (index, version) in self.iter().enumerate() {
            let between = match index {
                0 => "",
                _ if Some(version) == newest => " and ",
                _ => ", ",
            };
            write!(f, "{between}{version}")?;
        }
        Ok(())
    }
}

/// Text that names no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a version is `latest` or a minor version such as `v1.36` or `1.36`, without a patch version"
)]
pub struct InvalidVersion;

impl FromStr for Version {
    type Err = InvalidVersion;

    /// Reads `latest`, `v1.36` and, more freely than a namespace label, `1.36`.
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        if text == "latest" {
            return Ok(Self::LATEST);
        }
        let minor = text
            .strip_prefix('v')
            .unwrap_or(text)
            .strip_prefix("1.")
            .ok_or(InvalidVersion)?;
        let digits = minor.bytes().all(|byte| byte.is_ascii_digit());
        let padded = minor.len() > 1 && minor.starts_with('0');
        if !digits || padded {
            return Err(InvalidVersion);
        }
        minor.parse().map(Self).map_err(|_| InvalidVersion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_namespace_labels_write_them() {
        assert_eq!("latest".parse(), Ok(Version::LATEST));
        assert_eq!("v1.0".parse(), Ok(Version(0)));
        assert_eq!("v1.36".parse(), Ok(Version(36)));
        assert_eq!("1.36".parse(), Ok(Version(36)));
        assert_eq!("v1.99".parse(), Ok(Version(99)));
        for refused in [
            "",
            "v",
            "1",
            "1.",
            "v1.",
            "v1.036",
            "v1.00",
            "v1.36.1",
            "v2.0",
            "1.+3",
            "1. 3",
            "V1.3",
            "Latest",
            "v1.x",
            "vv1.3",
            "v1.99999999999",
        ] {
            assert_eq!(refused.parse::<Version>(), Err(InvalidVersion), "{refused}");
        }
        assert_eq!(Version(36).to_string(), "1.36");
    }

    #[test]
    fn sets_of_versions_are_told_in_order() {
        let set = |minors: &[u32]| minors.iter().copied().map(Version).collect::<VersionSet>();
        assert_eq!(set(&[]).to_string(), "");
        assert_eq!(set(&[35]).to_string(), "1.35");
        assert_eq!(set(&[36, 35]).to_string(), "1.35 and 1.36");
        assert_eq!(set(&[36, 0, 35]).to_string(), "1.0, 1.35 and 1.36");
        assert_eq!(set(&[]).newest(), None);
        assert_eq!(set(&[0]).newest(), Some(Version(0)));
        assert_eq!(set(&[35, 63]).newest(), Some(Version(63)));
        assert_eq!(set(&[35, 64, u32::MAX]), set(&[35]));
        assert_eq!(VersionSet::SUPPORTED.newest(), Some(Version::LATEST));
        assert_eq!(VersionSet::SUPPORTED.len(), 3);
        let without = set(&[34, 35]).without(Version(34)).without(Version(64));
        assert_eq!(without.iter().collect::<Vec<_>>(), [Version(35)]);
        assert_eq!(set(&[35, 34]).oldest(), Some(Version(34)));
    }
}
