use crate::kubernetes::field::quoted;
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

/// Paths that give the node away to whoever can read them, with all above and below them: credentials, other
/// pods' secrets, and sockets that obey everyone who can open them.
const SECRET: [&str; 16] = [
    "/etc/kubernetes",
    "/etc/shadow",
    "/proc",
    "/root",
    "/run/buildkit/buildkitd.sock",
    "/run/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/dockershim.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/var/lib/etcd",
    "/var/lib/kubelet/pki",
    "/var/lib/kubelet/pods",
    "/var/lib/rancher",
];

/// Paths that give the node away to whoever can write to them, with all above and below them: the node runs what
/// lies there, or follows links from there.
const TRUSTED: [&str; 14] = [
    "/bin",
    "/boot",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/log",
    "/var/spool/cron",
];

/// The pipes of container runtimes on Windows.
const PIPES: [&str; 2] = [r"\\.\pipe\containerd-containerd", r"\\.\pipe\docker_engine"];

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
    let pipe = PIPES.iter().any(|pipe| path.eq_ignore_ascii_case(pipe));
    let path = plain(path);
    let touches = |known: &&str| {
        path.as_ref()
            .is_some_and(|path| is_within(path, known) || is_within(known, path))
    };
    if pipe
        || SECRET.iter().any(touches)
        || mounted == Mounted::Writable && TRUSTED.iter().any(touches)
    {
        Severity::Critical
    } else {
        Severity::High
    }
}

/// An absolute path with one slash before each of its parts, `/var/run` as what it links to.
fn plain(path: &str) -> Option<String> {
    let mut plain = String::with_capacity(path.len());
    for part in path.strip_prefix('/')?.split('/') {
        if !matches!(part, "" | ".") {
            plain.push('/');
            plain.push_str(part);
        }
    }
    Some(match plain.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => plain,
    })
}

/// True if a plain path is the folder or lies in it; the root is empty.
fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_give_the_node_away_are_critical() {
        for path in [
            "/",
            "//",
            "/etc",
            "/etc/",
            "/etc/kubernetes/pki",
            "/proc",
            "/proc/1/root",
            "/run",
            "/var/run",
            "/var/run/docker.sock",
            "/run/containerd",
            "/var",
            "/var/lib",
            "/var/lib/kubelet",
            "/var/lib/kubelet/pods/1",
            r"\\.\pipe\docker_engine",
            "/root/.ssh",
        ] {
            for mounted in [Mounted::Nowhere, Mounted::ReadOnly, Mounted::Writable] {
                assert_eq!(severity(path, mounted), Severity::Critical, "{path}");
            }
        }
        for path in [
            "/var/log",
            "/var/log/pods",
            "/usr/share",
            "/lib/modules",
            "/etc/ssl/certs",
            "/sys",
        ] {
            assert_eq!(
                severity(path, Mounted::Writable),
                Severity::Critical,
                "{path}"
            );
            assert_eq!(severity(path, Mounted::ReadOnly), Severity::High, "{path}");
        }
        for path in [
            "/data",
            "/mnt/disks",
            "/var/runner",
            "/process",
            "/etcd",
            "/run/app",
            "",
            "data",
        ] {
            assert_eq!(severity(path, Mounted::Writable), Severity::High, "{path}");
        }
    }
}
