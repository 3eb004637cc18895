//! What came back: headers, and a body that has an end.

use http::{HeaderMap, Method, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use serde::de::DeserializeOwned;

use super::connection::Token;
use super::failure::Failure;

/// The largest body that is taken. A listing of 100,000 files has 30 MB.
pub(super) const LARGEST: usize = 96 << 20;

/// The successful answer to a question.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What octocrab hands over.
pub(super) type Raw = Response<BoxBody<bytes::Bytes, octocrab::Error>>;

impl Answer {
    /// Takes an answer in; all that is no success is a failure.
    pub(super) async fn take(raw: Raw, token: Option<&Token>) -> Result<Self, Failure> {
        let (parts, mut body) = raw.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failure::no_answer(&error))?;
            let Some(chunk) = frame.data_ref() else {
                continue;
            };
            if bytes.len().saturating_add(chunk.len()) > LARGEST {
                return Err(Failure::TooLarge);
            }
            bytes.extend_from_slice(chunk);
        }
        if !parts.status.is_success() {
            return Err(Failure::of(parts.status, &parts.headers, &bytes, token));
        }
        Ok(Self {
            headers: parts.headers,
            body: bytes,
        })
    }

    /// The body as what it should be.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| Failure::Malformed {
            // Only where it is: what stands there may be anything.
            what: format!("{} is not as documented", error.path()),
        })
    }

    /// Where the next page of a listing is (RFC 8288).
    pub(super) fn next(&self) -> Option<&str> {
        let links = self.headers.get(http::header::LINK)?.to_str().ok()?;
        links.split(',').find_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters
                .split(';')
                .any(|parameter| matches!(parameter.trim(), r#"rel="next""# | "rel=next"));
            is_next.then_some(target)
        })
    }
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Post,
    Patch,
    Delete,
}

impl Order {
    pub(super) fn method(self) -> Method {
        match self {
            Self::Post => Method::POST,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        let next = |link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::LINK, link.parse().unwrap());
            let body = Vec::new();
            Answer { headers, body }.next().map(str::to_owned)
        };
        let both = r#"<https://api.example/x?page=1>; rel="prev", <https://api.example/x?page=3>; rel="next""#;
        assert_eq!(next(both).as_deref(), Some("https://api.example/x?page=3"));
        assert_eq!(next(r#"<https://api.example/x?page=1>; rel="last""#), None);
        assert_eq!(next("next"), None);
    }
}
