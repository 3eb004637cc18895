//! Many findings of one kind are one, and what is new stands apart from what was there.

use serde_json::Value as Json;
use serde_json::json;

use crate::program::{tidegate, write};

const MANIFEST: &str =
    "{\n  \"private\": true,\n  \"dependencies\": {\n    \"ms\": \"^2.0.0\"\n  }\n}\n";

/// A lockfile of one package that is asked for, and of others that nothing leads to.
fn lockfile(strays: &[String]) -> String {
    let entry = |name: &str| {
        json!({
            "version": "2.0.0",
            "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-2.0.0.tgz"),
            "integrity": format!("sha512-{name}=="),
        })
    };
    let mut packages = serde_json::Map::new();
    packages.insert(String::new(), json!({"dependencies": {"ms": "^2.0.0"}}));
    packages.insert("node_modules/ms".to_owned(), entry("ms"));
    for name in strays {
        packages.insert(format!("node_modules/{name}"), entry(name));
    }
    let file = json!({"lockfileVersion": 3, "packages": packages});
    serde_json::to_string_pretty(&file).unwrap() + "\n"
}

fn names(start: &str, number: usize) -> Vec<String> {
    (0..number).map(|at| format!("{start}-{at:03}")).collect()
}

fn report(base: Option<&[(&str, &str)]>, head: &[(&str, &str)]) -> Json {
    let folder = tempfile::tempdir().unwrap();
    for (side, files) in base
        .map(|files| ("base", files))
        .into_iter()
        .chain([("head", head)])
    {
        std::fs::create_dir_all(folder.path().join(side)).unwrap();
        write(&folder.path().join(side), files);
    }
    let mut arguments = vec!["check", "--head", "head", "--format", "json"];
    if base.is_some() {
        arguments.extend(["--base", "base"]);
    }
    let answer = tidegate(folder.path(), &arguments, &[]);
    serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{}", answer.stderr))
}

/// `status message` of what one rule says.
fn told(report: &Json, rule: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|finding| finding["rule"] == rule);
    own.map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap();
        format!("{} {}", text("status"), text("message"))
    })
    .collect()
}

fn unreached(base: Option<&[String]>, head: &[String]) -> Vec<String> {
    let (before, after) = (base.map(lockfile), lockfile(head));
    let files = |lockfile| [("package.json", MANIFEST), ("package-lock.json", lockfile)];
    let base = before.as_deref().map(files);
    told(
        &report(base.as_ref().map(|files| &files[..]), &files(&after)),
        "package/unreached",
    )
}

const MANY: &str =
    "are installed and nothing asks for them; take them out of the lockfile, or install anew";

#[test]
fn a_lockfile_full_of_what_nobody_asks_for_is_one_finding() {
    let many = names("evil", 300);
    let expected = format!(
        "introduced `evil-000@2.0.0`, `evil-001@2.0.0`, `evil-002@2.0.0` and 297 more {MANY}"
    );
    assert_eq!(unreached(None, &many), [&*expected]);
    assert_eq!(unreached(Some(&[]), &many), [expected]);
    assert_eq!(unreached(Some(&[]), &many[..3]).len(), 3);
    assert_eq!(
        unreached(Some(&many), &[])[0].split(' ').next(),
        Some("fixed")
    );
}

#[test]
fn what_is_new_is_not_taken_for_what_was_there() {
    let old = names("old", 40);
    let existing =
        format!("existing `old-000@2.0.0`, `old-001@2.0.0`, `old-002@2.0.0` and 37 more {MANY}");
    assert_eq!(unreached(Some(&old), &old), [&*existing]);
    let with = |more: &[String]| -> Vec<String> {
        let head: Vec<String> = old.iter().chain(more).cloned().collect();
        let mut told = unreached(Some(&old), &head);
        told.sort();
        told
    };
    assert_eq!(
        with(&names("new", 1)),
        [
            existing.clone(),
            "introduced `new-000@2.0.0` is installed and nothing asks for it; take it out of the lockfile, or install anew".to_owned(),
        ]
    );
    let new =
        format!("introduced `new-000@2.0.0`, `new-001@2.0.0`, `new-002@2.0.0` and 2 more {MANY}");
    assert_eq!(with(&names("new", 5)), [existing, new]);
}

#[test]
fn what_is_new_has_another_fingerprint_than_what_was_there() {
    let (old, new) = (names("old", 40), names("new", 40));
    let head: Vec<String> = old.iter().chain(&new).cloned().collect();
    let (before, after) = (lockfile(&old), lockfile(&head));
    let files = |lockfile| [("package.json", MANIFEST), ("package-lock.json", lockfile)];
    let report = report(Some(&files(&before)), &files(&after));
    let findings = report["findings"].as_array().unwrap().iter();
    let prints: Vec<&Json> = findings
        .filter(|finding| finding["rule"] == "package/unreached")
        .map(|finding| &finding["fingerprint"])
        .collect();
    assert_eq!(prints.len(), 2);
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn what_a_waiver_covers_is_not_in_the_one_finding() {
    let strays = names("evil", 5);
    let lockfile = lockfile(&strays);
    let waiver =
        "waivers:\n  - rule: package/unreached\n    package: evil-000\n    reason: \"known\"\n";
    let files = [
        ("package.json", MANIFEST),
        ("package-lock.json", lockfile.as_str()),
        (".tidegate.yaml", waiver),
    ];
    let report = report(Some(&files), &files);
    let told = told(&report, "package/unreached");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter()
            .any(|one| one
                .contains("evil-001@2.0.0`, `evil-002@2.0.0`, `evil-003@2.0.0` and 1 more"))
    );
}

#[test]
fn a_lockfile_of_which_most_is_missing_is_one_finding_a_workspace() {
    let asked: serde_json::Map<_, _> = names("p", 12)
        .into_iter()
        .map(|name| (name, json!("^1.0.0")))
        .collect();
    let manifest = json!({"private": true, "dependencies": asked}).to_string();
    let lockfile = json!({"lockfileVersion": 3, "packages": {
        "": {"dependencies": {"p-000": "^1.0.0"}},
        "node_modules/p-000": {
            "version": "1.0.0",
            "resolved": "https://registry.npmjs.org/p-000/-/p-000-1.0.0.tgz",
            "integrity": "sha512-p==",
            "dependencies": {"q-0": "^1", "q-1": "^1", "q-2": "^1", "q-3": "^1", "q-4": "^1"},
        },
    }});
    let lockfile = lockfile.to_string();
    let files = [
        ("package.json", manifest.as_str()),
        ("package-lock.json", lockfile.as_str()),
    ];
    let mut told = told(&report(None, &files), "package/lockfile-out-of-step");
    told.sort();
    assert_eq!(
        told,
        [
            "introduced `p-001`, `p-002`, `p-003` and 8 more are asked for here and package-lock.json does not hold them; install, and add the lockfile to the change",
            "introduced packages in package-lock.json ask for `q-0`, `q-1`, `q-2` and 2 more, and it holds no such entries, so that what is installed of them is not known; install, and add the lockfile to the change",
        ]
    );
}

#[test]
fn a_lockfile_that_is_deleted_is_what_changed() {
    let lockfile = lockfile(&[]);
    let before = [
        ("package.json", MANIFEST),
        ("package-lock.json", lockfile.as_str()),
    ];
    let report = report(Some(&before), &before[..1]);
    let findings = report["findings"].as_array().unwrap().iter();
    let own: Vec<&Json> = findings
        .filter(|finding| finding["rule"] == "package/lockfile-removed")
        .collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["changed_at"]["path"], "package-lock.json");
    assert_eq!(own[0]["location"]["path"], "package.json");
    assert_eq!(own[0]["location"]["start"]["line"], 4);
}
