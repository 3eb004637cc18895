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

    /// The versions that the Kubernetes project supports in November 2026: the three newest minor versions.
    pub const SUPPORTED: [Self; 3] = [Self(35), Self(36), Self(37)];
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
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
}
