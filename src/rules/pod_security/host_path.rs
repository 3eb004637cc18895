use crate::kubernetes::field::quoted;
use crate::kubernetes::node_paths::gives_node_away;
use crate::kubernetes::pod_security::StandardCheck;
use crate::kubernetes::{Container, Pod, Volume};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};
use crate::syntax::Node;

declare_rule! {
    /// A volume is a path of the node.
    ///
    /// ## Why it matters
    /// A `hostPath` volume reads, and unless it is mounted read-only writes, files of the node: other pods' data, the
    /// kubelet's credentials, the socket of the container runtime. It also ties the pod to what happens to lie on
    /// one node.
    ///
    /// Paths that give the node away are critical: those that hold credentials or a runtime's socket in any case,
    /// those from which the node runs programs where a container can write to them.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   volumes:
    ///     - name: run
    ///       hostPath:
    ///         path: /var/run
    /// ```
    ///
    /// ## Instead
    /// Use a volume that the cluster manages; for node logs, an agent that is installed once with a waiver of its own.
    /// ```yaml good
    /// spec:
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim:
    ///         claimName: data
    /// ```
    ///
    /// ## Limits
    /// What a `subPath` leaves out is not taken into account, nor are links on the node.
    "pod-security/host-path",
    severity: Severity::High,
    other_severities: &[Severity::Critical],
    references: &["PSS baseline: hostPathVolumes", "CIS 1.12: 5.2.11", "CWE-668"],
    check: Check::Workload(check),
}

/// What containers can do with a volume.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mounted {
    Nowhere,
    ReadOnly,
    Writable,
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let mut volumes = workload.pod.volumes();
    let check = StandardCheck::HostPathVolumes;
    context.violations(check, workload, &mut |violation| {
        // The check visits the volumes in their order.
        let own = |volume: &Volume<'_>| {
            let field = volume.host_path();
            field.is_some_and(|field| field.node() == violation.field.node())
        };
        let Some(volume) = volumes.find(own) else {
            return;
        };
        let path = violation.field.node().map_or("", Node::key_text);
        let mounted = mounted(workload.pod, volume);
        let how = match mounted {
            Mounted::Nowhere => "mounted by no container",
            Mounted::ReadOnly => "mounted read-only",
            Mounted::Writable => "mounted writable",
        };
        sink.report_violation(&violation)
            .severity(severity(path, mounted))
            .discriminator(path)
            .say(&format!(
                "volume {} is the path {} of the node, {how}; use another type of volume",
                quoted(volume.name()),
                quoted(path)
            ));
    });
}

fn mounted(pod: Pod<'_>, volume: Volume<'_>) -> Mounted {
    let mounts = pod
        .containers()
        .flat_map(Container::volume_mounts)
        .filter(|mount| mount.volume().as_str() == Some(volume.name()));
    let mut mounted = Mounted::Nowhere;
    for mount in mounts {
        if !mount.is_read_only() {
            return Mounted::Writable;
        }
        mounted = Mounted::ReadOnly;
    }
    mounted
}

fn severity(path: &str, mounted: Mounted) -> Severity {
    if gives_node_away(path, mounted == Mounted::Writable) {
        Severity::Critical
    } else {
        Severity::High
    }
}
