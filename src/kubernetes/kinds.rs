//! The kinds that are known: what counts as a manifest, what is cluster-scoped and what bears pods.
//!
//! Source: the API reference of Kubernetes 1.37 (built-in groups), with the groups that older versions used
//! for the same kinds; the kinds of Kyverno 1.16 and Gatekeeper 3.20 that admit or refuse other objects;
//! those of the Network Policy API, Cilium and Calico that say who may reach whom; and the
//! custom resources that bear pods, of Argo Rollouts, Knative Serving 1.20, `OpenShift` 4, `JobSet` and `LeaderWorkerSet`.
//! The configuration can declare more. A kind that is neither is "other": counted, and otherwise none of our
//! business.

use std::sync::Arc;

use crate::syntax::Node;

/// The object is a pod itself.
const OWN: &[&str] = &[""];
/// What most kinds have.
const SPEC_TEMPLATE: &[&str] = &["spec.template"];

/// What a container of most kinds must have.
const NAME_AND_IMAGE: &[&str] = &["name", "image"];

/// A known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The API groups that serve or served it, today's first; `""` is the core group.
    pub groups: &'static [&'static str],
    /// The name of the kind; `*` for a group whose kinds users name themselves.
    pub name: &'static str,
    /// False for cluster-scoped kinds.
    pub namespaced: bool,
    /// Where its pods are: paths to the mappings that hold `metadata` and `spec` of a pod, in the notation of
    /// [`Declared`].
    pub pods: &'static [&'static str],
    /// What a container must have for its pod to be more than a patch.
    pub container_needs: &'static [&'static str],
    /// True where the API requires `spec.selector`.
    pub needs_selector: bool,
}

impl Kind {
    /// True if objects of this kind are pods or make pods.
    #[must_use]
    pub fn bears_pods(&self) -> bool {
        !self.pods.is_empty() || self.name == DECLARED.name
    }
}

impl Kind {
    /// True if its pods are there to keep running, in contrast to those that end when their work is done.
    #[must_use]
    pub fn keeps_pods_running(&self) -> bool {
        const KINDS: [&str; 9] = [
            "DaemonSet",
            "Deployment",
            "DeploymentConfig",
            "LeaderWorkerSet",
            "Pod",
            "ReplicaSet",
            "ReplicationController",
            "Rollout",
            "StatefulSet",
        ];
        KINDS.contains(&self.name)
    }

    /// True if its objects are pods themselves, in contrast to what makes pods.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.pods == OWN
    }
}

const fn kind(groups: &'static [&'static str], name: &'static str) -> Kind {
    Kind {
        groups,
        name,
        namespaced: true,
        pods: &[],
        container_needs: NAME_AND_IMAGE,
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
    pods: &'static [&'static str],
    needs_selector: bool,
) -> Kind {
    Kind {
        pods,
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
const KYVERNO_CEL: &[&str] = &["policies.kyverno.io"];
const KNATIVE: &[&str] = &["serving.knative.dev"];
const NETWORKING: &[&str] = &["networking.k8s.io", "extensions"];
const POLICY: &[&str] = &["policy", "extensions"];
const CLUSTER_POLICY: &[&str] = &["policy.networking.k8s.io"];
const CILIUM: &[&str] = &["cilium.io"];
const CALICO: &[&str] = &["projectcalico.org", "crd.projectcalico.org"];
const RBAC: &[&str] = &["rbac.authorization.k8s.io"];
/// What a kind of a group is called whose kinds users name themselves.
const ANY: &str = "*";

const RESOURCE: &[&str] = &["resource.k8s.io"];
const STORAGE: &[&str] = &["storage.k8s.io"];

static KINDS: &[Kind] = &[
    workload(CORE, "Pod", OWN, false),
    workload(CORE, "PodTemplate", &["template"], false),
    workload(CORE, "ReplicationController", SPEC_TEMPLATE, false),
    workload(APPS, "ReplicaSet", SPEC_TEMPLATE, true),
    workload(APPS, "Deployment", SPEC_TEMPLATE, true),
    workload(APPS, "StatefulSet", SPEC_TEMPLATE, true),
    workload(APPS, "DaemonSet", SPEC_TEMPLATE, true),
    workload(BATCH, "Job", SPEC_TEMPLATE, false),
    workload(BATCH, "CronJob", &["spec.jobTemplate.spec.template"], false),
    workload(&["argoproj.io"], "Rollout", SPEC_TEMPLATE, true),
    workload(
        &["jobset.x-k8s.io"],
        "JobSet",
        &["spec.replicatedJobs[].template.spec.template"],
        false,
    ),
    workload(
        &["leaderworkerset.x-k8s.io"],
        "LeaderWorkerSet",
        &[
            "spec.leaderWorkerTemplate.leaderTemplate",
            "spec.leaderWorkerTemplate.workerTemplate",
        ],
        false,
    ),
    // Knative names what has no name.
    Kind {
        container_needs: &["image"],
        ..workload(KNATIVE, "Configuration", SPEC_TEMPLATE, false)
    },
    Kind {
        container_needs: &["image"],
        ..workload(KNATIVE, "Revision", OWN, false)
    },
    Kind {
        container_needs: &["image"],
        ..workload(KNATIVE, "Service", SPEC_TEMPLATE, false)
    },
    // A trigger may fill in the image.
    Kind {
        container_needs: &["name"],
        ..workload(
            &["apps.openshift.io", ""],
            "DeploymentConfig",
            SPEC_TEMPLATE,
            false,
        )
    },
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
    cluster(CLUSTER_POLICY, "AdminNetworkPolicy"),
    cluster(CLUSTER_POLICY, "BaselineAdminNetworkPolicy"),
    cluster(CLUSTER_POLICY, "ClusterNetworkPolicy"),
    kind(CILIUM, "CiliumNetworkPolicy"),
    cluster(CILIUM, "CiliumClusterwideNetworkPolicy"),
    kind(CALICO, "NetworkPolicy"),
    cluster(CALICO, "GlobalNetworkPolicy"),
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
    kind(KYVERNO, "PolicyException"),
    cluster(KYVERNO_CEL, "DeletingPolicy"),
    cluster(KYVERNO_CEL, "GeneratingPolicy"),
    cluster(KYVERNO_CEL, "ImageValidatingPolicy"),
    cluster(KYVERNO_CEL, "MutatingPolicy"),
    cluster(KYVERNO_CEL, "ValidatingPolicy"),
    kind(KYVERNO_CEL, "NamespacedDeletingPolicy"),
    kind(KYVERNO_CEL, "NamespacedGeneratingPolicy"),
    kind(KYVERNO_CEL, "NamespacedImageValidatingPolicy"),
    kind(KYVERNO_CEL, "NamespacedMutatingPolicy"),
    kind(KYVERNO_CEL, "NamespacedValidatingPolicy"),
    kind(KYVERNO_CEL, "PolicyException"),
    kind(&["config.gatekeeper.sh"], "Config"),
    cluster(&["templates.gatekeeper.sh"], "ConstraintTemplate"),
    // Each template makes a kind of constraint.
    cluster(&["constraints.gatekeeper.sh"], ANY),
    cluster(&["apiextensions.k8s.io"], "CustomResourceDefinition"),
    cluster(&["apiregistration.k8s.io"], "APIService"),
    // Files of the API server rather than objects that it serves.
    cluster(&["apiserver.config.k8s.io"], "EncryptionConfiguration"),
    cluster(&["audit.k8s.io"], "Policy"),
    cluster(&["certificates.k8s.io"], "CertificateSigningRequest"),
    cluster(&["flowcontrol.apiserver.k8s.io"], "FlowSchema"),
    cluster(
        &["flowcontrol.apiserver.k8s.io"],
        "PriorityLevelConfiguration",
    ),
    cluster(&["node.k8s.io"], "RuntimeClass"),
    cluster(&["scheduling.k8s.io"], "PriorityClass"),
    // What older versions of the API served, or what few people write: a rule says which versions are gone.
    cluster(&["audit.k8s.io"], "Policy"),
    cluster(&["audit.k8s.io"], "Event"),
    cluster(&["authentication.k8s.io"], "TokenReview"),
    kind(&["authorization.k8s.io"], "LocalSubjectAccessReview"),
    cluster(&["authorization.k8s.io"], "SelfSubjectAccessReview"),
    cluster(&["authorization.k8s.io"], "SelfSubjectRulesReview"),
    cluster(&["authorization.k8s.io"], "SubjectAccessReview"),
    cluster(&["certificates.k8s.io"], "ClusterTrustBundle"),
    kind(&["events.k8s.io", ""], "Event"),
    cluster(&["auditregistration.k8s.io"], "AuditSink"),
    cluster(&["extensions"], "ThirdPartyResource"),
    cluster(NETWORKING, "ClusterCIDR"),
    cluster(NETWORKING, "IPAddress"),
    cluster(NETWORKING, "ServiceCIDR"),
    cluster(RESOURCE, "DeviceClass"),
    kind(RESOURCE, "PodScheduling"),
    kind(RESOURCE, "PodSchedulingContext"),
    kind(RESOURCE, "ResourceClaim"),
    kind(RESOURCE, "ResourceClaimParameters"),
    kind(RESOURCE, "ResourceClaimTemplate"),
    cluster(RESOURCE, "ResourceClass"),
    kind(RESOURCE, "ResourceClassParameters"),
    cluster(RESOURCE, "ResourceSlice"),
    kind(&["settings.k8s.io"], "PodPreset"),
    cluster(&["storagemigration.k8s.io"], "StorageVersionMigration"),
    cluster(STORAGE, "CSIDriver"),
    cluster(STORAGE, "CSINode"),
    cluster(STORAGE, "VolumeAttributesClass"),
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

/// What is known of every kind that the configuration declares; its name stands in the object.
pub static DECLARED: Kind = workload(&[""], "", &[], false);

/// The API group of an `apiVersion`; `""` is the core group.
#[must_use]
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Finds a kind by `apiVersion` and `kind`. Both are case-sensitive, as for the API server.
#[must_use]
pub fn find(api_version: &str, name: &str) -> Option<&'static Kind> {
    let group = group_of(api_version);
    KINDS
        .iter()
        .find(|kind| [name, ANY].contains(&kind.name) && kind.groups.contains(&group))
}

/// The names of the kinds of a group.
pub fn names_of(group: &str) -> impl Iterator<Item = &'static str> {
    let kinds = KINDS
        .iter()
        .filter(move |kind| kind.groups.contains(&group));
    kinds.map(|kind| kind.name)
}

/// The kinds of a group that bear pods.
pub fn workloads_of(group: &str) -> impl Iterator<Item = &'static Kind> {
    let kinds = KINDS.iter().filter(|kind| !kind.pods.is_empty());
    kinds.filter(move |kind| kind.groups.contains(&group))
}

/// What is known of an object whose `kind` and `apiVersion` no API server serves together, though they are meant to be
/// of Kubernetes; its name stands in the object.
pub static UNSERVED: Kind = kind(&[""], "");

/// A kind of Kubernetes itself that bears pods, by its name alone.
#[must_use]
pub fn built_in_workload(name: &str) -> Option<&'static Kind> {
    let mut kinds = KINDS.iter().filter(|kind| !kind.pods.is_empty());
    kinds.find(|kind| {
        let mut groups = kind.groups.iter();
        kind.name == name && groups.all(|group| !group.contains('.'))
    })
}

/// A kind that the configuration declares to bear pods. A known kind of the same group and name wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    kind: Arc<str>,
    group: Option<Arc<str>>,
    pod_template: Arc<str>,
}

impl Declared {
    /// A kind, of one API group or of any, and where its pod templates are: fields with dots between them. A
    /// `[]` or `*` behind a field stands for every item of a list, or every value of a mapping:
    /// `spec.workers[].template`, `spec.roles.*.template`.
    ///
    /// # Errors
    /// What is wrong with the declaration.
    pub fn parse(kind: &str, group: Option<&str>, path: &str) -> Result<Self, &'static str> {
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if kind.is_empty() || !is_word(kind) {
            return Err("a kind is a word of ASCII letters and digits, such as Rollout");
        }
        if group.is_some_and(|group| group.contains('/')) {
            return Err("a group has no version behind it, such as argoproj.io");
        }
        let mut normal = Vec::new();
        for segment in path.split('.') {
            let (field, every) = match segment.strip_suffix("[]").or(segment.strip_suffix('*')) {
                Some(field) => (field, true),
                None => (segment, false),
            };
            if field.is_empty() && !(every && segment == "*" && !normal.is_empty()) {
                return Err("a pod template is a path of fields, such as spec.template");
            }
            if field.contains(['[', ']', '*', '/']) || field.contains(char::is_whitespace) {
                return Err("only [] or * can stand behind a field of the path");
            }
            if !field.is_empty() {
                normal.push(field);
            }
            if every {
                normal.push(EVERY);
            }
        }
        Ok(Self {
            kind: kind.into(),
            group: group.map(Into::into),
            pod_template: normal.join(".").into(),
        })
    }

    /// True if an object is of this kind.
    #[must_use]
    pub fn holds(&self, api_version: &str, kind: &str) -> bool {
        let group = group_of(api_version);
        *self.kind == *kind && self.group.as_deref().is_none_or(|own| own == group)
    }

    /// Its name.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its API group; none where that of any group is meant.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Where its pod templates are.
    #[must_use]
    pub fn pod_template(&self) -> &str {
        &self.pod_template
    }
}

/// The step of a path that stands for every item.
const EVERY: &str = "*";

/// The mappings that a path leads to, in the order of the file.
#[must_use]
pub fn follow<'a>(from: Node<'a>, path: &str) -> Vec<Node<'a>> {
    let mut reached = vec![from];
    let steps = path.split('.').filter(|step| !step.is_empty());
    for step in steps {
        let (field, every) = match step.strip_suffix("[]") {
            Some(field) => (field, true),
            None => (step, step == EVERY),
        };
        if field != EVERY {
            reached = reached
                .into_iter()
                .filter_map(|node| node.present(field))
                .collect();
        }
        if every {
            reached = reached.into_iter().flat_map(children).collect();
        }
    }
    reached.retain(|node| node.is_mapping());
    reached
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    if node.is_sequence() {
        return node.items().collect();
    }
    node.entries().map(|entry| entry.value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Format, parse};

    fn pointers(text: &str, path: &str) -> Vec<String> {
        let tree = parse(Format::Yaml, text.to_owned());
        let root = tree.root(tree.documents().first().unwrap());
        follow(root, path).into_iter().map(Node::pointer).collect()
    }

    #[test]
    fn a_path_leads_to_every_template() {
        let text = "spec: {template: {}, jobs: [{name: a, template: {}}, {name: b}, {name: c, template: {}}], \
                    roles: {Master: {template: {}}, Worker: {template: {}}}, none: ~, text: x}";
        assert_eq!(pointers(text, ""), [""]);
        assert_eq!(pointers(text, "spec.template"), ["/spec/template"]);
        let jobs = ["/spec/jobs/a/template", "/spec/jobs/c/template"];
        assert_eq!(pointers(text, "spec.jobs[].template"), jobs);
        let declared = |path| Declared::parse("Job", None, path).unwrap();
        for path in [
            "spec.jobs[].template",
            "spec.jobs.*.template",
            "spec.jobs*.template",
        ] {
            assert_eq!(pointers(text, declared(path).pod_template()), jobs);
        }
        let roles = ["/spec/roles/Master/template", "/spec/roles/Worker/template"];
        assert_eq!(
            pointers(text, declared("spec.roles.*.template").pod_template()),
            roles
        );
        for nothing in [
            "spec.none",
            "spec.text",
            "spec.text[]",
            "spec.none[].a",
            "a.b",
        ] {
            assert!(pointers(text, nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_declaration_is_a_kind_and_a_path() {
        let group = Some("batch.example.com");
        let declared = Declared::parse("Crawl", group, "spec.template").unwrap();
        assert!(declared.holds("batch.example.com/v1", "Crawl"));
        assert!(!declared.holds("batch.example.com/v1", "Crawler"));
        assert!(!declared.holds("example.com/v1", "Crawl"));
        let any = Declared::parse("Crawl", None, "spec.template").unwrap();
        assert!(any.holds("example.com/v1", "Crawl"));
        for (kind, group, path) in [
            ("", None, "spec"),
            ("a b", None, "spec"),
            ("A", Some("b/v1"), "spec"),
            ("A", None, ""),
            ("A", None, "spec..a"),
            ("A", None, "[]"),
            ("A", None, "*"),
            ("A", None, "spec[0].a"),
            ("A", None, "/spec/template"),
        ] {
            assert!(Declared::parse(kind, group, path).is_err(), "{path}");
        }
    }
}
