use std::collections::{BTreeMap, BTreeSet};

use crate::kubernetes::admission::{Control, ControlKind, Effect, Override, Part};
use crate::kubernetes::field::{Field, quoted, shortened, shown};
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::predecessors::Predecessors;

declare_rule! {
    /// A change takes an admission policy away, or has it tell what it refused.
    ///
    /// ## Why it matters
    /// An admission policy is what keeps bad objects out of the cluster, whoever writes them. Without it, or with
    /// `Audit`, `Warn` or `dryrun` where it said `Deny`, `Enforce` or `deny`, everything that it refused is let in. With
    /// `failurePolicy: Ignore` the same happens whenever it fails to answer. What only told before is low.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: binding.yaml
    /// apiVersion: admissionregistration.k8s.io/v1
    /// kind: ValidatingAdmissionPolicyBinding
    /// metadata:
    ///   name: signed-images
    /// spec:
    ///   policyName: signed-images
    ///   validationActions: [Deny]
    /// # file: binding.yaml
    /// apiVersion: admissionregistration.k8s.io/v1
    /// kind: ValidatingAdmissionPolicyBinding
    /// metadata:
    ///   name: signed-images
    /// spec:
    ///   policyName: signed-images
    ///   validationActions: [Audit]
    /// ```
    ///
    /// ## Instead
    /// Leave the policy as it is, and except the one namespace that needs it.
    /// ```yaml good
    /// # base: binding.yaml
    /// apiVersion: admissionregistration.k8s.io/v1
    /// kind: ValidatingAdmissionPolicyBinding
    /// metadata:
    ///   name: signed-images
    /// spec:
    ///   policyName: signed-images
    ///   validationActions: [Deny]
    /// # file: policies/binding.yaml
    /// apiVersion: admissionregistration.k8s.io/v1
    /// kind: ValidatingAdmissionPolicyBinding
    /// metadata:
    ///   name: signed-images
    /// spec:
    ///   policyName: signed-images
    ///   validationActions: [Deny, Audit]
    /// ```
    ///
    /// ## Limits
    /// Looked at are `ValidatingAdmissionPolicy`, `MutatingAdmissionPolicy` and their bindings; of Kyverno the policies of
    /// rules, those of expressions (`policies.kyverno.io`) and the `PolicyException`; the constraints and the templates of
    /// Gatekeeper; and webhooks. What a policy asks, what it matches and which namespaces it leaves out is not compared.
    /// An object counts as removed if it is nowhere in the head, under another name neither; a policy of another kind
    /// that takes its place is not recognised. A binding, or a template, that goes with its policy, or with its
    /// constraints, is told with these.
    ///
    /// A copy of a policy that is new in its place is held against the copy of the base in the same folder, in the same
    /// declared cluster, or in a kustomization that was there before; in another folder it is an alternative. An
    /// exception, or an override, for named objects or namespaces is medium, and high where it names none. A validating
    /// webhook that is removed is high where it fails closed and is asked about kinds of Kubernetes itself, and low where
    /// it may be passed by or looks at custom resources alone; the latter is silent where its Service goes as well, as
    /// then the application is taken down. A mutating webhook may be removed in silence.
    "namespace/admission-policy-weakened",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2022: K04", "CWE-693"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    removed(pair, sink);
    let mut predecessors = Predecessors::of(pair, &context.clusters, |object| {
        Control::of(object).is_some()
    });
    let policies = Policies::of(pair);
    for after in pair.head.objects().filter_map(Control::of) {
        let known = predecessors.of_object(after.object());
        let mut sink = sink.about(after.object());
        if after.kind() == ControlKind::Exception {
            let before: Vec<_> = known.into_iter().filter_map(Control::of).collect();
            exception(&before, after, &policies, &mut sink);
            continue;
        }
        for before in known.into_iter().filter_map(Control::of) {
            action(before, after, &mut sink);
            overrides(before, after, &mut sink);
            policy_name(before, after, &policies, &mut sink);
            failure_policies(before, after, &mut sink);
            parts(before, after, &mut sink);
            webhooks(before, after, &mut sink);
        }
    }
}

/// What is known of policies by name.
struct Policies<'a> {
    /// Those of the base that bindings name, and those of the head.
    bound: (BTreeSet<&'a str>, BTreeSet<&'a str>),
    /// The strongest effect of the Kyverno policies of each side.
    kyverno: (BTreeMap<&'a str, bool>, BTreeSet<&'a str>),
    /// The exceptions of the base, wherever they stand.
    exceptions: BTreeSet<(Option<&'a str>, &'a str)>,
}

impl<'a> Policies<'a> {
    fn of(pair: &Pair<'a>) -> Self {
        let mut policies = Self {
            bound: (BTreeSet::new(), BTreeSet::new()),
            kyverno: (BTreeMap::new(), BTreeSet::new()),
            exceptions: BTreeSet::new(),
        };
        for control in pair.base.objects().filter_map(Control::of) {
            let (.., namespace, name) = control.object().resource().identity();
            match control.kind() {
                ControlKind::Policy => {
                    policies.bound.0.insert(name);
                }
                ControlKind::Kyverno | ControlKind::KyvernoExpressions => {
                    let refuses = policies.kyverno.0.entry(name).or_default();
                    *refuses |= control.effect() != Effect::Told;
                }
                ControlKind::Exception => {
                    policies.exceptions.insert((namespace, name));
                }
                _ => {}
            }
        }
        for control in pair.head.objects().filter_map(Control::of) {
            let (.., name) = control.object().resource().identity();
            match control.kind() {
                ControlKind::Policy => {
                    policies.bound.1.insert(name);
                }
                ControlKind::Kyverno | ControlKind::KyvernoExpressions => {
                    policies.kyverno.1.insert(name);
                }
                _ => {}
            }
        }
        policies
    }

    /// How much it matters to be excepted from a policy: nothing where it is as new as the exception.
    fn weight(&self, policy: &str, is_narrow: bool) -> Option<Severity> {
        match self.kyverno.0.get(policy) {
            Some(false) => Some(Severity::Low),
            None if self.kyverno.1.contains(policy) => None,
            _ if is_narrow => Some(Severity::Medium),
            _ => Some(Severity::High),
        }
    }
}

/// What an exception lets pass and did not let pass before. A copy for another place is an alternative.
fn exception(
    before: &[Control<'_>],
    after: Control<'_>,
    policies: &Policies<'_>,
    sink: &mut Sink<'_>,
) {
    let (.., namespace, name) = after.object().resource().identity();
    if before.is_empty() && policies.exceptions.contains(&(namespace, name)) {
        return;
    }
    let known: BTreeSet<String> = before
        .iter()
        .flat_map(|before| before.excepted())
        .map(|(policy, _)| policy)
        .collect();
    let widened = !before.is_empty()
        && before
            .iter()
            .all(|before| before.excepted_objects() != after.excepted_objects());
    let is_narrow = after.is_narrow();
    for (policy, node) in after.excepted() {
        let is_new = !known.contains(&policy);
        let of = policy.split_once(", rule ").map_or(&*policy, |(of, _)| of);
        let Some(severity) = policies.weight(of, is_narrow).filter(|_| is_new || widened) else {
            continue;
        };
        let sentence = if is_new {
            "is now passed by what this exception matches, so that what it refused is let in"
        } else {
            "is passed by other objects than before, as what this exception matches has changed"
        };
        sink.report(Field::of(node))
            .severity(severity)
            .discriminator(&policy)
            .say(&format!(
                "the policy {} {sentence}; fix the objects, or name only those that need it",
                quoted(&policy)
            ));
    }
}

/// Where a Kyverno policy, or a rule of it, no longer refuses in some namespaces.
fn overrides(before: Control<'_>, after: Control<'_>, sink: &mut Sink<'_>) {
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
        sink.report(after.overrides_field()).say(
            "validationFailureActionOverrides no longer holds the Enforce that it held, so that what was refused there is let in and only told of; restore it",
        );
    }
    if before.effect() != Effect::Enforced || after.effect() == Effect::Told {
        return;
    }
    let known: BTreeSet<u64> = before.overrides().map(Override::content).collect();
    for now in after.overrides() {
        told_instead(now, &known, "validationFailureActionOverrides", sink);
    }
    for (was, now) in both(before, after) {
        let known: BTreeSet<u64> = was.overrides().map(Override::content).collect();
        let of = format!(
            "failureActionOverrides of the rule `{}`",
            shortened(now.name())
        );
        for now in now.overrides() {
            told_instead(now, &known, &of, sink);
        }
    }
}

fn told_instead(now: Override<'_>, known: &BTreeSet<u64>, of: &str, sink: &mut Sink<'_>) {
    if now.effect() != Effect::Told || known.contains(&now.content()) {
        return;
    }
    let (severity, place) = if now.is_narrow() {
        (Severity::Medium, "in some namespaces")
    } else {
        (Severity::High, "in every namespace")
    };
    sink.report(now.action())
        .severity(severity)
        .discriminator(of)
        .say(&format!(
            "{of} now says {}, so that what it refused is let in and only told of, {place}; take it out",
            value(now.action())
        ));
}

/// A binding that puts another policy to work.
fn policy_name(
    before: Control<'_>,
    after: Control<'_>,
    policies: &Policies<'_>,
    sink: &mut Sink<'_>,
) {
    let (Some(field), Some(was), Some(now)) = (
        after.policy_field(),
        before.policy_name(),
        after.policy_name(),
    ) else {
        return;
    };
    if was == now || now.contains("{{") || before.effect() == Effect::Told {
        return;
    }
    let (base, head) = &policies.bound;
    let exists = head.contains(now);
    // Under another name: whether it still asks the same is told of the policy itself.
    if exists && !head.contains(was) {
        return;
    }
    let (severity, so) = if exists {
        (
            Severity::High,
            "which is another policy, and the first refuses nothing without a binding",
        )
    } else if base.contains(was) {
        (
            Severity::High,
            "and no policy of that name is here, so that nothing is refused",
        )
    } else {
        (
            Severity::Medium,
            "and neither of them is here, so that it cannot be shown to refuse the same",
        )
    };
    sink.report(field).severity(severity).say(&format!(
        "policyName was {} and is {}, {so}; bind the first again",
        quoted(was),
        quoted(now)
    ));
}

/// Webhooks that are gone from their configuration.
fn webhooks(before: Control<'_>, after: Control<'_>, sink: &mut Sink<'_>) {
    if after.kind() != ControlKind::Webhooks || !after.validates() || !is_whole(after.object()) {
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
        sink.report(field)
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

fn weight_of_webhook(webhook: Part<'_>) -> Severity {
    if lets_pass(webhook) || !webhook.sees_built_in_kinds() {
        Severity::Low
    } else {
        Severity::High
    }
}

/// What is gone from a patch, or a patch that is gone, may stand in the object that it changes.
fn is_whole(object: Object<'_>) -> bool {
    object.completeness() != Completeness::Partial
}

fn removed(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let gone: Vec<Control<'_>> = pair
        .removed()
        .into_iter()
        .filter(|object| is_whole(*object))
        .filter_map(Control::of)
        .filter(|control| control.kind() != ControlKind::Exception)
        .collect();
    let (webhooks, gone): (Vec<_>, Vec<_>) = gone
        .into_iter()
        .partition(|control| control.kind() == ControlKind::Webhooks);
    removed_webhooks(pair, &webhooks, sink);
    let policies: BTreeSet<&str> = gone
        .iter()
        .filter(|control| control.kind() == ControlKind::Policy)
        .map(|control| &*control.object().resource().name)
        .collect();
    let constraints: BTreeSet<&str> = gone
        .iter()
        .filter(|control| control.kind() == ControlKind::Constraint)
        .map(|control| &*control.object().resource().kind)
        .collect();
    for control in &gone {
        let with_others = match control.kind() {
            ControlKind::Binding => control
                .policy_name()
                .is_some_and(|name| policies.contains(name)),
            ControlKind::ConstraintTemplate => control
                .constraint_kind()
                .is_some_and(|kind| constraints.contains(kind)),
            _ => false,
        };
        if with_others {
            continue;
        }
        let (severity, so) = match control.effect() {
            Effect::Told => (Severity::Low, "nobody is told any longer of what it found"),
            _ if !control.validates() => (Severity::High, "what it changed is let in as it is"),
            _ => (Severity::High, "what it refused is let in"),
        };
        let unless = unless_hidden(pair);
        sink.about(control.object())
            .report_removed(pair)
            .severity(severity)
            .discriminator("removed")
            .say(&format!("it is removed, so that {so}{unless}; keep it"));
    }
}

fn unless_hidden(pair: &Pair<'_>) -> &'static str {
    if pair.pairs.hides_more() {
        ", unless it is in a file of this change that could not be read"
    } else {
        ""
    }
}

/// Configurations of webhooks that are gone as a whole.
fn removed_webhooks(pair: &Pair<'_>, gone: &[Control<'_>], sink: &mut Sink<'_>) {
    let gone: Vec<_> = gone.iter().filter(|control| control.validates()).collect();
    if gone.is_empty() {
        return;
    }
    let services = |objects: &mut dyn Iterator<Item = Object<'_>>| -> BTreeSet<String> {
        let services = objects.filter(|object| object.kind().name == "Service");
        services
            .map(|object| object.resource().name.to_string())
            .collect()
    };
    let kept = services(&mut pair.head.objects());
    let had = services(&mut pair.base.objects());
    for control in gone {
        // What refuses only objects of an application that is taken down has nothing left to refuse.
        let answers = |part: Part<'_>| {
            let service = part.service();
            service.is_none_or(|(_, name)| kept.contains(name) || !had.contains(name))
        };
        let parts = control
            .parts()
            .filter(|part| part.sees_built_in_kinds() || answers(*part));
        let Some(severity) = parts.map(weight_of_webhook).max() else {
            continue;
        };
        let unless = unless_hidden(pair);
        sink.about(control.object())
            .report_removed(pair)
            .severity(severity)
            .discriminator("removed")
            .say(&format!(
                "it is removed, so that what its webhooks refused is let in{unless}; keep it"
            ));
    }
}

/// The action of the whole object.
fn action(before: Control<'_>, after: Control<'_>, sink: &mut Sink<'_>) {
    if before.effect() != Effect::Enforced || after.effect() != Effect::Told {
        return;
    }
    if let Some(off) = after.admission().filter(|_| after.is_off()) {
        let name = match after.kind() {
            ControlKind::KyvernoExpressions => "evaluation.admission.enabled",
            _ => "admission",
        };
        sink.report(off).say(&format!(
            "{name} is now false, so that it is no longer asked when objects are admitted, and what it refused is let in; take it out"
        ));
        return;
    }
    let Some(field) = after.action() else { return };
    let was = before.action().map(value).unwrap_or_default();
    if was == value(field) {
        // It is said by what stands below: by a rule, or by a point of enforcement.
        if let Some(scoped) = after.scoped_field() {
            sink.report(scoped).say("scopedEnforcementActions no longer holds deny for admission, so that what it refused is let in and only told of; restore it");
        }
        return;
    }
    let name = field_name(after);
    sink.report(field).say(&format!(
        "{name} was {was} and is {}, so that what it refused is let in and only told of; restore it",
        value(field)
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
fn value(field: Field<'_>) -> String {
    let Some(node) = field.node() else {
        return "not set".to_owned();
    };
    if !node.is_sequence() {
        return shown(node);
    }
    let items: Vec<_> = node.items().map(shown).collect();
    shortened(&format!("[{}]", items.join(", ")))
}

fn failure_policies(before: Control<'_>, after: Control<'_>, sink: &mut Sink<'_>) {
    if let (Some(was), Some(now)) = (before.failure_policy(), after.failure_policy()) {
        fails_open(was, now, "failurePolicy", sink);
    }
    if after.kind() != ControlKind::Webhooks {
        return;
    }
    for (was, now) in both(before, after).filter(|(_, now)| now.sees_built_in_kinds()) {
        let of = format!("failurePolicy of {}", now.title());
        fails_open(was.failure_policy(), now.failure_policy(), &of, sink);
    }
}

fn fails_open(was: Field<'_>, now: Field<'_>, of: &str, sink: &mut Sink<'_>) {
    if was.as_str() != Some("Ignore") && now.as_str() == Some("Ignore") {
        sink.report(now).say(&format!(
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
fn parts(before: Control<'_>, after: Control<'_>, sink: &mut Sink<'_>) {
    let told = after.is_off() || before.action().map(value) != after.action().map(value);
    if after.kind() != ControlKind::Kyverno || after.effect() == Effect::Told && told {
        return;
    }
    for (was, now) in both(before, after) {
        if before.effect_of(was) == Effect::Enforced && after.effect_of(now) == Effect::Told {
            let name = shortened(now.name());
            sink.report(now.action()).say(&format!(
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
    if after.parts().count() >= before.parts().count() || !is_whole(after.object()) {
        return;
    }
    for part in gone {
        let Some(rules) = after.parts_field() else {
            continue;
        };
        sink.report(rules).discriminator(part.name()).say(&format!(
            "rules no longer holds {}, so that what it refused is let in; keep it",
            quoted(part.name())
        ));
    }
}
