//! The folder that the runner shares with the action.
//!
//! What lies in it was checked out from the pull request, links included: nothing is read through a link or written
//! through one.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::input::Inside;
use crate::change::git::Repository;
use crate::error::Error;
use crate::event::Environment;

/// The workspace of a run.
#[derive(Debug)]
pub(super) struct Workspace {
    root: PathBuf,
}

/// The repository that a run is about, and where it lies.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) repository: Option<Repository>,
    /// Where the repository lies below the workspace.
    pub(super) root: String,
    /// Where the working directory lies below the repository.
    pub(super) folder: Vec<String>,
}

impl Workspace {
    pub(super) fn open(environment: &Environment) -> Result<Self, Error> {
        let root = PathBuf::from(environment.workspace()?);
        // A link to it would be the runner's own.
        if root.is_dir() {
            Ok(Self { root })
        } else {
            Err(Error::Event(format!(
                "GITHUB_WORKSPACE is {}, which is not a folder",
                root.display()
            )))
        }
    }

    /// The repository on the way from the workspace to the working directory that has the commit; if none has it,
    /// the first. If there is none at all, the workspace stands for it.
    pub(super) fn checkout(
        &self,
        working_directory: &Inside,
        commit: &str,
    ) -> Result<Checkout, Error> {
        let parts = working_directory.parts();
        let mut first = None;
        let mut folder = self.root.clone();
        for depth in 0..=parts.len() {
            if let Some(part) = depth.checked_sub(1).and_then(|index| parts.get(index)) {
                folder.push(part);
                match metadata(&folder) {
                    Ok(found) if found.is_dir() => {}
                    Ok(found) if found.is_symlink() => return Err(link(working_directory, part)),
                    // What the change deletes is still a part of the base.
                    _ => break,
                }
            }
            if metadata(&folder.join(".git")).is_err() {
                continue;
            }
            let Some(repository) = Repository::discover(&folder)? else {
                continue;
            };
            let (above, below) = parts.split_at(depth);
            let checkout = Checkout {
                root: above.join("/"),
                folder: below.to_vec(),
                repository: Some(repository),
            };
            let has_it = |repository: &Repository| repository.commit_of(commit).is_ok();
            if checkout.repository.as_ref().is_some_and(has_it) {
                return Ok(checkout);
            }
            first = first.or(Some(checkout));
        }
        Ok(first.unwrap_or_else(|| Checkout {
            repository: None,
            root: String::new(),
            folder: parts.to_vec(),
        }))
    }

    /// Why nothing can be read where there is neither a repository nor a token.
    pub(super) fn has_no_repository(&self) -> Error {
        Error::Usage(format!(
            "there is no repository in {}: put a step with actions/checkout before this one, name its `path` as working-directory, or let the files be read through the API with `github-token: ${{{{ github.token }}}}`",
            self.root.display()
        ))
    }

    /// Where a path lies on this machine.
    pub(super) fn path(&self, path: &Inside) -> PathBuf {
        self.root.join(path.to_string())
    }

    /// True if the checkout has something at this path, whatever it is.
    pub(super) fn has(&self, path: &str) -> bool {
        metadata(&self.root.join(path)).is_ok()
    }

    /// Takes away what lies where a file will be written: a pull request may bring one of that name, which a later
    /// step must not take for ours if this run fails.
    pub(super) fn clear(&self, path: &Inside) -> Result<(), Error> {
        let Some((_, folders)) = path.parts().split_last() else {
            return Ok(());
        };
        let mut folder = self.root.clone();
        for part in folders {
            folder.push(part);
            match metadata(&folder) {
                Ok(found) if found.is_symlink() => return Err(link(path, part)),
                Ok(_) => {}
                Err(_) => return Ok(()),
            }
        }
        match fs::remove_file(self.root.join(path.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(path, error)),
            _ => Ok(()),
        }
    }

    /// Writes a file that [`Self::clear`] made room for, readable for the steps after this one, which run as another
    /// user.
    pub(super) fn write(&self, path: &Inside, bytes: &[u8]) -> Result<(), Error> {
        self.clear(path)?;
        let written = || {
            let full = self.root.join(path.to_string());
            if let Some(folder) = full.parent() {
                DirBuilder::new().recursive(true).create(folder)?;
            }
            // A new file is never opened through a link.
            let mut file = OpenOptions::new().write(true).create_new(true).open(full)?;
            file.write_all(bytes)?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                file.set_permissions(fs::Permissions::from_mode(0o644))?;
            }
            Ok(())
        };
        written().map_err(|error| cannot_write(path, error))
    }
}

fn metadata(path: &Path) -> io::Result<Metadata> {
    fs::symlink_metadata(path)
}

fn link(path: &Inside, part: &str) -> Error {
    Error::Usage(format!(
        "'{part}' in {path} is a symbolic link, which is not followed"
    ))
}

fn cannot_write(path: &Inside, source: io::Error) -> Error {
    Error::Io {
        what: format!("cannot write {path} in the workspace"),
        source,
    }
}
