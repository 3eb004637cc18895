use crate::kubernetes::pod_security::{Level, StandardCheck, permits_added_capability};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container keeps or adds capabilities that it hardly needs.
    ///
    /// ## Why it matters
    /// Container runtimes give every container about a dozen capabilities: to change owners of files, to forge
    /// packets, to become any user. A service needs none of them, and an attacker can use each.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   capabilities:
    ///     drop: [NET_RAW]
    /// ```
    ///
    /// ## Instead
    /// Every container needs it in its own `securityContext`: the pod's has no such field.
    /// ```yaml good
    /// securityContext:
    ///   capabilities:
    ///     drop: [ALL]
    /// ```
    ///
    /// ## Limits
    /// Added capabilities that the baseline level already refuses are told by `pod-security/added-capability`.
    /// Windows pods (`os.name`) are exempt from 1.25 on.
    "pod-security/undropped-capabilities",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS restricted: capabilities_restricted", "CIS 1.12: 5.2.9", "CWE-250"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let check = StandardCheck::CapabilitiesRestricted;
    context.violations(check, workload, &mut |violation| {
        // What carries a value is one added capability; otherwise it is about what is dropped.
        let told_elsewhere = !violation.value.is_empty()
            && !permits_added_capability(Level::Baseline, &violation.value);
        if !told_elsewhere {
            sink.report_violation(&violation).say(&violation.reason);
        }
    });
}
