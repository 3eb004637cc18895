//! Where images may come from.

use std::fmt;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::kubernetes::ImageReference;

/// The registries, and the folders of registries, that images may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registries(Vec<RegistryPattern>);

impl Registries {
    /// Those of a configuration; none where it names none.
    #[must_use]
    pub fn new(patterns: &[RegistryPattern]) -> Option<Self> {
        (!patterns.is_empty()).then(|| Self(patterns.to_vec()))
    }

    /// True if an image comes from one of them.
    #[must_use]
    pub fn allow(&self, image: &ImageReference<'_>) -> bool {
        let (registry, repository) = (image.registry(), image.repository());
        self.0
            .iter()
            .any(|pattern| pattern.allows(&registry, &repository))
    }

    /// True if all that a pattern allows is allowed.
    #[must_use]
    pub fn include(&self, pattern: &RegistryPattern) -> bool {
        let path = pattern.path.join("/");
        self.0
            .iter()
            .any(|known| known.allows(&pattern.host.join("."), &path))
    }
}

impl fmt::Display for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        for (index, pattern) in self.0.iter().take(SHOWN).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{pattern}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// A registry, or a folder of it: `registry.example.com`, `ghcr.io/acme`, `*.registry.example.com`. Labels of the host
/// and segments of the path are compared whole; `*` stands for one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryPattern {
    text: String,
    /// The labels of the host, the last with the port.
    host: Vec<String>,
    path: Vec<String>,
}

impl RegistryPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it can name no registry.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, path) = match text.trim_end_matches('/').split_once('/') {
            Some((host, path)) => (host, path.split('/').map(str::to_owned).collect()),
            None => (text.trim_end_matches('/'), Vec::new()),
        };
        if text.contains("://") {
            return Err("a registry is written without a scheme, such as ghcr.io/acme");
        }
        if !host.contains(['.', ':']) && host != "localhost" {
            return Err("a registry begins with its host, such as ghcr.io/acme or docker.io/acme");
        }
        let is_path = |part: &String| {
            let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
            part == ANY || !part.is_empty() && part.bytes().all(byte)
        };
        let (name, port) = host.split_once(':').unwrap_or((host, "0"));
        let is_label = |label: &str| {
            let byte = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            label == ANY || !label.is_empty() && label.bytes().all(byte)
        };
        let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        if !name.split('.').all(is_label) || !is_port || !path.iter().all(is_path) {
            return Err(
                "a registry is a host and perhaps a path, without a tag; `*` stands for a whole label or segment",
            );
        }
        let host = host.to_ascii_lowercase();
        let host = if host == "index.docker.io" {
            "docker.io"
        } else {
            &host
        };
        Ok(Self {
            text: text.to_owned(),
            host: host.split('.').map(str::to_owned).collect(),
            path,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn allows(&self, registry: &str, repository: &str) -> bool {
        let fits = |(own, other): (&String, &str)| own == ANY || own == other;
        let labels: Vec<&str> = registry.split('.').collect();
        let segments: Vec<&str> = repository
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        labels.len() == self.host.len()
            && segments.len() >= self.path.len()
            && self.host.iter().zip(labels).all(fits)
            && self.path.iter().zip(segments).all(fits)
    }
}

/// Stands for one label or segment.
const ANY: &str = "*";

impl fmt::Display for RegistryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RegistryPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for RegistryPattern {
    fn schema_name() -> Cow<'static, str> {
        "RegistryPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A registry, or a folder of it, such as `ghcr.io/acme`; `*` stands for one label of the host or one segment of the path.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pattern: &str, image: &str) -> bool {
        let registries = Registries::new(&[RegistryPattern::parse(pattern).unwrap()]).unwrap();
        registries.allow(&ImageReference::parse(image).unwrap())
    }

    #[test]
    fn labels_and_segments_are_compared_whole() {
        for (pattern, image) in [
            ("ghcr.io", "ghcr.io/acme/shop:1"),
            ("ghcr.io/acme", "ghcr.io/acme/shop:1"),
            ("ghcr.io/acme/", "GHCR.io/acme/shop/api"),
            ("ghcr.io/acme/shop", "ghcr.io/acme/shop"),
            ("docker.io/library", "node:22"),
            ("index.docker.io", "acme/shop"),
            ("docker.io/acme", "index.docker.io/acme/shop"),
            ("localhost:5000", "localhost:5000/shop"),
            ("*.registry.example.com", "eu.registry.example.com/shop"),
            (
                "1.dkr.ecr.*.amazonaws.com",
                "1.dkr.ecr.eu-west-1.amazonaws.com/shop",
            ),
            ("gcr.io/*/shop", "gcr.io/acme/shop/api"),
        ] {
            assert!(allowed(pattern, image), "{pattern}: {image}");
        }
        for (pattern, image) in [
            ("ghcr.io", "ghcr.io.evil.example/acme/shop"),
            ("ghcr.io", "evilghcr.io/acme/shop"),
            ("ghcr.io", "evil.ghcr.io/acme/shop"),
            ("ghcr.io", "ghcr.io:8443/acme/shop"),
            ("ghcr.io", "acme/shop"),
            ("ghcr.io/acme", "ghcr.io/acme-evil/shop"),
            ("ghcr.io/acme/shop", "ghcr.io/acme"),
            ("docker.io/library", "acme/shop"),
            ("docker.io/library", "evil.example/library/node"),
            ("*.example.com", "example.com/shop"),
            ("*.example.com", "a.b.example.com/shop"),
            ("*.example.com", "evilexample.com/shop"),
        ] {
            assert!(!allowed(pattern, image), "{pattern}: {image}");
        }
    }

    #[test]
    fn what_names_no_registry_says_why() {
        for text in [
            "",
            "acme",
            "*",
            "https://ghcr.io",
            "ghcr.io/acme/shop:1",
            "ghcr.io//a",
            "a..b",
            "ghcr.io/Acme",
            "*a.example.com",
        ] {
            assert!(RegistryPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_narrower_pattern_is_included() {
        let read = |text| RegistryPattern::parse(text).unwrap();
        let registries = Registries::new(&[read("ghcr.io/acme"), read("*.example.com")]).unwrap();
        for (text, included) in [
            ("ghcr.io/acme/shop", true),
            ("ghcr.io/acme", true),
            ("eu.example.com/shop", true),
            ("ghcr.io", false),
            ("ghcr.io/*", false),
            ("docker.io", false),
        ] {
            assert_eq!(registries.include(&read(text)), included, "{text}");
        }
    }
}
