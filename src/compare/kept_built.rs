//! A weakness of a workload is what its variant builds: the line that makes it may move between the workload's own file and
//! the patches of kustomizations.
//!
//! Findings stand where the line stands, in the object or in a patch. So one that moves to a patch is another one by its
//! place, and one that moves from the patch of one overlay to that of another one is the same. What counts is whether the
//! built workload had it before.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::{Finding, Location, Severity, Status};
use crate::kubernetes::Object;
use crate::rule::Pair;
use crate::snapshot::Snapshot;
use crate::snapshot::built_before::BuiltBefore;

/// What makes two findings about pods the same: rule, kind and name, container, field, discriminator.
type Key = (
    &'static str,
    Arc<str>,
    Arc<str>,
    Arc<str>,
    Arc<str>,
    Arc<str>,
);

/// The findings of the base that patches may have to do with.
#[derive(Default)]
pub struct BuiltFindings {
    paths: BTreeSet<Arc<str>>,
    told: HashMap<Key, Vec<(Location, Severity)>>,
}

impl BuiltFindings {
    /// Those among the findings of the base.
    #[must_use]
    pub fn of(pair: &Pair<'_>, findings: &[Finding]) -> Self {
        let mut built = Self::default();
        let sides = [pair.base, pair.head];
        let paths = sides.iter().flat_map(|side| side.files_of_patches());
        built.paths = paths.cloned().collect();
        if built.paths.is_empty() {
            return built;
        }
        for finding in findings {
            let is_asked = built.paths.contains(&finding.location.path);
            if let Some(key) = key(finding).filter(|_| is_asked) {
                let told = built.told.entry(key).or_default();
                told.push((finding.location.clone(), finding.severity));
            }
        }
        built
    }

    /// Findings that the built workloads had before count as existing, and those that only others had as introduced.
    pub fn keep(&self, findings: &mut Vec<Finding>, pair: &Pair<'_>) {
        if self.paths.is_empty() {
            return;
        }
        let mut before: Option<BuiltBefore<'_>> = None;
        let mut moved: BTreeSet<(&'static str, Location)> = BTreeSet::new();
        for finding in findings.iter_mut().filter(|it| it.status != Status::Fixed) {
            let path = &finding.location.path;
            let resource = finding.subject.resource.as_ref();
            let from = resource.and_then(|resource| pair.pairs.base_path(resource, path));
            let from = from.filter(|from| *from != path);
            let is_asked = match finding.status {
                Status::Existing => from.is_some(),
                _ => true,
            };
            let is_patched = |path: &Arc<str>| self.paths.contains(path);
            if !is_asked || !is_patched(path) && !from.is_some_and(is_patched) {
                continue;
            }
            let Some(known) = key(finding).and_then(|key| self.told.get(&key)) else {
                continue;
            };
            let bears_pods = |object: Object<'_>| object.kind().bears_pods();
            let before = before.get_or_insert_with(|| BuiltBefore::of(pair, bears_pods));
            let built = pair.head.landed_at(&finding.location);
            let built: Vec<Object<'_>> = built.filter(|it| it.kind().bears_pods()).collect();
            let mut had = built.iter().map(|object| {
                let before = before.of_object(*object);
                let held = |place: &Location| before.iter().any(|object| object.holds(place));
                let places = known.iter().filter(|(place, _)| held(place));
                places.collect::<Vec<_>>()
            });
            if finding.status == Status::Existing {
                if had.any(|places| places.is_empty()) {
                    finding.status = Status::Introduced;
                }
                continue;
            }
            let had: Vec<_> = had.collect();
            let own = text_at(pair.head, &finding.location);
            // What one file says more than once is told as often.
            let is_same = |(place, severity): &(Location, Severity)| {
                place.path != *path
                    && finding.severity <= *severity
                    && text_at(pair.base, place) == own
            };
            let mut all = had.iter();
            if !had.is_empty() && all.all(|places| places.iter().any(|it| is_same(it))) {
                finding.status = Status::Existing;
                let places = had.iter().flatten();
                moved.extend(places.map(|(place, _)| (finding.rule, place.clone())));
            }
        }
        findings.retain(|finding| {
            finding.status != Status::Fixed
                || !moved.contains(&(finding.rule, finding.location.clone()))
        });
    }
}

fn key(finding: &Finding) -> Option<Key> {
    let subject = &finding.subject;
    let resource = subject.resource.as_ref()?;
    let is_asked = !finding.change && !finding.unread && !finding.rule.starts_with("rbac/");
    let text = |text: Option<&str>| Arc::from(text.unwrap_or_default());
    is_asked.then(|| {
        (
            finding.rule,
            text(Some(&resource.kind)),
            text(Some(&resource.name)),
            text(subject.container.as_deref()),
            text(subject.field.as_deref()),
            text(Some(&subject.discriminator)),
        )
    })
}

/// What stands at a place.
fn text_at<'a>(snapshot: &'a Snapshot, place: &Location) -> Option<&'a str> {
    let text = snapshot.file(&place.path)?.text()?;
    text.get(place.span.start as usize..place.span.end as usize)
}
