//! Whatever a Dockerfile holds, its instructions are in order, and every byte belongs to one or is a comment.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tidegate::evaluate::evaluate;
use tidegate::syntax::Span;
use tidegate::syntax::dockerfile::{Command, Dockerfile, Instruction};
use tidegate::syntax::shell::Program;

use crate::reading::{context, snapshot};

/// Reads a text, asks everything of it, and says what is wrong with the spans.
fn examine(text: &str) {
    let file = Dockerfile::read(text.to_owned());
    let within = |outer: Span, inner: Span| {
        assert!(text.get(inner.range()).is_some(), "{inner:?} of {text:?}");
        assert!(
            outer.start <= inner.start && inner.end <= outer.end,
            "{inner:?} leaves {outer:?} of {text:?}"
        );
    };
    let mut covered = 0;
    for instruction in file.instructions() {
        let whole = instruction.span;
        assert!(whole.start as usize >= covered, "{instruction:?} overlaps");
        assert_blank(&text[covered..whole.start as usize]);
        covered = whole.end as usize;
        within(whole, instruction.keyword_span);
        within(whole, instruction.arguments);
        within(instruction.arguments, instruction.operands);
        for flag in &instruction.flags {
            within(instruction.arguments, flag.span);
        }
        for heredoc in &instruction.heredocs {
            within(whole, heredoc.body);
        }
        ask(&file, instruction, &|span| within(whole, span));
    }
    assert_blank(&text[covered..]);
    let stages = file.stages();
    for stage in stages.all() {
        assert_eq!(stages.from(stage).unwrap().keyword, "FROM");
        for instruction in stages.body(stage) {
            let _ = stages.origin(stage, instruction);
        }
    }
    let _ = (stages.effective("USER"), stages.effective("CMD"));
    stages.walk(&mut |_, instruction, scope| {
        let _ = scope.resolve(&file.line(instruction), file.escape());
    });
}

fn ask(file: &Dockerfile, instruction: &Instruction, within: &dyn Fn(Span)) {
    for word in file.words(instruction) {
        within(word.span);
    }
    for pair in file.pairs(instruction) {
        within(pair.span);
        within(pair.name_span);
    }
    let _ = instruction.mounts().count();
    for script in file.scripts(instruction) {
        for command in &script.commands {
            within(script.span(&command.range()));
        }
    }
    match file.command(instruction) {
        Command::Exec(words) => words.iter().for_each(|word| within(word.span)),
        Command::Shell(scripts) => {
            for script in scripts {
                for command in &script.commands {
                    within(script.span(&command.range()));
                    let _ = command.program().map(Program::name);
                    for word in command.all_words() {
                        assert!(script.text().get(word.range.clone()).is_some());
                        within(script.span(&word.range));
                    }
                }
            }
        }
    }
}

/// What belongs to no instruction is blank or a comment.
fn assert_blank(between: &str) {
    for line in between.split(['\n']) {
        let line = line.trim_start_matches('\u{feff}').trim();
        assert!(line.is_empty() || line.starts_with('#'), "{line:?} is lost");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_dockerfile_is_answered(text in "\u{feff}?((FROM|RUN|COPY|ARG|ENV|USER|ONBUILD|HEALTHCHECK CMD|--from=|--mount=|<<EOF|<<-|EOF| AS |\\$\\{|\\$\\(|:-|# escape=`)|[ab\u{e9}\u{1f600}#=\\[\\]\",'`\\\\|&;<>(){}$ \t\r\n]){0,60}") {
        examine(&text);
    }
}

#[test]
fn a_huge_dockerfile_is_read_in_linear_time() {
    let many = 50_000;
    let mut chain = "FROM a AS s0\n".to_owned();
    for stage in 1..10_000 {
        writeln!(chain, "FROM s{} AS s{stage}\nENV A{stage}=$A", stage - 1).unwrap();
    }
    let texts = [
        chain,
        "RUN a <<A\n".repeat(many),
        "RUN <<A <<B\nA\nB\n".repeat(many),
        "RUN a \\\n".repeat(many),
        format!("RUN {}", "${".repeat(many)),
        format!("RUN {}", "$(".repeat(many)),
        format!("RUN {}", "${a:-".repeat(many)),
        format!("RUN {}", "`".repeat(many)),
        format!("RUN {}", "<(".repeat(many)),
        format!("RUN {}", "\"'".repeat(many)),
        format!("CMD [{}", "\"a\",".repeat(many)),
        format!("ENV {}", "a=$a$a ".repeat(many)),
        "ENV a=x$a$a\n".repeat(many),
        format!("RUN {}x", "--a=\" ".repeat(many)),
        "[[".repeat(many),
        format!(
            "FROM a\n{}{}",
            "ARG A_TOKEN\n".repeat(many),
            "RUN npm ci\n".repeat(many)
        ),
        format!(
            "FROM a\n{}",
            "COPY . .\nRUN curl http://a | sh | sh\n".repeat(many)
        ),
        // One instruction of very many commands.
        format!("FROM a\nRUN {}b\n", "a && ".repeat(80_000)),
    ];
    for text in texts {
        examine(&text);
        let snapshot = snapshot(&[("Dockerfile", &text)]);
        let _ = evaluate(&snapshot, &context());
    }
}

/// The text with other names for its stages, which say no less of what they are for.
fn with_stages_renamed(text: &str) -> String {
    let file = Dockerfile::read(text.to_owned());
    let stages = file.stages();
    let names = stages.all().iter().filter_map(|stage| stage.name.as_ref());
    let names: Vec<String> = names.map(|name| name.text.to_lowercase()).collect();
    let is_name = |word: &str| names.contains(&word.to_lowercase());
    let lines = text.split_inclusive('\n').map(|line| {
        if line.trim_start().to_lowercase().starts_with("from ") {
            let words = line.split_inclusive([' ', '\n']).map(|word| {
                let bare = word.trim_end();
                if is_name(bare) {
                    word.replacen(bare, &format!("{bare}-x"), 1)
                } else {
                    word.to_owned()
                }
            });
            return words.collect::<String>();
        }
        let mut parts = line.split("from=");
        let mut renamed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find([' ', ',', '\n']).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            let more = if is_name(name) { "-x" } else { "" };
            write!(renamed, "from={name}{more}{rest}").unwrap();
        }
        renamed
    });
    lines.collect()
}

#[test]
fn renaming_a_stage_introduces_nothing() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut renamed = 0;
    for family in ["dockerfile", "node", "image", "secret"] {
        for rule in fs::read_dir(fixtures.join(family)).unwrap() {
            let head = rule.unwrap().path().join("head");
            let files = texts_below(&head);
            let other: Vec<_> = files
                .iter()
                .map(|(path, text)| {
                    let is_dockerfile = path.contains("Dockerfile");
                    let other = if is_dockerfile {
                        with_stages_renamed(text)
                    } else {
                        text.clone()
                    };
                    renamed += usize::from(other != *text);
                    (path.clone(), other)
                })
                .collect();
            let identities = |files: &[(String, String)]| {
                let files: Vec<_> = files
                    .iter()
                    .map(|(path, text)| (&**path, &**text))
                    .collect();
                let findings = evaluate(&snapshot(&files), &context()).findings.into_iter();
                let own = findings.map(|found| {
                    (
                        found.rule,
                        found.location.path,
                        found.fingerprint,
                        found.severity,
                    )
                });
                let mut own: Vec<_> = own.collect();
                own.sort();
                own
            };
            assert_eq!(identities(&files), identities(&other), "{}", head.display());
        }
    }
    assert!(renamed >= 10, "{renamed} files have stages with names");
}

/// The files below a folder that are text, by their paths.
fn texts_below(folder: &Path) -> Vec<(String, String)> {
    let mut open = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if let Ok(text) = fs::read_to_string(&path) {
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            files.push((name, text));
        }
    }
    files.sort();
    files
}

#[test]
fn a_secret_in_reach_of_installs_is_one_mistake_however_its_stages_are_called() {
    let identities = |text: &str| {
        let findings = evaluate(&snapshot(&[("Dockerfile", text)]), &context()).findings;
        let own = findings.into_iter();
        own.filter(|found| found.rule == "dockerfile/scripts-near-secrets")
            .map(|found| found.fingerprint)
            .collect::<Vec<_>>()
    };
    let run = "RUN --mount=type=secret,id=npmrc npm ci";
    let one = format!("FROM node:24.11.1 AS build\n{run}\n");
    let told = identities(&one);
    assert_eq!(told.len(), 1);
    assert_eq!(identities(&one.replace("AS build", "AS prod")), told);
    assert_eq!(identities(&one.replace(" AS build", "")), told);
    assert_eq!(
        identities(&one.replace("npm ci", "npm ci --omit=dev")),
        told
    );
    // The same in two stages is one mistake, and another secret is another.
    let two = format!("{one}FROM node:24.11.1 AS test\n{run}\n");
    assert_eq!(identities(&two), told);
    assert_eq!(
        identities(&two.replacen("id=npmrc", "id=token", 1)).len(),
        2
    );
}
