//! What a `package.json` pins to one version: whatever else is installed on a day, these are. Where a lockfile holds
//! something else, the next install fetches them nevertheless, or refuses to install anything.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::packages::PackageJson;
use crate::packages::catalogs::Catalogs;
use crate::packages::dependencies::Declared;
use crate::packages::graph::{Graph, Installed, Want};
use crate::packages::lockfile::archive::Archive;
use crate::packages::lockfile::{
    Importer, Locked, Lockfile, LockfileKind, PackageIndex, Section, Wanted,
};
use crate::packages::overrides::{Override, Replacement, Selector};
use crate::packages::percent::decode;
use crate::packages::range::Range;
use crate::packages::specifier::Specifier;
use crate::packages::version::Version;
use crate::syntax::Span;

use super::catalogued::written;
use super::ignored_optional::leaves_out;
use super::installations::Installation;
use super::linking::Linking;

/// What decides, beside a `package.json`, what its entries come to.
pub(super) struct Reading<'a> {
    /// Who installs, by the lockfile or by `packageManager`; none where neither says it.
    pub(super) kind: Option<LockfileKind>,
    /// True if it is Yarn 1.
    pub(super) is_classic: bool,
    /// Which workspaces stand for packages of a registry.
    pub(super) linking: Linking,
    /// What is put over what workspaces ask for.
    pub(super) overrides: Vec<Override<'a>>,
    /// The catalogues that they share.
    pub(super) catalogs: Catalogs<'a>,
}

/// How deep patches of patches are looked through.
const DEEPEST: usize = 8;

/// A package of a registry in one version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pin {
    pub(super) name: String,
    pub(super) version: String,
}

impl Pin {
    pub(super) fn of(locked: &Locked) -> Self {
        Self {
            name: locked.name.to_string(),
            version: locked.version.to_string(),
        }
    }
}

/// The pins of workspaces, by their paths, in the form of a lockfile that lists them as importers. Its spans are of the
/// `package.json` that has the entry, and an entry that may come to several has each of them. What a workspace stands for
/// in just that version is nobody else's.
pub(super) fn of<'a>(
    members: &[(&'a Arc<str>, Option<PackageJson<'a>>)],
    reading: &Reading<'a>,
) -> Lockfile {
    let mut own: HashMap<Pin, Vec<&str>> = HashMap::new();
    for (path, package) in members {
        let pin = package.and_then(|package| {
            Some(Pin {
                name: package.name()?.to_owned(),
                version: Version::parse(package.version()?)?.to_string(),
            })
        });
        if let Some(pin) = pin {
            own.entry(pin).or_default().push(path);
        }
    }
    let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
    for (path, package) in members {
        let mut dependencies = Vec::new();
        for declared in package
            .iter()
            .flat_map(|package| reading.deciding(*package))
        {
            let name = package.and_then(PackageJson::name).unwrap_or_default();
            let mut pins = reading.pinned(name, &declared);
            pins.retain(|pin| {
                let mut workspaces = own.get(pin).into_iter().flatten();
                !workspaces.any(|workspace| reading.linking.takes(path, workspace))
            });
            let wanted = |to| Wanted {
                name: declared.name.into(),
                section: Some(declared.section),
                specifier: None,
                to,
                at: declared.span(),
            };
            if pins.is_empty() {
                dependencies.push(wanted(None));
            }
            dependencies.extend(pins.into_iter().map(|pin| {
                let locked = Locked::new(pin.name, pin.version, declared.span());
                wanted(add(&mut lockfile.packages, locked))
            }));
        }
        lockfile.importers.push(Importer {
            path: (***path).into(),
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
    /// The entries of a workspace that something is installed for. Of a name in several sections one decides; where
    /// nobody knows who installs, each may. Peers are installed where nothing else asks for them, but not by Yarn.
    fn deciding(&self, package: PackageJson<'a>) -> Vec<Declared<'a>> {
        let mut all = package.dependencies();
        let optional: HashSet<&str> = package.optional_peers().collect();
        let is_yarn = self.kind == Some(LockfileKind::Yarn);
        all.retain(|one| one.section != Section::Peer || !is_yarn && !optional.contains(one.name));
        let mut best: HashMap<&str, u8> = HashMap::new();
        for one in &all {
            let known = best.entry(one.name).or_insert(u8::MAX);
            *known = (*known).min(self.rank(one.section));
        }
        all.retain(|one| best.get(one.name) == Some(&self.rank(one.section)));
        all
    }

    /// Which section decides first.
    fn rank(&self, section: Section) -> u8 {
        let takes_production = self.kind == Some(LockfileKind::Pnpm) || self.is_classic;
        match section {
            Section::Peer => 2,
            Section::Development if self.kind.is_some() && takes_production => 1,
            Section::Production | Section::Optional if self.kind.is_some() && !takes_production => {
                1
            }
            _ => 0,
        }
    }

    /// What an entry of a workspace may come to, where that is one version: of its own accord, and by what is put over it
    /// for this workspace alone or by somebody who may not be the one who installs.
    fn pinned(&self, workspace: &str, declared: &Declared<'a>) -> Vec<Pin> {
        let own = self.spelt(declared.name, declared.specifier());
        let named = self.overrides.iter().filter(|one| {
            one.package.name == declared.name
                && self.kind.is_none_or(|kind| one.home.is_read_by(kind))
        });
        let mut may_be = vec![own];
        for one in named {
            let is_certain = one.within.is_empty() && self.kind.is_some();
            let is_meant = one.package.range.is_none_or(|range| takes(range, own));
            let is_here = one
                .within
                .last()
                .is_none_or(|parent| parent.name == workspace);
            if !is_meant || !is_here {
                continue;
            }
            let put = match one.replacement {
                Replacement::Specifier(specifier) => self.spelt(declared.name, specifier),
                Replacement::Nothing => "",
                Replacement::OfRoot(_) => own,
            };
            if is_certain {
                may_be.clear();
            }
            may_be.push(put);
        }
        let mut pins: Vec<Pin> = Vec::new();
        for pin in may_be.into_iter().flat_map(|it| pins_of(declared.name, it)) {
            if !pins.contains(&pin) {
                pins.push(pin);
            }
        }
        pins
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

/// The package of a registry that a specifier pins under a name; several where a range takes some alone, and none where it
/// asks for something else.
pub(super) fn pins_of(name: &str, specifier: &str) -> Vec<Pin> {
    pinned_within(name, specifier, DEEPEST)
}

fn pinned_within(name: &str, specifier: &str, depth: usize) -> Vec<Pin> {
    let of_version = |name: &str, version: &Version| Pin {
        name: name.to_owned(),
        version: version.to_string(),
    };
    let of_registry = |name: &str, specifier: &Specifier<'_>| match specifier {
        Specifier::Exact(version) => vec![of_version(name, version)],
        Specifier::Range(range) => {
            let only = range.only();
            only.iter()
                .map(|version| of_version(name, version))
                .collect()
        }
        _ => Vec::new(),
    };
    match Specifier::parse(specifier) {
        Specifier::Alias { name, specifier } => of_registry(name, &specifier),
        Specifier::Tarball(address) => {
            let archive = Archive::public(address).into_iter();
            let pins = archive.map(|Archive { name, version }| Pin { name, version });
            pins.collect()
        }
        // What is patched is installed as well: `patch:real@npm%3A1.0.0#file`.
        Specifier::Patch(inner) if depth > 0 => {
            let inner = decode(inner.split('#').next().unwrap_or(inner));
            let Selector { name, .. } = Selector::parse(&inner);
            let rest = inner.get(name.len()..).unwrap_or_default();
            let specifier = rest.strip_prefix('@').unwrap_or(rest);
            pinned_within(name, specifier, depth - 1)
        }
        own => of_registry(name, &own),
    }
}

/// True if an override of a range is meant for what asks for a version.
pub(super) fn takes(range: &str, specifier: &str) -> bool {
    let asked = specifier.strip_prefix("npm:").unwrap_or(specifier);
    let is_within = || {
        let version = Version::parse(asked)?;
        Some(Range::parse(range)?.satisfies(&version))
    };
    range == asked || is_within().unwrap_or(false)
}

/// Those of the pins that a lockfile does not hold, in the same form; none where it holds all. The graph is that of the
/// lockfile, and has the workspaces of the pins in their order. What is `put` over all workspaces is told where that is.
pub(super) fn unmet(
    pins: &Lockfile,
    installation: &Installation,
    lockfile: &Lockfile,
    put: &HashSet<Pin>,
) -> Option<Lockfile> {
    let mut found = Lockfile::empty(pins.kind, String::new());
    let graph = installation.graph();
    let held = Holding {
        graph,
        lockfile,
        installation,
    };
    for (number, importer) in pins.importers.iter().enumerate() {
        let mut wants: HashMap<&str, Vec<&Want>> = HashMap::new();
        for want in graph.wants(number) {
            wants.entry(&want.name).or_default().push(want);
        }
        let is_met = |wanted: &Wanted, pin: &Locked| {
            let wants = wants.get(&*wanted.name);
            held.meets(wants.map_or(&[], Vec::as_slice), wanted, pin)
        };
        let pinned = importer.dependencies.iter();
        let pinned = pinned.filter_map(|wanted| Some((wanted, pins.package(wanted.to?)?)));
        let pinned: Vec<(&Wanted, &Locked)> = pinned.collect();
        // Of what an entry may come to, one is enough.
        let met: HashSet<Span> = pinned
            .iter()
            .filter(|(wanted, pin)| is_met(wanted, pin))
            .map(|(wanted, _)| wanted.at)
            .collect();
        let mut dependencies = Vec::new();
        for (wanted, pin) in pinned {
            if !met.contains(&wanted.at) && !put.contains(&Pin::of(pin)) {
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
    installation: &'a Installation,
}

impl Holding<'_> {
    /// True if nothing else is installed than what the lockfile holds, whatever version that is. `wants` are all of the
    /// workspace under the name.
    fn meets(&self, wants: &[&Want], pinned: &Wanted, pin: &Locked) -> bool {
        let declared = |want: &&&Want| {
            let declared = want.declared.as_ref();
            declared.is_some_and(|declared| declared.at == pinned.at)
        };
        let Some(asked) = wants.iter().find(declared) else {
            return true;
        };
        // Who asks for a name in two sections is answered once.
        let answered = || wants.iter().find(|other| other.listed.is_some());
        let want = match asked.listed {
            Some(_) => asked,
            None => answered().unwrap_or(asked),
        };
        if !want.is_resolved() {
            // npm installs what is optional as well, and refuses a lockfile that lists it and holds no entry.
            let is_optional = pinned.section == Some(Section::Optional);
            return is_optional && leaves_out(self.installation, &pinned.name);
        }
        let Some(package) = self.graph.target(self.lockfile, want) else {
            // A workspace, which is another version than the one that is asked for.
            return is_repeated(want, asked.specifier());
        };
        // Whatever there is of a peer is taken.
        if pinned.section == Some(Section::Peer) {
            return true;
        }
        let is_same_version = || match (
            Version::parse(package.version()),
            Version::parse(&pin.version),
        ) {
            (Some(held), Some(pinned)) => held == pinned,
            _ => package.version() == &*pin.version,
        };
        let is_same =
            package.is_from_registry() && package.name() == &*pin.name && is_same_version();
        is_same || is_in_range(asked, package, pin) || self.repeats(want, asked.specifier())
    }

    /// True if the package manager takes what the lockfile holds for a specifier without a look at the version. npm
    /// looks, and a catalogue has a version of its own in the lockfile.
    fn repeats(&self, want: &Want, specifier: &str) -> bool {
        if self.lockfile.kind == LockfileKind::Npm
            || matches!(Specifier::parse(specifier), Specifier::Catalog(_))
        {
            return false;
        }
        if let Some(listed) = &want.listed {
            return listed.specifier.is_none() || is_repeated(want, specifier);
        }
        let known = self.lockfile.described(&want.name, specifier);
        self.lockfile.importers.is_empty() && known.is_some()
    }
}

/// True if a pin is the only version that a part of a range takes, and what is held is another one of the range.
fn is_in_range(asked: &Want, package: Installed<'_>, pin: &Locked) -> bool {
    let (name, specifier) = Specifier::parse(asked.specifier()).unaliased(&asked.name);
    let Specifier::Range(range) = specifier else {
        return false;
    };
    let version = Version::parse(&pin.version);
    let is_part = version.is_some_and(|version| range.only().contains(&version));
    let version = Version::parse(package.version());
    let is_held = version.is_some_and(|version| range.satisfies(&version));
    is_part && is_held && *pin.name == *name && package.is_from_registry() && package.name() == name
}

/// True if the lockfile repeats a specifier with what it leads to.
fn is_repeated(want: &Want, specifier: &str) -> bool {
    let listed = want.listed.as_ref();
    let repeated = listed.and_then(|listed| listed.specifier.as_deref());
    repeated.is_some_and(|repeated| plain(repeated) == plain(specifier))
}

/// A specifier without what Yarn puts before ranges.
fn plain(specifier: &str) -> &str {
    let text = specifier.trim();
    text.strip_prefix("npm:").unwrap_or(text)
}
