//! `tidegate init`: looks at the repository, and writes what it lacks to be gated.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::change::folder;
use crate::change::git::Repository;
use crate::error::Error;
use crate::init::action_reference::{ActionReference, Commit};
use crate::init::shape::Shape;
use crate::init::{Part, next_steps};
use crate::snapshot::load::{Intake, is_relevant, load};

use super::sides::current_folder;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The commit of the action.
    pub commit: Option<Commit>,
    /// The one file that is written; both without it.
    pub only: Option<Part>,
    /// True if a file that is there already is replaced.
    pub force: bool,
}

/// Writes the files, and tells what to do next.
///
/// # Errors
/// [`Error::Usage`] where a file is there already: then nothing is written. A repository that cannot be read, or a
/// folder that cannot be written.
pub fn init(request: &Request) -> Result<String, Error> {
    let current = current_folder()?;
    let repository = Repository::discover(&current)?;
    let (root, side) = match &repository {
        Some(repository) => (
            repository.root().to_path_buf(),
            repository.working_tree(&[], is_relevant)?,
        ),
        None => (current.clone(), folder::open(&current, is_relevant)?),
    };
    let parts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| request.only.is_none_or(|only| only == *part))
        .collect();
    for part in &parts {
        refuse_to_follow(&root, *part)?;
        refuse_to_replace(&root, *part, request.force)?;
    }
    let snapshot = load(None, &side, &Intake::default()).head;
    let branch = repository.as_ref().and_then(Repository::default_branch);
    let shape = Shape::of(&snapshot, branch);
    let action = ActionReference::new(request.commit.clone());

    let mut told = String::new();
    if repository.is_none() {
        told.push_str(
            "There is no git repository here: the files are written into this folder as if it were the root of one.\n",
        );
    } else if shape.default_branch.is_none() {
        told.push_str("The default branch could not be told: the workflow names main.\n");
    }
    for part in parts {
        let path = root.join(part.path());
        write(&path, &part.text(&shape, &action), request.force).map_err(|source| Error::Io {
            what: format!("cannot write {}", path.display()),
            source,
        })?;
        told.push_str("wrote ");
        told.push_str(&from(&current, &root, part.path()));
        told.push('\n');
    }
    told.push_str(&next_steps(&shape, &action));
    Ok(told)
}

/// A path below the root as somebody in the current folder writes it.
fn from(current: &Path, root: &Path, path: &str) -> String {
    let below = current.canonicalize().ok();
    let below = below.as_deref().and_then(|at| at.strip_prefix(root).ok());
    let up = below.map_or(0, |below| below.components().count());
    format!("{}{path}", "../".repeat(up))
}

/// A link on the way would lead the file out of the repository, or into another part of it.
fn refuse_to_follow(root: &Path, part: Part) -> Result<(), Error> {
    let mut folder = PathBuf::new();
    let folders = Path::new(part.path()).parent();
    for name in folders.into_iter().flat_map(Path::components) {
        folder.push(name);
        if fs::symlink_metadata(root.join(&folder)).is_ok_and(|found| found.is_symlink()) {
            return Err(Error::Usage(format!(
                "{} is a symbolic link, which is not written through, and nothing was written: make it a folder; --only configuration writes the other file alone",
                folder.display()
            )));
        }
    }
    Ok(())
}

fn refuse_to_replace(root: &Path, part: Part, force: bool) -> Result<(), Error> {
    for path in part.stands_at() {
        let Ok(found) = fs::symlink_metadata(root.join(path)) else {
            continue;
        };
        let is_the_same = *path == part.path();
        if force && is_the_same && found.is_file() {
            continue;
        }
        let why = match (is_the_same, found.is_file()) {
            (true, true) => "--force replaces it",
            (true, false) => "it is no file that --force could replace",
            (false, _) => "remove it first, or leave it as it is",
        };
        let other = match part {
            Part::Workflow => "configuration",
            Part::Configuration => "workflow",
        };
        return Err(Error::Usage(format!(
            "{path} is there already, and nothing was written: {why}; --only {other} writes the other file alone"
        )));
    }
    Ok(())
}

/// Writes a file, and never through a link: it is new, or takes the place of the one that is there.
fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if !force {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        return file.write_all(text.as_bytes());
    }
    // Whole or not at all: what was there is lost only once the new one is.
    let mut beside: PathBuf = path.to_path_buf();
    beside.add_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)?;
    file.write_all(text.as_bytes())
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
}
