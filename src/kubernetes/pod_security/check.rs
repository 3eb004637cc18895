//! The checks of the standard: what they are called, which level asks for them, and from which version on.

use super::level::Level;
use super::version::Version;
use crate::kubernetes::pod::Pod;

/// One check of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StandardCheck {
    /// No container is privileged.
    Privileged,
    /// The pod uses no network, process or IPC namespace of its node.
    HostNamespaces,
    /// No volume is a path of the node.
    HostPathVolumes,
    /// No container takes a port of the node.
    HostPorts,
    /// No probe and no lifecycle hook sends a request to a host of the author's choice (from 1.34 on).
    HostProbesAndHostLifecycle,
    /// AppArmor is not turned off.
    AppArmorProfile,
    /// Only capabilities that containers have by default are added, without `NET_RAW`.
    CapabilitiesBaseline,
    /// `/proc` stays masked; from 1.35 on not asked of a pod with a user namespace.
    ProcMount,
    /// SELinux runs containers with one of the container types, and with no user or role of the author's.
    SeLinuxOptions,
    /// Seccomp is not turned off.
    SeccompProfileBaseline,
    /// Only sysctls that are known to be safe are set.
    Sysctls,
    /// No container is a process of a Windows node.
    WindowsHostProcess,
    /// Every volume is of a type that neither reaches the node nor speaks a storage protocol from within it.
    RestrictedVolumes,
    /// Every container is kept from running as root.
    RunAsNonRoot,
    /// Every container says that it gains no privileges (from 1.8 on).
    AllowPrivilegeEscalation,
    /// Every container has a seccomp profile (from 1.19 on).
    SeccompProfileRestricted,
    /// Every container drops all capabilities, and adds none but `NET_BIND_SERVICE` (from 1.22 on).
    CapabilitiesRestricted,
    /// Nothing asks for the user 0 (from 1.23 on).
    RunAsUser,
    /// `/proc` stays masked, user namespace or not (from 1.35 on).
    ProcMountRestricted,
}

impl StandardCheck {
    /// All checks: those of the baseline level first, each level in the order of the standard.
    pub const ALL: [Self; 19] = [
        Self::Privileged,
        Self::HostNamespaces,
        Self::HostPathVolumes,
        Self::HostPorts,
        Self::HostProbesAndHostLifecycle,
        Self::AppArmorProfile,
        Self::CapabilitiesBaseline,
        Self::ProcMount,
        Self::SeLinuxOptions,
        Self::SeccompProfileBaseline,
        Self::Sysctls,
        Self::WindowsHostProcess,
        Self::RestrictedVolumes,
        Self::RunAsNonRoot,
        Self::AllowPrivilegeEscalation,
        Self::SeccompProfileRestricted,
        Self::CapabilitiesRestricted,
        Self::RunAsUser,
        Self::ProcMountRestricted,
    ];

    /// The checks that a level asks for in a version, without those that a stricter one overrides.
    pub fn of(level: Level, version: Version) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |check| check.level() <= level && check.since() <= version)
            .filter(move |check| check.overridden_by(level, version).is_none())
    }

    /// The standard's own id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::HostNamespaces => "hostNamespaces",
            Self::HostPathVolumes => "hostPathVolumes",
            Self::HostPorts => "hostPorts",
            Self::HostProbesAndHostLifecycle => "hostProbesAndHostLifecycle",
            Self::AppArmorProfile => "appArmorProfile",
            Self::CapabilitiesBaseline => "capabilities_baseline",
            Self::ProcMount => "procMount",
            Self::SeLinuxOptions => "seLinuxOptions",
            Self::SeccompProfileBaseline => "seccompProfile_baseline",
            Self::Sysctls => "sysctls",
            Self::WindowsHostProcess => "windowsHostProcess",
            Self::RestrictedVolumes => "restrictedVolumes",
            Self::RunAsNonRoot => "runAsNonRoot",
            Self::AllowPrivilegeEscalation => "allowPrivilegeEscalation",
            Self::SeccompProfileRestricted => "seccompProfile_restricted",
            Self::CapabilitiesRestricted => "capabilities_restricted",
            Self::RunAsUser => "runAsUser",
            Self::ProcMountRestricted => "procMount_restricted",
        }
    }

    /// The lowest level that asks for it.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Privileged
            | Self::HostNamespaces
            | Self::HostPathVolumes
            | Self::HostPorts
            | Self::HostProbesAndHostLifecycle
            | Self::AppArmorProfile
            | Self::CapabilitiesBaseline
            | Self::ProcMount
            | Self::SeLinuxOptions
            | Self::SeccompProfileBaseline
            | Self::Sysctls
            | Self::WindowsHostProcess => Level::Baseline,
            Self::RestrictedVolumes
            | Self::RunAsNonRoot
            | Self::AllowPrivilegeEscalation
            | Self::SeccompProfileRestricted
            | Self::CapabilitiesRestricted
            | Self::RunAsUser
            | Self::ProcMountRestricted => Level::Restricted,
        }
    }

    /// The first version that has it.
    #[must_use]
    pub fn since(self) -> Version {
        match self {
            Self::AllowPrivilegeEscalation => Version(8),
            Self::SeccompProfileRestricted => Version(19),
            Self::CapabilitiesRestricted => Version(22),
            Self::RunAsUser => Version(23),
            Self::HostProbesAndHostLifecycle => Version(34),
            Self::ProcMountRestricted => Version(35),
            _ => Version(0),
        }
    }

    /// The versions after the first one in which it asks for something else than before.
    #[must_use]
    pub fn changes(self) -> &'static [Version] {
        match self {
            Self::SeccompProfileBaseline => &[Version(19)],
            Self::AllowPrivilegeEscalation
            | Self::SeccompProfileRestricted
            | Self::CapabilitiesRestricted => &[Version(25)],
            Self::SeLinuxOptions => &[Version(31)],
            Self::Sysctls => &[Version(27), Version(29), Version(32), Version(37)],
            Self::ProcMount | Self::RunAsNonRoot | Self::RunAsUser => &[Version(35)],
            _ => &[],
        }
    }

    /// The version whose form of the check counts in a version; none where that does not have the check.
    #[must_use]
    pub fn revision(self, version: Version) -> Option<Version> {
        let since = self.since();
        let changes = self.changes().iter().rev();
        (since <= version).then(|| {
            changes
                .copied()
                .find(|change| *change <= version)
                .unwrap_or(since)
        })
    }

    /// The check that takes the place of this one at a level, in a version.
    #[must_use]
    pub fn overridden_by(self, level: Level, version: Version) -> Option<Self> {
        Self::ALL.into_iter().find(|other| {
            other.overrides() == Some(self) && other.level() <= level && other.since() <= version
        })
    }

    /// The check of the baseline level that does not run where this one does.
    #[must_use]
    pub fn overrides(self) -> Option<Self> {
        match self {
            Self::RestrictedVolumes => Some(Self::HostPathVolumes),
            Self::SeccompProfileRestricted => Some(Self::SeccompProfileBaseline),
            Self::CapabilitiesRestricted => Some(Self::CapabilitiesBaseline),
            Self::ProcMountRestricted => Some(Self::ProcMount),
            _ => None,
        }
    }
}

/// From 1.25 on, a pod that says it is for Windows need not set what only Linux has.
pub(super) fn exempts_windows(pod: Pod<'_>, version: Version) -> bool {
    version >= Version(25) && pod.is_windows()
}

/// From 1.35 on, a pod with a user namespace of its own may be root in it.
pub(super) fn exempts_user_namespace(pod: Pod<'_>, version: Version) -> bool {
    version >= Version(35) && pod.has_user_namespace()
}
