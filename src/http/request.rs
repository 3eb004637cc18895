//! A question to a server.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::failure::{Failure, Kind};

/// A question to a server.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    /// Asks for a document.
    ///
    /// # Errors
    /// A text that is no `http` or `https` address.
    pub fn get(url: &str) -> Result<Self, Failure> {
        Self::new(Method::GET, url)
    }

    /// Sends a document.
    ///
    /// # Errors
    /// A text that is no `http` or `https` address.
    pub fn post(url: &str, media_type: &'static str, body: Vec<u8>) -> Result<Self, Failure> {
        let mut request = Self::new(Method::POST, url)?;
        request.body = Some(body);
        request.headers.insert(
            reqwest::header::CONTENT_TYPE,
            HeaderValue::from_static(media_type),
        );
        Ok(request)
    }

    fn new(method: Method, url: &str) -> Result<Self, Failure> {
        let failed = |why: &str| Failure {
            host: String::new(),
            kind: Kind::Request(why.to_owned()),
        };
        let url = Url::parse(url).map_err(|_| failed("the address is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(failed("the address is neither http nor https"));
        }
        Ok(Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        })
    }

    /// The same question with a header more. `Authorization` and `Cookie` are kept out of debug texts.
    ///
    /// # Errors
    /// A name or value that cannot stand in a header. The value is not repeated.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure {
            host: self.host(),
            kind: Kind::Request(format!("the {what} of a header holds what it must not")),
        };
        let name = HeaderName::try_from(name).map_err(|_| wrong("name"))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong("value"))?;
        let is_secret = [
            reqwest::header::AUTHORIZATION,
            reqwest::header::COOKIE,
            reqwest::header::PROXY_AUTHORIZATION,
        ]
        .contains(&name);
        value.set_sensitive(is_secret);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Who is asked, with the port where it is written.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}
