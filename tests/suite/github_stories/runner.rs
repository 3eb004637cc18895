//! A runner beside a GitHub: it checks out, starts the built program, and keeps what it leaves behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::github_contract::assert_kept;
use crate::loopback_github::Github;
use crate::loopback_github::objects::Files;
use crate::loopback_github::record::Recorded;
use crate::loopback_github::state::{IssueComment, ReviewComment, State};
use crate::program::git;

/// A GitHub with pull request 7, and the folders of a runner.
pub(super) struct Story {
    pub(super) github: Github,
    folder: TempDir,
    name: &'static str,
    runs: usize,
}

/// What a run left behind.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) code: i32,
    pub(super) log: String,
    pub(super) outputs: BTreeMap<String, String>,
    /// Its part of the summary of the job.
    pub(super) summary: String,
    /// What it asked, on all hosts.
    pub(super) requests: Vec<Recorded>,
}

impl Story {
    /// The name tells the requests of one story from those of another.
    pub(super) fn new(name: &'static str, state: State) -> Self {
        Self {
            github: Github::start(state),
            folder: tempfile::tempdir().expect("a folder"),
            name,
            runs: 0,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What actions/checkout leaves with all history.
    fn check_out(&self) {
        let (origin, workspace) = (self.path("origin"), self.path("workspace"));
        for folder in [&origin, &workspace] {
            if folder.exists() {
                fs::remove_dir_all(folder).expect("it can be made anew");
            }
            fs::create_dir(folder).expect("a folder");
        }
        let merge = self.github.with(|state| {
            state.objects.write_to(&origin, &state.refs());
            state.pulls[&7].merge.clone()
        });
        git(&workspace, &["init", "-q", "-b", "main"]);
        let url = format!("file://{}", origin.display());
        let specs = [
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/pull/*:refs/remotes/pull/*",
        ];
        git(&workspace, &["fetch", "-q", &url, specs[0], specs[1]]);
        git(&workspace, &["checkout", "-q", "--force", &merge]);
    }

    fn payload(&self) -> Value {
        let owner = self.github.with(|state| state.repository.clone());
        self.github.with(|state| {
            let pull = &state.pulls[&7];
            let head_repository = pull
                .head_repository
                .as_ref()
                .map(|name| json!({"full_name": name}));
            json!({
                "action": "synchronize",
                "number": 7,
                "pull_request": {
                    "number": 7,
                    "base": {"ref": "main", "sha": pull.base, "repo": {"full_name": owner}},
                    "head": {"ref": "feature", "sha": pull.head, "repo": head_repository},
                },
                "merge_group": {
                    "base_sha": pull.base,
                    "head_sha": pull.head,
                    "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-0",
                },
                "before": pull.base,
                "after": pull.head,
            })
        })
    }

    /// Lets the runs count on from another number, as those of a workflow do whose file got another name.
    pub(super) fn count_from(&mut self, number: usize) {
        self.runs = number;
    }

    /// Runs the action for the pull request as it stands.
    pub(super) fn run(&mut self) -> Outcome {
        self.run_with("pull_request", &[])
    }

    pub(super) fn run_with(&mut self, event: &str, inputs: &[(&str, &str)]) -> Outcome {
        self.runs += 1;
        self.check_out();
        self.github.forget();
        fs::write(self.path("event.json"), self.payload().to_string()).expect("written");
        for name in ["output", "summary"] {
            fs::write(self.path(name), "").expect("the runner makes its files");
        }
        let (sha, reference) = self.github.with(|state| {
            let pull = &state.pulls[&7];
            match event {
                "pull_request" => (pull.merge.clone(), "refs/pull/7/merge"),
                "pull_request_target" => (state.main(), "refs/heads/main"),
                "merge_group" => (
                    pull.head.clone(),
                    "refs/heads/gh-readonly-queue/main/pr-7-0",
                ),
                _ => (pull.head.clone(), "refs/heads/main"),
            }
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .arg("action")
            .env_clear()
            .env("GITHUB_EVENT_NAME", event)
            .env("GITHUB_EVENT_PATH", self.path("event.json"))
            .env("GITHUB_WORKSPACE", self.path("workspace"))
            .env("GITHUB_SHA", sha)
            .env("GITHUB_REF", reference)
            .env("GITHUB_RUN_ID", "123")
            .env("GITHUB_RUN_NUMBER", self.runs.to_string())
            .env("GITHUB_RUN_ATTEMPT", "1")
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("TIDEGATE_GITHUB_PACE_MS", "1")
            .env("INPUT_FAIL-ON", "medium")
            .current_dir(self.folder.path());
        for (name, value) in self.github.variables() {
            command.env(name, value);
        }
        for (name, value) in inputs {
            command.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        let output = command.output().expect("tidegate runs");
        let log = String::from_utf8(output.stdout).expect("the log is Unicode");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{log}");
        let read = |name: &str| fs::read_to_string(self.path(name)).expect("it is there");
        let (outputs, summary) = (read("output"), read("summary"));
        let token = self.github.with(|state| state.token.value.clone());
        for text in [&log, &outputs, &summary] {
            assert!(!text.contains(&token), "{text}");
        }
        self.github.assert_token_stayed();
        assert_kept(&self.github, &format!("{}-{}", self.name, self.runs));
        Outcome {
            code: output.status.code().expect("an exit code"),
            log,
            outputs: outputs
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            summary,
            requests: self.github.requests(),
        }
    }

    /// Posts the report that the last run saved, after an event of the kind `workflow_run`.
    pub(super) fn publish(&mut self, event: &Value) -> Outcome {
        self.runs += 1;
        self.github.forget();
        fs::write(self.path("event.json"), event.to_string()).expect("written");
        fs::write(self.path("summary"), "").expect("the runner makes its files");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .args(["publish", "tidegate.json"])
            .env_clear()
            .env("GITHUB_EVENT_NAME", "workflow_run")
            .env("GITHUB_EVENT_PATH", self.path("event.json"))
            .env("GITHUB_RUN_ID", "124")
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("GITHUB_RUN_NUMBER", self.runs.to_string())
            .env("TIDEGATE_GITHUB_PACE_MS", "1")
            .current_dir(self.path("workspace"));
        for (name, value) in self.github.variables() {
            let name = name
                .trim_start_matches("INPUT_")
                .replace("GITHUB-", "GITHUB_");
            command.env(name, value);
        }
        let output = command.output().expect("tidegate runs");
        let mut log = String::from_utf8(output.stdout).expect("the log is Unicode");
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        let summary = fs::read_to_string(self.path("summary")).expect("it is there");
        let token = self.github.with(|state| state.token.value.clone());
        for text in [&log, &summary] {
            assert!(!text.contains(&token), "{text}");
        }
        self.github.assert_token_stayed();
        assert_kept(&self.github, &format!("{}-{}", self.name, self.runs));
        Outcome {
            code: output.status.code().expect("an exit code"),
            log,
            outputs: BTreeMap::new(),
            summary,
            requests: self.github.requests(),
        }
    }

    pub(super) fn push(&self, files: &Files) {
        self.github.with(|state| state.push(7, files));
    }

    /// The run's own comments on lines and files.
    pub(super) fn comments(&self) -> Vec<ReviewComment> {
        self.github
            .with(|state| state.own_comments().into_iter().cloned().collect())
    }

    /// The one comment of the run's own.
    #[track_caller]
    pub(super) fn comment(&self) -> ReviewComment {
        let [comment] = self.comments().try_into().expect("there is one comment");
        comment
    }

    /// The run's own summaries.
    pub(super) fn summaries(&self) -> Vec<IssueComment> {
        self.github
            .with(|state| state.own_summaries().into_iter().cloned().collect())
    }

    #[track_caller]
    pub(super) fn summary(&self) -> IssueComment {
        let [summary] = self.summaries().try_into().expect("there is one summary");
        summary
    }

    pub(super) fn reviews(&self) -> usize {
        self.github.with(|state| state.reviews.len())
    }
}

impl Outcome {
    /// Blocked by what was found, whatever GitHub let us say.
    #[track_caller]
    pub(super) fn is_blocked(&self) -> &Self {
        let outcome = self.outputs.get("outcome").map(String::as_str);
        assert_eq!((self.code, outcome), (1, Some("blocked")), "{}", self.log);
        self
    }

    #[track_caller]
    pub(super) fn is_passed(&self) -> &Self {
        let outcome = self.outputs.get("outcome").map(String::as_str);
        assert_eq!((self.code, outcome), (0, Some("passed")), "{}", self.log);
        self
    }

    /// What was asked for and could not be.
    #[track_caller]
    pub(super) fn lacks(&self, degraded: &str) -> &Self {
        let found = self.outputs.get("degraded").map(String::as_str);
        assert_eq!(found, Some(degraded), "{}", self.log);
        self
    }

    #[track_caller]
    pub(super) fn says(&self, text: &str) -> &Self {
        assert!(self.log.contains(text), "{text}\n{}", self.log);
        self
    }

    /// The findings stand in the log as annotations, for want of a better place.
    #[track_caller]
    pub(super) fn annotates(&self) -> &Self {
        self.says("::warning file=deploy/web.yaml,line=7,")
    }

    pub(super) fn writes(&self) -> Vec<&Recorded> {
        self.requests
            .iter()
            .filter(|request| request.is_write())
            .collect()
    }

    /// How often something was asked, by the end of its path or by what is in its document.
    pub(super) fn count(&self, method: &str, what: &str) -> usize {
        let all = self.requests.iter();
        all.filter(|request| {
            let is_document =
                request.path == "/graphql" && String::from_utf8_lossy(&request.body).contains(what);
            request.method == method && (request.path.ends_with(what) || is_document)
        })
        .count()
    }
}
