//! The local database of advisories: one file, found by name in a moment.
//!
//! ```text
//! "tidegate"  format: u32  size: u32  About as JSON                       then SHA-256 of all this
//! for each package, by hash: hash: u64  offset: u64  size: u32  check: u64  then SHA-256 of all this
//! for each package: its name, its records                                 their hashes are the checks above
//! ```
//!
//! Numbers are little-endian; a hash is the first eight bytes of a SHA-256. Opening reads head and index and nothing
//! else; a package costs one read. Each byte that is used was checked before, so that a damaged file is an error and
//! never an answer.

mod build;
mod layout;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use build::Builder;

use super::record::Record;

const MAGIC: &[u8; 8] = b"tidegate";
/// Goes up whenever older programs could not read, or would misread, what is written.
const FORMAT: u32 = 1;
/// The bytes before [`About`].
const START: usize = 16;
const DIGEST: usize = 32;
/// The bytes of a package in the index.
const ENTRY: usize = 28;
/// The longest [`About`].
const LONGEST_ABOUT: usize = 1 << 16;

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Where its entries come from.
    pub source: String,
    /// When the newest entry last changed: how far the data reach.
    pub date: Option<Timestamp>,
    /// The same of the last whole source: later changes were added to it one by one. None in databases of older programs.
    #[serde(default)]
    pub whole: Option<Timestamp>,
    /// The entries in it.
    pub records: u64,
    /// The packages that they are about.
    pub packages: u64,
    /// Entries that their authors took back.
    pub withdrawn: u64,
    /// Entries of the source that could not be read.
    pub unreadable: u64,
    /// The bytes behind the index.
    length: u64,
}

/// Why a database gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// There is none.
    #[error("there is none yet; `tidegate advisories update` makes it")]
    Missing,
    /// The machine refused a read.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
    /// It is something else.
    #[error("it is no database of advisories")]
    Foreign,
    /// Another version of this program made it.
    #[error(
        "its format is {0}, and this program reads {FORMAT}; `tidegate advisories update` makes it anew"
    )]
    Format(u32),
    /// It is not as it was written.
    #[error("it is damaged; `tidegate advisories update` makes it anew")]
    Damaged,
}

/// Bytes that are not as they were written.
#[derive(Debug)]
struct Damage;

impl From<Damage> for DatabaseError {
    fn from(_: Damage) -> Self {
        Self::Damaged
    }
}

/// Too few bytes are a damage, anything else is the machine's.
impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Io(error),
        }
    }
}

/// Something that a database lies in.
pub trait Storage: Read + Seek + Send {}

impl<T: Read + Seek + Send> Storage for T {}

/// An open database.
pub struct Database {
    about: About,
    index: Vec<u8>,
    /// Where the blocks begin.
    start: u64,
    storage: Mutex<Box<dyn Storage>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens a file.
    ///
    /// # Errors
    /// A file that is missing, foreign, of another format or damaged.
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge: the database of this machine"
    )]
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        Self::read(Box::new(File::open(path)?))
    }

    /// Opens a database wherever it lies.
    ///
    /// # Errors
    /// Something that is foreign, of another format or damaged.
    pub fn read(mut storage: Box<dyn Storage>) -> Result<Self, DatabaseError> {
        let size = storage.seek(SeekFrom::End(0))?;
        storage.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        (&mut storage).take(START as u64).read_to_end(&mut head)?;
        if !head.starts_with(MAGIC) {
            return Err(DatabaseError::Foreign);
        }
        let format = number(&head, 8)?;
        if format != FORMAT {
            return Err(DatabaseError::Format(format));
        }
        let length = usize::try_from(number(&head, 12)?).map_err(|_| Damage)?;
        if length > LONGEST_ABOUT {
            return Err(DatabaseError::Damaged);
        }
        head.resize(START + length, 0);
        storage.read_exact(head.get_mut(START..).ok_or(Damage)?)?;
        check(&mut storage, &head)?;
        let about: About =
            serde_json::from_slice(head.get(START..).ok_or(Damage)?).map_err(|_| Damage)?;

        let start = (head.len() + 2 * DIGEST) as u64;
        let index = about.packages.checked_mul(ENTRY as u64).ok_or(Damage)?;
        let start = start.checked_add(index).ok_or(Damage)?;
        // Before anything is made as large as the file says that it is.
        if start.checked_add(about.length) != Some(size) {
            return Err(DatabaseError::Damaged);
        }
        let mut bytes = vec![0; usize::try_from(index).map_err(|_| Damage)?];
        storage.read_exact(&mut bytes)?;
        check(&mut storage, &bytes)?;
        Ok(Self {
            about,
            index: bytes,
            start,
            storage: Mutex::new(storage),
        })
    }

    /// What it says of itself.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The version of the format.
    #[must_use]
    pub fn format(&self) -> u32 {
        FORMAT
    }

    /// All that is known of a package.
    ///
    /// # Errors
    /// A file that cannot be read any more, or is damaged.
    pub fn records(&self, name: &str) -> Result<Vec<Record>, DatabaseError> {
        let hash = hash_of(name.as_bytes());
        let (mut low, mut high) = (0, self.index.len() / ENTRY);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(middle)?.hash < hash {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for at in low..self.index.len() / ENTRY {
            let entry = self.entry(at)?;
            if entry.hash != hash {
                break;
            }
            let block = self.block(&entry)?;
            let mut reader = layout::Reader::new(&block);
            // Another name may have the same hash.
            if reader.text()? == name {
                return records(reader);
            }
        }
        Ok(Vec::new())
    }

    /// All that is known, by package.
    ///
    /// # Errors
    /// A file that cannot be read any more, or is damaged.
    pub fn all(&self) -> Result<Vec<(String, Vec<Record>)>, DatabaseError> {
        let mut all = Vec::new();
        for at in 0..self.index.len() / ENTRY {
            let block = self.block(&self.entry(at)?)?;
            let mut reader = layout::Reader::new(&block);
            let name = reader.text()?.to_owned();
            all.push((name, records(reader)?));
        }
        Ok(all)
    }

    /// Reads all of it, and so finds damage wherever it is.
    ///
    /// # Errors
    /// A file that cannot be read any more, or is damaged.
    pub fn verify(&self) -> Result<(), DatabaseError> {
        self.all().map(|_| ())
    }

    fn entry(&self, at: usize) -> Result<Entry, Damage> {
        let start = at.checked_mul(ENTRY).ok_or(Damage)?;
        let bytes = self.index.get(start..).ok_or(Damage)?;
        Ok(Entry {
            hash: long_number(bytes, 0)?,
            offset: long_number(bytes, 8)?,
            size: number(bytes, 16)?,
            check: long_number(bytes, 20)?,
        })
    }

    fn block(&self, entry: &Entry) -> Result<Vec<u8>, DatabaseError> {
        let end = entry
            .offset
            .checked_add(u64::from(entry.size))
            .ok_or(Damage)?;
        if end > self.about.length {
            return Err(DatabaseError::Damaged);
        }
        let mut block = vec![0; usize::try_from(entry.size).map_err(|_| Damage)?];
        {
            // A reader that failed left nothing behind that the next one would not set right.
            let mut storage = self.storage.lock().unwrap_or_else(PoisonError::into_inner);
            storage.seek(SeekFrom::Start(self.start + entry.offset))?;
            storage.read_exact(&mut block)?;
        }
        if hash_of(&block) != entry.check {
            return Err(DatabaseError::Damaged);
        }
        Ok(block)
    }
}

/// A package in the index.
struct Entry {
    hash: u64,
    offset: u64,
    size: u32,
    check: u64,
}

fn records(mut reader: layout::Reader<'_>) -> Result<Vec<Record>, DatabaseError> {
    let mut records = Vec::new();
    while !reader.is_at_end() {
        records.push(reader.record()?);
    }
    Ok(records)
}

/// Reads the digest that comes next, and compares.
fn check(storage: &mut dyn Storage, bytes: &[u8]) -> Result<(), DatabaseError> {
    let mut digest = [0; DIGEST];
    storage.read_exact(&mut digest)?;
    if Sha256::digest(bytes).as_slice() != digest {
        return Err(DatabaseError::Damaged);
    }
    Ok(())
}

fn hash_of(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    digest
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first))
}

fn number(bytes: &[u8], at: usize) -> Result<u32, Damage> {
    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or(Damage)
}

fn long_number(bytes: &[u8], at: usize) -> Result<u64, Damage> {
    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map(|bytes| u64::from_le_bytes(*bytes)).ok_or(Damage)
}
