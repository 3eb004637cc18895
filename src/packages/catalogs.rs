//! Catalogues: specifiers that workspaces share by name, as `catalog:` and `catalog:NAME`.
//!
//! pnpm keeps them in `pnpm-workspace.yaml`, Bun in the root's `package.json` (at the top, or within `workspaces`), Yarn
//! in `.yarnrc.yml`.

use super::package_json::PackageJson;
use super::pnpm_workspace::PnpmWorkspace;
use crate::syntax::{Entry, Node, Tree};

/// The name of the catalogue that `catalog:` alone means.
pub const DEFAULT: &str = "default";

/// The catalogues of a repository.
#[derive(Clone, Copy, Debug, Default)]
pub struct Catalogs<'a> {
    /// Mappings that hold `catalog` and `catalogs`.
    places: [Option<Node<'a>>; 2],
}

impl<'a> Catalogs<'a> {
    /// Those of a `pnpm-workspace.yaml`.
    #[must_use]
    pub fn of_pnpm(workspace: PnpmWorkspace<'a>) -> Self {
        Self {
            places: [Some(workspace.root), None],
        }
    }

    /// Those of the root's `package.json`.
    #[must_use]
    pub fn of_root(package: PackageJson<'a>) -> Self {
        let workspaces = package.root.get("workspaces");
        Self {
            places: [
                Some(package.root),
                workspaces.filter(|node| node.is_mapping()),
            ],
        }
    }

    /// Those of a `.yarnrc.yml`.
    #[must_use]
    pub fn of_yarn(settings: &'a Tree) -> Self {
        let root = settings.documents().first();
        Self {
            places: [root.map(|document| settings.root(document)), None],
        }
    }

    /// The entry of a package in the catalogue of a name; an empty name means the default one.
    #[must_use]
    pub fn entry(&self, catalog: &str, package: &str) -> Option<Entry<'a>> {
        let catalog = if catalog.is_empty() { DEFAULT } else { catalog };
        self.places.iter().flatten().find_map(|place| {
            let named = place.get("catalogs").and_then(|all| all.get(catalog));
            let unnamed = place.get("catalog").filter(|_| catalog == DEFAULT);
            let mut both = [named, unnamed].into_iter().flatten();
            both.find_map(|catalog| catalog.entry(package))
        })
    }

    /// All entries, each with the name of its catalogue.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Entry<'a>)> {
        self.places.into_iter().flatten().flat_map(|place| {
            let unnamed = place.get("catalog").map(|catalog| (DEFAULT, catalog));
            let named = place.get("catalogs").into_iter().flat_map(Node::entries);
            let named = named.map(|entry| (entry.key.key_text(), entry.value));
            unnamed
                .into_iter()
                .chain(named)
                .flat_map(|(name, catalog)| catalog.entries().map(move |entry| (name, entry)))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    use super::*;

    #[test]
    fn a_catalogue_is_found_by_its_name() {
        let text = "catalog: {react: ^18}\ncatalogs:\n  next: {react: ^19}\n";
        let tree = parse(Format::Yaml, text.to_owned());
        let catalogs = Catalogs::of_pnpm(PnpmWorkspace::of(&tree).unwrap());
        let specifier = |catalog, package| {
            let entry: Option<Entry<'_>> = catalogs.entry(catalog, package);
            entry.and_then(|entry| entry.value.as_str())
        };
        assert_eq!(specifier("", "react"), Some("^18"));
        assert_eq!(specifier("default", "react"), Some("^18"));
        assert_eq!(specifier("next", "react"), Some("^19"));
        assert_eq!(specifier("next", "vue"), None);
        assert_eq!(catalogs.entries().count(), 2);

        let text = r#"{"workspaces": {"packages": ["a"], "catalog": {"zod": "^4"}}}"#;
        let tree = parse(Format::Json, text.to_owned());
        let package = PackageJson::of(&tree).unwrap();
        let catalogs = Catalogs::of_root(package);
        assert!(catalogs.entry("", "zod").is_some());
        assert_eq!(package.workspaces().count(), 1);
    }
}
