//! A kustomization that sets a namespace moves all that it takes in, whichever kustomizations lie between.

use tidegate::finding::Status;
use tidegate::verdict::Report;

use super::paths::manifest;
use crate::reports;

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r}
rules:
- apiGroups: [\"\"]
  resources: [secrets]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects:
- {kind: ServiceAccount, name: bot, namespace: ci}
";

const BASE: &str = "resources: [r.yaml]\n";

fn overlay(namespace: &str) -> String {
    format!("resources: [../base]\nnamespace: {namespace}\n")
}

fn refs(files: &[(String, String)]) -> Vec<(&str, &str)> {
    let files = files.iter();
    files
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect()
}

/// A base with a role, and the kustomizations of other folders.
fn report(before: &[(&str, &str)], after: &[(&str, &str)]) -> Report {
    let known = manifest("sa/ci/bot -> ClusterRole view");
    let files = |kustomizations: &[(&str, &str)]| -> Vec<(String, String)> {
        let own = kustomizations.iter();
        let own = own.map(|(folder, text)| {
            let path = format!("{folder}/kustomization.yaml");
            (path, (*text).to_owned())
        });
        own.chain([
            ("base/r.yaml".to_owned(), ROLE.to_owned()),
            ("known.yaml".to_owned(), known.clone()),
        ])
        .collect()
    };
    let (before, after) = (files(before), files(after));
    reports::of(&refs(&before), &refs(&after))
}

/// What the posture says that somebody may do: where, and what.
fn gained(report: &Report) -> Vec<String> {
    let changes = report.access.iter().filter(|it| !it.gained.is_empty());
    let told = changes.map(|it| {
        let place = it.namespace.as_deref().unwrap_or("everywhere");
        format!("{place}: {}", it.gained.join("; "))
    });
    told.collect()
}

/// The lines that caused what is new, each once.
fn causes(report: &Report) -> Vec<String> {
    let new = report
        .findings
        .iter()
        .filter(|it| it.rule.starts_with("rbac/") && it.status == Status::Introduced);
    let mut causes: Vec<String> = new
        .map(|it| {
            let at = it.changed_at.as_ref().expect("a line has changed");
            let text = report.head_snapshot.file(&at.path).unwrap().text().unwrap();
            format!("{}: {}", at.path, text[at.span.range()].trim())
        })
        .collect();
    causes.sort();
    causes.dedup();
    causes
}

#[test]
fn an_overlay_moves_what_its_base_takes_in() {
    let base = ("base", BASE);
    let (dev, system) = (overlay("dev"), overlay("kube-system"));
    let found = report(&[base, ("ov", &dev)], &[base, ("ov", &system)]);
    assert_eq!(gained(&found), ["kube-system: get secrets"]);
    assert_eq!(
        causes(&found),
        ["ov/kustomization.yaml: namespace: kube-system"]
    );
    let graves = found
        .findings
        .iter()
        .filter(|it| it.rule == "rbac/permissions-widened");
    let graves: Vec<&str> = graves.map(|it| it.severity.name()).collect();
    assert_eq!(graves, ["high"]);
    // Through another one between them, and over the head of what the base says itself.
    let middle = ("mid", "resources: [../base]\n");
    let outer = "resources: [../mid]\nnamespace: kube-system\n";
    let own = ("base", "resources: [r.yaml]\nnamespace: dev\n");
    let found = report(&[own, middle], &[own, middle, ("ov", outer)]);
    assert_eq!(gained(&found), ["kube-system: get secrets"]);
    assert_eq!(
        causes(&found),
        ["ov/kustomization.yaml: namespace: kube-system"]
    );
}

#[test]
fn what_several_overlays_move_is_judged_in_each_of_their_namespaces() {
    let base = ("base", BASE);
    let (dev, prod, system) = (overlay("dev"), overlay("prod"), overlay("kube-system"));
    let found = report(
        &[base, ("dev", &dev), ("prod", &prod)],
        &[base, ("dev", &dev), ("prod", &system)],
    );
    assert_eq!(gained(&found), ["kube-system: get secrets"]);
    assert_eq!(
        causes(&found),
        ["prod/kustomization.yaml: namespace: kube-system"]
    );
    // One more is one more, wherever it is written.
    let found = report(
        &[base, ("dev", &dev)],
        &[base, ("dev", &dev), ("system", &system)],
    );
    assert_eq!(gained(&found), ["kube-system: get secrets"]);
    // Nothing is gained by overlays that are renamed, or that stand in another order.
    let found = report(
        &[base, ("dev", &dev), ("prod", &prod)],
        &[base, ("z", &dev), ("a", &prod)],
    );
    assert_eq!(gained(&found), [""; 0]);
    assert_eq!(causes(&found), [""; 0]);
}

#[test]
fn kustomizations_that_take_in_each_other_end() {
    let one = ("base", "resources: [r.yaml, ../ov]\nnamespace: dev\n");
    let other = ("ov", "resources: [../base]\nnamespace: kube-system\n");
    let found = report(&[one, other], &[one, other]);
    assert_eq!(gained(&found), [""; 0]);
    assert_eq!(causes(&found), [""; 0]);
}

#[test]
fn a_label_of_a_kustomization_makes_a_role_part_of_another() {
    const KEY: &str = "rbac.authorization.k8s.io/aggregate-to-view";
    let role = manifest("ClusterRole part | | secrets | get list");
    let known = manifest("sa/ci/bot -> ClusterRole view");
    let listed = "resources: [../base]\n";
    for labels in [
        format!("commonLabels:\n  {KEY}: \"true\"\n"),
        format!("labels:\n- pairs:\n    {KEY}: \"true\"\n"),
    ] {
        let with = format!("{listed}{labels}");
        let files = |overlay: &'_ str| {
            [
                ("base/kustomization.yaml".to_owned(), BASE.to_owned()),
                ("base/r.yaml".to_owned(), role.clone()),
                ("known.yaml".to_owned(), known.clone()),
                ("ov/kustomization.yaml".to_owned(), overlay.to_owned()),
            ]
        };
        let found = reports::of(&refs(&files(listed)), &refs(&files(&with)));
        assert_eq!(gained(&found), ["everywhere: get,list secrets"], "{labels}");
        let new = found
            .findings
            .iter()
            .filter(|it| it.status == Status::Introduced);
        let rules: Vec<&str> = new.clone().map(|it| it.rule).collect();
        assert!(rules.contains(&"rbac/aggregate-to-built-in"), "{rules:?}");
        assert!(rules.contains(&"rbac/permissions-widened"), "{rules:?}");
        for finding in new.filter(|it| it.rule.starts_with("rbac/")) {
            let at = finding.changed_at.as_ref().map(|at| &*at.path);
            assert_eq!(at, Some("ov/kustomization.yaml"), "{finding:?}");
        }
        // Other labels, and one that says no, join nothing.
        let no = files(&with.replace("\"true\"", "\"false\""));
        assert_eq!(
            gained(&reports::of(&refs(&files(listed)), &refs(&no))),
            [""; 0]
        );
    }
}
