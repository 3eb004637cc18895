//! The last line that we write into a comment, which readers do not see: what the next run must know of it.
//!
//! Anybody can write such a line. It says which of *our own* comments is which, and never whose a comment is. And whoever
//! may edit a comment may put other words above it: what it says of the text counts only as long as its seal fits both.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::finding::Severity;
use crate::report::occurrence::Occurrence;

/// The most findings that a comment remembers: 21 kB of its body.
const MOST_FINDINGS: usize = 500;
/// The longest list of the files that they are in, in bytes. What is in a further file is known by its identity alone.
const LONGEST_PATHS: usize = 14_000;
/// The version of the format; a marker of another one is nobody's.
const FORMAT: &str = "2";
/// The one before. It names no files, one severity for all findings, and is what a summary still has.
const FORMER: &str = "1";
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

/// The text of an object as a number: a quarter of a SHA-256 of it, as it only tells a few objects of one identity apart.
#[must_use]
pub fn text(text: &str) -> String {
    let mut digest = digest_of(text);
    digest.truncate(8);
    digest
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
    /// The findings that it tells, and how grave it calls each.
    pub findings: BTreeMap<Occurrence, Severity>,
    /// The texts of their objects as they were, each as a number: what tells copies apart, and an object that moved.
    pub texts: BTreeMap<Occurrence, String>,
    /// What it says, as a number: without lines, as a comment that stands is not touched for lines that move.
    pub hash: String,
    /// True if the text above is the one that was written with it.
    pub is_intact: bool,
}

impl FindingMarker {
    /// The gravest severity that it tells.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let severities = self.findings.values().copied();
        severities.max().unwrap_or(Severity::Note)
    }

    /// The line below this text.
    #[must_use]
    pub fn line(&self, above: &str, key: &Key) -> String {
        let state = if self.is_open { "open" } else { "settled" };
        let mut paths: Vec<String> = Vec::new();
        let mut indices: BTreeMap<&Arc<str>, Option<usize>> = BTreeMap::new();
        let mut length = 0;
        let mut findings = Vec::new();
        for (one, severity) in self.findings.iter().take(MOST_FINDINGS) {
            let index = one.path.as_ref().and_then(|path| {
                *indices.entry(path).or_insert_with(|| {
                    let written = percent_encoded(path);
                    length += written.len() + 1;
                    (length <= LONGEST_PATHS).then(|| {
                        paths.push(written);
                        paths.len() - 1
                    })
                })
            });
            let copy = index.map_or(0, |_| one.copy);
            let index = index.map(|index| index.to_string()).unwrap_or_default();
            let letter = severity.name().get(..1).unwrap_or_default();
            let fingerprint = &one.fingerprint;
            let text = self.texts.get(one).filter(|_| !index.is_empty());
            findings.push(match (copy, text) {
                (0, None) => format!("{letter}.{index}.{fingerprint}"),
                (copy, None) => format!("{letter}.{index}.{fingerprint}.{copy}"),
                (copy, Some(text)) => format!("{letter}.{index}.{fingerprint}.{copy}.{text}"),
            });
        }
        let line = format!(
            "{START}finding format={FORMAT} version={} key={} state={state} hash={} paths={} findings={}",
            env!("CARGO_PKG_VERSION"),
            key.0,
            self.hash,
            paths.join(","),
            findings.join(",")
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
        let (findings, texts) = match field(&fields, "format")? {
            FORMER => (former_findings(&fields)?, BTreeMap::new()),
            _ => findings(&fields)?,
        };
        Some(Self {
            is_open,
            findings,
            texts,
            hash: field(&fields, "hash")?.to_owned(),
            is_intact,
        })
    }
}

type Findings = (BTreeMap<Occurrence, Severity>, BTreeMap<Occurrence, String>);

fn findings(fields: &[(&str, &str)]) -> Option<Findings> {
    let mut texts = BTreeMap::new();
    let paths = field(fields, "paths")?.split(',');
    let paths: Vec<Arc<str>> = paths.map(percent_decoded).collect::<Option<_>>()?;
    let findings = field(fields, "findings")?.split(',');
    let findings = findings.map(|text| {
        let mut parts = text.split('.');
        let letter = parts.next()?;
        let mut severities = Severity::ALL.into_iter();
        let severity = severities.find(|severity| severity.name().get(..1) == Some(letter))?;
        let path = match parts.next()? {
            "" => None,
            index => Some(Arc::clone(paths.get(index.parse::<usize>().ok()?)?)),
        };
        let fingerprint = parts.next().filter(|text| is_fingerprint(text))?.to_owned();
        let copy = parts.next().map_or(Some(0), |copy| copy.parse().ok())?;
        let one = Occurrence {
            fingerprint,
            path,
            copy,
        };
        match (parts.next(), parts.next()) {
            (None, _) => {}
            (Some(text), None) if is_text(text) => {
                texts.insert(one.clone(), text.to_owned());
            }
            _ => return None,
        }
        Some((one, severity))
    });
    let findings = findings.collect::<Option<_>>()?;
    Some((findings, texts))
}

fn former_findings(fields: &[(&str, &str)]) -> Option<BTreeMap<Occurrence, Severity>> {
    let name = field(fields, "severity")?;
    let mut severities = Severity::ALL.into_iter();
    let severity = severities.find(|severity| severity.name() == name)?;
    let fingerprints = field(fields, "fingerprints")?.split(',');
    let findings = fingerprints.map(|fingerprint| {
        let one = Occurrence {
            fingerprint: fingerprint.to_owned(),
            path: None,
            copy: 0,
        };
        is_fingerprint(fingerprint).then_some((one, severity))
    });
    findings.collect()
}

/// A path without anything that means something in the line, or ends a comment of HTML.
fn percent_encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_');
        if is_plain || byte == b'-' && !text.ends_with('-') {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!("%{byte:02X}"));
        }
    }
    text
}

fn percent_decoded(text: &str) -> Option<Arc<str>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok().map(Arc::from)
}

/// True if this may be the identity of a finding: 32 hexadecimal digits.
#[must_use]
pub fn is_fingerprint(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_text(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
            "{START}summary format={FORMER} version={} key={} head={} run={}.{} hash={}",
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
    let is_known = matches!(field(&fields, "format"), Some(FORMAT | FORMER));
    let is_ours = is_known && field(&fields, "key") == Some(&key.0);
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

    fn occurrence(digit: &str, path: Option<&str>, copy: u32) -> Occurrence {
        Occurrence {
            fingerprint: digit.repeat(32),
            path: path.map(Arc::from),
            copy,
        }
    }

    fn marker() -> FindingMarker {
        FindingMarker {
            is_open: true,
            findings: [
                (
                    occurrence("0", Some("deploy/a b--c,=%.yaml"), 0),
                    Severity::High,
                ),
                (
                    occurrence("0", Some("deploy/a b--c,=%.yaml"), 2),
                    Severity::Low,
                ),
                (occurrence("a", Some("é.yaml"), 0), Severity::Critical),
                (occurrence("b", None, 0), Severity::Note),
            ]
            .into(),
            texts: [
                (occurrence("a", Some("é.yaml"), 0), text("kind: A")),
                (
                    occurrence("0", Some("deploy/a b--c,=%.yaml"), 2),
                    text("kind: B"),
                ),
            ]
            .into(),
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
            line.replace("findings=h.", "findings=x."),
            line.replace("c.1.", "c.2."),
            line.replace("paths=deploy", "paths=%zz"),
            line.replace("format=2", "format=3"),
            line.replace(&"a".repeat(32), "aa"),
            line.replace(" -->", ""),
            String::new(),
        ] {
            assert_eq!(FindingMarker::read(&body, &key), None, "{body}");
        }
    }

    #[test]
    fn a_marker_of_an_earlier_version_is_read() {
        let key = Key::of("check");
        let line = format!(
            "<!-- tidegate:finding format=1 version=0.1.0 key={} state=open severity=high hash=x fingerprints={},{} seal=x -->",
            key.0,
            "0".repeat(32),
            "a".repeat(32)
        );
        let read = FindingMarker::read(&line, &key).unwrap();
        let (zero, a) = (occurrence("0", None, 0), occurrence("a", None, 0));
        assert_eq!(
            read.findings,
            [(zero, Severity::High), (a, Severity::High)].into()
        );
    }

    #[test]
    fn of_more_files_than_there_is_room_for_the_identities_are_kept() {
        let key = Key::of("check");
        let findings = (0..MOST_FINDINGS).map(|number| {
            let path = format!("{}/{number}.yaml", "long".repeat(50));
            let one = Occurrence {
                fingerprint: format!("{number:032x}"),
                path: Some(path.into()),
                copy: 1,
            };
            (one, Severity::Low)
        });
        let many = FindingMarker {
            findings: findings.collect(),
            ..marker()
        };
        let line = many.line("", &key);
        assert!(line.len() < 36_000, "{}", line.len());
        let read = FindingMarker::read(&line, &key).unwrap();
        assert_eq!(read.findings.len(), MOST_FINDINGS);
        let (named, unnamed): (Vec<_>, Vec<_>) =
            read.findings.keys().partition(|one| one.path.is_some());
        assert!(named.len() > 10 && named.iter().all(|one| one.copy == 1));
        assert!(unnamed.len() > 10 && unnamed.iter().all(|one| one.copy == 0));
        assert_eq!(read.severity(), Severity::Low);
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
            format!("text\n{}", line.replace("findings=h.", "findings=n.")),
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
