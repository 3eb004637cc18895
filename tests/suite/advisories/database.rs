//! The local database: what goes in comes out, and damage is never taken for an answer.

use std::collections::BTreeMap;
use std::io::Cursor;

use tidegate::packages::advisory::Record;
use tidegate::packages::advisory::database::{Builder, Database, DatabaseError};
use tidegate::packages::advisory::merge::merge;

use super::{corpus, entry, records};

fn build(entries: &[String]) -> Vec<u8> {
    let mut builder = Builder::default();
    for entry in entries {
        builder.add(records(entry));
    }
    let mut bytes = Vec::new();
    builder
        .write("a test", 0, &mut bytes)
        .expect("memory takes it");
    bytes
}

fn open(bytes: &[u8]) -> Result<Database, DatabaseError> {
    Database::read(Box::new(Cursor::new(bytes.to_vec())))
}

fn small() -> Vec<String> {
    vec![
        entry("GHSA-1", "left-pad", r#"{"introduced":"0"},{"fixed":"1.3.0"}"#),
        entry("GHSA-2", "left-pad", r#"{"introduced":"1.0.0-rc.1"},{"last_affected":"1.2.0"}"#),
        entry("GHSA-3", "@scope/name", r#"{"introduced":"0"},{"limit":"2.0.0"}"#),
        r#"{"id":"MAL-1","aliases":["GHSA-4"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"evil"},"versions":["1.0.0","1.0.1"]}]}"#.to_owned(),
    ]
}

#[test]
fn what_goes_in_comes_out() {
    let Some(mut entries) = corpus() else { return };
    entries.extend(small());
    let mut expected: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for (name, record) in entries.iter().flat_map(|entry| records(entry)) {
        if !record.affected.is_empty() {
            expected.entry(name).or_default().push(record);
        }
    }
    let database = open(&build(&entries)).expect("it is one");
    database.verify().expect("it is whole");
    assert_eq!(database.about().packages, expected.len() as u64);
    assert_eq!(database.about().records, entries.len() as u64);
    for (name, expected) in expected {
        let mut found = database.records(&name).expect("it can be read");
        let mut wanted = expected.clone();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        wanted.sort_by(|one, other| one.id.cmp(&other.id));
        assert_eq!(found, wanted, "{name}");
        assert_eq!(merge(found), merge(expected), "{name}");
    }
    for unknown in ["", "left-pa", "Left-pad", "no-such-package"] {
        assert_eq!(database.records(unknown).expect("it can be read"), []);
    }
}

#[test]
fn the_order_of_the_source_changes_nothing() {
    let mut entries = small();
    let bytes = build(&entries);
    entries.reverse();
    assert_eq!(build(&entries), bytes);
    entries.push(entries[0].clone());
    assert_eq!(
        open(&build(&entries))
            .unwrap()
            .records("evil")
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_was_withdrawn_is_left_out_and_counted() {
    let withdrawn = entry("GHSA-1", "a", r#"{"introduced":"0"}"#).replacen(
        '{',
        r#"{"withdrawn":"2026-03-01T00:00:00Z","#,
        1,
    );
    let database = open(&build(&[withdrawn])).expect("it is one");
    assert_eq!(database.records("a").unwrap(), []);
    assert_eq!(
        (database.about().records, database.about().withdrawn),
        (0, 1)
    );
}

#[test]
fn a_changed_byte_is_always_found() {
    let bytes = build(&small());
    let names = ["left-pad", "@scope/name", "evil"];
    open(&bytes)
        .and_then(|database| database.verify())
        .expect("it is whole");
    for at in 0..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= change;
            let Ok(database) = open(&bytes) else { continue };
            assert!(database.verify().is_err(), "byte {at} is not looked at");
            let answers = names.map(|name| database.records(name));
            assert!(answers.iter().any(Result::is_err), "byte {at}");
        }
    }
}

#[test]
fn a_file_that_was_cut_or_grew_is_damaged() {
    let bytes = build(&small());
    for length in 0..bytes.len() {
        let error = open(&bytes[..length]).expect_err("it is cut");
        let is_told = if length < 8 {
            matches!(error, DatabaseError::Foreign)
        } else {
            matches!(error, DatabaseError::Damaged)
        };
        assert!(is_told, "{length}: {error}");
    }
    let grown = [bytes.as_slice(), b"x"].concat();
    assert!(matches!(open(&grown), Err(DatabaseError::Damaged)));
}

#[test]
fn what_is_no_database_of_this_format_is_told_apart() {
    assert!(matches!(
        open(b"SQLite format 3\0"),
        Err(DatabaseError::Foreign)
    ));
    let mut bytes = build(&small());
    bytes[8] = 9;
    assert!(matches!(open(&bytes), Err(DatabaseError::Format(9))));
    // Sizes that no file can have.
    bytes[8] = 1;
    bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(open(&bytes), Err(DatabaseError::Damaged)));
    let missing = Database::open(std::path::Path::new("/nowhere/advisories.db"));
    assert!(matches!(missing, Err(DatabaseError::Missing)));
}
