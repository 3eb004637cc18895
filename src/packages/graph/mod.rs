//! What an installation holds, and who brings it: a lockfile joined with the `package.json` files that it serves.
//!
//! Scopes come from reachability, workspace by workspace, and never from the marks of a lockfile; parents come from
//! what depends on what, and never from where something is installed. Entries of one name, version and source are one
//! package. Numbers follow the order of names, so that nothing depends on the order in which a lockfile is written.

mod build;
mod climb;
mod edges;
mod installed;
mod order;
mod resolutions;
mod walk;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::catalogs::Catalogs;
use super::extensions::Addition;
use super::lockfile::{Lockfile, PackageIndex, Section};
use super::package_json::PackageJson;
use crate::finding::Location;
use crate::folders::folder;
use crate::syntax::Span;

use edges::Edges;
use walk::Walk;

pub use installed::{Installed, Origin, OwnWay, Step, TooMany, shown};
pub use order::{Place, place};

/// Where a package is needed. The order is that of weight: a package has the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// It runs in production.
    Production,
    /// A peer of what runs in production.
    Peer,
    /// An optional part of what runs in production.
    Optional,
    /// Development alone needs it.
    Development,
    /// The package manager alone needs it.
    Environment,
    /// No workspace leads to it.
    Unreached,
}

impl Scope {
    /// All of them, by weight.
    pub const ALL: [Self; 6] = [
        Self::Production,
        Self::Peer,
        Self::Optional,
        Self::Development,
        Self::Environment,
        Self::Unreached,
    ];

    /// The word used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Peer => "peer",
            Self::Optional => "optional",
            Self::Development => "development",
            Self::Environment => "environment",
            Self::Unreached => "unreached",
        }
    }

    /// True if production may get it.
    #[must_use]
    pub fn is_shipped(self) -> bool {
        self <= Self::Optional
    }

    /// What a section asks for.
    #[must_use]
    pub fn of(section: Section) -> Self {
        match section {
            Section::Production => Self::Production,
            Section::Peer => Self::Peer,
            Section::Optional => Self::Optional,
            Section::Development => Self::Development,
            Section::Environment => Self::Environment,
        }
    }
}

/// A workspace, or the root, as it goes into a graph.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Its path below the lockfile's folder; empty for the root. It may lead out with `../`.
    pub path: Arc<str>,
    /// The path of its `package.json` in the revision, whether it is there or not.
    pub file: Arc<str>,
    /// What that says; none where it is missing or cannot be read.
    pub package: Option<PackageJson<'a>>,
}

/// What a graph keeps of a workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its path below the lockfile's folder; empty for the root.
    pub path: Arc<str>,
    /// The path of its `package.json` in the revision.
    pub file: Arc<str>,
    /// Its name; empty where nothing says it.
    pub name: Arc<str>,
    /// True if the lockfile lists it. Never, where the notation lists none (Yarn 1, npm's version 1).
    pub is_listed: bool,
    wants: Range<usize>,
    /// The packages that it asks for itself, each with the want, in order.
    direct: Vec<(u32, u32)>,
}

impl Workspace {
    /// Its folder in the revision; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        folder(&self.file)
    }
}

/// What a workspace asks for, by its `package.json`, by the lockfile, or by both.
#[derive(Clone, Debug)]
pub struct Want {
    /// The number of the workspace.
    pub workspace: usize,
    /// The name that it is installed under.
    pub name: Arc<str>,
    /// The section: of the lockfile, where it says so.
    pub section: Section,
    /// The entry of `package.json`; none where only the lockfile has it.
    pub declared: Option<Declaration>,
    /// What the lockfile repeats of it; none where the lockfile does not know it, or repeats nothing.
    pub listed: Option<Listing>,
    /// What it leads to.
    target: Option<u32>,
}

/// An entry of `package.json`.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The specifier as written.
    pub specifier: Box<str>,
    /// The section it stands in.
    pub section: Section,
    /// Key and value.
    pub at: Span,
    /// The value alone: what an edit replaces.
    pub value: Span,
}

/// An entry of the lockfile's importer.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The specifier as the lockfile repeats it; none where it does not.
    pub specifier: Option<Box<str>>,
    /// Where.
    pub at: Span,
}

impl Want {
    /// The specifier: of `package.json`, else of the lockfile.
    #[must_use]
    pub fn specifier(&self) -> &str {
        let declared = self.declared.as_ref().map(|declared| &*declared.specifier);
        let listed = || self.listed.as_ref()?.specifier.as_deref();
        declared.or_else(listed).unwrap_or_default()
    }

    /// True if the lockfile holds what it asks for, or if it is a workspace.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.target.is_some()
    }
}

/// Who brings what in one installation. It holds numbers; the lockfile that it was made of holds the words.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The path of the lockfile.
    lockfile: Arc<str>,
    workspaces: Vec<Workspace>,
    wants: Vec<Want>,
    /// The entry of each node. Behind them come the workspaces, which are nodes as well.
    nodes: Vec<PackageIndex>,
    /// The nodes of each package.
    packages: Vec<Range<u32>>,
    /// The package of each node that is an entry.
    package_of: Vec<u32>,
    /// What a node depends on.
    edges: Edges,
    /// How much, beside `edges`.
    needs: Edges,
    /// What depends on a node.
    parents: Edges,
    walks: Vec<Walk>,
    /// The walk that covers a workspace.
    walk_of: Vec<usize>,
    /// The walks that cross no other workspace, once they are asked for.
    alone: OnceLock<Vec<Walk>>,
    /// The scope of each package over all workspaces.
    scopes: Vec<Scope>,
}

impl Graph {
    /// Joins a lockfile with the `package.json` files that it serves. `path` is where the lockfile lies; the catalogues
    /// are those that its package manager reads.
    #[must_use]
    pub fn of(
        path: &Arc<str>,
        lockfile: &Lockfile,
        members: &[Member<'_>],
        catalogs: Catalogs<'_>,
    ) -> Self {
        build::graph(path, lockfile, members, catalogs, &[])
    }

    /// The same with what the repository adds to packages.
    #[must_use]
    pub fn extended(
        path: &Arc<str>,
        lockfile: &Lockfile,
        members: &[Member<'_>],
        catalogs: Catalogs<'_>,
        additions: &[Addition<'_>],
    ) -> Self {
        build::graph(path, lockfile, members, catalogs, additions)
    }

    /// The workspaces, by path.
    #[must_use]
    pub fn workspaces(&self) -> &[Workspace] {
        &self.workspaces
    }

    /// What a workspace asks for, by section and name.
    #[must_use]
    pub fn wants(&self, workspace: usize) -> &[Want] {
        let range = self.workspaces.get(workspace).map(|own| own.wants.clone());
        range
            .and_then(|range| self.wants.get(range))
            .unwrap_or_default()
    }

    /// The same of the root; nothing where it is no workspace.
    #[must_use]
    pub fn wants_of_root(&self) -> &[Want] {
        let mut workspaces = self.workspaces.iter();
        let root = workspaces.position(|own| own.path.is_empty());
        root.map(|root| self.wants(root)).unwrap_or_default()
    }

    /// How many packages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// The packages, by name, version and source; `lockfile` must be the one that the graph was made of. Workspaces
    /// are none.
    pub fn packages<'a>(&'a self, lockfile: &'a Lockfile) -> impl Iterator<Item = Installed<'a>> {
        (0..self.packages.len()).map(move |number| Installed::new(self, lockfile, number))
    }

    /// Whether some packages lead to each package, or are it, by the numbers of packages.
    #[must_use]
    pub fn below(&self, from: impl Iterator<Item = usize>) -> Vec<bool> {
        let nodes = from.filter_map(|number| self.packages.get(number).cloned());
        let mut open: Vec<u32> = nodes.flatten().collect();
        let mut seen = vec![false; self.nodes.len()];
        let mut below = vec![false; self.packages.len()];
        while let Some(node) = open.pop() {
            // Behind the entries there are workspaces, which are installed whoever asks for them.
            let Some(seen) = seen.get_mut(node as usize) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            let package = self.package_of.get(node as usize);
            if let Some(slot) = package.and_then(|package| below.get_mut(*package as usize)) {
                *slot = true;
            }
            open.extend(self.edges.of(node));
        }
        below
    }

    /// The packages of a name.
    pub fn named<'a>(
        &'a self,
        lockfile: &'a Lockfile,
        name: &str,
    ) -> impl Iterator<Item = Installed<'a>> {
        let of = move |number| Installed::new(self, lockfile, number);
        let first = order::first_without(self.packages.len(), |number| of(number).name() < name);
        (first..self.packages.len())
            .map(of)
            .take_while(move |package| package.name() == name)
    }

    /// The package that a want leads to; none where it leads nowhere, or to a workspace.
    #[must_use]
    pub fn target<'a>(&'a self, lockfile: &'a Lockfile, want: &Want) -> Option<Installed<'a>> {
        let number = self.package_of.get(want.target? as usize)?;
        Some(Installed::new(self, lockfile, *number as usize))
    }

    /// Where a person edits what a want asks for: the line of `package.json`, else that of the lockfile.
    #[must_use]
    pub fn location(&self, want: &Want) -> Option<Location> {
        if let Some(declared) = &want.declared {
            let workspace = self.workspaces.get(want.workspace)?;
            return Some(Location {
                path: Arc::clone(&workspace.file),
                span: declared.at,
            });
        }
        Some(Location {
            path: Arc::clone(&self.lockfile),
            span: want.listed.as_ref()?.at,
        })
    }

    /// Where one workspace needs each package.
    #[must_use]
    pub fn scopes_in(&self, workspace: usize) -> Vec<Scope> {
        let mut scopes = vec![Scope::Unreached; self.packages.len()];
        let Some(walk) = self.walk(workspace) else {
            return scopes;
        };
        for (node, package) in (0u32..).zip(&self.package_of) {
            if self.is_of(walk, node, workspace)
                && let Some(scope) = scopes.get_mut(*package as usize)
            {
                *scope = walk.scope(node).min(*scope);
            }
        }
        scopes
    }

    /// The workspace that a node stands for.
    fn workspace_of(&self, node: u32) -> Option<usize> {
        let number = (node as usize).checked_sub(self.nodes.len())?;
        (number < self.workspaces.len()).then_some(number)
    }
}

#[cfg(test)]
mod tests;
