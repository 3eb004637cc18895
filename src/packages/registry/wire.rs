//! From the bytes of a package document to what is kept of it, in one pass and little memory.

use std::collections::HashSet;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use super::document::{Document, Malformed, Need, Release, Requirement};
use super::loose::{Entries, Loose, Mapping};
use super::times;
use crate::packages::version::Version;

/// The longest text of a document that is kept, in bytes: a deprecation is a sentence.
const LONGEST: usize = 2000;

/// The most versions, or dates of them, that are kept. That of TypeScript, with a release a night, has
/// 3,500.
const VERSIONS: usize = 200_000;

/// The most dependencies of one version that are kept, by section: far beyond what anybody writes.
const DEPENDENCIES: usize = 10_000;

/// Refuses one more than is kept. No other reader here refuses data, so that whoever sees such an error knows it.
fn within<E: serde::de::Error>(kept: usize, most: usize) -> Result<(), E> {
    if kept < most {
        return Ok(());
    }
    Err(E::custom("more than is kept"))
}

/// Reads a document of at most so many bytes.
pub(super) fn read(reader: impl Read, now: Timestamp, most: u64) -> Result<Document, Malformed> {
    let mut capped = Capped {
        reader,
        left: most,
        is_over: false,
    };
    let mut deserializer =
        serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, &mut capped));
    let root = Mapping::<Root>::deserialize(&mut deserializer)
        .and_then(|root| deserializer.end().map(|()| root));
    drop(deserializer);
    match root {
        Ok(Mapping(root)) => root.document(now).ok_or(Malformed::Foreign),
        Err(error) if capped.is_over || error.is_data() => Err(Malformed::Oversized),
        Err(error) if error.is_eof() || error.is_io() => Err(Malformed::Truncated),
        Err(_) => Err(Malformed::Foreign),
    }
}

/// A reader that ends with an error where too much comes.
struct Capped<R> {
    reader: R,
    left: u64,
    is_over: bool,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let left = self
            .left
            .checked_sub(u64::try_from(count).unwrap_or(u64::MAX));
        self.is_over = left.is_none();
        self.left = left.ok_or_else(|| io::Error::other("more than is read"))?;
        Ok(count)
    }
}

/// The whole document.
#[derive(Default)]
struct Root {
    name: Option<String>,
    tags: Texts,
    times: Stamps,
    releases: Option<Releases>,
    maintainers: People,
}

impl<'de> Entries<'de> for Root {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = entries.next_value::<Loose>()?.into_text(),
            "dist-tags" => self.tags = entries.next_value::<Mapping<_>>()?.0,
            "time" => self.times = entries.next_value::<Mapping<_>>()?.0,
            "versions" => self.releases = Some(entries.next_value::<Mapping<_>>()?.0),
            "maintainers" => self.maintainers = entries.next_value::<Mapping<_>>()?.0,
            _ => drop(entries.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl Root {
    fn document(self, now: Timestamp) -> Option<Document> {
        let is_unpublished = self.times.is_unpublished;
        let mut releases = match self.releases {
            Some(releases) => releases.all,
            None if is_unpublished => Vec::new(),
            None => return None,
        };
        // Of a version that is written twice the last one counts, as for every reader of JSON.
        releases.sort_by(|one, other| one.version.cmp(&other.version));
        releases.reverse();
        releases.dedup_by(|later, earlier| later.version == earlier.version);
        releases.reverse();
        let mut stamps = self.times.all;
        stamps.sort();
        for release in &mut releases {
            let at = stamps.binary_search_by(|(version, _)| (**version).cmp(&release.text));
            let stamp = at.ok().and_then(|at| stamps.get(at));
            release.stamped = stamp.and_then(|(_, text)| times::read(text, now));
        }
        let mut tags: Vec<(Arc<str>, Arc<str>)> = self.tags.0;
        tags.sort();
        tags.dedup_by(|later, earlier| later.0 == earlier.0);
        let mut maintainers = self.maintainers.0;
        maintainers.sort();
        maintainers.dedup();
        Some(Document {
            name: self.name.unwrap_or_default().into(),
            tags,
            times: times::weigh(&releases),
            releases,
            is_unpublished,
            maintainers,
        })
    }
}

/// Texts by name.
#[derive(Default)]
struct Texts(Vec<(Arc<str>, Arc<str>)>);

impl<'de> Entries<'de> for Texts {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        if let Loose::Text(text) = entries.next_value()? {
            self.0.push((key.into(), shortened(text).into()));
        }
        Ok(())
    }
}

/// `time`.
#[derive(Default)]
struct Stamps {
    all: Vec<(String, String)>,
    is_unpublished: bool,
}

impl<'de> Entries<'de> for Stamps {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        match entries.next_value()? {
            Loose::Text(text) => {
                within(self.all.len(), VERSIONS)?;
                self.all.push((key.to_owned(), text));
            }
            Loose::Map => self.is_unpublished |= key == "unpublished",
            Loose::Bool(_) | Loose::Other => {}
        }
        Ok(())
    }
}

/// `versions`, with what many of them share kept once.
#[derive(Default)]
struct Releases {
    all: Vec<Release>,
    texts: HashSet<Arc<str>>,
    lists: HashSet<Arc<[Requirement]>>,
}

impl<'de> Entries<'de> for Releases {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        within(self.all.len(), VERSIONS)?;
        let Mapping(written) = entries.next_value::<Mapping<Written>>()?;
        if let Some(version) = Version::parse(key) {
            let release = self.release(version, key, written);
            self.all.push(release);
        }
        Ok(())
    }
}

impl Releases {
    fn text(&mut self, text: String) -> Arc<str> {
        let text = shortened(text);
        if let Some(known) = self.texts.get(text.as_str()) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&text));
        text
    }

    fn release(&mut self, version: Version, key: &str, written: Written) -> Release {
        let sections = [
            (Need::Optional, written.optional),
            (Need::Required, written.dependencies),
            (Need::Peer, written.peers),
        ];
        let mut dependencies = Vec::new();
        for (need, section) in sections {
            for (name, specifier) in section.0 {
                let (name, specifier) = (self.text(name), self.text(specifier));
                dependencies.push(Requirement {
                    name,
                    specifier,
                    need,
                });
            }
        }
        // The sort keeps the order of equal names, and what is optional is written among the required ones too.
        dependencies.sort_by(|one, other| one.name.cmp(&other.name));
        dependencies.dedup_by(|later, earlier| {
            later.name == earlier.name && (later.need == earlier.need || later.need != Need::Peer)
        });
        let dependencies = if let Some(known) = self.lists.get(dependencies.as_slice()) {
            Arc::clone(known)
        } else {
            let list: Arc<[Requirement]> = dependencies.into();
            self.lists.insert(Arc::clone(&list));
            list
        };
        Release {
            version,
            text: key.into(),
            stamped: None,
            deprecated: written.deprecated.map(|text| self.text(text)),
            engines_node: written.engines.0.map(|text| self.text(text)),
            license: written.license.0.map(|text| self.text(text)),
            dependencies,
            has_install_script: written.has_install_script,
            integrity: written.dist.integrity.map(Arc::from),
            has_provenance: written.dist.has_provenance,
            by_trusted_publisher: written.publisher.is_trusted,
            publisher: written.publisher.name.map(|text| self.text(text)),
        }
    }
}

/// A version as written.
#[derive(Default)]
struct Written {
    deprecated: Option<String>,
    engines: Engines,
    license: License,
    dependencies: Pairs,
    optional: Pairs,
    peers: Pairs,
    has_install_script: Option<bool>,
    dist: Dist,
    publisher: Publisher,
}

impl<'de> Entries<'de> for Written {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        match key {
            "deprecated" => {
                self.deprecated = match entries.next_value()? {
                    Loose::Text(text) if !text.trim().is_empty() => Some(text),
                    Loose::Bool(true) => Some("deprecated".to_owned()),
                    _ => None,
                }
            }
            "engines" => self.engines = entries.next_value::<Mapping<_>>()?.0,
            "license" => self.license = entries.next_value::<Mapping<_>>()?.0,
            "licenses" => {
                let Mapping(old) = entries.next_value::<Mapping<License>>()?;
                self.license.0 = self.license.0.take().or(old.0);
            }
            "dependencies" => self.dependencies = entries.next_value::<Mapping<_>>()?.0,
            "optionalDependencies" => self.optional = entries.next_value::<Mapping<_>>()?.0,
            "peerDependencies" => self.peers = entries.next_value::<Mapping<_>>()?.0,
            "hasInstallScript" => {
                if let Loose::Bool(has) = entries.next_value()? {
                    self.has_install_script = Some(has || self.has_install_script == Some(true));
                }
            }
            "scripts" => {
                let Mapping(scripts) = entries.next_value::<Mapping<Scripts>>()?;
                let is_known = self.has_install_script == Some(true);
                self.has_install_script = Some(is_known || scripts.0);
            }
            "dist" => self.dist = entries.next_value::<Mapping<_>>()?.0,
            "_npmUser" => self.publisher = entries.next_value::<Mapping<_>>()?.0,
            _ => drop(entries.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// A section of dependencies.
#[derive(Default)]
struct Pairs(Vec<(String, String)>);

impl<'de> Entries<'de> for Pairs {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        if let Loose::Text(text) = entries.next_value()? {
            within(self.0.len(), DEPENDENCIES)?;
            self.0.push((key.to_owned(), text));
        }
        Ok(())
    }
}

/// `engines.node`; old packages write a list such as `["node >= 0.6"]`.
#[derive(Default)]
struct Engines(Option<String>);

impl<'de> Entries<'de> for Engines {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        let value: Loose = entries.next_value()?;
        if key == "node" {
            self.0 = value.into_text();
        }
        Ok(())
    }

    fn take_text(&mut self, text: &str) {
        let node = text.trim().strip_prefix("node");
        self.0 = node
            .filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            .map(|rest| rest.trim().to_owned());
    }

    fn take_item(&mut self, item: Self) {
        self.0 = self.0.take().or(item.0);
    }
}

/// `license`, or `licenses`.
#[derive(Default)]
struct License(Option<String>);

impl<'de> Entries<'de> for License {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        let value: Loose = entries.next_value()?;
        if key == "type" {
            self.0 = value.into_text();
        }
        Ok(())
    }

    fn take_text(&mut self, text: &str) {
        self.0 = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    }

    fn take_item(&mut self, item: Self) {
        self.0 = match (self.0.take(), item.0) {
            (Some(one), Some(other)) if one.len() < LONGEST => Some(format!("{one} OR {other}")),
            (one, other) => one.or(other),
        };
    }
}

/// True if one of the scripts runs at every install.
#[derive(Default)]
struct Scripts(bool);

impl<'de> Entries<'de> for Scripts {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        let runs = match entries.next_value()? {
            Loose::Text(script) => !script.trim().is_empty(),
            _ => false,
        };
        self.0 |= runs && ["preinstall", "install", "postinstall"].contains(&key);
        Ok(())
    }
}

/// `dist`.
#[derive(Default)]
struct Dist {
    integrity: Option<String>,
    has_provenance: bool,
}

impl<'de> Entries<'de> for Dist {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        match key {
            "integrity" => self.integrity = entries.next_value::<Loose>()?.into_text(),
            "attestations" => {
                let Mapping(attestations) = entries.next_value::<Mapping<Attestations>>()?;
                self.has_provenance = attestations.0;
            }
            _ => drop(entries.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// True if one of the attestations is provenance.
#[derive(Default)]
struct Attestations(bool);

impl<'de> Entries<'de> for Attestations {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        let is_there = entries.next_value::<Loose>()? == Loose::Map;
        self.0 |= is_there && key == "provenance";
        Ok(())
    }
}

/// `_npmUser`.
#[derive(Default)]
struct Publisher {
    name: Option<String>,
    is_trusted: bool,
}

impl<'de> Entries<'de> for Publisher {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        let value: Loose = entries.next_value()?;
        match key {
            "name" => self.name = value.into_text(),
            "trustedPublisher" => self.is_trusted = value == Loose::Map,
            _ => {}
        }
        Ok(())
    }

    fn take_text(&mut self, text: &str) {
        self.name = text.split('<').next().map(|name| name.trim().to_owned());
    }
}

/// `maintainers`: the names of accounts.
#[derive(Default)]
struct People(Vec<Arc<str>>);

impl<'de> Entries<'de> for People {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error> {
        let value: Loose = entries.next_value()?;
        if let (Loose::Text(name), "name") = (value, key) {
            self.0.push(shortened(name).into());
        }
        Ok(())
    }

    fn take_text(&mut self, text: &str) {
        let name = text.split('<').next().unwrap_or_default().trim();
        self.0.push(shortened(name.to_owned()).into());
    }

    fn take_item(&mut self, item: Self) {
        self.0.extend(item.0);
    }
}

fn shortened(mut text: String) -> String {
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
