//! What a registry knows of one package: its document, reduced to what tidegate asks of it.
//!
//! Format: the full package document of the npm registry (`packument`), as
//! <https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md> describes it. Mirrors leave parts
//! out and old packages bend the types; what is not as expected counts as not said.

use std::io::Read;
use std::sync::Arc;

use jiff::Timestamp;

use super::wire;
use crate::packages::version::Version;

pub use super::times::Times;
pub use crate::packages::lockfile::Need;

/// The largest document that is read, in bytes. That of Next.js has 21 MB.
pub const MAX_DOCUMENT: u64 = 64 * 1024 * 1024;

/// All that is known of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name as the registry writes it; empty where the registry leaves it out.
    pub name: Arc<str>,
    /// The tags and the versions that they point to, sorted by the tag.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    /// All published versions, in the order of their precedence.
    pub releases: Vec<Release>,
    /// Whether its dates can be relied upon.
    pub times: Times,
    /// True if its owners took all of it back.
    pub is_unpublished: bool,
    /// The accounts that may publish it, sorted.
    pub maintainers: Vec<Arc<str>>,
}

/// One version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// The version as written.
    pub text: Arc<str>,
    /// When the registry says that it was published; [`Document::published`] knows whether that can be so.
    pub(super) stamped: Option<Timestamp>,
    /// The text by which it is deprecated. An empty one deprecates nothing.
    pub deprecated: Option<Arc<str>>,
    /// `engines.node`.
    pub engines_node: Option<Arc<str>>,
    /// `license` in SPDX's notation or as written; the old `licenses` joined by `OR`.
    pub license: Option<Arc<str>>,
    /// What it depends on, sorted by name.
    pub dependencies: Arc<[Requirement]>,
    /// True if it runs a script of its own when it is installed; none where the document does not say.
    pub has_install_script: Option<bool>,
    /// `dist.integrity`.
    pub integrity: Option<Arc<str>>,
    /// True if an attestation says where it was built.
    pub has_provenance: bool,
    /// True if a trusted publisher of the registry, and no token of a person, published it.
    pub by_trusted_publisher: bool,
    /// The account that published it.
    pub publisher: Option<Arc<str>>,
}

/// What a version depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The name under which it is installed.
    pub name: Arc<str>,
    /// The specifier as written.
    pub specifier: Arc<str>,
    /// The section that it stands in.
    pub need: Need,
}

/// Why an answer is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is larger than [`MAX_DOCUMENT`], or holds more than any package does.
    Oversized,
    /// It ended before its end.
    Truncated,
    /// It is no package document: another notation, such as a page of a proxy, or another shape.
    Foreign,
}

impl Document {
    /// Reads a document as it comes, in little memory. What lies after `now` was never published.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(reader: impl Read, now: Timestamp) -> Result<Self, Malformed> {
        wire::read(reader, now, MAX_DOCUMENT)
    }

    /// A version.
    #[must_use]
    pub fn release(&self, version: &Version) -> Option<&Release> {
        let at = self
            .releases
            .binary_search_by(|release| release.version.cmp(version));
        self.releases.get(at.ok()?)
    }

    /// What a tag points to, if that was published.
    #[must_use]
    pub fn tag(&self, tag: &str) -> Option<&Release> {
        let at = self.tags.binary_search_by(|(name, _)| (**name).cmp(tag));
        let (_, version) = self.tags.get(at.ok()?)?;
        self.release(&Version::parse(version)?)
    }

    /// When one of its versions was published; none where the registry does not say, or says nonsense.
    #[must_use]
    pub fn published(&self, release: &Release) -> Option<Timestamp> {
        release.stamped.filter(|_| self.times == Times::Known)
    }

    /// An instant at which a version was there already, though it may be older by years: what a mirror stamps is when
    /// it fetched the version, and nobody fetches what is not published. Good for *at least so old*, and for nothing else.
    #[must_use]
    pub fn there_by(&self, release: &Release) -> Option<Timestamp> {
        release.stamped
    }

    /// Takes the dates away: whoever answers for the registry turned out not to know them.
    pub(super) fn distrust_times(&mut self) {
        if self.times == Times::Known {
            self.times = Times::Nonsense;
        }
    }

    /// When its last version was published, whatever version that was.
    #[must_use]
    pub fn last_published(&self) -> Option<Timestamp> {
        let published = |release| self.published(release);
        self.releases.iter().filter_map(published).max()
    }
}

impl Release {
    /// What it depends on under a real name, aliases included.
    pub fn requirements_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Requirement> {
        self.dependencies
            .iter()
            .filter(move |requirement| requirement.target().0 == name)
    }
}

impl Requirement {
    /// The real name and the range, also where an alias (`npm:real@range`) hides them.
    #[must_use]
    pub fn target(&self) -> (&str, &str) {
        let Some(alias) = self.specifier.strip_prefix("npm:") else {
            return (&self.name, &self.specifier);
        };
        match alias.char_indices().skip(1).find(|(_, c)| *c == '@') {
            Some((at, _)) => (
                alias.get(..at).unwrap_or_default(),
                alias.get(at + 1..).unwrap_or_default(),
            ),
            None => (alias, ""),
        }
    }
}
