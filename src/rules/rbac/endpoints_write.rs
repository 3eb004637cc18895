use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to say where the traffic of Services goes.
    ///
    /// ## Why it matters
    /// Addresses in `endpoints`, `endpointslices` and the status of a Service draw traffic from others and get past
    /// what `NetworkPolicy` allows (CVE-2020-8554, CVE-2021-25740).
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: balancer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [endpoints]
    ///     verbs: [update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: balancer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [endpoints]
    ///     verbs: [get, watch]
    /// ```
    ///
    /// ## Limits
    /// A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/endpoints-write",
    severity: Severity::Medium,
    other_severities: &[Severity::Low, Severity::Note],
    references: &["CVE-2021-25740", "CVE-2020-8554"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[
        (
            "",
            &["endpoints", "services/status"],
            &["create", "update", "patch"],
        ),
        (
            "discovery.k8s.io",
            &["endpointslices"],
            &["create", "update", "patch"],
        ),
    ],
    gravity: |it, _| Some(it.or_named(Severity::Medium, Severity::Low)),
    lets: "which draws the traffic of others to addresses of any choice",
    instead: "let the selector of the Service find its pods",
    ..Right::NONE
};
