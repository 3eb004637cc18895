use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to make or change what runs pods.
    ///
    /// ## Why it matters
    /// Whoever makes pods chooses their image and their `ServiceAccount`: all accounts and secrets of the namespace are
    /// theirs. What deploys needs it; where it leads to the cluster, `rbac/escalation-path-added` tells.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: deployer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [create, patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: deployer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// `create` with `resourceNames` has no effect, as such a request has no name, and nothing is said of it. It is
    /// told once a role. In `kube-system`, which holds accounts that can do everything, it is high. A role that no
    /// binding of the repository gives to anybody is one level less grave.
    "rbac/workload-write",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.4", "OWASP K8s 2025: K02"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [
        (
            "",
            &["pods", "replicationcontrollers"][..],
            &["create", "update", "patch"][..],
        ),
        (
            "apps",
            &["deployments", "daemonsets", "statefulsets", "replicasets"][..],
            &["create", "update", "patch"][..],
        ),
        (
            "batch",
            &["jobs", "cronjobs"][..],
            &["create", "update", "patch"][..],
        ),
    ];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        let of_system = granted.is_confined_to("kube-system");
        let (of_cluster, namespaced) = match (of_system, granted.rule.is_named()) {
            (true, false) => (Severity::High, Severity::High),
            (_, true) => (Severity::Low, Severity::Low),
            _ => (Severity::Medium, Severity::Medium),
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which runs any image as any ServiceAccount of the namespace; {}; leave it to what deploys, in the namespaces that it deploys to",
                named.told(),
                granted.holders()
            ));
    }
}
