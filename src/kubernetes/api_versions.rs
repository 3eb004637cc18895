//! Versions of the API that Kubernetes serves no longer, or not for ever.
//!
//! Source: the guide to deprecated APIs of the Kubernetes documentation, up to 1.32; from 1.29 on what the `OpenAPI`
//! descriptions of the releases serve, up to 1.37 (the packages that `data/fields.py` reads), which wins where a
//! description and a plan disagree. Alpha versions are held where people wrote them into files: of those that are gone
//! for good the older descriptions (packages 17 to 31 of the same name) and the changelogs of the releases tell.

use super::pod_security::{Version, VersionSet};

/// What became of kinds of one version of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    api_version: &'static str,
    kinds: &'static [&'static str],
    /// The minor version that deprecated it.
    pub deprecated: u32,
    /// The minor version that serves it no longer, where that is known.
    pub removed: Option<u32>,
    /// What takes its place, and the minor version that has it.
    pub instead: Option<(&'static str, u32)>,
}

impl Retired {
    /// What became of a kind; none if it is served and meant to stay.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<&'static Self> {
        RETIRED
            .iter()
            .find(|one| one.api_version == api_version && one.kinds.contains(&kind))
    }

    /// What to write instead, said to someone whose clusters run the targets.
    #[must_use]
    pub fn remedy(&self, targets: VersionSet) -> String {
        let Some((instead, since)) = self.instead else {
            return "nothing takes its place".to_owned();
        };
        let everywhere = targets.oldest().is_none_or(|oldest| oldest.0 >= since);
        if everywhere {
            format!("write {instead}")
        } else {
            format!("write {instead}, which {} brought", Version(since))
        }
    }

    /// Each version and kind that the table holds.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        RETIRED
            .iter()
            .flat_map(|one| one.kinds.iter().map(|kind| (one.api_version, *kind)))
    }
}

const fn removed(
    api_version: &'static str,
    kinds: &'static [&'static str],
    deprecated: u32,
    removed: u32,
    instead: &'static str,
    since: u32,
) -> Retired {
    Retired {
        api_version,
        kinds,
        deprecated,
        removed: Some(removed),
        instead: Some((instead, since)),
    }
}

const fn without_successor(
    api_version: &'static str,
    kinds: &'static [&'static str],
    deprecated: u32,
    removed: u32,
) -> Retired {
    Retired {
        api_version,
        kinds,
        deprecated,
        removed: Some(removed),
        instead: None,
    }
}

const fn deprecated(
    api_version: &'static str,
    kinds: &'static [&'static str],
    deprecated: u32,
    instead: &'static str,
    since: u32,
) -> Retired {
    Retired {
        api_version,
        kinds,
        deprecated,
        removed: None,
        instead: Some((instead, since)),
    }
}

const RBAC: &[&str] = &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
const DEVICES: &[&str] = &[
    "DeviceClass",
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceSlice",
];
const FLOW: &[&str] = &["FlowSchema", "PriorityLevelConfiguration"];
const VALIDATING: &[&str] = &[
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];
const ADDRESSES: &[&str] = &["IPAddress", "ServiceCIDR"];

#[rustfmt::skip]
static RETIRED: &[Retired] = &[
    removed("admissionregistration.k8s.io/v1alpha1", VALIDATING, 28, 33, "admissionregistration.k8s.io/v1", 30),
    removed("admissionregistration.k8s.io/v1beta1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], 16, 22, "admissionregistration.k8s.io/v1", 16),
    removed("admissionregistration.k8s.io/v1beta1", VALIDATING, 31, 34, "admissionregistration.k8s.io/v1", 30),
    removed("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], 16, 22, "apiextensions.k8s.io/v1", 16),
    removed("apiregistration.k8s.io/v1beta1", &["APIService"], 10, 22, "apiregistration.k8s.io/v1", 10),
    removed("apps/v1beta1", &["ControllerRevision", "Deployment", "ReplicaSet", "StatefulSet"], 9, 16, "apps/v1", 9),
    removed("apps/v1beta2", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], 9, 16, "apps/v1", 9),
    removed("audit.k8s.io/v1alpha1", &["Event", "Policy"], 21, 24, "audit.k8s.io/v1", 12),
    removed("audit.k8s.io/v1beta1", &["Event", "Policy"], 21, 24, "audit.k8s.io/v1", 12),
    without_successor("auditregistration.k8s.io/v1alpha1", &["AuditSink"], 19, 19),
    removed("authentication.k8s.io/v1beta1", &["TokenReview"], 19, 22, "authentication.k8s.io/v1", 6),
    removed("authorization.k8s.io/v1beta1", &["LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"], 19, 22, "authorization.k8s.io/v1", 6),
    removed("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], 22, 25, "autoscaling/v2", 23),
    removed("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], 23, 26, "autoscaling/v2", 23),
    removed("batch/v1beta1", &["CronJob"], 21, 25, "batch/v1", 21),
    removed("batch/v2alpha1", &["CronJob"], 8, 21, "batch/v1", 21),
    removed("certificates.k8s.io/v1alpha1", &["ClusterTrustBundle"], 33, 37, "certificates.k8s.io/v1", 37),
    removed("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], 19, 22, "certificates.k8s.io/v1", 19),
    removed("coordination.k8s.io/v1beta1", &["Lease"], 14, 22, "coordination.k8s.io/v1", 14),
    removed("discovery.k8s.io/v1beta1", &["EndpointSlice"], 21, 25, "discovery.k8s.io/v1", 21),
    removed("events.k8s.io/v1beta1", &["Event"], 19, 25, "events.k8s.io/v1", 19),
    removed("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], 9, 16, "apps/v1", 9),
    removed("extensions/v1beta1", &["NetworkPolicy"], 9, 16, "networking.k8s.io/v1", 8),
    removed("extensions/v1beta1", &["Ingress"], 14, 22, "networking.k8s.io/v1", 19),
    without_successor("extensions/v1beta1", &["PodSecurityPolicy"], 10, 16),
    removed("extensions/v1beta1", &["ThirdPartyResource"], 7, 8, "apiextensions.k8s.io/v1 CustomResourceDefinition", 16),
    removed("flowcontrol.apiserver.k8s.io/v1alpha1", FLOW, 20, 21, "flowcontrol.apiserver.k8s.io/v1", 29),
    removed("flowcontrol.apiserver.k8s.io/v1beta1", FLOW, 23, 26, "flowcontrol.apiserver.k8s.io/v1", 29),
    removed("flowcontrol.apiserver.k8s.io/v1beta2", FLOW, 26, 29, "flowcontrol.apiserver.k8s.io/v1", 29),
    removed("flowcontrol.apiserver.k8s.io/v1beta3", FLOW, 29, 32, "flowcontrol.apiserver.k8s.io/v1", 29),
    without_successor("networking.k8s.io/v1alpha1", &["ClusterCIDR"], 29, 29),
    removed("networking.k8s.io/v1alpha1", ADDRESSES, 31, 33, "networking.k8s.io/v1", 33),
    removed("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 19, 22, "networking.k8s.io/v1", 19),
    removed("networking.k8s.io/v1beta1", ADDRESSES, 34, 37, "networking.k8s.io/v1", 33),
    removed("node.k8s.io/v1beta1", &["RuntimeClass"], 22, 25, "node.k8s.io/v1", 20),
    removed("policy/v1beta1", &["PodDisruptionBudget"], 21, 25, "policy/v1", 21),
    without_successor("policy/v1beta1", &["PodSecurityPolicy"], 21, 25),
    removed("rbac.authorization.k8s.io/v1alpha1", RBAC, 17, 22, "rbac.authorization.k8s.io/v1", 8),
    removed("rbac.authorization.k8s.io/v1beta1", RBAC, 17, 22, "rbac.authorization.k8s.io/v1", 8),
    removed("resource.k8s.io/v1alpha1", &["ResourceClaim", "ResourceClaimTemplate"], 27, 27, "resource.k8s.io/v1", 34),
    removed("resource.k8s.io/v1alpha1", &["ResourceClass"], 27, 27, "resource.k8s.io/v1 DeviceClass", 34),
    without_successor("resource.k8s.io/v1alpha1", &["PodScheduling"], 27, 27),
    removed("resource.k8s.io/v1alpha2", &["ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], 31, 31, "resource.k8s.io/v1", 34),
    removed("resource.k8s.io/v1alpha2", &["ResourceClass"], 31, 31, "resource.k8s.io/v1 DeviceClass", 34),
    without_successor("resource.k8s.io/v1alpha2", &["PodSchedulingContext", "ResourceClaimParameters", "ResourceClassParameters"], 31, 31),
    without_successor("resource.k8s.io/v1alpha3", &["PodSchedulingContext"], 32, 32),
    removed("resource.k8s.io/v1alpha3", DEVICES, 32, 34, "resource.k8s.io/v1", 34),
    deprecated("resource.k8s.io/v1beta1", DEVICES, 34, "resource.k8s.io/v1", 34),
    removed("scheduling.k8s.io/v1alpha1", &["PriorityClass"], 14, 17, "scheduling.k8s.io/v1", 14),
    removed("scheduling.k8s.io/v1beta1", &["PriorityClass"], 14, 22, "scheduling.k8s.io/v1", 14),
    without_successor("settings.k8s.io/v1alpha1", &["PodPreset"], 19, 20),
    removed("storage.k8s.io/v1alpha1", &["VolumeAttributesClass"], 31, 35, "storage.k8s.io/v1", 34),
    removed("storage.k8s.io/v1beta1", &["CSIDriver"], 19, 22, "storage.k8s.io/v1", 19),
    removed("storage.k8s.io/v1beta1", &["CSINode"], 17, 22, "storage.k8s.io/v1", 17),
    removed("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], 24, 27, "storage.k8s.io/v1", 24),
    removed("storage.k8s.io/v1beta1", &["StorageClass"], 6, 22, "storage.k8s.io/v1", 6),
    removed("storage.k8s.io/v1beta1", &["VolumeAttachment"], 13, 22, "storage.k8s.io/v1", 13),
    removed("storage.k8s.io/v1beta1", &["VolumeAttributesClass"], 34, 37, "storage.k8s.io/v1", 34),
    removed("storagemigration.k8s.io/v1alpha1", &["StorageVersionMigration"], 35, 35, "storagemigration.k8s.io/v1beta1", 35),
    deprecated("v1", &["Endpoints"], 33, "discovery.k8s.io/v1 EndpointSlice", 21),
];
