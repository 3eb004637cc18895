//! What roles and bindings mean, case by case, where other tools err.

use std::collections::BTreeMap;

use tidegate::access::ask::who_can;
use tidegate::access::describe::phrases;
use tidegate::access::powers::Behaviour;
use tidegate::access::question::Question;
use tidegate::access::subject::{Scope, Subject};
use tidegate::access::{Access, Comparison};

use super::difference::compare;
use super::paths::manifest;
use crate::reading::snapshot;

fn access(files: &[(&str, &str)]) -> Access {
    let snapshot = snapshot(files);
    Access::of(|| snapshot.objects(), &|_| Vec::new(), Behaviour::default())
}

/// Who can, as `subject (scope)`, in all clusters.
fn who(files: &[(&str, &str)], question: &str, namespace: Option<&str>) -> Vec<String> {
    let question: Question = question.parse().unwrap();
    let access = access(files);
    let clusters = access.clusters.iter();
    let able = clusters.flat_map(|cluster| who_can(cluster, &question, namespace));
    able.map(|able| format!("{} ({})", able.subject, able.scope))
        .collect()
}

#[test]
fn questions_are_answered_as_the_api_server_does() {
    let text = manifest(
        "ClusterRole reader | | secrets | get list
         sa/a/everywhere -> ClusterRole reader
         sa/a/here -> ClusterRole reader in prod
         sa/a/there -> ClusterRole reader in test
         ClusterRole other | example.com | secrets | get
         sa/a/other -> ClusterRole other
         Role prod/named | | secrets | get | tls
         sa/a/named -> Role named in prod
         group/system:authenticated -> ClusterRole reader in prod
         sa/a/root -> ClusterRole cluster-admin",
    );
    let files = [("a.yaml", &*text)];
    assert_eq!(
        who(&files, "get secrets", Some("prod")),
        [
            "ServiceAccount a/everywhere (the whole cluster)",
            "ServiceAccount a/here (namespace prod)",
            "ServiceAccount a/named (namespace prod)",
            "ServiceAccount a/root (the whole cluster)",
            "Group system:authenticated (namespace prod)",
        ]
    );
    assert_eq!(
        who(&files, "get secrets tls", Some("test")),
        [
            "ServiceAccount a/everywhere (the whole cluster)",
            "ServiceAccount a/root (the whole cluster)",
            "ServiceAccount a/there (namespace test)",
        ]
    );
    assert_eq!(
        who(&files, "get secrets.example.com", Some("prod")),
        [
            "ServiceAccount a/other (the whole cluster)",
            "ServiceAccount a/root (the whole cluster)"
        ]
    );
    assert_eq!(
        who(&files, "get /metrics", None),
        ["ServiceAccount a/root (the whole cluster)"]
    );
}

#[test]
fn subresources_are_their_own() {
    let text = manifest(
        "ClusterRole every | | */exec | create
         sa/a/every -> ClusterRole every
         ClusterRole nothing | | pods/* | create
         sa/a/nothing -> ClusterRole nothing
         ClusterRole pods | | pods | create
         sa/a/pods -> ClusterRole pods
         ClusterRole all | | * | create
         sa/a/all -> ClusterRole all",
    );
    assert_eq!(
        who(&[("a.yaml", &text)], "create pods/exec", Some("prod")),
        [
            "ServiceAccount a/all (the whole cluster)",
            "ServiceAccount a/every (the whole cluster)"
        ]
    );
}

#[test]
fn what_lies_outside_of_namespaces_is_out_of_reach_of_a_role_binding() {
    let text = manifest(
        "ClusterRole wide | | nodes namespaces persistentvolumes | get list update
         sa/a/inside -> ClusterRole wide in prod",
    );
    let files = [("a.yaml", &*text)];
    assert!(who(&files, "get nodes", None).is_empty());
    assert!(who(&files, "list namespaces", None).is_empty());
    let access = access(&files);
    let scope = Scope::Namespace("prod".into());
    let cluster = &access.clusters[0];
    let held = cluster
        .held(&Subject::account("a", "inside"), &scope)
        .unwrap();
    assert_eq!(
        phrases(&held.rights, &cluster.symbols),
        ["get,update namespaces"]
    );
}

#[test]
fn built_in_roles_are_known_and_others_are_said_to_be_unknown() {
    let text = manifest(
        "sa/a/v -> ClusterRole view in prod
         sa/a/e -> ClusterRole edit in prod
         sa/a/x -> ClusterRole nobody-knows in prod
         sa/a/s -> ClusterRole system:unlisted",
    );
    let files = [("a.yaml", &*text)];
    assert_eq!(
        who(&files, "get secrets", Some("prod")),
        ["ServiceAccount a/e (namespace prod)"]
    );
    assert_eq!(
        who(&files, "list pods", Some("prod")),
        [
            "ServiceAccount a/e (namespace prod)",
            "ServiceAccount a/v (namespace prod)"
        ]
    );
    assert_eq!(who(&files, "create rolebindings", Some("prod")), [""; 0]);
    let access = access(&files);
    let unresolved: Vec<_> = access.clusters[0]
        .unresolved()
        .map(|it| it.role.to_string())
        .collect();
    assert_eq!(unresolved, ["nobody-knows", "system:unlisted"]);
}

#[test]
fn sums_of_roles_replace_their_rules() {
    let text = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: team, operator: In, values: [shop]}]}]}
rules:
  - {apiGroups: [''], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {team: shop, rbac.authorization.k8s.io/aggregate-to-view: 'true'}}
rules:
  - {apiGroups: [''], resources: [pods], verbs: [get]}
  - {apiGroups: [example.com], resources: [carts], verbs: [get]}
";
    let text = text.to_owned() + &manifest("sa/a/s -> ClusterRole sum\nsa/a/v -> ClusterRole view");
    let files = [("a.yaml", &*text)];
    assert_eq!(who(&files, "get secrets", None), [""; 0]);
    assert_eq!(who(&files, "get carts.example.com", None).len(), 2);
}

#[test]
fn copies_are_alternatives_and_the_nearest_role_is_meant() {
    let role = |verbs: &str| manifest(&format!("ClusterRole r | | secrets | {verbs}"));
    let binding = manifest("sa/ci/a -> ClusterRole r");
    let (narrow, wide) = (role("get"), role("get delete"));
    let files = [
        ("dev/role.yaml", &*wide),
        ("dev/binding.yaml", &*binding),
        ("prod/role.yaml", &*narrow),
        ("prod/binding.yaml", &*binding),
    ];
    let access = access(&files);
    assert_eq!(access.clusters.len(), 2);
    assert_eq!(who(&files, "delete secrets", None).len(), 1);
    // What one environment has already is news for the other one.
    let widened = [
        ("dev/role.yaml", &*wide),
        ("dev/binding.yaml", &*binding),
        ("prod/role.yaml", &*wide),
        ("prod/binding.yaml", &*binding),
    ];
    let told = compare(&snapshot(&files), &snapshot(&widened));
    assert_eq!(told.clusters.len(), 1);
    let change = &told.clusters[0].changes[0];
    assert_eq!(
        phrases(&change.gained, &told.clusters[0].after.symbols),
        ["delete secrets"]
    );
    // A further copy brings nothing that was not there.
    let mut more = widened.to_vec();
    more.push(("test/role.yaml", &*narrow));
    more.push(("test/binding.yaml", &*binding));
    assert!(
        compare(&snapshot(&widened), &snapshot(&more))
            .clusters
            .is_empty()
    );
}

#[test]
fn a_file_that_moves_changes_nothing() {
    let text = manifest("ClusterRole r | | secrets | get\nsa/ci/a -> ClusterRole r");
    let base = snapshot(&[("old/a.yaml", &text)]);
    let head = snapshot(&[("new/deeper/a.yaml", &text)]);
    assert!(compare(&base, &head).clusters.is_empty());
    let renames = BTreeMap::from([("new/deeper/a.yaml".into(), "old/a.yaml".into())]);
    let nowhere = |_: &str| Vec::new();
    let behaviour = Behaviour::default();
    let told = Comparison::between(
        || base.objects(),
        || head.objects(),
        &renames,
        &nowhere,
        behaviour,
    );
    assert!(told.clusters.is_empty());
}

#[test]
fn what_leaves_a_wider_scope_is_narrowed_only() {
    let wide = manifest("ClusterRole r | | secrets | get list\nsa/ci/a -> ClusterRole r");
    let narrow = manifest("ClusterRole r | | secrets | get list\nsa/ci/a -> ClusterRole r in prod");
    let (wide, narrow) = (
        snapshot(&[("a.yaml", &wide)]),
        snapshot(&[("a.yaml", &narrow)]),
    );
    let told = compare(&wide, &narrow);
    let changes: Vec<_> = told.clusters.iter().flat_map(|it| &it.changes).collect();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].gained.is_empty() && !changes[0].lost.is_empty());
    let back = compare(&narrow, &wide);
    let gained: Vec<_> = back.clusters.iter().flat_map(|it| &it.changes).collect();
    assert_eq!(gained.len(), 1, "{gained:?}");
    assert_eq!(gained[0].scope, Scope::Cluster);
    assert!(gained[0].is_known);
}

#[test]
fn a_rule_too_large_to_be_told_apart_counts_for_more() {
    let words: Vec<String> = (0..80).map(|number| format!("w{number}")).collect();
    let words = words.join(" ");
    let lines = format!("ClusterRole r | {words} | {words} | get\nsa/ci/a -> ClusterRole r");
    let text = manifest(&lines);
    assert_eq!(who(&[("a.yaml", &text)], "get secrets", None).len(), 1);
}

#[test]
fn a_wider_copy_is_bound_by_what_binds_the_narrow_one() {
    let role = |verbs: &str| manifest(&format!("ClusterRole r | | secrets | {verbs}"));
    let binding = manifest("sa/ci/a -> ClusterRole r");
    let (narrow, wide) = (role("get"), role("get delete"));
    let joined = narrow.clone() + &binding;
    for base in [
        vec![("app/role.yaml", &*narrow), ("app/binding.yaml", &*binding)],
        vec![("app/all.yaml", &*joined)],
    ] {
        assert_eq!(who(&base, "delete secrets", None), [""; 0]);
        let mut head = base.clone();
        head.push(("zz/role.yaml", &wide));
        assert_eq!(
            who(&head, "delete secrets", None),
            ["ServiceAccount ci/a (the whole cluster)"]
        );
        let told = compare(&snapshot(&base), &snapshot(&head));
        let changes: Vec<_> = told.clusters.iter().flat_map(|it| &it.changes).collect();
        assert_eq!(changes.len(), 1, "{changes:?}");
        let symbols = &told.clusters[0].after.symbols;
        assert_eq!(phrases(&changes[0].gained, symbols), ["delete secrets"]);
        // A copy that is widened where it stood is told in the same way.
        let mut before = base.clone();
        before.push(("zz/role.yaml", &narrow));
        let told = compare(&snapshot(&before), &snapshot(&head));
        let gained = told.clusters.iter().flat_map(|it| &it.changes);
        let gained: Vec<_> = gained
            .flat_map(|it| phrases(&it.gained, &told.clusters[0].after.symbols))
            .collect();
        assert_eq!(gained, ["delete secrets"]);
        // One that gives no more is no news.
        let same = snapshot(&before);
        assert!(compare(&snapshot(&base), &same).clusters.is_empty());
    }
}

#[test]
fn what_can_no_longer_be_read_is_not_taken_away() {
    let text = manifest("ClusterRole r | | secrets | get\nsa/ci/a -> ClusterRole r");
    let other = manifest("ClusterRole q | | pods | get\nsa/ci/a -> ClusterRole q");
    let broken = format!("{text}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: [\n");
    let cut = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: [\n";
    for head in [&*broken, cut] {
        let report = crate::reports::of(
            &[("a.yaml", &text), ("b.yaml", &other)],
            &[("a.yaml", head), ("b.yaml", &other)],
        );
        assert!(report.access.is_empty(), "{:?}", report.access);
        assert!(!report.incomplete.is_empty());
        // What is read is told all the same.
        let report = crate::reports::of(
            &[("a.yaml", &text), ("b.yaml", &other)],
            &[
                ("a.yaml", head),
                ("b.yaml", &other.replace("\"get\"", "\"list\"")),
            ],
        );
        assert_eq!(report.access.len(), 1, "{:?}", report.access);
    }
    let gone = crate::reports::of(
        &[("a.yaml", &text), ("b.yaml", &other)],
        &[("b.yaml", &other)],
    );
    assert_eq!(gone.access.len(), 1);
}

#[test]
fn a_path_is_told_on_its_own_line() {
    let role = |paths: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: paths}}\nrules:\n  - nonResourceURLs: [/healthz]\n    verbs: [get]\n  - nonResourceURLs:\n      - /metrics\n{paths}    verbs: [get]\n"
        )
    };
    let bindings = manifest("user/jane -> ClusterRole view\nuser/jane -> ClusterRole paths");
    let (old, new) = (role(""), role("      - /debug/*\n"));
    let report = crate::reports::of(
        &[("a.yaml", &bindings), ("b.yaml", &old)],
        &[("a.yaml", &bindings), ("b.yaml", &new)],
    );
    let mut found = report
        .findings
        .iter()
        .filter(|it| it.rule == "rbac/permissions-widened");
    let found = found.next().unwrap();
    assert_eq!(&*found.location.path, "b.yaml");
    assert_eq!(&new[found.location.span.range()], "/debug/*");
    assert_eq!(found.changed_at.as_ref(), Some(&found.location));
}

#[test]
fn a_right_on_all_objects_is_not_hidden_by_one_on_some() {
    for order in [["| tls", ""], ["", "| tls"]] {
        let rules =
            order.map(|names| manifest(&format!("ClusterRole r | | secrets | get {names}")));
        let second = rules[1].split_once("rules:\n").unwrap().1;
        let text = format!("{}{second}", rules[0]) + &manifest("sa/ci/a -> ClusterRole r");
        let report = crate::reports::of(&[], &[("a.yaml", &text)]);
        let mut found = report
            .findings
            .iter()
            .filter(|it| it.rule == "rbac/secrets-read");
        let severity = found.next().map(|it| it.severity);
        assert_eq!(severity, Some(tidegate::finding::Severity::High), "{text}");
        assert_eq!(found.count(), 0);
    }
}
