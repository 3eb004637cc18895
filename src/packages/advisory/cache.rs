//! Entries that were fetched from the API of OSV, on disk.
//!
//! An entry is named by its id; its first line is the time of its last change as the API told it. An entry that changed
//! is fetched anew. A cache that does not work costs time and nothing else.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use super::record::is_id;

/// The largest entry that is kept.
const LARGEST: u64 = 4 << 20;

/// Entries by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// A cache in a folder; without one, nothing is kept.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    fn path(&self, id: &str) -> Option<PathBuf> {
        // An id is safe as a name of a file: no separator, and no dot in front.
        let folder = self.folder.as_ref().filter(|_| is_id(id))?;
        Some(folder.join(format!("{id}.json")))
    }

    /// The entry as it was when it last changed at a time.
    #[expect(clippy::disallowed_methods, reason = "the edge: the cache")]
    pub(super) fn get(&self, id: &str, modified: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(id)?).ok()?;
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        let rest = bytes
            .strip_prefix(modified.as_bytes())?
            .strip_prefix(b"\n")?;
        Some(rest.to_vec())
    }

    /// Keeps an entry.
    pub(super) fn put(&self, id: &str, modified: &str, bytes: &[u8]) {
        // Next time it is fetched again.
        let _ = self.write(id, modified, bytes);
    }

    #[expect(clippy::disallowed_methods, reason = "the edge: the cache")]
    fn write(&self, id: &str, modified: &str, bytes: &[u8]) -> Option<()> {
        let path = self.path(id)?;
        std::fs::create_dir_all(self.folder.as_ref()?).ok()?;
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let mut file = File::create(&part).ok()?;
        let written = [modified.as_bytes(), b"\n", bytes]
            .into_iter()
            .try_for_each(|part| file.write_all(part))
            .and_then(|()| std::fs::rename(&part, &path));
        if written.is_err() {
            std::fs::remove_file(&part).ok()?;
        }
        Some(())
    }
}
