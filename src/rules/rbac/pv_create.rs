use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to make `PersistentVolumes`.
    ///
    /// ## Why it matters
    /// A volume may be a path of the node (`hostPath`), which every pod that claims it then writes to, whatever Pod
    /// Security says of `hostPath` in pods.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: volumes
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [persistentvolumes]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: volumes
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [persistentvolumeclaims]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Limits
    /// Provisioners of storage need it. Volumes lie outside of namespaces, so that a `Role` gives nothing of them. A
    /// role that no binding of the repository gives to anybody is one level less grave.
    "rbac/pv-create",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CIS 1.12: 5.1.9", "CWE-732"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [("", &["persistentvolumes"][..], &["create"][..])];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        if !granted.is_of_cluster() {
            continue;
        }
        let (of_cluster, namespaced) = (Severity::High, Severity::High);
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which reaches files of nodes through volumes, past Pod Security; {}; let a StorageClass make volumes for claims, and leave persistentvolumes to the provisioner",
                named.told(),
                granted.holders()
            ));
    }
}
