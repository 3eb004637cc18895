//! What a `package.json` pins to one version: whatever else is installed on a day, these are. Where a lockfile holds
//! something else, the next install fetches them nevertheless, or refuses to install anything.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::packages::PackageJson;
use crate::packages::catalogs::Catalogs;
use crate::packages::dependencies::Declared;
use crate::packages::graph::{Graph, Want};
use crate::packages::lockfile::{
    Importer, Locked, Lockfile, LockfileKind, PackageIndex, RecordKind, Section, Wanted,
};
use crate::packages::overrides::{Override, Replacement};
use crate::packages::range::Range;
use crate::packages::specifier::Specifier;
use crate::packages::version::Version;
use crate::syntax::Span;

use super::catalogued::written;

/// What decides, beside a `package.json`, what its entries come to.
pub(super) struct Reading<'a> {
    /// Whose lockfile there is; none where there is none, so that nobody knows who installs.
    pub(super) kind: Option<LockfileKind>,
    /// What is put over what workspaces ask for.
    pub(super) overrides: Vec<Override<'a>>,
    /// The catalogues that they share.
    pub(super) catalogs: Catalogs<'a>,
}

/// The pins of workspaces, by their paths, in the form of a lockfile that lists them as importers. Its spans are of the
/// `package.json` that has the entry. Names of the repository's `own` packages are nobody else's, and peers are
/// installed by whoever uses the workspace.
pub(super) fn of<'a>(
    members: impl Iterator<Item = (&'a Arc<str>, Option<PackageJson<'a>>)>,
    reading: &Reading<'a>,
    own: &BTreeSet<&str>,
) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
    for (path, package) in members {
        let name = package.and_then(PackageJson::name).unwrap_or_default();
        let declared = package.map(PackageJson::dependencies).unwrap_or_default();
        let dependencies = declared.into_iter().map(|declared| {
            let pin = reading.pinned(name, &declared);
            let pin = pin.filter(|(name, _)| !own.contains(name));
            let to = pin.and_then(|(name, version)| {
                let locked = Locked::new(name, version.to_string(), declared.span());
                add(&mut lockfile.packages, locked)
            });
            Wanted {
                name: declared.name.into(),
                section: Some(declared.section),
                specifier: None,
                to,
                at: declared.span(),
            }
        });
        let dependencies = dependencies.collect();
        lockfile.importers.push(Importer {
            path: (**path).into(),
            name: None,
            at: Span::default(),
            dependencies,
        });
    }
    lockfile
}

fn add(packages: &mut Vec<Locked>, locked: Locked) -> Option<PackageIndex> {
    let index = u32::try_from(packages.len()).ok()?;
    packages.push(locked);
    Some(PackageIndex(index))
}

impl<'a> Reading<'a> {
    /// The real name and the version that an entry of a workspace pins; none where it takes more than one.
    fn pinned(&self, workspace: &str, declared: &Declared<'a>) -> Option<(&'a str, Version)> {
        if declared.section == Section::Peer {
            return None;
        }
        let own = self.spelt(declared.name, declared.specifier());
        let named = self.overrides.iter().filter(|one| {
            one.package.name == declared.name
                && self.kind.is_none_or(|kind| one.home.is_read_by(kind))
        });
        let mut replaced = None;
        for one in named {
            match one.within.last() {
                // What is for this workspace alone has an order of its own.
                Some(parent) if parent.name == workspace => return None,
                None if one.package.range.is_none_or(|range| takes(range, own)) => {
                    replaced = Some(one.replacement);
                }
                Some(_) | None => {}
            }
        }
        let specifier = match replaced {
            Some(Replacement::Specifier(specifier)) => self.spelt(declared.name, specifier),
            Some(Replacement::Nothing) => return None,
            Some(Replacement::OfRoot(_)) | None => own,
        };
        let (name, specifier) = match Specifier::parse(specifier) {
            Specifier::Alias { name, specifier } => (name, *specifier),
            specifier => (declared.name, specifier),
        };
        match specifier {
            Specifier::Exact(version) => Some((name, version)),
            _ => None,
        }
    }

    /// A specifier, or what a catalogue says in its place.
    fn spelt(&self, name: &str, specifier: &'a str) -> &'a str {
        let Specifier::Catalog(catalog) = Specifier::parse(specifier) else {
            return specifier;
        };
        let entry = self.catalogs.entry(catalog, name);
        entry.map_or(specifier, |entry| written(entry.value))
    }
}

/// True if an override of a range is meant for what asks for a version.
fn takes(range: &str, specifier: &str) -> bool {
    let asked = specifier.strip_prefix("npm:").unwrap_or(specifier);
    let is_within = || {
        let version = Version::parse(asked)?;
        Some(Range::parse(range)?.satisfies(&version))
    };
    range == asked || is_within().unwrap_or(false)
}

/// Those of the pins that a lockfile does not hold, in the same form; none where it holds all. The graph is that of the
/// lockfile, and has the workspaces of the pins in their order.
pub(super) fn unmet(pins: &Lockfile, graph: &Graph, lockfile: &Lockfile) -> Option<Lockfile> {
    let mut found = Lockfile::empty(pins.kind, String::new());
    let held = Holding::of(graph, lockfile);
    for (number, importer) in pins.importers.iter().enumerate() {
        let mut wants: HashMap<&str, Vec<&Want>> = HashMap::new();
        for want in graph.wants(number) {
            wants.entry(&want.name).or_default().push(want);
        }
        let mut dependencies = Vec::new();
        for wanted in &importer.dependencies {
            let Some(pin) = wanted.to.and_then(|to| pins.package(to)) else {
                continue;
            };
            let wants = wants.get(&*wanted.name);
            if !held.meets(wants.map_or(&[], Vec::as_slice), wanted, pin) {
                dependencies.push(Wanted {
                    to: add(&mut found.packages, pin.clone()),
                    ..wanted.clone()
                });
            }
        }
        found.importers.push(Importer {
            dependencies,
            ..importer.clone()
        });
    }
    (!found.packages.is_empty()).then_some(found)
}

/// What a lockfile holds for pins.
struct Holding<'a> {
    graph: &'a Graph,
    lockfile: &'a Lockfile,
    /// Code of the repository changes what workspaces ask for.
    is_hooked: bool,
    /// Optional dependencies may be left out of it by a setting.
    hides_optional: bool,
}

impl<'a> Holding<'a> {
    fn of(graph: &'a Graph, lockfile: &'a Lockfile) -> Self {
        let mut records = lockfile.records.iter();
        Self {
            graph,
            lockfile,
            is_hooked: records.any(|record| record.what == RecordKind::PnpmfileHash),
            hides_optional: lockfile.text.contains("\nignoredOptionalDependencies:"),
        }
    }

    /// True if nothing else is installed than what the lockfile holds, whatever version that is. `wants` are all of the
    /// workspace under the name.
    fn meets(&self, wants: &[&Want], pinned: &Wanted, pin: &Locked) -> bool {
        let declared = |want: &&&Want| {
            let declared = want.declared.as_ref();
            declared.is_some_and(|declared| declared.at == pinned.at)
        };
        let Some(want) = wants.iter().find(declared) else {
            return true;
        };
        let is_listed = want.listed.is_some();
        // Who asks for a name in two sections is answered once.
        if !is_listed && wants.iter().any(|other| other.listed.is_some()) {
            return true;
        }
        let may_be_left_out =
            pinned.section == Some(Section::Optional) && (is_listed || self.hides_optional);
        if !want.is_resolved() {
            return may_be_left_out || self.is_hooked && is_listed;
        }
        let Some(package) = self.graph.target(self.lockfile, want) else {
            // A workspace.
            return true;
        };
        let is_same_version = || match (
            Version::parse(package.version()),
            Version::parse(&pin.version),
        ) {
            (Some(held), Some(pinned)) => held == pinned,
            _ => package.version() == &*pin.version,
        };
        let is_same =
            package.is_from_registry() && package.name() == &*pin.name && is_same_version();
        is_same || self.is_hooked && is_listed || self.repeats(want)
    }

    /// True if the package manager takes what the lockfile holds for a specifier without a look at the version. npm
    /// looks, and a catalogue has a version of its own in the lockfile.
    fn repeats(&self, want: &Want) -> bool {
        let specifier = want.specifier();
        if self.lockfile.kind == LockfileKind::Npm
            || matches!(Specifier::parse(specifier), Specifier::Catalog(_))
        {
            return false;
        }
        if let Some(listed) = &want.listed {
            let repeated = listed.specifier.as_deref();
            return repeated.is_none_or(|repeated| plain(repeated) == plain(specifier));
        }
        let known = self.lockfile.described(&want.name, specifier);
        self.lockfile.importers.is_empty() && known.is_some()
    }
}

/// A specifier without what Yarn puts before ranges.
fn plain(specifier: &str) -> &str {
    let text = specifier.trim();
    text.strip_prefix("npm:").unwrap_or(text)
}
