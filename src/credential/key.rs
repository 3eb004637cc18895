//! Keys that say that their value is secret.

/// What a key says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// People think of such values, so that they may be short.
    Password,
    /// A key or token: nobody thought of it.
    Secret,
    /// A scheme with what belongs to it, as in HTTP.
    Authorization,
    /// A user with a password in Base64.
    Encoded,
}

/// How keys end, without case and punctuation.
const PASSWORDS: [&str; 6] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    // Of Redis.
    "requirepass",
    "masterauth",
];
const SECRETS: [&str; 26] = [
    "accesskey",
    "accountkey",
    "aeskey",
    "apikey",
    "appkey",
    "authkey",
    "clientkey",
    // Of a kubeconfig.
    "clientkeydata",
    "credential",
    "credentials",
    "cryptokey",
    "encryptionkey",
    "hmackey",
    "jwtkey",
    "masterkey",
    "privatekey",
    "secret",
    "secretkey",
    "secretkeybase",
    "sessionkey",
    "sharedkey",
    "signingkey",
    "storagekey",
    "subscriptionkey",
    "token",
    "vaultkey",
];
/// Words that are whole ones only at a boundary: a compass is none.
const SHORT_PASSWORDS: [&str; 5] = ["pass", "pwd", "pw", "psk", "passcode"];
/// Tokens and keys that open nothing.
const OPEN: [&str; 7] = [
    "csrftoken",
    "xsrftoken",
    "pagetoken",
    "continuetoken",
    "canceltoken",
    "cancellationtoken",
    "publickey",
];

/// Keys that services hand to every browser: they say who asks, and open nothing.
const HANDED_OUT: [&str; 13] = [
    "amplitudeapikey",
    "bugsnagapikey",
    "datadogclienttoken",
    "ddclienttoken",
    "facebookclienttoken",
    "mixpanelprojecttoken",
    "mixpaneltoken",
    "posthogapikey",
    "pusherappkey",
    "rollbarclienttoken",
    "searchapikey",
    "searchonlyapikey",
    "searchonlykey",
];
/// How variables begin that bundlers put into what browsers load.
const PUBLISHED: [&str; 8] = [
    "EXPO_PUBLIC_",
    "GATSBY_",
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "PUBLIC_",
    "REACT_APP_",
    "VITE_",
    "VUE_APP_",
];

/// True for a variable that browsers get to see, and that is called as what they may see: a password, or what calls
/// itself secret, is none wherever it goes.
#[must_use]
pub(super) fn is_published(key: &str) -> bool {
    let is_public = PUBLISHED.iter().any(|start| key.starts_with(start))
        // Google's own words of the last: it tells projects apart and guards nothing.
        || ["_ANON_KEY", "_PUBLISHABLE_KEY", "FIREBASE_API_KEY"]
            .iter()
            .any(|end| key.ends_with(end));
    let upper = || key.to_ascii_uppercase();
    is_public
        && !["SECRET", "PRIVATE", "PASS", "AUTH_TOKEN"]
            .iter()
            .any(|word| upper().contains(word))
}

/// A key is short; what is not is looked at from its end.
const LONGEST_END: usize = 24;

/// The end of a key in small letters and digits, without a number behind it.
fn plain_end(key: &str) -> String {
    let mut plain = String::with_capacity(LONGEST_END);
    let end = key.trim_end_matches(|last: char| last.is_ascii_digit() || matches!(last, '_' | '-'));
    let start = end.floor_char_boundary(end.len().saturating_sub(4 * LONGEST_END));
    let letters = end.bytes().skip(start).filter(u8::is_ascii_alphanumeric);
    let count = letters.clone().count();
    let last = letters.skip(count.saturating_sub(LONGEST_END));
    plain.extend(last.map(|byte| char::from(byte.to_ascii_lowercase())));
    plain
}

/// What a key says of its value, as `DB_PASSWORD` does.
#[must_use]
pub fn class(key: &str) -> Option<Class> {
    let key = without_notation(key);
    // All the words below end in one of these letters: most keys need no closer look.
    let last = key.bytes().rev().find(u8::is_ascii_alphabetic)?;
    if !b"adehklnstwy".contains(&last.to_ascii_lowercase()) {
        return None;
    }
    let plain = plain_end(key);
    let ends = |words: &[&str]| words.iter().any(|word| plain.ends_with(word));
    // A sum over a Secret shows nothing of it.
    if ends(&OPEN) || ends(&HANDED_OUT) || key.contains("checksum") || is_published(key) {
        return None;
    }
    let is_short = || SHORT_PASSWORDS.contains(&&*last_word(key));
    if ends(&PASSWORDS) || ends(&SHORT_PASSWORDS) && is_short() {
        return Some(Class::Password);
    }
    if ends(&SECRETS) {
        return Some(Class::Secret);
    }
    if plain.ends_with("authorization") {
        return Some(Class::Authorization);
    }
    // `_auth` of npm, `auth` of a registry's configuration.
    let is_encoded = matches!(plain.as_str(), "auth" | "npmauthident");
    let is_of_npm = key.ends_with(":_auth");
    (is_encoded || is_of_npm).then_some(Class::Encoded)
}

/// A key without the word at its end that says how its value is written: `JWT_SECRET_HEX`, `aesKeyHex`.
fn without_notation(key: &str) -> &str {
    if !key.ends_with(['x', 'X']) {
        return key;
    }
    match split_last(key) {
        Some((before, word)) if !before.is_empty() && word.eq_ignore_ascii_case("hex") => before,
        _ => key,
    }
}

/// True if a key says that its value is a secret.
#[must_use]
pub fn is_telling(key: &str) -> bool {
    matches!(class(key), Some(Class::Password | Class::Secret))
}

/// The last word of a key in small letters: behind a mark, or behind a change of case.
fn last_word(key: &str) -> String {
    let last = split_last(key).map(|(_, word)| word);
    last.unwrap_or_default().to_ascii_lowercase()
}

/// The last word of a key as it is written, without a number behind it, and what stands before it.
pub(super) fn split_last(key: &str) -> Option<(&str, &str)> {
    let key = key.trim_end_matches(|character: char| {
        character.is_ascii_digit() || matches!(character, '_' | '-')
    });
    let bytes = key.as_bytes();
    let mut start = bytes.len();
    while let Some(byte) = start.checked_sub(1).and_then(|at| bytes.get(at)) {
        let behind = bytes.get(start);
        let changes = byte.is_ascii_lowercase() && behind.is_some_and(u8::is_ascii_uppercase);
        if !byte.is_ascii_alphanumeric() || changes || bytes.len() - start > LONGEST_END {
            break;
        }
        start -= 1;
    }
    key.split_at_checked(start)
}

/// What says that a value is about a secret and none itself.
pub(super) const ABOUT: [&str; 36] = [
    "age",
    "alias",
    "arn",
    "count",
    "date",
    "digest",
    "duration",
    "enabled",
    "endpoint",
    "expiry",
    "file",
    "format",
    "hash",
    "host",
    "id",
    "issuer",
    "kind",
    "length",
    "lifetime",
    "mtime",
    "name",
    "namespace",
    "path",
    "policy",
    "port",
    "provider",
    "ref",
    "region",
    "store",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "version",
];

/// True for what a key of a Secret may be called beside what tells everywhere: a word for secrets in the middle, or
/// `key` at the end.
#[must_use]
pub fn is_loosely_telling(key: &str) -> bool {
    const WORDS: [&str; 8] = [
        "key", "creds", "seed", "salt", "keytab", "hmac", "aes", "hex",
    ];
    if is_telling(key) {
        return true;
    }
    let last = last_word(key);
    if ABOUT.contains(&&*last) || plain_end(key).ends_with("publickey") {
        return false;
    }
    let plain = plain_end(key);
    WORDS.contains(&&*last)
        || PASSWORDS.iter().any(|word| plain.contains(word))
        || ["secret", "token"].iter().any(|word| plain.contains(word))
        || plain.ends_with("key")
}

/// True where such a key speaks of a password.
pub(super) fn is_loose_password(key: &str) -> bool {
    let plain = plain_end(key);
    class(key) == Some(Class::Password) || PASSWORDS.iter().any(|word| plain.contains(word))
}

/// True for keys whose values may be read by everybody, whatever they look like.
pub(super) fn is_public(key: &str) -> bool {
    let last = last_word(key);
    ABOUT.contains(&&*last) || OPEN_WORDS.contains(&&*last) || plain_end(key).ends_with("publickey")
}

/// What says that a value may be read by everybody.
pub(super) const OPEN_WORDS: [&str; 23] = [
    "ca",
    "cer",
    "cert",
    "certificate",
    "checksum",
    "commit",
    "crl",
    "crt",
    "domain",
    "email",
    "etag",
    "fingerprint",
    "image",
    "integrity",
    "md",
    "pem",
    "pub",
    "revision",
    "serial",
    "server",
    "sha",
    "tag",
    "thumbprint",
];

#[cfg(test)]
mod tests {
    use super::super::stem::is_without;
    use super::*;

    #[test]
    fn no_word_is_lost_to_the_quick_look() {
        for word in PASSWORDS.iter().chain(&SECRETS).chain(&SHORT_PASSWORDS) {
            assert!(class(word).is_some(), "{word}");
            assert!(!is_without(word), "{word}");
            assert!(
                class(&format!("MY_{}_2", word.to_uppercase())).is_some(),
                "{word}"
            );
        }
        for key in [
            "Authorization",
            "_auth",
            "auth",
            "npmAuthIdent",
            "//host/:_auth",
        ] {
            assert!(class(key).is_some(), "{key}");
            assert!(!is_without(key), "{key}");
        }
        for key in ["JWT_SECRET_HEX", "aesKeyHex", "encryption-key-hex"] {
            assert_eq!(class(key), Some(Class::Secret), "{key}");
        }
        for key in [
            "",
            "8080",
            "replicas",
            "image",
            "compass",
            "hex",
            "tokenindex",
        ] {
            assert!(class(key).is_none(), "{key}");
        }
    }
}
