//! What a pod takes of its node: namespaces, ports, processes, and requests that the kubelet sends for it.

use std::borrow::Cow;

use super::check::StandardCheck;
use super::violation::{Violation, Visit};
use crate::kubernetes::field::{Field, quoted, shortened};
use crate::kubernetes::pod::Pod;

pub(super) fn namespaces<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for (name, field) in [
        ("hostNetwork", pod.host_network()),
        ("hostPID", pod.host_pid()),
        ("hostIPC", pod.host_ipc()),
    ] {
        if field.is_true() {
            visit(Violation::of_pod(
                StandardCheck::HostNamespaces,
                field,
                format!("{name} is true; it must be false or unset"),
            ));
        }
    }
}

/// With `hostNetwork`, the API server sets every port's `hostPort` to its `containerPort` before admission
/// looks: where the author wrote none, the `containerPort` is what offends.
pub(super) fn ports<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    let on_host_network = pod.host_network().is_true();
    for container in pod.containers() {
        for port in container.ports() {
            let taken = |field: Field<'a>| field.as_int().is_some_and(|number| number != 0);
            let (host, own) = (port.host_port(), port.container_port());
            let (field, claim) = if taken(host) {
                (host, "hostPort is")
            } else if on_host_network && taken(own) {
                (own, "hostNetwork is true, which makes hostPort")
            } else {
                continue;
            };
            let number = field.node().map_or("", |node| node.source());
            let reason = format!("{claim} {}; it must be 0 or unset", shortened(number));
            // One number may be taken twice, for TCP and for UDP.
            let value = match port.protocol().as_str() {
                Some(protocol) if protocol != "TCP" => format!("{number}/{protocol}").into(),
                _ => Cow::Borrowed(number),
            };
            visit(
                Violation::of_container(StandardCheck::HostPorts, container, field, reason)
                    .with_value(value),
            );
        }
    }
}

/// Loopback addresses are refused like any other: the kubelet would ask its own node.
pub(super) fn probes<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for container in pod.containers() {
        for (name, field) in container.probe_hosts() {
            let Some(host) = field.as_str().filter(|host| !host.is_empty()) else {
                continue;
            };
            visit(
                Violation::of_container(
                    StandardCheck::HostProbesAndHostLifecycle,
                    container,
                    field,
                    format!("{name} is {}; it must be unset", quoted(host)),
                )
                .with_value(host),
            );
        }
    }
}

pub(super) fn processes<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    let reason = || "windowsOptions.hostProcess is true; it must be false or unset".to_owned();
    let check = StandardCheck::WindowsHostProcess;
    let field = pod.security_context().host_process();
    if field.is_true() {
        visit(Violation::of_pod(check, field, reason()));
    }
    for container in pod.containers() {
        let field = container.security_context().host_process();
        if field.is_true() {
            visit(Violation::of_container(check, container, field, reason()));
        }
    }
}
