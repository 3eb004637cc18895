//! A document as the cache keeps it: a package document again, with only what is asked of one.
//!
//! The same reader reads both, so that there is no second notation to keep in step.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::document::{Document, Need, Release, Requirement};

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &*self.name)?;
        map.serialize_entry("dist-tags", &Tags(self))?;
        map.serialize_entry("time", &Stamps(self))?;
        map.serialize_entry("versions", &Versions(self))?;
        let maintainers = self.maintainers.iter();
        let maintainers: Vec<_> = maintainers
            .map(|name| serde_json::json!({ "name": &**name }))
            .collect();
        map.serialize_entry("maintainers", &maintainers)?;
        map.end()
    }
}

struct Tags<'a>(&'a Document);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .tags
                .iter()
                .map(|(tag, version)| (&**tag, &**version)),
        )
    }
}

struct Stamps<'a>(&'a Document);

impl Serialize for Stamps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.0.is_unpublished {
            map.serialize_entry("unpublished", &serde_json::Map::new())?;
        }
        for release in &self.0.releases {
            if let Some(stamped) = release.stamped {
                map.serialize_entry(&*release.text, &stamped.to_string())?;
            }
        }
        map.end()
    }
}

struct Versions<'a>(&'a Document);

impl Serialize for Versions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let releases = self.0.releases.iter();
        serializer.collect_map(releases.map(|release| (&*release.text, Version(release))))
    }
}

struct Version<'a>(&'a Release);

impl Serialize for Version<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let release = self.0;
        let mut map = serializer.serialize_map(None)?;
        if let Some(text) = &release.deprecated {
            map.serialize_entry("deprecated", &**text)?;
        }
        if let Some(node) = &release.engines_node {
            map.serialize_entry("engines", &serde_json::json!({ "node": &**node }))?;
        }
        if let Some(license) = &release.license {
            map.serialize_entry("license", &serde_json::json!({ "type": &**license }))?;
        }
        if let Some(has) = release.has_install_script {
            map.serialize_entry("hasInstallScript", &has)?;
        }
        for (key, need) in [
            ("dependencies", Need::Required),
            ("optionalDependencies", Need::Optional),
            ("peerDependencies", Need::Peer),
        ] {
            let section = Section(&release.dependencies, need);
            if section.entries().next().is_some() {
                map.serialize_entry(key, &section)?;
            }
        }
        let mut dist = serde_json::Map::new();
        if let Some(integrity) = &release.integrity {
            dist.insert("integrity".to_owned(), (**integrity).into());
        }
        if release.has_provenance {
            let attestations = serde_json::json!({ "provenance": {} });
            dist.insert("attestations".to_owned(), attestations);
        }
        map.serialize_entry("dist", &dist)?;
        if release.publisher.is_some() || release.by_trusted_publisher {
            let mut user = serde_json::Map::new();
            if let Some(name) = &release.publisher {
                user.insert("name".to_owned(), (**name).into());
            }
            if release.by_trusted_publisher {
                user.insert("trustedPublisher".to_owned(), serde_json::json!({}));
            }
            map.serialize_entry("_npmUser", &user)?;
        }
        map.end()
    }
}

struct Section<'a>(&'a [Requirement], Need);

impl Section<'_> {
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_need = self
            .0
            .iter()
            .filter(|requirement| requirement.need == self.1);
        of_need.map(|requirement| (&*requirement.name, &*requirement.specifier))
    }
}

impl Serialize for Section<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.entries())
    }
}
