//! What a Dockerfile is built from. Nothing in a repository says which folder that is: it is the one of the
//! Dockerfile, or one above it, and whatever holds in one of them is accepted.

use std::collections::BTreeSet;

use crate::folders::{folder, folders_up};
use crate::packages::install::{Manager, has_development_packages};
use crate::syntax::dockerfile::{Dockerfile, Word};
use crate::syntax::dockerignore;

use super::{Snapshot, SourceFile};

/// The most folders that instructions may name.
const MOST_FOLDERS: usize = 32;

/// The folders that a Dockerfile may be built from.
#[derive(Clone, Debug)]
pub struct BuildContext<'a> {
    snapshot: &'a Snapshot,
    path: &'a str,
    /// The folders below that its instructions copy from; the first one is the context itself.
    below: Vec<String>,
}

impl<'a> BuildContext<'a> {
    /// What a Dockerfile of a revision may be built from; none for files that are no Dockerfile.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot, file: &'a SourceFile) -> Option<Self> {
        let below = copied_folders(file.dockerfile()?);
        Some(Self {
            snapshot,
            path: &file.path,
            below,
        })
    }

    /// True if the root of the repository is the context, so that `.git` lies in it: the Dockerfile lies there, or its
    /// instructions name its own folder.
    #[must_use]
    pub fn is_root(&self) -> bool {
        let own = folder(self.path);
        let names_own = |below: &String| below == own || below.starts_with(&format!("{own}/"));
        own.is_empty() || self.below.iter().skip(1).any(names_own)
    }

    /// True if the context holds a file of a name.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        !self.files(name).is_empty()
    }

    /// True if a file of settings may hold credentials: the repository has none, so that it comes from elsewhere, or
    /// has one that names some itself.
    #[must_use]
    pub fn may_hold_credentials(&self, name: &str) -> bool {
        let paths = self.paths(name);
        let texts: Vec<_> = paths
            .filter_map(|path| self.snapshot.file(&path)?.text())
            .collect();
        texts.is_empty()
            || texts.iter().flat_map(|text| text.lines()).any(|line| {
                let names = line.contains("_auth") || line.contains("_password");
                // `${NPM_TOKEN}` comes from the environment, which is looked at as well.
                names && !line.contains("${") && !line.trim_start().starts_with(['#', ';'])
            })
    }

    /// The folder of the Dockerfile, and those above it.
    fn folders(&self) -> impl Iterator<Item = &'a str> {
        folders_up(folder(self.path))
    }

    /// The files of a name in these folders, the nearest first.
    fn files(&self, name: &str) -> Vec<&'a SourceFile> {
        self.folders()
            .filter_map(|folder| self.snapshot.file(&join(folder, name)))
            .collect()
    }

    /// A path in all of these folders, and in those below them that instructions copy from.
    fn paths(&self, name: &str) -> impl Iterator<Item = String> {
        self.folders().flat_map(move |folder| {
            let below = self.below.iter();
            below.map(move |below| join(&join(folder, below), name))
        })
    }

    /// Which of some names at the top of the context reach the build: a `.dockerignore` keeps the others out.
    #[must_use]
    pub fn unignored<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        let own = self.snapshot.file(&format!("{}.dockerignore", self.path));
        let files = own.map_or_else(|| self.files(".dockerignore"), |own| vec![own]);
        let texts: Vec<_> = files.iter().filter_map(|file| file.lines()).collect();
        // One that cannot be read may say anything.
        if texts.len() < files.len() {
            return Vec::new();
        }
        let reaches = |name: &&str| !texts.iter().any(|text| dockerignore::excludes(text, name));
        names.iter().copied().filter(reaches).collect()
    }

    /// Files of the revision that surely lie in the context, with their paths in it: those of the Dockerfile's own
    /// folder, and of the folders below it, that no `.dockerignore` keeps out.
    pub fn held<'f>(
        &self,
        files: &'f [&'a SourceFile],
    ) -> impl Iterator<Item = (&'a SourceFile, &'a str)> + use<'f, 'a> {
        let top = if self.is_root() {
            ""
        } else {
            folder(self.path)
        };
        let own = self.snapshot.file(&format!("{}.dockerignore", self.path));
        let ignores = own.map_or_else(|| self.files(".dockerignore"), |own| vec![own]);
        let is_known = ignores.iter().all(|file| file.lines().is_some());
        let is_own = own.is_some();
        files.iter().filter_map(move |file| {
            let path = below(&file.path, top)?;
            let is_out = |ignore: &&SourceFile| {
                let from = if is_own { top } else { ignore.folder() };
                let path = below(&file.path, from).unwrap_or(path);
                let text = ignore.lines().unwrap_or_default();
                dockerignore::excludes_path(text, path)
            };
            (is_known && !ignores.iter().any(is_out)).then_some((*file, path))
        })
    }

    /// The name of a lockfile of a package manager that lies where the Dockerfile takes its files from.
    #[must_use]
    pub fn lockfile(&self, manager: Manager) -> Option<&'static str> {
        let names = manager.lockfiles().iter().copied();
        names.into_iter().find(|name| {
            self.paths(name)
                .any(|path| self.snapshot.lockfiles.contains(&*path))
        })
    }

    /// Whether a `package.json` of the context names packages for development alone; none if there is no such file.
    #[must_use]
    pub fn has_development_packages(&self) -> Option<bool> {
        let paths = self.paths("package.json");
        let trees = paths.filter_map(|path| self.snapshot.file(&path)?.tree());
        let known: Vec<_> = trees.map(has_development_packages).collect();
        (!known.is_empty()).then(|| known.contains(&true))
    }

    /// True if a file of settings of the context holds a line: the words without blanks and quotes.
    #[must_use]
    pub fn says(&self, name: &str, line: &str) -> bool {
        let is_it = |text: &str| text.replace([' ', '\t', '"', '\''], "") == line;
        let files = self.files(name).into_iter();
        files
            .filter_map(SourceFile::text)
            .any(|text| text.lines().any(is_it))
    }
}

/// The folders that the instructions of a Dockerfile copy from, the context itself first.
fn copied_folders(dockerfile: &Dockerfile) -> Vec<String> {
    let mut folders = vec![String::new()];
    let mut known = BTreeSet::new();
    let copies = dockerfile
        .instructions()
        .iter()
        .filter(|found| ["COPY", "ADD"].contains(&&*found.keyword) && found.flag("from").is_none());
    for copy in copies {
        let words = dockerfile.words(copy);
        for Word { text, .. } in words.iter().rev().skip(1).rev() {
            let mut ends = [".json", ".lock", ".yaml"].iter();
            let is_file = ends.any(|end| text.ends_with(end));
            let source = if is_file || text.contains('*') {
                folder(text)
            } else {
                text
            };
            let source = source.trim_start_matches("./").trim_matches('/');
            let is_plain = !source.contains(['*', '$', ':']) && !source.contains("..");
            if is_plain && !["", "."].contains(&source) && known.insert(source.to_owned()) {
                folders.push(source.to_owned());
            }
            if folders.len() == MOST_FOLDERS {
                return folders;
            }
        }
    }
    folders
}

/// A path seen from a folder above it; none where the folder is not above it.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}
