//! Linux capabilities. Names are compared as they are written: `CAP_CHOWN` and `chown` are not `CHOWN`.

use super::check::{StandardCheck, exempts_windows};
use super::level::Level;
use super::version::Version;
use super::violation::{Violation, Visit};
use crate::kubernetes::container::Container;
use crate::kubernetes::field::{Field, shown};
use crate::kubernetes::pod::Pod;
use crate::syntax::Node;

/// The capabilities that container runtimes give by default, without `NET_RAW`: from 1.0 on.
const PERMITTED_BY_BASELINE: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The one capability that the restricted level lets a container add.
const PERMITTED_BY_RESTRICTED: [&str; 1] = ["NET_BIND_SERVICE"];

pub(super) fn baseline<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for container in pod.containers() {
        for added in added_beyond(container, Level::Baseline) {
            visit(addition(
                StandardCheck::CapabilitiesBaseline,
                container,
                added,
                "remove it",
            ));
        }
    }
}

pub(super) fn restricted<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    if exempts_windows(pod, version) {
        return;
    }
    for container in pod.containers() {
        let dropped = container.dropped_capabilities();
        if !dropped.items().any(|item| item.as_str() == Some("ALL")) {
            let found = if dropped.is_set() {
                "does not hold ALL, in capitals"
            } else {
                "is not set"
            };
            visit(Violation::of_container(
                StandardCheck::CapabilitiesRestricted,
                container,
                dropped,
                format!("capabilities.drop {found}; it must be [\"ALL\"]"),
            ));
        }
        for added in added_beyond(container, Level::Restricted) {
            visit(addition(
                StandardCheck::CapabilitiesRestricted,
                container,
                added,
                "remove it, only NET_BIND_SERVICE may be added",
            ));
        }
    }
}

/// True if a level lets a container add this capability.
#[must_use]
pub fn permits_added_capability(level: Level, name: &str) -> bool {
    match level {
        Level::Privileged => true,
        Level::Baseline => PERMITTED_BY_BASELINE.contains(&name),
        Level::Restricted => PERMITTED_BY_RESTRICTED.contains(&name),
    }
}

fn added_beyond(container: Container<'_>, level: Level) -> impl Iterator<Item = Node<'_>> {
    container.added_capabilities().items().filter(move |item| {
        !item
            .as_str()
            .is_some_and(|name| permits_added_capability(level, name))
    })
}

fn addition<'a>(
    check: StandardCheck,
    container: Container<'a>,
    added: Node<'a>,
    wanted: &str,
) -> Violation<'a> {
    let reason = format!("capabilities.add holds {}; {wanted}", shown(added));
    Violation::of_container(check, container, Field::of(added), reason).with_value(added.key_text())
}
