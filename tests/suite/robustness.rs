//! Rubbish in, an answer out: never a panic, never a false green.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tidegate::run::{Request, run};
use tidegate::syntax::{Format, Lines, Node, parse};
use tidegate::verdict::{Outcome, Report};

use crate::corpora;

fn judge(files: &[(&str, &[u8])]) -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        fs::write(path, bytes).expect("it can be written");
    }
    check(folder.path())
}

fn check(folder: &Path) -> Report {
    let head = Some(format!("{}/", folder.display()));
    run(&Request {
        head,
        ..Request::default()
    })
    .expect("a folder can be judged")
}

fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  hostPID: true\n  containers: [{name: api, image: a:1}]\n";

/// Whoever applies such a file applies the object.
#[test]
fn an_object_behind_an_action_is_judged() {
    let action = "runs: {using: composite, steps: []}\n";
    let both = format!("{action}---\n{POD}");
    for (text, is_told) in [(action, false), (both.as_str(), true)] {
        let report = judge(&[("deploy/action.yml", text.as_bytes())]);
        let mut rules = report.findings.iter().map(|finding| finding.rule);
        let told = rules.any(|rule| rule == "pod-security/host-namespaces");
        assert_eq!(told, is_told, "{text}");
    }
}

#[test]
fn what_cannot_be_read_makes_the_run_incomplete() {
    let mut invalid = POD.as_bytes().to_vec();
    invalid.extend(b"# \xff\n");
    let deep = format!("{POD}  deep: {}\n", "[".repeat(100_000));
    let mut padded = POD.as_bytes().to_vec();
    padded.resize(17 * 1024 * 1024, b'\n');
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    let cases: [(&str, &[u8], &str); 10] = [
        (
            "syntax.yaml",
            b"apiVersion: v1\nkind: Pod\nspec: [\n",
            "input/unreadable",
        ),
        ("invalid.yaml", &invalid, "input/unreadable"),
        ("utf16.yaml", &utf16(POD), "input/unreadable"),
        (
            "kustomization.yaml",
            &utf16("resources: [a.yaml]\n"),
            "input/unreadable",
        ),
        ("deep.yaml", deep.as_bytes(), "input/unreadable"),
        (
            "tab.yaml",
            b"apiVersion: v1\nkind: Pod\nspec:\n\thostPID: true\n",
            "input/unreadable",
        ),
        ("large.yaml", &padded, "input/oversized"),
        ("lfs.yaml", pointer, "input/unreadable"),
        (
            "broken.json",
            b"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", ",
            "input/unreadable",
        ),
        (
            "two.json",
            b"{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}{\"a\": 1}",
            "input/unreadable",
        ),
    ];
    for (name, bytes, rule) in cases {
        let report = judge(&[(name, bytes)]);
        assert_eq!(report.outcome(), Outcome::Incomplete, "{name}");
        assert_eq!(report.exit_code(), 3, "{name}");
        assert!(
            report.findings.iter().any(|finding| finding.rule == rule),
            "{name}: {:?}",
            report.findings
        );
    }
}

#[test]
fn a_merge_conflict_is_named() {
    let text = "{\n<<<<<<< HEAD\n\"name\": \"a\"\n=======\n\"name\": \"b\"\n>>>>>>> main\n}\n";
    let report = judge(&[("package.json", text.as_bytes())]);
    assert_eq!(report.exit_code(), 3);
    let messages: Vec<_> = report.findings.iter().map(|found| &found.message).collect();
    assert!(
        messages
            .iter()
            .any(|message| message.contains("merge conflict")),
        "{messages:?}"
    );
}

#[test]
fn what_is_none_of_ours_is_passed_over_in_silence() {
    let cases: [(&str, &[u8]); 9] = [
        ("empty.yaml", b""),
        ("white.yaml", b" \n\n# nothing\n"),
        ("binary.yaml", &[0, 159, 146, 150, 0, 1, 2]),
        (
            "compose.yaml",
            b"services:\n  web: {image: web, privileged: true}\n",
        ),
        (
            ".github/workflows/ci.yml",
            b"on: push\njobs: {a: {steps: [{run: 'echo kind apiVersion'}]}}\n",
        ),
        (
            "values.yaml",
            b"image: {tag: 1}\nsecurityContext: {privileged: true}\n",
        ),
        ("broken.yaml", b"a: [\n"),
        ("package.json", b"{\"name\": \"cart\"}"),
        (
            "custom.yaml",
            b"apiVersion: example.com/v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostPID: true}\n",
        ),
    ];
    for (name, bytes) in cases {
        let report = judge(&[(name, bytes)]);
        assert_eq!(report.findings.len(), 0, "{name}: {:?}", report.findings);
        assert_eq!(report.exit_code(), 0, "{name}");
    }
}

/// Spellings that a reader of YAML accepts and a search for bytes would miss.
#[test]
fn a_manifest_cannot_hide_behind_its_spelling() {
    let spellings = [
        POD.replace("apiVersion", "\"api\\x56ersion\""),
        POD.replace("kind:", "? kind\n:"),
        POD.replace('\n', "\r\n"),
        format!("\u{feff}{POD}"),
        format!("# {{{{ not a template }}}}\n{POD}"),
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}",
            POD.trim_end().replace('\n', "\n  ")
        ),
        format!(
            "apiVersion: v1\nkind: PodList\nitems:\n- {}",
            POD.trim_end()
                .replace('\n', "\n  ")
                .replace("apiVersion: v1\n  kind: Pod\n  ", "")
        ),
        format!("broken: [\n---\n{POD}"),
        POD.replace("hostPID: true", "hostPID: YES"),
        POD.replace("  hostPID", "  # not this\u{2028}  hostPID"),
        format!("# Copyright\u{85}{}", POD.replace('\n', "\u{85}")),
        POD.replace("kind: Pod", "kind: !!binary UG9k"),
        POD.replace("image: a:1", "image: a:1, $patch: merge"),
        POD.replace(
            "spec:\n  hostPID: true",
            "x: &x {hostPID: true}\nspec:\n  <<: *x",
        ),
    ];
    for spelling in spellings {
        let report = judge(&[("pod.yaml", spelling.as_bytes())]);
        let found = report
            .findings
            .iter()
            .any(|finding| finding.rule == "pod-security/host-namespaces");
        assert!(found, "{spelling}\n{:?}", report.findings);
    }
}

#[test]
fn every_finding_of_the_corpora_stands_on_a_line_that_exists() {
    let Some(manifests) = corpora::folder("manifests") else {
        return;
    };
    let report = check(&manifests);
    assert!(report.coverage.objects > 1_000, "{:?}", report.coverage);
    for finding in &report.findings {
        let file = report
            .file_of(finding)
            .expect("its file is in the snapshot");
        let Some(text) = file.text() else { continue };
        let span = finding.location.span;
        assert!(text.get(span.range()).is_some(), "{finding:?}");
        let lines = Lines::new(text);
        assert!(lines.position(span.end).line as usize <= lines.count());
    }
}

fn visit(node: Node<'_>, text: &str) {
    assert!(
        text.get(node.span().range()).is_some(),
        "a span splits a character: {node:?}"
    );
    let _ = node.content_hash();
    node.items().for_each(|item| visit(item, text));
    node.entries().for_each(|entry| visit(entry.value, text));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses_to_spans_inside_it(text in "[a-c:\\-\\[\\]{},&*!<|>'\"#%?\n\r\t \u{e9}\u{1f600}\u{feff}~0-9]{0,120}") {
        for format in [Format::Yaml, Format::Json] {
            let tree = parse(format, text.clone());
            for document in tree.documents() {
                visit(tree.root(document), tree.text());
            }
            for problem in tree.problems() {
                prop_assert!(problem.at.end as usize <= text.len());
                prop_assert!(problem.lost.end as usize <= text.len());
            }
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = b"apiVersion: v1\nkind: Pod\n".to_vec();
        file.extend(bytes);
        let _ = tidegate::kubernetes::manifest::read(Format::Yaml, file, false, &[]);
    }

    #[test]
    fn any_script_is_answered(script in "(tidegate|check|set|\\+e|--base|--fail-on|[|&;()<>$#'\"\\\\{}\n \u{e9}!=-]){0,40}") {
        let escaped = serde_json::to_string(&script).unwrap();
        let text = format!("on: push\njobs: {{a: {{steps: [{{run: {escaped}}}]}}}}\n");
        let workflow = tidegate::workflow::Workflow::read(text.into_bytes());
        let steps = workflow.steps(&"a.yml".into());
        let _ = tidegate::workflow::weakenings(&steps, &steps);
    }

    #[test]
    fn positions_count_lines_and_utf16_columns(text in "[ab\u{e9}\u{1f600}\n\r]{0,60}", at in 0usize..60) {
        let lines = Lines::new(&text);
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = text[..at].replace("\r\n", "\n");
        // A CRLF that is cut in two has not ended its line.
        let cut = text[..at].ends_with('\r') && text[at..].starts_with('\n');
        let breaks = before.matches(['\n', '\r']).count() - usize::from(cut);
        let position = lines.position(u32::try_from(at).unwrap());
        prop_assert_eq!(position.line as usize, breaks + 1);
        if !cut {
            let line = before.rsplit(['\n', '\r']).next().unwrap_or("");
            prop_assert_eq!(position.column as usize, line.encode_utf16().count() + 1);
        }
    }
}
