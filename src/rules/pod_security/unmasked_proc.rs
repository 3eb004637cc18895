use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container of a pod with a user namespace sees all of `/proc`.
    ///
    /// ## Why it matters
    /// `hostUsers: false` makes root in the pod a nobody on the node, which takes most of the danger out of
    /// `procMount: Unmasked`; the baseline level permits the two together from Kubernetes 1.35 on. The restricted level does
    /// not: kernel settings that ignore user namespaces stay within reach. What needs it is container builds
    /// inside of pods.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   hostUsers: false
    ///   containers:
    ///     - name: app
    ///       securityContext:
    ///         procMount: Unmasked
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   hostUsers: false
    ///   containers:
    ///     - name: app
    ///       securityContext:
    ///         procMount: Default
    /// ```
    ///
    /// ## Limits
    /// Without a user namespace `pod-security/proc-mount` speaks.
    "pod-security/unmasked-proc",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS restricted: procMount_restricted", "CWE-668"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    if !workload.pod.has_user_namespace() {
        return;
    }
    let check = StandardCheck::ProcMountRestricted;
    context.violations(check, workload, &mut |violation| {
        sink.report_violation(&violation).say(&violation.reason);
    });
}
