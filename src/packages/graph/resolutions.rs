//! What `resolutions` of Yarn put in the place of what packages ask for: the lockfile repeats what was asked for, and
//! holds what was put there.

use std::collections::HashMap;

use crate::packages::PackageJson;
use crate::packages::lockfile::{Lockfile, LockfileKind, PackageIndex};
use crate::packages::overrides::{Override, Replacement};

/// Any number of packages between two others.
const ANY: &str = "**";

/// The resolutions of a root, by the name that each replaces, in their order.
#[derive(Debug, Default)]
pub(super) struct Resolutions<'a>(HashMap<&'a str, Vec<Override<'a>>>);

impl<'a> Resolutions<'a> {
    /// Those of the root's `package.json`; none where another package manager than Yarn wrote the lockfile.
    pub(super) fn of(lockfile: &Lockfile, root: Option<PackageJson<'a>>) -> Self {
        let mut all: HashMap<&str, Vec<Override<'_>>> = HashMap::new();
        if lockfile.kind == LockfileKind::Yarn {
            for one in root.into_iter().flat_map(PackageJson::resolutions) {
                all.entry(one.package.name).or_default().push(one);
            }
        }
        Self(all)
    }

    /// What a package gets that asks for a name: the first resolution that is meant for it decides. `known` is what the
    /// lockfile alone leads to.
    pub(super) fn find(
        &self,
        lockfile: &Lockfile,
        (parent, version): (&str, &str),
        (name, specifier): (&str, &str),
        known: Option<PackageIndex>,
    ) -> Option<PackageIndex> {
        let is_meant = |one: &&Override<'_>| {
            let asks = specifier.strip_prefix("npm:").unwrap_or(specifier);
            let is_asked = one.package.range.is_none_or(|range| range == asks);
            let is_within = match one.within.last() {
                None => true,
                // Who brings whom is not known yet.
                Some(within) if within.name == ANY => known.is_none(),
                Some(within) => {
                    within.name == parent && within.range.is_none_or(|range| range == version)
                }
            };
            is_asked && is_within
        };
        let meant = self.0.get(name).and_then(|all| all.iter().find(is_meant));
        let Some(Replacement::Specifier(put)) = meant.map(|one| one.replacement) else {
            return known;
        };
        lockfile.described(name, put).or(known)
    }
}
