//! Which finding is meant: the copies of an object share their identity, and each is found, accepted and mended for
//! itself.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{Finding, Status};
use crate::snapshot::Snapshot;
use crate::verdict::Report;

/// A finding in one copy of its object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The identity of the finding over time, which copies share.
    pub fingerprint: String,
    /// The file that it is in; none where that is not known, so that any may be meant.
    pub path: Option<Arc<str>>,
    /// How many objects of the same identity stand above its own in this file.
    pub copy: u32,
}

impl Occurrence {
    /// True if this may be the same finding in the same file, whichever of its copies is meant.
    #[must_use]
    pub fn is_in_same_file(&self, other: &Self) -> bool {
        let (Some(own), Some(theirs)) = (&self.path, &other.path) else {
            return self.fingerprint == other.fingerprint;
        };
        self.fingerprint == other.fingerprint && own == theirs
    }

    /// True if this may be the same finding in the same copy.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_copy_known = self.path.is_some() && other.path.is_some();
        self.is_in_same_file(other) && (!is_copy_known || self.copy == other.copy)
    }
}

/// Objects of one file: what tells them apart, and where they start.
type Starts<'r> = Vec<(Identity<'r>, u32)>;
type Identity<'r> = (&'r str, &'r str, Option<&'r str>, &'r str);

/// Tells the findings of a report apart.
#[derive(Debug)]
pub struct Occurrences<'r> {
    report: &'r Report,
    files: HashMap<(bool, &'r str), Starts<'r>>,
}

impl<'r> Occurrences<'r> {
    /// Those of a report.
    #[must_use]
    pub fn new(report: &'r Report) -> Self {
        Self {
            report,
            files: HashMap::new(),
        }
    }

    /// Which one a finding of the report is.
    pub fn of(&mut self, finding: &'r Finding) -> Occurrence {
        Occurrence {
            fingerprint: finding.fingerprint.to_string(),
            path: Some(Arc::clone(&finding.location.path)),
            copy: self.copy(finding).unwrap_or_default(),
        }
    }

    fn copy(&mut self, finding: &'r Finding) -> Option<u32> {
        let identity = finding.subject.resource.as_ref()?.identity();
        let in_base = finding.status == Status::Fixed;
        let report = self.report;
        let starts = self
            .files
            .entry((in_base, &finding.location.path))
            .or_insert_with(|| {
                let head = Some(&report.head_snapshot);
                let snapshot = report.base_snapshot.as_ref().filter(|_| in_base);
                let snapshot = snapshot.or(head.filter(|_| !in_base));
                snapshot.map_or_else(Vec::new, |snapshot| {
                    starts(snapshot, &finding.location.path)
                })
            });
        let first = starts.partition_point(|one| *one < (identity, 0));
        let behind = starts.partition_point(|one| *one <= (identity, finding.location.span.start));
        u32::try_from(behind.checked_sub(first)?)
            .ok()?
            .checked_sub(1)
    }
}

/// The objects of a file, in order.
fn starts<'r>(snapshot: &'r Snapshot, path: &str) -> Starts<'r> {
    let file = snapshot.file(path).into_iter();
    let mut starts: Starts<'r> = file
        .flat_map(|file| snapshot.objects_of(file))
        .map(|object| (object.resource().identity(), object.node().span().start))
        .collect();
    starts.sort_unstable();
    starts
}
