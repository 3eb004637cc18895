use crate::access::powers::Means;
use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to ask for tokens of `ServiceAccounts`.
    ///
    /// ## Why it matters
    /// Whoever holds the token of an account is that account, for as long as the token says. In `kube-system`, and so in
    /// the whole cluster (critical), there are accounts that can do everything.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: tokens
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [serviceaccounts/token]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Instead
    /// A pod that needs a token has one mounted (`serviceAccountToken` in a projected volume), which takes no right.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: tokens
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [serviceaccounts]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// Where `resourceNames` say which accounts are meant, it is low, and high where one of them leads to every right,
    /// to nodes or to the secrets of `kube-system` and the holder does not by themselves. A role that no binding of the
    /// repository gives to anybody is one level less grave.
    "rbac/token-request",
    severity: Severity::High,
    other_severities: &[Severity::Critical, Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.13", "OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["serviceaccounts/token"], &["create"])],
    is_told_each: true,
    by: &[Means::RequestToken],
    gravity: |it, goal| {
        let all = if it.is_of_cluster() || it.given.reaches_system() {
            Severity::Critical
        } else {
            Severity::High
        };
        let named = match goal {
            Some(_) => Severity::High,
            None => Severity::Low,
        };
        Some(it.or_named(all, named))
    },
    extent: (" of all accounts", " of named accounts"),
    lets: "and whoever holds the token of an account is that account",
    instead: "name the one account in resourceNames, or leave it out",
    ..Right::NONE
};
