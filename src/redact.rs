//! Secrets in text that will be shown: what has the shape of one is replaced before anybody prints it.
//!
//! A report goes to logs, comments and dashboards that more people read than the repository. Only what is printed is
//! looked at, never a whole file. The shapes are those of well-known providers, and values behind a key that says
//! what they are. A value that was cut to a readable length is recognised by what is left of it.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// The text with every secret replaced by [`REDACTED`].
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    replace(text, &secrets(text, Reader::Message), |_| {
        Cow::Borrowed(REDACTED)
    })
}

/// A line of source with every secret replaced by as many bytes, so that carets below it stay right.
#[must_use]
pub fn mask(line: &str) -> Cow<'_, str> {
    replace(line, &secrets(line, Reader::Source), |secret| {
        Cow::Owned("*".repeat(secret.len()))
    })
}

/// The same for bytes that are secret for where they stand.
#[must_use]
pub fn mask_range(line: &str, range: Range<usize>) -> Cow<'_, str> {
    replace(line, &[range], |secret| {
        Cow::Owned("*".repeat(secret.len()))
    })
}

fn replace<'a>(
    text: &'a str,
    ranges: &[Range<usize>],
    by: impl Fn(&str) -> Cow<'static, str>,
) -> Cow<'a, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        let (Some(before), Some(secret)) = (text.get(at..range.start), text.get(range.clone()))
        else {
            continue;
        };
        out.push_str(before);
        out.push_str(&by(secret));
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Who wrote the text: a source line may hold any value, our own messages hold few.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Message,
    Source,
}

/// The secrets of a text, in order and apart from each other.
fn secrets(text: &str, reader: Reader) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    tokens(text, &mut found);
    long_tokens(text, &mut found);
    key_blocks(text, &mut found);
    addresses(text, &mut found);
    keyed(text, reader, &mut found);
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

/// A token of a provider: how it starts, what it is made of beside letters and digits, and how much there is.
struct Shape(&'static str, &'static [u8], usize);

const SHAPES: &[Shape] = &[
    Shape("AKIA", b"", 16),
    Shape("ASIA", b"", 16),
    Shape("AIza", b"_-", 30),
    Shape("AccountKey=", b"+/=", 20),
    Shape("SharedAccessKey=", b"+/=", 20),
    Shape("SG.", b"._-", 40),
    Shape("dckr_pat_", b"_-", 20),
    // JSON in Base64: a JSON Web Token, or the configuration of a registry.
    Shape("eyJ", b"._-+/=", 17),
    Shape("ghp_", b"", 30),
    Shape("gho_", b"", 30),
    Shape("ghu_", b"", 30),
    Shape("ghs_", b"_.-", 30),
    Shape("ghr_", b"", 30),
    Shape("github_pat_", b"_", 22),
    Shape("glpat-", b"_.-", 20),
    Shape("npm_", b"", 36),
    Shape("rk_live_", b"", 16),
    Shape("sk_live_", b"", 16),
    Shape("sk_test_", b"", 16),
    Shape("xapp-", b"-", 10),
    Shape("xoxa-", b"-", 10),
    Shape("xoxb-", b"-", 10),
    Shape("xoxe-", b"-", 10),
    Shape("xoxp-", b"-", 10),
    Shape("xoxr-", b"-", 10),
    Shape("xoxs-", b"-", 10),
];

/// What is left of a token that was cut must at least be this long.
const LEAST_CUT: usize = 6;

fn tokens(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut before = b' ';
    for (start, byte) in bytes.iter().copied().enumerate() {
        let is_start = !before.is_ascii_alphanumeric();
        before = byte;
        if !is_start
            || !matches!(
                byte,
                b'A' | b'S' | b'd' | b'e' | b'g' | b'n' | b'r' | b's' | b'x'
            )
        {
            continue;
        }
        let rest = bytes.get(start..).unwrap_or_default();
        for Shape(prefix, others, least) in SHAPES {
            let Some(body) = rest.strip_prefix(prefix.as_bytes()) else {
                continue;
            };
            let length = run(body, others);
            let end = start + prefix.len() + length;
            let is_cut = text.get(end..).is_some_and(|rest| rest.starts_with('…'));
            if length >= *least || is_cut && length >= LEAST_CUT {
                found.push(start..end);
            }
            break;
        }
    }
    // A client secret of Azure has its mark in the fourth place.
    for (at, _) in text.match_indices("Q~") {
        let Some(start) = at.checked_sub(4) else {
            continue;
        };
        let head = bytes.get(start..at).unwrap_or_default();
        let is_head = run(head, b"_~.-") == 4 && head.last().is_some_and(u8::is_ascii_digit);
        let length = run(bytes.get(at..).unwrap_or_default(), b"_~.-");
        if is_head && length >= 24 {
            found.push(start..at + length);
        }
    }
}

/// How many bytes are letters, digits or one of the others.
fn run(bytes: &[u8], others: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || others.contains(byte))
        .count()
}

/// The length from which text is long enough to tell by its letters that nobody thought of it.
const LONG: usize = 40;

/// Long strings of mixed letters that look like noise: keys without a mark of their own, lines of a key block. Sums
/// in hexadecimal digits are none.
fn long_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    if text.len() < LONG {
        return;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = run(bytes.get(at..).unwrap_or_default(), b"+/=");
        if length >= LONG {
            let whole = bytes.get(at..at + length).unwrap_or_default();
            found.extend(noise(whole).map(|part| at + part.start..at + part.end));
        }
        at += length.max(1);
    }
}

/// The parts of a long token that look like noise. A path has slashes too, but its parts do not often have exactly the
/// length of a secret key of AWS.
fn noise(token: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_path = token.contains(&b'/') && !token.contains(&b'+');
    let whole = (!is_path && is_noise(token)).then_some(0..token.len());
    let starts = memchr::memchr_iter(b'/', token).map(|slash| slash + 1);
    let parts = std::iter::once(0).chain(starts).filter_map(move |start| {
        let part = token.get(start..start + LONG)?;
        let ends = matches!(token.get(start + LONG), None | Some(b'/'));
        (is_path && ends && is_noise(part)).then_some(start..start + LONG)
    });
    whole.into_iter().chain(parts)
}

fn is_noise(token: &[u8]) -> bool {
    let holds = |is: fn(&u8) -> bool| token.iter().any(is);
    holds(u8::is_ascii_uppercase)
        && holds(u8::is_ascii_lowercase)
        && holds(u8::is_ascii_digit)
        && entropy(token) >= 4.5
}

/// Bits of surprise in each byte.
fn entropy(token: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    // More of it tells no more.
    let token = token.get(..256).unwrap_or(token);
    for byte in token {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = f64::from(u32::try_from(token.len()).unwrap_or(u32::MAX));
    let counts = counts.iter().filter(|count| **count > 0);
    counts
        .map(|count| f64::from(*count) / all)
        .map(|part| -part * part.log2())
        .sum()
}

/// Private keys in their armour, to its end or to the end of what is there of it.
fn key_blocks(text: &str, found: &mut Vec<Range<usize>>) {
    const BEGIN: &str = "-----BEGIN ";
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(BEGIN)) {
        let start = at + start;
        let body = start + BEGIN.len();
        let rest = text.get(body..).unwrap_or_default();
        at = body;
        let label = rest.split("-----").next().unwrap_or_default();
        let is_private = label.contains("PRIVATE KEY") || label.contains('…');
        if !is_private {
            continue;
        }
        let end = match rest.find("-----END ") {
            Some(end) => {
                let tail = rest.get(end + "-----END ".len()..).unwrap_or_default();
                let close = tail.find("-----").map_or(tail.len(), |close| close + 5);
                body + end + "-----END ".len() + close
            }
            None => body + rest.find(['"', '\'', '`']).unwrap_or(rest.len()),
        };
        found.push(start..end);
        at = end;
    }
}

/// Passwords in addresses: `scheme://user:password@host`.
fn addresses(text: &str, found: &mut Vec<Range<usize>>) {
    for (mark, _) in text.match_indices("://") {
        let start = mark + "://".len();
        let rest = text.get(start..).unwrap_or_default();
        let end = rest
            .find(|character: char| {
                character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>' | '…')
            })
            .unwrap_or(rest.len());
        let is_cut = rest
            .get(end..)
            .is_some_and(|behind| behind.starts_with('…'));
        let address = rest.get(..end).unwrap_or_default();
        let Some((user, behind)) = address.split_once(':') else {
            continue;
        };
        if user.contains(['/', '@']) {
            continue;
        }
        let port = behind.bytes().take_while(u8::is_ascii_digit).count();
        let is_port = matches!(behind.as_bytes().get(port), None | Some(b'/' | b'?' | b'#'));
        let length = match behind.rfind('@') {
            _ if is_port && port > 0 => continue,
            Some(length) => length,
            None if is_cut => behind.len(),
            None => continue,
        };
        if length > 0 {
            let password = start + user.len() + 1;
            found.push(password..password + length);
        }
    }
}

/// What a key ends with whose value is a secret, without case and punctuation.
const TELLING: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "credential",
    "credentials",
];

/// True if a key says that its value is a secret, as `DB_PASSWORD` does.
#[must_use]
pub fn is_telling(key: &str) -> bool {
    // A key is short; what is not is looked at from its end.
    let mut plain: Vec<u8> = key
        .bytes()
        .rev()
        .filter(u8::is_ascii_alphanumeric)
        .take(16)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    plain.reverse();
    TELLING.iter().any(|word| plain.ends_with(word.as_bytes()))
}

/// Values behind a key that says what they are.
fn keyed(text: &str, reader: Reader, found: &mut Vec<Range<usize>>) {
    for at in memchr::memchr2_iter(b'=', b':', text.as_bytes()) {
        let before = text.get(..at).unwrap_or_default();
        let before = before.trim_end_matches([' ', '"', '\'']);
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        let length = before.bytes().rev().take(64).take_while(is_key).count();
        let key = before.get(before.len() - length..).unwrap_or_default();
        if !is_telling(key) {
            continue;
        }
        let assigned = text.as_bytes().get(at) == Some(&b'=');
        let behind = text.get(at + 1..).unwrap_or_default();
        let value = behind.trim_start_matches(' ');
        // A colon within a word, as in an image's name, is none of a key.
        if !assigned && value.len() == behind.len() && !value.starts_with(['"', '\'']) {
            continue;
        }
        let quote = value
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\''));
        let value = quote.map_or(value, |quote| value.strip_prefix(quote).unwrap_or(value));
        let start = text.len() - value.len();
        let end = match (quote, reader) {
            (Some(quote), _) => value.find(quote),
            (None, Reader::Source) if !assigned => value.find(" #"),
            (None, _) => value.find(|character: char| {
                character.is_whitespace() || "\"'`,;&)]}…".contains(character)
            }),
        };
        let value = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
        let value = value.trim_end();
        let is_enough = assigned || reader == Reader::Source || is_strong(value);
        if is_enough && is_literal(value) {
            found.push(start..start + value.len());
        }
    }
}

/// True for what nobody would write in a sentence.
fn is_strong(value: &str) -> bool {
    value.len() >= 12
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// False for what is a switch, a structure or a reference to something else.
fn is_literal(value: &str) -> bool {
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "~"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word));
    !value.is_empty() && !is_word && !value.starts_with(['$', '{', '[', '&', '*', '!', '|', '>'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted_and_nothing_else_is() {
        let letters = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5".to_owned();
        let first = |number: usize| letters[..number].to_owned();
        let secrets = [
            format!("AKIA{}", "Q3EGWZ7KJ2MXP5RT"),
            format!("ghp_{}", first(36)),
            format!("ghs_{}", first(36)),
            format!("github_pat_{}", first(40)),
            format!("glpat-{}", first(20)),
            format!("xoxb-1234567890-{}", first(24)),
            format!("sk_live_{}", first(24)),
            format!("rk_live_{}", first(24)),
            format!("npm_{}", first(36)),
            format!("AIza{}", first(35)),
            format!("SG.{}.{}", first(22), first(43)),
            format!("dckr_pat_{}", first(27)),
            format!("eyJ{}.eyJ{}.{}", first(20), first(20), first(30)),
            format!("abc8Q~{}", first(34)),
            first(40),
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLE1K".to_owned(),
        ];
        for secret in &secrets {
            let text = format!("env \"X\" is \"{secret}\", remove it");
            assert_eq!(redact(&text), "env \"X\" is \"[redacted]\", remove it");
            let masked = mask(&text);
            assert_eq!(masked.len(), text.len());
            assert!(!masked.contains(secret.as_str()), "{masked}");
        }
        for (text, expected) in [
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIx\n-----END RSA PRIVATE KEY----- x",
                "[redacted] x",
            ),
            (
                "is \"-----BEGIN PRIVATE KEY-----\u{fffd}MIIEvQ…\"; x",
                "is \"[redacted]\"; x",
            ),
            (
                "postgres://app:s3cr3t/x@db:5432/shop",
                "postgres://app:[redacted]@db:5432/shop",
            ),
            ("amqp://:hunter2@mq", "amqp://:[redacted]@mq"),
            ("\"redis://u:lettersonly…\"", "\"redis://u:[redacted]…\""),
            ("\"ghp_aB3dE5fG7…\"", "\"[redacted]…\""),
            ("--password=hunter2 x", "--password=[redacted] x"),
            ("AccountKey=abcdefghijklmnopqrstuv==;E", "[redacted];E"),
            ("API_TOKEN: abcdef123456", "API_TOKEN: [redacted]"),
        ] {
            assert_eq!(redact(text), expected);
        }
        for harmless in [
            "Secret shop/token: data is empty",
            "automountServiceAccountToken is true; it must be false",
            "Deployment shop/npm_config, container `ghp_api`: x",
            "image sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
            "https://registry.example:8080/path/@scope/pkg",
            "https://example.com/a:b@c",
            "volume \"logs\" is the path \"/var/lib/kubelet/pods/Abc/volumes/kubernetes.io\" of the node",
            "securityContext.allowPrivilegeEscalation is not set",
            "--token=$(TOKEN)",
            "-----BEGIN CERTIFICATE-----\nMIIx\n-----END CERTIFICATE-----",
            "",
        ] {
            assert!(matches!(redact(harmless), Cow::Borrowed(_)), "{harmless}");
        }
    }

    #[test]
    fn a_source_line_keeps_its_columns() {
        for (line, expected) in [
            ("  password: hunter2 # x", "  password: ******* # x"),
            (
                "  \"password\": \"hunter2\",",
                "  \"password\": \"*******\",",
            ),
            ("  dbPassword: 'é x'", "  dbPassword: '****'"),
            (
                "  automountServiceAccountToken: true",
                "  automountServiceAccountToken: true",
            ),
            ("  secret: {name: x}", "  secret: {name: x}"),
            (
                "  args: [--api-key=abc, --v=2]",
                "  args: [--api-key=***, --v=2]",
            ),
            ("  image: shop/token:1.2", "  image: shop/token:1.2"),
        ] {
            assert_eq!(mask(line), expected);
        }
        assert_eq!(mask_range("a: bc", 3..5), "a: **");
    }
}
