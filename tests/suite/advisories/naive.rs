//! The evaluation of OSV once more, word by word as the schema tells it, with an order of versions of its own:
//! whatever the product does for the sake of speed must come to the same.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate::packages::advisory::Installed;
use tidegate::packages::advisory::record;

/// Numbers and identifiers of a prerelease.
#[derive(Clone, Debug, PartialEq)]
struct Plain {
    numbers: [u64; 3],
    before: Vec<String>,
}

fn plain(text: &str) -> Option<Plain> {
    let text = text.split('+').next()?;
    let (numbers, before) = match text.split_once('-') {
        Some((numbers, before)) => (numbers, before.split('.').map(str::to_owned).collect()),
        None => (text, Vec::new()),
    };
    let numbers: Vec<u64> = numbers
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    Some(Plain {
        numbers: numbers.try_into().ok()?,
        before,
    })
}

/// <https://semver.org/#spec-item-11>
fn order(one: &Plain, other: &Plain) -> Ordering {
    let identifiers =
        |one: &String, other: &String| match (one.parse::<u64>(), other.parse::<u64>()) {
            (Ok(one), Ok(other)) => one.cmp(&other),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            _ => one.cmp(other),
        };
    one.numbers.cmp(&other.numbers).then_with(|| {
        match (one.before.is_empty(), other.before.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                for (one, other) in one.before.iter().zip(&other.before) {
                    let order = identifiers(one, other);
                    if order.is_ne() {
                        return order;
                    }
                }
                one.before.len().cmp(&other.before.len())
            }
        }
    })
}

/// An event: what it is, and its version; none is before all.
type Event = (String, Option<Plain>);

fn in_range(events: &[Event], version: &Plain) -> bool {
    let mut sorted = events.to_vec();
    sorted.sort_by(|one, other| match (&one.1, &other.1) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(one), Some(other)) => order(one, other),
    });
    let mut is_affected = false;
    for (kind, at) in &sorted {
        let compared = at
            .as_ref()
            .map_or(Ordering::Greater, |at| order(version, at));
        match kind.as_str() {
            "introduced" if compared.is_ge() => is_affected = true,
            "fixed" if compared.is_ge() => is_affected = false,
            "last_affected" if compared.is_gt() => is_affected = false,
            _ => {}
        }
    }
    let mut limits = sorted.iter().filter(|(kind, _)| kind == "limit").peekable();
    let is_before_limits = limits.peek().is_none()
        || limits.any(|(_, at)| at.as_ref().is_none_or(|at| order(version, at).is_lt()));
    is_affected && is_before_limits
}

fn is_affected(entry: &Value, name: &str, version: &str) -> bool {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    list(entry, "affected").iter().any(|affected| {
        let is_meant =
            affected["package"]["ecosystem"] == "npm" && affected["package"]["name"] == name;
        let is_listed = list(affected, "versions")
            .iter()
            .any(|listed| listed == version);
        let in_some = || {
            let Some(version) = plain(version) else {
                return false;
            };
            list(affected, "ranges").iter().any(|range| {
                let events: Vec<Event> = list(range, "events")
                    .iter()
                    .flat_map(|event| event.as_object().cloned().unwrap_or_default())
                    .map(|(kind, at)| (kind, plain(at.as_str().unwrap_or_default())))
                    .collect();
                in_range(&events, &version)
            })
        };
        is_meant && (is_listed || in_some())
    })
}

/// A version, and what lies right around it.
fn neighbours(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    if let Some(Plain {
        numbers: [major, minor, patch],
        before,
    }) = plain(text)
    {
        let release = format!("{major}.{minor}.{patch}");
        all.push(format!("{major}.{minor}.{}", patch + 1));
        all.push(format!("{major}.{minor}.{}-0", patch + 1));
        all.push(format!("{major}.{}.0", minor + 1));
        all.push(format!("{release}-0"));
        all.push(format!("{release}-rc.1"));
        all.push(format!("{release}+build"));
        if let Some(patch) = patch.checked_sub(1) {
            all.push(format!("{major}.{minor}.{patch}"));
        }
        if !before.is_empty() {
            all.push(format!("{release}-{}.0", before.join(".")));
            all.push(release);
        }
    }
    all
}

#[test]
fn every_entry_of_the_corpus_is_about_the_versions_that_the_schema_says() {
    let Some(corpus) = super::corpus() else {
        return;
    };
    let (mut looked, mut held) = (0, 0);
    for line in &corpus {
        let entry: Value = serde_json::from_str(line).expect("it is JSON");
        let mut mentioned: BTreeSet<String> = ["0.0.0", "0.0.0-0", "99999.0.0", "latest"]
            .map(str::to_owned)
            .into();
        for affected in entry["affected"].as_array().into_iter().flatten() {
            let versions = affected["versions"].as_array().into_iter().flatten();
            let events = affected["ranges"].as_array().into_iter().flatten();
            let events = events.flat_map(|range| range["events"].as_array().into_iter().flatten());
            let events = events.flat_map(|event| {
                event
                    .as_object()
                    .into_iter()
                    .flat_map(|event| event.values())
            });
            for text in versions.chain(events).filter_map(Value::as_str) {
                mentioned.extend(neighbours(text));
            }
        }
        for (name, record) in record::read(line.as_bytes()).expect("it is an entry") {
            for version in &mentioned {
                let ours = record.affected.holds(&Installed::new(version));
                // A listed version is the same with other build metadata for npm; the schema compares texts.
                let plain = version.split('+').next().unwrap_or_default();
                assert_eq!(
                    ours,
                    is_affected(&entry, &name, plain),
                    "{} {version}",
                    record.id
                );
                looked += 1;
                held += usize::from(ours);
            }
        }
    }
    assert!(looked > 40_000 && held > 10_000, "{looked} {held}");
}

fn version() -> impl Strategy<Value = String> {
    let before = prop_oneof![
        3 => Just(String::new()),
        1 => Just("-0".to_owned()),
        1 => Just("-rc".to_owned()),
        1 => Just("-rc.1".to_owned()),
        1 => Just("-rc.11".to_owned()),
        1 => Just("-rc.1.x".to_owned()),
    ];
    (0_u8..3, 0_u8..3, 0_u8..2, before)
        .prop_map(|(major, minor, patch, before)| format!("{major}.{minor}.{patch}{before}"))
}

fn event() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!({"introduced": "0"})),
        1 => Just(json!({"limit": "*"})),
        4 => version().prop_map(|at| json!({"introduced": at})),
        4 => version().prop_map(|at| json!({"fixed": at})),
        3 => version().prop_map(|at| json!({"last_affected": at})),
        1 => version().prop_map(|at| json!({"limit": at})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Events in any number and order, as no editor would write them.
    #[test]
    fn any_events_mean_what_the_schema_says(
        ranges in prop::collection::vec(prop::collection::vec(event(), 0..7), 1..3),
        listed in prop::collection::vec(version(), 0..2),
        versions in prop::collection::vec(version(), 12),
    ) {
        let ranges: Vec<Value> = ranges.into_iter().map(|events| json!({"type": "SEMVER", "events": events})).collect();
        let entry = json!({"id": "A-1", "affected": [
            {"package": {"ecosystem": "npm", "name": "a"}, "ranges": ranges, "versions": listed},
        ]});
        let records = record::read(entry.to_string().as_bytes()).expect("it is an entry");
        for version in versions {
            let ours = records[0].1.affected.holds(&Installed::new(&version));
            prop_assert_eq!(ours, is_affected(&entry, "a", &version), "{} {}", version, entry);
        }
    }
}
