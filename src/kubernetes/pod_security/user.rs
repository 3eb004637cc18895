//! Root, and what keeps a container from being it. A pod that has a user namespace of its own may be root in it
//! from 1.35 on.

use super::check::{StandardCheck, exempts_user_namespace};
use super::version::Version;
use super::violation::{Violation, Visit};
use crate::kubernetes::field::{Field, shown};
use crate::kubernetes::pod::Pod;

/// A container that sets nothing takes the pod's value, so a pod that says false is told once, for all of them;
/// it fails even where every container says true.
pub(super) fn non_root<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    if exempts_user_namespace(pod, version) {
        return;
    }
    let check = StandardCheck::RunAsNonRoot;
    let found = |field: Field<'a>| {
        let found = field.node().map(shown)?;
        Some(format!("runAsNonRoot is {found}; it must be true"))
    };
    let pods = pod.security_context().run_as_non_root();
    if let Some(reason) = found(pods).filter(|_| !pods.is_true()) {
        visit(Violation::of_pod(check, pods, reason));
    }
    for container in pod.containers() {
        let own = container.security_context().run_as_non_root();
        let reason = if own.is_set() {
            found(own).filter(|_| !own.is_true())
        } else {
            (!pods.is_set()).then(|| {
                "runAsNonRoot is not set; it must be true, here or once in the pod's securityContext"
                    .to_owned()
            })
        };
        if let Some(reason) = reason {
            visit(Violation::of_container(check, container, own, reason));
        }
    }
}

/// Every 0 counts, also one that no container inherits.
pub(super) fn not_zero<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    if exempts_user_namespace(pod, version) {
        return;
    }
    let check = StandardCheck::RunAsUser;
    let reason = || "runAsUser is 0; it must be another number or unset".to_owned();
    let pods = pod.security_context().run_as_user();
    if pods.as_int() == Some(0) {
        visit(Violation::of_pod(check, pods, reason()));
    }
    for container in pod.containers() {
        let own = container.security_context().run_as_user();
        if own.as_int() == Some(0) {
            visit(Violation::of_container(check, container, own, reason()));
        }
    }
}
