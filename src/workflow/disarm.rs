//! Commands that take away what a later call of tidegate judges, or the program that judges.

use super::scripted::{Side, side};
use super::shell::{Command, Token};

/// What a command does to the calls behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disarm {
    /// The command as it is written.
    pub(super) text: String,
    /// The line of the script, from 0.
    pub(super) line: usize,
    /// True where it is understood, so that nothing is left to judge, or another program judges.
    pub(super) is_known: bool,
    /// Paths that it removes: how grave that is depends on what stands there.
    pub(super) removes: Vec<String>,
}

impl Disarm {
    /// Keeps some of many. That there are more is told as well: behind them anything could be hidden.
    pub(super) fn limit(found: &mut Vec<Self>, most: usize) {
        if let Some(last) = found.get_mut(most) {
            last.text = format!("more than {most} commands that change files");
            last.is_known = true;
            found.truncate(most + 1);
        }
    }
}

/// The programs of the system, which judge nothing.
const OF_THE_SYSTEM: [&str; 4] = ["/bin/", "/usr/bin/", "/sbin/", "/dev/"];

/// True if a word names the program, in whatever folder.
pub(super) fn is_program(word: &str) -> bool {
    word.rsplit('/').next() == Some("tidegate")
}

/// What a command disarms, if it does.
pub(super) fn disarm(command: &Command<'_>) -> Option<Disarm> {
    let words: Vec<&str> = command
        .words
        .iter()
        .map(|(word, _)| *word)
        .skip_while(|word| matches!(*word, "then" | "do" | "else" | "sudo" | "{"))
        .collect();
    let (program, arguments) = words.split_first()?;
    let plain: Vec<&str> = arguments
        .iter()
        .copied()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let found = |is_known: bool, removes: Vec<String>| Disarm {
        text: words.join(" "),
        line: command.words.first().map_or(0, |(_, line)| *line),
        is_known,
        removes,
    };
    if let Some(is_known) = writes_program(program, arguments, &plain) {
        return Some(found(is_known, Vec::new()));
    }
    match *program {
        "git" => {
            let verb = plain.first()?;
            let revisions = plain.get(1..).unwrap_or_default();
            match *verb {
                "checkout" | "switch" | "reset" | "restore" => {
                    let of = |wanted| revisions.iter().any(|name| side(name) == wanted);
                    let is_base = of(Side::Base)
                        || revisions.iter().any(|name| {
                            name.starts_with("origin/")
                                || name.starts_with("HEAD~")
                                || name.starts_with("HEAD^")
                        });
                    (is_base || !of(Side::Head)).then(|| found(is_base, Vec::new()))
                }
                "rm" => Some(found(false, removed(revisions))),
                "clean" | "stash" | "revert" | "apply" | "am" | "merge" | "pull" | "rebase"
                | "read-tree" | "checkout-index" | "cherry-pick" | "sparse-checkout" => {
                    Some(found(false, Vec::new()))
                }
                _ => None,
            }
        }
        "rm" | "rmdir" | "unlink" | "shred" => {
            let removes = removed(&plain);
            (!removes.is_empty()).then(|| found(false, removes))
        }
        "mv" => {
            let (_, sources) = plain.split_last()?;
            let removes = removed(sources);
            (!removes.is_empty()).then(|| found(false, removes))
        }
        "find" if arguments.contains(&"-delete") => Some(found(false, Vec::new())),
        _ => None,
    }
}

/// Paths of the workspace: what lies elsewhere is judged by nobody.
fn removed(paths: &[&str]) -> Vec<String> {
    let paths = paths.iter().filter(|path| {
        let elsewhere = path.starts_with(['/', '~']) || path.starts_with("$RUNNER_TEMP");
        !elsewhere && !path.contains(['>', '<'])
    });
    paths
        .map(|path| {
            let path = path
                .trim_start_matches("$GITHUB_WORKSPACE")
                .trim_start_matches("${{ github.workspace }}");
            let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
            parts.collect::<Vec<_>>().join("/")
        })
        .collect()
}

/// True if a command puts something else in the place of the program that is known to judge nothing, false if that
/// cannot be told, and none if it leaves the program alone.
fn writes_program(program: &str, arguments: &[&str], plain: &[&str]) -> Option<bool> {
    let target = arguments.windows(2).find_map(|pair| match pair {
        [sign, target] if sign.ends_with('>') && is_program(target) => Some(()),
        _ => None,
    });
    let joined = || {
        let mut targets = arguments.iter().filter_map(|word| word.rsplit_once('>'));
        targets.any(|(_, target)| is_program(target))
    };
    if target.is_some() || joined() {
        return Some(matches!(program, "echo" | "printf" | "cat" | ":" | "true"));
    }
    match program {
        "cp" | "ln" | "mv" | "install" => {
            let (target, sources) = plain.split_last()?;
            let of_system = |source: &&str| {
                OF_THE_SYSTEM
                    .iter()
                    .any(|folder| source.starts_with(folder))
                    && !is_program(source)
            };
            is_program(target).then(|| sources.iter().any(of_system))
        }
        "tee" => plain.iter().any(|word| is_program(word)).then_some(true),
        "chmod" => plain
            .iter()
            .any(|word| is_program(word))
            .then_some(false)
            .filter(|_| {
                !arguments
                    .iter()
                    .any(|mode| mode.contains("+x") || mode.starts_with('7'))
            }),
        _ => None,
    }
}

/// The name of the function that a statement begins to define.
pub(super) fn defined(tokens: &[(Token, usize)]) -> Option<&str> {
    let word = |at: usize| tokens.get(at).and_then(|(token, _)| token.word());
    let is = |at: usize, wanted: &Token| tokens.get(at).is_some_and(|(token, _)| token == wanted);
    if word(0) == Some("function") {
        return word(1);
    }
    let name = word(0)?;
    (is(1, &Token::Open) && is(2, &Token::Close)).then_some(name)
}
