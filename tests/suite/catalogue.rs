//! The rules as users meet them: listed, explained, and on the page that every report links to.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tidegate::report::help_uri;
use tidegate::rules;

use crate::program::tidegate;

#[test]
fn every_help_page_is_there() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/README.md");
    let page = fs::read_to_string(page).expect("the page is there");
    for rule in rules::ALL {
        let uri = help_uri(rule.id);
        let (_, anchor) = uri.split_once('#').expect("it names a place on the page");
        assert!(page.contains(&format!("<a id=\"{anchor}\"></a>")), "{uri}");
    }
}

#[test]
fn every_rule_is_listed_and_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = tidegate(root, &["rules"], &[]).stdout;
    let json = tidegate(root, &["rules", "--format", "json"], &[]).stdout;
    let json: Json = serde_json::from_str(&json).expect("it writes JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(rules::ALL.len()));
    for rule in rules::ALL {
        assert!(list.contains(rule.id), "{}", rule.id);
        let answer = tidegate(root, &["explain", rule.id], &[]);
        assert_eq!(answer.code, 0, "{}", rule.id);
        for part in [
            rule.title(),
            "## Why it matters",
            rule.severity.name(),
            &help_uri(rule.id),
        ] {
            assert!(answer.stdout.contains(part), "{}: {part}", rule.id);
        }
    }
}

#[test]
fn a_rule_that_is_not_quite_right_is_guessed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for typed in ["pod-security/privilegd", "hostpath"] {
        let answer = tidegate(root, &["explain", typed], &[]);
        assert_eq!(answer.code, 2);
        assert!(
            answer.stderr.contains("did you mean pod-security/"),
            "{}",
            answer.stderr
        );
    }
    let answer = tidegate(root, &["explain", "privileged"], &[]);
    let both = "did you mean namespace/privileged or pod-security/privileged?";
    assert!(answer.stderr.contains(both), "{}", answer.stderr);
    let answer = tidegate(root, &["explain", "zzzz"], &[]);
    assert!(!answer.stderr.contains("did you mean"), "{}", answer.stderr);
}
