//! What a `package.json` depends on, entry by entry.

use std::collections::HashSet;

use super::lockfile::Section;
use super::package_json::PackageJson;
use crate::syntax::{Entry, Node, Span};

/// The sections, the ones that count for more first.
pub const SECTIONS: [(Section, &str); 4] = [
    (Section::Optional, "optionalDependencies"),
    (Section::Production, "dependencies"),
    (Section::Peer, "peerDependencies"),
    (Section::Development, "devDependencies"),
];

/// One entry of a section.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// Its section.
    pub section: Section,
    /// The name that it is installed under.
    pub name: &'a str,
    /// The key.
    pub key: Node<'a>,
    /// The value.
    pub value: Node<'a>,
}

impl<'a> Declared<'a> {
    fn of(section: Section, entry: Entry<'a>) -> Self {
        Self {
            section,
            name: entry.key.key_text(),
            key: entry.key,
            value: entry.value,
        }
    }

    /// The specifier as written; empty where it is no text.
    #[must_use]
    pub fn specifier(self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    /// The bytes of key and value: the line that a person edits.
    #[must_use]
    pub fn span(self) -> Span {
        self.key.span().to(self.value.span())
    }
}

impl<'a> PackageJson<'a> {
    /// The entries of a section, of equal keys the last one.
    pub fn section(self, section: Section) -> impl Iterator<Item = Declared<'a>> {
        let name = SECTIONS.iter().find(|(known, _)| *known == section);
        let entries = name.map(|(_, name)| self.mapping(name));
        entries
            .into_iter()
            .flatten()
            .map(move |entry| Declared::of(section, entry))
    }

    /// All entries that take effect. A name of `optionalDependencies` takes the place of the same name in
    /// `dependencies`; in other sections it stands for itself.
    #[must_use]
    pub fn dependencies(self) -> Vec<Declared<'a>> {
        let mut optional: HashSet<&str> = HashSet::new();
        let mut all = Vec::new();
        for (section, _) in SECTIONS {
            for declared in self.section(section) {
                match section {
                    Section::Optional => {
                        optional.insert(declared.name);
                    }
                    Section::Production if optional.contains(declared.name) => continue,
                    _ => {}
                }
                all.push(declared);
            }
        }
        all
    }

    /// The peers that need not be there, by `peerDependenciesMeta`.
    pub fn optional_peers(self) -> impl Iterator<Item = &'a str> {
        self.mapping("peerDependenciesMeta")
            .filter(|entry| entry.value.get("optional").and_then(Node::as_bool) == Some(true))
            .map(|entry| entry.key.key_text())
    }

    /// What is shipped inside its own tarball: `bundleDependencies`, in either spelling.
    #[must_use]
    pub fn bundled(self) -> Bundled<'a> {
        let field = ["bundleDependencies", "bundledDependencies"]
            .into_iter()
            .find_map(|name| self.root.get(name));
        match field {
            Some(node) if node.as_bool() == Some(true) => Bundled::All,
            Some(node) => Bundled::Named(node.items().filter_map(Node::as_str).collect()),
            None => Bundled::Named(Vec::new()),
        }
    }
}

/// What is shipped inside a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bundled<'a> {
    /// All of its dependencies.
    All,
    /// Those that are named.
    Named(Vec<&'a str>),
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, Tree, parse};

    use super::*;

    fn tree(text: &str) -> Tree {
        parse(Format::Json, text.to_owned())
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_optional_wins() {
        let tree = tree(
            r#"{"dependencies": {"a": "1", "b": "1", "a": "2"},
                "optionalDependencies": {"b": "^3"},
                "devDependencies": {"b": "4", "c": 5},
                "peerDependencies": {"d": "*", "e": "*"},
                "peerDependenciesMeta": {"d": {"optional": true}, "e": {"optional": false}},
                "bundledDependencies": ["a"]}"#,
        );
        let package = PackageJson::of(&tree).unwrap();
        let all: Vec<_> = package
            .dependencies()
            .into_iter()
            .map(|declared| (declared.section, declared.name, declared.specifier()))
            .collect();
        assert_eq!(
            all,
            [
                (Section::Optional, "b", "^3"),
                (Section::Production, "a", "2"),
                (Section::Peer, "d", "*"),
                (Section::Peer, "e", "*"),
                (Section::Development, "b", "4"),
                (Section::Development, "c", ""),
            ]
        );
        let a = package.section(Section::Production).next().unwrap();
        assert_eq!(tree.text().get(a.span().range()), Some(r#""a": "2""#));
        assert_eq!(package.optional_peers().collect::<Vec<_>>(), ["d"]);
        assert_eq!(package.bundled(), Bundled::Named(vec!["a"]));
    }
}
