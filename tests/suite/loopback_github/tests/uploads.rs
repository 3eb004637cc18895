//! SARIF uploads.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::asking::{get, post};
use super::{head_of, usual};
use crate::loopback_github::Github;

fn packed(sarif: &Value) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(sarif.to_string().as_bytes())
        .expect("memory");
    STANDARD.encode(encoder.finish().expect("memory"))
}

fn sarif(category: &str) -> Value {
    let place = json!({"physicalLocation": {"artifactLocation": {"uri": "a.yaml"}}});
    json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "tidegate", "rules": [{"id": "r", "properties": {"security-severity": "8.0"}}]}},
        "automationDetails": {"id": category},
        "results": [{"ruleId": "r", "locations": [place]}],
    }]})
}

fn body(github: &Github, sarif: &Value) -> Value {
    json!({"commit_sha": head_of(github), "ref": "refs/pull/7/head", "sarif": packed(sarif)})
}

/// Uploads, waits until it is done, and hands back the errors.
fn errors(github: &Github, sarif: &Value) -> String {
    let value = post(github, "/code-scanning/sarifs", &body(github, sarif)).is(202);
    let path = format!(
        "/code-scanning/sarifs/{}",
        value["id"].as_str().expect("an id")
    );
    assert_eq!(get(github, &path).is(200)["processing_status"], "pending");
    let value = get(github, &path).is(200);
    match value["processing_status"].as_str() {
        Some("complete") => String::new(),
        Some("failed") => value["errors"][0].as_str().expect("a reason").to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_upload_is_pending_and_then_complete() {
    let github = usual();
    assert_eq!(errors(&github, &sarif("tidegate/check/")), "");
    let kept = github.with(|state| state.uploads[0].clone());
    assert_eq!(kept.sarif, sarif("tidegate/check/"));
    assert_eq!(kept.reference, "refs/pull/7/head");
    assert_eq!(kept.commit, head_of(&github));
}

#[test]
fn what_breaks_a_limit_fails_later() {
    let github = usual();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = sarif("a/");
        change(&mut value);
        errors(&github, &value)
    };
    for (part, change) in [
        (
            "several runs",
            &(|it: &mut Value| it["runs"] = json!([it["runs"][0], it["runs"][0]]))
                as &dyn Fn(&mut Value),
        ),
        ("more runs", &|it| {
            it["runs"] = vec![it["runs"][0].clone(); 21].into();
        }),
        ("more results", &|it| {
            it["runs"][0]["results"] = vec![it["runs"][0]["results"][0].clone(); 25_001].into();
        }),
        ("severity", &|it| {
            it["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["security-severity"] =
                "high".into();
        }),
        ("more tags", &|it| {
            it["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["tags"] =
                vec!["x"; 21].into();
        }),
        ("location", &|it| {
            it["runs"][0]["results"][0]["locations"] = json!([]);
        }),
        ("URI", &|it| {
            it["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
                "/a".into();
        }),
        ("execution", &|it| {
            it["runs"][0]["invocations"] = json!([{"executionSuccessful": false}]);
        }),
        ("version", &|it| it["version"] = "2.0.0".into()),
    ] {
        let told = changed(change);
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn what_is_no_upload_is_refused_at_once() {
    let github = usual();
    let good = body(&github, &sarif("a/"));
    for (field, value, status) in [
        ("commit_sha", json!("main"), 422),
        ("commit_sha", json!("0".repeat(40)), 404),
        ("ref", json!("main"), 422),
        (
            "ref",
            json!("refs/heads/gh-readonly-queue/main/pr-7-0"),
            404,
        ),
        ("sarif", json!("%"), 400),
        ("sarif", json!(STANDARD.encode("not packed")), 400),
        ("category", json!("a"), 422),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        post(&github, "/code-scanning/sarifs", &bad).is(status);
    }
    github.with(|state| state.figures.sarif_bytes = 10);
    post(&github, "/code-scanning/sarifs", &good).is(413);
    github.with(|state| (state.is_private, state.has_code_security) = (true, false));
    let value = post(&github, "/code-scanning/sarifs", &good).is(403);
    assert!(
        value["message"]
            .as_str()
            .is_some_and(|text| text.contains("Code Security must be enabled"))
    );
    assert!(github.with(|state| state.uploads.is_empty()));
}
