use std::collections::BTreeSet;

use crate::kubernetes::admission::{Control, ControlKind, Effect, Part};
use crate::kubernetes::field::{Field, quoted, shortened, shown};
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};

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
    /// Looked at are `ValidatingAdmissionPolicy`, `MutatingAdmissionPolicy` and their bindings, the `ClusterPolicy` and the
    /// Policy of Kyverno, the constraints and the templates of Gatekeeper, and the `failurePolicy` of webhooks for kinds
    /// of Kubernetes itself. What a policy asks, what it matches and which namespaces it leaves out is not compared. An
    /// object counts as removed if it is nowhere in the head, under another name neither; a policy of another kind that
    /// takes its place is not recognised. A binding, or a template, that goes with its policy, or with its constraints, is
    /// told with these.
    "namespace/admission-policy-weakened",
    severity: Severity::High,
    other_severities: &[Severity::Low],
    references: &["OWASP K8s 2022: K04", "CWE-693"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    removed(pair, sink);
    for after in pair.head.objects().filter_map(Control::of) {
        if let Some(before) = pair.before(after.object()).and_then(Control::of) {
            let mut sink = sink.about(after.object());
            action(before, after, &mut sink);
            failure_policies(before, after, &mut sink);
            parts(before, after, &mut sink);
        }
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
        .filter(|control| control.kind() != ControlKind::Webhooks)
        .collect();
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
        let unless = if pair.pairs.hides_more() {
            ", unless it is in a file of this change that could not be read"
        } else {
            ""
        };
        sink.about(control.object())
            .report_removed(pair)
            .severity(severity)
            .discriminator("removed")
            .say(&format!("it is removed, so that {so}{unless}; keep it"));
    }
}

/// The action of the whole object.
fn action(before: Control<'_>, after: Control<'_>, sink: &mut Sink<'_>) {
    let Some(field) = after.action() else { return };
    if before.effect() == Effect::Enforced && after.effect() == Effect::Told {
        let was = before.action().map(value).unwrap_or_default();
        let name = field_name(after);
        sink.report(field).say(&format!(
            "{name} was {was} and is {}, so that what it refused is let in and only told of; restore it",
            value(field)
        ));
    }
}

fn field_name(control: Control<'_>) -> &'static str {
    match control.kind() {
        ControlKind::Binding => "validationActions",
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
    if after.kind() != ControlKind::Kyverno || after.effect() == Effect::Told {
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
        let rules = after.object().field(&["spec", "rules"]);
        sink.report(rules).discriminator(part.name()).say(&format!(
            "rules no longer holds {}, so that what it refused is let in; keep it",
            quoted(part.name())
        ));
    }
}
