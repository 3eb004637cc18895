//! The rules of a run. GitHub reads the severity from the rule and not from the result, so that there is one
//! descriptor for each severity that a rule's results have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
};

use crate::finding::{Finding, Severity};
use crate::report::{catalogue, help_uri, severity};
use crate::rule::Rule;
use crate::rules;

use super::limits;

/// The descriptors of the rules that have results, and where each stands.
pub(super) struct Descriptors {
    indices: BTreeMap<Key, Descriptor>,
}

/// A rule, the advisory that it speaks of where it speaks of one, and a severity.
type Key = (&'static str, Option<Arc<str>>, Severity);

/// The rule whose findings are about one advisory each. Code scanning groups alerts by rule, and people dismiss them
/// by advisory.
const BY_ADVISORY: &str = "package/vulnerable";

/// What a result says of its rule.
pub(super) struct Descriptor {
    pub(super) id: String,
    pub(super) index: i64,
}

impl Descriptors {
    pub(super) fn of(findings: &[&Finding]) -> Self {
        let keys: BTreeSet<_> = findings.iter().map(|finding| key(finding)).collect();
        let indices = keys
            .into_iter()
            .zip(0..)
            .map(|(key, index)| {
                let (rule, advisory, severity) = &key;
                let id = id(rule, advisory.as_deref(), *severity);
                (key, Descriptor { id, index })
            })
            .collect();
        Self { indices }
    }

    pub(super) fn get(&self, finding: &Finding) -> Option<&Descriptor> {
        self.indices.get(&key(finding))
    }

    pub(super) fn list(&self) -> Vec<ReportingDescriptor> {
        self.indices
            .iter()
            .map(|((rule, advisory, severity), descriptor)| {
                describe(rule, advisory.as_deref(), *severity, &descriptor.id)
            })
            .collect()
    }
}

fn key(finding: &Finding) -> Key {
    let advisory = (finding.rule == BY_ADVISORY).then_some(&finding.subject.discriminator);
    (finding.rule, advisory.map(Arc::clone), finding.severity)
}

/// `family/name` where the severity is the rule's own, `family/name@critical` where it is another; of one advisory
/// `family/name/GHSA-…`.
fn id(rule: &str, advisory: Option<&str>, severity: Severity) -> String {
    let mut id = rule.to_owned();
    if let Some(advisory) = advisory {
        id.push('/');
        id.push_str(advisory);
    }
    match rules::find(rule) {
        Some(known) if known.severity == severity => id,
        _ => format!("{id}@{}", severity.name()),
    }
}

fn describe(
    rule_id: &'static str,
    advisory: Option<&str>,
    severity: Severity,
    id: &str,
) -> ReportingDescriptor {
    let rule = rules::find(rule_id);
    let title = rule.map_or(rule_id, Rule::title);
    let full = rule.map_or_else(|| sentence(title), full_description);
    // Advisories go by letters, digits and hyphens.
    let title = &advisory.map_or_else(
        || title.to_owned(),
        |advisory| format!("{advisory}: {title}"),
    );
    let page = help_uri(rule_id);
    let references = rule.map_or(&[][..], |rule| rule.references);
    let mut text = full.clone();
    let mut markdown = rule.map_or_else(|| full.clone(), catalogue::markdown);
    if !references.is_empty() {
        let references = references.join(", ");
        // Writing to a String cannot fail.
        let _ = write!(text, "\nReferences: {references}");
        let _ = write!(markdown, "\n\nReferences: {references}");
    }
    let _ = write!(text, "\n{page}");
    let _ = write!(markdown, "\n\n[The page of this rule]({page})");
    ReportingDescriptor::builder()
        .id(id)
        .name(name(id))
        .short_description(plain(limits::description(&sentence(title))))
        .full_description(plain(limits::description(&full)))
        .help(
            MultiformatMessageString::builder()
                .text(text)
                .markdown(markdown)
                .build(),
        )
        .help_uri(page)
        .default_configuration(
            ReportingConfiguration::builder()
                .level(severity::level(severity).name())
                .build(),
        )
        .properties(properties(rule_id, severity, references))
        .build()
}

fn plain(text: String) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn properties(rule: &str, severity: Severity, references: &[&str]) -> PropertyBag {
    let mut values = BTreeMap::new();
    let mut set = |key: &str, value: &str| values.insert(key.to_owned(), value.into());
    // What stands in a manifest is read, not guessed.
    set("precision", "high");
    match severity::security_severity(severity) {
        Some(score) => set("security-severity", score),
        // What has no score is sorted by this.
        None => set("problem.severity", "recommendation"),
    };
    PropertyBag::builder()
        .tags(tags(rule, references))
        .additional_properties(values)
        .build()
}

fn tags(rule: &str, references: &[&str]) -> Vec<String> {
    let family = rule.split_once('/').map_or(rule, |(family, _)| family);
    let references = references.iter().map(|reference| tag(reference));
    let mut tags = Vec::new();
    for tag in ["security".to_owned(), family.to_owned()]
        .into_iter()
        .chain(references)
    {
        if tags.len() < limits::TAGS && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// A weakness of the CWE list goes by the tag that code scanning links; all else as it is written.
fn tag(reference: &str) -> String {
    match reference.strip_prefix("CWE-") {
        Some(number) => format!("external/cwe/cwe-{number:0>3}"),
        None => reference.to_owned(),
    }
}

/// The title, and the first paragraph on why it matters.
fn full_description(rule: &Rule) -> String {
    let mut text = sentence(rule.title());
    let markdown = rule.markdown();
    let why = markdown
        .split_once("## Why it matters\n")
        .and_then(|(_, after)| after.trim_start().split("\n\n").next());
    for line in why.into_iter().flat_map(str::lines) {
        text.push(' ');
        text.push_str(line.trim());
    }
    text
}

fn sentence(title: &str) -> String {
    let mut sentence = title.split_whitespace().collect::<Vec<_>>().join(" ");
    sentence.push('.');
    sentence
}

/// The id in the form that viewers ask a rule's name to have: `PodSecurityHostPathCritical`.
fn name(id: &str) -> String {
    id.split(['/', '-', '@'])
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}
