//! Hashes of packages: whether two of them can be of the same bytes.
//!
//! Notation: <https://www.w3.org/TR/SRI/>, hashes with the name of their algorithm and separated by spaces. Yarn 2 and
//! later write `cache key/hash` of an archive of their own.

use super::{Lockfile, LockfileKind};

/// True if its hashes are of archives that the package manager packs itself: Yarn from 2 on.
#[must_use]
pub fn are_of_own_archives(lockfile: &Lockfile) -> bool {
    lockfile.kind == LockfileKind::Yarn && !lockfile.version.is_empty()
}

/// What the hashes of two entries say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They share a hash.
    Same,
    /// They have hashes of one algorithm, and share none.
    Different,
    /// They have no algorithm in common.
    Unknown,
}

/// Compares hashes as they are written.
#[must_use]
pub fn likeness(one: &str, other: &str) -> Likeness {
    let mut found = Likeness::Unknown;
    for hash in hashes(one) {
        for (algorithm, of_other) in hashes(other) {
            if (algorithm, of_other) == hash {
                return Likeness::Same;
            }
            if algorithm == hash.0 {
                found = Likeness::Different;
            }
        }
    }
    found
}

/// Each hash with what it can be compared with. More than a few are nobody's.
fn hashes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    const MOST: usize = 8;
    let parts = text.split_ascii_whitespace().take(MOST);
    parts.filter_map(|part| {
        let part = part.split('?').next().unwrap_or(part);
        let sri = part.split_once('-').filter(|(algorithm, _)| {
            ["sha1", "sha256", "sha384", "sha512", "md5"].contains(algorithm)
        });
        // The key holds the version of the cache and how much it is compressed.
        sri.or_else(|| part.split_once('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_of_one_algorithm_contradict_each_other() {
        for (one, other, found) in [
            ("sha512-aa==", "sha512-aa==", Likeness::Same),
            ("sha512-aa==", "sha512-bb==", Likeness::Different),
            ("sha1-aa=", "sha512-bb==", Likeness::Unknown),
            ("sha1-aa= sha512-bb==", "sha512-bb==", Likeness::Same),
            ("sha512-a/b==", "sha512-a/c==", Likeness::Different),
            ("10c0/aa", "10c0/bb", Likeness::Different),
            ("8/aa", "10c0/bb", Likeness::Unknown),
            ("", "sha512-aa==", Likeness::Unknown),
        ] {
            assert_eq!(likeness(one, other), found, "{one} {other}");
        }
    }
}
