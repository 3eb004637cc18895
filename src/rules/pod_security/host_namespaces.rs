use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A pod shares the network, the processes or the IPC of its node.
    ///
    /// ## Why it matters
    /// With `hostNetwork` a pod escapes network policies, listens on the node's addresses and reaches services that
    /// trust localhost. With `hostPID` it sees the environment of every process of the node, passwords included.
    /// With `hostIPC` it reads shared memory of others.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   hostNetwork: true
    /// ```
    ///
    /// ## Instead
    /// Let a Service bring the traffic to the pod.
    /// ```yaml good
    /// spec:
    ///   hostNetwork: false
    /// ```
    ///
    /// ## Limits
    /// A Windows host process needs `hostNetwork`; there the host process is told, not the network.
    "pod-security/host-namespaces",
    severity: Severity::High,
    references: &[
        "PSS baseline: hostNamespaces",
        "CIS 1.12: 5.2.3",
        "CIS 1.12: 5.2.4",
        "CIS 1.12: 5.2.5",
        "CWE-653",
    ],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let network = workload.pod.host_network().node();
    context.violations(StandardCheck::HostNamespaces, workload, &mut |violation| {
        let needed = violation.field.node() == network && workload.pod.has_host_process();
        if !needed {
            sink.report_violation(&violation)
                .instead(violation.field.node(), "true", "false")
                .say(&violation.reason);
        }
    });
}
