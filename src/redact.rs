//! Secrets in text that will be shown: what has the shape of one is replaced before anybody prints it.
//!
//! A report goes to logs, comments and dashboards that more people read than the repository. Only what is printed is
//! looked at, never a whole file. What is a secret, `credential` says; here every candidate counts, proved or not. A
//! value that was cut to a readable length is recognised by what is left of it.

use std::borrow::Cow;
use std::ops::Range;

use crate::credential::{Reader, candidates};

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// The text with every secret replaced by [`REDACTED`].
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    replace(text, &candidates(text, Reader::Message), |_| {
        Cow::Borrowed(REDACTED)
    })
}

/// A line of source with every secret replaced by as many bytes, so that carets below it stay right.
#[must_use]
pub fn mask(line: &str) -> Cow<'_, str> {
    replace(line, &candidates(line, Reader::Source), |secret| {
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
            (
                "image \"deploy:hunter2@ghcr.io/a/b:1.2.3\"",
                "image \"deploy:[redacted]@ghcr.io/a/b:1.2.3\"",
            ),
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
            "image ghcr.io/a/b:1.2.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "write npm:left-pad@1.3.0, or mail a@b.example",
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

    proptest::proptest! {
        #[test]
        fn what_is_found_anywhere_is_hidden(parts in proptest::collection::vec(0..40_usize, 1..12)) {
            let marks = [
                " ", "=", ": ", "\"", "'", "\n", ",", ";", "\\n", "://", "@", "{", "}", "password", "api-token", "x",
                "Authorization", "Basic ", "Bearer ", "host=db;", "tR7!kq2Vz", "aB3dE5fG7hJ9kL1mN2pQ", "é", "…",
            ];
            let letters = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5kM7nP9";
            let tokens = [
                format!("ghp_{}", &letters[..36]),
                format!("AKIA{}", "Q3EGWZ7KJ2MXP5RT"),
                format!("postgres://app:{}@db/shop", &letters[..12]),
                format!("-----BEGIN PRIVATE KEY-----\n{letters}{letters}\n-----END PRIVATE KEY-----"),
            ];
            let text: String = parts
                .iter()
                .map(|part| marks.get(*part).copied().unwrap_or_else(|| &tokens[part % tokens.len()]))
                .collect();
            let redacted = redact(&text);
            let masked = mask(&text);
            proptest::prop_assert_eq!(masked.len(), text.len());
            for found in crate::credential::find(&text) {
                let value = &text[found.range.clone()];
                proptest::prop_assert!(!masked[found.range].contains(value), "{}: {}", text, masked);
                proptest::prop_assert!(
                    redacted.matches(value).count() < text.matches(value).count(),
                    "{}: {}", text, redacted
                );
            }
        }
    }
}
