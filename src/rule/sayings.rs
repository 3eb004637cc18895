//! What rules say of network policies, whatever number of clusters a file belongs to: each once, and what something in
//! another cluster refutes not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::{Location, Severity};
use crate::snapshot::Snapshot;

use super::Sink;

/// What tells one saying from another: its place, what it says of that, and the namespace that it is about, where it is
/// about what stands beside it there.
type Key = (Location, String, Arc<str>);

struct Saying {
    severity: Severity,
    sentence: String,
    related: Vec<(Location, String)>,
}

/// What is to be said.
#[derive(Default)]
pub struct Sayings {
    all: BTreeMap<Key, Saying>,
    refuted: BTreeSet<Key>,
}

impl Sayings {
    /// Adds a sentence about a place; the first one about the same stands.
    pub fn add(
        &mut self,
        at: &Location,
        discriminator: &str,
        severity: Severity,
        sentence: String,
        related: Vec<(Location, String)>,
    ) {
        self.add_in("", at, discriminator, severity, sentence, related);
    }

    /// The same of what is missing in a namespace: what other namespaces have, where overlays move a file to several,
    /// says nothing of this one.
    pub fn add_in(
        &mut self,
        namespace: &str,
        at: &Location,
        discriminator: &str,
        severity: Severity,
        sentence: String,
        related: Vec<(Location, String)>,
    ) {
        let key = (at.clone(), discriminator.to_owned(), namespace.into());
        self.all.entry(key).or_insert(Saying {
            severity,
            sentence,
            related,
        });
    }

    /// Takes back what is said of something that is missing: in one of the clusters it is there.
    pub fn refute(&mut self, at: &Location, discriminator: &str) {
        self.refute_in("", at, discriminator);
    }

    /// The same of what is there in a namespace.
    pub fn refute_in(&mut self, namespace: &str, at: &Location, discriminator: &str) {
        let key = (at.clone(), discriminator.to_owned(), namespace.into());
        self.refuted.insert(key);
    }

    /// The same of several places.
    pub fn refute_all<'l>(
        &mut self,
        places: impl Iterator<Item = &'l Location>,
        discriminator: &str,
    ) {
        places.for_each(|at| self.refute(at, discriminator));
    }

    /// Says it, each of the object that it stands in. What is the same of several places of one object is said of the
    /// first.
    pub fn tell(self, snapshot: &Snapshot, sink: &mut Sink<'_>) {
        let mut said: BTreeSet<(Arc<str>, u32, String)> = BTreeSet::new();
        for (key, saying) in self.all {
            if self.refuted.contains(&key) {
                continue;
            }
            let (at, discriminator, _) = key;
            let Some(object) = snapshot.object_at(&at) else {
                continue;
            };
            let start = object.node().span().start;
            if !said.insert((Arc::clone(&at.path), start, discriminator.clone())) {
                continue;
            }
            let mut sink = sink.about(object);
            let draft = sink
                .report_at(at.span, None)
                .severity(saying.severity)
                .discriminator(&discriminator);
            let related = saying.related.into_iter().take(MOST_RELATED);
            let draft = related.fold(draft, |draft, (at, what)| draft.related_in(at, what));
            draft.say(&saying.sentence);
        }
    }
}

/// The most further places of one finding.
const MOST_RELATED: usize = 8;
