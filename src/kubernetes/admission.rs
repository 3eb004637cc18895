//! Objects that admit or refuse other objects: admission policies, webhooks, and those of Kyverno and Gatekeeper.
//!
//! Sources: `admissionregistration.k8s.io/v1` of Kubernetes 1.37, `kyverno.io` and `policies.kyverno.io` of
//! Kyverno 1.16 and the constraints of Gatekeeper 3.20, with their defaults for what is not set.

use crate::syntax::Node;

use super::field::{Field, shortened};
use super::object::{Completeness, Object};

/// Which kind of control an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKind {
    /// `ValidatingAdmissionPolicy` or `MutatingAdmissionPolicy`: acts where a binding says so.
    Policy,
    /// The binding of one of these.
    Binding,
    /// A Kyverno policy of rules.
    Kyverno,
    /// A Kyverno policy of expressions.
    KyvernoExpressions,
    /// What excepts objects from a Kyverno policy.
    Exception,
    /// A Gatekeeper constraint.
    Constraint,
    /// What gives a kind of Gatekeeper constraint its meaning.
    ConstraintTemplate,
    /// A configuration of webhooks.
    Webhooks,
    /// The settings of Gatekeeper.
    Settings,
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
            ("kyverno.io" | "policies.kyverno.io", "PolicyException") => ControlKind::Exception,
            (
                "policies.kyverno.io",
                "ValidatingPolicy"
                | "ImageValidatingPolicy"
                | "MutatingPolicy"
                | "NamespacedValidatingPolicy"
                | "NamespacedImageValidatingPolicy"
                | "NamespacedMutatingPolicy",
            ) => ControlKind::KyvernoExpressions,
            ("constraints.gatekeeper.sh", _) => ControlKind::Constraint,
            ("config.gatekeeper.sh", "Config") => ControlKind::Settings,
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
        let kind = &self.object.resource().kind;
        let plain = kind.strip_prefix("Namespaced").unwrap_or(kind);
        self.kind == ControlKind::Constraint || !plain.starts_with("Mutating")
    }

    /// The field that says what becomes of what is not allowed, for the whole object; none where the kind has none.
    #[must_use]
    pub fn action(self) -> Option<Field<'a>> {
        let path: &'static [&'static str] = match self.kind {
            ControlKind::Binding | ControlKind::KyvernoExpressions => {
                &["spec", "validationActions"]
            }
            ControlKind::Kyverno => &["spec", "validationFailureAction"],
            ControlKind::Constraint => &["spec", "enforcementAction"],
            ControlKind::Policy
            | ControlKind::ConstraintTemplate
            | ControlKind::Exception
            | ControlKind::Webhooks
            | ControlKind::Settings => return None,
        };
        Some(self.object.field(path))
    }

    /// The field that keeps a Kyverno policy from being asked on admission, present or not; none where the kind has
    /// no such field.
    #[must_use]
    pub fn admission(self) -> Option<Field<'a>> {
        let path: &'static [&'static str] = match self.kind {
            ControlKind::Kyverno => &["spec", "admission"],
            ControlKind::KyvernoExpressions => &["spec", "evaluation", "admission", "enabled"],
            _ => return None,
        };
        Some(self.object.field(path))
    }

    /// True if it is not asked on admission.
    #[must_use]
    pub fn is_off(self) -> bool {
        self.admission().is_some_and(Field::is_false)
    }

    /// What becomes of what it does not allow.
    #[must_use]
    pub fn effect(self) -> Effect {
        if self.is_off() {
            return Effect::Told;
        }
        let Some(action) = self.action() else {
            return Effect::Enforced;
        };
        let effect = match self.kind {
            ControlKind::Binding | ControlKind::KyvernoExpressions if !self.validates() => {
                Effect::Enforced
            }
            // A policy of Kyverno's denies where it does not say what to do.
            ControlKind::KyvernoExpressions if action.items().next().is_none() => Effect::Enforced,
            ControlKind::Binding | ControlKind::KyvernoExpressions => {
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
                Some("scoped") => self.scoped_effect(),
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
        let changes = ["mutate", "generate"];
        if changes.iter().any(|key| part.node.present(key).is_some()) {
            return Effect::Enforced;
        }
        if part.node.present("verifyImages").is_some() {
            let effects = self.image_effects(part);
            let all = |wanted| effects.iter().all(|(_, effect)| *effect == wanted);
            return if !effects.is_empty() && all(Effect::Told) {
                Effect::Told
            } else {
                Effect::Enforced
            };
        }
        let own = part.action();
        match self.action() {
            Some(general) if !own.is_set() => kyverno_effect(general),
            _ => kyverno_effect(own),
        }
    }

    /// What becomes of images that the entries of a rule of a Kyverno policy do not verify, with the field that says so:
    /// each may say otherwise than its policy.
    #[must_use]
    pub fn image_effects(self, part: Part<'a>) -> Vec<(Field<'a>, Effect)> {
        let entries = part.node.present("verifyImages");
        let entries = entries.into_iter().flat_map(Node::items);
        entries
            .map(|entry| {
                let own = Field::follow(entry, &["failureAction"]);
                let field = match self.action() {
                    Some(general) if !own.is_set() => general,
                    _ => own,
                };
                (field, kyverno_effect(field))
            })
            .collect()
    }

    /// The field that holds the expressions that have to hold; none where the kind has no such field.
    #[must_use]
    pub fn validations_field(self) -> Option<Field<'a>> {
        let kinds = [ControlKind::Policy, ControlKind::KyvernoExpressions];
        (kinds.contains(&self.kind) && self.validates())
            .then(|| self.object.field(&["spec", "validations"]))
    }

    /// False for a patch: what is not in it may stand in the object that it changes.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.object.completeness() != Completeness::Partial
    }

    /// The namespaces that the settings of Gatekeeper keep from being asked about on admission, each with its node.
    #[must_use]
    pub fn spared_namespaces(self) -> Vec<(&'a str, Node<'a>)> {
        let mut found = Vec::new();
        if self.kind != ControlKind::Settings {
            return found;
        }
        for item in self.object.field(&["spec", "match"]).items() {
            let texts = |key| {
                let list = item.present(key).into_iter().flat_map(Node::items);
                list.filter_map(|node| Some((node.as_str()?, node)))
            };
            if texts("processes").any(|(process, _)| matches!(process, "*" | "webhook")) {
                found.extend(texts("excludedNamespaces"));
            }
        }
        found
    }

    /// The field in which a constraint says what it does at each point of enforcement, if it does.
    #[must_use]
    pub fn scoped_field(self) -> Option<Field<'a>> {
        let is_scoped = self.kind == ControlKind::Constraint
            && self.action().and_then(Field::as_str) == Some("scoped");
        is_scoped.then(|| self.object.field(&["spec", "scopedEnforcementActions"]))
    }

    /// The effect of a constraint that says it for each point of enforcement: what counts is admission.
    fn scoped_effect(self) -> Effect {
        let actions = self.object.field(&["spec", "scopedEnforcementActions"]);
        let mut effect = Effect::Told;
        for scoped in actions.items() {
            let points = scoped.present("enforcementPoints");
            let points = points.into_iter().flat_map(Node::items);
            let mut names = points.filter_map(|point| point.present("name")?.as_str());
            let on_admission = names.any(|name| {
                matches!(name, "*" | "validation.gatekeeper.sh" | "vap.k8s.io")
                    || name.contains("{{")
            });
            match scoped.present("action").and_then(Node::as_str) {
                Some("deny") if on_admission => return Effect::Enforced,
                Some("deny" | "warn" | "dryrun") => {}
                _ => effect = Effect::Unknown,
            }
        }
        effect
    }

    /// The field in which a Kyverno policy says what it does otherwise in some namespaces.
    #[must_use]
    pub fn overrides_field(self) -> Field<'a> {
        self.object
            .field(&["spec", "validationFailureActionOverrides"])
    }

    /// What a Kyverno policy does otherwise in some namespaces.
    pub fn overrides(self) -> impl Iterator<Item = Override<'a>> {
        let list = match self.kind {
            ControlKind::Kyverno => self.overrides_field().node(),
            _ => None,
        };
        overrides(list)
    }

    /// The field that holds its named parts.
    #[must_use]
    pub fn parts_field(self) -> Option<Field<'a>> {
        match self.kind {
            ControlKind::Webhooks => Some(self.object.field(&["webhooks"])),
            ControlKind::Kyverno => Some(self.object.field(&["spec", "rules"])),
            _ => None,
        }
    }

    /// Its named parts: webhooks, or the rules of a Kyverno policy.
    pub fn parts(self) -> impl Iterator<Item = Part<'a>> {
        let list = self.parts_field().and_then(Field::node);
        let items = list.into_iter().flat_map(Node::items);
        items
            .filter(|node| node.is_mapping())
            .map(|node| Part { node })
    }

    /// The field that says what happens where the control itself fails; webhooks say it each for itself. It is
    /// `Fail` where it is not set.
    #[must_use]
    pub fn failure_policy(self) -> Option<Field<'a>> {
        let kinds = [
            ControlKind::Policy,
            ControlKind::Kyverno,
            ControlKind::KyvernoExpressions,
        ];
        kinds
            .contains(&self.kind)
            .then(|| self.object.field(&["spec", "failurePolicy"]))
    }

    /// The name of the policy that a binding puts to work.
    #[must_use]
    pub fn policy_name(self) -> Option<&'a str> {
        self.object.field(&["spec", "policyName"]).as_str()
    }

    /// The field of a binding that names its policy.
    #[must_use]
    pub fn policy_field(self) -> Option<Field<'a>> {
        (self.kind == ControlKind::Binding).then(|| self.object.field(&["spec", "policyName"]))
    }

    /// The policies, and the rules of them, that an exception is for: each with the node that names it.
    #[must_use]
    pub fn excepted(self) -> Vec<(String, Node<'a>)> {
        let mut found = Vec::new();
        if self.kind != ControlKind::Exception {
            return found;
        }
        for item in self.object.field(&["spec", "policyRefs"]).items() {
            if let Some(name) = item.present("name").and_then(Node::as_str) {
                found.push((name.to_owned(), item));
            }
        }
        for item in self.object.field(&["spec", "exceptions"]).items() {
            let Some(policy) = item.present("policyName").and_then(Node::as_str) else {
                continue;
            };
            let rules = item.present("ruleNames").into_iter().flat_map(Node::items);
            for rule in rules.filter_map(Node::as_str) {
                found.push((format!("{policy}, rule {rule}"), item));
            }
        }
        found
    }

    /// True if an exception says for which objects it is, and not only of which kinds.
    #[must_use]
    pub fn is_narrow(self) -> bool {
        let spec = self.object.node().present("spec");
        let part = |key| spec.and_then(|spec| spec.present(key));
        let conditions = ["matchConditions", "conditions"].into_iter();
        if conditions
            .filter_map(part)
            .any(|node| node.items().next().is_some() || node.entries().next().is_some())
        {
            return true;
        }
        let Some(matched) = part("match") else {
            return false;
        };
        let all = matched.present("all").is_some();
        let lists = ["any", "all"]
            .into_iter()
            .filter_map(|key| matched.present(key));
        let filters: Vec<Node<'_>> = lists.flat_map(Node::items).collect();
        let mut filters = filters.into_iter().map(is_narrow_filter);
        if all {
            filters.any(|narrow| narrow)
        } else {
            filters.len() > 0 && filters.all(|narrow| narrow)
        }
    }

    /// A hash of what an exception lets pass, whoever it is that refuses it.
    #[must_use]
    pub fn excepted_objects(self) -> Vec<Option<u64>> {
        let parts = ["match", "conditions", "matchConditions", "podSecurity"];
        let spec = self.object.node().present("spec");
        let hash = |key| spec?.present(key).map(Node::content_hash);
        parts.into_iter().map(hash).collect()
    }

    /// The kind of constraint that a template makes.
    #[must_use]
    pub fn constraint_kind(self) -> Option<&'a str> {
        self.object
            .field(&["spec", "crd", "spec", "names", "kind"])
            .as_str()
    }
}

/// True if a filter of Kyverno's takes more than a kind to match.
fn is_narrow_filter(filter: Node<'_>) -> bool {
    let who = ["subjects", "roles", "clusterRoles"];
    let resources = filter.present("resources");
    let named = ["names", "namespaces"].into_iter().any(|key| {
        let listed = resources.and_then(|resources| resources.present(key));
        let mut listed = listed.into_iter().flat_map(Node::items).peekable();
        listed.peek().is_some() && listed.all(|name| name.as_str() != Some("*"))
    });
    let selects = ["name", "selector", "namespaceSelector", "annotations"];
    named
        || selects.into_iter().any(|key| {
            let value = resources.and_then(|resources| resources.present(key));
            value.is_some_and(|value| value.as_str() != Some("*"))
        })
        || who.into_iter().any(|key| filter.present(key).is_some())
}

/// Both spellings are in use; without one, Kyverno audits.
fn kyverno_effect(action: Field<'_>) -> Effect {
    match action.as_str() {
        Some("Enforce" | "enforce") => Effect::Enforced,
        None | Some("Audit" | "audit") => Effect::Told,
        Some(_) => Effect::Unknown,
    }
}

fn overrides(list: Option<Node<'_>>) -> impl Iterator<Item = Override<'_>> {
    let items = list.into_iter().flat_map(Node::items);
    items
        .filter(|node| node.is_mapping())
        .map(|node| Override { node })
}

/// Where a Kyverno policy does something else than in general.
#[derive(Clone, Copy, Debug)]
pub struct Override<'a> {
    node: Node<'a>,
}

impl<'a> Override<'a> {
    /// What becomes there of what is not allowed.
    #[must_use]
    pub fn effect(self) -> Effect {
        kyverno_effect(self.action())
    }

    /// The field that says so.
    #[must_use]
    pub fn action(self) -> Field<'a> {
        Field::follow(self.node, &["action"])
    }

    /// True if it says for which namespaces.
    #[must_use]
    pub fn is_narrow(self) -> bool {
        let names = self.node.present("namespaces");
        let mut names = names.into_iter().flat_map(Node::items).peekable();
        let some = names.peek().is_some();
        let all = names.filter_map(Node::as_str).any(|name| name == "*");
        some && !all || self.node.present("namespaceSelector").is_some()
    }

    /// A hash of all that it says.
    #[must_use]
    pub fn content(self) -> u64 {
        self.node.content_hash()
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

    /// What a rule of a Kyverno policy does otherwise in some namespaces.
    pub fn overrides(self) -> impl Iterator<Item = Override<'a>> {
        overrides(Field::follow(self.node, &["validate", "failureActionOverrides"]).node())
    }

    /// A hash of what a webhook is asked about.
    #[must_use]
    pub fn asked_about(self) -> Option<u64> {
        self.node.present("rules").map(Node::content_hash)
    }

    /// Namespace and name of the Service that answers for a webhook.
    #[must_use]
    pub fn service(self) -> Option<(&'a str, &'a str)> {
        let text = |path| Field::follow(self.node, path).as_str();
        Some((
            text(&["clientConfig", "service", "namespace"])?,
            text(&["clientConfig", "service", "name"])?,
        ))
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
