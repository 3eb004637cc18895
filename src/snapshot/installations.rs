//! What package managers install from a revision: each lockfile with the `package.json` files that it serves.
//!
//! A lockfile serves the workspaces that it lists, and those that the patterns of its root take in; a nested lockfile
//! wins over one further out. A `package.json` that no lockfile serves is installed by itself: what it pins to one
//! version, and else from whatever the registry offers on that day. What a `package.json` pins and its lockfile does not
//! hold is kept beside that. What is installed already is nobody's, and neither is what tests work on, unless a build of
//! the repository names its folder or a lockfile further out takes it in.
//!
//! A lockfile beside the one that `packageManager` names, or beside a shrinkwrap, is set aside: it holds what whoever calls
//! the other package manager installs, a build perhaps. It is read for what it says itself, and not measured against the `package.json`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use crate::folders::folder;
use crate::kubernetes::kustomization::joined;
use crate::packages::catalogs::Catalogs;
use crate::packages::graph::{Graph, Installed, Member};
use crate::packages::lockfile::{Lockfile, LockfileKind};
use crate::packages::overrides::Override;
use crate::packages::purpose::{is_installed, is_test_data};
use crate::packages::workspaces::Patterns;
use crate::packages::{PackageJson, PnpmWorkspace};

use super::extended::all_additions;
use super::file_kind::FileKind;
use super::installed_folders::named_by_builds;
use super::linking::Linking;
use super::package_managers::{chosen, kind, named_manager};
use super::pins::Pin;
use super::{Snapshot, SourceFile, pins, settings_pins};

/// One lockfile with what it serves, or one root without a lockfile.
#[derive(Debug)]
pub struct Installation {
    /// The folder of the lockfile, or of the root; empty for that of the repository.
    pub folder: Arc<str>,
    /// The lockfile; none where there is none.
    pub file: Option<SourceFile>,
    /// True if `packageManager` names another package manager, whose lockfile is there as well, or a shrinkwrap is there.
    pub is_set_aside: bool,
    /// The workspaces by their paths below the folder; they have the numbers of the graph.
    members: Vec<Served>,
    /// `pnpm-workspace.yaml` of the folder.
    pnpm_workspace: Option<SourceFile>,
    /// `.yarnrc.yml` of the folder.
    yarn_settings: Option<SourceFile>,
    /// `.npmrc` of the folder.
    npm_settings: Option<SourceFile>,
    /// `bunfig.toml` of the folder.
    bun_settings: Option<SourceFile>,
    /// What is pinned, with a lockfile or without one.
    pins: Option<Lockfile>,
    graph: OnceLock<Graph>,
    /// What is pinned and not held by the lockfile, by the files that pin it.
    unmet: OnceLock<Vec<Unmet>>,
}

/// Who pins something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinnedBy {
    /// The entries of workspaces.
    Workspaces,
    /// `package.json` of the root, for all of them.
    Root,
    /// `pnpm-workspace.yaml`.
    PnpmWorkspace,
    /// `.yarnrc.yml`.
    YarnSettings,
}

impl PinnedBy {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [
        Self::Workspaces,
        Self::Root,
        Self::PnpmWorkspace,
        Self::YarnSettings,
    ];
}

/// Pins that a lockfile does not hold.
#[derive(Debug)]
struct Unmet {
    by: PinnedBy,
    pins: Lockfile,
    graph: Graph,
}

/// A workspace as the revision has it.
#[derive(Debug)]
struct Served {
    path: Arc<str>,
    /// Where its `package.json` is, or would be.
    at: Arc<str>,
    file: Option<SourceFile>,
}

impl Served {
    fn package(&self) -> Option<PackageJson<'_>> {
        PackageJson::of(self.file.as_ref()?.tree()?)
    }
}

impl Installation {
    /// The lockfile, where it was read. It may hold problems: see [`Self::is_known`].
    #[must_use]
    pub fn lockfile(&self) -> Option<&Lockfile> {
        self.file.as_ref()?.lockfile()
    }

    /// What is known of what it installs: the lockfile, or what is pinned where there is none. Of pins the spans are
    /// those of some `package.json`.
    #[must_use]
    pub fn resolved(&self) -> Option<&Lockfile> {
        match &self.file {
            Some(_) => self.lockfile(),
            None => self.pins.as_ref(),
        }
    }

    /// The path of the lockfile.
    #[must_use]
    pub fn lockfile_path(&self) -> Option<&Arc<str>> {
        self.file.as_ref().map(|file| &file.path)
    }

    /// True if what it installs is known: there is a lockfile, and it can be read.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.lockfile()
            .is_some_and(|lockfile| !lockfile.is_unreadable())
    }

    /// Who brings what. Without a lockfile it has workspaces and what they ask for, and of packages those that they pin
    /// to one version.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        self.graph.get_or_init(|| {
            if let (Some(lockfile), Some(path)) = (self.lockfile(), self.lockfile_path()) {
                let (additions, members) = (all_additions(self), self.graph_members());
                return Graph::extended(path, lockfile, &members, self.catalogs(), &additions);
            }
            let none = || Lockfile::empty(LockfileKind::Npm, String::new());
            let pins = self
                .resolved()
                .map_or_else(|| Cow::Owned(none()), Cow::Borrowed);
            self.graph_of_pins(&pins)
        })
    }

    fn graph_members(&self) -> Vec<Member<'_>> {
        // Nobody keeps it in step with what the `package.json` files say today.
        let listed = self
            .lockfile()
            .is_some_and(|lockfile| !lockfile.importers.is_empty());
        let speaks_for_itself = self.is_set_aside && listed;
        let members = self.members.iter().map(|served| Member {
            path: Arc::clone(&served.path),
            file: Arc::clone(&served.at),
            package: served.package().filter(|_| !speaks_for_itself),
        });
        members.collect()
    }

    fn graph_of_pins(&self, pins: &Lockfile) -> Graph {
        let members = self.graph_members();
        Graph::of(&Arc::from(""), pins, &members, Catalogs::default())
    }

    /// What its workspaces pin to one version where the lockfile leads them elsewhere, or nowhere: the next install
    /// fetches it, or refuses. They are of a graph of their own, in which workspaces have the numbers that they have in
    /// [`Self::graph`].
    pub fn unmet(&self) -> impl Iterator<Item = Installed<'_>> {
        let unmet = self.unmet_pins();
        unmet.flat_map(|(_, graph, pins)| graph.packages(pins))
    }

    /// The same as graphs, each with who pins it and the lockfile that it was made of.
    pub(super) fn unmet_pins(&self) -> impl Iterator<Item = (PinnedBy, &Graph, &Lockfile)> {
        let unmet = self.unmet.get_or_init(|| {
            let none = Lockfile::empty(LockfileKind::Npm, String::new());
            let mut all = Vec::new();
            let mut put: HashSet<Pin> = HashSet::new();
            for (by, file, pins) in settings_pins::unmet(self) {
                put.extend(pins.packages.iter().map(Pin::of));
                // They are the root's, and stand in no section of it.
                let members = self.graph_members().into_iter().map(|member| Member {
                    package: None,
                    ..member
                });
                let members: Vec<Member<'_>> = members.collect();
                let graph = Graph::of(&file, &pins, &members, Catalogs::default());
                all.push(Unmet { by, pins, graph });
            }
            if let (Some(_), Some(pins)) = (&self.file, &self.pins) {
                let lockfile = self.lockfile().unwrap_or(&none);
                all.extend(pins::unmet(pins, self, lockfile, &put).map(|pins| {
                    let graph = self.graph_of_pins(&pins);
                    let by = PinnedBy::Workspaces;
                    Unmet { by, pins, graph }
                }));
            }
            all
        });
        unmet
            .iter()
            .map(|unmet| (unmet.by, &unmet.graph, &unmet.pins))
    }

    /// What is installed, by name, version and source.
    pub fn packages(&self) -> impl Iterator<Item = Installed<'_>> {
        let lockfile = self.resolved().into_iter();
        lockfile.flat_map(|lockfile| self.graph().packages(lockfile))
    }

    /// Those of [`Self::unmet`] that no entry of the lockfile holds, for whatever workspace.
    pub fn beside(&self) -> impl Iterator<Item = Installed<'_>> {
        self.unmet().filter(|pinned| {
            let mut known = self.named(pinned.name());
            !known.any(|known| known.is_from_registry() && known.version() == pinned.version())
        })
    }

    /// The packages of a name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Installed<'_>> {
        let lockfile = self.resolved().into_iter();
        lockfile.flat_map(move |lockfile| self.graph().named(lockfile, name))
    }

    /// The `package.json` of a workspace, by its number in the graph.
    #[must_use]
    pub fn package_json(&self, workspace: usize) -> Option<PackageJson<'_>> {
        self.members.get(workspace)?.package()
    }

    /// The `package.json` files that are there.
    pub fn package_files(&self) -> impl Iterator<Item = &SourceFile> {
        self.members
            .iter()
            .filter_map(|served| served.file.as_ref())
    }

    /// The `package.json` of the root.
    #[must_use]
    pub fn root(&self) -> Option<PackageJson<'_>> {
        let root = self.members.iter().find(|served| served.path.is_empty())?;
        root.package()
    }

    /// The file of the `package.json` of the root.
    #[must_use]
    pub fn root_file(&self) -> Option<&SourceFile> {
        let root = self.members.iter().find(|served| served.path.is_empty())?;
        root.file.as_ref()
    }

    /// The file `pnpm-workspace.yaml`.
    #[must_use]
    pub fn pnpm_workspace_file(&self) -> Option<&SourceFile> {
        self.pnpm_workspace.as_ref()
    }

    /// The file `.yarnrc.yml`.
    #[must_use]
    pub fn yarn_settings_file(&self) -> Option<&SourceFile> {
        self.yarn_settings.as_ref()
    }

    /// The file `.npmrc`.
    pub(super) fn npm_settings_file(&self) -> Option<&SourceFile> {
        self.npm_settings.as_ref()
    }

    /// The file `bunfig.toml`.
    pub(super) fn bun_settings_file(&self) -> Option<&SourceFile> {
        self.bun_settings.as_ref()
    }

    /// `pnpm-workspace.yaml`.
    #[must_use]
    pub fn pnpm_workspace(&self) -> Option<PnpmWorkspace<'_>> {
        PnpmWorkspace::of(self.pnpm_workspace.as_ref()?.tree()?)
    }

    /// The catalogues that its package manager reads.
    #[must_use]
    pub fn catalogs(&self) -> Catalogs<'_> {
        let of_yarn = || Some(Catalogs::of_yarn(self.yarn_settings.as_ref()?.tree()?));
        let of_pnpm = || Some(Catalogs::of_pnpm(self.pnpm_workspace()?));
        let of_root = || Some(Catalogs::of_root(self.root()?));
        let found = match self.kind() {
            Some(LockfileKind::Pnpm) => of_pnpm(),
            Some(LockfileKind::Yarn) => of_yarn(),
            _ => of_root(),
        };
        found.unwrap_or_default()
    }

    /// The overrides of the root, in `package.json` and `pnpm-workspace.yaml`.
    #[must_use]
    pub fn overrides(&self) -> Vec<Override<'_>> {
        let mut all = self.root().map(PackageJson::overrides).unwrap_or_default();
        let of_workspace = self.pnpm_workspace().map(PnpmWorkspace::overrides);
        all.extend(of_workspace.unwrap_or_default());
        all
    }

    /// Whose lockfile it is.
    #[must_use]
    pub fn kind(&self) -> Option<LockfileKind> {
        kind(self.file.as_ref()?)
    }

    /// True if it is Yarn 1 that installs, by the lockfile or by `packageManager`.
    pub(super) fn is_of_yarn_1(&self) -> bool {
        if let Some(lockfile) = self.lockfile() {
            return lockfile.kind == LockfileKind::Yarn && lockfile.importers.is_empty();
        }
        let named = self.root_file().and_then(named_manager);
        matches!(named, Some((LockfileKind::Yarn, Some(1))))
    }

    /// True if the same bytes stand behind both.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |one: &Option<SourceFile>, other: &Option<SourceFile>| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(&one.state, &other.state),
            (None, None) => true,
            _ => false,
        };
        same(&self.file, &other.file)
            && self.is_set_aside == other.is_set_aside
            && self.members.len() == other.members.len()
            && self
                .members
                .iter()
                .zip(&other.members)
                .all(|(one, other)| one.path == other.path && same(&one.file, &other.file))
    }
}

/// The package files that belong to no installation, as they are data of tests: lockfiles, and what asks for something.
#[must_use]
pub fn left_out(snapshot: &Snapshot) -> Vec<&SourceFile> {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for installation in snapshot.installations() {
        taken.extend(installation.lockfile_path().map(|path| &**path));
        taken.extend(installation.package_files().map(|file| &*file.path));
    }
    let asks = |file: &SourceFile| {
        let package = file.tree().and_then(PackageJson::of);
        package.is_some_and(|package| !package.dependencies().is_empty())
    };
    let files = snapshot.files().iter();
    files
        .filter(|file| is_test_data(&file.path) && !is_installed(&file.path))
        .filter(|file| {
            let is_package = file.kind() == FileKind::PackageJson && asks(file);
            is_package || kind(file).is_some()
        })
        .filter(|file| !taken.contains(&*file.path))
        .collect()
}

/// The installations of a revision, by folder.
#[must_use]
pub(super) fn of(snapshot: &Snapshot) -> Vec<Installation> {
    let mut finder = Finder::new(snapshot);
    let mut all = Vec::new();
    // The innermost first: what it serves, no other one takes in by a pattern.
    for (folder, lockfiles) in finder.lockfiles().into_iter().rev() {
        let root = finder.packages.get(folder).copied();
        let (used, set_aside) = chosen(&lockfiles, root);
        let aside = set_aside.into_iter().map(|file| Installation {
            is_set_aside: true,
            pins: None,
            ..finder.locked(folder, file)
        });
        let aside: Vec<Installation> = aside.collect();
        let taken: Vec<Installation> = used
            .into_iter()
            .map(|file| finder.locked(folder, file))
            .collect();
        for installation in &taken {
            finder.claim(installation);
        }
        all.extend(aside);
        all.extend(taken);
    }
    let folders: Vec<&str> = finder.packages.keys().copied().collect();
    for folder in folders {
        if let Some(installation) = finder.unlocked(folder) {
            finder.claim(&installation);
            all.push(installation);
        }
    }
    all.sort_by(|one, other| {
        let key = |of: &Installation| (Arc::clone(&of.folder), of.lockfile_path().cloned());
        key(one).cmp(&key(other))
    });
    all
}

struct Finder<'a> {
    snapshot: &'a Snapshot,
    /// The `package.json` files by folder.
    packages: BTreeMap<&'a str, &'a SourceFile>,
    /// The folders whose `package.json` is served already.
    claimed: BTreeSet<String>,
    /// The folders of test data that builds name.
    named_by_builds: BTreeSet<String>,
}

impl<'a> Finder<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let files = snapshot.files().iter();
        let packages = files
            .filter(|file| file.kind() == FileKind::PackageJson && !is_installed(&file.path))
            .map(|file| (file.folder(), file));
        Self {
            snapshot,
            packages: packages.collect(),
            claimed: BTreeSet::new(),
            named_by_builds: named_by_builds(snapshot),
        }
    }

    fn lockfiles(&self) -> BTreeMap<&'a str, Vec<&'a SourceFile>> {
        let mut all: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
        for file in self.snapshot.files() {
            let counts = !is_installed(&file.path) && !self.is_left_out(file);
            if counts && kind(file).is_some() {
                all.entry(file.folder()).or_default().push(file);
            }
        }
        all
    }

    /// True for data of tests that no build names.
    fn is_left_out(&self, file: &SourceFile) -> bool {
        is_test_data(&file.path) && !self.named_by_builds.contains(file.folder())
    }

    fn claim(&mut self, installation: &Installation) {
        for served in &installation.members {
            self.claimed.insert(folder(&served.at).to_owned());
        }
    }

    fn locked(&self, folder: &str, file: &SourceFile) -> Installation {
        let mut paths: BTreeSet<String> = BTreeSet::new();
        if let Some(lockfile) = file.lockfile() {
            paths.extend(
                lockfile
                    .importers
                    .iter()
                    .map(|importer| importer.path.to_string()),
            );
        }
        paths.extend(self.taken_in(folder, kind(file)));
        let mut installation = Installation {
            file: Some(file.clone()),
            ..self.installation(folder, paths)
        };
        installation.pins = Some(pins_of(&installation));
        installation
    }

    /// What no lockfile serves, and what depends on something.
    fn unlocked(&self, folder: &str) -> Option<Installation> {
        let file = self.packages.get(folder)?;
        if self.claimed.contains(folder) || self.is_left_out(file) {
            return None;
        }
        let kind = self
            .file(folder, "pnpm-workspace.yaml")
            .map(|_| LockfileKind::Pnpm);
        let mut installation = self.installation(folder, self.taken_in(folder, kind));
        let asks = installation.members.iter().any(|served| {
            let package = served.package();
            package.is_some_and(|package| !package.dependencies().is_empty())
        });
        if !asks && settings_pins::own_packages(&installation).next().is_none() {
            return None;
        }
        installation.pins = Some(pins_of(&installation));
        Some(installation)
    }

    fn file(&self, folder: &str, name: &str) -> Option<&'a SourceFile> {
        self.snapshot.file(&below(folder, name))
    }

    /// The root, and the folders below it that its patterns take in and that nothing else serves.
    fn taken_in(&self, folder: &str, kind: Option<LockfileKind>) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        if self.packages.contains_key(folder) {
            paths.insert(String::new());
        }
        let patterns = self.patterns(folder, kind);
        if patterns.is_empty() {
            return paths;
        }
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let all = self.packages.range(&*prefix..);
        let inside = all.map_while(|(other, _)| other.strip_prefix(&*prefix));
        let taken = inside.filter(|path| {
            !path.is_empty() && patterns.hold(path) && !self.claimed.contains(&below(folder, path))
        });
        paths.extend(taken.map(str::to_owned));
        paths
    }

    fn patterns(&self, folder: &str, kind: Option<LockfileKind>) -> Patterns {
        if kind == Some(LockfileKind::Pnpm) {
            let tree = self
                .file(folder, "pnpm-workspace.yaml")
                .and_then(SourceFile::tree);
            let packages = tree
                .and_then(PnpmWorkspace::of)
                .into_iter()
                .flat_map(PnpmWorkspace::packages);
            return Patterns::of(packages.filter_map(crate::syntax::Node::as_str));
        }
        let tree = self.packages.get(folder).and_then(|file| file.tree());
        let workspaces = tree
            .and_then(PackageJson::of)
            .into_iter()
            .flat_map(PackageJson::workspaces);
        Patterns::of(workspaces.filter_map(crate::syntax::Node::as_str))
    }

    fn installation(&self, folder: &str, paths: BTreeSet<String>) -> Installation {
        let members = paths.into_iter().map(|path| {
            let inside = joined(folder, &path);
            let file = inside
                .as_deref()
                .and_then(|inside| self.packages.get(inside))
                .map(|file| SourceFile::clone(file));
            let at = file.as_ref().map_or_else(
                || below(inside.as_deref().unwrap_or(&path), "package.json").into(),
                |file| Arc::clone(&file.path),
            );
            Served {
                path: path.into(),
                at,
                file,
            }
        });
        Installation {
            folder: folder.into(),
            file: None,
            is_set_aside: false,
            members: members.collect(),
            pnpm_workspace: self.file(folder, "pnpm-workspace.yaml").cloned(),
            yarn_settings: self.file(folder, ".yarnrc.yml").cloned(),
            npm_settings: self.file(folder, ".npmrc").cloned(),
            bun_settings: self.file(folder, "bunfig.toml").cloned(),
            pins: None,
            graph: OnceLock::new(),
            unmet: OnceLock::new(),
        }
    }
}

fn pins_of(installation: &Installation) -> Lockfile {
    let members = installation.members.iter();
    let members: Vec<_> = members
        .map(|served| (&served.path, served.package()))
        .collect();
    let named = installation.root_file().and_then(named_manager);
    let reading = pins::Reading {
        kind: installation.kind().or(named.map(|(kind, _)| kind)),
        is_classic: installation.is_of_yarn_1(),
        linking: Linking::of(installation),
        overrides: installation.overrides(),
        catalogs: installation.catalogs(),
    };
    pins::of(&members, &reading)
}

/// A path below a folder.
fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    }
}
