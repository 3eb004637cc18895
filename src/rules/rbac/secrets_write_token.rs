use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

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
    /// Rights that come together from two roles are told by `rbac/escalation-path-added`. A `patch` alone gives no
    /// token, as the type of a secret never changes. A role that no binding of the repository gives to anybody is one
    /// level less grave.
    "rbac/secrets-write-token",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-522"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [("", &["secrets"][..], &["create"][..])];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        if !granted.has_beside(&[("", &["secrets"], &["get", "list", "watch"])]) {
            continue;
        }
        let namespaced = if granted.is_confined_to("kube-system") {
            Severity::High
        } else {
            Severity::Medium
        };
        let of_cluster = Severity::High;
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which together with reading gets a token without end of any ServiceAccount there; {}; leave out create or reading, and limit it to the namespace where it is needed",
                named.told(),
                granted.holders()
            ));
    }
}
