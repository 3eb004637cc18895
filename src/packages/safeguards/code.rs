//! What a change of the settings lets run with the package manager, or in its place.

use crate::finding::Severity;

use super::weakening::{Found, shown};
use super::{Safeguard, Value};

impl Found<'_> {
    pub(super) fn plugins(&mut self) {
        for key in self.new_keys(Safeguard::Plugin) {
            let name = key.rsplit('/').next().unwrap_or_default();
            let sentence = format!(
                "plugins now holds {}, whose code runs with every command of Yarn; read it as you read the code of the project",
                shown(name)
            );
            let spec = self.after.word(Safeguard::Plugin, &key).unwrap_or_default();
            // Plugins of Yarn itself are named, others have an address.
            let severity = if spec.starts_with("@yarnpkg/") {
                Severity::Low
            } else {
                Severity::Medium
            };
            self.push(severity, Safeguard::Plugin, &key, sentence);
        }
    }

    /// Files that run with the package manager, or in its place.
    pub(super) fn code(&mut self) {
        for key in self.new_keys(Safeguard::Code) {
            // What pnpm reads anyway, wherever that is written.
            if [".pnpmfile.cjs", ".pnpmfile.mjs"].contains(&key.trim_start_matches("./")) {
                continue;
            }
            let mut said = self.after.all(Safeguard::Code);
            let name = said
                .find(|(_, said)| said.key == key)
                .map_or("the setting", |(_, said)| &said.name);
            let sentence = format!(
                "{name} now names {}, whose code runs on every machine that installs; read it as you read the code of the project",
                shown(&key)
            );
            // Where `yarn set version` puts a release, an update is what is usual.
            let is_usual = key.trim_start_matches("./").starts_with(".yarn/releases/");
            let severity = if is_usual {
                Severity::Low
            } else {
                Severity::Medium
            };
            self.push(severity, Safeguard::Code, &key, sentence);
        }
    }

    /// Packages that pnpm installs before all others, and whose hooks it runs.
    pub(super) fn own_packages(&mut self) {
        let mut told = Vec::new();
        for (_, said) in self.after.all(Safeguard::OwnPackage) {
            let (Value::Word(new), key) = (&said.value, &*said.key) else {
                continue;
            };
            let old = self.before.word(Safeguard::OwnPackage, key);
            let sentence = match old {
                None => format!(
                    "{} now names `{}`, which pnpm installs before anything else, and whose hooks may decide what is installed; read it as you read the code of the project",
                    said.name,
                    shown(key)
                ),
                // Another version is an update like any other.
                Some(old) if is_other_hash(old, new) => format!(
                    "{} has another hash for the same version of `{}`, so that other code than was looked at is installed before anything else; hold it against the registry",
                    said.name,
                    shown(key)
                ),
                Some(_) => continue,
            };
            told.push((key.to_owned(), sentence));
        }
        for (key, sentence) in told {
            self.push(Severity::Medium, Safeguard::OwnPackage, &key, sentence);
        }
    }

    /// Lockfiles that are installed from and that nobody looks for.
    pub(super) fn other_lockfiles(&mut self) {
        for key in self.new_keys(Safeguard::OtherLockfile) {
            let sentence = format!(
                "{} takes the lockfile from `{}`, which is not read here, so that what is installed was not judged; keep the lockfile where it usually is",
                self.name(Safeguard::OtherLockfile),
                shown(&key)
            );
            self.push(Severity::High, Safeguard::OtherLockfile, &key, sentence);
        }
    }

    /// The program that runs as the package manager.
    pub(super) fn release(&mut self) {
        let old = self.before.word(Safeguard::Release, "").unwrap_or_default();
        let Some(new) = self.after.word(Safeguard::Release, "") else {
            return;
        };
        let manager = shown(new.split('@').next().unwrap_or_default());
        let (severity, sentence) = if let Some(host) = host_of_release(new) {
            if host_of_release(old) == Some(host) && !is_other_hash(old, new) {
                return;
            }
            let sentence = format!(
                "packageManager takes {manager} from {}, and what lies there runs as {manager} on every machine that installs; name a version",
                shown(host)
            );
            let is_of_registry = ["registry.npmjs.org", "repo.yarnpkg.com"].contains(&host);
            let severity = if is_of_registry {
                Severity::Low
            } else {
                Severity::Medium
            };
            (severity, sentence)
        } else if is_other_hash(old, new) {
            let sentence = format!(
                "packageManager has another hash for the same version, so that another program than was looked at runs as {manager} on every machine that installs; hold it against the hash of the registry"
            );
            (Severity::Medium, sentence)
        } else if old.split_once('+').is_some_and(|(old, _)| old == new) {
            let sentence = format!(
                "packageManager no longer has the hash of {manager}, so that nobody notices where another program runs in its place; keep the hash"
            );
            (Severity::Low, sentence)
        } else {
            return;
        };
        self.push(severity, Safeguard::Release, "", sentence);
    }
}

/// The host that a release of the package manager is taken from; none where it is named by its version.
fn host_of_release(release: &str) -> Option<&str> {
    let (_, address) = release.split_once("@http")?;
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rsplit('@').next()
}

/// True if two texts say the same but for a hash of the same make: `1.0.0+sha512-…`, `pnpm@9.0.0+sha512.…`, and an
/// address with a hash behind its `#`.
fn is_other_hash(old: &str, new: &str) -> bool {
    let parted = |text: &str| -> Option<[String; 3]> {
        let (version, hash) = text.split_once(['+', '#'])?;
        let (make, hash) = hash.split_once(['-', '.'])?;
        Some([version, make, hash].map(str::to_owned))
    };
    match (parted(old), parted(new)) {
        (Some([version, make, hash]), Some([of, by, other])) => {
            version == of && make == by && hash != other
        }
        _ => false,
    }
}
