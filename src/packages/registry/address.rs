//! Addresses of registries, and of the documents in them.

use std::net::IpAddr;

use reqwest::Url;

/// The address of a registry: `http` or `https`, a host, a path that ends with `/`, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryUrl {
    text: String,
    host: String,
    path: String,
    is_private: bool,
}

impl RegistryUrl {
    /// Reads an address; none if it is no registry's. Names and passwords in an address are not for files.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // A `//host/path`, as the keys of tokens have it, is no address.
        let mut url = Url::parse(text.trim()).ok()?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host_str()?.to_owned();
        if !matches!(url.scheme(), "http" | "https") || !is_plain {
            return None;
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        Some(Self {
            path: url.path().to_owned(),
            is_private: url.scheme() == "https" || is_here,
            host: match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host,
            },
            text: url.into(),
        })
    }

    /// The registry that is asked where nothing else is configured.
    #[must_use]
    pub fn public() -> Self {
        Self::parse(super::DEFAULT).unwrap_or_default()
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, with the port where it is written.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path; it ends with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// True if nobody between can read what is sent: it is encrypted, or does not leave the machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// The address of a package's document; none if no package can have the name.
    #[must_use]
    pub fn document(&self, name: &str) -> Option<String> {
        let name = match name.strip_prefix('@') {
            Some(scoped) => {
                let (scope, bare) = scoped.split_once('/')?;
                (is_part(scope) && is_part(bare)).then(|| format!("@{scope}%2f{bare}"))?
            }
            None => is_part(name).then(|| name.to_owned())?,
        };
        Some(format!("{}{name}", self.as_str()))
    }
}

/// True for what can stand in a name: the letters that need no escape in an address, and not dots alone.
///
/// Source: `validate-npm-package-name`, the rules for old packages, which are the wider ones.
fn is_part(part: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!'()*".contains(&byte);
    !part.is_empty()
        && part.len() <= 214
        && part.bytes().all(is_fit)
        && part.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        for (text, read) in [
            ("https://npm.example", Some("https://npm.example/")),
            ("https://npm.example/a/b", Some("https://npm.example/a/b/")),
            (" http://127.0.0.1:4873/ ", Some("http://127.0.0.1:4873/")),
            ("https://user:secret@npm.example/", None),
            ("https://npm.example/?a=b", None),
            ("file:///etc/passwd", None),
            ("//npm.example/", None),
            ("npm.example", None),
            ("", None),
        ] {
            let url = RegistryUrl::parse(text);
            assert_eq!(url.as_ref().map(RegistryUrl::as_str), read, "{text}");
        }
        assert_eq!(
            RegistryUrl::public().as_str(),
            crate::packages::registry::DEFAULT
        );
        let is_private = |text| RegistryUrl::parse(text).unwrap().is_private();
        assert!(is_private("https://npm.example/"));
        assert!(is_private("http://[::1]:4873/"));
        assert!(!is_private("http://npm.example/"));
        assert!(!is_private("http://127.0.0.1.example/"));
    }

    #[test]
    fn a_name_stays_below_its_registry() {
        let registry = RegistryUrl::parse("https://npm.example/a").unwrap();
        for (name, address) in [
            ("lodash", Some("https://npm.example/a/lodash")),
            ("@types/node", Some("https://npm.example/a/@types%2fnode")),
            ("JSONStream", Some("https://npm.example/a/JSONStream")),
            ("..", None),
            ("@../x", None),
            ("@a/..", None),
            ("@a/b/c", None),
            ("a/b", None),
            ("a?b", None),
            ("a%2fb", None),
            ("@scope", None),
            ("", None),
        ] {
            assert_eq!(registry.document(name).as_deref(), address, "{name}");
        }
    }
}
