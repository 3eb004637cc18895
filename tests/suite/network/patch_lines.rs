//! Where a patch opens or closes something by what is not written in the line that is told: the line that was edited is
//! named all the same.

use tidegate::finding::Status;

use crate::reports;

type Files = Vec<(&'static str, String)>;

/// The rules that tell of what is opened, each with the file of the changed line, and how that line begins.
fn changed(base: &Files, head: &Files) -> Vec<String> {
    fn texts(files: &Files) -> Vec<(&str, &str)> {
        files.iter().map(|(path, text)| (*path, &**text)).collect()
    }
    const RULES: [&str; 3] = [
        "network-policy/connectivity-added",
        "network-policy/protection-removed",
        "rbac/powerful-workload",
    ];
    let report = reports::of(&texts(base), &texts(head));
    let findings = report.findings.iter();
    let findings =
        findings.filter(|it| RULES.contains(&it.rule) && it.status == Status::Introduced);
    let mut told: Vec<String> = findings
        .map(|it| {
            let Some(at) = &it.changed_at else {
                return format!("{} nowhere", it.rule);
            };
            let text = head.iter().find(|(path, _)| *path == &*at.path);
            let text = text.map_or("", |(_, text)| text);
            let line = text.get(at.span.start as usize..).unwrap_or_default();
            let line = line.lines().next().unwrap_or_default().trim();
            format!("{} {}: {line}", it.rule, at.path)
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

const WORKLOAD: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      serviceAccountName: root
      containers: [{name: app, image: registry.example.com/db:1.0.0}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: root}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: root, namespace: shop-prod}]
";

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: data\nspec:\n  podSelector: {{matchLabels: {{app: db}}}}\n  {spec}\n"
    )
}

const CLOSED: &str = "policyTypes: [Ingress]\n  ingress: []";
const OPEN: &str = "policyTypes: [Ingress]\n  ingress: [{}]";

/// A patch of the policy.
fn patch(rest: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: data}}\n{rest}\n"
    )
}

/// Two overlays of a base, of which production says more, beside other files.
fn overlays(spec: &str, more: &str, own: &[(&'static str, &str)]) -> Files {
    let mut files = vec![
        (
            "base/kustomization.yaml",
            "resources: [workload.yaml, policy.yaml]\n".to_owned(),
        ),
        ("base/workload.yaml", WORKLOAD.to_owned()),
        ("base/policy.yaml", policy(spec)),
        (
            "dev/kustomization.yaml",
            "namespace: shop-dev\nresources: [../base]\n".to_owned(),
        ),
        (
            "prod/kustomization.yaml",
            format!("namespace: shop-prod\nresources:\n  - ../base\n{more}"),
        ),
    ];
    files.extend(own.iter().map(|(path, text)| (*path, (*text).to_owned())));
    files
}

const LISTED: &str = "patches:\n  - path: patch.yaml\n";
const PATCH: &str = "prod/patch.yaml";

#[test]
fn the_line_of_a_patch_that_takes_a_policy_away_is_named() {
    let plain = overlays(CLOSED, "", &[]);
    for (text, line) in [
        (patch("spec: {policyTypes: [Egress]}"), "[Egress]"),
        (patch("$patch: delete"), "$patch: delete"),
    ] {
        for (base, head, path) in [
            (
                plain.clone(),
                overlays(CLOSED, LISTED, &[(PATCH, &text)]),
                PATCH,
            ),
            (
                overlays(CLOSED, LISTED, &[(PATCH, &patch(""))]),
                overlays(CLOSED, LISTED, &[(PATCH, &text)]),
                PATCH,
            ),
        ] {
            let told = changed(&base, &head);
            let expected = format!("network-policy/protection-removed {path}: ");
            assert!(!told.is_empty(), "{text}");
            for told in told {
                assert!(told.starts_with(&expected) && told.contains(line), "{told}");
            }
        }
        // It was there, and is listed only now.
        let base = overlays(CLOSED, "", &[(PATCH, &text)]);
        let head = overlays(CLOSED, LISTED, &[(PATCH, &text)]);
        let told = changed(&base, &head);
        let expected = "network-policy/protection-removed prod/kustomization.yaml: patches:";
        assert_eq!(told, [expected], "{text}");
    }
}

#[test]
fn the_kustomization_that_lists_another_patch_is_named() {
    let (open, closed) = (
        patch(&format!("spec:\n  {OPEN}")),
        patch(&format!("spec:\n  {CLOSED}")),
    );
    let added = "network-policy/connectivity-added prod/kustomization.yaml: ";
    let component = "kind: Component\npatches: [{path: patch.yaml}]\n";
    let of_component = |text: &str| -> Vec<(&'static str, String)> {
        vec![
            ("net/kustomization.yaml", component.to_owned()),
            ("net/patch.yaml", text.to_owned()),
        ]
    };
    let with = |spec: &str, more: &str, own: Vec<(&'static str, String)>| {
        let mut files = overlays(spec, more, &[]);
        files.extend(own);
        files
    };
    let components = "components:\n  - ../net\n";
    let inline = format!(
        "patches:\n  - patch: |\n      {}\n",
        closed.trim_end().replace('\n', "\n      ")
    );
    let both = [(PATCH, &*open), ("prod/other.yaml", &*closed)];
    let order = |one: &str, other: &str| format!("patches:\n  - path: {one}\n  - path: {other}\n");
    for (name, base, head) in [
        (
            "a patch that was there",
            overlays(CLOSED, "", &[(PATCH, &open)]),
            overlays(CLOSED, LISTED, &[(PATCH, &open)]),
        ),
        (
            "a component that was there",
            with(CLOSED, "", of_component(&open)),
            with(CLOSED, components, of_component(&open)),
        ),
        (
            "a closing patch that stays",
            overlays(OPEN, LISTED, &[(PATCH, &closed)]),
            overlays(OPEN, "", &[(PATCH, &closed)]),
        ),
        (
            "a closing patch that goes",
            overlays(OPEN, LISTED, &[(PATCH, &closed)]),
            overlays(OPEN, "", &[]),
        ),
        (
            "a closing patch within",
            overlays(OPEN, &inline, &[]),
            overlays(OPEN, "", &[]),
        ),
        (
            "a closing component",
            with(OPEN, components, of_component(&closed)),
            with(OPEN, "", of_component(&closed)),
        ),
        (
            "the order",
            overlays(CLOSED, &order("patch.yaml", "other.yaml"), &both),
            overlays(CLOSED, &order("other.yaml", "patch.yaml"), &both),
        ),
    ] {
        let told = changed(&base, &head);
        assert!(
            matches!(told.as_slice(), [one] if one.starts_with(added)),
            "{name}: {told:?}"
        );
    }
}

#[test]
fn the_kustomization_that_lists_a_patch_of_pods_no_longer_is_named() {
    let deployment = |spec: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: db}}\nspec: {{template: {spec}}}\n"
        )
    };
    let selected = policy(CLOSED).replace("{app: db}", "{tier: data}");
    let with = |more: &str, own: &[(&'static str, &str)]| -> Files {
        let files = overlays(CLOSED, more, own).into_iter();
        let files = files.map(|(path, text)| match path {
            "base/policy.yaml" => (path, selected.clone()),
            _ => (path, text),
        });
        files.collect()
    };
    for (text, rule) in [
        (
            deployment("{metadata: {labels: {tier: data}}}"),
            "network-policy/protection-removed",
        ),
        (
            deployment("{spec: {automountServiceAccountToken: false}}"),
            "rbac/powerful-workload",
        ),
        (
            deployment("{spec: {serviceAccountName: other}}"),
            "rbac/powerful-workload",
        ),
    ] {
        let told = changed(&with(LISTED, &[(PATCH, &text)]), &with("", &[]));
        let expected = format!("{rule} prod/kustomization.yaml: ");
        assert!(
            matches!(told.as_slice(), [one] if one.starts_with(&expected)),
            "{told:?}"
        );
    }
}
