use crate::rule::{Check, Right, Severity, declare_rule};

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
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["persistentvolumes"], &["create"])],
    gravity: |it, _| it.is_of_cluster().then_some(Severity::High),
    lets: "which reaches files of nodes through volumes, past Pod Security",
    instead: "let a StorageClass make volumes for claims, and leave persistentvolumes to the provisioner",
    ..Right::NONE
};
