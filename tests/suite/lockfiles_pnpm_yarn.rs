//! Lockfiles of pnpm and Yarn against the lists of the corpora.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tidegate::packages::lockfile::{Locked, Lockfile, LockfileKind, Problem, Source, read};
use tidegate::syntax::Lines;

use crate::corpora;

/// Name and version.
type Row = (String, String);

/// Rows that the lists have and that we read as something else, by file, name and version, with the reason.
const WORKSPACES: [(&str, &str, &str, &str); 1] = [(
    "osv-scalibr/yarn/exclude-root.v2.lock",
    "@ws/ansi-regex",
    "0.0.0-use.local",
    "a workspace that is not the root: other files of the corpus leave all workspaces out",
)];

fn kind(format: &str) -> Option<LockfileKind> {
    match format {
        "pnpm" => Some(LockfileKind::Pnpm),
        "yarn" => Some(LockfileKind::Yarn),
        _ => None,
    }
}

fn json_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("it can be read");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("it is JSON"))
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn rows(packages: &Value) -> BTreeSet<Row> {
    let packages = packages.as_array().into_iter().flatten();
    packages
        .map(|package| {
            (
                text(package, "name").into(),
                text(package, "version").into(),
            )
        })
        .collect()
}

/// What was read, without what the lists leave out: workspaces and links.
fn read_rows(lockfile: &Lockfile) -> BTreeSet<Row> {
    let packages = lockfile.packages.iter();
    packages
        .filter(|package| !matches!(package.source, Source::Workspace(_)))
        .filter(|package| !is_link(lockfile, package.at.range()))
        .map(|package| (package.name.to_string(), package.version.to_string()))
        .collect()
}

/// True if an entry was made for a link: it stands at a dependency.
fn is_link(lockfile: &Lockfile, range: std::ops::Range<usize>) -> bool {
    let line = lockfile.text[range.end..].lines().take(3);
    lockfile.kind == LockfileKind::Pnpm && line.collect::<String>().contains(": link:")
}

#[test]
fn the_labelled_lockfiles_read_as_their_lists_say() {
    let Some(folder) = corpora::folder("lockfiles") else {
        return;
    };
    let mut wrong = Vec::new();
    let mut excepted = 0;
    let mut files = 0;
    for label in json_lines(&folder.join("index.jsonl")) {
        let Some(kind) = kind(text(&label, "format")) else {
            continue;
        };
        files += 1;
        let file = text(&label, "file");
        let content = fs::read_to_string(folder.join(file)).expect("it can be read");
        let lockfile = read(kind, content);
        if label["error"] == true {
            assert!(lockfile.is_unreadable(), "{file} was read");
            continue;
        }
        let fatal: Vec<_> = lockfile
            .problems
            .iter()
            .filter(|p| Problem::is_fatal(p))
            .collect();
        if !fatal.is_empty() {
            wrong.push(format!("{file}: {fatal:?}"));
        }
        let mut expected = rows(&label["packages"]);
        for (of, name, version, _) in WORKSPACES {
            let is_workspace = |locked: &Locked| {
                *locked.name == *name
                    && *locked.version == *version
                    && matches!(locked.source, Source::Workspace(_))
            };
            if of == file && lockfile.packages.iter().any(is_workspace) {
                assert!(
                    expected.remove(&(name.into(), version.into())),
                    "{name} is not listed"
                );
                excepted += 1;
            }
        }
        let ours = read_rows(&lockfile);
        if ours != expected {
            let missing: Vec<_> = expected.difference(&ours).collect();
            let more: Vec<_> = ours.difference(&expected).collect();
            wrong.push(format!("{file}: missing {missing:?}, more {more:?}"));
        }
        let lines = Lines::new(&lockfile.text);
        for package in label["packages"].as_array().into_iter().flatten() {
            let same = |locked: &&Locked| {
                *locked.name == *text(package, "name")
                    && *locked.version == *text(package, "version")
            };
            let all: Vec<_> = lockfile.packages.iter().filter(same).collect();
            let line = package["line"].as_u64().unwrap_or_default();
            let on_line =
                |locked: &&&Locked| u64::from(lines.position(locked.at.start).line) == line;
            let Some(locked) = all.iter().find(on_line) else {
                wrong.push(format!(
                    "{file}: {} is not on line {line}",
                    text(package, "name")
                ));
                continue;
            };
            let commit = text(package, "commit");
            let read = match &locked.source {
                Source::Git { commit, .. } => commit.as_deref().unwrap_or_default(),
                _ => "",
            };
            if commit != read {
                wrong.push(format!(
                    "{file}: {} at {read:?}, not {commit:?}",
                    locked.name
                ));
            }
        }
    }
    assert_eq!(files, 29, "the corpus has changed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        excepted,
        WORKSPACES.len(),
        "an exception is no longer needed"
    );
}

#[test]
fn the_lockfiles_of_applications_read_as_their_lists_say() {
    let Some(folder) = corpora::folder("apps") else {
        return;
    };
    let mut files = 0;
    for label in json_lines(&folder.join("index.jsonl")) {
        let format = text(&label, "format");
        let Some(kind) = kind(format.split(' ').next().unwrap_or_default()) else {
            continue;
        };
        files += 1;
        let path = text(&label, "lockfile");
        let content = fs::read_to_string(folder.join(path)).expect("it can be read");
        let lockfile = read(kind, content);
        assert_eq!(lockfile.problems, [], "{path}");
        let list =
            fs::read_to_string(folder.join(text(&label, "expected"))).expect("it can be read");
        let list: Value = serde_json::from_str(&list).expect("it is JSON");
        let expected = rows(&list["packages"]);
        let ours = read_rows(&lockfile);
        let missing: Vec<_> = expected.difference(&ours).take(9).collect();
        let more: Vec<_> = ours.difference(&expected).take(9).collect();
        assert!(
            missing.is_empty() && more.is_empty(),
            "{path}: missing {missing:?}, more {more:?}"
        );
        assert!(expected.len() > 500, "{path} has an empty list");
        for row in list["packages"].as_array().into_iter().flatten() {
            let locked = lockfile.packages.iter().find(|locked| {
                *locked.name == *text(row, "name") && *locked.version == *text(row, "version")
            });
            let is_from_registry = locked.is_some_and(Locked::is_from_registry);
            assert_eq!(
                is_from_registry,
                row.get("source").is_none(),
                "{path}: {row}"
            );
        }
        let edges = lockfile
            .packages
            .iter()
            .flat_map(|locked| &locked.dependencies);
        let loose: Vec<_> = edges
            .filter(|edge| edge.to.is_none())
            .filter(|edge| !format!("{:?}", edge.need).contains("Peer"))
            .map(|edge| format!("{} {} {:?}", edge.name, edge.specifier, edge.need))
            .collect();
        assert!(loose.is_empty(), "{path}: {loose:?}");
        for importer in &lockfile.importers {
            for wanted in &importer.dependencies {
                assert!(
                    wanted.to.is_some(),
                    "{path}: {} of {:?}",
                    wanted.name,
                    importer.path
                );
                assert!(wanted.specifier.is_some(), "{path}: {}", wanted.name);
            }
        }
        assert_eq!(lockfile.importers.is_empty(), format == "yarn v1", "{path}");
    }
    assert_eq!(files, 9, "the corpus has changed");
}
