//! Objects whose `apiVersion` or `kind` nobody accepts are judged as what they are meant to be: a slip in them hides
//! nothing, and mends nothing.

use std::collections::BTreeSet;

use tidegate::finding::{Finding, Status};
use tidegate::run::{Request, run};

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec:
  hostNetwork: true
  containers:
    - {name: a, image: registry.example.com/a:latest, securityContext: {privileged: true}}
";

const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: p, namespace: shop}
spec: {rules: [{host: shop.example.com}]}
";

fn change(base: &str, head: &str) -> Vec<Finding> {
    let folder = |text: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("a.yaml"), text).expect("it can be written");
        folder
    };
    let (base, head) = (folder(base), folder(head));
    let side = |folder: &tempfile::TempDir| Some(format!("{}/", folder.path().display()));
    let request = Request {
        base: side(&base),
        head: side(&head),
        ..Request::default()
    };
    let report = run(&request).expect("two folders can be compared");
    report.findings
}

fn rules(findings: &[Finding], status: Status) -> BTreeSet<&str> {
    let found = findings.iter().filter(|finding| finding.status == status);
    found.map(|finding| finding.rule).collect()
}

#[test]
fn a_slip_hides_nothing_and_mends_nothing() {
    for (base, from, to) in [
        (POD, "kind: Pod", "Kind: Pod"),
        (POD, "kind: Pod", "KIND: Pod"),
        (POD, "apiVersion: v1", "api-version: v1"),
        (POD, "apiVersion: v1", "apiversion: v1"),
        (POD, "apiVersion: v1\nkind", "APIVersion: v1\nKind"),
        (POD, "apiVersion: v1", "apiVersion: 1"),
        (POD, "apiVersion: v1", "apiVersion:"),
        (POD, "apiVersion: v1\n", ""),
        (POD, "kind: Pod", "kind: pod"),
        (POD, "apiVersion: v1", "apiVersion: v2"),
        (INGRESS, "kind: Ingress", "Kind: Ingress"),
        (INGRESS, "kind: Ingress", "kind: Ingres"),
        (INGRESS, "k8s.io/v1", "k8s.io"),
        (INGRESS, "k8s.io/v1", "k8s.io/v1beta2"),
        (INGRESS, "networking.k8s.io/v1", "1"),
    ] {
        let slip = base.replacen(from, to, 1);
        assert_ne!(base, slip);
        for (one, other) in [
            (base.to_owned(), slip.clone()),
            (
                format!("{POD}---\n{}", base.replace("name: p", "name: q")),
                format!("{POD}---\n{}", slip.replace("name: p", "name: q")),
            ),
        ] {
            let found = change(&one, &other);
            assert!(!rules(&found, Status::Existing).is_empty(), "{slip}");
            let told = rules(&found, Status::Introduced);
            assert_eq!(told, BTreeSet::from(["workload/unknown-api"]), "{slip}");
            assert_eq!(rules(&found, Status::Fixed), BTreeSet::new(), "{slip}");
        }
    }
}

#[test]
fn a_container_without_a_name_is_not_given_one() {
    let service = "apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: k, namespace: shop}
spec: {template: {spec: {containers: [{image: ghcr.io/example/b:1.2.3, securityContext: {privileged: true}}]}}}
";
    let found = change("", service);
    let privileged = found
        .iter()
        .find(|finding| finding.message.contains("privileged"));
    let message = &*privileged.expect("it is told").message;
    assert!(message.starts_with("Service shop/k: "), "{message}");
    assert!(found.iter().all(|finding| !finding.message.contains("``")));
}
