use crate::kubernetes::pod_security::Version;
use crate::kubernetes::{Container, Field, Pod};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A pod that may run as root has no user namespace of its own.
    ///
    /// ## Why it matters
    /// With `hostUsers: false`, root of the container is nobody on the node: a flaw of the kernel or of the runtime that
    /// lets it out leaves it without rights there.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: proxy, namespace: edge}
    /// spec:
    ///   automountServiceAccountToken: false
    ///   containers:
    ///     - name: proxy
    ///       image: registry.example.com/proxy@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    ///       securityContext: {readOnlyRootFilesystem: true}
    ///       resources: {requests: {cpu: 10m}, limits: {memory: 64Mi}}
    ///       readinessProbe: {httpGet: {path: /ready, port: 8080}}
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: edge
    ///   labels: {pod-security.kubernetes.io/enforce: baseline}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   hostUsers: false
    /// ```
    ///
    /// ## Limits
    /// It waits to be asked for, as `pod-security/may-run-as-root` speaks of the same pods wherever the restricted level
    /// is the aim. It speaks only if every targeted cluster has user namespaces without being told to (1.33), and not
    /// of pods that cannot have one: those in a namespace of the host, with raw devices, or on Windows. Whether the
    /// node's kernel and its file systems can do it does not show.
    "workload/no-user-namespace",
    severity: Severity::Note,
    opt_in: true,
    references: &["OWASP K8s 2022: K01", "CWE-250"],
    check: Check::Workload(check),
}

/// The first version whose clusters have user namespaces without being told to.
const HAS_USER_NAMESPACES: Version = Version(33);

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let pod = workload.pod;
    let shares = [pod.host_network(), pod.host_pid(), pod.host_ipc()];
    let cannot = pod.wants_windows()
        || pod.has_host_process()
        || shares.into_iter().any(Field::is_true)
        || pod.containers().any(Container::has_devices);
    let field = pod.host_users();
    let is_known = field.is_set() || workload.is_whole;
    if cannot
        || pod.has_user_namespace()
        || !is_known
        || context.targets.oldest() < Some(HAS_USER_NAMESPACES)
    {
        return;
    }
    let Some(root) = pod
        .containers()
        .find(|container| may_be_root(pod, *container))
    else {
        return;
    };
    let found = if field.is_set() { "true" } else { "not set" };
    sink.report(field).say(&format!(
        "hostUsers is {found} and container `{}` may run as root; set hostUsers to false",
        crate::kubernetes::field::shortened(root.name())
    ));
}

fn may_be_root(pod: Pod<'_>, container: Container<'_>) -> bool {
    let (own, pods) = (container.security_context(), pod.security_context());
    let pick = |own: Field<'_>, pods: Field<'_>| {
        if own.is_set() {
            own.as_int()
        } else {
            pods.as_int()
        }
    };
    let user = pick(own.run_as_user(), pods.run_as_user());
    let non_root = if own.run_as_non_root().is_set() {
        own.run_as_non_root()
    } else {
        pods.run_as_non_root()
    };
    !non_root.is_true() && user.is_none_or(|user| user == 0)
}
