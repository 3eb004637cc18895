//! What depends on what, in lockfiles of real applications: the corpus `apps`.

use std::collections::BTreeSet;

use tidegate::packages::lockfile::{Locked, Lockfile, LockfileKind, Need, read};

use crate::corpora;

/// The lockfiles of a name, with the applications that they are of.
fn lockfiles(name: &str) -> Vec<(String, String)> {
    let Some(folder) = corpora::folder("apps") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
        let entry = entry.expect("it can be listed");
        if let Ok(text) = std::fs::read_to_string(entry.path().join(name)) {
            found.push((entry.file_name().to_string_lossy().into_owned(), text));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "the corpus has no {name}");
    found
}

/// A package as both notations name it: version 1 says no version of what comes from no registry.
fn shown(package: &Locked) -> String {
    let version = package.is_from_registry().then_some(&*package.version);
    format!("{}@{}", package.name, version.unwrap_or_default())
}

/// Each dependency that is no peer's: `name@version > name > name@version`.
fn edges(lockfile: &Lockfile) -> BTreeSet<String> {
    let mut edges = BTreeSet::new();
    for package in &lockfile.packages {
        for dependency in &package.dependencies {
            if matches!(dependency.need, Need::Required | Need::Optional) {
                let to = dependency.to.and_then(|to| lockfile.package(to));
                edges.insert(format!(
                    "{} > {} > {}",
                    shown(package),
                    dependency.name,
                    to.map_or_else(String::new, shown)
                ));
            }
        }
    }
    edges
}

#[test]
fn what_is_required_is_installed() {
    for (name, kind) in [
        ("package-lock.json", LockfileKind::Npm),
        ("bun.lock", LockfileKind::Bun),
    ] {
        for (application, text) in lockfiles(name) {
            let lockfile = read(kind, text);
            let mut edges = 0;
            for package in &lockfile.packages {
                for dependency in &package.dependencies {
                    edges += 1;
                    assert!(
                        dependency.need != Need::Required || dependency.to.is_some(),
                        "{application}: {}@{} > {}",
                        package.name,
                        package.version,
                        dependency.name
                    );
                }
            }
            assert!(edges > 0, "{application}");
            for importer in &lockfile.importers {
                for wanted in &importer.dependencies {
                    assert!(wanted.to.is_some(), "{application}: {}", wanted.name);
                }
            }
        }
    }
}

#[test]
fn both_notations_of_one_lockfile_of_npm_say_the_same() {
    let mut compared = 0;
    for (application, text) in lockfiles("package-lock.json") {
        if !text.contains("\"lockfileVersion\": 2") {
            continue;
        }
        compared += 1;
        let nested = text.replacen("\n  \"packages\": {", "\n  \"elsewhere\": {", 1);
        let paths = edges(&read(LockfileKind::Npm, text));
        let nested = edges(&read(LockfileKind::Npm, nested));
        let differ: Vec<_> = paths.symmetric_difference(&nested).collect();
        assert!(differ.is_empty(), "{application}: {differ:#?}");
        assert!(!paths.is_empty());
    }
    assert!(compared > 0 || corpora::folder("apps").is_none());
}
