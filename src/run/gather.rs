//! Asks the outside world what the rules need to know: once, for both sides.
//!
//! Only names of packages that come from a registry are told to anybody, unless `package/public-name` is asked for. Which registry is asked, and by which
//! account, is said by the tip of the base and by the environment, never by the head: that may only say, of names that are
//! new, that they are told to nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{AdvisorySource, PackagesConfig};
use crate::facts::{Absence, Fact, Facts};
use crate::http::{Client, Failure, Limits, Proxies, block_on};
use crate::packages::advisory::bulk::Bulk;
use crate::packages::advisory::osv::{OSV_API, Osv};
use crate::packages::advisory::{self, Advisories, SourceState, answer::SourceAnswer, place};
use crate::packages::graph::Step;
use crate::packages::registry::{self, Answer, Cache, RegistryAnswers, Settings};
use crate::snapshot::Snapshot;
use crate::snapshot::held::held;

use super::settings_files::SettingsFiles;
use super::sides::Sides;
use super::wanted::{Wanted, withhold};

/// What a run may use to learn of the outside world.
#[derive(Clone, Debug)]
pub struct Access {
    /// True if no network is used.
    pub offline: bool,
    /// The database of advisories; without a name, the one of this machine.
    pub database: Option<PathBuf>,
    /// The variables that say which registry serves packages, and which server has the API of OSV.
    pub environment: BTreeMap<String, String>,
    /// When the run takes place.
    pub now: Timestamp,
}

/// The variable that names another server with the API of OSV.
const OSV_VARIABLE: &str = "TIDEGATE_OSV_URL";

impl Access {
    /// What this process may use.
    #[must_use]
    pub fn of_process(offline: bool, database: Option<PathBuf>) -> Self {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self {
            offline,
            database,
            environment: environment.collect(),
            now: Timestamp::now(),
        }
    }
}

/// Who brings what advisories are about, by the folder of the lockfile: where a fix has to come through them, their
/// releases have to be known.
fn bringers(
    snapshots: &[&Snapshot],
    advisories: &Advisories,
) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
    let mut all: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for held in snapshots.iter().flat_map(|snapshot| held(snapshot)) {
        let (name, version) = held.key();
        if advisories.affecting(name, version).next().is_none() {
            continue;
        }
        let Some(origin) = held.package.origin() else {
            continue;
        };
        let of_folder = all
            .entry(Arc::clone(&held.installation.folder))
            .or_default();
        let ways = held.package.paths_in(origin.workspace, 1);
        for step in ways.iter().flatten() {
            if let Step::Package(package) = step
                && package.is_from_registry()
            {
                of_folder.insert(package.shared_name());
            }
        }
    }
    all
}

/// Asks everybody who is to be asked. `wanted` is by the folder of the lockfile, and of these snapshots.
#[must_use]
pub fn gather(
    access: &Access,
    sides: &Sides,
    mut wanted: BTreeMap<Arc<str>, Wanted>,
    snapshots: &[&Snapshot],
    config: &PackagesConfig,
) -> Facts {
    let mut facts = Facts {
        advisories: Fact::Missing(Absence::NothingToAsk),
        registry: Fact::Missing(Absence::NothingToAsk),
        now: Some(access.now),
    };
    if wanted
        .values()
        .all(|wanted| wanted.asked().next().is_none())
    {
        return facts;
    }
    let is_known = wanted.values().any(|wanted| !wanted.installed.is_empty());
    let environment = &access.environment;
    let files = SettingsFiles::of_tip(sides, environment);
    let of_head = SettingsFiles::of_head(sides, environment);
    withhold(&mut wanted, &of_head, &files, environment);
    let plan = Plan::new(access, &files, &wanted, config);
    let client = Client::new(Limits::default(), Proxies::System);
    facts.advisories = plan.advisories(client.as_ref());
    if !is_known {
        facts.registry = Fact::Missing(Absence::NotLocked);
    } else if !config.sources.registry {
        facts.registry = Fact::Missing(Absence::NotConfigured);
    } else if access.offline {
        facts.registry = Fact::Missing(Absence::Offline);
    } else {
        facts.registry =
            Fact::Known(plan.documents(client.as_ref(), facts.advisories.known(), snapshots));
    }
    facts
}

/// Whom to ask for what.
struct Plan<'a> {
    access: &'a Access,
    config: &'a PackagesConfig,
    /// What each folder installs, and which registries serve it.
    projects: Vec<(&'a Arc<str>, &'a Wanted, Settings)>,
}

impl<'a> Plan<'a> {
    fn new(
        access: &'a Access,
        files: &SettingsFiles,
        wanted: &'a BTreeMap<Arc<str>, Wanted>,
        config: &'a PackagesConfig,
    ) -> Self {
        let projects = wanted
            .iter()
            .map(|(folder, wanted)| (folder, wanted, files.around(folder, &access.environment)))
            .collect();
        Self {
            access,
            config,
            projects,
        }
    }

    /// The names that everybody may be told of, and how many there are beside them.
    fn public_names(&self) -> (BTreeSet<String>, usize) {
        let mut public = BTreeSet::new();
        let mut others = BTreeSet::new();
        for (_, wanted, settings) in &self.projects {
            for (name, _) in wanted.asked() {
                let is_public = wanted.is_public(name, settings);
                let names = if is_public { &mut public } else { &mut others };
                names.insert(name.clone());
            }
        }
        // What one project takes from elsewhere is not told for the sake of another.
        public.retain(|name| !others.contains(name));
        (public, others.len())
    }

    fn advisories(&self, client: Result<&Client, &Failure>) -> Fact<Advisories> {
        let database = || self.access.database.clone().or_else(place::database);
        let is_named = self.access.database.is_some();
        let mut sources = match &self.config.sources.advisories {
            Some(sources) => sources.clone(),
            None if is_named || database().is_some_and(|path| path.exists()) => {
                vec![AdvisorySource::Database]
            }
            None => vec![AdvisorySource::Osv],
        };
        // Whoever names a database wants it read, whatever the repository asks beside it.
        if is_named && !sources.contains(&AdvisorySource::Database) {
            sources.insert(0, AdvisorySource::Database);
        }
        if sources.is_empty() {
            return Fact::Missing(Absence::NotConfigured);
        }
        let mut asked = Vec::new();
        let mut failed = Vec::new();
        let mut untold = 0;
        let mut is_told = false;
        for source in sources {
            match (source, client) {
                (AdvisorySource::Database, _) => {
                    asked.push(advisory::Source::Database(database()));
                    is_told = true;
                }
                _ if self.access.offline => {}
                (AdvisorySource::Osv, Ok(client)) => {
                    let base = self.access.environment.get(OSV_VARIABLE);
                    let base = base.map_or(OSV_API, String::as_str);
                    let osv = Osv::new(client.clone(), base, place::folder());
                    let (names, others) = self.public_names();
                    is_told |= !names.is_empty();
                    asked.push(advisory::Source::Osv(osv.only(names)));
                    untold = others;
                }
                (AdvisorySource::Npm, Ok(client)) => {
                    let known = asked.len();
                    asked.extend(self.registries(client).map(advisory::Source::Npm));
                    is_told |= asked.len() > known;
                }
                (AdvisorySource::Osv | AdvisorySource::Npm, Err(failure)) => {
                    failed.push(SourceState {
                        source: if source == AdvisorySource::Osv {
                            "osv"
                        } else {
                            "npm"
                        },
                        place: String::new(),
                        answer: SourceAnswer::Unavailable {
                            reason: failure.to_string(),
                        },
                    });
                }
            }
        }
        if asked.is_empty() && failed.is_empty() && self.access.offline {
            return Fact::Missing(Absence::Offline);
        }
        let request = self.projects.iter();
        let request = request
            .flat_map(|(_, wanted, _)| wanted.asked().cloned())
            .collect();
        match block_on(advisory::gather(&request, &asked)) {
            Ok(mut advisories) => {
                advisories.is_all_untold = !is_told && failed.is_empty();
                advisories.add_sources(failed);
                advisories.untold = untold;
                Fact::Known(advisories)
            }
            Err(failure) => {
                let reason = failure.to_string();
                Fact::Known(Advisories::new(
                    [],
                    vec![SourceState {
                        source: "advisories",
                        place: String::new(),
                        answer: SourceAnswer::Unavailable { reason },
                    }],
                ))
            }
        }
    }

    /// The registries that packages come from by default, each with the names that it serves.
    fn registries(&self, client: &Client) -> impl Iterator<Item = Bulk> {
        let mut names: BTreeMap<&str, (BTreeSet<String>, Option<&str>)> = BTreeMap::new();
        for (_, wanted, settings) in &self.projects {
            for (name, _) in wanted.asked() {
                let registry = settings.registry_of(name);
                if !wanted.may_be_told(name, registry) {
                    continue;
                }
                let url = &registry.url;
                let entry = names.entry(url.as_str());
                let entry = entry.or_insert_with(|| (BTreeSet::new(), settings.authorization(url)));
                entry.0.insert(name.clone());
            }
        }
        names.into_iter().map(|(url, (names, authorization))| {
            let bulk = Bulk::new(client.clone(), url).only(names);
            match authorization {
                Some(value) => bulk.with_authorization(value.to_owned()),
                None => bulk,
            }
        })
    }

    fn documents(
        &self,
        client: Result<&Client, &Failure>,
        advisories: Option<&Advisories>,
        snapshots: &[&Snapshot],
    ) -> RegistryAnswers {
        let bringers = advisories.map(|known| bringers(snapshots, known));
        let bringers = bringers.unwrap_or_default();
        let cache = place::folder().map(|folder| Cache::new(folder.join("registry")));
        let mut all: BTreeMap<Arc<str>, Answer> = BTreeMap::new();
        let mut silent: BTreeSet<String> = BTreeSet::new();
        let mut hosts: BTreeSet<String> = BTreeSet::new();
        for (folder, wanted, settings) in &self.projects {
            let mut names = wanted.documents.clone();
            // A scope with a registry of its own is nobody else's.
            let local = wanted.local.iter();
            let local = local.filter(|name| {
                settings.registry_of_scope(name).is_none()
                    && !wanted.is_elsewhere(name, settings.registry_of(name))
            });
            names.extend(local.cloned());
            names.extend(bringers.get(*folder).into_iter().flatten().cloned());
            let affected = |(name, version): &&(String, String)| {
                let mut known = advisories
                    .iter()
                    .flat_map(|known| known.affecting(name, version));
                known.next().is_some()
            };
            names.extend(
                wanted
                    .installed
                    .iter()
                    .filter(affected)
                    .map(|(name, _)| Arc::from(name.as_str())),
            );
            let mut asked = BTreeSet::new();
            for name in names {
                if all.contains_key(&name) {
                    continue;
                }
                match wanted.elsewhere.get(&*name) {
                    Some(host)
                        if settings.registry_of(&name).unread.is_none()
                            && wanted.is_elsewhere(&name, settings.registry_of(&name)) =>
                    {
                        let why = registry::Unavailable::Elsewhere { host: host.clone() };
                        all.insert(name, Answer::Unavailable(why));
                    }
                    // Each project has its own question, and a registry that is silent is waited for once.
                    _ if silent.contains(settings.registry_of(&name).url.host()) => {
                        let host = settings.registry_of(&name).url.host().to_owned();
                        let why = registry::Unavailable::GivenUp { host };
                        all.insert(name, Answer::Unavailable(why));
                    }
                    _ => {
                        asked.insert(name);
                    }
                }
            }
            let names = asked;
            let own = names.iter().map(|name| &settings.registry_of(name).url);
            hosts.extend(own.map(|url| url.host().to_owned()));
            let answers = match client {
                Ok(client) => {
                    let asked =
                        registry::gather(client, settings, cache.as_ref(), &names, self.access.now);
                    block_on(asked)
                }
                Err(failure) => Err(failure.clone()),
            };
            match answers {
                Ok(answers) => {
                    for (name, answer) in answers.iter() {
                        if matches!(answer, Answer::Unavailable(why) if why.is_late()) {
                            silent.insert(settings.registry_of(name).url.host().to_owned());
                        }
                        all.insert(Arc::clone(name), answer.clone());
                    }
                }
                Err(failure) => all.extend(names.into_iter().map(|name| {
                    let why = registry::Unavailable::Failed(failure.clone());
                    (name, Answer::Unavailable(why))
                })),
            }
        }
        hosts.remove("");
        let answers: RegistryAnswers = all.into_iter().collect();
        answers.of_hosts(hosts)
    }
}
