//! Objects that admit or refuse other objects: admission policies, webhooks, and those of Kyverno and Gatekeeper.
//!
//! Sources: `admissionregistration.k8s.io/v1` of Kubernetes 1.37, `kyverno.io/v1` of Kyverno 1.15 and the constraints
//! of Gatekeeper 3.20, with their defaults for what is not set.

use crate::syntax::Node;

use super::field::{Field, shortened};
use super::object::Object;

/// Which kind of control an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKind {
    /// `ValidatingAdmissionPolicy` or `MutatingAdmissionPolicy`: acts where a binding says so.
    Policy,
    /// The binding of one of these.
    Binding,
    /// A Kyverno policy.
    Kyverno,
    /// A Gatekeeper constraint.
    Constraint,
    /// What gives a kind of Gatekeeper constraint its meaning.
    ConstraintTemplate,
    /// A configuration of webhooks.
    Webhooks,
}

/// What becomes of an object that a control does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is refused, or changed.
    Enforced,
    /// It is let in, and told of.
    Told,
    /// Not to be said from here: a template, or an action that this does not know.
    Unknown,
}

/// An object that admits or refuses other objects.
#[derive(Clone, Copy, Debug)]
pub struct Control<'a> {
    object: Object<'a>,
    kind: ControlKind,
}

impl<'a> Control<'a> {
    /// The view, if the object is a control.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let resource = object.resource();
        let kind = match (&*resource.group, &*resource.kind) {
            (
                "admissionregistration.k8s.io",
                "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy",
            ) => ControlKind::Policy,
            (
                "admissionregistration.k8s.io",
                "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding",
            ) => ControlKind::Binding,
            (
                "admissionregistration.k8s.io",
                "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            ) => ControlKind::Webhooks,
            ("kyverno.io", "ClusterPolicy" | "Policy") => ControlKind::Kyverno,
            ("constraints.gatekeeper.sh", _) => ControlKind::Constraint,
            ("templates.gatekeeper.sh", "ConstraintTemplate") => ControlKind::ConstraintTemplate,
            _ => return None,
        };
        Some(Self { object, kind })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// Which kind of control it is.
    #[must_use]
    pub fn kind(self) -> ControlKind {
        self.kind
    }

    /// True if it refuses; false if all that it does is to change what it admits.
    #[must_use]
    pub fn validates(self) -> bool {
        !self.object.resource().kind.starts_with("Mutating")
    }

    /// The field that says what becomes of what is not allowed, for the whole object; none where the kind has none.
    #[must_use]
    pub fn action(self) -> Option<Field<'a>> {
        let path: &'static [&'static str] = match self.kind {
            ControlKind::Binding => &["spec", "validationActions"],
            ControlKind::Kyverno => &["spec", "validationFailureAction"],
            ControlKind::Constraint => &["spec", "enforcementAction"],
            ControlKind::Policy | ControlKind::ConstraintTemplate | ControlKind::Webhooks => {
                return None;
            }
        };
        Some(self.object.field(path))
    }

    /// What becomes of what it does not allow.
    #[must_use]
    pub fn effect(self) -> Effect {
        let Some(action) = self.action() else {
            return Effect::Enforced;
        };
        let effect = match self.kind {
            ControlKind::Binding if !self.validates() => Effect::Enforced,
            ControlKind::Binding => {
                let says =
                    |wanted: fn(&str) -> bool| action.items().filter_map(Node::as_str).any(wanted);
                if says(|action| action == "Deny") {
                    Effect::Enforced
                } else if says(|action| action.contains("{{")) {
                    Effect::Unknown
                } else {
                    Effect::Told
                }
            }
            ControlKind::Constraint => match action.as_str() {
                None | Some("deny") => Effect::Enforced,
                Some("warn" | "dryrun") => Effect::Told,
                Some(_) => Effect::Unknown,
            },
            _ => kyverno_effect(action),
        };
        let enforced = |part: Part<'a>| self.effect_of(part) == Effect::Enforced;
        if self.kind == ControlKind::Kyverno && self.parts().any(enforced) {
            return Effect::Enforced;
        }
        effect
    }

    /// What becomes of what a rule of a Kyverno policy does not allow: it may say otherwise than its policy, and a
    /// rule that changes objects always acts.
    #[must_use]
    pub fn effect_of(self, part: Part<'a>) -> Effect {
        let changes = ["mutate", "generate", "verifyImages"];
        if changes.iter().any(|key| part.node.present(key).is_some()) {
            return Effect::Enforced;
        }
        let own = part.action();
        match self.action() {
            Some(general) if !own.is_set() => kyverno_effect(general),
            _ => kyverno_effect(own),
        }
    }

    /// Its named parts: webhooks, or the rules of a Kyverno policy.
    pub fn parts(self) -> impl Iterator<Item = Part<'a>> {
        let list = match self.kind {
            ControlKind::Webhooks => self.object.node().present("webhooks"),
            ControlKind::Kyverno => self.object.field(&["spec", "rules"]).node(),
            _ => None,
        };
        let items = list.into_iter().flat_map(Node::items);
        items
            .filter(|node| node.is_mapping())
            .map(|node| Part { node })
    }

    /// The field that says what happens where the control itself fails; webhooks say it each for itself. It is
    /// `Fail` where it is not set.
    #[must_use]
    pub fn failure_policy(self) -> Option<Field<'a>> {
        matches!(self.kind, ControlKind::Policy | ControlKind::Kyverno)
            .then(|| self.object.field(&["spec", "failurePolicy"]))
    }

    /// The name of the policy that a binding puts to work.
    #[must_use]
    pub fn policy_name(self) -> Option<&'a str> {
        self.object.field(&["spec", "policyName"]).as_str()
    }

    /// The kind of constraint that a template makes.
    #[must_use]
    pub fn constraint_kind(self) -> Option<&'a str> {
        self.object
            .field(&["spec", "crd", "spec", "names", "kind"])
            .as_str()
    }
}

/// Both spellings are in use; without one, Kyverno audits.
fn kyverno_effect(action: Field<'_>) -> Effect {
    match action.as_str() {
        Some("Enforce" | "enforce") => Effect::Enforced,
        None | Some("Audit" | "audit") => Effect::Told,
        Some(_) => Effect::Unknown,
    }
}

/// A webhook of a configuration, or a rule of a Kyverno policy.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    node: Node<'a>,
}

impl<'a> Part<'a> {
    /// Its name; empty where none is written.
    #[must_use]
    pub fn name(self) -> &'a str {
        let name = self.node.present("name").and_then(Node::as_str);
        name.unwrap_or_default()
    }

    /// The webhook as a message names it.
    #[must_use]
    pub fn title(self) -> String {
        match self.name() {
            "" => "a webhook without a name".to_owned(),
            name => format!("the webhook `{}`", shortened(name)),
        }
    }

    /// Its own action, for a rule of a Kyverno policy.
    #[must_use]
    pub fn action(self) -> Field<'a> {
        Field::follow(self.node, &["validate", "failureAction"])
    }

    /// What a webhook does where it cannot be asked: `Fail` where it is not set.
    #[must_use]
    pub fn failure_policy(self) -> Field<'a> {
        Field::follow(self.node, &["failurePolicy"])
    }

    /// True if a webhook is asked about kinds of Kubernetes itself, or says nothing of what it is asked about.
    #[must_use]
    pub fn sees_built_in_kinds(self) -> bool {
        let Some(rules) = self.node.present("rules") else {
            return true;
        };
        let groups = rules
            .items()
            .filter_map(|rule| rule.present("apiGroups"))
            .flat_map(Node::items);
        groups.filter_map(Node::as_str).any(is_built_in)
    }
}

/// True for the groups of Kubernetes itself, and for those that stand for all.
fn is_built_in(group: &str) -> bool {
    const UNDER_K8S_IO: [&str; 6] = [
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "networking.k8s.io",
        "rbac.authorization.k8s.io",
    ];
    // The oldest groups have short names.
    !group.contains('.') || UNDER_K8S_IO.contains(&group)
}
