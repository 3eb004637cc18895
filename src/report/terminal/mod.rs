//! For people on a terminal: frames as rustc draws them, then what it all comes to.

mod frame;
mod secret;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::finding::{Finding, Severity, Status};
use crate::verdict::{Outcome, Report};

use super::access_changes;
use super::network_changes;
use super::package_changes::{MOST_PACKAGES, left_out, rows};
use super::places::Places;
use super::{count, one_line, others};
use frame::Frames;

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Findings that block, and nothing else.
    Quiet,
    /// What is introduced; the rest is counted.
    Normal,
    /// Everything.
    Verbose,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Columns.
    pub width: usize,
    /// True if colours may be used.
    pub color: bool,
}

/// Renders a report.
#[must_use]
pub fn render(report: &Report, detail: Detail, terminal: Terminal) -> String {
    let shown = |finding: &&Finding| match (detail, finding.status) {
        _ if finding.waived.is_some() => false,
        (Detail::Quiet, _) => report.policy.blocks(finding) || finding.unread,
        (_, Status::Introduced) | (Detail::Verbose, Status::Existing) => true,
        (Detail::Normal, Status::Existing) => report.policy.blocks(finding),
        (_, Status::Fixed) => false,
    };
    let mut places = Places::new(report);
    let mut text = String::new();
    let findings: Vec<&Finding> = report.findings.iter().filter(shown).collect();
    Frames::new(report, terminal, detail).draw(&findings, &mut places, &mut text);
    if detail == Detail::Quiet {
        if report.outcome() != Outcome::Passed {
            verdict(report, terminal, &mut text);
        }
        return text;
    }
    if detail == Detail::Verbose {
        details(report, &mut places, &mut text);
    }
    levels(report, &mut text);
    access_changes::terminal(&report.access, &mut text);
    network_changes::terminal(&report.network, &mut text);
    packages(report, &mut text);
    coverage(report, detail, &mut text);
    configuration(report, detail, &mut text);
    verdict(report, terminal, &mut text);
    text
}

/// What the frames do not show: fixed findings, and all that was passed over.
fn details(report: &Report, places: &mut Places<'_>, text: &mut String) {
    for finding in report.with_status(Status::Fixed) {
        let line = places.region(finding).start.line;
        let path = one_line(&finding.location.path);
        let _ = writeln!(
            text,
            "fixed[{}]: {} ({path}:{line} of the base)",
            finding.rule,
            one_line(&finding.message)
        );
    }
    for finding in report.waived() {
        let line = places.region(finding).start.line;
        let path = one_line(&finding.location.path);
        let waived = finding.waived.as_deref();
        let _ = writeln!(
            text,
            "waived[{}]: {} ({path}:{line}): {}",
            finding.rule,
            one_line(&finding.message),
            one_line(waived.map_or("", |waived| &waived.reason))
        );
    }
    for skipped in &report.coverage.skipped {
        let _ = writeln!(
            text,
            "skipped: {}: {}",
            one_line(&skipped.path),
            one_line(&skipped.reason)
        );
    }
}

/// The longest list of level changes that is printed without being asked for.
const MOST_LEVELS: usize = 12;

fn levels(report: &Report, text: &mut String) {
    if report.levels.is_empty() {
        return;
    }
    text.push_str("Pod Security:\n");
    for change in report.levels.iter().take(MOST_LEVELS) {
        let workload = one_line(&change.name);
        let _ = match (change.before, change.after) {
            (Some(before), Some(after)) => {
                let direction = if after < before { "weaker" } else { "stronger" };
                writeln!(
                    text,
                    "  {workload}: {} -> {} ({direction})",
                    before.name(),
                    after.name()
                )
            }
            (None, Some(after)) => writeln!(text, "  {workload}: new, {}", after.name()),
            (Some(before), None) => writeln!(text, "  {workload}: removed, was {}", before.name()),
            (None, None) => Ok(()),
        };
    }
    if let Some(more) = report
        .levels
        .len()
        .checked_sub(MOST_LEVELS)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "  and {more} more");
    }
}

fn packages(report: &Report, text: &mut String) {
    if report.packages.is_empty() {
        return;
    }
    text.push_str("Packages:\n");
    let rows = rows(&report.packages);
    for row in rows.iter().take(MOST_PACKAGES) {
        let _ = writeln!(text, "  {}", one_line(&row.sentence()));
    }
    if let Some(more) = left_out(&rows) {
        let _ = writeln!(text, "  and {more}");
    }
}

/// One line: what was looked at, and what was not.
fn coverage(report: &Report, detail: Detail, text: &mut String) {
    let coverage = &report.coverage;
    text.push_str(&super::coverage(coverage));
    if !coverage.skipped.is_empty() {
        let reasons: BTreeSet<&str> = coverage
            .skipped
            .iter()
            .map(|skipped| skipped.reason.as_str())
            .collect();
        if detail == Detail::Normal && reasons.len() == 1 {
            let _ = write!(
                text,
                " ({})",
                one_line(reasons.into_iter().next().unwrap_or_default())
            );
        }
    }
    text.push('\n');
}

/// Which configuration was obeyed, where that is worth a line.
fn configuration(report: &Report, detail: Detail, text: &mut String) {
    let Some(label) = &report.configuration else {
        return;
    };
    let (path, from) = (one_line(&label.path), one_line(&label.from));
    if let Some(problem) = &label.problem {
        let first = problem.lines().next().unwrap_or_default();
        let _ = writeln!(
            text,
            "configuration: {path} of {from} cannot be read, so that the defaults hold: {}",
            one_line(first)
        );
    } else if detail == Detail::Verbose {
        let _ = writeln!(text, "configuration: {path} of {from}");
    }
}

/// The last line: the answer and why.
fn verdict(report: &Report, terminal: Terminal, text: &mut String) {
    let introduced: Vec<&Finding> = report.with_status(Status::Introduced).collect();
    for reason in &report.incomplete {
        let _ = writeln!(text, "not seen: {}", one_line(reason));
    }
    let (word, on) = match report.outcome() {
        Outcome::Passed => ("passed".to_owned(), "\u{1b}[1;32m"),
        Outcome::Blocked => {
            let blocking = report
                .findings
                .iter()
                .filter(|finding| report.policy.blocks(finding))
                .count();
            let word = format!("blocked by {}", count(blocking, "finding"));
            (word, "\u{1b}[1;31m")
        }
        Outcome::Incomplete => ("incomplete".to_owned(), "\u{1b}[1;33m"),
    };
    let (on, off) = if terminal.color {
        (on, "\u{1b}[0m")
    } else {
        ("", "")
    };
    let _ = write!(text, "{on}{word}{off}: ");
    if report.coverage.is_empty() && report.findings.is_empty() {
        text.push_str("no Kubernetes objects or Dockerfiles found, nothing to judge");
    } else {
        let _ = write!(text, "{} introduced", introduced.len());
        let by_severity: Vec<String> = Severity::ALL
            .iter()
            .filter_map(|severity| {
                let number = introduced
                    .iter()
                    .filter(|finding| finding.severity == *severity)
                    .count();
                (number > 0).then(|| format!("{number} {}", severity.name()))
            })
            .collect();
        if !by_severity.is_empty() {
            let _ = write!(text, " ({})", by_severity.join(", "));
        }
        let others = others(report);
        if !others.is_empty() {
            let _ = write!(text, ", {others}");
        }
    }
    if let Some(base) = &report.base {
        let name = base.commit.as_deref().map_or_else(
            || one_line(&base.name),
            |commit| commit.chars().take(10).collect(),
        );
        let _ = write!(text, "; compared with {name}");
    }
    text.push('\n');
}

/// The key by which findings share a frame.
type FrameKey<'r> = (Status, &'r Arc<str>, u32, &'r str);
