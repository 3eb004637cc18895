//! What the tests of all formats ask of a lockfile.

use tidegate::packages::lockfile::{
    Locked, Lockfile, LockfileKind, Need, PackageIndex, Source, read,
};
use tidegate::syntax::Span;

/// A lockfile that is read without a problem.
pub(super) fn lockfile(kind: LockfileKind, text: &str) -> Lockfile {
    let lockfile = read(kind, text.to_owned());
    assert_eq!(lockfile.problems, [], "{text}");
    lockfile
}

/// The only entry of a name and a version.
#[track_caller]
pub(super) fn named<'a>(lockfile: &'a Lockfile, name: &str, version: &str) -> &'a Locked {
    let mut found = lockfile
        .packages
        .iter()
        .filter(|package| &*package.name == name && &*package.version == version);
    let package = found
        .next()
        .unwrap_or_else(|| panic!("there is no {name}@{version}"));
    assert!(found.next().is_none(), "there are several {name}@{version}");
    package
}

/// Where the only entry of a name comes from.
#[track_caller]
pub(super) fn source_of(lockfile: &Lockfile, name: &str) -> Source {
    let mut found = lockfile
        .packages
        .iter()
        .filter(|package| &*package.name == name);
    let package = found.next().unwrap_or_else(|| panic!("there is no {name}"));
    assert!(found.next().is_none(), "there are several {name}");
    package.source.clone()
}

/// How an entry needs a name, and what that leads to.
#[track_caller]
pub(super) fn edge(lockfile: &Lockfile, from: &Locked, name: &str) -> (Need, String) {
    let dependency = from
        .dependencies
        .iter()
        .find(|dependency| &*dependency.name == name)
        .unwrap_or_else(|| panic!("it does not depend on {name}"));
    (dependency.need, shown(lockfile, dependency.to))
}

/// What an importer depends on, one line each.
#[track_caller]
pub(super) fn importer(lockfile: &Lockfile, path: &str) -> Vec<String> {
    let importer = lockfile
        .importers
        .iter()
        .find(|importer| &*importer.path == path)
        .unwrap_or_else(|| panic!("there is no importer {path}"));
    importer
        .dependencies
        .iter()
        .map(|wanted| {
            format!(
                "{} {} {} -> {}",
                wanted
                    .section
                    .map_or_else(String::new, |section| format!("{section:?}")),
                wanted.name,
                wanted.specifier.as_deref().unwrap_or("?"),
                shown(lockfile, wanted.to)
            )
        })
        .collect()
}

/// The bytes of a span.
#[track_caller]
pub(super) fn written(lockfile: &Lockfile, at: Span) -> &str {
    &lockfile.text[at.range()]
}

fn shown(lockfile: &Lockfile, to: Option<PackageIndex>) -> String {
    to.map_or_else(String::new, |to| {
        let package = lockfile.package(to).expect("it leads to an entry");
        format!("{}@{}", package.name, package.version)
    })
}
