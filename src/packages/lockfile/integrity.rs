//! Hashes of packages: whether two of them can be of the same bytes.
//!
//! Notation: <https://www.w3.org/TR/SRI/>, hashes with the name of their algorithm and separated by spaces. Yarn 2 and
//! later write `cache key/hash` of an archive of their own.

use std::collections::HashSet;

use super::{Locked, Lockfile, LockfileKind, Source};
use crate::syntax::Span;

/// True if its hashes are of archives that the package manager packs itself: Yarn from 2 on.
#[must_use]
pub fn are_of_own_archives(lockfile: &Lockfile) -> bool {
    lockfile.kind == LockfileKind::Yarn && !lockfile.version.is_empty()
}

/// What the hashes of an entry say of those that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Whatever fits the hashes that are there fitted before, and none is weaker.
    Same,
    /// Of the strongest algorithm that both have, there is a hash that was not there. One that fits is enough for a
    /// package manager, so that a hash beside the known ones lets other bytes in.
    Different,
    /// All that are there now are weaker than what was there before.
    Weakened,
    /// They have no algorithm in common.
    Unknown,
}

/// Compares hashes as they are written: what was, and what is.
#[must_use]
pub fn likeness(old: &str, new: &str) -> Likeness {
    let known: HashSet<(&str, &str)> = hashes(old).collect();
    let algorithms: HashSet<&str> = hashes(old).map(|(algorithm, _)| algorithm).collect();
    // What a package manager checks is the strongest.
    let common = hashes(new)
        .filter(|(algorithm, _)| algorithms.contains(algorithm))
        .max_by_key(|(algorithm, _)| strength(algorithm));
    if let Some((strongest, _)) = common
        && hashes(new).any(|hash| hash.0 == strongest && !known.contains(&hash))
    {
        return Likeness::Different;
    }
    match (strongest(old), strongest(new)) {
        (Some(was), Some(is)) if strength(is) < strength(was) => Likeness::Weakened,
        _ if common.is_some() => Likeness::Same,
        _ => Likeness::Unknown,
    }
}

/// The strongest algorithm among hashes, of those whose strength is known.
#[must_use]
pub fn strongest(text: &str) -> Option<&str> {
    hashes(text)
        .map(|(algorithm, _)| algorithm)
        .filter(|algorithm| strength(algorithm).is_some())
        .max_by_key(|algorithm| strength(algorithm))
}

/// How hard it is to find other bytes of the same hash: the higher, the harder.
#[must_use]
pub fn strength(algorithm: &str) -> Option<usize> {
    const ALL: [&str; 5] = ["md5", "sha1", "sha256", "sha384", "sha512"];
    ALL.iter().position(|known| *known == algorithm)
}

/// True if an entry has a hash in a notation that can be checked.
#[must_use]
pub fn is_hashed(package: &Locked) -> bool {
    let written = package.integrity.as_ref();
    written.is_some_and(|(text, _)| hashes(text).next().is_some())
}

/// What holds an entry to its bytes, with its place: its hash, or the one behind the `#` of an archive where Yarn 1
/// wrote no other.
#[must_use]
pub fn written(package: &Locked) -> Option<(&str, Span)> {
    if let Some((text, at)) = &package.integrity {
        return Some((text, *at));
    }
    behind_address(package)
}

/// The hash behind the `#` of an archive's address, with its place: Yarn 1 checks it beside the other one.
#[must_use]
pub fn behind_address(package: &Locked) -> Option<(&str, Span)> {
    let (address, at) = package.resolved.as_ref()?;
    let (start, fragment) = address.split_at_checked(address.rfind('#')?)?;
    let digits = fragment.strip_prefix('#')?;
    let is_hash = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Behind the `#` of a repository stands a commit.
    let is_archive = matches!(package.source, Source::Registry(_) | Source::Tarball(_));
    (is_hash && is_archive && !start.is_empty()).then_some((fragment, *at))
}

/// Each hash with what it can be compared with. All of them: what lets other bytes in may stand behind many.
fn hashes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_ascii_whitespace().filter_map(|part| {
        let part = part.split('?').next().unwrap_or(part);
        let sri = part
            .split_once('-')
            .filter(|(algorithm, hash)| strength(algorithm).is_some() && !hash.is_empty());
        let own = || part.split_once('/');
        let of_archive = || Some(("#", part.strip_prefix('#')?));
        // Yarn 2 and 3 leave out the key, which is one for the whole file.
        let of_whole_file = || {
            let is_hash = part.len() == 128 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hash.then_some(("", part))
        };
        // The key holds the version of the cache and how much it is compressed.
        sri.or_else(of_archive).or_else(own).or_else(of_whole_file)
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
            ("sha512-aa==", "foo", Likeness::Unknown),
            ("sha512-aa==", "sha384-bb", Likeness::Weakened),
            ("sha512-aa==", "md5-bb", Likeness::Weakened),
            ("sha512-aa== sha1-b=", "sha1-b=", Likeness::Weakened),
            (
                "sha512-aa== sha1-b=",
                "sha1-b= sha512-cc==",
                Likeness::Different,
            ),
            (
                "sha512-aa== sha512-bb==",
                "sha512-bb== sha1-c=",
                Likeness::Same,
            ),
            (
                "sha512-aa==",
                "sha512-aa== sha512-bb==",
                Likeness::Different,
            ),
            (
                "sha512-aa==",
                "sha512-aa== sha512-aa== sha512-aa== sha512-aa== sha512-aa== sha512-aa== sha512-aa== sha512-aa== sha512-bb==",
                Likeness::Different,
            ),
            ("sha512-aa== sha1-b=", "sha512-aa==", Likeness::Same),
            ("sha512-aa==", "sha512-aa== sha1-b=", Likeness::Same),
            ("sha512-aa==", "sha512-aa==?opt sha512-aa==", Likeness::Same),
            ("#aa", "#bb", Likeness::Different),
            ("#aa", "#aa", Likeness::Same),
            ("#aa", "sha512-aa==", Likeness::Unknown),
        ] {
            assert_eq!(likeness(one, other), found, "{one} {other}");
        }
    }
}
