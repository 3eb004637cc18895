//! Settings of package managers that stand between a bad release and whoever installs: which releases are old enough,
//! whose scripts may run, where packages may come from.
//!
//! Readers give what is written, with its place and in one measure for all managers: lengths of time in minutes,
//! switches that are true where they keep something out. What it means that a setting is lowered stands in `weakening`.

pub mod bun_trusted;
mod bunfig;
mod code;
mod exceptions;
mod install_tools;
mod manifest;
mod moved_registry;
mod npmrc;
mod pnpm_workspace;
mod proposals;
pub mod renovate;
pub mod weakening;
mod yarnrc;
mod yarnrc_classic;

use crate::syntax::{Node, Span};

use super::install::Manager;
use super::name_patterns::covers;
use super::range::Release;

pub use bunfig::read as of_bunfig;
pub use manifest::read as of_manifest;
pub use npmrc::read as of_npmrc;
pub use pnpm_workspace::read as of_pnpm_workspace;
pub use yarnrc::read as of_yarnrc;
pub use yarnrc_classic::read as of_yarnrc_classic;

/// What a setting keeps out, or lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safeguard {
    /// How long a release must have been public, in minutes.
    Cooldown,
    /// A package that need not be that old.
    Young,
    /// `before` of npm: the day after which nothing is taken.
    Before,
    /// Whether the scripts of packages are left alone.
    NoScripts,
    /// Whether all packages may run their scripts.
    AllScripts,
    /// A package that may run its scripts.
    Script,
    /// A package that may run its scripts though those of all others are left alone: `built` of Yarn.
    Built,
    /// A package that may not run its scripts.
    NoScript,
    /// A list of packages that may run their scripts, or of git repositories, that is there, be it empty.
    List,
    /// The registry of a scope, or of all others.
    Registry,
    /// `trustPolicy` of pnpm: whether a release may be published with less proof than the one before.
    TrustPolicy,
    /// After how many minutes a release need not have that proof any more.
    TrustIgnored,
    /// A package that need not have that proof.
    Untrusted,
    /// Whether an installation fails where a package has scripts about which nobody decided.
    StrictScripts,
    /// Whether packages of packages come from registries alone.
    NoExotic,
    /// Whether packages may come from git: `none`, `root` or `all`.
    Git,
    /// Whether packages may come from addresses: `none`, `root` or `all`.
    Remote,
    /// A git repository that packages may come from.
    GitRepository,
    /// A host that is asked without TLS.
    PlainHttp,
    /// What happens to a package that is not the one that was locked: `throw`, `update`, `reset` or `ignore`.
    Checksums,
    /// Whether an installation must leave the lockfile as it is.
    Immutable,
    /// Whether the lockfile is held against the registry.
    Hardened,
    /// Whether what is taken from the store is held against its hash.
    StoreVerified,
    /// Whether there is a lockfile.
    Lockfile,
    /// Another lockfile than the one of the usual name and place.
    OtherLockfile,
    /// Code that runs as a part of the package manager.
    Plugin,
    /// A file that runs whenever the package manager does, in its place or beside it: `yarnPath`, `pnpmfile`.
    Code,
    /// A package that pnpm installs for itself before all others, with its version.
    OwnPackage,
    /// The release of the package manager: `packageManager`.
    Release,
    /// Whether registries must prove who they are.
    StrictTls,
    /// The package that looks at what is to be installed.
    Scanner,
    /// How old a release must be before Renovate proposes it, in minutes; for all, or for those that a rule is for.
    ProposalAge,
    /// A preset of Renovate that stands in another repository.
    ProposalPreset,
}

/// One thing that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// About what.
    pub what: Safeguard,
    /// The package, the scope or the pattern; empty where there is none.
    pub key: Box<str>,
    /// What.
    pub value: Value,
    /// The name of the setting as the file has it.
    pub name: Box<str>,
    /// Where.
    pub at: Span,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A length of time.
    Minutes(u64),
    /// A switch.
    Switch(bool),
    /// A word, an address.
    Word(Box<str>),
    /// The key says it all.
    Listed,
}

/// The package manager that a project asks for by its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Which.
    pub manager: Manager,
    /// Its version.
    pub version: Release,
}

impl Pinned {
    /// Reads `packageManager`, such as `pnpm@10.4.1+sha512.…`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.split_once('@')?;
        let manager = match name {
            "npm" => Manager::Npm,
            "yarn" => Manager::Yarn,
            "pnpm" => Manager::Pnpm,
            "bun" => Manager::Bun,
            _ => return None,
        };
        let end = version.find(['-', '+']).unwrap_or(version.len());
        let mut parts = version.get(..end)?.split('.').map(str::parse::<u64>);
        let major = parts.next()?.ok()?;
        let mut next = || parts.next().and_then(Result::ok).unwrap_or(0);
        let version = Release(major, next(), next());
        Some(Self { manager, version })
    }

    fn is_from(self, manager: Manager, version: Release) -> bool {
        self.manager == manager && self.version >= version
    }

    /// True if it runs no script of a package that nobody named: pnpm from 10 on, npm from 12 on.
    #[must_use]
    pub fn asks_before_scripts(self) -> bool {
        self.is_from(Manager::Pnpm, Release(10, 0, 0))
            || self.is_from(Manager::Npm, Release(12, 0, 0))
    }

    /// True if it fails where nobody decided about the scripts of a package: pnpm from 11 on.
    fn is_strict(self) -> bool {
        self.is_from(Manager::Pnpm, Release(11, 0, 0))
    }

    /// True if it takes nothing from git where nothing is said: Yarn from 4.14 on.
    fn blocks_git(self) -> bool {
        self.is_from(Manager::Yarn, Release(4, 14, 0))
    }

    /// True if it runs no script of any package where nothing is said: Yarn from 4.14 on.
    fn leaves_scripts(self) -> bool {
        self.is_from(Manager::Yarn, Release(4, 14, 0))
    }

    /// The cooldown where nothing is said, in minutes: a day with pnpm from 11 on and with Yarn from 4.15 on.
    fn cooldown(self) -> u64 {
        let has_one = self.is_from(Manager::Pnpm, Release(11, 0, 0))
            || self.is_from(Manager::Yarn, Release(4, 15, 0));
        if has_one { DAY } else { 0 }
    }

    /// True if packages of packages come from registries alone where nothing is said: pnpm from 11 on.
    fn blocks_exotic(self) -> bool {
        self.is_from(Manager::Pnpm, Release(11, 0, 0))
    }
}

/// The setting of Yarn that names git repositories.
const GIT_REPOSITORIES: &str = "approvedGitRepositories";

/// What `gitBranchLockfile` of pnpm reads in the place of its usual lockfile.
const BY_BRANCH: &str = "pnpm-lock.BRANCH.yaml";

/// The minutes of a day.
const DAY: u64 = 24 * 60;

/// What the files of one folder say together.
#[derive(Clone, Debug, Default)]
pub struct Safeguards {
    /// All of it, each with the number of its file.
    pub said: Vec<(usize, Said)>,
    /// The package manager that is asked for.
    pub pinned: Option<Pinned>,
    /// True if Bun installs, by what is asked for or else by the lockfile.
    pub is_of_bun: bool,
    /// What is installed of the packages that Bun trusts by itself, by name, where Bun installs.
    pub trusted_by_bun: Vec<Box<str>>,
}

impl Safeguards {
    /// Everything that is said of one matter.
    pub fn all(&self, what: Safeguard) -> impl Iterator<Item = &(usize, Said)> {
        self.said.iter().filter(move |(_, said)| said.what == what)
    }

    /// The switch, where one is set; true where any of the files says so.
    #[must_use]
    pub fn switch(&self, what: Safeguard) -> Option<bool> {
        let values = self.all(what).filter_map(|(_, said)| match said.value {
            Value::Switch(is_on) => Some(is_on),
            _ => None,
        });
        values.reduce(|one, other| one || other)
    }

    /// The word of a key, where one is said.
    #[must_use]
    pub fn word(&self, what: Safeguard, key: &str) -> Option<&str> {
        self.all(what).find_map(|(_, said)| match &said.value {
            Value::Word(word) if *said.key == *key => Some(&**word),
            _ => None,
        })
    }

    /// The cooldown in minutes; the longest of what is said.
    #[must_use]
    pub fn cooldown(&self) -> u64 {
        let said = self
            .all(Safeguard::Cooldown)
            .filter_map(|(_, said)| match said.value {
                Value::Minutes(minutes) => Some(minutes),
                _ => None,
            });
        said.max()
            .unwrap_or_else(|| self.pinned.map_or(0, Pinned::cooldown))
    }

    /// After how many minutes less proof of its origin is overlooked in a release; none where it never is.
    #[must_use]
    pub fn trust_ignored(&self) -> Option<u64> {
        let said = self.all(Safeguard::TrustIgnored);
        let minutes = said.filter_map(|(_, said)| match said.value {
            Value::Minutes(minutes) => Some(minutes),
            _ => None,
        });
        minutes.min()
    }

    /// True if no package runs its scripts.
    #[must_use]
    pub fn leaves_scripts(&self) -> bool {
        self.switch(Safeguard::NoScripts)
            .unwrap_or_else(|| self.pinned.is_some_and(Pinned::leaves_scripts))
    }

    /// True if only packages that are named run their scripts.
    #[must_use]
    pub fn asks_before_scripts(&self) -> bool {
        self.switch(Safeguard::AllScripts) != Some(true)
            && (self.pinned.is_some_and(Pinned::asks_before_scripts)
                || self.all(Safeguard::Script).next().is_some()
                || self.has_list_of_scripts())
    }

    /// True if a list says whose scripts are run, be it empty.
    fn has_list_of_scripts(&self) -> bool {
        let mut lists = self.all(Safeguard::List);
        lists.any(|(_, said)| *said.key != *GIT_REPOSITORIES)
    }

    /// True if packages come from the git repositories alone that are named.
    #[must_use]
    pub fn names_git_repositories(&self) -> bool {
        let mut lists = self.all(Safeguard::List);
        lists.any(|(_, said)| *said.key == *GIT_REPOSITORIES)
            || self.pinned.is_some_and(Pinned::blocks_git)
    }

    /// True if an installation fails where nobody decided about the scripts of a package.
    #[must_use]
    pub fn is_strict_about_scripts(&self) -> bool {
        self.switch(Safeguard::StrictScripts)
            .unwrap_or_else(|| self.pinned.is_some_and(Pinned::is_strict))
    }

    /// True if a package may run its scripts when it is installed, as far as the settings can tell.
    #[must_use]
    pub fn runs_scripts_of(&self, package: &str) -> bool {
        if self.leaves_scripts() {
            return self
                .all(Safeguard::Built)
                .any(|(_, said)| without_version(&said.key) == package);
        }
        if !self.asks_before_scripts() {
            // Without a list of the project Bun goes by its own.
            let mut trusted = self.trusted_by_bun.iter();
            return !self.is_of_bun || trusted.any(|name| **name == *package);
        }
        self.all(Safeguard::Script).any(|(_, said)| {
            let name = without_version(&said.key);
            name == package || covers(name, package)
        })
    }

    /// True if packages of packages come from registries alone.
    #[must_use]
    pub fn blocks_exotic(&self) -> bool {
        self.switch(Safeguard::NoExotic)
            .unwrap_or_else(|| self.pinned.is_some_and(Pinned::blocks_exotic))
    }
}

/// The name of `name@1.2.3 || 1.2.4`.
fn without_version(key: &str) -> &str {
    let at = key.get(1..).and_then(|rest| rest.find('@'));
    at.and_then(|at| key.get(..=at)).unwrap_or(key)
}

/// What a node of a file says.
fn said(what: Safeguard, key: &str, value: Value, name: &str, at: Span) -> Said {
    Said {
        what,
        key: key.into(),
        value,
        name: name.into(),
        at,
    }
}

/// The lines of a file of settings, without what stands around them, each with its place.
fn lines(content: &str) -> impl Iterator<Item = (&str, Span)> {
    let mut start = 0;
    content.split_inclusive('\n').map(move |line| {
        let at = Span::new(start, start + line.trim_end().len());
        start += line.len();
        (line.trim_start_matches('\u{feff}').trim(), at)
    })
}

/// Adds what a line says. Of a key that stands in a file twice the last one counts.
fn replace(found: &mut Vec<Said>, one: Said) {
    found.retain(|known| known.what != one.what || known.key != one.key);
    found.push(one);
}

/// The text of a scalar, as written.
fn text(node: Node<'_>) -> &str {
    node.as_str().unwrap_or_else(|| node.source())
}

/// That a list is there, whatever stands in it.
fn list(name: &str, at: Span) -> Said {
    said(Safeguard::List, name, Value::Listed, name, at)
}

/// Every text of a list, or the one that stands in its place.
fn listed<'a>(
    what: Safeguard,
    name: &'a str,
    node: Node<'a>,
) -> impl Iterator<Item = Said> + use<'a> {
    let alone = (!node.is_sequence() && !node.is_mapping() && !node.is_null()).then_some(node);
    let items = node.items().chain(alone);
    items.map(move |item| said(what, text(item), Value::Listed, name, item.span()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_no_part_of_a_name() {
        assert_eq!(without_version("@a/b@1.2.3 || 1.2.4"), "@a/b");
        assert_eq!(without_version("nx"), "nx");
    }

    #[test]
    fn a_package_manager_is_pinned_by_its_version() {
        let pinned = Pinned::parse("pnpm@10.4.1+sha512.abc").unwrap();
        assert!(pinned.asks_before_scripts() && !pinned.blocks_exotic());
        assert!(!Pinned::parse("pnpm@9.15.0").unwrap().asks_before_scripts());
        assert_eq!(Pinned::parse("yarn@4.15.0").unwrap().cooldown(), DAY);
        assert!(Pinned::parse("deno@2").is_none());
    }
}
