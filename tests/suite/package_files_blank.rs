//! A `package.json` that is there and says nothing: nobody knows what it asks for, so that nothing is fixed by it.

use serde_json::Value as Json;

use crate::program::{tidegate, write};

const ASKING: &str = r#"{"name": "cart", "dependencies": {"expresss": "^4.0.0", "ms": "*"}}"#;

/// The exit code of a change of one file, and what is said: status, rule and message.
fn told(name: &str, base: &str, head: &str) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let beside = [("base/package.json", ASKING), ("head/package.json", ASKING)];
    write(folder.path(), &beside);
    let changed = [
        (format!("base/{name}"), base),
        (format!("head/{name}"), head),
    ];
    for (path, text) in &changed {
        write(folder.path(), &[(path.as_str(), *text)]);
    }
    let arguments = [
        "check", "--base", "base", "--head", "head", "--format", "json",
    ];
    let answer = tidegate(folder.path(), &arguments, &[]);
    let report: Json = serde_json::from_str(&answer.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let told = findings.map(|one| {
        let (status, rule) = (text(&one["status"]), text(&one["rule"]));
        format!("{status} {rule} {}", text(&one["message"]))
    });
    (answer.code, told.collect())
}

#[test]
fn what_says_nothing_is_unreadable_and_fixes_nothing() {
    for (text, why) in [
        ("", "it is empty"),
        ("\u{feff}  \n", "it is empty"),
        ("null", "it holds no object"),
        ("[]", "it holds no object"),
        ("\"cart\"", "it holds no object"),
        (
            r#"{"name": "cart", "dependencies": ["ms"]}"#,
            "`dependencies` is no object",
        ),
        (
            r#"{"name": "cart", "devDependencies": "ms"}"#,
            "`devDependencies` is no object",
        ),
    ] {
        let (code, told) = told("package.json", ASKING, text);
        assert_eq!(code, 3, "{text:?}: {told:?}");
        let start = format!("introduced input/unreadable this package file cannot be read: {why}");
        assert!(
            told.iter().any(|one| one.starts_with(&start)),
            "{text:?}: {told:?}"
        );
        assert!(
            !told.iter().any(|one| one.starts_with("fixed")),
            "{text:?}: {told:?}"
        );
    }
    // What has nothing in it says so.
    for text in [
        "{}",
        r#"{"name": "cart", "dependencies": {}}"#,
        r#"{"dependencies": []}"#,
    ] {
        let (code, told) = told("package.json", ASKING, text);
        assert_eq!(code, 0, "{text:?}: {told:?}");
        assert!(
            told.iter().any(|one| one.starts_with("fixed")),
            "{text:?}: {told:?}"
        );
    }
}

#[test]
fn a_workspace_file_holds_a_mapping_or_nothing() {
    for (text, code) in [
        ("- a\n", 3),
        ("packages\n", 3),
        ("", 0),
        ("# none\n", 0),
        ("packages: []\n", 0),
    ] {
        let (found, told) = told("pnpm-workspace.yaml", "packages: [a]\n", text);
        assert_eq!(found, code, "{text:?}: {told:?}");
    }
}
