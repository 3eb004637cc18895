//! Scalars outside of braces: plain ones, quoted ones, and blocks of lines.

use super::{Line, Reader};
use crate::syntax::scalar::resolve;
use crate::syntax::tree::{Span, Stored};
use crate::syntax::yaml::store;

/// What becomes of the line breaks at the end of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Reader<'_> {
    /// A key up to its colon.
    pub(super) fn plain_key(&mut self, at: usize, end: usize) -> Option<usize> {
        let colon = self.colon(at, end)?;
        let key = self.bytes.get(at..colon)?;
        if !starts_plain(key) || key == b"<<" || key.ends_with(b" ") || comment(key).is_some() {
            return None;
        }
        self.plain(at, colon);
        Some(colon)
    }

    pub(super) fn plain(&mut self, start: usize, end: usize) {
        let span = Span::new(start, end);
        let written = self.text.get(start..end).unwrap_or_default();
        let stored = resolve(written).unwrap_or(Stored::Source(span));
        self.builder.scalar(stored, span, 0, false);
    }

    /// Where the plain text of a line ends, and whether a comment follows. None where it cannot be a value.
    fn plain_end(&self, at: usize, end: usize) -> Option<(usize, bool)> {
        let line = self.bytes.get(at..end)?;
        let comment = comment(line);
        let stop = at + comment.unwrap_or(line.len());
        let stop = stop - self.blanks_before(at, stop);
        let has_colon = self.colon(at, stop).is_some();
        (!has_colon && stop > at).then_some((stop, comment.is_some()))
    }

    /// How many spaces stand before a place, no further back than the other.
    fn blanks_before(&self, from: usize, end: usize) -> usize {
        let text = self.bytes.get(from..end).unwrap_or_default();
        text.iter().rev().take_while(|byte| **byte == b' ').count()
    }

    pub(super) fn plain_value(&mut self, at: usize, end: usize) -> Option<()> {
        let (stop, is_commented) = self.plain_end(at, end)?;
        if !starts_plain(self.bytes.get(at..stop)?) {
            return None;
        }
        if is_commented || !self.goes_on() {
            self.plain(at, stop);
            return Some(());
        }
        let mut folded = self.text.get(at..stop)?.to_owned();
        let mut last = stop;
        while self.goes_on() {
            let line = self.fold(&mut folded, true)?;
            let (stop, is_commented) = self.plain_end(line.at, line.end)?;
            folded.push_str(self.text.get(line.at..stop)?);
            last = stop;
            if is_commented {
                break;
            }
        }
        let span = Span::new(at, last);
        let stored = resolve(&folded);
        let stored = stored.unwrap_or_else(|| store(self.text, &mut self.builder, &folded, span));
        self.builder.scalar(stored, span, 0, false);
        Some(())
    }

    /// True if the next line that is not empty stands further right than the innermost collection, and is no comment.
    fn goes_on(&self) -> bool {
        let indent = self.indent();
        let mut wide = 0;
        for byte in self.bytes.get(self.next..).unwrap_or_default() {
            match byte {
                b' ' => wide += 1,
                b'\n' => wide = 0,
                b'\r' => {}
                b'#' => return false,
                _ => return wide > indent,
            }
        }
        false
    }

    /// Goes to the next line that is not empty, and adds what the breaks before it stand for.
    fn fold(&mut self, folded: &mut String, parts: bool) -> Option<Line> {
        let mut breaks = 0;
        let mut line = self.take_line()?;
        while line.is_blank() {
            breaks += 1;
            line = self.take_line()?;
        }
        self.refuse_tabs(line.at, line.end)?;
        if breaks == 0 && parts {
            folded.push(' ');
        }
        folded.extend(std::iter::repeat_n('\n', breaks));
        Some(line)
    }

    /// What stands behind the closing quote of a scalar, where that is on the same line.
    pub(super) fn closing_quote(&self, at: usize, end: usize) -> Option<usize> {
        let quote = self.byte(at, end)?;
        let mut from = at + 1;
        loop {
            let (stop, _) = self.quote_or_escape(quote, from, end)?;
            let next = self.byte(stop + 1, end);
            match (self.bytes.get(stop)?, next) {
                (b'\\', _) | (b'\'', Some(b'\'')) => from = stop + 2,
                _ => return Some(stop + 1),
            }
        }
    }

    /// Where the next quote or escape stands, and what an escape stands for.
    fn quote_or_escape(&self, quote: u8, from: usize, end: usize) -> Option<(usize, Option<char>)> {
        let rest = self.bytes.get(from..end)?;
        if quote == b'\'' {
            let stop = from + memchr::memchr(b'\'', rest)?;
            let is_doubled = self.byte(stop + 1, end) == Some(b'\'');
            return Some((stop, is_doubled.then_some('\'')));
        }
        let stop = from + memchr::memchr2(b'"', b'\\', rest)?;
        let escaped = match self.byte(stop + 1, end) {
            Some(byte @ (b'"' | b'\\' | b'/' | b' ')) => Some(char::from(byte)),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            _ => None,
        };
        let is_escape = self.bytes.get(stop) == Some(&b'\\');
        Some((stop, escaped.filter(|_| is_escape)))
    }

    /// A quoted scalar that ends on its line; returns where the next byte stands.
    pub(super) fn quoted(&mut self, at: usize, end: usize) -> Option<usize> {
        let quote = *self.bytes.get(at)?;
        let mut decoded = String::new();
        let mut from = at + 1;
        loop {
            let (stop, escaped) = self.quote_or_escape(quote, from, end)?;
            if let Some(character) = escaped {
                decoded.push_str(self.text.get(from..stop)?);
                decoded.push(character);
                from = stop + 2;
                continue;
            }
            if *self.bytes.get(stop)? != quote {
                return None;
            }
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
    }

    /// A quoted scalar that goes on in the lines below; returns where the next byte stands, and where its line ends.
    pub(super) fn quoted_in_lines(&mut self, at: usize, end: usize) -> Option<(usize, usize)> {
        let quote = *self.bytes.get(at)?;
        let mut decoded = String::new();
        let (mut from, mut end) = (at + 1, end);
        loop {
            match self.quote_or_escape(quote, from, end) {
                Some((stop, Some(character))) => {
                    decoded.push_str(self.text.get(from..stop)?);
                    decoded.push(character);
                    from = stop + 2;
                }
                Some((stop, None)) if *self.bytes.get(stop)? == quote => {
                    decoded.push_str(self.text.get(from..stop)?);
                    let span = Span::new(at, stop + 1);
                    let stored = store(self.text, &mut self.builder, &decoded, span);
                    self.builder.scalar(stored, span, 0, false);
                    return Some((stop + 1, end));
                }
                Some((stop, None)) if stop + 1 < end => return None,
                escaped_or_not => {
                    let (stop, parts) = match escaped_or_not {
                        // A break behind a backslash parts nothing.
                        Some((stop, _)) => (stop, false),
                        None => (end - self.blanks_before(from, end), true),
                    };
                    decoded.push_str(self.text.get(from..stop)?);
                    let line = self.fold(&mut decoded, parts)?;
                    if line.indent() <= self.indent() {
                        return None;
                    }
                    (from, end) = (line.at, line.end);
                }
            }
        }
    }

    /// A block of lines that stand further right than what holds it.
    ///
    /// Source: YAML 1.2.2, 8.1.
    pub(super) fn block(&mut self, at: usize, end: usize) -> Option<()> {
        let is_literal = self.bytes.get(at) == Some(&b'|');
        let chomping = match self.byte(at + 1, end) {
            Some(b'-') => Chomping::Strip,
            Some(b'+') => Chomping::Keep,
            _ => Chomping::Clip,
        };
        let behind = at + 1 + usize::from(chomping != Chomping::Clip);
        if !self.is_done(behind, end) {
            return None;
        }
        let (mut line, mut next) = self.line()?;
        let (mut breaks, mut widest) = (0, 0);
        while line.is_blank() {
            (breaks, widest) = (breaks + 1, widest.max(line.indent()));
            self.next = next;
            (line, next) = self.line()?;
        }
        let indent = line.indent();
        let is_tab = self.bytes.get(line.at) == Some(&b'\t');
        if indent <= self.indent() || widest > indent || is_tab {
            return None;
        }
        let start = line.at;
        let mut value = String::new();
        let (mut is_behind_break, mut was_blank) = (false, false);
        let stop = loop {
            let content = self.text.get(line.start + indent..line.end)?;
            let is_blank = content.starts_with([' ', '\t']);
            if is_literal || !is_behind_break || was_blank || is_blank {
                if is_behind_break {
                    value.push('\n');
                }
            } else if breaks == 0 {
                value.push(' ');
            }
            value.extend(std::iter::repeat_n('\n', breaks));
            value.push_str(content);
            (is_behind_break, was_blank, breaks) = (true, is_blank, 0);
            self.next = next;
            let mut following = self.line();
            // Lines with no more than the indentation are empty.
            while let Some((line, next)) = following
                && line.is_blank()
                && line.indent() <= indent
            {
                if next > self.bytes.len() {
                    return None;
                }
                breaks += 1;
                self.next = next;
                following = self.line();
            }
            match following {
                None => break self.bytes.len(),
                Some((line, _)) if line.indent() < indent => break line.at,
                Some(following) => (line, next) = following,
            }
        };
        if chomping != Chomping::Strip {
            value.push('\n');
        }
        if chomping == Chomping::Keep {
            value.extend(std::iter::repeat_n('\n', breaks));
        }
        let span = Span::new(start, stop);
        let stored = store(self.text, &mut self.builder, &value, span);
        self.builder.scalar(stored, span, 0, false);
        Some(())
    }
}

/// True if plain text can begin so, whatever follows.
pub(super) fn starts_plain(text: &[u8]) -> bool {
    match text.first() {
        Some(b'-') => text
            .get(1)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'),
        Some(byte) => {
            byte.is_ascii_alphanumeric()
                || !byte.is_ascii()
                || matches!(
                    byte,
                    b'/' | b'.' | b'_' | b'^' | b'~' | b'<' | b'=' | b'+' | b'(' | b'$'
                )
        }
        None => false,
    }
}

/// Where the blank before a comment stands.
fn comment(line: &[u8]) -> Option<usize> {
    let marks = memchr::memchr_iter(b'#', line);
    let mut before = marks.filter_map(|at| at.checked_sub(1));
    before.find(|at| line.get(*at) == Some(&b' '))
}
