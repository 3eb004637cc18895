//! One package of a graph, as rules and reports ask for it.

use std::collections::HashSet;
use std::sync::Arc;

use super::climb::{left_out, length};
use super::{Graph, Place, Scope, Want, Workspace, place};
use crate::finding::Location;
use crate::packages::lockfile::{Locked, Lockfile, Source};

/// The longest way that is shown whole.
const MOST_SHOWN: usize = 12;
/// The steps of a longer one that are shown before and behind what is left out.
const SHOWN: (usize, usize) = (4, 7);
/// The most workspaces whose ways are looked at.
const MOST_WORKSPACES: usize = 1_000;
/// How many of those that depend on one entry are looked at for ways.
const MOST_PARENTS: usize = 64;

/// A package: all entries of one name, version and source.
#[derive(Clone, Copy)]
pub struct Installed<'a> {
    graph: &'a Graph,
    lockfile: &'a Lockfile,
    number: usize,
}

impl std::fmt::Debug for Installed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.label())
    }
}

/// One step of a way from a workspace to a package.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Another workspace.
    Workspace(&'a Workspace),
    /// A package.
    Package(Installed<'a>),
    /// So many of them, which are left out of a long way.
    Gap(usize),
}

/// Who brings a package into a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The number of the workspace that gets it.
    pub workspace: usize,
    /// How much that workspace needs it.
    pub scope: Scope,
    /// The entry that brings it: of that workspace, or of another one that it depends on.
    pub want: &'a Want,
    /// How many steps lead from the workspace to the package; 1 where it asks for it itself.
    pub distance: usize,
}

/// How a workspace gets a package without another workspace.
#[derive(Clone, Debug)]
pub struct OwnWay<'a> {
    /// The entry of the workspace that brings it.
    pub want: &'a Want,
    /// From what the workspace asks for to the package itself.
    pub way: Vec<Step<'a>>,
}

/// There are too many workspaces to tell what each has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl<'a> Installed<'a> {
    pub(in crate::packages) fn new(
        graph: &'a Graph,
        lockfile: &'a Lockfile,
        number: usize,
    ) -> Self {
        Self {
            graph,
            lockfile,
            number,
        }
    }

    /// The graph that it is of.
    #[must_use]
    pub fn graph(self) -> &'a Graph {
        self.graph
    }

    /// Its number in the graph: packages are numbered by name, version and source.
    #[must_use]
    pub fn number(self) -> usize {
        self.number
    }

    fn nodes(self) -> std::ops::Range<u32> {
        let nodes = self.graph.packages.get(self.number);
        nodes.cloned().unwrap_or_default()
    }

    /// Its entries.
    pub fn entries(self) -> impl Iterator<Item = &'a Locked> {
        self.nodes().filter_map(move |node| {
            let index = self.graph.nodes.get(node as usize)?;
            self.lockfile.package(*index)
        })
    }

    fn first(self) -> Option<&'a Locked> {
        self.entries().next()
    }

    /// Its real name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.first().map_or("", |locked| &locked.name)
    }

    /// The same, to be shared.
    #[must_use]
    pub fn shared_name(self) -> Arc<str> {
        let name = self.first().map(|locked| Arc::clone(&locked.name));
        name.unwrap_or_else(|| "".into())
    }

    /// Its version; empty where the lockfile says none.
    #[must_use]
    pub fn version(self) -> &'a str {
        self.first().map_or("", |locked| &locked.version)
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(self) -> Option<&'a Source> {
        self.first().map(|locked| &locked.source)
    }

    /// The same, as far as it tells packages apart.
    #[must_use]
    pub fn place(self) -> Place<'a> {
        self.source().map_or(Place::Other(""), place)
    }

    /// The version, or what tells it apart where there is none: a commit, an address, a path.
    #[must_use]
    pub fn release(self) -> &'a str {
        match (self.version(), self.place()) {
            ("", Place::Git(_, Some(commit))) => commit,
            (
                "",
                Place::Git(other, None)
                | Place::Tarball(other)
                | Place::File(other)
                | Place::Folder(other)
                | Place::Workspace(other)
                | Place::Other(other),
            ) => other,
            (version, _) => version,
        }
    }

    /// `name@version`.
    #[must_use]
    pub fn label(self) -> String {
        format!("{}@{}", self.name(), self.release())
    }

    /// True if it comes from a registry, so that advisories and registries may know it.
    #[must_use]
    pub fn is_from_registry(self) -> bool {
        self.first().is_some_and(Locked::is_from_registry)
    }

    /// Where its first entry stands in the lockfile; where there is none, the entry of `package.json` that pins it.
    #[must_use]
    pub fn locked_at(self) -> Location {
        if self.graph.lockfile.is_empty()
            && let Some(origin) = self.origin()
            && let Some(pinned) = self.graph.location(origin.want)
        {
            return pinned;
        }
        let first = self.entries().map(|locked| locked.at).min();
        Location {
            path: Arc::clone(&self.graph.lockfile),
            span: first.unwrap_or_default(),
        }
    }

    /// Where it is needed, over all workspaces.
    #[must_use]
    pub fn scope(self) -> Scope {
        let scope = self.graph.scopes.get(self.number);
        scope.copied().unwrap_or(Scope::Unreached)
    }

    /// Where one workspace needs it.
    #[must_use]
    pub fn scope_in(self, workspace: usize) -> Scope {
        let Some(walk) = self.graph.walk(workspace) else {
            return Scope::Unreached;
        };
        let reached = self
            .nodes()
            .filter(|node| self.graph.is_of(walk, *node, workspace));
        let scopes = reached.map(|node| walk.scope(node));
        scopes.min().unwrap_or(Scope::Unreached)
    }

    /// The workspaces that reach it, with where each needs it.
    pub fn workspaces(self) -> impl Iterator<Item = (usize, Scope)> {
        (0..self.graph.workspaces.len())
            .map(move |workspace| (workspace, self.scope_in(workspace)))
            .filter(|(_, scope)| *scope != Scope::Unreached)
    }

    /// The entry by which a workspace asks for it itself: the weightiest.
    #[must_use]
    pub fn wanted_by(self, workspace: usize) -> Option<&'a Want> {
        let own = self.graph.workspaces.get(workspace)?;
        let number = u32::try_from(self.number).ok()?;
        let first = own.direct.partition_point(|(package, _)| *package < number);
        let (package, want) = own.direct.get(first)?;
        if *package != number {
            return None;
        }
        self.graph.wants.get(*want as usize)
    }

    /// True if a workspace asks for it itself.
    #[must_use]
    pub fn is_direct(self) -> bool {
        (0..self.graph.workspaces.len()).any(|workspace| self.wanted_by(workspace).is_some())
    }

    /// Who brings it into a workspace; none where it does not get there.
    #[must_use]
    pub fn origin_in(self, workspace: usize) -> Option<Origin<'a>> {
        let scope = self.scope_in(workspace);
        if scope == Scope::Unreached {
            return None;
        }
        if let Some(want) = self.wanted_by(workspace) {
            return Some(Origin {
                workspace,
                scope,
                want,
                distance: 1,
            });
        }
        let walk = self.graph.walk(workspace)?;
        let nodes = self
            .nodes()
            .filter(|node| self.graph.is_of(walk, *node, workspace));
        let ways = nodes
            .filter(|node| walk.scope(*node) == scope)
            .map(|node| self.graph.climb(walk, node));
        let way = ways.min_by_key(|way| way.length)?;
        Some(Origin {
            workspace,
            scope,
            want: self.graph.wants.get(way.nearest?)?,
            distance: way.length,
        })
    }

    /// Who brings it in with the greatest weight; of equals, over the shortest way.
    #[must_use]
    pub fn origin(self) -> Option<Origin<'a>> {
        let scope = self.scope();
        let workspaces = self.workspaces().filter(|(_, own)| *own == scope);
        workspaces
            .filter_map(|(workspace, _)| self.origin_in(workspace))
            .min_by_key(|origin| origin.distance)
    }

    /// The line that a person edits: the entry of `package.json` that brings it, else its entry in the lockfile.
    #[must_use]
    pub fn location(self) -> Location {
        self.origin()
            .and_then(|origin| self.graph.location(origin.want))
            .unwrap_or_else(|| self.locked_at())
    }

    /// The same for one workspace.
    #[must_use]
    pub fn location_in(self, workspace: usize) -> Location {
        self.origin_in(workspace)
            .and_then(|origin| self.graph.location(origin.want))
            .unwrap_or_else(|| self.locked_at())
    }

    /// The shortest way on which a workspace gets it without another workspace, with the entry that the way begins with.
    ///
    /// # Errors
    /// Where there are too many workspaces to tell.
    pub fn own_way(self, workspace: usize) -> Result<Option<OwnWay<'a>>, TooMany> {
        let walk = self.graph.alone().get(workspace).ok_or(TooMany)?;
        if walk.starts != (workspace..workspace + 1) {
            return Err(TooMany);
        }
        if let Some(want) = self.wanted_by(workspace) {
            let way = vec![Step::Package(self)];
            return Ok(Some(OwnWay { want, way }));
        }
        let nodes = self.nodes();
        let reached = nodes.filter(|node| walk.scope(*node) != Scope::Unreached);
        let ways = reached.map(|node| (walk.scope(node), self.graph.climb(walk, node)));
        let nearest = ways.min_by_key(|(scope, way)| (*scope, way.length));
        Ok(nearest.and_then(|(_, way)| {
            let want = self.graph.wants.get(way.nearest?)?;
            let steps = way.nodes.into_iter();
            let way = steps.filter_map(|node| self.step(node)).collect();
            Some(OwnWay { want, way })
        }))
    }

    /// True if a workspace gets it without another workspace.
    ///
    /// # Errors
    /// Where there are too many workspaces to tell.
    pub fn is_of_own(self, workspace: usize) -> Result<bool, TooMany> {
        let walk = self.graph.alone().get(workspace).ok_or(TooMany)?;
        if walk.starts != (workspace..workspace + 1) {
            return Err(TooMany);
        }
        let mut nodes = self.nodes();
        Ok(nodes.any(|node| walk.scope(node) != Scope::Unreached))
    }

    /// Ways from a workspace to this package, itself included: what the workspace asks for itself, then those that ship
    /// it, then the shortest; at most so many, and one for each that depends on it. Each follows what gives its last parent the weight that it has.
    #[must_use]
    pub fn paths_in(self, workspace: usize, most: usize) -> Vec<Vec<Step<'a>>> {
        let Some(walk) = self.graph.walk(workspace) else {
            return Vec::new();
        };
        // Each with whether it is one of development alone.
        let mut ways: Vec<(bool, Vec<u32>)> = Vec::new();
        let own = self.nodes();
        if self.wanted_by(workspace).is_some() {
            ways.push((false, vec![own.start]));
        }
        for node in own
            .clone()
            .filter(|node| self.graph.is_of(walk, *node, workspace))
        {
            let is_unshipped = !walk.scope(node).is_shipped();
            ways.push((is_unshipped, self.graph.climb(walk, node).nodes));
            let parents = self.graph.parents.of(node).iter();
            let parents = parents.filter(|parent| {
                let is_start = self.graph.workspace_of(**parent) == Some(workspace);
                !own.contains(*parent) && !is_start && self.graph.is_of(walk, **parent, workspace)
            });
            for parent in parents.take(MOST_PARENTS) {
                let mut way = self.graph.climb(walk, *parent).nodes;
                if !way.iter().any(|step| own.contains(step)) {
                    way.push(node);
                    ways.push((!walk.scope(*parent).is_shipped(), way));
                }
            }
        }
        // By what they say, as one package can lie at several places; what is patched depends on what it is made of.
        let what = |node: u32| match self.graph.package_of.get(node as usize) {
            Some(package) => (false, *package),
            None => (true, node),
        };
        for (_, way) in &mut ways {
            way.dedup_by_key(|node| what(*node));
        }
        let said = |way: &[u32]| way.iter().map(|node| what(*node)).collect::<Vec<_>>();
        // The way of the walk comes first among those of its length.
        let preferred = ways.first().map(|(_, way)| said(way));
        let mut ways: Vec<_> = ways
            .into_iter()
            .map(|(is_unshipped, way)| (is_unshipped, said(&way), way))
            .collect();
        ways.sort_by(|one, other| {
            let later = |said: &Vec<(bool, u32)>| Some(said) != preferred.as_ref();
            let key =
                |way: &(bool, Vec<(bool, u32)>, Vec<u32>)| (way.0, length(&way.2), later(&way.1));
            key(one).cmp(&key(other)).then_with(|| one.1.cmp(&other.1))
        });
        let mut told = HashSet::new();
        ways.retain(|(_, said, _)| told.insert(said.clone()));
        let steps = |way: Vec<u32>| way.into_iter().filter_map(|node| self.step(node)).collect();
        ways.into_iter()
            .take(most)
            .map(|(.., way)| steps(way))
            .collect()
    }

    /// The same over all workspaces, from those that need it most; each way once.
    #[must_use]
    pub fn paths(self, most: usize) -> Vec<Vec<String>> {
        let mut workspaces: Vec<(usize, Scope)> = self.workspaces().collect();
        // The way that the line brings to which the package belongs comes first.
        let origin = self.origin().map(|origin| origin.workspace);
        workspaces.sort_by_key(|(workspace, scope)| (*scope, Some(*workspace) != origin));
        let mut all: Vec<Vec<String>> = Vec::new();
        for (workspace, _) in workspaces.into_iter().take(MOST_WORKSPACES) {
            for way in self.paths_in(workspace, most) {
                let told: Vec<String> = shown(way).iter().map(Step::label).collect();
                if !all.contains(&told) {
                    all.push(told);
                }
            }
            if all.len() >= most {
                break;
            }
        }
        all.truncate(most);
        all
    }

    fn step(self, node: u32) -> Option<Step<'a>> {
        if let Some(count) = left_out(node) {
            return Some(Step::Gap(count));
        }
        if let Some(workspace) = self.graph.workspace_of(node) {
            return self.graph.workspaces.get(workspace).map(Step::Workspace);
        }
        let number = self.graph.package_of.get(node as usize)?;
        Some(Step::Package(Self::new(
            self.graph,
            self.lockfile,
            *number as usize,
        )))
    }
}

/// A way as people are shown it: of a long one the first steps and the last ones, with how many are between.
#[must_use]
pub fn shown(mut way: Vec<Step<'_>>) -> Vec<Step<'_>> {
    let (first, last) = SHOWN;
    if way.len() > MOST_SHOWN {
        let gap = way.iter().position(|step| matches!(step, Step::Gap(_)));
        let first = gap.unwrap_or(first).min(first);
        let left_out = way.splice(first..way.len() - last, []);
        let count = left_out.map(|step| match step {
            Step::Gap(count) => count,
            _ => 1,
        });
        let count = count.sum();
        way.insert(first, Step::Gap(count));
    }
    way
}

impl Step<'_> {
    /// `name@version`; a workspace by its name, or its path where it has none.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Package(package) => package.label(),
            Self::Workspace(workspace) if workspace.name.is_empty() => workspace.path.to_string(),
            Self::Workspace(workspace) => workspace.name.to_string(),
            Self::Gap(count) => format!("… {count} more …"),
        }
    }
}
