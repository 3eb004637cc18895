//! What is said of real changes and of real operators, read and judged by hand: argo-cd's application controller may do
//! everything, and its server may let pods run as that one; who reads the secrets of every namespace is told as such.

use std::collections::BTreeSet;

use tidegate::finding::Severity;
use tidegate::verdict::Report;

use crate::corpora;
use crate::judgement::{Judgement, Verdict, judged};

/// What a person found who read each line: the change by the start of its name, a part of the line, and the verdict.
const VERDICTS: &[Verdict] = &[
    (
        "05",
        "critical fixed rbac/nodes-proxy",
        "true: the change puts nodes/metrics in the place of nodes/proxy",
    ),
    (
        "05",
        "high fixed rbac/powerful-workload",
        "true: the pods of the Service of type NodePort had nodes/proxy",
    ),
    (
        "05",
        "low introduced rbac/permissions-widened",
        "true: ingresses.networking.k8s.io and nodes/metrics are new, and little",
    ),
    (
        "05",
        "posture: ServiceAccount monitoring/prometheus",
        "true: both lines of the ClusterRole that changed, though each file has another name",
    ),
    (
        "08",
        "posture: ServiceAccount big-monolith/big-monolith-sa",
        "true: a new Role on all of the core group, bound to a new account",
    ),
    (
        "10",
        "critical existing rbac/nodes-proxy",
        "true, and no business of the change: it was there before",
    ),
    (
        "15",
        "posture: ServiceAccount kube-system/fluentd",
        "true: a new ClusterRole that reads pods",
    ),
];

/// The same for what is grave of operators.
const OF_OPERATORS: &[Verdict] = &[
    (
        "argoproj",
        "critical rbac/wildcard: ClusterRole argocd-application-controller",
        "true: it deploys anything anywhere, and is cluster-admin by another name",
    ),
    (
        "argoproj",
        "high rbac/wildcard: ClusterRole argocd-server",
        "true: it gets, patches and deletes everything, secrets included",
    ),
    (
        "argoproj",
        "high rbac/secrets-read: ClusterRole argocd-applicationset-controller",
        "true: it lists the secrets of all namespaces",
    ),
    (
        "argoproj",
        "high rbac/secrets-read: ClusterRole argocd-notifications-controller-cluster-apps",
        "true: the example gives it the secrets of all namespaces",
    ),
    (
        "argoproj",
        "ClusterRole argocd-server: verbs allow create on jobs",
        "true: whoever gets into the server starts pods as the controller, which may do everything",
    ),
    (
        "argoproj",
        "high rbac/powerful-workload: StatefulSet argocd-application-controller",
        "true: its overlays put it where the account is that may do everything",
    ),
    (
        "argoproj",
        "high rbac/powerful-workload: Deployment argocd-server",
        "true: it makes and reads secrets beside the controller, and with one a token of that",
    ),
    (
        "argoproj",
        "high rbac/powerful-workload: Deployment argocd-redis",
        "true: it makes the one secret that it reads, which can be a token of the controller until it is there",
    ),
    (
        "kubernetes__ingress-nginx",
        "high rbac/secrets-read: ClusterRole ingress-nginx",
        "true: it reads the keys of all Ingresses, and with them all secrets",
    ),
    (
        "kubernetes__ingress-nginx",
        "high rbac/powerful-workload",
        "true: what CVE-2025-1974 was grave for, as the Service leads everybody to its pods",
    ),
    (
        "kubernetes__ingress-nginx",
        "high rbac/secrets-write-token: Role ingress-nginx/ingress-nginx-admission",
        "true: it makes secrets beside the account that reads all secrets",
    ),
];

/// What is said of each real change: what the posture tells, what is said of the change itself, and what is grave of the
/// state that it leaves.
fn lines_of(name: &str, report: &Report) -> Vec<String> {
    let mut lines = BTreeSet::new();
    for change in &report.access {
        let scope = change.namespace.as_deref().unwrap_or("the whole cluster");
        let gained = change.gained.iter().map(|phrase| format!("+ {phrase}"));
        let lost = change.lost.iter().map(|phrase| format!("- {phrase}"));
        for phrase in gained.chain(lost) {
            lines.insert(format!(
                "{name}: posture: {} in {scope}: {phrase}",
                change.subject
            ));
        }
    }
    for finding in &report.findings {
        let is_grave = finding.severity >= Severity::High;
        if finding.rule.starts_with("rbac/") && (finding.change || is_grave) {
            let severity = finding.severity.name();
            let status = format!("{:?}", finding.status).to_lowercase();
            lines.insert(format!(
                "{name}: {severity} {status} {}: {}",
                finding.rule, finding.message
            ));
        }
    }
    lines.into_iter().collect()
}

#[test]
fn what_real_changes_do_to_who_may_do_what() {
    if let Some(told) = Judgement::of_real_changes(VERDICTS, lines_of) {
        insta::assert_snapshot!(told);
    }
}

#[test]
fn what_is_grave_of_real_operators() {
    let Some(corpus) = corpora::folder("manifests") else {
        return;
    };
    let mut judgement = Judgement::of(OF_OPERATORS);
    for operator in [
        "argoproj__argo-cd",
        "cert-manager__cert-manager",
        "kubernetes__ingress-nginx",
        "kubernetes-sigs__metrics-server",
    ] {
        let report = judged(None, &corpus.join(operator));
        let grave = report
            .findings
            .iter()
            .filter(|it| it.rule.starts_with("rbac/") && it.severity >= Severity::High);
        let lines: BTreeSet<String> = grave
            .map(|it| {
                let severity = it.severity.name();
                format!("{operator}: {severity} {}: {}", it.rule, it.message)
            })
            .collect();
        for line in lines {
            judgement.take(operator, &line);
        }
    }
    insta::assert_snapshot!(judgement.told());
}
