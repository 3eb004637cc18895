use crate::kubernetes::pod_security::Version;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming;

declare_rule! {
    /// A role allows to start programs in running pods, or to attach to them.
    ///
    /// ## Why it matters
    /// Whoever gets into a container has its secrets, its token and its place in the network, and leaves nothing that is
    /// in any image. It is high for all pods of a namespace, and medium where `resourceNames` say which pods are meant.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debug
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/exec]
    ///     verbs: [create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debug
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods, pods/log]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// Below Kubernetes 1.35 `get` is enough as well, as a websocket is opened by it; it counts where such a version is
    /// among the targets. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/pods-exec",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

/// The first version whose API server asks for `create` where a websocket is opened.
const BY_CREATE: Version = Version(35);

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let by_get = context
        .targets
        .oldest()
        .is_some_and(|oldest| oldest < BY_CREATE);
    let verbs: &[&str] = if by_get {
        &["create", "get"]
    } else {
        &["create"]
    };
    let wanted = ("", &["pods/exec", "pods/attach"][..], verbs);
    for (granted, named) in naming(snapshot, context.of_access(), &[wanted]) {
        let is_named = granted.rule.is_named();
        let severity = if is_named {
            Severity::Medium
        } else {
            Severity::High
        };
        let which = if is_named { "named pods" } else { "all pods" };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(severity, severity))
            .say(&format!(
                "verbs allow {} in {which}, which gives the secrets, the token and the network of what runs there; {}; leave it out, and give pods/log where logs are all that is needed",
                named.told(),
                granted.holders()
            ));
    }
}
