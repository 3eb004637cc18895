use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::exposed::{Entrance, Entrances};
use crate::access::goal::Goal;
use crate::access::proof::{Evidence, Proof, mounted};
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
struct Gravest<'a> {
    severity: Severity,
    proof: Arc<Proof>,
    account: &'a Subject,
    entrance: Option<&'a Entrance>,
    /// What gives the pods a token that say nothing of it themselves.
    mounted: Option<Evidence>,
    is_on_every_node: bool,
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    let access = snapshot.access(clusters, targets);
    let mut gravest: BTreeMap<&Location, Gravest<'_>> = BTreeMap::new();
    for (number, cluster) in access.clusters.iter().enumerate() {
        let mut ways: BTreeMap<&Subject, Option<Arc<Proof>>> = BTreeMap::new();
        let entrances = Entrances::of(&cluster.served, &cluster.routes);
        for runner in cluster.runners.iter().filter(|it| cluster.has_token(it)) {
            let account = &runner.account;
            let way = || access.gravest_way(number, account).map(Arc::new);
            let Some(proof) = ways.entry(account).or_insert_with(way) else {
                continue;
            };
            let entrance = entrances.to(runner);
            let is_worse = entrance.is_some() || runner.is_on_every_node;
            let Some(severity) = severity(proof.goal, is_worse) else {
                continue;
            };
            let way = Gravest {
                severity,
                proof: Arc::clone(proof),
                account,
                entrance,
                mounted: mounted(cluster, runner),
                is_on_every_node: runner.is_on_every_node,
            };
            match gravest.get_mut(&runner.at) {
                Some(known) if known.severity >= severity => {}
                Some(known) => *known = way,
                None => {
                    gravest.insert(&runner.at, way);
                }
            }
        }
    }
    for (at, gravest) in gravest {
        tell(snapshot, at, &gravest, sink);
    }
}

fn tell(snapshot: &Snapshot, at: &Location, gravest: &Gravest<'_>, sink: &mut Sink<'_>) {
    let Some(object) = snapshot.object_at(at) else {
        return;
    };
    let Gravest { proof, account, .. } = gravest;
    let worse = match gravest.entrance {
        Some(entrance) => format!(", and {} leads to them from outside", entrance.title),
        None if gravest.is_on_every_node => ", on every node".to_owned(),
        None => String::new(),
    };
    let goal = proof.goal_title();
    let reaches = if proof.subject == **account {
        ", which reaches".to_owned()
    } else {
        format!(", which is in {} and reaches", proof.subject)
    };
    let mut sink = sink.about(object);
    let draft = sink
        .report_at(at.span, None)
        .discriminator(&goal)
        .severity(gravest.severity);
    let evidence = proof.steps.iter().flat_map(|step| &step.evidence);
    let draft = evidence.take(8).fold(draft, |draft, evidence| {
        draft.related_in(evidence.at.clone(), evidence.what.clone())
    });
    let draft = gravest.mounted.iter().fold(draft, |draft, mounted| {
        draft.related_in(mounted.at.clone(), mounted.what.clone())
    });
    let draft = gravest.entrance.into_iter().fold(draft, |draft, entrance| {
        let what = format!("{} leads to the pods from outside", entrance.title);
        draft.related_in(entrance.at.clone(), what)
    });
    draft.say(&format!(
        "pods run as {account}{reaches} {goal}, so that whoever gets into one of them does too{worse}: {}; give the account what the program uses alone",
        proof.chain()
    ));
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
