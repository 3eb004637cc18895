//! `pnpm-workspace.yaml`: which folders are workspaces, and what their specifiers mean.

use crate::syntax::{Node, Tree};

/// A view of a `pnpm-workspace.yaml`.
#[derive(Clone, Copy, Debug)]
pub struct PnpmWorkspace<'a> {
    pub(super) root: Node<'a>,
}

impl<'a> PnpmWorkspace<'a> {
    /// The view, where the file holds one mapping.
    #[must_use]
    pub fn of(tree: &'a Tree) -> Option<Self> {
        let root = tree.root(tree.documents().first()?);
        root.is_mapping().then_some(Self { root })
    }

    /// The patterns of the workspaces' folders.
    pub fn packages(self) -> impl Iterator<Item = Node<'a>> {
        let written = self.root.get("packages");
        let patterns = written.into_iter().flat_map(Node::items);
        patterns.filter(|pattern| pattern.as_str().is_some())
    }

    /// True if it names packages that pnpm installs for itself, before all others (`configDependencies`).
    #[must_use]
    pub fn has_own_packages(self) -> bool {
        self.root.get("configDependencies").is_some()
    }

    /// `onlyBuiltDependencies`: the packages that may run their scripts.
    pub fn only_built_dependencies(self) -> impl Iterator<Item = Node<'a>> {
        let listed = self.root.get("onlyBuiltDependencies");
        listed.into_iter().flat_map(Node::items)
    }
}
