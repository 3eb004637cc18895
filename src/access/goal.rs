//! What ways are looked for to.

/// What nobody but those who run a cluster should reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// Every right there is.
    ClusterAdmin,
    /// The group that no role can keep from anything.
    Masters,
    /// Root on nodes.
    Nodes,
    /// The secrets of what runs the cluster.
    KubeSystemSecrets,
    /// All that a namespace holds which is not one's own.
    OtherNamespace,
    /// An identity of a cloud, which counts outside of the cluster.
    CloudIdentity,
}

impl Goal {
    /// All of them, the gravest first.
    pub const ALL: [Self; 6] = [
        Self::ClusterAdmin,
        Self::Masters,
        Self::Nodes,
        Self::KubeSystemSecrets,
        Self::OtherNamespace,
        Self::CloudIdentity,
    ];

    /// Those that are the cluster itself, the gravest first.
    pub const OF_CLUSTER: [Self; 4] = [
        Self::ClusterAdmin,
        Self::Masters,
        Self::Nodes,
        Self::KubeSystemSecrets,
    ];

    /// A word for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterAdmin => "cluster-admin",
            Self::Masters => "system:masters",
            Self::Nodes => "nodes",
            Self::KubeSystemSecrets => "kube-system-secrets",
            Self::OtherNamespace => "other-namespace",
            Self::CloudIdentity => "cloud-identity",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ClusterAdmin => "every right in the cluster",
            Self::Masters => "the group system:masters",
            Self::Nodes => "control over nodes",
            Self::KubeSystemSecrets => "the secrets of kube-system",
            Self::OtherNamespace => "all of another namespace",
            Self::CloudIdentity => "an identity of the cloud",
        }
    }
}
