//! Credentials in the files beside the manifests: settings of npm and Yarn, environments, `package.json`, lockfiles, the
//! literals of a kustomization and the files that it puts into objects.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::credential::{self, Found, What, encoded_password, is_placeholder};
use crate::kubernetes::exposed::{exposed, lines_of};
use crate::kubernetes::exposed_values;
use crate::kubernetes::manifest::visit_objects;
use crate::kubernetes::marked::{self, marked};
use crate::kubernetes::{Completeness, Manifest, Object, Reading};
use crate::syntax::{self, Format, Node, Span, Tree};

use super::file_kind::FileKind;
use super::{SourceFile, State};

/// A credential in a file that holds no object.
#[derive(Clone, Debug)]
pub struct Held {
    /// The bytes of the value.
    pub span: Span,
    /// The line to point at.
    pub line: Span,
    /// What it is.
    pub found: Found,
    /// What to call the place: `_authToken`, `ENV API_KEY`.
    pub place: String,
    /// What tells it from others of its file; never the value.
    pub discriminator: String,
}

/// What stands in a file that describes how something is installed or started. What the objects show that the patches
/// of the file write is left to them.
#[must_use]
pub fn in_settings(file: &SourceFile) -> Vec<Held> {
    let mut all = in_file(file);
    let patches = file
        .manifest()
        .filter(|_| !all.is_empty())
        .and_then(|manifest| manifest.inline_patches.as_ref());
    let Some(patches) = patches else {
        return all;
    };
    let mut told: Vec<(Span, What)> = Vec::new();
    for record in &patches.records {
        let partial = Completeness::Partial;
        let object = Object::new(&file.path, &patches.tree, record, partial, None);
        exposed(object, &mut |exposed| {
            told.extend(
                exposed
                    .spans()
                    .zip(exposed.found.iter().map(|found| found.what)),
            );
        });
    }
    told.sort_by_key(|(span, _)| span.start);
    all.retain(|held| {
        // Values lie apart from each other, but for those of a text that is read for itself.
        let near = told.partition_point(|(span, _)| span.start < held.span.end);
        let before = told.get(..near).unwrap_or_default().iter().rev();
        !before
            .take_while(|(span, _)| span.end > held.span.start)
            .any(|(_, what)| *what == held.found.what)
    });
    all
}

fn in_file(file: &SourceFile) -> Vec<Held> {
    if let State::Generated { text, key } = &*file.state {
        return in_generated(&file.path, key.as_deref(), text);
    }
    match file.kind() {
        FileKind::NpmSettings => file.lines().map(in_npm_settings).unwrap_or_default(),
        FileKind::Environment if is_template(&file.path) => {
            file.lines().map(in_template).unwrap_or_default()
        }
        FileKind::Environment => file.lines().map(in_environment).unwrap_or_default(),
        FileKind::YarnSettings => file.tree().map_or_else(Vec::new, |tree| {
            let mut all = in_tree(tree);
            all.extend(in_comments(tree));
            all
        }),
        FileKind::PackageJson => file.tree().map(in_tree).unwrap_or_default(),
        FileKind::Lockfile(_) => file.text().map(in_addresses).unwrap_or_default(),
        FileKind::Kustomization => match &*file.state {
            State::Read(Reading::Manifest(manifest)) => {
                let mut all = in_kustomization(manifest);
                all.extend(in_comments(&manifest.tree));
                all
            }
            _ => Vec::new(),
        },
        FileKind::Yaml | FileKind::Json => match &*file.state {
            // What holds no object is read for the kustomization alone that takes it for a patch.
            State::Read(Reading::Manifest(manifest)) => {
                if manifest.records.is_empty() && manifest.other_objects == 0 {
                    in_patch(&manifest.tree)
                } else {
                    let mut all = in_other_objects(manifest);
                    all.extend(in_comments(&manifest.tree));
                    all
                }
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// True for a file that shows what another one should hold.
fn is_template(path: &str) -> bool {
    const WORDS: [&str; 8] = [
        "default", "defaults", "dist", "example", "sample", "schema", "template", "tpl",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split(['.', '-', '_'])
        .any(|part| WORDS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

/// The lines `key=value` of a text, with where the values stand.
fn settings(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let written = line.trim_start_matches('\u{feff}').trim_start();
        if written.starts_with(['#', ';']) {
            return None;
        }
        let (key, value) = line.split_once('=')?;
        let from = start + key.len() + 1;
        let key = key.trim_start_matches('\u{feff}').trim();
        let key = key.strip_prefix("export ").unwrap_or(key).trim();
        Some((key, trimmed(text, from..from + value.len())))
    })
}

/// A value without the space and the quotes around it.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let value = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (value.len() - value.trim_start().len());
    let value = value.trim();
    for quote in ['"', '\''] {
        let inner = value.strip_prefix(quote);
        if let Some(inner) = inner {
            let end = inner.find(quote).unwrap_or(inner.len());
            return start + 1..start + 1 + end;
        }
    }
    start..start + value.len()
}

pub(super) fn held(found: Found, place: String, address: &str) -> Held {
    let discriminator = format!("{address} {}", found.discriminator());
    let span = Span::new(found.range.start, found.range.end);
    Held {
        span,
        line: span,
        found,
        place,
        discriminator,
    }
}

fn in_npm_settings(text: &str) -> Vec<Held> {
    let mut all = Vec::new();
    for (key, range) in settings(text) {
        let value = text.get(range.clone()).unwrap_or_default();
        let name = key.rsplit(':').next().unwrap_or(key);
        // These keys hold credentials and nothing else, so that what is no reference is one.
        let all_found = match name {
            "_authToken" | "_password" => literal(name, value, What::Secret),
            "_auth" => {
                let is_weak = encoded_password(value);
                let found = is_weak.map(|is_weak| whole(value, What::BasicAuthentication, is_weak));
                found.into_iter().collect()
            }
            _ => credential::of_value(name, value),
        };
        for found in all_found {
            all.push(held(found.behind(range.start), name.to_owned(), key));
        }
    }
    add_apart(credential::find_tokens(text).into_iter(), &mut all);
    all
}

fn whole(value: &str, what: What, is_weak: bool) -> Found {
    Found::new(0..value.len(), what, is_weak).marked(value)
}

/// A value that stands where only secrets do.
fn literal(key: &str, value: &str, what: What) -> Vec<Found> {
    if value.len() < 8 || is_placeholder(key, value) {
        return Vec::new();
    }
    let found = credential::find(value);
    if found.is_empty() {
        return vec![whole(value, what, false)];
    }
    found
}

/// What Yarn signs in with: a user with a password, in Base64 or as they are.
fn identity(key: &str, value: &str) -> Vec<Found> {
    let Some((user, password)) = value.split_once(':') else {
        return credential::of_value(key, value);
    };
    if password.is_empty() || is_placeholder(key, password) {
        return Vec::new();
    }
    let range = user.len() + 1..value.len();
    let is_weak = !credential::is_strong_password(password);
    vec![Found::new(range, What::Password, is_weak)]
}

fn in_environment(text: &str) -> Vec<Held> {
    let mut all = Vec::new();
    for (key, range) in settings(text) {
        let value = text.get(range.clone()).unwrap_or_default();
        for found in credential::of_value(key, value) {
            all.push(held(found.behind(range.start), key.to_owned(), key));
        }
    }
    // A key may go on over lines, and what a comment keeps is as valid as before.
    let keys = credential::find(text).into_iter();
    let keys = keys.filter(|found| found.what == What::PrivateKey);
    add_apart(keys.chain(credential::find_tokens(text)), &mut all);
    all
}

/// Adds what stands somewhere in a text, but for what is known to stand there.
pub(super) fn add_apart(found: impl Iterator<Item = Found>, all: &mut Vec<Held>) {
    for found in found {
        let span = Span::new(found.range.start, found.range.end);
        let is_apart = |held: &Held| held.span.end <= span.start || held.span.start >= span.end;
        if all.iter().all(is_apart) {
            all.push(of_line(found));
        }
    }
}

/// What a file holds that shows what another one should hold: whoever wrote a token there meant to write a sample.
fn in_template(text: &str) -> Vec<Held> {
    let tokens = credential::find_tokens(text).into_iter();
    tokens.map(of_line).collect()
}

/// The addresses of a lockfile that hold a password. It has thousands of lines, and nothing else that anybody wrote.
fn in_addresses(text: &str) -> Vec<Held> {
    const MARK: &[u8] = b"://";
    /// No address is longer.
    const LONGEST: usize = 2048;
    let mut all = Vec::new();
    let mut looked_at = 0;
    for at in memchr::memmem::find_iter(text.as_bytes(), MARK) {
        // What stands within an address was looked at with it.
        if at < looked_at {
            continue;
        }
        let from = at + MARK.len();
        let rest = text.get(from..).unwrap_or_default();
        let is_end = |letter: char| letter.is_whitespace() || "\"'`,<>".contains(letter);
        let length = rest.find(is_end).unwrap_or(rest.len());
        looked_at = from + length;
        let whole = rest.get(..length).unwrap_or_default();
        let host = whole.split('/').next().unwrap_or_default();
        let length = match (host.contains('@'), whole.contains('?')) {
            (false, false) => continue,
            (true, false) => host.len(),
            (_, true) => whole.len(),
        };
        if length > LONGEST {
            continue;
        }
        let before = text.get(..at).unwrap_or_default();
        let scheme =
            before.trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '+');
        let start = scheme.len();
        let address = text.get(start..from + length).unwrap_or_default();
        let found = credential::find(address).into_iter();
        add_apart(found.map(|found| found.behind(start)), &mut all);
    }
    all
}

/// What stands somewhere in a text.
fn of_line(found: Found) -> Held {
    let place = match &*found.label {
        "" => "a line".to_owned(),
        label => label.to_owned(),
    };
    held(found, place, "")
}

/// The text of a file that a kustomization puts into an object. One that holds a value alone has the name of it:
/// `password.txt`, or the key that the generator gives it.
fn in_generated(path: &str, key: Option<&str>, text: &str) -> Vec<Held> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut all = in_text(text);
    for held in all.iter_mut().filter(|held| held.found.label.is_empty()) {
        name.clone_into(&mut held.place);
    }
    let value = text.trim();
    if !all.is_empty() || value.contains(char::is_whitespace) {
        return all;
    }
    // Behind a name there may be a hash, as htpasswd writes it, and then there is no password.
    let value = match value.split_once(':') {
        Some((_, behind)) if behind.starts_with("//") => return all,
        Some((_, behind)) => behind,
        None => value,
    };
    let from = text.trim_end().len() - value.len();
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let words = name.replace('.', "_");
    let names = key.into_iter().chain([stem, &words]);
    let found = names.map(|name| (name, credential::of_value(name, value)));
    if let Some((name, found)) = found.into_iter().find(|(_, found)| !found.is_empty()) {
        let found = found.into_iter();
        all.extend(found.map(|found| held(found.behind(from), name.to_owned(), name)));
    }
    all
}

/// The text of a program's settings.
fn in_text(text: &str) -> Vec<Held> {
    let found = credential::find(text).into_iter();
    let mut all: Vec<_> = found.map(of_line).collect();
    point_at_first_lines(text, &mut all);
    all
}

/// A credential may go on over lines: only the first is pointed at.
pub(super) fn point_at_first_lines(text: &str, all: &mut [Held]) {
    for one in all {
        let first = text.get(one.span.range()).unwrap_or_default();
        let first = first.lines().next().unwrap_or_default();
        let start = one.span.start as usize;
        one.line = Span::new(start, start + first.len());
    }
}

/// The texts of a tree, with the key that says what each is.
fn in_tree(tree: &Tree) -> Vec<Held> {
    let mut all = Vec::new();
    for document in tree.documents() {
        walk(tree.root(document), "", &mut |key, node, value| {
            let found = match key {
                "npmAuthToken" => literal(key, value, What::Secret),
                "npmAuthIdent" => identity(key, value),
                _ => credential::of_value(key, value),
            };
            all.extend(in_node(node, found, key));
        });
    }
    all
}

fn in_node(node: Node<'_>, all: Vec<Found>, place: &str) -> impl Iterator<Item = Held> + use<> {
    let place = place.to_owned();
    // What stands in a list has no address of its own.
    let address = match node.key() {
        Some(_) => node.pointer(),
        None => node.parent().map(Node::pointer).unwrap_or_default() + "/" + &place,
    };
    let ranges: Vec<_> = all.iter().map(|found| found.range.clone()).collect();
    let parts = node.parts(&ranges).into_iter().zip(lines_of(node, &all));
    let whole = node.span();
    all.into_iter()
        .zip(parts)
        .map(move |(found, (part, line))| Held {
            span: part.unwrap_or(whole),
            line,
            discriminator: format!("{address} {}", found.discriminator()),
            found,
            place: place.clone(),
        })
}

/// Visits the texts of a tree; depth is bounded by the reader.
fn walk<'a>(node: Node<'a>, key: &'a str, visit: &mut dyn FnMut(&'a str, Node<'a>, &'a str)) {
    if let Some(text) = node.as_str() {
        visit(key, node, text);
    }
    for item in node.items() {
        walk(item, key, visit);
    }
    if node.is_mapping() {
        for entry in node.entries() {
            walk(entry.value, entry.key.key_text(), visit);
        }
    }
}

/// The literals of generators: what they make is no file of the repository.
fn in_kustomization(manifest: &Manifest) -> Vec<Held> {
    let mut all = Vec::new();
    let tree = &manifest.tree;
    for document in tree.documents() {
        let root = tree.root(document);
        in_changes(root, manifest, &mut all);
        for kind in ["secretGenerator", "configMapGenerator"] {
            for generator in root.get(kind).into_iter().flat_map(Node::items) {
                let name = generator.get("name").map_or("", Node::key_text);
                let literals = generator.get("literals").into_iter().flat_map(Node::items);
                for node in literals {
                    let text = node.as_str().unwrap_or_default();
                    let Some((key, value)) = text.split_once('=') else {
                        continue;
                    };
                    let found = if kind == "secretGenerator" {
                        credential::of_secret(key, value)
                    } else {
                        credential::of_value(key, value)
                    };
                    let start = text.len() - value.len();
                    let found = found.into_iter().map(|found| found.behind(start)).collect();
                    // A literal has no address but that of its list.
                    let place = format!("{kind} {name}, {key}");
                    all.extend(in_node(node, found, &place));
                }
            }
        }
    }
    all
}

/// What a kustomization writes into objects, beside its generators: patches in itself, annotations, labels. Patches that
/// are read as objects are looked into as objects.
fn in_changes(root: Node<'_>, manifest: &Manifest, all: &mut Vec<Held>) {
    let is_object = |node: Node<'_>| {
        let patches = manifest.inline_patches.as_ref();
        // The path of an operation may be what names a credential.
        let text = node.as_str().unwrap_or_default().trim_start();
        !text.starts_with(['-', '[']) && patches.is_some_and(|patches| patches.has_read(node.id()))
    };
    for entry in root.entries() {
        let field = entry.key.key_text();
        if matches!(field, "secretGenerator" | "configMapGenerator") {
            continue;
        }
        walk(entry.value, field, &mut |key, node, value| {
            if is_object(node) {
                return;
            }
            let found = if key == "patch" || value.contains('\n') {
                in_inline_patch(value)
            } else if field == "commonAnnotations" {
                credential::of_value(key, value)
            } else {
                credential::find_marked(value)
            };
            all.extend(in_node(node, found, key));
        });
    }
}

/// What a patch holds that is written as a text: by its keys and names, and as what it is.
fn in_inline_patch(text: &str) -> Vec<Found> {
    let mut all = credential::find(text);
    let tree = syntax::parse(Format::Yaml, text.to_owned());
    for held in in_patch(&tree) {
        let range = held.span.range();
        let is_known =
            |other: &Found| other.range.start < range.end && range.start < other.range.end;
        if !all.iter().any(is_known) {
            let mut found = held.found;
            found.range = range;
            all.push(found);
        }
    }
    all.sort_by_key(|found| found.range.start);
    all
}

/// What shows by itself what it is, or with a name beside it, in objects of kinds that nobody here knows.
fn in_other_objects(manifest: &Manifest) -> Vec<Held> {
    let mut all = Vec::new();
    if manifest.other_objects == 0 {
        return all;
    }
    let known: BTreeSet<u32> = manifest.records.iter().map(|record| record.root).collect();
    visit_objects(&manifest.tree, &mut |object, _, kind| {
        if known.contains(&object.id()) {
            return;
        }
        let name = object
            .get("metadata")
            .and_then(|metadata| metadata.get("name"));
        let name = name.map_or("", Node::key_text);
        let mut told = BTreeSet::new();
        let mut keep = |node, key, found| {
            let from = all.len();
            all.extend(in_node(node, found, key));
            // The same place in another object is another one.
            for held in all.iter_mut().skip(from) {
                held.discriminator = format!("{kind} {name} {}", held.discriminator);
            }
        };
        marked(object, "", &mut told, &mut keep);
        marked::pairs(object, &mut told, &mut keep);
        exposed_values::of_chart(object, kind, &mut told, &mut keep);
    });
    all
}

/// The tokens of providers in the comments of a tree. What looks like a comment within a text belongs to that.
fn in_comments(tree: &Tree) -> Vec<Held> {
    /// No token of a provider is shorter.
    const SHORTEST: usize = 16;
    let text = tree.text();
    let mut all: Vec<Held> = Vec::new();
    let mut from = 0;
    for at in memchr::memchr_iter(b'#', text.as_bytes()) {
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        if at < from || before.is_some_and(|byte| !byte.is_ascii_whitespace()) {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        from = at + line.len();
        if line.len() <= SHORTEST {
            continue;
        }
        let found = credential::find_tokens(line).into_iter();
        all.extend(found.map(|found| of_line(found.behind(at))));
    }
    if !all.is_empty() {
        let texts = tree.texts();
        all.retain(|held| {
            let next = texts.partition_point(|span| span.start <= held.span.start);
            let before = next.checked_sub(1).and_then(|index| texts.get(index));
            before.is_none_or(|span| held.span.start >= span.end)
        });
    }
    all
}

/// The values of a patch that holds no object: operations, or parts of an object.
fn in_patch(tree: &Tree) -> Vec<Held> {
    let mut all = Vec::new();
    for document in tree.documents() {
        in_operations(tree.root(document), "", &mut all);
    }
    all
}

/// Visits values with what says what they are: a name beside them, the end of the path of their operation, their key.
/// Depth is bounded by the reader.
fn in_operations(node: Node<'_>, key: &str, all: &mut Vec<Held>) {
    if let Some(text) = node.as_str() {
        all.extend(in_node(node, credential::of_value(key, text), key));
    }
    for item in node.items() {
        in_operations(item, key, all);
    }
    if !node.is_mapping() {
        return;
    }
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    let path = text("path").filter(|_| node.get("op").is_some());
    let of_path = path.and_then(|path| path.rsplit('/').next());
    let name = text("name").or(of_path);
    for entry in node.entries() {
        let key = match (entry.key.key_text(), name) {
            ("value", Some(name)) => name,
            (key, _) => key,
        };
        in_operations(entry.value, key, all);
    }
}
