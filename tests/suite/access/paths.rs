//! Ways to what is most guarded: which there are, by what, and on which lines.

use tidegate::access::Access;
use tidegate::access::powers::Behaviour;
use tidegate::access::proof::Proof;
use tidegate::snapshot::Snapshot;

use super::difference::{compare, new_proofs};
use crate::reading::snapshot;

/// Roles and bindings in few words: `ClusterRole name | groups | resources | verbs [| names]` and
/// `subject -> Role name [in namespace]`.
pub(super) fn manifest(lines: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let list = |words: &str| {
        let words: Vec<String> = words
            .split_whitespace()
            .map(|word| format!("{word:?}"))
            .collect();
        format!("[{}]", words.join(", "))
    };
    for (number, line) in lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .enumerate()
    {
        if let Some((subject, role)) = line.split_once(" -> ") {
            let (role, namespace) = match role.split_once(" in ") {
                Some((role, namespace)) => (role, Some(namespace)),
                None => (role, None),
            };
            let (role_kind, role) = role.split_once(' ').unwrap();
            let kind = if namespace.is_some() {
                "RoleBinding"
            } else {
                "ClusterRoleBinding"
            };
            let at = namespace
                .map(|it| format!(", namespace: {it}"))
                .unwrap_or_default();
            let subject = match subject.split('/').collect::<Vec<_>>()[..] {
                ["sa", namespace, name] => {
                    format!("{{kind: ServiceAccount, namespace: {namespace}, name: {name}}}")
                }
                ["group", name] => format!("{{kind: Group, name: {name:?}}}"),
                ["user", name] => format!("{{kind: User, name: {name:?}}}"),
                _ => panic!("{subject} is nobody"),
            };
            writeln!(
                text,
                "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b{number}{at}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role_kind}, name: {role:?}}}\nsubjects:\n  - {subject}"
            )
            .unwrap();
            continue;
        }
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let (kind, name) = parts[0].split_once(' ').unwrap();
        let (name, at) = match name.split_once('/') {
            Some((namespace, name)) => (name, format!(", namespace: {namespace}")),
            None => (name, String::new()),
        };
        let group = if parts[1].is_empty() {
            "[\"\"]".to_owned()
        } else {
            list(parts[1])
        };
        let names = parts
            .get(4)
            .map(|names| format!("    resourceNames: {}\n", list(names)))
            .unwrap_or_default();
        writeln!(
            text,
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {name}{at}}}\nrules:\n  - apiGroups: {group}\n    resources: {}\n{names}    verbs: {}",
            list(parts[2]),
            list(parts[3]),
        )
        .unwrap();
    }
    text
}

fn deployment(namespace: &str, account: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: runs-{account}, namespace: {namespace}}}\nspec:\n  selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n    spec:\n      serviceAccountName: {account}\n      containers: [{{name: a, image: a}}]\n"
    )
}

pub(super) fn access(snapshot: &Snapshot, get_opens_exec: bool) -> Access {
    Access::of(
        || snapshot.objects(),
        &|_| Vec::new(),
        Behaviour { get_opens_exec },
    )
}

/// Each way in one line: `who => goal: chain`.
pub(super) fn ways(text: &str) -> Vec<String> {
    ways_with(text, false)
}

fn ways_with(text: &str, get_opens_exec: bool) -> Vec<String> {
    let snapshot = snapshot(&[("a.yaml", text)]);
    let access = access(&snapshot, get_opens_exec);
    let proofs = access.proofs().iter().flatten();
    proofs.map(told).collect()
}

fn told(proof: &Proof) -> String {
    format!(
        "{} => {}: {}",
        proof.subject,
        proof.goal_title(),
        proof.chain()
    )
}

#[test]
fn ways_are_as_long_as_they_must_be() {
    let text = manifest(
        "sa/ops/root -> ClusterRole cluster-admin
         Role ci/build | | pods | create get
         sa/ci/builder -> Role build in ci
         Role ops/exec | | pods/exec | create
         sa/ci/helper -> Role exec in ops
         Role ops/token | | serviceaccounts/token | create | root
         sa/ci/tokens -> Role token in ops
         sa/ci/edits -> ClusterRole edit in ops
         sa/ci/reads -> ClusterRole view in ops",
    ) + &deployment("ops", "root");
    insta::assert_snapshot!(ways(&text).join("\n"));
}

#[test]
fn two_halves_in_different_roles_add_up() {
    let bind = "ClusterRole binder | rbac.authorization.k8s.io | clusterroles | bind
                sa/ci/a -> ClusterRole binder";
    let write = "ClusterRole writer | rbac.authorization.k8s.io | clusterrolebindings | create
                 sa/ci/a -> ClusterRole writer";
    assert!(ways(&manifest(bind)).is_empty());
    assert!(ways(&manifest(write)).is_empty());
    let both = ways(&manifest(&format!("{bind}\n{write}")));
    assert_eq!(both.len(), 1, "{both:?}");
    assert!(
        both[0].starts_with("ServiceAccount ci/a => every right in the cluster"),
        "{both:?}"
    );
    // One half comes by a group.
    let by_group = write.replace("sa/ci/a", "group/system:serviceaccounts:ci");
    let both = ways(&manifest(&format!("{bind}\n{by_group}")));
    assert_eq!(both.len(), 1, "{both:?}");
}

#[test]
fn each_way_to_take_a_cluster_is_known() {
    for (lines, goal) in [
        ("ClusterRole r | * | * | *", "every right in the cluster"),
        (
            "ClusterRole r | rbac.authorization.k8s.io | clusterroles | escalate update",
            "every right in the cluster",
        ),
        (
            "ClusterRole r | | users | impersonate",
            "every right in the cluster",
        ),
        (
            "ClusterRole r | | users groups | impersonate | system:masters jane",
            "the group system:masters",
        ),
        ("ClusterRole r | | nodes/proxy | get", "control over nodes"),
        (
            "ClusterRole r | | secrets | list",
            "the secrets of kube-system",
        ),
        (
            "ClusterRole r | apps | daemonsets | create",
            "control over nodes",
        ),
        (
            "ClusterRole r | certificates.k8s.io | signers certificatesigningrequests certificatesigningrequests/approval | approve create update",
            "every right in the cluster",
        ),
    ] {
        let found = ways(&manifest(&format!("{lines}\nsa/ci/a -> ClusterRole r")));
        let wanted = format!("ServiceAccount ci/a => {goal}: ");
        assert!(
            found.iter().any(|way| way.starts_with(&wanted)),
            "{lines}: {found:?}"
        );
        // The same in one namespace takes no cluster.
        let inside = ways(&manifest(&format!(
            "{lines}\nsa/ci/a -> ClusterRole r in ci"
        )));
        assert!(inside.is_empty(), "{lines}: {inside:?}");
    }
}

#[test]
fn what_looks_alike_leads_nowhere() {
    for lines in [
        "ClusterRole r | example.com | secrets | get list",
        "ClusterRole r | | pods/* | create",
        "ClusterRole r | rbac.authorization.k8s.io | rolebindings clusterrolebindings | bind create update",
        "ClusterRole r | rbac.authorization.k8s.io | clusterroles | escalate",
        "ClusterRole r | rbac.authorization.k8s.io | clusterroles clusterrolebindings | bind create | view",
        "ClusterRole r | | groups | impersonate",
        "ClusterRole r | example.com | users groups | impersonate",
        "ClusterRole r | | secrets | get | tls",
        "ClusterRole r | | pods | create | one",
        "ClusterRole r | | nodes | get list watch",
        "ClusterRole r | certificates.k8s.io | certificatesigningrequests certificatesigningrequests/approval | create update",
    ] {
        let found = ways(&manifest(&format!("{lines}\nsa/ci/a -> ClusterRole r")));
        assert!(found.is_empty(), "{lines}: {found:?}");
    }
}

#[test]
fn get_opened_exec_below_1_35() {
    let text = manifest(
        "sa/ops/root -> ClusterRole cluster-admin
         Role ops/exec | | pods/exec | get
         sa/ci/helper -> Role exec in ops",
    ) + &deployment("ops", "root");
    assert_eq!(ways_with(&text, false).len(), 1);
    assert_eq!(ways_with(&text, true).len(), 2);
}

#[test]
fn a_cloud_identity_is_reached_by_others() {
    let account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: cloud\n  namespace: ops\n  annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::1:role/admin\n";
    let text =
        manifest("Role ops/run | batch | jobs | create\nsa/ci/a -> Role run in ops") + account;
    let found = ways(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("an identity of the cloud"), "{found:?}");
    assert!(
        found[0].ends_with("ServiceAccount ops/cloud is arn:aws:iam::1:role/admin in the cloud"),
        "{found:?}"
    );
}

const TOKEN: &str = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: root-token\n  namespace: ops\n  annotations: {kubernetes.io/service-account.name: root}\ntype: kubernetes.io/service-account-token\n";

#[test]
fn who_reads_a_secret_with_a_token_is_its_account() {
    let lines = |names: &str| {
        manifest(&format!(
            "sa/ops/root -> ClusterRole cluster-admin
             Role ops/read | | secrets | get {names}
             sa/ci/reader -> Role read in ops"
        ))
    };
    for names in ["", "| root-token", "| other root-token"] {
        let found = ways(&(lines(names) + TOKEN));
        let wanted = "ServiceAccount ci/reader => every right in the cluster: ServiceAccount ci/reader may get secrets";
        assert!(
            found.iter().any(|way| way.starts_with(wanted)
                && way.contains("one of which holds a token of ServiceAccount ops/root")),
            "{names}: {found:?}"
        );
    }
    // Another name, another namespace, another type, another verb, and no such secret at all.
    let opaque = TOKEN.replace("kubernetes.io/service-account-token", "Opaque");
    let elsewhere = TOKEN.replace("namespace: ops", "namespace: shop");
    for (names, token) in [
        ("| other", TOKEN),
        ("", &*elsewhere),
        ("", &*opaque),
        ("", ""),
    ] {
        let found = ways(&(lines(names) + token));
        assert_eq!(found.len(), 1, "{names} {token}: {found:?}");
    }
    let written = lines("").replace("\"get\"", "\"update\"");
    assert_eq!(ways(&(written + TOKEN)).len(), 1);
}

#[test]
fn the_secret_with_the_token_is_evidence() {
    let text = manifest(
        "sa/ops/root -> ClusterRole cluster-admin
         Role ops/read | | secrets | get
         sa/ci/reader -> Role read in ops",
    ) + TOKEN;
    let snapshot = snapshot(&[("a.yaml", &*text)]);
    let access = access(&snapshot, false);
    let proofs = access.proofs().iter().flatten();
    let steps = proofs.flat_map(|proof| &proof.steps);
    let evidence: Vec<_> = steps.flat_map(|step| &step.evidence).collect();
    let shown = evidence.iter().find(|it| it.what.contains("holds a token"));
    let shown = shown.unwrap();
    assert_eq!(&text[shown.at.span.range()], "root");
    assert_eq!(
        shown.what,
        "Secret ops/root-token holds a token of ServiceAccount ops/root"
    );
}

#[test]
fn what_is_bound_is_as_strong_as_it_is() {
    let write = "rbac.authorization.k8s.io";
    let bound = |role: &str, bindings: &str, place: &str| {
        ways(&manifest(&format!(
            "ClusterRole own-root | * | * | *
             ClusterRole own-reader | | pods | get
             ClusterRole binder | {write} | clusterroles | bind | {role}
             ClusterRole writer | {write} | {bindings} | create
             sa/ci/a -> ClusterRole binder{place}
             sa/ci/a -> ClusterRole writer{place}"
        )))
    };
    let all = "ServiceAccount ci/a => every right in the cluster";
    for (role, bindings, place, goal) in [
        ("cluster-admin", "clusterrolebindings", "", Some(all)),
        ("own-root", "clusterrolebindings", "", Some(all)),
        ("own-reader own-root", "clusterrolebindings", "", Some(all)),
        // Every namespace is that of what runs the cluster, too.
        ("cluster-admin", "rolebindings", "", Some(all)),
        ("admin", "clusterrolebindings", "", Some(all)),
        ("own-reader view edit", "clusterrolebindings", "", Some(all)),
        (
            "admin",
            "rolebindings",
            " in shop",
            Some("ServiceAccount ci/a => all of namespace shop"),
        ),
        // One's own namespace is no other.
        ("admin", "rolebindings", " in ci", None),
        ("own-reader view", "clusterrolebindings", "", None),
        ("own-reader view edit", "rolebindings", " in ci", None),
        ("own-root", "rolebindings", " in ci", None),
        ("own-root", "roles", "", None),
    ] {
        let found = bound(role, bindings, place);
        match goal {
            Some(goal) => assert!(
                found.iter().any(|way| way.starts_with(goal)),
                "{role} {bindings}{place}: {found:?}"
            ),
            None => assert!(found.is_empty(), "{role} {bindings}{place}: {found:?}"),
        }
    }
}

#[test]
fn a_role_of_a_namespace_is_bound_there() {
    let with = |verbs: &str| {
        ways(&manifest(&format!(
            "Role shop/all | * | * | *
             Role shop/bind | rbac.authorization.k8s.io | roles rolebindings | {verbs}
             sa/ci/a -> Role bind in shop"
        )))
    };
    let found = with("bind create");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("ServiceAccount ci/a => all of namespace shop"));
    assert!(with("create update patch").is_empty());
}

#[test]
fn who_changes_the_namespace_of_their_pods_takes_the_node() {
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {pod-security.kubernetes.io/enforce: restricted}\n";
    let with = |lines: &str| {
        let lines = format!("{lines}\nsa/shop/a -> Role run in shop");
        ways(&(manifest(&lines) + namespace))
    };
    for (lines, leads) in [
        ("Role shop/run | | pods namespaces | create patch", true),
        ("Role shop/run | | pods namespaces | create patch get", true),
        ("Role shop/run | | pods namespaces | create", false),
        ("Role shop/run | | namespaces | patch", false),
        ("Role shop/run | | pods namespaces | create get list", false),
    ] {
        let found = with(lines);
        assert_eq!(!found.is_empty(), leads, "{lines}: {found:?}");
        assert!(
            found.iter().all(|way| way.contains("control over nodes")),
            "{lines}: {found:?}"
        );
    }
}

#[test]
fn a_new_account_with_a_cloud_identity_ends_a_way() {
    let lines = manifest("Role ops/run | batch | jobs | create\nsa/ci/a -> Role run in ops");
    let account =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: cloud\n  namespace: ops\n";
    for (key, identity) in [
        (
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/admin",
        ),
        (
            "iam.gke.io/gcp-service-account",
            "admin@project.iam.gserviceaccount.com",
        ),
        (
            "azure.workload.identity/client-id",
            "11111111-2222-3333-4444-555555555555",
        ),
    ] {
        let with = format!("{account}  annotations:\n    {key}: {identity}\n");
        let base = snapshot(&[("roles.yaml", &*lines)]);
        let head = snapshot(&[("account.yaml", &*with), ("roles.yaml", &*lines)]);
        let found = compare(&base, &head);
        let new = new_proofs(&found);
        assert_eq!(new.len(), 1, "{key}: {new:?}");
        assert!(told(new[0]).contains(&format!("is {identity} in the cloud")));
        let evidence = new[0].steps.iter().flat_map(|step| &step.evidence);
        let at: Vec<&str> = evidence.map(|it| &*it.at.path).collect();
        assert!(at.contains(&"account.yaml"), "{key}: {at:?}");
        // The account without it ends none.
        let plain = snapshot(&[("account.yaml", account), ("roles.yaml", &*lines)]);
        let found = compare(&base, &plain);
        assert!(found.clusters.iter().all(|it| it.new_proofs.is_empty()));
    }
}

#[test]
fn an_administrator_of_one_namespace_is_none_of_another() {
    let text = manifest(
        "sa/shop/owner -> ClusterRole admin in shop
         Role bank/bind | rbac.authorization.k8s.io | clusterroles rolebindings | bind create
         sa/ci/binder -> Role bind in bank",
    );
    let found = ways(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("ServiceAccount ci/binder => all of namespace bank"),
        "{found:?}"
    );
    // Who administers the namespace of the other one is as good as that.
    let beside = ways(&text.replace("namespace: ci", "namespace: shop"));
    assert_eq!(beside.len(), 2, "{beside:?}");
}

#[test]
fn a_label_can_close_a_way() {
    let role = |labels: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: extra\n{labels}rules:\n  - apiGroups: [rbac.authorization.k8s.io]\n    resources: [clusterroles]\n    verbs: [bind]\n  - apiGroups: [rbac.authorization.k8s.io]\n    resources: [clusterrolebindings]\n    verbs: [create]\n"
        )
    };
    let binding = manifest("sa/ci/a -> ClusterRole view");
    let label = "  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\n";
    let base = snapshot(&[("binding.yaml", &binding), ("role.yaml", &role(""))]);
    let head = snapshot(&[("binding.yaml", &binding), ("role.yaml", &role(label))]);
    let found = compare(&base, &head);
    let proofs = new_proofs(&found);
    assert_eq!(proofs.len(), 1, "{proofs:?}");
    let evidence = &proofs[0].steps[0].evidence;
    let text = head.file("role.yaml").unwrap().text().unwrap();
    assert!(
        evidence.iter().any(|it| &*it.at.path == "role.yaml"
            && text[it.at.span.range()].starts_with("rbac.authorization.k8s.io/aggregate-to-view")),
        "{evidence:?}"
    );
    // Taking it away again gives nothing.
    let back = compare(&head, &base);
    assert!(back.clusters.iter().all(|it| it.new_proofs.is_empty()));
    assert!(
        back.clusters
            .iter()
            .flat_map(|it| &it.changes)
            .all(|it| it.gained.is_empty())
    );
}

#[test]
fn a_cycle_of_powers_ends() {
    let text = manifest(
        "Role a/run | | pods | create
         Role b/run | | pods | create
         sa/a/x -> Role run in b
         sa/b/y -> Role run in a
         ClusterRole sum | | secrets | get",
    );
    assert!(ways(&text).is_empty());
}

#[test]
fn a_right_on_a_namespace_that_says_so_reaches_its_nodes() {
    let lines = manifest("Role shop/run | | pods | create\nsa/shop/a -> Role run in shop");
    let namespace = |level: &str| {
        format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {{pod-security.kubernetes.io/enforce: {level}}}\n"
        )
    };
    assert!(ways(&lines).is_empty());
    assert!(ways(&(lines.clone() + &namespace("restricted"))).is_empty());
    assert_eq!(ways(&(lines + &namespace("privileged"))).len(), 1);
}
