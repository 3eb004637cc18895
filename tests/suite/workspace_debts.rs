//! What one workspace had for long and another gets with a change: an old debt there, a new one here.

use serde_json::{Map, Value as Json, json};

use crate::program::{tidegate, write};

/// Workspaces by path, with what each asks for.
type Asking<'a> = &'a [(&'a str, Json)];

/// An entry of the lockfile.
fn locked(name: &str, version: &str, needs: &Json) -> Json {
    json!({
        "version": version,
        "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"),
        "integrity": format!("sha512-{}==", "a".repeat(86)),
        "dependencies": needs,
    })
}

/// A project with one npm lockfile: `bad` is affected in version 1.0.0 and brought by `carrier` as well; `worse` is
/// malware, `old` is deprecated.
fn project(workspaces: Asking<'_>) -> Vec<(String, String)> {
    let paths: Vec<&str> = workspaces.iter().map(|(path, _)| *path).collect();
    let root = json!({"name": "shop", "private": true, "workspaces": paths});
    let mut packages = Map::new();
    packages.insert(String::new(), root.clone());
    packages.insert(
        "node_modules/bad".into(),
        locked("bad", "1.0.0", &json!({})),
    );
    packages.insert(
        "node_modules/worse".into(),
        locked("worse", "1.0.0", &json!({})),
    );
    packages.insert(
        "node_modules/expresss".into(),
        locked("expresss", "4.0.0", &json!({})),
    );
    let mut old = locked("old", "1.0.0", &json!({}));
    old["deprecated"] = json!("use new");
    packages.insert("node_modules/old".into(), old);
    let carrier = locked("carrier", "2.0.0", &json!({"bad": "^1.0.0"}));
    packages.insert("node_modules/carrier".into(), carrier);
    let mut files = vec![("package.json".to_owned(), root.to_string())];
    for (path, asking) in workspaces {
        let name = path.rsplit('/').next().unwrap();
        let manifest = json!({"name": name, "version": "1.0.0", "dependencies": asking});
        packages.insert((*path).to_owned(), manifest.clone());
        let link = json!({"resolved": path, "link": true});
        packages.insert(format!("node_modules/{name}"), link);
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        files.push((format!("{path}/package.json"), text));
    }
    let lockfile = json!({"name": "shop", "lockfileVersion": 3, "packages": packages});
    let text = serde_json::to_string_pretty(&lockfile).unwrap();
    files.push(("package-lock.json".to_owned(), text));
    files
}

/// An entry about a package, with what it says of versions.
pub(crate) fn entry(id: &str, name: &str, mut affected: Json) -> Json {
    affected["package"] = json!({"ecosystem": "npm", "name": name});
    json!({"id": id, "modified": "2026-01-01T00:00:00Z", "affected": [affected],
        "database_specific": {"severity": "HIGH"}})
}

/// Versions from the first one on to one that mends them.
pub(crate) fn before(fixed: &str) -> Json {
    json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}]})
}

/// What is said of a change, without what cannot be installed by anyone: status, rule, place, message.
fn told(base: &[(String, String)], head: &[(String, String)]) -> Vec<[String; 4]> {
    let entries = [
        entry("GHSA-aaaa-aaaa-aaaa", "bad", before("1.1.0")),
        entry("MAL-2026-1", "worse", json!({"versions": ["1.0.0"]})),
    ];
    told_with(&entries, base, head)
}

/// The same with these advisories.
fn told_with(
    entries: &[Json],
    base: &[(String, String)],
    head: &[(String, String)],
) -> Vec<[String; 4]> {
    let folder = tempfile::tempdir().unwrap();
    for (side, files) in [("base", base), ("head", head)] {
        for (path, text) in files {
            write(folder.path(), &[(&format!("{side}/{path}"), text)]);
        }
    }
    let lines: Vec<String> = entries.iter().map(Json::to_string).collect();
    write(folder.path(), &[("own.jsonl", &lines.join("\n"))]);
    let update = [
        "advisories",
        "update",
        "--source",
        "own.jsonl",
        "--database",
        "own.db",
    ];
    assert_eq!(tidegate(folder.path(), &update, &[]).code, 0);
    let arguments = [
        "check",
        "--base",
        "base",
        "--head",
        "head",
        "--database",
        "own.db",
        "--format",
        "json",
    ];
    let answer = tidegate(folder.path(), &arguments, &[]);
    let report: Json =
        serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{}", answer.stderr));
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let wanted = ["vulnerable", "malicious", "deprecated", "typosquat"];
    let wanted = wanted.map(|name| format!("package/{name}"));
    let of_rules = findings.filter(|finding| wanted.contains(&text(&finding["rule"])));
    of_rules
        .map(|finding| {
            let (path, line) = (
                &finding["location"]["path"],
                &finding["location"]["start"]["line"],
            );
            [
                text(&finding["status"]),
                text(&finding["rule"]).replace("package/", ""),
                format!("{}:{line}", text(path)),
                text(&finding["message"]),
            ]
        })
        .collect()
}

/// Status, rule and place of what is said of one rule.
fn shape(told: &[[String; 4]], rule: &str) -> Vec<String> {
    let of_rule = told.iter().filter(|one| one[1] == rule);
    of_rule
        .map(|one| format!("{} {}", one[0], one[2]))
        .collect()
}

#[test]
fn what_a_second_workspace_gets_is_introduced_there() {
    let all = json!({"bad": "^1.0.0", "expresss": "^4.0.0", "old": "^1.0.0", "worse": "1.0.0"});
    let base = project(&[("svc/a", all.clone()), ("svc/pay", json!({}))]);
    let head = project(&[("svc/a", all.clone()), ("svc/pay", all.clone())]);
    let said = told(&base, &head);
    assert_eq!(
        shape(&said, "vulnerable"),
        ["introduced svc/pay/package.json:3"]
    );
    assert_eq!(
        shape(&said, "typosquat"),
        ["introduced svc/pay/package.json:4"]
    );
    assert_eq!(
        shape(&said, "deprecated"),
        ["introduced svc/pay/package.json:5"]
    );
    assert_eq!(
        shape(&said, "malicious"),
        ["introduced svc/pay/package.json:6"]
    );
    for one in &said {
        assert!(
            one[3].ends_with("; with this change `svc/pay` gets it"),
            "{one:?}"
        );
    }
    // The other way round nothing is fixed as a whole, and of the same on both sides nothing is new.
    for (base, head) in [(&head, &base), (&head, &head)] {
        let said = told(base, head);
        assert!(said.iter().all(|one| one[0] == "existing"), "{said:?}");
        assert_eq!(said.len(), 4, "{said:?}");
    }
}

#[test]
fn what_comes_over_a_package_is_new_as_well_and_names_its_way() {
    let base = project(&[
        ("a", json!({"bad": "^1.0.0"})),
        ("b", json!({})),
        ("c", json!({})),
    ]);
    let carried = json!({"carrier": "^2.0.0"});
    let head = project(&[
        ("a", json!({"bad": "^1.0.0"})),
        ("b", carried.clone()),
        ("c", carried),
    ]);
    let said = told(&base, &head);
    assert_eq!(shape(&said, "vulnerable"), ["introduced b/package.json:3"]);
    let end = "; with this change each of `b` and `c` gets it, through `carrier@2.0.0`";
    assert!(said[0][3].ends_with(end), "{said:?}");
    // Another way into a workspace that has it already is no news.
    let both = json!({"bad": "^1.0.0", "carrier": "^2.0.0"});
    let said = told(
        &base,
        &project(&[("a", both), ("b", json!({})), ("c", json!({}))]),
    );
    assert_eq!(shape(&said, "vulnerable"), ["existing a/package.json:3"]);
}

#[test]
fn a_link_to_a_workspace_that_had_it_brings_in_nothing() {
    let base = project(&[("a", json!({"bad": "^1.0.0"})), ("b", json!({}))]);
    let head = project(&[
        ("a", json!({"bad": "^1.0.0"})),
        ("b", json!({"a": "^1.0.0"})),
    ]);
    assert_eq!(
        shape(&told(&base, &head), "vulnerable"),
        ["existing a/package.json:3"]
    );
    // A new workspace that others use is told itself, and they are not.
    let bad = json!({"bad": "^1.0.0"});
    let head = project(&[
        ("a", bad.clone()),
        ("b", json!({"c": "^1.0.0"})),
        ("c", bad),
    ]);
    let said = told(&base, &head);
    assert_eq!(shape(&said, "vulnerable"), ["introduced c/package.json:3"]);
    assert!(
        said[0][3].ends_with("; with this change `c` gets it"),
        "{said:?}"
    );
}

#[test]
fn a_workspace_that_moves_keeps_its_debts() {
    let bad = json!({"bad": "^1.0.0"});
    let base = project(&[("packages/m", bad.clone()), ("z", bad.clone())]);
    // By its name.
    let head = project(&[("libs/inner/m", bad.clone()), ("z", bad.clone())]);
    let said = told(&base, &head);
    assert!(said.iter().all(|one| one[0] == "existing"), "{said:?}");
    // By what it asks for.
    let base = project(&[
        ("packages/m", json!({"bad": "^1.0.0", "old": "^1.0.0"})),
        ("z", bad.clone()),
    ]);
    let head = project(&[
        ("libs/other", json!({"bad": "^1.0.0", "old": "^1.0.0"})),
        ("z", bad.clone()),
    ]);
    let said = told(&base, &head);
    assert!(said.iter().all(|one| one[0] == "existing"), "{said:?}");
    // What goes from one workspace into another is new to that one.
    let base = project(&[("a", bad.clone()), ("pay", json!({}))]);
    let head = project(&[("a", json!({})), ("pay", bad)]);
    assert_eq!(
        shape(&told(&base, &head), "vulnerable"),
        ["introduced pay/package.json:3"]
    );
}

#[test]
fn a_version_that_more_entries_of_one_advisory_are_about_has_more_of_it() {
    // Two entries of one advisory: the second one is about what the first one left open.
    let mut second = entry("GHSA-bbbb-bbbb-bbbb", "bad", before("1.3.0"));
    second["aliases"] = json!(["GHSA-aaaa-aaaa-aaaa"]);
    let entries = [entry("GHSA-aaaa-aaaa-aaaa", "bad", before("1.2.0")), second];
    let with = |version: &str| {
        let mut files = project(&[("a", json!({"bad": "^1.0.0"}))]);
        let (_, lockfile) = files.last_mut().unwrap();
        let new = lockfile.replace("bad-1.0.0.tgz", &format!("bad-{version}.tgz"));
        let mut lock: Json = serde_json::from_str(&new).unwrap();
        lock["packages"]["node_modules/bad"]["version"] = json!(version);
        *lockfile = lock.to_string();
        files
    };
    let change = |base: &str, head: &str| told_with(&entries, &with(base), &with(head)).remove(0);
    let down = change("1.2.5", "1.1.5");
    assert_eq!((&*down[0], &*down[1]), ("introduced", "vulnerable"));
    assert!(
        down[3].ends_with("; GHSA-aaaa-aaaa-aaaa comes with this version"),
        "{down:?}"
    );
    for (base, head) in [("1.1.5", "1.2.5"), ("1.1.5", "1.1.4"), ("1.2.5", "1.2.4")] {
        assert_eq!(change(base, head)[0], "existing", "{base} to {head}");
    }
}
