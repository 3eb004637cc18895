//! What a `run:` script does with tidegate, and what of the script decides whether that counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::disarm::{Disarm, defined, disarm, is_program};
use super::exit_code::{is_harmless_tail, lost_by};
use super::harmless::is_harmless;
use super::shell::{Command, Shell, Statement, Token, statements, text};

/// The most calls that are looked for in one script.
const MOST_CALLS: usize = 64;

/// The most statements of a script that are held against another one's. More differ where their hashes do.
const MOST_STATEMENTS: usize = 256;

/// One call of tidegate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    pub(super) base: Option<String>,
    pub(super) head: Option<String>,
    pub(super) config: Option<String>,
    pub(super) paths: Vec<String>,
    /// A flag with which it judges nothing.
    pub(super) idle: Option<String>,
    /// Flags that are not known.
    pub(super) others: Vec<String>,
    /// What keeps its exit code from failing the step.
    pub(super) swallowed: Option<String>,
    /// What may keep it from running, and the line of it.
    pub(super) avoided: Option<(String, usize)>,
    /// What stands before it and takes away what it judges, or its program.
    pub(super) disarms: Vec<Disarm>,
    /// What else stands around it.
    pub(super) around: Around,
}

/// What of a script stands around a call and may decide on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    /// The statements of the script that can have an effect on its calls.
    statements: Arc<[Fragment]>,
    /// How many of them stand before it.
    before: usize,
    /// In its own statement: what stands before it, and what behind.
    prefix: String,
    suffix: String,
    /// True if nothing behind it has a say.
    is_final: bool,
}

/// A statement that may matter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fragment {
    text: String,
    line: usize,
}

impl Around {
    /// The first thing around a call that is not as it was, with its line where it is not about the call's own.
    /// What is gone from behind it, or can do it no harm there, does not count.
    pub(super) fn changed(&self, before: &Self) -> Option<(String, Option<usize>)> {
        let parts = |around: &Self, own: &str| {
            if own.is_empty() {
                String::new()
            } else {
                format!("{} … {}", around.prefix, around.suffix)
            }
        };
        let alone = self.prefix.is_empty() && self.suffix.is_empty();
        if !alone && (&self.prefix, &self.suffix) != (&before.prefix, &before.suffix) {
            let own = if self.prefix.is_empty() {
                &self.suffix
            } else {
                &self.prefix
            };
            let shown = parts(self, own).trim().to_owned();
            return Some((shown, None));
        }
        let (now, then) = (self.statements_before(), before.statements_before());
        if let Some(found) = first_change(now, then) {
            return Some(found);
        }
        if self.is_final {
            return None;
        }
        first_change(self.statements_behind(), before.statements_behind())
    }

    fn statements_before(&self) -> &[Fragment] {
        self.statements.get(..self.before).unwrap_or_default()
    }

    fn statements_behind(&self) -> &[Fragment] {
        self.statements.get(self.before..).unwrap_or_default()
    }
}

fn first_change(now: &[Fragment], then: &[Fragment]) -> Option<(String, Option<usize>)> {
    let mut pairs = now.iter().zip(then).take(MOST_STATEMENTS);
    if let Some((now, _)) = pairs.find(|(now, then)| now.text != then.text) {
        return Some((now.text.clone(), Some(now.line)));
    }
    if now.len().max(then.len()) > MOST_STATEMENTS {
        // What is the same object, or says the same to the last byte, is the same.
        let same = now.len() == then.len()
            && now
                .iter()
                .zip(then)
                .all(|(now, then)| now.text == then.text);
        return (!same).then(|| ("a long script".to_owned(), None));
    }
    if let Some(more) = now.get(then.len()) {
        return Some((more.text.clone(), Some(more.line)));
    }
    let less = then.get(now.len())?;
    Some((format!("{} (gone)", less.text), None))
}

/// The name of a program, without folders, tag and digest.
pub(super) fn program_name(word: &str) -> &str {
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

/// Programs that do nothing with what they are told to say.
const IDLE: [&str; 6] = ["echo", "printf", "true", "false", ":", "test"];

/// Where a command calls tidegate: the place of the program among its words.
fn call_in(command: &Command<'_>) -> Option<usize> {
    if command.word(0).is_some_and(|word| IDLE.contains(&word)) {
        return None;
    }
    let mut places = command.words.windows(2).enumerate();
    places.find_map(|(at, pair)| match pair {
        [(program, _), (verb, _)] => {
            let calls = program_name(program) == "tidegate" && matches!(*verb, "check" | "action");
            calls.then_some(at)
        }
        _ => None,
    })
}

/// What the statements of a script have done by the time that a call is reached.
struct Progress {
    shell: Shell,
    pipefail: bool,
    /// True if a failure stops nothing.
    goes_on: bool,
    /// What is open: conditions, loops, groups, each with its line.
    open: Vec<(&'static str, usize)>,
    /// What ends the script early or changes what it ends with.
    evades: Option<(String, usize)>,
    /// The function whose body this is.
    function: Option<Function>,
}

struct Function {
    /// How many braces are open.
    depth: usize,
    /// Its name and line, where nothing behind it calls it.
    uncalled: Option<(String, usize)>,
}

/// The calls of tidegate in a script that a shell runs.
pub(super) fn calls(script: &str, shell: Shell) -> Vec<Call> {
    let statements = statements(script);
    let mut progress = Progress {
        shell,
        pipefail: shell.has_pipefail(),
        goes_on: matches!(shell, Shell::GoesOn { .. }),
        open: Vec::new(),
        evades: None,
        function: None,
    };
    let mut found: Vec<Call> = Vec::new();
    let mut fragments: Vec<Fragment> = Vec::new();
    let mut disarms: Vec<Disarm> = Vec::new();
    let last = statements.len().saturating_sub(1);
    let mut last_called: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, statement) in statements.iter().enumerate() {
        let commands = statement.commands().into_iter();
        last_called.extend(commands.filter_map(|command| Some((command.word(0)?, index))));
    }
    for (index, statement) in statements.iter().enumerate() {
        let rest = statements.get(index + 1..).unwrap_or_default();
        let mut calls_here = false;
        progress.define(statement, rest, |name| {
            last_called.get(name).is_some_and(|last| *last > index)
        });
        for command in statement.commands() {
            if let Some(at) = call_in(&command)
                && found.len() < MOST_CALLS
            {
                calls_here = true;
                let mut call = progress.call(statement, &command, at, rest, index == last);
                call.around.before = fragments.len();
                call.disarms.clone_from(&disarms);
                found.push(call);
            }
            progress.enter(&command);
            if disarms.len() <= MOST_CALLS {
                disarms.extend(disarm(&command));
                Disarm::limit(&mut disarms, MOST_CALLS);
            }
        }
        progress.leave(statement);
        if !calls_here && !is_harmless(statement) {
            fragments.push(Fragment {
                text: text(&statement.tokens),
                line: statement.line(),
            });
        }
    }
    let fragments: Arc<[Fragment]> = fragments.into();
    for call in &mut found {
        call.around.statements = Arc::clone(&fragments);
    }
    found
}

/// What the commands of a script take from the steps behind it.
pub(super) fn disarms(script: &str) -> Vec<Disarm> {
    let statements = statements(script);
    let commands = statements.iter().flat_map(Statement::commands);
    let mut found: Vec<Disarm> = commands
        .filter_map(|command| disarm(&command))
        .take(MOST_CALLS + 1)
        .collect();
    Disarm::limit(&mut found, MOST_CALLS);
    found
}

impl Progress {
    /// Takes in that a function begins: what stands in it runs only where it is called, and one that has the name of
    /// the program runs in its place.
    fn define(
        &mut self,
        statement: &Statement,
        rest: &[Statement],
        is_called: impl Fn(&str) -> bool,
    ) {
        let Some(name) = defined(&statement.tokens) else {
            return;
        };
        let line = statement.line();
        if self.function.is_some() {
            return;
        }
        let mentions = |statement: &Statement| {
            let mut words = statement
                .tokens
                .iter()
                .filter_map(|(token, _)| token.word());
            words.any(|word| word.contains("tidegate"))
        };
        let mut body = rest.iter().take(MOST_STATEMENTS).take_while(|statement| {
            let first = statement.tokens.first().and_then(|(token, _)| token.word());
            first != Some("}")
        });
        let own = statement.tokens.iter().skip(1);
        let mut own = own.filter_map(|(token, _)| token.word());
        if is_program(name) && !own.any(|word| word.contains("tidegate")) && !body.any(mentions) {
            self.evade(&format!("{name}()"), line);
        }
        self.function = Some(Function {
            depth: 0,
            uncalled: (!is_called(name)).then(|| (format!("{name}()"), line)),
        });
    }

    /// Takes in the braces of a statement: behind the last one a function is at its end.
    fn leave(&mut self, statement: &Statement) {
        let Some(function) = &mut self.function else {
            return;
        };
        for (token, _) in &statement.tokens {
            match token.word() {
                Some("{") => function.depth += 1,
                Some("}") => function.depth = function.depth.saturating_sub(1),
                _ => {}
            }
        }
        let opens = |token: &Token| token.word() == Some("{");
        let is_open = function.depth > 0
            // The brace may stand on the next line.
            || defined(&statement.tokens).is_some()
                && !statement.tokens.iter().any(|(token, _)| opens(token));
        if !is_open {
            self.function = None;
        }
    }

    /// Takes in what a command does to those behind it.
    fn enter(&mut self, command: &Command<'_>) {
        let line = command.words.first().map_or(0, |(_, line)| *line);
        let Some(first) = command.word(0) else { return };
        let second = command.word(1);
        match first {
            "if" => self.open.push(("if", line)),
            "while" => self.open.push(("while", line)),
            "until" => self.open.push(("until", line)),
            "for" | "select" => self.open.push(("for", line)),
            "case" => self.open.push(("case", line)),
            "fi" | "done" | "esac" => {
                self.open.pop();
            }
            "set" => {
                let mut words = command.words.iter();
                self.pipefail |= words.any(|(word, _)| *word == "pipefail");
                let says = |flag| command.words.iter().any(|(word, _)| word.starts_with(flag));
                self.goes_on = says("+e") || self.goes_on && !says("-e");
            }
            "exit" | "return" if second.is_none_or(|code| code == "0") => {
                self.evade("exit 0", line);
            }
            "exec"
                if second.is_some_and(|word| !word.contains(['>', '<']))
                    && call_in(command).is_none() =>
            {
                self.evade("exec", line);
            }
            "trap" => {
                let signals = command.words.iter().skip(2);
                let mut signals = signals.map(|(signal, _)| signal.to_ascii_uppercase());
                if signals.any(|signal| ["EXIT", "0", "ERR", "SIGEXIT"].contains(&&*signal)) {
                    self.evade("trap", line);
                }
            }
            _ => {}
        }
    }

    fn evade(&mut self, what: &str, line: usize) {
        self.evades.get_or_insert((what.to_owned(), line));
    }

    fn call(
        &self,
        statement: &Statement,
        command: &Command<'_>,
        at: usize,
        rest: &[Statement],
        is_last: bool,
    ) -> Call {
        let (program, line) = command.words.get(at).copied().unwrap_or_default();
        let verb = command.words.get(at + 1).map(|(verb, _)| *verb);
        let mut call = Call {
            line,
            program: program.to_owned(),
            is_action: verb == Some("action"),
            ..Call::default()
        };
        read_arguments(command.words.get(at + 2..).unwrap_or_default(), &mut call);
        let tail = statement.tokens.get(command.end..).unwrap_or_default();
        let lead = statement.tokens.get(..command.start + at);
        let lead = lead.unwrap_or_default();
        let lost = lost_by(command, tail, rest, self.pipefail, is_last);
        let goes_on = self.goes_on && !is_last;
        call.swallowed = lost.or_else(|| goes_on.then(|| "set +e".to_owned()));
        call.avoided = self.avoided(lead, line, is_last);
        // Words that only hand the command on, and what opens a branch that is told of by itself.
        let lead = lead.iter().filter(|(token, _)| {
            !token.word().is_some_and(|word| {
                ["sudo", "time", "nice", "command", "exec", "then", "do"].contains(&word)
            })
        });
        let lead: Vec<_> = lead.cloned().collect();
        call.around = Around {
            prefix: text(&lead),
            suffix: if is_harmless_tail(tail, rest) {
                String::new()
            } else {
                text(tail)
            },
            is_final: self.open.is_empty()
                && !goes_on
                && call.swallowed.is_none()
                && matches!(self.shell, Shell::Stops { .. } | Shell::GoesOn { .. }),
            ..Around::default()
        };
        call
    }

    /// What may keep a call from running, or from counting.
    fn avoided(
        &self,
        lead: &[(Token, usize)],
        line: usize,
        is_last: bool,
    ) -> Option<(String, usize)> {
        if let Some((what, line)) = &self.evades {
            return Some((what.clone(), *line));
        }
        if let Some(uncalled) = self.function.as_ref().and_then(|of| of.uncalled.clone()) {
            return Some(uncalled);
        }
        let or = lead.iter().any(|(token, _)| *token == Token::Or);
        // The list fails with the first that does, but only at the end of the script.
        let and = lead.iter().any(|(token, _)| *token == Token::And) && !is_last;
        if or || and {
            return Some((if or { "||" } else { "&&" }.to_owned(), line));
        }
        let (word, line) = self.open.last()?;
        Some(((*word).to_owned(), *line))
    }
}

fn read_arguments(arguments: &[(&str, usize)], call: &mut Call) {
    let mut arguments = arguments.iter().map(|(argument, _)| *argument);
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
        let value = value.map(Into::into);
        match flag {
            "--fail-on" => call.fail_on = value,
            "--on-incomplete" => call.on_incomplete = value,
            "--fail-on-existing" => call.fail_on_existing = true,
            "--base" => call.base = value,
            "--head" => call.head = value,
            "--config" => call.config = value,
            "--help" | "-h" | "--version" | "-V" => call.idle = Some(flag.to_owned()),
            "--format" | "--output" | "--color" | "--quiet" | "-q" | "--verbose" | "-v" => {}
            _ => call.others.push(argument.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Shell = Shell::Stops { pipefail: false };

    fn calls(script: &str) -> Vec<Call> {
        super::calls(script, SHELL)
    }

    fn call(script: &str) -> Call {
        let mut calls = calls(script);
        assert_eq!(calls.len(), 1, "{script}");
        calls.pop().unwrap()
    }

    #[test]
    fn calls_are_found_with_their_arguments() {
        let script = "set -eu\necho tidegate check # tidegate check\n./bin/tidegate check deploy \\\n  --base \"origin/${{ github.base_ref }}\" \\\n  --fail-on=low --output sarif=a.sarif --fail-on-existing 2>&1\n";
        let found = call(script);
        assert_eq!(
            found,
            Call {
                line: 2,
                program: "./bin/tidegate".to_owned(),
                fail_on: Some("low".to_owned()),
                fail_on_existing: true,
                base: Some("origin/${{ github.base_ref }}".to_owned()),
                paths: vec!["deploy".to_owned()],
                around: Around {
                    is_final: true,
                    ..Around::default()
                },
                ..Call::default()
            }
        );
        let docker = "docker run --rm -v \"$PWD:/w\" ghcr.io/tidegate/tidegate:1.2 check --on-incomplete pass > out.txt";
        let found = call(docker);
        assert_eq!(found.program, "ghcr.io/tidegate/tidegate:1.2");
        assert_eq!(found.on_incomplete.as_deref(), Some("pass"));
        assert!(found.paths.is_empty());
        for other in [
            "tidegate rules",
            "echo 'tidegate check'",
            "x=\"tidegate check\"",
            "# tidegate check",
            "tidegated check",
            "true tidegate check",
        ] {
            assert_eq!(calls(other), [], "{other}");
        }
    }

    #[test]
    fn a_lost_exit_code_is_seen() {
        for (script, lost) in [
            ("tidegate check || true", "|| true"),
            ("tidegate check ||:", "|| :"),
            ("tidegate check || exit 0", "|| exit 0"),
            ("tidegate check || echo found", "|| echo"),
            ("tidegate check && echo ok || echo bad", "|| echo"),
            ("tidegate check || { echo bad; }", "|| {"),
            ("tidegate check && echo ok\necho done", "&& echo"),
            ("(tidegate check) || true", "|| true"),
            ("tidegate check | tee log", "| tee"),
            ("tidegate check & wait", "&"),
            ("if tidegate check; then echo; fi", "if"),
            ("! tidegate check", "!"),
            ("set +e\ntidegate check\ntrue", "set +e"),
        ] {
            assert_eq!(call(script).swallowed.as_deref(), Some(lost), "{script}");
        }
        for script in [
            "tidegate check",
            "tidegate check || exit 1",
            "tidegate check || { echo bad; exit 1; }",
            "tidegate check && echo fine",
            "tidegate check 2>&1",
            "set -o pipefail\ntidegate check | tee log",
            "set +e\ntidegate check",
            "set +e\nls\nset -e\ntidegate check\necho",
            "true || tidegate check",
        ] {
            assert_eq!(call(script).swallowed, None, "{script}");
        }
    }

    #[test]
    fn what_keeps_a_call_from_running_is_seen() {
        for (script, avoided) in [
            ("exit 0\ntidegate check", "exit 0"),
            ("[ -n \"$X\" ] || exit\ntidegate check", "exit 0"),
            ("if false; then\n  tidegate check\nfi", "if"),
            ("for x in; do tidegate check; done", "for"),
            ("trap 'exit 0' EXIT\ntidegate check", "trap"),
            ("exec true\ntidegate check", "exec"),
            ("false && tidegate check\ntrue", "&&"),
            ("true || tidegate check", "||"),
        ] {
            let found = call(script).avoided;
            assert_eq!(found.unwrap().0, avoided, "{script}");
        }
        for script in [
            "exit_on=x\ntidegate check\nexit 0",
            "ls || exit 1\ntidegate check",
            "if true; then ls; fi\ntidegate check",
            "cd deploy && tidegate check",
            "exec tidegate check",
            "exec 2>&1\ntidegate check",
            "trap 'rm x' INT\ntidegate check",
        ] {
            assert_eq!(call(script).avoided, None, "{script}");
        }
    }
}
