//! The rules as a list, and one rule explained.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::finding::Severity;
use crate::rule::Rule;
use crate::rules;

/// The list of rules: id, severity and title, by family.
#[must_use]
pub fn list() -> String {
    let width = rules::ALL
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    let mut family = "";
    for rule in rules::ALL {
        if !family.is_empty() && family != rule.family() {
            text.push('\n');
        }
        family = rule.family();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:width$}  {:8}  {}{}",
            rule.id,
            rule.severity.name(),
            rule.title(),
            if rule.opt_in { " (opt-in)" } else { "" }
        );
    }
    let _ = write!(
        text,
        "\n{} rules; `tidegate explain RULE` tells more\n",
        rules::ALL.len()
    );
    text
}

#[derive(Serialize)]
struct JsonRule {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    other_severities: &'static [Severity],
    opt_in: bool,
    references: &'static [&'static str],
    help_uri: String,
    documentation: String,
}

/// Writes the rules as JSON.
///
/// # Errors
/// What the writer refuses.
pub fn write_json(out: &mut dyn Write) -> io::Result<()> {
    let list: Vec<_> = rules::ALL
        .iter()
        .map(|rule| JsonRule {
            id: rule.id,
            title: rule.title(),
            severity: rule.severity,
            other_severities: rule.other_severities,
            opt_in: rule.opt_in,
            references: rule.references,
            help_uri: super::help_uri(rule.id),
            documentation: markdown(rule),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &list)?;
    out.write_all(b"\n")
}

/// The documentation of a rule as Markdown, without our marks on its fences.
#[must_use]
pub fn markdown(rule: &Rule) -> String {
    let mut text = String::with_capacity(rule.documentation.len());
    for line in rule.markdown().lines() {
        let fence = line.starts_with("```");
        text.push_str(if fence {
            line.split(' ').next().unwrap_or(line)
        } else {
            line
        });
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// One rule, explained.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    let mut text = format!("{}  {}", rule.id, rule.severity.name());
    for severity in rule.other_severities {
        let _ = write!(text, " or {}", severity.name());
    }
    if rule.opt_in {
        let _ = write!(
            text,
            "; looks only where `rules` of the configuration names it"
        );
    }
    let _ = write!(text, "\n\n{}\n", markdown(rule));
    if !rule.references.is_empty() {
        let _ = write!(text, "\nReferences: {}\n", rule.references.join(", "));
    }
    let _ = writeln!(text, "{}", super::help_uri(rule.id));
    text
}

/// The rules whose ids are nearest to what was typed, if any are near: several where a name stands in several
/// families.
#[must_use]
pub fn nearest(typed: &str) -> Vec<&'static str> {
    crate::nearest::all_nearest(typed, rules::ALL.iter().map(|rule| rule.id))
}
