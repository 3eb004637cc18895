//! `package.json`: what it says of the runtime and how it is started.

use crate::syntax::{Node, Tree};

/// A view of a `package.json`.
#[derive(Clone, Copy, Debug)]
pub struct PackageJson<'a> {
    root: Node<'a>,
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

    /// The scripts, with the text of each.
    pub fn scripts(self) -> impl Iterator<Item = (&'a str, Node<'a>, &'a str)> {
        let scripts = self.root.get("scripts").into_iter().flat_map(Node::entries);
        scripts.filter_map(|entry| {
            let text = entry.value.as_str()?;
            Some((entry.key.key_text(), entry.value, text))
        })
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
