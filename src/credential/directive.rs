//! Credentials behind the words of a file of settings or a statement: `requirepass …`, `IDENTIFIED BY '…'`,
//! `proxy_set_header Authorization "Bearer …"`, the lines of `.pgpass`.
//!
//! Source: the manuals of Redis, `MySQL`, `PostgreSQL`, `OpenLDAP`, keepalived, `HAProxy` and Mosquitto about their
//! files and statements, and RFC 7617 and 6750 about the schemes.

use std::ops::Range;

use super::argument::{Argument, Gives, behind_words};
use super::is_hash;
use super::key::{Class, class};
use super::stem::Stems;
use super::strength::is_identifier;

/// Words behind which a credential stands.
struct Context {
    /// In order and in small letters; `*` is any word.
    words: &'static [&'static str],
    /// True where the value needs quotes: sentences hold the same words.
    quoted: bool,
    gives: Gives,
}

const fn bare(words: &'static [&'static str]) -> Context {
    Context {
        words,
        quoted: false,
        gives: Gives::Password,
    }
}

const fn quoted(words: &'static [&'static str]) -> Context {
    Context {
        words,
        quoted: true,
        gives: Gives::Password,
    }
}

const fn scheme(words: &'static [&'static str], gives: Gives) -> Context {
    Context {
        words,
        quoted: false,
        gives,
    }
}

const CONTEXTS: [Context; 13] = [
    // Redis, Valkey and Sentinel.
    bare(&["requirepass"]),
    bare(&["masterauth"]),
    bare(&["primaryauth"]),
    bare(&["auth-pass", "*"]),
    // OpenLDAP, keepalived, HAProxy, Mosquitto.
    bare(&["bindpw"]),
    bare(&["rootpw"]),
    bare(&["auth_pass"]),
    bare(&["insecure-password"]),
    // SQL.
    quoted(&["identified", "by"]),
    quoted(&["identified", "with", "*", "by"]),
    quoted(&["password"]),
    // HTTP, whatever sets the header.
    scheme(&["bearer"], Gives::Secret),
    scheme(&["basic"], Gives::Encoded),
];

/// The most words of a context.
const MOST: usize = 4;

/// How deep a statement may stand in quotes: `sh -c "psql -c 'ALTER …'"`.
const DEPTH: usize = 3;

/// True for what a word of a context looks like, for most words of a text are none.
fn may_be_of_context(word: &str) -> bool {
    let first = word.as_bytes().first().map(u8::to_ascii_lowercase);
    matches!(
        (word.len(), first),
        (11 | 6, Some(b'r'))
            | (10, Some(b'm'))
            | (11 | 8, Some(b'p'))
            | (9, Some(b'a'))
            | (2 | 5 | 6, Some(b'b'))
            | (17, Some(b'i'))
    )
}

/// True for a word that gives what stands behind it its name.
pub(super) fn is_name(word: &str) -> bool {
    CONTEXTS
        .iter()
        .any(|context| matches!(context.words, [only] if word.eq_ignore_ascii_case(only)))
}

/// Visits what stands behind such words, line by line.
pub(super) fn scan(text: &str, stems: &Stems<'_>, visit: &mut dyn FnMut(Argument)) {
    let mut stems = stems.walk();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let end = start + line.trim_end().len();
        if memchr::memchr2(b' ', b'\t', line.as_bytes()).is_none_or(|blank| start + blank >= end) {
            visit_passwords_file(text, start..end, visit);
        } else if stems.any_in(start..end) {
            in_line(text, start..end, DEPTH, visit);
        }
    }
}

fn in_line(text: &str, line: Range<usize>, depth: usize, visit: &mut dyn FnMut(Argument)) {
    let mut before: [&str; MOST] = [""; MOST];
    let mut count = 0;
    let mut words = Words {
        text,
        at: line.start,
        end: line.end,
    };
    while let Some((word, is_quoted)) = words.next() {
        let value = text.get(word.clone()).unwrap_or_default();
        let fits = |context: &&Context| {
            (is_quoted || !context.quoted)
                && context
                    .words
                    .iter()
                    .rev()
                    .zip(before.iter().rev())
                    .all(|(wanted, found)| {
                        *wanted == "*" && !found.is_empty() || found.eq_ignore_ascii_case(wanted)
                    })
        };
        let may_fit = before.iter().any(|word| may_be_of_context(word));
        let gives = CONTEXTS
            .iter()
            .filter(|_| may_fit)
            .find(fits)
            .map(|context| context.gives)
            .or_else(|| {
                // `db_password …` and nothing else on the line.
                let [.., key] = before;
                let is_last = words.is_at_end();
                (count == 1 && is_last).then(|| by_key(key)).flatten()
            })
            .or_else(|| {
                // `npm config set //host/:_authToken …`, `aws configure set aws_secret_access_key …`.
                let [.., set, key] = before;
                let key = key.rsplit(':').next().unwrap_or(key);
                let encodes = key == "_auth";
                let named = || by_key(key).or(encodes.then_some(Gives::Encoded));
                (set == "set").then(named).flatten()
            });
        if let Some(gives) = gives {
            if !is_hash(value) {
                visit_behind(text, word.clone(), gives, visit);
            }
        } else if is_quoted && depth > 0 && value.contains(' ') {
            in_line(text, word.clone(), depth - 1, visit);
        }
        before.rotate_left(1);
        if let Some(last) = before.last_mut() {
            *last = value;
        }
        count += 1;
    }
}

fn visit_behind(text: &str, word: Range<usize>, gives: Gives, visit: &mut dyn FnMut(Argument)) {
    behind_words(text, word, gives, gives == Gives::Password)
        .into_iter()
        .for_each(visit);
}

/// What the first word of a line says of the only other one.
fn by_key(key: &str) -> Option<Gives> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if key.starts_with('-') || !key.bytes().all(is_key) {
        return None;
    }
    match class(key)? {
        Class::Password => Some(Gives::Password),
        Class::Secret => Some(Gives::Secret),
        Class::Authorization | Class::Encoded => None,
    }
}

/// Visits the password of a line `host:port:database:user:password`, as `libpq` reads them from `.pgpass`.
fn visit_passwords_file(text: &str, line: Range<usize>, visit: &mut dyn FnMut(Argument)) {
    let written = text.get(line.clone()).unwrap_or_default();
    if memchr::memchr(b':', written.as_bytes()).is_none() {
        return;
    }
    let mut parts = written.splitn(5, ':');
    let parts = [(); 5].map(|()| parts.next().unwrap_or_default());
    let [host, port, database, user, password] = parts;
    let is_port = port == "*"
        || (2..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-*".contains(&byte))
    };
    if !is_port || ![host, database, user].into_iter().all(is_name) {
        return;
    }
    let is_password = !password.contains(':') && !is_identifier(password) && !is_hash(password);
    if is_password {
        let start = line.end - password.len();
        behind_words(text, start..line.end, Gives::Password, false)
            .into_iter()
            .for_each(visit);
    }
}

/// The words of a line, each with whether it stood in quotes, and without them.
struct Words<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl<'t> Words<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn is_at_end(&self) -> bool {
        let is_end = |letter: char| letter.is_whitespace() || matches!(letter, ';' | ')');
        self.rest().trim_matches(is_end).is_empty()
    }

    fn next(&mut self) -> Option<(Range<usize>, bool)> {
        const QUOTES: [char; 2] = ['"', '\''];
        let between = |letter: char| letter.is_whitespace() || "(),;[]".contains(letter);
        let rest = self.rest();
        let word = rest.trim_start_matches(between);
        // A string within a string escapes its quotes.
        let bare = word.trim_start_matches('\\');
        let start = self.at + (rest.len() - bare.len());
        let first = bare.chars().next()?;
        if QUOTES.contains(&first) {
            let inner = bare.get(1..).unwrap_or_default();
            let length = inner.find(first);
            let end = start + 1 + length.unwrap_or(0);
            self.at = end + usize::from(length.is_some());
            let inner = inner.get(..length.unwrap_or(0)).unwrap_or_default();
            return Some((
                start + 1..start + 1 + inner.trim_end_matches('\\').len(),
                true,
            ));
        }
        let is_end = |letter: char| letter.is_whitespace() || "\"'(".contains(letter);
        let length = bare.find(is_end).unwrap_or(bare.len());
        // What stands behind an escape belongs to it.
        let length = length.max(first.len_utf8());
        self.at = start + length;
        let word = bare.get(..length).unwrap_or_default();
        let word = word.trim_end_matches([')', ';', ',', '\\']);
        Some((start..start + word.len(), false))
    }
}

#[cfg(test)]
mod tests {
    use super::super::stem::is_without;
    use super::*;

    #[test]
    fn every_context_has_a_word_that_looks_like_one() {
        for context in &CONTEXTS {
            let mut words = context.words.iter();
            assert!(
                words.any(|word| may_be_of_context(word)),
                "{:?}",
                context.words
            );
            assert!(!context.words.iter().all(|word| is_without(word)));
        }
    }
}
