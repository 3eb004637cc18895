//! What a change opens is told on the line that was edited, in whatever file that is.

use std::fs;
use std::path::Path;

use tidegate::run::{Request, run};

const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: payments
  namespace: shop
spec:
  podSelector:
    matchLabels:
      tier: data
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              team: shop
";

const NAMESPACE: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: guests
  labels:
    team: guests
";

fn deployment(namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        tier: data
    spec:
      containers:
        - name: {name}
          image: registry.example.com/{name}:1.0.0
"
    )
}

/// What the network policies' rules about changes say of an edit of one file: the rule, and the line that was changed.
fn told(file: &str, edit: impl Fn(&str) -> String) -> Vec<(String, String)> {
    told_from(file, str::to_owned, edit)
}

/// The same of a file that was another one before.
fn told_from(
    file: &str,
    before: impl Fn(&str) -> String,
    edit: impl Fn(&str) -> String,
) -> Vec<(String, String)> {
    let place = tempfile::tempdir().expect("a place");
    let files = [
        ("policy.yaml", POLICY.to_owned()),
        ("namespace.yaml", NAMESPACE.to_owned()),
        ("payments.yaml", deployment("shop", "payments")),
        ("guest.yaml", deployment("guests", "guest")),
    ];
    for side in ["base", "head"] {
        let folder = place.path().join(side);
        fs::create_dir(&folder).expect("a folder");
        for (name, text) in &files {
            let text = if side == "head" && *name == file {
                edit(text)
            } else if *name == file {
                before(text)
            } else {
                text.clone()
            };
            if !text.is_empty() {
                fs::write(folder.join(name), text).expect("a file");
            }
        }
    }
    let named = |side: &str| format!("{}/", place.path().join(side).display());
    let request = Request {
        base: Some(named("base")),
        head: Some(named("head")),
        ..Request::default()
    };
    let report = run(&request).expect("folders can be judged");
    let findings = report
        .findings
        .iter()
        .filter(|it| it.change && it.rule.starts_with("network-policy/"));
    let told = findings.map(|finding| {
        // Of a file that is gone there is no line.
        let at = finding.changed_at.as_ref().unwrap_or(&finding.location);
        let path = place.path().join("head").join(Path::new(&*at.path));
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.get(at.span.start as usize..at.span.end as usize);
        let line = line.unwrap_or_default().lines().next().unwrap_or_default();
        (
            finding.rule.to_owned(),
            format!("{}: {}", at.path, line.trim()),
        )
    });
    told.collect()
}

fn one(rule: &str, at: &str) -> Vec<(String, String)> {
    vec![(format!("network-policy/{rule}"), at.to_owned())]
}

#[test]
fn network_a_label_of_the_pod_takes_it_out_of_its_policy() {
    assert_eq!(
        told("payments.yaml", |text| text
            .replace("tier: data", "tier: backend")),
        one("protection-removed", "payments.yaml: tier: backend")
    );
}

#[test]
fn network_a_label_of_another_namespace_opens_the_policy() {
    assert_eq!(
        told("namespace.yaml", |text| text
            .replace("team: guests", "team: shop")),
        one("connectivity-added", "namespace.yaml: team: shop")
    );
}

#[test]
fn network_a_selector_that_is_narrowed_leaves_pods_alone() {
    assert_eq!(
        told("policy.yaml", |text| text
            .replace("tier: data", "tier: cache")),
        one("protection-removed", "policy.yaml: tier: cache")
    );
}

#[test]
fn network_a_peer_that_is_widened_is_told_at_the_peer() {
    assert_eq!(
        told("policy.yaml", |text| text.replace(
            "        - namespaceSelector:\n            matchLabels:\n              team: shop\n",
            "        - namespaceSelector: {}\n"
        )),
        one("connectivity-added", "policy.yaml: namespaceSelector: {}")
    );
}

#[test]
fn network_another_name_of_the_policy_is_no_news() {
    assert_eq!(
        told("policy.yaml", |text| text
            .replace("name: payments", "name: data")),
        []
    );
}

#[test]
fn network_a_policy_that_is_deleted_is_told_where_it_stood() {
    // The file stays, with another policy in it: nothing is left of the place but where it was.
    let other = POLICY
        .replace("name: payments", "name: other")
        .replace("tier: data", "tier: web");
    let before = |text: &str| format!("{other}---\n{text}");
    assert_eq!(
        told_from("policy.yaml", before, |_| other.clone()),
        one("protection-removed", "policy.yaml: ")
    );
    // The whole file goes.
    let told = told("policy.yaml", |_| String::new());
    assert_eq!(told, one("protection-removed", "policy.yaml: "));
}
