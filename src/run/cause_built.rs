//! The changed line that makes something else of a built object, where nothing that a finding names has changed: a patch
//! of it, or what its kustomizations list.

use std::sync::Arc;

use crate::finding::{Finding, Location};
use crate::kubernetes::{Object, Variant};
use crate::rule::Pair;
use crate::snapshot::SourceFile;
use crate::snapshot::built_before::BuiltBefore;
use crate::syntax::Span;

use super::cause::Causes;

/// What kustomizations say that decides what is built of an object, by the names of the keys.
const LISTS: [&str; 6] = [
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "components",
    "resources",
    "bases",
];

impl Causes<'_> {
    /// Where the change makes something else of an object that a finding, or a line beside it, is about.
    pub(super) fn built(
        &mut self,
        finding: &Finding,
        pair: &Pair<'_>,
        before: &BuiltBefore<'_>,
    ) -> Option<Location> {
        let related = finding.related.iter().map(|related| &related.location);
        let places = std::iter::once(&finding.location).chain(related);
        for place in places.filter(|place| place.span != Span::default()) {
            for object in pair.head.landed_at(place) {
                let old = before.of_object(object);
                let mut known = old.iter();
                let own = object.node().content_hash();
                if old.is_empty() || known.any(|old| old.node().content_hash() == own) {
                    continue;
                }
                let found = self.by_patch(object, pair);
                let found = found.or_else(|| self.by_list(object.variant()?, pair));
                if found.is_some() {
                    return found;
                }
            }
        }
        self.by_deletion(finding, pair)
    }

    /// The line of a patch that is part of an object now.
    fn by_patch(&mut self, object: Object<'_>, pair: &Pair<'_>) -> Option<Location> {
        let mut patches = object.pieces().iter().skip(1);
        patches.find_map(|piece| {
            let whole = Location {
                path: Arc::clone(&piece.path),
                span: piece.within,
            };
            let at = pair.head.object_at(&whole);
            self.of_line(&Location {
                span: at.map_or(piece.within, Object::name_span),
                ..whole
            })
        })
    }

    /// The line of a kustomization that lists what makes it what it is, or listed it.
    fn by_list(&mut self, variant: &Variant, pair: &Pair<'_>) -> Option<Location> {
        let mut files = std::iter::once(&variant.at).chain(&variant.parts);
        files.find_map(|path| {
            let before = lists(self.file_before(path)?);
            let after = lists(pair.head.file(path)?);
            let touches = |spans: &[Span], range: &std::ops::Range<u32>| {
                let mut spans = spans.iter();
                spans.any(|span| span.start <= range.end && range.start <= span.end)
            };
            let ranges = self.ranges(path)?.iter();
            let mut ranges =
                ranges.filter(|it| touches(&before, &it.before) || touches(&after, &it.after));
            let range = ranges.next()?;
            Some(Location {
                path: Arc::clone(path),
                span: Span {
                    start: range.after.start,
                    end: range.after.end,
                },
            })
        })
    }

    /// The line of a patch that newly deletes it, or that of a kustomization which newly lists such a patch.
    fn by_deletion(&mut self, finding: &Finding, pair: &Pair<'_>) -> Option<Location> {
        let resource = finding.subject.resource.as_ref()?;
        let path = &finding.location.path;
        let places: Vec<Location> = pair.head.deleted_by(path, resource).cloned().collect();
        let found = places.iter().find_map(|place| self.of_line(place));
        if places.is_empty() || found.is_some() {
            return found;
        }
        let file = self.file_before(path)?;
        let mut before = pair.base.landed_objects_of(file);
        before.find_map(|object| {
            let variant = object.variant().filter(|_| object.resource() == resource)?;
            let mut after = pair.head.landed_objects_of(pair.head.file(path)?);
            let stays = after.any(|it| {
                let own = it.variant().map(|own| pair.variant_before(&own.at));
                it.resource() == resource && own == Some(&variant.at)
            });
            if stays {
                None
            } else {
                self.by_list(variant, pair)
            }
        })
    }
}

/// Where a kustomization says what it builds of what.
fn lists(file: &SourceFile) -> Vec<Span> {
    let trees = file.manifest().map(|manifest| &manifest.tree);
    let roots = trees.into_iter().flat_map(|tree| {
        let documents = tree.documents().iter();
        documents.map(|document| tree.root(document))
    });
    let entries = roots.flat_map(|root| LISTS.into_iter().filter_map(move |key| root.entry(key)));
    entries
        .map(|entry| entry.key.span().to(entry.value.span()))
        .collect()
}
