//! Where base and head are, from what the caller wrote.

use std::path::{Component, Path, PathBuf};

use crate::change::git::Repository;
use crate::change::{Side, SideKind, folder};
use crate::error::Error;
use crate::snapshot::load::is_relevant;
pub(crate) use crate::verdict::is_in_scope;

/// Both sides, and what of them is asked for.
#[derive(Debug)]
pub struct Sides {
    /// What head is compared with.
    pub base: Option<Side>,
    /// What is judged.
    pub head: Side,
    /// Prefixes of paths below the root; empty for everything.
    pub scope: Vec<String>,
    /// Why the base could not be found in this clone; the head then stands in its place.
    pub history_missing: Option<String>,
    /// The revision whose configuration counts, where that is neither side's own.
    pub tip: Option<Tip>,
}

/// A revision whose configuration counts.
#[derive(Debug)]
pub enum Tip {
    /// A commit of a repository that is here.
    Revision(Repository, String),
    /// A commit that was fetched.
    Side(Box<Side>),
}

impl Sides {
    /// True if a path lies below one of the paths that are asked for.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        is_in_scope(&self.scope, path)
    }

    /// True if the base is a folder that has no file below any of the paths that are asked for.
    #[must_use]
    pub fn is_nothing_before(&self) -> bool {
        let base = self.base.as_ref();
        let folder = base.filter(|base| base.label().kind == SideKind::Folder);
        !self.scope.is_empty()
            && folder.is_some_and(|base| !base.files().iter().any(|file| self.holds(&file.path)))
    }
}

/// Where base and head are, from what the caller wrote.
///
/// # Errors
/// A place that does not exist, a repository that cannot be read, or a history that is not here.
pub fn find(paths: &[PathBuf], base: Option<&str>, head: Option<&str>) -> Result<Sides, Error> {
    let current = current_folder()?;
    for path in paths {
        // A path that only the base has is fine; one that nobody has is a typing error.
        if base.is_none() && head.is_none() && !current.join(path).exists() {
            return Err(Error::Usage(format!(
                "the path {} does not exist",
                path.display()
            )));
        }
    }
    if base.is_none() && head.is_none() {
        return linter_side(&current, paths);
    }
    let places = Places {
        current: &current,
        repository: Repository::discover(&current)?,
    };
    let head_place = head.map(|spec| places.find(spec)).transpose()?;
    let base_place = base.map(|spec| places.find(spec)).transpose()?;
    let root = places.root(head_place.as_ref())?;
    let scope = scope(&current, &root, paths)?;
    let head_side = places.head(head_place.as_ref(), head, &scope)?;
    let mut history_missing = None;
    let base = match &base_place {
        None => None,
        Some(Place::Folder(path)) => Some(folder_side(path, base)?),
        Some(Place::Revision(revision)) => {
            match base_side(places.repository()?, revision, head_place.as_ref()) {
                Ok(side) => Some(side),
                Err(Error::HistoryMissing(why)) => {
                    // What the head holds can still be told, as what is there: compared with itself.
                    history_missing = Some(why);
                    Some(places.head(head_place.as_ref(), head, &scope)?)
                }
                Err(error) => return Err(error),
            }
        }
    };
    let head = head_side;
    for (prefix, path) in scope.iter().zip(paths) {
        let listed = |side: &Side| {
            side.files()
                .iter()
                .any(|file| is_in_scope(std::slice::from_ref(prefix), &file.path))
        };
        if !root.join(prefix).exists() && !listed(&head) && !base.as_ref().is_some_and(listed) {
            return Err(Error::Usage(format!(
                "the path {} does not exist in base or head",
                path.display()
            )));
        }
    }
    // Where the base is not here, the head stands in for all of it.
    let tip = match &base_place {
        Some(Place::Revision(revision)) if history_missing.is_none() => Some(Tip::Revision(
            places.repository()?.clone(),
            revision.clone(),
        )),
        _ => None,
    };
    Ok(Sides {
        base,
        head,
        scope,
        history_missing,
        tip,
    })
}

/// The revision that a head is compared with: the merge base, where there is a history to find it in.
fn base_side(repository: &Repository, revision: &str, head: Option<&Place>) -> Result<Side, Error> {
    let head_commit = match head {
        Some(Place::Revision(head)) => repository.commit_of(head)?,
        None => repository.head_commit()?,
        // A folder has no history: it is compared with the revision itself.
        Some(Place::Folder(_)) => return repository.side(revision, is_relevant),
    };
    let merge_base = repository.merge_base(revision, &head_commit)?;
    let mut side = repository.side(&merge_base.commit, is_relevant)?;
    side.rename(revision);
    Ok(side)
}

/// A place that `--base` or `--head` names.
enum Place {
    Folder(PathBuf),
    Revision(String),
}

struct Places<'a> {
    current: &'a Path,
    repository: Option<Repository>,
}

impl Places<'_> {
    fn repository(&self) -> Result<&Repository, Error> {
        self.repository.as_ref().ok_or_else(|| {
            Error::Usage(format!(
                "{} is in no git repository, so it has no revisions",
                self.current.display()
            ))
        })
    }

    /// The folder that the paths of the head are below: of what is named, else of the repository, else the current one.
    fn root(&self, place: Option<&Place>) -> Result<PathBuf, Error> {
        Ok(match (place, &self.repository) {
            (Some(Place::Folder(path)), _) => path.clone(),
            (Some(Place::Revision(_)), _) => self.repository()?.root().to_path_buf(),
            (None, Some(repository)) => repository.root().to_path_buf(),
            (None, None) => self.current.to_path_buf(),
        })
    }

    /// The head: what is named, else the working tree, else the current directory. `scope` is what of it is asked for.
    fn head(
        &self,
        place: Option<&Place>,
        name: Option<&str>,
        scope: &[String],
    ) -> Result<Side, Error> {
        match (place, &self.repository) {
            (Some(Place::Folder(path)), _) => folder_side(path, name),
            (Some(Place::Revision(revision)), _) => self.repository()?.side(revision, is_relevant),
            (None, Some(repository)) => repository.working_tree(scope, is_relevant),
            (None, None) => folder_side(self.current, None),
        }
    }

    fn find(&self, spec: &str) -> Result<Place, Error> {
        if spec.trim().is_empty() {
            // A variable that is not set must not turn the gate off.
            return Err(Error::Usage(
                "a revision or folder cannot be empty".to_owned(),
            ));
        }
        let path = self.current.join(spec);
        let is_folder = path.is_dir();
        let looks_like_path =
            spec.starts_with('.') || spec.ends_with('/') || Path::new(spec).is_absolute();
        if looks_like_path {
            return if is_folder {
                Ok(Place::Folder(path))
            } else {
                Err(Error::Usage(format!("the folder {spec} does not exist")))
            };
        }
        let commit = self
            .repository
            .as_ref()
            .map(|repository| repository.commit_of(spec));
        match (is_folder, commit) {
            (true, Some(Ok(_))) => Err(Error::Usage(format!(
                "{spec} is both a revision and a folder; write ./{spec} for the folder or refs/heads/{spec} for the branch"
            ))),
            (true, _) => Ok(Place::Folder(path)),
            (false, Some(Ok(_))) => Ok(Place::Revision(spec.to_owned())),
            (false, Some(Err(error))) => Err(error),
            (false, None) => Err(Error::Usage(format!(
                "{spec} is no folder, and there is no git repository here"
            ))),
        }
    }
}

fn folder_side(path: &Path, name: Option<&str>) -> Result<Side, Error> {
    let mut side = folder::open(path, is_relevant)?;
    if let Some(name) = name {
        side.rename(name);
    }
    Ok(side)
}

/// Without a base: the repository around the paths, or just the paths where there is none.
fn linter_side(current: &Path, paths: &[PathBuf]) -> Result<Sides, Error> {
    let start = paths.first().map_or_else(
        || current.to_path_buf(),
        |path| nearest_folder(&current.join(path)),
    );
    if let Some(repository) = Repository::discover(&start)? {
        let root = repository.root().to_path_buf();
        let inside = paths
            .iter()
            .all(|path| canonical(&current.join(path)).is_ok_and(|path| path.starts_with(&root)));
        // A bare repository has no working tree to judge.
        if inside && repository.has_working_tree() {
            let scope = scope(current, &root, paths)?;
            return Ok(Sides {
                history_missing: None,
                tip: None,
                base: None,
                head: repository.working_tree(&scope, is_relevant)?,
                scope,
            });
        }
    }
    let root = common_root(current, paths)?;
    let scope = scope(current, &root, paths)?;
    Ok(Sides {
        history_missing: None,
        tip: None,
        base: None,
        head: folder::open_within(&root, &scope, is_relevant)?,
        scope,
    })
}

/// The folder that everything is named from where there is no repository: the current one, unless a path lies
/// outside of it.
fn common_root(current: &Path, paths: &[PathBuf]) -> Result<PathBuf, Error> {
    let current = canonical(current)?;
    let mut root: Option<PathBuf> = None;
    for path in paths {
        let folder = canonical(&nearest_folder(&current.join(path)))?;
        let folder = if folder.starts_with(&current) {
            current.clone()
        } else {
            folder
        };
        root = Some(match root {
            None => folder,
            Some(root) => root
                .ancestors()
                .find(|root| folder.starts_with(root))
                .map_or(folder.clone(), Path::to_path_buf),
        });
    }
    Ok(root.unwrap_or(current))
}

fn nearest_folder(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.to_path_buf()
    } else {
        path.parent().unwrap_or(path).to_path_buf()
    }
}

/// Paths as the caller wrote them to prefixes below the root: from the current directory where that lies within
/// the root, else (two folders are compared) from the root.
fn scope(current: &Path, root: &Path, paths: &[PathBuf]) -> Result<Vec<String>, Error> {
    let root = canonical(root)?;
    let current = canonical(current)?;
    paths
        .iter()
        .map(|path| {
            let written = [current.join(path), root.join(path)];
            let found = written
                .iter()
                .filter_map(|path| canonical(path).ok())
                .find(|path| path.starts_with(&root));
            // Deleted in the head, or only in a revision: taken by its letters.
            let absolute = found
                .or_else(|| {
                    written
                        .iter()
                        .map(|path| plain(path))
                        .find(|path| path.starts_with(&root))
                })
                .unwrap_or_default();
            let relative = absolute.strip_prefix(&root).ok().and_then(Path::to_str);
            let relative = relative.ok_or_else(|| {
                Error::Usage(format!(
                    "the path {} lies outside of {}",
                    path.display(),
                    root.display()
                ))
            })?;
            Ok(relative.replace(std::path::MAIN_SEPARATOR, "/"))
        })
        .collect()
}

/// A path without `.` and `..`, by its letters.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: where the process stands decides what a path means"
)]
pub(super) fn current_folder() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(|source| Error::Io {
        what: "cannot tell the current directory".to_owned(),
        source,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: links in what the caller typed are the caller's own"
)]
fn canonical(path: &Path) -> Result<PathBuf, Error> {
    std::fs::canonicalize(path).map_err(|source| Error::Io {
        what: format!("cannot find {}", path.display()),
        source,
    })
}
