//! What a `run:` script does with tidegate. This is no shell: it splits words and commands, and knows the few
//! ways in which a command's exit code gets lost.

/// The most calls that are looked for in one script.
const MOST_CALLS: usize = 64;

/// One call of tidegate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// The line of the script that it stands on, from 0.
    pub(super) line: usize,
    /// The program or image as it is written.
    pub(super) program: String,
    /// True for `tidegate action`, which takes its inputs from the environment.
    pub(super) is_action: bool,
    pub(super) fail_on: Option<String>,
    pub(super) fail_on_existing: bool,
    pub(super) on_incomplete: Option<String>,
    pub(super) base: bool,
    pub(super) paths: Vec<String>,
    /// What keeps its exit code from failing the step.
    pub(super) swallowed: Option<String>,
}

/// What stands between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// `;`, a line break, a bracket, `&&`.
    Next,
    Or,
    Pipe,
    Background,
}

#[derive(Debug, Default)]
struct Command {
    words: Vec<(String, usize)>,
    then: Option<Operator>,
}

impl Command {
    fn word(&self, index: usize) -> Option<&str> {
        self.words.get(index).map(|(word, _)| word.as_str())
    }
}

/// Splits a script into commands.
struct Splitter {
    commands: Vec<Command>,
    command: Command,
    word: String,
    quoted: bool,
    line: usize,
}

impl Splitter {
    fn end_word(&mut self) {
        if !self.word.is_empty() || self.quoted {
            let word = std::mem::take(&mut self.word);
            self.command.words.push((word, self.line));
        }
        self.quoted = false;
    }

    fn end_command(&mut self, then: Operator) {
        self.end_word();
        if !self.command.words.is_empty() {
            let mut command = std::mem::take(&mut self.command);
            command.then = Some(then);
            self.commands.push(command);
        }
    }
}

fn commands(script: &str) -> Vec<Command> {
    let mut splitter = Splitter {
        commands: Vec::new(),
        command: Command::default(),
        word: String::new(),
        quoted: false,
        line: 0,
    };
    let mut characters = script.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('\n') => {
                    splitter.end_word();
                    splitter.line += 1;
                }
                Some(other) => splitter.word.push(other),
                None => {}
            },
            '\'' | '"' => {
                splitter.quoted = true;
                while let Some(inner) = characters.next() {
                    match inner {
                        '\\' if character == '"' => splitter.word.extend(characters.next()),
                        inner if inner == character => break,
                        inner => {
                            splitter.line += usize::from(inner == '\n');
                            splitter.word.push(inner);
                        }
                    }
                }
            }
            '#' if splitter.word.is_empty() => {
                while characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            // An expression of GitHub's, or a substitution: one word, whatever stands in it.
            '$' if matches!(characters.peek(), Some('{' | '(')) => {
                splitter.word.push('$');
                let opening = characters.next().unwrap_or_default();
                splitter.word.push(opening);
                let closing = if opening == '{' { '}' } else { ')' };
                let mut depth = 1_usize;
                for inner in characters.by_ref() {
                    splitter.line += usize::from(inner == '\n');
                    splitter.word.push(inner);
                    if inner == opening {
                        depth += 1;
                    } else if inner == closing {
                        depth -= 1;
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '\n' => {
                splitter.end_command(Operator::Next);
                splitter.line += 1;
            }
            '&' if splitter.word.ends_with('>') => splitter.word.push('&'),
            '&' | '|' if characters.peek() == Some(&character) => {
                characters.next();
                let or = character == '|';
                splitter.end_command(if or { Operator::Or } else { Operator::Next });
            }
            '|' => splitter.end_command(Operator::Pipe),
            '&' => splitter.end_command(Operator::Background),
            ';' | '(' | ')' => splitter.end_command(Operator::Next),
            character if character.is_whitespace() => splitter.end_word(),
            character => splitter.word.push(character),
        }
    }
    splitter.end_command(Operator::Next);
    splitter.commands
}

/// The name of a program, without folders, tag and digest.
fn program_name(word: &str) -> &str {
    let plain = word.split('@').next().unwrap_or(word);
    let last = plain.rsplit('/').next().unwrap_or(plain);
    last.split(':').next().unwrap_or(last)
}

/// The flags of `check` that take a value.
const WITH_VALUE: [&str; 8] = [
    "--base",
    "--head",
    "--format",
    "--output",
    "--fail-on",
    "--on-incomplete",
    "--color",
    "--config",
];

/// The calls of tidegate in a script. `pipefail` says that the shell lets no part of a pipe fail unseen.
pub(super) fn calls(script: &str, pipefail: bool) -> Vec<Call> {
    let commands = commands(script);
    let mut calls = Vec::new();
    let mut pipefail = pipefail;
    let mut goes_on = false;
    for (index, command) in commands.iter().enumerate() {
        if command.word(0) == Some("set") {
            let mut words = command.words.iter();
            pipefail |= words.any(|(word, _)| word == "pipefail");
            let says = |flag| command.words.iter().any(|(word, _)| word.starts_with(flag));
            goes_on = says("+e") || goes_on && !says("-e");
            continue;
        }
        if matches!(command.word(0), Some("echo" | "printf")) {
            continue;
        }
        let mut places = command.words.windows(2).enumerate();
        let found = places.find_map(|(at, pair)| match pair {
            [(program, line), (verb, _)] => {
                let is_call =
                    program_name(program) == "tidegate" && matches!(&**verb, "check" | "action");
                is_call.then_some((at, program, *line, verb == "action"))
            }
            _ => None,
        });
        let Some((at, program, line, is_action)) = found else {
            continue;
        };
        let mut call = Call {
            line,
            program: program.clone(),
            is_action,
            base: is_action,
            ..Call::default()
        };
        let arguments = command.words.get(at + 2..).unwrap_or_default();
        read_arguments(arguments, &mut call);
        let is_last = index + 1 == commands.len();
        let lost = lost_by(command, commands.get(index + 1), pipefail);
        call.swallowed = lost.or_else(|| (goes_on && !is_last).then(|| "set +e".to_owned()));
        calls.push(call);
        if calls.len() == MOST_CALLS {
            break;
        }
    }
    calls
}

fn read_arguments(arguments: &[(String, usize)], call: &mut Call) {
    let mut arguments = arguments.iter().map(|(argument, _)| argument.as_str());
    while let Some(argument) = arguments.next() {
        if argument.contains(['>', '<']) {
            if argument.ends_with(['>', '<']) {
                arguments.next();
            }
            continue;
        }
        if !argument.starts_with('-') {
            call.paths.push(argument.to_owned());
            continue;
        }
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None if WITH_VALUE.contains(&argument) => (argument, arguments.next()),
            None => (argument, None),
        };
        match flag {
            "--fail-on" => call.fail_on = value.map(Into::into),
            "--on-incomplete" => call.on_incomplete = value.map(Into::into),
            "--fail-on-existing" => call.fail_on_existing = true,
            "--base" => call.base = true,
            _ => {}
        }
    }
}

/// What of the command itself, or behind it, takes its exit code away.
fn lost_by(command: &Command, next: Option<&Command>, pipefail: bool) -> Option<String> {
    if let Some(word @ ("if" | "elif" | "while" | "until" | "!")) = command.word(0) {
        return Some(word.to_owned());
    }
    match command.then? {
        Operator::Next => None,
        Operator::Background => Some("&".to_owned()),
        Operator::Pipe => {
            let program = next.and_then(|next| next.word(0)).unwrap_or_default();
            (!pipefail).then(|| format!("| {program}"))
        }
        Operator::Or => {
            let next = next?;
            let program = next.word(0)?;
            let harmless = match program {
                "true" | ":" | "echo" | "printf" => true,
                "exit" | "return" => next.word(1) == Some("0"),
                _ => false,
            };
            let code = if program == "exit" || program == "return" {
                " 0"
            } else {
                ""
            };
            harmless.then(|| format!("|| {program}{code}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swallowed(script: &str) -> Option<String> {
        let mut calls = calls(script, false);
        assert_eq!(calls.len(), 1, "{script}");
        calls.pop().unwrap().swallowed
    }

    #[test]
    fn calls_are_found_with_their_arguments() {
        let script = "set -eu\necho tidegate check # tidegate check\n./bin/tidegate check deploy \\\n  --base \"origin/${{ github.base_ref }}\" \\\n  --fail-on=low --output sarif=a.sarif --fail-on-existing 2>&1\n";
        let calls = calls(script, false);
        assert_eq!(
            calls,
            [Call {
                line: 2,
                program: "./bin/tidegate".to_owned(),
                fail_on: Some("low".to_owned()),
                fail_on_existing: true,
                base: true,
                paths: vec!["deploy".to_owned()],
                ..Call::default()
            }]
        );
        let docker = "docker run --rm -v \"$PWD:/w\" ghcr.io/tidegate/tidegate:1.2 check --on-incomplete pass > out.txt";
        let call = super::calls(docker, false).pop().unwrap();
        assert_eq!(call.program, "ghcr.io/tidegate/tidegate:1.2");
        assert_eq!(call.on_incomplete.as_deref(), Some("pass"));
        assert!(call.paths.is_empty());
        for other in [
            "tidegate rules",
            "echo 'tidegate check'",
            "x=\"tidegate check\"",
            "# tidegate check",
            "tidegated check",
        ] {
            assert_eq!(super::calls(other, false), [], "{other}");
        }
    }

    #[test]
    fn a_lost_exit_code_is_seen() {
        for (script, lost) in [
            ("tidegate check || true", "|| true"),
            ("tidegate check ||:", "|| :"),
            ("tidegate check || exit 0", "|| exit 0"),
            ("tidegate check || echo found", "|| echo"),
            ("tidegate check | tee log", "| tee"),
            ("tidegate check & wait", "&"),
            ("if tidegate check; then echo; fi", "if"),
            ("! tidegate check", "!"),
            ("set +e\ntidegate check\ntrue", "set +e"),
        ] {
            assert_eq!(swallowed(script).as_deref(), Some(lost), "{script}");
        }
        for script in [
            "tidegate check",
            "tidegate check || exit 1",
            "tidegate check && echo fine",
            "tidegate check 2>&1",
            "set -o pipefail\ntidegate check | tee log",
            "set +e\ntidegate check",
            "set +e\nls\nset -e\ntidegate check\necho",
            "true || tidegate check",
        ] {
            assert_eq!(swallowed(script), None, "{script}");
        }
    }
}
