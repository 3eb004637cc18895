//! Ways to what is most guarded as a picture: a flowchart of Mermaid, which GitHub draws.
//!
//! Each box is somebody, or what is reached; each arrow is what leads on. Ways that come with the change have thick
//! arrows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::access::proof::Proof;
use crate::redact::redact;

use super::{mermaid_label, one_line};

/// The most boxes of a picture in a comment: more of them are no longer taken in at a glance.
const MOST_BOXES: usize = 12;
/// The longest text of a box or an arrow in a comment, in characters.
const LONGEST_LABEL: usize = 160;

/// How a way is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrow {
    /// It was there before.
    Old,
    /// It comes with the change.
    New,
}

/// A picture that grows way by way.
pub(super) struct Flowchart {
    text: String,
    boxes: BTreeMap<String, usize>,
    arrows: BTreeSet<String>,
    longest_label: usize,
}

impl Flowchart {
    /// Without any ways, and with labels of at most so many characters.
    pub(super) fn new(longest_label: usize) -> Self {
        Self {
            text: "flowchart LR\n".to_owned(),
            boxes: BTreeMap::new(),
            arrows: BTreeSet::new(),
            longest_label,
        }
    }

    /// Draws a way.
    pub(super) fn add(&mut self, proof: &Proof, arrow: Arrow) {
        let arrow = match arrow {
            Arrow::Old => "-->",
            Arrow::New => "==>",
        };
        for step in steps(proof) {
            let [from, to] = [(step.who, false), (step.to, step.is_last)]
                .map(|(name, is_goal)| self.place(name, is_goal));
            let label = self.label(step.does);
            let line = format!("  n{from} {arrow}|\"{label}\"| n{to}");
            if self.arrows.insert(line.clone()) {
                let _ = writeln!(self.text, "{line}");
            }
        }
    }

    /// The source of the picture.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The number of the box of a name.
    fn place(&mut self, name: String, is_goal: bool) -> usize {
        let next = self.boxes.len();
        if let Some(number) = self.boxes.get(&name) {
            return *number;
        }
        let (open, close) = if is_goal { ("{{", "}}") } else { ("[", "]") };
        let label = self.label(&name);
        let _ = writeln!(self.text, "  n{next}{open}\"{label}\"{close}");
        self.boxes.insert(name, next);
        next
    }

    /// The beginning of a text, between the quotes of Mermaid.
    fn label(&self, text: &str) -> String {
        let shown = redact(text);
        let line = one_line(&shown);
        let is_cut = line.chars().count() > self.longest_label;
        let start: String = line.chars().take(self.longest_label).collect();
        let mut label = mermaid_label(&start);
        if is_cut {
            label.push('…');
        }
        label
    }
}

/// A step, and where it leads.
struct Drawn<'p> {
    who: String,
    does: &'p str,
    to: String,
    is_last: bool,
}

fn steps(proof: &Proof) -> impl Iterator<Item = Drawn<'_>> {
    proof.steps.iter().enumerate().map(|(number, step)| {
        let next = proof.steps.get(number + 1);
        Drawn {
            who: step.who.to_string(),
            does: &step.does,
            to: next.map_or_else(|| proof.goal_title(), |step| step.who.to_string()),
            is_last: next.is_none(),
        }
    })
}

/// The ways that a change opens, as a block of a comment of at most so many bytes: as many of them as one look takes in,
/// and how many are left. Nothing where not even the first is small enough.
pub(super) fn block(ways: &[Proof], most_bytes: usize) -> String {
    let mut drawn = 0;
    let mut boxes: BTreeSet<String> = BTreeSet::new();
    for proof in ways {
        boxes.extend(steps(proof).flat_map(|step| [step.who, step.to]));
        if boxes.len() > MOST_BOXES {
            break;
        }
        drawn += 1;
    }
    loop {
        let shown = ways.get(..drawn).unwrap_or_default();
        if shown.is_empty() {
            return String::new();
        }
        let mut chart = Flowchart::new(LONGEST_LABEL);
        for proof in shown {
            chart.add(proof, Arrow::New);
        }
        let mut text = format!("```mermaid\n{}```\n\n", chart.into_text());
        let left = ways.len() - drawn;
        if left > 0 {
            let _ = write!(text, "… and {left} more.\n\n");
        }
        if text.len() <= most_bytes {
            return text;
        }
        drawn -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::goal::Goal;
    use crate::access::proof::Step;
    use crate::access::subject::Subject;

    fn way(names: &[&str], does: &str) -> Proof {
        let subject = |name: &&str| Subject::User((*name).into());
        Proof {
            further: 0,
            subject: subject(&names[0]),
            goal: Goal::ClusterAdmin,
            namespace: None,
            steps: names
                .iter()
                .map(|name| Step {
                    who: subject(name),
                    does: does.to_owned(),
                    evidence: Vec::new(),
                })
                .collect(),
            is_possession: false,
        }
    }

    #[test]
    fn a_picture_stays_within_one_look_and_its_room() {
        let names: Vec<String> = (0..40).map(|number| format!("user-{number}")).collect();
        let ways: Vec<Proof> = names.iter().map(|name| way(&[name], "may")).collect();
        let text = block(&ways, 10_000);
        let boxes = text.lines().filter(|line| line.contains("[\"")).count();
        assert_eq!(boxes, MOST_BOXES - 1, "the goal is one as well\n{text}");
        assert!(text.ends_with("```\n\n… and 29 more.\n\n"), "{text}");
        let smaller = block(&ways, 300);
        assert!(
            smaller.len() <= 300 && smaller.contains("user-0"),
            "{smaller}"
        );
        assert_eq!(block(&ways, 60), "");
        assert_eq!(block(&[], 10_000), "");
        let long: Vec<&str> = names.iter().map(String::as_str).take(12).collect();
        assert_eq!(block(&[way(&long, "may")], 10_000), "", "13 boxes");
    }

    #[test]
    fn no_name_leaves_its_box() {
        let hostile = "a\"] --> n9\n```\n<img src=x>%%{init: x}%% `b` click n0 \"javascript:x\"";
        let text = block(
            &[way(&[hostile], hostile), way(&[&"x".repeat(5_000)], "y")],
            10_000,
        );
        let inside = text.strip_prefix("```mermaid\n").expect("a block");
        let (inside, _) = inside.split_once("```\n").expect("its end");
        assert_eq!(inside.lines().count(), 1 + 3 + 2, "{text}");
        for line in inside.lines().skip(1) {
            assert!(line.starts_with("  n"), "{line}");
            assert_eq!(line.matches('"').count(), 2, "{line}");
            assert!(
                !line.contains(['<', '>', '`', '%', '(']) || line.contains("==>"),
                "{line}"
            );
            assert!(line.len() < 2 * LONGEST_LABEL + 200, "{line}");
        }
    }
}
