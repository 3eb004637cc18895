//! What a stronger right leads to: nothing less than a weaker one.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::access::Access;
use tidegate::access::goal::Goal;
use tidegate::access::powers::Behaviour;

use super::paths::{manifest, ways};
use super::worlds::Chance;
use crate::reading::snapshot;

const RBAC: &str = "rbac.authorization.k8s.io";

/// A role and the one who has it.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    group: &'static str,
    resources: &'static str,
    verbs: String,
    names: &'static str,
    /// None for the whole cluster.
    namespace: Option<&'static str>,
    who: &'static str,
}

impl Grant {
    pub(super) fn random(chance: &mut Chance) -> Self {
        let (group, resources, verbs) = chance.of(&[
            ("", "secrets", &["get", "create", "list"][..]),
            ("", "pods", &["create", "patch"]),
            ("", "pods pods/exec", &["create", "get"]),
            ("", "pods/ephemeralcontainers", &["patch", "get"]),
            ("", "pods namespaces", &["create", "patch"]),
            ("", "serviceaccounts", &["impersonate", "get"]),
            ("", "serviceaccounts/token", &["create", "get"]),
            ("", "users groups", &["impersonate", "get"]),
            ("apps", "deployments", &["create", "update"]),
            (
                RBAC,
                "roles rolebindings",
                &["bind", "escalate", "update", "create"],
            ),
            (
                RBAC,
                "clusterroles clusterrolebindings",
                &["bind", "escalate", "update", "create"],
            ),
            (
                RBAC,
                "clusterroles rolebindings",
                &["bind", "escalate", "create", "update"],
            ),
            ("*", "*", &["*"]),
        ]);
        let verbs: BTreeSet<&str> = (0..3).map(|_| chance.of(verbs)).collect();
        Self {
            group,
            resources,
            verbs: verbs.into_iter().collect::<Vec<_>>().join(" "),
            names: if chance.one_in(3) {
                chance.of(&["jane", "a", "r0", "r1 r2", "edit", "system:masters"])
            } else {
                ""
            },
            namespace: (!chance.one_in(3)).then(|| chance.of(&["ops", "dev", "kube-system"])),
            who: chance.of(&[
                "user/jane",
                "sa/ops/a",
                "sa/dev/b",
                "sa/kube-system/c",
                "group/system:serviceaccounts:dev",
            ]),
        }
    }

    pub(super) fn lines(&self, number: usize) -> String {
        let Self {
            group,
            resources,
            verbs,
            names,
            namespace,
            who,
        } = self;
        let names = if names.is_empty() {
            String::new()
        } else {
            format!("| {names}")
        };
        let rule = format!("{group} | {resources} | {verbs} {names}");
        let (kind, home, place) = match namespace {
            Some(namespace) => ("Role", format!("{namespace}/"), format!(" in {namespace}")),
            None => ("ClusterRole", String::new(), String::new()),
        };
        format!("{kind} {home}r{number} | {rule}\n{who} -> {kind} r{number}{place}\n")
    }
}

pub(super) const AROUND: &str = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ops, labels: {pod-security.kubernetes.io/enforce: privileged}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: dev, labels: {pod-security.kubernetes.io/enforce: restricted}}\n";

pub(super) fn deployment(namespace: &str, account: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: runs-{account}, namespace: {namespace}}}\nspec:\n  template:\n    spec:\n      serviceAccountName: {account}\n      containers: [{{name: a, image: a}}]\n"
    )
}

/// What everybody reaches.
fn goals(grants: &[Grant]) -> BTreeMap<String, BTreeSet<Goal>> {
    let numbered = grants.iter().enumerate();
    let lines: String = numbered
        .map(|(number, grant)| grant.lines(number))
        .collect();
    let around = ["ops", "dev", "kube-system"]
        .into_iter()
        .zip(["a", "b", "c"]);
    let around: String = around.map(|(at, who)| deployment(at, who)).collect();
    let snapshot = snapshot(&[("a.yaml", &(manifest(&lines) + &around + AROUND))]);
    let nowhere = |_: &str| Vec::new();
    let access = Access::of(|| snapshot.objects(), &nowhere, Behaviour::default());
    let mut goals: BTreeMap<String, BTreeSet<Goal>> = BTreeMap::new();
    for proof in access.proofs().iter().flatten() {
        let of_subject = goals.entry(proof.subject.to_string()).or_default();
        of_subject.insert(proof.goal);
    }
    goals
}

/// Makes one grant wider; false if it cannot be.
fn widen(grant: &mut Grant, chance: &mut Chance) -> bool {
    match chance.below(3) {
        0 => grant.namespace.take().is_some(),
        1 => !std::mem::take(&mut grant.names).is_empty(),
        _ => {
            let is_less = grant.verbs != "*" || !grant.names.is_empty();
            (grant.group, grant.resources, grant.names) = ("*", "*", "");
            "*".clone_into(&mut grant.verbs);
            is_less
        }
    }
}

/// Makes one grant narrower; false if it cannot be.
pub(super) fn narrow(grant: &mut Grant, chance: &mut Chance) -> bool {
    match chance.below(3) {
        0 if grant.namespace.is_none() => {
            grant.namespace = Some(chance.of(&["ops", "dev", "kube-system"]));
            true
        }
        1 if grant.names.is_empty() => {
            grant.names = chance.of(&["jane", "a", "r1 r2", "edit"]);
            true
        }
        _ => {
            let mut verbs: Vec<&str> = grant.verbs.split(' ').collect();
            verbs.remove(chance.below(verbs.len()));
            let left = verbs.join(" ");
            let is_less = !left.is_empty();
            if is_less {
                grant.verbs = left;
            }
            is_less
        }
    }
}

/// Jane has a way to a goal, or none at all.
fn assert_leads(found: &[String], goal: Option<&str>, world: &str) {
    match goal {
        Some(goal) => assert!(
            found
                .iter()
                .any(|way| way.starts_with(&format!("User jane => {goal}"))),
            "{world}: {found:?}"
        ),
        None => assert_eq!(found, [""; 0], "{world}"),
    }
}

#[test]
fn a_stronger_right_leads_to_nothing_less() {
    let mut chance = Chance::new(7);
    let mut tried = 0;
    for number in 0..900 {
        let grants: Vec<Grant> = (0..3 + chance.below(4))
            .map(|_| Grant::random(&mut chance))
            .collect();
        let mut one = grants[chance.below(grants.len())].clone();
        if !widen(&mut one, &mut chance) {
            continue;
        }
        let mut wider = grants.clone();
        wider.push(one.clone());
        let (before, after) = (goals(&grants), goals(&wider));
        for (subject, reached) in before {
            let now = after.get(&subject).cloned().unwrap_or_default();
            if now.iter().any(|goal| *goal <= Goal::Masters) {
                continue;
            }
            // What is simply given is no way to a namespace any more.
            let mut lost = reached.difference(&now);
            let lost = lost.find(|goal| **goal != Goal::OtherNamespace);
            tried += 1;
            assert_eq!(
                lost, None,
                "world {number}: {subject} loses\n{grants:#?}\nwith {one:?}"
            );
        }
    }
    assert!(tried > 300, "only {tried}: nothing is tried");
}

/// What jane reaches, in words.
fn jane(lines: &str) -> Vec<String> {
    let mut found = ways(&manifest(lines));
    found.retain(|way| way.starts_with("User jane => "));
    found
}

#[test]
fn a_role_that_is_bound_leads_where_it_leads_by_itself() {
    let binder = |role: &str| {
        format!(
            "ClusterRole binder | {RBAC} | clusterroles clusterrolebindings | bind create | {role}\nClusterRole writer | {RBAC} | clusterrolebindings | create\nuser/jane -> ClusterRole binder\nuser/jane -> ClusterRole writer\n"
        )
    };
    for (rule, goal) in [
        ("| secrets | get", "the secrets of kube-system"),
        ("| nodes/proxy | get", "control over nodes"),
        ("| pods | create", "control over nodes"),
        (
            "| serviceaccounts/token | create",
            "every right in the cluster",
        ),
        (
            "rbac.authorization.k8s.io | clusterroles | escalate update",
            "every right in the cluster",
        ),
        // What is bound lets bind more.
        (
            "rbac.authorization.k8s.io | clusterroles | bind",
            "every right in the cluster",
        ),
    ] {
        let found = jane(&format!(
            "ClusterRole helper | {rule}\n{}",
            binder("helper")
        ));
        let wanted = format!(
            "User jane => {goal}: User jane may bind clusterroles helper and write bindings everywhere"
        );
        assert!(
            found.iter().any(|way| way.starts_with(&wanted)),
            "{rule}: {found:?}"
        );
        // Another role, and one that nobody knows.
        for other in ["other", "view", "nobody"] {
            let found = jane(&format!(
                "ClusterRole helper | {rule}\nClusterRole other | | configmaps | get\n{}",
                binder(other)
            ));
            assert_eq!(found, [""; 0], "{rule}: {other}");
        }
    }
    // One that a sum of roles has.
    let sum = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: helper}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {of: helper}}]}\nrules: []\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: part, labels: {of: helper}}\nrules:\n  - {apiGroups: ['*'], resources: ['*'], verbs: ['*']}\n";
    let found = ways(&(manifest(&binder("helper")) + sum));
    assert!(
        found[0].starts_with("User jane => every right in the cluster"),
        "{found:?}"
    );
}

#[test]
fn rights_over_roles_everywhere_reach_those_of_what_runs_the_cluster() {
    for (lines, goal) in [
        (
            "ClusterRole r | GROUP | roles | escalate update",
            Some("every right in the cluster"),
        ),
        (
            "ClusterRole r | GROUP | roles rolebindings | bind create",
            Some("the secrets of kube-system"),
        ),
        (
            "Role kube-system/boss | * | * | *\nClusterRole r | GROUP | roles rolebindings | bind create",
            Some("every right in the cluster"),
        ),
        // One half alone, and roles that are named and not there.
        ("ClusterRole r | GROUP | roles | escalate", None),
        ("ClusterRole r | GROUP | roles | update create", None),
        ("ClusterRole r | GROUP | roles | bind", None),
        (
            "ClusterRole r | GROUP | roles rolebindings | bind create | boss",
            None,
        ),
        (
            "ClusterRole r | example.com | roles | escalate update",
            None,
        ),
    ] {
        let lines = lines.replace("GROUP", RBAC);
        let found = jane(&format!("{lines}\nuser/jane -> ClusterRole r"));
        assert_leads(&found, goal, &lines);
    }
}

#[test]
fn all_accounts_of_what_runs_the_cluster_are_its_controllers_as_well() {
    for (lines, leads) in [
        (
            "Role kube-system/r | | serviceaccounts/token | create\nuser/jane -> Role r in kube-system",
            true,
        ),
        (
            "Role kube-system/r | | serviceaccounts | impersonate\nuser/jane -> Role r in kube-system",
            true,
        ),
        (
            "ClusterRole r | | serviceaccounts | impersonate\nuser/jane -> ClusterRole r",
            true,
        ),
        (
            "Role kube-system/r | | serviceaccounts | impersonate | clusterrole-aggregation-controller\nuser/jane -> Role r in kube-system",
            true,
        ),
        (
            "Role kube-system/r | | serviceaccounts | impersonate | coredns\nuser/jane -> Role r in kube-system",
            false,
        ),
        (
            "Role kube-system/r | | serviceaccounts | get create\nuser/jane -> Role r in kube-system",
            false,
        ),
        (
            "Role shop/r | | serviceaccounts serviceaccounts/token | impersonate create\nuser/jane -> Role r in shop",
            false,
        ),
        (
            "Role shop/r | | serviceaccounts | impersonate | clusterrole-aggregation-controller\nuser/jane -> Role r in shop",
            false,
        ),
        (
            "user/jane -> ClusterRole cluster-admin in kube-system",
            true,
        ),
        ("user/jane -> ClusterRole view in kube-system", false),
    ] {
        let found = jane(lines);
        let is_all = found
            .iter()
            .any(|way| way.starts_with("User jane => every right"));
        assert_eq!(is_all, leads, "{lines}: {found:?}");
    }
}

#[test]
fn what_is_written_into_a_role_comes_to_whoever_is_given_it_where_they_are() {
    let escalate = format!(
        "ClusterRole esc | {RBAC} | clusterroles | escalate update | foo\nuser/jane -> ClusterRole esc\nClusterRole foo | | configmaps | get\n"
    );
    for (rest, goal) in [
        (
            "user/jane -> ClusterRole foo",
            Some("every right in the cluster"),
        ),
        (
            "user/jane -> ClusterRole foo in kube-system",
            Some("every right in the cluster"),
        ),
        (
            "user/jane -> ClusterRole foo in shop",
            Some("all of namespace shop"),
        ),
        (
            "group/system:authenticated -> ClusterRole foo in shop",
            Some("all of namespace shop"),
        ),
        ("user/jim -> ClusterRole foo", None),
        ("user/jane -> ClusterRole other", None),
    ] {
        let found = jane(&format!("{escalate}{rest}"));
        assert_leads(&found, goal, rest);
    }
}

#[test]
fn a_way_is_the_shortest_in_what_somebody_does() {
    let found = jane(
        "ClusterRole j1 | | users | impersonate | a
         user/jane -> ClusterRole j1
         Role ops/j3 | | serviceaccounts | impersonate
         user/a -> Role j3 in ops
         ClusterRole j2 | | users | impersonate | b
         user/a -> ClusterRole j2
         ClusterRole j4 | | users | impersonate | c
         user/b -> ClusterRole j4
         user/c -> ClusterRole cluster-admin
         sa/ops/root -> ClusterRole cluster-admin",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].matches(" → ").count(), 2, "{found:?}");
}
