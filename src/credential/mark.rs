//! What tells one credential from another of its kind without giving it away.

use sha2::{Digest, Sha256};

use super::What;
use super::strength::{entropy, is_random};

/// The first eight hexadecimal digits of a SHA-256 over a value that nobody can guess; nothing for any other.
///
/// Whoever knows a fingerprint can try values until one fits. So what a person may have thought of has no mark, however
/// strong it is, and neither has what may be Base64 of it.
pub(super) fn of(what: What, value: &str) -> String {
    let value = value.trim();
    let is_drawn = |length: usize, bits: f64| {
        value.len() >= length && is_random(value) && entropy(value.as_bytes()) >= bits
    };
    let counts = match what {
        What::Token(_) | What::PrivateKey => true,
        What::Secret | What::Noise => is_drawn(20, 3.2),
        What::Password => is_drawn(24, 3.6),
        What::Address | What::ConnectionString | What::BasicAuthentication | What::Store => false,
    };
    if !counts {
        return String::new();
    }
    // How its lines are broken and indented is none of it.
    let value = value.replace("\\n", "");
    let written = value
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'\\');
    let written: Vec<u8> = written.collect();
    let digest = Sha256::digest(&written);
    let mut mark = String::with_capacity(8);
    for byte in digest.iter().take(4) {
        for half in [byte >> 4, byte & 15] {
            mark.extend(char::from_digit(u32::from(half), 16));
        }
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_guesses_has_a_mark() {
        let drawn = "q8Zr2Lw7Xc4Vb9Nm1Kj6Hg3F";
        for what in [
            What::Secret,
            What::Noise,
            What::Password,
            What::Token("x"),
            What::PrivateKey,
        ] {
            assert_eq!(of(what, drawn).len(), 8, "{what:?}");
            assert_ne!(of(what, drawn), of(what, &drawn.replace('q', "w")));
        }
        for value in [
            "Zq8KxT3vBn7Zp",
            "Summer2024!",
            "correct-horse-battery-staple-2024",
            "aaaa1111aaaa1111aaaa1111aaaa",
        ] {
            for what in [What::Secret, What::Noise, What::Password] {
                assert_eq!(of(what, value), "", "{value}");
            }
        }
        for what in [
            What::Address,
            What::ConnectionString,
            What::BasicAuthentication,
        ] {
            assert_eq!(of(what, drawn), "", "{what:?}");
        }
        let key = "-----BEGIN PRIVATE KEY-----\n  MIIE\n  vQIB\n-----END PRIVATE KEY-----";
        let one = of(What::PrivateKey, key);
        assert_eq!(one, of(What::PrivateKey, &key.replace("\n  ", "\n")));
        assert_eq!(one, of(What::PrivateKey, &key.replace("\n  ", "\\n")));
    }
}
