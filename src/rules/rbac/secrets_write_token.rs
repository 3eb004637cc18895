use crate::access::powers::Means;
use crate::rule::{Check, Right, Severity, declare_rule};
use crate::snapshot::granted::Wanted;

declare_rule! {
    /// A role allows to make and read secrets, and so to get tokens.
    ///
    /// ## Why it matters
    /// A secret of the type `kubernetes.io/service-account-token` that names an account is given a token of it, which
    /// never ends: whoever makes and reads secrets is every account of the namespace.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: issuer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [get]
    /// # file: role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: issuer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [get, create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: issuer
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Limits
    /// The two rights count as well where they come from two roles; the one that lets somebody make secrets is told. A
    /// `patch` alone gives no token, as the type of a secret never changes. In one namespace it is as grave as the
    /// accounts there: high in `kube-system` and where one of them leads to the cluster, else medium. A role that no
    /// binding of the repository gives to anybody is one level less grave.
    "rbac/secrets-write-token",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-522"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["secrets"], &["create"])],
    by: &[Means::MintToken],
    gravity: |it, goal| {
        const READ: &[Wanted<'_>] = &[("", &["secrets"], &["get", "list", "watch"])];
        if !it.given.has_beside(READ) {
            return None;
        }
        Some(
            if it.is_of_cluster() || it.given.reaches_system() || goal.is_some() {
                Severity::High
            } else {
                Severity::Medium
            },
        )
    },
    lets: "which together with reading gets a token without end of any ServiceAccount there",
    instead: "leave out create or reading, and limit it to the namespace where it is needed",
    ..Right::NONE
};
