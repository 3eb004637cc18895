//! Which files say where packages come from, and what holds in which folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::change::{Content, Relevance, Side};
use crate::folders::folders_up;
use crate::packages::registry::settings::{Owner, SettingsKind};
use crate::packages::registry::{Settings, SettingsFile};

use super::sides::{Sides, Tip};

/// The largest file of settings that is read.
const LARGEST_SETTINGS: usize = 1 << 20;

/// The files that say where packages come from, of one revision and of the user.
pub(super) struct SettingsFiles {
    /// By folder: the notation, the path and the text.
    of_repository: BTreeMap<String, Vec<(SettingsKind, Arc<str>, String)>>,
    of_user: Option<(Arc<str>, String)>,
}

impl SettingsFiles {
    /// Those of the tip of the base; of the head where there is no base.
    pub(super) fn of_tip(sides: &Sides, environment: &BTreeMap<String, String>) -> Self {
        Self::new(settings_at_tip(sides), environment)
    }

    /// Those of the head: hostile input, which nobody is asked for the sake of.
    pub(super) fn of_head(sides: &Sides, environment: &BTreeMap<String, String>) -> Self {
        Self::new(settings_of(&sides.head), environment)
    }

    fn new(files: Vec<(String, String)>, environment: &BTreeMap<String, String>) -> Self {
        let mut of_repository: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (path, text) in files {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if let Some(kind) = kind_of(name) {
                let files = of_repository.entry(folder.to_owned()).or_default();
                files.push((kind, Arc::from(path.as_str()), text));
            }
        }
        Self {
            of_repository,
            of_user: of_user(environment),
        }
    }

    /// What holds in a folder: its own files before those of the folders around it, and the user's last.
    pub(super) fn around(&self, folder: &str, environment: &BTreeMap<String, String>) -> Settings {
        let mut files = Vec::new();
        for folder in folders_up(folder) {
            for (kind, path, text) in self.of_repository.get(folder).into_iter().flatten() {
                files.push(SettingsFile {
                    kind: *kind,
                    owner: Owner::Repository,
                    path: Arc::clone(path),
                    text,
                });
            }
        }
        if let Some((path, text)) = &self.of_user {
            files.push(SettingsFile {
                kind: SettingsKind::Npm,
                owner: Owner::User,
                path: Arc::clone(path),
                text,
            });
        }
        Settings::read(&files, environment)
    }
}

/// Whether a file says where packages come from.
pub(crate) fn is_settings(path: &str) -> bool {
    kind_of(path.rsplit('/').next().unwrap_or(path)).is_some()
}

fn kind_of(name: &str) -> Option<SettingsKind> {
    match name {
        ".npmrc" => Some(SettingsKind::Npm),
        ".yarnrc.yml" => Some(SettingsKind::Yarn),
        "bunfig.toml" => Some(SettingsKind::Bun),
        ".yarnrc" => Some(SettingsKind::YarnClassic),
        "pnpm-workspace.yaml" => Some(SettingsKind::Pnpm),
        _ => None,
    }
}

fn settings_of(side: &Side) -> Vec<(String, String)> {
    let files = side.files().iter().filter(|file| is_settings(&file.path));
    files
        .filter_map(|file| match side.read(file, LARGEST_SETTINGS) {
            Content::Bytes(bytes) => Some((file.path.to_string(), String::from_utf8(bytes).ok()?)),
            Content::Oversized(_) | Content::LfsPointer | Content::Missing(_) => None,
        })
        .collect()
}

/// The files of settings at the tip of the base; of the head where there is no base.
fn settings_at_tip(sides: &Sides) -> Vec<(String, String)> {
    match (&sides.tip, &sides.base) {
        (Some(Tip::Side(tip)), _) => settings_of(tip),
        (Some(Tip::Revision(repository, revision)), _) => {
            // The configuration was read from there before, so that this fails only where nothing else works either.
            let tip = repository.side(revision, |path| Relevance::own_if(is_settings(path)));
            tip.map(|tip| settings_of(&tip)).unwrap_or_default()
        }
        (None, Some(base)) => settings_of(base),
        (None, None) => settings_of(&sides.head),
    }
}

/// The user's own `.npmrc`: no part of the repository, so that a token may stand in it.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge: where the user says which registry serves packages"
)]
fn of_user(environment: &BTreeMap<String, String>) -> Option<(Arc<str>, String)> {
    let named = ["npm_config_userconfig", "NPM_CONFIG_USERCONFIG"];
    let named = named.iter().find_map(|name| environment.get(*name));
    let path = named.map(PathBuf::from).or_else(|| {
        let home = environment.get("HOME")?;
        Some(PathBuf::from(home).join(".npmrc"))
    })?;
    let text = std::fs::read_to_string(&path).ok()?;
    Some((path.display().to_string().into(), text))
}
