//! What a run knows beside what it tells: what else it found, and what it looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::report::occurrence::Occurrence;
use crate::verdict::is_in_scope;

/// What the run knows of findings that it does not tell.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Findings that the base has as well.
    pub existing: BTreeSet<Occurrence>,
    /// Findings that a waiver covers.
    pub waived: BTreeSet<Occurrence>,
    /// True if something that changed was not seen: then nothing is taken for fixed.
    pub is_partial: bool,
    /// The paths that the run was about; empty for everything. Nothing elsewhere is taken for fixed.
    pub paths: Vec<String>,
    /// The files of both sides; none where they are not known, as to whoever posts the report of another run.
    pub files: Option<Files>,
    /// The files that have the object of a finding, by its identity; empty where that is not known.
    pub objects: BTreeMap<String, Arc<Files>>,
}

/// The paths of files that were looked at.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Those of the head.
    pub head: BTreeSet<Arc<str>>,
    /// Those of the base.
    pub base: BTreeSet<Arc<str>>,
}

impl Known {
    /// True if what is not found in a file is gone from it.
    pub(super) fn has_seen(&self, path: Option<&str>) -> bool {
        let is_asked = path.is_some_and(|path| is_in_scope(&self.paths, path));
        !self.is_partial && (self.paths.is_empty() || is_asked)
    }

    /// True if a file may have gone to where this run did not look.
    pub(super) fn is_out_of_sight(&self, path: &str) -> bool {
        let files = self.files.as_ref();
        !self.paths.is_empty() && files.is_some_and(|files| !files.head.contains(path))
    }

    /// True if a finding of this identity that was in the first of these files, when a comment told it, may be in the
    /// second by now, which is named by its path in the base: what has its object, or its file, still did not move, and
    /// what the base has already did not come from anywhere, unless it is the very same text.
    pub(super) fn may_move(
        &self,
        fingerprint: &str,
        from: &str,
        to: &str,
        is_same_text: bool,
    ) -> bool {
        let is_new =
            |all: &Files| !all.head.contains(from) && (is_same_text || !all.base.contains(to));
        let object = self.objects.get(fingerprint).map(AsRef::as_ref);
        object.or(self.files.as_ref()).is_some_and(is_new)
    }
}
