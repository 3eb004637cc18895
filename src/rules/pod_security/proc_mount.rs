use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container sees all of `/proc`.
    ///
    /// ## Why it matters
    /// Container runtimes hide the parts of `/proc` that belong to the node's kernel and make others read-only.
    /// With `procMount: Unmasked` a container that runs as root can change settings of the whole node.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   procMount: Unmasked
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// securityContext:
    ///   procMount: Default
    /// ```
    ///
    /// ## Limits
    /// From Kubernetes 1.35 on the baseline level permits it in a pod with `hostUsers: false`; there
    /// `pod-security/unmasked-proc` speaks.
    "pod-security/proc-mount",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: procMount", "CWE-668"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(StandardCheck::ProcMount, workload, &mut |violation| {
        sink.report_violation(&violation).say(&violation.reason);
    });
}
