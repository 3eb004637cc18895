use crate::kubernetes::pod_security::Version;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to open connections to ports of pods.
    ///
    /// ## Why it matters
    /// The connection comes from the node, so that no `NetworkPolicy` holds it back, and it gets to ports that the pod
    /// opens for itself alone.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: forwarder
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/portforward]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: forwarder
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Below Kubernetes 1.35 `get` is enough as well, as a websocket is opened by it; it counts where such a version is
    /// among the targets. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/port-forward",
    severity: Severity::Medium,
    other_severities: &[Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-923"],
    check: Check::Manifests(check),
}

/// The first version whose API server asks for `create` where a websocket is opened.
const BY_CREATE: Version = Version(35);

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let oldest = context.targets.oldest();
    let verbs: &[&str] = if oldest.is_some_and(|oldest| oldest < BY_CREATE) {
        &["create", "get"]
    } else {
        &["create"]
    };
    let wanted = [("", &["pods/portforward"][..], verbs)];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        let (of_cluster, namespaced) = if granted.rule.is_named() {
            (Severity::Low, Severity::Low)
        } else {
            (Severity::Medium, Severity::Medium)
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which gets to every port of pods past each NetworkPolicy; {}; leave it out, and reach what is meant for others through a Service",
                named.told(),
                granted.holders()
            ));
    }
}
