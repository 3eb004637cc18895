//! The files that generators of kustomizations put into objects. Nobody reads them otherwise, whatever their name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Content, ListedFile, Side};
use crate::folders::folder;
use crate::kubernetes::Reading;
use crate::kubernetes::kustomization::{generated_files, resolve};
use crate::syntax::{self, MAX_FILE_SIZE};

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
        let Content::Bytes(bytes) = side.read(file, MAX_FILE_SIZE) else {
            return None;
        };
        let text = syntax::decode(bytes).ok()?;
        let key = named.get(&*file.path).cloned().flatten();
        Some((
            Arc::clone(&file.path),
            Arc::new(State::Generated { text, key }),
        ))
    }));
    kept.sort_by(|(one, _), (other, _)| one.cmp(other));
}
