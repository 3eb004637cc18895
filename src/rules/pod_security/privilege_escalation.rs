use crate::kubernetes::Container;
use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// Processes of a container may gain privileges that they did not start with.
    ///
    /// ## Why it matters
    /// Unless `allowPrivilegeEscalation` is false, a setuid program in the image (`su`, `mount`, one with a flaw) turns an
    /// attacker who has the application's user into root. With it, the kernel ignores setuid bits.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   allowPrivilegeEscalation: true
    /// ```
    ///
    /// ## Instead
    /// Every container needs it in its own `securityContext`: the pod's has no such field.
    /// ```yaml good
    /// securityContext:
    ///   allowPrivilegeEscalation: false
    /// ```
    ///
    /// ## Limits
    /// Silent where the container is privileged or adds `SYS_ADMIN`: Kubernetes refuses `false` there, and the rules
    /// about those speak.
    "pod-security/privilege-escalation",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &[
        "PSS restricted: allowPrivilegeEscalation",
        "CIS 1.12: 5.2.6",
        "CWE-269",
    ],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let check = StandardCheck::AllowPrivilegeEscalation;
    context.violations(check, workload, &mut |violation| {
        if !violation.container.is_some_and(has_all_privileges) {
            sink.report_violation(&violation)
                .instead(violation.field.node(), "true", "false")
                .say(&violation.reason);
        }
    });
}

/// The API server refuses `allowPrivilegeEscalation: false` beside either of these.
fn has_all_privileges(container: Container<'_>) -> bool {
    container.privileged().is_true() || container.adds_capability("SYS_ADMIN")
}
