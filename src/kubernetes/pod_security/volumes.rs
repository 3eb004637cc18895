//! Where volumes come from. An entry without a source is an `emptyDir`: the API server's default.

use super::check::StandardCheck;
use super::violation::{Violation, Visit};
use crate::kubernetes::field::{Field, quoted, shortened};
use crate::kubernetes::pod::Pod;

/// The sources that the restricted level permits.
const PERMITTED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn host_paths<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for volume in pod.volumes() {
        let Some(field) = volume.host_path() else {
            continue;
        };
        let path = field.as_str().unwrap_or_default();
        visit(
            Violation::of_pod(
                StandardCheck::HostPathVolumes,
                field,
                format!(
                    "volume {} is the path {} of the node; use another type of volume",
                    quoted(volume.name()),
                    quoted(path)
                ),
            )
            .with_value(path),
        );
    }
}

/// A source that nobody knows is in no list either, and is refused: the API server would ignore it or take it
/// for a newer type, and neither is what the author can want.
pub(super) fn restricted<'a>(pod: Pod<'a>, visit: Visit<'_, 'a>) {
    for volume in pod.volumes() {
        for (source, node) in volume.sources() {
            if PERMITTED.contains(&source) {
                continue;
            }
            visit(
                Violation::of_pod(
                    StandardCheck::RestrictedVolumes,
                    Field::of(node),
                    format!(
                        "volume {} is of type {}; it must be one of {}",
                        quoted(volume.name()),
                        shortened(source),
                        PERMITTED.join(", ")
                    ),
                )
                .with_value(source),
            );
        }
    }
}
