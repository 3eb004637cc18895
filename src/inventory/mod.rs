//! What `tidegate packages` answers: what is installed, by whom it comes in, and what changed.

pub mod standing;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::evaluate::evaluate_with;
use crate::facts::Facts;
use crate::finding::Location;
use crate::packages::Scope;
use crate::packages::difference::{Effect, Told, What};
use crate::packages::graph::{Installed, Step, shown};
use crate::rule::{Check, Context, Pair};
use crate::rules;
use crate::snapshot::Snapshot;
use crate::snapshot::file_kind::FileKind;
use crate::snapshot::installations::Installation;
use crate::verdict::PassedOver;

use standing::Standing;

/// How many ways to one package are told.
const MOST_PATHS: usize = 3;

/// The whole answer.
#[derive(Debug)]
pub struct Answer {
    /// Each lockfile, and each root without one, by folder.
    pub installations: Vec<Summary>,
    /// Each package in each workspace that reaches it, by installation, name and workspace.
    pub packages: Vec<Row>,
    /// What changed in each workspace; none where there is no base.
    pub changes: Option<Vec<ChangeRow>>,
    /// Package files that could not be read.
    pub unreadable: Vec<PassedOver>,
    /// What was not looked at, and why: sources that were not asked, or did not answer.
    pub not_looked_at: Vec<String>,
    /// True if a source that was asked for by name did not answer.
    pub is_incomplete: bool,
    /// The files of the base.
    pub base: Option<Snapshot>,
    /// The files of the head.
    pub head: Snapshot,
    /// The words that rows name by number, each once.
    words: Vec<String>,
}

/// A word of an [`Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(usize);

/// One lockfile in numbers.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The lockfile, or the `package.json` of a root without one.
    pub path: Arc<str>,
    /// True if a lockfile says what is installed.
    pub is_locked: bool,
    /// Its workspaces, the root included.
    pub workspaces: usize,
    /// How many packages have each scope.
    pub packages: BTreeMap<Scope, usize>,
}

/// One package in one workspace.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name.
    pub name: Word,
    /// The version, or what stands in its place.
    pub version: Word,
    /// The folder of the workspace, empty for the root of the revision; none where no workspace reaches it.
    pub workspace: Option<Arc<str>>,
    /// How much the workspace needs it.
    pub scope: Scope,
    /// True if the workspace asks for it itself.
    pub is_direct: bool,
    /// Ways from the workspace to it, itself included, the shortest first.
    pub paths: Vec<Vec<Word>>,
    /// The line that brings it.
    pub location: Location,
    /// What the outside world says of it.
    pub standing: Arc<Standing>,
}

/// One change in one workspace.
#[derive(Clone, Debug)]
pub struct ChangeRow {
    /// What happened.
    pub what: What,
    /// The name.
    pub name: Word,
    /// The version before.
    pub before: Option<Word>,
    /// The version now.
    pub after: Option<Word>,
    /// The folder of the workspace; none where no workspace reaches it.
    pub workspace: Option<Arc<str>>,
    /// How much the workspace needs it, or needed it where it is gone.
    pub scope: Scope,
    /// True if the workspace asks for it itself.
    pub is_direct: bool,
    /// Over whom it comes in.
    pub via: Vec<Word>,
    /// The line that brings it: of the base where it is gone.
    pub location: Option<Location>,
    /// The changed line of the head.
    pub changed_at: Option<Location>,
    /// What the outside world says of it as it is now; nothing where it is gone.
    pub standing: Standing,
}

impl Answer {
    /// What a word says.
    #[must_use]
    pub fn word(&self, word: Word) -> &str {
        self.words.get(word.0).map_or("", String::as_str)
    }

    /// All words, to be made fit to be shown.
    pub fn words_mut(&mut self) -> &mut [String] {
        &mut self.words
    }

    /// 3 if a package file could not be read or a source that was asked for by name did not answer, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.unreadable.is_empty() && !self.is_incomplete {
            0
        } else {
            3
        }
    }
}

/// The words, each once.
#[derive(Debug, Default)]
struct Words {
    all: Vec<String>,
    known: HashMap<String, Word>,
}

impl Words {
    fn of(&mut self, text: &str) -> Word {
        if let Some(word) = self.known.get(text) {
            return *word;
        }
        let word = Word(self.all.len());
        self.all.push(text.to_owned());
        self.known.insert(text.to_owned(), word);
        word
    }
}

/// Says what a revision installs within some paths; of a change also what it does. The snapshots of `pair` must be the
/// ones that the answer keeps.
#[must_use]
pub fn answer(
    pair: Option<&Pair<'_>>,
    head: &Snapshot,
    facts: &Facts,
    in_scope: impl Fn(&str) -> bool,
) -> Parts {
    let mut words = Words::default();
    let mut parts = Parts::default();
    for installation in head.installations() {
        let is_shown = |file: &str| {
            in_scope(file)
                || installation
                    .lockfile_path()
                    .is_some_and(|path| in_scope(path))
        };
        parts.installation(installation, facts, is_shown, &mut words);
    }
    if let Some(pair) = pair {
        let mut changes = Vec::new();
        for installed in pair.installations() {
            let both = [installed.base, installed.head].into_iter().flatten();
            let paths: Vec<_> = both.filter_map(Installation::lockfile_path).collect();
            let is_shown = |file: &str| in_scope(file) || paths.iter().any(|path| in_scope(path));
            for told in installed.changes() {
                for effect in &told.change.effects {
                    if is_shown(told.workspace(*effect).map_or("", |own| &own.file)) {
                        changes.push(change(told, *effect, facts, &mut words));
                    }
                }
            }
        }
        parts.changes = Some(changes);
    }
    parts.not_looked_at = standing::not_looked_at(facts);
    parts.unreadable = unreadable(head, in_scope);
    parts.words = words.all;
    parts
}

/// An answer that does not hold the files yet.
#[derive(Debug, Default)]
pub struct Parts {
    installations: Vec<Summary>,
    packages: Vec<Row>,
    changes: Option<Vec<ChangeRow>>,
    unreadable: Vec<PassedOver>,
    not_looked_at: Vec<String>,
    words: Vec<String>,
}

impl Parts {
    /// The whole answer.
    #[must_use]
    pub fn with(self, base: Option<Snapshot>, head: Snapshot) -> Answer {
        Answer {
            installations: self.installations,
            packages: self.packages,
            changes: self.changes,
            unreadable: self.unreadable,
            not_looked_at: self.not_looked_at,
            is_incomplete: false,
            base,
            head,
            words: self.words,
        }
    }

    fn installation(
        &mut self,
        installation: &Installation,
        facts: &Facts,
        is_shown: impl Fn(&str) -> bool,
        words: &mut Words,
    ) {
        let graph = installation.graph();
        let labels: Vec<Word> = installation
            .packages()
            .map(|package| words.of(&package.label()))
            .collect();
        let shown: Vec<bool> = graph
            .workspaces()
            .iter()
            .map(|own| is_shown(&own.file))
            .collect();
        let shows_strays = is_shown("");
        if !shows_strays && !shown.contains(&true) {
            return;
        }
        let mut packages = BTreeMap::new();
        let scopes: Vec<Vec<Scope>> = (0..graph.workspaces().len())
            .map(|workspace| graph.scopes_in(workspace))
            .collect();
        // What is pinned beside a lockfile has workspaces with the same numbers.
        let beside: Vec<Installed<'_>> = installation.beside().collect();
        for package in beside {
            *packages.entry(package.scope()).or_insert(0) += 1;
            let standing = Arc::new(Standing::of(package, facts));
            let (name, version) = (words.of(package.name()), words.of(package.release()));
            for (workspace, own) in graph.workspaces().iter().enumerate() {
                let is_shown = shown.get(workspace).is_some_and(|shown| *shown);
                let scope = package.scope_in(workspace);
                if !is_shown || scope == Scope::Unreached {
                    continue;
                }
                self.packages.push(Row {
                    name,
                    version,
                    workspace: Some(own.folder().into()),
                    scope,
                    is_direct: true,
                    paths: vec![vec![words.of(&package.label())]],
                    location: package.location_in(workspace),
                    standing: Arc::clone(&standing),
                });
            }
        }
        for package in installation.packages() {
            *packages.entry(package.scope()).or_insert(0) += 1;
            let (name, version) = (words.of(package.name()), words.of(package.release()));
            let standing = Arc::new(Standing::of(package, facts));
            if package.scope() == Scope::Unreached && shows_strays {
                self.packages.push(Row {
                    name,
                    version,
                    workspace: None,
                    scope: Scope::Unreached,
                    is_direct: false,
                    paths: Vec::new(),
                    location: package.locked_at(),
                    standing: Arc::clone(&standing),
                });
            }
            for (workspace, own) in graph.workspaces().iter().enumerate() {
                let scope = scopes
                    .get(workspace)
                    .and_then(|all| all.get(package.number()));
                let Some(scope) = scope.filter(|scope| **scope != Scope::Unreached) else {
                    continue;
                };
                if !shown.get(workspace).is_some_and(|shown| *shown) {
                    continue;
                }
                self.packages.push(Row {
                    name,
                    version,
                    workspace: Some(own.folder().into()),
                    scope: *scope,
                    is_direct: package.wanted_by(workspace).is_some(),
                    paths: paths(package, workspace, &labels, words),
                    location: package.location_in(workspace),
                    standing: Arc::clone(&standing),
                });
            }
        }
        let first = graph.workspaces().first().map(|own| &own.file);
        let path = installation.lockfile_path().or(first);
        self.installations.push(Summary {
            path: path.map_or_else(|| "".into(), Arc::clone),
            is_locked: installation.file.is_some(),
            workspaces: graph.workspaces().len(),
            packages,
        });
    }
}

fn paths(
    package: Installed<'_>,
    workspace: usize,
    labels: &[Word],
    words: &mut Words,
) -> Vec<Vec<Word>> {
    let ways = package.paths_in(workspace, MOST_PATHS);
    ways.into_iter()
        .map(shown)
        .map(|way| {
            let steps = way.iter().map(|step| match step {
                Step::Package(package) => labels.get(package.number()).copied(),
                Step::Workspace(_) | Step::Gap(_) => None,
            });
            steps
                .zip(&way)
                .map(|(label, step)| label.unwrap_or_else(|| words.of(&step.label())))
                .collect()
        })
        .collect()
}

fn change(told: Told<'_>, effect: Effect, facts: &Facts, words: &mut Words) -> ChangeRow {
    let mut release =
        |package: Option<Installed<'_>>| package.map(|package| words.of(package.release()));
    let (before, after) = (release(told.before()), release(told.after()));
    let scope = match told.after() {
        Some(_) => effect.after,
        None => effect.before,
    };
    ChangeRow {
        what: told.what(),
        name: words.of(told.name()),
        before,
        after,
        workspace: told.workspace(effect).map(|own| own.folder().into()),
        scope,
        is_direct: told.is_direct(effect),
        via: told
            .through(effect)
            .iter()
            .map(|label| words.of(label))
            .collect(),
        location: told.location(effect),
        changed_at: told.changed_at(effect),
        standing: told
            .after()
            .map_or_else(Standing::default, |package| Standing::of(package, facts)),
    }
}

/// What the rules about reading say of package files.
fn unreadable(head: &Snapshot, in_scope: impl Fn(&str) -> bool) -> Vec<PassedOver> {
    let about_reading: Vec<_> = rules::ALL
        .iter()
        .copied()
        .filter(|rule| rule.family() == "input")
        .filter(|rule| matches!(rule.check, Check::File(_) | Check::Manifests(_)))
        .collect();
    let is_package_file = |path: &str| {
        matches!(
            FileKind::of(path),
            FileKind::PackageJson | FileKind::PnpmWorkspace | FileKind::Lockfile(_)
        )
    };
    evaluate_with(&about_reading, head, &Context::default())
        .findings
        .into_iter()
        .filter(|finding| finding.unread)
        .filter(|finding| {
            is_package_file(&finding.location.path) && in_scope(&finding.location.path)
        })
        .map(|finding| PassedOver {
            path: finding.location.path,
            reason: finding.message,
        })
        .collect()
}
