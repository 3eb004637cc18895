use crate::rule::{Check, Right, Severity, declare_rule};
use crate::snapshot::granted::HANDED_ON;

declare_rule! {
    /// A role allows to write bindings.
    ///
    /// ## Why it matters
    /// Whoever writes bindings hands on every right that they hold, to whom they like, and takes rights from others.
    /// More than they hold they give only with `bind`, which the rule of that name is about.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: binder
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [rolebindings]
    ///     verbs: [create, patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: binder
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [rolebindings]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// `create` with `resourceNames` has no effect, as such a request has no name, and nothing is said of it. Who may
    /// also `bind` a role that gives every right, by this role or by another one, or holds every right to hand on, is
    /// told as critical, and as high where that is so in one namespace. Where `resourceNames` say which bindings are
    /// meant, it is low. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/bindings-write",
    severity: Severity::Medium,
    other_severities: &[Severity::Critical, Severity::High, Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[(
        "rbac.authorization.k8s.io",
        &["clusterrolebindings", "rolebindings"],
        &["update", "patch", "create"],
    )],
    by: HANDED_ON,
    gravity: |it, goal| Some(it.handed_on(goal)),
    lets: "which hands on every right that its holder has, and more together with bind",
    instead: "leave bindings to what deploys them",
    ..Right::NONE
};
