//! One side of a comparison.

use crate::packages::graph::{Graph, Installed, Scope};
use crate::packages::lockfile::{Lockfile, LockfileKind};

/// A graph with the lockfile that it was made of.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Who brings what.
    pub graph: &'a Graph,
    /// What is locked.
    pub lockfile: &'a Lockfile,
}

impl<'a> Side<'a> {
    /// A package by its number.
    #[must_use]
    pub fn package(self, number: usize) -> Option<Installed<'a>> {
        (number < self.graph.len()).then(|| Installed::new(self.graph, self.lockfile, number))
    }

    pub(super) fn packages(self) -> impl Iterator<Item = Installed<'a>> {
        self.graph.packages(self.lockfile)
    }

    /// The scope of each package in one workspace; without one, of what none reaches.
    pub(super) fn scopes(self, workspace: Option<usize>) -> Vec<Scope> {
        workspace.map_or_else(Vec::new, |workspace| self.graph.scopes_in(workspace))
    }

    /// What hashes are of: those of one notation can be missed where there were some.
    pub(super) fn notation(self) -> (LockfileKind, bool) {
        let is_first = self.lockfile.version.is_empty();
        let is_yarn = self.lockfile.kind == LockfileKind::Yarn;
        (self.lockfile.kind, is_yarn && is_first)
    }
}
