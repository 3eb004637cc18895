//! Lockfiles of others, with the packages that others say they hold: the corpora `lockfiles` and `apps`.
//!
//! A format joins by calling [`labelled`] and [`applications`] from the file of its own tests.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tidegate::packages::lockfile::{Lockfile, LockfileKind, Source, read};

use crate::corpora;

/// A file of which a corpus says something else than we do, and why we are right. Doubts are exact: one that is
/// no longer needed fails as well.
pub(super) struct Doubt {
    /// The file, by its path in the corpus.
    pub(super) file: &'static str,
    /// What the corpus lists and we do not: names and versions.
    pub(super) missing: &'static [(&'static str, &'static str)],
    /// What we list and the corpus does not.
    pub(super) extra: &'static [(&'static str, &'static str)],
    /// Why.
    #[expect(dead_code, reason = "for people")]
    pub(super) why: &'static str,
}

type Packages = BTreeSet<(String, String)>;

/// Compares the labelled files of a format with what is read of them: names and versions, as sets.
pub(super) fn labelled(format: &str, kind: LockfileKind, doubts: &[Doubt]) {
    let Some(folder) = corpora::folder("lockfiles") else {
        return;
    };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for row in rows(&folder) {
        if row["format"] != format {
            continue;
        }
        compared += 1;
        let file = row["file"].as_str().expect("a row names its file");
        let lockfile = lockfile(kind, &folder.join(file));
        let must_be_refused = row["error"] == true;
        if lockfile.is_unreadable() != must_be_refused {
            wrong.push(format!("{file}: {:?}", lockfile.problems));
            continue;
        }
        let ours = packages(&lockfile, |source| !matches!(source, Source::Workspace(_)));
        differences(file, &expected(&row), &ours, doubts, &mut wrong);
    }
    assert!(compared > 0, "the corpus has no file of {format}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares the lockfiles of real applications with what is read of them; workspaces and links are left out.
pub(super) fn applications(kind: LockfileKind, doubts: &[Doubt]) {
    let Some(folder) = corpora::folder("apps") else {
        return;
    };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for row in rows(&folder) {
        let file = row["lockfile"].as_str().expect("a row names its file");
        let name = file.rsplit('/').next().expect("a path ends with a name");
        if LockfileKind::of(name) != Some(kind) {
            continue;
        }
        compared += 1;
        let lockfile = lockfile(kind, &folder.join(file));
        if !lockfile.problems.is_empty() {
            wrong.push(format!("{file}: {:?}", lockfile.problems));
        }
        let listed = row["expected"].as_str().expect("a row names its list");
        let listed = std::fs::read_to_string(folder.join(listed)).expect("the list is there");
        let listed: Value = serde_json::from_str(&listed).expect("the list is JSON");
        let ours = packages(&lockfile, |source| {
            !matches!(source, Source::Workspace(_) | Source::Folder(_))
        });
        differences(file, &expected(&listed), &ours, doubts, &mut wrong);
    }
    assert!(compared > 0, "the corpus has no file of {kind:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rows(folder: &Path) -> Vec<Value> {
    let index = std::fs::read_to_string(folder.join("index.jsonl")).expect("there is an index");
    index
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

fn lockfile(kind: LockfileKind, path: &Path) -> Lockfile {
    read(
        kind,
        std::fs::read_to_string(path).expect("the lockfile is there"),
    )
}

fn packages(lockfile: &Lockfile, counts: impl Fn(&Source) -> bool) -> Packages {
    lockfile
        .packages
        .iter()
        .filter(|package| counts(&package.source))
        .map(|package| (package.name.to_string(), package.version.to_string()))
        .collect()
}

fn expected(row: &Value) -> Packages {
    let text = |package: &Value, field: &str| {
        let value = package[field].as_str().expect("a package is labelled");
        value.to_owned()
    };
    row["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|package| (text(package, "name"), text(package, "version")))
        .collect()
}

fn differences(
    file: &str,
    expected: &Packages,
    ours: &Packages,
    doubts: &[Doubt],
    wrong: &mut Vec<String>,
) {
    let owned = |rows: &[(&str, &str)]| -> Packages {
        rows.iter()
            .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
            .collect()
    };
    let doubt = doubts.iter().find(|doubt| doubt.file == file);
    let (missing, extra) = doubt.map_or_else(Default::default, |doubt| {
        (owned(doubt.missing), owned(doubt.extra))
    });
    let found: Packages = expected.difference(ours).cloned().collect();
    if found != missing {
        wrong.push(format!("{file}: we miss {found:?}"));
    }
    let found: Packages = ours.difference(expected).cloned().collect();
    if found != extra {
        wrong.push(format!("{file}: only we list {found:?}"));
    }
}
