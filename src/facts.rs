//! Everything that the outside world said, for both sides of one run.
//!
//! Facts are gathered once, before any rule looks (`run/gather`); here they only lie. A rule names the facts that it
//! needs: where one of them is missing it does not run, and that is shown.

use jiff::Timestamp;

use crate::packages::advisory::Advisories;
use crate::packages::registry::document::Times;
use crate::packages::registry::{Answer, RegistryAnswers};

/// What a rule may need to know of the outside world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Which versions of packages are known to be bad.
    Advisories,
    /// What the registry says of packages: their versions, when each was published, what it needs.
    Registry,
    /// When the registry says that versions were published.
    Dates,
}

/// What is known of the outside world.
#[derive(Debug, Default)]
pub struct Facts {
    /// What sources of advisories said.
    pub advisories: Fact<Advisories>,
    /// What registries said.
    pub registry: Fact<RegistryAnswers>,
    /// When they were asked; none where nobody was.
    pub now: Option<Timestamp>,
}

/// Something that is known, or the reason why it is not.
#[derive(Debug)]
pub enum Fact<T> {
    /// It is known, at least in part.
    Known(T),
    /// It is not.
    Missing(Absence),
}

/// Why a fact is missing. None of these is a failure: what was asked for and could not be had is known, in part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absence {
    /// The run uses no network, as it was asked to.
    #[default]
    Offline,
    /// The configuration asks nobody.
    NotConfigured,
    /// Nothing is installed that anybody could be asked about.
    NothingToAsk,
    /// Packages are installed, and there is no lockfile that says in which versions.
    NotLocked,
    /// No registry that answered says when anything was published, or none makes sense of it.
    Undated,
}

impl Absence {
    /// Why a rule is skipped, for people.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Offline => "as the run is offline",
            Self::NotConfigured => "as the configuration asks nobody",
            Self::NothingToAsk => "as no package of a registry is installed",
            Self::NotLocked => "as no lockfile says which versions are installed",
            Self::Undated => "as the registry keeps no dates that can be used",
        }
    }
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self::Missing(Absence::default())
    }
}

impl<T> Fact<T> {
    /// What is known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Missing(_) => None,
        }
    }

    fn absence(&self) -> Option<Absence> {
        match self {
            Self::Known(_) => None,
            Self::Missing(absence) => Some(*absence),
        }
    }
}

impl Facts {
    /// Why a source says nothing; none where it does.
    #[must_use]
    pub fn absence(&self, source: Source) -> Option<Absence> {
        match source {
            Source::Advisories => self.advisories.absence(),
            Source::Registry => self.registry.absence(),
            Source::Dates => self.registry.absence().or_else(|| self.lacks_dates()),
        }
    }

    /// Undated, where documents are known and none of them has dates that can be used.
    fn lacks_dates(&self) -> Option<Absence> {
        let answers = self.registry.known()?.iter();
        let mut times = answers.filter_map(|(_, answer)| match answer {
            Answer::Known(document) => Some(document.times),
            Answer::Absent | Answer::Unavailable(_) => None,
        });
        let first = times.next()?;
        let is_dated = first == Times::Known || times.any(|times| times == Times::Known);
        (!is_dated).then_some(Absence::Undated)
    }
}
