//! Keys that are no fields, beyond what the fixtures of the rules show.

use std::fmt::Write as _;

use tidegate::evaluate::evaluate;

use crate::reading::{context, snapshot};

fn said(text: &str) -> Vec<String> {
    let rules = [
        "workload/misplaced-field",
        "workload/unknown-field",
        "workload/wrong-type",
    ];
    let findings = evaluate(&snapshot(&[("a.yaml", text)]), &context()).findings;
    let own = findings
        .into_iter()
        .filter(|found| rules.contains(&found.rule));
    own.map(|found| found.message).collect()
}

#[test]
fn a_file_has_no_end_of_mistakes_but_of_findings() {
    let mut text = String::from("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n");
    for number in 0..3000 {
        writeln!(text, "  unknown{number}: 1").unwrap();
    }
    assert_eq!(said(&text).len(), 1000);
}

#[test]
fn what_is_merged_is_judged_once_where_it_is_written() {
    let container = "{name: a, image: a, imagee: b, tty: \"true\"}";
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  initContainers:\n  - &one {container}\n  containers:\n  - <<: \
         *one\n    name: b\n  - <<: {{stdin: 1}}\n    name: c\n"
    );
    let said = said(&text);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(
        said.iter()
            .all(|message| message.starts_with("Pod a, container `")),
        "{said:#?}"
    );
}

#[test]
fn windows_line_ends_a_mark_and_json_make_no_difference() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {portz: []}\n";
    let one = said(text);
    assert_eq!(one.len(), 1, "{one:#?}");
    assert_eq!(said(&text.replace('\n', "\r\n")), one);
    assert_eq!(said(&format!("\u{feff}{text}")), one);
    let json = r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"portz": []}}"#;
    assert_eq!(said(json), one);
}

#[test]
fn objects_of_odd_shapes_are_survived() {
    for odd in [
        "apiVersion: v1\nkind: Pod\n",
        "apiVersion: v1\nkind: Pod\nmetadata: []\nspec: 3\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: {a: [b]}}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [[{name: a}], 1, null]}\n",
        "apiVersion: v1\nkind: Pod\n\"\": 1\n1: 2\ntrue: x\n",
        "apiVersion: v1\nkind: Pod\nspec: &a {containers: [*a]}\n",
    ] {
        said(odd);
    }
    assert_eq!(
        said("apiVersion: v1\nkind: Pod\nmetadata: []\nspec: 3\n").len(),
        2
    );
}

#[test]
fn what_is_misspelt_is_told_once() {
    let pod = |container: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec:\n  serviceAccountName: web\n  automountServiceAccountToken: false\n  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}\n  containers:\n  - name: web\n    image: ghcr.io/acme/web:1.4.2\n    livenessProbe: {{tcpSocket: {{port: 80}}}}\n{container}"
        );
        let snapshot = snapshot(&[("pod.yaml", &text)]);
        let evaluation = evaluate(&snapshot, &context());
        let rules: Vec<_> = evaluation.findings.iter().map(|found| found.rule).collect();
        rules
    };
    let clean = "    resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}\n";
    assert!(pod(clean).is_empty());
    for typo in [
        clean.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"),
        clean.replace("resources:", "resource:"),
    ] {
        assert_eq!(pod(&typo), ["workload/unknown-field"], "{typo}");
    }
    // A graver consequence is told beside its cause.
    let grave = clean.replace("allowPrivilegeEscalation", "allowPrivilegeEscalatoin");
    let told = pod(&grave);
    assert_eq!(told.len(), 2, "{told:?}");
    // What is there as well is no typo's doing.
    let both = clean.replace(
        "readOnlyRootFilesystem: true",
        "readOnlyRootFileSystem: true, readOnlyRootFilesystem: false",
    );
    assert!(pod(&both).contains(&"workload/writable-root-filesystem"));
}
