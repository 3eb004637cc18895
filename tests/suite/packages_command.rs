//! `tidegate packages`, and what `check` says of packages beside its findings.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use tidegate::report::packages::schema;

use crate::program::{tidegate, write};

const BASE: &str = r#"{"lockfileVersion": 3, "packages": {
    "": {"name": "cart", "dependencies": {"express": "^4.0.0"}},
    "node_modules/express": {"version": "4.0.0"}}}"#;
const HEAD: &str = r#"{"lockfileVersion": 3, "packages": {
    "": {"name": "cart", "dependencies": {"express": "^4.0.0"}, "devDependencies": {"jest": "^30.0.0"}},
    "node_modules/express": {"version": "4.1.0", "dependencies": {"body": "*"}},
    "node_modules/body": {"version": "1.0.0", "dependencies": {"lodash": "^4"}},
    "node_modules/jest": {"version": "30.0.0", "dev": true},
    "node_modules/lodash": {"version": "4.17.20"}}}"#;

/// A folder with a base and a head that brings packages in.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "base/services/cart/package.json",
                "{\n  \"name\": \"cart\",\n  \"dependencies\": {\n    \"express\": \"^4.0.0\"\n  }\n}\n",
            ),
            ("base/services/cart/package-lock.json", BASE),
            (
                "head/services/cart/package.json",
                "{\n  \"name\": \"cart\",\n  \"dependencies\": {\n    \"express\": \"^4.0.0\"\n  },\n  \"devDependencies\": {\n    \"jest\": \"^30.0.0\"\n  }\n}\n",
            ),
            ("head/services/cart/package-lock.json", HEAD),
        ],
    );
    folder
}

fn answer(folder: &Path, arguments: &[&str]) -> Json {
    let answer = tidegate(folder, arguments, &[]);
    assert_eq!((answer.code, &*answer.stderr), (0, ""));
    serde_json::from_str(&answer.stdout).unwrap()
}

fn check_schema(json: &Json) {
    let validator = jsonschema::validator_for(schema().as_value()).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/packages.schema.json");
    let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if fs::read_to_string(&path).unwrap_or_default() == schema {
        return;
    }
    if matches!(std::env::var("CI").as_deref(), Ok("1" | "true")) {
        panic!("schema/packages.schema.json is stale: run the tests and commit what they write");
    }
    fs::write(&path, schema).unwrap();
    eprintln!("schema/packages.schema.json was stale and is written anew");
}

#[test]
fn what_is_installed_is_told_with_its_way_and_its_line() {
    let folder = folder();
    let json = answer(
        &folder.path().join("head"),
        &["packages", "--format", "json"],
    );
    check_schema(&json);
    assert!(json.get("changes").is_none());
    let rows = json["packages"].as_array().unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["body", "express", "jest", "lodash"]);
    assert_eq!(
        rows[3],
        json!({
            "name": "lodash",
            "version": "4.17.20",
            "workspace": "services/cart",
            "scope": "production",
            "direct": false,
            "paths": [["express@4.1.0", "body@1.0.0", "lodash@4.17.20"]],
            "location": {
                "path": "services/cart/package.json",
                "start": {"line": 4, "column": 5},
                "end": {"line": 4, "column": 24}
            }
        })
    );
    assert_eq!(rows[2]["scope"], "development");
    assert_eq!(rows[2]["direct"], true);
}

#[test]
fn a_change_is_told_in_every_format() {
    let folder = folder();
    let both = ["packages", "--base", "base/", "--head", "head/"];
    let json = answer(folder.path(), &[&both[..], &["--format", "json"]].concat());
    check_schema(&json);
    let changes = json["changes"].as_array().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            let text = |name: &str| change[name].as_str().unwrap_or("-").to_owned();
            let at = &change["changed_at"];
            format!(
                "{} {} {} -> {} {}:{} {}",
                text("change"),
                text("name"),
                text("before"),
                text("after"),
                at["path"].as_str().unwrap(),
                at["start"]["line"],
                change["via"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"added body - -> 1.0.0 services/cart/package-lock.json:4 ["express@4.1.0"]"#,
            r"upgraded express 4.0.0 -> 4.1.0 services/cart/package-lock.json:3 []",
            r"added jest - -> 30.0.0 services/cart/package.json:7 []",
            r#"added lodash - -> 4.17.20 services/cart/package-lock.json:6 ["express@4.1.0","body@1.0.0"]"#,
        ]
    );
    let text = tidegate(folder.path(), &both, &[]);
    assert_eq!(text.code, 0);
    insta::assert_snapshot!(text.stdout, @r"
    upgraded              express 4.0.0 -> 4.1.0, production in services/cart, direct  services/cart/package-lock.json:3
    added                 body 1.0.0, production in services/cart, through express@4.1.0  services/cart/package-lock.json:4
    added                 lodash 4.17.20, production in services/cart, through express@4.1.0 > body@1.0.0  services/cart/package-lock.json:6
    added                 jest 30.0.0, development in services/cart, direct  services/cart/package.json:7
    not looked at: advisories, newer versions and ages, as the run is offline
    services/cart/package-lock.json: 4 packages (3 production, 1 development) in 1 workspace
    ");
    let markdown = tidegate(
        folder.path(),
        &[&both[..], &["--format", "markdown"]].concat(),
        &[],
    );
    assert!(
        markdown.stdout.contains("| added | `lodash 4.17.20` | production | `services/cart` | `through express@4.1.0 > body@1.0.0` | `services/cart/package-lock.json:6` |"),
        "{}",
        markdown.stdout
    );
}

#[test]
fn check_says_what_comes_in_and_through_whom() {
    let folder = folder();
    let both = ["check", "--base", "base/", "--head", "head/"];
    let text = tidegate(folder.path(), &both, &[]);
    let start = text.stdout.find("Packages:").unwrap();
    let lines: Vec<&str> = text.stdout[start..].lines().take(5).collect();
    assert_eq!(
        lines,
        [
            "Packages:",
            "  raises express from 4.0.0 to 4.1.0",
            "  brings in body 1.0.0 through express@4.1.0",
            "  brings in lodash 4.17.20 through express@4.1.0 > body@1.0.0",
            "  brings in jest 30.0.0 (development)",
        ]
    );
    let json = tidegate(
        folder.path(),
        &[&both[..], &["--format", "json"]].concat(),
        &[],
    );
    let json: Json = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["coverage"]["packages"], 4);
    assert_eq!(
        json["posture"]["packages"][3],
        json!({
            "name": "jest", "change": "added", "before": null, "after": "30.0.0",
            "scope": "development", "via": []
        })
    );
}

#[test]
fn long_answers_are_cut_in_text_and_whole_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..30)
        .map(|number| format!(r#""node_modules/p{number}": {{"version": "1.0.0"}}"#))
        .collect();
    let lockfile = format!(
        r#"{{"lockfileVersion": 3, "packages": {{{}}}}}"#,
        rows.join(", ")
    );
    write(folder.path(), &[("package-lock.json", &lockfile)]);
    let text = tidegate(folder.path(), &["packages"], &[]).stdout;
    assert!(text.contains("and 10 more packages"), "{text}");
    let json = answer(folder.path(), &["packages", "--format", "json"]);
    assert_eq!(json["packages"].as_array().unwrap().len(), 30);
    assert_eq!(json["packages"][0]["scope"], "unreached");
}

#[test]
fn what_cannot_be_read_is_no_empty_answer() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("package.json", r#"{"dependencies": {"ms": "^2.0.0"}}"#),
            (
                "package-lock.json",
                r#"{"lockfileVersion": 3, "packages": {}}"#,
            ),
        ],
    );
    let answer = tidegate(folder.path(), &["packages"], &[]);
    assert_eq!(answer.code, 3);
    assert!(
        answer.stdout.contains("cannot be read: package-lock.json"),
        "{}",
        answer.stdout
    );
}

/// A name of a package can be anything that fits into a lockfile.
#[test]
fn names_cannot_draw_nor_leak() {
    let folder = tempfile::tempdir().unwrap();
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let lockfile = format!(
        r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a\u001b[31m|b": {{"version": "1\n## x"}}, "node_modules/c": {{"version": "1.0.0", "resolved": "git+https://u:{secret}@h/r.git#1"}}, "node_modules/d": {{"resolved": "https://u:{secret}@h/r.tgz"}}}}}}"#
    );
    write(folder.path(), &[("package-lock.json", &lockfile)]);
    for format in ["terminal", "json", "markdown"] {
        let text = tidegate(folder.path(), &["packages", "--format", format], &[]).stdout;
        assert!(!text.contains('\u{1b}'), "{format}: {text}");
        assert!(!text.contains("\n## x"), "{format}: {text}");
        assert!(!text.contains(&secret), "{format}: {text}");
    }
}

#[test]
fn without_a_lockfile_the_exact_versions_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let package = r#"{"name": "cart", "dependencies": {"ms": "2.1.3", "debug": "^4.0.0"}}"#;
    write(folder.path(), &[("package.json", package)]);
    let text = tidegate(folder.path(), &["packages"], &[]).stdout;
    assert!(
        text.contains("ms 2.1.3") || text.contains("ms@2.1.3"),
        "{text}"
    );
    let summary = "package.json: 1 package by exact versions (1 production); no lockfile says what else is installed, in 1 workspace";
    assert!(text.contains(summary), "{text}");
    let text = tidegate(folder.path(), &["check"], &[]).stdout;
    let missing = "no lockfile says which versions of 1 dependency are installed";
    assert!(text.contains(missing), "{text}");
    write(
        folder.path(),
        &[(
            "package.json",
            r#"{"name": "cart", "dependencies": {"ms": "^2.1.3"}}"#,
        )],
    );
    let text = tidegate(folder.path(), &["packages"], &[]).stdout;
    assert!(
        text.contains("package.json: no lockfile says what is installed"),
        "{text}"
    );
}

#[test]
fn what_is_pinned_beside_a_lockfile_is_listed_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = |dependencies: &str| {
        format!(
            "{{\n  \"name\": \"cart\",\n  \"dependencies\": {{\n    \"express\": \"^4.0.0\"{dependencies}\n  }}\n}}\n"
        )
    };
    let (plain, pinned) = (
        manifest(""),
        manifest(",\n    \"ld\": \"npm:lodash@4.17.20\""),
    );
    write(
        folder.path(),
        &[
            ("base/package.json", &plain),
            ("base/package-lock.json", BASE),
            ("head/package.json", &pinned),
            ("head/package-lock.json", BASE),
        ],
    );
    let arguments = ["--base", "base", "--head", "head", "--offline"];
    let told = |arguments: &[&str]| {
        let json = answer(
            folder.path(),
            &[&["packages"], arguments, &["--format", "json"]].concat(),
        );
        check_schema(&json);
        json
    };
    let json = told(&arguments);
    let changes = json["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["change"], "added");
    assert_eq!(changes[0]["name"], "lodash");
    assert_eq!(changes[0]["after"], "4.17.20");
    for at in ["location", "changed_at"] {
        assert_eq!(changes[0][at]["path"], "package.json");
        assert_eq!(changes[0][at]["start"]["line"], 5);
    }
    let names = |json: &Json| -> Vec<String> {
        let all = json["packages"].as_array().unwrap().iter();
        let names = all.map(|package| package["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names(&json), ["lodash", "express"]);
    let text = tidegate(
        folder.path(),
        &[&["packages"], &arguments[..]].concat(),
        &[],
    );
    assert!(text.stdout.contains("lodash"), "{}", text.stdout);
    // Pinned on both sides, or on none any more.
    let json = told(&["--base", "head", "--head", "head", "--offline"]);
    assert_eq!(json["changes"].as_array().unwrap().len(), 0);
    let json = told(&["--base", "head", "--head", "base", "--offline"]);
    assert_eq!(json["changes"].as_array().unwrap().len(), 0);
}

#[test]
fn of_a_long_way_the_ends_are_told_and_how_much_lies_between() {
    const LENGTH: usize = 2_000;
    let mut packages = serde_json::Map::new();
    let root = json!({"name": "long", "dependencies": {"c0": "1.0.0"}});
    packages.insert(String::new(), root.clone());
    for number in 0..LENGTH {
        let next = format!("c{}", number + 1);
        let needs = if number + 1 < LENGTH {
            json!({next: "1.0.0"})
        } else {
            json!({})
        };
        let name = format!("node_modules/c{number}");
        packages.insert(name, json!({"version": "1.0.0", "dependencies": needs}));
    }
    let lockfile = json!({"lockfileVersion": 3, "packages": packages}).to_string();
    let folder = tempfile::tempdir().unwrap();
    let root = root.to_string();
    let files = [("package.json", &*root), ("package-lock.json", &*lockfile)];
    write(folder.path(), &files);
    let answer = tidegate(folder.path(), &["packages", "--format", "json"], &[]);
    let json: Json = serde_json::from_str(&answer.stdout).unwrap();
    let rows = json["packages"].as_array().unwrap();
    assert_eq!(rows.len(), LENGTH);
    let way = |name: &str| {
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        // However far it lies away, it belongs to the line that brings it.
        assert_eq!(row["location"]["path"], "package.json", "{name}");
        let steps = row["paths"][0].as_array().unwrap().iter();
        let steps: Vec<&str> = steps.map(|step| step.as_str().unwrap()).collect();
        steps.join(" > ").replace("@1.0.0", "")
    };
    assert_eq!(way("c2"), "c0 > c1 > c2");
    let twelve: Vec<String> = (0..12).map(|number| format!("c{number}")).collect();
    assert_eq!(way("c11"), twelve.join(" > "));
    assert_eq!(
        way("c12"),
        "c0 > c1 > c2 > c3 > … 2 more … > c6 > c7 > c8 > c9 > c10 > c11 > c12"
    );
    assert_eq!(
        way("c70"),
        "c0 > … 63 more … > c64 > c65 > c66 > c67 > c68 > c69 > c70"
    );
    assert_eq!(
        way("c1999"),
        "c0 > … 1992 more … > c1993 > c1994 > c1995 > c1996 > c1997 > c1998 > c1999"
    );
}
