//! For the summary of a workflow run: Markdown that says first what came of it, and last what to do.
//!
//! GitHub drops a summary of more than 1 MiB as a whole, and takes no comment of more than 65,536 characters. So a page
//! has a [`Budget`], ends before that between two items, and says how many it left out.

use std::fmt::Write as _;

use super::access_changes;
use super::count;
use super::escape::{block, code, code_in_table, prose, url_path};
use super::network_changes;
use super::package_changes::{MOST_PACKAGES, Row, rows as rows_of};
use super::places::Places;
use super::sarif::limits;
use crate::finding::{Finding, Severity, Status};
use crate::verdict::{
    AccessChange, LevelChange, NetworkChange, OnIncomplete, Outcome, PackageChange, Report,
};

/// How long a page may be, in bytes: never fewer than its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(usize);

impl Budget {
    /// For the summary of a job; other steps of it have their own.
    pub const JOB: Self = Self(900 << 10);
    /// For the body of a comment.
    pub const COMMENT: Self = Self(60_000);

    /// The whole page.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.0
    }

    /// What is kept for the lines after the findings.
    pub(super) fn reserve(self) -> usize {
        (self.0 / 8).min(16 << 10)
    }

    /// The most of one finding: none may cost the others their place.
    pub(super) fn item(self) -> usize {
        (self.0 / 12).min(16 << 10)
    }

    /// The most of one row of a list.
    fn row(self) -> usize {
        (self.0 / 30).min(2 << 10)
    }

    /// The most of one list.
    fn list(self) -> usize {
        self.0 / 4
    }
}

/// The longest list of level changes, and of reasons why a run is incomplete.
const MOST_ROWS: usize = 200;

/// Where files of the head can be looked at.
#[derive(Clone, Debug, Default)]
pub struct Links {
    repository: Option<String>,
    commit: String,
}

impl Links {
    /// Links to a repository at one commit; no links if one of the parts is unknown or not what it should be.
    #[must_use]
    pub fn new(server_url: Option<&str>, repository: Option<&str>, commit: &str) -> Self {
        let repository = || {
            let server = server_url?.trim_end_matches('/');
            let host = server
                .strip_prefix("https://")
                .or_else(|| server.strip_prefix("http://"))?;
            let (owner, name) = repository?.split_once('/')?;
            let is_host = is_made_of(host, ".-:/");
            let is_repository = is_made_of(owner, ".-_") && is_made_of(name, ".-_");
            (is_host && is_repository && is_made_of(commit, ""))
                .then(|| format!("{server}/{owner}/{name}"))
        };
        Self {
            repository: repository(),
            commit: commit.to_owned(),
        }
    }

    /// The address of the repository.
    #[must_use]
    pub fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }

    /// A line of a file as a link, or as code where there is nowhere to link to.
    pub(super) fn place(&self, path: &str, line: u32) -> String {
        let text = code(&format!("{path}:{line}"));
        match &self.repository {
            Some(repository) => {
                let (commit, path) = (&self.commit, url_path(path));
                format!("[{text}]({repository}/blob/{commit}/{path}#L{line})")
            }
            None => text,
        }
    }
}

/// True if there is something, and nothing but letters, digits and these.
fn is_made_of(text: &str, others: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || others.contains(character))
}

/// The verdict and why, in one line without markup: all names in it are ours.
#[must_use]
pub fn headline(report: &Report) -> String {
    let introduced = report.with_status(Status::Introduced).count();
    let reasons = match report.incomplete.len() {
        1 => "1 thing that changed could not be seen".to_owned(),
        number => format!("{number} things that changed could not be seen"),
    };
    match report.outcome() {
        Outcome::Blocked => {
            let blocking = report
                .findings
                .iter()
                .filter(|finding| report.policy.blocks(finding));
            format!("blocked by {}", count(blocking.count(), "finding"))
        }
        Outcome::Incomplete if report.policy.on_incomplete == OnIncomplete::Pass => {
            format!(
                "incomplete: {reasons}, and this run passes nevertheless, as on-incomplete says"
            )
        }
        Outcome::Incomplete => format!("incomplete: {reasons}"),
        Outcome::Passed if report.coverage.is_empty() && report.findings.is_empty() => {
            "passed: there is nothing to judge".to_owned()
        }
        Outcome::Passed if introduced == 0 => match report.waived().count() {
            0 => "passed: nothing introduced".to_owned(),
            waived => format!(
                "passed: nothing introduced, {} waived",
                count(waived, "finding")
            ),
        },
        Outcome::Passed => format!(
            "passed: {} introduced, none of which blocks",
            count(introduced, "finding")
        ),
    }
}

/// The summary of a report. `note` is what there is to say about the comparison itself.
#[must_use]
pub fn render(report: &Report, links: &Links, note: Option<&str>, budget: Budget) -> String {
    let mut text = format!("## tidegate: {}\n\n", headline(report));
    if let Some(note) = note {
        let _ = write!(text, "{}\n\n", prose(note));
    }
    incomplete(&report.incomplete, budget, &mut text);
    levels(&report.levels, budget, &mut text);
    access(&report.access, budget, &mut text);
    let picture = network_changes::picture(&report.network, budget.item());
    network(&report.network, &picture, budget, &mut text);
    packages(&report.packages, budget, &mut text);
    findings(report, links, budget, &mut text);
    counts(report, &mut text);
    next(report, &mut text);
    text
}

/// The summary of a run that gave no report, by its exit code. `passes` where it ends well all the same.
#[must_use]
pub fn failure(exit_code: u8, why: &str, passes: bool) -> String {
    let headline = match (exit_code, passes) {
        (3, true) => {
            "incomplete: nothing was judged, and this run passes nevertheless, as on-incomplete says"
        }
        (3, false) => "incomplete: nothing was judged",
        _ => "nothing was judged",
    };
    format!("## tidegate: {headline}\n\n{}", block(why))
}

/// The summary of a job that posts a saved report, where not all of it could be posted.
#[must_use]
pub fn not_posted(is_nothing: bool, why: &str) -> String {
    let headline = if is_nothing {
        "nothing was posted"
    } else {
        "not all was posted"
    };
    format!("## tidegate publish: {headline}\n\n{}", block(why))
}

/// What could not be seen.
pub(super) fn incomplete(reasons: &[String], budget: Budget, text: &mut String) {
    if reasons.is_empty() {
        return;
    }
    text.push_str("### Not seen\n\nA green answer would not be honest about these.\n\n");
    let rows = reasons.iter();
    let rows = rows.map(|reason| format!("- {}\n", prose(reason)));
    let left = list(rows, "- one that is too long to show\n", budget, text);
    left_out(left, text);
    text.push('\n');
}

/// Workloads whose Pod Security level changed.
pub(super) fn levels(levels: &[LevelChange], budget: Budget, text: &mut String) {
    if levels.is_empty() {
        return;
    }
    text.push_str(
        "### Pod Security\n\n| Workload | File | Before | After | |\n| --- | --- | --- | --- | --- |\n",
    );
    let rows = levels.iter().map(|change| {
        let direction = match (change.before, change.after) {
            (Some(before), Some(after)) if after < before => "**weaker**",
            (Some(_), Some(_)) => "stronger",
            (None, _) => "new",
            (_, None) => "removed",
        };
        format!(
            "| {} | {} | {} | {} | {direction} |\n",
            code_in_table(&change.name),
            code_in_table(&change.path),
            change.before.map_or("", |level| level.name()),
            change.after.map_or("", |level| level.name()),
        )
    });
    let instead = "| one that is too long to show | | | | |\n";
    let left = list(rows, instead, budget, text);
    text.push('\n');
    left_out(left, text);
}

/// Who may do other things than before.
pub(super) fn access(changes: &[AccessChange], budget: Budget, text: &mut String) {
    if changes.is_empty() {
        return;
    }
    text.push_str(access_changes::TABLE);
    let instead = "| one that is too long to show | | | |\n";
    let left = list(
        changes.iter().map(access_changes::row),
        instead,
        budget,
        text,
    );
    text.push('\n');
    left_out(left, text);
}

/// Which connections are opened and closed.
pub(super) fn network(changes: &[NetworkChange], picture: &str, budget: Budget, text: &mut String) {
    if changes.is_empty() {
        return;
    }
    text.push_str(network_changes::TABLE);
    let instead = "| one that is too long to show | | | | |\n";
    let rows = changes.iter().map(network_changes::row);
    let left = list(rows, instead, budget, text);
    text.push('\n');
    left_out(left, text);
    text.push_str(picture);
}

/// Packages that changed.
pub(super) fn packages(changes: &[PackageChange], budget: Budget, text: &mut String) {
    if changes.is_empty() {
        return;
    }
    text.push_str("### Packages\n\n| Change | Package | Before | After | Scope | Through |\n| --- | --- | --- | --- | --- | --- |\n");
    let all = rows_of(changes);
    let shown = all.get(..MOST_PACKAGES).unwrap_or(&all);
    let rows = shown.iter().map(|row| {
        let change = row.change;
        let version = |version: &Option<String>| match version.as_deref() {
            Some(version) if !row.is_of_several => code_in_table(version),
            _ => String::new(),
        };
        let way = match (row.companions(), change.via.split_first()) {
            (Some(companions), _) => prose(&companions),
            (None, Some((first, _))) if row.is_of_several => code_in_table(first),
            (None, Some(_)) => code_in_table(&change.via.join(" > ")),
            (None, None) => String::new(),
        };
        format!(
            "| {} | {} | {} | {} | {} | {way} |\n",
            change.what.name(),
            code_in_table(&row.name()),
            version(&change.before),
            version(&change.after),
            change.scope.name(),
        )
    });
    let instead = "| one that is too long to show | | | | | |\n";
    let left = list(rows, instead, budget, text);
    text.push('\n');
    // What a row folds is counted with it, so that this is of packages, not of rows.
    let told = shown.len() - left;
    left_out(all.iter().skip(told).map(Row::len).sum(), text);
}

/// Writes the rows of a list as far as there is room, and gives how many are left.
fn list(
    rows: impl ExactSizeIterator<Item = String>,
    instead: &str,
    budget: Budget,
    text: &mut String,
) -> usize {
    let end = text.len() + budget.list();
    let number = rows.len();
    let mut written = 0;
    for row in rows.take(MOST_ROWS) {
        let row = if row.len() <= budget.row() {
            row.as_str()
        } else {
            instead
        };
        if text.len() + row.len() > end {
            break;
        }
        text.push_str(row);
        written += 1;
    }
    number - written
}

fn findings(report: &Report, links: &Links, budget: Budget, text: &mut String) {
    let end = budget.bytes() - budget.reserve();
    let mut places = Places::new(report);
    let left_out = limits::left_out(&report.findings);
    let mut dropped = 0;
    for severity in Severity::ALL {
        let of_severity = || {
            report
                .with_status(Status::Introduced)
                .filter(|finding| finding.severity == severity)
        };
        let number = of_severity().count();
        if number == 0 {
            continue;
        }
        if dropped > 0 || text.len() > end {
            dropped += number;
            continue;
        }
        let _ = write!(text, "### Introduced: {number} {}\n\n", severity.name());
        for finding in of_severity() {
            let item = item(finding, &mut places, links, budget);
            // Once one is left out, so are all after it: what is shown is the most urgent, without gaps.
            if dropped > 0 || text.len() + item.len() > end {
                dropped += 1;
            } else {
                text.push_str(&item);
            }
        }
        text.push('\n');
    }
    if dropped > 0 {
        let _ = write!(
            text,
            "**{} left out** to stay within what GitHub shows: all are in the {}.\n\n",
            count(dropped, "more introduced finding"),
            if left_out == 0 {
                "SARIF file"
            } else {
                "report file"
            }
        );
    }
    if left_out > 0 {
        let _ = write!(text, "**SARIF:** {}.\n\n", beyond_sarif(left_out));
    }
}

/// What is said where the SARIF file does not hold all findings, as a clause.
#[must_use]
pub fn beyond_sarif(left_out: usize) -> String {
    format!(
        "code scanning takes {} results of a run, so that the SARIF file leaves out the {left_out} least urgent findings; the report file has all of them",
        limits::RESULTS
    )
}

fn item(finding: &Finding, places: &mut Places<'_>, links: &Links, budget: Budget) -> String {
    let at = finding.changed_at.as_ref().unwrap_or(&finding.location);
    let line = places.resolve(false, at).start.line;
    let place = links.place(&at.path, line);
    let rule = format!(
        "[{}]({})",
        code(finding.rule),
        super::help_uri(finding.rule)
    );
    let whole = format!("- {place}: {} ({rule})\n", prose(&finding.message));
    if whole.len() <= budget.item() {
        return whole;
    }
    let cut: String = finding.message.chars().take(500).collect();
    let shorter = format!("- {place}: {}… ({rule})\n", prose(&cut));
    if shorter.len() <= budget.item() {
        shorter
    } else {
        format!("- a file whose name is too long to show ({rule})\n")
    }
}

fn counts(report: &Report, text: &mut String) {
    let existing = report.with_status(Status::Existing).count();
    let fixed = report.with_status(Status::Fixed).count();
    let waived = report.waived().count();
    let mut counted = Vec::new();
    if report.base.is_some() && existing + fixed > 0 {
        counted.push(format!("Existing before: {existing}. Fixed: {fixed}."));
    }
    if waived > 0 {
        counted.push(format!("Waived: {waived}."));
    }
    if !counted.is_empty() {
        let _ = write!(text, "{}\n\n", counted.join(" "));
    }
    text.push_str("Coverage: ");
    text.push_str(&super::coverage(&report.coverage));
    text.push_str("\n\n");
}

fn next(report: &Report, text: &mut String) {
    let base = report.base.as_ref().and_then(|base| base.commit.as_deref());
    let base = base.unwrap_or("BASE");
    match report.outcome() {
        Outcome::Passed => {}
        Outcome::Blocked => {
            let _ = writeln!(
                text,
                "**Next:** mend what blocks. {} shows the same on your machine, and {} what a rule means and what to write instead.",
                code(&format!("tidegate check --base {base}")),
                code("tidegate explain RULE"),
            );
        }
        Outcome::Incomplete => {
            let _ = writeln!(
                text,
                "**Next:** make what is listed under *Not seen* readable, or take it out of the change. {} shows the same on your machine.",
                code(&format!("tidegate check --base {base}")),
            );
        }
    }
}

fn left_out(number: usize, text: &mut String) {
    if number > 0 {
        let _ = write!(text, "\n… and {number} more.\n\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_need_all_their_parts() {
        let sha = "1".repeat(40);
        let links = Links::new(Some("https://github.example/"), Some("shop/deploy"), &sha);
        assert_eq!(
            links.place("a b).yaml", 3),
            format!(
                "[`a b).yaml:3`](https://github.example/shop/deploy/blob/{sha}/a%20b%29.yaml#L3)"
            )
        );
        for (server, repository) in [
            (None, Some("shop/deploy")),
            (Some("https://github.example"), None),
            (Some("javascript:alert(1)//"), Some("shop/deploy")),
            (Some("https://github.example) [x](y"), Some("shop/deploy")),
            (Some("https://github.example"), Some("shop/de ploy")),
            (Some("https://github.example"), Some("shop")),
        ] {
            assert_eq!(
                Links::new(server, repository, &sha).place("a.yaml", 3),
                "`a.yaml:3`"
            );
        }
    }

    #[test]
    fn a_failure_tells_its_remedy() {
        let why = "no @history\n  fetch-depth: 0";
        assert_eq!(
            failure(3, why, false),
            "## tidegate: incomplete: nothing was judged\n\n```text\nno @history\n  fetch-depth: 0\n```\n"
        );
        assert!(failure(3, why, true).contains("passes nevertheless"));
        assert!(failure(2, "x", true).starts_with("## tidegate: nothing"));
    }
}
