use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to write webhooks or policies of admission.
    ///
    /// ## Why it matters
    /// What admits objects sees all of them, secrets included, and may change each: whoever sets a webhook reads and
    /// rewrites the cluster, and whoever takes one away ends what it guards.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: injector
    /// rules:
    ///   - apiGroups: [admissionregistration.k8s.io]
    ///     resources: [mutatingwebhookconfigurations]
    ///     verbs: [create, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: injector
    /// rules:
    ///   - apiGroups: [admissionregistration.k8s.io]
    ///     resources: [mutatingwebhookconfigurations]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Whoever may only change those that are there, as operators do that fill in certificates, is one level less
    /// grave. Webhooks lie outside of namespaces, so that a `Role` gives nothing of them. A role that no binding of the
    /// repository gives to anybody is one level less grave.
    "rbac/webhooks-write",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.12", "OWASP K8s 2025: K04"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [(
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ][..],
        &["create", "update", "patch"][..],
    )];
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
                "verbs allow {}, which decides what the cluster admits, and shows its holder each object that is written; {}; name the webhooks that are meant in resourceNames, with update and patch alone",
                named.told(),
                granted.holders()
            ));
    }
}
