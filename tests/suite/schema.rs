//! Keys that are no fields, beyond what the fixtures of the rules show.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tidegate::compare::compare_evaluations;
use tidegate::config::value::Setting;
use tidegate::evaluate::evaluate;
use tidegate::finding::{Severity, Status};
use tidegate::snapshot::pairs::Pairs;

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
    // What is there as well is no typo's doing.
    let both = clean.replace(
        "readOnlyRootFilesystem: true",
        "readOnlyRootFileSystem: true, readOnlyRootFilesystem: false",
    );
    assert!(pod(&both).contains(&"workload/writable-root-filesystem"));
}

/// The rules that speak of a Deployment with one container, and a sidecar where asked for.
fn of_deployment(pod: &str, container: &str, sidecar: Option<&str>) -> Vec<&'static str> {
    let text = deployment(pod, container, sidecar);
    let findings = evaluate(&snapshot(&[("a.yaml", &text)]), &context()).findings;
    let mut rules: Vec<_> = findings.iter().map(|found| found.rule).collect();
    rules.sort_unstable();
    rules
}

fn deployment(pod: &str, container: &str, sidecar: Option<&str>) -> String {
    let one = |name: &str, more: &str| {
        format!(
            "      - name: {name}\n        image: ghcr.io/acme/{name}:1.4.2@sha256:02376a266c84acbf45bd19440e08e48b1c8b98037417334046029ab585de03e2\n        readinessProbe: {{tcpSocket: {{port: 80}}}}\n        resources: {{requests: {{cpu: 1, memory: 1Gi}}, limits: {{memory: 1Gi}}}}\n        {more}\n"
        )
    };
    let containers =
        one("web", container) + &sidecar.map_or_else(String::new, |more| one("side", more));
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      serviceAccountName: web\n      automountServiceAccountToken: false\n      {pod}\n      containers:\n{containers}"
    )
}

const POD: &str = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}";
const CONTAINER: &str = "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}";

#[test]
fn a_protection_that_is_misspelt_is_one_mistake() {
    let nothing: [&str; 0] = [];
    assert_eq!(of_deployment(POD, CONTAINER, Some(CONTAINER)), nothing);
    for (from, to) in [
        ("securityContext", "securitycontext"),
        ("runAsNonRoot", "runAsNonRot"),
        ("seccompProfile", "secompProfile"),
    ] {
        let pod = POD.replace(from, to);
        let told = of_deployment(&pod, CONTAINER, Some(CONTAINER));
        assert_eq!(told, ["workload/unknown-field"], "{pod}");
    }
    for (from, to) in [
        ("securityContext", "securitycontext"),
        ("allowPrivilegeEscalation", "allowPrivilegeEscalatoin"),
        ("capabilities", "capabilites"),
        ("drop", "dropp"),
    ] {
        let container = CONTAINER.replace(from, to);
        let told = of_deployment(POD, &container, Some(CONTAINER));
        assert_eq!(told, ["workload/unknown-field"], "{container}");
    }
    let own = "securityContext: {runAsNonRot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}";
    let pod = "securityContext: {seccompProfile: {type: RuntimeDefault}}";
    assert_eq!(of_deployment(pod, own, None), ["workload/unknown-field"]);
}

#[test]
fn a_protection_in_the_wrong_place_is_one_mistake() {
    let pod = POD.replacen('{', "{allowPrivilegeEscalation: false, ", 1);
    let container = CONTAINER.replace("allowPrivilegeEscalation: false, ", "");
    let told = of_deployment(&pod, &container, Some(&container));
    assert_eq!(told, ["workload/misplaced-field"], "{pod}");
    // What a container says for itself is its own mistake.
    let own = container.replacen('{', "{allowPrivilegeEscalation: true, ", 1);
    let told = of_deployment(&pod, &container, Some(&own));
    assert_eq!(
        told,
        [
            "pod-security/privilege-escalation",
            "workload/misplaced-field"
        ]
    );
}

#[test]
fn what_the_right_name_would_not_mend_is_told_beside_the_wrong_one() {
    // The value would be as bad.
    for (from, to, rule) in [
        (
            "runAsNonRoot: true",
            "runAsNonRot: false",
            "pod-security/may-run-as-root",
        ),
        (
            "type: RuntimeDefault",
            "type: Unconfined",
            "pod-security/seccomp-unset",
        ),
    ] {
        let pod = POD
            .replace(from, to)
            .replace("seccompProfile: {type: U", "secompProfile: {type: U");
        let told = of_deployment(&pod, CONTAINER, None);
        assert_eq!(told, [rule, "workload/unknown-field"], "{pod}");
    }
    // The value holds other protections.
    let container =
        "securitycontext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}";
    assert_eq!(
        of_deployment(POD, container, None),
        [
            "pod-security/undropped-capabilities",
            "workload/unknown-field"
        ]
    );
    let container = CONTAINER.replace(
        "capabilities: {drop: [ALL]}",
        "capabilites: {drop: [NET_RAW]}",
    );
    assert_eq!(
        of_deployment(POD, &container, None),
        [
            "pod-security/undropped-capabilities",
            "workload/unknown-field"
        ]
    );
}

#[test]
fn what_is_graver_than_a_wrong_name_is_told_beside_it() {
    let pod = POD.replace("runAsNonRoot", "runAsNonRot");
    let text = deployment(&pod, CONTAINER, None);
    let rules = |context: &tidegate::rule::Context, files: &[(&str, &str)]| {
        let findings = evaluate(&snapshot(files), context).findings;
        let mut rules: Vec<_> = findings.iter().map(|found| found.rule).collect();
        rules.sort_unstable();
        rules
    };
    let both = ["pod-security/may-run-as-root", "workload/unknown-field"];
    // The namespace refuses the pod.
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.34}}\n";
    assert_eq!(
        rules(&context(), &[("a.yaml", &text), ("n.yaml", namespace)]),
        both
    );
    // The configuration has the last word on what is graver.
    let mut raised = context();
    let high = Setting::Severity(Severity::High);
    raised.settings.insert("pod-security/may-run-as-root", high);
    assert_eq!(rules(&raised, &[("a.yaml", &text)]), both);
    raised.settings.clear();
    let note = Setting::Severity(Severity::Note);
    raised.settings.insert("workload/unknown-field", note);
    assert_eq!(rules(&raised, &[("a.yaml", &text)]), both);
    raised
        .settings
        .insert("workload/unknown-field", Setting::Off);
    assert_eq!(rules(&raised, &[("a.yaml", &text)]), both[..1]);
}

#[test]
fn source_ranges_that_are_misspelt_are_one_mistake() {
    let service = |ranges: &str, port: u16| {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec:\n  type: LoadBalancer\n  {ranges}\n  selector: {{app: web}}\n  ports: [{{port: {port}}}]\n"
        );
        let findings = evaluate(&snapshot(&[("a.yaml", &text)]), &context()).findings;
        let mut rules: Vec<_> = findings.iter().map(|found| found.rule).collect();
        rules.sort_unstable();
        rules
    };
    let both = ["exposure/load-balancer", "workload/unknown-field"];
    assert_eq!(
        service("loadBalancerSourceRange: [10.0.0.0/8]", 8080),
        both[1..]
    );
    assert_eq!(service("loadBalancerSourceRange: [0.0.0.0/0]", 8080), both);
    // A database that everybody reaches is graver than a misspelt key.
    assert_eq!(service("loadBalancerSourceRange: [10.0.0.0/8]", 5432), both);
}

#[test]
fn a_wrong_name_fixes_nothing_that_was_missing_before() {
    let missing = deployment(
        "securityContext: {seccompProfile: {type: RuntimeDefault}}",
        CONTAINER,
        None,
    );
    let misspelt = deployment(&POD.replace("runAsNonRoot", "runAsNonRot"), CONTAINER, None);
    let change = |base: &str, head: &str| {
        let sides = [base, head].map(|text| snapshot(&[("a.yaml", text)]));
        let [before, after] = sides.each_ref().map(|side| evaluate(side, &context()));
        let renames = BTreeMap::new();
        let [base, head] = &sides;
        let pairs = Pairs::between(base, head, &renames);
        let findings = compare_evaluations((base, before), (head, after), &renames, &pairs);
        let told = findings.iter().map(|found| (found.rule, found.status));
        told.collect::<Vec<_>>()
    };
    let key = "workload/unknown-field";
    assert_eq!(change(&missing, &misspelt), [(key, Status::Introduced)]);
    let root = "pod-security/may-run-as-root";
    assert_eq!(
        change(&misspelt, &missing),
        [(root, Status::Existing), (key, Status::Fixed)]
    );
    let right = deployment(POD, CONTAINER, None);
    assert_eq!(change(&misspelt, &right), [(key, Status::Fixed)]);
    assert_eq!(change(&right, &misspelt), [(key, Status::Introduced)]);
}

/// Thousands of misspelt keys and of what follows from them are sorted out by their addresses.
#[test]
fn very_many_wrong_names_are_each_one_mistake() {
    let mut text = String::from(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec:\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n",
    );
    for number in 0..900 {
        let context = CONTAINER.replace("securityContext", "securitycontext");
        writeln!(text, "  - {{name: c{number}, image: a, {context}}}").unwrap();
    }
    let findings = evaluate(&snapshot(&[("a.yaml", &text)]), &context()).findings;
    let count = |wanted: &str| findings.iter().filter(|found| found.rule == wanted).count();
    assert_eq!(count("workload/unknown-field"), 900);
    assert_eq!(count("pod-security/privilege-escalation"), 0);
    assert_eq!(count("pod-security/undropped-capabilities"), 0);
}
