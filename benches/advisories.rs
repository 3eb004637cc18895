//! The database of advisories: 200,000 records that are made up in the proportions of npm's (most are malware with a
//! list of versions, the rest have ranges), 2,600 packages looked up: `cargo bench --bench advisories`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on fails, and it may write what it likes"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::{Bencher, black_box};
use tidegate::packages::advisory::database::{Builder, Database};
use tidegate::packages::advisory::merge::merge;
use tidegate::packages::advisory::record;
use tidegate::packages::advisory::{Installed, Source, gather};

const RECORDS: u32 = 200_000;
const PACKAGES: u32 = 2_600;

fn main() {
    divan::main();
}

/// One record as OSV would publish it.
fn entry(number: u32) -> String {
    let mut text = String::new();
    let written = if number.is_multiple_of(8) {
        // Each popular package has eight.
        let name = number / 64;
        let (major, minor) = (number % 7, number % 11);
        write!(
            text,
            r#"{{"id":"GHSA-{number:04x}-abcd-efgh","modified":"2026-01-02T03:04:05Z","aliases":["CVE-2026-{number}"],"summary":"Prototype pollution in package number {name} through a crafted key","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N"}}],"affected":[{{"package":{{"ecosystem":"npm","name":"package-{name}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{major}.{minor}.3"}},{{"introduced":"{}.0.0"}},{{"fixed":"{}.4.1"}}]}}]}}],"database_specific":{{"severity":"MODERATE","cwe_ids":["CWE-1321"]}}}}"#,
            major + 1,
            major + 1
        )
    } else {
        write!(
            text,
            r#"{{"id":"MAL-2026-{number}","modified":"2026-01-02T03:04:05.123456Z","summary":"Malicious code in malicious-{number} (npm)","affected":[{{"package":{{"ecosystem":"npm","name":"malicious-{number}"}},"versions":["1.0.0","1.0.1","99.99.{number}"]}}]}}"#
        )
    };
    written.expect("a string takes it");
    text
}

/// The database on disk; made once.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("advisories-bench.db");
    let mut builder = Builder::default();
    for number in 0..RECORDS {
        builder.add(record::read(entry(number).as_bytes()).expect("it is an entry"));
    }
    assert_eq!(builder.records(), u64::from(RECORDS));
    let mut out = BufWriter::new(File::create(&path).expect("it can be made"));
    builder
        .write("a bench", 0, &mut out)
        .expect("it can be written");
    drop(out);
    println!("{} bytes", fs::metadata(&path).expect("it is there").len());
    path
});

/// Half of them are known for something.
fn names() -> Vec<String> {
    (0..PACKAGES)
        .map(|number| format!("package-{}", number * 2))
        .collect()
}

#[divan::bench]
fn open(bencher: Bencher<'_, '_>) {
    LazyLock::force(&FILE);
    bencher.bench(|| Database::open(&FILE).expect("it is one"));
}

#[divan::bench]
fn verify(bencher: Bencher<'_, '_>) {
    let database = Database::open(&FILE).expect("it is one");
    bencher.bench(|| database.verify().expect("it is whole"));
}

#[divan::bench]
fn match_2600_packages(bencher: Bencher<'_, '_>) {
    let database = Database::open(&FILE).expect("it is one");
    let names = names();
    bencher.bench(|| {
        let installed = Installed::new("2.3.1");
        let affected = names.iter().map(|name| {
            let advisories = merge(database.records(name).expect("it is whole"));
            advisories
                .iter()
                .filter(|advisory| advisory.affects(&installed))
                .count()
        });
        black_box(affected.sum::<usize>())
    });
}

#[divan::bench]
fn gather_2600_packages(bencher: Bencher<'_, '_>) {
    let sources = [Source::Database(Some(FILE.clone()))];
    let request: BTreeSet<(String, String)> = names()
        .into_iter()
        .map(|name| (name, "2.3.1".to_owned()))
        .collect();
    bencher.bench(|| {
        let found = tidegate::http::block_on(gather(&request, &sources)).expect("it runs");
        request
            .iter()
            .map(|(name, version)| found.affecting(name, version).count())
            .sum::<usize>()
    });
}
