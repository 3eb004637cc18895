//! The words, operators and statements of a shell script. This is no shell: it splits, and runs nothing.

/// A part of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    And,
    Or,
    Pipe,
    Background,
    /// `(`
    Open,
    /// `)`
    Close,
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::And => "&&",
            Self::Or => "||",
            Self::Pipe => "|",
            Self::Background => "&",
            Self::Open => "(",
            Self::Close => ")",
        }
    }

    /// True where a statement cannot end behind it.
    fn goes_on(&self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Pipe)
    }
}

/// What stands between two line ends or semicolons, with the line of each token, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) tokens: Vec<(Token, usize)>,
}

impl Statement {
    /// The line that it begins on.
    pub(super) fn line(&self) -> usize {
        self.tokens.first().map_or(0, |(_, line)| *line)
    }

    /// Its commands: the words between operators, with the place of the first of them and of what ends them.
    pub(super) fn commands(&self) -> Vec<Command<'_>> {
        let mut commands: Vec<Command<'_>> = Vec::new();
        let mut open = false;
        for (at, (token, line)) in self.tokens.iter().enumerate() {
            let Some(word) = token.word() else {
                open = false;
                continue;
            };
            if !open {
                commands.push(Command {
                    words: Vec::new(),
                    start: at,
                    end: at,
                });
                open = true;
            }
            if let Some(command) = commands.last_mut() {
                command.words.push((word, *line));
                command.end = at + 1;
            }
        }
        commands
    }
}

/// The words of a command.
#[derive(Clone, Debug)]
pub(super) struct Command<'s> {
    pub(super) words: Vec<(&'s str, usize)>,
    /// The place of its first token in its statement.
    pub(super) start: usize,
    /// The place behind its last token.
    pub(super) end: usize,
}

impl<'s> Command<'s> {
    /// A word, words that only open a branch passed over.
    pub(super) fn word(&self, index: usize) -> Option<&'s str> {
        let words = self.words.iter().map(|(word, _)| *word);
        words
            .skip_while(|word| matches!(*word, "then" | "do" | "else"))
            .nth(index)
    }
}

/// Tokens as one line.
pub(super) fn text(tokens: &[(Token, usize)]) -> String {
    let tokens: Vec<&str> = tokens.iter().map(|(token, _)| token.text()).collect();
    tokens.join(" ")
}

/// The most here-documents that one line asks for.
const MOST_DOCUMENTS: usize = 16;

#[derive(Default)]
struct Splitter {
    statements: Vec<Statement>,
    statement: Statement,
    word: String,
    quoted: bool,
    line: usize,
    /// Here-documents whose text begins with the next line: what ends each, and whether tabs may stand before that.
    pending: Vec<(String, bool)>,
}

impl Splitter {
    fn end_word(&mut self) {
        if !self.word.is_empty() || self.quoted {
            let word = std::mem::take(&mut self.word);
            self.statement.tokens.push((Token::Word(word), self.line));
        }
        self.quoted = false;
    }

    fn operator(&mut self, token: Token) {
        self.end_word();
        self.statement.tokens.push((token, self.line));
    }

    fn end_statement(&mut self) {
        self.end_word();
        if !self.statement.tokens.is_empty() {
            self.statements.push(std::mem::take(&mut self.statement));
        }
    }

    /// True if the statement so far runs a shell, which takes its input for commands.
    fn feeds_shell(&self) -> bool {
        let words = self
            .statement
            .tokens
            .iter()
            .filter_map(|(token, _)| token.word());
        let mut names = words.map(|word| word.rsplit('/').next().unwrap_or(word));
        names.any(|name| ["bash", "sh", "dash", "zsh", "ssh"].contains(&name))
    }

    /// Reads what stands behind the first `<` of `<<`: a here-document, or a here-string.
    fn open_document(&mut self, characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        characters.next();
        if characters.next_if_eq(&'<').is_some() {
            self.word.push_str("<<<");
            return;
        }
        self.end_word();
        let strips = characters.next_if_eq(&'-').is_some();
        while characters
            .next_if(|next| matches!(next, ' ' | '\t'))
            .is_some()
        {}
        let mut end = String::new();
        while let Some(next) =
            characters.next_if(|next| !next.is_whitespace() && !";&|()<>".contains(*next))
        {
            if !matches!(next, '\'' | '"' | '\\') {
                end.push(next);
            }
        }
        // What a shell is given to read are commands like all others.
        if end.is_empty() || self.pending.len() == MOST_DOCUMENTS || self.feeds_shell() {
            self.statement
                .tokens
                .push((Token::Word(format!("<<{end}")), self.line));
        } else {
            self.pending.push((end, strips));
        }
    }

    /// Takes the texts of here-documents, which follow the line that asks for them, as a word of it: they are no
    /// commands.
    fn take_documents(&mut self, characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        let at = self.line;
        for (end, strips) in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            while characters.peek().is_some() {
                let line: String = characters
                    .by_ref()
                    .take_while(|next| *next != '\n')
                    .collect();
                self.line += 1;
                let plain = if strips {
                    line.trim_start_matches('\t')
                } else {
                    &line
                };
                if plain == end {
                    break;
                }
                text.push_str(plain);
                text.push('\n');
            }
            let word = format!("<<{end} {}", text.trim_end());
            self.statement.tokens.push((Token::Word(word), at));
        }
    }

    fn end_line(&mut self) {
        self.end_word();
        let last = self.statement.tokens.last();
        if !last.is_some_and(|(token, _)| token.goes_on()) {
            self.end_statement();
        }
        self.line += 1;
    }
}

/// Splits a script.
pub(super) fn statements(script: &str) -> Vec<Statement> {
    let mut splitter = Splitter::default();
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
                splitter.end_word();
                splitter.take_documents(&mut characters);
                splitter.end_line();
            }
            '<' if characters.peek() == Some(&'<') => splitter.open_document(&mut characters),
            '&' if splitter.word.ends_with('>') => splitter.word.push('&'),
            '&' if characters.peek() == Some(&'>') => splitter.word.push('&'),
            '&' | '|' if characters.peek() == Some(&character) => {
                characters.next();
                let or = character == '|';
                splitter.operator(if or { Token::Or } else { Token::And });
            }
            '|' => {
                splitter.operator(Token::Pipe);
                // `|&` hands errors on as well.
                characters.next_if_eq(&'&');
            }
            '&' => {
                splitter.operator(Token::Background);
                splitter.end_statement();
            }
            ';' => splitter.end_statement(),
            '(' => splitter.operator(Token::Open),
            ')' => splitter.operator(Token::Close),
            character if character.is_whitespace() => splitter.end_word(),
            character => splitter.word.push(character),
        }
    }
    splitter.end_statement();
    splitter.statements
}

/// What a `shell:` makes of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// It runs commands, and stops at the first that fails; true where no part of a pipe fails unseen.
    Stops { pipefail: bool },
    /// It runs commands, whatever becomes of them.
    GoesOn { pipefail: bool },
    /// It is a program that reads scripts of another kind.
    Other,
    /// It is no program that runs a script, or it is given more than that.
    Unknown,
}

impl Shell {
    /// Reads what stands behind `shell:`; GitHub runs `bash -e` where nothing does.
    pub(super) fn of(value: Option<&str>) -> Self {
        let words: Vec<&str> = value.unwrap_or_default().split_whitespace().collect();
        let (Some(program), arguments) = (words.first(), words.get(1..).unwrap_or_default()) else {
            return Self::Stops { pipefail: false };
        };
        let name = program.rsplit('/').next().unwrap_or(program);
        match (name, arguments) {
            ("bash", []) => return Self::Stops { pipefail: true },
            ("sh", []) => return Self::Stops { pipefail: false },
            ("pwsh" | "powershell" | "cmd" | "python" | "python3" | "node", _) => {
                return Self::Other;
            }
            ("bash" | "sh" | "dash" | "zsh", _) => {}
            _ => return Self::Unknown,
        }
        // The script is the last argument, and everything before it a flag.
        let Some((&"{0}", flags)) = arguments.split_last() else {
            return Self::Unknown;
        };
        let (mut stops, mut pipefail, mut names_option) = (false, false, false);
        for flag in flags {
            match *flag {
                option if names_option => {
                    stops |= option == "errexit";
                    pipefail |= option == "pipefail";
                    names_option = false;
                }
                "--noprofile" | "--norc" | "--login" => {}
                flag if flag.starts_with('-')
                    && flag.len() > 1
                    && flag.chars().skip(1).all(|letter| "eoluxE".contains(letter)) =>
                {
                    stops |= flag.contains('e');
                    names_option = flag.ends_with('o');
                }
                _ => return Self::Unknown,
            }
        }
        if stops {
            Self::Stops { pipefail }
        } else {
            Self::GoesOn { pipefail }
        }
    }

    pub(super) fn has_pipefail(self) -> bool {
        matches!(
            self,
            Self::Stops { pipefail: true } | Self::GoesOn { pipefail: true }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_split_into_statements() {
        let split = |script: &str| {
            let statements = statements(script);
            let texts = statements.iter().map(|statement| text(&statement.tokens));
            texts.collect::<Vec<_>>()
        };
        assert_eq!(
            split("a 'b c' # d\n(e &&\n f) || g; h & i 2>&1 | j &> k\n\n"),
            ["a b c", "( e && f ) || g", "h &", "i 2>&1 | j &> k"]
        );
        assert_eq!(
            split("a \\\n  --b \"$(c; d)\" ${{ e || f }}"),
            ["a --b $(c; d) ${{ e || f }}"]
        );
    }

    #[test]
    fn a_here_document_is_no_command() {
        let split = |script: &str| {
            let statements = statements(script);
            let texts = statements.iter().map(|statement| text(&statement.tokens));
            texts.collect::<Vec<_>>()
        };
        assert_eq!(
            split("cat <<'X' > f\na b\n c\nX\nd <<< e\nx $((1 << 2)) && cat <<-Y\n\tz\n\tY\nf"),
            [
                "cat > f <<X a b\n c",
                "d <<< e",
                "x $((1 << 2)) && cat <<Y z",
                "f"
            ]
        );
        assert_eq!(split("bash -e <<X\na\nX"), ["bash -e <<X", "a", "X"]);
        assert_eq!(split("cat <<X\na"), ["cat <<X a"]);
        let lines = statements("cat <<X\na\nX\nb");
        assert_eq!(
            lines.iter().map(Statement::line).collect::<Vec<_>>(),
            [0, 3]
        );
    }

    #[test]
    fn a_shell_is_known_by_what_it_does_with_a_failure() {
        let stops = |pipefail| Shell::Stops { pipefail };
        for (shell, expected) in [
            ("bash", stops(true)),
            ("sh", stops(false)),
            ("bash -e {0}", stops(false)),
            ("/bin/bash -l -eo pipefail {0}", stops(true)),
            ("bash {0}", Shell::GoesOn { pipefail: false }),
            ("pwsh", Shell::Other),
            ("true {0}", Shell::Unknown),
            ("bash {0} || true", Shell::Unknown),
            ("bash -c true {0}", Shell::Unknown),
            ("bash -n {0}", Shell::Unknown),
        ] {
            assert_eq!(Shell::of(Some(shell)), expected, "{shell}");
        }
        assert_eq!(Shell::of(None), stops(false));
    }
}
