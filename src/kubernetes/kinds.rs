//! The kinds that are known: what counts as a manifest, what is cluster-scoped and what bears pods.
//!
//! Source: the API reference of Kubernetes 1.37 (built-in groups), with the groups that older versions used
//! for the same kinds; and the kinds of Kyverno 1.15 and Gatekeeper 3.20 that admit or refuse other objects. A kind
//! that is not here is "other": counted, and otherwise none of our business.

/// Where a kind keeps its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodPath {
    /// The object is a pod.
    Own,
    /// `template`.
    Template,
    /// `spec.template`.
    SpecTemplate,
    /// `spec.jobTemplate.spec.template`.
    JobTemplate,
}

impl PodPath {
    /// The path to the mapping that holds `metadata` and `spec` of the pod.
    #[must_use]
    pub fn path(self) -> &'static [&'static str] {
        match self {
            Self::Own => &[],
            Self::Template => &["template"],
            Self::SpecTemplate => &["spec", "template"],
            Self::JobTemplate => &["spec", "jobTemplate", "spec", "template"],
        }
    }
}

/// A known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The API groups that serve or served it, today's first; `""` is the core group.
    pub groups: &'static [&'static str],
    /// The name of the kind; `*` for a group whose kinds users name themselves.
    pub name: &'static str,
    /// False for cluster-scoped kinds.
    pub namespaced: bool,
    /// Where its pods are.
    pub pods: Option<PodPath>,
    /// True where the API requires `spec.selector`.
    pub needs_selector: bool,
}

const fn kind(groups: &'static [&'static str], name: &'static str) -> Kind {
    Kind {
        groups,
        name,
        namespaced: true,
        pods: None,
        needs_selector: false,
    }
}

const fn cluster(groups: &'static [&'static str], name: &'static str) -> Kind {
    Kind {
        namespaced: false,
        ..kind(groups, name)
    }
}

const fn workload(
    groups: &'static [&'static str],
    name: &'static str,
    pods: PodPath,
    needs_selector: bool,
) -> Kind {
    Kind {
        pods: Some(pods),
        needs_selector,
        ..kind(groups, name)
    }
}

const ADMISSION: &[&str] = &["admissionregistration.k8s.io"];
const APPS: &[&str] = &["apps", "extensions"];
const AUTOSCALING: &[&str] = &["autoscaling"];
const BATCH: &[&str] = &["batch"];
const CORE: &[&str] = &[""];
const GATEWAY: &[&str] = &["gateway.networking.k8s.io"];
const KYVERNO: &[&str] = &["kyverno.io"];
const NETWORKING: &[&str] = &["networking.k8s.io", "extensions"];
const POLICY: &[&str] = &["policy", "extensions"];
const RBAC: &[&str] = &["rbac.authorization.k8s.io"];
/// What a kind of a group is called whose kinds users name themselves.
const ANY: &str = "*";

const STORAGE: &[&str] = &["storage.k8s.io"];

static KINDS: &[Kind] = &[
    workload(CORE, "Pod", PodPath::Own, false),
    workload(CORE, "PodTemplate", PodPath::Template, false),
    workload(CORE, "ReplicationController", PodPath::SpecTemplate, false),
    workload(APPS, "ReplicaSet", PodPath::SpecTemplate, true),
    workload(APPS, "Deployment", PodPath::SpecTemplate, true),
    workload(APPS, "StatefulSet", PodPath::SpecTemplate, true),
    workload(APPS, "DaemonSet", PodPath::SpecTemplate, true),
    workload(BATCH, "Job", PodPath::SpecTemplate, false),
    workload(BATCH, "CronJob", PodPath::JobTemplate, false),
    kind(CORE, "ConfigMap"),
    kind(CORE, "Endpoints"),
    kind(CORE, "LimitRange"),
    kind(CORE, "PersistentVolumeClaim"),
    kind(CORE, "ResourceQuota"),
    kind(CORE, "Secret"),
    kind(CORE, "Service"),
    kind(CORE, "ServiceAccount"),
    cluster(CORE, "Namespace"),
    cluster(CORE, "Node"),
    cluster(CORE, "PersistentVolume"),
    kind(APPS, "ControllerRevision"),
    kind(AUTOSCALING, "HorizontalPodAutoscaler"),
    kind(&["coordination.k8s.io"], "Lease"),
    kind(&["discovery.k8s.io"], "EndpointSlice"),
    kind(NETWORKING, "Ingress"),
    kind(NETWORKING, "NetworkPolicy"),
    cluster(NETWORKING, "IngressClass"),
    kind(POLICY, "PodDisruptionBudget"),
    cluster(POLICY, "PodSecurityPolicy"),
    kind(RBAC, "Role"),
    kind(RBAC, "RoleBinding"),
    cluster(RBAC, "ClusterRole"),
    cluster(RBAC, "ClusterRoleBinding"),
    cluster(ADMISSION, "MutatingWebhookConfiguration"),
    cluster(ADMISSION, "ValidatingWebhookConfiguration"),
    cluster(ADMISSION, "ValidatingAdmissionPolicy"),
    cluster(ADMISSION, "ValidatingAdmissionPolicyBinding"),
    cluster(ADMISSION, "MutatingAdmissionPolicy"),
    cluster(ADMISSION, "MutatingAdmissionPolicyBinding"),
    cluster(KYVERNO, "ClusterPolicy"),
    kind(KYVERNO, "Policy"),
    cluster(&["templates.gatekeeper.sh"], "ConstraintTemplate"),
    // Each template makes a kind of constraint.
    cluster(&["constraints.gatekeeper.sh"], ANY),
    cluster(&["apiextensions.k8s.io"], "CustomResourceDefinition"),
    cluster(&["apiregistration.k8s.io"], "APIService"),
    cluster(&["certificates.k8s.io"], "CertificateSigningRequest"),
    cluster(&["flowcontrol.apiserver.k8s.io"], "FlowSchema"),
    cluster(
        &["flowcontrol.apiserver.k8s.io"],
        "PriorityLevelConfiguration",
    ),
    cluster(&["node.k8s.io"], "RuntimeClass"),
    cluster(&["scheduling.k8s.io"], "PriorityClass"),
    cluster(STORAGE, "CSIDriver"),
    cluster(STORAGE, "StorageClass"),
    cluster(STORAGE, "VolumeAttachment"),
    kind(STORAGE, "CSIStorageCapacity"),
    cluster(GATEWAY, "GatewayClass"),
    kind(GATEWAY, "Gateway"),
    kind(GATEWAY, "GRPCRoute"),
    kind(GATEWAY, "HTTPRoute"),
    kind(GATEWAY, "ReferenceGrant"),
    kind(GATEWAY, "TCPRoute"),
    kind(GATEWAY, "TLSRoute"),
    kind(GATEWAY, "UDPRoute"),
];

/// Finds a kind by `apiVersion` and `kind`. Both are case-sensitive, as for the API server.
#[must_use]
pub fn find(api_version: &str, name: &str) -> Option<&'static Kind> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    KINDS
        .iter()
        .find(|kind| [name, ANY].contains(&kind.name) && kind.groups.contains(&group))
}
