//! What a pull request is told of a report, with lines instead of bytes: a report that was saved has no more than that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::known::{Files, Known};
use super::placed::{PlacedFinding, placed};
use crate::access::proof::Proof;
use crate::finding::{Finding, Resource, Status};
use crate::report::occurrence::Occurrences;
use crate::report::{coverage, network_changes, summary};
use crate::snapshot::Snapshot;
use crate::verdict::{AccessChange, LevelChange, NetworkChange, Outcome, PackageChange, Report};

/// The report as a pull request hears of it.
#[derive(Clone, Debug)]
pub struct Digest {
    /// The answer.
    pub outcome: Outcome,
    /// The same in one line without markup.
    pub headline: String,
    /// What could not be seen.
    pub incomplete: Vec<String>,
    /// The introduced findings that no waiver covers.
    pub findings: Vec<PlacedFinding>,
    /// How many findings the base has already; none where there is no base.
    pub existing: Option<usize>,
    /// How many findings the change fixes.
    pub fixed: usize,
    /// How many findings a waiver covers.
    pub waived: usize,
    /// Workloads whose Pod Security level changed.
    pub levels: Vec<LevelChange>,
    /// Who may do other things than before.
    pub access: Vec<AccessChange>,
    /// The ways to what is most guarded that the change opens; empty where the report does not say.
    pub ways: Vec<Proof>,
    /// Which connections are opened and closed.
    pub network: Vec<NetworkChange>,
    /// The same as a picture; empty where words say as much, or the report is one that was saved.
    pub network_picture: String,
    /// Packages that changed.
    pub packages: Vec<PackageChange>,
    /// What was looked at, in words.
    pub coverage: String,
    /// The commit that head was compared with.
    pub base_commit: Option<String>,
    /// The findings that are not told.
    pub known: Known,
}

impl Digest {
    /// What a pull request is told of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut occurrences = Occurrences::new(report);
        let has_base = report.base.is_some();
        Self {
            outcome: report.outcome(),
            headline: summary::headline(report),
            incomplete: report.incomplete.clone(),
            findings: placed(report),
            existing: has_base.then(|| report.with_status(Status::Existing).count()),
            fixed: report.with_status(Status::Fixed).count(),
            waived: report.waived().count(),
            levels: report.levels.clone(),
            access: report.access.clone(),
            ways: report.ways.clone(),
            network: report.network.clone(),
            network_picture: network_changes::picture(
                &report.network,
                summary::Budget::COMMENT.item(),
            ),
            packages: report.packages.clone(),
            coverage: coverage(&report.coverage),
            base_commit: report.base.as_ref().and_then(|base| base.commit.clone()),
            known: Known {
                existing: report
                    .with_status(Status::Existing)
                    .map(|finding| occurrences.of(finding))
                    .collect(),
                waived: report
                    .waived()
                    .map(|finding| occurrences.of(finding))
                    .collect(),
                files: Some(Files {
                    head: paths(&report.head_snapshot),
                    base: report.base_snapshot.as_ref().map(paths).unwrap_or_default(),
                }),
                objects: objects(report),
                paths: report.paths.clone(),
                is_partial: !report.incomplete.is_empty(),
            },
        }
    }

    /// True if there is nothing that anybody has to know.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.outcome == Outcome::Passed && self.findings.is_empty()
    }
}

/// The files that have the objects of what is found in the head.
fn objects(report: &Report) -> BTreeMap<String, Arc<Files>> {
    let is_there = |finding: &&Finding| finding.status != Status::Fixed;
    let findings = || report.findings.iter().filter(is_there);
    let subject = |finding: &Finding| finding.subject.resource.clone();
    let mut files: BTreeMap<Arc<Resource>, Files> = findings()
        .filter_map(subject)
        .map(|object| (object, Files::default()))
        .collect();
    for object in report.head_snapshot.objects() {
        if let Some(files) = files.get_mut(object.resource()) {
            files.head.insert(Arc::clone(object.path()));
        }
    }
    for object in report.base_snapshot.iter().flat_map(Snapshot::objects) {
        if let Some(files) = files.get_mut(object.resource()) {
            files.base.insert(Arc::clone(object.path()));
        }
    }
    let files: BTreeMap<_, _> = files
        .into_iter()
        .map(|(object, files)| (object, Arc::new(files)))
        .collect();
    findings()
        .filter_map(|finding| {
            let files = files.get(finding.subject.resource.as_ref()?)?;
            Some((finding.fingerprint.to_string(), Arc::clone(files)))
        })
        .collect()
}

fn paths(snapshot: &Snapshot) -> BTreeSet<Arc<str>> {
    let files = snapshot.files().iter();
    files.map(|file| Arc::clone(&file.path)).collect()
}
