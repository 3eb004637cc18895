use std::collections::BTreeMap;

use crate::access::powers::Goal;
use crate::access::proof::Proof;
use crate::access::subject::Subject;
use crate::finding::Location;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A workload runs as a `ServiceAccount` that takes over the cluster.
    ///
    /// ## Why it matters
    /// Whoever gets into one of its containers has the token of the account, and with it the way that is told here,
    /// step by step.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: root}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects:
    ///   - {kind: ServiceAccount, name: root, namespace: ops}
    /// # base: pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: tool, namespace: ops}
    /// spec:
    ///   serviceAccountName: tool
    ///   containers:
    ///     - {name: tool, image: "registry.example.com/tool:1.2.0"}
    /// # file: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: root}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects:
    ///   - {kind: ServiceAccount, name: root, namespace: ops}
    /// # file: pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: tool, namespace: ops}
    /// spec:
    ///   serviceAccountName: root
    ///   containers:
    ///     - {name: tool, image: "registry.example.com/tool:1.2.0"}
    /// ```
    ///
    /// ## Instead
    /// Give the account the rights that the program uses.
    /// ```yaml good
    /// # base: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: root}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects:
    ///   - {kind: ServiceAccount, name: root, namespace: ops}
    /// # base: pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: tool, namespace: ops}
    /// spec:
    ///   serviceAccountName: tool
    ///   containers:
    ///     - {name: tool, image: "registry.example.com/tool:1.2.0"}
    /// # file: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: root}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects:
    ///   - {kind: ServiceAccount, name: root, namespace: ops}
    /// # file: pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: tool, namespace: ops}
    /// spec:
    ///   serviceAccountName: other
    ///   containers:
    ///     - {name: tool, image: "registry.example.com/tool:1.2.0"}
    /// ```
    ///
    /// ## Limits
    /// Ways that lead to every right or to `system:masters` are high. Those to nodes and to the secrets of `kube-system`,
    /// which operators often have, are medium. The first way is told. Bindings of other repositories are not seen.
    "rbac/powerful-workload",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2025: K01", "OWASP K8s 2025: K02", "CWE-250"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    let access = snapshot.access(clusters, targets);
    if access.is_empty() {
        return;
    }
    let mut gravest: BTreeMap<Location, (Severity, &Proof)> = BTreeMap::new();
    for (cluster, proofs) in access.clusters.iter().zip(access.proofs()) {
        let mut ways: BTreeMap<&Subject, (Severity, &Proof)> = BTreeMap::new();
        for proof in proofs {
            let severity = match proof.goal {
                Goal::ClusterAdmin | Goal::Masters => Severity::High,
                Goal::Nodes | Goal::KubeSystemSecrets => Severity::Medium,
                Goal::OtherNamespace | Goal::CloudIdentity => continue,
            };
            let way = ways.entry(&proof.subject).or_insert((severity, proof));
            if way.0 < severity {
                *way = (severity, proof);
            }
        }
        for runner in &cluster.runners {
            let Some((severity, proof)) = ways.get(&runner.account).copied() else {
                continue;
            };
            let way = gravest
                .entry(runner.at.clone())
                .or_insert((severity, proof));
            if way.0 < severity {
                *way = (severity, proof);
            }
        }
    }
    for (at, (severity, proof)) in gravest {
        let Some(object) = snapshot.object_at(&at) else {
            continue;
        };
        let goal = proof.goal_title();
        let mut sink = sink.about(object);
        let draft = sink
            .report_at(at.span, None)
            .discriminator(&goal)
            .severity(severity);
        let evidence = proof.steps.iter().flat_map(|step| &step.evidence);
        evidence
            .take(8)
            .fold(draft, |draft, evidence| {
                draft.related_in(evidence.at.clone(), evidence.what.clone())
            })
            .say(&format!(
                "pods run as {}, which reaches {goal}, so that whoever gets into one of them does too: {}; give the account what the program uses alone",
                proof.subject,
                proof.chain()
            ));
    }
}
