//! Makes a database of records.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{About, FORMAT, MAGIC, hash_of, layout};
use crate::packages::advisory::record::Record;

/// Takes records in any order, and writes the same bytes for the same ones.
#[derive(Debug, Default)]
pub struct Builder {
    /// The records of each package, each as it will lie in the file.
    packages: BTreeMap<String, Vec<Vec<u8>>>,
    records: u64,
    withdrawn: u64,
    newest: Option<Timestamp>,
    /// How far the last whole source reached; none where this is one.
    whole: Option<Timestamp>,
}

impl Builder {
    /// One that goes on from what a database says of itself; the entries that stay are added like all others.
    #[must_use]
    pub fn after(about: &About) -> Self {
        Self {
            withdrawn: about.withdrawn,
            newest: about.date,
            whole: about.whole,
            ..Self::default()
        }
    }

    /// Takes what an entry says of packages. What was withdrawn, or is about nothing, is only counted.
    pub fn add(&mut self, parts: Vec<(String, Record)>) {
        let mut is_kept = false;
        for (name, record) in parts {
            self.newest = self.newest.max(record.modified);
            if record.is_withdrawn {
                self.withdrawn += 1;
                return;
            }
            if record.affected.is_empty() {
                continue;
            }
            let mut bytes = Vec::new();
            layout::put_record(&mut bytes, &record);
            self.packages.entry(name).or_default().push(bytes);
            is_kept = true;
        }
        self.records += u64::from(is_kept);
    }

    /// The entries that are kept so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Writes the file, and tells what is in it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(self, source: &str, unreadable: u64, out: &mut dyn Write) -> io::Result<About> {
        let mut blocks: Vec<(u64, Vec<u8>)> = Vec::with_capacity(self.packages.len());
        for (name, mut records) in self.packages {
            // Members of an archive come in no order that means anything.
            records.sort_unstable();
            records.dedup();
            let mut block = Vec::new();
            layout::put_text(&mut block, &name);
            block.extend(records.into_iter().flatten());
            blocks.push((hash_of(name.as_bytes()), block));
        }
        // Stable: names of one hash, if there ever are any, stay in their order.
        blocks.sort_by_key(|(hash, _)| *hash);
        let mut index = Vec::new();
        let mut length = 0_u64;
        for (hash, block) in &blocks {
            let size = u32::try_from(block.len())
                .map_err(|_| io::Error::other("too much is known of one package"))?;
            index.extend_from_slice(&hash.to_le_bytes());
            index.extend_from_slice(&length.to_le_bytes());
            index.extend_from_slice(&size.to_le_bytes());
            index.extend_from_slice(&hash_of(block).to_le_bytes());
            length += u64::from(size);
        }
        let about = About {
            source: source.to_owned(),
            date: self.newest,
            whole: self.whole.or(self.newest),
            records: self.records,
            packages: u64::try_from(blocks.len()).unwrap_or(u64::MAX),
            withdrawn: self.withdrawn,
            unreadable,
            length,
        };
        let told = serde_json::to_vec(&about)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&FORMAT.to_le_bytes());
        let size = u32::try_from(told.len()).map_err(io::Error::other)?;
        head.extend_from_slice(&size.to_le_bytes());
        head.extend_from_slice(&told);
        for part in [&head, &index] {
            out.write_all(part)?;
            out.write_all(&Sha256::digest(part))?;
        }
        for (_, block) in &blocks {
            out.write_all(block)?;
        }
        Ok(about)
    }
}
