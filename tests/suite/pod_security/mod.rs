//! The Pod Security Standards: the official fixtures where the corpora are at hand, and a set of our own.

mod edit;
mod official;
mod ours;
mod writing;

use std::collections::BTreeSet;

use tidegate::kubernetes::pod_security::{Level, Version, violations};
use tidegate::snapshot::Snapshot;
use tidegate::syntax::Lines;

/// A violation, as far as notation and place in the file do not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    /// The check's id.
    pub(crate) check: &'static str,
    /// The container by name.
    pub(crate) container: Option<String>,
    /// The pointer of the field within the pod.
    pub(crate) field: String,
    /// What tells it from others about the field.
    pub(crate) value: String,
    /// True if the field is not there.
    pub(crate) absent: bool,
}

/// What is told of each pod of a revision, with the line that each violation points at.
pub(crate) fn told(
    snapshot: &Snapshot,
    level: Level,
    version: Version,
) -> Vec<(String, Vec<(Told, usize)>)> {
    snapshot
        .files()
        .iter()
        .flat_map(|file| snapshot.objects_of(file).map(move |object| (file, object)))
        .flat_map(|(file, object)| object.pods().map(move |pod| (file, pod)))
        .filter_map(|(file, pod)| {
            let lines = Lines::new(file.text()?);
            let prefix = pod.root().pointer();
            let told = violations(pod, level, version)
                .into_iter()
                .map(|violation| {
                    let pointer = violation.field.pointer();
                    let line = lines.position(violation.field.span().start).line;
                    let told = Told {
                        check: violation.check.id(),
                        container: violation
                            .container
                            .map(|container| container.name().to_owned()),
                        field: pointer.strip_prefix(&prefix).unwrap().to_owned(),
                        value: violation.value.clone().into_owned(),
                        absent: !violation.field.is_set(),
                    };
                    (told, line as usize)
                })
                .collect();
            Some((prefix, told))
        })
        .collect()
}

/// The ids of the checks that were broken.
pub(crate) fn checks<'a>(
    told: impl IntoIterator<Item = &'a (Told, usize)>,
) -> BTreeSet<&'static str> {
    told.into_iter().map(|(told, _)| told.check).collect()
}
