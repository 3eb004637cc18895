//! Statements of a script that can have no effect on the others.

use super::script::program_name;
use super::shell::Statement;

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
