//! Sysctls that are namespaced and isolated well enough for anyone to set.

use super::check::StandardCheck;
use super::version::Version;
use super::violation::{Violation, Visit};
use crate::kubernetes::field::{Field, quoted};
use crate::kubernetes::pod::Pod;

/// The safe sysctls, each with the first version that has it on its list.
const SAFE: [(&str, Version); 14] = [
    ("kernel.shm_rmid_forced", Version(0)),
    ("net.ipv4.ip_local_port_range", Version(0)),
    ("net.ipv4.tcp_syncookies", Version(0)),
    ("net.ipv4.ping_group_range", Version(0)),
    ("net.ipv4.ip_unprivileged_port_start", Version(0)),
    ("net.ipv4.ip_local_reserved_ports", Version(27)),
    ("net.ipv4.tcp_keepalive_time", Version(29)),
    ("net.ipv4.tcp_fin_timeout", Version(29)),
    ("net.ipv4.tcp_keepalive_intvl", Version(29)),
    ("net.ipv4.tcp_keepalive_probes", Version(29)),
    ("net.ipv4.tcp_rmem", Version(32)),
    ("net.ipv4.tcp_wmem", Version(32)),
    ("net.ipv4.tcp_slow_start_after_idle", Version(37)),
    ("net.ipv4.tcp_notsent_lowat", Version(37)),
];

pub(super) fn unsafe_ones<'a>(pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
    for sysctl in pod.sysctls() {
        let field = Field::follow(sysctl, &["name"]);
        let name = field.as_str().unwrap_or_default();
        let first_safe = SAFE.iter().find(|(safe, _)| *safe == name);
        let verdict = match first_safe {
            Some((_, since)) if *since <= version => continue,
            Some((_, since)) => format!("safe only from Kubernetes {since} on"),
            None => "not on the list of safe sysctls".to_owned(),
        };
        let reason = format!(
            "sysctls sets {}, which is {verdict}; remove it",
            quoted(name)
        );
        visit(Violation::of_pod(StandardCheck::Sysctls, field, reason).with_value(name));
    }
}
