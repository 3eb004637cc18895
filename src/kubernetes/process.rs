//! What a container is told to run: its command, its variables, and the memory it may have.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::image::ImageReference;
use super::image_tag::runs_something_else;
use crate::credential;
use crate::syntax::{Node, Value};

use super::container::Container;
use super::object::Object;

/// A container as the process that it starts.
#[derive(Clone, Copy, Debug)]
pub struct Process<'a> {
    container: Container<'a>,
}

/// One entry of `env` with a value of its own.
#[derive(Clone, Copy, Debug)]
pub struct Variable<'a> {
    /// The name.
    pub name: &'a str,
    /// The value.
    pub value: Node<'a>,
}

/// A `ConfigMap` or Secret that a variable may come from.
#[derive(Clone, Copy, Debug)]
pub struct ConfigSource<'a> {
    /// `ConfigMap` or `Secret`.
    pub kind: &'static str,
    /// The name of it.
    pub map: &'a str,
    /// The key in it.
    pub key: &'a str,
    /// Where the container names it.
    pub at: Node<'a>,
}

/// What holds variables, by the key that names one of it and by the one that names all.
const CONFIG_SOURCES: [(&str, &str, &str); 2] = [
    ("ConfigMap", "configMapKeyRef", "configMapRef"),
    ("Secret", "secretKeyRef", "secretRef"),
];

impl<'a> Variable<'a> {
    /// The value as the process gets it. Numbers and booleans are refused by the API server; people write them.
    #[must_use]
    pub fn text(self) -> &'a str {
        scalar(self.value)
    }
}

impl<'a> Process<'a> {
    /// The process of a container.
    #[must_use]
    pub fn of(container: Container<'a>) -> Self {
        Self { container }
    }

    /// The container.
    #[must_use]
    pub fn container(self) -> Container<'a> {
        self.container
    }

    /// The entries of `env` with a value of their own, those that a later one of the same name replaces included.
    pub fn variables(self) -> impl Iterator<Item = Variable<'a>> {
        self.container.field(&["env"]).items().filter_map(|entry| {
            let name = entry.get("name")?.as_str()?;
            let value = entry.present("value")?;
            let is_scalar = !value.is_mapping() && !value.is_sequence();
            is_scalar.then_some(Variable { name, value })
        })
    }

    /// A text with the variables of the container in it, as `$(NAME)`: those that stand before it in `env` with a value
    /// of their own. What is not known stays as it is, and `$$(NAME)` is no variable.
    ///
    /// Source: Kubernetes, "Define Dependent Environment Variables".
    #[must_use]
    pub fn expanded(self, text: &'a str) -> Cow<'a, str> {
        /// Beyond it nobody reads what comes of it.
        const LONGEST: usize = 4_096;
        if !text.contains("$(") {
            return text.into();
        }
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        for variable in self.variables() {
            let value = expand(variable.text(), &known);
            if value.len() <= LONGEST {
                known.insert(variable.name, value);
            }
        }
        expand(text, &known).into()
    }

    /// False where the image is known to run something else, which pays no heed to the variables of Node.js.
    fn may_be_node(self) -> bool {
        let image = self.container.image().as_str();
        !image.is_some_and(|image| {
            ImageReference::parse(image).is_ok_and(|image| runs_something_else(&image))
        })
    }

    /// The variable of a name that Node.js or a program for it reads, where its value is written: the last one counts.
    #[must_use]
    pub fn variable(self, name: &str) -> Option<Variable<'a>> {
        let named = self.variables().filter(|variable| variable.name == name);
        named.last().filter(|_| self.may_be_node())
    }

    /// Where the variable of a name comes from that the container takes from `ConfigMap`s and Secrets: of several, the one
    /// that holds the key and stands first here counts. Empty where an entry of `env` says otherwise.
    #[must_use]
    pub fn config_sources(self, name: &'a str) -> Vec<ConfigSource<'a>> {
        let mut sources = self.all_config_sources(name);
        // To read the image takes longer than to see that there is nothing.
        if !sources.is_empty() && !self.may_be_node() {
            sources.clear();
        }
        sources
    }

    fn all_config_sources(self, name: &'a str) -> Vec<ConfigSource<'a>> {
        let entries = self.container.field(&["env"]).items();
        let own = entries.filter(|entry| entry.get("name").and_then(Node::as_str) == Some(name));
        if let Some(entry) = own.last() {
            let sources = CONFIG_SOURCES.iter().filter_map(|(kind, of_key, _)| {
                let at = entry.get("valueFrom")?.present(of_key)?;
                let map = at.get("name")?.as_str()?;
                let key = at.get("key")?.as_str()?;
                Some(ConfigSource { kind, map, key, at })
            });
            return sources.take(1).collect();
        }
        let whole = self.container.field(&["envFrom"]).items();
        let mut sources: Vec<_> = whole
            .filter_map(|source| {
                let mut named = CONFIG_SOURCES.iter().filter_map(|(kind, _, of_all)| {
                    Some((kind, source.present(of_all)?.present("name")?))
                });
                let (kind, map) = named.next()?;
                let prefix = source.get("prefix").and_then(Node::as_str);
                Some(ConfigSource {
                    kind,
                    map: map.as_str()?,
                    key: name.strip_prefix(prefix.unwrap_or_default())?,
                    at: map,
                })
            })
            .collect();
        sources.reverse();
        sources
    }

    /// The words of `command`.
    pub fn command(self) -> impl Iterator<Item = Node<'a>> {
        self.container.field(&["command"]).items()
    }

    /// The words of `args`.
    pub fn arguments(self) -> impl Iterator<Item = Node<'a>> {
        self.container.field(&["args"]).items()
    }

    /// The words of `command`, then those of `args`.
    pub fn words(self) -> impl Iterator<Item = Node<'a>> {
        self.command().chain(self.arguments())
    }

    /// `resources.limits.memory` in bytes, with where it is written.
    #[must_use]
    pub fn memory_limit(self) -> Option<(u64, Node<'a>)> {
        let limit = self
            .container
            .field(&["resources", "limits", "memory"])
            .node()?;
        Some((bytes(scalar(limit))?, limit))
    }
}

fn expand(text: &str, known: &BTreeMap<&str, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let value = behind.strip_prefix("$(").and_then(|inner| {
            let (name, after) = inner.split_once(')')?;
            Some((known.get(name)?, after))
        });
        rest = match (value, behind.strip_prefix("$$")) {
            (Some((value, after)), _) => {
                out.push_str(value);
                after
            }
            (None, Some(after)) => {
                out.push('$');
                after
            }
            (None, None) => {
                out.push('$');
                behind.get(1..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
    out
}

/// What a `ConfigMap` or a Secret holds under a key, as a variable holds it.
#[must_use]
pub fn configured<'a>(map: Object<'a>, key: &str) -> Option<(Node<'a>, Cow<'a, str>)> {
    let held = |field| map.node().present(field)?.present(key);
    if map.kind().name != "Secret" {
        let value = held("data")?;
        return Some((value, scalar(value).into()));
    }
    if let Some(value) = held("stringData") {
        return Some((value, scalar(value).into()));
    }
    let value = held("data")?;
    let plain = credential::decode(scalar(value))?;
    Some((value, String::from_utf8(plain).ok()?.into()))
}

/// A scalar as it is written, without quotes.
#[must_use]
pub fn scalar(node: Node<'_>) -> &str {
    match node.value() {
        Value::Text(text) => text,
        Value::Null | Value::Sequence | Value::Mapping => "",
        _ => node.source(),
    }
}

/// A quantity in bytes: `512Mi`, `1G`, `1.5Gi`, `1e9`, `128974848`; a fraction of a byte counts as one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "finite, not negative and below 2^63 is checked"
)]
fn bytes(text: &str) -> Option<u64> {
    const SUFFIXES: [(&str, f64); 13] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let text = text.trim();
    let suffix = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)));
    let (number, factor) = suffix.unwrap_or((text, &1.0));
    let is_number = number
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let value = number.parse::<f64>().ok().filter(|_| is_number)? * factor;
    (value.is_finite() && (0.0..9e18).contains(&value)).then(|| value.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_where_they_are_known() {
        let known = [("A", "x".to_owned())].into();
        for (text, wanted) in [
            ("--inspect=$(A)", "--inspect=x"),
            ("$(A)$(A)", "xx"),
            ("$$(A)", "$(A)"),
            ("$(B)", "$(B)"),
            ("$(A", "$(A"),
            ("$A $", "$A $"),
        ] {
            assert_eq!(expand(text, &known), wanted, "{text}");
        }
    }

    #[test]
    fn quantities_are_read_as_the_api_server_reads_them() {
        for (text, wanted) in [
            ("512Mi", Some(512 << 20)),
            ("1Gi", Some(1 << 30)),
            ("1.5Gi", Some(3 << 29)),
            ("1G", Some(1_000_000_000)),
            ("500M", Some(500_000_000)),
            ("1e9", Some(1_000_000_000)),
            ("128974848", Some(128_974_848)),
            ("128974848000m", Some(128_974_848)),
            ("512MB", None),
            ("{{ .Values.memory }}", None),
            ("", None),
            ("-1", None),
            ("inf", None),
        ] {
            assert_eq!(bytes(text), wanted, "{text}");
        }
    }
}
