//! Who can reach whom, as a picture: for Mermaid, which GitHub draws, and for Graphviz.
//!
//! Ends stand in the namespace that they are in, and both directions of a pair are one arrow where they are the same.
//! With a base it is a picture of what changed alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::connectivity::Answer;
use crate::network::notation::Named;

use super::network::shown;
use super::{mermaid_label, one_line};

/// An arrow: from, to, what it says, and what became of it.
type Arrow = (Named, Named, String, Mark);

/// What a change does to an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Same,
    Added,
    Removed,
    Changed,
}

/// The arrows of an answer: what changed where there is a base, else what passes.
fn arrows(answer: &Answer) -> BTreeSet<Arrow> {
    let Some(changes) = &answer.changes else {
        let lines = answer.clusters.iter().flat_map(|it| &it.connections);
        let arrows = lines.map(|line| {
            let (from, to) = (line.from.clone(), line.to.clone());
            (from, to, line.connections.to_string(), Mark::Same)
        });
        return arrows.collect();
    };
    let changes = changes.iter().chain(&answer.exposure_changes);
    let arrows = changes.map(|change| {
        let (from, to) = (change.from.clone(), change.to.clone());
        match change.verb() {
            "added" => (from, to, change.after.to_string(), Mark::Added),
            "removed" => (from, to, change.before.to_string(), Mark::Removed),
            _ => (
                from,
                to,
                format!("{} → {}", change.before, change.after),
                Mark::Changed,
            ),
        }
    });
    arrows.collect()
}

/// The ends, by the namespace that they are in.
fn ends(arrows: &BTreeSet<Arrow>) -> BTreeMap<Option<String>, BTreeSet<&Named>> {
    let mut ends: BTreeMap<Option<String>, BTreeSet<&Named>> = BTreeMap::new();
    for end in arrows.iter().flat_map(|(from, to, ..)| [from, to]) {
        let namespace = end.namespace().map(ToString::to_string);
        ends.entry(namespace).or_default().insert(end);
    }
    ends
}

/// An end within its namespace.
fn short(end: &Named) -> String {
    let whole = shown(end);
    match end.namespace() {
        Some(namespace) => {
            let prefix = format!("{namespace}/");
            whole
                .strip_prefix(&prefix)
                .map_or(whole.clone(), str::to_owned)
        }
        None => whole,
    }
}

/// The picture for Mermaid. New arrows are thick, those that are gone are dotted.
#[must_use]
pub fn mermaid(answer: &Answer) -> String {
    let arrows = arrows(answer);
    let mut text = "flowchart LR\n".to_owned();
    let mut numbers: BTreeMap<&Named, usize> = BTreeMap::new();
    for (number, (namespace, ends)) in ends(&arrows).into_iter().enumerate() {
        let mut indent = "  ";
        if let Some(namespace) = &namespace {
            let _ = writeln!(
                text,
                "  subgraph s{number}[\"{}\"]",
                mermaid_label(namespace)
            );
            indent = "    ";
        }
        for end in ends {
            let next = numbers.len();
            numbers.insert(end, next);
            let (open, close) = match end {
                Named::Workload { .. } => ("[", "]"),
                Named::Pods(_) => ("([", "])"),
                Named::External(_) | Named::Controller => ("{{", "}}"),
            };
            let label = mermaid_label(&short(end));
            let _ = writeln!(text, "{indent}n{next}{open}\"{label}\"{close}");
        }
        if namespace.is_some() {
            text.push_str("  end\n");
        }
    }
    for (from, to, label, mark) in &arrows {
        let (Some(source), Some(target)) = (numbers.get(from), numbers.get(to)) else {
            continue;
        };
        let back = (to.clone(), from.clone(), label.clone(), *mark);
        let is_both = arrows.contains(&back);
        if is_both && to < from {
            continue;
        }
        let arrow = match (mark, is_both) {
            (Mark::Same, false) => "-->",
            (Mark::Same, true) => "<-->",
            (Mark::Added | Mark::Changed, false) => "==>",
            (Mark::Added | Mark::Changed, true) => "<==>",
            (Mark::Removed, false) => "-.->",
            (Mark::Removed, true) => "<-.->",
        };
        let said = said(label, *mark);
        let label = mermaid_label(&said);
        let _ = writeln!(text, "  n{source} {arrow}|\"{label}\"| n{target}");
    }
    text
}

fn said(label: &str, mark: Mark) -> String {
    match mark {
        Mark::Same => label.to_owned(),
        Mark::Added => format!("added: {label}"),
        Mark::Removed => format!("removed: {label}"),
        Mark::Changed => format!("changed: {label}"),
    }
}

/// The picture for Graphviz. New arrows are bold, those that are gone are dotted.
#[must_use]
pub fn dot(answer: &Answer) -> String {
    let arrows = arrows(answer);
    let mut text = "digraph network {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (number, (namespace, ends)) in ends(&arrows).into_iter().enumerate() {
        let mut indent = "  ";
        if let Some(namespace) = &namespace {
            let label = quoted(namespace);
            let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label={label};");
            indent = "    ";
        }
        for end in ends {
            let (name, label) = (quoted(&shown(end)), quoted(&short(end)));
            let shape = match end {
                Named::Workload { .. } => "",
                Named::Pods(_) => " shape=oval",
                Named::External(_) | Named::Controller => " shape=hexagon",
            };
            let _ = writeln!(text, "{indent}{name} [label={label}{shape}];");
        }
        if namespace.is_some() {
            text.push_str("  }\n");
        }
    }
    for (from, to, label, mark) in &arrows {
        let back = (to.clone(), from.clone(), label.clone(), *mark);
        let is_both = arrows.contains(&back);
        if is_both && to < from {
            continue;
        }
        let style = match mark {
            Mark::Same => "",
            Mark::Added | Mark::Changed => " style=bold color=red",
            Mark::Removed => " style=dotted color=gray",
        };
        let both = if is_both { " dir=both" } else { "" };
        let (from, to) = (quoted(&shown(from)), quoted(&shown(to)));
        let label = quoted(&said(label, *mark));
        let _ = writeln!(text, "  {from} -> {to} [label={label}{style}{both}];");
    }
    text.push_str("}\n");
    text
}

/// A string of Graphviz.
fn quoted(text: &str) -> String {
    let text = one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}
