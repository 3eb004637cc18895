use crate::kubernetes::pod_security::{StandardCheck, Violation};
use crate::kubernetes::{Container, Pod};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container asks to run as the user 0.
    ///
    /// ## Why it matters
    /// `runAsUser: 0` is root, even where the image would have run as someone else. Root in a container is root for
    /// the kernel: a flaw in it, or one careless mount, is then a flaw of the node.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   runAsUser: 0
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// securityContext:
    ///   runAsUser: 1000
    ///   runAsNonRoot: true
    /// ```
    ///
    /// ## Limits
    /// From Kubernetes 1.35 on a pod with `hostUsers: false` may be root in its own namespace. Below 1.23 the standard
    /// did not look at `runAsUser`; `pod-security/may-run-as-root` speaks there.
    "pod-security/root-user",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS restricted: runAsUser", "CIS 1.12: 5.2.7", "CWE-250"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(StandardCheck::RunAsUser, workload, &mut |violation| {
        let sentence = if is_kept_from_root(workload.pod, &violation) {
            "runAsUser is 0, which runAsNonRoot keeps from starting; it must be another number or unset"
        } else {
            "runAsUser is 0; it must be another number, with runAsNonRoot: true beside it"
        };
        sink.report_violation(&violation).say(sentence);
    });
}

/// True if `runAsNonRoot` is true where the user stands, or is inherited there.
fn is_kept_from_root(pod: Pod<'_>, violation: &Violation<'_>) -> bool {
    let own = violation
        .container
        .map(|container: Container<'_>| container.security_context().run_as_non_root())
        .filter(|own| own.is_set());
    own.unwrap_or_else(|| pod.security_context().run_as_non_root())
        .is_true()
}
