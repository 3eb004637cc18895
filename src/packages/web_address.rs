//! Addresses that lockfiles and specifiers write, as far as rules ask: how something is fetched, and from whom.

/// The parts of an address that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebAddress<'a> {
    /// The scheme, without `git+` before it and in the letters of the file.
    pub scheme: &'a str,
    /// The host, without a user and without a port.
    pub host: &'a str,
    /// The port, where it is not the usual one of the scheme: another server may listen there.
    pub port: Option<&'a str>,
}

impl<'a> WebAddress<'a> {
    /// Reads an address; none where the text is none.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let Some((scheme, rest)) = text.split_once("://") else {
            // `git@github.com:user/repository`
            let (user, rest) = text.split_once('@')?;
            let (host, _) = rest.split_once(':')?;
            let is_scp = user == "git" && !host.contains('/');
            return is_scp.then_some(Self {
                scheme: "ssh",
                host,
                port: None,
            });
        };
        let scheme = scheme.rsplit('+').next().unwrap_or(scheme);
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit('@').next()?;
        let (host, port) = match host.strip_prefix('[') {
            Some(address) => {
                let (address, port) = address.split_once(']')?;
                (address, port.strip_prefix(':'))
            }
            None => match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            },
        };
        let usual = match scheme {
            "https" => "443",
            "http" => "80",
            "ssh" => "22",
            _ => "",
        };
        let port = port.filter(|port| !port.is_empty() && *port != usual);
        (!host.is_empty()).then_some(Self { scheme, host, port })
    }

    /// Who answers: the host in small letters, with the port where it is not the usual one.
    #[must_use]
    pub fn server(self) -> String {
        let host = self.host.to_ascii_lowercase();
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// True if whoever sits between can read it and change it.
    #[must_use]
    pub fn is_open(self) -> bool {
        ["http", "git"]
            .iter()
            .any(|open| self.scheme.eq_ignore_ascii_case(open))
    }

    /// True for the machine itself.
    #[must_use]
    pub fn is_local(self) -> bool {
        ["localhost", "127.0.0.1", "::1", "host.docker.internal"].contains(&self.host)
            || self.host.ends_with(".localhost")
    }
}

/// An address as a message may repeat it: without the user and the secret that it may hold, and without what asks for
/// something of the server.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}/{path}")
}

/// The hosts of the public registry, by npm's name and by Yarn's.
pub const PUBLIC_REGISTRIES: [&str; 2] = ["registry.npmjs.org", "registry.yarnpkg.com"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_and_host_are_found() {
        for (text, shown) in [
            (
                "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
                "https registry.npmjs.org",
            ),
            ("git+ssh://git@github.com/u/r.git#abc", "ssh github.com"),
            ("git+http://git.example:8080/r.git", "http git.example"),
            ("git@github.com:u/r.git", "ssh github.com"),
            ("http://[::1]:4873/a", "http ::1"),
            ("^1.2.3", ""),
            ("@scope/name", ""),
        ] {
            let found = WebAddress::parse(text);
            let found = found.map_or_else(String::new, |found| {
                format!("{} {}", found.scheme, found.host)
            });
            assert_eq!(found, shown, "{text}");
        }
        for (text, server) in [
            ("https://Registry.npmjs.org/a", "registry.npmjs.org"),
            ("https://registry.npmjs.org:443/a", "registry.npmjs.org"),
            (
                "https://registry.npmjs.org:8443/a",
                "registry.npmjs.org:8443",
            ),
            ("http://u:s@[::1]:4873/a", "::1:4873"),
        ] {
            assert_eq!(WebAddress::parse(text).unwrap().server(), server, "{text}");
        }
        assert!(WebAddress::parse("git://github.com/u/r").unwrap().is_open());
        assert_eq!(
            without_secrets("git+https://user:secret@git.example/u/r.git?token=secret#main"),
            "git+https://git.example/u/r.git"
        );
    }
}
