//! `package.json`: what it says of the runtime, how it is started, and of the tools that install it.
//!
//! What it depends on is read in `dependencies`, what it changes of that in `overrides` and `catalogs`.

use super::dependencies::SECTIONS;
use super::pnpm_workspace::{self, ConfigDependency};
use crate::syntax::{Entry, Node, Span, Tree};

/// Why a file that is well written is no `package.json` that anything could be installed from, and where: nobody knows
/// then what it asks for. None where it is one.
#[must_use]
pub fn refusal(tree: &Tree) -> Option<(String, Span)> {
    let Some(package) = PackageJson::of(tree) else {
        let is_blank = tree.text().trim_start_matches('\u{feff}').trim().is_empty();
        let why = if is_blank {
            "it is empty"
        } else {
            "it holds no object"
        };
        return Some((why.to_owned(), Span::default()));
    };
    SECTIONS.iter().find_map(|(_, name)| {
        let entry = package.root.entry(name)?;
        let is_text = entry.value.as_str().is_some_and(|text| !text.is_empty());
        let is_list = entry.value.items().next().is_some();
        (is_text || is_list).then(|| (format!("`{name}` is no object"), entry.key.span()))
    })
}

/// A view of a `package.json`.
#[derive(Clone, Copy, Debug)]
pub struct PackageJson<'a> {
    pub(super) root: Node<'a>,
}

impl<'a> PackageJson<'a> {
    /// The view, where the file holds one mapping.
    #[must_use]
    pub fn of(tree: &'a Tree) -> Option<Self> {
        let root = tree.root(tree.documents().first()?);
        root.is_mapping().then_some(Self { root })
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        self.root.get("name")?.as_str()
    }

    /// Its version.
    #[must_use]
    pub fn version(self) -> Option<&'a str> {
        self.root.get("version")?.as_str()
    }

    /// `name`, with the bytes of key and value.
    #[must_use]
    pub fn name_entry(self) -> Option<(&'a str, Span)> {
        let entry = self.root.entry("name")?;
        Some((
            entry.value.as_str()?,
            entry.key.span().to(entry.value.span()),
        ))
    }

    /// True if `private` says that it is never published: a program rather than a library.
    #[must_use]
    pub fn is_private(self) -> bool {
        self.root.get("private").and_then(Node::as_bool) == Some(true)
    }

    /// `engines.node`.
    #[must_use]
    pub fn engines_node(self) -> Option<Node<'a>> {
        self.text(&["engines", "node"])
    }

    /// `volta.node`.
    #[must_use]
    pub fn volta_node(self) -> Option<Node<'a>> {
        self.text(&["volta", "node"])
    }

    /// The versions of `devEngines.runtime` that mean Node.js: one mapping, or a list of them.
    pub fn dev_engines_node(self) -> impl Iterator<Item = Node<'a>> {
        let runtime = self
            .root
            .get("devEngines")
            .and_then(|engines| engines.get("runtime"));
        let one = runtime.filter(|runtime| runtime.is_mapping());
        let several = runtime.filter(|runtime| runtime.is_sequence());
        one.into_iter()
            .chain(several.into_iter().flat_map(Node::items))
            .filter(|runtime| runtime.get("name").and_then(Node::as_str) == Some("node"))
            .filter_map(|runtime| runtime.get("version"))
            .filter(|version| version.as_str().is_some())
    }

    /// `packageManager`, such as `pnpm@9.1.0`.
    #[must_use]
    pub fn package_manager(self) -> Option<Node<'a>> {
        self.text(&["packageManager"])
    }

    /// `engines`, each with the range that it asks for: of `node`, `npm`, `pnpm` and the like.
    pub fn engines(self) -> impl Iterator<Item = Entry<'a>> {
        self.mapping("engines")
            .filter(|entry| entry.value.as_str().is_some())
    }

    /// The patterns of `workspaces`: a list, or the `packages` of a mapping, as Yarn and Bun have it.
    pub fn workspaces(self) -> impl Iterator<Item = Node<'a>> {
        let written = self.root.get("workspaces");
        let patterns = written.map(|node| node.get("packages").unwrap_or(node));
        patterns
            .into_iter()
            .flat_map(Node::items)
            .filter(|pattern| pattern.as_str().is_some())
    }

    /// `trustedDependencies` of Bun: the packages that may run their scripts.
    pub fn trusted_dependencies(self) -> impl Iterator<Item = Node<'a>> {
        let listed = self.root.get("trustedDependencies");
        listed.into_iter().flat_map(Node::items)
    }

    /// `allowScripts` of npm: which packages may run their scripts, and which may not.
    pub fn allow_scripts(self) -> impl Iterator<Item = (Entry<'a>, bool)> {
        self.mapping("allowScripts")
            .filter_map(|entry| Some((entry, entry.value.as_bool()?)))
    }

    /// `pnpm.onlyBuiltDependencies`: the packages that may run their scripts.
    pub fn only_built_dependencies(self) -> impl Iterator<Item = Node<'a>> {
        let pnpm = self.root.get("pnpm");
        let listed = pnpm.and_then(|pnpm| pnpm.get("onlyBuiltDependencies"));
        listed.into_iter().flat_map(Node::items)
    }

    /// `pnpm.configDependencies`: what pnpm 10 installs before everything else.
    pub fn config_dependencies(self) -> impl Iterator<Item = ConfigDependency<'a>> {
        let pnpm = self.root.get("pnpm").into_iter();
        pnpm.flat_map(pnpm_workspace::config_dependencies)
    }

    /// `pnpm.ignoredOptionalDependencies`: patterns of names that are left out where they are optional.
    pub fn ignored_optional(self) -> impl Iterator<Item = &'a str> {
        let pnpm = self.root.get("pnpm").into_iter();
        pnpm.flat_map(pnpm_workspace::ignored_optional)
    }

    /// The scripts, with the text of each.
    pub fn scripts(self) -> impl Iterator<Item = (&'a str, Node<'a>, &'a str)> {
        let scripts = self.root.get("scripts").into_iter().flat_map(Node::entries);
        scripts.filter_map(|entry| {
            let text = entry.value.as_str()?;
            Some((entry.key.key_text(), entry.value, text))
        })
    }

    /// The entries of a field that holds a mapping.
    pub(super) fn mapping(self, field: &str) -> impl Iterator<Item = Entry<'a>> {
        self.root.get(field).into_iter().flat_map(Node::entries)
    }

    fn text(self, path: &[&str]) -> Option<Node<'a>> {
        let mut node = self.root;
        for name in path {
            node = node.get(name)?;
        }
        node.as_str().map(|_| node)
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    use super::*;

    #[test]
    fn fields_are_found_with_their_places() {
        let text = r#"{"private": true, "engines": {"node": ">=20"}, "scripts": {"start": "node ."},
            "devEngines": {"runtime": [{"name": "bun"}, {"name": "node", "version": "22"}]}}"#;
        let tree = parse(Format::Json, text.to_owned());
        let package = PackageJson::of(&tree).unwrap();
        assert!(package.is_private());
        assert_eq!(package.engines_node().unwrap().source(), "\">=20\"");
        assert_eq!(package.dev_engines_node().count(), 1);
        assert_eq!(package.scripts().next().unwrap().2, "node .");
        assert!(package.volta_node().is_none());
        let broken = parse(Format::Json, "[1".to_owned());
        assert!(PackageJson::of(&broken).is_none());
    }
}
