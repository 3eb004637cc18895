//! The ways in which GitHub says no, told apart by headers first and by the message second.
//!
//! Source: GitHub's documentation of rate limits for the REST API, of troubleshooting the REST API, and of uploading
//! SARIF.

use std::time::Duration;

use http::header::DATE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::connection::Token;
use crate::http::retry_after;
use crate::redact::{REDACTED, redact};

/// The longest text of GitHub's that is passed on, in characters.
const LONGEST_TEXT: usize = 300;
/// How much of a text is looked into for secrets: far more than is passed on, so that none is cut in two before.
const LONGEST_LOOK: usize = 4_000;

/// A question or an order that came to nothing. Its text is one line, and holds neither the token nor an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The token may not do that: a permission is missing, or the run belongs to a fork.
    #[error("GitHub refuses it to this token: {message}")]
    Denied {
        /// What GitHub said.
        message: String,
    },
    /// Code scanning needs a licence on this repository, and there is none.
    #[error("code scanning is not enabled on this repository")]
    CodeSecurityOff,
    /// The token is none, or is no longer valid.
    #[error("GitHub does not accept the token")]
    BadCredentials,
    /// There is no such thing, or the token may not see it.
    #[error("GitHub knows no such thing, or this token may not see it")]
    NotFound,
    /// Too much was asked.
    #[error("GitHub's {} rate limit is exhausted", if *secondary { "secondary" } else { "primary" })]
    Limited {
        /// How long to wait, where GitHub says it.
        wait: Option<Duration>,
        /// True for the limit on bursts; false for that on requests an hour.
        secondary: bool,
    },
    /// More than GitHub takes, or gives, in one piece.
    #[error("it is larger than GitHub hands over in one piece")]
    TooLarge,
    /// GitHub understood and will not do it.
    #[error("GitHub rejects it: {message}{}", shown(errors))]
    Rejected {
        /// What GitHub said.
        message: String,
        /// What it said in detail.
        errors: Vec<String>,
    },
    /// No answer came, or the server says that it failed. Whether an order was carried out is not known.
    #[error("GitHub cannot be reached: {what}")]
    Unavailable {
        /// What happened.
        what: String,
    },
    /// The answer is not what GitHub's documentation describes.
    #[error("GitHub's answer cannot be understood: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
}

fn shown(errors: &[String]) -> String {
    if errors.is_empty() {
        String::new()
    } else {
        format!(" ({})", errors.join("; "))
    }
}

/// What GitHub writes into the body of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    message: String,
    errors: serde_json::Value,
}

impl Failure {
    /// What an answer that is no success says. The token may be in it, if what answers is no honest GitHub.
    pub(super) fn of(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        token: Option<&Token>,
    ) -> Self {
        let Body { message, errors } = serde_json::from_slice(body).unwrap_or_default();
        let errors = texts(&errors, token);
        if let Some(limited) = limited(status, headers, &message) {
            return limited;
        }
        let is_too_large = errors.iter().any(|error| error.contains("too_large"));
        let message = if message.is_empty() {
            format!("status {}", status.as_u16())
        } else {
            said(&message, token)
        };
        match status.as_u16() {
            401 => Self::BadCredentials,
            404 | 410 => Self::NotFound,
            413 => Self::TooLarge,
            403 | 406 | 422 if is_too_large => Self::TooLarge,
            403 if is_code_security(&message) => Self::CodeSecurityOff,
            403 | 451 => Self::Denied { message },
            300..=499 => Self::Rejected { message, errors },
            _ => Self::Unavailable {
                what: format!("it answered with status {}", status.as_u16()),
            },
        }
    }

    /// What the `errors` of a GraphQL answer say; the first decides.
    pub(super) fn of_graphql(
        errors: &[GraphqlError],
        headers: &HeaderMap,
        token: Option<&Token>,
    ) -> Self {
        let texts: Vec<String> = errors
            .iter()
            .map(|error| said(&error.message, token))
            .collect();
        let message = texts.first().cloned().unwrap_or_default();
        match errors.first().and_then(|error| error.kind.as_deref()) {
            Some("RATE_LIMITED" | "RATE_LIMIT") => Self::Limited {
                wait: until_reset(headers),
                secondary: false,
            },
            Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => Self::Denied { message },
            Some("NOT_FOUND") => Self::NotFound,
            _ if message.contains("not accessible by") => Self::Denied { message },
            _ if message.contains("secondary rate limit") => Self::Limited {
                wait: retry_after(headers),
                secondary: true,
            },
            // GitHub's own words for a query that took too long, with an identifier in them.
            _ if message.starts_with("Something went wrong") => Self::Unavailable {
                what: "it failed on its side".to_owned(),
            },
            _ => Self::Rejected {
                message,
                errors: texts.into_iter().skip(1).collect(),
            },
        }
    }

    /// What became of a question that no answer came to.
    pub(super) fn no_answer(error: &octocrab::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(inner) = cause {
            if let Some(error) = inner.downcast_ref::<reqwest::Error>() {
                return Self::of_transport(error);
            }
            cause = inner.source();
        }
        Self::Unavailable {
            what: "the question could not be sent".to_owned(),
        }
    }

    pub(super) fn of_transport(error: &reqwest::Error) -> Self {
        Self::Unavailable {
            what: format!("the API {}", crate::http::kind_of(error)),
        }
    }

    /// True if the token lacks a permission, as far as GitHub says why it refuses: a conversation that is locked, single
    /// sign-on and a repository that is blocked or archived are refused as well, and no permission helps there.
    #[must_use]
    pub fn lacks_permission(&self) -> bool {
        const WORDS: [&str; 4] = [
            "not accessible by",
            "not granted",
            "must have",
            // Not even a message.
            "status 403",
        ];
        match self {
            Self::Denied { message } => {
                let message = message.to_ascii_lowercase();
                WORDS.iter().any(|words| message.contains(words))
            }
            Self::NotFound => true,
            _ => false,
        }
    }

    /// True if the same question may fare better a little later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Limited { .. } | Self::Unavailable { .. })
    }
}

/// An error within a GraphQL answer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct GraphqlError {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) message: String,
    /// The names in the answer that lead to what has no value.
    #[serde(default)]
    pub(super) path: Vec<serde_json::Value>,
}

/// Whether an answer says that too much was asked. The headers decide; only where they are silent does the message.
fn limited(status: StatusCode, headers: &HeaderMap, message: &str) -> Option<Failure> {
    if !matches!(status.as_u16(), 403 | 429) {
        return None;
    }
    let message = message.to_ascii_lowercase();
    let says_secondary = message.contains("secondary rate limit") || message.contains("abuse");
    let wait = retry_after(headers);
    let is_spent = headers
        .get("x-ratelimit-remaining")
        .is_some_and(|value| value.as_bytes() == b"0");
    if is_spent && !says_secondary {
        return Some(Failure::Limited {
            wait: wait.or_else(|| until_reset(headers)),
            secondary: false,
        });
    }
    let says_primary = message.contains("rate limit exceeded");
    let is_limited = wait.is_some() || says_secondary || says_primary || status.as_u16() == 429;
    is_limited.then_some(Failure::Limited {
        wait,
        secondary: !says_primary,
    })
}

/// The time until the limit is lifted, by the server's own clock.
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let reset: i64 = text("x-ratelimit-reset")?.trim().parse().ok()?;
    let now = jiff::fmt::rfc2822::parse(text(DATE.as_str())?)
        .ok()?
        .timestamp()
        .as_second();
    // A second more, as both are rounded down.
    let seconds = u64::try_from(reset.saturating_sub(now)).unwrap_or_default();
    Some(Duration::from_secs(seconds.saturating_add(1)))
}

fn is_code_security(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "code security must be enabled",
        "advanced security must be enabled",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// What is in `errors`: texts, or objects with a message or a code.
fn texts(errors: &serde_json::Value, token: Option<&Token>) -> Vec<String> {
    use serde_json::Value;
    let text = |error: &Value| match error {
        Value::String(text) => said(text, token),
        Value::Object(fields) => {
            let words: Vec<&str> = ["resource", "field", "code", "message"]
                .iter()
                .filter_map(|name| fields.get(*name)?.as_str())
                .collect();
            said(&words.join(" "), token)
        }
        other => said(&other.to_string(), token),
    };
    match errors {
        Value::Array(errors) => errors.iter().take(20).map(text).collect(),
        Value::Null => Vec::new(),
        other => vec![text(other)],
    }
}

/// A text of GitHub's as one short line without control characters, and without the token or anything that looks like
/// one.
pub(super) fn said(text: &str, token: Option<&Token>) -> String {
    let shown = text.chars().take(LONGEST_LOOK);
    let mut shown: String = shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if let Some(token) = token {
        shown = shown.replace(token.reveal(), REDACTED);
    }
    let shown: String = redact(&shown).chars().take(LONGEST_TEXT).collect();
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Failure {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let token = Token::new("plain-words-of-a-server");
        let status = StatusCode::from_u16(status).unwrap();
        Failure::of(status, &map, body.as_bytes(), token.as_ref())
    }

    #[test]
    fn a_403_is_a_limit_by_its_headers_before_anything_else() {
        let denied = r#"{"message": "Resource not accessible by integration"}"#;
        let reset = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "784111797"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        assert_eq!(
            of(403, &reset, denied),
            Failure::Limited {
                wait: Some(Duration::from_secs(21)),
                secondary: false
            }
        );
        assert_eq!(
            of(403, &[("retry-after", "7")], denied),
            Failure::Limited {
                wait: Some(Duration::from_secs(7)),
                secondary: true
            }
        );
        let remaining = [("x-ratelimit-remaining", "41")];
        assert!(matches!(
            of(403, &remaining, denied),
            Failure::Denied { message } if message.starts_with("Resource not accessible")
        ));
        let secondary = r#"{"message": "You have exceeded a secondary rate limit."}"#;
        for headers in [&remaining[..], &reset[..1]] {
            assert_eq!(
                of(403, headers, secondary),
                Failure::Limited {
                    wait: None,
                    secondary: true
                }
            );
        }
    }

    #[test]
    fn a_licence_that_is_missing_is_no_permission_that_is() {
        for message in [
            "Code Security must be enabled for this repository to use code scanning.",
            "Advanced Security must be enabled for this repository to use code scanning.",
        ] {
            let body = format!(r#"{{"message": "{message}"}}"#);
            assert_eq!(of(403, &[], &body), Failure::CodeSecurityOff);
        }
    }

    #[test]
    fn each_status_is_one_failure() {
        assert_eq!(of(401, &[], "{}"), Failure::BadCredentials);
        assert_eq!(of(404, &[], "<html>"), Failure::NotFound);
        assert_eq!(of(413, &[], ""), Failure::TooLarge);
        let too_large =
            r#"{"message": "m", "errors": [{"resource": "Blob", "code": "too_large"}]}"#;
        for status in [403, 406, 422] {
            assert_eq!(of(status, &[], too_large), Failure::TooLarge);
        }
        assert!(matches!(
            of(429, &[], ""),
            Failure::Limited { wait: None, .. }
        ));
        assert!(matches!(of(502, &[], ""), Failure::Unavailable { what } if what.contains("502")));
        let rejected =
            r#"{"message": "Unprocessable\nEntity", "errors": ["line must be part of the diff"]}"#;
        assert_eq!(
            of(422, &[], rejected),
            Failure::Rejected {
                message: "Unprocessable Entity".to_owned(),
                errors: vec!["line must be part of the diff".to_owned()]
            }
        );
    }

    #[test]
    fn only_what_a_permission_grants_is_a_permission_that_is_missing() {
        for (status, message, expected) in [
            (403, "Resource not accessible by integration", true),
            (
                403,
                "Resource not accessible by personal access token",
                true,
            ),
            (403, "Must have admin rights to Repository.", true),
            (403, "", true),
            (404, "Not Found", true),
            (
                403,
                "Unable to create comment because issue is locked.",
                false,
            ),
            (
                403,
                "Resource protected by organization SAML enforcement. You must grant your token access.",
                false,
            ),
            (403, "Repository was archived so is read-only.", false),
            (451, "Repository access blocked", false),
        ] {
            let body = serde_json::json!({"message": message}).to_string();
            assert_eq!(
                of(status, &[], &body).lacks_permission(),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn an_address_that_is_another_by_now_is_no_outage() {
        for status in [301, 307, 308] {
            let moved = of(status, &[], r#"{"message": "Moved Permanently"}"#);
            assert!(matches!(moved, Failure::Rejected { .. }), "{moved}");
        }
    }

    #[test]
    fn no_text_of_githubs_holds_a_credential() {
        let shape = format!("ghs_{}", "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7");
        let secrets = ["plain-words-of-a-server", shape.as_str()];
        for secret in secrets {
            // The second stands where the text is cut.
            for before in ["token ".to_owned(), "x ".repeat(145)] {
                let text = format!("{before}{secret} is bad");
                let body =
                    serde_json::json!({"message": text, "errors": [text, {"message": text}]});
                for status in [403, 422] {
                    let told = of(status, &[], &body.to_string()).to_string();
                    assert!(told.contains("[redact"), "{told}");
                    assert!(!told.contains(&secret[..10]), "{told}");
                }
                let error = GraphqlError {
                    kind: Some("FORBIDDEN".to_owned()),
                    message: text,
                    path: Vec::new(),
                };
                let token = Token::new("plain-words-of-a-server");
                let told = Failure::of_graphql(&[error], &HeaderMap::new(), token.as_ref());
                assert!(!told.to_string().contains(&secret[..10]), "{told}");
            }
        }
    }

    #[test]
    fn what_github_says_is_passed_on_in_short() {
        let body = serde_json::json!({"message": "word ".repeat(100_000)});
        assert!(of(422, &[], &body.to_string()).to_string().len() < 400);
    }
}
