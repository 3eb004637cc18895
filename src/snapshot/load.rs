//! Reads both sides: every distinct blob once, in parallel.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use globset::GlobSet;
use rayon::prelude::*;

use crate::change::compare::Changes;
use crate::change::{Content, ContentId, ListedFile, Relevance, Side, content_id};
use crate::config;
use crate::config::read::ConfigFile;
use crate::folders::folder;
use crate::kubernetes::Reading;
use crate::kubernetes::kinds::Declared;
use crate::kubernetes::kustomization::resolve;
use crate::kubernetes::manifest::{read, read_expected, read_patch, shows_object};
use crate::kubernetes::patch::{PatchSource, Target};
use crate::packages::lockfile::{self, LockfileKind};
use crate::packages::purpose::is_installed;
use crate::packages::{package_json, pnpm_workspace};
use crate::syntax::dockerfile::Dockerfile;
use crate::syntax::{self, Format, MAX_FILE_SIZE, Span, Tree};
use crate::workflow::{Workflow, is_workflow};

use super::file_kind::{FileKind, is_kubeconfig};
use super::{Snapshot, State, generator_inputs, is_lockfile};

/// Beyond this size a file is not even searched for the marks of a manifest.
const MAX_SEARCHED_SIZE: usize = 256 * 1024 * 1024;

/// What the configuration says of reading.
#[derive(Debug, Default)]
pub struct Intake {
    /// Files that are not read.
    pub exclude: GlobSet,
    /// Kinds that make pods, beside the known ones.
    pub declared: Vec<Declared>,
}

/// Both sides as they were read.
#[derive(Debug)]
pub struct Loaded {
    /// The base, where there is one.
    pub base: Option<Snapshot>,
    /// The head.
    pub head: Snapshot,
    /// The content of each file of either side by path; empty without a base.
    pub base_contents: Vec<(Arc<str>, ContentId)>,
    /// The same for the head.
    pub head_contents: Vec<(Arc<str>, ContentId)>,
}

impl Loaded {
    /// What changed between the sides, which files continue others among it; the head notes what it held before.
    pub fn changes(&mut self) -> Changes {
        let mut changes = Changes::between(&self.base_contents, &self.head_contents);
        if let Some(base) = &self.base {
            changes.find_similar(
                |path| Some(base.file(path)?.text()?.to_owned()),
                |path| Some(self.head.file(path)?.text()?.to_owned()),
            );
            self.head.remember(base, changes.renamed());
        }
        changes
    }
}

/// Files that matter although they are neither YAML nor JSON by name.
#[must_use]
pub fn is_relevant(path: &str) -> Relevance {
    let kind = FileKind::of(path);
    let is_template = || {
        let extension = Path::new(path).extension();
        extension.is_some_and(|extension| extension == "tpl")
    };
    if kind == FileKind::Settings {
        Relevance::WhereNamed
    } else if kind.is_known_by_name()
        || kind == FileKind::KeyFile
        || is_lockfile(path)
        || is_kubeconfig(path)
        || is_template()
    {
        Relevance::Own
    } else {
        Relevance::None
    }
}

/// Reads the head, and the base where there is one.
#[must_use]
pub fn load(base: Option<&Side>, head: &Side, intake: &Intake) -> Loaded {
    let declared = &*intake.declared;
    let Some(base) = base else {
        let mut states: Vec<_> = head
            .files()
            .par_iter()
            .filter(|file| {
                let kind = FileKind::of(&file.path);
                intake.takes(&file.path) && !is_opaque(kind) && kind != FileKind::Settings
            })
            .filter_map(|file| {
                Some((
                    Arc::clone(&file.path),
                    Arc::new(state(&file.path, contents(head, file), declared)?),
                ))
            })
            .collect();
        add_patches(&mut states, head, intake);
        generator_inputs::add(&mut states, head, &|path| intake.takes(path));
        return Loaded {
            base: None,
            head: snapshot(states, head, intake),
            base_contents: Vec::new(),
            head_contents: Vec::new(),
        };
    };
    let mut base_files = identify(base, intake);
    let mut head_files = identify(head, intake);
    let states = read_distinct(
        &mut [(base, &mut base_files), (head, &mut head_files)],
        declared,
    );
    let of_side = |side: &Side, files: &[Identified<'_>]| {
        let mut kept: Vec<_> = files
            .iter()
            .filter_map(|file| {
                Some((
                    Arc::clone(&file.file.path),
                    Arc::clone(states.get(&file.key())?.as_ref()?),
                ))
            })
            .collect();
        add_patches(&mut kept, side, intake);
        generator_inputs::add(&mut kept, side, &|path| intake.takes(path));
        snapshot(kept, side, intake)
    };
    // What another file must name counts where one does, on both sides alike.
    let contents = |files: &[Identified<'_>], snapshot: &Snapshot| {
        let own = files
            .iter()
            .filter(|file| {
                !is_for_others(&file.file.path) || snapshot.file(&file.file.path).is_some()
            })
            .map(|file| (Arc::clone(&file.file.path), file.id));
        let mut all: BTreeMap<Arc<str>, ContentId> = own.collect();
        for file in snapshot.files() {
            if let State::Generated { text, .. } = &*file.state {
                let known = all.entry(Arc::clone(&file.path));
                known.or_insert_with(|| content_id(text.as_bytes()));
            }
        }
        all.into_iter().collect()
    };
    let base_snapshot = of_side(base, &base_files);
    let mut head_snapshot = of_side(head, &head_files);
    for (path, state) in read_expected_files(&base_snapshot, &head_snapshot, head, declared) {
        head_snapshot.insert(path, state);
    }
    Loaded {
        base_contents: contents(&base_files, &base_snapshot),
        head_contents: contents(&head_files, &head_snapshot),
        base: Some(base_snapshot),
        head: head_snapshot,
    }
}

/// Adds the files that kustomizations take for patches and that were passed over, as they hold no object.
fn add_patches(kept: &mut Vec<(Arc<str>, Arc<State>)>, side: &Side, intake: &Intake) {
    // By file: what it is to change, by the first kustomization that says so.
    let mut patches: BTreeMap<String, Option<Target>> = BTreeMap::new();
    for (path, state) in &*kept {
        let State::Read(Reading::Manifest(manifest)) = &**state else {
            continue;
        };
        let Some(kustomization) = &manifest.kustomization else {
            continue;
        };
        let named = kustomization.patches.iter();
        let named = named.filter_map(|patch| resolve(folder(path), patch));
        patches.extend(named.map(|patch| (patch, None)));
    }
    for (path, state) in &*kept {
        let State::Read(Reading::Manifest(manifest)) = &**state else {
            continue;
        };
        for change in manifest
            .kustomization
            .iter()
            .flat_map(|found| &found.changes)
        {
            if let PatchSource::File(patch) = &change.source
                && let Some(target) = &change.target
                && let Some(patch) = resolve(folder(path), patch)
                && let Some(known) = patches.get_mut(&patch)
            {
                known.get_or_insert_with(|| target.clone());
            }
        }
    }
    for (path, _) in &*kept {
        patches.remove(&**path);
    }
    if patches.is_empty() {
        return;
    }
    let passed_over = side
        .files()
        .iter()
        .filter(|file| patches.contains_key(&*file.path) && intake.takes(&file.path));
    kept.extend(passed_over.filter_map(|file| {
        let kind = FileKind::of(&file.path);
        if !matches!(kind, FileKind::Yaml | FileKind::Json) {
            return None;
        }
        let Content::Bytes(bytes) = side.read(file, MAX_FILE_SIZE) else {
            return None;
        };
        let target = patches.get(&*file.path).and_then(Option::as_ref);
        let patch = read_patch(kind.format(), bytes, target)?;
        let state = State::Read(Reading::Manifest(Box::new(patch)));
        Some((Arc::clone(&file.path), Arc::new(state)))
    }));
    kept.sort_by(|(one, _), (other, _)| one.cmp(other));
}

/// Files of the head that held objects in the base and were passed over: they are read once more, now that
/// it is known that they matter.
fn read_expected_files(
    base: &Snapshot,
    head: &Snapshot,
    side: &Side,
    declared: &[Declared],
) -> Vec<(Arc<str>, Arc<State>)> {
    let held_objects = |path: &str| {
        let file = base.file(path).and_then(super::SourceFile::manifest);
        file.is_some_and(|manifest| !manifest.records.is_empty())
    };
    side.files()
        .iter()
        .filter(|file| held_objects(&file.path) && head.file(&file.path).is_none())
        .filter_map(|file| {
            let Content::Bytes(bytes) = side.read(file, MAX_FILE_SIZE) else {
                return None;
            };
            let kind = FileKind::of(&file.path);
            match read_expected(kind.format(), bytes, false, declared) {
                Reading::Other => None,
                reading => Some((Arc::clone(&file.path), Arc::new(State::Read(reading)))),
            }
        })
        .collect()
}

/// A file whose content is told apart from others without being parsed.
struct Identified<'a> {
    file: &'a ListedFile,
    id: ContentId,
    /// What was read to find the id out; none where git knew it.
    content: Option<Content>,
}

/// How a blob is read depends on its name as well: `kustomization.yaml` needs neither `apiVersion` nor `kind`.
type Key = (ContentId, FileKind);

impl Intake {
    /// True if a file is read. No pattern reaches the configuration itself, nor the workflows that run the gate.
    fn takes(&self, path: &str) -> bool {
        self.exclude.is_empty()
            || !self.exclude.is_match(path)
            || config::PATHS.contains(&path)
            || is_workflow(path)
    }
}

impl Identified<'_> {
    fn key(&self) -> Key {
        (self.id, FileKind::of(&self.file.path))
    }
}

fn identify<'s>(side: &'s Side, intake: &Intake) -> Vec<Identified<'s>> {
    side.files()
        .par_iter()
        // What another file must name is read once that is known.
        .filter(|file| {
            let is_at_hand = file.id.is_some() || !is_for_others(&file.path);
            intake.takes(&file.path) && is_at_hand
        })
        .map(|file| {
            if let Some(id) = file.id {
                return Identified {
                    file,
                    id,
                    content: None,
                };
            }
            let content = contents(side, file);
            let id = match &content {
                Content::Bytes(bytes) => content_id(bytes),
                // Two files that cannot be read are the same only if they are the same file.
                Content::Oversized(bytes) => {
                    content_id(format!("oversized {bytes} {}", file.path).as_bytes())
                }
                Content::LfsPointer => content_id(format!("lfs {}", file.path).as_bytes()),
                Content::Missing(reason) => {
                    content_id(format!("missing {reason} {}", file.path).as_bytes())
                }
            };
            Identified {
                file,
                id,
                content: Some(content),
            }
        })
        .collect()
}

/// One blob to read: the file that names it, its side, and its bytes where they are at hand.
struct Job<'a> {
    key: Key,
    side: &'a Side,
    file: &'a ListedFile,
    content: Option<Content>,
}

fn read_distinct<'a>(
    sides: &mut [(&'a Side, &mut Vec<Identified<'a>>)],
    declared: &[Declared],
) -> HashMap<Key, Option<Arc<State>>> {
    let mut jobs: BTreeMap<Key, Job<'a>> = BTreeMap::new();
    for (side, files) in sides {
        for file in files.iter_mut() {
            let key = file.key();
            let content = file.content.take();
            jobs.entry(key).or_insert(Job {
                key,
                side,
                file: file.file,
                content,
            });
        }
    }
    jobs.into_values()
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|job| {
            // What is only held against other bytes need not be fetched: its id is enough.
            if is_opaque(job.key.1) {
                return (job.key, Some(Arc::new(State::Opaque(job.key.0))));
            }
            // What another file must name is read once that is known.
            if job.key.1 == FileKind::Settings {
                return (job.key, None);
            }
            let content = job.content.unwrap_or_else(|| contents(job.side, job.file));
            (
                job.key,
                state(&job.file.path, content, declared).map(Arc::new),
            )
        })
        .collect()
}

fn contents(side: &Side, file: &ListedFile) -> Content {
    side.read(file, MAX_SEARCHED_SIZE)
}

/// True for a file that matters only where another one names it.
fn is_for_others(path: &str) -> bool {
    FileKind::of(path) == FileKind::Settings
}

/// True for a file that is told from others by its bytes alone.
fn is_opaque(kind: FileKind) -> bool {
    matches!(kind, FileKind::InstallCode | FileKind::CodePatch)
}

/// What becomes of a file; none if it has nothing to do with Kubernetes or with tidegate.
fn state(path: &str, content: Content, declared: &[Declared]) -> Option<State> {
    let kind = FileKind::of(path);
    if matches!(kind, FileKind::Lockfile(_)) && is_installed(path) {
        return None;
    }
    let bytes = match content {
        // It matters for the key alone that it may hold.
        Content::Oversized(_) | Content::LfsPointer | Content::Missing(_)
            if kind == FileKind::KeyFile =>
        {
            return None;
        }
        Content::Oversized(_) if kind == FileKind::Configuration => {
            let file = ConfigFile::refused("the file is larger than 4 MiB");
            return Some(State::Configuration(Box::new(file)));
        }
        Content::LfsPointer if kind == FileKind::Configuration => {
            let file = ConfigFile::refused(
                "a Git LFS pointer stands in its place; keep the configuration out of LFS",
            );
            return Some(State::Configuration(Box::new(file)));
        }
        Content::Bytes(bytes) => bytes,
        Content::Oversized(bytes) => return Some(State::Oversized(bytes)),
        Content::LfsPointer => return Some(State::LfsPointer),
        Content::Missing(reason) => return Some(State::Missing(reason)),
    };
    if bytes.len() > MAX_FILE_SIZE {
        let matters = kind.is_known_by_name() || shows_object(&bytes);
        return matters.then_some(State::Oversized(bytes.len() as u64));
    }
    read_as(kind, bytes, declared)
}

/// What bytes are that are all there; none if they have nothing to do with Kubernetes or with tidegate.
#[must_use]
pub fn read_as(kind: FileKind, bytes: Vec<u8>, declared: &[Declared]) -> Option<State> {
    if kind == FileKind::Yaml
        && let Some(action) = Workflow::composite(&bytes)
    {
        return Some(State::Workflow(action));
    }
    match kind {
        FileKind::Configuration => Some(State::Configuration(Box::new(ConfigFile::read(bytes)))),
        FileKind::Workflow => Some(workflow_state(bytes, declared)),
        FileKind::Yaml | FileKind::Json | FileKind::Kustomization => {
            match read(
                kind.format(),
                bytes,
                kind == FileKind::Kustomization,
                declared,
            ) {
                Reading::Other | Reading::Encoding { shows: false, .. } => None,
                reading => Some(State::Read(reading)),
            }
        }
        FileKind::Dockerfile => Some(of_text(bytes, |text| {
            State::Dockerfile(Dockerfile::read(text))
        })),
        FileKind::Lockfile(LockfileKind::BunBinary) => Some(State::Lockfile(Box::new(
            lockfile::read(LockfileKind::BunBinary, String::new()),
        ))),
        FileKind::Lockfile(kind) => Some(of_text(bytes, |text| {
            State::Lockfile(Box::new(lockfile::read(kind, text)))
        })),
        FileKind::PackageJson | FileKind::YarnSettings | FileKind::PnpmWorkspace => {
            Some(of_text(bytes, |text| {
                let mut tree = syntax::parse(kind.format(), text);
                if tree.problems().is_empty()
                    && let Some((why, at)) = not_a_package_file(kind, &tree)
                {
                    tree.refuse(why, at);
                }
                State::Tree(tree)
            }))
        }
        FileKind::KeyFile => {
            let text = syntax::decode(bytes).ok()?;
            holds_private_key(&text).then_some(State::Text(text))
        }
        FileKind::InstallCode | FileKind::CodePatch => Some(State::Opaque(content_id(&bytes))),
        FileKind::Environment if is_encrypted(&bytes) => Some(State::Opaque(content_id(&bytes))),
        FileKind::DockerIgnore
        | FileKind::NodeVersion
        | FileKind::ToolVersions
        | FileKind::MiseSettings
        | FileKind::NpmSettings
        | FileKind::YarnClassicSettings
        | FileKind::BunSettings
        | FileKind::Renovate
        | FileKind::Environment
        | FileKind::Settings => Some(of_text(bytes, State::Text)),
    }
}

/// True for what git-crypt keeps in a repository; whoever has the key reads it in a working tree.
fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0GITCRYPT\0")
}

/// True if a text holds a private key in PEM (RFC 7468), or as OpenSSH writes it.
fn holds_private_key(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        line.starts_with("-----BEGIN ") && line.ends_with("PRIVATE KEY-----")
    })
}

/// Why a file that is well written is nevertheless nothing that a package manager installs from, and where.
fn not_a_package_file(kind: FileKind, tree: &Tree) -> Option<(String, Span)> {
    match kind {
        FileKind::PackageJson => package_json::refusal(tree),
        FileKind::PnpmWorkspace => pnpm_workspace::refusal(tree),
        _ => None,
    }
}

fn of_text(bytes: Vec<u8>, read: impl FnOnce(String) -> State) -> State {
    match syntax::decode(bytes) {
        Ok(text) => read(text),
        Err((encoding, _)) => State::Read(Reading::Encoding {
            encoding,
            shows: true,
        }),
    }
}

/// A workflow is read as one, unless it is an object: where a manifest stands must not hide it.
fn workflow_state(bytes: Vec<u8>, declared: &[Declared]) -> State {
    if shows_object(&bytes) {
        let reading = read(Format::Yaml, bytes.clone(), false, declared);
        if let Reading::Manifest(manifest) = &reading
            && (!manifest.records.is_empty() || manifest.other_objects > 0)
        {
            return State::Read(reading);
        }
    }
    State::Workflow(Workflow::read(bytes))
}

fn snapshot(files: Vec<(Arc<str>, Arc<State>)>, side: &Side, intake: &Intake) -> Snapshot {
    let charts: BTreeSet<String> = side
        .files()
        .iter()
        .filter_map(|file| {
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            matches!(name, "Chart.yaml" | "Chart.yml").then(|| folder.to_owned())
        })
        .collect();
    let excluded: Vec<Arc<str>> = side
        .files()
        .iter()
        .filter(|file| !intake.takes(&file.path))
        .map(|file| Arc::clone(&file.path))
        .collect();
    // What another file must name is passed over where none does.
    let listed = side.files().iter();
    let listed = listed.filter(|file| is_for_others(&file.path) && intake.takes(&file.path));
    let kept = files.iter().filter(|(path, _)| is_for_others(path));
    let passed_over = listed.count() - kept.count();
    let unread = excluded.len() + passed_over;
    let mut snapshot = Snapshot::new(files, &charts, side.files().len() - unread);
    snapshot.excluded = excluded;
    snapshot.misnamed = side
        .files()
        .iter()
        .filter(|file| config::UNREAD_PATHS.contains(&&*file.path))
        .map(|file| Arc::clone(&file.path))
        .collect();
    let lockfiles = side.files().iter().map(|file| Arc::clone(&file.path));
    snapshot.lockfiles = lockfiles.filter(|path| is_lockfile(path)).collect();
    snapshot.left_out = side.left_out().to_vec();
    snapshot.ignored.clone_from(side.ignored());
    snapshot
}
