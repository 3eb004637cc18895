//! Values that somebody drew, where nothing says so: what they are made of tells them from what machines and people call
//! things.

use super::strength::{is_identifier, is_random, is_strong_password, is_wordy, segments};

/// What is drawn by lot has this many letters.
const SHORTEST_RANDOM: usize = 12;
/// What has two kinds of letters needs more of them: names of pods and buckets have as many.
const SHORTEST_OF_TWO_KINDS: usize = 16;
/// The fewest of a password with letters of all kinds.
const SHORTEST_PASSWORD: usize = 10;

/// True for a value that was drawn by lot, or for a password of letters of all kinds, and for nothing that names,
/// addresses or counts something.
pub(super) fn is_drawn(value: &str) -> bool {
    if is_name(value) {
        return false;
    }
    let bytes = value.as_bytes();
    let holds = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let (small, capital) = (u8::is_ascii_lowercase, u8::is_ascii_uppercase);
    let kinds = [small, capital, u8::is_ascii_digit, u8::is_ascii_punctuation];
    let is_name_mark = |byte: &u8| b"-_.:/".contains(byte);
    let has_mark = bytes
        .iter()
        .any(|byte| byte.is_ascii_punctuation() && !is_name_mark(byte));
    let kinds = kinds.into_iter().take(3).filter(|is| holds(*is)).count() + usize::from(has_mark);
    let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
    let is_named = bytes.iter().any(is_name_mark);
    let is_long_enough = value.len() >= SHORTEST_RANDOM && kinds >= 3
        || value.len() >= SHORTEST_OF_TWO_KINDS && kinds == 2 && !is_named;
    if is_random(value) && is_long_enough && (!is_hex || value.len() >= 20) {
        return true;
    }
    value.len() >= SHORTEST_PASSWORD && kinds == 4 && is_strong_password(value)
        || kinds >= 3 && is_in_groups(value)
}

/// True for what was drawn behind a key that says that it is secret. A short one needs letters of three kinds.
pub(super) fn is_key(value: &str) -> bool {
    value.len() >= SHORTEST_OF_TWO_KINDS && is_random(value)
        || (SHORTEST_RANDOM..SHORTEST_OF_TWO_KINDS).contains(&value.len()) && is_drawn(value)
}

/// True for what names, addresses or counts something, however it looks.
pub(super) fn is_name(value: &str) -> bool {
    is_identifier(value)
        || is_address(value)
        || is_list(value)
        || is_version(value)
        || is_format(value)
        || is_of_words(value)
        || is_text_in_base64(value)
}

/// True for words written as one, `getOrder2ById`, and for words with numbers of resources, `vpc-0a1b2c3d4e5f67890`.
fn is_of_words(value: &str) -> bool {
    /// A number of a resource has fewer digits than a key.
    const LONGEST_NUMBER: usize = 19;
    /// Drawn letters seldom make words of as many.
    const WORD: usize = 4;
    let is_number = |part: &str| {
        part.len() <= LONGEST_NUMBER && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut parts = value.split(['-', '_', ':', '.']);
    let are_many = parts.clone().nth(1).is_some();
    if are_many && !has_capital(value) && parts.all(|part| is_number(part) || is_wordy(part)) {
        return true;
    }
    let (mut letters, mut of_words) = (0, 0);
    for range in segments(value.as_bytes()) {
        let part = value.get(range).unwrap_or_default();
        if part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            letters += part.len();
            let is_word =
                part.len() >= WORD && part.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
            of_words += if is_word { part.len() } else { 0 };
        }
    }
    has_capital(value)
        && of_words * 2 >= letters
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
}

fn has_capital(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// True for the options of programs, the names of channels, and texts that others are put into.
fn is_format(value: &str) -> bool {
    value.starts_with(['-', '#'])
        || ["%s", "%d", "%1$", "%{", "%Y"]
            .iter()
            .any(|mark| value.contains(mark))
}

/// True for Base64 of a text that was not drawn itself.
fn is_text_in_base64(value: &str) -> bool {
    let plain = super::decode(value).and_then(|plain| String::from_utf8(plain).ok());
    plain.is_some_and(|plain| {
        let is_text = plain
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\n');
        is_text && !is_random(plain.trim()) && !is_strong_password(plain.trim())
    })
}

/// True for what was drawn and written in groups: `w7Ky-3Mv8-Zd5W`. Names have digits at the ends of words.
fn is_in_groups(value: &str) -> bool {
    let packed = value.replace('-', "");
    let letters = packed.as_bytes().windows(2);
    let changes = letters.filter(
        |two| matches!(two, [one, other] if one.is_ascii_digit() != other.is_ascii_digit()),
    );
    packed.len() >= SHORTEST_RANDOM && changes.count() * 2 >= packed.len() && is_random(&packed)
}

/// True for hosts, mail addresses, paths and URLs without one of them: `db-7x2k.acme.io:5432`, `a.b@acme.io`.
fn is_address(value: &str) -> bool {
    if value.starts_with(['/', '.', '~']) || value.contains("://") {
        return true;
    }
    let host = value.rsplit('@').next().unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let mut labels = host.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let is_top = last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut rest = labels.peekable();
    let is_host = is_top && rest.peek().is_some() && rest.all(is_label);
    // Few folders are as long as what is drawn, and Base64 has other marks too.
    let is_path = || {
        value.split('/').count() > 2
            && !value.contains(['+', '='])
            && value
                .split('/')
                .all(|part| part.len() < 20 && (is_wordy(part) || !has_capital(part)))
    };
    is_host || is_path()
}

/// True for settings in one line: `a=b,c=d`, `a:b;c:d`, `cn=admin,dc=acme`.
fn is_list(value: &str) -> bool {
    let body = value.trim_end_matches('=');
    let sets = body.split_once('=').is_some_and(|(key, _)| {
        key.starts_with(|first: char| first.is_ascii_alphabetic()) && !is_random(key)
    });
    sets || body.contains([',', ';']) && body.split([',', ';']).all(|part| !is_random(part))
}

/// True for a version or a date, alone or behind a name: `v1.2.3+build.5A`, `2024-01-02T03:04:05Z`,
/// `node24.11.1-Alpine3.22`.
fn is_version(value: &str) -> bool {
    let mut numbers = 0;
    let mut parts = value.split('.').peekable();
    while let Some(part) = parts.next() {
        let is_number = |byte: u8| byte.is_ascii_digit();
        let is_middle = !part.is_empty() && part.bytes().all(is_number);
        numbers = if is_middle {
            numbers + 1
        } else {
            usize::from(part.bytes().next_back().is_some_and(is_number))
        };
        let is_last = parts
            .peek()
            .is_some_and(|next| next.bytes().next().is_some_and(is_number));
        if numbers >= 2 && is_last {
            return true;
        }
    }
    let number = value.strip_prefix(['v', 'V']).unwrap_or(value);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let rest = number.get(digits..).unwrap_or_default();
    digits > 0
        && rest.strip_prefix(['.', '-']).is_some_and(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let rest = rest.get(digits..).unwrap_or_default();
            digits > 0 && (rest.is_empty() || rest.starts_with(['.', '-', '+']))
        })
}

/// The fewest words of a passphrase that nobody guesses.
const WORDS: usize = 4;
/// Nobody remembers more.
const MOST_WORDS: usize = 12;

/// True for a password with spaces: words that make no sentence and one with a digit among them, or drawn ones.
pub(super) fn is_passphrase(value: &str) -> bool {
    /// What sentences are made of.
    const OF_SENTENCES: [&str; 51] = [
        "a", "about", "after", "an", "and", "any", "are", "as", "at", "be", "before", "by", "can",
        "do", "each", "every", "for", "from", "get", "has", "have", "if", "in", "is", "it", "key",
        "must", "name", "no", "not", "of", "on", "or", "password", "secret", "see", "set",
        "should", "that", "the", "this", "to", "until", "use", "via", "when", "whenever", "will",
        "with", "you", "your",
    ];
    let is_word = |word: &str| {
        (2..=20).contains(&word.len())
            && word
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"()[]{}<>\"'`\\=:/".contains(&byte))
    };
    let is_of_sentence = |word: &str| {
        OF_SENTENCES
            .iter()
            .any(|own| word.eq_ignore_ascii_case(own))
    };
    let mut count = 0;
    let mut is_mixed = false;
    for word in value.split(' ') {
        let bare = word.trim_end_matches(['.', ',', ';', '!', '?']);
        count += 1;
        if count > MOST_WORDS || !is_word(word) || is_of_sentence(bare) {
            return false;
        }
        let holds = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
        is_mixed |= holds(u8::is_ascii_digit) && holds(u8::is_ascii_alphabetic);
    }
    let is_drawn = || is_drawn(&value.replace(' ', ""));
    count >= WORDS && is_mixed || (2..WORDS).contains(&count) && is_mixed && is_drawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_is_told_from_what_was_named() {
        for value in [
            "Tr0ub4dor&3x!",
            "q8Zr2Lw7Xc4V",
            "q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F",
            "k3j9x2m7q4w8v5t1",
            "Zx9/kQ2+vB7/tR4wL8nM==",
            "x9K-2vQ-8tR7-wL4m",
            "Sommer2024!x",
            "aB3dE5fG7hJ9kL1mN2pQ",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ8mPl31Kx",
        ] {
            assert!(is_drawn(value), "{value}");
        }
        for value in [
            "administrator1",
            "shop-db-7f9c8d6b5-x2x9z",
            "db-x7k2q9.c1b2d3e4f5g6.eu-west-1.rds.amazonaws.com:5432",
            "a1b2c3d4e5f6g7@acme.io",
            "/var/run/k3j9x2m7q4w8v5t1",
            "cn=Admin1,dc=Acme,dc=io",
            "1.2.3+Build5.A9x",
            "v1.31.2-gke.1669001A",
            "2024-01-02T03:04:05.123Z",
            "9f86d081884c7d659a2feaa0c55ad015",
            "123e4567-e89b-12d3-a456-426614174000",
            "7f9c8d6b5a2e",
            "%Y-%m-%dT%H:%M:%S",
            "correcthorsebattery",
            "12345678901234567890",
            "Level1,Level2",
            "com.acme.Shop2Cart",
            "com.acme.Shop2Cart3Service",
            "vpc-0a1b2c3d4e5f67890",
            "1:123456789012:web:0a1b2c3d4e5f67890",
            "getOrder2ById3From4Db",
            "Prod2Eu1Cluster3",
            "-XX:+UseG1GC",
            "#Team2-Alerts3",
            "Order-%1$s-%2$d",
            "Release2024.11.1-RC3+x",
            "SGVsbG8gV29ybGQgaGVsbG8=",
        ] {
            assert!(!is_drawn(value), "{value}");
        }
    }

    #[test]
    fn a_short_key_has_letters_of_three_kinds() {
        for value in ["q8Zr2Lw7Xc4V", "aT9xK2mQ7vR4z", "Hb1DX8pNqVwYS81"] {
            assert!(is_key(value), "{value}");
        }
        for value in [
            "q8zr2lw7xc4v",
            "7f9c8d6b5a2e",
            "shop-db-v2",
            "Prod2Eu1Shop",
            "q8Zr2Lw7Xc4",
        ] {
            assert!(!is_key(value), "{value}");
        }
    }

    #[test]
    fn a_passphrase_is_told_from_a_sentence() {
        for value in ["correct horse battery staple 9x", "x7Kq 9vRt2 Lm8pQ"] {
            assert!(is_passphrase(value), "{value}");
        }
        for value in [
            "correct horse battery staple",
            "see the vault at level 2b",
            "stored in vault 2",
            "Level 2b",
            "hunter2Z9x",
            "rotate every 90d until release v2",
        ] {
            assert!(!is_passphrase(value), "{value}");
        }
    }
}
