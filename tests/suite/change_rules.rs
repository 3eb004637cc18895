//! What rules about the change may say of what is gone, and when they have to be silent.

use tidegate::finding::Finding;

use crate::reading::{findings_of_change, snapshot};

const POLICY: &str = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: replicas
spec:
  validations:
    - expression: object.spec.replicas <= 5
";

const NAMESPACE: &str = "apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: restricted
";

fn change(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<Finding> {
    let findings = findings_of_change(&snapshot(base), &snapshot(head));
    let own = findings
        .into_iter()
        .filter(|finding| finding.rule.starts_with("namespace/"));
    own.collect()
}

#[test]
fn a_policy_that_is_gone_is_told_of_where_it_stood() {
    let kept = POLICY.replace("replicas", "kept");
    let both = format!("{kept}---\n{POLICY}");
    let found = change(&[("a.yaml", &both)], &[("a.yaml", &kept)]);
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].location.path, "a.yaml");
    assert!(found[0].change);
    let found = change(
        &[("a.yaml", &kept), ("b.yaml", POLICY)],
        &[("a.yaml", &kept)],
    );
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].location.path, "b.yaml");
}

#[test]
fn what_only_moved_is_not_gone() {
    let renamed = POLICY.replace("name: replicas", "name: at-most-five");
    let edited = format!("# moved\n{POLICY}  failurePolicy: Fail\n");
    let listed = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n",
        POLICY.trim_end().replace('\n', "\n  ")
    );
    for (head, what) in [
        (vec![("b.yaml", POLICY)], "another file"),
        (vec![("b/a.yaml", edited.as_str())], "another file, edited"),
        (vec![("a.yaml", renamed.as_str())], "another name"),
        (vec![("a.yaml", listed.as_str())], "a list"),
    ] {
        assert!(change(&[("a.yaml", POLICY)], &head).is_empty(), "{what}");
    }
    let copies = [("a.yaml", POLICY), ("b.yaml", POLICY)];
    assert!(change(&copies, &[("b.yaml", POLICY)]).is_empty(), "a copy");
}

#[test]
fn what_cannot_be_seen_is_not_known_to_be_gone() {
    let broken = format!("{POLICY}  - : : [\n");
    assert!(change(&[("a.yaml", POLICY)], &[("a.yaml", &broken)]).is_empty());
    // It may have moved into the file that hides something, and that is said.
    let found = change(&[("a.yaml", POLICY)], &[("b.yaml", &broken)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("unless it is in a file"));
}

#[test]
fn a_patch_that_is_gone_takes_no_policy_away() {
    let patches = "resources: [policy.yaml]\npatches:\n  - path: patch.yaml\n";
    let policy = ("policy.yaml", POLICY);
    let base = [
        ("kustomization.yaml", patches),
        ("patch.yaml", POLICY),
        policy,
    ];
    let head = [("kustomization.yaml", "resources: [policy.yaml]\n"), policy];
    assert!(change(&base, &head).is_empty());
}

#[test]
fn a_namespace_is_weakened_wherever_it_goes() {
    let lowered = NAMESPACE.replace("restricted", "baseline");
    let found = change(&[("a.yaml", NAMESPACE)], &[("moved/b.yaml", &lowered)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("was \"restricted\""));
    // A copy keeps its own counterpart.
    let base = [("prod/a.yaml", NAMESPACE), ("dev/a.yaml", lowered.as_str())];
    assert!(change(&base, &base).is_empty());
    let head = [("prod/a.yaml", lowered.as_str()), ("dev/a.yaml", NAMESPACE)];
    let found = change(&base, &head);
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].location.path, "prod/a.yaml");
}

#[test]
fn a_namespace_that_is_deleted_or_new_is_not_weakened() {
    let open = NAMESPACE.replace("restricted", "privileged");
    assert!(change(&[("a.yaml", NAMESPACE)], &[]).is_empty());
    assert!(
        change(
            &[("b.yaml", POLICY)],
            &[("b.yaml", POLICY), ("a.yaml", &open)]
        )
        .is_empty()
    );
}
