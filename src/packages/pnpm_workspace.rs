//! `pnpm-workspace.yaml`: which folders are workspaces, and what their specifiers mean.

use crate::syntax::{Entry, Node, Span, Tree};

/// Why a file that is well written is no `pnpm-workspace.yaml`, and where; none where it is one, or empty.
#[must_use]
pub fn refusal(tree: &Tree) -> Option<(String, Span)> {
    let root = tree.root(tree.documents().first()?);
    let is_other = root.is_sequence() || root.as_str().is_some_and(|text| !text.is_empty());
    is_other.then(|| ("it holds no mapping".to_owned(), root.span()))
}

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

    /// `configDependencies`: what pnpm installs before everything else, and reads settings and hooks from.
    pub fn config_dependencies(self) -> impl Iterator<Item = Entry<'a>> {
        let mapping = self.root.get("configDependencies").into_iter();
        mapping.flat_map(Node::entries)
    }

    /// `onlyBuiltDependencies`: the packages that may run their scripts.
    pub fn only_built_dependencies(self) -> impl Iterator<Item = Node<'a>> {
        let listed = self.root.get("onlyBuiltDependencies");
        listed.into_iter().flat_map(Node::items)
    }
}

/// What pnpm asks a registry for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served<'a> {
    /// Names that nothing else is said of.
    Default,
    /// The names of a scope, which begins with `@`.
    Scope(&'a str),
    /// What is asked for as `PREFIX:…`.
    Prefix(&'a str),
}

/// What one registry serves.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// What it serves.
    pub served: Served<'a>,
    /// Its address.
    pub url: &'a str,
    /// Where that is said.
    pub at: Span,
}

/// What `registries` says, in both of its notations: by scope, each with an address, and (from pnpm 11.23 on) by address,
/// each with `scopes` and a `prefix`. The scope `@` alone is that of names without one.
/// <https://pnpm.io/registries>, <https://pnpm.io/settings#registries>
pub fn routes(registries: Node<'_>) -> impl Iterator<Item = Route<'_>> {
    registries.entries().flat_map(|entry| {
        let (key, value) = (entry.key.key_text(), entry.value);
        let by_scope = value.as_str().and_then(|url| {
            Some(Route {
                served: served(key)?,
                url,
                at: entry.key.span(),
            })
        });
        let route = move |served, node: Node<'_>| Route {
            served,
            url: key,
            at: node.span(),
        };
        let scopes = value.get("scopes").into_iter().flat_map(Node::items);
        let scopes = scopes.filter_map(move |node| Some(route(served(node.as_str()?)?, node)));
        let prefix = value.get("prefix").and_then(|node| {
            let prefix = node.as_str().filter(|prefix| !prefix.is_empty())?;
            Some(route(Served::Prefix(prefix), node))
        });
        by_scope.into_iter().chain(scopes).chain(prefix)
    })
}

fn served(scope: &str) -> Option<Served<'_>> {
    match scope {
        "default" | "@" => Some(Served::Default),
        scope => scope.starts_with('@').then_some(Served::Scope(scope)),
    }
}
