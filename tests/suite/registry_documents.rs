//! Package documents: what is kept of them, and what is taken for missing.

use jiff::Timestamp;
use tidegate::packages::Version;
use tidegate::packages::registry::document::{Malformed, Need, Times};
use tidegate::packages::registry::{Document, Release};

pub(crate) fn now() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

pub(crate) fn document(json: &str) -> Document {
    Document::read(json.as_bytes(), now()).unwrap_or_else(|why| panic!("{why:?}: {json}"))
}

fn only(version: &str) -> Release {
    let document = document(&format!(r#"{{"versions": {{"1.0.0": {version}}}}}"#));
    document.releases.into_iter().next().unwrap()
}

#[test]
fn a_whole_document_is_kept_in_short() {
    let read = document(
        r#"{"_id": "a", "name": "a", "description": "é", "readme": {"x": [1, 2.5, null, true]},
        "dist-tags": {"latest": "2.0.0", "next": "3.0.0-rc.1", "broken": 7},
        "time": {"created": "2019-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z",
            "2.0.0": "2022-05-01T10:20:30.400Z", "10.0.0": "2023-05-01T12:20:30.400000+02:00", "1.0.0": "2019-01-01T00:00:00Z"},
        "maintainers": [{"name": "zoe", "email": "z@example.com"}, {"name": "adam"}, "eve <e@example.com>"],
        "versions": {
            "10.0.0": {}, "1.0.0": {"deprecated": "use b"}, "nonsense": {}, "3.0.0-rc.1": {},
            "2.0.0": {"engines": {"node": ">=18", "npm": "9"}, "license": "MIT",
                "dependencies": {"b": "^1.0.0", "c": "npm:real@~2", "opt": "1"},
                "optionalDependencies": {"opt": "^1.1.0"}, "peerDependencies": {"b": ">=1"},
                "scripts": {"test": "x", "postinstall": "node x.js"},
                "dist": {"integrity": "sha512-abc", "shasum": "1", "attestations": {"url": "u", "provenance": {"predicateType": "p"}}},
                "_npmUser": {"name": "bot", "trustedPublisher": {"id": "github"}}}}}"#,
    );
    let versions: Vec<&str> = read.releases.iter().map(|release| &*release.text).collect();
    assert_eq!(versions, ["1.0.0", "2.0.0", "3.0.0-rc.1", "10.0.0"]);
    assert_eq!(read.times, Times::Known);
    assert_eq!(&*read.tag("latest").unwrap().text, "2.0.0");
    assert!(read.tag("broken").is_none());
    let people: Vec<&str> = read.maintainers.iter().map(|name| &**name).collect();
    assert_eq!(people, ["adam", "eve", "zoe"]);
    let release = read.release(&Version::parse("2.0.0").unwrap()).unwrap();
    assert_eq!(release.engines_node.as_deref(), Some(">=18"));
    assert_eq!(release.license.as_deref(), Some("MIT"));
    assert_eq!(release.integrity.as_deref(), Some("sha512-abc"));
    assert_eq!(release.publisher.as_deref(), Some("bot"));
    assert_eq!(release.has_install_script, Some(true));
    assert!(release.has_provenance && release.by_trusted_publisher);
    let needs: Vec<_> = release
        .dependencies
        .iter()
        .map(|needed| (&*needed.name, &*needed.specifier, needed.need))
        .collect();
    assert_eq!(
        needs,
        [
            ("b", "^1.0.0", Need::Required),
            ("b", ">=1", Need::Peer),
            ("c", "npm:real@~2", Need::Required),
            ("opt", "^1.1.0", Need::Optional),
        ]
    );
    let aliased: Vec<_> = release.requirements_of("real").collect();
    assert_eq!(aliased[0].target(), ("real", "~2"));
    let published = read.published(read.releases.last().unwrap()).unwrap();
    assert_eq!(published.to_string(), "2023-05-01T10:20:30.4Z");
    assert_eq!(read.last_published(), Some(published));

    let again = serde_json::to_vec(&read).unwrap();
    assert_eq!(
        Document::read(&*again, now()),
        Ok(read),
        "what the cache keeps is the same"
    );
}

#[test]
fn types_bend_and_nothing_is_guessed() {
    for (version, deprecated) in [
        (r#"{"deprecated": "use b"}"#, Some("use b")),
        (r#"{"deprecated": ""}"#, None),
        (r#"{"deprecated": " "}"#, None),
        (r#"{"deprecated": false}"#, None),
        (r#"{"deprecated": true}"#, Some("deprecated")),
        (r#"{"deprecated": {"a": 1}}"#, None),
        ("{}", None),
        ("null", None),
        ("[1, \"x\"]", None),
    ] {
        assert_eq!(only(version).deprecated.as_deref(), deprecated, "{version}");
    }
    for (version, license) in [
        (r#"{"license": {"type": "BSD", "url": "u"}}"#, Some("BSD")),
        (
            r#"{"licenses": [{"type": "MIT"}, {"type": "GPL"}]}"#,
            Some("MIT OR GPL"),
        ),
        (
            r#"{"licenses": ["MIT", "GPL"], "license": "ISC"}"#,
            Some("ISC"),
        ),
        (r#"{"license": ["MIT"]}"#, Some("MIT")),
        (r#"{"license": 7}"#, None),
        (r#"{"license": ""}"#, None),
    ] {
        assert_eq!(only(version).license.as_deref(), license, "{version}");
    }
    for (version, node) in [
        (r#"{"engines": ["node >= 0.6"]}"#, Some(">= 0.6")),
        (r#"{"engines": ["npm 1"]}"#, None),
        (r#"{"engines": "node 4"}"#, Some("4")),
        (r#"{"engines": {"node": 4}}"#, None),
        (r#"{"engines": null}"#, None),
    ] {
        assert_eq!(only(version).engines_node.as_deref(), node, "{version}");
    }
    for (version, has) in [
        (
            r#"{"scripts": {"install": "node-gyp rebuild"}}"#,
            Some(true),
        ),
        (r#"{"scripts": {"preinstall": ""}}"#, Some(false)),
        (r#"{"scripts": {"prepare": "x"}}"#, Some(false)),
        (r#"{"hasInstallScript": true, "scripts": {}}"#, Some(true)),
        (
            r#"{"scripts": {"install": "x"}, "hasInstallScript": false}"#,
            Some(true),
        ),
        ("{}", None),
    ] {
        assert_eq!(only(version).has_install_script, has, "{version}");
    }
    assert!(
        only(r#"{"dependencies": ["a", {"b": "1"}, 3]}"#)
            .dependencies
            .len()
            <= 1
    );
    assert!(
        only(r#"{"dependencies": {"a": {"b": 1}}}"#)
            .dependencies
            .is_empty()
    );
}

#[test]
fn what_is_no_document_says_what_it_is() {
    let read = |text: &str| Document::read(text.as_bytes(), now()).err();
    for (text, why) in [
        ("<!doctype html><html></html>", Malformed::Foreign),
        (r#"{"error": "not found"}"#, Malformed::Foreign),
        ("[]", Malformed::Foreign),
        ("null", Malformed::Foreign),
        ("\"text\"", Malformed::Foreign),
        (r#"{"versions": {}} trailing"#, Malformed::Foreign),
        ("", Malformed::Truncated),
        (
            r#"{"versions": {"1.0.0": {"license": "MI"#,
            Malformed::Truncated,
        ),
        (r#"{"versions": {"1.0.0": {}}"#, Malformed::Truncated),
    ] {
        assert_eq!(read(text), Some(why), "{text}");
    }
    let many = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(",")
    };
    let versions = many(200_001, &|number| format!("\"1.0.{number}\":{{}}"));
    assert_eq!(
        read(&format!(r#"{{"versions": {{{versions}}}}}"#)),
        Some(Malformed::Oversized)
    );
    let needs = many(10_001, &|number| format!("\"a{number}\":\"1\""));
    assert_eq!(
        read(&format!(
            r#"{{"versions": {{"1.0.0": {{"dependencies": {{{needs}}}}}}}}}"#
        )),
        Some(Malformed::Oversized)
    );
    let gone = document(
        r#"{"name": "a", "time": {"unpublished": {"name": "x", "time": "2024-01-01T00:00:00Z"}}}"#,
    );
    assert!(gone.is_unpublished && gone.releases.is_empty());
    assert!(document(r#"{"versions": {}}"#).releases.is_empty());
}

/// The times of versions, as a document.
fn dated(times: &[(&str, &str)]) -> Document {
    let list = |value: &dyn Fn(&str) -> String| {
        let entries = times
            .iter()
            .map(|(version, time)| format!("\"{version}\": {}", value(time)));
        entries.collect::<Vec<_>>().join(", ")
    };
    let versions = list(&|_| "{}".to_owned());
    let times = list(&|time| format!("\"{time}\""));
    document(&format!(
        r#"{{"time": {{{times}}}, "versions": {{{versions}}}}}"#
    ))
}

#[test]
fn dates_that_make_no_sense_are_none() {
    for (time, is_known) in [
        ("2020-01-01T00:00:00.000Z", true),
        ("2026-11-26T12:30:00Z", true),
        ("2026-11-28T00:00:00Z", false),
        ("1970-01-01T00:00:00Z", false),
        ("0001-01-01T00:00:00Z", false),
        ("Tue, 01 Jan 2020", false),
        ("1577836800000", false),
        ("", false),
    ] {
        let read = dated(&[("1.0.0", time)]);
        let published = read.published(&read.releases[0]);
        assert_eq!(published.is_some(), is_known, "{time}");
        assert_eq!(read.times == Times::Missing, !is_known, "{time}");
    }
    assert_eq!(
        document(r#"{"versions": {"1.0.0": {}}}"#).times,
        Times::Missing
    );
    assert_eq!(
        document(r#"{"time": "x", "versions": {"1.0.0": {}}}"#).times,
        Times::Missing
    );
}

#[test]
fn dates_of_a_mirror_are_told_from_dates_of_releases() {
    let honest = [
        ("1.0.0", "2015-01-01T00:00:00Z"),
        ("1.0.1", "2015-02-01T00:00:00Z"),
        ("1.1.0", "2015-03-01T00:00:00Z"),
        ("1.0.2", "2019-01-01T00:00:00Z"),
        ("2.0.0", "2016-01-01T00:00:00Z"),
        ("2.0.1-rc.1", "2018-01-01T00:00:00Z"),
        ("2.0.1", "2017-01-01T00:00:00Z"),
    ];
    assert_eq!(
        dated(&honest).times,
        Times::Known,
        "backports are no contradiction"
    );
    let mirrored = [
        ("1.0.0", "2024-12-13T00:00:00Z"),
        ("1.0.1", "2024-12-02T00:00:00Z"),
        ("1.0.2", "2024-10-04T00:00:00Z"),
        ("1.0.3", "2026-07-30T00:00:00Z"),
        ("1.0.4", "2024-12-04T00:00:00Z"),
    ];
    let read = dated(&mirrored);
    assert_eq!(read.times, Times::Nonsense);
    assert!(
        read.releases
            .iter()
            .all(|release| read.published(release).is_none())
    );
    assert_eq!(read.last_published(), None);
    let again = serde_json::to_vec(&read).unwrap();
    assert_eq!(Document::read(&*again, now()), Ok(read));
    // One version out of its turn is what somebody who hides a young release would publish.
    let hidden = [
        ("1.0.0", "2015-01-01T00:00:00Z"),
        ("1.0.1", "2026-11-26T00:00:00Z"),
        ("1.0.2", "2015-03-01T00:00:00Z"),
    ];
    assert_eq!(dated(&hidden).times, Times::Known);
    let stamped =
        ["1.0.0", "1.1.0", "2.0.0", "3.0.0"].map(|version| (version, "2024-12-13T00:00:00Z"));
    assert_eq!(dated(&stamped).times, Times::Nonsense);
}
