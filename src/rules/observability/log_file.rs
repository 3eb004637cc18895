use crate::kubernetes::container::ContainerKind;
use crate::kubernetes::field::{Field, quoted, shortened};
use crate::kubernetes::log_files::log_files;
use crate::kubernetes::node_paths::{is_within, plain};
use crate::kubernetes::{Container, VolumeMount};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container logs to a file that nobody can read.
    ///
    /// ## Why it matters
    /// `kubectl logs` and the agents of the cluster read what a container writes to its standard streams. A file without a
    /// volume below it is gone with the container, just when somebody wants to know why it ended; on a read-only root
    /// file system it cannot be written at all.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: LOG_FILE
    ///     value: /var/log/shop/app.log
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// env:
    ///   - name: LOG_FILE
    ///     value: /dev/stdout
    /// ```
    ///
    /// ## Limits
    /// Only what options such as `--log-file=/…`, variables such as `LOG_FILE` and redirections of a shell to logs say is known, with absolute paths; what
    /// the program itself is configured to do does not show. Where any volume is mounted at the path, somebody may read
    /// it. An image may link the path to a standard stream, or declare a volume there.
    "observability/log-file",
    severity: Severity::Note,
    references: &["OWASP K8s 2022: K05", "CWE-778"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if !workload.is_whole || workload.pod.wants_windows() {
        return;
    }
    for container in workload.pod.containers() {
        if container.kind() == ContainerKind::Ephemeral {
            continue;
        }
        for file in log_files(container) {
            if is_mounted(container, file.path) {
                continue;
            }
            let what = if container.read_only_root().is_true() {
                "which a read-only root file system keeps it from writing"
            } else {
                "which is gone with the container, as no volume is mounted there"
            };
            let draft = sink.report(Field::of(file.node)).container(Some(container));
            draft.discriminator(file.name).say(&format!(
                "{} is {}, {what}; log to standard output",
                shortened(file.name),
                quoted(file.path)
            ));
        }
    }
}

fn is_mounted(container: Container<'_>, path: &str) -> bool {
    let Some(path) = plain(path) else {
        return true;
    };
    let covers = |mount: VolumeMount<'_>| {
        let mounted = mount.path().as_str().and_then(plain);
        mounted.is_some_and(|mounted| is_within(&path, &mounted))
    };
    container.volume_mounts().any(covers)
}
