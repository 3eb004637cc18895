//! Waivers: findings that are accepted, and why.

use std::borrow::Cow;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::pattern::{PathPattern, ResourcePattern, RulePattern, fits};
use super::value::Day;
use crate::finding::Finding;

/// A waiver as the configuration has it. It covers the findings that all of its selectors fit.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waiver {
    /// The rule, or a pattern of rules.
    pub rule: RulePattern,
    /// The object.
    pub resource: Option<ResourcePattern>,
    /// The container, by name; `*` stands for anything.
    pub container: Option<String>,
    /// The package, by name; `*` stands for anything.
    pub package: Option<String>,
    /// The file.
    pub path: Option<PathPattern>,
    /// The value that was found, such as a capability or the path of a volume: another value is another finding.
    pub value: Option<String>,
    /// Why it is accepted.
    #[serde(deserialize_with = "reason")]
    #[schemars(length(min = 1))]
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Day>,
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(de::Error::custom("a waiver needs a reason"));
    }
    Ok(text.into_owned())
}

impl Waiver {
    /// True if it covers this finding, as long as it holds.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        let subject = &finding.subject;
        self.rule.names(finding.rule)
            && self.resource.as_ref().is_none_or(|pattern| {
                subject.resource.as_ref().is_some_and(|resource| {
                    let namespaces = [resource.namespace.as_deref(), finding.namespace.as_deref()];
                    pattern.fits(&resource.kind, namespaces, &resource.name)
                })
            })
            && self.container.as_ref().is_none_or(|pattern| {
                let container = subject.container.as_deref();
                container.is_some_and(|container| fits(pattern, container))
            })
            && self.package.as_ref().is_none_or(|pattern| {
                let package = subject.package.as_ref();
                package.is_some_and(|package| fits(pattern, &package.name))
            })
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| pattern.fits(&finding.location.path))
            && self
                .value
                .as_ref()
                .is_none_or(|value| **value == *subject.discriminator)
    }

    /// What it covers, as text: two waivers with the same selectors are the same waiver, whatever reason they give.
    #[must_use]
    pub fn selectors(&self) -> String {
        let mut text = self.rule.as_str().to_owned();
        for (name, value) in [
            (
                "resource",
                self.resource.as_ref().map(ResourcePattern::as_str),
            ),
            ("container", self.container.as_deref()),
            ("package", self.package.as_deref()),
            ("path", self.path.as_ref().map(PathPattern::as_str)),
            ("value", self.value.as_deref()),
        ] {
            if let Some(value) = value {
                // Writing to a String cannot fail.
                let _ = write!(text, " {name}={value:?}");
            }
        }
        text
    }

    /// True if it is bound to nothing but its rule: whatever breaks that rule, now or later, is covered.
    #[must_use]
    pub fn is_broad(&self) -> bool {
        let everywhere = ["*", "**", "**/*"];
        self.resource
            .as_ref()
            .is_none_or(ResourcePattern::is_everything)
            && self.container.as_deref().is_none_or(|name| name == "*")
            && self.package.as_deref().is_none_or(|name| name == "*")
            && self
                .path
                .as_ref()
                .is_none_or(|path| everywhere.contains(&path.as_str()))
            && self.value.is_none()
    }

    /// True if it holds on a day; where the day is not known, it does.
    #[must_use]
    pub fn holds_on(&self, today: Option<Day>) -> bool {
        match (self.until, today) {
            (Some(until), Some(today)) => today <= until,
            _ => true,
        }
    }
}
