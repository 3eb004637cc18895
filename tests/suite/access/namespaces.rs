//! What a role of a namespace gives: nothing on what lies outside of all of them, and of each resource what it really lets
//! its holder do.

use tidegate::finding::{Severity, Status};

use super::paths::manifest;
use crate::reports;

/// What rules say of some roles and bindings, one a line, without the sentences.
fn told(lines: &str) -> Vec<String> {
    let text = manifest(lines);
    let report = reports::of(&[], &[("a.yaml", &text)]);
    let findings = report
        .findings
        .iter()
        .filter(|it| it.rule.starts_with("rbac/"));
    let told = findings.map(|it| format!("{} {}", it.severity.name(), it.rule));
    told.filter(|it| !it.ends_with("unresolved-binding"))
        .collect()
}

#[test]
fn what_lies_outside_of_namespaces_is_given_by_no_role_binding() {
    const RBAC: &str = "rbac.authorization.k8s.io";
    let outside = [
        format!("{RBAC} | clusterroles | escalate update"),
        format!("{RBAC} | clusterroles | create update"),
        format!("{RBAC} | clusterrolebindings | create update"),
        " | nodes/proxy | get".to_owned(),
        " | namespaces | patch | other".to_owned(),
        " | namespaces | create".to_owned(),
        " | persistentvolumes | create".to_owned(),
        "certificates.k8s.io | signers | approve".to_owned(),
    ];
    for right in &outside {
        for lines in [
            format!("ClusterRole r | {right}\nsa/ci/bot -> ClusterRole r in shop"),
            format!("Role shop/r | {right}\nsa/ci/bot -> Role r in shop"),
            format!("Role shop/r | {right}"),
        ] {
            assert_eq!(told(&lines), ["note rbac/ineffective-rule"], "{lines}");
        }
    }
    // In the whole cluster, or once it is bound there as well, it is what it says; and so is what is bound nowhere yet.
    for right in &outside {
        let cluster = format!("ClusterRole r | {right}\nsa/ci/bot -> ClusterRole r");
        let both = format!("{cluster}\nsa/ci/other -> ClusterRole r in shop");
        let latent = format!("ClusterRole r | {right}");
        for lines in [cluster, both, latent] {
            let found = told(&lines);
            assert!(
                !found.contains(&"note rbac/ineffective-rule".to_owned()),
                "{lines}: {found:?}"
            );
        }
    }
}

#[test]
fn what_a_role_binding_does_give_is_told() {
    const RBAC: &str = "rbac.authorization.k8s.io";
    for (right, wanted) in [
        (format!("{RBAC} | roles | escalate"), "high rbac/escalate"),
        (
            format!("{RBAC} | clusterroles roles | escalate"),
            "high rbac/escalate",
        ),
        (format!("{RBAC} | clusterroles | bind"), "high rbac/bind"),
        // The own namespace is reached by its name.
        (
            " | namespaces | patch".to_owned(),
            "medium rbac/namespace-label",
        ),
        (
            " | namespaces | patch | shop".to_owned(),
            "medium rbac/namespace-label",
        ),
    ] {
        let lines = format!("ClusterRole r | {right}\nsa/ci/bot -> ClusterRole r in shop");
        let found = told(&lines);
        assert!(found.contains(&wanted.to_owned()), "{lines}: {found:?}");
    }
}

#[test]
fn a_part_of_a_sum_may_be_given_elsewhere() {
    let text = manifest("ClusterRole r | | nodes | get\nsa/ci/bot -> ClusterRole view in shop");
    let label = "rbac.authorization.k8s.io/aggregate-to-view: \"true\"";
    let text = text.replace("{name: r}", &format!("{{name: r, labels: {{{label}}}}}"));
    let report = reports::of(&[], &[("a.yaml", &text)]);
    let mut found = report.findings.iter();
    assert!(!found.any(|it| it.rule == "rbac/ineffective-rule"));
}

#[test]
fn what_writing_workloads_does_is_told_of_each_resource() {
    for (right, severity, words) in [
        (
            " | pods | create patch",
            Severity::Medium,
            "runs any image as any ServiceAccount",
        ),
        (" | pods | patch", Severity::Medium, "pods that run"),
        (
            "batch | jobs | create",
            Severity::Medium,
            "runs any image as any ServiceAccount",
        ),
        ("batch | jobs | patch", Severity::Low, "Jobs that are there"),
        (
            "batch | jobs cronjobs | update",
            Severity::Medium,
            "runs any image as any ServiceAccount",
        ),
        (
            "batch | jobs | *",
            Severity::Medium,
            "runs any image as any ServiceAccount",
        ),
    ] {
        let text = manifest(&format!(
            "Role shop/r | {right}\nsa/ci/bot -> Role r in shop"
        ));
        let report = reports::of(&[], &[("a.yaml", &text)]);
        let mut found = report
            .findings
            .iter()
            .filter(|it| it.rule == "rbac/workload-write");
        let found = found.next().expect("it is told");
        assert_eq!(found.severity, severity, "{right}");
        assert!(found.message.contains(words), "{right}: {}", found.message);
    }
}

#[test]
fn what_the_api_server_refuses_gives_nothing() {
    let right = manifest("sa/ci/bot -> ClusterRole cluster-admin");
    let refused = [
        right.replace(
            "apiGroup: rbac.authorization.k8s.io",
            "apiGroup: example.com",
        ),
        right.replace("kind: ClusterRole,", "kind: Role,"),
    ];
    for text in &refused {
        let report = reports::of(&[], &[("a.yaml", text)]);
        let findings = report
            .findings
            .iter()
            .filter(|it| it.rule.starts_with("rbac/"));
        let rules: Vec<&str> = findings.map(|it| it.rule).collect();
        assert_eq!(rules, ["rbac/invalid-binding"], "{text}");
        let other = manifest("sa/ci/bot -> ClusterRole view");
        let report = reports::of(
            &[("a.yaml", &other)],
            &[("a.yaml", &other), ("b.yaml", text)],
        );
        assert!(report.access.is_empty(), "{:?}", report.access);
    }
}

#[test]
fn words_that_give_nothing_come_and_go_with_a_change() {
    let gives = "ClusterRole r | | pods | get\nsa/ci/bot -> ClusterRole r in shop";
    let (without, with) = (
        manifest(gives),
        manifest(&gives.replace("pods", "pods nodes")),
    );
    for (base, head, wanted) in [
        (&without, &with, Status::Introduced),
        (&with, &without, Status::Fixed),
    ] {
        let report = reports::of(&[("a.yaml", base)], &[("a.yaml", head)]);
        let found = report
            .findings
            .iter()
            .filter(|it| it.rule == "rbac/ineffective-rule");
        let found: Vec<Status> = found.map(|it| it.status).collect();
        assert_eq!(found, [wanted]);
    }
}
