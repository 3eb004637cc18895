//! Passwords in addresses: `scheme://user:password@host`, and `user:password@tcp(host)` as drivers of Go take it.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::is_placeholder;
use super::strength::is_strong_password;

/// An address with something between its user and its host.
#[derive(Debug)]
pub(super) struct Candidate {
    /// What must not be shown: all that may belong to the password.
    pub(super) hidden: Range<usize>,
    /// The password as a program would read it; empty where it would read none.
    pub(super) password: Range<usize>,
    user: Range<usize>,
    host: Range<usize>,
}

impl Candidate {
    /// Whether it is a weak one, if it is a password at all.
    pub(super) fn proves(&self, text: &str) -> Option<bool> {
        let part = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        let (user, password, host) = (part(&self.user), part(&self.password), part(&self.host));
        let is_odd = |character: char| "{}()[]|\\^$<>*,;".contains(character);
        if password.is_empty() || password.len() > 256 || is_placeholder("", password) {
            return None;
        }
        if is_documentation(host) || host.is_empty() || user.contains(is_odd) {
            return None;
        }
        // What RabbitMQ lets in from the own machine until somebody changes it, as its image says.
        let scheme = text.get(..self.user.start).unwrap_or_default();
        let is_queue = scheme.ends_with("amqp://") || scheme.ends_with("amqps://");
        if is_queue && user == "guest" && password == "guest" {
            return None;
        }
        let is_strong = is_strong_password(password);
        let is_local = ["localhost", "127.0.0.1", "0.0.0.0", "host.docker.internal"]
            .iter()
            .any(|local| host.starts_with(local));
        // The default password of what runs on the own machine is no secret.
        (is_strong || !is_local && !password.contains(is_odd)).then_some(!is_strong)
    }
}

/// True for hosts that stand for another one.
fn is_documentation(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or_default();
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').any(|label| label == "example")
        || matches!(last, "test" | "invalid")
        || matches!(host, "host" | "hostname" | "HOST" | "server")
        || host.contains("...")
}

/// True for a name that nobody has: long, or of letters and digits, and none that servers ask for.
fn is_token(user: &str) -> bool {
    let has = |is: fn(&u8) -> bool| user.bytes().any(|byte| is(&byte));
    let is_drawn = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && user.len() >= 10;
    let is_name = ["x-access-token", "x-token-auth", "gitlab-ci-token"].contains(&user);
    !is_name && (is_drawn || user.len() >= 20) && !is_placeholder("", user)
}

/// What stands behind the scheme of an address.
pub(super) static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("://"));

/// Visits what stands for a password before a host that has no scheme before it: `name:password@host.example/path`.
/// It proves nothing, as other things are written so; it is only not shown.
pub(super) fn scan_without_scheme(text: &str, visit: &mut dyn FnMut(Range<usize>)) {
    /// No name is longer with its password.
    const LONGEST: usize = 256;
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'@', bytes) {
        let behind = bytes.get(at + 1..).unwrap_or_default();
        let is_of_host = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
        let length = behind.iter().take_while(is_of_host).count();
        let host = behind.get(..length).unwrap_or_default();
        let is_host = host.contains(&b'.') && matches!(behind.get(length), Some(b'/' | b':'));
        if !is_host {
            continue;
        }
        let head = bytes
            .get(at.saturating_sub(LONGEST)..at)
            .unwrap_or_default();
        let is_apart =
            |byte: &u8| byte.is_ascii_whitespace() || b"/@\"'`<>()[]{},;=".contains(byte);
        let start = head.iter().rposition(is_apart).map_or(0, |apart| apart + 1);
        let word = head.get(start..).unwrap_or_default();
        let Some(colon) = memchr::memchr(b':', word).filter(|colon| *colon > 0) else {
            continue;
        };
        let password = at - (word.len() - colon - 1)..at;
        if text
            .get(password.clone())
            .is_some_and(|text| !text.is_empty())
        {
            visit(password);
        }
    }
}

/// Visits what stands between user and host; addresses without a scheme come behind the others.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Candidate)) {
    with_scheme(text, visit);
    without_scheme(text, visit);
}

/// `user:password@tcp(host:3306)/shop`.
///
/// Source: the README of go-sql-driver/mysql, "DSN (Data Source Name)".
fn without_scheme(text: &str, visit: &mut dyn FnMut(Candidate)) {
    /// Nobody writes more before the host, or for it.
    const LONGEST: usize = 320;
    let bytes = text.as_bytes();
    for open in memchr::memchr_iter(b'(', bytes) {
        let before = bytes.get(..open).unwrap_or_default();
        let protocol = before.iter().rev().take(8);
        let protocol = protocol.take_while(|byte| byte.is_ascii_alphanumeric());
        let at = open - protocol.count();
        let protocol = text.get(at..open).unwrap_or_default();
        let is_known = matches!(protocol, "" | "tcp" | "tcp4" | "tcp6" | "unix");
        let Some(at) = at.checked_sub(1).filter(|at| bytes.get(*at) == Some(&b'@')) else {
            continue;
        };
        let last = text.floor_char_boundary(open + 1 + LONGEST);
        let behind = text.get(open + 1..last).unwrap_or_default();
        let Some(length) = behind.find([')', '\n']).filter(|_| is_known) else {
            continue;
        };
        let first = text.ceil_char_boundary(at.saturating_sub(LONGEST));
        let head = text.get(first..at).unwrap_or_default();
        let is_end = |letter: char| letter.is_whitespace() || "\"'`<>".contains(letter);
        let head = head.rsplit(is_end).next().unwrap_or_default();
        let start = at - head.len();
        let Some(colon) = head.find(':').filter(|_| !head.contains("://")) else {
            continue;
        };
        let user = head.get(..colon).unwrap_or_default();
        // What a key gives begins behind its mark.
        let name = user.rsplit('=').next().unwrap_or_default();
        let user = start + colon - name.len()..start + colon;
        let password = user.end + 1..at;
        if user.is_empty() || password.is_empty() {
            continue;
        }
        visit(Candidate {
            hidden: password.clone(),
            password,
            user,
            host: open + 1..open + 1 + length,
        });
    }
}

fn with_scheme(text: &str, visit: &mut dyn FnMut(Candidate)) {
    let bytes = text.as_bytes();
    // Addresses that follow each other without a space end together.
    let mut end = 0;
    let mut last_at: Option<usize> = None;
    for mark in MARK.find_iter(bytes) {
        let start = mark + "://".len();
        if start >= end {
            let rest = text.get(start..).unwrap_or_default();
            end = start
                + rest
                    .find(|character: char| {
                        character.is_whitespace()
                            || matches!(character, '"' | '\'' | '`' | '<' | '>' | '…')
                    })
                    .unwrap_or(rest.len());
            let run = bytes.get(start..end).unwrap_or_default();
            last_at = memchr::memrchr(b'@', run).map(|at| start + at);
        }
        let address = text.get(start..end).unwrap_or_default();
        let Some(length) = memchr::memchr3(b':', b'/', b'@', address.as_bytes()) else {
            continue;
        };
        let user = start..start + length;
        let is_token = is_token(address.get(..length).unwrap_or_default());
        let has_password = address.as_bytes().get(length) == Some(&b':');
        let is_user = has_password && last_at.is_some_and(|close| close > start)
            || address.as_bytes().get(length) == Some(&b'@');
        if is_user && is_token {
            // Some servers take a token for the name, with nothing or anything for the password.
            visit(Candidate {
                hidden: user.clone(),
                password: user.end..user.end,
                user: user.clone(),
                host: user.end..user.end,
            });
        }
        if !has_password {
            continue;
        }
        let password = start + length + 1;
        let behind = text.get(password..end).unwrap_or_default();
        let port = behind.bytes().take_while(u8::is_ascii_digit).count();
        let is_port = matches!(behind.as_bytes().get(port), None | Some(b'/' | b'?' | b'#'));
        if is_port && port > 0 {
            continue;
        }
        let is_cut = text.get(end..).is_some_and(|rest| rest.starts_with('…'));
        let close = match last_at {
            Some(close) if close >= password => close,
            _ if is_cut => end,
            _ => continue,
        };
        if close == password {
            continue;
        }
        // A program takes the host to end at the first of these.
        let authority = behind
            .find(['/', '?', '#'])
            .map_or(end, |length| password + length);
        let of_authority = bytes.get(password..authority).unwrap_or_default();
        let split = memchr::memrchr(b'@', of_authority).map_or(password, |at| password + at);
        visit(Candidate {
            hidden: password..close,
            password: password..split,
            user,
            host: (split + 1).min(authority)..authority,
        });
    }
}
