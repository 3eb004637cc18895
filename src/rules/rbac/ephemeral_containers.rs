use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to put containers into running pods.
    ///
    /// ## Why it matters
    /// A container that is added to a pod shares its network and, where it asks for it, its processes, whose files and
    /// environment hold what secrets they were given.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debugger
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/ephemeralcontainers]
    ///     verbs: [patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debugger
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/ephemeralcontainers]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/ephemeral-containers",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["pods/ephemeralcontainers"], &["patch", "update"])],
    gravity: |it, _| Some(it.or_named(Severity::High, Severity::Medium)),
    lets: "which runs an image of any choice inside of pods that are there",
    instead: "leave it out, and give it for the time of a search alone",
    ..Right::NONE
};
