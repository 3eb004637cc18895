//! Private keys in their armour.

use std::ops::Range;

use memchr::memmem;

/// A block, to its end or to the end of what is there of it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) range: Range<usize>,
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
    const END: &str = "-----END ";
    let mut at = 0;
    let begin = |at: usize| memmem::find(text.as_bytes().get(at..)?, BEGIN.as_bytes());
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
