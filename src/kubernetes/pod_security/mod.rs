//! The Pod Security Standards, exactly as the API server's admission evaluates them.
//!
//! A [`StandardCheck`] is one check of the standard, [`violations`] is the whole answer for a level and a
//! version, and [`level()`] the highest level that a pod meets. The answer is the one that an enforcing namespace
//! would give: a stricter check takes the place of the one that it overrides, and fields count as the API
//! server sees them, after its own defaults. Source: kubernetes/pod-security-admission, v1.0 to v1.37.

mod capabilities;
mod check;
mod confinement;
mod host;
mod level;
mod privilege;
mod standard;
mod sysctls;
mod user;
mod version;
mod violation;
mod volumes;

pub use capabilities::permits_added_capability;
pub use check::StandardCheck;
pub use level::{Level, UnknownLevel};
pub use standard::Standard;
pub use version::{InvalidVersion, Version, VersionSet};
pub use violation::Violation;

use super::pod::Pod;
use violation::Visit;

impl StandardCheck {
    /// Visits every place of a pod that breaks this check in a version of the standard; none in a version that
    /// does not have it.
    pub fn run<'a>(self, pod: Pod<'a>, version: Version, visit: Visit<'_, 'a>) {
        if version < self.since() {
            return;
        }
        match self {
            Self::Privileged => privilege::privileged(pod, visit),
            Self::HostNamespaces => host::namespaces(pod, visit),
            Self::HostPathVolumes => volumes::host_paths(pod, visit),
            Self::HostPorts => host::ports(pod, visit),
            Self::HostProbesAndHostLifecycle => host::probes(pod, visit),
            Self::AppArmorProfile => confinement::app_armor(pod, visit),
            Self::CapabilitiesBaseline => capabilities::baseline(pod, visit),
            Self::ProcMount => confinement::proc_mount(pod, version, visit),
            Self::SeLinuxOptions => confinement::se_linux(pod, version, visit),
            Self::SeccompProfileBaseline => confinement::seccomp_baseline(pod, version, visit),
            Self::Sysctls => sysctls::unsafe_ones(pod, version, visit),
            Self::WindowsHostProcess => host::processes(pod, visit),
            Self::RestrictedVolumes => volumes::restricted(pod, visit),
            Self::RunAsNonRoot => user::non_root(pod, version, visit),
            Self::AllowPrivilegeEscalation => privilege::escalation(pod, version, visit),
            Self::SeccompProfileRestricted => {
                confinement::seccomp_restricted(pod, version, visit);
            }
            Self::CapabilitiesRestricted => capabilities::restricted(pod, version, visit),
            Self::RunAsUser => user::not_zero(pod, version, visit),
            Self::ProcMountRestricted => confinement::proc_mount_restricted(pod, visit),
        }
    }
}

impl StandardCheck {
    /// True if no place of the pod breaks this check.
    #[must_use]
    pub fn passes(self, pod: Pod<'_>, version: Version) -> bool {
        let mut passes = true;
        self.run(pod, version, &mut |_| passes = false);
        passes
    }
}

/// Everything that keeps a pod from meeting a level, one violation for each place that offends: in the order
/// of the checks, then of the pod.
#[must_use]
pub fn violations(pod: Pod<'_>, level: Level, version: Version) -> Vec<Violation<'_>> {
    let mut found = Vec::new();
    for check in StandardCheck::of(level, version) {
        check.run(pod, version, &mut |violation| found.push(violation));
    }
    found
}

/// The highest level that a pod meets, with all below it. The levels are not quite nested: a check that is
/// waived for Windows at restricted can stand for one that baseline asks of every pod, so that a namespace may
/// enforce restricted on a pod that another one refuses at baseline. [`meets`] is the answer for one level.
#[must_use]
pub fn level(pod: Pod<'_>, version: Version) -> Level {
    let lowest_broken = [Level::Baseline, Level::Restricted]
        .into_iter()
        .find(|level| !meets(pod, *level, version));
    match lowest_broken {
        Some(Level::Privileged | Level::Baseline) => Level::Privileged,
        Some(Level::Restricted) => Level::Baseline,
        None => Level::Restricted,
    }
}

/// True if a namespace that enforces this level would let the pod in.
#[must_use]
pub fn meets(pod: Pod<'_>, level: Level, version: Version) -> bool {
    StandardCheck::of(level, version).all(|check| check.passes(pod, version))
}
