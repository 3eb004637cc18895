//! The files that generators of kustomizations put into objects. Nobody reads them otherwise, whatever their name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Content, ListedFile, Side};
use crate::folders::folder;
use crate::kubernetes::Reading;
use crate::kubernetes::kustomization::{generated_files, resolve};
use crate::syntax::{self, Encoding, MAX_FILE_SIZE};

use super::State;
use super::file_kind::FileKind;

/// Files that a kustomization puts into objects: what they hold is shown as the objects are. Those that hold no object
/// nobody reads otherwise, and of private keys it is known otherwise only that they are there.
pub(super) fn add(
    kept: &mut Vec<(Arc<str>, Arc<State>)>,
    side: &Side,
    takes: &dyn Fn(&str) -> bool,
) {
    // By file: the key that it has there.
    let mut named: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (path, state) in &*kept {
        if let State::Read(Reading::Manifest(manifest)) = &**state
            && manifest.kustomization.is_some()
        {
            for (file, key) in generated_files(&manifest.tree) {
                if let Some(file) = resolve(folder(path), file) {
                    let known = named.entry(file).or_default();
                    *known = known.take().or(key.map(str::to_owned));
                }
            }
        }
    }
    for (path, state) in kept.iter_mut() {
        if let Some(key) = named.remove(&**path)
            && FileKind::of(path) == FileKind::KeyFile
            && let State::Text(text) = &**state
        {
            let text = text.clone();
            *state = Arc::new(State::Generated { text, key });
        }
    }
    if named.is_empty() {
        return;
    }
    let is_named = |file: &&ListedFile| named.contains_key(&*file.path) && takes(&file.path);
    kept.extend(side.files().iter().filter(is_named).filter_map(|file| {
        let kind = FileKind::of(&file.path);
        let is_text = matches!(
            kind,
            FileKind::Settings | FileKind::KeyFile | FileKind::Yaml | FileKind::Json
        );
        if !is_text {
            return None;
        }
        let state = match side.read(file, MAX_FILE_SIZE) {
            Content::Bytes(bytes) => State::Generated {
                text: text_of(bytes)?,
                key: named.get(&*file.path).cloned().flatten(),
            },
            Content::Missing(reason) => State::Missing(reason),
            // Neither is what an object can hold.
            Content::Oversized(_) | Content::LfsPointer => return None,
        };
        Some((Arc::clone(&file.path), Arc::new(state)))
    }));
    kept.sort_by(|(one, _), (other, _)| one.cmp(other));
}

/// The text of a file whose bytes an object takes as they are, so that no encoding is wrong: UTF-8, UTF-16 as shells of
/// Windows write it, or one byte a character. None for what is no text.
fn text_of(bytes: Vec<u8>) -> Option<String> {
    let (encoding, bytes) = match syntax::decode(bytes) {
        Ok(text) => return Some(text),
        Err(found) => found,
    };
    if let Encoding::NotUtf8 { .. } = encoding {
        let is_text = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
        let all = bytes.iter().all(is_text);
        return all.then(|| bytes.iter().copied().map(char::from).collect());
    }
    let is_little = bytes.starts_with(&[0xff, 0xfe]);
    let units = bytes.chunks_exact(2).skip(1).map(|pair| match *pair {
        [first, second] if is_little => u16::from_le_bytes([first, second]),
        [first, second] => u16::from_be_bytes([first, second]),
        _ => 0,
    });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok()
}
