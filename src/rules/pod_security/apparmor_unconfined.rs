use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// AppArmor is turned off for a container.
    ///
    /// ## Why it matters
    /// On nodes with AppArmor the runtime's default profile keeps containers from mounting file systems, from
    /// writing to sensitive parts of `/proc` and `/sys`, and from tracing processes. `Unconfined` takes that layer away.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   appArmorProfile:
    ///     type: Unconfined
    /// ```
    ///
    /// ## Instead
    /// Leave the field out, or name a profile.
    /// ```yaml good
    /// securityContext:
    ///   appArmorProfile:
    ///     type: RuntimeDefault
    /// ```
    "pod-security/apparmor-unconfined",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: appArmorProfile", "CWE-693"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(StandardCheck::AppArmorProfile, workload, &mut |violation| {
        sink.report_violation(&violation)
            .instead(violation.field.node(), "Unconfined", "RuntimeDefault")
            .say(&violation.reason);
    });
}
