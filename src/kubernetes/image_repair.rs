//! What is meant by a text that is no reference to an image: a stand-in, or a reference with a slip.

use super::image::{ImageReference, Invalid};

/// Schemes that people copy in front of a reference with it.
const SCHEMES: [&str; 5] = [
    "https://",
    "http://",
    "docker://",
    "docker-pullable://",
    "oci://",
];

/// True for what something else replaces before a cluster sees it: a place to fill in, or the address that a builder
/// knows an image by.
#[must_use]
pub fn is_stand_in_text(text: &str) -> bool {
    let is_mark = |c: char| "{}$<>%[]()#*!?|^~…".contains(c);
    let has_scheme = text.contains("://") && scheme(text).is_none();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    // Injectors and triggers fill in a blank.
    !text.is_empty() && text.trim().is_empty()
        || text.contains(is_mark)
        || text.contains("...")
        || text.starts_with("//")
        || has_scheme
        || !text.contains(['/', '.', '@']) && is_shouted(before_tag(text))
        || words.into_iter().any(is_stand_in_word)
}

/// The slip of a reference, and the reference that is meant, if one can tell.
#[must_use]
pub fn slip(text: &str, why: Invalid) -> (&'static str, Option<String>) {
    let trimmed = text.trim();
    if let Some(scheme) = scheme(trimmed) {
        let bare = trimmed.get(scheme.len()..).unwrap_or_default();
        return ("starts with the scheme of a web address", valid(bare));
    }
    if trimmed.len() < text.len() {
        return ("has white space around it", valid(trimmed));
    }
    if why == Invalid::Digest || why == Invalid::Algorithm {
        return digest_slip(text);
    }
    match why {
        Invalid::Empty => ("is empty", None),
        Invalid::Whitespace => ("has white space within", None),
        Invalid::Domain => ("names no valid host before its first slash", None),
        Invalid::Capitals => ("has capitals in its path", lowered(text)),
        Invalid::Path => (
            "has a path of other than lower-case letters, digits and single separators",
            None,
        ),
        Invalid::TooLong => ("has a path of more than 255 characters", None),
        Invalid::Identifier => ("is the identifier of a local image", None),
        Invalid::Tag | Invalid::Digest | Invalid::Algorithm => tag_slip(text),
    }
}

fn digest_slip(text: &str) -> (&'static str, Option<String>) {
    let digest = text.split_once('@').map_or("", |(_, digest)| digest);
    let Some(hex) = digest.strip_prefix("sha256:") else {
        return ("has a digest of no known algorithm", None);
    };
    let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex.len() == 64 && is_hex {
        return (
            "has capitals in its digest",
            valid(&text.replace(hex, &hex.to_ascii_lowercase())),
        );
    }
    if is_hex {
        return ("has a sha256 digest of other than 64 digits", None);
    }
    ("has a digest of other than hexadecimal digits", None)
}

fn tag_slip(text: &str) -> (&'static str, Option<String>) {
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    let Some((name, tag)) = named.rsplit_once(':') else {
        return ("has a tag that none can be called", None);
    };
    if tag.is_empty() {
        let meant = digest.and_then(|digest| valid(&format!("{name}@{digest}")));
        return ("has a colon and no tag behind it", meant);
    }
    if tag.contains('+') {
        return ("has a plus sign in its tag", None);
    }
    ("has a tag that none can be called", None)
}

/// What a reference is with its path in lower case. Hosts and tags may have capitals.
fn lowered(text: &str) -> Option<String> {
    let name = before_tag(text);
    let rest = text.get(name.len()..)?;
    valid(&format!("{}{rest}", name.to_ascii_lowercase()))
}

fn valid(text: &str) -> Option<String> {
    ImageReference::parse(text).ok().map(|_| text.to_owned())
}

fn scheme(text: &str) -> Option<&'static str> {
    SCHEMES.into_iter().find(|scheme| text.starts_with(scheme))
}

/// What stands before tag and digest.
fn before_tag(text: &str) -> &str {
    let named = text.split('@').next().unwrap_or_default();
    match named.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => named,
    }
}

fn is_shouted(word: &str) -> bool {
    word.len() > 1
        && word.bytes().any(|byte| byte.is_ascii_uppercase())
        && !word.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// True for a word that asks to be replaced: `YOUR_REGISTRY`, `PROJECT`, `yourName`, `__image__`, `xxx`.
fn is_stand_in_word(word: &str) -> bool {
    const SHOUTED: [&str; 25] = [
        "ACCOUNT",
        "APP",
        "COMMIT",
        "CONTAINER",
        "DIGEST",
        "HASH",
        "HOST",
        "ID",
        "IMAGE",
        "NAME",
        "NAMESPACE",
        "ORG",
        "OWNER",
        "PLACEHOLDER",
        "PROJECT",
        "REGION",
        "REGISTRY",
        "REPLACE",
        "REPO",
        "REPOSITORY",
        "SHA",
        "TAG",
        "TODO",
        "USER",
        "VERSION",
    ];
    let lower = word.to_ascii_lowercase();
    // `mysql` is none, `myRegistry` is.
    let is_mine = word
        .strip_prefix("my")
        .is_some_and(|rest| rest.starts_with(|c: char| c == '_' || c.is_ascii_uppercase()));
    is_mine
        || lower.starts_with("__")
        || lower.starts_with("your")
        || lower.contains("placeholder")
        || lower.contains("changeme")
        || lower.contains("xxx")
        || is_shouted(word)
            && (word.contains('_')
                || SHOUTED
                    .iter()
                    .any(|one| word.starts_with(one) || word.ends_with(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_says_what_is_meant() {
        for (text, meant) in [
            ("ghcr.io/A/b:1", Some("ghcr.io/a/b:1")),
            ("ghcr.io/Acme/Shop:V1", Some("ghcr.io/acme/shop:V1")),
            ("https://ghcr.io/a/b", Some("ghcr.io/a/b")),
            (" ghcr.io/a/b:1.2.3 ", Some("ghcr.io/a/b:1.2.3")),
            ("ghcr.io/a/b:1.2.3@sha256:abc", None),
            ("a b:latest", None),
            ("", None),
            ("ghcr.io/a/b:1.2.3+4", None),
            ("Nginx:1.25", Some("nginx:1.25")),
            ("ghcr.io/Acme/mysql:8", Some("ghcr.io/acme/mysql:8")),
            ("ghcr.io/Acme/todo:8", Some("ghcr.io/acme/todo:8")),
        ] {
            assert!(!is_stand_in_text(text), "{text}");
            let why = ImageReference::parse(text).unwrap_err();
            assert_eq!(slip(text, why).1.as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn a_stand_in_is_no_slip() {
        for text in [
            "IMAGE_PLACEHOLDER",
            "IMAGE",
            "{{ .Values.image }}",
            "${REGISTRY}/app:1",
            "$(IMAGE)",
            "<image>",
            "ko://github.com/acme/shop/cmd/shop",
            "//app:image",
            "gcr.io/PROJECT_ID/shop:1",
            "ghcr.io/OWNER/shop:1",
            "ghcr.io/yourOrg/shop:1",
            "ghcr.io/a/b@sha256:DIGEST",
            " ",
        ] {
            assert!(is_stand_in_text(text), "{text}");
            assert!(ImageReference::parse(text).is_err(), "{text}");
        }
    }
}
