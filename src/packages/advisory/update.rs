//! Fills the local database from a dump of OSV's entries: a ZIP archive with a file `<ID>.json` an entry, as OSV
//! publishes it (<https://google.github.io/osv.dev/data/>), or one entry a line, for machines without a network.
//!
//! Where the database was made of the same archive not long ago, only what changed since is fetched: see [`super::increment`].
//!
//! An archive is read where it lies: nothing is unpacked to disk, and no name in it is used as a path.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::database::{About, Builder};
use super::increment::continued;
use super::record;
use crate::http::{Client, Failure, Limits, Proxies, Request, Sink};

/// All of OSV's entries about npm, malware and withdrawn ones included.
pub const OSV_DUMP: &str = "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip";

/// Entries of a source that may be unreadable, as one part in this many, before it counts as broken.
const TOLERATED: u64 = 100;
/// How long one download may take.
const LONGEST: Duration = Duration::from_mins(15);
/// How long nobody has written to a part that is nobody's any more.
const ABANDONED: Duration = Duration::from_hours(1);

/// Where entries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dump {
    /// An archive on a server.
    Url(String),
    /// An archive, or a file with one entry a line.
    File(PathBuf),
}

impl From<&str> for Dump {
    fn from(text: &str) -> Self {
        if text.starts_with("https://") || text.starts_with("http://") {
            Self::Url(text.to_owned())
        } else {
            Self::File(text.into())
        }
    }
}

impl std::fmt::Display for Dump {
    /// Without credentials and queries, as it is kept in the database and shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = host.rsplit('@').next().unwrap_or_default();
                write!(f, "{scheme}://{host}/{path}")
            }
            Self::File(path) => path.file_name().unwrap_or_default().display().fmt(f),
        }
    }
}

/// How much is read of a source before it counts as an attack.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes of the archive or file.
    pub source: u64,
    /// Entries.
    pub entries: u64,
    /// Bytes of one entry.
    pub entry: u64,
    /// Bytes of all entries together, unpacked.
    pub total: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            source: 1 << 30,
            entries: 2_000_000,
            entry: 16 << 20,
            total: 8 << 30,
        }
    }
}

/// Why a database stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The server did not give it.
    #[error(transparent)]
    Fetch(#[from] Failure),
    /// The machine refused a read or a write.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// The archive is none.
    #[error("the archive cannot be read: {0}")]
    Archive(String),
    /// There is more of it than there can honestly be.
    #[error("the source is larger than it may be: {0}")]
    Budget(String),
    /// It holds no entry about npm.
    #[error("the source holds no advisory about a package of npm")]
    Empty,
    /// Too much of it cannot be read.
    #[error("{unreadable} entries of the source cannot be read, and only {read} can")]
    Unreadable {
        /// How many cannot.
        unreadable: u64,
        /// How many can.
        read: u64,
    },
}

/// Makes the database at a path anew from a source, or takes over from the old one what did not change. That is replaced
/// in one step, or stays as it is.
///
/// # Errors
/// A source that is out of reach, broken, empty or too large, or a folder that cannot be written.
pub async fn update(
    dump: &Dump,
    database: &Path,
    budget: Budget,
    proxies: Proxies,
) -> Result<About, UpdateError> {
    let failed = |what: &str, path: &Path, error| {
        UpdateError::Io(format!("cannot {what} {}", path.display()), error)
    };
    let folder = match database.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    create_folder(folder).map_err(|error| failed("make", folder, error))?;
    let builder = match dump {
        Dump::File(path) => {
            let file = open(path).map_err(|error| failed("read", path, error))?;
            collect(file, budget)?
        }
        Dump::Url(url) => {
            let client = Client::new(Limits::default(), proxies)?;
            let known = (url.as_str(), &*dump.to_string());
            let changed = continued(&client, known, database, budget.entry).await;
            if let Some((builder, unreadable)) = changed {
                Collected {
                    unreadable,
                    ..Collected::of(builder, budget)
                }
            } else {
                clear(folder, database);
                let part = Part::beside(database, "download");
                fetch(&client, url, &part.0, budget).await?;
                let file = open(&part.0).map_err(|error| failed("read", &part.0, error))?;
                collect(file, budget)?
            }
        }
    };
    let part = Part::beside(database, "part");
    let about = write(builder, &dump.to_string(), &part.0)
        .map_err(|error| failed("write", &part.0, error))?;
    rename(&part.0, database).map_err(|error| failed("write", database, error))?;
    Ok(about)
}

/// A file that goes away with this value, unless it was renamed.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path, what: &str) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.{what}", std::process::id()));
        Self(path.with_file_name(name))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Most often it is gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Takes away what updates left that were killed: parts that nobody has written to for longer than a download may take.
fn clear(folder: &Path, database: &Path) {
    let Some(name) = database.file_name().and_then(std::ffi::OsStr::to_str) else {
        return;
    };
    // What cannot be listed or removed stays: it is in nobody's way.
    for entry in parts(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let own = path.file_name().and_then(std::ffi::OsStr::to_str);
        let middle = own.and_then(|own| {
            let rest = own.strip_prefix(name)?.strip_prefix('.')?;
            let end = rest.strip_suffix(".download");
            end.or_else(|| rest.strip_suffix(".part"))
        });
        let is_part = middle.is_some_and(|middle| {
            !middle.is_empty() && middle.bytes().all(|byte| byte.is_ascii_digit())
        });
        let written = entry.metadata().and_then(|about| about.modified());
        let age = written.ok().and_then(|written| written.elapsed().ok());
        if is_part && age.is_some_and(|age| age > ABANDONED) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

async fn fetch(client: &Client, url: &str, path: &Path, budget: Budget) -> Result<(), UpdateError> {
    let limits = Limits {
        attempt: LONGEST,
        body: budget.source,
        ..Limits::default()
    };
    let client = client.within(limits);
    let download = || {
        let file = create(path).map_err(|error| error.to_string())?;
        Ok(Download(BufWriter::new(file)))
    };
    let answer = client.stream(&Request::get(url)?, download).await?;
    let mut download = answer.success()?;
    download
        .0
        .flush()
        .map_err(|error| UpdateError::Io(format!("cannot write {}", path.display()), error))
}

struct Download(BufWriter<File>);

impl Sink for Download {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0
            .write_all(bytes)
            .map_err(|error| format!("the answer cannot be kept: {error}"))
    }
}

/// What was read of a source.
struct Collected {
    builder: Builder,
    unreadable: u64,
    entries: u64,
    total: u64,
    budget: Budget,
}

impl Collected {
    fn of(builder: Builder, budget: Budget) -> Self {
        Self {
            builder,
            unreadable: 0,
            entries: 0,
            total: 0,
            budget,
        }
    }

    /// Takes an entry, if there is room for it.
    fn take(&mut self, bytes: &[u8]) -> Result<(), UpdateError> {
        let size = bytes.len() as u64;
        self.entries += 1;
        self.total = self.total.saturating_add(size);
        let broken = [
            (size > self.budget.entry, "one entry is too long"),
            (
                self.total > self.budget.total,
                "all entries together are too long",
            ),
            (
                self.entries > self.budget.entries,
                "there are too many entries",
            ),
        ];
        if let Some((_, why)) = broken.into_iter().find(|(is_broken, _)| *is_broken) {
            return Err(UpdateError::Budget(why.to_owned()));
        }
        match record::read(bytes) {
            Ok(records) => self.builder.add(records),
            Err(_) => self.unreadable += 1,
        }
        Ok(())
    }
}

fn collect(mut file: File, budget: Budget) -> Result<Collected, UpdateError> {
    let unreadable = |error| UpdateError::Io("cannot read the source".to_owned(), error);
    let length = file.metadata().map_err(unreadable)?.len();
    if length > budget.source {
        return Err(UpdateError::Budget(format!("it has {length} bytes")));
    }
    let mut start = Vec::new();
    (&mut file)
        .take(4)
        .read_to_end(&mut start)
        .map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let mut collected = Collected::of(Builder::default(), budget);
    let reader = BufReader::new(file);
    // The signature of a member of an archive, or of the end of an empty one (APPNOTE 4.3.7 and 4.3.16).
    if start == *b"PK\x03\x04" || start == *b"PK\x05\x06" {
        read_archive(reader, &mut collected)?;
    } else {
        read_lines(reader, &mut collected).map_err(unreadable)??;
    }
    let read = collected.builder.records();
    if collected.unreadable > read / TOLERATED {
        return Err(UpdateError::Unreadable {
            unreadable: collected.unreadable,
            read,
        });
    }
    if read == 0 {
        return Err(UpdateError::Empty);
    }
    Ok(collected)
}

fn read_archive(reader: impl Read + Seek, collected: &mut Collected) -> Result<(), UpdateError> {
    let broken = |error: &dyn std::fmt::Display| UpdateError::Archive(error.to_string());
    let mut archive = zip::ZipArchive::new(reader).map_err(|error| broken(&error))?;
    if archive.len() as u64 > collected.budget.entries {
        return Err(UpdateError::Budget("there are too many entries".to_owned()));
    }
    let mut bytes = Vec::new();
    for at in 0..archive.len() {
        let member = archive.by_index(at).map_err(|error| broken(&error))?;
        let is_entry = member
            .name()
            .is_ok_and(|name| name.as_bytes().ends_with(b".json"));
        if !member.is_file() || !is_entry {
            continue;
        }
        // What a member says of its length may be a lie.
        bytes.clear();
        member
            .take(collected.budget.entry.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| broken(&error))?;
        collected.take(&bytes)?;
    }
    Ok(())
}

fn read_lines(
    mut reader: impl BufRead,
    collected: &mut Collected,
) -> io::Result<Result<(), UpdateError>> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = collected.budget.entry.saturating_add(2);
        if (&mut reader).take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(Ok(()));
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        if let Err(error) = collected.take(text) {
            return Ok(Err(error));
        }
    }
}

fn write(collected: Collected, source: &str, path: &Path) -> io::Result<About> {
    let mut out = BufWriter::new(create(path)?);
    let about = collected
        .builder
        .write(source, collected.unreadable, &mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    // A file that was renamed but not written would be found damaged after a loss of power.
    file.sync_all()?;
    Ok(about)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the source that was named"
)]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[expect(clippy::disallowed_methods, reason = "the edge: the database to make")]
fn create(path: &Path) -> io::Result<File> {
    File::create(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: what lies beside the database"
)]
fn parts(folder: &Path) -> io::Result<std::fs::ReadDir> {
    std::fs::read_dir(folder)
}

fn create_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}
