use crate::kubernetes::Object;
use crate::kubernetes::pod_security_policy::{is_policy, use_of_policies};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A `PodSecurityPolicy`, which no cluster has known since Kubernetes 1.25, stands in for protection.
    ///
    /// ## Why it matters
    /// Kubernetes 1.25 removed `PodSecurityPolicy`. The object cannot be applied any longer, and a role that lets someone
    /// `use` it grants nothing; whoever reads them believes in a protection that is not there.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: policy/v1beta1
    /// kind: PodSecurityPolicy
    /// metadata:
    ///   name: hardened
    /// spec:
    ///   privileged: false
    /// ```
    ///
    /// ## Instead
    /// Let each namespace enforce a level of the Pod Security Standards, or use a `ValidatingAdmissionPolicy`.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// ```
    ///
    /// ## Limits
    /// What a policy says is not looked at: it protects nothing. A role that allows `*` on everything is not told here.
    "namespace/pod-security-policy",
    severity: Severity::Medium,
    references: &["OWASP K8s 2022: K04", "CWE-477"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if is_policy(object) {
        sink.report_span(object.name_span())
            .say("PodSecurityPolicy was removed in Kubernetes 1.25 and enforces nothing; set the label pod-security.kubernetes.io/enforce on namespaces instead");
    }
    if let Some(resource) = use_of_policies(object) {
        sink.report_span(resource.span())
            .say("rules allow \"use\" of podsecuritypolicies, which were removed in Kubernetes 1.25, so that this grants nothing; remove it");
    }
}
