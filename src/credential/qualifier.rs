//! Keys with a word behind the one for a secret that tells which: `DB_PASSWORD_OLD`, `API_KEY_STRIPE`,
//! `apiTokenStaging`. Any word may stand there, so that only a value that was drawn is evidence.

use super::drawn::is_drawn;
use super::key::{ABOUT, Class, OPEN_WORDS, class, split_last};
use super::{LONGEST, What, is_public};

/// How many words may stand behind: `API_KEY_STRIPE_PROD`.
const MOST_WORDS: usize = 2;
/// Nothing shorter is drawn.
const SHORTEST: usize = 10;

/// Words that turn what stands before them into something else than a secret, beside those that are [`ABOUT`] one.
const TURNING: [&str; 115] = [
    "address",
    "addr",
    "algorithm",
    "alg",
    "allowed",
    "asset",
    "attempts",
    "attr",
    "attribute",
    "audience",
    "aud",
    "bits",
    "bucket",
    "bytes",
    "callback",
    "charset",
    "charsets",
    "class",
    "claim",
    "cls",
    "config",
    "configmap",
    "contract",
    "controller",
    "cookie",
    "created",
    "days",
    "desc",
    "description",
    "dir",
    "directory",
    "disabled",
    "display",
    "encoding",
    "encryption",
    "encrypted",
    "engine",
    "entropy",
    "env",
    "expiration",
    "expires",
    "expire",
    "exchange",
    "field",
    "filter",
    "folder",
    "generator",
    "group",
    "handler",
    "hashed",
    "hashing",
    "header",
    "hint",
    "hours",
    "identifier",
    "index",
    "in",
    "interval",
    "iterations",
    "key",
    "keys",
    "label",
    "labels",
    "leeway",
    "limit",
    "link",
    "location",
    "manager",
    "max",
    "method",
    "millis",
    "min",
    "minutes",
    "mint",
    "mode",
    "model",
    "module",
    "mount",
    "ms",
    "names",
    "nonce",
    "number",
    "object",
    "operator",
    "owner",
    "param",
    "parameter",
    "pattern",
    "plugin",
    "prefix",
    "property",
    "public",
    "publishable",
    "regex",
    "required",
    "reset",
    "resource",
    "role",
    "rounds",
    "rules",
    "schema",
    "scope",
    "scopes",
    "seconds",
    "selector",
    "signature",
    "size",
    "source",
    "subject",
    "suffix",
    "symbol",
    "template",
    "timeout",
    "title",
    "validity",
];

/// What a key says of its value by a word before its last ones.
pub(super) fn class_before(key: &str) -> Option<Class> {
    let mut rest = key;
    for _ in 0..MOST_WORDS {
        let (before, word) = split_last(rest)?;
        let before = before.trim_end_matches(['_', '-', '.']);
        if word.is_empty() || before.is_empty() || is_turning(word) {
            return None;
        }
        match class(before) {
            Some(class @ (Class::Password | Class::Secret)) => return Some(class),
            Some(Class::Authorization | Class::Encoded) => return None,
            None => rest = before,
        }
    }
    None
}

fn is_turning(word: &str) -> bool {
    let is = |other: &&str| word.eq_ignore_ascii_case(other);
    ABOUT.iter().any(is) || OPEN_WORDS.iter().any(is) || TURNING.iter().any(is)
}

/// What such a key proves together with a value that was drawn.
pub(super) fn proves(key: &str, value: &str) -> Option<What> {
    let is_one = (SHORTEST..=LONGEST).contains(&value.len())
        && !value.contains(char::is_whitespace)
        && !value.starts_with("0x");
    if !is_one {
        return None;
    }
    let class = class_before(key)?;
    let counts = is_drawn(value) || class == Class::Secret && is_hex_key(key, value);
    let what = if class == Class::Password {
        What::Password
    } else {
        What::Secret
    };
    (counts && !is_public(value)).then_some(what)
}

/// True for a key in hexadecimal digits, where nothing says that it is a sum.
fn is_hex_key(key: &str, value: &str) -> bool {
    const OF_SUMS: [&str; 6] = ["hash", "sum", "sha", "digest", "md5", "rev"];
    let holds = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    let is_hex = matches!(value.len(), 32 | 48 | 64 | 96 | 128)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        && holds(u8::is_ascii_digit)
        && holds(u8::is_ascii_alphabetic);
    let is_of_sum = || {
        let key = key.to_ascii_lowercase();
        OF_SUMS.iter().any(|word| key.contains(word))
    };
    is_hex && !is_of_sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: &str = "NqVwYS81VP7Hb1DX8p";
    const HEX: &str = "78220ad2cf1337349e455d52613c2813c40d2affbb1494978278947bec540a21";

    #[test]
    fn a_word_behind_tells_which_secret() {
        for key in [
            "DB_PASSWORD_OLD",
            "PASSWORD_PROD",
            "DB_PASSWORD_PRIMARY",
            "DB_PASSWORD_READONLY",
            "DB_PASSWORD_V2",
            "DB_PASS_RW",
            "REDIS_PASSWORD_SESSIONS",
            "PASSWORD_ADMIN",
            "dbPasswordOld",
            "db.password.old",
        ] {
            assert_eq!(proves(key, DRAWN), Some(What::Password), "{key}");
            assert_eq!(proves(key, "correct-horse"), None, "{key}");
            assert_eq!(proves(key, HEX), None, "{key}");
        }
        for key in [
            "JWT_SECRET_CURRENT",
            "JWT_SECRET_NEXT",
            "SECRET_KEY_PROD",
            "API_KEY_STRIPE",
            "API_KEY_STRIPE_PROD",
            "API_TOKEN_GITLAB",
            "TOKEN_PROD",
            "SECRET_KEY_BASE64",
        ] {
            for value in [DRAWN, HEX] {
                let by_class = class(key).is_some();
                assert!(
                    by_class || proves(key, value) == Some(What::Secret),
                    "{key}"
                );
            }
        }
    }

    #[test]
    fn a_word_behind_turns_what_a_key_says() {
        for key in [
            "PASSWORD_FILE",
            "SECRET_PATH",
            "SECRET_NAME",
            "tokenTTL",
            "PASSWORD_RESET_URL",
            "PASSWORD_HASH",
            "API_KEY_ID",
            "accessKeyId",
            "SECRET_KEY_REF",
            "TOKEN_ISSUER",
            "TOKEN_CONTRACT",
            "checksum/secret-prod",
            "csrf_token_prod",
            "COMPASS_PROD",
            "REPLICAS_OLD",
            "PUBLIC_KEY_PROD",
            "OLD",
            "_",
            "",
        ] {
            for value in [DRAWN, HEX] {
                assert_eq!(proves(key, value), None, "{key}");
            }
        }
        for value in [
            "shop-db-7f9c8d6b5-x2x9z",
            "https://shop.io/NqVwYS81VP7Hb1DX8p",
            "/run/secrets/NqVwYS81VP7Hb1DX8p",
            "123e4567-e89b-12d3-a456-426614174000",
            "0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "sha256:NqVwYS81VP7Hb1DX8p",
            "getOrder2ById3From4Db",
        ] {
            assert_eq!(proves("TOKEN_PROD", value), None, "{value}");
        }
        assert_eq!(proves("secret-sha-prod", HEX), None);
    }
}
