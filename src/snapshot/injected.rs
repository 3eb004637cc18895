//! Dependencies that an entry of a lockfile has only now, although it stands for the same bytes as before.
//!
//! What a package asks for is written in its archive. Where the hash stays, only what the repository says of it can change
//! that: overrides lead what it asks for elsewhere, extensions of this package add to it, hooks and plugins do both, and so
//! does another version of the package manager, which knows other corrections of published packages.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::packages::PackageJson;
use crate::packages::extensions::{self, Extension};
use crate::packages::lockfile::integrity::written;
use crate::packages::lockfile::{Dependency, Locked, Lockfile, LockfileKind, Need, RecordKind};
use crate::packages::specifier::Specifier;
use crate::syntax::Node;

use super::explained::Explained;
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
    /// Who may have written it beside somebody who edits the lockfile.
    pub doubt: Option<Doubt>,
}

/// Why a package manager may have written what the archive does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It corrects what packages ask for, and nothing says which version of it wrote the lockfile.
    Unnamed,
    /// It corrects what packages ask for, and the change takes another version of it.
    Replaced,
    /// Extensions changed that nobody sees here.
    Extended,
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
    if is_open(before, after) {
        return Vec::new();
    }
    let doubt = doubt(before, after);
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
    let explained = Explained::of(before, after);
    let mut told = HashSet::new();
    let mut found = Vec::new();
    for package in &new.packages {
        let Some((key, needs)) = key(package).and_then(|key| Some((key, known.get(&key)?))) else {
            continue;
        };
        for dependency in &package.dependencies {
            // Which peers are declared, the archive says as well; what they lead to, who uses it.
            let is_peer = matches!(dependency.need, Need::Peer | Need::OptionalPeer);
            let name = &*dependency.name;
            let is_left_to_others = dependency.need == Need::Optional && explained.left_out(name);
            let after = meaning(new, dependency);
            let ways = needs.get(name);
            let is_known =
                ways.is_some_and(|ways| is_peer || after.is_empty() || ways.contains(after));
            if is_left_to_others || is_known {
                continue;
            }
            let real = real(new, dependency);
            let is_explained = match ways {
                Some(_) => explained.leads(package, dependency, real),
                None => explained.adds(package, dependency, real),
            };
            if is_explained || !told.insert((key, name)) {
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
                doubt: doubt.filter(|_| before.is_none()),
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

/// The real name of what a dependency leads to.
fn real<'a>(lockfile: &'a Lockfile, dependency: &'a Dependency) -> &'a str {
    let target = dependency.to.and_then(|to| lockfile.package(to));
    match (target, Specifier::parse(&dependency.specifier)) {
        (Some(target), _) => &target.name,
        (None, Specifier::Alias { name, .. }) => name,
        (None, _) => &dependency.name,
    }
}

fn key(package: &Locked) -> Option<Key<'_>> {
    let (hash, _) = written(package)?;
    let is_archive = package.is_from_registry() && !package.is_patched && !package.is_bundled;
    is_archive.then_some((&*package.name, &*package.version, hash))
}

/// True if code of the repository that decides what packages ask for changes, or begins or ceases to. The same code says
/// the same of the same bytes.
fn is_open(before: LockedFile<'_>, after: LockedFile<'_>) -> bool {
    let [was, is] = [before, after].map(|side| record(side, RecordKind::PnpmfileHash));
    let [were, are] = [before, after].map(|side| yarn_setting(side.installation, "plugins"));
    was != is || were != are
}

/// The value of the record of a kind.
fn record(locked: LockedFile<'_>, what: RecordKind) -> Option<&str> {
    let found = locked.lockfile.record(what);
    found.map(|record| &*record.value)
}

/// Why what is new need not be somebody's edit. npm, Bun and Yarn 1 correct nothing.
fn doubt(before: LockedFile<'_>, after: LockedFile<'_>) -> Option<Doubt> {
    let corrects = match after.lockfile.kind {
        LockfileKind::Yarn => !after.lockfile.version.is_empty(),
        LockfileKind::Pnpm => true,
        LockfileKind::Npm | LockfileKind::Bun | LockfileKind::BunBinary => false,
    };
    if !corrects {
        return None;
    }
    let sides = [before, after];
    let [was, is] = sides.map(|side| {
        let manager = side
            .installation
            .root()
            .and_then(PackageJson::package_manager);
        manager.and_then(Node::as_str)
    });
    let [program, other] = sides.map(|side| yarn_setting(side.installation, "yarnPath"));
    let [hash, other_hash] = sides.map(|side| record(side, RecordKind::ExtensionsHash));
    if was != is || program != other {
        Some(Doubt::Replaced)
    } else if hash != other_hash && !is_extended_in_sight(before, after) {
        Some(Doubt::Extended)
    } else {
        is.is_none().then_some(Doubt::Unnamed)
    }
}

/// True if the change changes extensions of packages.
fn is_extended_in_sight(before: LockedFile<'_>, after: LockedFile<'_>) -> bool {
    let [were, are] = [before, after].map(|side| extensions_of(side.installation));
    were != are
}

fn extensions_of(installation: &Installation) -> BTreeSet<Extension<'_>> {
    match installation.kind() {
        Some(LockfileKind::Yarn) => {
            let settings = installation.yarn_settings_file();
            let settings = settings.and_then(|file| file.tree());
            settings.into_iter().flat_map(extensions::of_yarn).collect()
        }
        Some(LockfileKind::Pnpm) => {
            let (root, workspace) = (installation.root(), installation.pnpm_workspace());
            extensions::of_pnpm(root, workspace).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// A setting of Yarn as it is written.
fn yarn_setting<'a>(installation: &'a Installation, key: &str) -> Option<&'a str> {
    let tree = installation.yarn_settings_file()?.tree()?;
    let root = tree.root(tree.documents().first()?);
    Some(root.get(key)?.source())
}
