//! The house keeps its plan: imports never point upwards, there are no circles, and no file outgrows its room.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors, from the ground up. A module may import from floors below its own, and from its own room.
const FLOORS: &[&[&str]] = &[
    &[
        "syntax",
        "error",
        "folders",
        "nearest",
        "credential",
        "http",
    ],
    &["redact"],
    &["github"],
    &["finding", "event"],
    &["change"],
    &["kubernetes", "packages"],
    &["access", "network"],
    &["config"],
    &["workflow"],
    &["facts"],
    &["snapshot"],
    &["waivers"],
    &["rule"],
    &["rules"],
    &["evaluate"],
    &["compare"],
    &["fix"],
    &["verdict"],
    &[
        "pod_security",
        "inventory",
        "permissions",
        "connectivity",
        "advisories",
    ],
    &["shown"],
    &["report"],
    &["publish", "init"],
    &["run"],
    &["cli", "progress"],
    &["action"],
    &["command"],
];

/// The longest file, in lines, that one purpose excuses.
const LONGEST: usize = 600;

fn sources(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut files,
    );
    files.sort();
    files
}

/// The room of a file: the first part of its path below `src`.
fn room(path: &Path) -> String {
    let below = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("it lies in src");
    let first = below
        .components()
        .next()
        .expect("it has a name")
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a text names after `crate::`, groups included.
fn imported(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name
                .trim()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            rooms.insert(name);
        }
    }
    rooms
}

#[test]
fn imports_never_point_upwards() {
    let floor_of: BTreeMap<&str, usize> = FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, rooms)| rooms.iter().map(move |room| (*room, floor)))
        .collect();
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for path in sources("src") {
        let from = room(&path);
        if from == "lib" || from == "main" {
            continue;
        }
        let floor = floor_of
            .get(from.as_str())
            .unwrap_or_else(|| panic!("{from} has no floor"));
        let text = fs::read_to_string(&path).expect("it can be read");
        for to in imported(&text) {
            // The macro of `rule` is exported at the root of the crate.
            let to = if to == "declare_rule" {
                "rule".to_owned()
            } else {
                to
            };
            let Some(other) = floor_of.get(to.as_str()) else {
                continue;
            };
            arrows += 1;
            if to != from && other >= floor {
                wrong.push(format!("{}: {from} imports {to}", path.display()));
            }
        }
    }
    assert!(
        arrows > 100,
        "only {arrows} imports were seen: the test has gone blind"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_outgrows_its_room() {
    let files = ["src", "tests/suite"].into_iter().flat_map(sources);
    let long: Vec<String> = files
        .filter_map(|path| {
            let lines = fs::read_to_string(&path)
                .expect("it can be read")
                .lines()
                .count();
            (lines > LONGEST).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
