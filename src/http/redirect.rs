//! Which redirects are followed: those that stay with the host that was asked.
//!
//! A registry or a proxy in between must not be able to hand a question, and the token that goes with it, on to
//! somebody else; nor may a dependency's advisories come from a host that nobody configured.

use reqwest::Url;
use reqwest::redirect::{Attempt, Policy};

/// How many redirects in a row are followed.
const LONGEST: usize = 5;

/// Why a redirect is not followed: the place that it points to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Elsewhere(pub(super) String);

/// Follows redirects within a host.
pub(crate) fn policy() -> Policy {
    Policy::custom(|attempt: Attempt<'_>| {
        let Some(first) = attempt.previous().first() else {
            return attempt.stop();
        };
        let to = attempt.url();
        if !stays(first, to) {
            let place = place(first, to);
            return attempt.error(Elsewhere(place));
        }
        if attempt.previous().len() > LONGEST {
            return attempt.error(Elsewhere("itself, again and again".to_owned()));
        }
        attempt.follow()
    })
}

/// The same host and port by the same scheme, or by `https` in place of `http`.
fn stays(from: &Url, to: &Url) -> bool {
    if from.host_str() != to.host_str() {
        return false;
    }
    let is_upgrade = (from.scheme(), to.scheme()) == ("http", "https")
        && from.port().is_none()
        && to.port().is_none();
    is_upgrade
        || (from.scheme() == to.scheme()
            && from.port_or_known_default() == to.port_or_known_default())
}

/// The host with the port where it is written, and the scheme where nothing else differs.
fn place(from: &Url, to: &Url) -> String {
    let host = |url: &Url| {
        let host = url.host_str().unwrap_or("nowhere");
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    };
    if host(from) == host(to) {
        return format!("{}://{}", to.scheme(), host(to));
    }
    host(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_with_what_makes_it_another_place() {
        let place =
            |from: &str, to: &str| place(&Url::parse(from).unwrap(), &Url::parse(to).unwrap());
        let from = "https://a.example/x";
        assert_eq!(place(from, "https://u:p@b.example/y?t=1"), "b.example");
        assert_eq!(place(from, "https://a.example:8443/x"), "a.example:8443");
        assert_eq!(place(from, "https://a.example:443/x"), "https://a.example");
        assert_eq!(place(from, "http://a.example/x"), "http://a.example");
        assert_eq!(
            place("http://127.0.0.1:1/", "http://127.0.0.1:2/"),
            "127.0.0.1:2"
        );
    }

    #[test]
    fn a_redirect_stays_with_its_host_and_never_loses_encryption() {
        let stays =
            |from: &str, to: &str| stays(&Url::parse(from).unwrap(), &Url::parse(to).unwrap());
        assert!(stays("https://a.example/x", "https://a.example/y"));
        assert!(stays("https://a.example/x", "https://a.example:443/y"));
        assert!(stays("http://a.example/x", "https://a.example/x"));
        assert!(!stays("https://a.example/x", "http://a.example/x"));
        assert!(!stays("https://a.example/x", "https://b.example/x"));
        assert!(!stays("https://a.example/x", "https://a.example:8443/x"));
        assert!(!stays("http://127.0.0.1:1/x", "http://127.0.0.1:2/x"));
        assert!(!stays(
            "https://a.example/x",
            "https://a.example.b.example/x"
        ));
    }
}
