//! A repository as a place to read revisions from, without a checkout and without a git program.
//!
//! The repository is only read, and it is asked for objects and references alone. Neither the environment nor
//! configuration outside of it can redirect it, and who owns it does not matter: nothing in it is executed.

#![expect(
    clippy::disallowed_methods,
    reason = "the edge: this is where files are read"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::ByteSlice;

use self::objects::Objects;
use super::folder::{self, Disk, Extent};
use super::{
    Content, ContentId, IsRelevant, LeftOutReason, ListedFile, Listing, Relevance, Side, SideKind,
    SideLabel, Source, installed_folder, relevance,
};
use crate::error::Error;

mod branches;
mod history;
mod objects;
mod tree;

pub use history::MergeBase;
pub(super) use objects::Blobs;

/// Settings that hold whatever the repository's own configuration says.
const OVERRIDES: [&str; 4] = [
    // A replaced object is not what the commit names.
    "core.useReplaceRefs=false",
    "gitoxide.core.shallowFile=shallow",
    "gitoxide.core.indexFile=index",
    // Without it, repositories of another owner could not have packed objects over 16 MiB, and others any size.
    "gitoxide.objects.allocLimit=1073741824",
];

/// A repository on this machine.
#[derive(Clone, Debug)]
pub struct Repository {
    objects: Arc<Objects>,
    root: PathBuf,
    is_bare: bool,
}

impl Repository {
    /// Finds the repository that `dir` is in: the nearest folder above or at it that has a `.git`, or else `dir` itself
    /// if it is a bare repository. None if there is none.
    ///
    /// A folder inside a working tree that merely looks like a bare repository is never taken for one: a pull
    /// request could have put it there. Objects that are fetched later are not seen: discover the repository again.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if `dir` is no folder; [`Error::Repository`] if there is a repository that cannot be read.
    pub fn discover(dir: &Path) -> Result<Option<Self>, Error> {
        let dir = fs::canonicalize(dir).map_err(|error| {
            Error::Usage(format!("cannot open folder {}: {error}", dir.display()))
        })?;
        if !dir.is_dir() {
            return Err(Error::Usage(format!("{} is not a folder", dir.display())));
        }
        let options = gix::discover::upwards::Options {
            trust: gix::discover::upwards::TrustPolicy::Assume(gix::sec::Trust::Full),
            dot_git_only: true,
            cross_fs: true,
            ..Default::default()
        };
        let (git_dir, root) = match gix::discover::upwards_opts(&dir, options) {
            Ok((found, _)) => found.into_repository_and_work_tree_directories(),
            Err(error) => {
                if let Some(broken) = dir.ancestors().find(|at| is_present(&at.join(".git"))) {
                    return Err(Error::Repository(format!(
                        "{} is not a repository that can be read: {error}. If it belongs to a linked worktree or a submodule, the main repository must be reachable too",
                        broken.join(".git").display()
                    )));
                }
                if !gix::discover::is_bare(&dir) || gix::discover::is_git(&dir).is_err() {
                    return Ok(None);
                }
                (dir.clone(), None)
            }
        };
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::Repository(format!(
                "cannot read the repository {}: {error}",
                git_dir.display()
            ))
        };
        let options = gix::open::Options::isolated()
            .with(gix::sec::Trust::Full)
            .open_path_as_is(true)
            .config_overrides(OVERRIDES);
        let shared = gix::ThreadSafeRepository::open_opts(&git_dir, options)
            .map_err(|error| unreadable(&error))?;
        let refs = shared.to_thread_local();
        if let Some(format) = refs.config_snapshot().string("extensions.refStorage")
            && *format != *b"files"
        {
            return Err(unreadable(&format_args!(
                "its references are stored as {format}, which is not supported"
            )));
        }
        let is_bare = root.is_none();
        let root = fs::canonicalize(root.as_ref().unwrap_or(&git_dir))
            .map_err(|error| unreadable(&error))?;
        Ok(Some(Self {
            objects: Arc::new(Objects::new(shared)),
            root,
            is_bare,
        }))
    }

    /// False for a bare repository.
    #[must_use]
    pub fn has_working_tree(&self) -> bool {
        !self.is_bare
    }

    /// The folder of the working tree; of a bare repository, the repository itself. No link is in its path.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The branch that pull requests are merged into, as far as this clone tells.
    #[must_use]
    pub fn default_branch(&self) -> Option<String> {
        self.objects.with(branches::default_branch)
    }

    /// The full id of the commit that a revision names: a branch, a tag, an id or the start of one, `HEAD~2`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if there is no such commit; [`Error::HistoryMissing`] if it may exist, but not in this shallow
    /// clone; [`Error::Repository`] if the repository cannot be read.
    pub fn commit_of(&self, revision: &str) -> Result<String, Error> {
        self.objects
            .with(|repo| history::resolve(repo, revision).map(|id| id.to_string()))
    }

    /// The full id of the commit that is checked out.
    ///
    /// # Errors
    ///
    /// As [`Self::commit_of`]; [`Error::Usage`] if there is no commit yet.
    pub fn head_commit(&self) -> Result<String, Error> {
        self.commit_of("HEAD")
    }

    /// The best common ancestor of two revisions, the same for the same history; of several equally good ones, the
    /// most recent.
    ///
    /// In a clone whose history was cut off, an answer is given only if no commit that is missing could change it.
    ///
    /// # Errors
    ///
    /// As [`Self::commit_of`]; [`Error::HistoryMissing`] if the history here does not settle the answer;
    /// [`Error::Usage`] if it does, and the two have no ancestor in common.
    pub fn merge_base(&self, base: &str, head: &str) -> Result<MergeBase, Error> {
        self.objects
            .with(|repo| history::merge_base(repo, base, head))
    }

    /// The files of a commit. Ignore files have no say: what is in a commit is meant to be there.
    ///
    /// # Errors
    ///
    /// As [`Self::commit_of`]; [`Error::HistoryMissing`] if the listing itself is not in this partial clone.
    pub fn side(&self, revision: &str, is_relevant: IsRelevant) -> Result<Side, Error> {
        let (commit, listing) = self.listing(revision, is_relevant)?;
        let label = SideLabel {
            kind: SideKind::Revision,
            name: revision.to_owned(),
            commit: Some(commit),
            root: None,
        };
        Ok(Side::new(label, listing, Box::new(self.blobs())))
    }

    /// Whether the contents of all files of a side are here. They are, unless the clone was made with a filter.
    #[must_use]
    pub fn holds(&self, side: &Side) -> bool {
        if !self.objects.with(history::is_partial) {
            return true;
        }
        let blobs = self.blobs();
        let mut ids = side.files().iter().filter_map(|file| file.id);
        ids.all(|id| blobs.hold(id))
    }

    /// The full id of a commit, and its files.
    pub(super) fn listing(
        &self,
        revision: &str,
        is_relevant: IsRelevant,
    ) -> Result<(String, Listing), Error> {
        self.objects.with(|repo| {
            let commit = history::resolve(repo, revision)?;
            let listing = tree::list(repo, commit, is_relevant)?;
            Ok((commit.to_string(), listing))
        })
    }

    /// Reads contents that are here.
    pub(super) fn blobs(&self) -> Blobs {
        Blobs(Arc::clone(&self.objects))
    }

    /// One file of a commit, if it has at most `limit` bytes: none where there is no such file, and nothing in it
    /// where a link or a folder stands in its place.
    ///
    /// # Errors
    ///
    /// As [`Self::side`].
    pub fn file(
        &self,
        revision: &str,
        path: &str,
        limit: usize,
    ) -> Result<Option<Option<Content>>, Error> {
        self.objects.with(|repo| {
            let commit = history::resolve(repo, revision)?;
            let Some((mode, id)) = tree::entry(repo, commit, path)? else {
                return Ok(None);
            };
            if !mode.is_blob() {
                return Ok(Some(None));
            }
            let content = objects::read_blob(repo, id, limit);
            Ok(Some(Some(content.unwrap_or_else(|why| {
                Content::Missing(format!("cannot read {path}: {why}"))
            }))))
        })
    }

    /// The files on disk: those that are tracked, and beside them those that git does not ignore or that lie at or
    /// below one of the paths in `named`. The whole of the repository is no name.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if the repository is bare; [`Error::Repository`] if its index cannot be read.
    pub fn working_tree(&self, named: &[String], is_relevant: IsRelevant) -> Result<Side, Error> {
        if self.is_bare {
            return Err(Error::Usage(format!(
                "{} is a bare repository and has no files on disk: name a revision",
                self.root.display()
            )));
        }
        let tracked = self.objects.with(|repo| Tracked::read(repo, is_relevant))?;
        let extent = Extent::WorkingTree {
            named,
            submodules: &tracked.submodules,
        };
        let mut listing = folder::walk(&self.root, extent, is_relevant);
        tracked.complete(&mut listing, &self.root);
        let label = SideLabel {
            kind: SideKind::WorkingTree,
            name: self.root.display().to_string(),
            commit: self.head_commit().ok(),
            root: Some(self.root.clone()),
        };
        let source = WorkingTree {
            disk: Disk::new(self.root.clone()),
            blobs: Blobs(Arc::clone(&self.objects)),
        };
        Ok(Side::new(label, listing, Box::new(source)))
    }
}

/// Files on disk, and those that a sparse checkout keeps off it, as the index has them.
#[derive(Debug)]
struct WorkingTree {
    disk: Disk,
    blobs: Blobs,
}

impl Source for WorkingTree {
    fn read(&self, file: &ListedFile, limit: usize) -> Content {
        if file.id.is_some() {
            self.blobs.read(file, limit)
        } else {
            self.disk.read(file, limit)
        }
    }
}

fn is_present(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What the index says of paths in scope.
#[derive(Default)]
struct Tracked {
    files: BTreeSet<String>,
    links: BTreeSet<String>,
    submodules: BTreeSet<String>,
    /// What a sparse checkout keeps off the disk, with what the index says of its content; a whole folder has none.
    absent: BTreeMap<String, Option<ContentId>>,
    /// Folders of installed packages, and whether a sparse checkout keeps some of one off the disk.
    installed: BTreeMap<String, bool>,
}

impl Tracked {
    fn read(repo: &gix::Repository, is_relevant: IsRelevant) -> Result<Self, Error> {
        use gix::index::entry::{Flags, Mode};
        let index = repo
            .try_index()
            .map_err(|error| Error::Repository(format!("cannot read the index: {error}")))?;
        let mut tracked = Self::default();
        let Some(index) = index else {
            return Ok(tracked);
        };
        for entry in index.entries() {
            let path = entry.path(&index);
            if let Some(folder) = installed_folder(path) {
                let is_sparse = entry.flags.contains(Flags::SKIP_WORKTREE);
                *tracked
                    .installed
                    .entry(folder.to_str_lossy().into_owned())
                    .or_default() |= is_sparse;
                continue;
            }
            // The walk lists by itself what is not Unicode, unless it is ignored too: too rare a case to carry on.
            let Ok(path) = path.to_str() else { continue };
            if entry.mode == Mode::COMMIT {
                tracked.submodules.insert(path.to_owned());
            } else if entry.mode == Mode::DIR {
                let folder = path.trim_end_matches('/').to_owned();
                tracked.absent.insert(folder, None);
            } else {
                let is_own = match relevance(path, is_relevant) {
                    Relevance::None => continue,
                    Relevance::WhereNamed => false,
                    Relevance::Own => true,
                };
                let is_sparse = entry.flags.contains(Flags::SKIP_WORKTREE);
                if !is_own && (is_sparse || entry.mode == Mode::SYMLINK) {
                    continue;
                }
                if is_sparse {
                    let id = <[u8; 20]>::try_from(entry.id.as_slice()).ok();
                    tracked.absent.insert(path.to_owned(), id.map(ContentId));
                }
                if entry.mode == Mode::SYMLINK {
                    tracked.links.insert(path.to_owned());
                } else {
                    tracked.files.insert(path.to_owned());
                }
            }
        }
        Ok(tracked)
    }

    /// Adds what the walk of `root` did not find.
    fn complete(self, listing: &mut Listing, root: &Path) {
        let found: BTreeSet<&str> = listing.files.iter().map(|file| &*file.path).collect();
        let files: Vec<String> = self
            .files
            .into_iter()
            .filter(|path| !found.contains(&**path))
            .collect();
        // What is tracked is read, whether it is ignored or not.
        for path in &files {
            let ends = path.match_indices('/').map(|(end, _)| end);
            for end in ends.chain([path.len()]) {
                listing.ignored.remove(path.get(..end).unwrap_or_default());
            }
        }
        for path in files {
            match folder::metadata_without_links(root, &path) {
                Ok(metadata) if metadata.is_file() => listing.files.push(ListedFile {
                    path: Arc::from(path),
                    id: None,
                    size: Some(metadata.len()),
                }),
                Ok(metadata) if metadata.is_symlink() => {
                    listing.leave_out(path, LeftOutReason::Symlink);
                }
                // It was deleted, which is a change like any other; or it is below a link, which is listed.
                _ => {}
            }
        }
        for path in &self.links {
            if folder::metadata_without_links(root, path).is_ok_and(|found| found.is_symlink()) {
                listing.leave_out(path, LeftOutReason::Symlink);
            }
        }
        for (folder, is_sparse) in self.installed {
            if is_sparse || is_present(&root.join(&folder)) {
                listing.leave_out(folder, LeftOutReason::Installed);
            }
        }
        for (path, id) in self.absent {
            if is_present(&root.join(&path)) {
                continue;
            }
            match id.filter(|_| !self.links.contains(&path)) {
                Some(id) => listing.files.push(ListedFile {
                    path: Arc::from(path),
                    id: Some(id),
                    size: None,
                }),
                None => listing.leave_out(path, LeftOutReason::NotCheckedOut),
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
