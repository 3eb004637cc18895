//! How old releases must be before a project installs them, by the word of everybody who has a say.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::config::value::Period;
use crate::folders::is_within;
use crate::packages::Version;
use crate::packages::freshness::cooldown::{Cooldown, Gate};
use crate::packages::freshness::cooldown_settings::{CooldownFile, gates};
use crate::packages::registry::{Document, RegistryAnswers, Release};

use super::file_kind::FileKind;
use super::held::{Held, arrivals};
use super::{Snapshot, SourceFile};

/// Visits what a change brings in and the registry knows, each with the cooldown of its installation.
pub fn visit_arrivals<'a>(
    base: Option<&Snapshot>,
    head: &'a Snapshot,
    answers: &'a RegistryAnswers,
    own: Period,
    visit: &mut dyn FnMut(Held<'a>, &'a Document, &'a Release, &Cooldown),
) {
    let mut cooldowns = BTreeMap::new();
    for held in arrivals(base, head) {
        let (name, text) = held.key();
        let Some(document) = answers.document(name) else {
            continue;
        };
        let release = Version::parse(text).and_then(|version| document.release(&version));
        let Some(release) = release else { continue };
        let folder = &*held.installation.folder;
        let cooldown = cooldowns
            .entry(folder)
            .or_insert_with(|| cooldown(base.unwrap_or(head), folder, own));
        visit(held, document, release, cooldown);
    }
}

/// The demand of the configuration, with what the files of a folder, and of those around it, say to package managers
/// and to Renovate. Where a change is judged, the revision is the base: a change does not shorten its own cooldown.
#[must_use]
pub fn cooldown(snapshot: &Snapshot, folder: &str, own: Period) -> Cooldown {
    let least = SignedDuration::from_hours(i64::from(own.hours));
    let mut all = vec![Gate::new(least, "packages.cooldown")];
    for file in snapshot.files() {
        if !is_around(folder, file) {
            continue;
        }
        if let (Some(kind), Some(text)) = (kind(file), file.text()) {
            all.extend(gates(kind, &file.path, text));
        }
    }
    Cooldown::new(all)
}

/// True if a file holds for a folder. Renovate reads one file for the whole repository, which may lie in `.github`.
fn is_around(folder: &str, file: &SourceFile) -> bool {
    let own = file.folder();
    let is_of_renovate = file.kind() == FileKind::Renovate && [".github", ".gitlab"].contains(&own);
    is_of_renovate || is_within(folder, own)
}

fn kind(file: &SourceFile) -> Option<CooldownFile> {
    match file.kind() {
        FileKind::NpmSettings => Some(CooldownFile::Npm),
        FileKind::PnpmWorkspace => Some(CooldownFile::Pnpm),
        FileKind::YarnSettings => Some(CooldownFile::Yarn),
        FileKind::BunSettings => Some(CooldownFile::Bun),
        FileKind::Renovate => Some(CooldownFile::Renovate),
        // Renovate reads a key of the root's as well.
        FileKind::PackageJson if file.folder().is_empty() => Some(CooldownFile::Renovate),
        _ => None,
    }
}
