//! Where labels stand that are not all written in the file of their object: patches and kustomizations give it some.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::Object;
use crate::kubernetes::kustomization::LabelReach;
use crate::syntax::Entry;

use super::selector::Labels;

/// Where the labels of something stand, by their keys, as far as that is not where all of them do.
#[derive(Clone, Debug, Default)]
pub struct LabelPlaces {
    /// Those that are written, where patches write some of them.
    written: BTreeMap<Arc<str>, Location>,
    /// Those that kustomizations put on it.
    added: BTreeMap<Arc<str>, Location>,
}

impl LabelPlaces {
    pub(super) fn of<'a>(
        object: Object<'a>,
        written: impl Iterator<Item = Entry<'a>>,
        reach: LabelReach,
    ) -> Self {
        let written = written.filter(|_| object.is_patched()).map(|entry| {
            let span = entry.key.span().to(entry.value.span());
            (entry.key.key_text().into(), object.location(span))
        });
        let added = object.added_labels().iter();
        let added = added.filter(|label| label.reach >= reach);
        let added = added.map(|label| (label.key.as_str().into(), label.at.clone()));
        Self {
            written: written.collect(),
            added: added.collect(),
        }
    }

    /// Where the first one stands that was not there before, or had another value.
    #[must_use]
    pub fn first_new(&self, before: &Labels, after: &Labels) -> Option<&Location> {
        new(before, after).find_map(|key| self.written.get(key))
    }

    /// Where those stand that kustomizations put on it, and did not, or with another value.
    pub fn newly_added<'p>(
        &'p self,
        before: &'p Labels,
        after: &'p Labels,
    ) -> impl Iterator<Item = &'p Location> {
        new(before, after).filter_map(|key| self.added.get(key))
    }
}

/// The keys of labels that are new, or have another value.
fn new<'l>(before: &'l Labels, after: &'l Labels) -> impl Iterator<Item = &'l Arc<str>> {
    let labels = after.iter();
    let new = labels.filter(|(key, value)| before.get(*key) != Some(value));
    new.map(|(key, _)| key)
}
