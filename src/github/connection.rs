//! Which GitHub is spoken to, about which repository, and with what token.

use std::fmt;

use reqwest::Url;

use super::failure::Failure;

/// Where the API of github.com is.
const PUBLIC_API: &str = "https://api.github.com";

/// What opens doors. No text of this program holds it: [`fmt::Debug`] says only that there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, if the text can be one: it goes into a header, so that it is visible ASCII.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(text.to_owned()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

/// Who gave a token, which decides what widens it.
///
/// Source: GitHub's documentation "About authentication to GitHub", on the formats of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The job, or an app that is installed: the workflow or the app says what it may.
    Job,
    /// A person, for chosen repositories and permissions.
    FineGrained,
    /// A person, for scopes.
    Classic,
}

impl Token {
    /// Who gave it, by how it begins.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        if self.0.starts_with("github_pat_") {
            TokenKind::FineGrained
        } else if self.0.starts_with("ghp_") || self.0.starts_with("gho_") {
            TokenKind::Classic
        } else {
            TokenKind::Job
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Which GitHub is spoken to, about which repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `GITHUB_API_URL`: <https://api.github.com>, or `https://host/api/v3` of a server of one's own.
    pub api_url: String,
    /// `GITHUB_GRAPHQL_URL`: <https://api.github.com/graphql>, or `https://host/api/graphql`.
    pub graphql_url: String,
    /// `GITHUB_SERVER_URL`, where people look: <https://github.com>.
    pub server_url: String,
    /// `owner/name`.
    pub repository: String,
    /// The token; without one, only what is public can be read.
    pub token: Option<Token>,
}

impl Connection {
    /// A repository on github.com, without a token.
    #[must_use]
    pub fn public(repository: &str) -> Self {
        Self {
            api_url: PUBLIC_API.to_owned(),
            graphql_url: format!("{PUBLIC_API}/graphql"),
            server_url: "https://github.com".to_owned(),
            repository: repository.to_owned(),
            token: None,
        }
    }
}

/// An address of the API, taken apart: everything before its path, and the path without a slash at its end.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) origin: String,
    pub(super) path: String,
}

impl Address {
    /// Takes an address apart. A token is not sent without encryption, unless it stays on this machine.
    pub(super) fn parse(text: &str, has_token: bool) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Unavailable {
            what: format!("the address of the API {why}"),
        };
        let url = Url::parse(text).map_err(|_| wrong("is no URL"))?;
        let host = url.host_str().unwrap_or_default();
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        match url.scheme() {
            "https" => {}
            "http" if is_here || !has_token => {}
            "http" => return Err(wrong("is not encrypted, so that no token is sent there")),
            _ => return Err(wrong("is neither https nor http")),
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(wrong("holds more than a host and a path"));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// Owner and name of a repository, which become parts of addresses.
pub(super) fn owner_and_name(repository: &str) -> Result<(&str, &str), Failure> {
    let is_name = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    repository
        .split_once('/')
        .filter(|(owner, name)| is_name(owner) && is_name(name))
        .ok_or_else(|| Failure::Malformed {
            what: format!(
                "the repository is not owner/name: '{}'",
                repository
                    .chars()
                    .take(100)
                    .collect::<String>()
                    .escape_debug()
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_in_no_debug_text() {
        let token = Token::new(" ghs_secret\n").unwrap();
        assert_eq!(token.reveal(), "ghs_secret");
        let mut connection = Connection::public("shop/deploy");
        connection.token = Some(token);
        assert!(!format!("{connection:?}").contains("secret"));
        assert_eq!(Token::new("a b"), None);
        assert_eq!(Token::new("a\u{7f}"), None);
        assert_eq!(Token::new(" "), None);
    }

    #[test]
    fn an_address_is_an_origin_and_a_path() {
        let parts =
            |text: &str| Address::parse(text, true).map(|address| (address.origin, address.path));
        let is = |origin: &str, path: &str| Ok((origin.to_owned(), path.to_owned()));
        assert_eq!(
            parts("https://api.github.com"),
            is("https://api.github.com", "")
        );
        assert_eq!(
            parts("https://ghe.example:8443/api/v3/"),
            is("https://ghe.example:8443", "/api/v3")
        );
        assert_eq!(
            parts("http://127.0.0.1:8080/api/v3"),
            is("http://127.0.0.1:8080", "/api/v3")
        );
        for wrong in [
            "http://ghe.example/api/v3",
            "http://127.0.0.1.example/",
            "ftp://ghe.example",
            "ghe.example",
            "https://user:pass@ghe.example",
        ] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
        assert!(Address::parse("http://ghe.example", false).is_ok());
    }

    #[test]
    fn a_repository_is_two_names() {
        assert_eq!(owner_and_name("shop/de.ploy"), Ok(("shop", "de.ploy")));
        for wrong in ["shop", "shop/", "shop/..", "a/b/c", "a/b?c", "a/b%2f"] {
            assert!(owner_and_name(wrong).is_err(), "{wrong}");
        }
    }
}
