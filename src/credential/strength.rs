//! How much a value looks like drawn by lot.

use std::borrow::Cow;
use std::ops::Range;

/// How many bytes are letters, digits or one of the others.
pub(super) fn run(bytes: &[u8], others: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || others.contains(byte))
        .count()
}

/// Bits of surprise in each byte.
pub(super) fn entropy(token: &[u8]) -> f64 {
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

/// The length from which text is long enough to tell by its letters that nobody thought of it.
const LONG: usize = 40;

/// Long strings of mixed letters that look like noise: keys without a mark of their own, lines of a key block. Sums
/// in hexadecimal digits are none.
pub(super) fn long_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    if text.len() < LONG {
        return;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default().iter();
        let is_of_token =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let length = rest.take_while(is_of_token).count();
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

/// The words of a name in small letters: letters between marks, digits and changes of case.
pub(super) fn words(text: &str) -> Vec<Cow<'_, str>> {
    segments(text.as_bytes())
        .filter_map(|range| text.get(range))
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map(|word| word.to_ascii_lowercase().into())
        .take(16)
        .collect()
}

/// Runs of letters and runs of digits. A capital starts a run unless it follows one.
pub(super) fn segments(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes
            .get(at)
            .is_some_and(|byte| !byte.is_ascii_alphanumeric())
        {
            at += 1;
        }
        let start = at;
        let first = bytes.get(at)?;
        at += 1;
        while let (Some(before), Some(byte)) = (bytes.get(at - 1), bytes.get(at)) {
            let goes_on = byte.is_ascii_alphanumeric()
                && byte.is_ascii_digit() == first.is_ascii_digit()
                && !(byte.is_ascii_uppercase() && before.is_ascii_lowercase());
            if !goes_on {
                break;
            }
            at += 1;
        }
        Some(start..at)
    })
}

/// True for what a person would call something: words, with a number here and there.
pub(super) fn is_wordy(text: &str) -> bool {
    !text
        .split(|character: char| !character.is_ascii_alphanumeric())
        .any(is_random_part)
}

/// True for letters and digits without a mark between them that change too often to be words.
fn is_random_part(part: &str) -> bool {
    let part = part.as_bytes().get(..256).unwrap_or(part.as_bytes());
    let runs = segments(part).count();
    let holds = |is: fn(&u8) -> bool| part.iter().any(is);
    let is_hex = part.iter().all(u8::is_ascii_hexdigit)
        && holds(u8::is_ascii_digit)
        && holds(u8::is_ascii_alphabetic);
    if is_hex && part.len() >= 20 {
        return true;
    }
    // Words have four letters and more, and few numbers behind them.
    part.len() >= 10 && runs >= 4 && part.len() * 10 <= runs * 34 && entropy(part) >= 2.5
}

/// True if a value was drawn by lot, as keys and tokens are.
#[must_use]
pub fn is_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    if value.len() < 12 || value.contains(char::is_whitespace) || value.contains("://") {
        return false;
    }
    if bytes
        .iter()
        .any(|byte| !byte.is_ascii_graphic() || b"()[]{}<>\"'`\\".contains(byte))
    {
        return false;
    }
    is_uuid(value) || !is_wordy(value) && entropy(bytes) >= 3.0
}

/// True for letters of all kinds with marks among them that no code, pattern or path has in such a mixture:
/// `u8x/A?D(G+KbPeShVmYq3t6w9z$C&F)H`.
pub(super) fn is_random_with_marks(value: &str) -> bool {
    /// Fewer different marks are those of a notation.
    const MARKS: usize = 3;
    /// Code and patterns have words.
    const WORD: usize = 5;
    let bytes = value.as_bytes();
    let is_other = |byte: &u8| !byte.is_ascii_graphic() || b"\"'`\\".contains(byte);
    if !(16..=256).contains(&value.len()) || bytes.iter().any(is_other) || value.contains("://") {
        return false;
    }
    let mut marks: Vec<u8> = bytes.to_vec();
    marks.retain(|byte| byte.is_ascii_punctuation() && !b"-_.:/,=".contains(byte));
    marks.sort_unstable();
    marks.dedup();
    let packed: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    let count = |is: fn(&u8) -> bool| packed.bytes().filter(is).count();
    marks.len() >= MARKS
        && !has_word(bytes, WORD)
        && count(u8::is_ascii_uppercase) >= 3
        && count(u8::is_ascii_lowercase) >= 3
        && count(u8::is_ascii_digit) >= 2
        && is_random(&packed)
}

/// True for letters of all kinds and marks in the value of a key that says that it is secret: `x9!Kq#4vT(z2`. With
/// fewer marks than [`is_random_with_marks`] asks for, it takes a key to tell them from code and patterns.
pub(super) fn is_mixed(value: &str) -> bool {
    const SHORTEST: usize = 12;
    /// Code, patterns and paths have words.
    const WORD: usize = 4;
    let bytes = value.as_bytes();
    let is_other = |byte: &u8| !byte.is_ascii_graphic() || b"\"'`\\".contains(byte);
    if !(SHORTEST..=256).contains(&value.len()) || bytes.iter().any(is_other) {
        return false;
    }
    let count = |is: &dyn Fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
    count(&|byte| byte.is_ascii_punctuation() && !b"-_.:/,=@".contains(byte)) >= 1
        && count(&u8::is_ascii_uppercase) >= 2
        && count(&u8::is_ascii_lowercase) >= 2
        && count(&u8::is_ascii_digit) >= 1
        && !has_word(bytes, WORD)
        && !value.contains("://")
        && !value.starts_with(['/', '^', '$', '{', '<', '%', '~'])
}

/// True if as many small letters stand beside each other: a word.
fn has_word(bytes: &[u8], least: usize) -> bool {
    let mut words = bytes.split(|byte| !byte.is_ascii_lowercase());
    words.any(|word| word.len() >= least)
}

/// `123e4567-e89b-12d3-a456-426614174000`.
pub(super) fn is_uuid(value: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = value.split('-');
    lengths.into_iter().all(|length| {
        parts.next().is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }) && parts.next().is_none()
}

/// True for what names things without telling a secret: identifiers and sums.
pub(super) fn is_identifier(value: &str) -> bool {
    let is_sum = matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum || is_uuid(value)
}

/// True for a password that is not guessed at once: letters of several kinds that are no name.
#[must_use]
pub fn is_strong_password(value: &str) -> bool {
    let bytes = value.as_bytes();
    if value.len() < 8
        || value.contains(char::is_whitespace)
        || bytes.iter().any(|byte| b"()[]{}<>\"'`\\".contains(byte))
    {
        return false;
    }
    if is_random(value) {
        return true;
    }
    let holds = |is: &dyn Fn(&u8) -> bool| bytes.iter().any(is);
    let is_mark = |byte: &u8| byte.is_ascii_punctuation() && !b"-_./:@".contains(byte);
    let kinds = [
        holds(&u8::is_ascii_lowercase),
        holds(&u8::is_ascii_uppercase),
        holds(&u8::is_ascii_digit),
        holds(&is_mark),
    ];
    let kinds = kinds.into_iter().filter(|kind| *kind).count();
    let runs = segments(bytes).count() + usize::from(holds(&is_mark));
    let average = value.len() * 10 <= runs * 40;
    kinds >= 3 && runs >= 3 && average && !value.contains("://") && !value.starts_with(['/', '.'])
}
