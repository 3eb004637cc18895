use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to reach pods or Services through the API server.
    ///
    /// ## Why it matters
    /// Requests that `pods/proxy` and `services/proxy` hand on come from the API server, so that what lies behind is
    /// reached past each `NetworkPolicy` and past whatever asks who they are from.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: dashboard
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [services/proxy]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: dashboard
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [services]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/proxy-subresource",
    severity: Severity::Medium,
    other_severities: &[Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-441"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[(
        "",
        &["pods/proxy", "services/proxy"],
        &["get", "create", "update", "patch", "delete"],
    )],
    gravity: |it, _| Some(it.or_named(Severity::Medium, Severity::Low)),
    lets: "which sends requests to what listens there in the name of the API server, past each NetworkPolicy",
    instead: "leave it out, and reach it through a Service or an Ingress that asks who comes",
    ..Right::NONE
};
