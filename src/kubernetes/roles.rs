//! `Role` and `ClusterRole`: what policy rules say, word by word, and which other roles a role is the sum of.
//!
//! Source: the API reference of `rbac.authorization.k8s.io/v1`, Kubernetes 1.37.

use crate::syntax::{Entry, Node};

use super::field::{Field, shortened};
use super::object::Object;

/// What the labels begin with by which a role joins `view`, `edit` or `admin`.
pub const AGGREGATE_TO: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// A role.
#[derive(Clone, Copy, Debug)]
pub struct Role<'a> {
    object: Object<'a>,
}

impl<'a> Role<'a> {
    /// The view, if the object is a role.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        matches!(object.kind().name, "Role" | "ClusterRole").then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// True for a `ClusterRole`.
    #[must_use]
    pub fn is_of_cluster(self) -> bool {
        self.object.kind().name == "ClusterRole"
    }

    /// Its rules, as they are written.
    pub fn rules(self) -> impl Iterator<Item = PolicyRule<'a>> {
        let rules = self.object.field(&["rules"]).items();
        rules.map(|node| PolicyRule { node })
    }

    /// `aggregationRule`: what the controller writes over the rules.
    #[must_use]
    pub fn aggregation(self) -> Field<'a> {
        self.object.field(&["aggregationRule"])
    }

    /// The selectors of the roles that this one is the sum of.
    pub fn selectors(self) -> impl Iterator<Item = LabelSelector<'a>> {
        let path = &["aggregationRule", "clusterRoleSelectors"];
        let selectors = self.object.field(path).items();
        selectors.map(|node| LabelSelector { node })
    }

    /// Its labels.
    pub fn labels(self) -> impl Iterator<Item = Entry<'a>> {
        let labels = self.object.field(&["metadata", "labels"]).node();
        labels.into_iter().flat_map(Node::entries)
    }
}

/// One of the rules of a role: all that its lists name, in every combination.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRule<'a> {
    node: Node<'a>,
}

impl<'a> PolicyRule<'a> {
    /// Its mapping.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// `apiGroups`; `""` is the core group.
    #[must_use]
    pub fn api_groups(self) -> Field<'a> {
        Field::follow(self.node, &["apiGroups"])
    }

    /// `resources`, those with a subresource behind a slash included.
    #[must_use]
    pub fn resources(self) -> Field<'a> {
        Field::follow(self.node, &["resources"])
    }

    /// `verbs`.
    #[must_use]
    pub fn verbs(self) -> Field<'a> {
        Field::follow(self.node, &["verbs"])
    }

    /// `resourceNames`; all names where it is empty.
    #[must_use]
    pub fn resource_names(self) -> Field<'a> {
        Field::follow(self.node, &["resourceNames"])
    }

    /// True if `resourceNames` say which objects are meant.
    #[must_use]
    pub fn is_named(self) -> bool {
        self.resource_names().items().next().is_some()
    }

    /// `nonResourceURLs`.
    #[must_use]
    pub fn urls(self) -> Field<'a> {
        Field::follow(self.node, &["nonResourceURLs"])
    }
}

/// Where a rule names a right: the words that a person edits.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The resource, as it is written.
    pub resource: Node<'a>,
    /// The verb, as it is written; `*` where that stands for it.
    pub verb: Node<'a>,
}

impl<'a> Named<'a> {
    /// `escalate on clusterroles`, as messages say it.
    #[must_use]
    pub fn told(self) -> String {
        let resource = shortened(self.resource.as_str().unwrap_or_default());
        match self.verb.as_str() {
            Some("*") => format!("\"*\" on {resource}"),
            verb => format!("{} on {resource}", shortened(verb.unwrap_or_default())),
        }
    }

    /// `escalate clusterroles`: the same wherever it stands.
    #[must_use]
    pub fn right(self) -> String {
        let text = |node: Node<'a>| node.as_str().unwrap_or_default();
        format!("{} {}", text(self.verb), text(self.resource))
    }
}

impl<'a> PolicyRule<'a> {
    /// True if it is about an API group, or about all.
    #[must_use]
    pub fn is_of_group(self, group: &str) -> bool {
        self.api_groups()
            .texts()
            .any(|own| own == group || own == "*")
    }

    /// Where it names one of some resources of a group, and one of some verbs. A resource counts by its name, and a
    /// subresource also as `*/sub`; what is meant by `*` alone is named nowhere.
    #[must_use]
    pub fn named(self, group: &str, resources: &[&str], verbs: &[&str]) -> Option<Named<'a>> {
        if !self.is_of_group(group) {
            return None;
        }
        let is_meant = |text: &str| {
            resources.iter().any(|resource| {
                let below = resource.split_once('/').map(|(_, below)| below);
                *resource == text || below.is_some() && text.strip_prefix("*/") == below
            })
        };
        let mut items = self.resources().items();
        let resource = items.find(|item| item.as_str().is_some_and(is_meant))?;
        let has = |word: &str| {
            let mut items = self.verbs().items();
            items.find(|item| item.as_str() == Some(word))
        };
        let verb = verbs
            .iter()
            .find_map(|verb| has(verb))
            .or_else(|| has("*"))?;
        Some(Named { resource, verb })
    }
}

/// A selector of labels.
#[derive(Clone, Copy, Debug)]
pub struct LabelSelector<'a> {
    node: Node<'a>,
}

/// What a selector asks of one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// The label is there with one of these values.
    In(String, Vec<String>),
    /// The label is not there, or has none of these values.
    NotIn(String, Vec<String>),
    /// The label is there.
    Exists(String),
    /// The label is not there.
    Absent(String),
    /// What the API server refuses.
    Never,
}

impl Requirement {
    /// True if labels meet it.
    #[must_use]
    pub fn is_met(&self, label: impl Fn(&str) -> Option<String>) -> bool {
        let is_one_of = |key: &str, values: &[String]| {
            let value = label(key);
            value.is_some_and(|value| values.contains(&value))
        };
        match self {
            Self::In(key, values) => is_one_of(key, values),
            Self::NotIn(key, values) => !is_one_of(key, values),
            Self::Exists(key) => label(key).is_some(),
            Self::Absent(key) => label(key).is_none(),
            Self::Never => false,
        }
    }
}

impl<'a> LabelSelector<'a> {
    /// Its mapping.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// All that it asks. Where it asks nothing, everything is selected.
    #[must_use]
    pub fn requirements(self) -> Vec<Requirement> {
        let labels = Field::follow(self.node, &["matchLabels"]).node();
        let labels = labels.into_iter().flat_map(Node::entries).map(|entry| {
            let (key, value) = (entry.key.key_text(), entry.value.key_text());
            Requirement::In(key.to_owned(), vec![value.to_owned()])
        });
        let expressions = Field::follow(self.node, &["matchExpressions"]).items();
        let expressions = expressions.map(|expression| {
            let text = |key: &str| expression.present(key).map(Node::key_text);
            let values = Field::follow(expression, &["values"]).items();
            let values = values.map(|value| value.key_text().to_owned()).collect();
            let key = text("key").unwrap_or_default().to_owned();
            match text("operator").unwrap_or_default() {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::Absent(key),
                _ => Requirement::Never,
            }
        });
        labels.chain(expressions).collect()
    }
}
