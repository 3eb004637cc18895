//! For the page of a workflow run and the files of a pull request: annotations, as commands on standard output.
//!
//! GitHub shows the first ten errors, warnings and notices of a step each, and drops the rest without a word. So
//! what is said of one line is said at once, the most urgent comes first, and what does not fit is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::occurrence::{Occurrence, Occurrences};
use super::places::{Places, Region};
use super::severity::{Level, level};
use super::{escape, summary};
use crate::finding::{Finding, Severity, Status};
use crate::rules;
use crate::verdict::{OnIncomplete, Outcome, Report};

/// How many annotations of one kind GitHub shows for a step.
const MOST: usize = 10;
/// The longest message: the API cuts at 64 KiB, and the page is no place for more than this.
const LONGEST: usize = 4_000;

/// What an annotation looks like. The order is that of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Red.
    Error,
    /// Yellow.
    Warning,
    /// Grey.
    Notice,
}

impl Kind {
    fn of(severity: Severity) -> Self {
        match level(severity) {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Note => Self::Notice,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// What a report says that nobody is told elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The findings; none where it is all of them.
    pub findings: Option<BTreeSet<Occurrence>>,
    /// True if that is so of what could not be seen.
    pub incomplete: bool,
}

impl Untold {
    /// All that a report says.
    pub const ALL: Self = Self {
        findings: None,
        incomplete: true,
    };

    fn holds<'r>(&self, finding: &'r Finding, occurrences: &mut Occurrences<'r>) -> bool {
        let findings = self.findings.as_ref();
        findings.is_none_or(|some| !some.is_empty() && some.contains(&occurrences.of(finding)))
    }
}

impl Default for Untold {
    fn default() -> Self {
        Self::ALL
    }
}

/// The annotations of a report, one a line. `root` is where the repository lies below the workspace, with `/`
/// between its parts: empty where they are the same.
#[must_use]
pub fn render(report: &Report, root: &str, untold: &Untold) -> String {
    annotations(report, root, untold, &mut Budget::default())
}

fn annotations(report: &Report, root: &str, untold: &Untold, left: &mut Budget) -> String {
    let mut places = Places::new(report);
    let mut lines: BTreeMap<(&str, u32), Vec<(Region, &Finding)>> = BTreeMap::new();
    let mut occurrences = Occurrences::new(report);
    let introduced = report.with_status(Status::Introduced);
    for finding in introduced.filter(|finding| untold.holds(finding, &mut occurrences)) {
        let at = finding.changed_at.as_ref().unwrap_or(&finding.location);
        let region = places.resolve(false, at);
        let line = lines.entry((&at.path, region.start.line)).or_default();
        line.push((region, finding));
    }
    for findings in lines.values_mut() {
        // Stable: what is equally urgent stays in the order of the report.
        findings.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    }
    let mut annotations: Vec<_> = lines.into_iter().collect();
    annotations.sort_by_key(|(_, findings)| {
        std::cmp::Reverse(findings.first().map(|(_, finding)| finding.severity))
    });

    let mut text = String::new();
    if let Some((kind, message)) = incomplete(report).filter(|_| untold.incomplete) {
        left.take(kind);
        let properties = [("title", "tidegate could not see everything".to_owned())];
        text.push_str(&command(kind, &properties, &message));
    }
    let mut left_out = 0;
    for ((path, line), findings) in &annotations {
        let Some((region, gravest)) = findings.first() else {
            continue;
        };
        let kind = Kind::of(gravest.severity);
        if !left.take(kind) {
            left_out += findings.len();
            continue;
        }
        let mut properties = vec![
            ("file", join(root, path)),
            ("line", line.to_string()),
            ("endLine", line.to_string()),
        ];
        // A region that is empty has no last character to name.
        if region.end.line == *line && region.end.column > region.start.column {
            properties.push(("col", region.start.column.to_string()));
            properties.push(("endColumn", (region.end.column - 1).to_string()));
        }
        properties.push(("title", title(gravest)));
        text.push_str(&command(kind, &properties, &message(findings)));
    }
    if left_out > 0 {
        let (noun, verb) = if left_out == 1 {
            ("finding", "is")
        } else {
            ("findings", "are")
        };
        let message = format!(
            "{left_out} more introduced {noun} {verb} not annotated, as GitHub shows {MOST} annotations of a kind: see the log and the summary of this run"
        );
        text.push_str(&command(Kind::Notice, &[], &message));
    }
    text
}

/// The same for a job that runs no action, where nothing else is printed: it ends with a notice of the verdict and of
/// what was looked at.
#[must_use]
pub fn render_closed(report: &Report) -> String {
    let mut left = Budget {
        notices: 1,
        ..Budget::default()
    };
    let mut text = annotations(report, "", &Untold::ALL, &mut left);
    let parts = [
        summary::headline(report),
        super::others(report),
        super::coverage(&report.coverage),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let closing = parts.join("; ");
    text.push_str(&about_the_run(Kind::Notice, "tidegate", &closing));
    text
}

/// An annotation without a place.
#[must_use]
pub fn about_the_run(kind: Kind, title: &str, message: &str) -> String {
    command(kind, &[("title", title.to_owned())], message)
}

/// How many annotations of each kind were written.
#[derive(Debug, Default)]
struct Budget {
    errors: usize,
    warnings: usize,
    notices: usize,
}

impl Budget {
    /// True if there is room for one more, which is then taken.
    fn take(&mut self, kind: Kind) -> bool {
        let (used, most) = match kind {
            Kind::Error => (&mut self.errors, MOST),
            Kind::Warning => (&mut self.warnings, MOST),
            // One is kept for the count of what was left out.
            Kind::Notice => (&mut self.notices, MOST - 1),
        };
        let fits = *used < most;
        *used += usize::from(fits);
        fits
    }
}

fn incomplete(report: &Report) -> Option<(Kind, String)> {
    let kind = match (report.outcome(), report.policy.on_incomplete) {
        (Outcome::Passed, _) => return None,
        _ if report.incomplete.is_empty() => return None,
        (Outcome::Incomplete, OnIncomplete::Fail) => Kind::Error,
        (Outcome::Blocked | Outcome::Incomplete, _) => Kind::Warning,
    };
    Some((kind, report.incomplete.join("\n")))
}

fn title(finding: &Finding) -> String {
    let title = rules::find(finding.rule).map_or(finding.rule, |rule| rule.title());
    format!("{}: {title}", finding.severity.name())
}

fn message(findings: &[(Region, &Finding)]) -> String {
    let mut text = String::new();
    for (_, finding) in findings {
        if !text.is_empty() {
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{} [{}]", finding.message, finding.rule);
    }
    text
}

fn join(root: &str, path: &str) -> String {
    if root.is_empty() {
        path.to_owned()
    } else {
        format!("{root}/{path}")
    }
}

/// One workflow command. Everything in it may come from the pull request.
fn command(kind: Kind, properties: &[(&str, String)], message: &str) -> String {
    let mut text = format!("::{}", kind.command());
    for (index, (name, value)) in properties.iter().enumerate() {
        let separator = if index == 0 { ' ' } else { ',' };
        let _ = write!(text, "{separator}{name}={}", property(value));
    }
    text.push_str("::");
    text.push_str(&data(&cut(message)));
    text.push('\n');
    text
}

/// The message without its end if it is too long.
fn cut(message: &str) -> String {
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let mut end = LONGEST;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", message.get(..end).unwrap_or_default())
}

/// The message of a command. The runner decodes it and writes it to the log, so that it is as harmless as the rest
/// of the log, too.
fn data(text: &str) -> String {
    escape::log(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property: the same, and it ends at a comma or a colon. A file must keep its name, so nothing is
/// replaced in it.
fn property(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace(':', "%3A")
        .replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line_whatever_is_in_it() {
        let hostile = "a,b:c%0A::error::x\r\n::stop-commands::y\n##[group]";
        let text = command(Kind::Error, &[("file", hostile.to_owned())], hostile);
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac%250A%3A%3Aerror%3A%3Ax%0D%0A%3A%3Astop-commands%3A%3Ay%0A##[group]\
             ::a,b:c%250A::error::x\u{fffd}%0A| ::stop-commands::y%0A## [group]\n"
        );
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let text = cut(&"é".repeat(LONGEST));
        assert!(text.len() <= LONGEST + '…'.len_utf8());
        assert!(text.ends_with("é…"));
    }

    #[test]
    fn one_notice_is_kept() {
        let mut left = Budget::default();
        let count = |left: &mut Budget, kind| (0..99).filter(|_| left.take(kind)).count();
        assert_eq!(count(&mut left, Kind::Error), MOST);
        assert_eq!(count(&mut left, Kind::Warning), MOST);
        assert_eq!(count(&mut left, Kind::Notice), MOST - 1);
    }
}
