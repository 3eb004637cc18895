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

    /// `imagePullPolicy`.
    #[must_use]
    pub fn image_pull_policy(self) -> Field<'a> {
        self.field(&["imagePullPolicy"])
    }

    /// True if it is an init container that keeps running beside the regular ones.
    #[must_use]
    pub fn is_sidecar(self) -> bool {
        self.kind == ContainerKind::Init
            && self.field(&["restartPolicy"]).as_str() == Some("Always")
    }

    /// `readinessProbe`.
    #[must_use]
    pub fn readiness_probe(self) -> Field<'a> {
        self.field(&["readinessProbe"])
    }

    /// `livenessProbe`.
    #[must_use]
    pub fn liveness_probe(self) -> Field<'a> {
        self.field(&["livenessProbe"])
    }

    /// `startupProbe`.
    #[must_use]
    pub fn startup_probe(self) -> Field<'a> {
        self.field(&["startupProbe"])
    }

    /// `securityContext.readOnlyRootFilesystem`.
    #[must_use]
    pub fn read_only_root(self) -> Field<'a> {
        self.field(&["securityContext", "readOnlyRootFilesystem"])
    }

    /// `resources`.
    #[must_use]
    pub fn resources(self) -> Field<'a> {
        self.field(&["resources"])
    }

    /// True if a volume is handed to it as a raw device.
    #[must_use]
    pub fn has_devices(self) -> bool {
        self.field(&["volumeDevices"]).items().next().is_some()
    }

    /// True if it is visibly a program of Node.js: its image, its command or its environment says so.
    #[must_use]
    pub fn shows_node(self) -> bool {
        const PROGRAMS: [&str; 5] = ["node", "nodejs", "npm", "pnpm", "yarn"];
        const VARIABLES: [&str; 2] = ["NODE_ENV", "NODE_OPTIONS"];
        let name = self.image().as_str().map(image_name).unwrap_or_default();
        let starts = |field: Field<'a>| {
            let first = field.items().next().and_then(Node::as_str);
            let program = first.and_then(|first| first.rsplit('/').next());
            program.is_some_and(|program| PROGRAMS.contains(&program))
        };
        let variables = self.field(&["env"]).items();
        name == "node"
            || name.starts_with("nodejs")
            || starts(self.field(&["command"]))
            || starts(self.field(&["args"]))
            || variables
                .filter_map(|variable| variable.get("name")?.as_str())
                .any(|name| VARIABLES.contains(&name))
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

/// The last part of the name of an image, without tag and digest: `nginx` of `registry:5000/library/nginx:1.29`.
#[must_use]
pub fn image_name(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// One entry of `ports`.
#[derive(Clone, Copy, Debug)]
pub struct Port<'a> {
    node: Node<'a>,
}

impl<'a> Port<'a> {
    /// `name`.
    #[must_use]
    pub fn name(self) -> Field<'a> {
        Field::follow(self.node, &["name"])
    }

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

    /// `mountPath`.
    #[must_use]
    pub fn path(self) -> Field<'a> {
        Field::follow(self.node, &["mountPath"])
    }

    /// `mountPropagation`.
    #[must_use]
    pub fn propagation(self) -> Field<'a> {
        Field::follow(self.node, &["mountPropagation"])
    }

    /// True if the container cannot write to it.
    #[must_use]
    pub fn is_read_only(self) -> bool {
        Field::follow(self.node, &["readOnly"]).is_true()
    }
}
