//! What the program tells a GitHub on this machine: over several pushes, without rights, and from a saved report.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::loopback_github::Github;
use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::State;
use crate::loopback_github::trouble::{Mishap, Trouble};
use crate::runner::{BAD, GOOD};

struct Runner {
    github: Github,
    folder: TempDir,
}

struct Outcome {
    code: i32,
    log: String,
    outputs: String,
}

fn with(text: &str) -> Files {
    files([("deploy/web.yaml", text), ("README.md", "hello\n")])
}

impl Runner {
    fn new() -> Self {
        let mut state = State::new(&with(GOOD));
        state.open_pull(7, &with(BAD));
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("workspace")).expect("a folder");
        Self {
            github: Github::start(state),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, event: &str, payload: &Value) -> Command {
        fs::write(self.path("event.json"), payload.to_string()).expect("the event is written");
        for file in ["output", "summary"] {
            fs::write(self.path(file), "").expect("the runner makes its files");
        }
        let merge = self.github.with(|state| state.pulls[&7].merge.clone());
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .env_clear()
            .env("GITHUB_EVENT_NAME", event)
            .env("GITHUB_EVENT_PATH", self.path("event.json"))
            .env("GITHUB_WORKSPACE", self.path("workspace"))
            .env("GITHUB_SHA", merge)
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("TIDEGATE_GITHUB_PACE_MS", "1")
            .env("INPUT_FAIL-ON", "medium")
            .envs(self.github.variables())
            .current_dir(self.folder.path());
        command
    }

    fn finish(&self, mut command: Command) -> Outcome {
        let output = command.output().expect("tidegate runs");
        let log = String::from_utf8(output.stdout).expect("the log is Unicode");
        let errors = String::from_utf8_lossy(&output.stderr);
        self.github.assert_token_stayed();
        Outcome {
            code: output.status.code().expect("an exit code"),
            log: format!("{log}{errors}"),
            outputs: fs::read_to_string(self.path("output")).expect("the outputs are there"),
        }
    }

    fn judge(&self, head_repository: &str, inputs: &[(&str, &str)]) -> Outcome {
        let (base, head) = self.github.with(|state| {
            let pull = &state.pulls[&7];
            (pull.base.clone(), pull.head.clone())
        });
        let payload = json!({"number": 7, "pull_request": {"number": 7,
            "base": {"sha": base, "repo": {"full_name": "shop/deploy"}},
            "head": {"sha": head, "repo": {"full_name": head_repository}}}});
        let mut command = self.program("pull_request", &payload);
        command.arg("action");
        for (name, value) in inputs {
            command.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        self.finish(command)
    }

    fn push(&self, text: &str) {
        self.github.with(|state| state.push(7, &with(text)));
        self.github.forget();
    }

    fn writes(&self) -> Vec<String> {
        self.github
            .writes()
            .iter()
            .map(super::loopback_github::record::Recorded::line)
            .collect()
    }
}

#[test]
fn a_comment_lives_as_long_as_its_finding() {
    let runner = Runner::new();
    let outcome = runner.judge("shop/deploy", &[]);
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    assert!(
        outcome
            .log
            .contains("\n  review: yes\n  summary: yes\n  code-scanning: not asked for\n"),
        "{}",
        outcome.log
    );
    assert!(
        !outcome.log.contains("::warning"),
        "the comment stands there: {}",
        outcome.log
    );
    assert!(
        outcome.outputs.contains("degraded=\n"),
        "{}",
        outcome.outputs
    );
    runner.github.with(|state| {
        let comments = state.own_comments();
        assert_eq!(comments.len(), 1);
        assert_eq!(
            (comments[0].path.as_str(), comments[0].line),
            ("deploy/web.yaml", Some(7))
        );
        assert!(
            comments[0]
                .body
                .starts_with("**medium**: ConfigMap web: `level` is set twice"),
            "{}",
            comments[0].body
        );
        assert_eq!(state.own_summaries().len(), 1);
    });
    assert_eq!(runner.writes().len(), 2, "{:?}", runner.writes());

    runner.github.forget();
    runner.judge("shop/deploy", &[]);
    assert_eq!(runner.writes(), Vec::<String>::new(), "nothing is new");

    runner.push(&BAD.replace("apiVersion", "# moved\n\napiVersion"));
    runner.judge("shop/deploy", &[]);
    runner
        .github
        .with(|state| assert_eq!(state.own_comments()[0].edits, 0));

    runner.push(&GOOD.replace("info", "warn"));
    let outcome = runner.judge("shop/deploy", &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    runner.github.with(|state| {
        let comments = state.own_comments();
        assert_eq!(comments.len(), 1);
        assert!(
            comments[0].body.starts_with("**Fixed**"),
            "{}",
            comments[0].body
        );
        assert!(comments[0].minimized.is_some());
        let summaries = state.own_summaries();
        assert!(
            summaries[0].body.starts_with("## tidegate: passed"),
            "{}",
            summaries[0].body
        );
    });

    runner.push(BAD);
    runner.judge("shop/deploy", &[]);
    runner.github.with(|state| {
        let comments = state.own_comments();
        assert_eq!(comments.len(), 1, "the same comment");
        assert!(comments[0].body.starts_with("**medium**") && comments[0].minimized.is_none());
    });
}

#[test]
fn what_is_missing_is_named_and_changes_no_verdict() {
    let runner = Runner::new();
    runner
        .github
        .with(|state| state.withhold(&["security_events"]));
    let outcome = runner.judge("shop/deploy", &[("upload-sarif", "true")]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome
            .log
            .contains("write `security-events: write` under `permissions:` of this job"),
        "{}",
        outcome.log
    );
    assert!(
        outcome.outputs.contains("degraded=code-scanning\n"),
        "{}",
        outcome.outputs
    );

    let runner = Runner::new();
    let mishap = Mishap::Refused(403, "Resource not accessible by integration");
    runner.github.with(|state| {
        state
            .troubles
            .push(Trouble::always("POST", "/pulls/7/reviews", mishap));
    });
    let outcome = runner.judge("shop/deploy", &[]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome
            .log
            .contains("write `pull-requests: write` under `permissions:` of this job"),
        "{}",
        outcome.log
    );
    runner.github.with(|state| {
        assert!(state.own_comments().is_empty());
        assert!(
            state.own_summaries()[0]
                .body
                .contains("`level` is set twice")
        );
    });
}

#[test]
fn an_answer_that_got_lost_is_no_second_review() {
    let runner = Runner::new();
    runner.github.with(|state| {
        for what in ["/pulls/7/reviews", "/issues/7/comments"] {
            state
                .troubles
                .push(Trouble::once("POST", what, Mishap::LostAnswer));
        }
    });
    let outcome = runner.judge("shop/deploy", &[]);
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    runner.github.with(|state| {
        assert_eq!(
            (state.own_comments().len(), state.own_summaries().len()),
            (1, 1),
            "{}",
            outcome.log
        );
    });
}

#[test]
fn nothing_is_written_about_a_head_that_moved() {
    let runner = Runner::new();
    let next = runner.github.with(|state| {
        let pull = &state.pulls[&7];
        let parent = pull.head.clone();
        state.objects.commit(&with(GOOD), &[&parent], "later")
    });
    let mishap = Mishap::Meanwhile(Box::new(move |state: &mut State| {
        state
            .pulls
            .get_mut(&7)
            .expect("it is there")
            .head
            .clone_from(&next);
    }));
    runner.github.with(|state| {
        state
            .troubles
            .push(Trouble::once("GET", "/pulls/7/files", mishap));
    });
    let outcome = runner.judge("shop/deploy", &[]);
    assert_eq!(runner.writes(), Vec::<String>::new(), "{}", outcome.log);
    assert!(outcome.log.contains("has moved on"), "{}", outcome.log);
    assert_eq!(outcome.code, 1);
}

#[test]
fn a_saved_report_of_a_fork_is_posted_by_another_run() {
    let runner = Runner::new();
    runner.github.with(|state| {
        let pull = state.pulls.get_mut(&7).expect("it is there");
        pull.head_repository = Some("eve/deploy".to_owned());
    });
    let outcome = runner.judge("eve/deploy", &[]);
    assert_eq!(runner.writes(), Vec::<String>::new());
    assert!(
        outcome.log.contains("`tidegate publish`") && outcome.log.contains("::warning"),
        "{}",
        outcome.log
    );
    assert!(
        outcome.outputs.contains("degraded=review,summary\n"),
        "{}",
        outcome.outputs
    );

    let head = runner.github.with(|state| state.pulls[&7].head.clone());
    let payload = |head: &str, repository: &str| {
        let owner = repository.split('/').next();
        json!({"workflow_run": {"event": "pull_request", "head_sha": head, "pull_requests": [],
            "head_branch": "feature",
            "head_repository": {"full_name": repository, "owner": {"login": owner}}}})
    };
    let publish = |payload: &Value| {
        let mut command = runner.program("workflow_run", payload);
        command.args(["publish", "workspace/tidegate.json"]);
        runner.finish(command)
    };
    let other = publish(&payload(&"f".repeat(40), "eve/deploy"));
    assert_eq!(other.code, 2, "{}", other.log);
    assert!(other.log.contains("about another commit"), "{}", other.log);
    let other = publish(&payload(&head, "mallory/deploy"));
    assert_eq!(other.code, 0, "{}", other.log);
    assert!(
        other.log.contains("no open pull request has this commit"),
        "{}",
        other.log
    );
    assert_eq!(runner.writes(), Vec::<String>::new());

    let posted = publish(&payload(&head, "eve/deploy"));
    assert_eq!(posted.code, 0, "{}", posted.log);
    runner.github.with(|state| {
        assert_eq!(state.own_comments().len(), 1);
        let summary = &state.own_summaries()[0].body;
        assert!(
            summary.contains("the verdict that counts is that of the check"),
            "{summary}"
        );
    });
}

#[test]
fn an_analysis_is_handed_over_for_the_head() {
    let runner = Runner::new();
    let outcome = runner.judge(
        "shop/deploy",
        &[
            ("upload-sarif", "true"),
            ("review", "false"),
            ("summary", "never"),
        ],
    );
    assert!(outcome.outputs.contains("degraded=\n"), "{}", outcome.log);
    runner.github.with(|state| {
        assert_eq!(state.uploads.len(), 1, "{}", outcome.log);
        assert_eq!(state.uploads[0].reference, "refs/pull/7/head");
        assert_eq!(state.uploads[0].commit, state.pulls[&7].head);
        assert!(state.own_comments().is_empty());
    });
    assert!(outcome.log.contains("::warning"), "{}", outcome.log);
}

#[test]
fn an_analysis_of_no_ref_is_not_promised() {
    let runner = Runner::new();
    let head = runner.github.with(|state| state.pulls[&7].head.clone());
    let push = json!({"before": "0".repeat(40), "after": head});
    let mut command = runner.program("push", &push);
    command.arg("action").env("INPUT_UPLOAD-SARIF", "true");
    let outcome = runner.finish(command);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    let told = "  code-scanning: no, the run belongs to no branch, tag or pull request\n";
    assert!(outcome.log.contains(told), "{}", outcome.log);
    assert!(
        outcome.outputs.contains("degraded=code-scanning\n"),
        "{}",
        outcome.outputs
    );
    assert_eq!(runner.writes(), Vec::<String>::new());
}
