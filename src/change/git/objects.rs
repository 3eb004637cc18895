//! The objects of a repository, read by many threads at once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gix::objs::Kind;
use gix::odb::pack::cache::DecodeEntry;

use super::history::missing_object;
use crate::change::{Content, ContentId, ListedFile, Source};

/// How many bytes of unpacked objects each thread keeps.
const KEPT: usize = 32 << 20;

/// The objects of a repository, for any number of threads.
pub(super) struct Objects {
    shared: gix::ThreadSafeRepository,
    /// Tells repositories apart in what each thread keeps.
    key: u64,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects")
            .field(&self.shared.git_dir())
            .finish()
    }
}

static NEXT_KEY: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// A handle for each thread, of the repository that it used last: what it has decoded serves the next read.
    static HANDLE: RefCell<Option<(u64, gix::Repository)>> = const { RefCell::new(None) };
}

impl Objects {
    pub(super) fn new(shared: gix::ThreadSafeRepository) -> Self {
        Self {
            shared,
            key: NEXT_KEY.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Lends this thread's handle.
    pub(super) fn with<T>(&self, work: impl FnOnce(&gix::Repository) -> T) -> T {
        let kept = HANDLE.take().filter(|(key, _)| *key == self.key);
        let (_, repo) = kept.unwrap_or_else(|| (self.key, self.handle()));
        let result = work(&repo);
        HANDLE.replace(Some((self.key, repo)));
        result
    }

    fn handle(&self) -> gix::Repository {
        let mut repo = self.shared.to_thread_local();
        // In a partial clone, objects are missing by the thousand: looking for new packs each time is in vain.
        repo.objects.refresh_never();
        repo.objects.set_pack_cache(|| Box::<Unpacked>::default());
        repo
    }
}

/// Objects that others in the pack are stored as differences from. Most blobs of a folder share theirs: keeping them
/// takes a third off the reading of 5,000 manifests. gix has such a cache only with a feature that brings more code.
#[derive(Default)]
struct Unpacked {
    /// By pack and offset: kind, packed size and bytes.
    entries: HashMap<(u32, u64), (Kind, usize, Vec<u8>)>,
    bytes: usize,
}

impl DecodeEntry for Unpacked {
    fn put(&mut self, pack: u32, offset: u64, data: &[u8], kind: Kind, packed_size: usize) {
        if data.len() > KEPT / 8 {
            return;
        }
        if self.bytes + data.len() > KEPT {
            self.entries.clear();
            self.bytes = 0;
        }
        let entry = (kind, packed_size, data.to_vec());
        if self.entries.insert((pack, offset), entry).is_none() {
            self.bytes += data.len();
        }
    }

    fn get(&mut self, pack: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let (kind, packed_size, data) = self.entries.get(&(pack, offset))?;
        out.clear();
        out.extend_from_slice(data);
        Some((*kind, *packed_size))
    }
}

/// Reads the blobs of a revision.
#[derive(Debug)]
pub(in crate::change) struct Blobs(pub(super) Arc<Objects>);

impl Blobs {
    /// Whether a content is here.
    pub(in crate::change) fn hold(&self, ContentId(id): ContentId) -> bool {
        let id = gix::ObjectId::Sha1(id);
        self.0
            .with(|repo| repo.try_find_header(id))
            .is_ok_and(|found| found.is_some())
    }
}

impl Source for Blobs {
    fn read(&self, file: &ListedFile, limit: usize) -> Content {
        let Some(ContentId(id)) = file.id else {
            return Content::Missing(format!("{} has no id", file.path));
        };
        let id = gix::ObjectId::Sha1(id);
        self.0
            .with(|repo| read_blob(repo, id, limit))
            .unwrap_or_else(|why| Content::Missing(format!("cannot read {}: {why}", file.path)))
    }
}

pub(super) fn read_blob(
    repo: &gix::Repository,
    id: gix::ObjectId,
    limit: usize,
) -> Result<Content, String> {
    // The header first: an object of any size may be a few bytes in a pack.
    let header = repo
        .try_find_header(id)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| missing_object(repo, id))?;
    if header.kind() != Kind::Blob {
        return Err(format!("object {id} is a {} and not a file", header.kind()));
    }
    if header.size() > limit as u64 {
        return Ok(Content::Oversized(header.size()));
    }
    let object = repo.find_object(id).map_err(|error| error.to_string())?;
    Ok(Content::of(object.detach().data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut unpacked = Unpacked::default();
        let data = vec![1; KEPT / 8];
        for offset in 0..20 {
            unpacked.put(0, offset, &data, Kind::Blob, 1);
            unpacked.put(0, offset, &data, Kind::Blob, 1);
            assert!(unpacked.bytes <= KEPT);
            let kept: usize = unpacked
                .entries
                .values()
                .map(|(_, _, data)| data.len())
                .sum();
            assert_eq!(kept, unpacked.bytes);
        }
        let mut out = vec![9];
        assert_eq!(unpacked.get(0, 19, &mut out), Some((Kind::Blob, 1)));
        assert_eq!(out, data);
        assert_eq!(unpacked.get(1, 19, &mut out), None);
        unpacked.put(0, 99, &vec![1; KEPT / 8 + 1], Kind::Blob, 1);
        assert_eq!(unpacked.get(0, 99, &mut out), None);
    }
}
