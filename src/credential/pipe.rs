//! Credentials that a program reads from its standard input: `echo … | docker login --password-stdin`.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

use super::argument::{Argument, piped};
use super::key::class;

/// How deep a script may stand in the quotes of another one: `["sh", "-c", "bash -c '…'"]`.
const DEPTH: usize = 3;

/// How many lines a credential may have.
const LONGEST_BODY: usize = 64;

/// Visits what is handed to a program that reads a credential from its standard input.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Argument)) {
    const MARKS: [&str; 4] = ["stdin", "token", "pass", "sudo"];
    let bytes = text.as_bytes();
    let is_handed = memchr2(b'|', b'<', bytes).is_some();
    if is_handed
        && MARKS
            .iter()
            .any(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
    {
        scan_part(text, 0..text.len(), DEPTH, visit);
    }
}

fn scan_part(text: &str, part: Range<usize>, depth: usize, visit: &mut dyn FnMut(Argument)) {
    let mut pieces = Pieces {
        text,
        at: part.start,
        end: part.end,
    };
    let mut line = Pipeline::default();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => {
                let script = text.get(word.clone()).unwrap_or_default();
                if depth > 0 && script.contains(['|', '<']) && script.contains(' ') {
                    scan_part(text, word.clone(), depth - 1, visit);
                }
                line.take(word);
            }
            Piece::Redirect(input) => line.expects = Some(input),
            Piece::Pipe => line.commands.push(Command::default()),
            Piece::End => {
                let body = line.end(text, visit);
                if let Some(Heredoc { delimiter, is_read }) = body {
                    pieces.skip_body(&delimiter, &mut |line| {
                        let argument = is_read.and_then(|with_user| piped(text, line, with_user));
                        argument.into_iter().for_each(&mut *visit);
                    });
                }
            }
        }
    }
    line.end(text, visit);
}

/// Where the next word goes that stands behind a sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirect {
    /// From or into a file.
    File,
    /// `<<<`.
    Text,
    /// `<<`.
    Heredoc,
}

enum Piece {
    /// Without the quotes around it.
    Word(Range<usize>),
    Redirect(Redirect),
    Pipe,
    End,
}

/// Lines behind a command that are its standard input.
struct Heredoc {
    delimiter: String,
    /// Whether a user stands before the credential, where the command reads one.
    is_read: Option<bool>,
}

#[derive(Default)]
struct Command {
    words: Vec<Range<usize>>,
    /// What `<<<` hands to it.
    texts: Vec<Range<usize>>,
    heredoc: Option<Range<usize>>,
}

impl Command {
    fn words<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let words = self.words.iter();
        words.map(|word| text.get(word.clone()).unwrap_or_default())
    }

    /// If it reads a credential: whether a user stands before it.
    fn reads(&self, text: &str) -> Option<bool> {
        let holds = |name: &str| self.words(text).any(|word| word.ends_with(name));
        let (changes, raises) = (holds("passwd"), holds("sudo"));
        let mut before = "";
        for word in self.words(text) {
            let name = word.rsplit('/').next().unwrap_or(word);
            if name == "chpasswd" {
                return Some(true);
            }
            let by_flag = word
                .strip_suffix("-stdin")
                .or_else(|| word.strip_suffix("-fd"))
                .is_some_and(|flag| flag.starts_with('-') && class(flag).is_some());
            let of_program = match word {
                "--with-token" => true,
                "--stdin" => changes,
                "-S" => raises,
                "-" | "stdin" | "/dev/stdin" => {
                    let flag = before.trim_end_matches("in");
                    before.starts_with('-') && (class(flag).is_some())
                }
                _ => false,
            };
            if by_flag || of_program {
                return Some(false);
            }
            before = word;
        }
        None
    }

    /// What it writes as it is.
    fn writes(&self, text: &str) -> Vec<Range<usize>> {
        let words = self
            .words(text)
            .map(|word| word.trim_start_matches(['"', '\'']));
        let is_program = |word: &str| matches!(word, "echo" | "printf");
        let Some((at, program)) = words.enumerate().find(|(_, word)| is_program(word)) else {
            return Vec::new();
        };
        let words = self.words.get(at + 1..).unwrap_or_default().iter();
        let is_option = |word: &&Range<usize>| {
            let word = text.get((*word).clone()).unwrap_or_default();
            word.starts_with('-') && word.len() <= 4
        };
        let mut words: Vec<_> = words.skip_while(is_option).cloned().collect();
        let format = words.first().and_then(|word| text.get(word.clone()));
        if program == "printf" && words.len() > 1 && format.is_some_and(|text| text.contains('%')) {
            words.remove(0);
        }
        words
    }
}

/// Commands of which each reads what the one before it writes.
struct Pipeline {
    commands: Vec<Command>,
    expects: Option<Redirect>,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            commands: vec![Command::default()],
            expects: None,
        }
    }
}

impl Pipeline {
    fn take(&mut self, word: Range<usize>) {
        let Some(command) = self.commands.last_mut() else {
            return;
        };
        match self.expects.take() {
            None => command.words.push(word),
            Some(Redirect::Text) => command.texts.push(word),
            Some(Redirect::Heredoc) => command.heredoc = Some(word),
            Some(Redirect::File) => {}
        }
    }

    /// Visits what its commands are handed, and begins the next one.
    fn end(&mut self, text: &str, visit: &mut dyn FnMut(Argument)) -> Option<Heredoc> {
        let commands = std::mem::take(self).commands;
        let mut written: Vec<Range<usize>> = Vec::new();
        let mut heredoc: Option<Heredoc> = None;
        for command in commands {
            let is_read = command.reads(text);
            written.extend(command.texts.iter().cloned());
            if let Some(delimiter) = &command.heredoc {
                let delimiter = text.get(delimiter.clone()).unwrap_or_default();
                heredoc = Some(Heredoc {
                    delimiter: delimiter.trim_matches(['"', '\'', '-']).to_owned(),
                    is_read: None,
                });
            }
            if let Some(with_user) = is_read {
                for word in written.drain(..) {
                    piped(text, word, with_user)
                        .into_iter()
                        .for_each(&mut *visit);
                }
                if let Some(heredoc) = &mut heredoc {
                    heredoc.is_read = is_read;
                }
            }
            written.extend(command.writes(text));
        }
        heredoc.filter(|heredoc| heredoc.is_read.is_some() && !heredoc.delimiter.is_empty())
    }
}

/// Reads a script by words. Quotes that nobody closes end with their line.
struct Pieces<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl Pieces<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        let is_within = at < self.end;
        is_within
            .then(|| self.text.as_bytes().get(at).copied())
            .flatten()
    }

    fn next(&mut self) -> Option<Piece> {
        loop {
            let byte = self.byte(self.at)?;
            let next = self.byte(self.at + 1);
            let (piece, length) = match byte {
                b' ' | b'\t' | b'\r' | b',' | b'[' | b']' => (None, 1),
                b'\\' if matches!(next, Some(b'\n' | b'\r')) => (None, 2),
                b'|' if next == Some(b'|') => (Some(Piece::End), 2),
                b'|' if next == Some(b'&') => (Some(Piece::Pipe), 2),
                b'|' => (Some(Piece::Pipe), 1),
                b'&' if next == Some(b'>') => (Some(Piece::Redirect(Redirect::File)), 2),
                b'\n' | b';' | b'&' | b'(' | b')' | b'`' | b'{' | b'}' => (Some(Piece::End), 1),
                b'<' if next == Some(b'<') => {
                    let is_text = self.byte(self.at + 2) == Some(b'<');
                    let sign = if is_text {
                        Redirect::Text
                    } else {
                        Redirect::Heredoc
                    };
                    (Some(Piece::Redirect(sign)), 2 + usize::from(is_text))
                }
                b'<' | b'>' => {
                    let length = 1 + usize::from(matches!(next, Some(b'&' | b'>')));
                    (Some(Piece::Redirect(Redirect::File)), length)
                }
                _ => return Some(Piece::Word(self.word())),
            };
            self.at += length;
            if piece.is_some() {
                return piece;
            }
        }
    }

    fn word(&mut self) -> Range<usize> {
        let start = self.at;
        while let Some(byte) = self.byte(self.at) {
            self.at = match byte {
                b'"' | b'\'' => self.closing(byte).unwrap_or(self.at) + 1,
                b'\\' => self.text.ceil_char_boundary(self.at + 2),
                _ if byte.is_ascii_whitespace() || b"|;&()<>,]`".contains(&byte) => break,
                _ => self.at + 1,
            };
        }
        self.at = self.at.min(self.end);
        let word = self.text.get(start..self.at).unwrap_or_default();
        let is_quoted = ['"', '\'']
            .iter()
            .any(|quote| word.len() > 1 && word.starts_with(*quote) && word.ends_with(*quote));
        if is_quoted {
            start + 1..self.at - 1
        } else {
            start..self.at
        }
    }

    /// Where a quote ends, on its line.
    fn closing(&self, quote: u8) -> Option<usize> {
        let mut at = self.at + 1;
        loop {
            match self.byte(at)? {
                b'\n' => return None,
                b'\\' if quote == b'"' => at += 2,
                byte if byte == quote => return Some(at),
                _ => at += 1,
            }
        }
    }

    /// Visits the lines of a here-document whose command has been read.
    fn skip_body(&mut self, delimiter: &str, visit: &mut dyn FnMut(Range<usize>)) {
        let part = self.text.get(..self.end).unwrap_or_default();
        let rest = part.get(self.at - 1..).unwrap_or_default();
        let Some(first) = memchr(b'\n', rest.as_bytes()) else {
            return;
        };
        let mut at = self.at + first;
        let mut lines = Vec::new();
        let body = part.get(at..).unwrap_or_default();
        for line in body.split_inclusive('\n').take(LONGEST_BODY) {
            let trimmed = line.trim();
            if trimmed == delimiter {
                self.at = at + line.trim_end().len();
                lines.into_iter().for_each(visit);
                return;
            }
            let start = at + (line.len() - line.trim_start().len());
            lines.push(start..start + trimmed.len());
            at += line.len();
        }
    }
}
