use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container is a process of its Windows node.
    ///
    /// ## Why it matters
    /// A host process container has no walls: it runs on the node as the user that it names, with the node's files,
    /// services and network.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   hostNetwork: true
    ///   securityContext:
    ///     windowsOptions:
    ///       hostProcess: true
    ///       runAsUserName: NT AUTHORITY\SYSTEM
    /// ```
    ///
    /// ## Instead
    /// Keep host processes to the few agents that the cluster's administrators install.
    /// ```yaml good
    /// spec:
    ///   securityContext:
    ///     windowsOptions:
    ///       runAsUserName: ContainerUser
    /// ```
    "pod-security/windows-host-process",
    severity: Severity::High,
    references: &["PSS baseline: windowsHostProcess", "CIS 1.12: 5.2.10", "CWE-250"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(
        StandardCheck::WindowsHostProcess,
        workload,
        &mut |violation| {
            sink.report_violation(&violation).say(&violation.reason);
        },
    );
}
