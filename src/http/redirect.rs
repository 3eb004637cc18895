//! Which redirects are followed: those that stay with the host that was asked.
//!
//! A registry or a proxy in between must not be able to hand a question, and the token that goes with it, on to
//! somebody else; nor may a dependency's advisories come from a host that nobody configured.

use reqwest::Url;
use reqwest::redirect::{Attempt, Policy};

/// How many redirects in a row are followed.
const LONGEST: usize = 5;

/// Why a redirect is not followed: the host that it points to.
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
            let host = to.host_str().unwrap_or("nowhere").to_owned();
            return attempt.error(Elsewhere(host));
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

#[cfg(test)]
mod tests {
    use super::*;

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
