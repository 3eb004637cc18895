//! What weakens a call of tidegate in a script. What is not understood is told as such: a script can do anything.

use crate::kubernetes::field::{quoted, shortened};

use super::compare::Weakness;
use super::disarm::Disarm;
use super::shell::Shell;
use super::step::{Script, Setting, Step};

/// What a script does less than it did.
pub(super) fn weaknesses(before: &Step, now: &Step, found: &mut Vec<Weakness>) {
    let Some(script) = &now.script else { return };
    // Where an action did the work, the script is held against one that is as plain as can be.
    let Some(then) = &before.script else {
        standing(None, script, found);
        return;
    };
    if then.compares() && !script.compares() {
        let sentence = "it compared with a base and no longer does, so that nothing is said of the change itself";
        found.push(Weakness::new("base", sentence.to_owned(), now.at));
    }
    revisions(then, script, found);
    standing(Some(then), script, found);
    if script.program.value != then.program.value
        && !script.program.value.is_empty()
        && !then.program.value.is_empty()
    {
        let (old, new) = (
            shortened(&then.program.value),
            shortened(&script.program.value),
        );
        let sentence =
            format!("it ran `{old}` and now runs `{new}`, which cannot be shown to be the same");
        found.push(Weakness::unclear("program", sentence, script.program.at));
    }
    for flag in &script.flags {
        if !then.flags.iter().any(|known| known.value == flag.value) {
            unclear(&flag.value, flag, found);
        }
    }
}

fn unclear(what: &str, at: &Setting, found: &mut Vec<Weakness>) {
    let sentence = format!(
        "`{}` is new to it, which cannot be shown to be harmless",
        shortened(what)
    );
    found.push(Weakness::unclear("script", sentence, at.at));
}

/// What decides whether a call runs, and whether its exit code counts.
fn standing(then: Option<&Script>, script: &Script, found: &mut Vec<Weakness>) {
    let known = found.len();
    if let (None, Some(Setting { value, at })) =
        (then.and_then(|then| then.idle.as_ref()), &script.idle)
    {
        let sentence = format!("it is called with {}, and so judges nothing", quoted(value));
        found.push(Weakness::new("idle", sentence, *at));
    }
    if let (None, Some(Setting { value, at })) = (
        then.and_then(|then| then.swallowed.as_ref()),
        &script.swallowed,
    ) {
        let sentence = format!(
            "its exit code failed the step and is now lost to `{}`",
            shortened(value)
        );
        found.push(Weakness::new("exit-code", sentence, *at));
    }
    if let (None, Some(Setting { value, at })) =
        (then.and_then(|then| then.avoided.as_ref()), &script.avoided)
    {
        let sentence = format!(
            "it now stands behind `{}`, which may skip it or end the step without its exit code",
            shortened(value)
        );
        found.push(Weakness::new("skipped", sentence, *at));
    }
    shell(then, script, found);
    disarmed(then, script, found);
    // What is understood needs no second word.
    let Some(then) = then.filter(|_| found.len() == known) else {
        return;
    };
    if let Some((what, line)) = script.around.changed(&then.around) {
        let at = line.and_then(|line| script.line(line));
        let sentence = format!(
            "the script around it has changed at `{}`, which cannot be shown to be harmless",
            shortened(&what)
        );
        found.push(Weakness::unclear(
            "script",
            sentence,
            at.unwrap_or(script.program.at),
        ));
    }
}

/// What stands before the call and takes its program or its files away: in its own script, and in the steps before it.
fn disarmed(then: Option<&Script>, script: &Script, found: &mut Vec<Weakness>) {
    let is_new = |now: &Disarm, known: &[Disarm]| !known.iter().any(|then| then.text == now.text);
    let known: Vec<Disarm> = then
        .into_iter()
        .flat_map(|then| {
            then.disarms
                .iter()
                .chain(then.earlier.iter().map(|(disarm, _)| disarm))
        })
        .cloned()
        .collect();
    let own = script.disarms.iter().map(|disarm| {
        let at = script.line(disarm.line).unwrap_or(script.program.at);
        ("script", "this script", disarm, at)
    });
    let earlier = script.earlier.iter();
    let earlier = earlier.map(|(disarm, at)| ("earlier", "a step before it", disarm, *at));
    // The action, and a call that names the commit, judge what was committed, and no files.
    let reads_files = !script.reads_commits();
    for (what, whose, disarm, at) in own.chain(earlier) {
        if !is_new(disarm, &known) || !reads_files && !disarm.text.contains("tidegate") {
            continue;
        }
        let shown = shortened(&disarm.text);
        let weakness = if disarm.is_known {
            let sentence = format!(
                "{whose} now runs `{shown}`, which takes away what it judges, or the program that judges"
            );
            Weakness::new(what, sentence, at)
        } else {
            let sentence = format!(
                "{whose} now runs `{shown}`, which cannot be shown to leave what it judges as it is"
            );
            Weakness::unclear(what, sentence, at)
        };
        found.push(weakness.removing(&disarm.removes));
    }
}

fn shell(then: Option<&Script>, script: &Script, found: &mut Vec<Weakness>) {
    let value = |script: &Script| script.shell.as_ref().map(|shell| shell.value.clone());
    let (old, new) = (then.and_then(value), value(script));
    let Some(Setting { value, at }) = script.shell.as_ref().filter(|_| old != new) else {
        return;
    };
    let old = old.map_or_else(|| "not set".to_owned(), |old| quoted(&old));
    match Shell::of(Some(value)) {
        // What a shell that goes on means for the call is known from the script.
        Shell::Stops { .. } | Shell::GoesOn { .. } => {}
        Shell::Other => {
            let sentence = format!(
                "its shell was {old} and is {}, which cannot be shown to be harmless",
                quoted(value)
            );
            found.push(Weakness::unclear("shell", sentence, *at));
        }
        Shell::Unknown => {
            let sentence = format!(
                "its shell was {old} and is {}, which need not run the script at all, or fail with it",
                quoted(value)
            );
            found.push(Weakness::new("shell", sentence, *at));
        }
    }
}

/// What a revision is to a pull request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Base,
    Head,
    Open,
}

pub(super) fn side(value: &str) -> Side {
    const BASE: [&str; 5] = [
        "base_ref",
        "base.ref",
        "base.sha",
        "base_sha",
        "event.before",
    ];
    const HEAD: [&str; 6] = [
        "github.sha",
        "github_sha",
        "head_ref",
        "head.ref",
        "head.sha",
        "head_sha",
    ];
    let lower = value.to_ascii_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match (holds(&BASE), holds(&HEAD) || matches!(value, "HEAD" | "@")) {
        (true, false) => Side::Base,
        (false, true) => Side::Head,
        _ => Side::Open,
    }
}

/// The revisions and the configuration that a call names.
fn revisions(then: &Script, script: &Script, found: &mut Vec<Weakness>) {
    let value = |setting: &Option<Setting>| setting.as_ref().map(|setting| setting.value.clone());
    let changed = |then: &Option<Setting>, now: &Option<Setting>| {
        let is_new = value(then) != value(now);
        now.clone().filter(|_| is_new).map(|now| {
            let was = value(then).map_or_else(|| "not set".to_owned(), |was| quoted(&was));
            (was, now)
        })
    };
    let same = value(&script.base) == value(&script.head);
    let base = changed(&then.base, &script.base);
    if let Some((was, Setting { value, at })) = base.clone() {
        let sentence = format!("--base was {was} and is {}", quoted(&value));
        if side(&value) == Side::Head || same {
            let sentence = format!("{sentence}, so that the change is compared with itself");
            found.push(Weakness::new("base", sentence, at));
        } else if side(&value) == Side::Open && then.base.is_some() {
            let sentence =
                format!("{sentence}, which cannot be shown to be what the change is merged into");
            found.push(Weakness::unclear("base", sentence, at));
        }
    }
    if let Some((was, Setting { value, at })) = changed(&then.head, &script.head) {
        let sentence = format!("--head was {was} and is {}", quoted(&value));
        if side(&value) == Side::Base || same && base.is_none() {
            let sentence = format!("{sentence}, so that the change is not judged");
            found.push(Weakness::new("head", sentence, at));
        } else if side(&value) == Side::Open && !same {
            let sentence = format!("{sentence}, which cannot be shown to be the change");
            found.push(Weakness::unclear("head", sentence, at));
        }
    }
    if let Some((was, Setting { value, at })) = changed(&then.config, &script.config) {
        let sentence = format!("--config was {was} and is {}", quoted(&value));
        if value.starts_with('/') || value.to_ascii_lowercase().contains("runner") {
            let sentence = format!("{sentence}, which cannot be shown to be harmless");
            found.push(Weakness::unclear("config", sentence, at));
        } else {
            let sentence = format!(
                "{sentence}, which the pull request itself can write; the configuration of the base branch counts without it"
            );
            found.push(Weakness::new("config", sentence, at));
        }
    }
}
