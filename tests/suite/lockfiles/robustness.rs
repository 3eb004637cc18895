//! No text breaks a reader, and every span lies within its text.

use proptest::prelude::*;
use tidegate::packages::lockfile::{Lockfile, LockfileKind, ProblemKind, read};
use tidegate::syntax::Span;

use super::reading::written;

/// The kinds whose notation is JSON.
const JSON: [LockfileKind; 2] = [LockfileKind::Npm, LockfileKind::Bun];

const ALL: [LockfileKind; 5] = [
    LockfileKind::Npm,
    LockfileKind::Yarn,
    LockfileKind::Pnpm,
    LockfileKind::Bun,
    LockfileKind::BunBinary,
];

const NPM: &str = include_str!("samples/npm-small.json");

const NESTED: &str = include_str!("samples/npm-nested.json");

const BUN: &str = include_str!("samples/bun-small.jsonc");

/// Everything that has a place has it within the text, and all numbers lead to something.
fn is_sound(lockfile: &Lockfile) {
    let within = |at: Span| assert!(lockfile.text.get(at.range()).is_some(), "{at:?}");
    for package in &lockfile.packages {
        within(package.at);
        for (_, at) in package.resolved.iter().chain(&package.integrity) {
            within(*at);
        }
        for to in package
            .dependencies
            .iter()
            .filter_map(|dependency| dependency.to)
        {
            assert!(lockfile.package(to).is_some());
        }
    }
    for importer in &lockfile.importers {
        within(importer.at);
        for wanted in &importer.dependencies {
            within(wanted.at);
            assert!(wanted.to.is_none_or(|to| lockfile.package(to).is_some()));
        }
    }
    for (_, package) in &lockfile.descriptors {
        assert!(lockfile.package(*package).is_some());
    }
    lockfile.records.iter().for_each(|record| within(record.at));
    lockfile
        .problems
        .iter()
        .for_each(|problem| within(problem.at));
}

/// A text of which some pieces are gone, doubled or replaced.
fn broken() -> impl Strategy<Value = String> {
    let base = prop_oneof![Just(NPM), Just(NESTED), Just(BUN)];
    let piece = prop_oneof![
        Just("\""),
        Just("{"),
        Just("}"),
        Just("["),
        Just(","),
        Just("null"),
        Just("5"),
        Just("ß"),
        Just("/"),
        Just("@"),
        Just("node_modules/"),
        Just("\n<<<<<<< a\n"),
        Just("\\ud800"),
        Just("\\"),
        Just("//"),
        Just(""),
    ];
    let edit = (any::<prop::sample::Index>(), 0_usize..12, piece);
    (base, prop::collection::vec(edit, 0..5)).prop_map(|(base, edits)| {
        let mut text = base.to_owned();
        for (at, length, piece) in edits {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.ceil_char_boundary(start + length);
            text.replace_range(start..end, piece);
        }
        text
    })
}

proptest! {
    #[test]
    fn no_broken_lockfile_breaks_a_reader(text in broken()) {
        for kind in ALL {
            is_sound(&read(kind, text.clone()));
        }
    }

    #[test]
    fn no_text_breaks_a_reader_of_lockfiles(text in "\\PC*") {
        for kind in ALL {
            is_sound(&read(kind, text.clone()));
        }
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    for (kind, text) in [
        (LockfileKind::Npm, NPM),
        (LockfileKind::Npm, NESTED),
        (LockfileKind::Bun, BUN),
    ] {
        let plain = read(kind, text.to_owned());
        assert!(plain.problems.is_empty() && !plain.packages.is_empty());
        let moved = read(kind, format!("\u{feff}{}", text.replace('\n', "\r\n")));
        is_sound(&moved);
        assert!(moved.problems.is_empty(), "{:?}", moved.problems);
        assert_eq!(plain.packages.len(), moved.packages.len());
        for (plain_package, moved_package) in plain.packages.iter().zip(&moved.packages) {
            assert_eq!(plain_package.name, moved_package.name);
            assert_eq!(
                written(&plain, plain_package.at),
                written(&moved, moved_package.at)
            );
        }
    }
}

#[test]
fn a_conflict_is_named_where_it_stands() {
    let conflicts = [
        (
            "{\n<<<<<<< HEAD\n\"lockfileVersion\": 3\n=======\n\"lockfileVersion\": 2\n>>>>>>> b\n}",
            "<<<<<<< HEAD",
        ),
        ("\u{feff}<<<<<<< HEAD\r\n{}", "<<<<<<< HEAD"),
        ("{\r\n\"a\": 1\r\n>>>>>>> b\r\n}", ">>>>>>> b"),
    ];
    for kind in JSON {
        for (text, marks) in conflicts {
            let lockfile = read(kind, text.to_owned());
            let [problem] = &*lockfile.problems else {
                panic!("{:?}", lockfile.problems);
            };
            assert_eq!(problem.what, ProblemKind::Conflict);
            assert_eq!(written(&lockfile, problem.at), marks);
            assert!(lockfile.is_unreadable() && lockfile.packages.is_empty());
        }
    }
    let look_alike =
        r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "<<<<<<< HEAD"}}}"#;
    assert!(
        read(LockfileKind::Npm, look_alike.to_owned())
            .problems
            .is_empty()
    );
}

#[test]
fn what_is_no_json_is_told_without_its_words() {
    let secret = "hunter2";
    let texts = [
        String::new(),
        " \n".into(),
        "[]".into(),
        "5".into(),
        format!("\"{secret}\""),
        format!("{{{secret}"),
        format!("{{\"a\": \"\\ud800{secret}\"}}"),
        format!("{{\"a\": \"\\u{secret}\"}}"),
        format!("{{\"a\": \"\\{secret}\"}}"),
        format!("{{\"a\": \"{secret}"),
        format!("{{\"a\" {secret}: 5}}"),
        "{\"packages\": []}".into(),
        "{\"packages\": \"hunter2\"}".into(),
    ];
    for kind in JSON {
        for text in &texts {
            let lockfile = read(kind, text.clone());
            is_sound(&lockfile);
            let words = lockfile
                .problems
                .iter()
                .find_map(|problem| match &problem.what {
                    ProblemKind::Syntax(words) => Some(words),
                    _ => None,
                });
            let words = words.unwrap_or_else(|| panic!("{kind:?} reads {text}"));
            assert!(
                !words.is_empty() && !words.contains(secret) && !words.contains("ud800"),
                "{words}"
            );
        }
        assert!(read(kind, "{}".into()).problems.is_empty());
    }
    // What Bun tolerates, npm does not.
    let commented = "{\"lockfileVersion\": 1, // why\n}";
    assert!(read(LockfileKind::Npm, commented.into()).is_unreadable());
    assert!(!read(LockfileKind::Bun, commented.into()).is_unreadable());
}

#[test]
fn deep_nesting_is_told_and_breaks_nothing() {
    let depth = 100_000;
    let level = "{\"dependencies\":{\"a\":";
    let shapes = [
        "[".repeat(depth),
        format!("{{\"packages\":{}", "{\"a\":".repeat(depth)),
        format!("{{\"overrides\":{}", "{\"a\":".repeat(depth)),
        format!("{}{{}}{}", level.repeat(depth), "}}".repeat(depth)),
    ];
    for kind in JSON {
        for text in &shapes {
            let lockfile = read(kind, text.clone());
            assert!(lockfile.is_unreadable());
            is_sound(&lockfile);
        }
    }
    // Nearly as deep as the parser goes (it counts four for each of these), all is read.
    let depth = 120;
    let text = format!("{}{{}}{}", level.repeat(depth), "}}".repeat(depth));
    let lockfile = read(LockfileKind::Npm, text);
    assert!(lockfile.problems.is_empty());
    assert_eq!(lockfile.packages.len(), depth);
}

#[test]
fn paths_that_no_file_system_holds_are_told() {
    let deep = "node_modules/a/".repeat(2000);
    let npm = format!(
        "{{\"lockfileVersion\": 3, \"packages\": {{\"{deep}node_modules/b\": {{}}, \"node_modules/c\": {{}}}}}}"
    );
    let bun = format!(
        "{{\"lockfileVersion\": 1, \"packages\": {{\"{deep}b\": [\"b@1.0.0\"], \"c\": [\"c@1.0.0\"]}}}}"
    );
    for (kind, text) in [(LockfileKind::Npm, npm), (LockfileKind::Bun, bun)] {
        let lockfile = read(kind, text);
        assert_eq!(lockfile.problems.len(), 1);
        assert!(!lockfile.is_unreadable());
        assert_eq!(lockfile.packages.len(), 1);
    }
}

#[test]
fn a_binary_lockfile_is_told() {
    let lockfile = read(LockfileKind::BunBinary, String::new());
    assert_eq!(lockfile.problems[0].what, ProblemKind::Binary);
    assert!(lockfile.is_unreadable());
}
