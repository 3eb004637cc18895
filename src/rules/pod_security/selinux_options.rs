use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A pod chooses an SELinux type, user or role that is not meant for containers.
    ///
    /// ## Why it matters
    /// SELinux decides by these labels what a process may touch. A type such as `spc_t` is not confined at all, and a
    /// user or a role of one's own can lead to one that is not.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   seLinuxOptions:
    ///     type: spc_t
    /// ```
    ///
    /// ## Instead
    /// Leave the type out, or use a container type. `level` may be set freely.
    /// ```yaml good
    /// securityContext:
    ///   seLinuxOptions:
    ///     type: container_t
    ///     level: "s0:c123,c456"
    /// ```
    "pod-security/selinux-options",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: seLinuxOptions", "CWE-693"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(StandardCheck::SeLinuxOptions, workload, &mut |violation| {
        sink.report_violation(&violation).say(&violation.reason);
    });
}
