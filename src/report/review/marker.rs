//! The last line that we write into a comment, which readers do not see: what the next run must know of it.
//!
//! Anybody can write such a line. It says which of *our own* comments is which, and never whose a comment is. And whoever
//! may edit a comment may put other words above it: what it says of the text counts only as long as its seal fits both.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::finding::Severity;

/// The most fingerprints that a comment remembers: 13 kB of its body.
const MOST_FINGERPRINTS: usize = 400;
/// The version of the format; a marker of another one is nobody's.
const FORMAT: &str = "1";
/// How the line starts.
const START: &str = "<!-- tidegate:";

/// What tells the comments of one configuration of the gate from those of another on the same pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a category of code scanning, which tells the same runs apart.
    #[must_use]
    pub fn of(category: &str) -> Self {
        Self(digest(category.as_bytes()))
    }

    /// The key for reports that were saved by a run that whoever wrote the pull request can change: what such a report
    /// says must not settle what a run of the base has said.
    #[must_use]
    pub fn of_saved(category: &str) -> Self {
        // No category holds a NUL.
        Self(digest(format!("saved\0{category}").as_bytes()))
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

/// A text as a number, whatever its line breaks and blanks are: GitHub and editors change those.
fn digest_of(text: &str) -> String {
    let dense: String = text.split_whitespace().collect();
    digest(dense.as_bytes())
}

/// The line with its end: a number that fits this line and the text above it.
fn seal(above: &str, line: &str) -> String {
    let seal = digest_of(&format!("{above}{line}"));
    format!("{line} seal={seal} -->")
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
    /// True if the text above is the one that was written with it.
    pub is_intact: bool,
}

impl FindingMarker {
    /// The line below this text.
    #[must_use]
    pub fn line(&self, above: &str, key: &Key) -> String {
        let state = if self.is_open { "open" } else { "settled" };
        let fingerprints: Vec<&str> = self
            .fingerprints
            .iter()
            .take(MOST_FINGERPRINTS)
            .map(String::as_str)
            .collect();
        let line = format!(
            "{START}finding format={FORMAT} version={} key={} state={state} severity={} hash={} fingerprints={}",
            env!("CARGO_PKG_VERSION"),
            key.0,
            self.severity.name(),
            self.hash,
            fingerprints.join(",")
        );
        seal(above, &line)
    }

    /// Reads the last such line of a body.
    #[must_use]
    pub fn read(body: &str, key: &Key) -> Option<Self> {
        let (is_intact, fields) = fields(body, "finding", key)?;
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
                is_intact,
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
    /// True if the text above is the one that was written with it.
    pub is_intact: bool,
}

impl SummaryMarker {
    /// The marker for a body.
    #[must_use]
    pub fn of(body: &str, head: &str, run: RunNumber) -> Self {
        Self {
            head: head.to_owned(),
            run,
            hash: digest_of(body),
            is_intact: true,
        }
    }

    /// The line below this text.
    #[must_use]
    pub fn line(&self, above: &str, key: &Key) -> String {
        let line = format!(
            "{START}summary format={FORMAT} version={} key={} head={} run={}.{} hash={}",
            env!("CARGO_PKG_VERSION"),
            key.0,
            self.head,
            self.run.run,
            self.run.attempt,
            self.hash
        );
        seal(above, &line)
    }

    /// Reads the last such line of a body.
    #[must_use]
    pub fn read(body: &str, key: &Key) -> Option<Self> {
        let (is_intact, fields) = fields(body, "summary", key)?;
        let (run, attempt) = field(&fields, "run")?.split_once('.')?;
        Some(Self {
            head: field(&fields, "head")?.to_owned(),
            run: RunNumber {
                run: run.parse().ok()?,
                attempt: attempt.parse().ok()?,
            },
            hash: field(&fields, "hash")?.to_owned(),
            is_intact,
        })
    }
}

/// The fields of the last marker of a body, whatever somebody wrote below it, and whether its seal fits.
fn fields<'b>(body: &'b str, what: &str, key: &Key) -> Option<(bool, Vec<(&'b str, &'b str)>)> {
    let mut starts = body.rmatch_indices(START).map(|(at, _)| at);
    let (above, rest) = starts.find_map(|at| {
        let (above, rest) = body.split_at_checked(at)?;
        (above.is_empty() || above.ends_with('\n')).then_some((above, rest))
    })?;
    let line = rest.lines().next()?.trim_end();
    let (sealed, _) = line.rsplit_once(" seal=").unwrap_or((line, ""));
    let is_intact = line == seal(above, sealed);
    let inside = line.strip_prefix(START)?.strip_suffix(" -->")?;
    let fields = inside.strip_prefix(what)?.strip_prefix(' ')?.split(' ');
    let fields: Vec<_> = fields
        .map(|field| field.split_once('='))
        .collect::<Option<_>>()?;
    let is_ours = field(&fields, "format") == Some(FORMAT) && field(&fields, "key") == Some(&key.0);
    is_ours.then_some((is_intact, fields))
}

fn field<'b>(fields: &[(&str, &'b str)], name: &str) -> Option<&'b str> {
    let mut fields = fields.iter();
    fields
        .find(|(other, _)| *other == name)
        .map(|(_, value)| *value)
}

/// The lines of a body without markers.
pub fn without(body: &str) -> impl Iterator<Item = &str> {
    let lines = body.trim_end().lines();
    lines.filter(|line| !line.starts_with(START))
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
            is_intact: true,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let key = Key::of("check");
        let body = format!("text\n\n{}\n", marker().line("text", &key));
        // However GitHub or an editor keeps it.
        for kept in [&body, body.trim(), &body.replace('\n', "\r\n")] {
            assert_eq!(FindingMarker::read(kept, &key), Some(marker()), "{kept}");
        }
        assert_eq!(FindingMarker::read(&body, &Key::of("other")), None);
        assert_eq!(FindingMarker::read(&body, &Key::of_saved("check")), None);
        assert_eq!(SummaryMarker::read(&body, &key), None);
        assert_eq!(without(&body).collect::<Vec<_>>(), ["text", ""]);
        let run = RunNumber {
            run: 12,
            attempt: 2,
        };
        let summary = SummaryMarker::of("text", "abc", run);
        let body = format!("text\n{}", summary.line("text", &key));
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
    fn only_a_whole_line_counts() {
        let key = Key::of("check");
        let line = marker().line("", &key);
        for body in [
            format!("> {line}"),
            format!("text {line}"),
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

    #[test]
    fn what_somebody_wrote_below_hides_nothing_and_the_last_line_counts() {
        let key = Key::of("check");
        let (old, new) = (marker().line("a", &key), marker().line("b", &key));
        let body = format!("a\n{new}\nmore\n");
        let read = FindingMarker::read(&body, &key);
        assert_eq!(read.map(|marker| marker.is_intact), Some(false));
        let own = format!("{old}\nb");
        let settled = FindingMarker {
            is_open: false,
            ..marker()
        };
        let body = format!("{own}\n{}\n\na word of a person", settled.line(&own, &key));
        assert_eq!(FindingMarker::read(&body, &key), Some(settled));
    }

    #[test]
    fn other_words_break_the_seal() {
        let key = Key::of("check");
        let line = marker().line("text", &key);
        let is_intact = |body: &str| {
            let read = FindingMarker::read(body, &key);
            read.expect("a marker").is_intact
        };
        assert!(is_intact(&format!("text\n{line}")));
        for body in [
            format!("LGTM\n{line}"),
            format!("text\n{}", line.replace("state=open", "state=settled")),
            format!("text\n{}", line.replace("severity=high", "severity=note")),
            // As those of an earlier version, which sealed nothing.
            format!(
                "text\n{} -->",
                line.split(" seal=").next().unwrap_or_default()
            ),
        ] {
            assert!(!is_intact(&body), "{body}");
        }
        let run = RunNumber { run: 1, attempt: 1 };
        let line = SummaryMarker::of("text", "abc", run).line("text", &key);
        let later = line.replace("run=1.1", "run=9.1");
        for (body, expected) in [
            (format!("text\n{line}"), true),
            (format!("Thanks!\n{line}"), false),
            (format!("text\n{later}"), false),
        ] {
            let read = SummaryMarker::read(&body, &key).expect("a marker");
            assert_eq!(read.is_intact, expected, "{body}");
        }
    }
}
