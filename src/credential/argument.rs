//! Credentials among the words of a command: `--db-password …`, `curl -u user:…`, `sshpass -p …`, `mysql -p…`.

use std::ops::Range;

use super::assignment::is_switch;
use super::drawn::is_key;
use super::key::{Class, class};
use super::placeholder::is_for_everybody;
use super::strength::is_strong_password;
use super::{Found, Reader, What, encoded_password, is_placeholder};

/// What a word gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// Behind a flag that says that it is a password, by its name or for the program.
    Password,
    /// Behind a flag that says that it is a token.
    Secret,
    /// A user with a password.
    User,
    /// The same in Base64.
    Encoded,
    /// Where people write one, whatever the program takes it for: nothing is proved there, and nothing shown.
    Unproved,
}

/// A word that gives something away.
#[derive(Debug)]
pub(super) struct Argument {
    /// What must not be shown.
    pub(super) value: Range<usize>,
    gives: Gives,
    /// True where the program decides what the flag means, rather than its name.
    by_program: bool,
}

impl Argument {
    /// True if the value must not be shown.
    pub(super) fn is_to_hide(&self, text: &str, reader: Reader) -> bool {
        let value = text.get(self.value.clone()).unwrap_or_default();
        let is_said = self.by_program && self.gives != Gives::Unproved || reader == Reader::Source;
        let is_digit = |byte: u8| byte.is_ascii_digit();
        is_said || value.len() >= 12 && value.bytes().any(is_digit) || self.proof(value).is_some()
    }

    /// What it proves.
    pub(super) fn proves(&self, text: &str, weak_too: bool) -> Option<Found> {
        let value = text.get(self.value.clone())?;
        let what = match self.gives {
            Gives::Secret => What::Secret,
            Gives::Password | Gives::User => What::Password,
            Gives::Encoded => {
                let is_weak = encoded_password(value)?;
                let range = self.value.clone();
                return Some(Found::new(range, What::BasicAuthentication, is_weak));
            }
            Gives::Unproved => return None,
        };
        let is_weak = self.proof(value).is_none();
        let counts = !is_weak || weak_too && !is_placeholder("", value);
        counts.then(|| Found::new(self.value.clone(), what, is_weak))
    }

    fn proof(&self, value: &str) -> Option<()> {
        let is_one = match self.gives {
            Gives::Secret => is_key(value),
            Gives::Password | Gives::User => is_strong_password(value),
            Gives::Encoded => encoded_password(value).is_some(),
            Gives::Unproved => false,
        };
        (is_one && !is_placeholder("", value) && !is_for_everybody(value)).then_some(())
    }
}

/// How many words before a flag its program is looked for in a list.
const WORDS_BEFORE: usize = 16;

/// The programs whose short flags take a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Curl,
    SshPass,
    /// Of a registry, or of a cloud: only its `login` takes a password.
    Login,
    MySql,
    Mongo,
    Redis,
    Ldap,
    SqlServer,
}

impl Program {
    fn of(word: &str) -> Option<Self> {
        let name = word.rsplit('/').next().unwrap_or(word);
        Some(match name {
            "curl" => Self::Curl,
            "sshpass" => Self::SshPass,
            "docker" | "podman" | "nerdctl" | "buildah" | "skopeo" | "helm" | "oras" | "crane"
            | "regctl" | "cosign" | "oc" | "cf" | "az" => Self::Login,
            "redis-cli" => Self::Redis,
            "sqlcmd" | "bcp" => Self::SqlServer,
            _ if name.starts_with("mysql") || name.starts_with("mariadb") => Self::MySql,
            _ if name.starts_with("mongo") => Self::Mongo,
            "ldapsearch" | "ldapadd" | "ldapmodify" | "ldapdelete" | "ldapwhoami" => Self::Ldap,
            _ => return None,
        })
    }

    /// The short flags that take nothing, those that take a credential, and what that is.
    fn short_flags(self) -> (&'static [u8], &'static [u8], Gives) {
        match self {
            Self::Curl => (b"0123469#BGIJLMNORSVZafgijklnpqsv", b"uU", Gives::User),
            Self::SshPass => (b"ev", b"p", Gives::Password),
            Self::Login | Self::Mongo => (b"", b"p", Gives::Password),
            Self::MySql => (b"ABCEGHILNTVWXbfijnoqrstvw", b"p", Gives::Password),
            Self::Redis => (b"", b"a", Gives::Password),
            Self::Ldap => (b"ACILMQZcntuvx", b"w", Gives::Password),
            Self::SqlServer => (b"", b"P", Gives::Password),
        }
    }

    /// What a flag takes behind itself.
    fn takes(self, flag: &str) -> Option<Gives> {
        if matches!(flag, "--user" | "--proxy-user") {
            return (self == Self::Curl).then_some(Gives::User);
        }
        let (start, gives) = self.takes_attached(flag)?;
        // `mysql -p` asks where nothing follows at once, and not everybody knows.
        let gives = if self == Self::MySql {
            Gives::Unproved
        } else {
            gives
        };
        (start == flag.len()).then_some(gives)
    }

    /// Where in a word of short flags the value begins that the last of them takes, and what it is. Flags that take
    /// nothing may stand before it, as in `-sSfu…`.
    fn takes_attached(self, word: &str) -> Option<(usize, Gives)> {
        let (switches, takers, gives) = self.short_flags();
        let letters = word.strip_prefix('-')?.as_bytes();
        let before = letters
            .iter()
            .take_while(|letter| switches.contains(letter));
        let before = before.count();
        takers
            .contains(letters.get(before)?)
            .then_some((before + 2, gives))
    }
}

/// What the words before a flag start. What was read is not read again.
#[derive(Debug, Default)]
struct Before {
    read: usize,
    program: Option<Program>,
    login: bool,
}

impl Before {
    fn read_word(&mut self, word: &str) {
        self.program = Program::of(word).or(self.program);
        self.login |= word == "login";
    }

    fn program(&self) -> Option<Program> {
        self.program
            .filter(|program| *program != Program::Login || self.login)
    }

    /// The program of the command that goes on at a place of a text.
    fn at(&mut self, text: &str, at: usize) -> Option<Program> {
        let last = (self.read..at)
            .rev()
            .find(|at| ends_command(text.as_bytes(), *at));
        let start = last.map_or(self.read, |last| last + 1);
        if last.is_some() {
            *self = Self::default();
        }
        self.read = at;
        let command = text.get(start..at).unwrap_or_default();
        for word in
            command.split(|letter: char| letter.is_whitespace() || "\"',[]\\".contains(letter))
        {
            self.read_word(word);
        }
        self.program()
    }
}

/// True where the next command begins behind a byte.
fn ends_command(bytes: &[u8], at: usize) -> bool {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    match byte(at) {
        b';' | b'|' | b'(' | b'`' => true,
        b'&' => byte(at + 1).is_ascii_whitespace() || byte(at + 1) == b'&',
        // A line that says so goes on, and so does a list.
        b'\n' => {
            let before = bytes.get(at.saturating_sub(8)..at).unwrap_or_default();
            let last = before.trim_ascii_end().last();
            last.is_none_or(|last| !b"\\,[".contains(last))
        }
        _ => false,
    }
}

/// What the name of a flag says of what follows it.
fn by_name(flag: &str) -> Option<Gives> {
    match class(flag)? {
        Class::Password => Some(Gives::Password),
        Class::Secret => Some(Gives::Secret),
        Class::Authorization | Class::Encoded => None,
    }
}

/// The same where the name says less: what follows is not shown, and no evidence.
fn by_end(flag: &str) -> Option<Gives> {
    const ENDS: [&str; 8] = [
        "auth",
        "authorization",
        "cred",
        "creds",
        "pass",
        "passin",
        "passout",
        "passkey",
    ];
    let is_switch = ["--no-", "--skip-", "--use-", "--enable-", "--disable-"]
        .iter()
        .any(|start| flag.starts_with(start));
    let ends = ENDS.iter().any(|end| flag.ends_with(end));
    (ends && !is_switch).then_some(Gives::Unproved)
}

/// The value, or what of it is the password.
fn argument(text: &str, range: Range<usize>, gives: Gives, by_program: bool) -> Option<Argument> {
    let value = text.get(range.clone())?;
    let start = match gives {
        Gives::User => range.start + value.find(':')? + 1,
        Gives::Password | Gives::Secret | Gives::Encoded | Gives::Unproved => range.start,
    };
    let value = text.get(start..range.end)?;
    let is_literal = !value.is_empty() && !value.starts_with(['$', '{', '<', '%', '-']);
    let is_word = gives == Gives::Unproved && is_switch(value);
    (is_literal && !is_word).then_some(Argument {
        value: start..range.end,
        gives,
        by_program,
    })
}

/// What a program reads that is given it in a file of its own, or through its standard input.
pub(super) fn piped(text: &str, range: Range<usize>, with_user: bool) -> Option<Argument> {
    let gives = if with_user {
        Gives::User
    } else {
        Gives::Password
    };
    argument(text, range, gives, true)
}

/// What stands behind words of a file of settings or a statement that take a credential.
pub(super) fn behind_words(
    text: &str,
    range: Range<usize>,
    gives: Gives,
    by_program: bool,
) -> Option<Argument> {
    argument(text, range, gives, by_program)
}

/// Visits what words give away in a text of commands, in order: a script, or a list on one line.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Argument)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut words = Before::default();
    for at in memchr::memchr_iter(b'-', bytes) {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let is_start =
            before.is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'[,(".contains(byte));
        if at < from || !is_start {
            continue;
        }
        if let Some(argument) = at_flag(text, at, &mut words) {
            from = argument.value.end;
            visit(argument);
        }
    }
}

fn at_flag(text: &str, at: usize, words: &mut Before) -> Option<Argument> {
    let bytes = text.as_bytes();
    let rest = bytes.get(at..)?;
    let is_flag = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let length = rest.iter().take(64).take_while(is_flag).count();
    let flag = text.get(at..at + length)?;
    let is_short = !flag.starts_with("--");
    if length < 2 || flag.starts_with("---") {
        return None;
    }
    let behind = at + length;
    if let Some(value) = separate(text, behind) {
        if let Some(gives) = by_name(flag) {
            // What an equals sign gives is read as an assignment.
            let is_separate = bytes.get(behind) != Some(&b'=');
            return is_separate
                .then(|| argument(text, value, gives, false))
                .flatten();
        }
        let may_take = flag == "--user" || flag == "--proxy-user" || is_short;
        let program = may_take.then(|| words.at(text, at)).flatten();
        let gives = program.and_then(|program| program.takes(flag));
        if let Some(gives) = gives {
            return argument(text, value, gives, true);
        }
        if let Some(gives) = by_end(flag) {
            return argument(text, value, gives, false);
        }
    }
    let takes = |letter: &u8| b"puUawP".contains(letter);
    if !is_short || !flag.bytes().take(16).any(|letter| takes(&letter)) {
        return None;
    }
    let (start, gives) = words.at(text, at)?.takes_attached(flag)?;
    let start = at + start;
    let quote = bytes.get(start).filter(|byte| matches!(byte, b'"' | b'\''));
    let start = start + usize::from(quote.is_some());
    let value = start..end_of_value(text, start, quote.copied());
    if value.is_empty() {
        return None;
    }
    argument(text, value, gives, true)
}

/// The word behind a flag: behind space, an equals sign, or the comma of a list.
fn separate(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes().get(at..)?;
    let is_between = |byte: &&u8| b" \t\r\n\"',\\=".contains(byte);
    let length = bytes.iter().take(24).take_while(is_between).count();
    let between = bytes.get(..length)?;
    let holds = |wanted: &[u8]| between.iter().any(|byte| wanted.contains(byte));
    // A line ends a command, unless it says that it goes on.
    if !holds(b" \t\n,=") || holds(b"\n") && !holds(b"\\,") {
        return None;
    }
    let quote = between.last().filter(|byte| matches!(byte, b'"' | b'\''));
    let start = at + length;
    let end = end_of_value(text, start, quote.copied());
    (end > start).then_some(start..end)
}

fn end_of_value(text: &str, start: usize, quote: Option<u8>) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let end = match quote {
        Some(quote) => memchr::memchr2(quote, b'\n', rest.as_bytes()),
        None => {
            rest.find(|letter: char| letter.is_whitespace() || "\"'`;|&,)]<>…".contains(letter))
        }
    };
    let value = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    start + value.trim_end_matches('\\').len()
}

/// What a word gives away that stands in a list behind others.
pub(super) fn in_list(before: &[&str], word: &str) -> Option<Argument> {
    let first = before.len().saturating_sub(WORDS_BEFORE);
    let near = before.get(first..).unwrap_or_default();
    let program = || {
        let mut words = Before::default();
        for word in near {
            words.read_word(word);
        }
        words.program()
    };
    if let Some(flag) = before.last().filter(|flag| flag.starts_with('-')) {
        if let Some(gives) = by_name(flag).filter(|_| !flag.contains('=')) {
            return argument(word, 0..word.len(), gives, false);
        }
        if let Some(gives) = program().and_then(|program| program.takes(flag)) {
            return argument(word, 0..word.len(), gives, true);
        }
        if let Some(gives) = by_end(flag) {
            return argument(word, 0..word.len(), gives, false);
        }
    }
    if !word.starts_with('-') {
        return None;
    }
    if let Some((flag, value)) = word.split_once('=')
        && let Some(gives) = program().and_then(|program| program.takes(flag))
    {
        return argument(word, word.len() - value.len()..word.len(), gives, true);
    }
    if word.starts_with("--") {
        return None;
    }
    let (start, gives) = program()?.takes_attached(word)?;
    argument(word, start..word.len(), gives, true)
}
