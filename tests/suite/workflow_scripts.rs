//! What weakens a script that runs tidegate, and what stands before it in its job.

use tidegate::workflow::weakenings;

use crate::workflow::{PATH, SCRIPT, action, edited, steps, told};

#[test]
fn what_weakens_a_script_is_told_where_it_stands() {
    let call = "tidegate check --base origin/main --fail-on medium";
    for (from, to, expected) in [
        (
            call,
            "tidegate check --base origin/main --fail-on medium || true",
            "exit-code",
        ),
        (
            call,
            "tidegate check --base origin/main --fail-on medium | tee log",
            "exit-code",
        ),
        (
            call,
            "tidegate check --base origin/main --fail-on medium deploy",
            "path",
        ),
        (
            call,
            "tidegate check --base origin/main --fail-on never",
            "fail-on",
        ),
        (call, "tidegate check --base origin/main", "fail-on"),
        (call, "tidegate check --fail-on=medium", "base"),
        (
            call,
            "tidegate check --base origin/main --fail-on medium --on-incomplete pass",
            "on-incomplete",
        ),
    ] {
        let after = edited(SCRIPT, &[(from, to)]);
        assert_eq!(told(SCRIPT, &after), [format!("{expected}: {to}")]);
        assert_eq!(
            told(&after, SCRIPT),
            Vec::<String>::new(),
            "back from\n{after}"
        );
    }
    let lost = edited(
        SCRIPT,
        &[
            ("set -eu", "set +e"),
            ("medium\n", "medium\n          echo done\n"),
        ],
    );
    assert_eq!(told(SCRIPT, &lost), [format!("exit-code: {call}")]);
    let same = edited(
        SCRIPT,
        &[(
            call,
            "tidegate check \\\n            --fail-on \"medium\" --base=origin/main 2>&1 || exit 1",
        )],
    );
    assert_eq!(told(SCRIPT, &same), Vec::<String>::new());
    let piped = edited(
        &same,
        &[
            ("run: |", "shell: bash\n        run: |"),
            ("|| exit 1", "| tee log"),
        ],
    );
    assert_eq!(told(SCRIPT, &piped), Vec::<String>::new());
    let gone = edited(SCRIPT, &[(call, "echo tidegate check")]);
    assert_eq!(told(SCRIPT, &gone), ["removed: -"]);
}

/// What an edit of the script weakens, without the place.
#[track_caller]
fn of_script(from: &str, to: &str) -> Vec<String> {
    let after = edited(SCRIPT, &[(from, to)]);
    let (base, head) = (steps(&[(PATH, SCRIPT)]), steps(&[(PATH, &after)]));
    let weakenings = weakenings(&base, &head);
    let told = weakenings
        .iter()
        .map(|told| format!("{} {:?}", told.what, told.force));
    told.collect()
}

#[test]
fn a_script_cannot_lose_its_call_unseen() {
    let call = "tidegate check --base origin/main --fail-on medium";
    let after = |text: &str| format!("{call}{text}");
    let inside = |text: &str| call.replace("--base origin/main", text);
    let before = |text: &str| format!("{text}\n          {call}");
    for (to, expected) in [
        (after(" && echo ok || echo bad"), "exit-code Known"),
        (after(" || { echo bad; }"), "exit-code Known"),
        (after(" && echo ok\n          echo done"), "exit-code Known"),
        (format!("({call}) || true"), "exit-code Known"),
        (format!("( {call} ) || ./cleanup"), "script Unclear"),
        (format!("{{ {call}; }} || true"), "script Unclear"),
        (after(" || ./cleanup"), "script Unclear"),
        (inside("--base HEAD"), "base Known"),
        (inside("--base ${{ github.sha }}"), "base Known"),
        (inside("--base origin/other"), "base Unclear"),
        (
            inside("--base origin/main --head origin/main"),
            "head Known",
        ),
        (
            inside("--base origin/main --head ${{ github.base_ref }}"),
            "head Known",
        ),
        (inside("--base origin/main --head origin/x"), "head Unclear"),
        (
            inside("--base origin/main --config ./lax.yaml"),
            "config Known",
        ),
        (
            inside("--base origin/main --config /etc/tidegate.yaml"),
            "config Unclear",
        ),
        (inside("--base origin/main --help"), "idle Known"),
        (inside("--base origin/main -V"), "idle Known"),
        (inside("--base origin/main --lenient"), "script Unclear"),
        (before("exit 0"), "skipped Known"),
        (before("[ -z \"$CI\" ] && exit 0"), "skipped Known"),
        (before("trap \"exit 0\" EXIT"), "skipped Known"),
        (before("exec true"), "skipped Known"),
        (
            format!("if false; then\n            {call}\n          fi"),
            "skipped Known",
        ),
        (format!("true || {call}"), "skipped Known"),
        (before("alias tidegate=true"), "script Unclear"),
        (before("PATH=.:$PATH"), "script Unclear"),
        (before("./prepare"), "script Unclear"),
        (before("cd web"), "script Unclear"),
        (before("echo x > .tidegate.yaml"), "script Unclear"),
        (before("echo \"$(./prepare)\""), "script Unclear"),
        (before("set -n"), "script Unclear"),
        (format!("timeout 1 {call}"), "script Unclear"),
        (format!("./{call}"), "program Unclear"),
    ] {
        assert_eq!(of_script(call, &to), [expected], "{to}");
    }
    let run = "        run: |";
    for (to, expected) in [
        (
            "        shell: bash {0} || true\n        run: |",
            "shell Known",
        ),
        ("        shell: \"true {0}\"\n        run: |", "shell Known"),
        ("        shell: python\n        run: |", "shell Unclear"),
    ] {
        assert_eq!(of_script(run, to), [expected], "{to}");
    }
    let defaults = "    defaults: {run: {shell: \"true {0}\"}}\n    steps:\n";
    assert_eq!(of_script("    steps:\n", defaults), ["shell Known"]);
    let defaults = "defaults: {run: {shell: \"true {0}\"}}\njobs:\n";
    assert_eq!(of_script("jobs:\n", defaults), ["shell Known"]);
    let folder = "    defaults: {run: {working-directory: web}}\n    steps:\n";
    assert_eq!(of_script("    steps:\n", folder), Vec::<String>::new());
}

#[test]
fn a_script_cannot_call_something_else_unseen() {
    let call = "tidegate check --base origin/main --fail-on medium";
    let before = |text: &str| format!("{text}\n          {call}");
    for (to, expected) in [
        (before("tidegate() { true; }"), "skipped Known"),
        (
            before("tidegate() {\n            echo fine\n          }"),
            "skipped Known",
        ),
        (
            format!("gate() {{\n            {call}\n          }}"),
            "skipped Known",
        ),
        (
            format!(
                "function gate\n          {{\n            {call}\n          }}\n          echo done"
            ),
            "skipped Known",
        ),
        (
            format!("gate() {{ {call}; }}\n          gate"),
            "script Unclear",
        ),
        (
            before("tidegate() { docker run tidegate/tidegate \"$@\"; }"),
            "script Unclear",
        ),
        (
            format!("cat <<'X'\n          {call}\n          X"),
            "removed Known",
        ),
        (before("cp /bin/true bin/tidegate"), "script Known"),
        (before("printf '#!/bin/sh' > ./tidegate"), "script Known"),
        (
            before("curl -fL https://example.com > tidegate"),
            "script Unclear",
        ),
        (before("git checkout -q origin/main"), "script Known"),
        (before("rm -rf deploy"), "script Unclear"),
    ] {
        assert_eq!(of_script(call, &to), [expected], "{to}");
    }
}

#[test]
fn a_script_may_change_where_the_call_stays_as_it_is() {
    let call = "tidegate check --base origin/main --fail-on medium";
    let after = |text: &str| format!("{call}{text}");
    let inside = |text: &str| call.replace("--base origin/main", text);
    let before = |text: &str| format!("{text}\n          {call}");
    for to in [
        before("# a comment"),
        before("echo \"The gate:\""),
        before("set -o pipefail"),
        before("tidegate --version"),
        before("mkdir -p out"),
        after("\n          ./publish || true\n          exit 0"),
        after(" --verbose --output sarif=out/a.sarif"),
        after(" || exit 1"),
        after(" || { echo \"::error::blocked\"; exit 1; }"),
        after(" && ./publish"),
        after(" >> \"$GITHUB_STEP_SUMMARY\""),
        inside("--base \"origin/${{ github.base_ref }}\""),
        inside("--base \"origin/$GITHUB_BASE_REF\" --head HEAD"),
        format!("exec {call}"),
        format!("  {call}  # as agreed"),
    ] {
        assert_eq!(of_script(call, &to), Vec::<String>::new(), "{to}");
    }
    for to in [
        "        shell: bash\n        run: |",
        "        shell: bash -euo pipefail {0}\n        run: |",
        "        shell: bash {0}\n        run: |",
    ] {
        assert_eq!(
            of_script("        run: |", to),
            Vec::<String>::new(),
            "{to}"
        );
    }
    for (from, to) in [
        ("- name: Gate", "- name: The gate"),
        ("    steps:\n", "    steps:\n      - run: exit 0\n"),
        ("    steps:\n", "    timeout-minutes: 9\n    steps:\n"),
    ] {
        assert_eq!(of_script(from, to), Vec::<String>::new(), "{to}");
    }
    // What was around it stays as it was, and may go.
    let odd = edited(
        SCRIPT,
        &[(
            call,
            "cd web\n          tidegate check --base origin/main --fail-on medium || ./cleanup",
        )],
    );
    let less = edited(&odd, &[(" || ./cleanup", "")]);
    assert_eq!(told(&odd, &odd), Vec::<String>::new());
    assert_eq!(told(&odd, &less), Vec::<String>::new());
    let commented = edited(&odd, &[("cd web\n", "# as ever\n          cd web\n")]);
    assert_eq!(told(&odd, &commented), Vec::<String>::new());
}

/// A script whose job checks out the change and prepares something before it.
const PREPARED: &str = "\
on:
  pull_request:
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0
      - run: make prepare
      - run: ./tidegate check --base origin/main
";

#[track_caller]
fn of_prepared(edits: &[(&str, &str)]) -> Vec<String> {
    let after = edited(PREPARED, edits);
    let (base, head) = (steps(&[(PATH, PREPARED)]), steps(&[(PATH, &after)]));
    let weakenings = weakenings(&base, &head);
    let told = weakenings
        .iter()
        .map(|told| format!("{} {:?}", told.what, told.force));
    told.collect()
}

#[test]
fn what_stands_before_a_script_cannot_take_the_change_away() {
    let (on, depth, make) = ("  pull_request:\n", "fetch-depth: 0", "make prepare");
    let target = "  pull_request_target:\n";
    let revision = |text: &str| format!("fetch-depth: 0\n          {text}");
    assert_eq!(of_prepared(&[(on, target)]), ["checkout Known"]);
    for (text, expected) in [
        ("ref: main", &["checkout Known"][..]),
        ("ref: ${{ github.base_ref }}", &["checkout Known"]),
        ("ref: ${{ vars.REF }}", &["checkout Unclear"]),
        ("ref: ${{ github.event.pull_request.head.sha }}", &[]),
        ("ref: ${{ github.ref }}", &[]),
        ("ref: refs/pull/${{ github.event.number }}/merge", &[]),
        ("repository: octo/empty", &["checkout Known"]),
        ("repository: ${{ vars.OTHER }}", &["checkout Unclear"]),
        ("repository: ${{ github.repository }}", &[]),
        ("path: elsewhere", &["checkout Unclear"]),
    ] {
        assert_eq!(of_prepared(&[(depth, &revision(text))]), expected, "{text}");
    }
    let head = revision("ref: ${{ github.event.pull_request.head.sha }}");
    assert_eq!(of_prepared(&[(on, target), (depth, &head)]), [""; 0]);
    let github = revision("ref: ${{ github.sha }}");
    assert_eq!(
        of_prepared(&[(on, target), (depth, &github)]),
        ["checkout Known"]
    );
    for (text, expected) in [
        ("git checkout -q origin/main", &["earlier Known"][..]),
        (
            "git reset --hard ${{ github.base_ref }}",
            &["earlier Known"],
        ),
        ("git switch other", &["earlier Unclear"]),
        ("cp /bin/true tidegate", &["earlier Known"]),
        ("ln -sf /usr/bin/true ./tidegate", &["earlier Known"]),
        ("echo > tidegate", &["earlier Known"]),
        ("cp target/release/tidegate tidegate", &["earlier Unclear"]),
        ("rm -rf deploy", &["earlier Unclear"]),
        ("mv deploy /tmp", &["earlier Unclear"]),
        ("git fetch origin main", &[]),
        ("rm -rf /tmp/cache", &[]),
        ("npm ci && npm test", &[]),
        (
            "git checkout ${{ github.event.pull_request.head.sha }}",
            &[],
        ),
    ] {
        let added = format!("make prepare\n      - run: {text}");
        assert_eq!(of_prepared(&[(make, &added)]), expected, "{text}");
    }
    // Nothing hides behind many, and many take no time.
    let many =
        "git stash; ".repeat(20_000) + &"f() { :; }; ".repeat(20_000) + &"cat <<X ".repeat(20_000);
    let added = format!("make prepare\n      - run: |\n          {many}");
    let found = of_prepared(&[(make, &added)]);
    assert_eq!(found.len(), 65);
    assert_eq!(found.last().map(String::as_str), Some("earlier Known"));
    // Behind the call it comes too late.
    let call = "./tidegate check --base origin/main";
    let behind = format!("{call}\n      - run: rm -rf deploy");
    assert_eq!(of_prepared(&[(call, &behind)]), [""; 0]);
    // The action judges commits of the event.
    let text = action();
    for (from, to) in [
        ("  pull_request:\n", "  pull_request_target:\n"),
        (
            "      - id: tidegate\n",
            "      - run: git checkout origin/main\n      - id: tidegate\n",
        ),
    ] {
        assert_eq!(told(&text, &edited(&text, &[(from, to)])), [""; 0], "{to}");
    }
}

#[test]
fn a_condition_that_holds_for_every_event_skips_nothing() {
    let call = "      - name: Gate\n";
    for (condition, expected) in [
        ("github.event_name == 'pull_request'", 0),
        ("${{ 'PULL_REQUEST' == github.event_name }}", 0),
        (
            "github.event_name != 'push' && github.event_name == 'pull_request'",
            0,
        ),
        ("github.event_name == 'push'", 1),
        (
            "github.event_name == 'pull_request' && github.actor != 'x'",
            1,
        ),
        ("!(github.event_name == 'pull_request')", 1),
        ("github.event_name == github.event_name", 1),
    ] {
        let after = edited(
            SCRIPT,
            &[(call, &format!("{call}        if: \"{condition}\"\n"))],
        );
        assert_eq!(told(SCRIPT, &after).len(), expected, "{condition}");
        let after = edited(
            SCRIPT,
            &[(
                "    runs-on",
                &format!("    if: \"{condition}\"\n    runs-on"),
            )],
        );
        assert_eq!(told(SCRIPT, &after).len(), expected, "{condition}");
    }
    let two = edited(SCRIPT, &[("[pull_request]", "[pull_request, merge_group]")]);
    let only = format!("{call}        if: github.event_name == 'pull_request'\n");
    assert_eq!(told(&two, &edited(&two, &[(call, &only)])).len(), 1);
}
