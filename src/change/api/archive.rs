//! Contents out of an archive, while it arrives.
//!
//! Of an archive only contents are taken, and only those whose ids are wanted: no name in it means anything, no link is
//! followed, and nothing is written anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use flate2::read::MultiGzDecoder;

use super::super::{ContentId, content_id};
use super::{BUDGET, CHECK_OUT, LARGEST_FILE, told};
use crate::error::Error;
use crate::github::Client;
use crate::http::Sink;

/// The largest archive that is fetched, packed.
const LARGEST_PACKED: u64 = 2 << 30;

/// How much is unpacked of an archive, in bytes, whatever of it is kept.
const LARGEST_UNPACKED: u64 = 8 << 30;

/// How many entries an archive may have.
const MOST_ENTRIES: usize = 1_000_000;

/// How many pieces may wait to be unpacked.
const PIECES: usize = 64;

/// The bounds of unpacking.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    unpacked: u64,
    kept: u64,
    entries: usize,
}

const BOUNDS: Bounds = Bounds {
    unpacked: LARGEST_UNPACKED,
    kept: BUDGET,
    entries: MOST_ENTRIES,
};

/// Fetches the archive of a commit, and gives those contents of it that are wanted.
pub(super) async fn fetch(
    client: &Client,
    commit: &str,
    wanted: BTreeSet<ContentId>,
) -> Result<BTreeMap<ContentId, Vec<u8>>, Error> {
    let (sender, receiver) = sync_channel(PIECES);
    let unpacking = thread::spawn(move || unpack(Pieces::new(receiver), &wanted, BOUNDS));
    let mut pipe = Pipe(sender);
    let arrived = client.tarball(commit, &mut pipe, LARGEST_PACKED).await;
    drop(pipe);
    let unpacked = unpacking.join();
    let refused = |why: &str| {
        Error::Unavailable(format!(
            "the archive of commit {commit} cannot be unpacked: {why}. {CHECK_OUT}"
        ))
    };
    match (arrived, unpacked) {
        // What ends the unpacking early ends the arrival too, and says more.
        (Ok(()) | Err(crate::github::Failure::Rejected { .. }), Ok(Err(why))) => Err(refused(&why)),
        (Err(failure), _) => Err(told(&format!("the archive of commit {commit}"), &failure)),
        (Ok(()), Ok(Ok(found))) => Ok(found),
        (Ok(()), Err(_)) => Err(refused("the unpacking broke off")),
    }
}

/// Hands pieces to the thread that unpacks.
struct Pipe(SyncSender<Vec<u8>>);

impl Sink for Pipe {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let gone = |_| "the archive cannot be unpacked".to_owned();
        self.0.send(bytes.to_vec()).map_err(gone)
    }
}

/// What arrives, as a stream.
struct Pieces {
    receiver: Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Pieces {
    fn new(receiver: Receiver<Vec<u8>>) -> Self {
        Self {
            receiver,
            piece: io::Cursor::default(),
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.piece.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            match self.receiver.recv() {
                Ok(piece) => self.piece = io::Cursor::new(piece),
                // The sender is gone: that was all.
                Err(_) => return Ok(0),
            }
        }
    }
}

/// A stream that ends with an error where a bound is met.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(length as u64)
            .ok_or_else(|| io::Error::other("it holds more than is unpacked"))?;
        Ok(length)
    }
}

/// The contents of an archive that are wanted, by their ids.
fn unpack(
    packed: impl Read,
    wanted: &BTreeSet<ContentId>,
    bounds: Bounds,
) -> Result<BTreeMap<ContentId, Vec<u8>>, String> {
    let why = |error: io::Error| error.to_string();
    let mut archive = tar::Archive::new(Bounded {
        inner: MultiGzDecoder::new(packed),
        left: bounds.unpacked,
    });
    let mut found = BTreeMap::new();
    let mut kept = 0_u64;
    // As they are: no long name is put together, for which any amount of memory could be asked.
    let entries = archive.entries().map_err(why)?.raw(true);
    for (index, entry) in entries.enumerate() {
        let entry = entry.map_err(why)?;
        if index >= bounds.entries {
            return Err("it has more entries than are looked at".to_owned());
        }
        let size = entry.size();
        if !entry.header().entry_type().is_file() || size > LARGEST_FILE {
            continue;
        }
        let mut bytes = Vec::new();
        entry
            .take(LARGEST_FILE)
            .read_to_end(&mut bytes)
            .map_err(why)?;
        let id = content_id(&bytes);
        if !wanted.contains(&id) || found.contains_key(&id) {
            continue;
        }
        kept = kept.saturating_add(size);
        if kept > bounds.kept {
            return Err("it holds more than is kept".to_owned());
        }
        found.insert(id, bytes);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive as GitHub makes them: a global header, one folder around all.
    fn archive(files: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(packer);
        let mut add = |name: &str, kind, bytes: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(bytes.len() as u64);
            let room = &mut header.as_mut_bytes()[..name.len()];
            room.copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, bytes).unwrap();
        };
        add(
            "pax_global_header",
            tar::EntryType::XGlobalHeader,
            b"52 comment=22\n",
        );
        for (name, kind, bytes) in files {
            add(name, *kind, bytes);
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    const FILE: tar::EntryType = tar::EntryType::Regular;

    #[test]
    fn contents_go_by_their_ids_whatever_their_names_say() {
        let packed = archive(&[
            ("shop-deploy-22/a.yaml", FILE, b"a\n"),
            ("../../etc/passwd", FILE, b"b\n"),
            ("/absolute", FILE, b"c\n"),
            ("shop-deploy-22/link", tar::EntryType::Symlink, b""),
            ("shop-deploy-22/other.yaml", FILE, b"not wanted\n"),
        ]);
        let wanted: BTreeSet<ContentId> = [b"a\n", b"b\n", b"c\n", b"d\n"]
            .map(|bytes| content_id(bytes))
            .into();
        let found = unpack(packed.as_slice(), &wanted, BOUNDS).unwrap();
        let contents: BTreeSet<&[u8]> = found.values().map(Vec::as_slice).collect();
        assert_eq!(contents, [&b"a\n"[..], b"b\n", b"c\n"].into());
    }

    #[test]
    fn unpacking_has_bounds() {
        let zeros = vec![0; 1 << 20];
        let packed = archive(&[("a", FILE, &zeros), ("b", FILE, b"b")]);
        let wanted: BTreeSet<ContentId> = [content_id(&zeros), content_id(b"b")].into();
        let unpack = |bounds| unpack(packed.as_slice(), &wanted, bounds);
        assert_eq!(unpack(BOUNDS).map(|found| found.len()), Ok(2));
        for bounds in [
            Bounds {
                unpacked: 1 << 19,
                ..BOUNDS
            },
            Bounds {
                kept: 1 << 19,
                ..BOUNDS
            },
            Bounds {
                entries: 2,
                ..BOUNDS
            },
        ] {
            let why = unpack(bounds).unwrap_err();
            assert!(why.contains("more"), "{why}");
        }
    }

    #[test]
    fn an_archive_that_breaks_off_is_an_error() {
        let packed = archive(&[("a", FILE, &[7; 4096])]);
        let half = &packed[..packed.len() / 2];
        assert!(unpack(half, &BTreeSet::new(), BOUNDS).is_err());
        assert!(unpack(&b"<html>"[..], &BTreeSet::new(), BOUNDS).is_err());
    }
}
