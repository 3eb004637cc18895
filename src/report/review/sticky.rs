//! The one comment on a pull request as a whole, which is kept up to date in place.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::body::rule_link;
use super::digest::Digest;
use super::marker::{Key, RunNumber, SummaryMarker};
use super::placed::PlacedFinding;
use super::standing::StandingSummary;
use crate::finding::Severity;
use crate::report::count;
use crate::report::escape::{code, prose};
use crate::report::flowchart;
use crate::report::occurrence::Occurrence;
use crate::report::summary::{self, Budget, Links};
use crate::verdict::Outcome;

/// How every summary starts.
const HEADING: &str = "## tidegate";

/// What the summary says beside the report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'t> {
    /// What there is to say about the comparison, or about where the report comes from.
    pub note: Option<&'t str>,
    /// The findings that have no comment of their own; none where no finding has one.
    pub rest: Option<&'t BTreeSet<Occurrence>>,
    /// Where the run can be looked at.
    pub run_url: Option<&'t str>,
}

/// The text of the summary, without its marker.
#[must_use]
pub fn render(digest: &Digest, links: &Links, told: Told<'_>) -> String {
    let budget = Budget::COMMENT;
    let mut text = format!("{HEADING}: {}\n\n", digest.headline);
    if let Some(note) = told.note {
        let _ = write!(text, "{}\n\n", prose(note));
    }
    summary::incomplete(&digest.incomplete, budget, &mut text);
    by_severity(digest, &mut text);
    summary::levels(&digest.levels, budget, &mut text);
    summary::access(&digest.access, budget, &mut text);
    ways(digest, budget, &mut text);
    summary::network(&digest.network, &digest.network_picture, budget, &mut text);
    folded(&digest.packages, budget, &mut text);
    findings(digest, links, told, budget, &mut text);
    counts(digest, &mut text);
    next(digest, &mut text);
    text
}

/// How many findings there are of each severity, in one line.
fn by_severity(digest: &Digest, text: &mut String) {
    let of = |severity| {
        let number = digest
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        (number > 0).then(|| format!("{number} {}", severity.name()))
    };
    let numbers: Vec<String> = Severity::ALL.into_iter().filter_map(of).collect();
    if !numbers.is_empty() {
        let _ = write!(text, "Introduced: {}.\n\n", numbers.join(", "));
    }
}

/// The ways that the change opens, as a picture: who becomes whom says more than a sentence does.
fn ways(digest: &Digest, budget: Budget, text: &mut String) {
    let picture = flowchart::block(&digest.ways, budget.item());
    if !picture.is_empty() {
        let _ = write!(text, "### Ways that are opened\n\n{picture}");
    }
}

/// The table of packages, folded where it is long.
fn folded(changes: &[crate::verdict::PackageChange], budget: Budget, text: &mut String) {
    if changes.len() <= 5 {
        summary::packages(changes, budget, text);
        return;
    }
    let number = count(changes.len(), "package");
    let _ = write!(text, "<details><summary>{number} changed</summary>\n\n");
    summary::packages(changes, budget, text);
    text.push_str("</details>\n\n");
}

fn findings(digest: &Digest, links: &Links, told: Told<'_>, budget: Budget, text: &mut String) {
    let is_told = |finding: &&PlacedFinding| {
        told.rest
            .is_none_or(|rest| rest.contains(&finding.occurrence()))
    };
    let mut rest: Vec<&PlacedFinding> = digest.findings.iter().filter(is_told).collect();
    let commented = digest.findings.len() - rest.len();
    if commented > 0 {
        let (noun, verb) = if commented == 1 {
            ("finding", "has its comment")
        } else {
            ("findings", "have their comments")
        };
        let _ = write!(
            text,
            "{commented} {noun} {verb} on the changed lines and files.\n\n"
        );
    }
    if rest.is_empty() {
        return;
    }
    // Stable: what is equally urgent stays in the order of the report.
    rest.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    text.push_str(if commented > 0 {
        "### Without a comment of their own\n\n"
    } else {
        "### Introduced\n\n"
    });
    let end = budget.bytes() - budget.reserve();
    let mut left = 0;
    for finding in rest {
        let item = item(finding, links, budget);
        // Once one is left out, so are all after it: what is shown is the most urgent, without gaps.
        if left > 0 || text.len() + item.len() > end {
            left += 1;
        } else {
            text.push_str(&item);
        }
    }
    text.push('\n');
    if left > 0 {
        let run = match told.run_url {
            Some(url) => format!("[the run]({url})"),
            None => "the run".to_owned(),
        };
        let _ = write!(
            text,
            "**{} left out** to stay within what GitHub shows: {run} has all of them in its report file.\n\n",
            count(left, "more finding")
        );
    }
}

fn item(finding: &PlacedFinding, links: &Links, budget: Budget) -> String {
    let at = finding.at();
    let rule = rule_link(&finding.rule);
    let severity = finding.severity.name();
    let place = links.place(&at.path, at.first);
    let whole = format!(
        "- **{severity}** {place}: {} ({rule})\n",
        prose(&finding.message)
    );
    if whole.len() <= budget.item() {
        return whole;
    }
    let cut: String = finding.message.chars().take(500).collect();
    let shorter = format!("- **{severity}** {place}: {}… ({rule})\n", prose(&cut));
    if shorter.len() <= budget.item() {
        shorter
    } else {
        format!("- **{severity}** a file whose name is too long to show ({rule})\n")
    }
}

fn counts(digest: &Digest, text: &mut String) {
    let mut counted = Vec::new();
    if digest.fixed > 0 {
        counted.push(format!("Fixed by this pull request: {}.", digest.fixed));
    }
    if let Some(existing) = digest.existing.filter(|number| *number > 0) {
        counted.push(format!("Existing before: {existing}."));
    }
    if digest.waived > 0 {
        counted.push(format!("Waived: {}.", digest.waived));
    }
    if !counted.is_empty() {
        let _ = write!(text, "{}\n\n", counted.join(" "));
    }
    let _ = write!(text, "Coverage: {}\n\n", prose(&digest.coverage));
}

fn next(digest: &Digest, text: &mut String) {
    let base = digest.base_commit.as_deref().unwrap_or("BASE");
    let command = code(&format!("tidegate check --base {base}"));
    let what = match digest.outcome {
        Outcome::Passed => return,
        Outcome::Blocked => "mend what blocks",
        Outcome::Incomplete => {
            "make what is listed under *Not seen* readable, or take it out of the change"
        }
    };
    let _ = write!(
        text,
        "**Next:** {what}. {command} shows the same on your machine.\n\n"
    );
}

/// When a summary is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SummaryWhen {
    /// Where there is something to say, or one stands already.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What is to be done to the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SummaryStep {
    /// It says the same already, or there is nothing to say.
    Nothing,
    /// A newer run has spoken of the same commit.
    Newer,
    /// There is none.
    Create {
        /// Its text.
        body: String,
    },
    /// It says something else.
    Edit {
        /// The number of the comment.
        id: u64,
        /// Its new text.
        body: String,
    },
}

/// What is to be done to the summary, and to those that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryPlan {
    /// The summary.
    pub step: SummaryStep,
    /// Further summaries of ours, as of two runs that wrote at once.
    pub duplicates: Vec<u64>,
}

/// Which run writes about which commit.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'w> {
    /// What tells this configuration of the gate apart.
    pub key: &'w Key,
    /// The run.
    pub run: RunNumber,
    /// The commit that was judged.
    pub head: &'w str,
}

/// A comment of the same author with the marker of a summary.
struct Ours {
    id: u64,
    marker: SummaryMarker,
    /// True if it starts as a summary does.
    has_heading: bool,
}

impl Ours {
    /// True if its text is the one that was written: neither edited, nor the words of another workflow that repeats our
    /// marker as part of what somebody wrote.
    fn is_genuine(&self) -> bool {
        self.has_heading && self.marker.is_intact
    }
}

/// Plans. `standing` are the comments on the pull request, the oldest first.
///
/// What has our marker and not our words is no summary. Beside one that is, it is left alone; where there is none, it
/// becomes one, as it says something in our name.
#[must_use]
pub fn plan(
    text: &str,
    is_wanted: bool,
    standing: &[StandingSummary],
    writer: Writer<'_>,
) -> SummaryPlan {
    let ours = standing.iter().filter(|comment| comment.is_ours);
    let mut ours: Vec<Ours> = ours
        .filter_map(|comment| {
            Some(Ours {
                id: comment.id,
                marker: SummaryMarker::read(&comment.body, writer.key)?,
                has_heading: comment.body.trim_start().starts_with(HEADING),
            })
        })
        .collect();
    ours.sort_by_key(|own| (!own.is_genuine(), !own.has_heading, own.id));
    let marker = SummaryMarker::of(text, writer.head, writer.run);
    let body = || {
        let above = text.trim_end();
        format!("{above}\n\n{}\n", marker.line(above, writer.key))
    };
    // The head is the one that stands there, so that what is about another commit is old, whatever its number: the
    // numbers of a workflow start again when its file is renamed.
    let is_newer = |own: &Ours| {
        own.is_genuine() && own.marker.head == writer.head && own.marker.run > writer.run
    };
    let step = match ours.first() {
        _ if ours.iter().any(is_newer) => SummaryStep::Newer,
        None if is_wanted => SummaryStep::Create { body: body() },
        None => SummaryStep::Nothing,
        Some(own) if own.is_genuine() && own.marker.hash == marker.hash => SummaryStep::Nothing,
        Some(own) => SummaryStep::Edit {
            id: own.id,
            body: body(),
        },
    };
    let others = match step {
        SummaryStep::Newer => &[],
        _ => ours.get(1..).unwrap_or_default(),
    };
    let duplicates = others.iter().filter(|own| own.has_heading);
    let duplicates = duplicates.map(|own| own.id).collect();
    SummaryPlan { step, duplicates }
}
