use crate::kubernetes::accounts::DEFAULT;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A pod uses rights that are given to the default `ServiceAccount` of its namespace.
    ///
    /// ## Why it matters
    /// Every pod of the namespace that names no `ServiceAccount` has the same rights, also those that are added later and
    /// by somebody else. A `ServiceAccount` of its own keeps the rights with the program that needs them.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: watcher, namespace: shop}
    /// spec:
    ///   securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
    ///   containers:
    ///     - name: watcher
    ///       image: registry.example.com/watcher@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    ///       securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    ///       resources: {requests: {cpu: 10m}, limits: {memory: 64Mi}}
    ///       livenessProbe: {exec: {command: [watcher, --alive]}}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: watcher, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
    /// subjects:
    ///   - kind: ServiceAccount
    ///     name: default
    ///     namespace: shop
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: watcher, namespace: shop}
    /// spec:
    ///   serviceAccountName: watcher
    ///   securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
    ///   containers:
    ///     - name: watcher
    ///       image: registry.example.com/watcher@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    ///       securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    ///       resources: {requests: {cpu: 10m}, limits: {memory: 64Mi}}
    ///       livenessProbe: {exec: {command: [watcher, --alive]}}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: watcher, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
    /// subjects:
    ///   - kind: ServiceAccount
    ///     name: watcher
    ///     namespace: shop
    /// ```
    ///
    /// ## Limits
    /// Where nothing gives the default `ServiceAccount` rights, its name does no harm: a token that is mounted all the same
    /// is a matter of `workload/token-automounted`. Without a namespace, a pod and a binding belong together if they
    /// stand in one folder.
    "workload/default-service-account",
    severity: Severity::Low,
    references: &["CIS 1.12: 5.1.5", "CWE-250"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let (pod, object) = (workload.pod, workload.object);
    let mounted = pod.automount();
    let account = pod.account();
    if account != Some(DEFAULT) || mounted.is_set() && !mounted.is_true() || !workload.is_whole {
        return;
    }
    let neighbours = workload.snapshot.neighbours();
    if !mounted.is_set() && neighbours.account_keeps_token(object, DEFAULT) {
        return;
    }
    let Some(binding) = neighbours.default_binding(object) else {
        return;
    };
    let field = pod.account_field();
    let found = if field.is_set() {
        "is default"
    } else {
        "is not set"
    };
    sink.report(field)
        .related_in(binding.location.clone(), "gives the default account rights")
        .say(&format!(
            "serviceAccountName {found}, so the pod shares the rights that {} gives all pods of its namespace; give it \
             a ServiceAccount of its own",
            binding.title
        ));
}
