//! `yarn.lock` of Yarn 1: a notation of its own, two blanks a level, one entry a block.
//!
//! Source: the reader in Yarn 1 (`lockfile/parse.js`, BSD-2-Clause), as facts.

use std::borrow::Cow;

use super::names::Names;
use super::yarn_descriptors::Descriptors;
use super::yarn_locator::{self, split};
use super::{Dependency, Locked, Lockfile, Need, PackageIndex, Source, hosted, text};
use crate::syntax::Span;

/// Reads a lockfile.
pub(super) fn read(text: &str, lockfile: &mut Lockfile) {
    let mut reading = Reading {
        lockfile,
        entries: Vec::new(),
        block: Block::None,
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end_matches(['\n', '\r']).len();
        let from = if start == 0 && line.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            start
        };
        if let Err(words) = reading.line(text.get(from..end).unwrap_or_default(), from) {
            // Yarn reads nothing of a file with such a line.
            let problem = text::broken(words, Span::new(from, end));
            reading.lockfile.problems.push(problem);
            break;
        }
        start += line.len();
    }
    let entries = reading.entries;
    link(entries, lockfile);
}

/// What the lines of the fourth column belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// Nothing: there is no entry yet, or its last line was a property.
    None,
    Dependencies(Need),
    /// A block that does not count.
    Other,
}

/// An entry as it is written.
struct Written<'a> {
    descriptors: Vec<Cow<'a, str>>,
    at: Span,
    version: Option<Cow<'a, str>>,
    resolved: Option<(Cow<'a, str>, Span)>,
    integrity: Option<(Cow<'a, str>, Span)>,
    dependencies: Vec<(Cow<'a, str>, Cow<'a, str>, Need, Span)>,
}

struct Reading<'a, 'b> {
    lockfile: &'b mut Lockfile,
    entries: Vec<Written<'a>>,
    block: Block,
}

impl<'a> Reading<'a, '_> {
    fn line(&mut self, line: &'a str, start: usize) -> Result<(), &'static str> {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let at = start + indent;
        if content.trim_end().is_empty() || content.starts_with('#') {
            return Ok(());
        }
        match (indent, self.entries.last_mut()) {
            (0, _) => self.header(content, at),
            (2, Some(entry)) => {
                self.block = property(content, at, entry)?;
                Ok(())
            }
            (4, Some(entry)) => match self.block {
                Block::Dependencies(need) => {
                    let (name, rest) = token(content)?;
                    let (specifier, rest) = value(rest.trim_start())?;
                    if !rest.trim_end().is_empty() {
                        return Err("there is more on a line than a name and a range");
                    }
                    let end = at + content.trim_end().len();
                    let span = Span::new(at, end);
                    entry.dependencies.push((name, specifier, need, span));
                    Ok(())
                }
                Block::Other => Ok(()),
                Block::None => Err("a line is indented and belongs to nothing"),
            },
            (5.., Some(_)) if self.block == Block::Other => Ok(()),
            _ => Err("a line is indented by an unexpected number of blanks"),
        }
    }

    fn header(&mut self, content: &'a str, at: usize) -> Result<(), &'static str> {
        let mut descriptors = Vec::new();
        let mut rest = content;
        let length = loop {
            let (descriptor, after) = token(rest)?;
            descriptors.push(descriptor);
            let after = after.trim_start();
            if let Some(more) = after.strip_prefix(',') {
                rest = more.trim_start();
            } else if after.trim_end() == ":" {
                break content.len() - after.len();
            } else {
                return Err("a line is no key and no property");
            }
        };
        self.entries.push(Written {
            descriptors,
            at: Span::new(
                at,
                at + content.get(..length).unwrap_or_default().trim_end().len(),
            ),
            version: None,
            resolved: None,
            integrity: None,
            dependencies: Vec::new(),
        });
        self.block = Block::None;
        Ok(())
    }
}

/// Reads a property, or the head of a block; returns what the lines below it belong to.
fn property<'a>(
    content: &'a str,
    at: usize,
    entry: &mut Written<'a>,
) -> Result<Block, &'static str> {
    let (name, rest) = token(content)?;
    if rest.trim_end() == ":" {
        return Ok(match &*name {
            "dependencies" => Block::Dependencies(Need::Required),
            "optionalDependencies" => Block::Dependencies(Need::Optional),
            _ => Block::Other,
        });
    }
    // Yarn 2 and later, and some other tools, write a colon before the value.
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let written = rest.trim_start();
    let (value, after) = value(written)?;
    if !after.trim_end().is_empty() {
        return Err("there is more on a line than a property and its value");
    }
    let from = at + (content.len() - written.len());
    let span = Span::new(from, from + (written.len() - after.len()));
    match &*name {
        "version" => entry.version = Some(value),
        "resolved" => entry.resolved = Some((value, span)),
        "integrity" => entry.integrity = Some((value, span)),
        _ => {}
    }
    Ok(Block::None)
}

/// A value: a string in quotes, or what is left of the line. Returns the rest.
fn value(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let word = text.trim_end();
    if word.is_empty() || word.starts_with('"') {
        return token(text);
    }
    Ok((
        Cow::Borrowed(word),
        text.get(word.len()..).unwrap_or_default(),
    ))
}

/// The first word of a line: a string in quotes, or everything up to a blank, a colon or a comma. Returns the rest.
fn token(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut from = 0;
        let end = loop {
            let rest = quoted.as_bytes().get(from..).unwrap_or_default();
            let at = memchr::memchr2(b'"', b'\\', rest).ok_or("a string has no end")?;
            if rest.get(at) == Some(&b'"') {
                break from + at;
            }
            from += at + 2;
        };
        let inner = quoted.get(..end).ok_or("a string has no end")?;
        let after = quoted.get(end + 1..).unwrap_or_default();
        if !inner.contains('\\') {
            return Ok((Cow::Borrowed(inner), after));
        }
        let whole = text.get(..end + 2).unwrap_or_default();
        let decoded = serde_json::from_str(whole).map_err(|_| "a string has a wrong escape")?;
        return Ok((Cow::Owned(decoded), after));
    }
    let end = text.find([' ', ':', ',', '\t']).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end).unwrap_or((text, ""));
    if word.is_empty() {
        return Err("a line has no word where one is due");
    }
    Ok((Cow::Borrowed(word), after))
}

/// Makes entries of what was written, and joins them by their descriptors.
fn link(entries: Vec<Written<'_>>, lockfile: &mut Lockfile) {
    let mut descriptors = Descriptors::default();
    let mut unlinked = Vec::new();
    for entry in entries {
        let Some(version) = entry.version else {
            let problem = text::malformed("an entry has no version", entry.at);
            lockfile.problems.push(problem);
            continue;
        };
        let Ok(index) = u32::try_from(lockfile.packages.len()) else {
            break;
        };
        let resolved = entry.resolved.as_ref().map(|(resolved, _)| &**resolved);
        let (name, source) = origin(&entry.descriptors, resolved);
        let mut locked = Locked::new(name, version, entry.at);
        locked.source = source;
        locked.resolved = entry.resolved.map(|(text, span)| (text.into(), span));
        locked.integrity = entry.integrity.map(|(text, span)| (text.into(), span));
        lockfile.packages.push(locked);
        for descriptor in entry.descriptors {
            descriptors.add(descriptor, PackageIndex(index));
        }
        unlinked.push(entry.dependencies);
    }
    let mut buffer = String::new();
    let mut names = Names::default();
    for (locked, dependencies) in lockfile.packages.iter_mut().zip(&unlinked) {
        locked.dependencies.reserve_exact(dependencies.len());
        for (name, specifier, need, at) in dependencies {
            locked.dependencies.push(Dependency {
                name: names.hold(name),
                need: *need,
                specifier: (&**specifier).into(),
                to: descriptors.find(name, specifier, &mut buffer),
                at: *at,
            });
        }
    }
    // Optional dependencies may stand in both blocks; the last one counts.
    for locked in &mut lockfile.packages {
        drop_required_twins(&mut locked.dependencies);
    }
    lockfile.descriptors = descriptors.sorted();
}

fn drop_required_twins(dependencies: &mut Vec<Dependency>) {
    let optional: std::collections::HashSet<_> = dependencies
        .iter()
        .filter(|dependency| dependency.need == Need::Optional)
        .map(|dependency| dependency.name.clone())
        .collect();
    if !optional.is_empty() {
        dependencies.retain(|dependency| {
            dependency.need == Need::Optional || !optional.contains(&dependency.name)
        });
    }
}

/// The real name of an entry, and where it comes from.
fn origin<'d>(descriptors: &'d [Cow<'_, str>], resolved: Option<&str>) -> (&'d str, Source) {
    let mut all = descriptors.iter().map(|descriptor| {
        let (name, specifier) = split(descriptor).unwrap_or((descriptor, ""));
        match specifier.strip_prefix("npm:").map(split) {
            Some(Some((real, range))) => (real, range),
            Some(None) => (name, ""),
            None => (name, specifier),
        }
    });
    let first = all.next().unwrap_or_default();
    let exotic = std::iter::once(first).chain(all).find(|(_, specifier)| {
        // No range and no tag holds one of these.
        specifier.contains(['/', ':'])
    });
    let Some((_, specifier)) = exotic else {
        // Whatever was asked for, Yarn fetches what stands here. The name of an archive alone is one of its mirror.
        let elsewhere = resolved.filter(|resolved| {
            resolved.starts_with("file:")
                || resolved.starts_with(['.', '/'])
                || hosted::is_git(resolved)
        });
        let source = elsewhere.map_or(Source::Registry(None), |resolved| {
            exotic_source(resolved, Some(resolved))
        });
        return (first.0, source);
    };
    (first.0, exotic_source(specifier, resolved))
}

fn exotic_source(specifier: &str, resolved: Option<&str>) -> Source {
    if let Some(path) = specifier.strip_prefix("file:") {
        return yarn_locator::file(path);
    }
    if let Some(path) = specifier.strip_prefix("link:") {
        return Source::Folder(path.into());
    }
    if specifier.starts_with(['.', '/']) {
        return yarn_locator::file(specifier);
    }
    let Some(resolved) = resolved else {
        return hosted::source(specifier);
    };
    match hosted::source(resolved) {
        // Behind the `#` of an archive stands its hash.
        Source::Tarball(address) => {
            let address = address.split('#').next().unwrap_or(&address);
            Source::Tarball(address.into())
        }
        source => source,
    }
}
