use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to write definitions of APIs.
    ///
    /// ## Why it matters
    /// A `CustomResourceDefinition` names a webhook that converts its objects, and an `APIService` who answers for a
    /// whole API group: whoever writes them reads what is sent there, tokens of the callers included.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: installer
    /// rules:
    ///   - apiGroups: [apiregistration.k8s.io]
    ///     resources: [apiservices]
    ///     verbs: [create, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: installer
    /// rules:
    ///   - apiGroups: [apiregistration.k8s.io]
    ///     resources: [apiservices]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// To change those that are there is as good as to make one where it is done in bad faith. It is medium all the
    /// same, as everything that fills in certificates is written that way, and there is no narrower right for it but
    /// `resourceNames`, with which it is low. Definitions lie outside of namespaces, so that a `Role` gives nothing of
    /// them. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/api-definitions-write",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[
        (
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
            &["create", "update", "patch"],
        ),
        (
            "apiregistration.k8s.io",
            &["apiservices"],
            &["create", "update", "patch"],
        ),
    ],
    gravity: |it, _| it.of_cluster_rules(),
    lets: "which decides who answers for APIs of the cluster",
    instead: "leave definitions to what installs them, or name them in resourceNames with update and patch alone",
    ..Right::NONE
};
