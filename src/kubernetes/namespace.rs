//! What a Namespace says of the Pod Security Standards: three modes, each with a level and a version.
//!
//! The labels are read as the admission of the API server reads them. Source: kubernetes/pod-security-admission,
//! `api/helpers.go` (`PolicyToEvaluate`, `ParseLevel`, `ParseVersion`), v1.37.

use std::fmt;

use crate::syntax::{Entry, Node};

use super::field::Field;
use super::object::Object;
use super::pod_security::{InvalidVersion, Level, UnknownLevel, Version};

/// What every label of Pod Security admission begins with.
pub const LABEL_PREFIX: &str = "pod-security.kubernetes.io/";

/// What admission does with a pod that does not meet the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Refuses it.
    Enforce,
    /// Notes it in the audit log.
    Audit,
    /// Warns whoever sends it.
    Warn,
}

impl Mode {
    /// All modes, the strongest first.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Audit, Self::Warn];

    /// The word in the label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => "audit",
            Self::Warn => "warn",
        }
    }

    /// The label that holds the level.
    #[must_use]
    pub fn level_label(self) -> &'static str {
        match self {
            Self::Enforce => "pod-security.kubernetes.io/enforce",
            Self::Audit => "pod-security.kubernetes.io/audit",
            Self::Warn => "pod-security.kubernetes.io/warn",
        }
    }

    /// The label that holds the version.
    #[must_use]
    pub fn version_label(self) -> &'static str {
        match self {
            Self::Enforce => "pod-security.kubernetes.io/enforce-version",
            Self::Audit => "pod-security.kubernetes.io/audit-version",
            Self::Warn => "pod-security.kubernetes.io/warn-version",
        }
    }

    fn level_path(self) -> &'static [&'static str] {
        match self {
            Self::Enforce => &["metadata", "labels", "pod-security.kubernetes.io/enforce"],
            Self::Audit => &["metadata", "labels", "pod-security.kubernetes.io/audit"],
            Self::Warn => &["metadata", "labels", "pod-security.kubernetes.io/warn"],
        }
    }

    fn version_path(self) -> &'static [&'static str] {
        match self {
            Self::Enforce => &[
                "metadata",
                "labels",
                "pod-security.kubernetes.io/enforce-version",
            ],
            Self::Audit => &[
                "metadata",
                "labels",
                "pod-security.kubernetes.io/audit-version",
            ],
            Self::Warn => &[
                "metadata",
                "labels",
                "pod-security.kubernetes.io/warn-version",
            ],
        }
    }

    /// What admission takes a level for that it cannot read: it fails closed only where it refuses pods.
    #[must_use]
    pub fn fallback(self) -> Level {
        match self {
            Self::Enforce => Level::Restricted,
            Self::Audit | Self::Warn => Level::Privileged,
        }
    }
}

/// The version of the standard that a label asks for. The order is that of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyVersion {
    /// The standard of one minor version.
    Pinned(Version),
    /// The standard of the version that the cluster runs.
    Latest,
}

impl PolicyVersion {
    /// The version of the standard on a cluster of a version.
    #[must_use]
    pub fn on(self, cluster: Version) -> Version {
        match self {
            Self::Pinned(version) => version,
            Self::Latest => cluster,
        }
    }
}

impl fmt::Display for PolicyVersion {
    /// As a label writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned(version) => write!(f, "v{version}"),
            Self::Latest => f.write_str("latest"),
        }
    }
}

/// The two labels of one mode.
#[derive(Clone, Copy, Debug)]
pub struct ModeLabels<'a> {
    /// The mode.
    pub mode: Mode,
    /// The label that holds the level, present or not.
    pub level_field: Field<'a>,
    /// The label that holds the version, present or not.
    pub version_field: Field<'a>,
}

impl ModeLabels<'_> {
    /// What the labels say.
    #[must_use]
    pub fn values(self) -> ModeValues {
        let level = self.level_field.node();
        let version = self.version_field.node();
        ModeValues::of(
            self.mode,
            level.map(|node| node.as_str().unwrap_or_default()),
            version.map(|node| node.as_str().unwrap_or_default()),
        )
    }

    /// The level as it is written; none where the label is not there, and so the default of the cluster holds.
    #[must_use]
    pub fn written_level(self) -> Option<Result<Level, UnknownLevel>> {
        self.values().written_level
    }

    /// The level as admission reads it; none where the label is not there.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        self.values().level()
    }

    /// The version as it is written; none where the label is not there.
    #[must_use]
    pub fn written_version(self) -> Option<Result<PolicyVersion, InvalidVersion>> {
        self.values().written_version
    }

    /// The version as admission reads it: the latest where the label is not there or says nothing valid.
    #[must_use]
    pub fn version(self) -> PolicyVersion {
        self.values().version()
    }

    /// True if a label of this mode holds template actions, so that its value is not known.
    #[must_use]
    pub fn is_unrendered(self) -> bool {
        [self.level_field, self.version_field]
            .into_iter()
            .filter_map(Field::as_str)
            .any(|text| text.contains("{{"))
    }
}

/// What the two labels of one mode say, wherever it is written.
#[derive(Clone, Copy, Debug)]
pub struct ModeValues {
    /// The mode.
    pub mode: Mode,
    /// The level as it is written; none where the label is not there.
    pub written_level: Option<Result<Level, UnknownLevel>>,
    /// The version as it is written; none where the label is not there.
    pub written_version: Option<Result<PolicyVersion, InvalidVersion>>,
}

impl ModeValues {
    /// Reads the text of both labels.
    #[must_use]
    pub fn of(mode: Mode, level: Option<&str>, version: Option<&str>) -> Self {
        Self {
            mode,
            written_level: level.map(str::parse),
            written_version: version.map(label_version),
        }
    }

    /// The level as admission reads it; none where the label is not there.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        let written = self.written_level?;
        Some(written.unwrap_or_else(|UnknownLevel| self.mode.fallback()))
    }

    /// The version as admission reads it: the latest where the label is not there or says nothing valid.
    #[must_use]
    pub fn version(self) -> PolicyVersion {
        let written = self.written_version.and_then(Result::ok);
        written.unwrap_or(PolicyVersion::Latest)
    }
}

/// Reads a version as a label has to write it: `latest`, or `v1.36` without a patch version.
fn label_version(text: &str) -> Result<PolicyVersion, InvalidVersion> {
    if text == "latest" {
        return Ok(PolicyVersion::Latest);
    }
    let digits = text.strip_prefix("v1.").ok_or(InvalidVersion)?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    if !plain || padded {
        return Err(InvalidVersion);
    }
    // As the API server does it, which counts in 64 bits: a version from the far future is a valid one.
    let minor: i64 = digits.parse().map_err(|_| InvalidVersion)?;
    let minor = u32::try_from(minor).unwrap_or(u32::MAX);
    Ok(PolicyVersion::Pinned(Version(minor)))
}

/// A Namespace.
#[derive(Clone, Copy, Debug)]
pub struct Namespace<'a> {
    object: Object<'a>,
}

impl<'a> Namespace<'a> {
    /// The view, if the object is a Namespace.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        (object.kind().name == "Namespace").then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// The name, as it is built; empty where none is written.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.object.built_name()
    }

    /// True for the namespaces that Kubernetes makes for itself, whose components need what others must not.
    #[must_use]
    pub fn is_system(self) -> bool {
        is_system(self.name())
    }

    /// The labels that decide what is refused.
    #[must_use]
    pub fn enforce(self) -> ModeLabels<'a> {
        self.mode(Mode::Enforce)
    }

    /// The labels that decide what is noted in the audit log.
    #[must_use]
    pub fn audit(self) -> ModeLabels<'a> {
        self.mode(Mode::Audit)
    }

    /// The labels that decide what is warned of. Without them, a valid level of `enforce` warns as well.
    #[must_use]
    pub fn warn(self) -> ModeLabels<'a> {
        self.mode(Mode::Warn)
    }

    /// The labels of a mode.
    #[must_use]
    pub fn mode(self, mode: Mode) -> ModeLabels<'a> {
        ModeLabels {
            mode,
            level_field: self.object.field(mode.level_path()),
            version_field: self.object.field(mode.version_path()),
        }
    }

    /// True if it has labels, whatever they say.
    #[must_use]
    pub fn has_labels(self) -> bool {
        let labels = self.object.field(&["metadata", "labels"]);
        labels
            .node()
            .is_some_and(|labels| labels.entries().next().is_some())
    }

    /// The labels of Pod Security admission, those that it does not know included.
    pub fn pod_security_labels(self) -> impl Iterator<Item = Entry<'a>> {
        let labels = self.object.field(&["metadata", "labels"]).node();
        let entries = labels.into_iter().flat_map(Node::entries);
        entries.filter(|entry| entry.key.key_text().starts_with(LABEL_PREFIX))
    }
}

/// True for the name of a namespace that Kubernetes makes for itself.
#[must_use]
pub fn is_system(name: &str) -> bool {
    matches!(name, "kube-system" | "kube-public" | "kube-node-lease")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_admission_reads_them() {
        let pinned = |minor| Ok(PolicyVersion::Pinned(Version(minor)));
        assert_eq!(label_version("latest"), Ok(PolicyVersion::Latest));
        assert_eq!(label_version("v1.0"), pinned(0));
        assert_eq!(label_version("v1.36"), pinned(36));
        assert_eq!(label_version("v1.99999999999"), pinned(u32::MAX));
        for refused in [
            "", "1.36", "v1", "v1.", "v1.036", "v1.36.1", "v2.0", "v1.+3", "Latest", "v1.x", "V1.3",
        ] {
            assert_eq!(label_version(refused), Err(InvalidVersion), "{refused}");
        }
        assert!(PolicyVersion::Latest > PolicyVersion::Pinned(Version(u32::MAX)));
        assert_eq!(PolicyVersion::Pinned(Version(30)).to_string(), "v1.30");
        assert_eq!(PolicyVersion::Latest.on(Version(34)), Version(34));
    }
}
