use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container takes a port of its node.
    ///
    /// ## Why it matters
    /// A `hostPort` is open on the node's own address, past Services and often past network policies, and only one
    /// pod of a node can have it: the second replica waits for a node that is free.
    ///
    /// ## Example
    /// ```yaml bad
    /// ports:
    ///   - containerPort: 8080
    ///     hostPort: 80
    /// ```
    ///
    /// ## Instead
    /// Publish the port with a Service.
    /// ```yaml good
    /// ports:
    ///   - containerPort: 8080
    /// ```
    ///
    /// ## Limits
    /// With `hostNetwork` every port is one of the node; there `pod-security/host-namespaces` speaks, and this rule
    /// does not.
    "pod-security/host-port",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: hostPorts", "CIS 1.12: 5.2.12", "CWE-668"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    if workload.pod.host_network().is_true() {
        return;
    }
    context.violations(StandardCheck::HostPorts, workload, &mut |violation| {
        sink.report_violation(&violation).say(&violation.reason);
    });
}
