//! The text of a comment: what was found and where, why it matters, what to write instead, and where to read more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::anchor::{Anchor, ChangedFiles};
use super::group::Group;
use super::marker::{FindingMarker, Key, digest};
use super::patch::Side;
use super::placed::{FixEdit, PlacedFinding, Stretch};
use super::suggestion;
use crate::finding::Severity;
use crate::report::escape::{code, prose};
use crate::report::occurrence::Occurrence;
use crate::report::{catalogue, count, help_uri};
use crate::rules;

/// The longest list of findings, in bytes: GitHub takes 65,536 characters, of which the marker may need 36,000 and what
/// is said of the rule most of the rest.
const LONGEST_LIST: usize = 9_000;
/// The longest item of it.
const LONGEST_ITEM: usize = 6_000;
/// The most further places that are named.
const MOST_RELATED: usize = 5;

/// A comment that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where.
    pub anchor: Anchor,
    /// What.
    pub body: String,
    /// What it is to the next run.
    pub marker: FindingMarker,
    /// The same without a suggestion, for a comment that stands on other lines; none where nothing is suggested.
    pub bare: Option<String>,
    /// Where its findings are and what caused them.
    pub places: BTreeSet<Stretch>,
    /// The number of the comment by closing which a person has answered it.
    pub answered: Option<u64>,
    /// How many findings it tells.
    pub findings: usize,
}

impl Draft {
    /// The findings that it tells.
    pub fn occurrences(&self) -> impl Iterator<Item = Occurrence> {
        self.marker.findings.keys().cloned()
    }
}

/// Writes the comment of a group.
#[must_use]
pub fn draft(group: &Group<'_>, files: &ChangedFiles, key: &Key) -> Draft {
    let offer = offer(group, files);
    let (body, marker) = written(group, offer.as_deref(), key);
    let findings = group.findings.iter();
    let places = findings.flat_map(|finding| {
        let cause = finding.changed_at.iter();
        cause.chain([&finding.location]).cloned()
    });
    Draft {
        anchor: group.anchor.clone(),
        body,
        marker,
        bare: offer.map(|_| written(group, None, key).0),
        places: places.collect(),
        answered: group.answered,
        findings: group.findings.len(),
    }
}

/// The text, with a suggestion or without, and the marker at its end.
fn written(group: &Group<'_>, offer: Option<&str>, key: &Key) -> (String, FindingMarker) {
    let mut told: BTreeMap<Occurrence, Severity> = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for finding in &group.findings {
        if let Some(text) = &finding.text {
            texts.insert(finding.occurrence(), text.clone());
        }
        let severity = told.entry(finding.occurrence()).or_insert(finding.severity);
        *severity = finding.severity.max(*severity);
    }
    let marker = FindingMarker {
        is_open: true,
        findings: told,
        texts,
        hash: substance(group, offer),
        is_intact: true,
    };
    let mut body = String::new();
    match group.findings.as_slice() {
        [only] => {
            let _ = write!(body, "{}\n\n", sentence(only, &group.anchor));
        }
        several => list(several, &group.anchor, &mut body),
    }
    if let Some(offer) = offer {
        body.push_str(offer);
        body.push('\n');
    }
    if let Some(first) = group.findings.first() {
        related(first, &mut body);
        about_the_rule(first, &mut body);
    }
    let line = marker.line(&body, key);
    body.push_str(&line);
    body.push('\n');
    (body, marker)
}

/// What a comment says, with the files that it names and without lines: a number.
fn substance(group: &Group<'_>, offer: Option<&str>) -> String {
    let mut text = String::new();
    for finding in &group.findings {
        let severity = finding.severity.name();
        let path = &finding.location.path;
        let _ = writeln!(
            text,
            "{severity} {} {path} {}",
            finding.rule, finding.message
        );
        for related in finding.related.iter().take(MOST_RELATED) {
            let _ = writeln!(text, "{} {}", related.path, related.message);
        }
    }
    text.push_str(offer.unwrap_or_default());
    digest(text.as_bytes())
}

/// How urgent, what, and where if the comment does not stand there.
fn sentence(finding: &PlacedFinding, anchor: &Anchor) -> String {
    let place = &finding.location;
    let stands_there = match anchor {
        Anchor::Lines {
            path,
            side: Side::Right,
            first,
            last,
        } => *path == place.path && (*first..=*last).contains(&place.first),
        // A line of the head says nothing of what is gone.
        Anchor::Lines { path, .. } => *path == place.path,
        Anchor::File { .. } | Anchor::Summary => false,
    };
    let at = if stands_there {
        String::new()
    } else {
        format!(" ({})", code(&format!("{}:{}", place.path, place.first)))
    };
    let severity = finding.severity.name();
    let whole = format!("**{severity}**: {}{at}", prose(&finding.message));
    if whole.len() <= LONGEST_ITEM {
        return whole;
    }
    let cut: String = finding.message.chars().take(500).collect();
    format!("**{severity}**: {}…", prose(&cut))
}

fn list(findings: &[&PlacedFinding], anchor: &Anchor, body: &mut String) {
    let number = count(findings.len(), "finding");
    // What stands on a whole file shares its rule, and may be about as many things as the file has.
    let what = match anchor {
        Anchor::Lines { .. } => "with one cause",
        Anchor::File { .. } | Anchor::Summary => "of this rule in this file",
    };
    let _ = write!(body, "**{number}** {what}:\n\n");
    let mut left = 0;
    for finding in findings {
        let rule = rule_link(&finding.rule);
        let item = format!("- {} ({rule})\n", sentence(finding, anchor));
        // Once one is left out, so are all after it: what is shown is the most urgent, without gaps.
        if left > 0 || body.len() + item.len() > LONGEST_LIST {
            left += 1;
        } else {
            body.push_str(&item);
        }
    }
    if left > 0 {
        let _ = writeln!(
            body,
            "- … and {left} more: all are in the report file of the run."
        );
    }
    body.push('\n');
}

/// The fixes of the findings as one suggestion; where they are not known to go together, the one of the most urgent.
fn offer(group: &Group<'_>, files: &ChangedFiles) -> Option<String> {
    let Anchor::Lines { path, .. } = &group.anchor else {
        return None;
    };
    let hunks = files.hunks(path)?;
    let mended = || {
        group
            .findings
            .iter()
            .filter(|finding| !finding.fix.is_empty())
    };
    let of = |edits: &[FixEdit]| suggestion::replacement(&group.anchor, hunks, edits);
    let all: Vec<_> = mended().flat_map(|finding| finding.fix.clone()).collect();
    let members: BTreeSet<&String> = mended().map(|finding| &finding.fingerprint).collect();
    let go_together = mended().all(|finding| finding.fixed_with.iter().eq(members.iter().copied()));
    let replacement = go_together
        .then(|| of(&all))
        .flatten()
        .or_else(|| mended().find_map(|finding| of(&finding.fix)))?;
    Some(suggestion::block(&replacement))
}

fn related(finding: &PlacedFinding, body: &mut String) {
    if finding.related.is_empty() {
        return;
    }
    for related in finding.related.iter().take(MOST_RELATED) {
        let cut: String = related.message.chars().take(300).collect();
        let place = code(&format!("{}:{}", related.path, related.line));
        let _ = writeln!(body, "- {place}: {}", prose(&cut));
    }
    body.push('\n');
}

/// Why it matters and what to write instead, in our own words: these come from the program and are Markdown.
fn about_the_rule(finding: &PlacedFinding, body: &mut String) {
    let Some(rule) = rules::find(&finding.rule) else {
        let _ = write!(body, "{}\n\n", code(&finding.rule));
        return;
    };
    let markdown = catalogue::markdown(rule);
    if let Some(why) = section(&markdown, "Why it matters") {
        let first = why.split("\n\n").next().unwrap_or_default();
        let _ = write!(body, "{}\n\n", first.replace('\n', " "));
    }
    if let Some(instead) = section(&markdown, "Instead") {
        let _ = write!(
            body,
            "<details><summary>What to write instead</summary>\n\n{instead}\n\n</details>\n\n"
        );
    }
    let explain = code(&format!("tidegate explain {}", rule.id));
    let _ = write!(body, "{} · {explain}\n\n", rule_link(rule.id));
}

/// A link to the page of a rule; only its name where this program does not know it.
pub(super) fn rule_link(rule: &str) -> String {
    match rules::find(rule) {
        Some(rule) => format!("[{}]({})", code(rule.id), help_uri(rule.id)),
        None => code(rule),
    }
}

fn section<'m>(markdown: &'m str, title: &str) -> Option<&'m str> {
    let (_, behind) = markdown.split_once(&format!("## {title}\n"))?;
    let section = behind.split("\n## ").next().unwrap_or(behind).trim();
    (!section.is_empty()).then_some(section)
}

/// The same words above what the marker says by now.
#[must_use]
pub fn remembering(before: &str, marker: &FindingMarker, key: &Key) -> String {
    let mut text = String::with_capacity(before.len());
    for line in super::marker::without(before) {
        text.push_str(line);
        text.push('\n');
    }
    let marker = marker.line(&text, key);
    text.push_str(&marker);
    text.push('\n');
    text
}

/// The text of a comment whose findings are gone. What was said stays readable, and nothing of it can be committed any
/// more.
#[must_use]
pub fn settled(
    before: &str,
    marker: &FindingMarker,
    how: Settled,
    head: &str,
    key: &Key,
) -> String {
    let head: String = head.chars().take(12).collect();
    let head = code(&head);
    let what = match how {
        Settled::Fixed => format!("**Fixed** as of {head}."),
        Settled::Elsewhere => format!("**Moved** as of {head}: another comment tells it."),
        Settled::OutOfSight => {
            format!("**No longer here** as of {head}: its file is gone from what was looked at.")
        }
        Settled::Waived => format!("**Accepted** by a waiver as of {head}."),
        Settled::Existing => {
            format!(
                "**Not introduced** by this pull request as of {head}: its base has it as well."
            )
        }
    };
    let mut quoted = String::with_capacity(before.len());
    for line in super::marker::without(before) {
        let rest = line.trim_start_matches('`');
        if rest == "suggestion" && line.len() - rest.len() >= 3 {
            quoted.push_str(line.get(..line.len() - rest.len()).unwrap_or("```"));
            quoted.push_str("text\n");
        } else {
            quoted.push_str(line);
            quoted.push('\n');
        }
    }
    let marker = FindingMarker {
        is_open: false,
        ..marker.clone()
    };
    let quoted = quoted.trim_end();
    let mut text = format!(
        "{what}\n\n<details><summary>What stood here</summary>\n\n{quoted}\n\n</details>\n\n"
    );
    if text.len() > MOST_SETTLED {
        text = format!("{what}\n\n");
    }
    let marker = marker.line(&text, key);
    text.push_str(&marker);
    text.push('\n');
    text
}

/// The longest text of a settled comment, in bytes, beside its marker.
const MOST_SETTLED: usize = 42_000;

/// What became of the findings of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing finds them any more.
    Fixed,
    /// Nothing finds them any more where the run looked, and they may have gone to where it did not.
    OutOfSight,
    /// Another comment tells them.
    Elsewhere,
    /// A waiver covers them.
    Waived,
    /// The base has them too by now.
    Existing,
}
