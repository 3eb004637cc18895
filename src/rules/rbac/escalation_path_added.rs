use std::collections::{BTreeMap, BTreeSet};

use crate::access::cluster::Cluster;
use crate::access::goal::Goal;
use crate::access::proof::{Evidence, Proof};
use crate::access::subject::Subject;
use crate::finding::Location;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};

declare_rule! {
    /// A change opens a way for somebody to what is most guarded.
    ///
    /// ## Why it matters
    /// Rights that look harmless add up: who may make pods in a namespace may run them as each `ServiceAccount` of it, who
    /// may ask for tokens of an account is that account, and so on from account to account. The finding prints each step
    /// of the shortest way that the change opens, and the lines that it takes. It is critical where the way leads to every
    /// right in the cluster, to nodes or to the secrets of `kube-system`, and high where it leads to all of another
    /// namespace or to an identity of a cloud.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: debug, namespace: ops}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/exec]
    ///     verbs: [create]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: debug, namespace: ops}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
    /// subjects:
    ///   - {kind: ServiceAccount, name: ops, namespace: people}
    /// ---
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
    ///   serviceAccountName: root
    ///   containers:
    ///     - {name: tool, image: "registry.example.com/tool:1.2.0"}
    /// # file: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: debug, namespace: ops}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/exec]
    ///     verbs: [create]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: debug, namespace: ops}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
    /// subjects:
    ///   - {kind: ServiceAccount, name: ops, namespace: people}
    ///   - {kind: ServiceAccount, name: support, namespace: people}
    /// ---
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
    /// Run what people may look into as an account that can do little.
    /// ```yaml good
    /// # base: access.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: debug, namespace: ops}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/exec]
    ///     verbs: [create]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: debug, namespace: ops}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
    /// subjects:
    ///   - {kind: ServiceAccount, name: support, namespace: people}
    /// ---
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
    /// kind: Role
    /// metadata: {name: debug, namespace: ops}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/exec]
    ///     verbs: [create]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: debug, namespace: ops}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
    /// subjects:
    ///   - {kind: ServiceAccount, name: support, namespace: people}
    /// ---
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
    /// To be given what is guarded without a further step is told by `rbac/permissions-widened`. Nothing is said of a way
    /// all of whose subjects are new: what is wholly new is judged by what it is. Whether admission refuses the pods on a
    /// way is known for Namespaces of the repository alone. Of those for whom one rule opens a way to the same goal, the
    /// way of the nearest one is told, and the others are named; of a way of more than six steps, the first three and the
    /// last three.
    "rbac/escalation-path-added",
    severity: Severity::Critical,
    other_severities: &[Severity::High],
    covers: &["rbac/workload-write"],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Change(check),
}

/// So many are named whom one thing opens a way for.
const MOST_NAMED: usize = 3;

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    let comparison = pair.access(clusters, targets);
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    let mut apart: BTreeSet<String> = BTreeSet::new();
    if !comparison.united.is_empty() {
        let all = comparison.clusters.iter().flat_map(|it| &it.new_proofs);
        apart.extend(all.map(Proof::told_as));
    }
    // What the same lines open in several variants is told once.
    let mut tellings: Vec<(&Proof, Vec<&Proof>)> = Vec::new();
    let mut by_lines: BTreeMap<(Goal, Vec<&Location>), usize> = BTreeMap::new();
    let apart_first = comparison.clusters.iter().map(|it| (it, false));
    let united = comparison.united.iter().map(|it| (it, true));
    for (compared, is_united) in apart_first.chain(united) {
        let known = known(&compared.before);
        for cause in &compared.causes {
            let ways = cause.iter().filter_map(|way| compared.new_proofs.get(*way));
            let mut ways = ways.filter(|proof| {
                let mut subjects = proof.steps.iter().map(|step| &step.who);
                !proof.is_possession
                    && subjects.any(|subject| known.contains(subject))
                    && !(is_united && apart.contains(&proof.told_as()))
            });
            let Some(first) = ways.next() else { continue };
            if !told.insert((first.subject.to_string(), first.chain())) {
                continue;
            }
            let evidence = first.steps.iter().flat_map(|step| &step.evidence);
            let lines = evidence.map(|evidence| &evidence.at).collect();
            let known = *by_lines
                .entry((first.goal, lines))
                .or_insert(tellings.len());
            match tellings.get_mut(known) {
                Some((_, others)) => others.extend(std::iter::once(first).chain(ways)),
                None => tellings.push((first, ways.collect())),
            }
        }
    }
    for (first, mut others) in tellings {
        let mut seen: BTreeSet<&Subject> = BTreeSet::from([&first.subject]);
        others.retain(|proof| seen.insert(&proof.subject));
        tell(pair, first, &others, sink);
    }
}

/// Whom the base knows: it gives them rights, or holds their account or a workload of theirs.
fn known(before: &Cluster) -> BTreeSet<&Subject> {
    let accounts = before.accounts.iter().map(|account| &account.subject);
    let runners = before.runners.iter().map(|runner| &runner.account);
    before.held.keys().chain(accounts).chain(runners).collect()
}

/// `ServiceAccount ci/a, User jane and 3 others`.
fn whom(first: &Subject, others: &[&Proof]) -> String {
    let others_named = others.iter().map(|proof| &proof.subject);
    let named = std::iter::once(first).chain(others_named);
    let mut named: Vec<String> = named.take(MOST_NAMED).map(ToString::to_string).collect();
    let left = (others.len() + 1).saturating_sub(named.len());
    let last = match left {
        0 => named.pop().unwrap_or_default(),
        1 => "another one".to_owned(),
        left => format!("{left} others"),
    };
    if named.is_empty() {
        return last;
    }
    format!("{} and {last}", named.join(", "))
}

fn tell(pair: &Pair<'_>, proof: &Proof, others: &[&Proof], sink: &mut Sink<'_>) {
    let mut evidence: Vec<&Evidence> = proof.steps.iter().flat_map(|step| &step.evidence).collect();
    // Whoever is named beside has a line of their own.
    for other in others.iter().take(MOST_NAMED) {
        let own = other
            .steps
            .first()
            .into_iter()
            .flat_map(|step| &step.evidence);
        let new: Vec<&Evidence> = own.filter(|own| !evidence.contains(own)).collect();
        evidence.extend(new);
    }
    let mut evidence = evidence.into_iter();
    let Some(first) = evidence.next() else { return };
    let Some(object) = pair.head.object_at(&first.at) else {
        return;
    };
    let severity = match proof.goal {
        Goal::OtherNamespace | Goal::CloudIdentity => Severity::High,
        _ => Severity::Critical,
    };
    let goal = proof.goal_title();
    let mut sink = sink.about(object);
    let draft = sink
        .report_at(first.at.span, None)
        .discriminator(&proof.told_as())
        .severity(severity);
    evidence
        .fold(draft, |draft, evidence| {
            draft.related_in(evidence.at.clone(), evidence.what.clone())
        })
        .say(&format!(
            "this opens a way for {} to {goal}: {}; take one of these steps away",
            whom(&proof.subject, others),
            proof.chain()
        ));
}
