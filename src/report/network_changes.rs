//! Which connections a change opens and closes, in a report: the same rows on a terminal, in a summary and for programs,
//! and as a picture of Mermaid, which GitHub draws.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::verdict::{NetworkChange, NetworkEnds};

use super::escape::code_in_table;
use super::{mermaid_label, one_line};

/// The longest list that a terminal shows without being asked for.
const MOST_ON_TERMINAL: usize = 12;
/// The most ends of one cell.
const MOST_ENDS: usize = 3;
/// The most boxes of a picture: more of them are no longer taken in at a glance.
const MOST_BOXES: usize = 12;
/// The most arrows of a picture.
const MOST_ARROWS: usize = 20;
/// The longest text of a box or an arrow, in characters.
const LONGEST_LABEL: usize = 120;

/// The list for a terminal.
pub(super) fn terminal(changes: &[NetworkChange], text: &mut String) {
    if changes.is_empty() {
        return;
    }
    text.push_str("Network:\n");
    for change in changes.iter().take(MOST_ON_TERMINAL) {
        let [from, to] = [&change.from, &change.to].map(|ends| one_line(&ends.first(MOST_ENDS)));
        let (before, after) = (one_line(&change.before), one_line(&change.after));
        let _ = match change.verb() {
            "added" => writeln!(text, "  + {from} => {to} : {after}"),
            "removed" => writeln!(text, "  - {from} => {to} : {before}"),
            _ => writeln!(text, "  ~ {from} => {to} : {after} (was {before})"),
        };
    }
    let more = changes.len().saturating_sub(MOST_ON_TERMINAL);
    if more > 0 {
        let _ = writeln!(
            text,
            "  and {more} more; `tidegate network --base …` has all"
        );
    }
}

/// The head of the table of a summary.
pub(super) const TABLE: &str =
    "### Network\n\n| Change | From | To | Before | After |\n| --- | --- | --- | --- | --- |\n";

/// One row of it.
pub(super) fn row(change: &NetworkChange) -> String {
    let ends = |ends: &NetworkEnds| {
        let mut cells: Vec<String> = ends
            .named
            .iter()
            .take(MOST_ENDS)
            .map(|end| code_in_table(&end.to_string()))
            .collect();
        let more = ends.named.len().saturating_sub(MOST_ENDS) + ends.more;
        if more > 0 {
            cells.push(format!("and {more} more"));
        }
        cells.join("<br>")
    };
    format!(
        "| {} | {} | {} | {} | {} |\n",
        change.verb(),
        ends(&change.from),
        ends(&change.to),
        code_in_table(&change.before),
        code_in_table(&change.after),
    )
}

/// What becomes of connections between some ends. Ends for which the same changes are listed, the first twenty of them;
/// `tidegate network --base` has each pair.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConnectionChange")]
pub(super) struct JsonConnectionChange<'r> {
    /// What happened.
    #[schemars(extend("enum" = ["added", "removed", "changed"]))]
    change: &'static str,
    /// The sources, such as `shop/web[Deployment]`.
    from: String,
    /// The destinations.
    to: String,
    /// What passed, such as `TCP 80,443`, `All Connections` or `No Connections`.
    before: &'r str,
    /// What passes.
    after: &'r str,
}

impl<'r> JsonConnectionChange<'r> {
    pub(super) fn of(change: &'r NetworkChange) -> Self {
        Self {
            change: change.verb(),
            from: change.from.first(usize::MAX),
            to: change.to.first(usize::MAX),
            before: &change.before,
            after: &change.after,
        }
    }
}

/// A box: the namespace that it stands in, and its text.
type Place<'c> = (Option<&'c str>, String);

/// The boxes of some ends: one each, or one for all where they are many.
fn boxes(ends: &NetworkEnds) -> BTreeSet<Place<'_>> {
    let all = ends.named.iter();
    if ends.named.len() + ends.more <= MOST_ENDS {
        let boxes = all.map(|end| (end.namespace.as_deref(), end.name.clone()));
        return boxes.collect();
    }
    let namespaces: BTreeSet<Option<&str>> = all.map(|end| end.namespace.as_deref()).collect();
    let common = match namespaces.first() {
        Some(Some(namespace)) if namespaces.len() == 1 => Some(*namespace),
        _ => None,
    };
    let names = ends.named.iter().take(MOST_ENDS).map(|end| {
        if common.is_some() {
            end.name.clone()
        } else {
            end.to_string()
        }
    });
    let names: Vec<String> = names.collect();
    let more = ends.named.len().saturating_sub(MOST_ENDS) + ends.more;
    BTreeSet::from([(common, format!("{} and {more} more", names.join(", ")))])
}

/// The picture as a block of a comment of at most so many bytes: as many changes as one look takes in, what opens first,
/// and how many are left. Nothing where a sentence says as much, or not even the first is small enough.
pub(super) fn picture(changes: &[NetworkChange], most_bytes: usize) -> String {
    let mut drawn: Vec<(&NetworkChange, BTreeSet<Place<'_>>, BTreeSet<Place<'_>>)> = Vec::new();
    let mut all: BTreeSet<Place<'_>> = BTreeSet::new();
    let mut arrows = 0;
    for change in changes {
        let (from, to) = (boxes(&change.from), boxes(&change.to));
        all.extend(from.iter().chain(&to).cloned());
        arrows += from.len() * to.len();
        if all.len() > MOST_BOXES || arrows > MOST_ARROWS {
            break;
        }
        drawn.push((change, from, to));
    }
    while !drawn.is_empty() {
        let arrows: usize = drawn
            .iter()
            .map(|(_, from, to)| from.len() * to.len())
            .sum();
        // One arrow is a sentence.
        if arrows < 2 {
            return String::new();
        }
        let mut text = format!("```mermaid\n{}```\n\n", flowchart(&drawn));
        let left = changes.len() - drawn.len();
        if left > 0 {
            let _ = write!(text, "… and {left} more.\n\n");
        }
        if text.len() <= most_bytes {
            return text;
        }
        drawn.pop();
    }
    String::new()
}

fn flowchart(drawn: &[(&NetworkChange, BTreeSet<Place<'_>>, BTreeSet<Place<'_>>)]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let all: BTreeSet<&Place<'_>> = drawn
        .iter()
        .flat_map(|(_, from, to)| from.iter().chain(to))
        .collect();
    let mut numbers: BTreeMap<&Place<'_>, usize> = BTreeMap::new();
    let mut open: Option<&str> = None;
    for one in all {
        let (namespace, name) = one;
        if open.is_some() && open != *namespace {
            text.push_str("  end\n");
        }
        let number = numbers.len();
        if let Some(namespace) = namespace
            && open != Some(namespace)
        {
            let _ = writeln!(text, "  subgraph s{number}[\"{}\"]", label(namespace));
        }
        open = *namespace;
        let (indent, left, right) = match namespace {
            Some(_) => ("    ", "[", "]"),
            None => ("  ", "{{", "}}"),
        };
        let _ = writeln!(text, "{indent}n{number}{left}\"{}\"{right}", label(name));
        numbers.insert(one, number);
    }
    if open.is_some() {
        text.push_str("  end\n");
    }
    for (change, from, to) in drawn {
        let arrow = if change.opens { "==>" } else { "-.->" };
        let said = match change.verb() {
            "added" => format!("added: {}", change.after),
            "removed" => format!("removed: {}", change.before),
            _ => format!("changed: {} → {}", change.before, change.after),
        };
        let said = label(&said);
        for from in from {
            for to in to {
                if let (Some(from), Some(to)) = (numbers.get(from), numbers.get(to)) {
                    let _ = writeln!(text, "  n{from} {arrow}|\"{said}\"| n{to}");
                }
            }
        }
    }
    text
}

/// The beginning of a text, between the quotes of Mermaid.
fn label(text: &str) -> String {
    let line = one_line(text);
    let start: String = line.chars().take(LONGEST_LABEL).collect();
    let mut label = mermaid_label(&start);
    if start.len() < line.len() {
        label.push('…');
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::NetworkEnd;

    fn ends(all: &[(&str, &str)]) -> NetworkEnds {
        let named = all.iter().map(|(namespace, name)| NetworkEnd {
            namespace: (!namespace.is_empty()).then(|| (*namespace).to_owned()),
            name: (*name).to_owned(),
        });
        NetworkEnds {
            named: named.collect(),
            more: 0,
        }
    }

    fn change(from: NetworkEnds, to: NetworkEnds, before: &str, after: &str) -> NetworkChange {
        NetworkChange {
            opens: before == "No Connections",
            from,
            to,
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }

    #[test]
    fn a_picture_groups_by_namespace_and_marks_what_changed() {
        let any = ends(&[("", "entire-cluster")]);
        let both = ends(&[("shop", "web[Deployment]"), ("ops", "job[CronJob]")]);
        let payments = ends(&[("shop", "payments[StatefulSet]")]);
        let changes = [
            change(any.clone(), payments.clone(), "No Connections", "TCP 5432"),
            change(both, payments.clone(), "TCP 80", "No Connections"),
        ];
        assert_eq!(
            picture(&changes, 10_000),
            "```mermaid
flowchart LR
  n0{{\"entire-cluster\"}}
  subgraph s1[\"ops\"]
    n1[\"job#91;CronJob#93;\"]
  end
  subgraph s2[\"shop\"]
    n2[\"payments#91;StatefulSet#93;\"]
    n3[\"web#91;Deployment#93;\"]
  end
  n0 ==>|\"added: TCP 5432\"| n2
  n1 -.->|\"removed: TCP 80\"| n2
  n3 -.->|\"removed: TCP 80\"| n2
```

"
        );
        let one = [change(any, payments, "No Connections", "TCP 5432")];
        assert_eq!(picture(&one, 10_000), "", "a sentence says as much");
    }

    #[test]
    fn a_picture_stays_within_one_look_and_its_room() {
        let changes: Vec<NetworkChange> = (0..40)
            .map(|number| {
                let from = ends(&[("shop", &format!("web-{number}"))]);
                let to = ends(&[("data", "payments")]);
                change(from, to, "No Connections", "TCP 5432")
            })
            .collect();
        let text = picture(&changes, 10_000);
        let boxes = text
            .lines()
            .filter(|line| line.starts_with("    n"))
            .count();
        assert_eq!(boxes, MOST_BOXES, "{text}");
        assert!(text.ends_with("```\n\n… and 29 more.\n\n"), "{text}");
        assert!(picture(&changes, 400).len() <= 400);
        assert_eq!(picture(&changes, 60), "");
        let many: Vec<String> = (0..50).map(|number| format!("web-{number}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|name| ("shop", &**name)).collect();
        let changes = [
            change(
                ends(&many),
                ends(&[("", "{ingress-controller}")]),
                "TCP 1",
                "No Connections",
            ),
            change(
                ends(&[("a", "b")]),
                ends(&[("c", "d")]),
                "TCP 1",
                "No Connections",
            ),
        ];
        let text = picture(&changes, 10_000);
        assert!(text.contains("web-0, web-1, web-2 and 47 more"), "{text}");
    }

    #[test]
    fn no_name_leaves_its_box() {
        let hostile = "a\"] --> n9\n```\n<img src=x>%%{init: x}%% `b` click n0 \"javascript:x\"";
        let long = "x".repeat(5_000);
        let changes = [
            change(
                ends(&[(hostile, hostile)]),
                ends(&[("", &long)]),
                hostile,
                hostile,
            ),
            change(
                ends(&[("", hostile)]),
                ends(&[(&long, "y")]),
                "No Connections",
                &long,
            ),
        ];
        let text = picture(&changes, 100_000);
        let inside = text.strip_prefix("```mermaid\n").expect("a block");
        let (inside, rest) = inside.split_once("```\n").expect("its end");
        assert_eq!(rest, "\n");
        assert_eq!(inside.lines().count(), 1 + 4 + 2 * 2 + 2, "{text}");
        for line in inside.lines().skip(1) {
            assert!(line.starts_with("  "), "{line}");
            assert!(matches!(line.matches('"').count(), 0 | 2), "{line}");
            assert!(!line.contains(['<', '`', '%', '(']), "{line}");
            assert!(line.len() < 6 * LONGEST_LABEL, "{line}");
        }
        let mut shown = String::new();
        terminal(&changes, &mut shown);
        assert_eq!(shown.lines().count(), 3, "{shown}");
        assert_eq!(row(&changes[0]).lines().count(), 1);
    }
}
