//! Versions and ranges are those of npm: the strict rows of node-semver's own fixtures, through our wrapper.

use std::fs;

use serde_json::Value;
use tidegate::packages::{Range, Version};

use crate::corpora;

/// The rows of a file that ask for nothing but the strict reading. Loose reading and `includePrerelease` are options
/// that the program does not have.
fn strict(name: &str) -> Option<Vec<Vec<Value>>> {
    let path = corpora::folder("semver")?.join(name);
    let text = fs::read_to_string(path).expect("the corpus is whole");
    let rows: Vec<Vec<Value>> = serde_json::from_str(&text).expect("it is a table");
    let is_option = |value: &Value| match value {
        Value::Object(options) => !options.contains_key("$number"),
        Value::Bool(_) => true,
        _ => false,
    };
    let is_loose = |row: &Vec<Value>| {
        row.iter().skip(1).any(|value| match value {
            Value::Bool(loose) => *loose,
            Value::Object(options) if is_option(value) => {
                options.contains_key("$regexp")
                    || options.get("loose") == Some(&Value::Bool(true))
                    || options.get("includePrerelease") == Some(&Value::Bool(true))
            }
            _ => false,
        })
    };
    Some(rows.into_iter().filter(|row| !is_loose(row)).collect())
}

fn text(row: &[Value], at: usize) -> &str {
    row.get(at).and_then(Value::as_str).unwrap_or_default()
}

fn range(text: &str) -> Range {
    Range::parse(text).unwrap_or_else(|| panic!("{text} is a range"))
}

fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
}

#[test]
fn ranges_take_and_leave_what_npm_takes_and_leaves() {
    for (file, taken, least) in [
        ("range-include.json", true, 40),
        ("range-exclude.json", false, 30),
    ] {
        let Some(rows) = strict(file) else { return };
        assert!(rows.len() >= least, "{file}: {}", rows.len());
        for row in rows {
            let (wanted, given) = (text(&row, 0), text(&row, 1));
            // A version that only the loose reading knows is in no range.
            let is_in = Version::parse(given).is_some_and(|given| range(wanted).satisfies(&given));
            assert_eq!(is_in, taken, "{wanted} {given}");
        }
    }
}

#[test]
fn ranges_are_read_as_npm_reads_them() {
    let Some(rows) = strict("range-parse.json") else {
        return;
    };
    assert!(rows.len() >= 50, "{}", rows.len());
    for row in rows {
        let written = text(&row, 0);
        let read = Range::parse(written).map(|range| range.to_string());
        // A range that takes everything is written as nothing there, and as a star in the table.
        let read = read.map(|range| {
            if range.is_empty() {
                "*".to_owned()
            } else {
                range
            }
        });
        assert_eq!(read.as_deref(), row[1].as_str(), "{written}");
    }
}

#[test]
fn versions_are_read_and_ordered_as_npm_does_it() {
    let (Some(order), Some(equal), Some(valid), Some(invalid)) = (
        strict("comparisons.json"),
        strict("equality.json"),
        strict("valid-versions.json"),
        strict("invalid-versions.json"),
    ) else {
        return;
    };
    assert!(order.len() >= 10 && !equal.is_empty() && valid.len() >= 10 && !invalid.is_empty());
    for row in order {
        assert!(version(text(&row, 0)) > version(text(&row, 1)), "{row:?}");
    }
    for row in equal {
        assert_eq!(version(text(&row, 0)), version(text(&row, 1)), "{row:?}");
    }
    for row in valid {
        let read = version(text(&row, 0));
        let numbers = [read.major(), read.minor(), read.patch()];
        assert_eq!(
            numbers.map(Some),
            [1, 2, 3].map(|at| row[at].as_u64()),
            "{row:?}"
        );
        let prerelease = row[4].as_array().is_some_and(|parts| !parts.is_empty());
        assert_eq!(read.is_prerelease(), prerelease, "{row:?}");
    }
    for row in invalid {
        assert!(Version::parse(text(&row, 0)).is_none(), "{row:?}");
    }
}

/// What of node-semver's fixtures is about functions that the program does not have.
const NOT_NEEDED: [&str; 8] = [
    // Range algebra.
    "comparator-intersection.json",
    "range-intersection.json",
    // Making versions from others.
    "increments.json",
    "truncations.json",
    // Above or below a whole range.
    "version-gt-range.json",
    "version-lt-range.json",
    "version-not-gt-range.json",
    "version-not-lt-range.json",
];

#[test]
fn every_table_is_used_or_not_needed() {
    let Some(folder) = corpora::folder("semver") else {
        return;
    };
    let used = [
        "comparisons.json",
        "equality.json",
        "invalid-versions.json",
        "range-exclude.json",
        "range-include.json",
        "range-parse.json",
        "valid-versions.json",
    ];
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("it is a folder")
        .map(|entry| entry.expect("it is there").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort();
    let mut known: Vec<&str> = used.into_iter().chain(NOT_NEEDED).collect();
    known.sort_unstable();
    assert_eq!(names, known);
}
