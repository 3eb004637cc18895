use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to delete events.
    ///
    /// ## Why it matters
    /// Events tell what happened to pods, and deleting them takes away traces.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: cleaner
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [events]
    ///     verbs: [delete]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: cleaner
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [events]
    ///     verbs: [create, patch]
    /// ```
    ///
    /// ## Limits
    /// The API server knows no way to delete `pods/log`, and nothing is said of that. A role that no binding of the
    /// repository gives to anybody is one level less grave.
    "rbac/events-delete",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["OWASP K8s 2025: K10", "MITRE T1070"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[
        ("", &["events"], &["delete", "deletecollection"]),
        (
            "events.k8s.io",
            &["events"],
            &["delete", "deletecollection"],
        ),
    ],
    gravity: |_, _| Some(Severity::Low),
    lets: "which takes away traces of what happened",
    instead: "leave it out, as events go by themselves",
    ..Right::NONE
};
