//! Reporters: pure functions from one [`Report`](crate::verdict::Report) to text. None of them changes the
//! verdict.

pub mod access;
mod access_changes;
pub mod annotation;
pub mod catalogue;
pub mod escape;
mod flowchart;
pub mod json;
mod json_fix;
pub mod network;
mod network_boxes;
mod network_changes;
pub mod network_picture;
pub mod occurrence;
mod package_changes;
mod package_standing;
pub mod packages;
pub mod places;
pub mod pod_security;
pub mod review;
pub mod sarif;
pub mod severity;
pub mod summary;
pub mod terminal;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::Status;
use crate::verdict::{AskedSource, Coverage, Report};

/// Where the rule pages are: the README of the rules in the released source.
const RULE_PAGES: &str = concat!(
    "https://github.com/tidegate/tidegate/blob/v",
    env!("CARGO_PKG_VERSION"),
    "/src/rules/README.md"
);

/// The page of a rule.
#[must_use]
pub fn help_uri(rule: &str) -> String {
    let anchor = rule.replace('/', "-");
    format!("{RULE_PAGES}#{anchor}")
}

/// Untrusted text for a terminal or a log: control characters, escape sequences and bidirectional controls are
/// replaced, so that a file name or a value cannot draw, move or forge what stands around it. Line feeds stay.
#[must_use]
pub fn plain(text: &str) -> String {
    // Most text is such; the rest is looked at letter by letter.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text.to_owned();
    }
    text.chars()
        .map(|character| {
            if is_treacherous(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// The same for one line: what comes from a change cannot start a line of its own.
#[must_use]
pub fn one_line(text: &str) -> String {
    let text = plain(text);
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text;
    }
    text.replace(['\n', '\u{2028}', '\u{2029}'], "\u{fffd}")
}

/// Text between the quotes of Mermaid, which takes no quotes, and reads entities and Markdown.
pub(crate) fn mermaid_label(text: &str) -> String {
    let mut label = String::new();
    for character in one_line(text).chars() {
        if character.is_alphanumeric() || " ,./:-→".contains(character) {
            label.push(character);
        } else {
            let _ = write!(label, "#{};", u32::from(character));
        }
    }
    label
}

/// Characters that change what a reader sees of the characters around them.
fn is_treacherous(character: char) -> bool {
    let bidirectional = matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let invisible = matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    bidirectional || invisible || character.is_control() && character != '\n'
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// What a run looked at, and what it did not, in one line: a run that saw nothing that rules are about says that it
/// read nothing.
#[must_use]
pub fn coverage(coverage: &Coverage) -> String {
    let nothing = if coverage.is_empty() { "nothing: " } else { "" };
    let mut text = format!(
        "read {nothing}{}: {}, {}, {}",
        count(coverage.files_read, "file"),
        count(coverage.objects, "object"),
        count(coverage.containers, "container"),
        count(coverage.rules_run, "rule"),
    );
    if coverage.objects == 0 && coverage.other_files > 0 {
        let _ = write!(
            text,
            "; {} without objects judged",
            count(coverage.other_files, "file")
        );
    }
    if coverage.packages > 0 {
        let _ = write!(text, "; {}", count(coverage.packages, "package"));
        let mut asked = coverage.sources.iter();
        if let Some(first) = asked.next() {
            let _ = write!(text, " known to {}", source(first));
            for more in asked {
                let _ = write!(text, ", {}", source(more));
            }
        }
    }
    if coverage.unlocked > 0 {
        let noun = if coverage.unlocked == 1 {
            "dependency"
        } else {
            "dependencies"
        };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "; no lockfile says which versions of {} {noun} are installed",
            coverage.unlocked
        );
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &coverage.rules_skipped {
        *reasons.entry(skipped.reason).or_default() += 1;
    }
    for (reason, number) in reasons {
        // Writing to a String cannot fail.
        let _ = write!(text, "; {} skipped, {reason}", count(number, "rule"));
    }
    if coverage.other_objects > 0 {
        text.push_str("; ");
        text.push_str(&count(coverage.other_objects, "object"));
        text.push_str(" of other kinds not judged");
    }
    for (number, what) in [
        (coverage.unreadable.len(), "unreadable"),
        (coverage.skipped.len(), "skipped"),
    ] {
        if number > 0 {
            let _ = write!(text, "; {number} {what}");
        }
    }
    if coverage.ignored > 0 {
        text.push_str("; ");
        text.push_str(&count(coverage.ignored, "path"));
        text.push_str(" that git ignores not read");
    }
    text
}

/// A source that was asked: `osv (12 answers)`.
fn source(asked: &AskedSource) -> String {
    let mut text = format!("{} ({}", asked.source, count(asked.answers, "answer"));
    if let Some(date) = &asked.date {
        let _ = write!(text, " of {date}");
    }
    if asked.problem.is_some() {
        text.push_str(", not all");
    }
    text.push(')');
    text
}

/// How many findings there are beside the introduced ones; nothing where there can be none.
#[must_use]
pub fn others(report: &Report) -> String {
    let number = |status| report.with_status(status).count();
    let mut text = String::new();
    if report.base.is_some() {
        let (existing, fixed) = (number(Status::Existing), number(Status::Fixed));
        let _ = write!(text, "{existing} existing, {fixed} fixed");
    }
    let waived = report.waived().count();
    if waived > 0 {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{waived} waived");
    }
    text
}
