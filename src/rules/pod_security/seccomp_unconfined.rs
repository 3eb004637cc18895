use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// Seccomp is turned off for a container.
    ///
    /// ## Why it matters
    /// The runtime's default profile blocks the system calls that most container escapes start with.
    /// `Unconfined` gives all of them back.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   seccompProfile:
    ///     type: Unconfined
    /// ```
    ///
    /// ## Instead
    /// If the default profile blocks a call that the program needs, name a profile of your own with `Localhost`.
    /// ```yaml good
    /// securityContext:
    ///   seccompProfile:
    ///     type: RuntimeDefault
    /// ```
    ///
    /// ## Limits
    /// Judged by a version below 1.19, annotations count instead of the field, as they did then.
    "pod-security/seccomp-unconfined",
    severity: Severity::High,
    references: &["PSS baseline: seccompProfile_baseline", "CIS 1.12: 5.6.2", "CWE-693"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let check = StandardCheck::SeccompProfileBaseline;
    context.violations(check, workload, &mut |violation| {
        sink.report_violation(&violation)
            .instead(violation.field.node(), "Unconfined", "RuntimeDefault")
            .say(&violation.reason);
    });
}
