//! What weakens a step that runs tidegate, and what only looks like it: edits of one workflow, each with what is
//! to be told.

use std::sync::Arc;

use tidegate::workflow::{Step, Weakening, Workflow, is_workflow, weakenings};

const SHA: &str = "8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e";

fn action() -> String {
    format!(
        "\
name: Gate
on:
  pull_request:
  merge_group:
  push:
    branches: [main]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - id: tidegate
        uses: tidegate/tidegate@{SHA} # v1.4.0
        with:
          fail-on: medium
          fail-on-existing: true
      - uses: github/codeql-action/upload-sarif@v4
"
    )
}

const SCRIPT: &str = "\
on: [pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - name: Gate
        run: |
          set -eu
          tidegate check --base origin/main --fail-on medium
";

fn steps(files: &[(&str, &str)]) -> Vec<Step> {
    let read = |(path, text): &(&str, &str)| {
        assert!(is_workflow(path), "{path}");
        let workflow = Workflow::read(text.as_bytes().to_vec());
        assert!(workflow.is_readable(), "{text}");
        workflow.steps(&Arc::from(*path))
    };
    files.iter().flat_map(read).collect()
}

const PATH: &str = ".github/workflows/gate.yml";

/// What an edit weakens, each with the line that is pointed at.
fn told(before: &str, after: &str) -> Vec<String> {
    let (base, head) = (steps(&[(PATH, before)]), steps(&[(PATH, after)]));
    assert_eq!(base.len(), 1, "{before}");
    let tell = |weakening: &Weakening| {
        let at = weakening.at.map(|at| at.range().start);
        let line = at.and_then(|at| {
            let start = after[..at].rfind('\n').map_or(0, |at| at + 1);
            after[start..].lines().next()
        });
        format!("{}: {}", weakening.what, line.unwrap_or("-").trim())
    };
    weakenings(&base, &head).iter().map(tell).collect()
}

#[track_caller]
fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn what_weakens_an_action_is_told_where_it_stands() {
    let tag = format!("@{SHA} # v1.4.0");
    let other = SHA.replace('8', "9");
    let older = format!("@{other} # v1.3.9");
    let step = format!(
        "      - id: tidegate\n        uses: tidegate/tidegate@{SHA} # v1.4.0\n        with:\n          fail-on: \
         medium\n          fail-on-existing: true\n"
    );
    let with = "        with:\n";
    for (from, to, expected) in [
        (
            with,
            "        continue-on-error: true\n        with:\n",
            "continue-on-error: continue-on-error: true",
        ),
        (
            with,
            "        continue-on-error: ${{ inputs.soft }}\n        with:\n",
            "continue-on-error: continue-on-error: ${{ inputs.soft }}",
        ),
        (
            "    steps:\n",
            "    continue-on-error: true\n    steps:\n",
            "job-continue-on-error: continue-on-error: true",
        ),
        (
            with,
            "        if: github.actor != 'renovate[bot]'\n        with:\n",
            "if: if: github.actor != 'renovate[bot]'",
        ),
        (
            "    steps:\n",
            "    if: ${{ false }}\n    steps:\n",
            "job-if: if: ${{ false }}",
        ),
        (
            "fail-on: medium",
            "fail-on: critical",
            "fail-on: fail-on: critical",
        ),
        (
            "fail-on: medium",
            "fail-on: never",
            "fail-on: fail-on: never",
        ),
        (
            "fail-on: medium",
            "fail-on: ${{ vars.LEVEL }}",
            "fail-on: fail-on: ${{ vars.LEVEL }}",
        ),
        (
            "          fail-on: medium\n",
            "",
            "fail-on: uses: tidegate/tidegate@8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e # v1.4.0",
        ),
        (
            "existing: true",
            "existing: false",
            "fail-on-existing: fail-on-existing: false",
        ),
        (
            "          fail-on: medium\n",
            "          fail-on: medium\n          on-incomplete: pass\n",
            "on-incomplete: on-incomplete: pass",
        ),
        (
            "          fail-on: medium\n",
            "          fail-on: medium\n          path: deploy\n",
            "path: path: deploy",
        ),
        (
            "          fail-on: medium\n",
            "          fail-on: medium\n          working-directory: web\n",
            "path: working-directory: web",
        ),
        (
            tag.as_str(),
            "@v1.4.0",
            "pin: uses: tidegate/tidegate@v1.4.0",
        ),
        (tag.as_str(), "@main", "pin: uses: tidegate/tidegate@main"),
        (
            tag.as_str(),
            older.as_str(),
            "version: uses: tidegate/tidegate@9f3c0e6f5f3f9d4c3f0b1c5b7f0e5d9a2b6c4d9e # v1.3.9",
        ),
        (
            "tidegate/tidegate@",
            "someone/tidegate@",
            "program: uses: someone/tidegate@8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e # v1.4.0",
        ),
        ("  pull_request:\n", "", "event: on:"),
        ("  merge_group:\n", "", "event: on:"),
        (
            "    branches: [main]",
            "    branches: [release]",
            "branches: branches: [release]",
        ),
        (
            "  pull_request:\n",
            "  pull_request:\n    paths: ['deploy/**']\n",
            "paths: paths: ['deploy/**']",
        ),
        (
            "  pull_request:\n",
            "  pull_request:\n    paths: ['**', '!web/**']\n",
            "paths: paths: ['**', '!web/**']",
        ),
        (
            "  pull_request:\n",
            "  pull_request:\n    paths-ignore: ['**.md']\n",
            "paths-ignore: paths-ignore: ['**.md']",
        ),
        (
            "  pull_request:\n",
            "  pull_request:\n    branches-ignore: [main]\n",
            "branches-ignore: branches-ignore: [main]",
        ),
        (
            "  pull_request:\n",
            "  pull_request:\n    types: [opened]\n",
            "types: types: [opened]",
        ),
        (step.as_str(), "", "removed: -"),
        ("tidegate/tidegate@", "tidegate/setup@", "removed: -"),
    ] {
        let after = edited(&action(), &[(from, to)]);
        assert_eq!(told(&action(), &after), [expected], "{after}");
        // The other way round it is made stronger, or only changed: nothing is lost.
        if !["program", "removed"]
            .iter()
            .any(|what| expected.starts_with(what))
            && steps(&[(PATH, &after)]).len() == 1
            && !from.contains("branches: [main]")
        {
            assert_eq!(
                told(&after, &action()),
                Vec::<String>::new(),
                "back from\n{after}"
            );
        }
    }
}

#[test]
fn what_cannot_be_told_apart_is_told() {
    let other = SHA.replace('8', "9");
    for (from, to, expected) in [
        (format!("@{SHA}"), format!("@{other}"), "pin"),
        (format!("@{SHA} # v1.4.0"), format!("@{other}"), "pin"),
        (
            "        with:\n".to_owned(),
            "        env: {BASH_ENV: ./x}\n        with:\n".to_owned(),
            "setting",
        ),
    ] {
        let told = told(&action(), &edited(&action(), &[(&from, &to)]));
        assert_eq!(told.len(), 1, "{to}");
        assert!(told[0].starts_with(expected), "{told:?}");
    }
}

#[test]
fn what_only_looks_weaker_is_silent() {
    let tag = format!("@{SHA} # v1.4.0");
    let newer = format!("@{} # v1.10.0", SHA.replace('8', "9"));
    let on = "on:\n  pull_request:\n  merge_group:\n  push:\n    branches: [main]\n";
    for (from, to) in [
        ("        with:\n", "        if: always()\n        with:\n"),
        (
            "        with:\n",
            "        if: ${{ !cancelled() }}\n        with:\n",
        ),
        (
            "        with:\n",
            "        continue-on-error: false\n        with:\n",
        ),
        (
            "        with:\n",
            "        timeout-minutes: 5\n        with:\n",
        ),
        ("fail-on: medium", "fail-on: 'low'"),
        ("fail-on: medium", "fail-on:   \"medium\" # as agreed"),
        (
            "          fail-on: medium\n",
            "          fail-on: medium\n          path: .\n          sarif-file: a.sarif\n",
        ),
        (tag.as_str(), newer.as_str()),
        ("name: Gate", "name: Gates"),
        ("id: tidegate", "id: gate"),
        ("  gate:\n", "  security:\n"),
        (
            on,
            "\"on\":\n  push: {branches: [main, 'release/**']}\n  pull_request: {types: [opened, reopened, synchronize, edited]}\n  merge_group: {}\n",
        ),
        (on, "on: [merge_group, pull_request, push]\n"),
        (
            "        with:\n",
            "        if: github.event_name == 'pull_request' || github.event_name != 'pull_request'\n        with:\n",
        ),
        ("  pull_request:\n", "  pull_request:\n    paths: ['**']\n"),
        (
            "      - uses: actions/checkout@v5\n",
            "      - if: false\n        uses: actions/checkout@v5\n        continue-on-error: true\n",
        ),
    ] {
        let after = edited(&action(), &[(from, to)]);
        assert_eq!(told(&action(), &after), Vec::<String>::new(), "{after}");
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

#[test]
fn a_job_that_waits_for_others_may_be_skipped_with_them() {
    let lint = "  lint:\n    runs-on: ubuntu-latest\n    steps: [{run: make lint}]\n";
    let skipped = lint.replace("    runs-on", "    if: false\n    runs-on");
    let base = action().replace("  gate:\n", &format!("{lint}  gate:\n"));
    let waits = |job: &str, more: &str| {
        action().replace(
            "  gate:\n",
            &format!("{job}  gate:\n    needs: lint\n{more}"),
        )
    };
    let of = |before: &str, after: &str| {
        let (base, head) = (steps(&[(PATH, before)]), steps(&[(PATH, after)]));
        let weakenings = weakenings(&base, &head);
        let told = weakenings
            .iter()
            .map(|told| format!("{} {:?}", told.what, told.force));
        told.collect::<Vec<_>>()
    };
    assert_eq!(of(&base, &waits(&skipped, "")), ["needs Known"]);
    assert_eq!(of(&base, &waits(lint, "")), ["needs Unclear"]);
    for anyway in ["    if: always()\n", "    if: ${{ !cancelled() }}\n"] {
        assert_eq!(of(&base, &waits(&skipped, anyway)), Vec::<String>::new());
    }
    // It waited before: what is new is that it may be skipped.
    assert_eq!(of(&waits(lint, ""), &waits(&skipped, "")), ["needs Known"]);
    assert_eq!(
        of(&waits(lint, "    if: always()\n"), &waits(lint, "")),
        ["needs Unclear"]
    );
    let behind = skipped.replace("  lint:", "  first:");
    let chain = format!(
        "{behind}{}",
        lint.replace("    runs-on", "    needs: [first]\n    runs-on")
    );
    assert_eq!(of(&waits(lint, ""), &waits(&chain, "")), ["needs Known"]);
    let renamed = waits(lint, "").replace("lint", "checks");
    assert_eq!(of(&waits(lint, ""), &renamed), Vec::<String>::new());
    let circle = lint.replace("    runs-on", "    needs: gate\n    runs-on");
    assert_eq!(
        of(&waits(lint, ""), &waits(&circle, "")),
        Vec::<String>::new()
    );
}

#[test]
fn a_step_may_move_to_any_file_and_any_place() {
    let text = action();
    let base = steps(&[(PATH, &text)]);
    let elsewhere = steps(&[(".github/workflows/security.yaml", &text)]);
    assert!(weakenings(&base, &elsewhere).is_empty());
    // A second gate beside it hides nothing that is done to the first.
    let weak = edited(&text, &[("fail-on: medium", "fail-on: never")]);
    let both = steps(&[(".github/workflows/copy.yml", &text), (PATH, &weak)]);
    let told: Vec<_> = weakenings(&base, &both);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].what, &*told[0].path), ("fail-on", PATH));
    // Two files that share the events between them lose none.
    let pulls = edited(&text, &[("  push:\n    branches: [main]\n", "")]);
    let pushes = edited(&text, &[("  pull_request:\n  merge_group:\n", "")]);
    let split = steps(&[(".github/workflows/main.yml", &pushes), (PATH, &pulls)]);
    assert!(weakenings(&base, &split).is_empty());
    // Two of one name may change places.
    let call = |level: &str| format!("      - run: tidegate check --fail-on {level}\n");
    let job = "on: push\njobs:\n  a:\n    steps:\n";
    let one = format!("{job}{}{}", call("high"), call("low"));
    let other = format!("{job}{}{}", call("low"), call("high"));
    assert!(weakenings(&steps(&[(PATH, &one)]), &steps(&[(PATH, &other)])).is_empty());
    // One of two that are alike can go, one that does more cannot.
    let twice = steps(&[(".github/workflows/copy.yml", &text), (PATH, &text)]);
    assert!(weakenings(&twice, &base).is_empty());
    let strict = edited(&text, &[("fail-on: medium", "fail-on: low")]);
    let two = steps(&[(".github/workflows/strict.yml", &strict), (PATH, &text)]);
    let told = weakenings(&two, &base);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].what, told[0].at), ("removed", None));
    assert_eq!(&*told[0].path, ".github/workflows/strict.yml");
}

#[test]
fn only_what_github_runs_is_a_workflow() {
    for path in [".github/workflows/a.yml", ".github/workflows/a.b.yaml"] {
        assert!(is_workflow(path), "{path}");
    }
    for path in [
        ".github/workflows/a/b.yml",
        ".github/workflows/a.json",
        "x/.github/workflows/a.yml",
        ".github/workflow/a.yml",
        ".github/workflows/a.YML",
    ] {
        assert!(!is_workflow(path), "{path}");
    }
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
