//! Shell scripts as commands and words. This is no shell: it knows quotes, comments, operators, redirections and
//! substitutions, and nothing of what a command does.

use std::ops::Range;

/// What stands between a command and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `;`, a line break, a bracket.
    Next,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|`, `|&`.
    Pipe,
    /// `&`.
    Background,
}

/// One word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The word without quotes; variables and substitutions stand as they are written.
    pub text: String,
    /// Its bytes in the script.
    pub range: Range<usize>,
    /// The scripts within: what `$(…)`, `` `…` `` and `<(…)` run.
    pub inner: Vec<Range<usize>>,
}

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The words, without assignments before the program and without redirections.
    pub words: Vec<Word>,
    /// `NAME=value` before the program.
    pub assignments: Vec<Word>,
    /// The operator of each redirection, such as `>`, `2>>`, `<<`, with what follows it.
    pub redirections: Vec<(String, Word)>,
    /// What follows it; none for the last one.
    pub then: Option<Operator>,
}

/// A program with its arguments, behind what only starts it (`sudo`, `exec`, `env A=b`, `if`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program<'a> {
    words: &'a [Word],
}

impl<'a> Program<'a> {
    /// The name, without folders.
    #[must_use]
    pub fn name(self) -> &'a str {
        let text = self.words.first().map_or("", |word| &*word.text);
        text.rsplit('/').next().unwrap_or(text)
    }

    /// The word that names it.
    #[must_use]
    pub fn word(self) -> Option<&'a Word> {
        self.words.first()
    }

    /// What follows the name.
    #[must_use]
    pub fn arguments(self) -> &'a [Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// True if an argument is one of these words.
    #[must_use]
    pub fn has(self, words: &[&str]) -> bool {
        let mut arguments = self.arguments().iter();
        arguments.any(|argument| words.contains(&&*argument.text))
    }

    /// The first argument that is no flag.
    #[must_use]
    pub fn verb(self) -> Option<&'a str> {
        let mut arguments = self.arguments().iter();
        let verb = arguments.find(|argument| !argument.text.starts_with('-'))?;
        Some(&verb.text)
    }

    /// The script that a shell is given as an argument: `sh -ec "…"`.
    #[must_use]
    pub fn given_script(self) -> Option<&'a Word> {
        if !is_shell(self.name()) {
            return None;
        }
        let arguments = self.arguments();
        let at = arguments.iter().position(|word| {
            word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with('c')
        })?;
        arguments.get(at + 1)
    }

    /// The program that its first argument without a dash names: what `npx` or `corepack` starts.
    #[must_use]
    pub fn started(self) -> Option<Self> {
        let at = self
            .arguments()
            .iter()
            .position(|word| !word.text.starts_with('-'))?;
        let words = self.words.get(at + 1..)?;
        Some(Self { words })
    }

    /// The words as one line, without quotes.
    #[must_use]
    pub fn line(self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| &*word.text).collect();
        words.join(" ")
    }

    /// From the name to the last argument.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        let start = self.words.first().map_or(0, |word| word.range.start);
        let end = self.words.last().map_or(start, |word| word.range.end);
        start..end
    }
}

/// Words that stand before a command and are none.
const BEFORE: [&str; 10] = [
    "if", "then", "else", "elif", "do", "while", "until", "!", "{", "time",
];

/// Programs that start another one.
const STARTERS: [&str; 11] = [
    "sudo",
    "doas",
    "exec",
    "env",
    "nice",
    "nohup",
    "command",
    "gosu",
    "su-exec",
    "tini",
    "dumb-init",
];

impl Command {
    /// The program that does the work.
    #[must_use]
    pub fn program(&self) -> Option<Program<'_>> {
        let mut words = &*self.words;
        loop {
            let [first, rest @ ..] = words else {
                return None;
            };
            let name = first.text.rsplit('/').next().unwrap_or_default();
            if BEFORE.contains(&name) {
                words = rest;
                continue;
            }
            if !STARTERS.contains(&name) {
                return Some(Program { words });
            }
            // The flags and variables of the starter; `gosu node` and `su-exec node` name whom they run it as.
            let takes_user = name == "gosu" || name == "su-exec";
            let mut rest = rest.get(usize::from(takes_user)..).unwrap_or_default();
            let mut takes_value = false;
            while let [word, behind @ ..] = rest
                && (takes_value || word.text.starts_with('-') || is_assignment(&word.text))
            {
                takes_value = !takes_value && ["-u", "-n", "-g"].contains(&&*word.text);
                rest = behind;
            }
            if rest.is_empty() {
                return Some(Program { words });
            }
            words = rest;
        }
    }

    /// From its first word to its last.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        let redirected = self.redirections.iter().map(|(_, word)| word);
        let words = || self.assignments.iter().chain(&self.words);
        let start = words().map(|word| word.range.start).min().unwrap_or(0);
        let end = words().chain(redirected).map(|word| word.range.end).max();
        start..end.unwrap_or(start).max(start)
    }

    /// All its words, assignments and what it is redirected to included.
    pub fn all_words(&self) -> impl Iterator<Item = &Word> {
        let redirected = self.redirections.iter().map(|(_, word)| word);
        self.assignments.iter().chain(&self.words).chain(redirected)
    }
}

/// True for the programs that read scripts of this notation.
#[must_use]
pub fn is_shell(name: &str) -> bool {
    ["sh", "bash", "ash", "dash", "zsh", "ksh"].contains(&name)
}

/// True for `NAME=value`.
#[must_use]
pub fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else {
        return false;
    };
    let name = name.strip_suffix('+').unwrap_or(name);
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The commands of a script.
#[must_use]
pub fn commands(script: &str, escape: char) -> Vec<Command> {
    commands_within(script, 0..script.len(), escape)
}

/// The commands of a part of a script, such as a substitution; ranges mean the whole script.
#[must_use]
pub fn commands_within(script: &str, range: Range<usize>, escape: char) -> Vec<Command> {
    let end = range.end.min(script.len());
    let mut reader = Reader {
        script: script.get(..end).unwrap_or_default(),
        at: range.start.min(end),
        escape,
        commands: Vec::new(),
        command: Command::default(),
        word: None,
        redirection: None,
    };
    reader.read();
    reader.commands
}

struct Reader<'s> {
    script: &'s str,
    at: usize,
    escape: char,
    commands: Vec<Command>,
    command: Command,
    word: Option<Word>,
    redirection: Option<String>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.script.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn take(&mut self, text: &str) -> bool {
        let starts = self.rest().starts_with(text);
        if starts {
            self.at += text.len();
        }
        starts
    }

    /// The word at hand, which starts at an offset if there is none.
    fn word(&mut self, start: usize) -> &mut Word {
        self.word.get_or_insert_with(|| Word {
            range: start..start,
            ..Word::default()
        })
    }

    fn end_word(&mut self, end: usize) {
        let Some(mut word) = self.word.take() else {
            return;
        };
        word.range.end = end;
        if let Some(operator) = self.redirection.take() {
            self.command.redirections.push((operator, word));
        } else if self.command.words.is_empty() && is_assignment(&word.text) {
            self.command.assignments.push(word);
        } else {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self, end: usize, then: Option<Operator>) {
        self.end_word(end);
        self.redirection = None;
        if self.command.words.is_empty()
            && self.command.assignments.is_empty()
            && self.command.redirections.is_empty()
        {
            // `(a) | b`: the bracket ended the command already.
            if let (Some(last), Some(then)) = (self.commands.last_mut(), then)
                && then != Operator::Next
            {
                last.then = Some(then);
            }
            return;
        }
        let mut command = std::mem::take(&mut self.command);
        command.then = then;
        self.commands.push(command);
    }

    fn read(&mut self) {
        loop {
            let start = self.at;
            let Some(letter) = self.next() else { break };
            match letter {
                letter if letter == self.escape => match self.next() {
                    Some('\n') | None => {}
                    Some(next) => self.word(start).text.push(next),
                },
                '\'' => self.single_quoted(start),
                '"' => self.double_quoted(start),
                '#' if self.word.is_none() => {
                    let length = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.at += length;
                }
                '$' | '`' => self.substitution(letter, start),
                '<' | '>' => self.redirect(letter, start),
                '\n' | ';' | '(' | ')' => self.end_command(start, Some(Operator::Next)),
                '&' if self.take("&") => self.end_command(start, Some(Operator::And)),
                '&' if self.rest().starts_with('>') => self.word(start).text.push('&'),
                '&' => self.end_command(start, Some(Operator::Background)),
                '|' if self.take("|") => self.end_command(start, Some(Operator::Or)),
                '|' => {
                    self.take("&");
                    self.end_command(start, Some(Operator::Pipe));
                }
                letter if letter.is_whitespace() => self.end_word(start),
                letter => self.word(start).text.push(letter),
            }
        }
        self.end_command(self.at, None);
    }

    fn single_quoted(&mut self, start: usize) {
        let length = self.rest().find('\'').unwrap_or(self.rest().len());
        let text = self.rest().get(..length).unwrap_or_default().to_owned();
        self.word(start).text.push_str(&text);
        self.at += length;
        self.take("'");
    }

    fn double_quoted(&mut self, start: usize) {
        self.word(start);
        loop {
            let at = self.at;
            let Some(letter) = self.next() else { break };
            match letter {
                '"' => break,
                letter if letter == self.escape => match self.next() {
                    Some('\n') | None => {}
                    Some(next @ ('"' | '$' | '`' | '\\')) => self.word(start).text.push(next),
                    Some(next) => {
                        let escape = self.escape;
                        self.word(start).text.extend([escape, next]);
                    }
                },
                '$' | '`' => self.substitution(letter, at),
                letter => self.word(start).text.push(letter),
            }
        }
    }

    /// What follows a `$` or a backtick: a script within becomes part of the word.
    fn substitution(&mut self, letter: char, start: usize) {
        if letter == '`' {
            let length = self.rest().find('`').unwrap_or(self.rest().len());
            let inner = self.at..self.at + length;
            self.at += length;
            self.take("`");
            self.keep(start, Some(inner));
        } else if self.take("((") {
            self.brackets(2, ['(', ')']);
            self.keep(start, None);
        } else if self.take("(") {
            let inner = self.at;
            let end = self.brackets(1, ['(', ')']);
            self.keep(start, Some(inner..end));
        } else if self.take("{") {
            self.brackets(1, ['{', '}']);
            self.keep(start, None);
        } else {
            self.word(start).text.push('$');
        }
    }

    /// Puts what was read since an offset into the word, as it is written.
    fn keep(&mut self, start: usize, inner: Option<Range<usize>>) {
        let text = self.script.get(start..self.at).unwrap_or_default();
        let word = self.word.get_or_insert_with(|| Word {
            range: start..start,
            ..Word::default()
        });
        word.text.push_str(text);
        word.inner.extend(inner);
    }

    /// Goes behind the bracket that closes, and says where it stands.
    fn brackets(&mut self, mut depth: usize, [open, close]: [char; 2]) -> usize {
        let mut quote = None;
        loop {
            let at = self.at;
            let Some(letter) = self.next() else {
                return at;
            };
            match quote {
                Some(opening) if letter == opening => quote = None,
                Some('\'') => {}
                _ if letter == self.escape => {
                    self.next();
                }
                None if letter == '\'' || letter == '"' => quote = Some(letter),
                None if letter == open => depth += 1,
                None if letter == close => {
                    depth -= 1;
                    if depth == 0 {
                        return at;
                    }
                }
                Some(_) | None => {}
            }
        }
    }

    fn redirect(&mut self, letter: char, start: usize) {
        if self.word.is_none() && self.take("(") {
            let inner = self.at;
            let end = self.brackets(1, ['(', ')']);
            self.keep(start, Some(inner..end));
            return;
        }
        // `2>file`: the number belongs to the operator.
        let mut operator = String::new();
        let is_number = |word: &Word| {
            word.range.end <= start
                && (word.text == "&" || word.text.chars().all(|letter| letter.is_ascii_digit()))
        };
        if let Some(word) = self
            .word
            .take_if(|word| is_number(word) && !word.text.is_empty())
        {
            operator.push_str(&word.text);
        }
        self.end_word(start);
        operator.push(letter);
        while let Some(next @ ('<' | '>' | '&' | '-' | '|')) = self.peek() {
            if next == '-' && !operator.ends_with("<<") {
                break;
            }
            operator.push(next);
            self.at += 1;
        }
        self.redirection = Some(operator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(script: &str) -> Vec<(Vec<String>, Option<Operator>)> {
        commands(script, '\\')
            .into_iter()
            .map(|command| {
                for word in command.all_words() {
                    assert!(
                        script
                            .get(word.range.clone())
                            .is_some_and(|text| !text.is_empty())
                    );
                }
                let words = command.words.into_iter().map(|word| word.text);
                (words.collect(), command.then)
            })
            .collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_script_is_its_commands() {
        let script =
            "A=1 npm ci --x='a b' >/dev/null 2>&1 && (cd x; \"ls\" $(pwd)) | sh # end\n! true &";
        assert_eq!(
            read(script),
            [
                (words(&["npm", "ci", "--x=a b"]), Some(Operator::And)),
                (words(&["cd", "x"]), Some(Operator::Next)),
                (words(&["ls", "$(pwd)"]), Some(Operator::Pipe)),
                (words(&["sh"]), Some(Operator::Next)),
                (words(&["!", "true"]), Some(Operator::Background)),
            ]
        );
    }

    #[test]
    fn substitutions_are_scripts_within() {
        let script = "bash <(curl -s \"a)b\") && sh -c \"$(wget x)\" `y`";
        let commands = commands(script, '\\');
        let inner: Vec<_> = commands
            .iter()
            .flat_map(Command::all_words)
            .flat_map(|word| word.inner.clone())
            .map(|range| script.get(range).unwrap())
            .collect();
        assert_eq!(inner, ["curl -s \"a)b\"", "wget x", "y"]);
    }

    #[test]
    fn a_program_is_found_behind_what_starts_it() {
        for (script, name) in [
            ("sudo -E -u node /usr/bin/npm ci", "npm"),
            ("if ! env A=b yarn; then", "yarn"),
            ("exec gosu node npm start", "npm"),
            ("sudo", "sudo"),
        ] {
            let commands = commands(script, '\\');
            assert_eq!(commands[0].program().unwrap().name(), name, "{script}");
        }
    }
}
