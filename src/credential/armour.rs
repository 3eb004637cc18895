//! Private keys in their armour, as it is or in Base64.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::strength::run;

/// A block, to its end or to the end of what is there of it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) range: Range<usize>,
}

/// A block that begins in Base64, to the end of what is there of it.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) range: Range<usize>,
    plain: String,
}

impl Packed {
    /// Whether the key needs a password of its own, if it is a whole one.
    pub(super) fn proves(&self) -> Option<bool> {
        let mut proved = None;
        scan(&self.plain, &mut |block| {
            if block.is_whole(&self.plain) {
                proved = proved.or(Some(block.is_encrypted(&self.plain)));
            }
        });
        proved
    }
}

impl Block {
    /// True if it holds a key and not three dots.
    pub(super) fn is_whole(&self, text: &str) -> bool {
        let block = text.get(self.range.clone()).unwrap_or_default();
        let behind_label = block.splitn(3, "-----").nth(2).unwrap_or_default();
        let body = behind_label.split("-----END").next().unwrap_or_default();
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let length = body.bytes().filter(is_key).take(64).count();
        length >= 64 && !body.contains("...") && super::strength::entropy(body.as_bytes()) >= 3.5
    }

    /// True if it needs a password of its own.
    pub(super) fn is_encrypted(&self, text: &str) -> bool {
        let block = text.get(self.range.clone()).unwrap_or_default();
        let start = block.get(..block.floor_char_boundary(200)).unwrap_or(block);
        start.contains("ENCRYPTED")
    }
}

/// Visits the private keys of a text, in order.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Block)) {
    const BEGIN: &str = "-----BEGIN ";
    static BEGINS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEGIN));
    const END: &str = "-----END ";
    let mut at = 0;
    let begin = |at: usize| BEGINS.find(text.as_bytes().get(at..)?);
    while let Some(start) = begin(at) {
        let start = at + start;
        let body = start + BEGIN.len();
        let rest = text.get(body..).unwrap_or_default();
        at = body;
        let label = rest.split("-----").next().unwrap_or_default();
        let is_private = label.contains("PRIVATE KEY") || label.contains('…');
        if !is_private {
            continue;
        }
        let end = match rest.find(END) {
            Some(end) => {
                let tail = rest.get(end + END.len()..).unwrap_or_default();
                let close = tail.find("-----").map_or(tail.len(), |close| close + 5);
                body + end + END.len() + close
            }
            None => body + rest.find(['"', '\'', '`']).unwrap_or(rest.len()),
        };
        visit(Block { range: start..end });
        at = end;
    }
}

/// Visits the private keys of a text whose armour is in Base64, in order, as `client-key-data` of a kubeconfig is.
/// Certificates begin in the same way and are none.
pub(super) fn scan_packed(text: &str, visit: &mut dyn FnMut(Packed)) {
    /// `-----BEGIN` and the beginning of the space behind it.
    static BEGINS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("LS0tLS1CRUdJTi"));
    let bytes = text.as_bytes();
    let mut from = 0;
    for start in BEGINS.find_iter(bytes) {
        if start < from {
            continue;
        }
        let end = end_of_base64(bytes, start);
        from = end;
        let packed = text.get(start..end).unwrap_or_default();
        let mut packed: String = packed.split_whitespace().collect();
        // What was cut, or ends where something else goes on, still tells what it began as.
        packed.truncate(packed.trim_end_matches('=').len());
        if packed.len() % 4 == 1 {
            packed.pop();
        }
        let plain = decode_loosely(&packed);
        let label = plain.strip_prefix("-----BEGIN ").unwrap_or_default();
        let label = label.split("-----").next().unwrap_or_default();
        if label.contains("PRIVATE KEY") {
            visit(Packed {
                range: start..end,
                plain,
            });
        }
    }
}

/// The text that is in Base64 here; bits that are left over at the end count for nothing.
fn decode_loosely(packed: &str) -> String {
    let whole = packed.len() / 4 * 4;
    let plain = super::decode(packed)
        .or_else(|| super::decode(packed.get(..whole)?))
        .unwrap_or_default();
    String::from_utf8_lossy(&plain).into_owned()
}

/// Where Base64 ends, which may go on over lines that hold nothing else.
fn end_of_base64(bytes: &[u8], start: usize) -> usize {
    let length = |at: usize| run(bytes.get(at..).unwrap_or_default(), b"+/=");
    let mut end = start + length(start);
    while bytes.get(end) == Some(&b'\n') {
        let rest = bytes.get(end + 1..).unwrap_or_default();
        let indent = rest.iter().take_while(|byte| **byte == b' ').count();
        let next = end + 1 + indent;
        let close = next + length(next);
        let is_line = matches!(bytes.get(close), None | Some(b'\n' | b'\r'));
        if close == next || !is_line {
            break;
        }
        end = close;
    }
    end
}
