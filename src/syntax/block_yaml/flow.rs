//! Collections in braces and brackets that end on their line.

use super::scalars::starts_plain;
use super::{LONGEST_KEY, Reader};
use crate::syntax::tree::Span;

/// The deepest nesting of braces that is read here; nobody writes more on one line.
const FLOW_DEPTH: usize = 32;

impl Reader<'_> {
    /// A flow collection, or a scalar in one; returns where the next byte stands.
    pub(super) fn flow(&mut self, at: usize, end: usize, depth: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'"' | b'\'' => self.quoted(at, end),
            b'{' if depth < FLOW_DEPTH => self.flow_collection(at, end, depth, true),
            b'[' if depth < FLOW_DEPTH => self.flow_collection(at, end, depth, false),
            _ if self.starts_plain(at, end) => self.flow_plain(at, end),
            _ => None,
        }
    }

    fn flow_collection(
        &mut self,
        start: usize,
        end: usize,
        depth: usize,
        is_mapping: bool,
    ) -> Option<usize> {
        let closing = if is_mapping { b'}' } else { b']' };
        let span = Span::new(start, start + 1);
        self.builder.open(is_mapping, true, span, 0).ok()?;
        let mut at = self.skip_blanks(start + 1, end);
        if self.byte(at, end)? != closing {
            loop {
                if is_mapping {
                    let key = at;
                    at = match self.byte(at, end)? {
                        b'"' | b'\'' => self.quoted(at, end)?,
                        _ if self.starts_plain(at, end) => self.flow_plain(at, end)?,
                        _ => return None,
                    };
                    let is_key = at - key <= LONGEST_KEY
                        && self.bytes.get(key..at) != Some(b"<<")
                        && self.byte(at, end)? == b':'
                        && self.byte(at + 1, end)? == b' ';
                    if !is_key {
                        return None;
                    }
                    at = self.skip_blanks(at + 1, end);
                }
                at = self.flow(at, end, depth + 1)?;
                at = self.skip_blanks(at, end);
                match self.byte(at, end)? {
                    b',' => at = self.skip_blanks(at + 1, end),
                    byte if byte == closing => break,
                    _ => return None,
                }
            }
        }
        self.builder.close(Span::new(start, at + 1)).ok()?;
        Some(at + 1)
    }

    /// A plain scalar in a flow collection.
    fn flow_plain(&mut self, at: usize, end: usize) -> Option<usize> {
        let line = self.bytes.get(at..end)?;
        let mut stop = line.len();
        for (place, byte) in line.iter().enumerate() {
            let ends = match byte {
                b',' | b'[' | b']' | b'{' | b'}' => true,
                b':' => match line.get(place + 1)? {
                    b' ' => true,
                    b',' | b'[' | b']' | b'{' | b'}' => return None,
                    _ => false,
                },
                b'#' if place > 0 && line.get(place - 1) == Some(&b' ') => return None,
                _ => false,
            };
            if ends {
                stop = place;
                break;
            }
        }
        while stop > 0 && line.get(stop - 1) == Some(&b' ') {
            stop -= 1;
        }
        self.plain(at, at + stop);
        Some(at + stop)
    }

    fn starts_plain(&self, at: usize, end: usize) -> bool {
        starts_plain(self.bytes.get(at..end).unwrap_or_default())
    }
}
