//! Where base and head come from, and what differs between them.
//!
//! A [`Side`] is one revision or folder: what files it has, and their contents on demand. Only [`folder`] and
//! [`git`] touch the disk, only [`api`] the network; [`compare`] and [`hunks`] are pure. What a side cannot show is never dropped in silence:
//! it is in [`Side::left_out`], or it is a [`Content`] that says why.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub mod api;
pub mod compare;
pub mod folder;
pub mod git;
pub mod hunks;

/// Says of a path, relative to the root and separated by `/`, whether it matters although it is neither YAML nor JSON.
pub type IsRelevant = fn(&str) -> Relevance;

/// Whether a file matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relevance {
    /// Whatever it holds, nobody asks for it.
    None,
    /// It matters where another file names it: it is listed, and nobody misses it where it is not.
    WhereNamed,
    /// It matters by itself.
    Own,
}

impl Relevance {
    /// Of what matters by itself or not at all.
    #[must_use]
    pub fn own_if(matters: bool) -> Self {
        if matters { Self::Own } else { Self::None }
    }
}

/// Identity of a content: the id that git gives to a blob of these bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(pub [u8; 20]);

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentId({self})")
    }
}

/// The id that git would give to a blob of these bytes.
#[must_use]
pub fn content_id(bytes: &[u8]) -> ContentId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes)
        .ok()
        .and_then(|id| <[u8; 20]>::try_from(id.as_slice()).ok())
        .map_or_else(|| forged_content_id(bytes), ContentId)
}

/// An id for bytes that were crafted to collide under SHA-1: the forgery must not pass for its twin.
fn forged_content_id(bytes: &[u8]) -> ContentId {
    let mut id = [0; 20];
    for (to, from) in id.iter_mut().zip(Sha256::digest(bytes)) {
        *to = from;
    }
    ContentId(id)
}

/// What kind of place a side was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideKind {
    /// The files of a repository as they are on disk now.
    WorkingTree,
    /// A folder that is taken as it is.
    Folder,
    /// A commit.
    Revision,
}

/// What the reports call a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideLabel {
    /// The kind of place.
    pub kind: SideKind,
    /// The name as the user gave it.
    pub name: String,
    /// The full id of the commit; of a working tree, the commit that is checked out. None in a folder.
    pub commit: Option<String>,
    /// The folder on disk; none for a revision.
    pub root: Option<PathBuf>,
}

/// A regular file of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Path from the root, separated by `/`.
    pub path: Arc<str>,
    /// Identity of the content, where it is known without reading.
    pub id: Option<ContentId>,
    /// Size in bytes, where it is known without reading.
    pub size: Option<u64>,
}

/// A path that a side has and does not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Path from the root, separated by `/`; bytes that are not Unicode are shown as U+FFFD.
    pub path: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a path is not shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutReason {
    /// A symbolic link, which is never followed.
    Symlink,
    /// Another repository, at one of its commits.
    Submodule,
    /// A folder of installed packages, which is not looked into.
    Installed,
    /// The path is not Unicode.
    NotUnicodePath,
    /// The path is longer than a system could check out.
    TooDeep,
    /// This folder, and all that were to be listed after it, hold more entries than one side may have.
    TooMany,
    /// The file belongs to the commit, but a sparse checkout keeps it off the disk.
    NotCheckedOut,
    /// A name that no well-formed tree has, such as `..`, or one that a tree gives twice.
    Malformed,
    /// The machine refused; with what it said.
    Unreadable(String),
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It is larger than the limit; with its size.
    Oversized(u64),
    /// It stands for a file that Git LFS keeps elsewhere.
    LfsPointer,
    /// It cannot be had; with the reason and the remedy.
    Missing(String),
}

impl Content {
    /// Bytes as they were read, unless they are the pointer that Git LFS leaves in place of a file.
    fn of(bytes: Vec<u8>) -> Self {
        if is_lfs_pointer(&bytes) {
            Self::LfsPointer
        } else {
            Self::Bytes(bytes)
        }
    }
}

/// Git LFS: a pointer is shorter than 1024 bytes and its first line is the version.
fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.len() < 1024
        && bytes
            .strip_prefix(b"version https://git-lfs.github.com/spec/v1")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'\n' | b'\r')))
}

/// How the files of a side are read; called from many threads at once.
trait Source: fmt::Debug + Send + Sync {
    fn read(&self, file: &ListedFile, limit: usize) -> Content;
}

/// One revision or folder.
#[derive(Debug)]
pub struct Side {
    label: SideLabel,
    files: Vec<ListedFile>,
    left_out: Vec<LeftOut>,
    ignored: BTreeSet<String>,
    source: Box<dyn Source>,
}

impl Side {
    fn new(label: SideLabel, listing: Listing, source: Box<dyn Source>) -> Self {
        let Listing {
            mut files,
            mut left_out,
            ignored,
        } = listing;
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path).then(a.id.cmp(&b.id)));
        files.dedup_by(|later, first| {
            let twice = later.path == first.path;
            if twice {
                left_out.push(LeftOut {
                    path: later.path.to_string(),
                    reason: LeftOutReason::Malformed,
                });
            }
            twice
        });
        left_out.sort_unstable();
        left_out.dedup();
        Self {
            label,
            files,
            left_out,
            ignored,
            source,
        }
    }

    /// What the reports call this side.
    #[must_use]
    pub fn label(&self) -> &SideLabel {
        &self.label
    }

    /// Calls the side what the caller called it.
    pub fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.label.name);
    }

    /// The regular files that are in scope, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[ListedFile] {
        &self.files
    }

    /// What is in scope, or may hide something that is, and is not among the files; sorted by path.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Files in scope, and folders that may hold some, that git ignores in a working tree and does not track.
    #[must_use]
    pub fn ignored(&self) -> &BTreeSet<String> {
        &self.ignored
    }

    /// Reads one of [`Self::files`], if it has at most `limit` bytes. May be called from many threads at once.
    #[must_use]
    pub fn read(&self, file: &ListedFile, limit: usize) -> Content {
        self.source.read(file, limit)
    }
}

/// What a place holds, in no particular order.
#[derive(Debug, Default)]
struct Listing {
    files: Vec<ListedFile>,
    left_out: Vec<LeftOut>,
    /// Files in scope and folders that git ignores.
    ignored: BTreeSet<String>,
}

impl Listing {
    fn leave_out(&mut self, path: impl Into<String>, reason: LeftOutReason) {
        self.left_out.push(LeftOut {
            path: path.into(),
            reason,
        });
    }
}

/// What Linux lets a path have. What is longer cannot be checked out, and so cannot be applied either.
const LONGEST_PATH: usize = 4096;

/// What a folder of installed packages is called.
const INSTALLED: &[u8] = b"node_modules";

/// Folders with these names are not looked into: git's own files, and installed packages. The latter are counted
/// wherever they belong to a side.
fn is_passed_over(folder: &[u8]) -> bool {
    folder == b".git" || folder == INSTALLED
}

/// The topmost folder of installed packages that a path lies in, if it does; not a file or link of that name.
fn installed_folder(path: &[u8]) -> Option<&[u8]> {
    let mut start = 0;
    for part in path.split(|byte| *byte == b'/') {
        let end = start + part.len();
        if part == INSTALLED && end < path.len() {
            return path.get(..end);
        }
        start = end + 1;
    }
    None
}

/// Whether a path is worth listing.
fn is_listed(path: &str, is_relevant: IsRelevant) -> bool {
    relevance(path, is_relevant) > Relevance::None
}

/// Whether it is to be said of a path that it was not read.
fn is_in_scope(path: &str, is_relevant: IsRelevant) -> bool {
    relevance(path, is_relevant) == Relevance::Own
}

fn relevance(path: &str, is_relevant: IsRelevant) -> Relevance {
    if extension(path).is_some_and(is_manifest_extension) {
        Relevance::Own
    } else {
        is_relevant(path)
    }
}

fn is_manifest_extension(extension: &str) -> bool {
    ["yaml", "yml", "json"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// Whether a symbolic link may stand for something in scope: a file by its own name or its target's, or a folder.
/// A target such as `tool.sh` is taken for a file by its extension, so that links to programs are not told of;
/// nobody can hide a folder of this tree that way, as the folder itself is listed where it is.
fn may_hide(link: &str, target: Option<&str>, is_relevant: IsRelevant) -> bool {
    is_in_scope(link, is_relevant)
        || target.is_none_or(|target| {
            is_in_scope(target, is_relevant)
                || !extension(target).is_some_and(|extension| {
                    (1..=5).contains(&extension.len())
                        && extension.bytes().all(|byte| byte.is_ascii_alphabetic())
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_the_id_that_git_gives_it() {
        assert_eq!(
            content_id(b"").to_string(),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
        assert_eq!(
            content_id(b"hello\n").to_string(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
    }

    #[test]
    fn lfs_pointers_are_known_by_their_first_line() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
        assert!(is_lfs_pointer(pointer.as_bytes()));
        assert!(!is_lfs_pointer(format!("# {pointer}").as_bytes()));
        assert!(!is_lfs_pointer(pointer.replace("v1", "v12").as_bytes()));
        assert!(!is_lfs_pointer(
            format!("{pointer}{}", " ".repeat(1024)).as_bytes()
        ));
    }

    #[test]
    fn scope_goes_by_extension_in_any_case_or_by_the_callers_word() {
        let is_dockerfile: IsRelevant = |path| Relevance::own_if(path.ends_with("Dockerfile"));
        for path in ["a.yaml", "d/b.YML", ".json", "x/Dockerfile"] {
            assert!(is_in_scope(path, is_dockerfile), "{path}");
        }
        for path in ["yaml", "a.yaml/x", "a.yaml.bak", "README.md"] {
            assert!(!is_in_scope(path, is_dockerfile), "{path}");
        }
    }

    #[test]
    fn links_to_programs_hide_nothing() {
        let nothing: IsRelevant = |_| Relevance::None;
        assert!(may_hide("a.yaml", Some("b.txt"), nothing));
        assert!(may_hide("a", Some("b.yaml"), nothing));
        assert!(may_hide("a", Some("../deploy"), nothing));
        assert!(may_hide("a", Some("../v1.2"), nothing));
        assert!(may_hide("a", Some(".."), nothing));
        assert!(may_hide("a", None, nothing));
        assert!(!may_hide("CLAUDE.md", Some("AGENTS.md"), nothing));
    }
}
