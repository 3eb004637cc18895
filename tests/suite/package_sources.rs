//! A local database of advisories, through the built program: made, asked without a network, and missed.

use std::path::Path;

use serde_json::Value;

use crate::program::{tidegate, write};

const ADVISORIES: &str = concat!(
    r#"{"id":"GHSA-aaaa-aaaa-aaaa","modified":"2026-01-01T00:00:00Z","summary":"Command injection","#,
    r#""affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}],"#,
    r#""database_specific":{"severity":"HIGH"}}"#,
    "\n",
    r#"{"id":"MAL-2026-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"evil"},"versions":["1.0.0"]}]}"#,
    "\n",
);

fn lockfile(version: &str) -> String {
    format!(
        r#"{{"lockfileVersion": 3, "packages": {{
  "": {{"dependencies": {{"lodash": "^4.17.0"}}}},
  "node_modules/lodash": {{"version": "{version}", "resolved": "https://registry.npmjs.org/lodash/-/lodash-{version}.tgz", "integrity": "sha512-{version}=="}}
}}}}
"#
    )
}

fn change(folder: &Path) {
    let manifest = "{\"private\": true,\n \"dependencies\": {\n  \"lodash\": \"^4.17.0\"}}\n";
    let (old, new) = (lockfile("4.17.21"), lockfile("4.17.20"));
    write(
        folder,
        &[
            ("own.jsonl", ADVISORIES),
            ("base/package.json", manifest),
            ("base/package-lock.json", &old),
            ("head/package.json", manifest),
            ("head/package-lock.json", &new),
        ],
    );
}

#[test]
fn a_database_tells_what_a_change_brings_in_without_a_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    change(at);
    let update = [
        "advisories",
        "update",
        "--source",
        "own.jsonl",
        "--database",
        "own.db",
    ];
    let made = tidegate(at, &update, &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(
        made.stdout.contains("2 about 2 packages"),
        "{}",
        made.stdout
    );

    let check = |format: &str| {
        let arguments = [
            "check",
            "--base",
            "base",
            "--head",
            "head",
            "--offline",
            "--database",
            "own.db",
            "--format",
            format,
        ];
        tidegate(at, &arguments, &[])
    };
    let told = check("json");
    assert_eq!(told.code, 1, "{}{}", told.stdout, told.stderr);
    let report: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let found = findings
        .iter()
        .find(|finding| finding["rule"] == "package/vulnerable")
        .expect("the vulnerable package");
    assert_eq!(found["status"], "introduced");
    assert_eq!(found["location"]["path"], "package.json");
    assert_eq!(found["location"]["start"]["line"], 3);
    assert_eq!(found["changed_at"]["path"], "package-lock.json");
    assert_eq!(found["package"]["purl"], "pkg:npm/lodash@4.17.20");
    let source = &report["coverage"]["sources"][0];
    assert_eq!(
        (&source["source"], &source["answers"]),
        (&"database".into(), &1.into())
    );

    // Code scanning reads the severity from the rule, and groups by it: one for each advisory.
    let sarif = check("sarif");
    assert!(
        sarif
            .stdout
            .contains(r#""package/vulnerable/GHSA-aaaa-aaaa-aaaa""#)
    );
}

#[test]
fn a_database_that_was_asked_for_and_is_not_there_makes_a_run_incomplete() {
    let folder = tempfile::tempdir().expect("a folder");
    change(folder.path());
    for damaged in [None, Some("not a database")] {
        if let Some(text) = damaged {
            write(folder.path(), &[("own.db", text)]);
        }
        let arguments = ["check", "head", "--offline", "--database", "own.db"];
        let told = tidegate(folder.path(), &arguments, &[]);
        assert_eq!(told.code, 3, "{}{}", told.stdout, told.stderr);
        assert!(told.stdout.contains("advisories"), "{}", told.stdout);
    }
}

#[test]
fn nobody_is_missed_where_nothing_is_installed() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[(
            "pod.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        )],
    );
    let told = tidegate(folder.path(), &["check"], &[("TIDEGATE_OFFLINE", "0")]);
    assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
}
