//! Who can reach whom, as a picture: for Mermaid, which GitHub draws, and for Graphviz.
//!
//! Ends stand in the namespace that they are in, those that have the same arrows in one box, and both directions of a pair
//! are one arrow where they are the same. With a base it is a picture of what changed alone.

use std::fmt::Write as _;

use crate::connectivity::Answer;
use crate::network::notation::Named;
use crate::network::words::listed;

use super::network::shown;
use super::network_boxes::{Mark, Picture};
use super::{mermaid_label, one_line};

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

/// What stands in a box.
fn label(ends: &[&Named]) -> String {
    let names: Vec<String> = ends.iter().map(|end| short(end)).collect();
    listed(&names)
}

/// The picture for Mermaid. New arrows are thick, those that are gone are dotted.
#[must_use]
pub fn mermaid(answer: &Answer) -> String {
    let picture = Picture::of(answer);
    let mut text = "flowchart LR\n".to_owned();
    let mut names = vec![0; picture.len()];
    let mut next = 0;
    for (number, (namespace, boxes)) in picture.boxes().into_iter().enumerate() {
        let mut indent = "  ";
        if let Some(namespace) = &namespace {
            let _ = writeln!(
                text,
                "  subgraph s{number}[\"{}\"]",
                mermaid_label(namespace)
            );
            indent = "    ";
        }
        for (own, ends) in boxes {
            if let Some(name) = names.get_mut(own) {
                *name = next;
            }
            let (open, close) = match ends.first() {
                Some(Named::Pods(_)) => ("([", "])"),
                Some(Named::External(_) | Named::Controller) => ("{{", "}}"),
                Some(Named::Workload { .. }) | None => ("[", "]"),
            };
            let label = mermaid_label(&label(&ends));
            let _ = writeln!(text, "{indent}n{next}{open}\"{label}\"{close}");
            next += 1;
        }
        if namespace.is_some() {
            text.push_str("  end\n");
        }
    }
    let arrows = picture.arrows();
    for arrow in &arrows {
        let (from, to, said, mark) = *arrow;
        let (Some(source), Some(target)) = (names.get(from), names.get(to)) else {
            continue;
        };
        let is_both = from != to && arrows.contains(&(to, from, said, mark));
        if is_both && to < from {
            continue;
        }
        let drawn = match (mark, is_both) {
            (Mark::Same, false) => "-->",
            (Mark::Same, true) => "<-->",
            (Mark::New, false) => "==>",
            (Mark::New, true) => "<==>",
            (Mark::Gone, false) => "-.->",
            (Mark::Gone, true) => "<-.->",
        };
        let label = mermaid_label(said);
        let _ = writeln!(text, "  n{source} {drawn}|\"{label}\"| n{target}");
    }
    text
}

/// The picture for Graphviz. New arrows are bold, those that are gone are dotted.
#[must_use]
pub fn dot(answer: &Answer) -> String {
    let picture = Picture::of(answer);
    let mut text = "digraph network {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    let mut names = vec![String::new(); picture.len()];
    for (number, (namespace, boxes)) in picture.boxes().into_iter().enumerate() {
        let mut indent = "  ";
        if let Some(namespace) = &namespace {
            let label = quoted(namespace);
            let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label={label};");
            indent = "    ";
        }
        for (own, ends) in boxes {
            let Some(first) = ends.first() else {
                continue;
            };
            let (name, label) = (quoted(&shown(first)), quoted(&label(&ends)));
            let shape = match first {
                Named::Workload { .. } => "",
                Named::Pods(_) => " shape=oval",
                Named::External(_) | Named::Controller => " shape=hexagon",
            };
            let _ = writeln!(text, "{indent}{name} [label={label}{shape}];");
            if let Some(own) = names.get_mut(own) {
                *own = name;
            }
        }
        if namespace.is_some() {
            text.push_str("  }\n");
        }
    }
    let arrows = picture.arrows();
    for arrow in &arrows {
        let (from, to, said, mark) = *arrow;
        let (Some(source), Some(target)) = (names.get(from), names.get(to)) else {
            continue;
        };
        let is_both = from != to && arrows.contains(&(to, from, said, mark));
        if is_both && to < from {
            continue;
        }
        let style = match mark {
            Mark::Same => "",
            Mark::New => " style=bold color=red",
            Mark::Gone => " style=dotted color=gray",
        };
        let both = if is_both { " dir=both" } else { "" };
        let label = quoted(said);
        let _ = writeln!(text, "  {source} -> {target} [label={label}{style}{both}];");
    }
    text.push_str("}\n");
    text
}

/// A string of Graphviz.
fn quoted(text: &str) -> String {
    let text = one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}
