use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to start programs in running pods, or to attach to them.
    ///
    /// ## Why it matters
    /// Whoever gets into a container has its secrets, its token and its place in the network, and leaves nothing that is
    /// in any image. It is high for all pods of a namespace, and medium where `resourceNames` say which pods are meant.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debug
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/exec]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debug
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods, pods/log]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// Below Kubernetes 1.35 `get` is enough as well, as a websocket is opened by it; it counts where such a version is
    /// among the targets. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/pods-exec",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["pods/exec", "pods/attach"], &["create"])],
    below_1_35: &[("", &["pods/exec", "pods/attach"], &["create", "get"])],
    is_told_each: true,
    gravity: |it, _| Some(it.or_named(Severity::High, Severity::Medium)),
    extent: (" in all pods", " in named pods"),
    lets: "which gives the secrets, the token and the network of what runs there",
    instead: "leave it out, and give pods/log where logs are all that is needed",
    ..Right::NONE
};
