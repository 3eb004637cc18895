//! `pnpm-workspace.yaml`: which folders are workspaces, and what their specifiers mean.

use crate::syntax::{Node, Span, Tree};

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
    pub fn config_dependencies(self) -> impl Iterator<Item = ConfigDependency<'a>> {
        config_dependencies(self.root)
    }

    /// `ignoredOptionalDependencies`: patterns of names that are left out where they are optional.
    pub fn ignored_optional(self) -> impl Iterator<Item = &'a str> {
        ignored_optional(self.root)
    }

    /// A setting by its name.
    #[must_use]
    pub fn setting(self, name: &str) -> Option<Node<'a>> {
        self.root.get(name)
    }

    /// `onlyBuiltDependencies`: the packages that may run their scripts.
    pub fn only_built_dependencies(self) -> impl Iterator<Item = Node<'a>> {
        let listed = self.root.get("onlyBuiltDependencies");
        listed.into_iter().flat_map(Node::items)
    }
}

/// A package that pnpm installs for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigDependency<'a> {
    /// The name that it is installed under.
    pub name: &'a str,
    /// The version; from pnpm 11 on it may be a range.
    pub version: &'a str,
    /// The address of its archive, where that is not the registry's usual one.
    pub tarball: Option<&'a str>,
    /// Key and value.
    pub at: Span,
}

/// `configDependencies` of a mapping that holds settings of pnpm: `1.0.0`, `1.0.0+HASH`, or a mapping with that as
/// `integrity` beside the address. <https://pnpm.io/config-dependencies>
pub(super) fn config_dependencies(
    settings: Node<'_>,
) -> impl Iterator<Item = ConfigDependency<'_>> {
    let all = settings.get("configDependencies").into_iter();
    all.flat_map(Node::entries).map(|entry| {
        let field = |name| entry.value.get(name).map(text);
        let written = if entry.value.is_mapping() {
            field("version").or_else(|| field("integrity"))
        } else {
            Some(text(entry.value))
        };
        let written = written.unwrap_or_default();
        ConfigDependency {
            name: entry.key.key_text(),
            version: written.split('+').next().unwrap_or(written),
            tarball: field("tarball"),
            at: entry.key.span().to(entry.value.span()),
        }
    })
}

/// A version as written: one of two parts looks like a number.
fn text(node: Node<'_>) -> &str {
    node.as_str().unwrap_or_else(|| node.source())
}

/// `ignoredOptionalDependencies` of such a mapping.
pub(super) fn ignored_optional(settings: Node<'_>) -> impl Iterator<Item = &str> {
    let listed = settings.get("ignoredOptionalDependencies").into_iter();
    listed.flat_map(Node::items).filter_map(Node::as_str)
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
