//! What GitHub answers: statuses, its own words, pages.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const DOCS: &str = "https://docs.github.com/rest";

/// An answer before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Nothing,
    Json(Value),
    Bytes(&'static str, Vec<u8>),
}

impl Answer {
    pub(crate) fn json(status: u16, value: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Json(value),
        }
    }

    pub(crate) fn nothing(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Nothing,
        }
    }

    pub(crate) fn bytes(kind: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Body::Bytes(kind, bytes),
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn refused(status: u16, message: &str) -> Self {
        let body =
            json!({"message": message, "documentation_url": DOCS, "status": status.to_string()});
        Self::json(status, body)
    }

    pub(crate) fn not_found() -> Self {
        Self::refused(404, "Not Found")
    }

    /// The token lacks a permission.
    pub(crate) fn not_accessible(needed: &str) -> Self {
        Self::refused(403, "Resource not accessible by integration")
            .with("x-accepted-github-permissions", needed)
    }

    /// A 422 of one field of one thing.
    pub(crate) fn invalid(resource: &str, field: &str, message: &str) -> Self {
        let errors =
            json!([{"resource": resource, "code": "custom", "field": field, "message": message}]);
        let body = json!({"message": "Validation Failed", "errors": errors, "documentation_url": DOCS, "status": "422"});
        Self::json(422, body)
    }

    /// A 422 that tells what was wrong in one sentence, as reviews do.
    pub(crate) fn unprocessable(reasons: &[&str]) -> Self {
        let text = match reasons {
            [one] => (*one).to_owned(),
            [one, other] => format!("{one} and {other}"),
            [rest @ .., last] => format!("{}, and {last}", rest.join(", ")),
            [] => String::new(),
        };
        let body = json!({"message": "Unprocessable Entity", "errors": [text], "documentation_url": DOCS, "status": "422"});
        Self::json(422, body)
    }

    pub(crate) fn primary_limit(status: u16, reset_in: u64) -> Self {
        Self::refused(
            status,
            "API rate limit exceeded for installation ID 41000000.",
        )
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", now() + reset_in)
    }

    pub(crate) fn secondary_limit(status: u16, retry_after: Option<u64>) -> Self {
        let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let answer = Self::refused(status, message);
        match retry_after {
            Some(seconds) => answer.with("retry-after", seconds),
            None => answer,
        }
    }

    pub(crate) fn unavailable(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Bytes(
                "text/html",
                b"<html><body><h1>Unicorn!</h1></body></html>".to_vec(),
            ),
        }
    }

    /// One page of many things, with links to the others.
    pub(crate) fn page(url: &str, query: &[(String, String)], all: Vec<Value>) -> Self {
        let number = |name: &str, default: usize| {
            let found = query.iter().find(|(key, _)| key == name);
            found
                .and_then(|(_, value)| value.parse().ok())
                .filter(|number| *number > 0)
                .unwrap_or(default)
        };
        let (page, size) = (number("page", 1), number("per_page", 30).min(100));
        let last = all.len().div_ceil(size).max(1);
        let mut others: Vec<String> = query
            .iter()
            .filter(|(name, _)| name != "page")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        others.push(String::new());
        let link = |page: usize, name: &str| {
            format!("<{url}?{}page={page}>; rel=\"{name}\"", others.join("&"))
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(link(page - 1, "prev"));
            links.push(link(1, "first"));
        }
        if page < last {
            links.push(link(page + 1, "next"));
            links.push(link(last, "last"));
        }
        let shown: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
        let answer = Self::json(200, Value::Array(shown));
        if links.is_empty() {
            answer
        } else {
            answer.with("link", links.join(", "))
        }
    }

    pub(crate) fn send(self, has_limits: bool) -> ResponseTemplate {
        let mut template = ResponseTemplate::new(self.status)
            .insert_header("x-github-media-type", "github.v3; format=json")
            .insert_header("x-github-request-id", "0A1B:2C3D:4E5F:6071:68000000");
        if has_limits {
            for (name, value) in [
                ("x-ratelimit-limit", "1000".to_owned()),
                ("x-ratelimit-remaining", "900".to_owned()),
                ("x-ratelimit-reset", (now() + 3_600).to_string()),
                ("x-ratelimit-used", "100".to_owned()),
                ("x-ratelimit-resource", "core".to_owned()),
            ] {
                template = template.insert_header(name, value.as_str());
            }
        }
        for (name, value) in &self.headers {
            template = template.insert_header(*name, value.as_str());
        }
        match self.body {
            Body::Nothing => template,
            Body::Json(value) => template.set_body_raw(
                serde_json::to_vec(&value).expect("it is JSON"),
                "application/json; charset=utf-8",
            ),
            Body::Bytes(kind, bytes) => template.set_body_raw(bytes, kind),
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is later than 1970").as_secs()
}
