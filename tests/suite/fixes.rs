//! Fixes that a comment offers: exact, and after them nothing is left to be found.

use std::collections::BTreeSet;

use serde_json::json;
use tidegate::fix::MOST;
use tidegate::report::review::placed::{FixEdit, PlacedFinding, placed};

use crate::reports;

/// A Deployment of one container with these lines in its pod and in its container.
fn deployment(pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  selector:\n    matchLabels: {{app: web}}\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n{pod}      containers:\n        - name: api\n          image: registry.example/web:1.0\n{container}"
    )
}

fn found(text: &str) -> Vec<PlacedFinding> {
    placed(&reports::of(&[], &[("a.yaml", text)]))
}

/// The fix of the finding of a rule, if it has one.
#[track_caller]
fn fix(rule: &str, text: &str) -> Option<FixEdit> {
    let mut found = found(text).into_iter().filter(|one| one.rule == rule);
    let one = found
        .next()
        .unwrap_or_else(|| panic!("no {rule} in\n{text}"));
    one.fix.into_iter().next()
}

/// The text after an edit of one line.
fn apply(text: &str, edit: &FixEdit) -> String {
    assert_eq!(edit.start.line, edit.end.line, "{edit:?}");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = &mut lines[edit.start.line as usize - 1];
    let range = edit.start.column as usize - 1..edit.end.column as usize - 1;
    line.replace_range(range, &edit.replacement);
    lines.join("\n") + "\n"
}

#[test]
fn what_is_committed_clears_the_finding_and_brings_no_other() {
    let context = |line: &str| format!("          securityContext:\n            {line}\n");
    // What a privileged container has anyway is not told before.
    let privileged = "privileged: true\n            allowPrivilegeEscalation: false";
    for (rule, text) in [
        (
            "pod-security/privileged",
            deployment("", &context(privileged)),
        ),
        (
            "pod-security/privileged",
            deployment(
                "",
                &context(&privileged.replace("true\n", "true # for now\n")),
            ),
        ),
        (
            "pod-security/host-namespaces",
            deployment("      hostNetwork: true\n", ""),
        ),
        (
            "pod-security/host-namespaces",
            deployment("      hostPID: true\n", ""),
        ),
        (
            "pod-security/privilege-escalation",
            deployment("", &context("allowPrivilegeEscalation: true")),
        ),
        (
            "pod-security/seccomp-unconfined",
            deployment("", &context("seccompProfile: {type: Unconfined}")),
        ),
        (
            "pod-security/apparmor-unconfined",
            deployment("", &context("appArmorProfile: {type: Unconfined}")),
        ),
        (
            "pod-security/may-run-as-root",
            deployment(
                "",
                &context("runAsNonRoot: false\n            runAsUser: 1000"),
            ),
        ),
        (
            "workload/unknown-field",
            deployment("", &context("readOnlyRootFileSystem: true")),
        ),
    ] {
        let edit = fix(rule, &text).unwrap_or_else(|| panic!("{rule} has no fix in\n{text}"));
        let after = apply(&text, &edit);
        let identities = |text: &str| -> Vec<(String, String)> {
            let all = found(text).into_iter();
            all.map(|one| (one.rule, one.fingerprint)).collect()
        };
        let (before, left) = (identities(&text), identities(&after));
        assert!(left.iter().all(|one| before.contains(one)), "{after}");
        let of_rule = |all: &[(String, String)]| all.iter().filter(|one| one.0 == rule).count();
        assert_eq!(of_rule(&left) + 1, of_rule(&before), "{after}");
    }
}

#[test]
fn what_is_not_exact_is_not_offered() {
    let context = |line: &str| format!("          securityContext:\n            {line}\n");
    let mounted = |more: &str| {
        format!(
            "          volumeMounts:\n            - name: tmp\n              mountPath: /tmp\n{more}"
        )
    };
    let privileged = "pod-security/privileged";
    for (rule, text) in [
        // Nothing stands there.
        ("pod-security/privilege-escalation", deployment("", "")),
        // Somebody else has it, too.
        (
            privileged,
            deployment(
                "",
                &(context("privileged: &yes true") + "          stdin: *yes\n"),
            ),
        ),
        // Another spelling of it.
        (
            privileged,
            deployment("", &context("privileged: !!bool \"true\"")),
        ),
        // The image may run as root.
        (
            "pod-security/may-run-as-root",
            deployment("", &context("runAsNonRoot: false")),
        ),
        // It may write to /tmp.
        (
            "workload/writable-root-filesystem",
            deployment("", &context("readOnlyRootFilesystem: false")),
        ),
        // Nothing can be written where these are mounted.
        (
            "workload/writable-root-filesystem",
            deployment(
                "      volumes:\n        - name: tmp\n          configMap: {name: a}\n",
                &(mounted("") + &context("readOnlyRootFilesystem: false")),
            ),
        ),
        (
            "workload/writable-root-filesystem",
            deployment(
                "      volumes:\n        - name: tmp\n          emptyDir: {}\n",
                &(mounted("              readOnly: true\n")
                    + &context("readOnlyRootFilesystem: false")),
            ),
        ),
        // The right word would bring a danger to life.
        (
            "workload/unknown-field",
            deployment("", &context("privilged: true")),
        ),
        (
            "workload/unknown-field",
            deployment("      hostNetwrok: true\n", ""),
        ),
        // The right field stands beside it.
        (
            "workload/unknown-field",
            deployment(
                "",
                &context("readOnlyRootFilesystem: true\n            readOnlyRootFileSystem: true"),
            ),
        ),
    ] {
        assert_eq!(fix(rule, &text), None, "{text}");
    }
}

#[test]
fn a_root_that_is_read_only_is_offered_where_its_place_to_write_is_mounted() {
    let text = deployment(
        "      volumes:\n        - name: tmp\n          emptyDir: {}\n",
        "          volumeMounts:\n            - name: tmp\n              mountPath: /tmp\n          securityContext:\n            readOnlyRootFilesystem: false\n",
    );
    let edit = fix("workload/writable-root-filesystem", &text).expect("a fix");
    assert!(apply(&text, &edit).contains("readOnlyRootFilesystem: true\n"));
}

#[test]
fn fixes_of_one_line_are_proven_together() {
    let text = deployment("", "").replace(
        "    spec:\n      containers",
        "    spec: {hostNetwork: true, hostPID: true, containers",
    );
    let text = text.replace(
        "containers:\n        - name: api\n          image: registry.example/web:1.0\n",
        "containers: [{name: api, image: registry.example/web:1.0}]}\n",
    );
    let found = found(&text);
    let mended: Vec<&PlacedFinding> = found.iter().filter(|one| !one.fix.is_empty()).collect();
    let fingerprints: BTreeSet<String> = mended.iter().map(|one| one.fingerprint.clone()).collect();
    assert_eq!(mended.len(), 2, "{text}");
    for one in mended {
        assert_eq!(one.fixed_with, fingerprints);
    }
}

#[test]
fn the_reports_for_programs_carry_what_is_proven() {
    let text = deployment("      hostNetwork: true\n", "");
    let report = reports::of(&[], &[("a.yaml", &text)]);
    let mut json = Vec::new();
    tidegate::report::json::write(&report, &mut json).expect("it is written");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("it is JSON");
    let schema = jsonschema::validator_for(tidegate::report::json::schema().as_value());
    assert!(schema.expect("it is a schema").is_valid(&json));
    let findings = json["findings"].as_array().expect("findings");
    let of_rule = findings
        .iter()
        .find(|finding| finding["rule"] == "pod-security/host-namespaces");
    let line = text
        .lines()
        .position(|line| line.contains("hostNetwork"))
        .expect("it is there")
        + 1;
    assert_eq!(
        of_rule.expect("a finding")["fix"],
        json!({
            "title": "Write false instead of true",
            "edits": [{
                "path": "a.yaml",
                "start": {"line": line, "column": 20},
                "end": {"line": line, "column": 24},
                "replacement": "false",
            }],
        })
    );
    assert!(findings.iter().any(|finding| finding["fix"].is_null()));
    let mut sarif = Vec::new();
    let options = tidegate::report::sarif::SarifOptions::default();
    tidegate::report::sarif::write(&report, &options, &mut sarif).expect("it is written");
    let sarif: serde_json::Value = serde_json::from_slice(&sarif).expect("it is JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let fixes: Vec<_> = results.iter().filter_map(|one| one.get("fixes")).collect();
    assert_eq!(
        fixes,
        [&json!([{
            "description": {"text": "Write false instead of true"},
            "artifactChanges": [{
                "artifactLocation": {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"},
                "replacements": [{
                    "deletedRegion": {"startLine": line, "startColumn": 20, "endLine": line, "endColumn": 24},
                    "insertedContent": {"text": "false"},
                }],
            }],
        }])]
    );
}

#[test]
fn what_was_there_before_is_no_fix_of_the_change() {
    let text = deployment("      hostNetwork: true\n", "");
    let report = reports::of(&[("a.yaml", &text)], &[("a.yaml", &text)]);
    assert!(!report.findings.is_empty());
    assert!(report.findings.iter().all(|finding| finding.fix.is_none()));
}

#[test]
fn no_more_fixes_are_tried_than_a_run_takes() {
    let files: Vec<(String, String)> = (0..MOST + 5)
        .map(|number| {
            let text = deployment("      hostNetwork: true\n", "");
            let name = format!("web-{number:02}");
            (
                format!("{name}.yaml"),
                text.replace("name: web\n", &format!("name: {name}\n")),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let report = reports::of(&[], &files);
    let fixed = report
        .findings
        .iter()
        .filter(|finding| finding.fix.is_some());
    assert_eq!(fixed.count(), MOST);
}

/// A fix of a line that a change brings is told of the change as well, in the words of the line.
#[test]
fn a_line_that_opens_something_may_open_less() {
    let shop = "apiVersion: v1\nkind: Pod\nmetadata: {name: payments, namespace: shop, labels: {app: payments}}\nspec: {containers: [{name: app, image: example.com/payments:1}]}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: payments, namespace: shop}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n";
    let more = "  ingress:\n    - from:\n        - namespaceSelector:\n            matchLabels:\n              name: trusted-namespace\n";
    let head = format!("{shop}{more}");
    let report = reports::of(&[("a.yaml", shop)], &[("a.yaml", &head)]);
    let rules: BTreeSet<&str> = report
        .with_status(tidegate::finding::Status::Introduced)
        .map(|finding| finding.rule)
        .collect();
    let expected = [
        "network-policy/connectivity-added",
        "network-policy/name-label",
    ];
    assert_eq!(rules, BTreeSet::from(expected));
    let found = placed(&report);
    let of = |rule: &str| found.iter().find(|finding| finding.rule == rule);
    let fix = &of("network-policy/name-label").expect("it is told").fix;
    assert_eq!(fix.len(), 1, "its fix is proven");
    assert_eq!(fix[0].replacement, "kubernetes.io/metadata.name");
}
