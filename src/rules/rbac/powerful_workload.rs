use std::collections::BTreeMap;

use crate::access::exposed::Entrances;
use crate::access::goal::Goal;
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
    /// which operators often have, are medium. It is one level more for the pods of a `DaemonSet`, which are on every
    /// node, and for pods that something leads to from outside: a Service of the type `LoadBalancer` or `NodePort` that is
    /// not kept to a network, an Ingress or a route. Nothing is said of ways to another namespace or to an identity of a
    /// cloud, which much is meant to reach, and of pods that get no token, as `automountServiceAccountToken` is false. The
    /// gravest way is told, also where it is the groups of the account that have the rights. Bindings of other
    /// repositories are not seen.
    "rbac/powerful-workload",
    severity: Severity::High,
    other_severities: &[Severity::Critical, Severity::Medium],
    references: &["OWASP K8s 2025: K01", "OWASP K8s 2025: K02", "CWE-250"],
    check: Check::Manifests(check),
}

/// The gravest way of those who a workload runs as, and what makes it worse.
type Gravest<'a> = (Severity, &'a Proof, &'a Subject, String);

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    let access = snapshot.access(clusters, targets);
    if access.is_empty() {
        return;
    }
    let mut gravest: BTreeMap<Location, Gravest<'_>> = BTreeMap::new();
    for (cluster, proofs) in access.clusters.iter().zip(access.proofs()) {
        let mut ways: BTreeMap<&Subject, &Proof> = BTreeMap::new();
        for proof in proofs
            .iter()
            .filter(|it| severity(it.goal, false).is_some())
        {
            // The gravest comes first.
            ways.entry(&proof.subject).or_insert(proof);
        }
        let entrances = Entrances::of(&cluster.served, &cluster.routes);
        for runner in &cluster.runners {
            if !cluster.has_token(runner) {
                continue;
            }
            // What binds nobody but its groups makes an account what these are.
            let groups = runner.account.groups();
            let by_groups = groups.iter().filter_map(|group| ways.get(group));
            let by_groups = by_groups.min_by_key(|proof| proof.goal);
            let Some(proof) = ways.get(&runner.account).or(by_groups).copied() else {
                continue;
            };
            let worse = match entrances.to(runner) {
                Some(entrance) => format!(", and {} leads to them from outside", entrance.title),
                None if runner.is_on_every_node => ", on every node".to_owned(),
                None => String::new(),
            };
            let Some(severity) = severity(proof.goal, !worse.is_empty()) else {
                continue;
            };
            let account = &runner.account;
            let way = (severity, proof, account, worse);
            match gravest.get_mut(&runner.at) {
                Some(known) if known.0 >= severity => {}
                Some(known) => *known = way,
                None => {
                    gravest.insert(runner.at.clone(), way);
                }
            }
        }
    }
    for (at, (severity, proof, account, worse)) in gravest {
        let Some(object) = snapshot.object_at(&at) else {
            continue;
        };
        let goal = proof.goal_title();
        let reaches = if proof.subject == *account {
            ", which reaches".to_owned()
        } else {
            format!(", which is in {} and reaches", proof.subject)
        };
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
                "pods run as {account}{reaches} {goal}, so that whoever gets into one of them does too{worse}: {}; give the account what the program uses alone",
                proof.chain()
            ));
    }
}

/// How grave it is to run as somebody who reaches a goal; none for what many workloads are meant to reach.
fn severity(goal: Goal, is_worse: bool) -> Option<Severity> {
    match (goal, is_worse) {
        (Goal::ClusterAdmin | Goal::Masters, true) => Some(Severity::Critical),
        (Goal::ClusterAdmin | Goal::Masters, false)
        | (Goal::Nodes | Goal::KubeSystemSecrets, true) => Some(Severity::High),
        (Goal::Nodes | Goal::KubeSystemSecrets, false) => Some(Severity::Medium),
        (Goal::OtherNamespace | Goal::CloudIdentity, _) => None,
    }
}
