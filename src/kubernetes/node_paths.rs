//! Paths of a node that give it away to whoever mounts them.
//!
//! Sources: the directories and sockets that the kubelet, containerd, CRI-O, Docker, `BuildKit`, Podman, k3s, k0s and
//! `MicroK8s` use by default.

/// Paths that give the node away to whoever can read them, with all above and below them: credentials, other
/// pods' secrets, and sockets that obey everyone who can open them.
const SECRET: [&str; 20] = [
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
    "/run/k0s/containerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/var/lib/etcd",
    "/var/lib/kubelet/config.json",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet/pki",
    "/var/lib/kubelet/pods",
    "/var/lib/rancher",
    "/var/snap/microk8s/common/run/containerd.sock",
];

/// Paths that give the node away to whoever can write to them, with all above and below them: the node runs what
/// lies there, or follows links from there.
const TRUSTED: [&str; 16] = [
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
    "/var/lib/cloud",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/kubelet/plugins_registry",
    "/var/log",
    "/var/spool/cron",
];

/// The pipes of container runtimes on Windows.
const PIPES: [&str; 4] = [
    r"\\.\pipe\containerd-containerd",
    r"\\.\pipe\cri-dockerd",
    r"\\.\pipe\docker_engine",
    r"\\.\pipe\dockershim",
];

/// True if whoever mounts a path of the node can take the node over: by reading, or, where it is mounted writable,
/// by writing.
#[must_use]
pub fn gives_node_away(path: &str, writable: bool) -> bool {
    let pipe = PIPES.iter().any(|pipe| path.eq_ignore_ascii_case(pipe));
    let path = plain(path);
    let touches = |known: &&str| {
        path.as_ref()
            .is_some_and(|path| is_within(path, known) || is_within(known, path))
    };
    pipe || SECRET.iter().any(touches) || writable && TRUSTED.iter().any(touches)
}

/// An absolute path with one slash before each of its parts, `/var/run` as what it links to; the root is empty.
#[must_use]
pub fn plain(path: &str) -> Option<String> {
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
#[must_use]
pub fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_paths_give_the_node_away() {
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
            "/var/lib/kubelet/device-plugins/kubelet.sock",
            "/var/lib/kubelet/pods/1",
            "/var/snap/microk8s/common/run",
            r"\\.\pipe\docker_engine",
            "/root/.ssh",
        ] {
            assert!(gives_node_away(path, false), "{path}");
            assert!(gives_node_away(path, true), "{path}");
        }
        for path in [
            "/var/log",
            "/var/log/pods",
            "/usr/share",
            "/lib/modules",
            "/etc/ssl/certs",
            "/sys",
            "/var/lib/kubelet/plugins_registry",
        ] {
            assert!(gives_node_away(path, true), "{path}");
            assert!(!gives_node_away(path, false), "{path}");
        }
        for path in [
            "/data",
            "/mnt/disks",
            "/var/runner",
            "/var/lib/kubelet/pod-resources",
            "/process",
            "/etcd",
            "/run/app",
            "",
            "data",
        ] {
            assert!(!gives_node_away(path, true), "{path}");
        }
    }
}
