//! A pod, or the template of one: what the kubelet would run.

use crate::syntax::Node;

use super::container::{Container, ContainerKind};
use super::field::Field;
use super::security_context::SecurityContext;

/// The mapping that holds `metadata` and `spec` of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    root: Node<'a>,
    spec: Node<'a>,
}

impl<'a> Pod<'a> {
    /// A pod, if the mapping has a `spec`.
    #[must_use]
    pub fn new(root: Node<'a>) -> Option<Self> {
        let spec = root.present("spec").filter(|spec| spec.is_mapping())?;
        Some(Self { root, spec })
    }

    /// The mapping that holds `metadata` and `spec`.
    #[must_use]
    pub fn root(self) -> Node<'a> {
        self.root
    }

    /// The pod's `spec`.
    #[must_use]
    pub fn spec(self) -> Node<'a> {
        self.spec
    }

    /// A field of the pod's `spec`.
    #[must_use]
    pub fn field(self, path: &'static [&'static str]) -> Field<'a> {
        Field::follow(self.spec, path)
    }

    /// The pod's own annotations (the template's, not the workload's).
    pub fn annotations(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        Field::follow(self.root, &["metadata", "annotations"])
            .node()
            .into_iter()
            .flat_map(Node::entries)
            .map(|entry| (entry.key.key_text(), entry.value))
    }

    /// `hostNetwork`.
    #[must_use]
    pub fn host_network(self) -> Field<'a> {
        self.field(&["hostNetwork"])
    }

    /// `hostPID`.
    #[must_use]
    pub fn host_pid(self) -> Field<'a> {
        self.field(&["hostPID"])
    }

    /// `hostIPC`.
    #[must_use]
    pub fn host_ipc(self) -> Field<'a> {
        self.field(&["hostIPC"])
    }

    /// `hostUsers`.
    #[must_use]
    pub fn host_users(self) -> Field<'a> {
        self.field(&["hostUsers"])
    }

    /// True if `hostUsers` is explicitly false: the pod runs in a user namespace of its own.
    #[must_use]
    pub fn has_user_namespace(self) -> bool {
        self.host_users().is_false()
    }

    /// True if `os.name` says Windows.
    #[must_use]
    pub fn is_windows(self) -> bool {
        self.field(&["os", "name"]).as_str() == Some("windows")
    }

    /// True if the pod lands on a Windows node, as far as it says.
    #[must_use]
    pub fn wants_windows(self) -> bool {
        let selector = self.field(&["nodeSelector"]).node();
        let mut labels = selector.into_iter().flat_map(Node::entries);
        self.is_windows()
            || labels.any(|label| {
                ["kubernetes.io/os", "beta.kubernetes.io/os"].contains(&label.key.key_text())
                    && label.value.as_str() == Some("windows")
            })
    }

    /// True if the pod ends when its containers do: nothing starts them again, or not after success.
    #[must_use]
    pub fn ends(self) -> bool {
        let policy = self.field(&["restartPolicy"]).as_str();
        matches!(policy, Some("Never" | "OnFailure"))
    }

    /// The pod's own labels (the template's, not the workload's).
    pub fn labels(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        Field::follow(self.root, &["metadata", "labels"])
            .node()
            .into_iter()
            .flat_map(Node::entries)
            .map(|entry| (entry.key.key_text(), entry.value.key_text()))
    }

    /// `resources` of the pod as a whole.
    #[must_use]
    pub fn resources(self) -> Field<'a> {
        self.field(&["resources"])
    }

    /// True if its containers see each other's processes.
    #[must_use]
    pub fn shares_processes(self) -> bool {
        self.field(&["shareProcessNamespace"]).is_true()
    }

    /// The pod's own security context.
    #[must_use]
    pub fn security_context(self) -> SecurityContext<'a> {
        SecurityContext::of(self.spec)
    }

    /// True if the pod, or any of its containers, is a process of a Windows node.
    #[must_use]
    pub fn has_host_process(self) -> bool {
        self.security_context().host_process().is_true()
            || self
                .containers()
                .any(|container| container.security_context().host_process().is_true())
    }

    /// `securityContext.sysctls`.
    pub fn sysctls(self) -> impl Iterator<Item = Node<'a>> {
        self.field(&["securityContext", "sysctls"])
            .items()
            .filter(|node| node.is_mapping())
    }

    /// Init, regular and ephemeral containers, in the order in which the API server visits them.
    pub fn containers(self) -> impl Iterator<Item = Container<'a>> {
        [
            (
                ContainerKind::Init,
                &["initContainers"] as &'static [&'static str],
            ),
            (ContainerKind::Regular, &["containers"]),
            (ContainerKind::Ephemeral, &["ephemeralContainers"]),
        ]
        .into_iter()
        .flat_map(move |(kind, path)| {
            self.field(path)
                .items()
                .filter(|node| node.is_mapping())
                .map(move |node| Container::new(node, kind))
        })
    }

    /// The volumes.
    pub fn volumes(self) -> impl Iterator<Item = Volume<'a>> {
        self.field(&["volumes"])
            .items()
            .filter(|node| node.is_mapping())
            .map(|node| Volume { node })
    }
}

/// One entry of `volumes`.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    node: Node<'a>,
}

impl<'a> Volume<'a> {
    /// The entry.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node
            .get("name")
            .map(Node::key_text)
            .unwrap_or_default()
    }

    /// The sources that are set, by name. A volume without any is an `emptyDir`: the API server's default.
    pub fn sources(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.node
            .entries()
            .filter(|entry| {
                // `$patch` and its kin direct a merge; they are no part of the volume.
                let key = entry.key.key_text();
                key != "name" && !key.starts_with('$') && !entry.value.is_null()
            })
            .map(|entry| (entry.key.key_text(), entry.value))
    }

    /// The image that it is.
    #[must_use]
    pub fn image(self) -> Option<Node<'a>> {
        self.node
            .present("image")
            .filter(|image| image.is_mapping())
    }

    /// The path of the node that it is; the source itself where the path is missing.
    #[must_use]
    pub fn host_path(self) -> Option<Field<'a>> {
        let source = self.node.present("hostPath")?;
        let path = Field::follow(source, &["path"]);
        Some(if path.is_set() {
            path
        } else {
            Field::of(source)
        })
    }
}
