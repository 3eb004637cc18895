//! Who asked for a package to come from elsewhere than a registry.
//!
//! By the `package.json` files, the overrides and the catalogues of a revision, never by what its lockfile repeats of
//! them: the lockfile is what is judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::packages::PackageJson;
use crate::packages::graph::{Installed, Want};
use crate::packages::lockfile::{Locked, Source};
use crate::packages::overrides::Replacement;
use crate::packages::relative_path::joined;
use crate::packages::specifier::Specifier;
use crate::packages::workspaces::Patterns;
use crate::syntax::Node;

use super::locked::LockedFile;

/// What is asked for beside versions of registries.
#[derive(Debug)]
pub struct AskedSources<'a> {
    locked: LockedFile<'a>,
    /// Names, and the packages that they lead to, for which a repository or an address is asked.
    exotic: Names,
    /// The same for folders and archives of the repository.
    local: Names,
    /// Folders and archives that are asked for, below the folder of the lockfile.
    paths: BTreeSet<String>,
    /// The patterns of workspaces, each with the folder that they start from.
    workspaces: Vec<(String, Patterns)>,
    /// True if something may ask that cannot be read.
    is_unclear: bool,
}

#[derive(Debug, Default)]
struct Names {
    names: BTreeSet<String>,
    packages: BTreeSet<usize>,
}

impl<'a> AskedSources<'a> {
    /// What the files around a lockfile ask for.
    #[must_use]
    pub fn of(locked: LockedFile<'a>) -> Self {
        let installation = locked.installation;
        let is_changed_by_code = locked.lockfile.is_changed_by_code();
        let mut asked = Self {
            locked,
            exotic: Names::default(),
            local: Names::default(),
            paths: BTreeSet::new(),
            workspaces: Vec::new(),
            is_unclear: installation.root().is_none() || is_changed_by_code,
        };
        let graph = installation.graph();
        for (number, workspace) in graph.workspaces().iter().enumerate() {
            let package = installation.package_json(number);
            let patterns = package.into_iter().flat_map(PackageJson::workspaces);
            asked.add_workspaces(&workspace.path, patterns);
            for want in graph.wants(number) {
                asked.add_want(&workspace.path, want);
            }
        }
        if let Some(workspace) = installation.pnpm_workspace() {
            asked.add_workspaces("", workspace.packages());
        }
        asked.add_overrides();
        asked
    }

    /// True if somebody asks for a repository or an address in the place of a package.
    #[must_use]
    pub fn is_exotic_asked(&self, package: &Locked) -> bool {
        self.exotic.hold(self.locked, package)
    }

    /// Where a package lies in the repository, if nobody asks for that: it is no workspace, and no specifier leads to it.
    #[must_use]
    pub fn unasked_path<'p>(&self, package: &'p Locked) -> Option<&'p str> {
        let (Source::File(path) | Source::Folder(path) | Source::Workspace(path)) = &package.source
        else {
            return None;
        };
        let is_asked = self.is_unclear
            || path.is_empty()
            || self.is_workspace(path)
            || self.paths.contains(&joined("", path))
            || self.local.hold(self.locked, package);
        (!is_asked).then_some(path)
    }

    fn is_workspace(&self, path: &str) -> bool {
        self.workspaces.iter().any(|(folder, patterns)| {
            let below = if folder.is_empty() {
                Some(path)
            } else {
                path.strip_prefix(&**folder)
                    .and_then(|rest| rest.strip_prefix('/'))
            };
            below.is_some_and(|below| patterns.hold(below))
        })
    }

    fn add_workspaces<'n>(&mut self, folder: &str, patterns: impl Iterator<Item = Node<'n>>) {
        let patterns = Patterns::of(patterns.filter_map(Node::as_str));
        if !patterns.is_empty() {
            self.workspaces.push((folder.to_owned(), patterns));
        }
    }

    fn add_want(&mut self, folder: &str, want: &Want) {
        let graph = self.locked.installation.graph();
        let target = graph.target(self.locked.lockfile, want);
        let target = target.map(Installed::number);
        self.add(folder, &want.name, want.specifier(), target);
    }

    fn add(&mut self, folder: &str, name: &str, written: &str, target: Option<usize>) {
        let mut specifier = Specifier::parse(written);
        if let Specifier::Catalog(catalog) = specifier {
            let catalogs = self.locked.installation.catalogs();
            let entry = catalogs.entry(catalog, name);
            let Some(written) = entry.and_then(|entry| entry.value.as_str()) else {
                return;
            };
            specifier = Specifier::parse(written);
        }
        if let Specifier::Folder(path) | Specifier::File(path) = &specifier {
            let path = path.strip_prefix("~/").unwrap_or(path);
            self.paths.insert(joined(folder, path));
        }
        let names = if specifier.is_exotic() {
            &mut self.exotic
        } else if specifier.is_local() {
            &mut self.local
        } else {
            return;
        };
        names.names.insert(name.to_owned());
        names.packages.extend(target);
    }

    fn add_overrides(&mut self) {
        let graph = self.locked.installation.graph();
        let wants = graph.wants_of_root();
        let wanted: BTreeMap<&str, &str> = wants
            .iter()
            .map(|want| (&*want.name, want.specifier()))
            .collect();
        for one in self.locked.installation.overrides() {
            let written = match one.replacement {
                Replacement::Specifier(written) => Some(written),
                Replacement::OfRoot(name) => wanted.get(name).copied(),
                Replacement::Nothing => None,
            };
            if let Some(written) = written {
                self.add("", one.package.name, written, None);
            }
        }
    }
}

impl Names {
    fn hold(&self, locked: LockedFile<'_>, package: &Locked) -> bool {
        self.names.contains(&*package.name)
            || !self.packages.is_empty()
                && locked
                    .installed(package)
                    .is_some_and(|installed| self.packages.contains(&installed.number()))
    }
}
