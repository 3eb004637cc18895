//! Whether the exit code of a call reaches the end of its script, or what takes it away.

use super::shell::{Command, Statement, Token, program_name};

/// What of the command itself, or behind it, takes its exit code away.
pub(super) fn lost_by(
    command: &Command<'_>,
    tail: &[(Token, usize)],
    rest: &[Statement],
    pipefail: bool,
    is_last: bool,
) -> Option<String> {
    if let Some(word @ ("if" | "elif" | "while" | "until" | "!")) = command.word(0) {
        return Some(word.to_owned());
    }
    // A group hands on what its last command ends with.
    let groups = tail.iter().take_while(|(token, _)| *token == Token::Close);
    let tail = tail.get(groups.count()..).unwrap_or_default();
    let (first, behind) = tail.split_first()?;
    let next = behind.first().and_then(|(token, _)| token.word());
    let next = next.unwrap_or_default();
    match &first.0 {
        Token::Background => Some("&".to_owned()),
        Token::Pipe if !pipefail => Some(format!("| {next}")),
        Token::And => {
            let or = behind.iter().position(|(token, _)| *token == Token::Or);
            match or {
                Some(at) => lost_to(behind.get(at + 1..).unwrap_or_default(), rest),
                // What fails on the left of `&&` stops no script.
                None => (!is_last).then(|| format!("&& {next}")),
            }
        }
        Token::Or => lost_to(behind, rest),
        Token::Pipe => {
            let or = behind.iter().position(|(token, _)| *token == Token::Or)?;
            lost_to(behind.get(or + 1..).unwrap_or_default(), rest)
        }
        Token::Word(_) | Token::Open | Token::Close => None,
    }
}

/// What comes behind `||`, where it is known to end well.
fn lost_to(behind: &[(Token, usize)], rest: &[Statement]) -> Option<String> {
    let program = behind.first()?.0.word()?;
    let argument = behind.get(1).and_then(|(token, _)| token.word());
    let ends_well = match program {
        "true" | ":" | "echo" | "printf" => true,
        "exit" | "return" => argument == Some("0"),
        "{" => !ends_badly(behind, rest) && group_is_harmless(behind, rest),
        _ => false,
    };
    let code = if matches!(program, "exit" | "return") {
        " 0"
    } else {
        ""
    };
    ends_well.then(|| format!("|| {program}{code}"))
}

/// The commands of the group that begins at the start of the tokens.
fn group<'s>(behind: &'s [(Token, usize)], rest: &'s [Statement]) -> Option<Vec<Vec<&'s str>>> {
    let words = |tokens: &'s [(Token, usize)]| {
        let words = tokens.iter().map(|(token, _)| token.word());
        words.collect::<Option<Vec<_>>>()
    };
    let mut commands = vec![words(behind.get(1..)?)?];
    for statement in rest.iter().take(16) {
        let words = words(&statement.tokens)?;
        if words.first() == Some(&"}") {
            commands.retain(|command| !command.is_empty());
            return (words.len() == 1).then_some(commands);
        }
        commands.push(words);
    }
    None
}

/// True if what comes behind `||` fails in turn.
fn ends_badly(behind: &[(Token, usize)], rest: &[Statement]) -> bool {
    let fails = |words: &[&str]| match words {
        ["exit" | "return", code] => code.parse::<u8>().is_ok_and(|code| code != 0),
        ["false"] => true,
        _ => false,
    };
    let first = behind.first().and_then(|(token, _)| token.word());
    if first == Some("{") {
        return group(behind, rest)
            .and_then(|commands| commands.last().map(|last| fails(last)))
            .unwrap_or_default();
    }
    let words: Vec<&str> = behind.iter().map_while(|(token, _)| token.word()).collect();
    words.len() == behind.len() && fails(&words)
}

fn group_is_harmless(behind: &[(Token, usize)], rest: &[Statement]) -> bool {
    let commands = group(behind, rest).unwrap_or_default();
    let last = commands.last().and_then(|command| command.first());
    last.is_some_and(|program| ["echo", "printf", "true", ":"].contains(program))
}

/// True if what stands behind a call in its statement leaves its exit code as it is, as far as [`lost_by`] has
/// nothing to say of it.
pub(super) fn is_harmless_tail(tail: &[(Token, usize)], rest: &[Statement]) -> bool {
    let Some((first, behind)) = tail.split_first() else {
        return true;
    };
    let has_or = behind.iter().any(|(token, _)| *token == Token::Or);
    match first.0 {
        Token::Or => ends_badly(behind, rest),
        Token::And | Token::Pipe => !has_or,
        _ => false,
    }
}

/// Programs that leave no trace in the script that runs them.
const HARMLESS: [&str; 14] = [
    "echo", "printf", "true", ":", "ls", "cat", "pwd", "date", "mkdir", "test", "sleep", "whoami",
    "uname", "wait",
];

/// True if a statement can have no effect on calls in the same script.
pub(super) fn is_harmless(statement: &Statement) -> bool {
    let words: Option<Vec<&str>> = statement
        .tokens
        .iter()
        .map(|(token, _)| token.word())
        .collect();
    let Some(words) = words else { return false };
    let Some((program, arguments)) = words.split_first() else {
        return true;
    };
    if *program == "set" {
        // What is switched off is known where it counts.
        let known = |flag: &str| {
            let letters = flag.strip_prefix(['-', '+']);
            letters.is_some_and(|letters| letters.chars().all(|letter| "eEuxov".contains(letter)))
                || ["pipefail", "errexit", "nounset", "xtrace"].contains(&flag)
        };
        return arguments.iter().all(|flag| known(flag));
    }
    let is_quiet = |word: &&str| {
        let harmless_target = [
            "GITHUB_STEP_SUMMARY",
            "GITHUB_OUTPUT",
            "/dev/null",
            ">&2",
            "2>&1",
        ];
        !word.contains("$(")
            && !word.contains('`')
            && (!word.contains(['>', '<']) || word.ends_with('>') || {
                harmless_target.iter().any(|target| word.contains(target))
            })
    };
    // A redirection with a space behind it names its target in the next word.
    let targets = arguments.windows(2).all(|pair| match pair {
        [sign, target] if sign.ends_with('>') => {
            target.contains("GITHUB_STEP_SUMMARY")
                || target.contains("GITHUB_OUTPUT")
                || *target == "/dev/null"
        }
        _ => true,
    });
    let known = HARMLESS.contains(program) || program_name(program) == "tidegate";
    known && targets && arguments.iter().all(is_quiet)
}
