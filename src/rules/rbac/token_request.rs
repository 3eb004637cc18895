use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming;

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
    /// Where `resourceNames` say which accounts are meant, it is low: what these can do decides. A role that no binding of
    /// the repository gives to anybody is one level less grave.
    "rbac/token-request",
    severity: Severity::High,
    other_severities: &[Severity::Critical, Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.13", "OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = ("", &["serviceaccounts/token"][..], &["create"][..]);
    for (granted, named) in naming(snapshot, context.of_access(), &[wanted]) {
        let is_named = granted.rule.is_named();
        let of_system = granted.standing.is_some_and(|it| it.reaches("kube-system"));
        let (of_cluster, namespaced) = match (is_named, of_system) {
            (true, _) => (Severity::Low, Severity::Low),
            (false, true) => (Severity::Critical, Severity::Critical),
            (false, false) => (Severity::Critical, Severity::High),
        };
        let which = if is_named {
            "named accounts"
        } else {
            "all accounts"
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {} of {which}, and whoever holds the token of an account is that account; {}; name the one account in resourceNames, or leave it out",
                named.told(),
                granted.holders()
            ));
    }
}
