//! What the hashes of one version say on both sides.

use std::collections::BTreeSet;

use super::What;
use crate::packages::graph::Installed;
use crate::packages::lockfile::integrity::strength;

/// What happened to the hashes of a version; nothing where they can belong to the same bytes.
pub(super) fn change(
    before: Installed<'_>,
    after: Installed<'_>,
    is_same_notation: bool,
) -> Option<What> {
    let (old, new) = (hashes(before), hashes(after));
    match (old.is_empty(), new.is_empty()) {
        (true, true) => None,
        (false, true) => is_same_notation.then_some(What::IntegrityLost),
        (true, false) => is_same_notation.then_some(What::IntegrityGained),
        (false, false) => contradict(&old, &new).then_some(What::IntegrityChanged),
    }
}

/// True if both know hashes of one algorithm, and not the same ones, or if only weaker ones are left.
fn contradict(old: &BTreeSet<(&str, &str)>, new: &BTreeSet<(&str, &str)>) -> bool {
    let of = |all: &BTreeSet<(&str, &str)>, algorithm: &str| -> Vec<String> {
        let own = all.iter().filter(|(known, _)| *known == algorithm);
        own.map(|(_, hash)| (*hash).to_owned()).collect()
    };
    if old == new {
        return false;
    }
    let strongest = |all: &BTreeSet<(&str, &str)>| {
        let known = all.iter().filter_map(|(algorithm, _)| strength(algorithm));
        known.max()
    };
    if let (Some(was), Some(is)) = (strongest(old), strongest(new))
        && is < was
    {
        return true;
    }
    old.iter().any(|(algorithm, _)| {
        let (before, after) = (of(old, algorithm), of(new, algorithm));
        !after.is_empty() && before != after
    })
}

/// The hashes of all entries, each with its algorithm. Yarn 2 and later write the key of their cache in its place: what
/// was packed in another way cannot be compared.
fn hashes(package: Installed<'_>) -> BTreeSet<(&str, &str)> {
    const MOST: usize = 8;
    package
        .entries()
        .filter_map(|locked| locked.integrity.as_ref())
        .flat_map(|(written, _)| written.split_ascii_whitespace().take(MOST))
        .filter_map(|hash| {
            let hash = hash.split('?').next().unwrap_or(hash);
            let known = hash
                .split_once('-')
                .filter(|(name, _)| strength(name).is_some());
            known.or_else(|| hash.split_once('/'))
        })
        .collect()
}
