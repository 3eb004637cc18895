use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to write definitions of APIs.
    ///
    /// ## Why it matters
    /// A `CustomResourceDefinition` names a webhook that converts its objects, and an `APIService` who answers for a
    /// whole API group: whoever writes them reads what is sent there, tokens of the callers included.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: installer
    /// rules:
    ///   - apiGroups: [apiregistration.k8s.io]
    ///     resources: [apiservices]
    ///     verbs: [create, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: installer
    /// rules:
    ///   - apiGroups: [apiregistration.k8s.io]
    ///     resources: [apiservices]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Whoever may only change those that are there, as operators do that fill in certificates, is one level less
    /// grave. Definitions lie outside of namespaces, so that a `Role` gives nothing of them. A role that no binding of
    /// the repository gives to anybody is one level less grave.
    "rbac/api-definitions-write",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [
        (
            "apiextensions.k8s.io",
            &["customresourcedefinitions"][..],
            &["create", "update", "patch"][..],
        ),
        (
            "apiregistration.k8s.io",
            &["apiservices"][..],
            &["create", "update", "patch"][..],
        ),
    ];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        if !granted.is_of_cluster() {
            continue;
        }
        let of_cluster = match (granted.rule.is_named(), named.verb.as_str()) {
            (true, _) => Severity::Low,
            (false, Some("create" | "*")) => Severity::High,
            (false, _) => Severity::Medium,
        };
        let namespaced = of_cluster;
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which decides who answers for APIs of the cluster; {}; leave definitions to what installs them, or name them in resourceNames with update and patch alone",
                named.told(),
                granted.holders()
            ));
    }
}
