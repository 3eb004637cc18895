use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to open connections to ports of pods.
    ///
    /// ## Why it matters
    /// The connection comes from the node, so that no `NetworkPolicy` holds it back, and it gets to ports that the pod
    /// opens for itself alone.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: forwarder
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/portforward]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: forwarder
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Below Kubernetes 1.35 `get` is enough as well, as a websocket is opened by it; it counts where such a version is
    /// among the targets. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/port-forward",
    severity: Severity::Medium,
    other_severities: &[Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-923"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["pods/portforward"], &["create"])],
    below_1_35: &[("", &["pods/portforward"], &["create", "get"])],
    gravity: |it, _| Some(it.or_named(Severity::Medium, Severity::Low)),
    lets: "which gets to every port of pods past each NetworkPolicy",
    instead: "leave it out, and reach what is meant for others through a Service",
    ..Right::NONE
};
