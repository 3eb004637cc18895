//! What a runner of GitHub Actions gives to a step, and what it takes from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::{git, write};

pub(crate) const GOOD: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  level: info\n";
pub(crate) const BAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  level: info\n  level: debug\n";

/// A repository at the server, with a pull request, and the folders of a runner.
pub(crate) struct Scene {
    temporary: TempDir,
    pub(crate) base: String,
    pub(crate) head: String,
    pub(crate) merge: String,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) log: String,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
}

impl Scene {
    /// `main` goes on after `feature` left it, so that the test merge is a commit of its own.
    pub(crate) fn new(change: impl Fn(&Path), later: impl Fn(&Path)) -> Self {
        let temporary = tempfile::tempdir().expect("a folder");
        let origin = temporary.path().join("origin");
        fs::create_dir(&origin).expect("a folder");
        let commit = |message: &str| {
            git(&origin, &["add", "-A"]);
            git(&origin, &["commit", "-q", "--allow-empty", "-m", message]);
            git(&origin, &["rev-parse", "HEAD"])
        };
        git(&origin, &["init", "-q", "-b", "main"]);
        write(&origin, &[("deploy/web.yaml", GOOD)]);
        commit("one");
        git(&origin, &["checkout", "-q", "-b", "feature"]);
        commit("start");
        change(&origin);
        let head = commit("change");
        git(&origin, &["checkout", "-q", "main"]);
        later(&origin);
        let base = commit("later");
        git(&origin, &["checkout", "-q", "--detach"]);
        git(&origin, &["merge", "-q", "--no-ff", "-m", "merge", &head]);
        let merge = git(&origin, &["rev-parse", "HEAD"]);
        git(&origin, &["update-ref", "refs/pull/7/head", &head]);
        git(&origin, &["update-ref", "refs/pull/7/merge", &merge]);
        git(&origin, &["checkout", "-q", "main"]);
        Self {
            temporary,
            base,
            head,
            merge,
        }
    }

    pub(crate) fn usual() -> Self {
        Self::new(
            |root| write(root, &[("deploy/web.yaml", BAD)]),
            |root| write(root, &[("README.md", "later\n")]),
        )
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    /// What actions/checkout does: one commit, as much history as asked for, and with all of it all branches.
    pub(crate) fn checkout(self, below: &str, commit: &str, depth: Option<u32>) -> Self {
        let folder = self.path("workspace").join(below);
        fs::create_dir_all(&folder).expect("a folder");
        git(&folder, &["init", "-q", "-b", "main"]);
        let url = format!("file://{}", self.path("origin").display());
        git(&folder, &["remote", "add", "origin", &url]);
        let commit_spec = format!("+{commit}:refs/remotes/pull/7/merge");
        let how_much = depth.map_or_else(
            || "+refs/heads/*:refs/remotes/origin/*".to_owned(),
            |depth| format!("--depth={depth}"),
        );
        let fetch = ["fetch", "-q", "origin", &commit_spec, &how_much];
        git(&folder, &fetch);
        git(&folder, &["checkout", "-q", "--force", commit]);
        self
    }

    pub(crate) fn with_history(self) -> Self {
        let merge = self.merge.clone();
        self.checkout("", &merge, None)
    }

    pub(crate) fn with_depth(self, depth: u32) -> Self {
        let merge = self.merge.clone();
        self.checkout("", &merge, Some(depth))
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    pub(crate) fn run(&self, event: &str, inputs: &[(&str, &str)]) -> Outcome {
        self.run_event(event, event, inputs)
    }

    /// The SARIF file of the last run.
    pub(crate) fn sarif(&self) -> serde_json::Value {
        let text = fs::read(self.workspace().join("tidegate.sarif")).expect("SARIF is there");
        serde_json::from_slice(&text).expect("SARIF is JSON")
    }

    pub(crate) fn run_event(&self, event: &str, fixture: &str, inputs: &[(&str, &str)]) -> Outcome {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events");
        let payload = fs::read_to_string(fixtures.join(format!("{fixture}.json")))
            .expect("the fixture is there")
            .replace("BASE", &self.base)
            .replace("HEAD", &self.head);
        fs::write(self.path("event.json"), payload).expect("the event is written");
        let sha = if event.starts_with("pull_request") {
            &self.merge
        } else {
            &self.head
        };
        self.run_with(event, sha, inputs, &[])
    }

    pub(crate) fn run_with(
        &self,
        event: &str,
        sha: &str,
        inputs: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> Outcome {
        let output_file = self.path("output");
        let summary_file = self.path("summary");
        for file in [&output_file, &summary_file] {
            fs::write(file, "").expect("the runner makes its files");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .arg("action")
            .env_clear()
            .env("GITHUB_EVENT_NAME", event)
            .env("GITHUB_EVENT_PATH", self.path("event.json"))
            .env("GITHUB_WORKSPACE", self.workspace())
            .env("GITHUB_SHA", sha)
            .env("GITHUB_REF", "refs/pull/7/merge")
            .env("GITHUB_REPOSITORY", "shop/deploy")
            .env("GITHUB_SERVER_URL", "https://github.example")
            .env("GITHUB_OUTPUT", &output_file)
            .env("GITHUB_STEP_SUMMARY", &summary_file)
            .env("INPUT_OFFLINE", "true")
            .current_dir(self.temporary.path());
        for (name, value) in inputs {
            command.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let output = command.output().expect("tidegate runs");
        let log = String::from_utf8(output.stdout).expect("the log is Unicode");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{log}");
        let outputs = fs::read_to_string(output_file).unwrap_or_default();
        Outcome {
            code: output.status.code().expect("an exit code"),
            log,
            outputs: outputs
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            summary: fs::read_to_string(summary_file).unwrap_or_default(),
        }
    }
}

impl Outcome {
    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("(none)", String::as_str)
    }

    #[track_caller]
    pub(crate) fn is(&self, code: i32, outcome: &str) {
        assert_eq!(
            (self.code, self.output("outcome")),
            (code, outcome),
            "{}",
            self.log
        );
        assert_eq!(self.output("exit-code"), code.to_string());
    }

    #[track_caller]
    pub(crate) fn counts(&self, introduced: &str, existing: &str, fixed: &str) {
        let counts = ["introduced", "existing", "fixed"].map(|name| self.output(name));
        assert_eq!(counts, [introduced, existing, fixed], "{}", self.log);
    }
}

/// Writes one file.
pub(crate) fn write_file(root: &Path, path: &str, text: &str) {
    write(root, &[(path, text)]);
}
