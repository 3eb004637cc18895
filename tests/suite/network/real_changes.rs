//! What is said of the network of real changes and of real repositories, read and judged by hand.

use std::collections::BTreeSet;

use tidegate::verdict::Report;

use crate::corpora;
use crate::judgement::{Judgement, Verdict, judged};

/// What a person found who read each line. None of the changes touches a policy that is no template of Helm, nor the
/// labels of a pod under one, so that nothing is said: a `ServiceMonitor` that is reworked, a Deployment that is new in a
/// namespace without policies and a policy in a template are no difference.
const VERDICTS: &[Verdict] = &[];

/// The same of what stands in repositories.
const OF_REPOSITORIES: &[Verdict] = &[
    (
        "ahmetb",
        "web-allow-all: ingress allows everything",
        "true: the recipe is to open it",
    ),
    (
        "ahmetb",
        "web-allow-all-namespaces: from lets in every pod",
        "true: the recipe is to open it",
    ),
    (
        "ahmetb",
        "web-allow-external: ingress allows everything",
        "true: the recipe is to open it, at all ports although one is served",
    ),
    (
        "argoproj",
        "argocd-applicationset-controller-network-policy: from lets in",
        "true: the port of webhooks stands open to all namespaces beside that of metrics",
    ),
    (
        "argoproj",
        "argocd-server-network-policy: ingress allows everything",
        "true: it is left to whoever installs it to say who may come in",
    ),
    (
        "argoproj",
        "argocd-redis-ha-proxy-network-policy: from lets in",
        "true: the port is one of an exporter, which no name says to be about metrics",
    ),
    (
        "argoproj",
        "argocd-redis-ha-proxy-network-policy: ports lets in at TCP 26379",
        "true: that is the port of the sentinels, and the proxy listens at others",
    ),
    (
        "argoproj",
        "argocd/argocd-ui: no NetworkPolicy selects",
        "true: the installation for developers adds it beside what policies select",
    ),
    (
        "argoproj",
        "Deployment argocd-application-controller: no NetworkPolicy selects",
        "true: ha/base/controller-deployment takes in the policies of all but the controller",
    ),
    (
        "microservices-demo",
        "cart-access: podSelector asks for name=cart",
        "true, and a mistake of the shop: its pods are called carts",
    ),
    (
        "microservices-demo",
        "carts-db-access: from asks for sock-shop/[pods with name=cart]",
        "true, and the same mistake: the carts do not reach their database",
    ),
    (
        "microservices-demo",
        "cortex-access: from asks for sock-shop/[pods with name=cortex]",
        "true: nothing of that name is in the repository",
    ),
];

/// What the posture tells, and what the rules say of the change or of what it brings.
fn lines_of(name: &str, report: &Report) -> BTreeSet<String> {
    let rows = report.network.iter().map(|change| {
        format!(
            "{name}: posture: {} {} => {} : {} (was {})",
            change.verb(),
            change.from.first(3),
            change.to.first(3),
            change.after,
            change.before
        )
    });
    let findings = report.findings.iter();
    let findings = findings.filter(|finding| finding.rule.starts_with("network-policy/"));
    let findings = findings.map(|finding| {
        let status = format!("{:?}", finding.status).to_lowercase();
        let severity = finding.severity.name();
        format!(
            "{name}: {severity} {status} {}: {}",
            finding.rule, finding.message
        )
    });
    rows.chain(findings).collect()
}

#[test]
fn network_of_real_changes() {
    if let Some(told) = Judgement::of_real_changes(VERDICTS, lines_of) {
        insta::assert_snapshot!(told);
    }
}

#[test]
fn network_of_real_repositories() {
    let Some(corpus) = corpora::folder("manifests") else {
        return;
    };
    let mut judgement = Judgement::of(OF_REPOSITORIES);
    for name in [
        "GoogleCloudPlatform__microservices-demo",
        "ahmetb__kubernetes-network-policy-recipes",
        "argoproj__argo-cd",
        "cert-manager__cert-manager",
        "istio__istio",
        "kubernetes__examples",
        "microservices-demo__microservices-demo",
        "open-telemetry__opentelemetry-demo",
    ] {
        for line in lines_of(name, &judged(None, &corpus.join(name))) {
            judgement.take(name, &line);
        }
    }
    insta::assert_snapshot!(judgement.told());
}
