//! Ways over what the groups of accounts hold, over pods that have a token or none, and over objects by their names.

use super::difference::{compare, new_proofs};
use super::paths::{manifest, ways};
use crate::reading::snapshot;

fn workload(kind: &str, name: &str, account: &str, extra: &str) -> String {
    let group = if kind == "Pod" { "v1" } else { "apps/v1" };
    let spec = format!("serviceAccountName: {account}{extra}, containers: [{{name: a, image: a}}]");
    let spec = if kind == "Pod" {
        format!("spec: {{{spec}}}")
    } else {
        format!(
            "spec: {{selector: {{matchLabels: {{app: a}}}}, template: {{metadata: {{labels: {{app: a}}}}, spec: {{{spec}}}}}}}"
        )
    };
    format!(
        "---\napiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}, namespace: ops}}\n{spec}\n"
    )
}

/// The ways of one user, to every right in the cluster.
fn jane(text: &str) -> Vec<String> {
    let mut found = ways(text);
    found.retain(|way| way.starts_with("User jane => every right"));
    found
}

#[test]
fn accounts_have_what_their_groups_have() {
    for group in ["system:serviceaccounts:ops", "system:serviceaccounts"] {
        for (role, leads) in [
            ("| | pods | create", true),
            ("| apps | deployments | patch | web", true),
            ("| | serviceaccounts/token | create", true),
            ("| | serviceaccounts/token | create | app", true),
            ("| | serviceaccounts | impersonate", true),
            ("| | pods/exec | create", true),
            ("| | secrets | create get", true),
            ("| | configmaps | create", false),
            ("| apps | deployments/scale | patch", false),
        ] {
            let lines = format!(
                "group/{group} -> ClusterRole cluster-admin
                 Role ops/r {role}
                 user/jane -> Role r in ops"
            );
            let found = jane(&(manifest(&lines) + &workload("Deployment", "web", "app", "")));
            assert_eq!(!found.is_empty(), leads, "{group} {role}: {found:?}");
            assert!(
                found
                    .iter()
                    .all(|way| way.contains(&format!("Group {group}"))),
                "{found:?}"
            );
        }
    }
    // The accounts of another namespace are in another group, and nothing runs where nothing runs.
    let other = manifest(
        "group/system:serviceaccounts:shop -> ClusterRole cluster-admin
         Role ops/r | | pods | create
         user/jane -> Role r in ops",
    );
    assert_eq!(jane(&other), [""; 0]);
    let nothing_runs = manifest(
        "group/system:serviceaccounts -> ClusterRole cluster-admin
         Role ops/r | | pods/exec | create
         user/jane -> Role r in ops",
    );
    assert_eq!(jane(&nothing_runs), [""; 0]);
}

#[test]
fn a_way_over_a_group_says_so() {
    let text = manifest(
        "group/system:serviceaccounts:ops -> ClusterRole cluster-admin
         Role ops/r | | pods/exec | create
         user/jane -> Role r in ops",
    ) + &workload("Deployment", "web", "app", "");
    assert_eq!(
        jane(&text),
        [
            "User jane => every right in the cluster: User jane may start programs in pods in namespace ops, one of which \
             runs as ServiceAccount ops/app, which is in Group system:serviceaccounts:ops → Group \
             system:serviceaccounts:ops may do everything everywhere"
        ]
    );
}

#[test]
fn a_pod_without_a_token_is_nobody() {
    let account = |automount: &str| {
        format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: root, namespace: ops}}\n{automount}\n"
        )
    };
    let off = "automountServiceAccountToken: false";
    let on = "automountServiceAccountToken: true";
    let projected =
        ", volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]";
    for (of_account, of_pod, has) in [
        ("", String::new(), true),
        (off, String::new(), false),
        ("", format!(", {off}"), false),
        (on, format!(", {off}"), false),
        (off, format!(", {on}"), true),
        (off, projected.to_owned(), true),
        ("", format!(", {off}{projected}"), true),
    ] {
        let with = |role: &str| {
            let lines = format!(
                "sa/ops/root -> ClusterRole cluster-admin
                 Role ops/r {role}
                 user/jane -> Role r in ops"
            );
            let runs = workload("Deployment", "web", "root", &of_pod);
            jane(&(manifest(&lines) + &account(of_account) + &runs))
        };
        for role in [
            "| | pods/exec | create",
            "| | pods | patch",
            "| | pods/exec | create | web-1-a",
        ] {
            let found = with(role);
            assert_eq!(
                !found.is_empty(),
                has,
                "{of_account} {of_pod} {role}: {found:?}"
            );
        }
        // Who makes pods decides whether they have one.
        assert_eq!(with("| | pods | create").len(), 1);
        assert_eq!(with("| apps | deployments | patch").len(), 1);
    }
}

#[test]
fn names_of_pods_are_those_of_what_makes_them() {
    for (kind, pod, leads) in [
        ("Pod", "web", true),
        ("Pod", "web-0", false),
        ("StatefulSet", "web-0", true),
        ("StatefulSet", "web-a", false),
        ("StatefulSet", "web", false),
        ("Deployment", "web-7d9c-x2", true),
        ("Deployment", "web", false),
        ("Deployment", "webs-1-2", false),
        ("Pod", "other web", true),
    ] {
        for role in [
            "pods/exec | create",
            "pods/attach | create",
            "pods | patch",
            "pods/ephemeralcontainers | update",
        ] {
            let lines = format!(
                "sa/ops/root -> ClusterRole cluster-admin
                 Role ops/r | | {role} | {pod}
                 user/jane -> Role r in ops"
            );
            let text = manifest(&lines)
                + &workload(kind, "web", "root", "")
                + &workload("Deployment", "weak", "weak", "");
            let found = jane(&text);
            assert_eq!(!found.is_empty(), leads, "{kind} {role} {pod}: {found:?}");
        }
    }
}

#[test]
fn both_halves_must_be_on_one_role() {
    let group = "rbac.authorization.k8s.io";
    for (rest, leads) in [
        // Given role a, and nothing else.
        (
            "ClusterRole a | GROUP | clusterroles | escalate update | a",
            true,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | escalate update | b",
            false,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | escalate | a\nClusterRole b | GROUP | clusterroles | update | b\nuser/jane -> ClusterRole b",
            false,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | escalate | a b\nClusterRole b | GROUP | clusterroles | update | b c\nuser/jane -> ClusterRole b",
            true,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | escalate | a\nClusterRole b | GROUP | clusterroles | update\nuser/jane -> ClusterRole b",
            true,
        ),
        // A role that is written while nobody has it is bound afterwards.
        (
            "ClusterRole a | GROUP | clusterroles | escalate update | x\nClusterRole b | GROUP | clusterrolebindings | create\nuser/jane -> ClusterRole b",
            true,
        ),
        // In every namespace is in that of what runs the cluster, too.
        (
            "ClusterRole a | GROUP | clusterroles | escalate update | x\nClusterRole b | GROUP | rolebindings | create\nuser/jane -> ClusterRole b",
            true,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | escalate update | x\nRole shop/b | GROUP | rolebindings | create\nuser/jane -> Role b in shop",
            false,
        ),
        // A binding that is there keeps its role.
        (
            "ClusterRole a | GROUP | clusterroles | bind\nClusterRole b | GROUP | clusterrolebindings | update | of-view\nuser/jane -> ClusterRole b",
            false,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | bind\nClusterRole b | GROUP | clusterrolebindings | update | cluster-admin\nuser/jane -> ClusterRole b",
            true,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | bind\nClusterRole b | GROUP | clusterrolebindings | update | b0\nuser/jane -> ClusterRole b",
            true,
        ),
        (
            "ClusterRole a | GROUP | clusterroles | bind | view\nClusterRole b | GROUP | clusterrolebindings | update | b0\nuser/jane -> ClusterRole b",
            false,
        ),
    ] {
        let lines = format!(
            "sa/ops/root -> ClusterRole cluster-admin\n{}\nuser/jane -> ClusterRole a",
            rest.replace("GROUP", group)
        );
        let found = jane(&manifest(&lines));
        assert_eq!(!found.is_empty(), leads, "{rest}: {found:?}");
    }
}

#[test]
fn what_a_cluster_brings_along_is_somebody() {
    for (lines, leads) in [
        (
            "ClusterRole r | | users | impersonate | system:kube-controller-manager",
            true,
        ),
        (
            "ClusterRole r | | users | impersonate | system:kube-scheduler",
            false,
        ),
        ("ClusterRole r | | users | impersonate | jim", false),
        (
            "ClusterRole r | | users groups | impersonate | kubeadm:cluster-admins",
            true,
        ),
        (
            "ClusterRole r | | groups | impersonate | kubeadm:cluster-admins",
            false,
        ),
        (
            "ClusterRole r | example.com | users | impersonate | system:kube-controller-manager",
            false,
        ),
    ] {
        let found = jane(&manifest(&format!("{lines}\nuser/jane -> ClusterRole r")));
        assert_eq!(!found.is_empty(), leads, "{lines}: {found:?}");
    }
}

#[test]
fn certificates_of_nodes_lead_to_nodes() {
    let with = |signer: &str| {
        let group = "certificates.k8s.io";
        let mut found = ways(&manifest(&format!(
            "ClusterRole r | {group} | signers | approve | {signer}
             ClusterRole q | {group} | certificatesigningrequests certificatesigningrequests/approval | create update
             user/jane -> ClusterRole r
             user/jane -> ClusterRole q"
        )));
        found.retain(|way| way.starts_with("User jane"));
        found
    };
    let found = with("kubernetes.io/kube-apiserver-client-kubelet");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("User jane => control over nodes"),
        "{found:?}"
    );
    assert!(found[0].ends_with("a certificate of any node"), "{found:?}");
    for other in [
        "kubernetes.io/kubelet-serving",
        "example.com/own",
        "kubernetes.io/legacy-unknown",
    ] {
        assert_eq!(with(other), [""; 0], "{other}");
    }
    assert!(with("kubernetes.io/kube-apiserver-client")[0].contains("every right"));
}

/// The titles of what new ways lead to.
pub(super) fn new_ways(before: &str, after: &str) -> Vec<String> {
    let (base, head) = (
        snapshot(&[("a.yaml", before)]),
        snapshot(&[("a.yaml", after)]),
    );
    let found = compare(&base, &head);
    let proofs = new_proofs(&found);
    let told = proofs.iter();
    told.map(|proof| format!("{} => {}", proof.subject, proof.goal_title()))
        .collect()
}

#[test]
fn each_further_namespace_is_news() {
    let bind = |namespaces: &[&str]| {
        let mut lines = "ClusterRole binder | rbac.authorization.k8s.io | clusterroles rolebindings | bind create".to_owned();
        for namespace in namespaces {
            lines += &format!("\nsa/ci/a -> ClusterRole binder in {namespace}");
        }
        manifest(&lines)
    };
    let a = "ServiceAccount ci/a => all of namespace";
    assert_eq!(
        new_ways(&bind(&["one"]), &bind(&["one", "two"])),
        [format!("{a} two")]
    );
    assert_eq!(
        new_ways(&bind(&["two"]), &bind(&["one", "two"])),
        [format!("{a} one")]
    );
    assert_eq!(
        new_ways(&bind(&["one"]), &bind(&["one", "two", "three", "four"])),
        [format!("{a} four and of 2 others")]
    );
    assert_eq!(new_ways(&bind(&["one", "two"]), &bind(&["two"])), [""; 0]);
    assert_eq!(
        new_ways(&bind(&["one", "two"]), &bind(&["two", "one"])),
        [""; 0]
    );
    // One's own is none, nor is what is simply given.
    assert_eq!(new_ways(&bind(&["one"]), &bind(&["one", "ci"])), [""; 0]);
    let admin = manifest("sa/ci/a -> ClusterRole admin in two");
    assert_eq!(
        new_ways(&bind(&["one"]), &(bind(&["one"]) + &admin)),
        [""; 0]
    );
    // What is given may lead on.
    let beyond = manifest("sa/two/b -> ClusterRole admin in three");
    assert_eq!(
        new_ways(
            &(bind(&["one"]) + &beyond),
            &(bind(&["one"]) + &beyond + &admin)
        ),
        [format!("{a} three")]
    );
}
