//! Tests against real repositories, made with the git program.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;
use crate::change::{Content, content_id};

mod files;
mod history;
mod places;

const NOTHING_ELSE: IsRelevant = |_| Relevance::None;
const LIMIT: usize = 1 << 20;

/// What a hook or a wrapper may have set, and git would follow.
const REDIRECTIONS: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
];

/// A folder, with git to work in it.
struct Fixture {
    _temporary: Option<TempDir>,
    root: PathBuf,
}

impl Fixture {
    fn empty() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        Self {
            _temporary: Some(temporary),
            root,
        }
    }

    fn new() -> Self {
        let fixture = Self::empty();
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture
    }

    fn at(root: PathBuf) -> Self {
        Self {
            _temporary: None,
            root,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        for name in REDIRECTIONS {
            command.env_remove(name);
        }
        command
            .current_dir(&self.root)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ALLOW_PROTOCOL", "file")
            .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"]);
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "A")
                .env(format!("GIT_{who}_EMAIL"), "a@example.com")
                .env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
        }
        command
    }

    fn git(&self, args: &[&str]) -> String {
        let output = self.command().args(args).output().unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Stores an object of any content, as git itself would not, and gives its id.
    fn object(&self, kind: gix::objs::Kind, bytes: &[u8]) -> String {
        use gix::objs::Write;
        let repo = gix::open(&self.root).unwrap();
        repo.objects.write_buf(kind, bytes).unwrap().to_string()
    }

    fn tree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(gix::ObjectId::from_hex(id.as_bytes()).unwrap().as_slice());
        }
        self.object(gix::objs::Kind::Tree, &bytes)
    }

    fn commit_tree(&self, tree: &str) -> String {
        self.git(&["commit-tree", "-m", "tree", tree])
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Commits all there is, and gives the id.
    fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn clone(&self, args: &[&str]) -> Self {
        let copy = Self::empty();
        let url = format!("file://{}", self.root.display());
        let mut all = vec!["clone", "-q"];
        all.extend_from_slice(args);
        all.extend_from_slice(&[&url, "."]);
        copy.git(&all);
        copy
    }

    fn open(&self) -> Repository {
        Repository::discover(&self.root).unwrap().unwrap()
    }
}

fn paths(side: &Side) -> Vec<&str> {
    side.files().iter().map(|file| &*file.path).collect()
}

fn left_out(side: &Side) -> Vec<(&str, LeftOutReason)> {
    let all = side.left_out().iter();
    all.map(|out| (&*out.path, out.reason.clone())).collect()
}

fn read(side: &Side, path: &str) -> Content {
    let file = side.files().iter().find(|file| &*file.path == path);
    side.read(file.unwrap(), LIMIT)
}

fn usage(result: Result<impl std::fmt::Debug, Error>) -> String {
    match result {
        Err(Error::Usage(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn history_missing(result: Result<impl std::fmt::Debug, Error>) -> String {
    match result {
        Err(Error::HistoryMissing(text)) => text,
        other => panic!("{other:?}"),
    }
}
