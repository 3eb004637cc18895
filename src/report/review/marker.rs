//! The last line of a comment of ours, which readers do not see: what the next run must know of it.
//!
//! Anybody can write such a line. It says which of *our own* comments is which, and never whose a comment is.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::finding::Severity;

/// The most fingerprints that a comment remembers: 13 kB of its body.
const MOST_FINGERPRINTS: usize = 400;
/// The version of the format; a marker of another one is nobody's.
const FORMAT: &str = "1";

/// What tells the comments of one configuration of the gate from those of another on the same pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a category of code scanning, which tells the same runs apart.
    #[must_use]
    pub fn of(category: &str) -> Self {
        Self(digest(category.as_bytes()))
    }
}

/// The first half of a SHA-256, in hexadecimal: short enough for a line, and nobody's to choose.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut text = String::with_capacity(16);
    for byte in digest.iter().take(8) {
        // Writing to a String cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
    }
    text
}

/// What a comment on findings says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingMarker {
    /// True until its findings are gone.
    pub is_open: bool,
    /// The gravest severity that it tells.
    pub severity: Severity,
    /// The findings that it tells.
    pub fingerprints: BTreeSet<String>,
    /// What it says, as a number: without lines, as a comment that stands is not touched for lines that move.
    pub hash: String,
}

impl FindingMarker {
    /// The line.
    #[must_use]
    pub fn line(&self, key: &Key) -> String {
        let state = if self.is_open { "open" } else { "settled" };
        let fingerprints: Vec<&str> = self
            .fingerprints
            .iter()
            .take(MOST_FINGERPRINTS)
            .map(String::as_str)
            .collect();
        format!(
            "<!-- tidegate:finding format={FORMAT} version={} key={} state={state} severity={} hash={} fingerprints={} -->",
            env!("CARGO_PKG_VERSION"),
            key.0,
            self.severity.name(),
            self.hash,
            fingerprints.join(",")
        )
    }

    /// Reads the last line of a body.
    #[must_use]
    pub fn read(body: &str, key: &Key) -> Option<Self> {
        let fields = fields(body, "finding", key)?;
        let is_open = match field(&fields, "state")? {
            "open" => true,
            "settled" => false,
            _ => return None,
        };
        let name = field(&fields, "severity")?;
        let mut severities = Severity::ALL.into_iter();
        let severity = severities.find(|severity| severity.name() == name)?;
        let hash = field(&fields, "hash")?.to_owned();
        let fingerprints = field(&fields, "fingerprints")?.split(',');
        let fingerprints: BTreeSet<String> = fingerprints.map(str::to_owned).collect();
        fingerprints
            .iter()
            .all(|fingerprint| is_fingerprint(fingerprint))
            .then_some(Self {
                is_open,
                severity,
                fingerprints,
                hash,
            })
    }
}

/// True if this may be the identity of a finding: 32 hexadecimal digits.
#[must_use]
pub fn is_fingerprint(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// When a run took place: the number of the run and of the attempt. A later one is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunNumber {
    /// The number of the run of its workflow.
    pub run: u64,
    /// How often it was started.
    pub attempt: u64,
}

/// What the summary says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryMarker {
    /// The commit that it is about.
    pub head: String,
    /// The run that wrote it.
    pub run: RunNumber,
    /// What is above the marker, as a number.
    pub hash: String,
}

impl SummaryMarker {
    /// The marker for a body.
    #[must_use]
    pub fn of(body: &str, head: &str, run: RunNumber) -> Self {
        Self {
            head: head.to_owned(),
            run,
            hash: digest(body.trim_end().as_bytes()),
        }
    }

    /// The line.
    #[must_use]
    pub fn line(&self, key: &Key) -> String {
        format!(
            "<!-- tidegate:summary format={FORMAT} version={} key={} head={} run={}.{} hash={} -->",
            env!("CARGO_PKG_VERSION"),
            key.0,
            self.head,
            self.run.run,
            self.run.attempt,
            self.hash
        )
    }

    /// Reads the last line of a body.
    #[must_use]
    pub fn read(body: &str, key: &Key) -> Option<Self> {
        let fields = fields(body, "summary", key)?;
        let (run, attempt) = field(&fields, "run")?.split_once('.')?;
        Some(Self {
            head: field(&fields, "head")?.to_owned(),
            run: RunNumber {
                run: run.parse().ok()?,
                attempt: attempt.parse().ok()?,
            },
            hash: field(&fields, "hash")?.to_owned(),
        })
    }
}

fn fields<'b>(body: &'b str, what: &str, key: &Key) -> Option<Vec<(&'b str, &'b str)>> {
    let line = body.trim_end().lines().next_back()?;
    let inside = line.strip_prefix("<!-- tidegate:")?.strip_suffix(" -->")?;
    let fields = inside.strip_prefix(what)?.strip_prefix(' ')?.split(' ');
    let fields: Vec<_> = fields
        .map(|field| field.split_once('='))
        .collect::<Option<_>>()?;
    let is_ours = field(&fields, "format") == Some(FORMAT) && field(&fields, "key") == Some(&key.0);
    is_ours.then_some(fields)
}

fn field<'b>(fields: &[(&str, &'b str)], name: &str) -> Option<&'b str> {
    let mut fields = fields.iter();
    fields
        .find(|(other, _)| *other == name)
        .map(|(_, value)| *value)
}

/// A body without its marker.
#[must_use]
pub fn without(body: &str) -> &str {
    let body = body.trim_end();
    let (above, last) = body.rsplit_once('\n').unwrap_or(("", body));
    if last.starts_with("<!-- tidegate:") {
        above.trim_end()
    } else {
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> FindingMarker {
        FindingMarker {
            is_open: true,
            severity: Severity::High,
            fingerprints: ["0".repeat(32), "a".repeat(32)].into(),
            hash: digest(b"text"),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let key = Key::of("check");
        let body = format!("text\n\n{}\n", marker().line(&key));
        assert_eq!(FindingMarker::read(&body, &key), Some(marker()));
        assert_eq!(
            FindingMarker::read(&body.replace('\n', "\r\n"), &key),
            Some(marker())
        );
        assert_eq!(FindingMarker::read(&body, &Key::of("other")), None);
        assert_eq!(SummaryMarker::read(&body, &key), None);
        assert_eq!(without(&body), "text");
        let run = RunNumber {
            run: 12,
            attempt: 2,
        };
        let summary = SummaryMarker::of("text", "abc", run);
        let body = format!("text\n{}", summary.line(&key));
        assert_eq!(SummaryMarker::read(&body, &key), Some(summary));
        assert!(
            run > RunNumber {
                run: 12,
                attempt: 1
            } && run
                < RunNumber {
                    run: 13,
                    attempt: 1
                }
        );
    }

    #[test]
    fn only_a_whole_last_line_counts() {
        let key = Key::of("check");
        let line = marker().line(&key);
        for body in [
            format!("{line}\nmore"),
            format!("> {line}"),
            line.replace("state=open", "state=x"),
            line.replace("severity=high", "severity=x"),
            line.replace("format=1", "format=2"),
            line.replace(&"a".repeat(32), "aa"),
            line.replace(" -->", ""),
            String::new(),
        ] {
            assert_eq!(FindingMarker::read(&body, &key), None, "{body}");
        }
    }
}
