#![no_main]
//! Any text as a lockfile of any kind: nothing panics, every place lies in the text, every number leads to an entry.
//!
//! The first character picks the kind; `n`, `y`, `p` and `b` pick those whose names begin with them.

use libfuzzer_sys::fuzz_target;
use tidegate::packages::lockfile::{LockfileKind, read};
use tidegate_fuzz::lies_within;

const KINDS: [LockfileKind; 5] = [
    LockfileKind::Npm,
    LockfileKind::Yarn,
    LockfileKind::Pnpm,
    LockfileKind::Bun,
    LockfileKind::BunBinary,
];

fuzz_target!(|text: &str| {
    let Some(first) = text.chars().next() else {
        return;
    };
    let kind = KINDS[first as usize % KINDS.len()];
    let lockfile = read(kind, text[first.len_utf8()..].to_owned());
    let text = &*lockfile.text;
    for package in &lockfile.packages {
        lies_within(package.at, text);
        package.resolved.iter().chain(&package.integrity).for_each(|(_, at)| lies_within(*at, text));
        for to in package.dependencies.iter().filter_map(|dependency| dependency.to) {
            assert!(lockfile.package(to).is_some());
        }
    }
    for importer in &lockfile.importers {
        lies_within(importer.at, text);
        for wanted in &importer.dependencies {
            lies_within(wanted.at, text);
            assert!(wanted.to.is_none_or(|to| lockfile.package(to).is_some()));
        }
    }
    for (_, package) in &lockfile.descriptors {
        assert!(lockfile.package(*package).is_some());
    }
    lockfile.records.iter().for_each(|record| lies_within(record.at, text));
    lockfile.problems.iter().for_each(|problem| lies_within(problem.at, text));
});
