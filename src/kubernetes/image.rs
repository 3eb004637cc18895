//! References to container images, as container runtimes read them.
//!
//! Source: the grammar and the normalisation of `github.com/distribution/reference`:
//!
//! ```text
//! reference := [domain "/"] path [":" tag] ["@" digest]
//! domain    := host [":" port]              host := labels, IPv4 or "[" IPv6 "]"
//! path      := segment ("/" segment)*       segment := [a-z0-9]+ (("." | "_" | "__" | "-"+) [a-z0-9]+)*
//! tag       := [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
//! digest    := algorithm ":" hex
//! ```
//!
//! What stands before the first slash is a domain only if it holds a dot, a colon or a capital, or is `localhost`;
//! otherwise the image is of Docker Hub.

use std::borrow::Cow;
use std::fmt;

/// The registry of images that name none.
const DOCKER_HUB: &str = "docker.io";

/// The folder of Docker Hub for images without one.
const OFFICIAL: &str = "library";

/// The longest path.
const LONGEST_PATH: usize = 255;

/// The longest tag.
const LONGEST_TAG: usize = 128;

/// A reference to an image, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageReference<'a> {
    domain: Option<&'a str>,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> ImageReference<'a> {
    /// Takes a reference apart.
    ///
    /// # Errors
    ///
    /// Says why no container runtime would accept it.
    pub fn parse(text: &'a str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::Empty);
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain && text.contains(char::is_whitespace) {
            return Err(Invalid::Whitespace);
        }
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        let last_segment = named.rfind('/').map_or(0, |slash| slash + 1);
        // A colon before the last slash is that of a port.
        let (name, tag) = match named.get(last_segment..).unwrap_or_default().find(':') {
            Some(colon) => {
                let (name, tag) = named.split_at(last_segment + colon);
                (name, tag.strip_prefix(':'))
            }
            None => (named, None),
        };
        let (domain, path) = match name.split_once('/') {
            Some((first, rest)) if is_meant_as_domain(first) => (Some(first), rest),
            _ => (None, name),
        };
        if let Some(domain) = domain
            && !is_domain(domain)
        {
            return Err(Invalid::Domain);
        }
        check_path(path)?;
        if text.len() == 64 && is_lower_hex(text) {
            return Err(Invalid::Identifier);
        }
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        if let Some(digest) = digest {
            check_digest(digest)?;
        }
        Ok(Self {
            domain,
            path,
            tag,
            digest,
        })
    }

    /// The host of the registry, with its port if one is written, in lower case; `docker.io` where none is named.
    #[must_use]
    pub fn registry(&self) -> Cow<'a, str> {
        let Some(domain) = self.domain else {
            return Cow::Borrowed(DOCKER_HUB);
        };
        let domain = if domain.contains(|c: char| c.is_ascii_uppercase()) {
            Cow::Owned(domain.to_ascii_lowercase())
        } else {
            Cow::Borrowed(domain)
        };
        match &*domain {
            "index.docker.io" => Cow::Borrowed(DOCKER_HUB),
            _ => domain,
        }
    }

    /// The path below the registry; `library/node` for the official images of Docker Hub.
    #[must_use]
    pub fn repository(&self) -> Cow<'a, str> {
        if self.is_docker_hub() && !self.path.contains('/') {
            Cow::Owned(format!("{OFFICIAL}/{}", self.path))
        } else {
            Cow::Borrowed(self.path)
        }
    }

    /// Registry and path, without tag and digest: `docker.io/library/node`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry(), self.repository())
    }

    /// The last segment of the path: `node`.
    #[must_use]
    pub fn last_segment(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The name as Docker shows it, without what goes without saying: `node`, `acme/shop`, `ghcr.io/acme/shop`.
    #[must_use]
    pub fn familiar_name(&self) -> String {
        if self.is_docker_hub() {
            let official = self
                .path
                .strip_prefix(OFFICIAL)
                .and_then(|rest| rest.strip_prefix('/'))
                .filter(|rest| !rest.contains('/'));
            official.unwrap_or(self.path).to_owned()
        } else {
            format!("{}/{}", self.registry(), self.path)
        }
    }

    /// The name as it is written, without tag and digest.
    #[must_use]
    pub fn written_name(&self) -> String {
        match self.domain {
            Some(domain) => format!("{domain}/{}", self.path),
            None => self.path.to_owned(),
        }
    }

    /// True if Docker Hub serves it.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.registry() == DOCKER_HUB
    }

    /// The official image of Docker Hub that it is: `node` for `node:22` and `docker.io/library/node`.
    #[must_use]
    pub fn official(&self) -> Option<&'a str> {
        if !self.is_docker_hub() {
            return None;
        }
        match self.path.split_once('/') {
            None => Some(self.path),
            Some((OFFICIAL, name)) if !name.contains('/') => Some(name),
            Some(_) => None,
        }
    }

    /// The tag, where one is written. A digest beside it decides what is pulled.
    #[must_use]
    pub fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The digest, with its algorithm.
    #[must_use]
    pub fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// The digest as a message shows it: enough of it to be told from others.
    #[must_use]
    pub fn short_digest(&self) -> Option<String> {
        const SHOWN: usize = 12;
        let (algorithm, hex) = self.digest?.split_once(':')?;
        Some(format!("{algorithm}:{}…", hex.get(..SHOWN)?))
    }

    /// The tag that decides what is pulled: `latest` where none is written, none where a digest decides.
    #[must_use]
    pub fn effective_tag(&self) -> Option<&'a str> {
        match (self.digest, self.tag) {
            (Some(_), _) => None,
            (None, Some(tag)) => Some(tag),
            (None, None) => Some("latest"),
        }
    }
}

/// As it is written.
impl fmt::Display for ImageReference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(domain) = self.domain {
            write!(f, "{domain}/")?;
        }
        f.write_str(self.path)?;
        if let Some(tag) = self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Why a text is no reference to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing is written.
    #[error("it is empty")]
    Empty,
    /// It holds white space.
    #[error("it holds white space")]
    Whitespace,
    /// What stands before the first slash is no host.
    #[error("what stands before its first slash is no host name")]
    Domain,
    /// Its path holds capitals.
    #[error("its path must be in lower case")]
    Capitals,
    /// A segment of its path is empty, or holds what is not allowed there.
    #[error(
        "its path may hold only lower-case letters, digits and single separators (`.`, `_`, `-`) between them"
    )]
    Path,
    /// Its path is too long.
    #[error("its path is longer than 255 characters")]
    TooLong,
    /// 64 hexadecimal digits, which mean an image by its identifier.
    #[error("it is the identifier of an image and no name")]
    Identifier,
    /// Its tag is empty, too long, or holds what is not allowed there.
    #[error(
        "its tag must be 1 to 128 letters, digits, `_`, `.` and `-`, and start with a letter, a digit or `_`"
    )]
    Tag,
    /// Its digest is not an algorithm and hexadecimal digits.
    #[error(
        "its digest must be an algorithm and lower-case hexadecimal digits, such as `sha256:` and 64 of them"
    )]
    Digest,
    /// Its digest is of an algorithm that nobody supports.
    #[error("its digest is of an algorithm other than sha256, sha384 and sha512")]
    Algorithm,
}

/// True if what stands before the first slash is a host, and not the first folder of a path.
fn is_meant_as_domain(first: &str) -> bool {
    first == "localhost" || first.contains(|c: char| matches!(c, '.' | ':') || c.is_uppercase())
}

fn is_domain(text: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else {
            return false;
        };
        let is_address =
            !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        return is_address && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn check_path(path: &str) -> Result<(), Invalid> {
    if path.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(Invalid::Capitals);
    }
    if !path.split('/').all(is_segment) {
        return Err(Invalid::Path);
    }
    if path.len() > LONGEST_PATH {
        return Err(Invalid::TooLong);
    }
    Ok(())
}

/// Letters and digits, with a separator between them: one dot, one or two underscores, or any dashes.
fn is_segment(segment: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let runs = segment
        .as_bytes()
        .chunk_by(|a, b| is_plain(*a) == is_plain(*b));
    let is_separator =
        |run: &[u8]| matches!(run, b"." | b"_" | b"__") || run.iter().all(|b| *b == b'-');
    let ends_plainly = |end: Option<&u8>| end.is_some_and(|b| is_plain(*b));
    let bytes = segment.as_bytes();
    ends_plainly(bytes.first())
        && ends_plainly(bytes.last())
        && runs
            .filter(|run| !run.first().is_some_and(|b| is_plain(*b)))
            .all(is_separator)
}

fn check_tag(tag: &str) -> Result<(), Invalid> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = tag.bytes();
    let is_tag = bytes.next().is_some_and(is_word)
        && bytes.all(|b| is_word(b) || matches!(b, b'.' | b'-'))
        && tag.len() <= LONGEST_TAG;
    if is_tag { Ok(()) } else { Err(Invalid::Tag) }
}

fn check_digest(digest: &str) -> Result<(), Invalid> {
    let (algorithm, hex) = digest.split_once(':').ok_or(Invalid::Digest)?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        "" => return Err(Invalid::Digest),
        _ => return Err(Invalid::Algorithm),
    };
    if hex.len() == length && is_lower_hex(hex) {
        Ok(())
    } else {
        Err(Invalid::Digest)
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
