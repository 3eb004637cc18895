//! Whether a release may be offered: as an update, or as a fix.

use std::sync::Arc;

use jiff::Timestamp;

use super::cooldown::{Cooldown, Maturity, Youth};
use super::engines::Engines;
use crate::packages::registry::{Document, Release};
use crate::packages::version::Version;

/// What a release must meet to be offered.
#[derive(Clone, Copy, Debug)]
pub struct Acceptance<'a> {
    /// How old it must be.
    pub cooldown: &'a Cooldown,
    /// Where it must run; none where the repository does not say.
    pub engines: Option<&'a Engines>,
    /// The instant of the run.
    pub now: Timestamp,
}

/// Why a release is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The registry has no such version.
    Missing,
    /// Its publisher advises against it.
    Deprecated(Arc<str>),
    /// It is younger than the cooldown asks.
    Young(Youth),
    /// It does not run on every version of Node.js that the repository promises; what it asks for.
    Engines(Arc<str>),
}

/// A release that may be offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<'a> {
    /// The release.
    pub release: &'a Release,
    /// What is to be said with it, if anything: that it is young and why that is accepted
    /// ([`Maturity::Excused`], [`Maturity::Excluded`]), or that its age is not known.
    pub maturity: Maturity,
}

impl Acceptance<'_> {
    /// Whether a version may be offered. `name` is the real one. `fixes_severe` says that it fixes an advisory that
    /// weighs more than a young release.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn accept<'a>(
        &self,
        name: &str,
        document: &'a Document,
        version: &Version,
        fixes_severe: bool,
    ) -> Result<Accepted<'a>, Refusal> {
        let release = document.release(version).ok_or(Refusal::Missing)?;
        self.accept_release(name, document, release, fixes_severe)
    }

    /// The lowest release above an installed one that no advisory is about any more and that may be offered. A stable
    /// version is fixed by a stable one, and nothing beyond `latest` is a fix unless nothing else is.
    ///
    /// # Errors
    /// The lowest release that would be a fix, and why it is not offered; none if no advisory ends at all.
    pub fn lowest_fix<'a>(
        &self,
        name: &str,
        document: &'a Document,
        installed: &Version,
        is_affected: &dyn Fn(&Version) -> bool,
        fixes_severe: bool,
    ) -> Result<Accepted<'a>, Option<(&'a Release, Refusal)>> {
        let latest = document.tag("latest").map(|latest| &latest.version);
        let is_beyond = |release: &Release| latest.is_some_and(|end| release.version > *end);
        let fixes = || {
            let newer = document.releases.iter().filter(|release| {
                let is_stable = !release.version.is_prerelease() || installed.is_prerelease();
                release.version > *installed && is_stable
            });
            newer.filter(|release| !is_affected(&release.version))
        };
        let within = fixes().filter(|release| !is_beyond(release));
        let beyond = fixes().filter(|release| is_beyond(release));
        let mut refused = None;
        for release in within.chain(beyond) {
            match self.accept_release(name, document, release, fixes_severe) {
                Ok(accepted) => return Ok(accepted),
                Err(why) => refused = refused.or(Some((release, why))),
            }
        }
        Err(refused)
    }

    pub(super) fn accept_release<'a>(
        &self,
        name: &str,
        document: &'a Document,
        release: &'a Release,
        fixes_severe: bool,
    ) -> Result<Accepted<'a>, Refusal> {
        if let Some(text) = &release.deprecated {
            return Err(Refusal::Deprecated(Arc::clone(text)));
        }
        let engines = release.engines_node.as_ref();
        if let (Some(own), Some(asked)) = (self.engines, engines)
            && !own.accept(Some(asked))
        {
            return Err(Refusal::Engines(Arc::clone(asked)));
        }
        let maturity = self
            .cooldown
            .judge_release(name, document, release, self.now, fixes_severe);
        match maturity {
            Maturity::Young(youth) => Err(Refusal::Young(youth)),
            maturity => Ok(Accepted { release, maturity }),
        }
    }
}
