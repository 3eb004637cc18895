//! What `tidegate pod-security` answers: which level each workload meets, and what keeps it from the next.

use std::sync::Arc;

use crate::evaluate::evaluate_with;
use crate::finding::{Location, Resource};
use crate::kubernetes::pod_security::{Level, Version, Violation, level, meets, violations};
use crate::kubernetes::{Completeness, NamespaceSource, Object, Pod};
use crate::rule::{Check, Context};
use crate::rules;
use crate::snapshot::Snapshot;
use crate::verdict::PassedOver;

/// The whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The version of the standards that was asked for.
    pub version: Version,
    /// Every workload, by path and then in the order of its file.
    pub workloads: Vec<WorkloadAnswer>,
    /// Workloads that have no level: patches, and templates.
    pub not_judged: Vec<PassedOver>,
    /// Files that look like manifests and could not be read.
    pub unreadable: Vec<PassedOver>,
    /// The files.
    pub snapshot: Snapshot,
}

/// One workload.
#[derive(Debug)]
pub struct WorkloadAnswer {
    /// The object.
    pub resource: Arc<Resource>,
    /// Its file.
    pub path: Arc<str>,
    /// The namespace that it lands in, and who says so.
    pub namespace: Option<(String, NamespaceSource)>,
    /// The highest level that it meets.
    pub level: Level,
    /// True if the level that was asked for lets it in; none where none was asked for.
    pub allowed: Option<bool>,
    /// What is held against it: of the level asked for, else of every level that it does not meet.
    pub violations: Vec<ViolationAnswer>,
}

/// One place that keeps a workload from a level.
#[derive(Debug)]
pub struct ViolationAnswer {
    /// The standard's own id of the check.
    pub check: &'static str,
    /// The level that asks for it.
    pub level: Level,
    /// Container, field, the value found and the value wanted.
    pub message: String,
    /// Where.
    pub location: Location,
}

/// Judges every workload of a revision within some paths.
#[must_use]
pub fn answer(
    snapshot: Snapshot,
    asked: Option<Level>,
    version: Version,
    in_scope: impl Fn(&str) -> bool,
) -> Answer {
    let mut workloads = Vec::new();
    let mut not_judged = Vec::new();
    for object in snapshot.objects().filter(|object| in_scope(object.path())) {
        if !object.kind().bears_pods() {
            continue;
        }
        let pods: Vec<_> = object.pods().collect();
        match object.completeness() {
            // It takes its pods from another object.
            Completeness::Complete if pods.is_empty() => {}
            Completeness::Complete => workloads.push(judge(object, &pods, asked, version)),
            Completeness::Partial | Completeness::Template => not_judged.push(PassedOver {
                path: Arc::clone(object.path()),
                reason: format!(
                    "{} is a patch or a template, and has no level of its own",
                    object.resource()
                ),
            }),
        }
    }
    let unrendered = snapshot.files().iter().filter(|file| {
        in_scope(&file.path)
            && file
                .manifest()
                .is_some_and(|manifest| manifest.templates > 0)
    });
    not_judged.extend(unrendered.map(|file| PassedOver {
        path: Arc::clone(&file.path),
        reason: "a template that is not rendered".to_owned(),
    }));
    let unreadable = unreadable(&snapshot, in_scope);
    Answer {
        version,
        workloads,
        not_judged,
        unreadable,
        snapshot,
    }
}

/// What is held against a pod.
fn held_against(pod: Pod<'_>, asked: Option<Level>, version: Version) -> Vec<Violation<'_>> {
    if let Some(asked) = asked {
        return violations(pod, asked, version);
    }
    let mut all = violations(pod, Level::Baseline, version);
    let known: Vec<_> = all.iter().map(|violation| violation.check).collect();
    let restricted = violations(pod, Level::Restricted, version).into_iter();
    all.extend(restricted.filter(|violation| !known.contains(&violation.check)));
    all
}

/// An object is what the weakest of its pods is.
fn judge(
    object: Object<'_>,
    pods: &[Pod<'_>],
    asked: Option<Level>,
    version: Version,
) -> WorkloadAnswer {
    let held_against = pods
        .iter()
        .flat_map(|pod| held_against(*pod, asked, version));
    let levels = pods.iter().map(|pod| level(*pod, version));
    WorkloadAnswer {
        resource: Arc::clone(object.resource()),
        path: Arc::clone(object.path()),
        namespace: object
            .namespace()
            .map(|(namespace, source)| (namespace.to_owned(), source)),
        level: levels.min().unwrap_or(Level::Restricted),
        allowed: asked.map(|asked| pods.iter().all(|pod| meets(*pod, asked, version))),
        violations: held_against
            .map(|violation| ViolationAnswer {
                check: violation.check.id(),
                level: violation.check.level(),
                message: match violation.container {
                    Some(container) if !container.name().is_empty() => {
                        format!("container `{}`: {}", container.name(), violation.reason)
                    }
                    _ => violation.reason,
                },
                location: Location {
                    path: Arc::clone(object.path()),
                    span: violation.field.span(),
                },
            })
            .collect(),
    }
}

/// What the rules about reading say.
fn unreadable(snapshot: &Snapshot, in_scope: impl Fn(&str) -> bool) -> Vec<PassedOver> {
    let about_reading: Vec<_> = rules::ALL
        .iter()
        .copied()
        .filter(|rule| matches!(rule.check, Check::File(_)))
        .collect();
    evaluate_with(&about_reading, snapshot, &Context::default())
        .findings
        .into_iter()
        .filter(|finding| in_scope(&finding.location.path))
        .filter(|finding| finding.unread)
        .map(|finding| PassedOver {
            path: finding.location.path,
            reason: finding.message,
        })
        .collect()
}

impl Answer {
    /// Workloads that the level asked for does not let in.
    pub fn refused(&self) -> impl Iterator<Item = &WorkloadAnswer> {
        self.workloads
            .iter()
            .filter(|workload| workload.allowed == Some(false))
    }

    /// 1 if the level asked for refuses a workload, 3 if something could not be read, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.refused().next(), self.unreadable.is_empty()) {
            (Some(_), _) => 1,
            (None, false) => 3,
            (None, true) => 0,
        }
    }
}
