//! The fields of one entry of npm's lockfile, which all versions of its notation share.

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::json::{Reading, as_text, is_true};
use super::sections::Sections;
use super::{Locked, Marks, Source, origin};
use crate::syntax::Span;

/// One entry, of which nothing is judged yet.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) resolved: Option<(&'a str, Span)>,
    integrity: Option<(&'a str, Span)>,
    deprecated: Option<&'a str>,
    license: Option<&'a str>,
    engines_node: Option<&'a str>,
    has_install_script: bool,
    is_bundled: bool,
    pub(super) is_link: bool,
    pub(super) marks: Marks,
    /// In version 1, `production` holds what is installed inside.
    pub(super) sections: Sections<'a>,
    /// What version 1 says of dependencies.
    pub(super) requires: Option<&'a Object<'a>>,
    /// The patterns of workspaces; only the root has them.
    pub(super) workspaces: Option<&'a Value<'a>>,
}

impl<'a> Entry<'a> {
    /// Reads an entry; none, and a note, if it says not even which package it is.
    pub(super) fn read(property: &'a ObjectProp<'a>, reading: &mut Reading<'a>) -> Option<Self> {
        let Value::Object(object) = &property.value else {
            let at = reading.span(&property.name);
            reading.refuse("an entry is no object", at);
            return None;
        };
        let mut entry = Self::default();
        // Of equal keys the last one wins, as it does in npm.
        for field in &object.properties {
            let value = &field.value;
            match field.name.as_str() {
                "name" => entry.name = reading.text(value).map(|(name, _)| name),
                "version" => entry.version = reading.text(value).map(|(version, _)| version),
                "resolved" => entry.resolved = reading.text(value),
                "integrity" => entry.integrity = reading.text(value),
                "deprecated" => entry.deprecated = as_text(value),
                "license" => entry.license = license(value),
                "engines" => entry.engines_node = engines_node(value),
                "hasInstallScript" => entry.has_install_script = is_true(value),
                "inBundle" | "bundled" => entry.is_bundled = is_true(value),
                "link" => entry.is_link = is_true(value),
                "dev" => entry.marks.dev = is_true(value),
                "optional" => entry.marks.optional = is_true(value),
                "peer" => entry.marks.peer = is_true(value),
                "extraneous" => entry.marks.extraneous = is_true(value),
                // Version 1 writes `true` where it does not know.
                "requires" if !matches!(value, Value::BooleanLit(_)) => {
                    entry.requires = reading.object(value);
                }
                "workspaces" => entry.workspaces = Some(value),
                "peerDependenciesMeta" => entry.sections.optional_peers = optional_peers(value),
                name => {
                    entry.sections.take(name, value, reading);
                }
            }
        }
        Some(entry)
    }

    /// The entry as the model has it, without its dependencies.
    pub(super) fn locked(
        &self,
        name: &'a str,
        version: &'a str,
        source: Source,
        at: Span,
        reading: &mut Reading<'a>,
    ) -> Locked {
        let owned = |(text, at): (&str, Span)| (text.into(), at);
        Locked {
            source,
            resolved: self.resolved.map(owned),
            integrity: self.integrity.map(owned),
            deprecated: self.deprecated.map(Into::into),
            license: self.license.map(Into::into),
            engines_node: self.engines_node.map(Into::into),
            is_bundled: self.is_bundled,
            marks: self.marks,
            ..Locked::new(reading.name(name), reading.name(version), at)
        }
    }

    /// True if npm noted a script of installation.
    pub(super) fn has_install_script(&self) -> bool {
        self.has_install_script
    }

    /// Where the package comes from, by `resolved`.
    pub(super) fn source(&self) -> Source {
        self.resolved
            .map_or(Source::Registry(None), |(address, _)| {
                origin::of_archive(address)
            })
    }
}

/// `license`: text, or in old manifests an object with a `type`.
fn license<'a>(value: &'a Value<'a>) -> Option<&'a str> {
    match value {
        Value::Object(object) => field(object, "type").and_then(as_text),
        other => as_text(other),
    }
}

/// `engines.node`; in old manifests `engines` is a list of texts such as `node >= 0.8`.
fn engines_node<'a>(value: &'a Value<'a>) -> Option<&'a str> {
    match value {
        Value::Object(object) => field(object, "node").and_then(as_text),
        other => super::json::texts(other).find_map(|engine| {
            let range = engine.trim_start().strip_prefix("node")?;
            let is_whole = range.is_empty() || range.starts_with(|c: char| !c.is_alphanumeric());
            is_whole
                .then(|| range.trim())
                .filter(|range| !range.is_empty())
        }),
    }
}

fn optional_peers<'a>(value: &'a Value<'a>) -> std::collections::HashSet<&'a str> {
    let object = match value {
        Value::Object(object) => Some(object),
        _ => None,
    };
    object
        .into_iter()
        .flat_map(|object| &object.properties)
        .filter(|peer| match &peer.value {
            Value::Object(meta) => field(meta, "optional").is_some_and(is_true),
            _ => false,
        })
        .map(|peer| peer.name.as_str())
        .collect()
}

fn field<'a>(object: &'a Object<'a>, name: &str) -> Option<&'a Value<'a>> {
    let property = object.properties.iter().rev();
    let mut named = property.filter(|property| property.name.as_str() == name);
    named.next().map(|property| &property.value)
}
