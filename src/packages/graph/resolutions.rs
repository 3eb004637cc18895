//! What `resolutions` and catalogues of Yarn put in the place of what packages ask for: the lockfile repeats what was
//! asked for, and holds what was put there.

use std::collections::HashMap;

use crate::packages::PackageJson;
use crate::packages::catalogs::Catalogs;
use crate::packages::lockfile::{Lockfile, LockfileKind, PackageIndex};
use crate::packages::overrides::{Override, Replacement};
use crate::packages::specifier::Specifier;

/// Any number of packages between two others.
const ANY: &str = "**";

/// What Yarn puts in.
#[derive(Debug, Default)]
pub(super) struct Resolutions<'a> {
    /// The resolutions of a root, by the name that each replaces, in their order.
    by_name: HashMap<&'a str, Vec<Override<'a>>>,
    catalogs: Catalogs<'a>,
}

impl<'a> Resolutions<'a> {
    /// Those of the root's `package.json`; none where another package manager than Yarn wrote the lockfile.
    pub(super) fn of(
        lockfile: &Lockfile,
        root: Option<PackageJson<'a>>,
        catalogs: Catalogs<'a>,
    ) -> Self {
        let mut all = Self::default();
        if lockfile.kind == LockfileKind::Yarn {
            for one in root.into_iter().flat_map(PackageJson::resolutions) {
                all.by_name.entry(one.package.name).or_default().push(one);
            }
            all.catalogs = catalogs;
        }
        all
    }

    /// What a specifier comes to: what a catalogue says in its place.
    fn spelt<'s>(&'s self, name: &str, specifier: &'s str) -> &'s str {
        let Specifier::Catalog(catalog) = Specifier::parse(specifier) else {
            return specifier;
        };
        let entry = self.catalogs.entry(catalog, name);
        entry.map_or(specifier, |entry| {
            entry.value.as_str().unwrap_or_else(|| entry.value.source())
        })
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
        let meant = self.by_name.get(name);
        let meant = meant.and_then(|all| all.iter().find(is_meant));
        let put = match meant.map(|one| one.replacement) {
            Some(Replacement::Specifier(put)) => put,
            _ if specifier.starts_with("catalog:") => specifier,
            _ => return known,
        };
        lockfile.described(name, self.spelt(name, put)).or(known)
    }
}
