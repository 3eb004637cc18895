//! Dependencies that an entry of a lockfile has only now, although it stands for the same bytes as before.
//!
//! What a package asks for is written in its archive. Where the hash stays, only what the repository says of it can change
//! that: overrides, extensions, hooks and plugins, or another version of the package manager, which knows other
//! corrections of published packages.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::packages::PackageJson;
use crate::packages::lockfile::integrity::written;
use crate::packages::lockfile::{Dependency, Locked, Lockfile, LockfileKind, Need, RecordKind};
use crate::syntax::Node;

use super::installations::Installation;
use super::locked::LockedFile;

/// A dependency that was not there.
#[derive(Clone, Copy, Debug)]
pub struct Injected<'a> {
    /// The entry.
    pub package: &'a Locked,
    /// What it asks for.
    pub dependency: &'a Dependency,
    /// What stood there under the same name, or what that led to; none where the name is new.
    pub before: Option<&'a str>,
    /// What stands there now, in the same words.
    pub after: &'a str,
    /// False where another version of the package manager, which corrects what packages ask for, may have written it:
    /// nothing says which one did.
    pub is_sure: bool,
}

/// What an archive is known by: name, version and hash.
type Key<'a> = (&'a str, &'a str, &'a str);

/// All of them in a lockfile, each once, in the order in which they stand there.
#[must_use]
pub fn injected<'a>(before: LockedFile<'a>, after: LockedFile<'a>) -> Vec<Injected<'a>> {
    let (old, new) = (before.lockfile, after.lockfile);
    if old.kind != new.kind || old.version != new.version {
        return Vec::new();
    }
    let corrections = corrections(before, after);
    if corrections == Corrections::Others {
        return Vec::new();
    }
    // npm 5 wrote down at first who depends on what only by where it lies.
    let says_needs = old.packages.iter().any(|one| !one.dependencies.is_empty());
    if old.kind == LockfileKind::Npm && &*old.version == "1" && !says_needs {
        return Vec::new();
    }
    let mut known: HashMap<Key<'a>, HashMap<&'a str, HashSet<&'a str>>> = HashMap::new();
    for package in &old.packages {
        if let Some(key) = key(package) {
            let needs = known.entry(key).or_default();
            for dependency in &package.dependencies {
                let ways = needs.entry(&*dependency.name).or_default();
                ways.insert(meaning(old, dependency));
            }
        }
    }
    let mut free: BTreeSet<String> = before.overridden();
    free.extend(after.overridden());
    let hides_optional = old.text.contains("\nignoredOptionalDependencies:");
    let mut told = HashSet::new();
    let mut found = Vec::new();
    for package in &new.packages {
        let Some((key, needs)) = key(package).and_then(|key| Some((key, known.get(&key)?))) else {
            continue;
        };
        for dependency in &package.dependencies {
            // Which peers are declared, the archive says as well; what they lead to, who uses it.
            let is_peer = matches!(dependency.need, Need::Peer | Need::OptionalPeer);
            let is_left_to_others = dependency.need == Need::Optional && hides_optional;
            let target = dependency.to.and_then(|to| new.package(to));
            let is_free = free.contains(&*dependency.name)
                || target.is_some_and(|target| free.contains(&*target.name));
            let after = meaning(new, dependency);
            let ways = needs.get(&*dependency.name);
            let is_known =
                ways.is_some_and(|ways| is_peer || after.is_empty() || ways.contains(after));
            if is_left_to_others || is_free || is_known || !told.insert((key, &*dependency.name)) {
                continue;
            }
            let before = ways.map(|ways| ways.iter().copied().min().unwrap_or_default());
            // Where it was not to be found before, nothing is known of what it was.
            if before == Some("") {
                continue;
            }
            found.push(Injected {
                package,
                dependency,
                before,
                after,
                // What somebody corrects is added, and leads to where its name says.
                is_sure: corrections == Corrections::Same || before.is_some(),
            });
        }
    }
    found
}

/// What does not change in a dependency: its specifier, where the lockfile repeats what the archive says; with pnpm,
/// which keeps the version that it came to, the real name of that.
fn meaning<'a>(lockfile: &'a Lockfile, dependency: &'a Dependency) -> &'a str {
    if lockfile.kind != LockfileKind::Pnpm {
        return &dependency.specifier;
    }
    let target = dependency.to.and_then(|to| lockfile.package(to));
    target.map_or("", |target| &*target.name)
}

fn key(package: &Locked) -> Option<Key<'_>> {
    let (hash, _) = written(package)?;
    let is_archive = package.is_from_registry() && !package.is_patched && !package.is_bundled;
    is_archive.then_some((&*package.name, &*package.version, hash))
}

/// What else than the archives decides what packages ask for, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Corrections {
    /// The same, or nothing.
    Same,
    /// What the package manager brings along, and nobody says which version of it wrote the lockfile.
    Unknown,
    /// Another one.
    Others,
}

fn corrections(before: LockedFile<'_>, after: LockedFile<'_>) -> Corrections {
    let sides = [before, after];
    let has_hook = |side: &LockedFile<'_>| {
        let mut records = side.lockfile.records.iter();
        records.any(|record| record.what == RecordKind::PnpmfileHash)
    };
    let extended = sides.map(|side| {
        let records = side.lockfile.records.iter();
        let of_pnpm = records.filter(|record| record.what == RecordKind::ExtensionsHash);
        let of_pnpm = of_pnpm.map(|record| record.value.to_string());
        of_pnpm
            .chain(of_yarn(side.installation))
            .collect::<Vec<_>>()
    });
    let [was, is] = sides.map(|side| {
        let manager = side
            .installation
            .root()
            .and_then(PackageJson::package_manager);
        manager.and_then(Node::as_str)
    });
    // npm, Bun and Yarn 1 correct nothing.
    let corrects = match after.lockfile.kind {
        LockfileKind::Yarn => !after.lockfile.version.is_empty(),
        LockfileKind::Pnpm => true,
        LockfileKind::Npm | LockfileKind::Bun | LockfileKind::BunBinary => false,
    };
    let [were, are] = extended;
    if sides.iter().any(has_hook) || were != are || corrects && was != is {
        Corrections::Others
    } else if corrects && is.is_none() {
        Corrections::Unknown
    } else {
        Corrections::Same
    }
}

/// What Yarn's settings say that changes what packages ask for.
fn of_yarn(installation: &Installation) -> Vec<String> {
    let tree = installation
        .yarn_settings_file()
        .and_then(|file| file.tree());
    let root = tree.and_then(|tree| Some(tree.root(tree.documents().first()?)));
    let keys = ["packageExtensions", "plugins", "yarnPath"];
    let said = keys.map(|key| root.and_then(|root| root.get(key)));
    let texts = said
        .into_iter()
        .map(|node| node.map(|node| node.source().to_owned()));
    texts.map(Option::unwrap_or_default).collect()
}
