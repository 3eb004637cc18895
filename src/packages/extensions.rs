//! What a repository adds to what published packages ask for: `packageExtensions`, of pnpm in `package.json` or
//! `pnpm-workspace.yaml`, of Yarn in `.yarnrc.yml`. Each key is a package with the range that it is for.

use super::lockfile::Section;
use super::overrides::Selector;
use super::package_json::PackageJson;
use super::pnpm_workspace::PnpmWorkspace;
use super::range::Range;
use super::version::Version;
use crate::syntax::{Entry, Node, Span, Tree};

/// What is added to one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension<'a> {
    /// The name of the package.
    pub name: &'a str,
    /// The entry as it is written.
    pub written: (&'a str, &'a str),
}

/// One dependency that is added to one package.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    /// The package.
    pub package: Selector<'a>,
    /// The dependency.
    pub name: &'a str,
    /// What is asked of it; none where only its being optional is said.
    pub specifier: Option<&'a str>,
    /// The section of the package that it is added to.
    pub section: Section,
    /// Key and value.
    pub at: Span,
}

impl Addition<'_> {
    /// True if the package does not work without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.section == Section::Production
    }

    /// True if it is for such a package. One whose version, or the range for it, cannot be read may be meant.
    #[must_use]
    pub fn is_for(&self, name: &str, version: &str) -> bool {
        let range = self.package.range.and_then(Range::parse);
        self.package.name == name
            && range
                .zip(Version::parse(version))
                .is_none_or(|(range, version)| range.satisfies(&version))
    }
}

/// Those of pnpm.
pub fn of_pnpm<'a>(
    root: Option<PackageJson<'a>>,
    workspace: Option<PnpmWorkspace<'a>>,
) -> impl Iterator<Item = Extension<'a>> {
    homes_of_pnpm(root, workspace).flat_map(of)
}

/// Those of Yarn, by its settings.
pub fn of_yarn(settings: &Tree) -> impl Iterator<Item = Extension<'_>> {
    home_of_yarn(settings).flat_map(of)
}

fn homes_of_pnpm<'a>(
    root: Option<PackageJson<'a>>,
    workspace: Option<PnpmWorkspace<'a>>,
) -> impl Iterator<Item = Node<'a>> {
    let of_root = root.and_then(|root| root.root.get("pnpm"));
    of_root.into_iter().chain(workspace.map(|own| own.root))
}

fn home_of_yarn(settings: &Tree) -> impl Iterator<Item = Node<'_>> {
    let document = settings.documents().first();
    document.map(|document| settings.root(document)).into_iter()
}

fn entries(home: Node<'_>) -> impl Iterator<Item = Entry<'_>> {
    let all = home.get("packageExtensions").into_iter();
    all.flat_map(Node::entries)
}

fn of(home: Node<'_>) -> impl Iterator<Item = Extension<'_>> {
    entries(home).map(|entry: Entry<'_>| {
        let key = entry.key.key_text();
        Extension {
            name: Selector::parse(key).name,
            written: (key, entry.value.source()),
        }
    })
}

/// The dependencies that a place adds which may hold `packageExtensions`: `pnpm` of `package.json`, the root of a file of
/// settings.
pub fn additions(home: Node<'_>) -> impl Iterator<Item = Addition<'_>> {
    const SECTIONS: [(Section, &str); 4] = [
        (Section::Production, "dependencies"),
        (Section::Optional, "optionalDependencies"),
        (Section::Peer, "peerDependencies"),
        (Section::Peer, "peerDependenciesMeta"),
    ];
    entries(home).flat_map(|extension| {
        let package = Selector::parse(extension.key.key_text());
        let sections = SECTIONS.iter();
        sections.flat_map(move |(section, key)| {
            let added = extension.value.get(key).into_iter();
            added.flat_map(Node::entries).map(move |entry| Addition {
                package,
                name: entry.key.key_text(),
                specifier: entry.value.as_str(),
                section: *section,
                at: entry.key.span().to(entry.value.span()),
            })
        })
    })
}

/// What Yarn from 2 on adds by itself; other releases of it may add a little more or less. The list is generated:
/// `data/yarn_extensions.txt`, by `data/yarn_extensions.py`. <https://yarnpkg.com/advanced/rulebook>
pub fn built_in<'a>() -> impl Iterator<Item = Addition<'a>> {
    static ALL: &str = include_str!("../../data/yarn_extensions.txt");
    let lines = ALL.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut parts = line.split('\t');
        let (package, name, specifier) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Addition {
            package: Selector::parse(package),
            name,
            specifier: Some(specifier),
            section: Section::Production,
            at: Span::default(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yarn_adds_by_itself_is_for_some_versions() {
        let adds = |name, version, dependency| {
            built_in().any(|one| one.is_for(name, version) && one.name == dependency)
        };
        assert!(adds("got", "10.7.0", "@types/keyv"));
        assert!(!adds("got", "11.0.0", "@types/keyv"));
        assert!(adds("focus-trap-react", "8.11.3", "tabbable"));
        assert!(built_in().all(|one| one.specifier.is_some() && !one.name.contains(' ')));
    }
}
