//! Privileged containers, and processes that gain privileges.

use super::check::{StandardCheck, exempts_windows};
use super::version::Version;
use super::violation::{Violation, Visit};
use crate::kubernetes::field::shown;
use crate::kubernetes::pod::Pod;

pub(super) fn privileged<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for container in pod.containers() {
        let field = container.privileged();
        if field.is_true() {
            visit(Violation::of_container(
                StandardCheck::Privileged,
                container,
                field,
                "privileged is true; it must be false or unset".to_owned(),
            ));
        }
    }
}

pub(super) fn escalation<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    if exempts_windows(pod, version) {
        return;
    }
    for container in pod.containers() {
        let field = container.allow_privilege_escalation();
        if field.is_false() {
            continue;
        }
        let found = field.node().map_or_else(|| "not set".to_owned(), shown);
        visit(Violation::of_container(
            StandardCheck::AllowPrivilegeEscalation,
            container,
            field,
            format!("allowPrivilegeEscalation is {found}; it must be false"),
        ));
    }
}
