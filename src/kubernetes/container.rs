//! A container of a pod.

use crate::syntax::Node;

use super::field::Field;

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

    /// The items of `ports`.
    pub fn ports(self) -> impl Iterator<Item = Node<'a>> {
        self.field(&["ports"])
            .items()
            .filter(|port| port.is_mapping())
    }

    /// The `host` fields of probes and lifecycle hooks that send a request somewhere.
    pub fn probe_hosts(self) -> impl Iterator<Item = Node<'a>> {
        const HANDLERS: [&[&str]; 5] = [
            &["livenessProbe"],
            &["readinessProbe"],
            &["startupProbe"],
            &["lifecycle", "postStart"],
            &["lifecycle", "preStop"],
        ];
        HANDLERS
            .into_iter()
            .filter_map(move |path| self.field(path).node())
            .flat_map(|handler| {
                ["httpGet", "tcpSocket"]
                    .into_iter()
                    .filter_map(move |action| handler.present(action)?.present("host"))
            })
    }
}
