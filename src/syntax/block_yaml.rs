//! A quick reader for YAML as programs write it: one line a key, the same tree as `yaml` makes.
//!
//! Lockfiles have tens of thousands of such lines, for which the general reader takes five times as long. The subset:
//! mappings and lists by indentation; plain scalars, quoted ones and flow collections that end on their line;
//! comments on lines of their own; documents parted by `---`. At the first byte that is none of it (anchors, tags,
//! block scalars, tabs, empty values, explicit keys, scalars that go on in the next line) this reader gives up, and
//! the general one reads the whole file: so nothing is read in two ways. A test compares both.

use std::sync::Arc;

use super::build::Builder;
use super::scalar::resolve;
use super::tree::{Span, Stored, Tree};

/// The deepest nesting that is read here; programs write half a dozen levels.
const DEPTH: usize = 32;

/// The longest key, in bytes. YAML's own limit for keys on one line is 1,024 characters.
const LONGEST_KEY: usize = 1_000;

/// Reads a whole file, or gives up.
pub(super) fn parse(text: &Arc<str>) -> Option<Tree> {
    if !is_plain(text) {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        builder: Builder::new(Arc::clone(text)),
        levels: Vec::new(),
        pending: None,
        document: Document::None,
    };
    reader.read()?;
    Some(reader.builder.tree)
}

/// True if the text holds nothing that YAML takes for a break, a mark or an error at any place: line feeds, with or
/// without a carriage return before them, are its only characters beyond printable ones.
fn is_plain(text: &str) -> bool {
    let mut returns = 0_usize;
    let mut odd = false;
    for byte in text.bytes() {
        returns += usize::from(byte == b'\r');
        odd |= byte < b' ' && byte != b'\n' && byte != b'\r' || byte == 0x7f;
    }
    if odd || returns > 0 && memchr::memmem::find_iter(text.as_bytes(), b"\r\n").count() != returns
    {
        return false;
    }
    text.is_ascii()
        || text.chars().all(|character| {
            character.is_ascii()
                || character > '\u{a0}'
                    && !matches!(
                        character,
                        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}'
                    )
        })
}

/// A collection that is open.
struct Level {
    indent: usize,
    is_sequence: bool,
}

/// Where a document stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Document {
    /// Nothing was read yet.
    None,
    /// A `---` was read, and no content.
    Announced,
    /// It has content.
    Open,
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    builder: Builder,
    levels: Vec<Level>,
    /// The indentation of a key whose value stands below it.
    pending: Option<usize>,
    document: Document,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<()> {
        let mut start = 0;
        while start < self.bytes.len() {
            let rest = self.bytes.get(start..)?;
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let mut end = start + length;
            if length > 0 && self.bytes.get(end - 1) == Some(&b'\r') {
                end -= 1;
            }
            self.line(start, end)?;
            start += length + 1;
        }
        self.end_document()
    }

    fn line(&mut self, start: usize, end: usize) -> Option<()> {
        let at = self.skip_blanks(start, end);
        if at == end {
            return Some(());
        }
        match self.bytes.get(at)? {
            b'#' => Some(()),
            b'-' if self.bytes.get(start..end) == Some(b"---") => {
                if self.document != Document::None {
                    self.end_document()?;
                }
                self.document = Document::Announced;
                Some(())
            }
            _ => {
                if self.document != Document::Open {
                    self.builder.start_document(start);
                    self.document = Document::Open;
                }
                self.content(at - start, at, end)
            }
        }
    }

    /// Ends a document that has content; an empty one is left to the general reader.
    fn end_document(&mut self) -> Option<()> {
        if self.document != Document::Open || self.pending.is_some() {
            return None;
        }
        while !self.levels.is_empty() {
            self.close()?;
        }
        self.builder.end_document();
        Some(())
    }

    fn open(&mut self, indent: usize, is_sequence: bool, at: usize) -> Option<()> {
        if self.levels.len() >= DEPTH {
            return None;
        }
        let level = Level {
            indent,
            is_sequence,
        };
        self.levels.push(level);
        let span = Span::new(at, at);
        self.builder.open(!is_sequence, false, span, 0).ok()
    }

    fn close(&mut self) -> Option<()> {
        self.levels.pop();
        self.builder.close(Span::default()).ok()
    }

    fn content(&mut self, indent: usize, at: usize, end: usize) -> Option<()> {
        let is_item = self.bytes.get(at) == Some(&b'-');
        if let Some(parent) = self.pending.take() {
            if indent < parent || indent == parent && !is_item {
                return None;
            }
            // The general reader lets a list that is not indented begin with its first value.
            let from = if indent == parent {
                self.skip_blanks(at + 1, end)
            } else {
                at
            };
            self.open(indent, is_item, from)?;
        } else if self.levels.is_empty() {
            if indent != 0 {
                return None;
            }
            self.open(indent, is_item, at)?;
        } else {
            while self.levels.last().is_some_and(|level| {
                level.indent > indent || level.indent == indent && level.is_sequence && !is_item
            }) {
                self.close()?;
            }
            let level = self.levels.last()?;
            if level.indent != indent || level.is_sequence != is_item {
                return None;
            }
        }
        if is_item {
            self.item(at + 1, end)
        } else {
            self.entry(indent, at, end)
        }
    }

    fn item(&mut self, at: usize, end: usize) -> Option<()> {
        let value = self.skip_blanks(at, end);
        if value == at || value == end {
            return None;
        }
        self.value(value, end)
    }

    fn entry(&mut self, indent: usize, at: usize, end: usize) -> Option<()> {
        let colon = match self.bytes.get(at)? {
            b'"' | b'\'' => self.quoted(at, end)?,
            _ => self.plain_key(at, end)?,
        };
        if colon - at > LONGEST_KEY || self.bytes.get(colon) != Some(&b':') || colon >= end {
            return None;
        }
        let value = self.skip_blanks(colon + 1, end);
        if value == end {
            self.pending = Some(indent);
            return Some(());
        }
        if value == colon + 1 {
            return None;
        }
        self.value(value, end)
    }

    /// A key up to its colon.
    fn plain_key(&mut self, at: usize, end: usize) -> Option<usize> {
        if !starts_plain(*self.bytes.get(at)?) {
            return None;
        }
        let line = self.bytes.get(at..end)?;
        let ends = |place: &usize| matches!(line.get(place + 1), None | Some(b' '));
        let colon = memchr::memchr_iter(b':', line).find(ends)?;
        let key = line.get(..colon)?;
        if key == b"<<" || key.ends_with(b" ") || holds_comment(key) {
            return None;
        }
        self.plain(at, at + colon);
        Some(at + colon)
    }

    /// A value that ends on its line.
    fn value(&mut self, at: usize, end: usize) -> Option<()> {
        let stop = match self.bytes.get(at)? {
            b'{' | b'[' => self.flow(at, end, 0)?,
            b'"' | b'\'' => self.quoted(at, end)?,
            first => {
                let line = self.bytes.get(at..end)?;
                let has_colon = memchr::memchr_iter(b':', line)
                    .any(|place| matches!(line.get(place + 1), None | Some(b' ')));
                if !starts_plain(*first) || has_colon || line.ends_with(b" ") || holds_comment(line)
                {
                    return None;
                }
                self.plain(at, end);
                end
            }
        };
        (stop == end).then_some(())
    }

    fn plain(&mut self, start: usize, end: usize) {
        let span = Span::new(start, end);
        let written = self.text.get(start..end).unwrap_or_default();
        let stored = resolve(written).unwrap_or(Stored::Source(span));
        self.builder.scalar(stored, span, 0, false);
    }

    /// A quoted scalar that ends on its line; returns where the next byte stands.
    fn quoted(&mut self, at: usize, end: usize) -> Option<usize> {
        let quote = *self.bytes.get(at)?;
        let mut decoded = String::new();
        let mut from = at + 1;
        loop {
            let rest = self.bytes.get(from..end)?;
            let stop = from
                + if quote == b'\'' {
                    memchr::memchr(b'\'', rest)?
                } else {
                    memchr::memchr2(b'"', b'\\', rest)?
                };
            let next = self.bytes.get(stop + 1).filter(|_| stop + 1 < end);
            let character = match (self.bytes.get(stop)?, next) {
                (b'\'', Some(b'\'')) => '\'',
                (b'\\', Some(b'"')) => '"',
                (b'\\', Some(b'\\')) => '\\',
                (b'\\', Some(b'n')) => '\n',
                (b'\\', _) => return None,
                _ => {
                    let span = Span::new(at, stop + 1);
                    let stored = if from == at + 1 {
                        Stored::Source(Span::new(from, stop))
                    } else {
                        decoded.push_str(self.text.get(from..stop)?);
                        self.builder.store(&decoded)
                    };
                    self.builder.scalar(stored, span, 0, false);
                    return Some(stop + 1);
                }
            };
            decoded.push_str(self.text.get(from..stop)?);
            decoded.push(character);
            from = stop + 2;
        }
    }

    /// A flow collection, or a scalar in one; returns where the next byte stands.
    fn flow(&mut self, at: usize, end: usize, depth: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'"' | b'\'' => self.quoted(at, end),
            b'{' if depth < DEPTH => self.flow_collection(at, end, depth, true),
            b'[' if depth < DEPTH => self.flow_collection(at, end, depth, false),
            first if starts_plain(*first) => self.flow_plain(at, end),
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
                        first if starts_plain(first) => self.flow_plain(at, end)?,
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

    fn byte(&self, at: usize, end: usize) -> Option<u8> {
        self.bytes.get(at).copied().filter(|_| at < end)
    }

    fn skip_blanks(&self, mut at: usize, end: usize) -> usize {
        while at < end && self.bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    }
}

/// True if a byte can begin a plain scalar whatever follows it.
fn starts_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'/' | b'.' | b'_' | b'^' | b'~' | b'<' | b'=' | b'+' | b'(' | b'$'
        )
}

fn holds_comment(line: &[u8]) -> bool {
    memchr::memchr_iter(b'#', line).any(|at| at > 0 && line.get(at - 1) == Some(&b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read(text: &str) -> bool {
        parse(&Arc::from(text)).is_some()
    }

    #[test]
    fn what_package_managers_write_is_read() {
        for text in [
            "---\nlockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: link:../a\n---\na: b\n",
            "packages:\n\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-a+b/c==, tarball: https://a.b/c.tgz}\n    engines: {node: '>=18', npm: ^9 || >=10}\n    cpu: [x64, arm]\n    deprecated: 'it''s “old”: \\n'\n\nsnapshots:\n\n  '@s/a@1.0.0': {}\n\n  b@1.0.0(a@1.0.0(b@2.0.0)):\n    transitivePeerDependencies:\n      - supports-color\n",
            "# comment\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"a@npm:^1.0.0, a@npm:~1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  bin:\n    a: ./bin/a.js\n  linkType: hard\n",
        ] {
            assert!(is_read(text), "{text}");
            assert!(is_read(&text.replace('\n', "\r\n")), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_subset_is_left_alone() {
        for text in [
            "",
            "a:\n",
            "a: &b c\n",
            "a: *b\n",
            "a: !!str b\n",
            "a: |\n  b\n",
            "a: b\n  c\n",
            "a:\tb\n",
            "? a\n: b\n",
            "a: b # c\n",
            "<<: {a: b}\n",
            "a: {b: c,\n  d: e}\n",
            "a: \"\\x41\"\n",
            "a: 'b\n",
            "\u{feff}a: b\n",
        ] {
            assert!(!is_read(text), "{text:?}");
        }
    }
}
