//! What registries answered earlier, on disk: one file a document.
//!
//! A file is a line of JSON that says what it is of and how to ask whether it still holds, and the reduced document
//! below it. Whatever cannot be read counts as not there: the registry is asked again.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::document::Document;

/// Changes whenever more is kept of a document than before.
const EDITION: u32 = 1;

/// A folder of documents.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// How a server knows which edition of a document somebody has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// True if nothing can be asked with them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    edition: u32,
    address: String,
    validators: Validators,
}

impl Cache {
    /// Documents in a folder, which is made when the first one is kept.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, address: &str) -> PathBuf {
        let mut name = String::new();
        for byte in Sha256::digest(address.as_bytes()).iter().take(16) {
            let _ = write!(name, "{byte:02x}");
        }
        self.folder.join(format!("{name}.json"))
    }

    /// How to ask whether what is kept of an address still holds; nothing where nothing is kept.
    #[must_use]
    pub fn validators(&self, address: &str) -> Validators {
        self.open(address)
            .map(|(header, _)| header.validators)
            .unwrap_or_default()
    }

    /// What is kept of an address.
    #[must_use]
    pub fn document(&self, address: &str, now: Timestamp) -> Option<Document> {
        let (_, rest) = self.open(address)?;
        Document::read(rest, now).ok()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the edge: what registries answered earlier"
    )]
    fn open(&self, address: &str) -> Option<(Header, BufReader<std::fs::File>)> {
        let mut file = BufReader::new(std::fs::File::open(self.path(address)).ok()?);
        let mut line = String::new();
        file.read_line(&mut line).ok()?;
        let header: Header = serde_json::from_str(&line).ok()?;
        let is_of = header.edition == EDITION && header.address == address;
        is_of.then_some((header, file))
    }

    /// Keeps a document. A machine that refuses it is only slower the next time.
    pub fn keep(&self, address: &str, validators: Validators, document: &Document) {
        if !validators.is_empty() {
            let _ = self.write(address, validators, document);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the edge: what registries answered earlier"
    )]
    fn write(
        &self,
        address: &str,
        validators: Validators,
        document: &Document,
    ) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.path(address);
        // Other runs may read it at the same time: it is there whole or not at all.
        let unfinished = path.with_extension(format!("{}.part", std::process::id()));
        let header = Header {
            edition: EDITION,
            address: address.to_owned(),
            validators,
        };
        let written = (|| {
            let mut file = BufWriter::new(std::fs::File::create(&unfinished)?);
            serde_json::to_writer(&mut file, &header)?;
            file.write_all(b"\n")?;
            serde_json::to_writer(&mut file, document)?;
            file.flush()?;
            std::fs::rename(&unfinished, &path)
        })();
        if written.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }
}
