//! `tidegate action` where the checkout has no history, or where there is none: what is missing is read from GitHub.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::loopback_github::Github;
use crate::loopback_github::objects::{File, Files, files};
use crate::loopback_github::state::State;
use crate::loopback_github::trouble::{Mishap, Trouble};
use crate::program::git;
use crate::runner::{BAD, GOOD};

/// A runner beside a GitHub with pull request 7, which brings a finding of medium severity.
struct Runner {
    github: Github,
    folder: TempDir,
}

struct Outcome {
    code: i32,
    log: String,
    introduced: String,
}

impl Outcome {
    #[track_caller]
    fn is(&self, code: i32, introduced: &str) {
        assert_eq!(
            (self.code, self.introduced.as_str()),
            (code, introduced),
            "{}",
            self.log
        );
    }

    #[track_caller]
    fn says(&self, text: &str) {
        assert!(self.log.contains(text), "{}", self.log);
    }
}

fn before() -> Files {
    files([("deploy/web.yaml", GOOD), ("README.md", "hello\n")])
}

fn with(mut files: Files, path: &str, text: &str) -> Files {
    files.insert(path.to_owned(), text.into());
    files
}

/// `main` goes on after the pull request left it.
fn usual() -> State {
    let mut state = State::new(&before());
    state.open_pull(7, &with(before(), "deploy/web.yaml", BAD));
    let main = state.push_main(&with(before(), "README.md", "later\n"));
    state.pulls.get_mut(&7).expect("it is there").base = main;
    state
}

impl Runner {
    fn new(state: State) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("workspace")).expect("a folder");
        let github = Github::start(state);
        Self { github, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn head(&self) -> String {
        self.github.with(|state| state.pulls[&7].head.clone())
    }

    fn main(&self) -> String {
        self.github.with(|state| state.main())
    }

    /// What actions/checkout does without being told anything: one commit.
    fn with_checkout(self, reference: &str) -> Self {
        let origin = self.path("origin");
        self.github
            .with(|state| state.objects.write_to(&origin, &state.refs()));
        let workspace = self.path("workspace");
        git(&workspace, &["init", "-q", "-b", "main"]);
        let url = format!("file://{}", origin.display());
        let spec = format!("+{reference}:refs/remotes/origin/it");
        git(&workspace, &["fetch", "-q", "--depth=1", &url, &spec]);
        git(
            &workspace,
            &["checkout", "-q", "--force", "refs/remotes/origin/it"],
        );
        self
    }

    /// What actions/checkout does with `fetch-depth: 0`, and perhaps with a filter.
    fn with_clone(self, how: &[&str]) -> Self {
        let origin = self.path("origin");
        self.github
            .with(|state| state.objects.write_to(&origin, &state.refs()));
        git(&origin, &["config", "uploadpack.allowFilter", "true"]);
        let workspace = self.path("workspace");
        let url = format!("file://{}", origin.display());
        let clone = [&["clone", "-q", "--no-checkout"], how, &[&url, "."]].concat();
        git(&workspace, &clone);
        git(&workspace, &["fetch", "-q", "origin", "refs/pull/7/merge"]);
        git(&workspace, &["checkout", "-q", "FETCH_HEAD"]);
        self
    }

    fn pull_request(&self) -> Value {
        let (base, head) = (self.main(), self.head());
        let repo = json!({"full_name": "shop/deploy"});
        json!({"number": 7, "pull_request": {"number": 7,
            "base": {"sha": base, "repo": repo}, "head": {"sha": head, "repo": repo}}})
    }

    fn judge(&self) -> Outcome {
        self.judge_event("pull_request", &self.pull_request(), &[])
    }

    fn judge_event(&self, event: &str, payload: &Value, inputs: &[(&str, &str)]) -> Outcome {
        self.judge_with(event, payload, inputs, &[])
    }

    fn judge_with(
        &self,
        event: &str,
        payload: &Value,
        inputs: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> Outcome {
        let event_file = self.path("event.json");
        fs::write(&event_file, payload.to_string()).expect("the event is written");
        let output_file = self.path("output");
        let summary_file = self.path("summary");
        for file in [&output_file, &summary_file] {
            fs::write(file, "").expect("the runner makes its files");
        }
        let sha = self.github.with(|state| match event {
            "pull_request" => state.pulls[&7].merge.clone(),
            "schedule" | "push" | "workflow_dispatch" => state.pulls[&7].head.clone(),
            _ => state.main(),
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .arg("action")
            .env_clear()
            .env("GITHUB_EVENT_NAME", event)
            .env("GITHUB_EVENT_PATH", &event_file)
            .env("GITHUB_WORKSPACE", self.path("workspace"))
            .env("GITHUB_SHA", sha)
            .env("GITHUB_OUTPUT", &output_file)
            .env("GITHUB_STEP_SUMMARY", &summary_file)
            .env("TIDEGATE_GITHUB_PACE_MS", "1")
            .env("INPUT_FAIL-ON", "medium")
            .env("INPUT_REVIEW", "false")
            .env("INPUT_SUMMARY", "never")
            .current_dir(self.folder.path());
        for (name, value) in self.github.variables() {
            command.env(name, value);
        }
        for (name, value) in inputs {
            command.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        command.envs(variables.iter().copied());
        let output = command.output().expect("tidegate runs");
        let log = String::from_utf8(output.stdout).expect("the log is Unicode");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{log}");
        let outputs = fs::read_to_string(&output_file).expect("the outputs are there");
        let introduced = outputs
            .lines()
            .find_map(|line| line.strip_prefix("introduced="))
            .unwrap_or_default();
        let token = self.github.with(|state| state.token.value.clone());
        let summary = fs::read_to_string(&summary_file).expect("the summary is there");
        for text in [&log, &outputs, &summary] {
            assert!(!text.contains(&token), "{text}");
        }
        self.github.assert_token_stayed();
        Outcome {
            code: output.status.code().expect("an exit code"),
            introduced: introduced.to_owned(),
            log,
        }
    }

    fn asked_for(&self, what: &str) -> usize {
        let lines = self.github.lines();
        lines.iter().filter(|line| line.contains(what)).count()
    }
}

#[test]
fn without_a_checkout_both_sides_come_from_github() {
    let runner = Runner::new(usual());
    let outcome = runner.judge();
    outcome.is(1, "1");
    outcome.says("file=deploy/web.yaml,line=7,");
    outcome.says("there is no checkout: all files were read through the API");
    assert!(fs::exists(runner.path("workspace/tidegate.sarif")).expect("it can be looked for"));
    // Few files are asked for one by one, and no archive is fetched for them.
    assert_eq!(runner.asked_for("tarball"), 0);
    assert!(
        runner.github.lines().len() <= 7,
        "{:?}",
        runner.github.lines()
    );
}

#[test]
fn a_checkout_without_history_needs_only_what_differs() {
    let runner = Runner::new(usual()).with_checkout("refs/pull/7/merge");
    let outcome = runner.judge();
    outcome.is(1, "1");
    outcome.says("the checkout lacks what is to be compared");
    // The head as it was merged is here, so that only the former text of one file is fetched.
    let batches = runner.github.requests();
    let asked: Vec<String> = batches
        .iter()
        .filter(|request| request.path == "/graphql")
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].matches("object(oid").count(), 1, "{asked:?}");
}

#[test]
fn many_changed_files_are_few_calls() {
    let many = |text: &str| {
        let names: Vec<String> = (0..300).map(|at| format!("many/{at:03}.yaml")).collect();
        let texts: Vec<String> = (0..300).map(|at| format!("# {at}\n{text}")).collect();
        let pairs = names.iter().zip(&texts);
        files(pairs.map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let mut state = State::new(&many(GOOD));
    state.open_pull(7, &many(BAD));
    let later = state.push_main(&with(many(GOOD), "README.md", "later\n"));
    state.pulls.get_mut(&7).expect("it is there").base = later;
    let runner = Runner::new(state).with_checkout("refs/pull/7/merge");
    runner.judge().is(1, "300");
    assert!(
        runner.github.lines().len() <= 10,
        "{:?}",
        runner.github.lines()
    );
    assert_eq!(runner.asked_for("tarball"), 0);
}

#[test]
fn a_large_repository_comes_in_archives_and_nothing_hides_from_them() {
    let many = |count: usize| -> Files {
        let names: Vec<String> = (0..count).map(|at| format!("many/{at:03}.yaml")).collect();
        let texts: Vec<String> = (0..count).map(|at| format!("# {at}\n{GOOD}")).collect();
        let pairs = names.iter().zip(&texts);
        files(pairs.map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let mut state = State::new(&many(150));
    let after = with(many(400), "many/007.yaml", BAD);
    state.open_pull(
        7,
        &with(after, ".gitattributes", "many/007.yaml export-ignore\n"),
    );
    state.export_ignored.insert("many/007.yaml".to_owned());
    let runner = Runner::new(state);
    let outcome = runner.judge();
    outcome.is(1, "1");
    outcome.says("file=many/007.yaml,");
    assert!(runner.asked_for("tarball") >= 1);
    assert!(
        runner.github.lines().len() <= 10,
        "{:?}",
        runner.github.lines()
    );
}

#[test]
fn the_configuration_is_that_of_the_tip_wherever_it_comes_from() {
    let config = |text: &str| with(before(), ".tidegate.yaml", text);
    let mut state = State::new(&config("fail-on: never\n"));
    let changed = with(config("fail-on: never\n"), "deploy/web.yaml", BAD);
    state.open_pull(7, &changed);
    let main = state.push_main(&config("fail-on: medium\n"));
    state.pulls.get_mut(&7).expect("it is there").base = main;
    let runner = Runner::new(state);
    let as_configured = [("fail-on", "")];
    let judge = |runner: &Runner| {
        runner.judge_event("pull_request", &runner.pull_request(), &as_configured)
    };
    judge(&runner).is(1, "1");
    let runner = runner.with_checkout("refs/pull/7/merge");
    judge(&runner).is(1, "1");
    runner
        .github
        .with(|state| state.push_main(&config("fail-on: never\n")));
    judge(&runner).is(0, "1");
}

#[test]
fn every_event_finds_its_sides() {
    let runner = Runner::new(usual());
    let (main, head) = (runner.main(), runner.head());
    let start = runner.github.with(|state| {
        let main = state.main();
        state.objects.find_commit(&main).expect("main").parents[0].clone()
    });
    let group = json!({"merge_group": {"base_sha": main, "head_sha": head}});
    runner.judge_event("merge_group", &group, &[]).is(1, "1");
    let push = json!({"before": start, "after": head});
    runner.judge_event("push", &push, &[]).is(1, "1");
    let new_branch = json!({"before": "0".repeat(40), "after": head});
    runner.judge_event("push", &new_branch, &[]).is(0, "0");
    for event in ["schedule", "workflow_dispatch"] {
        runner.judge_event(event, &json!({}), &[]).is(0, "0");
    }
    let runner = runner.with_checkout("refs/heads/main");
    let mut fork = runner.pull_request();
    fork["pull_request"]["head"]["repo"] = Value::Null;
    runner
        .judge_event("pull_request_target", &fork, &[])
        .is(1, "1");
    assert!(runner.github.writes().is_empty());
}

#[test]
fn a_listing_that_is_cut_short_judges_nothing() {
    let mut state = usual();
    state.figures.tree_entries = 2;
    let runner = Runner::new(state);
    let outcome = runner.judge();
    outcome.is(3, "");
    outcome.says("is longer than GitHub hands over");
    outcome.says("fetch-depth: 0");
}

#[test]
fn a_green_summary_does_not_outlive_what_it_is_about() {
    let mut state = State::new(&before());
    state.open_pull(7, &with(before(), "README.md", "later\n"));
    let runner = Runner::new(state);
    let inputs = [
        ("summary", "always"),
        ("review", "true"),
        ("upload-sarif", "true"),
    ];
    let judge = || runner.judge_event("pull_request", &runner.pull_request(), &inputs);
    let summary = || {
        runner.github.with(|state| {
            let [summary] = state.own_summaries()[..] else {
                panic!("there is one summary")
            };
            summary.body.clone()
        })
    };
    let degraded = || {
        let outputs = fs::read_to_string(runner.path("output")).expect("the outputs are there");
        let mut lines = outputs.lines();
        let line = lines.find_map(|line| line.strip_prefix("degraded="));
        line.expect("it is told").to_owned()
    };
    judge().is(0, "0");
    assert!(summary().starts_with("## tidegate: passed"));

    let entries = runner.github.with(|state| {
        state.push(7, &with(before(), "deploy/web.yaml", BAD));
        std::mem::replace(&mut state.figures.tree_entries, 2)
    });
    let outcome = judge();
    outcome.is(3, "");
    outcome.says("told on GitHub:\n  review: no, nothing was judged\n  summary: yes\n");
    assert_eq!(degraded(), "review,code-scanning");
    let body = summary();
    assert!(
        body.starts_with("## tidegate: incomplete: nothing was judged")
            && body.contains("is longer than GitHub hands over"),
        "{body}"
    );
    runner.github.forget();
    judge().is(3, "");
    assert!(runner.github.writes().is_empty(), "nothing is new");

    runner
        .github
        .with(|state| state.figures.tree_entries = entries);
    judge().is(1, "1");
    assert!(summary().starts_with("## tidegate: blocked"));
    assert_eq!(degraded(), "");
}

#[test]
fn nothing_is_withdrawn_where_nothing_stands() {
    let mut state = usual();
    state.figures.tree_entries = 2;
    let runner = Runner::new(state);
    let inputs = [("summary", "always")];
    let outcome = runner.judge_event("pull_request", &runner.pull_request(), &inputs);
    outcome.is(3, "");
    outcome.says("summary: no need, as none stands there");
    assert!(runner.github.writes().is_empty());
}

#[test]
fn a_head_that_moved_on_is_judged_and_not_told() {
    let inputs = [
        ("review", "true"),
        ("summary", "always"),
        ("upload-sarif", "true"),
    ];
    // The same commit and the same event: the same answer, with a checkout and without one.
    for has_checkout in [false, true] {
        let mut runner = Runner::new(usual());
        if has_checkout {
            runner = runner.with_clone(&[]);
        }
        let stale = runner.pull_request();
        runner
            .github
            .with(|state| state.push(7, &with(before(), "deploy/web.yaml", GOOD)));
        let outcome = runner.judge_event("pull_request", &stale, &inputs);
        outcome.is(1, "1");
        outcome.says("has moved on");
        assert!(runner.github.writes().is_empty());
    }
}

#[test]
fn a_token_that_may_only_read_contents_will_do() {
    let mut state = usual();
    state.is_private = true;
    state.withhold(&["pull_requests", "security_events"]);
    Runner::new(state).judge().is(1, "1");
    let mut state = usual();
    state.is_private = true;
    state.withhold(&["contents"]);
    let outcome = Runner::new(state).judge();
    outcome.is(3, "");
    outcome.says("contents: read");
}

#[test]
fn limits_and_outages_are_waited_for_a_while() {
    let once = |mishap| {
        let mut state = usual();
        state.troubles.push(Trouble::once("GET", "", mishap));
        Runner::new(state).judge()
    };
    let secondary = |retry_after| Mishap::SecondaryLimit {
        status: 429,
        retry_after,
    };
    once(secondary(Some(1))).is(1, "1");
    once(secondary(None)).is(1, "1");
    once(Mishap::Unavailable(502)).is(1, "1");
    // A limit that lasts longer than anybody waits for a check.
    for mishap in [
        secondary(Some(3_600)),
        Mishap::PrimaryLimit {
            status: 403,
            reset_in: 3_000,
        },
    ] {
        let outcome = once(mishap);
        outcome.is(3, "");
        outcome.says("rate limit");
    }
    let mut state = usual();
    let outage = Trouble::always("GET", "", Mishap::Unavailable(503));
    state.troubles.push(outage);
    let outcome = Runner::new(state).judge();
    outcome.is(3, "");
    outcome.says("status 503");
}

#[test]
fn a_server_of_ones_own_is_asked_where_it_is() {
    let mut state = usual();
    state.is_enterprise = true;
    Runner::new(state).judge().is(1, "1");
}

#[test]
fn a_commit_that_nobody_has_is_incomplete() {
    let runner = Runner::new(usual());
    let group = json!({"merge_group": {"base_sha": "1".repeat(40), "head_sha": runner.head()}});
    let outcome = runner.judge_event("merge_group", &group, &[]);
    outcome.is(3, "");
    outcome.says("no history between");
}

#[test]
fn offline_asks_nobody() {
    let runner = Runner::new(usual());
    let offline = [("offline", "true")];
    let outcome = runner.judge_event("pull_request", &runner.pull_request(), &offline);
    outcome.is(2, "");
    outcome.says("there is no repository in");
    let runner = runner.with_checkout("refs/pull/7/merge");
    let outcome = runner.judge_event("pull_request", &runner.pull_request(), &offline);
    outcome.is(3, "");
    outcome.says("fetch-depth: 0");
    assert!(runner.github.lines().is_empty());
}

#[test]
fn links_are_told_and_not_followed() {
    let link = |target: &str| File {
        mode: "120000",
        bytes: target.as_bytes().to_vec(),
    };
    let mut after = with(before(), "deploy/web.yaml", BAD);
    after.insert("deploy/more".to_owned(), link("../secret"));
    after.insert("run".to_owned(), link("tool.sh"));
    let mut state = State::new(&before());
    state.open_pull(7, &after);
    let runner = Runner::new(state);
    let outcome = runner.judge();
    let fetched: &Path = &runner.path("workspace/secret");
    assert!(!fetched.exists());
    outcome.says("deploy/more");
    assert!(!outcome.log.contains("tool.sh"), "{}", outcome.log);
}

/// Takes one connection, and gives the first line that it brings.
fn listen() -> (String, std::thread::JoinHandle<String>) {
    use std::io::{BufRead, BufReader};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has one");
    let first = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("text");
        line
    });
    (format!("http://{address}"), first)
}

#[test]
fn proxies_stand_in_between_but_for_those_that_need_none() {
    let runner = Runner::new(usual());
    let nobody = "http://127.0.0.1:1";
    let event = runner.pull_request();
    let judge =
        |variables: &[(&str, &str)]| runner.judge_with("pull_request", &event, &[], variables);
    let proxied = judge(&[("HTTP_PROXY", nobody)]);
    proxied.is(3, "");
    proxied.says("cannot be reached");
    judge(&[("HTTP_PROXY", nobody), ("NO_PROXY", "127.0.0.1")]).is(1, "1");
    // Encrypted from end to end: the proxy learns where it goes, and no more.
    let (proxy, first) = listen();
    let outcome = judge(&[
        ("HTTPS_PROXY", proxy.as_str()),
        ("GITHUB_API_URL", "https://github.example/api/v3"),
        ("GITHUB_GRAPHQL_URL", "https://github.example/api/graphql"),
    ]);
    outcome.is(3, "");
    let line = first.join().expect("it was asked");
    assert_eq!(line, "CONNECT github.example:443 HTTP/1.1\r\n");
}

#[test]
fn no_token_is_sent_without_encryption() {
    let runner = Runner::new(usual());
    let plain = [("GITHUB_API_URL", "http://github.example/api/v3")];
    let judge =
        |runner: &Runner| runner.judge_with("pull_request", &runner.pull_request(), &[], &plain);
    let outcome = judge(&runner);
    outcome.is(2, "");
    outcome.says("is not encrypted");
    // Whoever has all of it in the checkout is judged all the same.
    let runner = runner.with_clone(&[]);
    let outcome = judge(&runner);
    outcome.is(1, "1");
    outcome.says("::warning title=tidegate does not speak with GitHub::");
}

#[test]
fn what_a_filter_kept_out_of_a_clone_is_fetched() {
    let runner = Runner::new(usual()).with_clone(&["--filter=blob:none"]);
    let outcome = runner.judge();
    outcome.is(1, "1");
    outcome.says("the checkout lacks what is to be compared");
    let runner = Runner::new(usual()).with_clone(&[]);
    runner.judge().is(1, "1");
    assert!(runner.github.lines().is_empty());
}
