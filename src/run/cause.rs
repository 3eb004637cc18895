//! The changed bytes that caused a finding: where a review would comment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::change::hunks::{ChangedRange, changed_ranges};
use crate::finding::{Finding, Location};
use crate::kubernetes::Object;
use crate::snapshot::Snapshot;
use crate::syntax::Span;

/// Finds causes in one change. Each changed file is compared once.
pub(super) struct Causes<'a> {
    base: &'a Snapshot,
    head: &'a Snapshot,
    renames: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// By file of the head; none where all of it is new.
    ranges: HashMap<Arc<str>, Option<Vec<ChangedRange>>>,
}

impl<'a> Causes<'a> {
    pub(super) fn new(
        base: &'a Snapshot,
        head: &'a Snapshot,
        renames: &'a BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        Self {
            base,
            head,
            renames,
            ranges: HashMap::new(),
        }
    }

    /// The line of the finding if that changed, else the nearest changed lines of its object.
    pub(super) fn of(&mut self, finding: &Finding) -> Option<Location> {
        let path = &finding.location.path;
        let file = self.head.file(path)?;
        let after = file.text()?;
        let (base, renames) = (self.base, self.renames);
        let before = base.file(path).or_else(|| base.file(renames.get(path)?));
        let ranges = self
            .ranges
            .entry(Arc::clone(path))
            .or_insert_with(|| Some(changed_ranges(before?.text()?, after)));
        let Some(ranges) = ranges else {
            return Some(finding.location.clone());
        };
        let at = finding.location.span;
        if ranges
            .iter()
            .any(|range| range.after.start <= at.start && at.start < range.after.end)
        {
            return Some(finding.location.clone());
        }
        let is_subject = |object: &Object<'_>| {
            let resource = finding.subject.resource.as_ref();
            resource == Some(object.resource())
        };
        let nearest = if let Some(object) = self.head.objects_of(file).find(is_subject) {
            let within = object.node().span();
            ranges
                .iter()
                .filter(|range| range.after.start <= within.end && range.after.end >= within.start)
                .min_by_key(|range| range.after.start.abs_diff(at.start))?
        } else {
            // What is gone from the file was taken out at one of these places.
            let object = before.and_then(|file| base.objects_of(file).find(is_subject))?;
            let within = object.node().span();
            ranges
                .iter()
                .find(|range| range.before.start < within.end && within.start < range.before.end)?
        };
        let span = Span {
            start: nearest.after.start,
            end: nearest.after.end,
        };
        Some(Location {
            path: Arc::clone(path),
            span,
        })
    }
}
