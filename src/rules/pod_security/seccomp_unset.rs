use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container has no seccomp profile.
    ///
    /// ## Why it matters
    /// Without a profile a container may use every system call of the node's kernel, those included that most
    /// container escapes start with. Kubernetes sets none by default.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   securityContext:
    ///     runAsNonRoot: true
    ///     seccompProfile: ~
    /// ```
    ///
    /// ## Instead
    /// Say it once for the pod.
    /// ```yaml good
    /// spec:
    ///   securityContext:
    ///     seccompProfile:
    ///       type: RuntimeDefault
    /// ```
    ///
    /// ## Limits
    /// A kubelet can be told to use the default profile for all pods; a manifest cannot know, and the restricted
    /// level does not count it. Windows pods (`os.name`) are exempt from 1.25 on.
    "pod-security/seccomp-unset",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS restricted: seccompProfile_restricted", "CIS 1.12: 5.6.2", "CWE-693"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let check = StandardCheck::SeccompProfileRestricted;
    context.violations(check, workload, &mut |violation| {
        // A profile that is there and bad is what `seccomp-unconfined` tells.
        let unset = violation
            .container
            .is_some_and(|container| !container.security_context().seccomp_profile().is_set());
        if unset {
            sink.report_violation(&violation).say(&violation.reason);
        }
    });
}
