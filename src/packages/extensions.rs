//! What a repository adds to what published packages ask for: `packageExtensions`, of pnpm in `package.json` or
//! `pnpm-workspace.yaml`, of Yarn in `.yarnrc.yml`. Each key is a package with the range that it is for.

use super::overrides::Selector;
use super::package_json::PackageJson;
use super::pnpm_workspace::PnpmWorkspace;
use crate::syntax::{Entry, Node, Tree};

/// What is added to one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension<'a> {
    /// The name of the package.
    pub name: &'a str,
    /// The entry as it is written.
    pub written: (&'a str, &'a str),
}

/// Those of pnpm.
pub fn of_pnpm<'a>(
    root: Option<PackageJson<'a>>,
    workspace: Option<PnpmWorkspace<'a>>,
) -> impl Iterator<Item = Extension<'a>> {
    let of_root = root.and_then(|root| root.root.get("pnpm"));
    let homes = of_root.into_iter().chain(workspace.map(|own| own.root));
    homes.flat_map(of)
}

/// Those of Yarn, by its settings.
pub fn of_yarn(settings: &Tree) -> impl Iterator<Item = Extension<'_>> {
    let documents = settings.documents().first();
    let root = documents.map(|document| settings.root(document));
    root.into_iter().flat_map(of)
}

fn of(home: Node<'_>) -> impl Iterator<Item = Extension<'_>> {
    let all = home.get("packageExtensions").into_iter();
    all.flat_map(Node::entries).map(|entry: Entry<'_>| {
        let key = entry.key.key_text();
        Extension {
            name: Selector::parse(key).name,
            written: (key, entry.value.source()),
        }
    })
}
