use crate::kubernetes::container::{ContainerKind, image_name};
use crate::kubernetes::node_paths::{is_within, plain};
use crate::kubernetes::{Container, Pod, VolumeMount};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container can write to its root file system.
    ///
    /// ## Why it matters
    /// Whoever gets to run code in the container can replace its programs and leave tools behind. On a root file system
    /// that is read-only, they can write only where a volume is mounted.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   readOnlyRootFilesystem: false
    /// ```
    ///
    /// ## Instead
    /// Mount an `emptyDir` wherever the program has to write; for most that is `/tmp`.
    /// ```yaml good
    /// spec:
    ///   containers:
    ///     - name: app
    ///       securityContext:
    ///         readOnlyRootFilesystem: true
    ///       volumeMounts:
    ///         - name: tmp
    ///           mountPath: /tmp
    ///   volumes:
    ///     - name: tmp
    ///       emptyDir: {}
    /// ```
    ///
    /// ## Limits
    /// Windows has no such thing, so nothing is said of its pods, nor of ephemeral containers, nor of workloads that a
    /// kustomize patch changes. The paths that the message names are those of well-known images; others write elsewhere.
    "workload/writable-root-filesystem",
    severity: Severity::Low,
    references: &["NSA/CISA Kubernetes hardening: immutable container file systems", "CWE-732"],
    check: Check::Workload(check),
}

/// Where well-known images write, beside `/tmp` and the volumes that they declare.
const WRITES: [(&str, &[&str]); 6] = [
    ("httpd", &["/usr/local/apache2/logs"]),
    ("mariadb", &["/run/mysqld", "/tmp"]),
    ("mysql", &["/var/run/mysqld", "/tmp"]),
    ("nginx", &["/var/cache/nginx", "/var/run", "/tmp"]),
    ("php", &["/var/run", "/tmp"]),
    ("postgres", &["/var/run/postgresql", "/tmp"]),
];

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if workload.pod.wants_windows() || workload.pod.has_host_process() {
        return;
    }
    for container in workload.pod.containers() {
        let field = container.read_only_root();
        let known = field.is_set() || workload.is_whole;
        if container.kind() == ContainerKind::Ephemeral || field.is_true() || !known {
            continue;
        }
        let found = if field.is_set() { "false" } else { "not set" };
        let paths = paths(container);
        // Where it may write and nothing is mounted, one word is not enough.
        let is_safe = paths.is_empty() && mounts_are_writable(workload.pod, container);
        let node = field.node().filter(|_| is_safe);
        let mounts = match paths.as_slice() {
            [] => String::new(),
            paths => format!(
                ", and mount an emptyDir on {} if it writes there",
                listed(paths)
            ),
        };
        sink.report(field)
            .container(Some(container))
            .instead(node, "false", "true")
            .say(&format!(
                "readOnlyRootFilesystem is {found}; set it to true{mounts}"
            ));
    }
}

/// Where an `emptyDir` helps: what no volume is mounted on yet.
fn paths(container: Container<'_>) -> Vec<&'static str> {
    let image = container.image().as_str().map(image_name);
    let known = WRITES.iter().find(|(name, _)| Some(*name) == image);
    let writes = known.map_or(&["/tmp"] as &[_], |(_, paths)| *paths);
    let is_mounted = |path: &str| {
        let covers = |mount: VolumeMount<'_>| {
            let mounted = mount.path().as_str().and_then(plain);
            let path = plain(path).unwrap_or_default();
            mounted.is_some_and(|mounted| is_within(&path, &mounted))
        };
        container.volume_mounts().any(covers)
    };
    let paths = writes.iter().copied();
    paths.filter(|path| !is_mounted(path)).collect()
}

/// True if none of what is mounted is read-only, by itself or for what it is.
fn mounts_are_writable(pod: Pod<'_>, container: Container<'_>) -> bool {
    const READ_ONLY: [&str; 5] = ["configMap", "downwardAPI", "image", "projected", "secret"];
    container.volume_mounts().all(|mount| {
        let name = mount.volume().as_str();
        let mut volumes = pod.volumes().filter(|volume| Some(volume.name()) == name);
        let is_fixed = volumes.any(|volume| {
            volume
                .sources()
                .any(|(source, _)| READ_ONLY.contains(&source))
        });
        !mount.is_read_only() && !is_fixed
    })
}

/// `/a`, `/a and /b`, `/a, /b and /c`.
fn listed(paths: &[&str]) -> String {
    match paths {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
