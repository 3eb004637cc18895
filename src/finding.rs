//! What a rule says: one finding, with the place it is about and the identity it keeps.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::syntax::Span;

/// What a finding means for someone on call. The order is that of urgency.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; blocks nothing.
    Note,
    /// A weakness that needs another one to matter.
    Low,
    /// A missing layer of defence.
    Medium,
    /// A hole that someone in the right place can use.
    High,
    /// Whoever controls the subject controls the node or the cluster.
    Critical,
}

impl Severity {
    /// All severities, the most urgent first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Note,
    ];

    /// The word used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A place in a file of one revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The path below the root of the revision, with `/` between its parts.
    pub path: Arc<str>,
    /// The bytes that are meant.
    pub span: Span,
}

/// A further place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What is to be seen there.
    pub message: String,
}

/// The identity of a Kubernetes object as it is written: the namespace is not inferred, so that one edit of
/// a kustomization does not make every object of a folder a new one.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `apiVersion` as written.
    pub api_version: Arc<str>,
    /// The API group that the kind belongs to today: an object that moves from `extensions` to `apps` stays the
    /// same.
    pub group: Cow<'static, str>,
    /// `kind`.
    pub kind: Arc<str>,
    /// `metadata.namespace` as written.
    pub namespace: Option<Arc<str>>,
    /// `metadata.name`, or `metadata.generateName` with a `*` behind it.
    pub name: Arc<str>,
}

impl Resource {
    /// The parts that make two objects the same one, whatever version they are written in.
    #[must_use]
    pub fn identity(&self) -> (&str, &str, Option<&str>, &str) {
        (
            &self.group,
            &self.kind,
            self.namespace.as_deref(),
            &self.name,
        )
    }
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Resource {}

impl PartialOrd for Resource {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Resource {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl std::hash::Hash for Resource {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl std::fmt::Display for Resource {
    /// `Deployment shop/cart`, or `Deployment cart` where no namespace is written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A package of a project, whatever version of it: what a finding about packages keeps over time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    /// The folder of the project that installs it: the one of the lockfile; empty for the root.
    pub project: Arc<str>,
    /// Its real name.
    pub name: Arc<str>,
}

/// What is known of the package that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSeen {
    /// The version that is installed; none where the package is only asked for.
    pub version: Option<Arc<str>>,
    /// Its package URL, as <https://github.com/package-url/purl-spec> has it.
    pub purl: String,
    /// How it comes in: names with their versions from the dependency of a workspace on, the shortest way first. Of a long
    /// way the first and the last steps, with how many are between.
    pub paths: Vec<Vec<String>>,
    /// The entries of its advisory that are about this version; empty for what is about no advisory.
    pub entries: Vec<Arc<str>>,
    /// What of it a workspace has to have so that the finding is about that workspace too.
    pub reach: Reach,
}

/// What makes a finding about a package one of a workspace: where one has it that had it not, the finding is introduced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// The finding is about the project as a whole.
    #[default]
    Project,
    /// The workspace installs one of these versions, whatever brings them.
    Versions(Vec<Arc<str>>),
    /// The workspace asks for it itself.
    Name,
}

/// What a finding is about. A finding without a resource and a package is about its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The object.
    pub resource: Option<Arc<Resource>>,
    /// The package.
    pub package: Option<Arc<PackageName>>,
    /// The container, by name.
    pub container: Option<Arc<str>>,
    /// The field: a JSON pointer with list items by name.
    pub field: Option<Arc<str>>,
    /// What tells two findings of one rule about one field apart: a value, never a place.
    pub discriminator: Arc<str>,
}

/// How a finding of the head relates to the base.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not in the base, or graver than there.
    Introduced,
    /// In the base already.
    Existing,
    /// In the base, no longer in the head.
    Fixed,
}

/// Why a finding is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// The reason that the waiver gives.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds, as `2027-01-31`.
    pub until: Option<String>,
    /// The file that the waiver stands in.
    pub source: Arc<str>,
}

/// How a finding is told together with others of its kind, where they are many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What they share beside the rule and the file, such as a workspace.
    pub group: Arc<str>,
    /// How the one sentence names this finding.
    pub called: String,
    /// That sentence before the names.
    pub before: String,
    /// That sentence after the names, which are several.
    pub after: String,
}

/// What to write instead of some bytes of the finding's file, so that nothing is left to be found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The bytes.
    pub span: Span,
    /// What stands there. Where something else does, these are not the bytes that are meant.
    pub found: Box<str>,
    /// What to write.
    pub replacement: Box<str>,
    /// The identities of the findings whose fixes are proven to mend them all at once, this one among them; empty where
    /// it is proven for itself alone.
    pub together: Arc<BTreeSet<Fingerprint>>,
}

impl Fix {
    /// What it does, in a few words.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Write {} instead of {}", self.replacement, self.found)
    }
}

/// One thing that a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's id, `family/name`.
    pub rule: &'static str,
    /// How urgent this one is.
    pub severity: Severity,
    /// One sentence: resource, container, field, the value found and the value wanted.
    pub message: String,
    /// Where in the message the resource and the container end and the sentence about them starts.
    pub sentence_start: usize,
    /// The stable place; in the base where the finding is fixed.
    pub location: Location,
    /// The changed bytes of the head that caused the finding, where they are known.
    pub changed_at: Option<Location>,
    /// Further places.
    pub related: Vec<Related>,
    /// What it is about.
    pub subject: Subject,
    /// What is known of its package.
    pub package: Option<Arc<PackageSeen>>,
    /// The namespace that its object lands in, where something says which.
    pub namespace: Option<Arc<str>>,
    /// The waiver that accepts it, if one does.
    pub waived: Option<Arc<Waived>>,
    /// How it relates to the base. Everything is introduced where there is no base.
    pub status: Status,
    /// The identity over time.
    pub fingerprint: Fingerprint,
    /// True if this finding says that something could not be read: it makes a run incomplete where its file
    /// changed, and `fail-on` never counts it.
    pub unread: bool,
    /// True if the namespace of its workload refuses the pod for it.
    pub refused: bool,
    /// True if it is about the change itself rather than about a state.
    pub change: bool,
    /// How it is told with others of its kind where they are many; none where it always stands for itself.
    pub fold: Option<Arc<Fold>>,
    /// The one edit that mends it, where it is exact.
    pub fix: Option<Fix>,
}

impl Finding {
    /// The resource and the container, as the message names them; empty for a finding about a file.
    #[must_use]
    pub fn who(&self) -> &str {
        let who = self.message.get(..self.sentence_start).unwrap_or_default();
        who.strip_suffix(": ").unwrap_or(who)
    }

    /// The message without the resource and the container.
    #[must_use]
    pub fn sentence(&self) -> &str {
        self.message.get(self.sentence_start..).unwrap_or_default()
    }
}

/// The identity of a finding over time: rule, subject and discriminator, never a line, an offset, an ordinal
/// or the message. Findings about whole files use the file's path with the kind of the problem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Computes the fingerprint: the first half of a SHA-256 over length-prefixed parts.
    #[must_use]
    pub fn new(rule: &str, subject: &Subject, path: &str) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        part(rule);
        match &subject.resource {
            Some(resource) => {
                let (group, kind, namespace, name) = resource.identity();
                part(group);
                part(kind);
                part(namespace.unwrap_or("\0"));
                part(name);
            }
            None => match &subject.package {
                Some(package) => {
                    part(&package.project);
                    part(&package.name);
                }
                None => part(path),
            },
        }
        part(subject.container.as_deref().unwrap_or("\0"));
        part(subject.field.as_deref().unwrap_or("\0"));
        part(&subject.discriminator);
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
        Self(bytes)
    }

    /// That of one of several copies of a subject, such as a second version of a package, by what tells it apart.
    #[must_use]
    pub fn of_copy(self, copy: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(copy.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(hash.finalize().get(..16).unwrap_or(&[0; 16]));
        Self(bytes)
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
