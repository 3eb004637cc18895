use std::collections::BTreeSet;

use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::syntax::dockerfile::Script;
use crate::syntax::shell::{self, Command, Operator, Program, Word};

declare_rule! {
    /// A build runs a script that it has just fetched, unseen.
    ///
    /// ## Why it matters
    /// `curl … | sh` gives whoever controls the address, or the connection, a shell in the build. What ran is kept
    /// nowhere, two builds of the same commit may differ, and where the connection breaks half a script runs.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM debian:13.1-slim
    /// RUN curl -fsSL https://example.com/install.sh | bash
    /// USER 1000
    /// ```
    ///
    /// ## Instead
    /// Take the tool from an image or a package, or keep the script beside a checksum of it.
    /// ```dockerfile good
    /// FROM debian:13.1-slim
    /// ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/install.sh /tmp/
    /// RUN bash /tmp/install.sh
    /// USER 1000
    /// ```
    ///
    /// ## Limits
    /// A fetched file that another command runs is not followed. A program that reads what was fetched without running
    /// it, such as `node -p` or `python3 -m json.tool`, is left alone, and so is a `localhost` address.
    "dockerfile/piped-script",
    severity: Severity::Medium,
    references: &["CWE-494", "CICD-SEC-3"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let mut told = BTreeSet::new();
    let runs = dockerfile.instructions().iter();
    for run in runs.filter(|found| found.keyword == "RUN") {
        for script in dockerfile.scripts(run) {
            for (range, fetcher, runner) in runs_unseen(&script) {
                let address = fetcher.unwrap_or_default();
                let subject = format!("{runner} {address}");
                if !told.insert(subject.clone()) {
                    continue;
                }
                let from = match address {
                    "" => String::new(),
                    address => format!(" from {}", shortened(address)),
                };
                sink.report_span(script.span(&range))
                    .discriminator(&subject)
                    .say(&format!(
                        "RUN runs what it fetches{from} with `{runner}`, and nothing checks what that is; use a package or an image, or fetch it with `ADD --checksum=sha256:…` and run the file"));
            }
        }
    }
}

type Found<'s> = (std::ops::Range<usize>, Option<&'s str>, &'s str);

/// What runs what it fetches: where, the address, the program.
fn runs_unseen(script: &Script) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    // Where the pipe began, and the command that fetches in it.
    let mut fetches: Option<&Command> = None;
    let mut in_pipe = false;
    for command in &script.commands {
        if !in_pipe {
            fetches = None;
        }
        if let Some(program) = command.program() {
            if let Some(fetcher) = fetches.filter(|_| reads_script(program)) {
                let range = fetcher.range().start..command.range().end;
                found.push((range, address(fetcher), program.name()));
                fetches = None;
            } else if let Some((word, fetcher)) = given(script, program) {
                let range = program.range().start..word.range.end;
                found.push((range, fetcher, program.name()));
            }
            if is_fetcher(program) {
                fetches = Some(command);
            }
        }
        in_pipe = command.then == Some(Operator::Pipe);
    }
    found
}

fn is_fetcher(program: Program<'_>) -> bool {
    let fetches = ["curl", "wget", "http", "https", "aria2c"].contains(&program.name());
    let is_local = |word: &Word| word.text.contains("localhost") || word.text.contains("127.0.0.1");
    fetches && !program.arguments().iter().any(is_local)
}

/// The address that a command fetches.
fn address(command: &Command) -> Option<&str> {
    let mut words = command.words.iter().map(|word| &*word.text);
    words.find(|word| word.contains("://"))
}

/// True if a program runs what comes through its standard input.
fn reads_script(program: Program<'_>) -> bool {
    let name = program.name();
    let other = ["node", "perl", "ruby", "php", "bun", "deno"].contains(&name)
        || name.starts_with("python");
    if !shell::is_shell(name) && !other {
        return false;
    }
    for word in program.arguments() {
        let text = &*word.text;
        match text {
            "-" | "/dev/stdin" | "-s" | "--" => return true,
            // `-e`, `-c`, `-p`, `-ne`, `-m`: the script stands in the arguments.
            _ if text.starts_with('-') && (other || text.ends_with('c')) => return false,
            _ if text.starts_with("-o") || !text.starts_with('-') && text == "pipefail" => {}
            _ if text.starts_with('-') => {
                if text.contains('s') && !text.starts_with("--") {
                    return true;
                }
            }
            _ => return false,
        }
    }
    true
}

/// The word by which a program gets a script that is fetched within: `bash <(curl …)`, `sh -c "$(curl …)"`.
fn given<'s>(script: &Script, program: Program<'s>) -> Option<(&'s Word, Option<&'s str>)> {
    let runs_words = ["eval", "source", "."].contains(&program.name());
    let is_shell = shell::is_shell(program.name());
    if !is_shell && !runs_words {
        return None;
    }
    let given = program.given_script();
    program.arguments().iter().find_map(|word| {
        let is_file = word.text.starts_with("<(");
        let is_script = given == Some(word) || program.name() == "eval";
        let starts = word.text.starts_with("$(") || word.text.starts_with('`');
        if !(is_file || is_script && starts) {
            return None;
        }
        let fetched = word.inner.iter().any(|range| {
            let commands = shell::commands_within(script.text(), range.clone(), '\\');
            let mut programs = commands.iter().filter_map(Command::program);
            programs.any(is_fetcher)
        });
        let address = word
            .text
            .split(['\'', '"', ' ', ')'])
            .find(|part| part.contains("://"));
        fetched.then_some((word, address))
    })
}
