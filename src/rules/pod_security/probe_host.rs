use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A probe or a lifecycle hook sends its request to a host of its own choice.
    ///
    /// ## Why it matters
    /// The kubelet sends these requests from the node. With `host` set, whoever writes the manifest makes every node
    /// ask an address that pods may not reach: a cloud metadata service, a neighbour, the node's own loopback.
    /// Kubernetes refuses it in namespaces at the baseline level from 1.34 on.
    ///
    /// ## Example
    /// ```yaml bad
    /// livenessProbe:
    ///   httpGet:
    ///     host: 127.0.0.1
    ///     port: 8080
    /// ```
    ///
    /// ## Instead
    /// Leave `host` out: the kubelet then asks the pod. For a virtual host send a `Host` header.
    /// ```yaml good
    /// livenessProbe:
    ///   httpGet:
    ///     port: 8080
    ///     httpHeaders:
    ///       - name: Host
    ///         value: shop.example.com
    /// ```
    ///
    /// ## Limits
    /// Versions below 1.34 do not ask for it. Where 1.33 is the newest that you target,
    /// `pod-security/refused-after-upgrade` speaks.
    "pod-security/probe-host",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: hostProbesAndHostLifecycle", "CWE-918"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let check = StandardCheck::HostProbesAndHostLifecycle;
    context.violations(check, workload, &mut |violation| {
        sink.report_violation(&violation).say(&format!(
            "{}, so that the kubelet asks the pod itself",
            violation.reason
        ));
    });
}
