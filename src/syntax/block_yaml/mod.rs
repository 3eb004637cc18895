//! A quick reader for YAML as people and programs write most of it: block by block, the same tree as `yaml` makes.
//!
//! Manifests and lockfiles are mostly such lines, for which the general reader takes five times as long. The subset:
//! mappings and lists by indentation; plain and quoted scalars, in one line or more; block scalars; flow collections that
//! end on their line; comments; documents parted by `---`. At the first byte that is none of it (anchors, tags, merge
//! keys, tabs between values, explicit keys, directives) this reader gives up, and the general one reads the whole file:
//! so nothing is read in two ways. A test compares both.

mod flow;
mod scalars;

use std::sync::Arc;

use super::build::Builder;
use super::tree::{Span, Stored, Tree};

/// The deepest nesting that is read here. The schemas of custom resources take some fifty levels.
const DEPTH: usize = 100;

/// The longest key, in bytes. YAML's own limit for keys on one line is 1,024 characters.
const LONGEST_KEY: usize = 1_000;

/// Reads a whole file, or gives up.
pub(super) fn parse(text: &Arc<str>) -> Option<Tree> {
    let has_tabs = is_plain(text)?;
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        has_tabs,
        builder: Builder::new(Arc::clone(text)),
        next: 0,
        levels: Vec::new(),
        pending: None,
        document: Document::None,
    };
    reader.read()?;
    Some(reader.builder.tree)
}

/// Whether the text holds tabs. None where it holds what YAML takes for a break, a mark or an error at any place: line
/// feeds, with or without a carriage return before them, and tabs are its only characters beyond printable ones.
fn is_plain(text: &str) -> Option<bool> {
    // Bytes collect what is seen: so all lanes of a register are used.
    let (mut returns, mut tabs, mut odd, mut wide) = (0_u8, 0_u8, 0_u8, 0_u8);
    for byte in text.as_bytes() {
        let (is_return, is_tab) = (u8::from(*byte == b'\r'), u8::from(*byte == b'\t'));
        let is_break = u8::from(*byte == b'\n');
        let is_control = u8::from(*byte < b' ') | u8::from(*byte == 0x7f);
        returns |= is_return;
        tabs |= is_tab;
        odd |= is_control & !(is_return | is_tab | is_break);
        wide |= *byte & 0x80;
    }
    let feeds = || memchr::memmem::find_iter(text.as_bytes(), b"\r\n").count();
    let is_lone = || memchr::memchr_iter(b'\r', text.as_bytes()).count() != feeds();
    if odd != 0 || returns != 0 && is_lone() {
        return None;
    }
    let is_printable = wide == 0
        || text.chars().all(|character| {
            character.is_ascii()
                || character >= '\u{a0}'
                    && !matches!(
                        character,
                        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}'
                    )
        });
    is_printable.then_some(tabs != 0)
}

/// A line of the text.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    /// Its first byte that is no space.
    at: usize,
    /// Where its break stands.
    end: usize,
}

impl Line {
    fn indent(self) -> usize {
        self.at - self.start
    }

    fn is_blank(self) -> bool {
        self.at == self.end
    }
}

/// A collection that is open.
struct Level {
    indent: usize,
    is_sequence: bool,
}

/// A key whose value does not stand on its line.
#[derive(Clone, Copy)]
struct Pending {
    indent: usize,
    colon: usize,
}

/// Where a document stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Document {
    /// Nothing was read yet.
    None,
    /// A `---` that ends here was read, and no content.
    Announced(usize),
    /// It has content.
    Open,
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    has_tabs: bool,
    builder: Builder,
    /// Where the next line starts.
    next: usize,
    levels: Vec<Level>,
    pending: Option<Pending>,
    document: Document,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<()> {
        while let Some(line) = self.take_line() {
            match self.bytes.get(line.at) {
                _ if line.is_blank() => {}
                Some(b'#') => {}
                Some(b'-' | b'.') if line.indent() == 0 && self.is_marker(line) => {
                    if self.bytes.get(line.start..line.end)? != b"---" {
                        return None;
                    }
                    if self.document != Document::None {
                        self.end_document()?;
                    }
                    self.document = Document::Announced(line.end);
                }
                _ => {
                    self.refuse_tabs(line.at, line.end)?;
                    if self.document != Document::Open {
                        self.builder.start_document(line.start);
                        self.document = Document::Open;
                    }
                    self.content(line)?;
                }
            }
        }
        self.end_document()
    }

    /// The next line, if there is one.
    fn line(&self) -> Option<(Line, usize)> {
        let start = self.next;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let mut end = start + length;
        if length > 0 && self.bytes.get(end - 1) == Some(&b'\r') {
            end -= 1;
        }
        let at = self.skip_blanks(start, end);
        Some((Line { start, at, end }, start + length + 1))
    }

    fn take_line(&mut self) -> Option<Line> {
        let (line, next) = self.line()?;
        self.next = next;
        Some(line)
    }

    /// True for a line that parts documents, or may.
    fn is_marker(&self, line: Line) -> bool {
        let marker = self.bytes.get(line.start..line.start + 3);
        matches!(marker, Some(b"---" | b"..."))
    }

    /// Tabs part and indent in ways of their own; only comments and block scalars may hold them here.
    fn refuse_tabs(&self, at: usize, end: usize) -> Option<()> {
        let is_fine = !self.has_tabs || memchr::memchr(b'\t', self.bytes.get(at..end)?).is_none();
        is_fine.then_some(())
    }

    /// Ends a document; a file without any is left to the general reader.
    fn end_document(&mut self) -> Option<()> {
        match self.document {
            Document::None => return None,
            Document::Announced(end) => {
                self.builder.start_document(end);
                self.builder
                    .scalar(Stored::Null, Span::new(end, end), 0, false);
            }
            Document::Open => {
                self.take_nothing();
                while !self.levels.is_empty() {
                    self.close()?;
                }
            }
        }
        self.builder.end_document();
        Some(())
    }

    /// Gives a key that waits for its value nothing for it.
    fn take_nothing(&mut self) {
        if let Some(Pending { colon, .. }) = self.pending.take() {
            let span = Span::new(colon, colon);
            self.builder.scalar(Stored::Null, span, 0, false);
        }
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

    /// The indentation of the innermost collection: what belongs to a value in it stands further right.
    fn indent(&self) -> usize {
        self.levels.last().map_or(0, |level| level.indent)
    }

    fn content(&mut self, line: Line) -> Option<()> {
        let Line { at, end, .. } = line;
        let indent = line.indent();
        let is_item = self.is_item(at, end);
        if let Some(Pending { indent: parent, .. }) = self.pending {
            if indent > parent || indent == parent && is_item {
                self.pending = None;
                if !is_item && !self.is_entry(at, end) {
                    return self.value(at, end);
                }
                // The general reader lets a list that is not indented begin with its first value.
                let from = if indent == parent {
                    self.skip_blanks(at + 1, end)
                } else {
                    at
                };
                self.open(indent, is_item, from)?;
                return self.one(is_item, indent, at, end);
            }
            self.take_nothing();
        }
        if self.levels.is_empty() {
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
        self.one(is_item, indent, at, end)
    }

    /// An item or an entry of the innermost collection.
    fn one(&mut self, is_item: bool, indent: usize, at: usize, end: usize) -> Option<()> {
        if is_item {
            self.item(indent, at, end)
        } else {
            self.entry(indent, at, end)
        }
    }

    /// True at the dash of an item.
    fn is_item(&self, at: usize, end: usize) -> bool {
        self.byte(at, end) == Some(b'-') && self.byte(at + 1, end).is_none_or(|byte| byte == b' ')
    }

    fn item(&mut self, indent: usize, dash: usize, end: usize) -> Option<()> {
        let at = self.skip_blanks(dash + 1, end);
        if at == end || self.bytes.get(at) == Some(&b'#') {
            return None;
        }
        let is_item = self.is_item(at, end);
        if is_item || self.is_entry(at, end) {
            let indent = indent + at - dash;
            self.open(indent, is_item, at)?;
            return self.one(is_item, indent, at, end);
        }
        self.value(at, end)
    }

    /// True where a key stands, with its colon.
    fn is_entry(&self, at: usize, end: usize) -> bool {
        let colon = match self.byte(at, end) {
            Some(b'"' | b'\'') => self.closing_quote(at, end),
            Some(b'{' | b'[' | b'|' | b'>') | None => None,
            Some(_) => return self.colon(at, end).is_some(),
        };
        colon.is_some_and(|colon| {
            self.byte(colon, end) == Some(b':')
                && self.byte(colon + 1, end).is_none_or(|byte| byte == b' ')
        })
    }

    /// The first colon behind plain text that ends a key.
    fn colon(&self, at: usize, end: usize) -> Option<usize> {
        let line = self.bytes.get(at..end)?;
        let ends = |place: &usize| matches!(line.get(place + 1), None | Some(b' '));
        let colon = memchr::memchr_iter(b':', line).find(ends)?;
        Some(at + colon)
    }

    fn entry(&mut self, indent: usize, at: usize, end: usize) -> Option<()> {
        let colon = match self.bytes.get(at)? {
            b'"' | b'\'' => self.quoted(at, end)?,
            _ => self.plain_key(at, end)?,
        };
        if colon - at > LONGEST_KEY || self.byte(colon, end) != Some(b':') {
            return None;
        }
        let value = self.skip_blanks(colon + 1, end);
        if value == end || value > colon + 1 && self.bytes.get(value) == Some(&b'#') {
            self.pending = Some(Pending { indent, colon });
            return Some(());
        }
        if value == colon + 1 {
            return None;
        }
        self.value(value, end)
    }

    /// A value and what belongs to it in the lines below.
    fn value(&mut self, at: usize, end: usize) -> Option<()> {
        let (stop, end) = match self.bytes.get(at)? {
            b'{' | b'[' => (self.flow(at, end, 0)?, end),
            b'"' | b'\'' if self.closing_quote(at, end).is_some() => (self.quoted(at, end)?, end),
            b'"' | b'\'' => self.quoted_in_lines(at, end)?,
            b'|' | b'>' => return self.block(at, end),
            _ => return self.plain_value(at, end),
        };
        self.is_done(stop, end).then_some(())
    }

    /// True where nothing but a comment is left of a line.
    fn is_done(&self, stop: usize, end: usize) -> bool {
        let at = self.skip_blanks(stop, end);
        at == end || at > stop && self.bytes.get(at) == Some(&b'#')
    }

    /// The byte at a place, if the line goes so far.
    fn byte(&self, at: usize, end: usize) -> Option<u8> {
        self.bytes.get(at).copied().filter(|_| at < end)
    }

    fn skip_blanks(&self, at: usize, end: usize) -> usize {
        let rest = self.bytes.get(at..end).unwrap_or_default();
        at + rest.iter().take_while(|byte| **byte == b' ').count()
    }
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
    fn what_people_write_for_kubernetes_is_read() {
        for text in [
            "apiVersion: v1 # core\nkind: Pod\nmetadata:\n  annotations:\n  name: a\nspec:\n  containers:\n  - name: b\n    args: [\"--c\", -d]\n    command:\n    - sh\n    - -c\n    - |\n      if [ -f a ]; then\n      \tb\n      fi\n    env:\n    - {name: E, value: \"f\"}\n",
            "description: what goes\n  on here\n\n  and there\nother: \"quoted\n  so: # far\\\n  \\ \"\nlast:\n  in the next line\nfolded: >-\n  a\n  b\n\nkept: |+\n  c\n\n---\n---\n# d\n",
        ] {
            assert!(is_read(text), "{text}");
            assert!(is_read(&text.replace('\n', "\r\n")), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_subset_is_left_alone() {
        for text in [
            "",
            "a: &b c\n",
            "a: *b\n",
            "a: !!str b\n",
            "a: |2\n  b\n",
            "a: |\nb: c\n",
            "a: b\n  c: d\n",
            "a: b # c\n  d\n",
            "a:\tb\n",
            "a: b\n\tc\n",
            "? a\n: b\n",
            "<<: {a: b}\n",
            "a: {b: c,\n  d: e}\n",
            "a: \"\\x41\"\n",
            "a: 'b\n",
            "a: 'b\nc'\n",
            "-\n",
            "{{ a }}: b\n",
            "%YAML 1.2\n---\na: b\n",
            "a: b\n...\n",
            "--- a\n",
            "\u{feff}a: b\n",
        ] {
            assert!(!is_read(text), "{text:?}");
        }
    }
}
