use crate::network::in_cluster::allows_all;
use crate::network::world::{Tier, World};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A namespace has no policy that denies by default.
    ///
    /// ## Why it matters
    /// Policies guard the pods that they select, and no others. One that selects all pods and allows nothing makes
    /// everything else a decision that somebody takes: what comes later is closed until it is opened.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    ///     pod-security.kubernetes.io/enforce-version: v1.36
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec:
    ///   automountServiceAccountToken: false
    ///   securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1.4.2
    ///       readinessProbe: {httpGet: {path: /ready, port: 8080}}
    ///       livenessProbe: {httpGet: {path: /live, port: 8080}}
    ///       resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
    ///       securityContext:
    ///         allowPrivilegeEscalation: false
    ///         readOnlyRootFilesystem: true
    ///         capabilities: {drop: [ALL]}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    ///     pod-security.kubernetes.io/enforce-version: v1.36
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec:
    ///   automountServiceAccountToken: false
    ///   securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1.4.2
    ///       readinessProbe: {httpGet: {path: /ready, port: 8080}}
    ///       livenessProbe: {httpGet: {path: /live, port: 8080}}
    ///       resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
    ///       securityContext:
    ///         allowPrivilegeEscalation: false
    ///         readOnlyRootFilesystem: true
    ///         capabilities: {drop: [ALL]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: default-deny, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Limits
    /// Told of Namespaces that the files hold together with workloads, and of what comes in. What counts is what all
    /// policies that select every pod come to: one that allows everything undoes the others. Nothing is said where
    /// policies of a network plugin (Cilium, Calico) or of the cluster are applied as well.
    "network-policy/no-default-deny",
    severity: Severity::Medium,
    opt_in: true,
    references: &["CIS 1.12: 5.3.2", "OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for cluster in &snapshot.network(&context.clusters).clusters {
        let world = &cluster.reach.world;
        let of_cluster = world.policies.iter().any(|it| it.tier != Tier::Namespace);
        for namespace in &world.namespaces {
            let Some(at) = &namespace.at else {
                continue;
            };
            let mut workloads = world.workloads.iter();
            if of_cluster || !cluster.unanalysed.is_empty() || denies(world, &namespace.name) {
                sayings.refute(at, "");
            } else if workloads.any(|workload| workload.namespace == namespace.name) {
                let sentence = "no NetworkPolicy denies what comes in to all of its pods, so that what no other policy selects is open to everybody; keep one with podSelector: {} and policyTypes: [Ingress]".to_owned();
                sayings.add(at, "", Severity::Medium, sentence, Vec::new());
            }
        }
    }
    sayings.tell(snapshot, sink);
}

/// True if what selects all pods of a namespace lets in less than everything.
fn denies(world: &World, namespace: &str) -> bool {
    let policies = world.policies.iter().filter(|policy| {
        policy.namespace.as_deref() == Some(namespace) && policy.subject.pods.is_all()
    });
    let rules: Vec<_> = policies
        .filter_map(|policy| policy.ingress.as_deref())
        .collect();
    !rules.is_empty() && !rules.iter().any(|rules| allows_all(rules).is_some())
}
