use crate::rule::{Check, Right, Severity, declare_rule};
use crate::snapshot::granted::HANDED_ON;

declare_rule! {
    /// A role allows to write roles.
    ///
    /// ## Why it matters
    /// Rules that are added to a role count at once for everybody who has it. More than they hold themselves, writers
    /// add only with `escalate`, which the rule of that name is about.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: keeper
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [roles]
    ///     verbs: [create, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: keeper
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [roles]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// `create` with `resourceNames` has no effect, as such a request has no name, and nothing is said of it. Who may
    /// also `escalate`, by this role or by another one, or holds every right to hand on, is told as critical, and as
    /// high where that is so in one namespace. Where `resourceNames` say which roles are meant, it is low. A role that
    /// no binding of the repository gives to anybody is one level less grave.
    "rbac/roles-write",
    severity: Severity::Medium,
    other_severities: &[Severity::Critical, Severity::High, Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[(
        "rbac.authorization.k8s.io",
        &["clusterroles", "roles"],
        &["update", "patch", "create"],
    )],
    by: HANDED_ON,
    gravity: |it, goal| Some(it.handed_on(goal)),
    lets: "which gives every right that its holder has to all who have the role, and more together with escalate",
    instead: "leave roles to what deploys them",
    ..Right::NONE
};
