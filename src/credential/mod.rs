//! Credentials in text: what has the shape of one, whatever it is called, and what a key that says so gives.
//!
//! One engine serves two readers. Redaction takes every candidate, placeholders and cut ones too: what it hides is
//! never missed. The rules take a candidate only as [`Found`]: where the value itself is evidence. So whatever a rule
//! finds in a text, redaction hides in it.
//!
//! Every scan is linear in its text: what was looked at as part of one candidate is not looked at again.

mod address;
mod argument;
mod armour;
mod assignment;
mod beside;
mod directive;
mod drawn;
mod evident;
mod key;
mod key_store;
mod label;
mod mark;
mod netrc;
mod path;
mod pipe;
mod placeholder;
mod qualifier;
mod query;
mod section;
mod shape;
mod stem;
mod strength;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};

use argument::Argument;
pub use assignment::Reader;
pub use beside::drawn_words;
use evident::{SHORTEST, marked};
pub use evident::{find_marked, find_marked_behind, find_tokens, without_published};
pub use key::{Class, class, is_loosely_telling, is_telling};
pub use key_store::is_key_store;
pub use placeholder::is_placeholder;
use placeholder::{has_placeholder_mark, is_for_everybody};
use stem::Stems;
use strength::{is_mixed, is_random_with_marks};
pub use strength::{is_random, is_strong_password};

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A token of a provider, by what to call it.
    Token(&'static str),
    /// A private key in its armour.
    PrivateKey,
    /// An address with a password in it.
    Address,
    /// A connection string with a password in it.
    ConnectionString,
    /// A user with a password in Base64.
    BasicAuthentication,
    /// A value behind a key that says that it is a password.
    Password,
    /// A value of high entropy behind a key that says that it is secret.
    Secret,
    /// A value of high entropy where only secrets stand.
    Noise,
    /// A file that keeps keys.
    Store,
}

impl What {
    /// What to call it in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token(name) => name,
            Self::PrivateKey => "a private key",
            Self::Address => "an address with a password",
            Self::ConnectionString => "a connection string with a password",
            Self::BasicAuthentication => "a user with a password in Base64",
            Self::Password => "a password",
            Self::Store => "a store of keys",
            Self::Secret | Self::Noise => "a secret value",
        }
    }
}

/// A value that is evidence by itself, or with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The bytes of the value.
    pub range: Range<usize>,
    /// What it is.
    pub what: What,
    /// True for what opens little or is guessed anyway: a default password, the key of a test account.
    pub is_weak: bool,
    /// What it is called where it stands: the key or flag before it, the host of its address. Nothing where nothing
    /// says so. Never the value.
    pub label: String,
    /// The beginning of a sum over it, where nobody can guess it; nothing otherwise.
    mark: String,
}

impl Found {
    /// A value that has no name of its own.
    #[must_use]
    pub fn new(range: Range<usize>, what: What, is_weak: bool) -> Self {
        Self {
            range,
            what,
            is_weak,
            label: String::new(),
            mark: String::new(),
        }
    }

    /// The same in a text in which what it was found in begins at a byte.
    #[must_use]
    pub fn behind(mut self, start: usize) -> Self {
        self.range = start + self.range.start..start + self.range.end;
        self
    }

    /// True for what services hand to browsers as well, such as the key of an account with Google's maps.
    fn may_be_published(&self) -> bool {
        self.is_weak && matches!(self.what, What::Token(_))
    }

    /// The same with what tells it from another of its kind, from the text that it stands in.
    #[must_use]
    pub fn marked(mut self, text: &str) -> Self {
        self.mark = mark::of(self.what, text.get(self.range.clone()).unwrap_or_default());
        self
    }

    /// What tells it from others at the same address: what it is, what it is called, and its mark; never the value or
    /// its place. It goes into fingerprints and is not printed.
    #[must_use]
    pub fn discriminator(&self) -> String {
        let mut text = self.what.name().to_owned();
        for part in [&self.label, &self.mark] {
            if !part.is_empty() {
                text.push(' ');
                text.push_str(part);
            }
        }
        text
    }
}

/// The longest value that stands for one password or key, in bytes.
const LONGEST: usize = 4096;

/// The credentials of a text, in order and apart from each other: settings, scripts, commands.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    find_in(text, false)
}

/// The same where weak passwords behind their keys count as well.
#[must_use]
pub fn find_all(text: &str) -> Vec<Found> {
    find_in(text, true)
}

fn find_in(text: &str, weak_too: bool) -> Vec<Found> {
    let mut found = Vec::new();
    if text.len() < SHORTEST {
        return found;
    }
    let stems = Stems::of(text);
    marked(text, &mut found);
    assignment::scan(text, &stems, Reader::Source, &mut |assignment| {
        found.extend(assignment.proves(text, weak_too));
    });
    let mut keep = |argument: Argument| found.extend(argument.proves(text, weak_too));
    argument::scan(text, &mut keep);
    pipe::scan(text, &mut keep);
    netrc::scan(text, &mut keep);
    directive::scan(text, &stems, &mut keep);
    apart(text, found)
}

/// The same in order and apart from each other, each with what it is called.
fn apart(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.range.start, found.range.end));
    let mut apart: Vec<Found> = Vec::with_capacity(found.len());
    for found in found {
        match apart.last_mut() {
            // The shape tells more than the key before it.
            Some(last) if found.range.start < last.range.end => {
                last.range.end = last.range.end.max(found.range.end);
                let by_key = |what| matches!(what, What::Password | What::Secret);
                if by_key(last.what) && !by_key(found.what) {
                    last.what = found.what;
                    last.is_weak = found.is_weak;
                }
            }
            _ => apart.push(found),
        }
    }
    let mut apart: Vec<Found> = apart
        .into_iter()
        .map(|found| Found {
            label: label::of(text, &found.range),
            ..found.marked(text)
        })
        .collect();
    apart.retain(|found| !(key::is_published(&found.label) && found.may_be_published()));
    apart
}

/// What a value shows with the key that it stands behind, as in a variable: by its shape, or by key and entropy
/// together.
#[must_use]
pub fn of_value(key: &str, value: &str) -> Vec<Found> {
    let found = without_published(key, find(value));
    if found.is_empty() {
        return by_key(key, value).into_iter().collect();
    }
    found
}

/// What a word of a command shows that stands in a list behind these.
#[must_use]
pub fn of_word(before: &[&str], word: &str) -> Vec<Found> {
    let flag = before.last().filter(|flag| flag.starts_with('-'));
    let flag = flag.map_or("", |flag| label::of_flag(flag));
    let mut found = find(word);
    if found.is_empty() {
        let proved = argument::in_list(before, word);
        found.extend(proved.and_then(|argument| argument.proves(word, false)));
        if let Some(found) = found.first_mut().filter(|_| word.starts_with('-')) {
            label::of_flag(word).clone_into(&mut found.label);
        }
    }
    for found in found.iter_mut().filter(|found| found.label.is_empty()) {
        flag.clone_into(&mut found.label);
    }
    found.into_iter().map(|found| found.marked(word)).collect()
}

/// What a value shows where no field is known: with its key, or with the name beside it. That name may be of something
/// else, so that nothing counts that names, addresses or counts something.
#[must_use]
pub fn of_unknown(key: &str, name: Option<&str>, value: &str) -> Vec<Found> {
    let found = of_value(key, value);
    match name {
        Some(name) if found.is_empty() && !drawn::is_name(value.trim()) => {
            by_key(name, value).into_iter().collect()
        }
        _ => found,
    }
}

/// True if a word of a command must not be shown that stands in a list behind these, whether or not it looks secret.
#[must_use]
pub fn is_telling_word(before: &[&str], word: &str) -> bool {
    argument::in_list(before, word).is_some()
}

/// True if what stands behind a key must not be shown, whether or not it looks secret.
#[must_use]
pub fn is_told(key: &str, value: &str) -> bool {
    assignment::is_told(key, value)
}

/// What key and value prove together, where neither does alone.
#[must_use]
pub fn by_key(key: &str, value: &str) -> Option<Found> {
    proved_by_key(key, value, false).map(|found| found.marked(value))
}

fn proved_by_key(key: &str, value: &str, weak_too: bool) -> Option<Found> {
    let trimmed = value.trim();
    let start = value.len() - value.trim_start().len();
    let range = start..start + trimmed.len();
    let Some(class) = class(key) else {
        let what = proved_by_qualified(key, value)?;
        return Some(Found::new(range, what, false));
    };
    if trimmed.len() > LONGEST {
        return None;
    }
    if class == Class::Password && drawn::is_passphrase(trimmed) {
        let is_said = has_placeholder_mark(trimmed);
        return (!is_said).then(|| Found::new(range, What::Password, false));
    }
    // As htpasswd writes it, a hash stands behind the name of its user.
    let behind_user = trimmed.split_once(':').map(|(_, behind)| behind);
    let is_hashed = is_hash(trimmed) || behind_user.is_some_and(is_hash);
    if is_placeholder(key, trimmed) || is_for_everybody(trimmed) || is_hashed {
        return None;
    }
    let found = |what, is_weak| Some(Found::new(range.clone(), what, is_weak));
    match class {
        Class::Password if is_strong_password(trimmed) || is_random_with_marks(trimmed) => {
            found(What::Password, false)
        }
        Class::Password if weak_too => found(What::Password, true),
        Class::Secret if drawn::is_key(trimmed) => found(What::Secret, false),
        Class::Secret if is_random_with_marks(trimmed) || is_mixed(trimmed) => {
            found(What::Secret, false)
        }
        Class::Secret if weak_too => found(What::Secret, true),
        Class::Authorization => {
            let (scheme, rest) = trimmed.split_once(' ')?;
            let rest = rest.trim_start();
            let at = range.end - rest.len()..range.end;
            if scheme.eq_ignore_ascii_case("basic") {
                let is_weak = encoded_password(rest)?;
                return Some(Found::new(at, What::BasicAuthentication, is_weak));
            }
            let proves = rest.len() >= 16 && !is_placeholder(key, rest) && is_random(rest);
            proves.then(|| Found::new(at, What::Secret, false))
        }
        Class::Encoded => found(What::BasicAuthentication, encoded_password(trimmed)?),
        _ => None,
    }
}

/// What a value proves behind a key with a word behind the one for a secret.
fn proved_by_qualified(key: &str, value: &str) -> Option<What> {
    let trimmed = value.trim();
    let what = qualifier::proves(key, trimmed)?;
    (!is_placeholder(key, trimmed)).then_some(what)
}

/// If text is Base64 of `user:password`: whether the password is a weak one. None for anything else.
#[must_use]
pub fn encoded_password(text: &str) -> Option<bool> {
    let plain = decode(text)?;
    let plain = String::from_utf8(plain).ok()?;
    let (user, password) = plain.split_once(':')?;
    let printable = |text: &str| !text.chars().any(char::is_control);
    if password.is_empty() || !printable(user) || is_placeholder("", password) {
        return None;
    }
    printable(password).then(|| !is_strong_password(password))
}

/// Base64 in lines or in one, with padding or without.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let packed: Cow<'_, str> = if text.contains(char::is_whitespace) {
        text.split_whitespace().collect::<String>().into()
    } else {
        text.into()
    };
    let decoded = BASE64_STANDARD.decode(&*packed);
    decoded
        .or_else(|_| BASE64_STANDARD_NO_PAD.decode(&*packed))
        .ok()
}

/// A value of a Secret, where less evidence serves: what stands behind a password's key is one.
#[must_use]
pub fn of_secret(key: &str, value: &str) -> Vec<Found> {
    let found = if is_settings(key) {
        find_all(value)
    } else {
        find(value)
    };
    if found.is_empty() {
        let alone = alone_in_secret(key, value).into_iter();
        return alone.map(|found| found.marked(value)).collect();
    }
    found
}

/// True for the keys of the configurations of registries.
fn is_settings(key: &str) -> bool {
    key.ends_with("dockerconfigjson") || key.ends_with("dockercfg")
}

fn alone_in_secret(key: &str, value: &str) -> Option<Found> {
    let trimmed = value.trim();
    let is_one = !trimmed.contains(['\n', '\r']) && trimmed.len() <= LONGEST;
    if is_settings(key) || !is_one || is_public(trimmed) {
        return None;
    }
    let range = 0..value.len();
    if let Some(found) = proved_by_key(key, value, true) {
        return Some(found);
    }
    if is_placeholder(key, trimmed) {
        return None;
    }
    let is_noise = is_random(trimmed);
    if is_loosely_telling(key) {
        let what = if key::is_loose_password(key) {
            What::Password
        } else {
            What::Secret
        };
        let is_strong = is_noise || is_strong_password(trimmed);
        let counts = what == What::Password || is_noise;
        return counts.then(|| Found::new(range, what, !is_strong));
    }
    let is_noise = is_noise && !drawn::is_name(trimmed);
    let is_drawn = trimmed.len() >= 20 && is_noise || drawn::is_drawn(trimmed);
    let counts = is_drawn && !key::is_public(key);
    counts.then(|| Found::new(range, What::Noise, false))
}

/// True for what may be read by everybody: certificates, public keys, sums and hashes.
fn is_public(value: &str) -> bool {
    const STARTS: [&str; 15] = [
        // Certificates and public keys in Base64, also of their armour, and of age.
        "AAAAB3NzaC1",
        "AAAAC3NzaC1",
        "AAAAE2VjZHNh",
        "LS0tLS1CRUdJTiBDRVJU",
        "LS0tLS1CRUdJTiBQVUJM",
        "age1",
        "-----BEGIN ",
        "ssh-rsa ",
        "ssh-ed25519 ",
        "ecdsa-sha2-",
        "sha256:",
        "sha512:",
        "sha256-",
        "sha384-",
        "sha512-",
    ];
    let is_start = |text: &str| STARTS.iter().any(|start| text.starts_with(start));
    is_start(value)
        || is_for_everybody(value)
        || [":$", "{SHA}", "{SSHA}"]
            .iter()
            .chain(&HASHES)
            .any(|mark| value.contains(mark))
        || is_hash(value)
}

/// What the hashes of passwords begin with that stand in files of users as well.
const HASHES: [&str; 4] = ["$2a$", "$2b$", "$2y$", "$apr1$"];

/// True for what databases and systems keep in place of a password.
fn is_hash(value: &str) -> bool {
    const STARTS: [&str; 10] = [
        "SCRAM-SHA-",
        "$argon2",
        "$pbkdf2",
        "$scrypt",
        "$7$",
        "$6$",
        "$5$",
        "$1$",
        "$y$",
        "pbkdf2",
    ];
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut starts = STARTS.iter().chain(&HASHES);
    starts.any(|start| value.starts_with(start))
        || value.strip_prefix('*').is_some_and(|rest| is_hex(rest, 40))
        || value
            .strip_prefix("md5")
            .is_some_and(|rest| is_hex(rest, 32))
}

/// Everything that may be a secret, in order and apart from each other: what must not be shown.
#[must_use]
pub fn candidates(text: &str, reader: Reader) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if is_short_name(text) {
        return found;
    }
    shape::scan(text, &mut |candidate| found.push(candidate.range));
    armour::scan_packed(text, &mut |packed| found.push(packed.range));
    strength::long_tokens(text, &mut found);
    address::scan(text, &mut |candidate| {
        found.extend([candidate.hidden, candidate.password]);
    });
    address::scan_without_scheme(text, &mut |password| found.push(password));
    query::scan(text, &mut |value| found.push(value));
    path::scan(text, &mut |part| found.push(part));
    if !is_word(text) {
        within_sentences(text, reader, &mut found);
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// True for what is too short for any token and sets, calls and addresses nothing: most names.
fn is_short_name(text: &str) -> bool {
    /// The shortest token with its mark has as many letters, unless it was cut.
    const SHORTEST_TOKEN: usize = 15;
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-'..=b'/');
    text.len() < SHORTEST_TOKEN && !text.starts_with('-') && text.bytes().all(is_of_name)
}

/// True for a name, a number, an image: what sets nothing, calls nothing and holds no lines. Most values of a manifest
/// are such.
fn is_word(text: &str) -> bool {
    let breaks = |byte: u8| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'=' | b'"'
                    | b'\''
                    | b'`'
                    | b'<'
                    | b'|'
                    | b'{'
                    | b'}'
                    | b'['
                    | b']'
                    | b','
                    | b';'
                    | b'\\'
            )
    };
    !text.starts_with('-') && !text.bytes().any(breaks) && !sets_something(text)
}

/// True where a key that says that its value is secret stands before a colon.
fn sets_something(text: &str) -> bool {
    let mut from = 0;
    memchr::memchr_iter(b':', text.as_bytes()).any(|at| {
        let key = text.get(from..at).unwrap_or_default();
        from = at + 1;
        class(key).is_some()
    })
}

/// What takes more than a word to see: blocks, assignments, arguments, what goes to a program that reads a secret.
fn within_sentences(text: &str, reader: Reader, found: &mut Vec<Range<usize>>) {
    let stems = Stems::of(text);
    armour::scan(text, &mut |block| found.push(block.range));
    // A file may go on where a sentence would end: what a rule finds is hidden as far as it goes.
    assignment::scan(text, &stems, Reader::Source, &mut |assignment| {
        found.extend(assignment.proves(text, false).map(|found| found.range));
        if reader == Reader::Source && assignment.is_to_hide(text, reader) {
            found.push(assignment.value);
        }
    });
    if reader != Reader::Source {
        assignment::scan(text, &stems, reader, &mut |assignment| {
            if assignment.is_to_hide(text, reader) {
                found.push(assignment.value);
            }
        });
    }
    argument::scan(text, &mut |argument| {
        let is_found = argument.proves(text, false).is_some();
        if is_found || argument.is_to_hide(text, reader) {
            found.push(argument.value);
        }
    });
    for scan in [pipe::scan, netrc::scan] {
        scan(text, &mut |argument| found.push(argument.value));
    }
    directive::scan(text, &stems, &mut |argument| {
        // Sentences hold such words too.
        if argument.is_to_hide(text, Reader::Message) {
            found.push(argument.value);
        }
    });
}
