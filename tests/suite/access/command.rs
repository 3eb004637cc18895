//! `tidegate access` as people and programs meet it.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tidegate::report::access::schema;

use super::paths::manifest;
use crate::program::{tidegate, write};

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

/// What `access` answers in a folder that is written for a moment: its code, and both streams.
fn run_in(files: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let temporary = tempfile::tempdir().unwrap();
    write(temporary.path(), files);
    let mut all = vec!["access"];
    all.extend(arguments);
    let answer = tidegate(temporary.path(), &all, &[]);
    (answer.code, answer.stdout, answer.stderr)
}

const CHANGE: [&str; 4] = ["--base", "base", "--head", "head"];

#[test]
fn what_was_not_judged_is_said() {
    let rbac = manifest("ClusterRole r | | secrets | get\nsa/ci/bot -> ClusterRole r");
    let patch = "resources: [a.yaml]\npatches:\n- target: {kind: ClusterRole, name: r}\n  patch: |\n    - op: add\n      path: /rules/0/verbs/-\n      value: \"*\"\n";
    let template = format!("{{{{- if .Values.a }}}}\n{rbac}{{{{- end }}}}\n");
    let other = template.replace("\"get\"", "\"*\"");
    let kustomized = [
        ("base/k/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/k/a.yaml", &rbac),
        ("head/k/kustomization.yaml", patch),
        ("head/k/a.yaml", &rbac),
    ];
    let rendered = [
        (
            "base/Chart.yaml",
            "apiVersion: v2\nname: a\nversion: 1.0.0\n",
        ),
        ("base/templates/a.yaml", &template),
        (
            "head/Chart.yaml",
            "apiVersion: v2\nname: a\nversion: 1.0.0\n",
        ),
        ("head/templates/a.yaml", &other),
    ];
    for (files, path) in [
        (&kustomized[..], "k/kustomization.yaml"),
        (&rendered[..], "templates/a.yaml"),
    ] {
        let (code, text, _) = run_in(files, &CHANGE);
        assert_eq!(code, 0, "{text}");
        assert!(!text.contains("nobody may do anything else"), "{text}");
        assert!(text.contains("not all could be judged"), "{text}");
        assert!(text.contains(&format!("not judged: {path}: ")), "{text}");
        let (_, text, _) = run_in(files, &[&CHANGE[..], &["--format", "json"]].concat());
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(json["not_judged"][0]["path"], path, "{text}");
        let (code, text, error) = run_in(files, &[&CHANGE[..], &["--format", "mermaid"]].concat());
        assert_eq!(code, 0);
        assert!(text.starts_with("flowchart"), "{text}");
        assert!(error.contains(&format!("not judged: {path}: ")), "{error}");
        // What is as it was is no part of a change.
        let (_, text, _) = run_in(files, &["--base", "head", "--head", "head"]);
        assert!(text.contains("nobody may do anything else"), "{text}");
    }
    // Without a base all of it is said.
    let (code, text, _) = run_in(&rendered, &["--head", "head"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("not judged: templates/a.yaml: "), "{text}");
}

#[test]
fn what_cannot_be_read_is_said_of_both_sides() {
    let rbac = manifest("ClusterRole r | | secrets | get\nsa/ci/bot -> ClusterRole r");
    let broken = rbac.replace("rules:", "rules: [");
    for (base, head, path) in [
        (&broken, &rbac, "in the base"),
        (&rbac, &broken, "cannot be read: a.yaml"),
    ] {
        let files = [
            ("base/a.yaml", base.as_str()),
            ("head/a.yaml", head.as_str()),
        ];
        let (code, text, _) = run_in(&files, &CHANGE);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains(path), "{text}");
        let (code, text, _) = run_in(&files, &[&CHANGE[..], &["--format", "json"]].concat());
        assert_eq!(code, 3);
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(json["unreadable"].as_array().unwrap().len(), 1, "{text}");
        let (code, _, error) = run_in(&files, &[&CHANGE[..], &["--format", "mermaid"]].concat());
        assert_eq!(code, 3);
        assert!(error.contains("cannot be read: a.yaml"), "{error}");
    }
}

#[test]
fn those_who_may_do_everything_are_said_to() {
    let rbac = manifest("group/system:authenticated -> ClusterRole view");
    let files = [("a.yaml", rbac.as_str())];
    for question in [&[][..], &["--who-can", "get secrets"]] {
        let (code, text, _) = run_in(
            &files,
            &[&["--subject", "Group/system:masters"], question].concat(),
        );
        assert_eq!(code, 0);
        let line = "Group system:masters in the whole cluster\n";
        assert!(
            text.contains(line) && text.contains("whatever roles and bindings say"),
            "{text}"
        );
    }
    let (_, text, _) = run_in(&files, &["--subject", "Group/admins"]);
    assert!(!text.contains("whatever"), "{text}");
}

#[test]
fn a_binding_without_a_role_is_told_in_words() {
    let rbac = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nsubjects: [{kind: User, name: jane}]\n";
    let (_, text, _) = run_in(&[("a.yaml", rbac)], &[]);
    assert!(!text.contains("names ,"), "{text}");
}
