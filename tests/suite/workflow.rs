//! What weakens a step that runs tidegate, and what only looks like it: edits of one workflow, each with what is
//! to be told.

use std::sync::Arc;

use tidegate::workflow::{Step, Weakening, Workflow, is_workflow, weakenings};

const SHA: &str = "8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e";

pub(crate) fn action() -> String {
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

pub(crate) const SCRIPT: &str = "\
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

pub(crate) fn steps(files: &[(&str, &str)]) -> Vec<Step> {
    let read = |(path, text): &(&str, &str)| {
        assert!(is_workflow(path), "{path}");
        let workflow = Workflow::read(text.as_bytes().to_vec());
        assert!(workflow.is_readable(), "{text}");
        workflow.steps(&Arc::from(*path))
    };
    files.iter().flat_map(read).collect()
}

pub(crate) const PATH: &str = ".github/workflows/gate.yml";

/// What an edit weakens, each with the line that is pointed at.
pub(crate) fn told(before: &str, after: &str) -> Vec<String> {
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
pub(crate) fn edited(text: &str, edits: &[(&str, &str)]) -> String {
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
