//! Operations of JSON patches that nobody has to look at: whatever the object is, they weaken nothing.

use crate::syntax::{Node, unescape_segment};

use super::kinds::Kind;
use super::patch::Target;

/// Kinds that say how many pods there are, and nothing of what those may do.
const OF_SCALE: [&str; 2] = ["HorizontalPodAutoscaler", "PodDisruptionBudget"];

/// Fields of `spec` that say how many pods there are, when, and how they are replaced.
const SCALE: [&str; 17] = [
    "backoffLimit",
    "completions",
    "failedJobsHistoryLimit",
    "maxReplicas",
    "maxUnavailable",
    "minAvailable",
    "minReadySeconds",
    "minReplicas",
    "parallelism",
    "progressDeadlineSeconds",
    "replicas",
    "revisionHistoryLimit",
    "schedule",
    "strategy",
    "successfulJobsHistoryLimit",
    "suspend",
    "updateStrategy",
];

/// Fields of a port of a Service that open nothing beside it.
const PORT: [&str; 5] = ["appProtocol", "name", "port", "protocol", "targetPort"];

/// Fields of a pod or a container that protect something; whoever takes one away, or what holds it, weakens the pod.
const PROTECTIONS: [&str; 16] = [
    "appArmorProfile",
    "automountServiceAccountToken",
    "capabilities",
    "drop",
    "hostUsers",
    "jobTemplate",
    "limits",
    "readOnly",
    "resources",
    "runtimeClassName",
    "seccompProfile",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "spec",
    "template",
];

/// Fields of a `securityContext` that only open something.
const OPENINGS: [&str; 4] = ["add", "privileged", "procMount", "sysctls"];

/// True for an operation that weakens nothing. `kind` is the workload that it changes, if it is for one.
pub(super) fn is_harmless(
    item: Node<'_>,
    op: &str,
    path: &str,
    kind: Option<&Kind>,
    target: Option<&Target>,
) -> bool {
    let is_place = |path: &str| is_harmless_place(path, kind, target);
    match op {
        "test" => true,
        "add" | "replace" => is_place(path),
        "remove" => is_place(path) || kind.is_some() && opens_only(path),
        "move" | "copy" => {
            let from = item.get("from").and_then(Node::as_str);
            from.is_some_and(is_place) && is_place(path)
        }
        _ => false,
    }
}

/// True if what is taken away at a place of a workload may protect something.
#[must_use]
pub fn takes_protection(path: &str) -> bool {
    let mut steps = path.split('/').skip(1);
    let of_scale = match (steps.next(), steps.next()) {
        (Some("spec"), Some(field)) => SCALE.contains(&field),
        // A workload that is gone has no pods, and what it says of itself is for nobody who enforces anything.
        (None | Some("metadata"), _) => true,
        _ => false,
    };
    !of_scale && !opens_only(path)
}

/// True for what decides nothing, whatever stands there.
fn is_harmless_place(path: &str, kind: Option<&Kind>, target: Option<&Target>) -> bool {
    let is_for = |name: &str| target.and_then(Target::kind) == Some(name);
    let mut steps = path.split('/').skip(1);
    match (steps.next(), steps.next(), steps.next()) {
        // Policies select namespaces by whatever labels they have.
        (Some("metadata"), Some("labels"), _) if is_for("Namespace") => false,
        (Some("metadata"), Some("labels" | "annotations"), key) => {
            // Of a workload itself they say nothing to anybody who enforces anything; those of a pod do.
            kind.is_some_and(|kind| !kind.is_pod())
                || key.is_some_and(|key| is_free_key(&unescape_segment(key)))
        }
        (Some("spec"), Some("ports"), Some(_)) if is_for("Service") => {
            let last = path.rsplit('/').next();
            last.is_some_and(|last| PORT.contains(&last))
        }
        (Some("spec"), Some(field), _) => {
            SCALE.contains(&field) || OF_SCALE.iter().any(|kind| is_for(kind))
        }
        // Credentials are looked for in every patch, and nothing else of a ConfigMap is judged.
        (Some("data"), Some(_), _) => is_for("ConfigMap"),
        _ => false,
    }
}

/// True for a key of labels or annotations that Kubernetes and what is built on it give no meaning to.
#[must_use]
pub fn is_free_key(key: &str) -> bool {
    let Some((prefix, _)) = key.split_once('/') else {
        return true;
    };
    let is_of = |domain: &str| {
        prefix
            .strip_suffix(domain)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    prefix == "app.kubernetes.io" || !is_of("kubernetes.io") && !is_of("k8s.io")
}

/// True if nothing that protects stands at a place of a workload's `spec`, so that whoever takes it away only closes
/// something.
fn opens_only(path: &str) -> bool {
    let mut steps = path.split('/').skip(1).skip_while(|step| *step == "spec");
    let Some(last) = path.rsplit('/').next() else {
        return false;
    };
    if !path.starts_with("/spec/") || PROTECTIONS.contains(&last) {
        return false;
    }
    let is_of_annotations = || path.contains("/annotations/");
    let is_profile = last.contains("apparmor") || last.contains("seccomp");
    if is_of_annotations() && is_profile {
        return false;
    }
    let is_within_protection = |step: &str| {
        !["spec", "template", "jobTemplate"].contains(&step) && PROTECTIONS.contains(&step)
    };
    let guarded = steps.any(is_within_protection);
    // Without a limit of the processor nobody else starves, as requests are kept to.
    let is_of_processor = path.ends_with("/limits/cpu");
    !guarded || is_of_processor || OPENINGS.contains(&last) || path.contains("/capabilities/add/")
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;
    use crate::syntax::{Format, parse};

    fn harmless(operation: &str, kind: &str) -> bool {
        let tree = parse(Format::Yaml, operation.to_owned());
        let item = tree.root(tree.documents().first().unwrap());
        let text = |key: &str| item.get(key).and_then(Node::as_str).unwrap();
        let kind = kinds::built_in_workload(kind);
        is_harmless(item, text("op"), text("path"), kind, None)
    }

    #[test]
    fn what_weakens_nothing_is_told_from_what_may() {
        for operation in [
            "{op: remove, path: /metadata/labels/tier}",
            "{op: add, path: /metadata/annotations/a.example.com~1b, value: c}",
            "{op: move, from: /metadata/labels/a, path: /metadata/labels/b}",
            "{op: remove, path: /spec/replicas}",
            "{op: remove, path: /spec/template/spec/hostNetwork}",
            "{op: remove, path: /spec/template/spec/volumes/0}",
            "{op: remove, path: /spec/template/spec/containers/0/securityContext/privileged}",
            "{op: remove, path: /spec/template/spec/containers/0/securityContext/capabilities/add/0}",
            "{op: remove, path: /spec/template/spec/nodeSelector}",
        ] {
            assert!(harmless(operation, "Deployment"), "{operation}");
        }
        for operation in [
            "{op: remove, path: /spec/template/spec/securityContext}",
            "{op: remove, path: /spec/template/spec/containers/0/securityContext/runAsNonRoot}",
            "{op: remove, path: /spec/template/spec/containers/0/securityContext/capabilities/drop/0}",
            "{op: remove, path: /spec/template/spec/automountServiceAccountToken}",
            "{op: remove, path: /spec/template/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1a}",
            "{op: copy, from: /spec/template/spec/volumes/0, path: /spec/template/spec/volumes/-}",
            "{op: remove, path: /spec}",
            "{op: replace, path: '', value: {}}",
        ] {
            assert!(!harmless(operation, "Deployment"), "{operation}");
        }
        for operation in [
            "{op: add, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: privileged}",
            "{op: remove, path: /metadata/labels}",
            "{op: replace, path: /spec/type, value: LoadBalancer}",
            "{op: remove, path: /spec/template/spec/hostNetwork}",
        ] {
            assert!(!harmless(operation, "Service"), "{operation}");
        }
        assert!(harmless(
            "{op: add, path: /metadata/labels/a, value: b}",
            "Service"
        ));
    }
}
