//! What the checkout before a call puts into the workspace.

use crate::kubernetes::field::quoted;
use crate::syntax::{Node, Span};

use super::compare::Weakness;
use super::scalar;
use super::scripted::{Side, side};
use super::step::{Setting, Step, line, setting};
use super::trigger::Trigger;

/// A step with `actions/checkout`, or another action of that name, that fills the workspace itself.
#[derive(Clone, Debug)]
pub(super) struct Checkout {
    /// The revision; what the event is about where it is not set.
    revision: Option<Setting>,
    repository: Option<Setting>,
    at: Span,
}

impl Checkout {
    /// Reads a step.
    pub(super) fn of(step: Node<'_>) -> Option<Self> {
        let uses = step.entry("uses")?;
        let action = scalar(uses.value)?.split('@').next()?;
        let with = step.get("with");
        let input = |name: &str| setting(with?, name).filter(|input| !input.value.is_empty());
        let elsewhere = input("path").is_some_and(|path| !matches!(&*path.value, "." | "./"));
        (action.rsplit('/').next() == Some("checkout") && !elsewhere).then(|| Self {
            revision: input("ref"),
            repository: input("repository"),
            at: line(&uses),
        })
    }

    /// What it takes on an event.
    fn takes(&self, event: &str) -> Side {
        let is_base = event == "pull_request_target";
        match &self.revision {
            None if is_base => Side::Base,
            None => Side::Head,
            Some(Setting { value, .. }) => {
                let lower = value.to_ascii_lowercase();
                let of_event = ["github.sha", "github.ref ", "github.ref}"];
                let of_event = of_event.iter().any(|name| lower.contains(name));
                match side(value) {
                    _ if of_event && is_base => Side::Base,
                    _ if of_event => Side::Head,
                    _ if lower.contains("refs/pull/") || lower.contains("merge_commit_sha") => {
                        Side::Head
                    }
                    // A name that is the same for every pull request is the head of none.
                    Side::Open if !value.contains("${{") => Side::Base,
                    found => found,
                }
            }
        }
    }
}

/// What a checkout takes less of the change than the one before.
pub(super) fn weaknesses(before: &Step, now: &Step, found: &mut Vec<Weakness>) {
    let (Some(then), Some(script)) = (&before.script, &now.script) else {
        return;
    };
    if script.reads_commits() {
        return;
    }
    let value = |setting: &Option<Setting>| setting.as_ref().map(|setting| setting.value.clone());
    if let Some(now) = &script.checkout
        && let Some(Setting { value: new, at }) = &now.repository
        && then
            .checkout
            .as_ref()
            .and_then(|then| value(&then.repository))
            .as_ref()
            != Some(new)
    {
        let lower = new.to_ascii_lowercase();
        let is_own = [
            "github.repository ",
            "github.repository}",
            "head.repo.full_name",
        ]
        .iter()
        .any(|name| lower.contains(name));
        let sentence = format!("the checkout before it now takes {}", quoted(new));
        if !new.contains("${{") {
            let sentence = format!("{sentence}, so that the files of the change are not judged");
            found.push(Weakness::new("checkout", sentence, *at));
        } else if !is_own {
            let sentence = format!("{sentence}, which cannot be shown to be the change");
            found.push(Weakness::unclear("checkout", sentence, *at));
        }
    }
    for event in &now.triggers {
        let Some(known) = event.counterpart(&before.triggers) else {
            continue;
        };
        if event.comes_late() {
            continue;
        }
        if let Some(weakness) = of_event(
            then.checkout.as_ref(),
            known,
            script.checkout.as_ref(),
            event,
            now,
        ) {
            found.push(weakness);
            return;
        }
    }
}

fn of_event(
    then: Option<&Checkout>,
    known: &Trigger,
    now: Option<&Checkout>,
    event: &Trigger,
    step: &Step,
) -> Option<Weakness> {
    let name = &event.name;
    let Some(now) = now else {
        // Something else fetches the files, or nothing.
        let was = then.is_some();
        return (was || known.name != *name && name == "pull_request_target").then(|| {
            let (what, at) = if was {
                ("checkout", step.at())
            } else {
                ("event", event.at())
            };
            let sentence = "nothing before it checks out the change in a way that can be seen";
            Weakness::unclear(what, sentence.to_owned(), at)
        });
    };
    let was = then.map(|then| then.takes(&known.name));
    let revision = |checkout: &Checkout| checkout.revision.as_ref().map(|of| of.value.clone());
    let same = then.is_some_and(|then| revision(then) == revision(now)) && known.name == *name;
    let is = now.takes(name);
    if same || is == Side::Head || was == Some(is) && is == Side::Base {
        return None;
    }
    let at = match &now.revision {
        Some(revision) => revision.at,
        None if known.name == *name => now.at,
        None => event.at(),
    };
    let of = match &now.revision {
        Some(revision) => format!("takes {} on {name}", quoted(&revision.value)),
        None => format!("takes the base on {name}"),
    };
    Some(if is == Side::Base {
        let sentence = format!(
            "the checkout before it now {of}, so that the files of the change are not judged"
        );
        Weakness::new("checkout", sentence, at)
    } else {
        let sentence =
            format!("the checkout before it now {of}, which cannot be shown to be the change");
        Weakness::unclear("checkout", sentence, at)
    })
}
