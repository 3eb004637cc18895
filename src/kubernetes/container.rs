//! A container of a pod.

use crate::syntax::Node;

use super::field::Field;
use super::security_context::SecurityContext;

/// Which list a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// `initContainers`, native sidecars included.
    Init,
    /// `containers`.
    Regular,
    /// `ephemeralContainers`.
    Ephemeral,
}

/// One container.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    node: Node<'a>,
    kind: ContainerKind,
}

impl<'a> Container<'a> {
    pub(super) fn new(node: Node<'a>, kind: ContainerKind) -> Self {
        Self { node, kind }
    }

    /// The container that a node lies in; the list's name says that it is one.
    #[must_use]
    pub fn around(node: Node<'a>) -> Option<Self> {
        std::iter::successors(Some(node), |node| node.parent()).find_map(|node| {
            let list = node.parent().filter(|list| list.is_sequence())?;
            let kind = match list.key()?.key_text() {
                "initContainers" => ContainerKind::Init,
                "containers" => ContainerKind::Regular,
                "ephemeralContainers" => ContainerKind::Ephemeral,
                _ => return None,
            };
            node.is_mapping().then(|| Self::new(node, kind))
        })
    }

    /// The mapping of the container.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Which list it stands in.
    #[must_use]
    pub fn kind(self) -> ContainerKind {
        self.kind
    }

    /// `name`; empty where it is missing (the API server refuses that).
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node
            .get("name")
            .map(Node::key_text)
            .unwrap_or_default()
    }

    /// A field of the container.
    #[must_use]
    pub fn field(self, path: &'static [&'static str]) -> Field<'a> {
        Field::follow(self.node, path)
    }

    /// `image`.
    #[must_use]
    pub fn image(self) -> Field<'a> {
        self.field(&["image"])
    }

    /// The security context.
    #[must_use]
    pub fn security_context(self) -> SecurityContext<'a> {
        SecurityContext::of(self.node)
    }

    /// `securityContext.privileged`.
    #[must_use]
    pub fn privileged(self) -> Field<'a> {
        self.field(&["securityContext", "privileged"])
    }

    /// `securityContext.allowPrivilegeEscalation`.
    #[must_use]
    pub fn allow_privilege_escalation(self) -> Field<'a> {
        self.field(&["securityContext", "allowPrivilegeEscalation"])
    }

    /// `securityContext.procMount`.
    #[must_use]
    pub fn proc_mount(self) -> Field<'a> {
        self.field(&["securityContext", "procMount"])
    }

    /// `securityContext.capabilities.add`.
    #[must_use]
    pub fn added_capabilities(self) -> Field<'a> {
        self.field(&["securityContext", "capabilities", "add"])
    }

    /// `securityContext.capabilities.drop`.
    #[must_use]
    pub fn dropped_capabilities(self) -> Field<'a> {
        self.field(&["securityContext", "capabilities", "drop"])
    }

    /// True if `capabilities.add` holds a capability, with or without the prefix that the API does not know.
    #[must_use]
    pub fn adds_capability(self, name: &str) -> bool {
        self.added_capabilities().items().any(|item| {
            item.as_str()
                .is_some_and(|added| added.strip_prefix("CAP_").unwrap_or(added) == name)
        })
    }

    /// The entries of `ports`.
    pub fn ports(self) -> impl Iterator<Item = Port<'a>> {
        self.field(&["ports"])
            .items()
            .filter(|port| port.is_mapping())
            .map(|node| Port { node })
    }

    /// The entries of `volumeMounts`.
    pub fn volume_mounts(self) -> impl Iterator<Item = VolumeMount<'a>> {
        self.field(&["volumeMounts"])
            .items()
            .filter(|mount| mount.is_mapping())
            .map(|node| VolumeMount { node })
    }

    /// The `host` fields that are set in probes and lifecycle hooks, with what to call them.
    pub fn probe_hosts(self) -> impl Iterator<Item = (&'static str, Field<'a>)> {
        const HOSTS: [(&str, &[&str]); 10] = [
            (
                "livenessProbe.httpGet.host",
                &["livenessProbe", "httpGet", "host"],
            ),
            (
                "livenessProbe.tcpSocket.host",
                &["livenessProbe", "tcpSocket", "host"],
            ),
            (
                "readinessProbe.httpGet.host",
                &["readinessProbe", "httpGet", "host"],
            ),
            (
                "readinessProbe.tcpSocket.host",
                &["readinessProbe", "tcpSocket", "host"],
            ),
            (
                "startupProbe.httpGet.host",
                &["startupProbe", "httpGet", "host"],
            ),
            (
                "startupProbe.tcpSocket.host",
                &["startupProbe", "tcpSocket", "host"],
            ),
            (
                "lifecycle.postStart.httpGet.host",
                &["lifecycle", "postStart", "httpGet", "host"],
            ),
            (
                "lifecycle.postStart.tcpSocket.host",
                &["lifecycle", "postStart", "tcpSocket", "host"],
            ),
            (
                "lifecycle.preStop.httpGet.host",
                &["lifecycle", "preStop", "httpGet", "host"],
            ),
            (
                "lifecycle.preStop.tcpSocket.host",
                &["lifecycle", "preStop", "tcpSocket", "host"],
            ),
        ];
        HOSTS
            .into_iter()
            .map(move |(name, path)| (name, self.field(path)))
            .filter(|(_, host)| host.is_set())
    }
}

/// One entry of `ports`.
#[derive(Clone, Copy, Debug)]
pub struct Port<'a> {
    node: Node<'a>,
}

impl<'a> Port<'a> {
    /// `containerPort`.
    #[must_use]
    pub fn container_port(self) -> Field<'a> {
        Field::follow(self.node, &["containerPort"])
    }

    /// `hostPort`.
    #[must_use]
    pub fn host_port(self) -> Field<'a> {
        Field::follow(self.node, &["hostPort"])
    }

    /// `protocol`; TCP where it is not set.
    #[must_use]
    pub fn protocol(self) -> Field<'a> {
        Field::follow(self.node, &["protocol"])
    }
}

/// One entry of `volumeMounts`.
#[derive(Clone, Copy, Debug)]
pub struct VolumeMount<'a> {
    node: Node<'a>,
}

impl<'a> VolumeMount<'a> {
    /// The name of the volume.
    #[must_use]
    pub fn volume(self) -> Field<'a> {
        Field::follow(self.node, &["name"])
    }

    /// True if the container cannot write to it.
    #[must_use]
    pub fn is_read_only(self) -> bool {
        Field::follow(self.node, &["readOnly"]).is_true()
    }
}
