//! `tidegate access` as people and programs meet it.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tidegate::report::access::schema;

use crate::program::tidegate;

const BASE: &str = "./tests/fixtures/rbac/escalation-path-added/base";
const HEAD: &str = "./tests/fixtures/rbac/escalation-path-added/head";

fn run(arguments: &[&str]) -> (i32, String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec!["access"];
    all.extend(arguments);
    let answer = tidegate(root, &all, &[]);
    (answer.code, answer.stdout, answer.stderr)
}

#[test]
fn a_change_is_told_to_people() {
    let (code, text, _) = run(&["fires-pod", "--base", BASE, "--head", HEAD]);
    assert_eq!(code, 0, "{text}");
    for line in [
        "ServiceAccount ops/root in the whole cluster\n    every verb on every path outside of resources\n    every verb on every resource\n",
        "ways that are new:\n  ServiceAccount people/support reaches every right in the cluster\n",
        "nobody may do anything else than before\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let (_, text, _) = run(&["fires-second-half", "--base", BASE, "--head", HEAD]);
    let line = "changed:\n  ServiceAccount people/onboarding in the whole cluster\n    + create clusterrolebindings.rbac.authorization.k8s.io\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_change_is_told_to_programs() {
    let (code, text, _) = run(&["--base", BASE, "--head", HEAD, "--format", "json"]);
    assert_eq!(code, 0);
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(json["schema"], "tidegate.access/1");
    let new: Vec<_> = json["new_paths"].as_array().unwrap().iter().collect();
    let of = |who: &str| new.iter().find(|it| it["subject"] == who).unwrap();
    let support = of("ServiceAccount people/support");
    assert_eq!(support["goal"], "cluster-admin");
    assert_eq!(support["steps"].as_array().unwrap().len(), 2);
    let places = support["steps"][0]["evidence"].as_array().unwrap();
    assert!(
        places
            .iter()
            .any(|it| it["location"]["path"] == "fires-pod/pod.yaml"),
        "{places:?}"
    );
    let changes = json["changes"].as_array().unwrap();
    let change = changes
        .iter()
        .find(|it| it["subject"] == "ServiceAccount people/onboarding")
        .unwrap();
    assert_eq!(change["scope"], "cluster");
    assert_eq!(
        change["gained"][0],
        "create clusterrolebindings.rbac.authorization.k8s.io"
    );
}

#[test]
fn questions_are_answered() {
    let (code, text, _) = run(&["--head", HEAD, "--who-can", "create pods/exec", "-n", "ops"]);
    assert_eq!(code, 0);
    let able: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("ServiceAccount"))
        .collect();
    assert_eq!(
        able,
        [
            "ServiceAccount direct/a in the whole cluster",
            "ServiceAccount fresh/root in the whole cluster",
            "ServiceAccount ops/root in the whole cluster",
            "ServiceAccount people/support in namespace ops",
        ]
    );
    let (_, text, _) = run(&["--head", HEAD, "--subject", "ServiceAccount/ops/root"]);
    let subjects = text
        .lines()
        .filter(|line| line.starts_with("ServiceAccount"));
    assert_eq!(subjects.count(), 1, "{text}");
    for wrong in [["--who-can", "get"], ["--subject", "root"]] {
        let (code, _, error) = run(&wrong);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("write it as"), "{error}");
    }
}

#[test]
fn ways_are_drawn() {
    let (code, text, _) = run(&[
        "fires-pod",
        "--base",
        BASE,
        "--head",
        HEAD,
        "--format",
        "mermaid",
    ]);
    assert_eq!(code, 0);
    assert!(text.starts_with("flowchart LR\n"), "{text}");
    assert!(text.contains("==>") && text.contains("-->"), "{text}");
    assert!(
        text.contains("{{\"every right in the cluster\"}}"),
        "{text}"
    );
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/access.schema.json");
    let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if fs::read_to_string(&path).unwrap_or_default() == schema {
        return;
    }
    if matches!(std::env::var("CI").as_deref(), Ok("1" | "true")) {
        panic!("schema/access.schema.json is stale: run the tests and commit what they write");
    }
    fs::write(&path, schema).unwrap();
    eprintln!("schema/access.schema.json was stale and is written anew");
}

#[test]
fn answers_keep_their_schema() {
    let validator = jsonschema::validator_for(schema().as_value()).unwrap();
    let check = |arguments: &[&str]| {
        let (code, text, _) = run(arguments);
        assert_eq!(code, 0, "{text}");
        let json: Json = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{arguments:?}");
        json
    };
    let change = check(&["--base", BASE, "--head", HEAD, "--format", "json"]);
    assert!(!change["new_paths"].as_array().unwrap().is_empty());
    let revision = check(&["--head", HEAD, "--format", "json"]);
    assert!(revision.get("changes").is_none());
    let question = ["--who-can", "create pods/exec", "--format", "json"];
    check(&[&["--head", HEAD][..], &question].concat());
    let mut other = change;
    other["clusters"][0]["paths"][0]["goal"] = "elsewhere".into();
    assert!(!validator.is_valid(&other));
}
