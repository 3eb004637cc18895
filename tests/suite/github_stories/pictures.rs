//! A picture in the summary, where it says more than a sentence.

use super::runner::Story;
use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::State;

const ACCESS: &str = r#"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debug, namespace: ops}
rules:
  - apiGroups: [""]
    resources: [pods/exec]
    verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: root}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: ServiceAccount, name: root, namespace: ops}
---
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: ops}
spec:
  serviceAccountName: root
  containers:
    - {name: tool, image: "registry.example.com/tool:1.2.0"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
subjects:
  - {kind: User, name: ann}
"#;

fn repository(more: &str) -> Files {
    files([("access.yaml", format!("{ACCESS}{more}").as_str())])
}

#[test]
fn a_way_that_is_opened_is_drawn() {
    let mut state = State::new(&repository(""));
    state.open_pull(7, &repository("  - {kind: User, name: 'eve\"] --> n9'}\n"));
    let mut story = Story::new("drawn", state);
    story.run().is_blocked().lacks("");
    let body = story.summary().body;
    let (_, picture) = body
        .split_once("```mermaid\n")
        .unwrap_or_else(|| panic!("{body}"));
    let (picture, _) = picture.split_once("```\n").expect("its end");
    assert!(
        picture.starts_with("flowchart LR\n  n0[\"User eve#34;#93; --#62; n9\"]\n"),
        "{picture}"
    );
    assert!(
        picture.contains(" ==>|\"") && !picture.contains("ann"),
        "{picture}"
    );
    // The pod that can be entered runs as the account that has every right.
    assert!(picture.contains("ServiceAccount ops/root"), "{picture}");
}

#[test]
fn a_summary_without_new_ways_has_no_picture() {
    let mut state = State::new(&repository(""));
    state.open_pull(
        7,
        &repository(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b, a: c}\n",
        ),
    );
    let mut story = Story::new("undrawn", state);
    story.run().is_blocked().lacks("");
    let body = story.summary().body;
    assert!(!body.contains("mermaid"), "{body}");
}
