//! What a change of a control takes from it.

use std::collections::BTreeSet;

use crate::finding::Severity;
use crate::syntax::Span;

use super::admission::{Control, ControlKind, Effect, Override, Part};
use super::field::{Field, quoted, shortened, shown};

/// Something that a control no longer does.
#[derive(Clone, Debug)]
pub struct Weakening<'a> {
    /// The field of the control that says so, present or not.
    pub field: Field<'a>,
    /// Another place than that of the field.
    pub at: Option<Span>,
    /// How much it matters.
    pub severity: Severity,
    /// What tells it from others of the same field.
    pub discriminator: String,
    /// What is said; it starts with the field.
    pub sentence: String,
}

/// What a control no longer does that one before it did.
#[must_use]
pub fn weakenings<'a>(before: Control<'a>, after: Control<'a>) -> Vec<Weakening<'a>> {
    let mut found = Weakenings(Vec::new());
    action(before, after, &mut found);
    overrides(before, after, &mut found);
    failure_policies(before, after, &mut found);
    parts(before, after, &mut found);
    validations(before, after, &mut found);
    webhooks(before, after, &mut found);
    found.0
}

struct Weakenings<'a>(Vec<Weakening<'a>>);

impl<'a> Weakenings<'a> {
    fn report(&mut self, field: Field<'a>) -> Draft<'_, 'a> {
        Draft {
            found: &mut self.0,
            weakening: Weakening {
                field,
                at: None,
                severity: Severity::High,
                discriminator: String::new(),
                sentence: String::new(),
            },
        }
    }
}

struct Draft<'f, 'a> {
    found: &'f mut Vec<Weakening<'a>>,
    weakening: Weakening<'a>,
}

impl Draft<'_, '_> {
    fn at(mut self, at: Span) -> Self {
        self.weakening.at = Some(at);
        self
    }

    fn severity(mut self, severity: Severity) -> Self {
        self.weakening.severity = severity;
        self
    }

    fn discriminator(mut self, discriminator: &str) -> Self {
        discriminator.clone_into(&mut self.weakening.discriminator);
        self
    }

    fn say(mut self, sentence: &str) {
        sentence.clone_into(&mut self.weakening.sentence);
        self.found.push(self.weakening);
    }
}

/// Where a Kyverno policy, or a rule of it, no longer refuses in some namespaces.
fn overrides<'a>(before: Control<'a>, after: Control<'a>, found: &mut Weakenings<'a>) {
    let kept: BTreeSet<u64> = after.overrides().map(Override::content).collect();
    let mut gone = before
        .overrides()
        .filter(|was| was.effect() == Effect::Enforced && !kept.contains(&was.content()));
    let strict = after
        .overrides()
        .any(|now| now.effect() == Effect::Enforced);
    if before.effect() == Effect::Told
        && after.effect() == Effect::Told
        && !strict
        && gone.next().is_some()
    {
        found.report(after.overrides_field()).say(
            "validationFailureActionOverrides no longer holds the Enforce that it held, so that what was refused there is let in and only told of; restore it",
        );
    }
    if before.effect() != Effect::Enforced || after.effect() == Effect::Told {
        return;
    }
    let known: BTreeSet<u64> = before.overrides().map(Override::content).collect();
    for now in after.overrides() {
        told_instead(now, &known, "validationFailureActionOverrides", found);
    }
    for (was, now) in both(before, after) {
        let known: BTreeSet<u64> = was.overrides().map(Override::content).collect();
        let of = format!(
            "failureActionOverrides of the rule `{}`",
            shortened(now.name())
        );
        for now in now.overrides() {
            told_instead(now, &known, &of, found);
        }
    }
}

fn told_instead<'a>(
    now: Override<'a>,
    known: &BTreeSet<u64>,
    of: &str,
    found: &mut Weakenings<'a>,
) {
    if now.effect() != Effect::Told || known.contains(&now.content()) {
        return;
    }
    let (severity, place) = if now.is_narrow() {
        (Severity::Medium, "in some namespaces")
    } else {
        (Severity::High, "in every namespace")
    };
    found.report(now.action())
        .severity(severity)
        .discriminator(of)
        .say(&format!(
            "{of} now says {}, so that what it refused is let in and only told of, {place}; take it out",
            said(now.action())
        ));
}

/// Webhooks that are gone from their configuration.
fn webhooks<'a>(before: Control<'a>, after: Control<'a>, found: &mut Weakenings<'a>) {
    if after.kind() != ControlKind::Webhooks || !after.validates() || !after.is_whole() {
        return;
    }
    let Some(field) = after.parts_field() else {
        return;
    };
    let names: BTreeSet<&str> = after.parts().map(Part::name).collect();
    let known: BTreeSet<&str> = before.parts().map(Part::name).collect();
    // Under a new name, one that is asked the same takes the place of another.
    let new: BTreeSet<_> = after
        .parts()
        .filter(|part| !known.contains(part.name()) && !lets_pass(*part))
        .map(Part::asked_about)
        .collect();
    for gone in before.parts().filter(|part| !names.contains(part.name())) {
        if new.contains(&gone.asked_about()) {
            continue;
        }
        let at = if field.is_set() {
            field.span()
        } else {
            after.object().name_span()
        };
        found
            .report(field)
            .at(at)
            .severity(weight_of_webhook(gone))
            .discriminator(gone.name())
            .say(&format!(
                "webhooks no longer holds {}, so that what it refused is let in; keep it",
                quoted(gone.name())
            ));
    }
}

fn lets_pass(webhook: Part<'_>) -> bool {
    webhook.failure_policy().as_str() == Some("Ignore")
}

/// How much it matters that a webhook is gone.
#[must_use]
pub fn weight_of_webhook(webhook: Part<'_>) -> Severity {
    if lets_pass(webhook) || !webhook.sees_built_in_kinds() {
        Severity::Low
    } else {
        Severity::High
    }
}

/// The action of the whole object.
fn action<'a>(before: Control<'a>, after: Control<'a>, found: &mut Weakenings<'a>) {
    if before.effect() != Effect::Enforced || after.effect() != Effect::Told {
        return;
    }
    if let Some(off) = after.admission().filter(|_| after.is_off()) {
        let name = match after.kind() {
            ControlKind::KyvernoExpressions => "evaluation.admission.enabled",
            _ => "admission",
        };
        found.report(off).say(&format!(
            "{name} is now false, so that it is no longer asked when objects are admitted, and what it refused is let in; take it out"
        ));
        return;
    }
    let Some(field) = after.action() else { return };
    let was = before.action().map(said).unwrap_or_default();
    if was == said(field) {
        // It is said by what stands below: by a rule, or by a point of enforcement.
        if let Some(scoped) = after.scoped_field() {
            found.report(scoped).say("scopedEnforcementActions no longer holds deny for admission, so that what it refused is let in and only told of; restore it");
        }
        return;
    }
    let name = field_name(after);
    found.report(field).say(&format!(
        "{name} was {was} and is {}, so that what it refused is let in and only told of; restore it",
        said(field)
    ));
}

fn field_name(control: Control<'_>) -> &'static str {
    match control.kind() {
        ControlKind::Binding | ControlKind::KyvernoExpressions => "validationActions",
        ControlKind::Constraint => "enforcementAction",
        _ => "validationFailureAction",
    }
}

/// What a field says, lists included, for a message.
#[must_use]
pub fn said(field: Field<'_>) -> String {
    let Some(node) = field.node() else {
        return "not set".to_owned();
    };
    if !node.is_sequence() {
        return shown(node);
    }
    let items: Vec<_> = node.items().map(shown).collect();
    shortened(&format!("[{}]", items.join(", ")))
}

fn failure_policies<'a>(before: Control<'a>, after: Control<'a>, found: &mut Weakenings<'a>) {
    if let (Some(was), Some(now)) = (before.failure_policy(), after.failure_policy()) {
        fails_open(was, now, "failurePolicy", found);
    }
    if after.kind() != ControlKind::Webhooks {
        return;
    }
    for (was, now) in both(before, after).filter(|(_, now)| now.sees_built_in_kinds()) {
        let of = format!("failurePolicy of {}", now.title());
        fails_open(was.failure_policy(), now.failure_policy(), &of, found);
    }
}

fn fails_open<'a>(was: Field<'_>, now: Field<'a>, of: &str, found: &mut Weakenings<'a>) {
    if was.as_str() != Some("Ignore") && now.as_str() == Some("Ignore") {
        found.report(now).say(&format!(
            "{of} was {} and is \"Ignore\", so that what it guards is let in while it fails; set it to Fail",
            was.node().map_or_else(|| "\"Fail\", the default,".to_owned(), shown)
        ));
    }
}

/// The parts that both have, by name.
fn both<'a>(before: Control<'a>, after: Control<'a>) -> impl Iterator<Item = (Part<'a>, Part<'a>)> {
    after.parts().filter_map(move |now| {
        let was = before.parts().find(|was| was.name() == now.name())?;
        Some((was, now))
    })
}

/// The rules of a Kyverno policy, where the policy goes on refusing.
fn parts<'a>(before: Control<'a>, after: Control<'a>, found: &mut Weakenings<'a>) {
    let told = after.is_off() || before.action().map(said) != after.action().map(said);
    if after.kind() != ControlKind::Kyverno || after.effect() == Effect::Told && told {
        return;
    }
    for (was, now) in both(before, after) {
        if let Some(field) = told_of_images(before, was, after, now) {
            let name = shortened(now.name());
            found.report(field).discriminator(now.name()).say(&format!(
                "failureAction of an entry of verifyImages of the rule `{name}` now comes to \"Audit\" where it was \"Enforce\", so that images that it refused are let in; set it to Enforce again"
            ));
            continue;
        }
        if before.effect_of(was) == Effect::Enforced && after.effect_of(now) == Effect::Told {
            let name = shortened(now.name());
            found.report(now.action()).say(&format!(
                "failureAction of the rule `{name}` now comes to \"Audit\" where it was \"Enforce\", so that what it refused is let in and only told of; set it to Enforce again"
            ));
        }
    }
    let names: BTreeSet<&str> = after.parts().map(Part::name).collect();
    let gone: Vec<_> = before
        .parts()
        .filter(|part| !names.contains(part.name()))
        .filter(|part| before.effect_of(*part) == Effect::Enforced)
        .collect();
    // A rule under a new name is another one in its place.
    if after.parts().count() >= before.parts().count() || !after.is_whole() {
        return;
    }
    for part in gone {
        let Some(rules) = after.parts_field() else {
            continue;
        };
        found.report(rules).discriminator(part.name()).say(&format!(
            "rules no longer holds {}, so that what it refused is let in; keep it",
            quoted(part.name())
        ));
    }
}

/// Where a rule of a Kyverno policy is now told of images that it refused.
fn told_of_images<'a>(
    before: Control<'a>,
    was: Part<'a>,
    after: Control<'a>,
    now: Part<'a>,
) -> Option<Field<'a>> {
    let enforced = |control: Control<'a>, part: Part<'a>| {
        let effects = control.image_effects(part).into_iter();
        effects
            .filter(|(_, effect)| *effect == Effect::Enforced)
            .count()
    };
    let mut now_told = after
        .image_effects(now)
        .into_iter()
        .filter(|(_, effect)| *effect == Effect::Told);
    let (field, _) = now_told.next_back()?;
    (enforced(before, was) > enforced(after, now)).then_some(field)
}

/// The expressions of a policy that are gone and stand in no other.
fn validations<'a>(before: Control<'a>, after: Control<'a>, found: &mut Weakenings<'a>) {
    let Some(field) = after.validations_field().filter(|_| after.is_whole()) else {
        return;
    };
    let expressions = |control: Control<'a>| -> Vec<&'a str> {
        let items = control
            .validations_field()
            .into_iter()
            .flat_map(Field::items);
        items
            .filter_map(|item| item.present("expression")?.as_str())
            .collect()
    };
    let (was, now) = (expressions(before), expressions(after));
    // One in the place of another is another way to ask.
    if now.len() >= was.len() {
        return;
    }
    let known: BTreeSet<&str> = now.iter().copied().collect();
    let gone = was
        .into_iter()
        .filter(|gone| !known.contains(gone))
        .find(|gone| !now.iter().take(64).any(|now| now.contains(gone.trim())));
    if let Some(gone) = gone {
        let at = if field.is_set() {
            field.span()
        } else {
            after.object().name_span()
        };
        found.report(field).at(at).discriminator(gone).say(&format!(
            "validations no longer holds {}, so that what it refused is let in; keep it",
            quoted(gone)
        ));
    }
}
