//! A folder as a side, and the walk that the working tree of a repository shares.
//!
//! A folder is listed whole: no file in it decides what of it is read, as a change could bring that file. In a working
//! tree, `.gitignore` keeps what is not tracked apart; what is tracked no file can hide. The answer depends on nothing
//! outside the folder, and nothing in it is trusted: symbolic links are never followed, not even by ignore files.

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
    Content, INSTALLED, IsRelevant, LeftOutReason, ListedFile, Listing, Side, SideKind, SideLabel,
    Source, is_in_scope, is_listed, is_passed_over, may_hide,
};
use crate::error::Error;
use crate::folders::is_within;

/// How many bytes of ignore files one walk honours. They become regular expressions, so that their size is
/// work; what lies beyond is not honoured, and so lists more files rather than fewer.
const IGNORE_BUDGET: u64 = 1 << 20;

/// The one file that git lets decide what of a working tree is left alone. Those of other tools have no say.
const IGNORE_FILE: &str = ".gitignore";

/// Lists a folder, whatever ignore files it has and whether or not it is a repository.
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
    let listing = walk(&real, Extent::Folder { within }, is_relevant);
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

/// What of a folder is listed.
#[derive(Clone, Copy)]
pub(super) enum Extent<'a> {
    /// All of it, or what lies at or below one of some prefixes, where there are any.
    Folder {
        /// The prefixes.
        within: &'a [String],
    },
    /// The working tree of a repository: what git does not ignore.
    WorkingTree {
        /// What the caller asks for by name is listed although it is ignored.
        named: &'a [String],
        /// Folders that belong to other repositories.
        submodules: &'a BTreeSet<String>,
    },
}

/// The ignore file of a folder, and where that of the next folder above is.
struct Level {
    above: Option<usize>,
    patterns: Option<Gitignore>,
}

struct Folder {
    /// Path on disk.
    path: PathBuf,
    /// Path from the root with a `/` at its end, or nothing for the root.
    prefix: Prefix,
    level: Option<usize>,
    /// True if only what is named is listed of it.
    is_ignored: bool,
}

#[derive(Clone)]
struct Prefix {
    text: String,
    is_unicode: bool,
}

struct Walk<'a> {
    is_relevant: IsRelevant,
    extent: Extent<'a>,
    levels: Vec<Level>,
    ignore_budget: u64,
    folders: Vec<Folder>,
    listing: Listing,
}

/// Lists what is below `root`.
pub(super) fn walk(root: &Path, extent: Extent<'_>, is_relevant: IsRelevant) -> Listing {
    let mut walk = Walk {
        extent,
        is_relevant,
        levels: Vec::new(),
        ignore_budget: IGNORE_BUDGET,
        folders: vec![Folder {
            path: root.to_path_buf(),
            prefix: Prefix {
                text: String::new(),
                is_unicode: true,
            },
            level: None,
            is_ignored: false,
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
        let mut has_ignore_file = false;
        for entry in fs::read_dir(&folder.path)? {
            let entry = entry?;
            let name = entry.file_name();
            // The listing knows whether there is an ignore file: no folder costs a system call for one it lacks.
            has_ignore_file |= name == IGNORE_FILE;
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
            let is_ignored = !self.is_named(&path)
                && (folder.is_ignored || self.is_ignored(level, &path, kind.is_dir()));
            if kind.is_dir() {
                let Some(is_ignored) = self.enters(&path, name.as_encoded_bytes(), is_ignored)
                else {
                    continue;
                };
                self.folders.push(Folder {
                    path: entry.path(),
                    prefix: Prefix {
                        text: path + "/",
                        is_unicode,
                    },
                    level,
                    is_ignored,
                });
                continue;
            }
            if is_ignored {
                // What lies in a folder that is ignored is counted with it.
                if !folder.is_ignored && kind.is_file() && is_in_scope(&path, self.is_relevant) {
                    self.listing.ignored.insert(path);
                }
                continue;
            }
            if kind.is_symlink() {
                let target = fs::read_link(entry.path()).ok();
                let target = target.as_deref().map(Path::to_string_lossy);
                if !self.is_for_the_index(name.as_encoded_bytes())
                    && may_hide(&path, target.as_deref(), self.is_relevant)
                {
                    self.listing.leave_out(path, LeftOutReason::Symlink);
                }
            } else if kind.is_file() && is_listed(&path, self.is_relevant) {
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

    /// Whether a folder is looked into, and then whether only for what is named in it.
    fn enters(&mut self, path: &str, name: &[u8], is_ignored: bool) -> Option<bool> {
        let leads_on = self.leads_to_named(path);
        if is_passed_over(name) {
            let is_entered = name == INSTALLED && leads_on;
            if name == INSTALLED && !is_entered && !self.is_for_the_index(name) {
                self.listing.leave_out(path, LeftOutReason::Installed);
            }
            // Somebody asked for what is in it, but not for all.
            return is_entered.then_some(!self.names().any(|named| named == path));
        }
        if is_ignored && !leads_on {
            self.listing.ignored.insert(path.to_owned());
            return None;
        }
        if let Extent::WorkingTree { submodules, .. } = self.extent
            && submodules.contains(path)
        {
            self.listing.leave_out(path, LeftOutReason::Submodule);
            return None;
        }
        Some(is_ignored)
    }

    /// True if the index of a working tree says what there is to say of it: whether packages were committed, or are
    /// only installed.
    fn is_for_the_index(&self, name: &[u8]) -> bool {
        is_passed_over(name)
            && (name != INSTALLED || matches!(self.extent, Extent::WorkingTree { .. }))
    }

    /// True if a path lies at or below one of the wanted ones, or is a folder on the way to one.
    fn is_wanted(&self, path: &str, is_folder: bool) -> bool {
        match self.extent {
            Extent::WorkingTree { .. } => true,
            Extent::Folder { within } => {
                within.is_empty()
                    || within.iter().any(|wanted| {
                        is_within(path, wanted) || is_folder && is_within(wanted, path)
                    })
            }
        }
    }

    /// What the caller asks for by name; all of the folder is no name.
    fn names(&self) -> impl Iterator<Item = &str> {
        let (Extent::Folder { within: names } | Extent::WorkingTree { named: names, .. }) =
            self.extent;
        names
            .iter()
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// True if the caller asks for a path, or for a folder that it lies in.
    fn is_named(&self, path: &str) -> bool {
        self.names().any(|named| is_within(path, named))
    }

    /// True if the caller asks for a path, or for one below it.
    fn leads_to_named(&self, path: &str) -> bool {
        self.names().any(|named| is_within(named, path))
    }

    fn level_of(&mut self, folder: &Folder, has_ignore_file: bool) -> Option<usize> {
        if !has_ignore_file || matches!(self.extent, Extent::Folder { .. }) {
            return folder.level;
        }
        let patterns = self.read_ignore_file(folder);
        self.levels.push(Level {
            above: folder.level,
            patterns,
        });
        Some(self.levels.len() - 1)
    }

    /// An ignore file that is a link, is too large or does not read has no say, as in git since 2.32: a pull request
    /// could otherwise have it read from anywhere, `/dev/zero` for one.
    fn read_ignore_file(&mut self, folder: &Folder) -> Option<Gitignore> {
        let path = folder.path.join(IGNORE_FILE);
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
        let mut at = level;
        while let Some(level) = at.and_then(|at| self.levels.get(at)) {
            if let Some(patterns) = &level.patterns {
                match patterns.matched(path, is_folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
            at = level.above;
        }
        false
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::change::LeftOut;
    use std::os::unix::fs::symlink;

    const NOTHING_ELSE: IsRelevant = |_| crate::change::Relevance::None;

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

    fn left_out(side: &Side) -> Vec<(&str, &LeftOutReason)> {
        let left_out = side.left_out().iter();
        left_out.map(|out| (&*out.path, &out.reason)).collect()
    }

    #[test]
    fn no_file_of_a_folder_decides_what_of_it_is_listed() {
        let folder = folder(&[
            ("b.yaml", ""),
            ("a/x.yml", ""),
            ("a/notes.md", ""),
            (".github/workflows/w.yml", ""),
            (".hidden.json", ""),
            (".git/config.yaml", ""),
            ("dist/out.yaml", ""),
            (".gitignore", "*\n"),
            (".ignore", "*\n"),
            ("a/.gitignore", "*\n"),
        ]);
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        assert_eq!(
            paths(&side),
            [
                ".github/workflows/w.yml",
                ".hidden.json",
                "a/x.yml",
                "b.yaml",
                "dist/out.yaml",
            ]
        );
        assert!(side.left_out().is_empty());
        assert_eq!(side.label().kind, SideKind::Folder);
        assert_eq!(side.label().root.as_deref(), Some(folder.path()));
    }

    #[test]
    fn installed_packages_are_counted_once_and_read_where_they_are_named() {
        let folder = folder(&[
            ("node_modules/x/package.json", ""),
            ("node_modules/x/node_modules/y/package.json", ""),
            ("node_modules/z/package.json", ""),
            ("a/node_modules/x/p.yaml", ""),
            ("a/p.yaml", ""),
        ]);
        let side = open(folder.path(), NOTHING_ELSE).unwrap();
        assert_eq!(paths(&side), ["a/p.yaml"]);
        let installed = &LeftOutReason::Installed;
        assert_eq!(
            left_out(&side),
            [("a/node_modules", installed), ("node_modules", installed)]
        );
        let within = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            open_within(folder.path(), &names, NOTHING_ELSE).unwrap()
        };
        let side = within(&["a"]);
        assert_eq!(paths(&side), ["a/p.yaml"]);
        assert_eq!(left_out(&side), [("a/node_modules", installed)]);
        let side = within(&["node_modules/x"]);
        assert_eq!(paths(&side), ["node_modules/x/package.json"]);
        let inner = ("node_modules/x/node_modules", installed);
        assert_eq!(left_out(&side), [inner]);
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

    fn working_tree(root: &Path, named: &[&str]) -> Vec<String> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let extent = Extent::WorkingTree {
            named: &named,
            submodules: &BTreeSet::new(),
        };
        let listing = walk(root, extent, NOTHING_ELSE);
        let told = |out: &LeftOut| out.reason != LeftOutReason::Symlink;
        assert!(!listing.left_out.iter().any(told), "{:?}", listing.left_out);
        let files = listing.files.into_iter();
        let mut paths: Vec<String> = files.map(|file| file.path.to_string()).collect();
        paths.sort_unstable();
        paths
    }

    #[test]
    fn git_keeps_apart_what_is_not_tracked_unless_it_is_named() {
        let folder = folder(&[
            (".gitignore", "/dist\n*.tmp.yaml\n!keep.tmp.yaml\n[\n"),
            (".ignore", "*\n"),
            ("b.yaml", ""),
            ("dist/out.yaml", ""),
            ("dist/in/deep.yaml", ""),
            ("a/1.tmp.yaml", ""),
            ("a/keep.tmp.yaml", ""),
            ("a/.gitignore", "/inner\n"),
            ("a/inner/i.yaml", ""),
            ("inner/i.yaml", ""),
            ("node_modules/x/p.yaml", ""),
        ]);
        let listed = ["a/keep.tmp.yaml", "b.yaml", "inner/i.yaml"];
        for (named, more) in [
            (&[][..], &[][..]),
            // All of the repository is no name.
            (&[""], &[]),
            (&["dist"], &["dist/in/deep.yaml", "dist/out.yaml"]),
            (&["dist/in"], &["dist/in/deep.yaml"]),
            (&["dist/out.yaml"], &["dist/out.yaml"]),
            (&["a"], &["a/1.tmp.yaml", "a/inner/i.yaml"]),
            (&["node_modules/x"], &["node_modules/x/p.yaml"]),
        ] {
            let mut expected = [&listed, more].concat();
            expected.sort_unstable();
            assert_eq!(working_tree(folder.path(), named), expected, "{named:?}");
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
        assert_eq!(working_tree(folder.path(), &[]), ["a/x.yaml", "b/y.yaml"]);
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
