//! A revision as it would be with one of its files edited.

use std::sync::Arc;

use crate::kubernetes::kinds::Declared;

use super::load::read_as;
use super::{Snapshot, SourceFile};

impl Snapshot {
    /// The same revision with another text in one of its manifests, which shares all that the edit leaves alone; none
    /// where less of that file could be read afterwards.
    #[must_use]
    pub fn edited(&self, path: &str, text: String, declared: &[Declared]) -> Option<Self> {
        let before = self.file(path)?;
        before.manifest()?;
        let state = Arc::new(read_as(before.kind, text.into_bytes(), declared)?);
        let files = self.files.iter().map(|file| {
            let is_edited = *file.path == *path;
            let state = if is_edited { &state } else { &file.state };
            (Arc::clone(&file.path), Arc::clone(state))
        });
        let mut edited = Self::new(files.collect(), &self.charts, self.files_read);
        for (file, before) in edited.files.iter_mut().zip(&self.files) {
            file.completeness = before.completeness;
            file.was_manifest = before.was_manifest;
            file.lost_heads = before.lost_heads;
        }
        edited.left_out.clone_from(&self.left_out);
        edited.ignored.clone_from(&self.ignored);
        edited.misnamed.clone_from(&self.misnamed);
        edited.lockfiles.clone_from(&self.lockfiles);
        edited.excluded.clone_from(&self.excluded);
        let after = edited.file(path)?;
        after.manifest()?;
        let was_read = before.is_wholly_read();
        (!was_read || SourceFile::is_wholly_read(after)).then_some(edited)
    }
}
