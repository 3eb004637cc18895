//! How records lie in the file: numbers as LEB128, texts with their length before them.
//!
//! A reader never takes a count at its word: what is kept grows with what is really read.

use jiff::Timestamp;

use super::Damage;
use crate::finding::Severity;
use crate::packages::advisory::matching::{Affected, End, Stretch};
use crate::packages::advisory::record::Record;
use crate::packages::advisory::severity::{Rating, Score};
use crate::packages::version::Version;

const MALWARE: u8 = 1;
const MODIFIED: u8 = 1 << 1;
const SCORE: u8 = 1 << 2;
const WORD: u8 = 1 << 3;

const OPEN: u8 = 0;
const FIXED: u8 = 1;
const LAST: u8 = 2;
const LIMIT: u8 = 3;
const HAS_START: u8 = 1 << 4;

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    put_number(out, u64::try_from(count).unwrap_or(u64::MAX));
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Writes a record behind others.
pub(super) fn put_record(out: &mut Vec<u8>, record: &Record) {
    let rating = &record.rating;
    let mut flags = 0;
    for (is_set, flag) in [
        (record.is_malware, MALWARE),
        (record.modified.is_some(), MODIFIED),
        (rating.score.is_some(), SCORE),
        (rating.word.is_some(), WORD),
    ] {
        flags |= if is_set { flag } else { 0 };
    }
    out.push(flags);
    out.push(severity_code(rating.severity));
    put_text(out, &record.id);
    if let Some(modified) = record.modified {
        out.extend_from_slice(&modified.as_microsecond().to_le_bytes());
    }
    out.extend(rating.score.map(|score| score.0));
    if let Some(word) = &rating.word {
        put_text(out, word);
    }
    put_text(out, &record.summary);
    put_count(out, record.aliases.len());
    for alias in &record.aliases {
        put_text(out, alias);
    }
    put_count(out, record.affected.stretches.len());
    for stretch in &record.affected.stretches {
        put_stretch(out, stretch);
    }
    put_count(out, record.affected.versions.len());
    for version in &record.affected.versions {
        put_text(out, version);
    }
}

fn put_stretch(out: &mut Vec<u8>, stretch: &Stretch) {
    let (kind, end) = match &stretch.end {
        End::Open => (OPEN, None),
        End::Fixed(end) => (FIXED, Some(end)),
        End::Last(end) => (LAST, Some(end)),
        End::Limit(end) => (LIMIT, Some(end)),
    };
    let start = if stretch.from.is_some() { HAS_START } else { 0 };
    out.push(kind | start);
    for version in stretch.from.iter().chain(end) {
        put_text(out, &version.to_string());
    }
}

fn severity_code(severity: Option<Severity>) -> u8 {
    match severity {
        None => 0,
        Some(Severity::Note) => 1,
        Some(Severity::Low) => 2,
        Some(Severity::Medium) => 3,
        Some(Severity::High) => 4,
        Some(Severity::Critical) => 5,
    }
}

/// Reads what was written above, from the front on.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Damage)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Damage> {
        self.take(1)?.first().copied().ok_or(Damage)
    }

    fn count(&mut self) -> Result<usize, Damage> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(number).map_err(|_| Damage);
            }
        }
        Err(Damage)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Damage> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Damage)
    }

    fn version(&mut self) -> Result<Version, Damage> {
        Version::parse(self.text()?).ok_or(Damage)
    }

    fn many<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Damage>) -> Result<Vec<T>, Damage> {
        let count = self.count()?;
        // Each takes a byte at least.
        if count > self.rest.len() {
            return Err(Damage);
        }
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(one(self)?);
        }
        Ok(list)
    }

    pub(super) fn record(&mut self) -> Result<Record, Damage> {
        let flags = self.byte()?;
        let severity = match self.byte()? {
            0 => None,
            1 => Some(Severity::Note),
            2 => Some(Severity::Low),
            3 => Some(Severity::Medium),
            4 => Some(Severity::High),
            5 => Some(Severity::Critical),
            _ => return Err(Damage),
        };
        let id = self.text()?.to_owned();
        let modified = if flags & MODIFIED == 0 {
            None
        } else {
            let bytes = self.take(8)?.try_into().map_err(|_| Damage)?;
            Some(Timestamp::from_microsecond(i64::from_le_bytes(bytes)).map_err(|_| Damage)?)
        };
        let score = match flags & SCORE {
            0 => None,
            _ => Some(Score(self.byte()?)),
        };
        let word = match flags & WORD {
            0 => None,
            _ => Some(self.text()?.to_owned()),
        };
        let summary = self.text()?.to_owned();
        let aliases = self.many(|reader| reader.text().map(str::to_owned))?;
        let stretches = self.many(Self::stretch)?;
        let versions = self.many(|reader| reader.text().map(Box::from))?;
        Ok(Record {
            id,
            modified,
            is_withdrawn: false,
            aliases,
            summary,
            affected: Affected {
                stretches,
                versions,
            },
            rating: Rating {
                severity,
                score,
                word,
            },
            is_malware: flags & MALWARE != 0,
        })
    }

    fn stretch(&mut self) -> Result<Stretch, Damage> {
        let kind = self.byte()?;
        let from = match kind & HAS_START {
            0 => None,
            _ => Some(self.version()?),
        };
        let end = match kind & !HAS_START {
            OPEN => End::Open,
            FIXED => End::Fixed(self.version()?),
            LAST => End::Last(self.version()?),
            LIMIT => End::Limit(self.version()?),
            _ => return Err(Damage),
        };
        Ok(Stretch { from, end })
    }
}
