//! The changed bytes that caused a finding: where a review would comment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::change::hunks::{ChangedRange, changed_ranges};
use crate::finding::{Finding, Location, Resource};
use crate::kubernetes::Object;
use crate::snapshot::taken::Takers;
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::Span;

/// Finds causes in one change. Each changed file is compared once.
pub(super) struct Causes<'a> {
    base: &'a Snapshot,
    head: &'a Snapshot,
    renames: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// By file of the head; none where all of it is new.
    ranges: HashMap<Arc<str>, Option<Vec<ChangedRange>>>,
    /// By lockfile of the head: where the keys of its entries start, in order.
    keys: HashMap<Arc<str>, Vec<u32>>,
    /// What kustomizations take in, once somebody has asked.
    takers: Option<Takers<'a>>,
    /// By file: where a kustomization newly takes it in, or no longer.
    taken: HashMap<Arc<str>, Option<Location>>,
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
            keys: HashMap::new(),
            takers: None,
            taken: HashMap::new(),
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
        let mut related = finding.related.iter();
        let related = related.find_map(|related| self.of_line(&related.location));
        // Where none of these changed, the kustomization may have that moves them to their namespace.
        related.or_else(|| {
            let related = finding.related.iter().map(|related| &related.location);
            let mut paths: Vec<&Arc<str>> = Vec::new();
            for place in std::iter::once(&finding.location).chain(related) {
                if !paths.contains(&&place.path) {
                    paths.push(&place.path);
                }
            }
            let head = self.head;
            paths.into_iter().find_map(|path| {
                let mut places = head.namespaces_set_at(path);
                places.find_map(|place| self.at(&place, |_| false, None))
            })
        })
    }

    /// Where a kustomization newly takes in a file that a finding names, or takes it in no longer.
    pub(super) fn taken(&mut self, finding: &Finding) -> Option<Location> {
        let (base, head, renames) = (self.base, self.head, self.renames);
        let takers = self
            .takers
            .get_or_insert_with(|| Takers::of(base, head, renames));
        let related = finding.related.iter().map(|related| &related.location);
        let paths = std::iter::once(&finding.location).chain(related);
        let mut paths = paths.map(|place| &place.path);
        paths.find_map(|path| {
            let known = self.taken.entry(Arc::clone(path));
            let taken = known.or_insert_with(|| {
                let newly = takers.newly(path).into_iter();
                let mut taken = newly.chain(takers.no_longer(path));
                taken.next().map(|taking| taking.at)
            });
            taken.clone()
        })
    }

    /// What a file of the head was in the base.
    pub(super) fn file_before(&self, path: &Arc<str>) -> Option<&'a SourceFile> {
        let base = self.base;
        base.file(path)
            .or_else(|| base.file(self.renames.get(path)?))
    }

    /// The stretches of a file of the head that changed; none where all of it is new.
    pub(super) fn ranges(&mut self, path: &Arc<str>) -> Option<&[ChangedRange]> {
        let before = self.file_before(path);
        let after = self.head.file(path)?.text()?;
        compared(&mut self.ranges, path, before, after)
    }

    /// A line that explains a finding, if it changed or its object did.
    pub(super) fn of_line(&mut self, place: &Location) -> Option<Location> {
        let span = place.span;
        let holds_place = |object: &Object<'_>| {
            let within = object.node().span();
            within.start <= span.start && span.end <= within.end
        };
        self.at(place, holds_place, None)
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
        let base = self.base;
        let before = self.file_before(path);
        let Some(ranges) = compared(&mut self.ranges, path, before, after) else {
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
        if let Some(lockfile) = file.lockfile() {
            let keys = self.keys.entry(Arc::clone(path)).or_insert_with(|| {
                let mut keys: Vec<u32> = lockfile
                    .packages
                    .iter()
                    .map(|package| package.at.start)
                    .collect();
                keys.sort_unstable();
                keys
            });
            let span = in_entry(after, keys, ranges, at)?;
            return Some(Location {
                path: Arc::clone(path),
                span,
            });
        }
        let (nearest, from) = if let Some(object) = self.head.objects_of(file).find(belongs) {
            let within = object.node().span();
            let nearest = ranges
                .iter()
                .filter(|range| {
                    let behind = after.get(within.end as usize..range.after.start as usize);
                    // Where the last lines of the object stood before they went.
                    let cut_off = range.after.is_empty()
                        && behind.is_some_and(|between| between.trim().is_empty());
                    // What is put in above or below it is no part of it.
                    let is_beside = range.before.is_empty()
                        && (range.after.end <= within.start || range.after.start >= within.end);
                    let touches =
                        range.after.start <= within.end && range.after.end >= within.start;
                    touches && !is_beside || cut_off
                })
                .min_by_key(|range| range.after.start.abs_diff(at.start))?;
            // What begins in the object before has caused nothing there.
            let is_within = nearest.after.end > within.start;
            (nearest, if is_within { within.start } else { 0 })
        } else {
            // What is gone from the file was taken out at one of these places.
            let is_gone = |object: &Object<'_>| Some(object.resource()) == gone;
            let object = before.and_then(|file| base.objects_of(file).find(is_gone))?;
            let within = object.node().span();
            let mut ranges = ranges.iter();
            let nearest = ranges
                .find(|range| range.before.start < within.end && within.start < range.before.end)?;
            (nearest, 0)
        };
        let span = Span {
            start: nearest.after.start.max(from),
            end: nearest.after.end,
        };
        Some(Location {
            path: Arc::clone(path),
            span,
        })
    }
}

/// The stretches that changed of a file of both sides, which is compared once; none where all of it is new.
fn compared<'k>(
    known: &'k mut HashMap<Arc<str>, Option<Vec<ChangedRange>>>,
    path: &Arc<str>,
    before: Option<&SourceFile>,
    after: &str,
) -> Option<&'k [ChangedRange]> {
    let ranges = known.entry(Arc::clone(path));
    let ranges = ranges.or_insert_with(|| Some(changed_ranges(before?.text()?, after)));
    ranges.as_deref()
}

/// The first changed lines of the entry of a lockfile that a key opens. It ends where the next one begins, or where
/// the text is less indented than its key.
fn in_entry(text: &str, keys: &[u32], ranges: &[ChangedRange], key: Span) -> Option<Span> {
    let number = keys.binary_search(&key.start).ok()?;
    let line_of = |at: u32| {
        let before = text.get(..at as usize).unwrap_or_default();
        before.rfind('\n').map_or(0, |end| end + 1)
    };
    let later = keys.get(number..).unwrap_or_default();
    let next = later.iter().copied().find(|next| *next > key.start);
    let first = ranges.partition_point(|range| range.after.start <= key.start);
    let range = ranges.get(first)?;
    let start = range.after.start as usize;
    if next.is_some_and(|next| start >= line_of(next)) {
        return None;
    }
    let own = line_of(key.start);
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let depth = indent(text.get(own..key.start as usize).unwrap_or_default());
    let between = text.get(own..start)?;
    let is_left = between
        .lines()
        .any(|line| !line.trim().is_empty() && indent(line) < depth);
    // What follows may be cut off as well.
    let end = next.map_or(range.after.end, |next| {
        let end = u32::try_from(line_of(next)).unwrap_or(range.after.end);
        range.after.end.min(end)
    });
    (!is_left).then_some(Span {
        start: range.after.start,
        end,
    })
}
