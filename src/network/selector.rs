//! Label selectors, in a form that makes equal selectors equal values.
//!
//! Source: the Kubernetes API reference, `LabelSelector`: `matchLabels` and `matchExpressions` must all hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The label that every namespace has: its name. Nobody can take it away or forge it.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Labels of a pod or a namespace.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// What a selector asks of one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// One of some values.
    In(BTreeSet<Arc<str>>),
    /// Any value but some; the label must be there.
    Present {
        /// The values that it must not have.
        but: BTreeSet<Arc<str>>,
    },
    /// The label is not there, or has any value but some.
    NotIn(BTreeSet<Arc<str>>),
    /// The label is not there.
    Absent,
}

impl Asked {
    /// True if a label, there or not, is what is asked.
    #[must_use]
    pub fn holds(&self, value: Option<&Arc<str>>) -> bool {
        match (self, value) {
            (Self::In(values), Some(value)) => values.contains(value),
            (Self::Present { but } | Self::NotIn(but), Some(value)) => !but.contains(value),
            (Self::NotIn(_) | Self::Absent, None) => true,
            (Self::In(_) | Self::Present { .. }, None) | (Self::Absent, Some(_)) => false,
        }
    }

    /// What both ask.
    fn and(&self, other: &Self) -> Self {
        let values = match (self, other) {
            (Self::In(values), other) | (other, Self::In(values)) => {
                let both = values.iter().filter(|value| other.holds(Some(value)));
                return Self::In(both.cloned().collect());
            }
            (Self::Absent, other) | (other, Self::Absent) => {
                return if other.holds(None) {
                    Self::Absent
                } else {
                    Self::In(BTreeSet::new())
                };
            }
            (
                Self::Present { but: one } | Self::NotIn(one),
                Self::Present { but: two } | Self::NotIn(two),
            ) => one.union(two).cloned().collect(),
        };
        match (self, other) {
            (Self::NotIn(_), Self::NotIn(_)) => Self::NotIn(values),
            _ => Self::Present { but: values },
        }
    }

    /// True if whatever this one lets through the other lets through as well.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::In(values), other) => values.iter().all(|value| other.holds(Some(value))),
            (Self::Absent, other) => other.holds(None),
            (Self::Present { but }, Self::Present { but: others } | Self::NotIn(others))
            | (Self::NotIn(but), Self::NotIn(others)) => others.is_subset(but),
            // Of all values, some are others.
            (Self::Present { .. } | Self::NotIn(_), _) => false,
        }
    }

    fn is_impossible(&self) -> bool {
        matches!(self, Self::In(values) if values.is_empty())
    }
}

/// A label selector. An empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    /// What it asks, by label. One that selects nothing asks nothing but an impossible value of the empty label.
    asked: BTreeMap<Arc<str>, Asked>,
}

impl Selector {
    /// Selects everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Selects nothing: what the API would refuse.
    #[must_use]
    pub fn none() -> Self {
        let impossible = Asked::In(BTreeSet::new());
        Self {
            asked: BTreeMap::from([("".into(), impossible)]),
        }
    }

    /// Selects the namespace of a name.
    #[must_use]
    pub fn namespace(name: &str) -> Self {
        Self::all().with(NAMESPACE_NAME, Asked::In(BTreeSet::from([name.into()])))
    }

    /// Asks something more of a label.
    #[must_use]
    pub fn with(mut self, key: &str, asked: Asked) -> Self {
        let both = match self.asked.get(key) {
            Some(known) => known.and(&asked),
            None => asked,
        };
        if both.is_impossible() {
            return Self::none();
        }
        if self.is_none() {
            return self;
        }
        // What holds for whatever is or is not there asks nothing.
        if matches!(&both, Asked::NotIn(values) if values.is_empty()) {
            self.asked.remove(key);
        } else {
            self.asked.insert(key.into(), both);
        }
        self
    }

    /// Asks for a label of `matchLabels`.
    #[must_use]
    pub fn with_label(self, key: &str, value: &str) -> Self {
        self.with(key, Asked::In(BTreeSet::from([value.into()])))
    }

    /// Asks what an entry of `matchExpressions` says; what the API refuses selects nothing.
    #[must_use]
    pub fn with_expression(self, key: &str, operator: &str, values: &[&str]) -> Self {
        let set = || values.iter().map(|value| Arc::from(*value)).collect();
        match (operator, values.is_empty()) {
            ("In", false) => self.with(key, Asked::In(set())),
            ("NotIn", false) => self.with(key, Asked::NotIn(set())),
            ("Exists", true) => self.with(key, Asked::Present { but: set() }),
            ("DoesNotExist", true) => self.with(key, Asked::Absent),
            _ => Self::none(),
        }
    }

    /// What it asks, by label.
    pub fn asked(&self) -> impl Iterator<Item = (&Arc<str>, &Asked)> {
        self.asked.iter()
    }

    /// True if it selects everything.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.asked.is_empty()
    }

    /// True if it asks for nothing but one value a label.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let mut asked = self.asked.values();
        asked.all(|asked| matches!(asked, Asked::In(values) if values.len() == 1))
    }

    /// True if nothing can be selected by it.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.asked.values().any(Asked::is_impossible)
    }

    /// True if it selects what has some labels.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        let mut asked = self.asked.iter();
        asked.all(|(key, asked)| asked.holds(labels.get(key)))
    }

    /// What both select.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let asked = other.asked.iter();
        asked.fold(self.clone(), |own, (key, asked)| {
            own.with(key, asked.clone())
        })
    }

    /// True if whatever it selects the other selects as well.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let mut asked = other.asked.iter();
        self.is_none()
            || asked.all(|(key, asked)| {
                let own = self.asked.get(key);
                own.is_some_and(|own| own.implies(asked))
            })
    }

    /// For each of several values that it asks of a label, the label, the value and the selector of that value alone.
    pub fn each_value(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, Self)> {
        let several = self.asked.iter().filter_map(|(key, asked)| match asked {
            Asked::In(values) if values.len() > 1 => Some((key, values)),
            _ => None,
        });
        several.flat_map(move |(key, values)| {
            let values = values.iter();
            values.map(move |value| (key, value, self.clone().with_label(key, value)))
        })
    }

    /// The one namespace that it can select.
    #[must_use]
    pub fn only_namespace(&self) -> Option<&Arc<str>> {
        match self.asked.get(NAMESPACE_NAME) {
            Some(Asked::In(names)) if names.len() == 1 => names.first(),
            _ => None,
        }
    }

    /// The selector without what it asks of the names of namespaces.
    #[must_use]
    pub fn without_namespace_name(&self) -> Self {
        self.without(|key| key == NAMESPACE_NAME)
    }

    /// The selector without what it asks of some labels.
    #[must_use]
    pub fn without(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        let mut own = self.clone();
        own.asked.retain(|key, _| !is_left_out(key));
        own
    }
}

impl fmt::Display for Selector {
    /// The notation of `kubectl get -l`: `app=web,tier in (a,b),!old`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &BTreeSet<Arc<str>>| {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            values.join(",")
        };
        let mut parts: Vec<String> = Vec::new();
        for (key, asked) in &self.asked {
            match asked {
                Asked::In(values) if values.len() == 1 => {
                    parts.push(format!("{key}={}", list(values)));
                }
                Asked::In(values) => parts.push(format!("{key} in ({})", list(values))),
                Asked::NotIn(values) => parts.push(format!("{key} notin ({})", list(values))),
                Asked::Absent => parts.push(format!("!{key}")),
                Asked::Present { but } => {
                    parts.push(key.to_string());
                    if !but.is_empty() {
                        parts.push(format!("{key} notin ({})", list(but)));
                    }
                }
            }
        }
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to ask something of one label, over two values.
    fn every() -> Vec<Selector> {
        let mut all = vec![Selector::all()];
        for values in [&["a"][..], &["b"], &["a", "b"]] {
            for operator in ["In", "NotIn"] {
                all.push(Selector::all().with_expression("k", operator, values));
            }
        }
        for operator in ["Exists", "DoesNotExist"] {
            all.push(Selector::all().with_expression("k", operator, &[]));
        }
        let pairs: Vec<Selector> = all
            .iter()
            .flat_map(|one| all.iter().map(|other| one.and(other)))
            .collect();
        all.extend(pairs);
        all
    }

    fn worlds() -> Vec<Labels> {
        let of = |value: &str| Labels::from([("k".into(), value.into())]);
        vec![Labels::new(), of("a"), of("b"), of("c")]
    }

    #[test]
    fn selectors_that_select_the_same_are_equal() {
        for one in every() {
            for other in every() {
                let select = |selector: &Selector| -> Vec<bool> {
                    worlds()
                        .iter()
                        .map(|labels| selector.selects(labels))
                        .collect()
                };
                let (a, b) = (select(&one), select(&other));
                assert_eq!(a == b, one == other, "{one} and {other}");
                let implies = a.iter().zip(&b).all(|(a, b)| !a || *b);
                assert_eq!(implies, one.is_within(&other), "{one} within {other}");
                let both: Vec<bool> = a.iter().zip(&b).map(|(a, b)| *a && *b).collect();
                assert_eq!(both, select(&one.and(&other)));
            }
        }
    }

    #[test]
    fn what_the_api_refuses_selects_nothing() {
        for (operator, values) in [("Equals", &["a"][..]), ("In", &[]), ("Exists", &["a"])] {
            let selector = Selector::all().with_expression("k", operator, values);
            assert!(selector.is_none(), "{operator}");
            assert!(worlds().iter().all(|labels| !selector.selects(labels)));
            assert_eq!(selector.with_label("other", "x"), Selector::none());
        }
    }

    #[test]
    fn it_is_written_as_on_the_command_line() {
        let selector = Selector::all()
            .with_label("app", "web")
            .with_expression("tier", "NotIn", &["b", "a"])
            .with_expression("old", "DoesNotExist", &[])
            .with_expression("new", "Exists", &[]);
        assert_eq!(selector.to_string(), "app=web,new,!old,tier notin (a,b)");
    }
}
