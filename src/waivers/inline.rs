//! A waiver in a comment: `# tidegate: allow(family/name) until=2027-01-31 reason="…"`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::pattern::RulePattern;
use crate::config::value::Day;
use crate::kubernetes::Object;
use crate::nearest::nearest;
use crate::syntax::{Node, Span};

/// What a comment accepts on its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// The rules.
    pub rules: Vec<RulePattern>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Day>,
}

impl Inline {
    /// Reads what stands behind `tidegate:`; none if it does not begin like a waiver at all.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    #[must_use]
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        let text = text.trim();
        let word: String = text
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        if word != "allow" {
            // What people would write who know other tools.
            let meant = [
                "ignore", "waive", "disable", "skip", "suppress", "allowed", "Allow", "exempt",
            ];
            return meant.contains(&word.as_str()).then(|| {
                Err(format!(
                    "`{word}` is no word that it knows; write allow(family/name) reason=\"…\""
                ))
            });
        }
        Some(Self::parse_rest(
            text.strip_prefix("allow").unwrap_or_default(),
        ))
    }

    fn parse_rest(text: &str) -> Result<Self, String> {
        let listed = text
            .trim_start()
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'));
        let Some((listed, mut rest)) = listed else {
            return Err("the rule is missing; write allow(family/name) reason=\"…\"".to_owned());
        };
        let rules: Vec<RulePattern> = listed
            .split(',')
            .map(|rule| RulePattern::parse(rule.trim()).map_err(str::to_owned))
            .collect::<Result<_, _>>()?;
        let (mut reason, mut owner, mut until) = (None, None, None);
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
            let (key, behind) = rest
                .split_once('=')
                .filter(|(key, _)| !key.contains(char::is_whitespace))
                .ok_or("behind the rule only reason=\"…\", until=… and owner=… may stand")?;
            let (value, behind) = value(behind).ok_or("a quotation mark is not closed")?;
            rest = behind;
            let slot = match key {
                "reason" => &mut reason,
                "owner" => &mut owner,
                "until" => &mut until,
                _ => {
                    let hint = nearest(key, ["reason", "until", "owner"]).unwrap_or("reason");
                    return Err(format!("there is no `{key}`; did you mean `{hint}`?"));
                }
            };
            if slot.replace(value).is_some() {
                return Err(format!("`{key}` stands twice"));
            }
        }
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        Ok(Self {
            rules,
            reason: reason.ok_or("a waiver needs a reason; write reason=\"…\" behind it")?,
            owner,
            until: until
                .map(|day| Day::parse(&day))
                .transpose()
                .map_err(|why| format!("until: {why}"))?,
        })
    }
}

/// A value, in quotation marks or up to the next space, and what stands behind it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text.get(..end)?.to_owned(), text.get(end..)?));
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, character) in quoted.char_indices() {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((value, quoted.get(at + 1..)?)),
            _ => {
                escaped = false;
                value.push(character);
            }
        }
    }
    None
}

/// Tells what is written on a line, for many lines of one file.
#[derive(Default)]
pub(super) struct Addresses<'a> {
    /// What stands in the mappings and lists that were gone through, if it stands there in order.
    children: HashMap<u32, Option<Vec<Child<'a>>>>,
}

/// What stands in a mapping or a list: where it starts, and its value.
type Child<'a> = (u32, Node<'a>);

impl<'a> Addresses<'a> {
    /// The address, from its object on, of the first thing that is written on a line.
    pub(super) fn of(&mut self, object: Object<'a>, line: Span) -> Arc<str> {
        let root = object.node();
        let node = self.at_line(root, line);
        let whole = node.pointer();
        whole.strip_prefix(&root.pointer()).unwrap_or(&whole).into()
    }

    fn at_line(&mut self, from: Node<'a>, line: Span) -> Node<'a> {
        let mut node = from;
        loop {
            let ordered = self.children.entry(node.id()).or_insert_with(|| {
                let children: Vec<_> = children(node).collect();
                children
                    .is_sorted_by_key(|(start, _)| *start)
                    .then_some(children)
            });
            let found = match ordered {
                None => children(node).find_map(|child| step(child, line)),
                Some(children) => {
                    // The last one before the line may reach into it; else one starts there, or none does.
                    let next = children.partition_point(|(start, _)| *start < line.start);
                    let near = children.get(next.saturating_sub(1)..).unwrap_or_default();
                    near.iter().take(2).find_map(|child| step(*child, line))
                }
            };
            match found {
                Some(Step::Found(found)) => return found,
                Some(Step::Deeper(deeper)) => node = deeper,
                None => return node,
            }
        }
    }
}

enum Step<'a> {
    Found(Node<'a>),
    Deeper(Node<'a>),
}

fn step((start, value): Child<'_>, line: Span) -> Option<Step<'_>> {
    if line.start <= start && start <= line.end {
        return Some(Step::Found(value));
    }
    holds(value.span(), line).then_some(Step::Deeper(value))
}

fn children(node: Node<'_>) -> impl Iterator<Item = Child<'_>> {
    let entries = node.written_entries();
    let entries = entries.map(|entry| (entry.key.span().start, entry.value));
    let items = node.items().map(|item| (item.span().start, item));
    entries.chain(items)
}

fn holds(span: Span, line: Span) -> bool {
    span.start < line.start && line.start <= span.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_in_a_comment_says_what_and_why() {
        let read = |text| Inline::parse(text).unwrap().unwrap();
        let waiver = read(
            r#" allow(pod-security/host-path, rbac/*) until=2027-01-31 owner=@platform reason="reads \"node\" logs""#,
        );
        let rules: Vec<_> = waiver.rules.iter().map(RulePattern::as_str).collect();
        assert_eq!(rules, ["pod-security/host-path", "rbac/*"]);
        assert_eq!(waiver.reason, "reads \"node\" logs");
        assert_eq!(waiver.owner.as_deref(), Some("@platform"));
        assert_eq!(waiver.until.unwrap().to_string(), "2027-01-31");
        assert_eq!(read("allow(a/b) reason=x").reason, "x");
    }

    #[test]
    fn what_is_meant_as_one_and_is_none_is_told() {
        for (text, expected) in [
            ("allow(a/b)", "a waiver needs a reason"),
            ("allow(a/b) reason=\"\"", "a waiver needs a reason"),
            ("allow a/b reason=x", "the rule is missing"),
            ("allow() reason=x", "a rule is written as"),
            ("allow(A/B) reason=x", "a rule is written as"),
            ("allow(a/b) reason=\"x", "not closed"),
            ("allow(a/b) because", "only reason"),
            ("allow(a/b) resaon=x", "did you mean `reason`"),
            ("allow(a/b) reason=x reason=y", "stands twice"),
            ("allow(a/b) reason=x until=soon", "until: a day"),
            ("ignore a/b", "`ignore`"),
        ] {
            let error = Inline::parse(text).unwrap().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        for text in ["", "see the README", "allowance"] {
            assert_eq!(Inline::parse(text), None, "{text}");
        }
    }
}
