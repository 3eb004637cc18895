//! Lockfiles: what a package manager wrote down of what it installs.
//!
//! One model for all formats. A reader says what its file says and nothing more: what only the `package.json` files
//! know (the sections of Yarn's workspaces, where a person edits) is joined in `graph`. Nothing fails: a file that
//! cannot be read holds problems.

pub mod archive;
mod bun;
mod homes;
mod hosted;
pub mod integrity;
mod json;
mod names;
mod npm;
mod npm_entry;
mod npm_nested;
mod npm_paths;
mod origin;
mod pnpm;
mod pnpm_edges;
mod pnpm_entry;
mod pnpm_key;
mod pnpm_records;
mod sections;
mod text;
mod yarn;
mod yarn_berry;
mod yarn_classic;
mod yarn_descriptors;
mod yarn_locator;

use std::sync::Arc;

use super::name_patterns::matches;
use crate::syntax::Span;

/// A package manager, with the notation of its lockfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockfileKind {
    /// `package-lock.json` and `npm-shrinkwrap.json`.
    Npm,
    /// `yarn.lock`: of Yarn 1, or of Yarn 2 and later. The text says which.
    Yarn,
    /// `pnpm-lock.yaml`.
    Pnpm,
    /// `bun.lock`.
    Bun,
    /// `bun.lockb`: bytes that only Bun reads.
    BunBinary,
}

impl LockfileKind {
    /// The kind of a file by its name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "package-lock.json" | "npm-shrinkwrap.json" => Some(Self::Npm),
            "yarn.lock" => Some(Self::Yarn),
            "pnpm-lock.yaml" => Some(Self::Pnpm),
            "bun.lock" => Some(Self::Bun),
            "bun.lockb" => Some(Self::BunBinary),
            _ => None,
        }
    }
}

/// The place of a package in [`Lockfile::packages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageIndex(pub u32);

/// A lockfile, as it was read.
#[derive(Clone, Debug)]
pub struct Lockfile {
    /// Whose it is.
    pub kind: LockfileKind,
    /// The version of its notation as written; empty where it says none (Yarn 1).
    pub version: Box<str>,
    /// The text that the spans are of.
    pub text: String,
    /// All entries, in the order in which they are written.
    pub packages: Vec<Locked>,
    /// The workspaces that the lockfile itself lists; the root has the path `""`. Empty where it lists none (Yarn 1).
    pub importers: Vec<Importer>,
    /// What `name@specifier` was resolved to, sorted by the descriptor; only in Yarn's. In version 1 of npm's, what lies
    /// outermost, by its name alone: what `package.json` asks for is found there.
    pub descriptors: Vec<(Box<str>, PackageIndex)>,
    /// Settings that changed what was resolved, as the lockfile records them.
    pub records: Vec<Record>,
    /// True if its notation is newer than what is known here. What it says is read as far as it is recognised; where
    /// that leaves anything out, a problem says so.
    pub is_newer: bool,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// One entry: a package at one version, from one place. The same name and version may stand at several entries.
#[derive(Clone, Debug)]
pub struct Locked {
    /// The real name, also where an alias leads to it.
    pub name: Arc<str>,
    /// The version; a lockfile may say none for what comes from git, a folder or a tarball, and then it is empty.
    pub version: Arc<str>,
    /// The key of the entry: the line that a person looks for.
    pub at: Span,
    /// Where it comes from.
    pub source: Source,
    /// `resolved`, or `tarball`, as written, with its place.
    pub resolved: Option<(Box<str>, Span)>,
    /// The hash of what is installed, as written, with its place. Yarn 2 and later hash an archive of their own:
    /// comparable with itself only.
    pub integrity: Option<(Box<str>, Span)>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// The text by which its publisher deprecates it, where the lockfile says so.
    pub deprecated: Option<Box<str>>,
    /// `license`, where the lockfile says so.
    pub license: Option<Box<str>>,
    /// `engines.node`, where the lockfile says so.
    pub engines_node: Option<Box<str>>,
    /// True if it runs a script when it is installed; none where the lockfile does not say.
    pub has_install_script: Option<bool>,
    /// True if it came inside the tarball of another package: overrides do not reach it.
    pub is_bundled: bool,
    /// True if it is installed on some platforms alone, where the lockfile says so (`conditions` of Yarn).
    pub is_conditional: bool,
    /// True if the package manager applies a patch of the repository to it.
    pub is_patched: bool,
    /// What the lockfile says of where it is needed. Reachability counts for more; see `graph`.
    pub marks: Marks,
    /// When the version was published, where the lockfile says so (`time` of pnpm).
    pub published: Option<Box<str>>,
}

/// What a lockfile says of where a package is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in the file"
)]
pub struct Marks {
    /// Only development needs it.
    pub dev: bool,
    /// Only optional dependencies need it.
    pub optional: bool,
    /// Only peers need it.
    pub peer: bool,
    /// Nothing needs it, by the lockfile's own word.
    pub extraneous: bool,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The configured registry, or the one that is named.
    Registry(Option<Box<str>>),
    /// A git repository, with the commit where one is named.
    Git {
        /// The address as written, without the commit.
        repository: Box<str>,
        /// The commit, or whatever else stands behind the `#`.
        commit: Option<Box<str>>,
    },
    /// A tarball at an address that is no registry's.
    Tarball(Box<str>),
    /// A tarball of the repository.
    File(Box<str>),
    /// A folder that is no workspace (`file:`, `link:`, `portal:`). Where the lockfile has an importer at its path,
    /// its dependencies are those of the importer.
    Folder(Box<str>),
    /// A workspace, by its path below the lockfile's folder; its dependencies are those of the importer.
    Workspace(Box<str>),
    /// Something that the reader does not know, as written.
    Other(Box<str>),
}

/// What a package depends on.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name under which it is installed; an alias differs from the real name.
    pub name: Arc<str>,
    /// How much it is needed.
    pub need: Need,
    /// The specifier as written; empty where the lockfile says only what it was resolved to.
    pub specifier: Box<str>,
    /// What it was resolved to; none where the lockfile holds no such entry.
    pub to: Option<PackageIndex>,
    /// Where it stands in the lockfile.
    pub at: Span,
}

/// How much a package needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// It does not work without.
    Required,
    /// It works without.
    Optional,
    /// Whoever uses it brings it.
    Peer,
    /// It uses it where somebody brings it, and nobody has to.
    OptionalPeer,
}

/// A workspace, or the root, as the lockfile knows it.
#[derive(Clone, Debug)]
pub struct Importer {
    /// The path below the lockfile's folder, without `./`; empty for the root.
    pub path: Box<str>,
    /// Its name, where the lockfile says so.
    pub name: Option<Box<str>>,
    /// The key that it stands under.
    pub at: Span,
    /// What it depends on.
    pub dependencies: Vec<Wanted>,
}

/// What a workspace depends on.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name under which it is installed.
    pub name: Arc<str>,
    /// The section of `package.json`; none where the lockfile does not tell them apart.
    pub section: Option<Section>,
    /// The specifier as the lockfile repeats it; none where it does not.
    pub specifier: Option<Box<str>>,
    /// What it was resolved to; none where the lockfile holds no such entry.
    pub to: Option<PackageIndex>,
    /// Where it stands in the lockfile.
    pub at: Span,
}

/// A section of `package.json` that holds dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `dependencies`.
    Production,
    /// `optionalDependencies`; wins over `dependencies` for the same name.
    Optional,
    /// `peerDependencies`.
    Peer,
    /// `devDependencies`.
    Development,
    /// What the package manager needs for itself: `configDependencies`, `packageManagerDependencies` of pnpm.
    Environment,
}

/// A setting that the lockfile records, as it changed what was resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which.
    pub what: RecordKind,
    /// The key within it, such as the overridden name; empty where there is none.
    pub key: Box<str>,
    /// The value as written.
    pub value: Box<str>,
    /// Where.
    pub at: Span,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// An override or a resolution.
    Override,
    /// A patch of a package.
    Patch,
    /// The hash of a `.pnpmfile.cjs`, whose code changes what is resolved.
    PnpmfileHash,
    /// The hash of `packageExtensions`.
    ExtensionsHash,
    /// A package that may run its scripts.
    Trusted,
    /// An entry of a catalogue, `catalogue>name`.
    Catalog,
    /// A pattern of what is left out where it is optional.
    IgnoredOptional,
}

/// Why a lockfile, or a part of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub what: ProblemKind,
    /// Where.
    pub at: Span,
}

/// What is wrong with a lockfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The marks of an unresolved merge conflict stand in it.
    Conflict,
    /// It breaks its notation; the words of the reader, which quote nothing of the file.
    Syntax(String),
    /// Its notation has a version that is not known; what it says could mean something else.
    Version,
    /// It is in a notation of bytes: `bun.lockb`.
    Binary,
    /// An entry, or a part of one, that cannot be understood, and is left out.
    Entry(&'static str),
}

/// Reads a lockfile.
#[must_use]
pub fn read(kind: LockfileKind, text: String) -> Lockfile {
    let mut lockfile = match kind {
        LockfileKind::Npm => npm::read(text),
        LockfileKind::Yarn => yarn::read(text),
        LockfileKind::Pnpm => pnpm::read(text),
        LockfileKind::Bun => bun::read(text),
        LockfileKind::BunBinary => {
            let mut lockfile = Lockfile::empty(kind, text);
            lockfile.problems.push(Problem {
                what: ProblemKind::Binary,
                at: Span::default(),
            });
            lockfile
        }
    };
    // Nobody can be asked about what has no name.
    for package in &mut lockfile.packages {
        if package.name.is_empty() && package.is_from_registry() {
            package.source = Source::Other("".into());
            lockfile.problems.push(Problem {
                what: ProblemKind::Entry("it names no package"),
                at: package.at,
            });
        }
    }
    lockfile
}

impl Problem {
    /// True if nothing that the lockfile says can be relied upon; else a single entry is missing.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self.what, ProblemKind::Entry(_))
    }
}

impl Lockfile {
    /// A lockfile without anything in it.
    #[must_use]
    pub fn empty(kind: LockfileKind, text: String) -> Self {
        Self {
            kind,
            version: "".into(),
            text,
            packages: Vec::new(),
            importers: Vec::new(),
            descriptors: Vec::new(),
            records: Vec::new(),
            is_newer: false,
            problems: Vec::new(),
        }
    }

    /// The first record of a kind.
    #[must_use]
    pub fn record(&self, what: RecordKind) -> Option<&Record> {
        self.records.iter().find(|record| record.what == what)
    }

    /// True if code of the repository may have changed what packages ask for: a pnpmfile, whose hash pnpm records.
    #[must_use]
    pub fn is_changed_by_code(&self) -> bool {
        self.record(RecordKind::PnpmfileHash).is_some()
    }

    /// True if it records that pnpm leaves a package out of it wherever that is optional.
    #[must_use]
    pub fn leaves_out(&self, name: &str) -> bool {
        let records = self.records.iter();
        let ignored = records.filter(|record| record.what == RecordKind::IgnoredOptional);
        let patterns: Vec<&str> = ignored.map(|record| &*record.key).collect();
        matches(&patterns, name)
    }

    /// What a `package.json` gets that asks for a name with a specifier, where the lockfile keeps no importers.
    #[must_use]
    pub fn described(&self, name: &str, specifier: &str) -> Option<PackageIndex> {
        let find = |descriptor: &str| {
            let found = self
                .descriptors
                .binary_search_by(|(known, _)| (**known).cmp(descriptor));
            self.descriptors.get(found.ok()?).map(|(_, index)| *index)
        };
        // Yarn 2 and later name the protocol that Yarn 1 and `package.json` leave out.
        find(&format!("{name}@{specifier}"))
            .or_else(|| find(&format!("{name}@npm:{specifier}")))
            .or_else(|| find(name))
    }

    /// An entry.
    #[must_use]
    pub fn package(&self, index: PackageIndex) -> Option<&Locked> {
        self.packages.get(usize::try_from(index.0).ok()?)
    }

    /// True if it holds what the package manager needs for itself, and nothing of the project: the second document of
    /// pnpm's stream is not there.
    #[must_use]
    pub fn is_of_environment_alone(&self) -> bool {
        let is_environment = |wanted: &Wanted| wanted.section == Some(Section::Environment);
        !self.importers.is_empty()
            && self.importers.iter().all(|importer| {
                let all = &importer.dependencies;
                !all.is_empty() && all.iter().all(is_environment)
            })
    }

    /// True if it could not be read: what it locks is unknown.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.problems.iter().any(Problem::is_fatal)
    }
}

impl Locked {
    /// An entry of which only the name and the version are known.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, version: impl Into<Arc<str>>, at: Span) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            at,
            source: Source::Registry(None),
            resolved: None,
            integrity: None,
            dependencies: Vec::new(),
            deprecated: None,
            license: None,
            engines_node: None,
            has_install_script: None,
            is_bundled: false,
            is_conditional: false,
            is_patched: false,
            marks: Marks::default(),
            published: None,
        }
    }

    /// True if it is a package of a registry, so that advisories and registries may know it. What is local is
    /// never looked up: its name may be somebody else's in public.
    #[must_use]
    pub fn is_from_registry(&self) -> bool {
        matches!(self.source, Source::Registry(_))
    }
}
