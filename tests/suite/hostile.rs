//! Hostile names and planted secrets in every place that can hold one, through every output.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value as Json;
use tidegate::report::summary::{self, Budget, Links};
use tidegate::shown::{LONGEST_NAME, LONGEST_SENTENCE};

use crate::program::{Answer, commit, git, tidegate, write};
use crate::reports::HOSTILE;

/// Beside what `reports` knows: what a log, a terminal or a reader of Unicode would obey.
const MORE: &[&str] = &[
    "##[group]x",
    "::add-mask::x",
    "x\n::add-mask::x",
    "x\u{85}::error::x",
    "x\u{2028}::error::x\u{2029}##[error]",
    "nul\u{0}behind",
    "\u{9b}31m\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{202d}\u{2067}\u{200f}",
    "~~~\n[a]: https://evil.test\n~~~",
    "<!-- tidegate:1 --><details><summary>x",
    "[a][b] <https://evil.test>",
    "a]( https://evil.test \"x\" )",
];

/// What git allows in the name of a branch.
const BRANCH: &str = "x%0A@org/team#12`b`$x";

/// One secret of each shape; none was ever valid.
fn secrets() -> Vec<String> {
    let letters = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5kM7nP9";
    let first = |number: usize| &letters[..number];
    vec![
        "AKIAQ3EGWZ7KJ2MXP5RT".to_owned(),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLE1K".to_owned(),
        format!("ghp_{}", first(36)),
        format!("gho_{}", first(36)),
        format!("ghs_{}", first(36)),
        format!("github_pat_{}", first(50)),
        format!("glpat-{}", first(20)),
        format!("xoxb-123456789012-{}", first(24)),
        format!("sk_live_{}", first(24)),
        format!("rk_live_{}", first(24)),
        format!("npm_{}", first(36)),
        format!("AIza{}", first(35)),
        format!("SG.{}.{}", first(22), first(43)),
        format!("AccountKey={}==", first(40)),
        format!("dckr_pat_{}", first(27)),
        format!("eyJ{}.eyJ{}.{}", first(30), first(30), first(40)),
        format!("postgres://app:{}@db:5432/shop", first(12)),
        format!("--password={}", first(9)),
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            first(48)
        ),
    ]
}

/// What of a secret must be nowhere: of an address and an argument only the password.
fn body(secret: &str) -> &str {
    let letters = secret.find("aB3d").unwrap_or(0);
    let body = &secret[letters..];
    body.split(['@', '\n']).next().unwrap_or(body)
}

/// Manifests that are read and judged, and hold one text wherever there is room for it.
fn manifests(text: &str) -> Vec<(String, String)> {
    let quoted = serde_json::to_string(text).expect("it can be written");
    // YAML wants keys of at most 1,024 characters; JSON takes any.
    let key: String = text.chars().take(300).collect();
    let key = serde_json::to_string(&format!("{key} k")).expect("it can be written");
    vec![
        (
            "deploy/workload.yaml".to_owned(),
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {quoted}\n  namespace: {quoted}\n  annotations:\n    {key}: {quoted}\n    {key}: {quoted}\nspec:\n  selector: {{matchLabels: {{app: {quoted}}}}}\n  template:\n    metadata:\n      labels: {{app: {quoted}}}\n      annotations: {{container.apparmor.security.beta.kubernetes.io/a: {quoted}}}\n    spec:\n      hostNetwork: true\n      securityContext:\n        sysctls: [{{name: {quoted}, value: {quoted}}}]\n        seccompProfile: {{type: {quoted}}}\n        seLinuxOptions: {{type: {quoted}, user: {quoted}}}\n      volumes:\n      - name: {quoted}\n        hostPath: {{path: {quoted}}}\n      containers:\n      - name: {quoted}\n        image: {quoted}\n        command: [{quoted}]\n        args: [{quoted}, {quoted}]\n        env:\n        - {{name: A, value: {quoted}, value: {quoted}}}\n        ports: [{{containerPort: 1, hostPort: 80, name: {quoted}}}]\n        livenessProbe: {{httpGet: {{host: {quoted}, port: 1}}}}\n        securityContext: {{privileged: true, procMount: {quoted}, capabilities: {{add: [{quoted}]}}}}\n"
            ),
        ),
        (
            "deploy/secret.yaml".to_owned(),
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{a: {quoted}, a: {quoted}, {key}: {quoted}, {key}: x}}\n"
            ),
        ),
        (
            "kustomize/kustomization.yaml".to_owned(),
            format!("namespace: {quoted}\nresources: [{quoted}, a.yaml]\nhelmCharts: [{{name: {quoted}}}]\npatches: [{{path: {quoted}}}]\n"),
        ),
        (
            "kustomize/a.yaml".to_owned(),
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n".to_owned(),
        ),
        (
            "deploy/keys.json".to_owned(),
            format!("{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {{\"name\": {quoted}}}, \"data\": {{{quoted}: \"1\", {quoted}: \"2\"}}}}"),
        ),
        (
            "broken/a.yaml".to_owned(),
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: {quoted}}}\nstringData:\n  a: {quoted}\n  b: [{quoted}\n"),
        ),
        (
            "broken/b.json".to_owned(),
            format!("{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": {quoted}, \"name\": {quoted}}}, \"spec\": "),
        ),
    ]
}

/// A repository with a branch of a hostile name, and a change that brings the manifests.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new(texts: &[&str]) -> Self {
        let scene = Self(tempfile::tempdir().expect("a folder"));
        let root = scene.0.path();
        git(root, &["init", "-q", "-b", "main"]);
        write(root, &[("README.md", "x\n")]);
        commit(root, "one");
        git(root, &["branch", BRANCH]);
        for (index, text) in texts.iter().enumerate() {
            for (name, content) in manifests(text) {
                write(root, &[(&format!("{index}/{name}"), &content)]);
            }
            // A name of a file can hold anything but a slash and nothing.
            let name: String = text.replace(['/', '\0'], "").chars().take(60).collect();
            write(
                root,
                &[(
                    &format!("{index}/{name}.yaml"),
                    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, name: b}\nspec: {hostPID: true}\n",
                )],
            );
        }
        scene
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn check(&self, arguments: &[&str]) -> Answer {
        let mut all = vec!["check", "--base", BRANCH];
        all.extend(arguments);
        tidegate(self.root(), &all, &[])
    }

    /// Every output, by name.
    fn outputs(&self) -> Vec<(&'static str, Answer)> {
        let pod_security = |arguments: &[&str]| {
            let mut all = vec!["pod-security"];
            all.extend(arguments);
            tidegate(self.root(), &all, &[])
        };
        vec![
            ("terminal", self.check(&["--verbose"])),
            ("colour", self.check(&["--verbose", "--color", "always"])),
            ("json", self.check(&["--format", "json"])),
            ("sarif", self.check(&["--format", "sarif"])),
            ("github", self.check(&["--format", "github"])),
            ("markdown", self.check(&["--format", "markdown"])),
            (
                "pod-security",
                pod_security(&["--verbose", "--color", "always"]),
            ),
            ("pod-security json", pod_security(&["--format", "json"])),
        ]
    }
}

fn all_hostile() -> Vec<&'static str> {
    HOSTILE.iter().chain(MORE).copied().collect()
}

#[test]
fn no_output_obeys_what_a_pull_request_writes() {
    let scene = Scene::new(&all_hostile());
    for (name, answer) in scene.outputs() {
        assert!(answer.stdout.len() > 1_000, "{name}: {}", answer.stderr);
        let text = answer.stdout.as_str();
        match name {
            "terminal" => for_terminal(text, false),
            "colour" | "pod-security" => for_terminal(text, true),
            "github" => for_runner(text),
            "markdown" => for_page(text),
            "sarif" => for_scanning(text),
            _ => drop(json(text)),
        }
        for_terminal(&answer.stderr, false);
    }
    // The same for a comment, whose links lead to a repository.
    let report = crate::reports::of_folder(scene.root());
    let links = Links::new(Some("https://github.example"), Some("shop/deploy"), "abc");
    let text = summary::render(&report, &links, None, Budget::COMMENT);
    assert!(text.len() <= Budget::COMMENT.bytes());
    for_page(&text);
}

#[test]
fn no_error_text_obeys_its_arguments() {
    let folder = tempfile::tempdir().expect("a folder");
    for hostile in all_hostile() {
        if hostile.contains('\0') {
            continue;
        }
        for arguments in [
            vec!["check", "--base", hostile],
            vec!["check", hostile],
            vec!["pod-security", hostile],
            vec!["explain", hostile],
        ] {
            let answer = tidegate(folder.path(), &arguments, &[]);
            assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.stdout);
            for_terminal(&answer.stderr, false);
            assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
        }
    }
    for secret in secrets() {
        let answer = tidegate(folder.path(), &["check", "--base", &secret], &[]);
        assert_eq!(answer.code, 2);
        assert!(!answer.stderr.contains(body(&secret)), "{}", answer.stderr);
    }
}

#[test]
fn no_output_repeats_a_secret() {
    let secrets = secrets();
    for secret in &secrets {
        let scene = tempfile::tempdir().expect("a folder");
        let files = manifests(secret);
        let base = scene.path().join("base");
        let head = scene.path().join("head");
        fs::create_dir_all(&base).expect("a folder");
        for (name, content) in &files {
            write(&head, &[(name.as_str(), content.as_str())]);
        }
        let mut outputs = String::new();
        for format in ["terminal", "json", "sarif", "github", "markdown"] {
            for (from, to) in [("base", "head"), ("head", "base")] {
                let arguments = [
                    "check",
                    "--verbose",
                    "--base",
                    from,
                    "--head",
                    to,
                    "--format",
                    format,
                ];
                outputs.push_str(&tidegate(scene.path(), &arguments, &[]).stdout);
            }
        }
        for format in ["terminal", "json"] {
            let arguments = ["pod-security", "--verbose", "--format", format, "head"];
            outputs.push_str(&tidegate(scene.path(), &arguments, &[]).stdout);
        }
        assert!(outputs.len() > 10_000);
        assert!(outputs.contains("[redacted]"), "{secret}");
        let planted = body(secret);
        if let Some(at) = outputs.find(planted) {
            let start = outputs.floor_char_boundary(at.saturating_sub(400));
            panic!("{secret}: {}", &outputs[start..at + planted.len()]);
        }
        // Nor the start of it, cut to a readable length.
        let start = &planted[..planted.len().min(9)];
        let line = outputs.lines().find(|line| line.contains(start));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn the_data_of_a_secret_is_masked_for_where_it_stands() {
    let scene = tempfile::tempdir().expect("a folder");
    write(
        scene.path(),
        &[
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  plain: aHVudGVy\n  plain: c3dvcmRmaXNo\n",
            ),
            (
                "b.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {x: hunter, x: swordfish}\n",
            ),
            (
                "c.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: c}\nspec:\n  containers:\n  - name: c\n    image: c\n    env:\n    - {name: DB_PASSWORD, value: hunter, value: swordfish}\n",
            ),
        ],
    );
    let answer = tidegate(scene.path(), &["check"], &[]);
    for place in ["a.yaml:6", "b.yaml:4", "c.yaml:9"] {
        assert!(answer.stdout.contains(place), "{}", answer.stdout);
    }
    for secret in ["aHVudGVy", "c3dvcmRmaXNo", "hunter", "swordfish"] {
        assert!(
            !answer.stdout.contains(secret),
            "{secret}: {}",
            answer.stdout
        );
    }
    assert!(
        answer.stdout.contains("  plain: ************"),
        "{}",
        answer.stdout
    );
}

#[test]
fn nothing_huge_makes_an_output_huge() {
    let huge = "A`|@b".repeat(100_000);
    let scene = Scene::new(&[&huge]);
    let report = json(&scene.check(&["--format", "json"]).stdout);
    assert_eq!(report["coverage"]["objects"], 5, "it was read");
    for (name, answer) in scene.outputs() {
        let text = answer.stdout.as_str();
        assert!(text.len() < 256 << 10, "{name}: {}", text.len());
        assert!(text.len() > 500, "{name}: {text}{}", answer.stderr);
        if name.contains("json") {
            bounded(&json(text));
        }
    }
}

/// No item is longer than it may be.
fn bounded(json: &Json) {
    match json {
        Json::String(text) => assert!(text.len() <= LONGEST_SENTENCE + LONGEST_NAME, "{text}"),
        Json::Array(items) => items.iter().for_each(bounded),
        Json::Object(entries) => entries.values().for_each(bounded),
        _ => {}
    }
}

fn json(text: &str) -> Json {
    assert!(
        !text.contains(['\u{1b}', '\u{7f}']),
        "raw control characters"
    );
    serde_json::from_str(text).expect("it is JSON")
}

/// No control character but our own colours, nothing invisible, nothing that turns text around.
fn for_terminal(text: &str, colour: bool) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\u{1b}') {
        assert!(colour, "an escape sequence: {behind:.40}");
        plain.push_str(before);
        if let Some(link) = behind.strip_prefix("]8;;") {
            // A link to the page of a rule, or the end of one.
            let (target, behind) = link.split_once("\u{1b}\\").expect("a link ends");
            let ours = "https://github.com/tidegate/tidegate/blob/";
            assert!(target.is_empty() || target.starts_with(ours), "{target}");
            rest = behind;
        } else {
            let style = behind.strip_prefix('[').expect("a style");
            let (style, behind) = style.split_once('m').expect("a style ends");
            let is_style = |c: char| c.is_ascii_digit() || c == ';';
            assert!(style.chars().all(is_style), "{style}");
            rest = behind;
        }
    }
    plain.push_str(rest);
    for character in plain.chars().filter(|character| *character != '\n') {
        let treacherous = character.is_control()
            || "\u{61c}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{2060}\u{feff}"
                .contains(character)
            || ('\u{202a}'..='\u{202e}').contains(&character)
            || ('\u{2066}'..='\u{2069}').contains(&character);
        assert!(!treacherous, "{character:?}");
    }
}

/// Every line is a command that we meant, and one line to every reader.
fn for_runner(text: &str) {
    for line in text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        if line.is_empty() {
            continue;
        }
        let ours = ["::error ", "::warning ", "::notice ", "::notice::"];
        assert!(ours.iter().any(|start| line.starts_with(start)), "{line:?}");
        let message = line.splitn(3, "::").nth(2).expect("a message");
        let message = message.replace("%0A", "\n").replace("%25", "%");
        assert!(!message.contains("##["), "{message}");
        for line in message.lines().skip(1) {
            assert!(!line.trim_start().starts_with("::"), "{message}");
        }
    }
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("::notice title=tidegate::"), "{last}");
}

/// Nothing is drawn but what we draw, and nothing that GitHub would find in the text.
fn for_page(markdown: &str) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    let ours = [
        "https://github.com/tidegate/tidegate/blob/",
        "https://github.example/shop/deploy/blob/abc/",
    ];
    let mut words = String::new();
    let mut headings = 0;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(
                    ours.iter().any(|start| dest_url.starts_with(start)),
                    "{dest_url}"
                );
            }
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(
                Tag::Image { .. }
                | Tag::HtmlBlock
                | Tag::FootnoteDefinition(_)
                | Tag::BlockQuote(_)
                | Tag::CodeBlock(_)
                | Tag::Strikethrough
                | Tag::Emphasis,
            ) => panic!("not ours: {event:?}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                assert!(matches!(&*html, "<span>" | "</span>"), "{html}");
            }
            Event::FootnoteReference(_) | Event::Rule | Event::HardBreak => {
                panic!("not ours: {event:?}")
            }
            Event::Text(text) => words.push_str(&text),
            Event::Start(_) => words.push(' '),
            _ => {}
        }
    }
    assert!((1..=8).contains(&headings), "{headings} headings");
    for (at, _) in words.match_indices(['@', '#']) {
        let next = words[at + 1..].chars().next();
        assert!(
            !next.is_some_and(char::is_alphanumeric),
            "{:.40}",
            &words[at..]
        );
    }
    for found in ["://", "www.", "GH-1"] {
        if let Some(at) = words.find(found) {
            let mut shown = String::new();
            let _ = write!(shown, "{:.60}", &words[at..]);
            panic!("GitHub would make a link of {shown}");
        }
    }
    let treacherous = markdown
        .chars()
        .find(|c| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c));
    assert_eq!(treacherous, None);
}

/// Valid, and no message makes a link or a second line.
fn for_scanning(text: &str) {
    let log = json(text);
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(results.len() > 100);
    for result in results {
        let message = result["message"]["text"].as_str().expect("a message");
        let line_ends = [
            '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{1b}', '\u{202e}',
        ];
        assert!(!message.contains(line_ends), "{message}");
        assert!(!message.contains("]("), "{message}");
        let place = &result["locations"][0];
        let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str();
        let uri = uri.expect("an address");
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{uri}");
        assert!(!uri.starts_with('/') && !uri.contains("://"), "{uri}");
    }
}
