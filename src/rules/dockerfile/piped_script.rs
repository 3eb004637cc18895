use std::collections::{BTreeMap, BTreeSet};

use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::syntax::dockerfile::{Instruction, Script};
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
    /// A fetched file that is moved or copied before it is run is not followed, nor one that anything checks; what
    /// is run by its own name counts where that says that it is a script. A program that reads what was fetched without running
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
    // What a stage has fetched and kept, with where from.
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    let mut folder = String::new();
    let instructions = dockerfile.instructions().iter();
    let is_run = |found: &Instruction| {
        let trigger = || dockerfile.trigger(found);
        found.keyword == "RUN"
            || trigger().is_some_and(|word| word.text.eq_ignore_ascii_case("RUN"))
    };
    for run in instructions {
        if run.keyword == "FROM" {
            kept.clear();
            folder.clear();
        }
        if run.keyword == "WORKDIR"
            && let Some(to) = dockerfile.words(run).first()
        {
            folder = within(&folder, &to.text);
        }
        if ["COPY", "ADD"].contains(&&*run.keyword)
            && let Some(to) = dockerfile.words(run).last()
        {
            // What lies there from now on is another file.
            kept.remove(&within(&folder, &to.text));
        }
        if !is_run(run) {
            continue;
        }
        for script in dockerfile.scripts(run) {
            let unseen = runs_unseen(&script).into_iter();
            let unseen = unseen.map(|(range, address, runner)| {
                let address = address.unwrap_or_default().to_owned();
                (range, address, runner)
            });
            for (range, address, runner) in unseen.chain(runs_kept(&script, &folder, &mut kept)) {
                let address = &*address;
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

/// What runs a file that this script has fetched, or one before it, with nothing between that checks it. `folder` is
/// where relative paths begin.
fn runs_kept<'s>(
    script: &'s Script,
    folder: &str,
    kept: &mut BTreeMap<String, String>,
) -> Vec<(std::ops::Range<usize>, String, &'s str)> {
    const CHECKS: [&str; 9] = [
        "sha256sum",
        "sha512sum",
        "sha384sum",
        "sha1sum",
        "shasum",
        "gpg",
        "gpgv",
        "cosign",
        "minisign",
    ];
    let mut found = Vec::new();
    let mut fetched: BTreeMap<String, &Command> = BTreeMap::new();
    // What fetches in the pipe that a command stands in.
    let mut source: Option<&Command> = None;
    for command in &script.commands {
        let is_piped = command.then == Some(Operator::Pipe);
        let upstream = source;
        source = source.filter(|_| is_piped);
        let Some(program) = command.program() else {
            continue;
        };
        if CHECKS.contains(&program.name()) || program.name() == "openssl" {
            fetched.clear();
            kept.clear();
        } else if program.name() == "rm" {
            for word in program.arguments() {
                let file = within(folder, &word.text);
                fetched.remove(&file);
                kept.remove(&file);
            }
        } else if is_fetcher(program) {
            source = is_piped.then_some(command);
            if let Some(file) = kept_as(command, program) {
                fetched.insert(within(folder, file), command);
            }
        } else if let Some(fetcher) = upstream.filter(|_| program.name() == "tee") {
            let files = program.arguments().iter().map(|word| &*word.text);
            let files = files.filter(|word| !word.starts_with('-'));
            fetched.extend(files.map(|file| (within(folder, file), fetcher)));
        } else if let Some((file, runner)) = file_run(program)
            && let Some(fetcher) = fetched.remove(&within(folder, file))
        {
            let range = fetcher.range().start..command.range().end;
            let address = address(fetcher).unwrap_or_default().to_owned();
            found.push((range, address, runner));
        } else if let Some((file, runner)) = file_run(program)
            && let Some(address) = kept.remove(&within(folder, file))
        {
            found.push((command.range(), address, runner));
        }
    }
    for (file, fetcher) in fetched {
        kept.insert(file, address(fetcher).unwrap_or_default().to_owned());
    }
    found
}

/// The file that a program keeps what it fetches in.
fn kept_as<'s>(command: &'s Command, program: Program<'s>) -> Option<&'s str> {
    let redirected = command.redirections.iter();
    let mut redirected =
        redirected.filter(|(operator, _)| [">", "1>", ">>"].contains(&&**operator));
    if let Some((_, word)) = redirected.next() {
        return Some(bare(&word.text));
    }
    let is_wget = program.name() == "wget";
    let letter = if is_wget { 'O' } else { 'o' };
    let long = if is_wget {
        "--output-document"
    } else {
        "--output"
    };
    let mut keeps_name = is_wget;
    let mut words = program.arguments().iter();
    while let Some(word) = words.next() {
        let text = &*word.text;
        if let Some(rest) = text.strip_prefix(long) {
            return match rest.strip_prefix('=') {
                Some(file) => Some(bare(file)),
                None => Some(bare(&words.next()?.text)),
            };
        }
        let cluster = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let Some(cluster) = cluster else {
            keeps_name |= text == "--remote-name";
            continue;
        };
        match cluster.split_once(letter) {
            Some((_, "")) => return Some(bare(&words.next()?.text)),
            Some((flags, file)) if flags.chars().all(|flag| flag.is_ascii_alphabetic()) => {
                return Some(bare(file));
            }
            _ => keeps_name |= cluster.contains('O'),
        }
    }
    let address = address(command).filter(|_| keeps_name)?;
    let path = address.split(['?', '#']).next()?;
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

/// The file that a program runs, and what runs it.
fn file_run(program: Program<'_>) -> Option<(&str, &str)> {
    let name = program.name();
    let is_other = ["node", "perl", "ruby", "php", "source", "."].contains(&name);
    if shell::is_shell(name) || is_other || name.starts_with("python") {
        let mut arguments = program.arguments().iter();
        // `-c`, `-e`, `-m`: the script stands in the arguments.
        let first = arguments.find(|word| {
            !word.text.starts_with('-')
                || word.text.ends_with(['c', 'e', 'm']) && !shell::is_shell(name)
        })?;
        return Some((bare(&first.text), name)).filter(|_| program.given_script().is_none());
    }
    let path = &*program.word()?.text;
    let is_script = [".sh", ".bash", ".py", ".pl"]
        .iter()
        .any(|end| path.ends_with(end))
        || name.contains("install");
    (path.contains('/') && is_script).then(|| (bare(path), name))
}

/// A path from a folder on.
fn within(folder: &str, path: &str) -> String {
    let path = bare(path);
    if path.starts_with('/') {
        return path.to_owned();
    }
    format!("{}/{path}", folder.trim_end_matches('/'))
}

/// A path without what names the current folder.
fn bare(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
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
