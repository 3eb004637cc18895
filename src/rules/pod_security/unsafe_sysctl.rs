use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A pod sets a sysctl that is not known to be safe.
    ///
    /// ## Why it matters
    /// A safe sysctl counts for one pod alone and cannot harm its neighbours. Others may reach the whole node, use up
    /// its memory, or switch off a protection; and the kubelet refuses the pod unless it was told to permit them.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   securityContext:
    ///     sysctls:
    ///       - name: kernel.msgmax
    ///         value: "65536"
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   securityContext:
    ///     sysctls:
    ///       - name: net.ipv4.ip_unprivileged_port_start
    ///         value: "80"
    /// ```
    ///
    /// ## Limits
    /// The list of safe sysctls grew in 1.27, 1.29, 1.32 and 1.37. A name that is on it in some of the versions that
    /// you target is told with the others.
    "pod-security/unsafe-sysctl",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: sysctls", "CWE-15"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(StandardCheck::Sysctls, workload, &mut |violation| {
        sink.report_violation(&violation).say(&violation.reason);
    });
}
