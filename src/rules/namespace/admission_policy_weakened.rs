use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::clusters::Clusters;
use crate::folders::folder;
use crate::kubernetes::admission::{Control, ControlKind, Effect, Part};
use crate::kubernetes::admission_change::{weakenings, weight_of_webhook};
use crate::kubernetes::field::{Field, quoted};
use crate::kubernetes::{Completeness, Manifest, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::built_controls::{BuiltControl, OfFolder, Place, built_controls};
use crate::snapshot::departures::{Departure, Source, departures};
use crate::snapshot::predecessors::Predecessors;
use crate::syntax::Span;

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
    /// rules, those of expressions (`policies.kyverno.io`) and the `PolicyException`; the constraints, the templates and the
    /// `Config` of Gatekeeper; and webhooks. What a policy asks is compared by the number and the text of its `validations`
    /// alone, and what it matches not at all. An object counts as removed if it is nowhere in the head, under another
    /// name neither; a policy of another kind that takes its place is not recognised. A binding, or a template, that goes
    /// with its policy, or with its constraints, is told with these.
    ///
    /// A copy that lies outside of the declared cluster, or that the kustomization that built it builds no longer and no
    /// other one has taken over, counts as removed as well; where the kustomization itself is gone, or nothing declares
    /// a cluster, any copy counts. Patches are followed, in files and in the kustomization, with and without a target:
    /// strategic ones, of which only `webhooks` are merged item by item, and JSON patches without `copy`. What transformers
    /// and replacements do is not.
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
    departed(pair, &context.clusters, sink);
    let mut predecessors = Predecessors::of(pair, &context.clusters, |object| {
        Control::of(object).is_some()
    });
    let policies = Policies::of(pair);
    // The files of which something is told: what is built of them says it again.
    let mut told_in: BTreeSet<Arc<str>> = BTreeSet::new();
    for after in pair.head.objects().filter_map(Control::of) {
        let known = predecessors.of_object(after.object());
        let mut sink = sink.about(after.object());
        if after.kind() == ControlKind::Settings {
            let before: Vec<_> = known.into_iter().filter_map(Control::of).collect();
            spared(&before, after, &policies, &mut sink);
            continue;
        }
        if after.kind() == ControlKind::Exception {
            let before: Vec<_> = known.into_iter().filter_map(Control::of).collect();
            exception(&before, after, &policies, &mut sink);
            continue;
        }
        for before in known.into_iter().filter_map(Control::of) {
            let count = sink.count();
            for told in weakenings(before, after) {
                let draft = sink.report(told.field);
                let draft = match told.at {
                    Some(at) => draft.at(at),
                    None => draft,
                };
                draft
                    .severity(told.severity)
                    .discriminator(&told.discriminator)
                    .say(&told.sentence);
            }
            policy_name(before, after, &policies, &mut sink);
            if sink.count() > count {
                told_in.insert(Arc::clone(after.object().path()));
            }
        }
    }
    built(pair, &told_in, sink);
}

/// What the patches of the kustomizations that were there before now make of their policies.
fn built(pair: &Pair<'_>, told_in: &BTreeSet<Arc<str>>, sink: &mut Sink<'_>) {
    let head = built_controls(pair.head);
    let base = built_controls(pair.base);
    if head.is_empty() && base.is_empty() {
        return;
    }
    // What several kustomizations build of one policy is told once.
    let mut told: BTreeSet<(Arc<str>, Span, String)> = BTreeSet::new();
    let mut in_folders: BTreeMap<&str, OfFolder<'_>> = BTreeMap::new();
    for object in pair.base.objects() {
        let whole = object.completeness() == Completeness::Complete;
        if whole && Control::of(object).is_some() {
            let folder = folder(object.path());
            if let Some(built) = BuiltControl::of(object) {
                let identity = object.resource().identity();
                in_folders
                    .entry(folder)
                    .or_default()
                    .insert(identity, built);
            }
        }
    }
    for (at, policies) in &head {
        let Some((file, _)) = pair.head.kustomization_file(at) else {
            continue;
        };
        let moved = pair.renames.get(&file.path).map(|old| folder(old));
        let before = base
            .get(at)
            .or_else(|| base.get(moved?))
            .or_else(|| in_folders.get(at));
        for (identity, now) in policies {
            let was = before.and_then(|before| before.get(identity));
            let Some(was) =
                was.filter(|was| was.value != now.value && !told_in.contains(now.object.path()))
            else {
                continue;
            };
            let changed = |place: &&Place<'_>| pair.changed.contains(place.path);
            let patches = now.patches.iter();
            let place = patches.clone().rev().find(changed).or(patches.last());
            let place = place.copied().unwrap_or(Place {
                path: &file.path,
                at: Span::default(),
            });
            if told_in.contains(place.path) {
                continue;
            }
            let by = if now.patches.is_empty() {
                "this kustomization"
            } else {
                "this patch"
            };
            for (severity, discriminator, sentence) in lost(was, now) {
                let resource = now.object.resource();
                let sentence = format!(
                    "{} {}, as {by} now has it: {sentence}",
                    resource.kind,
                    quoted(&resource.name)
                );
                if !told.insert((Arc::clone(place.path), place.at, sentence.clone())) {
                    continue;
                }
                sink.in_file(place.path)
                    .report_span(place.at)
                    .severity(severity)
                    .discriminator(&format!("{}\0{discriminator}", resource.name))
                    .say(&sentence);
            }
        }
    }
}

/// What a policy no longer does, as it is built.
fn lost(was: &BuiltControl<'_>, now: &BuiltControl<'_>) -> Vec<(Severity, String, String)> {
    let Some(before) = was.manifest() else {
        return Vec::new();
    };
    let path = was.object.path();
    let Some(before) = control(&before, path) else {
        return Vec::new();
    };
    let removed = || {
        let (severity, so) = removal(before);
        vec![(
            severity,
            "removed".to_owned(),
            format!("it is removed, so that {so}; keep it"),
        )]
    };
    let Some(after) = now.manifest() else {
        return removed();
    };
    let Some(after) = control(&after, path) else {
        return removed();
    };
    if before.object().field(&["spec"]).is_set() && !after.object().field(&["spec"]).is_set() {
        return removed();
    }
    let found = weakenings(before, after).into_iter();
    found
        .map(|told| {
            let address = told.field.pointer();
            let discriminator = format!("{address}\0{}", told.discriminator);
            (told.severity, discriminator, told.sentence)
        })
        .collect()
}

fn control<'m>(manifest: &'m Manifest, path: &'m Arc<str>) -> Option<Control<'m>> {
    let record = manifest.records.first()?;
    let whole = Completeness::Complete;
    Control::of(Object::new(path, &manifest.tree, record, whole, None))
}

/// What it means that a control is gone.
fn removal(control: Control<'_>) -> (Severity, &'static str) {
    match control.effect() {
        Effect::Told => (Severity::Low, "nobody is told any longer of what it found"),
        _ if !control.validates() => (Severity::High, "what it changed is let in as it is"),
        _ => (Severity::High, "what it refused is let in"),
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
    /// True if the base holds a constraint of Gatekeeper that refuses.
    constrained: bool,
    /// True if the base holds settings of Gatekeeper.
    has_settings: bool,
}

impl<'a> Policies<'a> {
    fn of(pair: &Pair<'a>) -> Self {
        let mut policies = Self {
            bound: (BTreeSet::new(), BTreeSet::new()),
            kyverno: (BTreeMap::new(), BTreeSet::new()),
            exceptions: BTreeSet::new(),
            constrained: false,
            has_settings: false,
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
                ControlKind::Constraint => {
                    policies.constrained |= control.effect() != Effect::Told;
                }
                ControlKind::Settings => policies.has_settings = true,
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

/// The namespaces that Gatekeeper is now told not to ask about. A copy for another place is an alternative.
fn spared(
    before: &[Control<'_>],
    after: Control<'_>,
    policies: &Policies<'_>,
    sink: &mut Sink<'_>,
) {
    if !policies.constrained || before.is_empty() && policies.has_settings {
        return;
    }
    let known: BTreeSet<&str> = before
        .iter()
        .flat_map(|before| before.spared_namespaces())
        .map(|(name, _)| name)
        .collect();
    for (name, node) in after.spared_namespaces() {
        // The cluster's own, and those of Gatekeeper, are spared so that the cluster can start.
        let own = name.starts_with("kube-") || name.starts_with("gatekeeper");
        if own || known.contains(name) || name.contains("{{") {
            continue;
        }
        let severity = if name.trim_matches('*').is_empty() {
            Severity::High
        } else {
            Severity::Medium
        };
        sink.report(Field::of(node)).severity(severity).discriminator(name).say(&format!(
            "excludedNamespaces now holds {}, so that what the constraints refused there is let in; take it out",
            quoted(name)
        ));
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
        .filter(|control| {
            !matches!(
                control.kind(),
                ControlKind::Exception | ControlKind::Settings
            )
        })
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
        let (severity, so) = removal(*control);
        let unless = unless_hidden(pair);
        sink.about(control.object())
            .report_removed(pair)
            .severity(severity)
            .discriminator("removed")
            .say(&format!("it is removed, so that {so}{unless}; keep it"));
    }
}

/// Policies that still lie somewhere, and are applied from where they were applied from no longer.
fn departed(pair: &Pair<'_>, clusters: &Clusters, sink: &mut Sink<'_>) {
    let refuses = |object: Object<'_>| {
        Control::of(object).is_some_and(|control| {
            !matches!(
                control.kind(),
                ControlKind::Exception | ControlKind::Settings
            )
        })
    };
    for Departure { object, from } in departures(pair, clusters, refuses) {
        let Some(control) = Control::of(object) else {
            continue;
        };
        let (severity, so) = removal(control);
        let unless = unless_hidden(pair);
        match from {
            Source::Cluster(_) => sink
                .about(object)
                .report_removed(pair)
                .severity(severity)
                .discriminator("removed")
                .say(&format!(
                    "it is no longer among the files of the cluster that it was declared for, so that {so} there{unless}; keep it there"
                )),
            Source::Kustomization(path) => sink
                .in_file(path)
                .report_span(Span::default())
                .severity(severity)
                .discriminator(&format!("removed\0{}", object.resource().name))
                .say(&format!(
                    "{} {} is no longer built by this kustomization, so that {so}{unless}; list its file again",
                    object.resource().kind,
                    quoted(&object.resource().name)
                )),
        }
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
