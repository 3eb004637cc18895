//! From findings to an answer: passed, blocked or incomplete, with everything that the reporters print.

use std::sync::Arc;

use crate::change::SideLabel;
use crate::finding::{Finding, Resource, Severity, Status};
use crate::kubernetes::pod_security::Level;
use crate::snapshot::{Snapshot, SourceFile};

/// The least severity that blocks.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Serialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Block on critical findings.
    Critical,
    /// Block on high findings and graver.
    #[default]
    High,
    /// Block on medium findings and graver.
    Medium,
    /// Block on low findings and graver.
    Low,
    /// Findings never block.
    Never,
}

impl FailOn {
    fn threshold(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Never => None,
        }
    }
}

/// What a run that could not see everything ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnIncomplete {
    /// Fail: green never means blind.
    #[default]
    Fail,
    /// Pass, and say what was not seen.
    Pass,
}

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

/// A file that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassedOver {
    /// The file.
    pub path: Arc<str>,
    /// Why, for people.
    pub reason: String,
}

/// What the run looked at.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files of the head that were looked at.
    pub files_read: usize,
    /// Files of the head that could matter and were not judged.
    pub skipped: Vec<PassedOver>,
    /// Files of the head that look like manifests and could not be read.
    pub unreadable: Vec<PassedOver>,
    /// Objects of known kinds in the head.
    pub objects: usize,
    /// Objects of other kinds in the head: counted, not judged.
    pub other_objects: usize,
    /// Containers in the head.
    pub containers: usize,
    /// Rules that ran.
    pub rules_run: usize,
    /// Rules that did not, for they lacked something: those about a change, where there is no base.
    pub rules_skipped: usize,
}

/// Everything that one run has to say. All reporters print this and nothing else.
#[derive(Debug)]
pub struct Report {
    /// What head was compared with; none where every finding counts as introduced.
    pub base: Option<SideLabel>,
    /// What was judged.
    pub head: SideLabel,
    /// When the run fails.
    pub policy: Policy,
    /// Findings within the paths asked for, by path and place; those of the head, then the fixed ones.
    pub findings: Vec<Finding>,
    /// Workloads whose Pod Security level changed.
    pub levels: Vec<LevelChange>,
    /// What was looked at.
    pub coverage: Coverage,
    /// Why the run is incomplete; empty where it is not.
    pub incomplete: Vec<String>,
    /// The files of the base.
    pub base_snapshot: Option<Snapshot>,
    /// The files of the head.
    pub head_snapshot: Snapshot,
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

    /// The findings of one status.
    pub fn with_status(&self, status: Status) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(move |finding| finding.status == status)
    }
}
