use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container adds a capability that containers do not have by default.
    ///
    /// ## Why it matters
    /// Each capability is a part of root's power over the node's kernel. Some are all of it: with `SYS_ADMIN`,
    /// `SYS_MODULE`, `SYS_PTRACE`, `BPF` or `DAC_READ_SEARCH` there are well-known ways out of the container, and
    /// with `NET_ADMIN` ways to rewire its network. Those, and `ALL`, are critical.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   capabilities:
    ///     add: [SYS_PTRACE]
    /// ```
    ///
    /// ## Instead
    /// Most services need none. To listen below port 1024, `NET_BIND_SERVICE` is enough.
    /// ```yaml good
    /// securityContext:
    ///   capabilities:
    ///     drop: [ALL]
    ///     add: [NET_BIND_SERVICE]
    /// ```
    ///
    /// ## Limits
    /// Names are compared as Kubernetes compares them: `CAP_CHOWN` and `chown` are unknown to it, and are told.
    "pod-security/added-capability",
    severity: Severity::High,
    other_severities: &[Severity::Critical],
    references: &[
        "PSS baseline: capabilities_baseline",
        "CIS 1.12: 5.2.8",
        "CIS 1.12: 5.2.9",
        "CWE-250",
    ],
    check: Check::Workload(check),
}

/// Capabilities that are as good as the node, or as its network.
const POWERFUL: [&str; 7] = [
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
];

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let check = StandardCheck::CapabilitiesBaseline;
    context.violations(check, workload, &mut |violation| {
        sink.report_violation(&violation)
            .severity(severity(&violation.value))
            .say(&violation.reason);
    });
}

/// Runtimes take the names with a prefix and in any case, so that graveness goes by what they mean.
fn severity(capability: &str) -> Severity {
    let name = capability.to_ascii_uppercase();
    let name = name.strip_prefix("CAP_").unwrap_or(&name);
    if POWERFUL.contains(&name) {
        Severity::Critical
    } else {
        Severity::High
    }
}
