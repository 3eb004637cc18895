//! The changed line that brings in a vulnerable version, and the line that a person edits, by kind of lockfile.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{tidegate, write};

const ADVISORY: &str = r#"{"id":"GHSA-aaaa-aaaa-aaaa","modified":"2026-01-01T00:00:00Z","summary":"Command injection","affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}],"database_specific":{"severity":"HIGH"}}"#;
const MANIFEST: &str = "{\n \"name\": \"shop\", \"private\": true,\n \"dependencies\": {\n  \"chalk\": \"1.0.0\",\n  \"parent\": \"^1.0.0\"}}\n";

/// Three packages, the middle one of which is `lodash`, through `parent`.
fn npm(lodash: &str) -> String {
    format!(
        r#"{{
  "lockfileVersion": 3,
  "packages": {{
    "": {{"name": "shop", "dependencies": {{"chalk": "1.0.0", "parent": "^1.0.0"}}}},
    "node_modules/chalk": {{
      "version": "1.0.0",
      "resolved": "https://registry.npmjs.org/chalk/-/chalk-1.0.0.tgz",
      "integrity": "sha512-a=="
    }},
    "node_modules/lodash": {{
      "version": "{lodash}",
      "resolved": "https://registry.npmjs.org/lodash/-/lodash-{lodash}.tgz",
      "integrity": "sha512-{lodash}=="
    }},
    "node_modules/parent": {{
      "version": "1.0.0",
      "resolved": "https://registry.npmjs.org/parent/-/parent-1.0.0.tgz",
      "integrity": "sha512-c==",
      "dependencies": {{"lodash": "^4.17.0"}}
    }}
  }}
}}
"#
    )
}

fn berry(lodash: &str, checksum: &str) -> String {
    format!(
        r#"__metadata:
  version: 8
  cacheKey: 10c0

"chalk@npm:1.0.0":
  version: 1.0.0
  resolution: "chalk@npm:1.0.0"
  checksum: 10c0/aa
  languageName: node
  linkType: hard

"lodash@npm:^4.17.0":
  version: {lodash}
  resolution: "lodash@npm:{lodash}"
  checksum: 10c0/{checksum}
  languageName: node
  linkType: hard

"parent@npm:^1.0.0":
  version: 1.0.0
  resolution: "parent@npm:1.0.0"
  dependencies:
    lodash: "npm:^4.17.0"
  checksum: 10c0/cc
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    chalk: "npm:1.0.0"
    parent: "npm:^1.0.0"
  languageName: unknown
  linkType: soft
"#
    )
}

fn pnpm(lodash: &str) -> String {
    format!(
        r"lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      chalk:
        specifier: 1.0.0
        version: 1.0.0
      parent:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  chalk@1.0.0:
    resolution: {{integrity: sha512-a}}

  lodash@{lodash}:
    resolution: {{integrity: sha512-{lodash}}}

  parent@1.0.0:
    resolution: {{integrity: sha512-c}}

snapshots:

  chalk@1.0.0: {{}}

  lodash@{lodash}: {{}}

  parent@1.0.0:
    dependencies:
      lodash: {lodash}
"
    )
}

fn bun(lodash: &str) -> String {
    format!(
        r#"{{
  "lockfileVersion": 1,
  "workspaces": {{
    "": {{"name": "shop", "dependencies": {{"chalk": "1.0.0", "parent": "^1.0.0"}}}},
  }},
  "packages": {{
    "chalk": ["chalk@1.0.0", "", {{}}, "sha512-a=="],

    "lodash": ["lodash@{lodash}", "", {{}}, "sha512-{lodash}=="],

    "parent": ["parent@1.0.0", "", {{ "dependencies": {{ "lodash": "^4.17.0" }} }}, "sha512-c=="],
  }}
}}
"#
    )
}

/// The findings of a change from one folder to another.
fn findings(at: &Path, base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<Value> {
    write(at, &[("own.jsonl", ADVISORY)]);
    write(&at.join("base"), base);
    write(&at.join("head"), head);
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
    let told = tidegate(
        at,
        &[
            "check",
            "--base",
            "base",
            "--head",
            "head",
            "--offline",
            "--database",
            "own.db",
            "--format",
            "json",
        ],
        &[],
    );
    let report: Value = serde_json::from_str(&told.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", told.stdout, told.stderr));
    report["findings"].as_array().expect("findings").clone()
}

fn one<'a>(findings: &'a [Value], rule: &str) -> &'a Value {
    let mut own = findings.iter().filter(|finding| finding["rule"] == rule);
    let found = own
        .next()
        .unwrap_or_else(|| panic!("no {rule}: {findings:?}"));
    assert!(own.next().is_none(), "{rule} twice");
    assert_eq!(found["status"], "introduced");
    found
}

fn place(finding: &Value, key: &str) -> (String, u64) {
    let at = &finding[key];
    (
        at["path"].as_str().unwrap_or_default().to_owned(),
        at["start"]["line"].as_u64().unwrap_or_default(),
    )
}

#[test]
fn an_advisory_is_told_where_it_is_edited_and_where_it_came_in() {
    let same = |version: &str| berry(version, version);
    let made: [(&str, &dyn Fn(&str) -> String, u64); 4] = [
        ("package-lock.json", &npm, 11),
        ("yarn.lock", &same, 13),
        ("pnpm-lock.yaml", &pnpm, 19),
        ("bun.lock", &bun, 9),
    ];
    for (name, lockfile, line) in made {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (lockfile("4.17.21"), lockfile("4.17.20"));
        let base = [("package.json", MANIFEST), (name, &*old)];
        let head = [("package.json", MANIFEST), (name, &*new)];
        let found = findings(folder.path(), &base, &head);
        let found = one(&found, "package/vulnerable");
        let edited = ("package.json".to_owned(), 5);
        assert_eq!(place(found, "location"), edited, "{name}");
        assert_eq!(
            place(found, "changed_at"),
            (name.to_owned(), line),
            "{name}"
        );
    }
}

#[test]
fn another_checksum_of_yarn_is_told_at_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (berry("4.17.21", "bb"), berry("4.17.21", "dd"));
    let base = [("package.json", MANIFEST), ("yarn.lock", &*old)];
    let head = [("package.json", MANIFEST), ("yarn.lock", &*new)];
    let found = findings(folder.path(), &base, &head);
    let found = one(&found, "package/integrity-changed");
    let at = ("yarn.lock".to_owned(), 15);
    assert_eq!(place(found, "location"), at);
    assert_eq!(place(found, "changed_at"), at);
}

#[test]
fn an_override_that_brings_an_advisory_in_is_where_it_is_told() {
    let of = |overrides: &str| MANIFEST.replace("}}", &format!("}},\n {overrides}}}"));
    let pnpm = |version: &str| {
        let head =
            format!("lockfileVersion: '9.0'\n\noverrides:\n  lodash: {version}\n\nimporters:");
        pnpm(version).replace("lockfileVersion: '9.0'\n\nimporters:", &head)
    };
    let berry = |version: &str| {
        berry(version, version).replace("lodash@npm:^4.17.0", &format!("lodash@npm:{version}"))
    };
    let made: [(&str, String, String, String); 4] = [
        (
            "package-lock.json",
            of("\"overrides\": {\n  \"lodash\": \"4.17.20\"}"),
            npm("4.17.21"),
            npm("4.17.20"),
        ),
        (
            "bun.lock",
            of("\"overrides\": {\n  \"lodash\": \"4.17.20\"}"),
            bun("4.17.21"),
            bun("4.17.20"),
        ),
        (
            "pnpm-lock.yaml",
            of("\"pnpm\": {\"overrides\": {\n  \"parent>lodash\": \"4.17.20\"}}"),
            self::pnpm("4.17.21"),
            pnpm("4.17.20"),
        ),
        (
            "yarn.lock",
            of("\"resolutions\": {\n  \"lodash\": \"npm:4.17.20\"}"),
            self::berry("4.17.21", "bb"),
            berry("4.17.20"),
        ),
    ];
    for (name, manifest, old, new) in made {
        let folder = tempfile::tempdir().expect("a folder");
        let base = [("package.json", MANIFEST), (name, &*old)];
        let head = [("package.json", &*manifest), (name, &*new)];
        let found = findings(folder.path(), &base, &head);
        let found = one(&found, "package/vulnerable");
        let at = ("package.json".to_owned(), 7);
        assert_eq!(place(found, "location"), at, "{name}");
        assert_eq!(place(found, "changed_at"), at, "{name}");
        let message = found["message"].as_str().unwrap_or_default();
        let written = if name == "yarn.lock" {
            "npm:4.17.20"
        } else {
            "4.17.20"
        };
        let start = format!("`lodash@4.17.20`, which the override `{written}` puts in, has ");
        assert!(message.starts_with(&start), "{name}: {message}");
        let fix = written.replace("20", "21");
        let way = format!("write `{fix}` in place of `{written}` there");
        assert!(message.contains(&way), "{name}: {message}");
    }
    // One for another parent decides nothing, and the line of the dependency is left.
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = of("\"overrides\": {\n  \"chalk\": {\"lodash\": \"4.17.20\"}}");
    let (old, new) = (npm("4.17.21"), npm("4.17.20"));
    let base = [("package.json", MANIFEST), ("package-lock.json", &*old)];
    let head = [("package.json", &*manifest), ("package-lock.json", &*new)];
    let found = findings(folder.path(), &base, &head);
    let found = one(&found, "package/vulnerable");
    assert_eq!(place(found, "location"), ("package.json".to_owned(), 5));
    assert_ne!(json!(null), found["changed_at"]);
}
