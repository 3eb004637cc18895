use crate::kubernetes::pod_security::StandardCheck;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A volume is of a type that the restricted level does not permit.
    ///
    /// ## Why it matters
    /// Volume types such as `nfs`, `iscsi` or `flexVolume` let whoever writes a pod choose the server, the export and
    /// often the credentials, and have the node's kernel mount them. A claim leaves that choice to the cluster's
    /// administrators. Several of these types are gone from newer Kubernetes versions altogether.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   volumes:
    ///     - name: data
    ///       nfs:
    ///         server: storage.example.com
    ///         path: /exports/data
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim:
    ///         claimName: data
    /// ```
    ///
    /// ## Limits
    /// `hostPath` is told by `pod-security/host-path` alone.
    "pod-security/volume-type",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS restricted: restrictedVolumes", "CWE-668"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    context.violations(
        StandardCheck::RestrictedVolumes,
        workload,
        &mut |violation| {
            if violation.value != "hostPath" {
                sink.report_violation(&violation).say(&violation.reason);
            }
        },
    );
}
