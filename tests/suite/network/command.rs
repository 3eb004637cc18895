//! `tidegate network` as people and programs meet it.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tidegate::report::network::schema;

use crate::program::tidegate;

const WORKLOADS: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: example.com/web:1
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: payments
  namespace: shop
spec:
  selector:
    matchLabels: {app: payments}
  template:
    metadata:
      labels: {app: payments}
    spec:
      containers:
        - name: db
          image: example.com/db:1
          ports:
            - name: sql
              containerPort: 5432
";

const NARROW: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: payments
  namespace: shop
spec:
  podSelector:
    matchLabels: {app: payments}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector:
            matchLabels: {app: web}
      ports:
        - port: sql
";

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a place");
    let wide = NARROW.replace(
        "        - podSelector:\n            matchLabels: {app: web}\n",
        "        - namespaceSelector: {}\n",
    );
    assert_ne!(wide, NARROW);
    for (side, policy) in [("base", NARROW), ("head", &wide)] {
        let folder = place.path().join(side);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("workloads.yaml"), WORKLOADS).expect("a file");
        fs::write(folder.join("policy.yaml"), policy).expect("a file");
    }
    place
}

fn run(place: &Path, arguments: &[&str]) -> String {
    let mut all = vec!["network"];
    all.extend(arguments);
    let answer = tidegate(place, &all, &[]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    answer.stdout
}

#[test]
fn who_reaches_whom_is_told_in_the_notation_of_other_tools() {
    let place = place();
    let text = run(place.path(), &["--head", "./base"]);
    assert!(
        text.starts_with(
            "0.0.0.0-255.255.255.255[External] => shop/web[Deployment] : All Connections\n"
        ),
        "{text}"
    );
    for line in [
        "shop/web[Deployment] => shop/payments[StatefulSet] : TCP 5432\n",
        "selected by no NetworkPolicy:\n  shop/web[Deployment] for ingress\n",
        "assumed: the network plugin of the cluster enforces policies\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("payments[StatefulSet] =>"), "{text}");
    assert!(
        !text.contains("::"),
        "IPv6 is no other than IPv4 here: {text}"
    );
}

#[test]
fn a_change_is_told_by_pair_and_for_pods_that_are_not_here() {
    let place = place();
    let text = run(place.path(), &["--base", "./base", "--head", "./head"]);
    let line = "pods that are not in these files:\n  added: entire-cluster => shop/payments[StatefulSet] : TCP 5432\n";
    assert!(text.starts_with(line), "{text}");
    let back = run(place.path(), &["--base", "./head", "--head", "./head"]);
    assert!(
        back.starts_with("the same connections pass as before\n"),
        "{back}"
    );
    let json = run(
        place.path(),
        &["--base", "./base", "--head", "./head", "--format", "json"],
    );
    let json: Json = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["schema"], "tidegate.network/1");
    assert_eq!(json["changes"][0]["change"], "added");
    assert_eq!(json["changes"][0]["before"], "No Connections");
    assert_eq!(json["changes"][0]["after"], "TCP 5432");
    jsonschema::validate(schema().as_value(), &json).expect("it is what the schema says");
}

#[test]
fn why_is_told_with_the_lines_that_decide() {
    let place = place();
    let text = run(
        place.path(),
        &["--head", "./base", "--explain", "shop/web", "shop/payments"],
    );
    for line in [
        "shop/web[Deployment] => shop/payments[StatefulSet] : TCP 5432\n",
        "no NetworkPolicy selects shop/web[Deployment] for egress, so that what nothing denies passes\n",
        "NetworkPolicy shop/payments lets in TCP 5432 from shop/web[Deployment]  policy.yaml:11\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = run(
        place.path(),
        &[
            "--head",
            "./base",
            "--explain",
            "shop/payments",
            "169.254.169.254",
        ],
    );
    let line = "NetworkPolicy shop/payments selects shop/payments[StatefulSet] and lets out nothing to 169.254.169.254[External]  policy.yaml:4\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_question_that_has_no_answer_says_why() {
    let place = place();
    for (ends, format, said) in [
        (
            ["shop/web", "shop/none"],
            "terminal",
            "no workload shop/none;",
        ),
        (
            ["shop/none", "ops/web[Pod]"],
            "json",
            "no workload shop/none and none that is ops/web[Pod];",
        ),
        (
            ["shop/web[Pod]", "10.0.0.1"],
            "terminal",
            "no workload shop/web[Pod];",
        ),
        (
            ["shop/web", "shop/web"],
            "terminal",
            "shop/web is both ends",
        ),
        (
            ["10.0.0.1", "10.0.0.2"],
            "terminal",
            "10.0.0.1 and 10.0.0.2 are addresses",
        ),
        (
            ["shop/web", "shop/payments"],
            "mermaid",
            "a picture cannot hold",
        ),
        (
            ["shop/web", "shop/payments"],
            "dot",
            "a picture cannot hold",
        ),
    ] {
        let mut all = vec!["network", "--head", "./base", "--format", format];
        all.push("--explain");
        all.extend(ends);
        let answer = tidegate(place.path(), &all, &[]);
        let error = answer.stderr;
        assert_eq!(answer.code, 2, "{ends:?}: {error}");
        assert_eq!(answer.stdout, "", "{ends:?}");
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn pictures_group_by_namespace_and_mark_what_changed() {
    let place = place();
    let text = run(
        place.path(),
        &[
            "--base", "./base", "--head", "./head", "--format", "mermaid",
        ],
    );
    assert_eq!(
        text,
        "flowchart LR\n  n0([\"entire-cluster\"])\n  subgraph s1[\"shop\"]\n    n1[\"payments#91;StatefulSet#93;\"]\n  end\n  n0 ==>|\"added: TCP 5432\"| n1\n"
    );
    let text = run(place.path(), &["--head", "./base", "--format", "dot"]);
    let line =
        "  \"shop/web[Deployment]\" -> \"shop/payments[StatefulSet]\" [label=\"TCP 5432\"];\n";
    assert!(text.contains(line), "{text}");
}

/// Two of the thirty pods are in a namespace of their own, and one stands apart by its labels.
#[test]
fn pictures_put_ends_that_are_alike_into_one_box() {
    let place = tempfile::tempdir().expect("a place");
    let mut text = NARROW.to_owned();
    for number in 10..40 {
        let (namespace, app) = match number {
            10 | 11 => ("ops", "job"),
            12 => ("shop", "payments"),
            13 => ("shop", "web"),
            _ => ("shop", "other"),
        };
        text += &format!(
            "---
apiVersion: v1
kind: Pod
metadata: {{name: p{number}, namespace: {namespace}, labels: {{app: {app}}}}}
spec:
  containers: [{{name: app, image: example.com/app, ports: [{{name: sql, containerPort: 5432}}]}}]
"
        );
    }
    fs::write(place.path().join("all.yaml"), text).expect("a file");
    let text = run(place.path(), &["--head", "./", "--format", "mermaid"]);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for label in [
        "n1[\"p10#91;Pod#93; and p11#91;Pod#93;\"]",
        "n2[\"p12#91;Pod#93;\"]",
        "n3[\"p13#91;Pod#93;\"]",
        "n4[\"p14#91;Pod#93;, p15#91;Pod#93;, p16#91;Pod#93; and 23 more\"]",
        "n3 -->|\"TCP 5432\"| n2",
        "n4 -->|\"All Connections\"| n4",
        "n1 <-->|\"All Connections\"| n4",
    ] {
        assert!(lines.contains(&label), "{label}\n{text}");
    }
    assert!(lines.len() < 30, "{text}");
    let text = run(place.path(), &["--head", "./", "--format", "dot"]);
    let label = "\"ops/p10[Pod]\" [label=\"p10[Pod] and p11[Pod]\"];";
    assert!(text.contains(label), "{text}");
}

#[test]
fn the_schema_of_the_answer_is_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/network.schema.json");
    let mut written = serde_json::to_string_pretty(&schema()).expect("a schema");
    written.push('\n');
    if fs::read_to_string(&path).unwrap_or_default() == written {
        return;
    }
    assert!(
        !matches!(std::env::var("CI").as_deref(), Ok("1" | "true")),
        "schema/network.schema.json is stale: run the tests and commit what they write"
    );
    fs::write(&path, written).expect("it can be written");
    eprintln!("schema/network.schema.json was stale and is written anew");
}
