//! From findings to an answer: passed, blocked or incomplete, with everything that the reporters print.

use std::fmt;
use std::sync::Arc;

use crate::access::proof::Proof;
use crate::change::SideLabel;
use crate::finding::{Finding, Resource, Status};
use crate::folders::is_within;
use crate::kubernetes::pod_security::Level;
use crate::network::difference::verb;
use crate::packages::Scope;
use crate::packages::difference::What;
use crate::snapshot::{Snapshot, SourceFile};

pub use crate::config::{FailOn, OnIncomplete};

/// When a run fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// The least severity that blocks.
    pub fail_on: FailOn,
    /// True if findings that the base has already block as well.
    pub fail_on_existing: bool,
    /// What an incomplete run ends with.
    pub on_incomplete: OnIncomplete,
}

impl Policy {
    /// True if this finding blocks the change.
    #[must_use]
    pub fn blocks(&self, finding: &Finding) -> bool {
        let counted = match finding.status {
            Status::Introduced => true,
            Status::Existing => self.fail_on_existing,
            Status::Fixed => false,
        };
        counted
            && !finding.unread
            && finding.waived.is_none()
            && self
                .fail_on
                .threshold()
                .is_some_and(|threshold| finding.severity >= threshold)
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing blocks, and everything that changed was seen.
    Passed,
    /// Findings block.
    Blocked,
    /// Nothing blocks, but something that changed was not seen.
    Incomplete,
}

/// The Pod Security level of a workload on both sides.
#[derive(Clone, Debug)]
pub struct LevelChange {
    /// The workload.
    pub workload: Arc<Resource>,
    /// Its name with the namespace that it lands in, as the messages say it.
    pub name: String,
    /// Its file: in the head, or in the base where it is gone.
    pub path: Arc<str>,
    /// The level in the base; none where it did not exist.
    pub before: Option<Level>,
    /// The level in the head; none where it is gone.
    pub after: Option<Level>,
}

/// What somebody may do in one scope on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccessChange {
    /// Who: `ServiceAccount shop/cart`.
    pub subject: String,
    /// Where: the namespace; none for the whole cluster.
    pub namespace: Option<String>,
    /// What was allowed, in phrases.
    pub before: Vec<String>,
    /// What is allowed.
    pub after: Vec<String>,
    /// What is allowed and was not, in any way.
    pub gained: Vec<String>,
    /// What was allowed and no longer is, in any way.
    pub lost: Vec<String>,
}

/// One end of connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkEnd {
    /// The namespace that it is in; none for addresses and for pods of several namespaces.
    pub namespace: Option<String>,
    /// Its name in the notation of `tidegate network`, without the namespace.
    pub name: String,
}

impl fmt::Display for NetworkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Ends for which the same changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkEnds {
    /// The first ones.
    pub named: Vec<NetworkEnd>,
    /// How many others there are.
    pub more: usize,
}

impl NetworkEnds {
    /// At most so many of them, and how many are left.
    #[must_use]
    pub fn first(&self, most: usize) -> String {
        let shown: Vec<String> = self
            .named
            .iter()
            .take(most)
            .map(ToString::to_string)
            .collect();
        let shown = shown.join(", ");
        match self.named.len().saturating_sub(most) + self.more {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

/// What becomes of connections between some ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkChange {
    /// True if something passes that did not.
    pub opens: bool,
    /// From each of these.
    pub from: NetworkEnds,
    /// To each of these.
    pub to: NetworkEnds,
    /// What passed: `TCP 80,443`, `All Connections` or `No Connections`.
    pub before: String,
    /// What passes.
    pub after: String,
}

impl NetworkChange {
    /// `added`, `removed` or `changed`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        verb(&self.before, &self.after)
    }
}

/// What a change does to one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageChange {
    /// What happened.
    pub what: What,
    /// Its real name.
    pub name: String,
    /// The version before, or what stands in its place; none where it is added.
    pub before: Option<String>,
    /// The version now; none where it is removed.
    pub after: Option<String>,
    /// Where it is needed, in the workspace that needs it most.
    pub scope: Scope,
    /// Over which dependencies it comes in there; empty where the workspace asks for it itself.
    pub via: Vec<String>,
}

/// A file that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassedOver {
    /// The file.
    pub path: Arc<str>,
    /// Why, for people.
    pub reason: String,
}

/// A rule that did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedRule {
    /// Its id.
    pub rule: &'static str,
    /// Why, for people.
    pub reason: &'static str,
}

/// A source outside of the repository that was asked about packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedSource {
    /// `database`, `osv`, `npm` or `registry`.
    pub source: &'static str,
    /// The host, or the file.
    pub place: String,
    /// How many entries or documents it gave.
    pub answers: usize,
    /// How far its data reach, as `2026-11-26`, where it says so.
    pub date: Option<String>,
    /// What it did not say, and why; none where it said all.
    pub problem: Option<String>,
}

/// What the run looked at.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files of the head that were looked at.
    pub files_read: usize,
    /// Files of the head that could matter and were not judged.
    pub skipped: Vec<PassedOver>,
    /// Files and folders of a working tree that git ignores.
    pub ignored: usize,
    /// Files of the head that look like manifests and could not be read.
    pub unreadable: Vec<PassedOver>,
    /// Objects of known kinds in the head.
    pub objects: usize,
    /// Objects of other kinds in the head: counted, not judged.
    pub other_objects: usize,
    /// Files of the head that hold no objects, and that rules are about nevertheless: Dockerfiles and settings.
    pub other_files: usize,
    /// Packages that the lockfiles of the head hold, or that it pins beside them: each once an installation.
    pub packages: usize,
    /// Dependencies of the head on packages of a registry whose versions no lockfile says.
    pub unlocked: usize,
    /// Containers in the head.
    pub containers: usize,
    /// Who was asked about them.
    pub sources: Vec<AskedSource>,
    /// Rules that ran.
    pub rules_run: usize,
    /// Rules that did not run, and why.
    pub rules_skipped: Vec<SkippedRule>,
}

impl Coverage {
    /// True if there was nothing that any rule is about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects == 0 && self.other_files == 0
    }
}

/// Which configuration a run obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationLabel {
    /// Its path.
    pub path: Arc<str>,
    /// What it was taken from: a revision, a folder or the command line.
    pub from: String,
    /// What keeps it from being read, so that the defaults held.
    pub problem: Option<String>,
}

/// Everything that one run has to say. All reporters print this and nothing else.
#[derive(Debug)]
pub struct Report {
    /// What head was compared with; none where every finding counts as introduced.
    pub base: Option<SideLabel>,
    /// What was judged.
    pub head: SideLabel,
    /// The configuration that it was judged by; none where there is none, and the defaults hold.
    pub configuration: Option<ConfigurationLabel>,
    /// When the run fails.
    pub policy: Policy,
    /// Findings within the paths asked for, by path and place; those of the head, then the fixed ones.
    pub findings: Vec<Finding>,
    /// The paths asked for, as prefixes below the root; empty for everything.
    pub paths: Vec<String>,
    /// Workloads whose Pod Security level changed.
    pub levels: Vec<LevelChange>,
    /// Who may do other things than before, by subject and scope.
    pub access: Vec<AccessChange>,
    /// The ways to what is most guarded that the change opens and findings tell of, the gravest first.
    pub ways: Vec<Proof>,
    /// Which connections a change opens and which it closes, what it opens first.
    pub network: Vec<NetworkChange>,
    /// Packages that changed: those that production gets first, then by how near they are and by name.
    pub packages: Vec<PackageChange>,
    /// What was looked at.
    pub coverage: Coverage,
    /// Why the run is incomplete; empty where it is not.
    pub incomplete: Vec<String>,
    /// The files of the base.
    pub base_snapshot: Option<Snapshot>,
    /// The files of the head.
    pub head_snapshot: Snapshot,
}

/// True if a path is a prefix of the scope or lies below one; an empty scope is everything.
pub(crate) fn is_in_scope(scope: &[String], path: &str) -> bool {
    scope.is_empty() || scope.iter().any(|prefix| is_within(path, prefix))
}

impl Report {
    /// The answer.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self
            .findings
            .iter()
            .any(|finding| self.policy.blocks(finding))
        {
            Outcome::Blocked
        } else if self.incomplete.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Incomplete
        }
    }

    /// The exit code, the same for every output format.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.outcome(), self.policy.on_incomplete) {
            (Outcome::Passed, _) | (Outcome::Incomplete, OnIncomplete::Pass) => 0,
            (Outcome::Blocked, _) => 1,
            (Outcome::Incomplete, OnIncomplete::Fail) => 3,
        }
    }

    /// The file that a finding points into.
    #[must_use]
    pub fn file_of(&self, finding: &Finding) -> Option<&SourceFile> {
        let snapshot = match finding.status {
            Status::Fixed => self.base_snapshot.as_ref()?,
            Status::Introduced | Status::Existing => &self.head_snapshot,
        };
        snapshot.file(&finding.location.path)
    }

    /// The findings of one status that no waiver covers.
    pub fn with_status(&self, status: Status) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(move |finding| finding.status == status && finding.waived.is_none())
    }

    /// The findings that a waiver covers.
    pub fn waived(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.waived.is_some())
    }
}
