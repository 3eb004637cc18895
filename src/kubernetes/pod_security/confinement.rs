//! What the kernel adds to a container's walls: AppArmor, SELinux, seccomp and a masked `/proc`.

use super::check::{StandardCheck, exempts_user_namespace, exempts_windows};
use super::version::Version;
use super::violation::{Violation, Visit};
use crate::kubernetes::container::Container;
use crate::kubernetes::field::{Field, quoted, shortened, shown};
use crate::kubernetes::pod::Pod;
use crate::syntax::Node;

/// The annotation that named a container's AppArmor profile before there was a field. The API server still
/// looks at it, whether or not there is a container of that name.
const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The annotations that named seccomp profiles: of the pod, and of one container. Fields took their place in 1.19.
const SECCOMP_POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// The profile types that confine, of AppArmor and of seccomp alike.
const CONFINING: [&str; 2] = ["RuntimeDefault", "Localhost"];

/// A field of the pod, and of each container that has it of its own.
fn places<'a>(
    pod: Pod<'a>,
    path: &'static [&'static str],
) -> impl Iterator<Item = (Option<Container<'a>>, Node<'a>)> {
    let pods = pod.field(path).node().map(|node| (None, node));
    let own = pod
        .containers()
        .filter_map(move |container| Some((Some(container), container.field(path).node()?)));
    pods.into_iter().chain(own)
}

fn of_place<'a>(
    check: StandardCheck,
    container: Option<Container<'a>>,
    field: Field<'a>,
    reason: String,
) -> Violation<'a> {
    Violation {
        container,
        ..Violation::of_pod(check, field, reason)
    }
}

/// Visits each profile of that name whose type does not confine; an empty profile does not.
fn unconfined<'a>(
    check: StandardCheck,
    name: &str,
    profiles: impl Iterator<Item = (Option<Container<'a>>, Node<'a>)>,
    visit: Visit<'_, 'a>,
) {
    for (container, profile) in profiles {
        let field = Field::follow(profile, &["type"]);
        if field.as_str().is_some_and(|kind| CONFINING.contains(&kind)) {
            continue;
        }
        let found = field.node().map_or_else(|| "not set".to_owned(), shown);
        let reason = format!("{name}.type is {found}; it must be RuntimeDefault or Localhost");
        visit(of_place(check, container, field, reason));
    }
}

/// Visits one annotation that does not confine.
fn unconfined_annotation<'a>(
    check: StandardCheck,
    container: Option<Container<'a>>,
    (key, value): (&'a str, Node<'a>),
    visit: Visit<'_, 'a>,
) {
    let reason = format!(
        "the annotation {} is {}; it must be runtime/default or begin with localhost/",
        shortened(key),
        shown(value)
    );
    visit(of_place(check, container, Field::of(value), reason));
}

pub(super) fn app_armor<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    let check = StandardCheck::AppArmorProfile;
    let profiles = places(pod, &["securityContext", "appArmorProfile"]);
    unconfined(check, "appArmorProfile", profiles, visit);
    for (key, value) in pod.annotations() {
        let Some(name) = key.strip_prefix(APP_ARMOR_ANNOTATION) else {
            continue;
        };
        let profile = annotation_text(value);
        if !(profile.is_empty()
            || profile == "runtime/default"
            || profile.starts_with("localhost/"))
        {
            let container = pod.containers().find(|container| container.name() == name);
            unconfined_annotation(check, container, (key, value), visit);
        }
    }
}

/// The text of an annotation; null counts as empty, as the API server decodes it.
fn annotation_text(value: Node<'_>) -> &str {
    if value.is_null() {
        ""
    } else {
        value.key_text()
    }
}

pub(super) fn seccomp_baseline<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    let check = StandardCheck::SeccompProfileBaseline;
    if version >= Version(19) {
        let profiles = places(pod, &["securityContext", "seccompProfile"]);
        unconfined(check, "seccompProfile", profiles, visit);
        return;
    }
    for (key, value) in pod.annotations() {
        let container = if key == SECCOMP_POD_ANNOTATION {
            None
        } else {
            let named = key
                .strip_prefix(SECCOMP_CONTAINER_ANNOTATION)
                .and_then(|name| pod.containers().find(|container| container.name() == name));
            if named.is_none() {
                continue;
            }
            named
        };
        let profile = annotation_text(value);
        let confines = matches!(profile, "runtime/default" | "docker/default")
            || profile.starts_with("localhost/");
        if !confines {
            unconfined_annotation(check, container, (key, value), visit);
        }
    }
}

/// A bad profile offends where it stands, even where the other level has a good one. Containers that inherit a
/// bad one are told by it.
pub(super) fn seccomp_restricted<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    if exempts_windows(pod, version) {
        return;
    }
    let check = StandardCheck::SeccompProfileRestricted;
    let path: &'static [&'static str] = &["securityContext", "seccompProfile"];
    unconfined(check, "seccompProfile", places(pod, path), visit);
    if pod.field(path).is_set() {
        return;
    }
    for container in pod.containers() {
        let own = container.field(path);
        if !own.is_set() {
            let reason = "seccompProfile is not set; its type must be RuntimeDefault or Localhost, \
                          here or once in the pod's securityContext";
            visit(Violation::of_container(
                check,
                container,
                own,
                reason.to_owned(),
            ));
        }
    }
}

pub(super) fn se_linux<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    const TYPES: [&str; 4] = [
        "container_t",
        "container_init_t",
        "container_kvm_t",
        "container_engine_t",
    ];
    let permitted = if version >= Version(31) {
        TYPES.as_slice()
    } else {
        TYPES.get(..3).unwrap_or_default()
    };
    let check = StandardCheck::SeLinuxOptions;
    for (container, options) in places(pod, &["securityContext", "seLinuxOptions"]) {
        for name in ["type", "user", "role"] {
            let Some(node) = options.present(name) else {
                continue;
            };
            let value = node.as_str();
            let is_type = name == "type";
            if value.is_some_and(|value| value.is_empty() || is_type && permitted.contains(&value))
            {
                continue;
            }
            let wanted = if is_type {
                format!("unset or one of {}", permitted.join(", "))
            } else {
                "unset".to_owned()
            };
            let found = node.as_str().map_or_else(|| shown(node), quoted);
            let reason = format!("seLinuxOptions.{name} is {found}; it must be {wanted}");
            visit(of_place(check, container, Field::of(node), reason));
        }
    }
}

pub(super) fn proc_mount<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    if !exempts_user_namespace(pod, version) {
        unmasked(StandardCheck::ProcMount, pod, visit);
    }
}

pub(super) fn proc_mount_restricted<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    unmasked(StandardCheck::ProcMountRestricted, pod, visit);
}

fn unmasked<'a>(check: StandardCheck, pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for container in pod.containers() {
        let field = container.proc_mount();
        let Some(node) = field.node().filter(|node| node.as_str() != Some("Default")) else {
            continue;
        };
        let reason = format!("procMount is {}; it must be Default or unset", shown(node));
        visit(Violation::of_container(check, container, field, reason));
    }
}
