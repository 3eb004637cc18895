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
    let binding = manifest("sa/ci/a -> ClusterRole edit");
    let label = "  labels:\n    rbac.authorization.k8s.io/aggregate-to-edit: \"true\"\n";
    let (old, new) = (role(""), role(label));
    let (path, text) = closed_by(
        &[("binding.yaml", &binding), ("role.yaml", &old)],
        &[("binding.yaml", &binding), ("role.yaml", &new)],
    );
    assert_eq!(path, "role.yaml");
    assert!(text.contains("aggregate-to-edit"), "{text}");
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
