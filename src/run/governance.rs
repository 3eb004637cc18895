//! Which configuration a run obeys, and what follows from it.
//!
//! It is the one at the tip of the base: the author of a change chooses neither it nor, by the age of the branch,
//! an older one. Without a base it is the head's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::sides::{Sides, Tip};
use crate::change::git::Repository;
use crate::change::{Content, LeftOutReason, Side};
use crate::config::clusters::Clusters;
use crate::config::pattern::glob;
use crate::config::read::{ConfigFile, LARGEST};
use crate::config::value::Day;
use crate::config::weakening::setting_of;
use crate::config::{Config, FailOn, NewWaivers, OnIncomplete, PATHS};
use crate::error::Error;
use crate::kubernetes::kinds::Declared;
use crate::kubernetes::pod_security::{Version, VersionSet};
use crate::rule::Context;
use crate::rules;
use crate::snapshot::load::Intake;
use crate::verdict::{ConfigurationLabel, Policy};

/// What the caller says beside the configuration; it counts for more.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    /// The least severity that blocks.
    pub fail_on: Option<FailOn>,
    /// True if findings that the base has already block as well.
    pub fail_on_existing: bool,
    /// What an incomplete run ends with.
    pub on_incomplete: Option<OnIncomplete>,
}

/// What a run goes by.
#[derive(Debug, Default)]
pub struct Governance {
    /// The configuration file; none where there is none.
    pub file: Option<Governing>,
    /// What the caller says.
    pub overrides: Overrides,
    /// True if the change comes from somebody who may not write to the repository.
    pub is_fork: bool,
    /// The day of the run; none where nothing is to expire.
    pub today: Option<Day>,
}

/// The configuration file that a run obeys.
#[derive(Debug)]
pub struct Governing {
    /// Its path.
    pub path: Arc<str>,
    /// What it was taken from, for people: a revision, or a folder.
    pub from: String,
    /// What it says.
    pub file: ConfigFile,
    /// Why its bytes could not be had, so that nobody can know what it says.
    pub missing: Option<String>,
}

impl Governance {
    /// Finds the configuration of a run.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn find(sides: &Sides) -> Result<Option<Governing>, Error> {
        match (&sides.tip, &sides.base) {
            (Some(Tip::Revision(repository, revision)), _) => of_revision(repository, revision),
            (Some(Tip::Side(tip)), _) => Ok(of_side(tip)),
            (None, Some(base)) => Ok(of_side(base)),
            (None, None) => Ok(of_side(&sides.head)),
        }
    }

    /// The configuration; the defaults where there is none, or none that can be read.
    #[must_use]
    pub fn config(&self) -> std::borrow::Cow<'_, Config> {
        match self.file.as_ref().map(|governing| &governing.file.config) {
            Some(Ok(config)) => std::borrow::Cow::Borrowed(config),
            _ => std::borrow::Cow::Owned(Config::default()),
        }
    }

    /// When the run fails.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let config = self.config();
        let Overrides {
            fail_on,
            fail_on_existing,
            on_incomplete,
        } = self.overrides;
        Policy {
            fail_on: fail_on.or(config.fail_on).unwrap_or_default(),
            fail_on_existing,
            on_incomplete: on_incomplete.or(config.on_incomplete).unwrap_or_default(),
        }
    }

    /// What the rules may know.
    #[must_use]
    pub fn context(&self) -> Context {
        let config = self.config();
        let settings: BTreeMap<_, _> = rules::ALL
            .iter()
            .filter_map(|rule| {
                let (pattern, setting) = setting_of(&config, rule.id)?;
                // A pattern that fits many rules asks for none of those that wait to be asked.
                let asked = !rule.opt_in || pattern.as_str() == rule.id;
                asked.then_some((rule.id, setting))
            })
            .collect();
        let versions = config.kubernetes.versions.iter().flatten();
        // A version that is not known yet is judged by the newest that is, as the API server does it.
        let targets = versions
            .map(|version| VersionSet::of(version.0.min(Version::LATEST)))
            .reduce(VersionSet::with);
        Context {
            level: config.kubernetes.pod_security,
            targets: targets.unwrap_or(VersionSet::SUPPORTED),
            clusters: Arc::new(Clusters::new(&config.kubernetes.clusters)),
            world: config.kubernetes.world,
            declared: declared(&config),
            settings,
            registries: config.images.registries().map(Arc::new),
            today: self.today,
            packages: Arc::new(config.packages.clone()),
            facts: Arc::default(),
        }
    }

    /// What is read.
    #[must_use]
    pub fn intake(&self) -> Intake {
        let config = self.config();
        let mut exclude = GlobSetBuilder::new();
        for pattern in &config.manifests.exclude {
            // Patterns were looked at when they were read.
            if let Ok(glob) = glob(pattern.as_str()) {
                exclude.add(glob);
            }
        }
        Intake {
            exclude: exclude.build().unwrap_or_else(|_| GlobSet::empty()),
            declared: declared(&config),
        }
    }

    /// True if what the change itself waives is waived.
    #[must_use]
    pub fn accepts_new_waivers(&self) -> bool {
        !self.is_fork && self.config().new_waivers == NewWaivers::Accept
    }

    /// What the reports say of the configuration.
    #[must_use]
    pub fn label(&self) -> Option<ConfigurationLabel> {
        self.file.as_ref().map(|governing| ConfigurationLabel {
            path: Arc::clone(&governing.path),
            from: governing.from.clone(),
            problem: governing
                .file
                .config
                .is_err()
                .then(|| governing.file.describe(Path::new(&*governing.path))),
        })
    }
}

/// The kinds that a configuration declares. They were looked at when it was read.
fn declared(config: &Config) -> Vec<Declared> {
    let declared = config.kubernetes.declared();
    declared.filter_map(Result::ok).collect()
}

impl Governing {
    fn new(path: &str, from: &str, content: Content) -> Self {
        let mut missing = None;
        let file = match content {
            Content::Bytes(bytes) => ConfigFile::read(bytes),
            Content::Oversized(_) => ConfigFile::refused("the file is larger than 4 MiB"),
            Content::LfsPointer => ConfigFile::refused("a Git LFS pointer stands in its place"),
            Content::Missing(why) => {
                let file = ConfigFile::refused(&why);
                missing = Some(why);
                file
            }
        };
        Self {
            path: path.into(),
            from: from.to_owned(),
            file,
            missing,
        }
    }

    /// A configuration that the caller names.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be read, or says what makes no sense.
    pub fn given(path: &Path) -> Result<Self, Error> {
        let bytes = read(path)?;
        let name = path.display().to_string();
        let governing = Self::new(&name, "the command line", Content::Bytes(bytes));
        if governing.file.config.is_err() {
            return Err(Error::Usage(governing.file.describe(path)));
        }
        Ok(governing)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the caller named this file to read"
)]
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        Error::Usage(format!(
            "cannot read the configuration {}: {error}",
            path.display()
        ))
    })
}

const LINK: &str = "a symbolic link is not followed; commit the file itself";

fn of_side(side: &Side) -> Option<Governing> {
    PATHS.iter().find_map(|path| {
        let name = &side.label().name;
        let mut left_out = side.left_out().iter();
        if left_out
            .any(|left_out| left_out.path == *path && left_out.reason == LeftOutReason::Symlink)
        {
            return Some(Governing {
                path: (*path).into(),
                from: name.clone(),
                file: ConfigFile::refused(LINK),
                missing: None,
            });
        }
        let files = side.files();
        let index = files.binary_search_by(|file| (*file.path).cmp(path)).ok()?;
        let content = side.read(files.get(index)?, LARGEST);
        Some(Governing::new(path, name, content))
    })
}

fn of_revision(repository: &Repository, revision: &str) -> Result<Option<Governing>, Error> {
    for path in PATHS {
        if let Some(content) = repository.file(revision, path, LARGEST)? {
            return Ok(Some(match content {
                Some(content) => Governing::new(path, revision, content),
                None => Governing {
                    path: path.into(),
                    from: revision.to_owned(),
                    file: ConfigFile::refused(LINK),
                    missing: None,
                },
            }));
        }
    }
    Ok(None)
}
