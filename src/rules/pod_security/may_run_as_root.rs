use crate::kubernetes::Pod;
use crate::kubernetes::pod_security::{StandardCheck, Violation};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// Nothing keeps a container from running as root.
    ///
    /// ## Why it matters
    /// Most images run as root unless they are told otherwise. Root in a container is root for the kernel: a flaw in
    /// it, or one careless mount, is then a flaw of the node. `runAsNonRoot: true` makes the kubelet refuse to start
    /// the container as root, whatever its image says.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   runAsNonRoot: false
    /// ```
    ///
    /// ## Instead
    /// Say it once for the pod. If the image names its user, say that user's number too: the kubelet cannot tell
    /// whether a name is root.
    /// ```yaml good
    /// spec:
    ///   securityContext:
    ///     runAsNonRoot: true
    ///     runAsUser: 1000
    /// ```
    ///
    /// ## Limits
    /// Where the container asks for the user 0, `pod-security/root-user` speaks, and says what is missing here. From
    /// Kubernetes 1.35 on a pod with `hostUsers: false` may be root in its own namespace.
    "pod-security/may-run-as-root",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS restricted: runAsNonRoot", "CIS 1.12: 5.2.7", "CWE-250"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let told_elsewhere = context
        .standing(workload)
        .asks(StandardCheck::RunAsUser, context.targets);
    context.violations(StandardCheck::RunAsNonRoot, workload, &mut |violation| {
        if !(told_elsewhere && asks_for_root(workload.pod, &violation)) {
            // Where the container names no user, that of its image may be root, and it would not start.
            let names_user = violation.container.is_some()
                && user(workload.pod, &violation).is_some_and(|id| id > 0);
            let node = violation.field.node().filter(|_| names_user);
            sink.report_violation(&violation)
                .instead(node, "false", "true")
                .say(&violation.reason);
        }
    });
}

/// True if the user 0 is asked for in the place where `runAsNonRoot` is false, or, where nothing is said, is
/// what takes effect: one edit mends both.
fn asks_for_root(pod: Pod<'_>, violation: &Violation<'_>) -> bool {
    user(pod, violation) == Some(0)
}

/// The user that is asked for in the place of `runAsNonRoot`, or that takes effect where nothing is said.
fn user(pod: Pod<'_>, violation: &Violation<'_>) -> Option<i64> {
    let user = match violation.container {
        None => pod.security_context().run_as_user(),
        Some(container) => {
            let own = container.security_context().run_as_user();
            let inherits = !own.is_set() && !violation.field.is_set();
            if inherits {
                pod.security_context().run_as_user()
            } else {
                own
            }
        }
    };
    user.as_int()
}
