//! Values that stand for others.

use std::borrow::Cow;

use super::strength::{is_wordy, words};

/// What templates and references are written with.
const MARKS: [&str; 17] = [
    "${",
    "$(",
    "{{",
    "}}",
    "<%",
    "%(",
    "ENC[",
    "vault:",
    "ref+",
    "op://",
    "secretsmanager:",
    "arn:aws",
    "!vault",
    "KeyVault(",
    "[redacted]",
    "process.env",
    "***",
];

/// What references to the stores of secrets begin with, and values that dotenvx, Spring Cloud Config and KMS of AWS
/// encrypted: those are made to be committed.
const STARTS: [&str; 13] = [
    "AQICAH",
    "awssm:",
    "bao:",
    "doppler://",
    "encrypted:",
    "gcpsm:",
    "infisical://",
    "keyvault:",
    "secretref:",
    "sm://",
    "ssm:",
    "vault://",
    "{cipher}",
];

/// Words that say that a value is none, without case and punctuation.
const SAYING: [&str; 22] = [
    "changeit",
    "changeme",
    "changethis",
    "dummy",
    "example",
    "fakepassword",
    "fixme",
    "foobar",
    "notarealkey",
    "notareal",
    "notasecret",
    "notreal",
    "placeholder",
    "putyour",
    "redacted",
    "replace",
    "sample",
    "somepassword",
    "tobedefined",
    "todo",
    "youpassword",
    "insertyour",
];

/// Words that name what should stand in their place, or nothing.
const NAMING: [&str; 38] = [
    "apikey",
    "bar",
    "baz",
    "blah",
    "credentials",
    "default",
    "empty",
    "false",
    "foo",
    "key",
    "nil",
    "none",
    "null",
    "off",
    "on",
    "optional",
    "pass",
    "passwd",
    "password",
    "passphrase",
    "private",
    "pwd",
    "required",
    "root-password",
    "secret",
    "secretkey",
    "secretvalue",
    "string",
    "tbd",
    "test",
    "testing",
    "token",
    "true",
    "undefined",
    "unset",
    "value",
    "yes",
    "no",
];

/// True for a value that stands for another one: a variable, a word for what belongs there, a row of the same letter.
#[must_use]
pub fn is_placeholder(key: &str, value: &str) -> bool {
    let value = value.trim();
    if value.len() < 3 {
        return true;
    }
    let plain = plain(value);
    is_template(value)
        || has_placeholder_mark(value)
        || plain.is_empty()
        || NAMING.contains(&&*plain)
        || plain == self::plain(key)
        || (plain.len() >= 4 && self::plain(key).ends_with(&*plain) && is_naming(&plain))
        || names_itself(value)
        || is_prose(value)
        || is_constant(value)
}

fn is_naming(plain: &str) -> bool {
    ["password", "passwd", "secret", "token", "key", "credential"]
        .iter()
        .any(|word| plain.contains(word))
}

/// Small letters and digits of a text.
fn plain(text: &str) -> String {
    text.bytes()
        .take(128)
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

fn is_template(value: &str) -> bool {
    let is_variable = value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|first: char| {
            first.is_ascii_alphabetic() || matches!(first, '{' | '(' | '_')
        }) && !name.contains('$')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_{}().:-".contains(&byte))
    });
    let wrapped = |open: &str, close: &str| {
        value.len() > 2 && value.starts_with(open) && value.ends_with(close)
    };
    let is_resource = || value.starts_with("projects/") && value.contains("/secrets/");
    is_variable
        || STARTS.iter().any(|start| value.starts_with(start))
        || is_resource()
        || MARKS.iter().any(|mark| value.contains(mark))
        || wrapped("<", ">")
        || wrapped("[", "]")
        || wrapped("{", "}")
        || wrapped("%", "%")
        || wrapped("__", "__")
        || wrapped("@", "@")
        || value.contains('<') && value.contains('>')
}

/// True if a value says that it is none, or consists of what nobody draws by lot.
pub(super) fn has_placeholder_mark(value: &str) -> bool {
    let bytes = value.as_bytes();
    let lower: Cow<'_, str> = if value.len() > 256 {
        value
            .get(..value.floor_char_boundary(256))
            .unwrap_or_default()
            .to_ascii_lowercase()
            .into()
    } else {
        value.to_ascii_lowercase().into()
    };
    let same = bytes.windows(4).take(256).any(|four| {
        matches!(four, [a, b, c, d] if a == b && b == c && c == d
            && matches!(a, b'x' | b'X' | b'*' | b'.' | b'?' | b'0'))
    });
    if same || lower.contains("...") || lower.contains('…') {
        return true;
    }
    let plain: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    SAYING.iter().any(|word| plain.contains(word)) || is_documented(value) || is_sequence(bytes)
}

/// True for the tokens that providers make for pages, and that everybody may read: of Mapbox, Stripe and `PostHog`, as
/// their documentation says.
pub(super) fn is_for_everybody(value: &str) -> bool {
    ["pk.eyJ", "pk_live_", "pk_test_", "phc_"]
        .iter()
        .any(|start| value.starts_with(start))
}

/// Keys that documentation shows to everybody.
fn is_documented(value: &str) -> bool {
    // Of AWS, of Azure's emulator, of Google's pages.
    value.contains("EXAMPLE") || value.contains("Eby8vdM02xNOcqFl")
}

/// True if most letters follow the one before, as in `abcdef` and `123456`.
fn is_sequence(bytes: &[u8]) -> bool {
    let bytes = bytes.get(..64).unwrap_or(bytes);
    let steps = bytes
        .windows(2)
        .filter(|two| matches!(two, [a, b] if a.checked_add(1) == Some(*b)))
        .count();
    bytes.len() >= 6 && steps * 3 >= bytes.len() * 2
}

/// `my-password`, `your_token`, `the-secret`: what belongs there, with an article.
fn names_itself(value: &str) -> bool {
    const ARTICLES: [&str; 14] = [
        "my", "your", "the", "a", "an", "some", "insert", "enter", "put", "add", "use", "set",
        "fake", "test",
    ];
    let words = words(value);
    let first = words.first().map_or("", |word| word.as_ref());
    if ["your", "fake", "insert", "changeme"].contains(&first) && is_wordy(value) {
        return true;
    }
    let plain = plain(value);
    let rest = ARTICLES
        .iter()
        .find_map(|article| plain.strip_prefix(article));
    rest.is_some_and(|rest| {
        let rest = rest.trim_end_matches(|character: char| character.is_ascii_digit());
        NAMING.contains(&rest) || is_naming(rest) && is_wordy(value) || rest.is_empty()
    })
}

/// A sentence.
fn is_prose(value: &str) -> bool {
    value.split_whitespace().take(3).count() >= 3 && is_wordy(value)
}

/// The name of a constant: `CONNECTION_STRING_B64`.
fn is_constant(value: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    value.bytes().all(is_part)
        && value.contains('_')
        && value.bytes().any(|byte| byte.is_ascii_uppercase())
        && is_wordy(value)
}
