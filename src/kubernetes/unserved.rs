//! Pairs of `apiVersion` and `kind` that are meant to be of Kubernetes, and that no release of it serves.
//!
//! Source: the kinds and versions of the tables of fields and of removed versions (`data/fields.rs`, `api_versions`). Only
//! a custom resource may have a group with a dot in it (validation of `CustomResourceDefinition`), so that groups
//! without one are those of Kubernetes alone. Other programs write `apiVersion: v1` over kinds of their own.

use super::api_resources;
use super::api_versions::Retired;
use super::kinds;
use super::schema::{Type, is_slip};

/// The groups without a dot that Kubernetes has, beside the core.
const PLAIN_GROUPS: [&str; 5] = ["apps", "autoscaling", "batch", "extensions", "policy"];

/// Groups with a dot whose kinds the table of fields holds, with every version that a release has had of them. Source:
/// the `OpenAPI` descriptions of the releases up to 1.37, and the table of removed versions.
const DOTTED_GROUPS: [(&str, &[&str]); 13] = [
    (
        "admissionregistration.k8s.io",
        &["v1", "v1beta1", "v1alpha1"],
    ),
    ("apiregistration.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    ("certificates.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    (
        "coordination.k8s.io",
        &["v1", "v1beta1", "v1alpha2", "v1alpha1"],
    ),
    ("discovery.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    (
        "flowcontrol.apiserver.k8s.io",
        &["v1", "v1beta3", "v1beta2", "v1beta1", "v1alpha1"],
    ),
    ("networking.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    ("node.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    ("rbac.authorization.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    (
        "scheduling.k8s.io",
        &["v1", "v1beta1", "v1alpha2", "v1alpha1"],
    ),
    ("storage.k8s.io", &["v1", "v1beta1", "v1alpha1"]),
    ("apiextensions.k8s.io", &["v1", "v1beta1"]),
    ("events.k8s.io", &["v1", "v1beta1"]),
];

/// Those of them whose kinds the table of fields does not hold.
const WITHOUT_TABLE: [&str; 2] = ["apiextensions.k8s.io", "events.k8s.io"];

/// Groups with a dot that Kubernetes has, and whose kinds nobody writes into files.
const OTHER_DOTTED_GROUPS: [&str; 2] = ["authentication.k8s.io", "authorization.k8s.io"];

/// Kinds that are served and that nobody applies.
const SUBRESOURCES: [&str; 5] = [
    "DeploymentRollback",
    "Eviction",
    "ReplicationControllerDummy",
    "Scale",
    "TokenRequest",
];

/// Kinds that `OpenShift` 3 served as `v1` as well.
const OF_OPENSHIFT: [&str; 4] = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];

/// What is not served, and what was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// The kind is one of Kubernetes, in another version of the API.
    Version(&'static str),
    /// The kind is misspelt: the one that is meant, and the version of the API that has it.
    Kind(&'static str, &'static str),
    /// A group of Kubernetes has no such kind, nor one that resembles it.
    Unknown,
}

impl Unserved {
    /// What is wrong with an object's `apiVersion` and `kind`; none if they are served, or not meant to be of
    /// Kubernetes itself.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        if Self::is_filled_in(api_version) || Self::is_filled_in(kind) {
            return None;
        }
        let is_served = Type::of(api_version, kind).is_some()
            || Retired::of(api_version, kind).is_some()
            || SUBRESOURCES.contains(&kind);
        if is_served {
            return None;
        }
        // A blank or a foreign letter is in the name of no group, whoever defines it.
        if !api_version.bytes().all(is_of_name) {
            return Type::version_of(kind).map(Self::Version);
        }
        // A group alone has no version.
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (group, version),
            None if is_group(api_version) => (api_version, ""),
            None => ("", api_version),
        };
        let instead = Type::version_of(kind);
        if let Some(instead) = instead.filter(|instead| is_garbled(api_version, instead)) {
            return Some(Self::Version(instead));
        }
        if group.contains('.') {
            return Self::of_dotted(group, version, kind);
        }
        // The word in front may be of another program: `v1`, `skaffold/v4beta11`.
        let is_known_group = PLAIN_GROUPS.contains(&group);
        let is_core = group.is_empty();
        if is_core && (!is_version(version) || OF_OPENSHIFT.contains(&kind)) {
            return None;
        }
        // The kinds that the table leaves out are served in few versions.
        if kinds::find(api_version, kind).is_some() && !Type::is_kind(kind) {
            return None;
        }
        if let Some(version) = Type::version_of(kind) {
            return Some(Self::Version(version));
        }
        if !is_known_group && !is_core {
            return None;
        }
        let meant = Type::kinds().find(|known| is_meant(kind, known));
        match meant.and_then(|meant| Some((meant, Type::version_of(meant)?))) {
            Some((meant, version)) => Some(Self::Kind(meant, version)),
            None => is_known_group.then_some(Self::Unknown),
        }
    }

    /// The same for a group with a dot. Kinds and versions of these come and go, so that only those of the table are
    /// held against it.
    fn of_dotted(group: &str, version: &str, kind: &str) -> Option<Self> {
        let mut groups = DOTTED_GROUPS.iter();
        let Some((_, versions)) = groups.find(|(known, _)| *known == group) else {
            let is_foreign =
                OTHER_DOTTED_GROUPS.contains(&group) && kinds::built_in_workload(kind).is_some();
            return is_foreign.then(|| Type::version_of(kind).map(Self::Version))?;
        };
        let is_of_group = |api_version: &str| kinds::group_of(api_version) == group;
        if let Some(instead) = Type::version_of(kind) {
            let is_served = is_of_group(instead) && versions.contains(&version);
            let is_foreign = !is_of_group(instead) && kinds::built_in_workload(kind).is_none();
            return (!is_served && !is_foreign).then_some(Self::Version(instead));
        }
        let is_other = kinds::names_of(group).any(|known| known == kind);
        let mut kinds = Type::kinds().filter_map(|known| {
            let version = Type::version_of(known)?;
            is_of_group(version).then_some((known, version))
        });
        if is_other {
            return None;
        }
        if let Some((meant, version)) = kinds.find(|(known, _)| is_meant(kind, known)) {
            return Some(Self::Kind(meant, version));
        }
        // What is still being tried out comes and goes.
        let is_listed = !WITHOUT_TABLE.contains(&group);
        (is_listed && version == "v1").then_some(Self::Unknown)
    }

    /// True for what a template engine, or a variable of a shell, fills in.
    #[must_use]
    pub fn is_filled_in(text: &str) -> bool {
        text.contains(['{', '}', '$', '<', '>', '%', '(', ')', '@', '#'])
    }

    /// The version and kind that an object of this kind is meant to have, where that is known.
    #[must_use]
    pub fn meant(self, kind: &str) -> Option<(&str, &str)> {
        match self {
            Self::Version(version) => Some((version, kind)),
            Self::Kind(kind, version) => Some((version, kind)),
            Self::Unknown => None,
        }
    }
}

/// True for a version of a group without a dot that somebody gave one: `apps.v1`, `k8s.io/apps/v1`, `apps.k8s.io/v1`.
fn is_garbled(written: &str, version: &str) -> bool {
    let Some((group, number)) = version
        .split_once('/')
        .filter(|(group, _)| !group.contains('.'))
    else {
        return false;
    };
    let rest = written.strip_prefix(group);
    written.strip_prefix("k8s.io/") == Some(version)
        || rest.and_then(|rest| rest.strip_prefix('.')) == Some(number)
        || rest
            .and_then(|rest| rest.strip_prefix(".k8s.io/"))
            .is_some_and(is_version)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-./".contains(&byte)
}

/// True if a kind is written with a slip, in the plural, with its version or group behind it, or as `kubectl` shortens it.
fn is_meant(kind: &str, known: &str) -> bool {
    let is_plural = || {
        let (stem, ending) = match known.strip_suffix('y') {
            Some(stem) => (stem, "ies"),
            None => (known, "es"),
        };
        let (first, last) = (kind.get(..stem.len()), kind.get(stem.len()..));
        first.is_some_and(|first| first.eq_ignore_ascii_case(stem)) && last == Some(ending)
    };
    let is_qualified = || kind.split('.').next() == Some(known);
    // Of resources: `Svc` for `services`.
    let is_short = || {
        let resource = api_resources::of_short_name(kind);
        resource.is_some_and(|resource| {
            let singular = known.to_ascii_lowercase();
            let stem = singular.strip_suffix('y').unwrap_or(&singular);
            let ending = resource.strip_prefix(stem);
            let has_y = stem.len() < singular.len();
            matches!(
                (ending, has_y),
                (Some("s" | "es" | ""), false) | (Some("ies"), true)
            )
        })
    };
    is_slip(kind, known) || is_plural() || is_qualified() || is_short()
}

/// True for the name of a group of Kubernetes.
fn is_group(text: &str) -> bool {
    PLAIN_GROUPS.contains(&text) || DOTTED_GROUPS.iter().any(|(group, _)| *group == text)
}

/// True for `v1`, `v2beta1` and their like.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else {
        return false;
    };
    rest.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_of_the_kinds_that_they_stand_for() {
        let of = Unserved::of;
        assert_eq!(of("v1", "Svc"), Some(Unserved::Kind("Service", "v1")));
        assert_eq!(of("v1", "NS"), Some(Unserved::Kind("Namespace", "v1")));
        assert_eq!(
            of("apps/v1", "deploy"),
            Some(Unserved::Kind("Deployment", "apps/v1"))
        );
        assert_eq!(of("v1", "Sv"), None);
        assert_eq!(of("example.com/v1", "Svc"), None);
    }

    #[test]
    fn what_kubernetes_does_not_serve_is_told_from_what_others_define() {
        let of = Unserved::of;
        assert_eq!(of("v1", "Deployment"), Some(Unserved::Version("apps/v1")));
        assert_eq!(
            of("apps/v2", "Deployment"),
            Some(Unserved::Version("apps/v1"))
        );
        assert_eq!(
            of("networking.k8s.io/v1", "CronJob"),
            Some(Unserved::Version("batch/v1"))
        );
        assert_eq!(
            of("networking/v1", "Ingress"),
            Some(Unserved::Version("networking.k8s.io/v1"))
        );
        assert_eq!(
            of("apps/v1", "Deploymnet"),
            Some(Unserved::Kind("Deployment", "apps/v1"))
        );
        assert_eq!(of("v1", "service"), Some(Unserved::Kind("Service", "v1")));
        assert_eq!(of("apps/v1", "Workload"), Some(Unserved::Unknown));
        assert_eq!(of("storage.k8s.io/v1", "Disk"), Some(Unserved::Unknown));
        assert_eq!(
            of("networking.k8s.io/v1", "Ingres"),
            Some(Unserved::Kind("Ingress", "networking.k8s.io/v1"))
        );
        assert_eq!(
            of("networking.k8s.io/v1beta2", "Ingress"),
            Some(Unserved::Version("networking.k8s.io/v1"))
        );
        assert_eq!(
            of("rbac.authorization.k8s.io", "Role"),
            Some(Unserved::Version("rbac.authorization.k8s.io/v1"))
        );
        assert_eq!(of("apps", "Deployment"), Some(Unserved::Version("apps/v1")));
        for (kind, meant) in [
            ("Deployment ", "Deployment"),
            ("\tDeployment", "Deployment"),
            ("Deployment,", "Deployment"),
            ("Depl\u{43e}yment", "Deployment"),
            ("Stateful Set", "StatefulSet"),
            ("deployments", "Deployment"),
        ] {
            let instead = Some(Unserved::Kind(meant, "apps/v1"));
            assert_eq!(of("apps/v1", kind), instead, "{kind:?}");
        }
        for (kind, meant) in [
            ("NetworkPolicies", "NetworkPolicy"),
            ("networkpolicies", "NetworkPolicy"),
            ("Ingresses", "Ingress"),
        ] {
            let version = "networking.k8s.io/v1";
            let instead = Some(Unserved::Kind(meant, version));
            assert_eq!(of(version, kind), instead, "{kind}");
        }
        for version in ["apps.v1", "k8s.io/apps/v1", "apps.k8s.io/v1"] {
            let instead = Some(Unserved::Version("apps/v1"));
            assert_eq!(of(version, "Deployment"), instead, "{version}");
        }
        let instead = Some(Unserved::Kind("Service", "v1"));
        assert_eq!(of("v1", "Service.v1"), instead);
        for version in ["networking.k8s.io/v1 ", "netw\u{43e}rking.k8s.io/v1"] {
            let instead = Some(Unserved::Version("networking.k8s.io/v1"));
            assert_eq!(of(version, "Ingress"), instead, "{version}");
        }
        for (version, kind) in [
            ("apps/v1", "Deployment"),
            ("apps/v1beta1", "Deployment"),
            ("v1", "Config"),
            ("v1", "List"),
            ("v1", "Event"),
            ("v1", "Binding"),
            ("v1", "Template"),
            ("v1", "RoleBinding"),
            ("v1", "DeploymentConfig"),
            ("autoscaling/v1", "Scale"),
            ("policy/v1", "Eviction"),
            ("networking.k8s.io/v1alpha1", "Ingress"),
            ("networking.k8s.io/v1alpha1", "Policy"),
            ("events.k8s.io/v1", "Thing"),
            ("networking.k8s.io/v1alpha1", "ClusterCIDR"),
            ("coordination.k8s.io/v1alpha2", "LeaseCandidate"),
            ("scheduling.k8s.io/v1alpha1", "Workload"),
            ("gateway.networking.k8s.io/v9", "Gateways"),
            ("networking.x-k8s.io/v1", "Ingres"),
            ("snapshot.storage.k8s.io/v2", "StorageClas"),
            ("metrics.k8s.io/v1beta1", "PodMetrics"),
            ("resource.k8s.io/v2", "ResourceClaims"),
            ("apps.openshift.io/v1", "DeploymentConfig"),
            ("apps.kruise.io/v1alpha1", "StatefulSet"),
            ("example.com/v1", "Deployment"),
            ("skaffold/v4beta11", "Config"),
            ("serving.knative.dev/v1", "Service"),
            ("{{ version }}", "Deployment"),
            ("apps/v1", "{{ kind }}"),
            ("apps/v1", "${KIND}"),
            ("v1", "My Settings"),
            ("v1", "Policies"),
        ] {
            assert_eq!(of(version, kind), None, "{version} {kind}");
        }
    }
}
