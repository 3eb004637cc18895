//! What starts a workflow: its `on`.

use crate::kubernetes::field::quoted;
use crate::syntax::{Entry, Node, Span};

use super::scalar;

/// The events that stand before a merge, or see what was merged.
const GATES: [&str; 4] = ["pull_request", "pull_request_target", "merge_group", "push"];

/// The activities that start a workflow where `types` does not say.
const DEFAULT_TYPES: [&str; 3] = ["opened", "synchronize", "reopened"];

/// One event of `on`.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    at: Span,
    filters: Vec<Filter>,
}

#[derive(Clone, Debug)]
struct Filter {
    key: String,
    values: Vec<String>,
    at: Span,
}

/// The `on` of a workflow. As a plain word it is a boolean to Kubernetes' reader, and text to GitHub's.
pub(super) fn on(root: Node<'_>) -> Option<Entry<'_>> {
    let is_on = |entry: &Entry<'_>| entry.key.source().trim_matches(['"', '\'']) == "on";
    root.entries().find(is_on)
}

/// Events and where the `on` stands.
pub(super) fn read(root: Node<'_>) -> (Vec<Trigger>, Span) {
    let Some(on) = on(root) else {
        return (Vec::new(), Span::default());
    };
    let bare = |node: Node<'_>| {
        Some(Trigger {
            name: scalar(node)?.to_owned(),
            at: node.span(),
            filters: Vec::new(),
        })
    };
    let mut triggers: Vec<Trigger> = if on.value.is_mapping() {
        on.value.entries().map(full).collect()
    } else if on.value.is_sequence() {
        on.value.items().filter_map(bare).collect()
    } else {
        bare(on.value).into_iter().collect()
    };
    triggers.retain(|trigger| GATES.contains(&trigger.name.as_str()));
    (triggers, on.key.span())
}

fn full(entry: Entry<'_>) -> Trigger {
    let filters = entry.value.entries().map(|filter| Filter {
        key: filter.key.key_text().to_owned(),
        values: if filter.value.is_sequence() {
            filter
                .value
                .items()
                .filter_map(scalar)
                .map(Into::into)
                .collect()
        } else {
            scalar(filter.value).map(Into::into).into_iter().collect()
        },
        at: filter.key.span(),
    });
    Trigger {
        name: entry.key.key_text().to_owned(),
        at: entry.key.span(),
        filters: if entry.value.is_mapping() {
            filters.collect()
        } else {
            Vec::new()
        },
    }
}

/// True if a condition asks for nothing but the event, and holds for each of these.
pub(super) fn always_holds(condition: &str, triggers: &[Trigger]) -> bool {
    if condition.contains(['(', ')', '[']) || triggers.is_empty() {
        return false;
    }
    let holds = |comparison: &str, event: &str| -> Option<bool> {
        let (equal, (one, other)) = match comparison.split_once("==") {
            Some(sides) => (true, sides),
            None => (false, comparison.split_once("!=")?),
        };
        let (one, other) = (one.trim(), other.trim());
        let (("github.event_name", text) | (text, "github.event_name")) = (one, other) else {
            return None;
        };
        let text = text.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(text.eq_ignore_ascii_case(event) == equal)
    };
    triggers.iter().all(|trigger| {
        condition.split("||").any(|all| {
            let mut all = all.split("&&");
            all.all(|comparison| holds(comparison, &trigger.name) == Some(true))
        })
    })
}

/// True if the event is about a pull request.
fn is_pull_request(name: &str) -> bool {
    name.starts_with("pull_request")
}

impl Trigger {
    /// The event of another workflow that does the work of this one.
    pub(super) fn counterpart<'t>(&self, others: &'t [Self]) -> Option<&'t Self> {
        let same = others.iter().find(|other| other.name == self.name);
        same.or_else(|| {
            let mut others = others.iter();
            others.find(|other| is_pull_request(&self.name) && is_pull_request(&other.name))
        })
    }

    /// Where its name stands.
    pub(super) fn at(&self) -> Span {
        self.at
    }

    /// True if the event does not stand before a merge.
    pub(super) fn comes_late(&self) -> bool {
        self.name == "push"
    }

    fn filter(&self, key: &str) -> Option<&Filter> {
        self.filters.iter().find(|filter| filter.key == key)
    }

    /// What this event lets through less than it did: what is told of it, and where.
    pub(super) fn narrowed(&self, before: &Self) -> Vec<(&'static str, String, Span)> {
        let mut told = Vec::new();
        let event = &self.name;
        for (key, discriminator) in [("paths", "paths"), ("branches", "branches")] {
            let Some(filter) = self.filter(key) else {
                continue;
            };
            let all = filter.values.iter().any(|value| value == "**");
            let (lost, verb) = match before.filter(key) {
                None => (
                    filter.values.first().filter(|_| !all),
                    "now only lets through",
                ),
                Some(before) => {
                    let gone = before.values.iter();
                    let mut gone = gone
                        .filter(|value| !value.starts_with('!') && !filter.values.contains(value));
                    (gone.next().filter(|_| !all), "no longer lets through")
                }
            };
            let known = before.filter(key).map(|before| before.values.as_slice());
            let mut refused = filter.values.iter().filter(|value| {
                value.starts_with('!') && !known.unwrap_or_default().contains(value)
            });
            let lost = lost
                .map(|value| (value, verb))
                .or_else(|| Some((refused.next()?, "now excludes")));
            if let Some((value, verb)) = lost {
                told.push((
                    discriminator,
                    format!("{event}.{key} {verb} {}, and was wider", quoted(value)),
                    filter.at,
                ));
            }
        }
        for (key, discriminator) in [
            ("paths-ignore", "paths-ignore"),
            ("branches-ignore", "branches-ignore"),
        ] {
            let Some(filter) = self.filter(key) else {
                continue;
            };
            let before = before.filter(key).map(|before| before.values.as_slice());
            let mut new = filter.values.iter();
            if let Some(value) = new.find(|value| !before.unwrap_or_default().contains(value)) {
                told.push((
                    discriminator,
                    format!("{event}.{key} now holds {}", quoted(value)),
                    filter.at,
                ));
            }
        }
        if let Some(lost) = self.lost_type(before) {
            let at = self.filter("types").map_or(self.at, |filter| filter.at);
            let sentence = format!("{event}.types no longer holds {}", quoted(&lost));
            told.push(("types", sentence, at));
        }
        told
    }

    fn types(&self) -> Option<Vec<&str>> {
        match self.filter("types") {
            Some(filter) => Some(filter.values.iter().map(String::as_str).collect()),
            None if is_pull_request(&self.name) => Some(DEFAULT_TYPES.to_vec()),
            None => None,
        }
    }

    fn lost_type(&self, before: &Self) -> Option<String> {
        let now = self.types()?;
        let before = before.types()?;
        let lost = before.into_iter().find(|kind| !now.contains(kind));
        lost.map(ToOwned::to_owned)
    }
}
