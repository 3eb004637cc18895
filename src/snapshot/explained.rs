//! What explains that an archive asks for other dependencies than before, although its bytes stayed.
//!
//! An override changes what a dependency leads to, and adds none; one that took a dependency out may be gone. An
//! extension adds what it names to the package that it names, and nothing else.

use std::collections::BTreeMap;

use crate::packages::PackageJson;
use crate::packages::extensions::Addition;
use crate::packages::lockfile::{Dependency, Locked, RecordKind};
use crate::packages::overrides::{Replacement, Selector};
use crate::packages::specifier::Specifier;

use super::extended::additions;
use super::locked::LockedFile;

/// What pnpm writes in the place of a dependency that it takes out.
const NOTHING: &str = "-";

/// What both sides of a change say of the dependencies of packages.
#[derive(Debug)]
pub struct Explained<'a> {
    /// What the base puts in the place of a name.
    were: Overridden<'a>,
    /// What the head puts there.
    are: Overridden<'a>,
    additions: Vec<Addition<'a>>,
    before: LockedFile<'a>,
}

/// What stands in the place of a name, by that name.
#[derive(Debug, Default)]
pub struct Overridden<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Overridden<'a> {
    /// By the settings of a project, and by what its lockfile records.
    #[must_use]
    pub fn of(locked: LockedFile<'a>) -> Self {
        let mut all = Self::default();
        let root = locked.installation.root();
        let of_root = root.map(PackageJson::dependencies).unwrap_or_default();
        for one in locked.installation.overrides() {
            let value = match one.replacement {
                Replacement::OfRoot(name) => {
                    let declared = of_root.iter().find(|declared| declared.name == name);
                    declared.and_then(|declared| declared.value.as_str())
                }
                _ => None,
            };
            let value = value.or_else(|| one.value.as_str()).unwrap_or_default();
            all.0.entry(one.package.name).or_default().push(value);
        }
        for record in &locked.lockfile.records {
            if record.what == RecordKind::Override {
                let last = record.key.rsplit('>').next().unwrap_or_default();
                let values = all.0.entry(Selector::parse(last).name).or_default();
                values.push(&record.value);
            }
        }
        all
    }

    /// True if an override may put another package in the place of a name.
    #[must_use]
    pub fn leads(&self, name: &str, real: &str) -> bool {
        let values = self.0.get(name);
        values.is_some_and(|values| values.iter().any(|value| may_lead(value, name, real)))
    }

    fn takes_out(&self, name: &str) -> bool {
        let values = self.0.get(name);
        values.is_some_and(|values| values.contains(&NOTHING))
    }

    /// True if something else than who asks for it decides about a name.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl<'a> Explained<'a> {
    /// By the settings of both sides, and by what their lockfiles record.
    #[must_use]
    pub fn of(before: LockedFile<'a>, after: LockedFile<'a>) -> Self {
        let sides = [before, after].into_iter();
        let additions = sides.flat_map(|side| additions(side.installation));
        Self {
            were: Overridden::of(before),
            are: Overridden::of(after),
            additions: additions.map(|(_, addition)| addition).collect(),
            before,
        }
    }

    /// True if something of the repository adds a dependency that a package did not have.
    #[must_use]
    pub fn adds(&self, package: &Locked, dependency: &Dependency, real: &str) -> bool {
        let name = &*dependency.name;
        self.were.takes_out(name) || self.extends(package, name, real)
    }

    /// True if something of the repository leads a dependency that a package had to another package.
    #[must_use]
    pub fn leads(&self, package: &Locked, dependency: &Dependency, real: &str) -> bool {
        let name = &*dependency.name;
        let by_override = if self.are.names(name) {
            self.are.leads(name, real)
        } else {
            self.were.names(name)
        };
        by_override || self.extends(package, name, real)
    }

    /// True if the base left out an optional dependency of this name.
    #[must_use]
    pub fn left_out(&self, name: &str) -> bool {
        self.before.lockfile.leaves_out(name)
    }

    fn extends(&self, package: &Locked, name: &str, real: &str) -> bool {
        self.additions.iter().any(|addition| {
            addition.name == name
                && addition.is_for(&package.name, &package.version)
                && addition
                    .specifier
                    .is_none_or(|specifier| may_lead(specifier, name, real))
        })
    }
}

/// True if a specifier may lead a name to a package. Where nothing here says what it stands for, it may.
fn may_lead(specifier: &str, name: &str, real: &str) -> bool {
    if specifier.starts_with('$') || real == name {
        return true;
    }
    match Specifier::parse(specifier) {
        Specifier::Alias { name, .. } => name == real,
        Specifier::Any | Specifier::Exact(_) | Specifier::Range(_) | Specifier::Tag(_) => false,
        _ => true,
    }
}
