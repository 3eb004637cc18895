//! What the hashes of one version say on both sides.

use super::What;
use crate::packages::graph::Installed;
use crate::packages::lockfile::integrity::{Likeness, is_hashed, likeness};

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
        (false, false) if old == new => None,
        (false, false) => {
            // Fewer hashes than before are a change as well, though none that lets other bytes in.
            let (old, new) = (old.join(" "), new.join(" "));
            let found = likeness(&old, &new);
            let is_changed = matches!(found, Likeness::Different | Likeness::Weakened)
                || likeness(&new, &old) == Likeness::Different;
            is_changed.then_some(What::IntegrityChanged)
        }
    }
}

/// What all entries say of the hashes, each text once.
fn hashes(package: Installed<'_>) -> Vec<&str> {
    let hashed = package.entries().filter(|locked| is_hashed(locked));
    let mut texts: Vec<&str> = hashed
        .filter_map(|locked| Some(&*locked.integrity.as_ref()?.0))
        .collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}
