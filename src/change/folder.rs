//! A folder as a side, and the walk that the working tree of a repository shares.
//!
//! The answer depends on nothing outside the folder: ignore files above it and global ones are not read. Nothing in
//! it is trusted: symbolic links are never followed, not even by ignore files.

#![expect(
    clippy::disallowed_methods,
    reason = "the edge: this is where files are read"
)]

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{
    Content, IsRelevant, LeftOutReason, ListedFile, Listing, Side, SideKind, SideLabel, Source,
    is_in_scope, is_passed_over, may_hide,
};
use crate::error::Error;

/// How many bytes of ignore files one walk honours. They become regular expressions, so that their size is
/// work; what lies beyond is not honoured, and so lists more files rather than fewer.
const IGNORE_BUDGET: u64 = 1 << 20;

/// Lists a folder: what its own `.gitignore` and `.ignore` files let through, whether or not it is a repository.
///
/// # Errors
///
/// [`Error::Usage`] if `root` does not exist or is no folder.
pub fn open(root: &Path, is_relevant: IsRelevant) -> Result<Side, Error> {
    open_within(root, &[], is_relevant)
}

/// Lists some paths of a folder, and nothing beside them. `within` are prefixes below `root`; none, or an empty
/// one, stands for everything.
///
/// # Errors
///
/// As [`open`].
pub fn open_within(root: &Path, within: &[String], is_relevant: IsRelevant) -> Result<Side, Error> {
    let real = fs::canonicalize(root)
        .map_err(|error| Error::Usage(format!("cannot open folder {}: {error}", root.display())))?;
    if !real.is_dir() {
        return Err(Error::Usage(format!("{} is not a folder", root.display())));
    }
    let listing = walk(&real, within, is_relevant, &BTreeSet::new());
    let label = SideLabel {
        kind: SideKind::Folder,
        name: root.display().to_string(),
        commit: None,
        root: Some(root.to_path_buf()),
    };
    Ok(Side::new(label, listing, Box::new(Disk::new(real))))
}

/// Reads files below a root.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// Files below `root`, which must be canonical.
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn read_bytes(&self, path: &str, limit: usize) -> io::Result<Content> {
        let metadata = metadata_without_links(&self.root, path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no longer a regular file"));
        }
        let limit = limit as u64;
        if metadata.len() > limit {
            return Ok(Content::Oversized(metadata.len()));
        }
        let file = File::open(self.root.join(path))?;
        if !is_same_file(&metadata, &file.metadata()?) {
            return Err(io::Error::other("it was replaced while it was being read"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Ok(Content::Oversized(bytes.len() as u64));
        }
        Ok(Content::of(bytes))
    }
}

impl Source for Disk {
    fn read(&self, file: &ListedFile, limit: usize) -> Content {
        self.read_bytes(&file.path, limit)
            .unwrap_or_else(|error| Content::Missing(format!("cannot read {}: {error}", file.path)))
    }
}

/// What is at a path, provided that no folder on the way is a symbolic link.
pub(super) fn metadata_without_links(root: &Path, path: &str) -> io::Result<Metadata> {
    let mut at = root.to_path_buf();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let metadata = fs::symlink_metadata(&at)?;
        if parts.peek().is_none() {
            return Ok(metadata);
        }
        if !metadata.is_dir() {
            return Err(io::Error::other("a folder on the way is a symbolic link"));
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

#[cfg(unix)]
fn is_same_file(before: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    before.dev() == opened.dev() && before.ino() == opened.ino()
}

#[cfg(not(unix))]
fn is_same_file(_: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}

/// The ignore files of a folder, and where those of the folders above it are.
struct Level {
    above: Option<usize>,
    /// `.ignore`, then `.gitignore`: any word of the first kind counts before all of the second.
    files: [Option<Gitignore>; 2],
}

struct Folder {
    /// Path on disk.
    path: PathBuf,
    /// Path from the root with a `/` at its end, or nothing for the root.
    prefix: Prefix,
    level: Option<usize>,
}

#[derive(Clone)]
struct Prefix {
    text: String,
    is_unicode: bool,
}

struct Walk<'a> {
    is_relevant: IsRelevant,
    within: &'a [String],
    submodules: &'a BTreeSet<String>,
    levels: Vec<Level>,
    ignore_budget: u64,
    folders: Vec<Folder>,
    listing: Listing,
}

/// Lists what is below `root` and one of the prefixes `within`, if there are any. `submodules` are folders that
/// belong to other repositories.
pub(super) fn walk(
    root: &Path,
    within: &[String],
    is_relevant: IsRelevant,
    submodules: &BTreeSet<String>,
) -> Listing {
    let mut walk = Walk {
        within,
        is_relevant,
        submodules,
        levels: Vec::new(),
        ignore_budget: IGNORE_BUDGET,
        folders: vec![Folder {
            path: root.to_path_buf(),
            prefix: Prefix {
                text: String::new(),
                is_unicode: true,
            },
            level: None,
        }],
        listing: Listing::default(),
    };
    while let Some(folder) = walk.folders.pop() {
        if let Err(error) = walk.visit(&folder) {
            let path = folder.prefix.text.trim_end_matches('/');
            walk.listing
                .leave_out(path, LeftOutReason::Unreadable(error.to_string()));
        }
    }
    walk.listing
}

impl Walk<'_> {
    fn visit(&mut self, folder: &Folder) -> io::Result<()> {
        let mut entries = Vec::new();
        let mut has_ignore_file = [false; 2];
        for entry in fs::read_dir(&folder.path)? {
            let entry = entry?;
            let name = entry.file_name();
            // The listing knows whether there are ignore files: no folder costs a system call for those it lacks.
            if name == ".ignore" {
                has_ignore_file = [true, has_ignore_file[1]];
            } else if name == ".gitignore" {
                has_ignore_file = [has_ignore_file[0], true];
            }
            entries.push((name, entry));
        }
        // Which ignore files fit the budget must not depend on the order in which a file system lists them.
        entries.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        let level = self.level_of(folder, has_ignore_file);
        for (name, entry) in entries {
            let is_unicode = folder.prefix.is_unicode && name.to_str().is_some();
            let path = format!("{}{}", folder.prefix.text, name.to_string_lossy());
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    self.listing
                        .leave_out(path, LeftOutReason::Unreadable(error.to_string()));
                    continue;
                }
            };
            if !self.is_wanted(&path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                if is_passed_over(name.as_encoded_bytes()) || self.is_ignored(level, &path, true) {
                    continue;
                }
                if self.submodules.contains(&path) {
                    self.listing.leave_out(path, LeftOutReason::Submodule);
                    continue;
                }
                self.folders.push(Folder {
                    path: entry.path(),
                    prefix: Prefix {
                        text: path + "/",
                        is_unicode,
                    },
                    level,
                });
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path()).ok();
                let target = target.as_deref().map(Path::to_string_lossy);
                if !is_passed_over(name.as_encoded_bytes())
                    && may_hide(&path, target.as_deref(), self.is_relevant)
                    && !self.is_ignored(level, &path, false)
                {
                    self.listing.leave_out(path, LeftOutReason::Symlink);
                }
            } else if kind.is_file()
                && is_in_scope(&path, self.is_relevant)
                && !self.is_ignored(level, &path, false)
            {
                if is_unicode {
                    self.listing.files.push(ListedFile {
                        path: Arc::from(path),
                        id: None,
                        size: None,
                    });
                } else {
                    self.listing.leave_out(path, LeftOutReason::NotUnicodePath);
                }
            }
        }
        Ok(())
    }

    /// True if a path lies at or below one of the wanted ones, or is a folder on the way to one.
    fn is_wanted(&self, path: &str, is_folder: bool) -> bool {
        let is_below = |path: &str, folder: &str| {
            let rest = path.strip_prefix(folder);
            folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.within.is_empty()
            || self
                .within
                .iter()
                .any(|wanted| is_below(path, wanted) || is_folder && is_below(wanted, path))
    }

    fn level_of(&mut self, folder: &Folder, has_ignore_file: [bool; 2]) -> Option<usize> {
        if has_ignore_file == [false; 2] {
            return folder.level;
        }
        let [plain, git] = has_ignore_file;
        let files = [
            plain.then(|| self.read_ignore_file(folder, ".ignore")),
            git.then(|| self.read_ignore_file(folder, ".gitignore")),
        ];
        self.levels.push(Level {
            above: folder.level,
            files: files.map(Option::flatten),
        });
        Some(self.levels.len() - 1)
    }

    /// An ignore file that is a link, is too large or does not read has no say, as in git since 2.32: a pull request
    /// could otherwise have it read from anywhere, `/dev/zero` for one.
    fn read_ignore_file(&mut self, folder: &Folder, name: &str) -> Option<Gitignore> {
        let path = folder.path.join(name);
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > self.ignore_budget {
            return None;
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).ok()?;
        file.take(self.ignore_budget).read_to_end(&mut bytes).ok()?;
        self.ignore_budget = self.ignore_budget.saturating_sub(bytes.len() as u64);
        let mut builder = GitignoreBuilder::new(&folder.prefix.text);
        let text = String::from_utf8_lossy(&bytes);
        for line in text.trim_start_matches('\u{feff}').lines() {
            // A line that is no pattern says nothing, as in git.
            let _ = builder.add_line(None, line);
        }
        builder.build().ok()
    }

    fn is_ignored(&self, level: Option<usize>, path: &str, is_folder: bool) -> bool {
        for kind in 0..2 {
            let mut at = level;
            while let Some(level) = at.and_then(|at| self.levels.get(at)) {
                if let Some(Some(patterns)) = level.files.get(kind) {
                    match patterns.matched(path, is_folder) {
                        Match::Ignore(_) => return true,
                        Match::Whitelist(_) => return false,
                        Match::None => {}
                    }
                }
                at = level.above;
            }
        }
        false
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const NOTHING_ELSE: IsRelevant = |_| false;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn paths(side: &Side) -> Vec<&str> {
        side.files().iter().map(|file| &*file.path).collect()
    }

    #[test]
    fn a_folder_lists_what_is_in_scope_and_not_ignored() {
        let folder = folder(&[
            ("b.yaml", ""),
            ("a/x.yml", ""),
            ("a/notes.md", ""),
            (".github/workflows/w.yml", ""),
            (".hidden.json", ""),
            (".git/config.yaml", ""),
            ("node_modules/x/package.json", ""),
            ("dist/out.yaml", ""),
            (".gitignore", "/dist\n*.tmp.yaml\n!keep.tmp.yaml\n[\n"),
            ("a/1.tmp.yaml", ""),
            ("a/keep.tmp.yaml", ""),
            ("a/.gitignore", "/inner\n"),
            ("a/inner/i.yaml", ""),
            ("inner/i.yaml", ""),
            ("c/.ignore", "*.yaml\n!k.yaml\n"),
            ("c/.gitignore", "k.yaml\n"),
            ("c/j.yaml", ""),
            ("c/k.yaml", ""),
        ]);
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        assert_eq!(
            paths(&side),
            [
                ".github/workflows/w.yml",
                ".hidden.json",
                "a/keep.tmp.yaml",
                "a/x.yml",
                "b.yaml",
                "c/k.yaml",
                "inner/i.yaml"
            ]
        );
        assert!(side.left_out().is_empty());
        assert_eq!(side.label().kind, SideKind::Folder);
        assert_eq!(side.label().root.as_deref(), Some(folder.path()));
    }

    #[test]
    fn ignore_files_above_the_folder_have_no_say() {
        let folder = folder(&[(".gitignore", "*\n"), (".ignore", "*\n"), ("a/x.yaml", "")]);
        let side = open(&folder.path().join("a"), NOTHING_ELSE).unwrap();
        assert_eq!(paths(&side), ["x.yaml"]);
    }

    #[test]
    fn links_are_told_and_never_followed() {
        let outside = folder(&[("secret.yaml", "s")]);
        let folder = folder(&[("a.yaml", "a"), ("d/b.yaml", "b")]);
        symlink(outside.path(), folder.path().join("out")).unwrap();
        symlink("a.yaml", folder.path().join("link.yaml")).unwrap();
        symlink("..", folder.path().join("d/loop")).unwrap();
        symlink("run.sh", folder.path().join("run")).unwrap();
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        assert_eq!(paths(&side), ["a.yaml", "d/b.yaml"]);
        let told: Vec<&str> = side.left_out().iter().map(|out| &*out.path).collect();
        assert_eq!(told, ["d/loop", "link.yaml", "out"]);
    }

    #[test]
    fn a_link_that_appears_after_the_listing_is_not_followed() {
        let outside = folder(&[("b.yaml", "secret")]);
        let folder = folder(&[("a.yaml", "a"), ("d/b.yaml", "b")]);
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        fs::remove_file(folder.path().join("a.yaml")).unwrap();
        symlink(outside.path().join("b.yaml"), folder.path().join("a.yaml")).unwrap();
        fs::remove_dir_all(folder.path().join("d")).unwrap();
        symlink(outside.path(), folder.path().join("d")).unwrap();
        for file in side.files() {
            let content = side.read(file, 100);
            assert!(matches!(content, Content::Missing(_)), "{content:?}");
        }
    }

    #[test]
    fn ignore_files_that_are_links_or_too_large_have_no_say() {
        let folder = folder(&[
            ("a/x.yaml", ""),
            ("b/.gitignore", &"*\n".repeat(1 << 20)),
            ("b/y.yaml", ""),
        ]);
        symlink("/dev/zero", folder.path().join("a/.gitignore")).unwrap();
        symlink("/dev/zero", folder.path().join(".ignore")).unwrap();
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        assert_eq!(paths(&side), ["a/x.yaml", "b/y.yaml"]);
    }

    #[test]
    fn limits_are_kept_to_the_byte() {
        let folder = folder(&[("a.yaml", "12345")]);
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        let file = &side.files()[0];
        assert_eq!(side.read(file, 5), Content::Bytes(b"12345".to_vec()));
        assert_eq!(side.read(file, 4), Content::Oversized(5));
        fs::remove_file(folder.path().join("a.yaml")).unwrap();
        assert!(matches!(side.read(file, 5), Content::Missing(_)));
    }

    #[test]
    fn what_is_no_folder_is_the_callers_mistake() {
        let folder = folder(&[("a.yaml", "")]);
        for path in ["a.yaml", "absent"] {
            let error = open(&folder.path().join(path), NOTHING_ELSE).unwrap_err();
            assert!(matches!(error, Error::Usage(_)), "{error}");
        }
    }
}
