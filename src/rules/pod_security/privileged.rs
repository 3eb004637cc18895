use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container runs with `privileged: true`.
    ///
    /// ## Why it matters
    /// A privileged container has every capability, sees every device of its node and is held back by no security
    /// profile. Whoever gets into it owns the node, and with the node the secrets of every pod on it.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   privileged: true
    /// ```
    ///
    /// ## Instead
    /// Add the one capability that the program needs, or move what needs the node into a device plugin or a CSI
    /// driver that is installed once.
    /// ```yaml good
    /// securityContext:
    ///   privileged: false
    ///   capabilities:
    ///     drop: [ALL]
    ///     add: [NET_BIND_SERVICE]
    /// ```
    "pod-security/privileged",
    severity: Severity::Critical,
    references: &["PSS baseline: privileged", "CIS 1.12: 5.2.2", "CWE-250"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(StandardCheck::Privileged, workload, &mut |violation| {
        sink.report_violation(&violation)
            .instead(violation.field.node(), "true", "false")
            .say(&violation.reason);
    });
}
