//! What a change of the settings lets run with the package manager, or in its place.

use crate::finding::Severity;

use super::Safeguard;
use super::weakening::{Found, shown};

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
}
