//! What the kinds that a configuration declares find in a revision.

use super::Snapshot;
use crate::kubernetes::kinds::{Declared, follow};
use crate::kubernetes::manifest::visit_objects;
use crate::kubernetes::{Completeness, Field};

/// What the objects of a declared kind look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// How many there are.
    pub objects: usize,
    /// True if one has pods at the path, or says that it takes those of another object.
    pub has_pods: bool,
}

/// What each declared kind finds.
#[must_use]
pub fn fits(snapshot: &Snapshot, declared: &[Declared]) -> Vec<Fit> {
    let mut fits = vec![Fit::default(); declared.len()];
    for file in snapshot.files() {
        let Some(manifest) = file.manifest() else {
            continue;
        };
        // A patch says only what it changes.
        let is_whole = file.completeness == Completeness::Complete;
        visit_objects(&manifest.tree, &mut |node, api_version, kind| {
            for (declared, fit) in declared.iter().zip(&mut fits) {
                if declared.holds(api_version, kind) {
                    fit.objects += 1;
                    fit.has_pods |= !is_whole
                        || !follow(node, declared.pod_template()).is_empty()
                        || Field::follow(node, &["spec", "workloadRef"]).is_set();
                }
            }
        });
    }
    fits
}
