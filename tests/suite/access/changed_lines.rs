//! A way is told on the line that closed it, in whatever file that is.

use tidegate::finding::Status;

use super::paths::manifest;
use crate::reports;

/// The file and the text of the changed lines that opened a way.
fn closed_by(base: &[(&str, &str)], head: &[(&str, &str)]) -> (String, String) {
    let report = reports::of(base, head);
    let ways: Vec<_> = report
        .findings
        .iter()
        .filter(|it| it.rule == "rbac/escalation-path-added" && it.status == Status::Introduced)
        .collect();
    assert_eq!(ways.len(), 1, "{ways:?}");
    let at = ways[0].changed_at.clone().expect("a line has changed");
    let text = report.head_snapshot.file(&at.path).unwrap().text().unwrap();
    (at.path.to_string(), text[at.span.range()].trim().to_owned())
}

fn pod(account: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: tool\n  namespace: ops\nspec:\n  serviceAccountName: {account}\n  containers:\n    - name: tool\n      image: tool\n"
    )
}

#[test]
fn the_account_of_a_workload_closes_a_way() {
    let access = manifest(
        "sa/ops/root -> ClusterRole cluster-admin
         Role ops/exec | | pods/exec | create
         sa/people/support -> Role exec in ops",
    );
    let (old, new) = (pod("tool"), pod("root"));
    let found = closed_by(
        &[("access.yaml", &access), ("pod.yaml", &old)],
        &[("access.yaml", &access), ("pod.yaml", &new)],
    );
    assert_eq!(found, ("pod.yaml".to_owned(), "root".to_owned()));
}

#[test]
fn a_label_closes_a_way() {
    let role = |labels: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: extra\n{labels}rules:\n  - apiGroups: [rbac.authorization.k8s.io]\n    resources: [clusterroles, clusterrolebindings]\n    verbs: [bind, create]\n"
        )
    };
    let binding = manifest("sa/ci/a -> ClusterRole view");
    let label = "  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\n";
    let (old, new) = (role(""), role(label));
    let (path, text) = closed_by(
        &[("binding.yaml", &binding), ("role.yaml", &old)],
        &[("binding.yaml", &binding), ("role.yaml", &new)],
    );
    assert_eq!(path, "role.yaml");
    assert!(text.contains("aggregate-to-view"), "{text}");
}

#[test]
fn a_subject_closes_a_way() {
    let role = manifest(
        "Role ops/token | | serviceaccounts/token | create\nsa/ops/root -> ClusterRole cluster-admin",
    );
    let old = manifest("sa/ops/own -> Role token in ops\nsa/ci/a -> ClusterRole view in ci");
    let new = old.replace(
        "  - {kind: ServiceAccount, namespace: ops, name: own}\n",
        "  - {kind: ServiceAccount, namespace: ops, name: own}\n  - {kind: ServiceAccount, namespace: ci, name: a}\n",
    );
    let base = [("bindings.yaml", &*old), ("role.yaml", &*role)];
    let head = [("bindings.yaml", &*new), ("role.yaml", &*role)];
    let report = reports::of(&base, &head);
    let ways = report
        .findings
        .iter()
        .filter(|it| it.rule == "rbac/escalation-path-added");
    let at: Vec<_> = ways
        .filter(|it| it.message.contains("way for ServiceAccount ci/a"))
        .filter_map(|it| it.changed_at.clone())
        .collect();
    assert_eq!(at.len(), 1);
    assert_eq!(&*at[0].path, "bindings.yaml");
    let text = &new[at[0].span.range()];
    assert!(
        text.contains("namespace: ci, name: a") || text.contains("name: a"),
        "{text}"
    );
}

#[test]
fn the_level_of_a_namespace_closes_a_way() {
    let access = manifest("Role ops/run | | pods | create\nsa/ops/a -> Role run in ops");
    let namespace = |level: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ops\n  labels:\n    pod-security.kubernetes.io/enforce: {level}\n"
        )
    };
    let (old, new) = (namespace("restricted"), namespace("privileged"));
    let (path, text) = closed_by(
        &[("access.yaml", &access), ("namespace.yaml", &old)],
        &[("access.yaml", &access), ("namespace.yaml", &new)],
    );
    assert_eq!(path, "namespace.yaml");
    assert!(text.contains("privileged"), "{text}");
}

#[test]
fn the_namespace_of_a_kustomization_closes_a_way() {
    let access = manifest(
        "Role ops/run | | pods | create
         sa/people/a -> Role run in ops
         sa/system/root -> ClusterRole cluster-admin",
    );
    let kustomization = |namespace: &str| {
        format!(
            "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nnamespace: {namespace}\nresources:\n  - role.yaml\n"
        )
    };
    let role = access
        .split("---\n")
        .find(|it| it.contains("kind: Role\n"))
        .unwrap()
        .to_owned();
    let rest: Vec<&str> = access
        .split("---\n")
        .filter(|it| !it.contains("kind: Role\n"))
        .collect();
    let rest = rest
        .join("---\n")
        .replace("namespace: ops}", "namespace: system}");
    let (old, new) = (kustomization("ops"), kustomization("system"));
    let (path, text) = closed_by(
        &[
            ("bindings.yaml", &rest),
            ("k/kustomization.yaml", &old),
            ("k/role.yaml", &role),
        ],
        &[
            ("bindings.yaml", &rest),
            ("k/kustomization.yaml", &new),
            ("k/role.yaml", &role),
        ],
    );
    assert_eq!(path, "k/kustomization.yaml");
    assert!(text.contains("namespace: system"), "{text}");
}

#[test]
fn a_sum_of_roles_closes_a_way() {
    let part = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: part\n  labels: {team: ops}\nrules:\n  - apiGroups: [rbac.authorization.k8s.io]\n    resources: [clusterroles, clusterrolebindings]\n    verbs: [bind, create]\n";
    let sum = |team: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: sum\naggregationRule:\n  clusterRoleSelectors:\n    - matchLabels:\n        team: {team}\nrules: []\n"
        )
    };
    let binding = manifest("sa/ci/a -> ClusterRole sum");
    let (old, new) = (sum("shop"), sum("ops"));
    let (path, text) = closed_by(
        &[
            ("binding.yaml", &binding),
            ("part.yaml", part),
            ("sum.yaml", &old),
        ],
        &[
            ("binding.yaml", &binding),
            ("part.yaml", part),
            ("sum.yaml", &new),
        ],
    );
    assert_eq!(path, "sum.yaml");
    assert!(text.contains("team: ops"), "{text}");
}
