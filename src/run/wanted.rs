//! What there is to ask about: the packages of both sides, and whom their names may be told to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::packages::lockfile::{LockfileKind, Source};
use crate::packages::registry::Settings;
use crate::packages::registry::address::RegistryUrl;
use crate::packages::registry::settings::Registry;
use crate::snapshot::Snapshot;
use crate::snapshot::held::{arrivals, direct, held};
use crate::snapshot::local_names::local_names;
use crate::snapshot::locked::own_names;
use crate::snapshot::unlocked::unlocked;

use super::settings_files::SettingsFiles;

/// What both sides install from registries.
#[derive(Debug, Default)]
pub struct Wanted {
    /// All names with all versions.
    pub installed: BTreeSet<(String, String)>,
    /// Names whose versions no lockfile says, each with the one version that stands for all: what is malware from the
    /// first version on has it.
    pub unlocked: BTreeSet<(String, String)>,
    /// The names whose documents are needed whatever advisories say: what workspaces ask for themselves, and what the
    /// change touches.
    pub documents: BTreeSet<Arc<str>>,
    /// The names of private packages of the repository: whoever asks to hear of public ones of the same names agrees that
    /// their registry is told of these.
    pub local: BTreeSet<Arc<str>>,
    /// The hosts of registries that are not public and that the lockfile names, or the settings of the head, by the names
    /// of packages that come from there. Nobody else is told of these.
    pub elsewhere: BTreeMap<String, String>,
    /// Packages of which only a workspace's own words ask, by the names of the repository's own; empty but while they are
    /// gathered.
    own: BTreeSet<(String, String)>,
    /// The names that nothing in the base asks for.
    pub new: BTreeSet<String>,
    /// The names of packages that the lockfile takes from a public registry by its address, whatever mirror serves them.
    pub published: BTreeSet<String>,
    /// Those of them that npm takes from its configured registry all the same: it exchanges the host of the public one.
    /// <https://docs.npmjs.com/cli/v11/using-npm/config#replace-registry-host>
    pub exchanged: BTreeSet<String>,
}

/// The version that is asked about in the place of one that nobody knows.
const ANY_VERSION: &str = "0.0.0";

/// Registries whose packages everybody may see.
const PUBLIC: [&str; 3] = ["registry.npmjs.org", "registry.yarnpkg.com", "npm.jsr.io"];

impl Wanted {
    /// What advisories are wanted of.
    pub(super) fn asked(&self) -> impl Iterator<Item = &(String, String)> {
        self.installed.iter().chain(&self.unlocked)
    }

    /// Keeps the repository's own names, which a workspace asks for as if they were somebody else's, from everybody:
    /// but for those that a lockfile has from a registry.
    fn keep_own(&mut self) {
        let locked: BTreeSet<String> = self
            .installed
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        for key in std::mem::take(&mut self.own) {
            if !locked.contains(&key.0) {
                let host = self.elsewhere.entry(key.0.clone());
                host.or_insert_with(|| REPOSITORY.to_owned());
            }
            self.installed.insert(key);
        }
    }

    /// Keeps new names from others than the registry that the settings of the head name for them. Where that is not
    /// known, they are told to nobody.
    fn withhold(&mut self, of_head: &Settings, of_base: &Settings) {
        let local = self.local.iter().map(|name| &**name);
        for name in self.new.iter().map(String::as_str).chain(local) {
            let host = of_head.registry_of(name).url.host();
            let is_published = self.is_published(name, of_head);
            let is_known = host == of_base.registry_of(name).url.host();
            if !PUBLIC.contains(&host) && !is_known && !is_published {
                let own = self.elsewhere.entry(name.to_owned());
                own.or_insert_with(|| host.to_owned());
            }
        }
    }

    /// True if a name comes from another place than a registry.
    pub(super) fn is_elsewhere(&self, name: &str, registry: &Registry) -> bool {
        let own = self.elsewhere.get(name);
        own.is_some_and(|host| host != registry.url.host())
    }

    /// True if a registry may be told of a name.
    pub(super) fn may_be_told(&self, name: &str, registry: &Registry) -> bool {
        registry.unread.is_none() && !self.is_elsewhere(name, registry)
    }

    /// True if everybody may be told of a name.
    pub(super) fn is_public(&self, name: &str, settings: &Settings) -> bool {
        !self.elsewhere.contains_key(name)
            && (PUBLIC.contains(&settings.registry_of(name).url.host())
                || self.is_published(name, settings))
    }

    /// True if the lockfile proves that a name is public. What a scope is mapped to counts for more than the lockfile; the
    /// mirror that the environment names for everything does not, and that of the repository where npm exchanges hosts.
    fn is_published(&self, name: &str, settings: &Settings) -> bool {
        let own = settings.registry_of_repository();
        let is_private = own.is_some_and(|own| !PUBLIC.contains(&own.url.host()));
        self.published.contains(name)
            && settings.registry_of_scope(name).is_none()
            && !(is_private && self.exchanged.contains(name))
    }
}

/// The host of an archive, with the port where it is written, whatever account or mark the address holds beside it;
/// none where it is no address of the web.
fn archive_host(address: &str) -> Option<&str> {
    let (scheme, rest) = address.trim().split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match scheme {
        "https" => host.strip_suffix(":443"),
        _ => host.strip_suffix(":80"),
    }
    .unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

/// Who answers for the repository's own names: nobody is told of them, as packages of the same names may be private.
const REPOSITORY: &str = "this repository";

/// What both sides install, by the folder of the lockfile. Documents are wanted of what workspaces ask for themselves,
/// and of what the change brings in; what is not from a registry is named to nobody.
#[must_use]
pub fn wanted(base: Option<&Snapshot>, head: &Snapshot) -> BTreeMap<Arc<str>, Wanted> {
    let mut all: BTreeMap<Arc<str>, Wanted> = BTreeMap::new();
    let sides = || base.into_iter().chain([head]);
    let own: BTreeSet<&str> = sides().flat_map(own_names).collect();
    for held in sides().flat_map(held) {
        let folder = Arc::clone(&held.installation.folder);
        let (name, version) = held.key();
        let wanted = all.entry(folder).or_default();
        if let Some(Source::Registry(Some(address))) = held.package.source() {
            let host = RegistryUrl::parse(address).map(|url| url.host().to_owned());
            let host = host.unwrap_or_else(|| address.to_string());
            if PUBLIC.contains(&&*host) {
                wanted.published.insert(name.to_owned());
            } else {
                wanted.elsewhere.insert(name.to_owned(), host);
            }
        }
        // pnpm and Yarn name the archive where the registry is not the configured one, or always.
        let resolved = held.package.entries();
        for (address, _) in resolved.filter_map(|locked| locked.resolved.as_ref()) {
            match archive_host(address) {
                Some(host) if PUBLIC.contains(&host) => {
                    wanted.published.insert(name.to_owned());
                    if held.installation.kind() == Some(LockfileKind::Npm) {
                        wanted.exchanged.insert(name.to_owned());
                    }
                }
                Some(host) => {
                    let own = wanted.elsewhere.entry(name.to_owned());
                    own.or_insert_with(|| host.to_owned());
                }
                None => {}
            }
        }
        let key = (name.to_owned(), version.to_owned());
        if own.contains(name) && !held.is_locked() {
            wanted.own.insert(key);
        } else {
            wanted.installed.insert(key);
        }
    }
    for unlocked in sides().flat_map(unlocked) {
        let folder = Arc::clone(&unlocked.installation.folder);
        let wanted = all.entry(folder).or_default();
        let any = (unlocked.name.to_owned(), ANY_VERSION.to_owned());
        if own.contains(unlocked.name) {
            wanted.own.insert(any);
        } else {
            wanted.unlocked.insert(any);
        }
    }
    for wanted in all.values_mut() {
        wanted.keep_own();
    }
    if let Some(base) = base {
        let mut known: BTreeSet<&str> = held(base).map(|held| held.key().0).collect();
        known.extend(unlocked(base).iter().map(|unlocked| unlocked.name));
        for wanted in all.values_mut() {
            let names = wanted.asked().map(|(name, _)| name);
            let new = names.filter(|name| !known.contains(name.as_str()));
            wanted.new = new.cloned().collect();
        }
    }
    let asked_for = sides().flat_map(direct).map(|direct| direct.held);
    // Without a base everything would be new.
    let new = base.map(|base| arrivals(Some(base), head));
    for held in asked_for.chain(new.into_iter().flatten()) {
        let folder = Arc::clone(&held.installation.folder);
        let wanted = all.entry(folder).or_default();
        wanted.documents.insert(held.package.shared_name());
    }
    for wanted in all.values_mut() {
        let elsewhere = &wanted.elsewhere;
        wanted
            .documents
            .retain(|name| elsewhere.get(&**name).is_none_or(|host| host != REPOSITORY));
    }
    all
}

/// Keeps what the head maps to registries that are not public from everybody else. Settings of the head only silence:
/// what the base installs is asked about as before, and nobody is asked whom the base does not name.
pub(super) fn withhold(
    wanted: &mut BTreeMap<Arc<str>, Wanted>,
    of_head: &SettingsFiles,
    of_base: &SettingsFiles,
    environment: &BTreeMap<String, String>,
) {
    for (folder, wanted) in wanted {
        let [of_head, of_base] = [of_head, of_base].map(|files| files.around(folder, environment));
        wanted.withhold(&of_head, &of_base);
    }
}

/// Adds the names of the repository's own private packages to what is asked about.
pub fn add_local_names<'a>(
    wanted: &mut BTreeMap<Arc<str>, Wanted>,
    snapshots: impl Iterator<Item = &'a Snapshot>,
) {
    for own in snapshots.flat_map(local_names) {
        let folder = Arc::clone(&own.installation.folder);
        let wanted = wanted.entry(folder).or_default();
        wanted.local.insert(own.name.into());
    }
}
