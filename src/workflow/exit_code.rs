//! What becomes of the exit code of a command in a script.

use super::shell::{Command, Statement, Token};

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
