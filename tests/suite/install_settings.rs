//! What a change does to settings and code that decide what is installed, through the built program.

use std::fs;

use serde_json::Value;

use crate::configuration::check;
use crate::program::{commit, git, write};

type Files<'a> = &'a [(&'a str, &'a str)];

const PACKAGE: &str = "{\"name\": \"shop\", \"private\": true}\n";

/// The findings of one rule, as `severity path:line`, after a change that writes some files and deletes others.
fn told(rule: &str, main: Files<'_>, feature: Files<'_>, deleted: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    git(root, &["init", "-q"]);
    write(root, main);
    commit(root, "main");
    git(root, &["checkout", "-q", "-b", "feature"]);
    write(root, feature);
    for path in deleted {
        fs::remove_file(root.join(path)).expect("a file");
    }
    commit(root, "feature");
    // The order of the branches is that of `repository`: main is what was there.
    let (_, json) = check(root, &["--base", "HEAD~1", "--head", "HEAD", "--offline"]);
    let findings = json["findings"].as_array().expect("findings");
    let own = findings.iter().filter(|finding| finding["rule"] == rule);
    own.map(|finding| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let at = &finding["location"];
        format!(
            "{} {}:{}",
            text(&finding["severity"]),
            text(&at["path"]),
            at["start"]["line"]
        )
    })
    .collect()
}

#[test]
fn renovate_that_waits_less_is_told() {
    let rule = "package/settings-weakened";
    let weakened = |before: &str, after: &str| {
        let (old, new) = (("renovate.json", before), ("renovate.json", after));
        told(rule, &[old], &[new], &[])
    };
    let three = "{\n\"minimumReleaseAge\": \"3 days\"}\n";
    let none: [&str; 0] = [];
    let medium = ["medium renovate.json:2"];
    assert_eq!(
        weakened(three, "{\n\"minimumReleaseAge\": \"1 day\"}\n"),
        medium
    );
    assert_eq!(weakened(three, "{\n\"minimumReleaseAge\": null}\n"), medium);
    assert_eq!(
        weakened(three, "{\n\n\"minimumReleaseAge\": \"1 week\"}\n"),
        none
    );
    assert_eq!(weakened(three, "{}\n"), ["medium renovate.json:1"]);
    // A preset of one's own may say it.
    assert_eq!(
        weakened(three, "{\"extends\": [\"github>acme/renovate\"]}\n"),
        none
    );
    let best = "{\n\"extends\": [\"config:best-practices\"]}\n";
    assert_eq!(
        weakened(best, "{\n\"extends\": [\"config:recommended\"]}\n"),
        ["medium renovate.json:1"]
    );
    let with = |rules: &str| {
        format!("{{\n\"minimumReleaseAge\": \"3 days\",\n\"packageRules\": [\n{rules}]}}\n")
    };
    let of_all = r#"{"matchManagers": ["npm"], "minimumReleaseAge": "0"}"#;
    assert_eq!(weakened(three, &with(of_all)), ["medium renovate.json:4"]);
    let of_one = r#"{"matchPackageNames": ["left-pad"], "minimumReleaseAge": null}"#;
    assert_eq!(weakened(three, &with(of_one)), ["low renovate.json:4"]);
    assert_eq!(weakened(&with(of_one), &with(of_one)), none);
    let of_images = r#"{"matchDatasources": ["docker"], "minimumReleaseAge": null}"#;
    assert_eq!(weakened(three, &with(of_images)), none);
    let week = r#"{"matchDatasources": ["npm"], "minimumReleaseAge": "1 week"}"#;
    // What is gone has no line.
    assert_eq!(weakened(&with(week), three), ["medium renovate.json:1"]);
}

#[test]
fn renovate_is_one_file_wherever_it_lies() {
    let rule = "package/settings-weakened";
    let three = "{\"minimumReleaseAge\": \"3 days\"}\n";
    let none: [&str; 0] = [];
    let at = ".github/renovate.json";
    assert_eq!(
        told(rule, &[(at, three)], &[("a.yaml", "a: 1\n")], &[at]),
        ["medium .github/renovate.json:1"]
    );
    assert_eq!(
        told(rule, &[(at, three)], &[(".renovaterc", three)], &[at]),
        none
    );
    // What comes before it in Renovate's order takes its place.
    assert_eq!(
        told(rule, &[(at, three)], &[("renovate.json", "{}\n")], &[]),
        ["medium .github/renovate.json:1"]
    );
    let package = |inner: &str| format!("{{\"name\": \"shop\", \"renovate\": {inner}}}\n");
    assert_eq!(
        told(
            rule,
            &[("package.json", &package(three.trim()))],
            &[("package.json", &package("{}"))],
            &[]
        ),
        ["medium package.json:1"]
    );
    let json5 = "{minimumReleaseAge: '3 days', /* all */}\n";
    assert_eq!(
        told(
            rule,
            &[("renovate.json5", json5)],
            &[("renovate.json5", "{minimumReleaseAge: '1 hour',}\n")],
            &[]
        ),
        ["medium renovate.json5:1"]
    );
}

#[test]
fn settings_that_are_deleted_are_gone() {
    let rule = "package/settings-weakened";
    for (path, text) in [
        ("bunfig.toml", "[install]\nminimumReleaseAge = 259200\n"),
        (".yarnrc", "--install.ignore-scripts true\n"),
        (".npmrc", "min-release-age=3\n"),
    ] {
        let main = [("package.json", PACKAGE), (path, text)];
        let expected = [format!("medium {path}:1")];
        assert_eq!(
            told(rule, &main, &[("a.yaml", "a: 1\n")], &[path]),
            expected
        );
        // One that holds for what lies below it.
        let below = [("web/package.json", PACKAGE), (path, text)];
        assert_eq!(
            told(rule, &below, &[("a.yaml", "a: 1\n")], &[path]),
            expected
        );
    }
}

#[test]
fn code_that_installs_is_told_by_its_bytes() {
    let rule = "package/install-code-changed";
    let main = [
        (
            "package.json",
            "{\"pnpm\": {\"patchedDependencies\": {\"a@1.0.0\": \"patches/a.patch\"}}}\n",
        ),
        (".pnpmfile.cjs", "module.exports = {}\n"),
        ("patches/a.patch", "-a\n"),
        ("patches/unnamed.patch", "-a\n"),
        (".yarnrc.yml", "yarnPath: .yarn/releases/yarn-4.12.0.cjs\n"),
        (".yarn/releases/yarn-4.12.0.cjs", "run()\n"),
        ("test/.pnpmfile.cjs", "a\n"),
    ];
    let feature = [
        (".pnpmfile.cjs", "module.exports = {hooks: {}}\n"),
        // No text at all.
        ("patches/a.patch", "-b\u{0}\n"),
        ("patches/unnamed.patch", "-b\n"),
        (".yarn/releases/yarn-4.12.0.cjs", "run(); more()\n"),
        ("test/.pnpmfile.cjs", "b\n"),
    ];
    let mut found = told(rule, &main, &feature, &[]);
    found.sort();
    assert_eq!(
        found,
        [
            "low patches/a.patch:1",
            "medium .pnpmfile.cjs:1",
            "medium .yarn/releases/yarn-4.12.0.cjs:1",
        ]
    );
    let none: [&str; 0] = [];
    assert_eq!(told(rule, &main, &[("a.yaml", "a: 1\n")], &[]), none);
    assert_eq!(
        told(rule, &main, &[("a.yaml", "a: 1\n")], &[".pnpmfile.cjs"]),
        none
    );
    // A project that is new is judged as a whole, and one that moves takes its code along.
    let new = [("web/package.json", PACKAGE), ("web/.pnpmfile.cjs", "a\n")];
    assert_eq!(told(rule, &[("a.yaml", "a: 1\n")], &new, &[]), none);
}

#[test]
fn a_lockfile_that_nobody_looks_for_is_told() {
    let rule = "package/settings-weakened";
    let own = ("package.json", PACKAGE);
    for (path, text, line) in [
        (
            "bunfig.toml",
            "[install.lockfile]\npath = \"other.lock\"\n",
            2,
        ),
        (".yarnrc.yml", "lockfileFilename: other.lock\n", 1),
        ("pnpm-workspace.yaml", "gitBranchLockfile: true\n", 1),
        ("pnpm-workspace.yaml", "lockfileDir: ../..\n", 1),
        (".npmrc", "git-branch-lockfile=true\n", 1),
        (".npmrc", "lockfile-dir = /opt/locks\n", 1),
    ] {
        let new = [(path, text)];
        assert_eq!(
            told(rule, &[own], &new, &[]),
            [format!("high {path}:{line}")],
            "{text}"
        );
        // What was so before is no change.
        let moved = format!("{text}\n");
        let later = [(path, &*moved)];
        assert_eq!(told(rule, &[own, new[0]], &later, &[]), [""; 0], "{text}");
    }
    for (path, text) in [
        (
            "bunfig.toml",
            "[install.lockfile]\npath = \"./bun.lock\"\nsave = true\n",
        ),
        (".yarnrc.yml", "lockfileFilename: yarn.lock\n"),
        (
            "pnpm-workspace.yaml",
            "gitBranchLockfile: false\nlockfileDir: ./\n",
        ),
        (".npmrc", "git-branch-lockfile=false\nlockfile-dir=.\n"),
    ] {
        assert_eq!(told(rule, &[own], &[(path, text)], &[]), [""; 0], "{text}");
    }
}
