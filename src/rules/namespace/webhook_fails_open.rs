use crate::kubernetes::Object;
use crate::kubernetes::admission::{Control, ControlKind};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// An admission webhook lets everything in while it does not answer.
    ///
    /// ## Why it matters
    /// With `failurePolicy: Ignore`, what the webhook would refuse is let in whenever the webhook is down, too slow or
    /// cut off from the API server, and whoever can overload it chooses the moment. A mutating webhook (low) leaves out
    /// what it would have set.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: admissionregistration.k8s.io/v1
    /// kind: ValidatingWebhookConfiguration
    /// metadata:
    ///   name: policy
    /// webhooks:
    ///   - name: pods.policy.example.com
    ///     failurePolicy: Ignore
    ///     rules:
    ///       - apiGroups: [""]
    ///         apiVersions: [v1]
    ///         operations: [CREATE, UPDATE]
    ///         resources: [pods]
    /// ```
    ///
    /// ## Instead
    /// Run the webhook with several replicas, and keep its own namespace out of its reach.
    /// ```yaml good
    /// apiVersion: admissionregistration.k8s.io/v1
    /// kind: ValidatingWebhookConfiguration
    /// metadata:
    ///   name: policy
    /// webhooks:
    ///   - name: pods.policy.example.com
    ///     failurePolicy: Fail
    ///     rules:
    ///       - apiGroups: [""]
    ///         apiVersions: [v1]
    ///         operations: [CREATE, UPDATE]
    ///         resources: [pods]
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of webhooks that are asked only about kinds of an operator's own, such as certificates: they
    /// protect the operator from mistakes. Nor of the namespaces that a selector leaves out: without such exemptions a
    /// webhook that is down keeps the cluster from starting it again. Some controllers set `Fail` themselves once they
    /// are ready, which a manifest cannot show.
    "namespace/webhook-fails-open",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["OWASP K8s 2022: K04", "CWE-636"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(control) = Control::of(object).filter(|it| it.kind() == ControlKind::Webhooks) else {
        return;
    };
    let severity = if control.validates() {
        Severity::Medium
    } else {
        Severity::Low
    };
    for webhook in control.parts().filter(|part| part.sees_built_in_kinds()) {
        let policy = webhook.failure_policy();
        if policy.as_str() == Some("Ignore") {
            sink.report(policy).severity(severity).say(&format!(
                "failurePolicy of {} is \"Ignore\", so that what it guards is let in while it does not answer; set it to Fail",
                webhook.title()
            ));
        }
    }
}
