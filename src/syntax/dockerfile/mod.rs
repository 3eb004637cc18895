//! Dockerfiles as instructions with the bytes that they were written with, and as the stages that they build.
//!
//! Source: the Dockerfile reference (docs.docker.com/reference/dockerfile) and what the reader of `BuildKit` does where
//! the reference is silent. Nothing here fails: a line that is no instruction is one with an unknown keyword.

mod context_copies;
mod lines;
mod problems;
mod stages;
mod variables;
mod words;

use super::shell;
use super::tree::Span;

pub use context_copies::ContextCopy;
pub use problems::Problem;
pub use stages::{Base, Mount, Origin, Stage, Stages};
pub use variables::{Resolved, Scope};
pub use words::{Pair, Word};

/// A Dockerfile.
#[derive(Debug)]
pub struct Dockerfile {
    text: String,
    escape: char,
    instructions: Vec<Instruction>,
}

/// One instruction, its continuation lines and here-documents included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The keyword in capitals, such as `FROM`.
    pub keyword: String,
    /// The bytes of the keyword.
    pub keyword_span: Span,
    /// What follows the keyword, flags, continuation marks and comments between included; here-documents are not.
    pub arguments: Span,
    /// What follows the flags.
    pub operands: Span,
    /// The flags: `--from=build`.
    pub flags: Vec<Flag>,
    /// The here-documents, in order.
    pub heredocs: Vec<Heredoc>,
    /// All of it.
    pub span: Span,
}

/// A flag of an instruction: `--mount=type=secret,id=npm`, `--link`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The name without dashes.
    pub name: String,
    /// What follows the equals sign; empty where there is none.
    pub value: String,
    /// All of it.
    pub span: Span,
}

/// A here-document of a `RUN`, `COPY` or `ADD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it.
    pub name: String,
    /// Its lines, without the one that ends it.
    pub body: Span,
    /// True if nothing in it is quoted, so that variables count.
    pub expands: bool,
}

/// What an instruction runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The words of a JSON array: no shell sees them.
    Exec(Vec<Word>),
    /// Scripts for a shell: the line itself, and here-documents that a shell reads.
    Shell(Vec<Script>),
}

/// A script for a shell, with where its commands stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    logical: words::Logical,
    /// Its commands, in order. Their ranges mean the script; [`Script::span`] says the bytes of the file.
    pub commands: Vec<shell::Command>,
}

impl Script {
    /// The script as the shell gets it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.logical.text
    }

    /// The bytes of the file for a range of the script.
    #[must_use]
    pub fn span(&self, range: &std::ops::Range<usize>) -> Span {
        self.logical.span(range)
    }
}

impl Instruction {
    /// A flag by name.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// The mounts of a `RUN`.
    pub fn mounts(&self) -> impl Iterator<Item = Mount<'_>> {
        let flags = self.flags.iter();
        flags.filter(|flag| flag.name == "mount").map(Mount::of)
    }
}

impl Dockerfile {
    /// Reads a Dockerfile.
    #[must_use]
    pub fn read(text: String) -> Self {
        let (escape, instructions) = lines::instructions(&text);
        Self {
            text,
            escape,
            instructions,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The character that continues lines: `\`, or what `# escape=` says.
    #[must_use]
    pub fn escape(&self) -> char {
        self.escape
    }

    /// The instructions, in order.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The bytes of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// What keeps it from being built as it stands.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        problems::all(self)
    }

    /// The stages. Made anew by each call.
    #[must_use]
    pub fn stages(&self) -> Stages<'_> {
        Stages::of(self)
    }

    /// The copies of wanted sources of the build context whose files reach the image: first those of its own stages.
    #[must_use]
    pub fn context_copies(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<ContextCopy> {
        context_copies::reaching(self, is_wanted)
    }

    fn logical(&self, span: Span) -> words::Logical {
        words::Logical::of(&self.text, span, self.escape)
    }

    /// The words behind the flags: those of the JSON array where there is one.
    #[must_use]
    pub fn words(&self, instruction: &Instruction) -> Vec<Word> {
        let logical = self.logical(instruction.operands);
        words::json(&logical).unwrap_or_else(|| words::split(&logical, self.escape))
    }

    /// The names and values of an `ENV`, `ARG` or `LABEL`.
    #[must_use]
    pub fn pairs(&self, instruction: &Instruction) -> Vec<Pair> {
        let logical = self.logical(instruction.operands);
        let old_form = instruction.keyword != "ARG";
        words::pairs(&logical, self.escape, old_form)
    }

    /// What follows the keyword and the flags, as one line without continuation marks and comments.
    #[must_use]
    pub fn line(&self, instruction: &Instruction) -> String {
        self.logical(instruction.operands).text
    }

    /// The keyword behind an `ONBUILD`.
    #[must_use]
    pub fn trigger(&self, instruction: &Instruction) -> Option<Word> {
        if instruction.keyword != "ONBUILD" {
            return None;
        }
        let words = words::split(&self.logical(instruction.operands), self.escape);
        words.into_iter().next()
    }

    /// What a `RUN`, `CMD`, `ENTRYPOINT`, `SHELL` or `HEALTHCHECK CMD` runs.
    #[must_use]
    pub fn command(&self, instruction: &Instruction) -> Command {
        let mut operands = instruction.operands;
        if instruction.keyword == "HEALTHCHECK"
            && let Some(word) = words::split(&self.logical(operands), self.escape).first()
            && word.text.eq_ignore_ascii_case("CMD")
        {
            operands.start = word.span.end;
        }
        if let Some(trigger) = self.trigger(instruction) {
            operands.start = trigger.span.end;
        }
        let logical = self.logical(operands);
        if let Some(words) = words::json(&logical) {
            return Command::Exec(words);
        }
        let line = Script {
            commands: shell::commands(&logical.text, self.escape),
            logical,
        };
        let [first, ..] = &*instruction.heredocs else {
            return Command::Shell(vec![line]);
        };
        // `RUN <<EOF` runs the here-document; `RUN bash <<EOF` gives it to a shell, `RUN python3 <<EOF` does not.
        let programs: Vec<_> = line.commands.iter().map(shell::Command::program).collect();
        let body = self
            .text
            .get(first.body.range())
            .filter(|body| match &*programs {
                [] | [None] => !body.starts_with("#!") || shebang_is_shell(body),
                [Some(program)] => shell::is_shell(program.name()),
                _ => false,
            });
        let body = body.map(|body| {
            let logical = words::Logical::verbatim(body, first.body);
            Script {
                commands: shell::commands(&logical.text, '\\'),
                logical,
            }
        });
        Command::Shell(std::iter::once(line).chain(body).collect())
    }

    /// All scripts that an instruction runs: those of [`Self::command`], the words of a JSON array as one command,
    /// and what these give to a shell (`sh -c "…"`). The commands of substitutions stand behind those of their script.
    #[must_use]
    pub fn scripts(&self, instruction: &Instruction) -> Vec<Script> {
        let mut found = Vec::new();
        let scripts = match self.command(instruction) {
            Command::Shell(scripts) => scripts,
            Command::Exec(words) => {
                let whole = instruction.operands;
                let logical = words::Logical::verbatim(self.slice(whole), whole);
                let start = whole.range().start;
                let words = words.into_iter().map(|word| shell::Word {
                    text: word.text,
                    range: word.span.range().start - start..word.span.range().end - start,
                    inner: Vec::new(),
                });
                let command = shell::Command {
                    words: words.collect(),
                    ..shell::Command::default()
                };
                vec![Script {
                    logical,
                    commands: vec![command],
                }]
            }
        };
        for script in scripts {
            unfold(script, DEEPEST, &mut found);
        }
        found
    }
}

/// How deep `sh -c "sh -c …"` and `$(…)` are followed.
const DEEPEST: usize = 4;

/// A script with the commands of its substitutions behind its own, and the scripts that it gives to shells.
fn unfold(mut script: Script, depth: usize, into: &mut Vec<Script>) {
    let mut from = 0;
    for _ in 0..DEEPEST {
        let inner: Vec<_> = script
            .commands
            .get(from..)
            .unwrap_or_default()
            .iter()
            .flat_map(shell::Command::all_words)
            .flat_map(|word| word.inner.iter().cloned())
            .collect();
        from = script.commands.len();
        for range in inner {
            let commands = shell::commands_within(script.text(), range, '\\');
            script.commands.extend(commands);
        }
    }
    let mut given = Vec::new();
    for command in &script.commands {
        let text = command.program().and_then(shell::Program::given_script);
        if let Some(word) = text.filter(|_| depth > 0) {
            let logical = words::Logical::quoted(&word.text, script.span(&word.range));
            given.push(Script {
                commands: shell::commands(&logical.text, '\\'),
                logical,
            });
        }
    }
    into.push(script);
    for script in given {
        unfold(script, depth - 1, into);
    }
}

/// True if the first line of a script names a shell.
fn shebang_is_shell(script: &str) -> bool {
    let line = script.lines().next().unwrap_or_default();
    let words = line.trim_start_matches("#!").split_whitespace();
    words
        .take(2)
        .any(|word| shell::is_shell(word.rsplit('/').next().unwrap_or(word)))
}

#[cfg(test)]
mod tests;
