//! The changed bytes that caused a finding: where a review would comment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::change::hunks::{ChangedRange, changed_ranges};
use crate::finding::{Finding, Location, Resource};
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

    /// The line of the finding if that changed, else the nearest changed lines of its object. Where the object
    /// did not change, one of the places that explain the finding did: that one, or its object.
    pub(super) fn of(&mut self, finding: &Finding) -> Option<Location> {
        let resource = finding.subject.resource.as_ref();
        let of_finding = |object: &Object<'_>| resource == Some(object.resource());
        if let Some(cause) = self.at(&finding.location, of_finding, resource) {
            return Some(cause);
        }
        finding.related.iter().find_map(|related| {
            let place = related.location.span;
            let holds_place = |object: &Object<'_>| {
                let within = object.node().span();
                within.start <= place.start && place.end <= within.end
            };
            self.at(&related.location, holds_place, None)
        })
    }

    /// A place of the head if it changed, else the nearest changed lines of the object that it belongs to; where
    /// that is gone, the place that it was taken out from.
    fn at(
        &mut self,
        place: &Location,
        belongs: impl Fn(&Object<'_>) -> bool,
        gone: Option<&Arc<Resource>>,
    ) -> Option<Location> {
        let path = &place.path;
        let file = self.head.file(path)?;
        let after = file.text()?;
        let (base, renames) = (self.base, self.renames);
        let before = base.file(path).or_else(|| base.file(renames.get(path)?));
        let ranges = self
            .ranges
            .entry(Arc::clone(path))
            .or_insert_with(|| Some(changed_ranges(before?.text()?, after)));
        let Some(ranges) = ranges else {
            return Some(place.clone());
        };
        let at = place.span;
        if ranges
            .iter()
            .any(|range| range.after.start <= at.start && at.start < range.after.end)
        {
            return Some(place.clone());
        }
        if ranges.is_empty() {
            return None;
        }
        let nearest = if let Some(object) = self.head.objects_of(file).find(belongs) {
            let within = object.node().span();
            ranges
                .iter()
                .filter(|range| {
                    let behind = after.get(within.end as usize..range.after.start as usize);
                    // Where the last lines of the object stood before they went.
                    let cut_off = range.after.is_empty()
                        && behind.is_some_and(|between| between.trim().is_empty());
                    range.after.start <= within.end && range.after.end >= within.start || cut_off
                })
                .min_by_key(|range| range.after.start.abs_diff(at.start))?
        } else {
            // What is gone from the file was taken out at one of these places.
            let is_gone = |object: &Object<'_>| Some(object.resource()) == gone;
            let object = before.and_then(|file| base.objects_of(file).find(is_gone))?;
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
