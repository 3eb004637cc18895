#![no_main]
//! The typed views over any YAML: nothing panics, and what they point at lies within the file.

use std::collections::BTreeSet;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tidegate::kubernetes::manifest::{Reading, read};
use tidegate::kubernetes::{Container, Field, ImageReference, Namespace, Pod, SecurityContext};
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::Format;
use tidegate_fuzz::lies_within;

fn field(field: Field<'_>, text: &str) {
    lies_within(field.span(), text);
    let _ = (field.pointer(), field.as_bool(), field.as_int(), field.as_str());
    field.items().for_each(|item| lies_within(item.span(), text));
}

fn security_context(context: SecurityContext<'_>, text: &str) {
    field(context.run_as_non_root(), text);
    field(context.run_as_user(), text);
    field(context.seccomp_profile(), text);
    field(context.host_process(), text);
}

fn container(container: Container<'_>, text: &str) {
    let _ = (container.name(), container.kind(), container.adds_capability("NET_ADMIN"));
    field(container.image(), text);
    if let Some(image) = container.image().as_str()
        && let Ok(image) = ImageReference::parse(image)
    {
        assert!(ImageReference::parse(&image.name()).is_ok());
        let _ = (image.familiar_name(), image.short_digest(), image.official());
    }
    field(container.privileged(), text);
    field(container.allow_privilege_escalation(), text);
    field(container.proc_mount(), text);
    field(container.added_capabilities(), text);
    field(container.dropped_capabilities(), text);
    security_context(container.security_context(), text);
    for port in container.ports() {
        field(port.container_port(), text);
        field(port.host_port(), text);
        field(port.protocol(), text);
    }
    for mount in container.volume_mounts() {
        field(mount.volume(), text);
        let _ = mount.is_read_only();
    }
    container.probe_hosts().for_each(|(_, host)| field(host, text));
}

fn pod(pod: Pod<'_>, text: &str) {
    lies_within(pod.spec().span(), text);
    pod.annotations().for_each(|(_, value)| lies_within(value.span(), text));
    [pod.host_network(), pod.host_pid(), pod.host_ipc()].map(|found| field(found, text));
    let _ = (pod.has_user_namespace(), pod.is_windows(), pod.has_host_process());
    security_context(pod.security_context(), text);
    pod.sysctls().for_each(|sysctl| lies_within(sysctl.span(), text));
    pod.containers().for_each(|found| container(found, text));
    for volume in pod.volumes() {
        lies_within(volume.node().span(), text);
        let _ = volume.name();
        volume.sources().for_each(|(_, source)| lies_within(source.span(), text));
        volume.host_path().into_iter().for_each(|path| field(path, text));
    }
}

fuzz_target!(|bytes: &[u8]| {
    for path in ["deploy/fuzz.yaml", "deploy/kustomization.yaml"] {
        let reading = read(Format::Yaml, bytes.to_vec(), path.contains("kustomization"), &[]);
        if let Reading::Manifest(manifest) = &reading {
            let requests = manifest.kustomization.iter().flat_map(|found| &found.requests);
            requests.for_each(|request| lies_within(request.at, manifest.tree.text()));
        }
        let state = Arc::new(State::Read(reading));
        let snapshot = Snapshot::new(vec![(path.into(), state)], &BTreeSet::new(), 1);
        for file in snapshot.files() {
            let text = file.text().unwrap_or_default();
            for object in snapshot.objects_of(file) {
                lies_within(object.node().span(), text);
                lies_within(object.name_span(), text);
                let _ = (object.namespace(), object.resource().to_string());
                object.pods().for_each(|found| pod(found, text));
                if let Some(namespace) = Namespace::of(object) {
                    let labels = namespace.pod_security_labels();
                    labels.for_each(|label| lies_within(label.value.span(), text));
                }
            }
        }
    }
});
