use crate::kubernetes::field::quoted;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container's mounts appear on the node.
    ///
    /// ## Why it matters
    /// With `mountPropagation: Bidirectional`, what the container mounts below the volume is mounted on the node and in
    /// every pod that uses the volume, and stays there when the container is gone. It can put its own files over those
    /// of others. Only drivers that mount file systems for other pods need it.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   containers:
    ///     - name: app
    ///       volumeMounts:
    ///         - name: data
    ///           mountPath: /data
    ///           mountPropagation: Bidirectional
    ///   volumes:
    ///     - name: data
    ///       emptyDir: {}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   containers:
    ///     - name: app
    ///       volumeMounts:
    ///         - name: data
    ///           mountPath: /data
    ///           mountPropagation: HostToContainer
    ///   volumes:
    ///     - name: data
    ///       emptyDir: {}
    /// ```
    ///
    /// ## Limits
    /// Storage drivers need it, once for each node: give them a waiver of their own.
    "workload/bidirectional-mount",
    severity: Severity::High,
    references: &["CWE-668", "OWASP K8s 2022: K01"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for container in workload.pod.containers() {
        for mount in container.volume_mounts() {
            let propagation = mount.propagation();
            if propagation.as_str() != Some("Bidirectional") {
                continue;
            }
            let path = mount.path().as_str().unwrap_or_default();
            let draft = sink.report(propagation).container(Some(container));
            draft.discriminator(path).say(&format!(
                "mountPropagation of {} is \"Bidirectional\", so what the container mounts there is mounted on the node; \
                 use HostToContainer or None",
                quoted(path)
            ));
        }
    }
}
