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

/// Objects of one file: what tells them apart, and where they start and end.
type Starts<'r> = Vec<(Identity<'r>, u32, u32)>;
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

    /// The text of the object that a finding is in; none where it is in none.
    pub fn text_of(&mut self, finding: &'r Finding) -> Option<&'r str> {
        let index = self.index(finding)?;
        let (_, start, end) = *self.starts(finding).get(index)?;
        let snapshot = self.snapshot(finding)?;
        let text = snapshot.file(&finding.location.path)?.text()?;
        text.get(start as usize..end as usize)
    }

    fn copy(&mut self, finding: &'r Finding) -> Option<u32> {
        let identity = finding.subject.resource.as_ref()?.identity();
        let index = self.index(finding)?;
        let starts = self.starts(finding);
        let first = starts.partition_point(|(other, ..)| *other < identity);
        u32::try_from(index.checked_sub(first)?).ok()
    }

    /// Which of the objects of its file a finding is in.
    fn index(&mut self, finding: &'r Finding) -> Option<usize> {
        let identity = finding.subject.resource.as_ref()?.identity();
        let at = (identity, finding.location.span.start);
        let starts = self.starts(finding);
        let behind = starts.partition_point(|(other, start, _)| (*other, *start) <= at);
        let index = behind.checked_sub(1)?;
        starts.get(index).filter(|(other, ..)| *other == identity)?;
        Some(index)
    }

    fn snapshot(&self, finding: &Finding) -> Option<&'r Snapshot> {
        match finding.status {
            Status::Fixed => self.report.base_snapshot.as_ref(),
            _ => Some(&self.report.head_snapshot),
        }
    }

    fn starts(&mut self, finding: &'r Finding) -> &Starts<'r> {
        let snapshot = self.snapshot(finding);
        let key = (finding.status == Status::Fixed, &*finding.location.path);
        self.files
            .entry(key)
            .or_insert_with(|| snapshot.map_or_else(Vec::new, |snapshot| starts(snapshot, key.1)))
    }
}

/// The objects of a file, in order.
fn starts<'r>(snapshot: &'r Snapshot, path: &str) -> Starts<'r> {
    let file = snapshot.file(path).into_iter();
    let mut starts: Starts<'r> = file
        .flat_map(|file| snapshot.objects_of(file))
        .map(|object| {
            let span = object.node().span();
            (object.resource().identity(), span.start, span.end)
        })
        .collect();
    starts.sort_unstable();
    starts
}
