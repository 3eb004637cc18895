//! Secrets in lines of source: by their shape, and by where they stand.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::credential::drawn_words;
use crate::redact::{mask as mask_shapes, mask_range};
use crate::snapshot::Snapshot;
use crate::snapshot::hidden::Hidden;
use crate::syntax::Span;

/// What must not be shown, looked up once a file.
#[derive(Debug, Default)]
pub(super) struct Masker<'r> {
    files: HashMap<(bool, String), Hidden<'r>>,
}

impl<'r> Masker<'r> {
    /// A line without the secrets in it, as many bytes as before; none where there is no telling what is one.
    pub(super) fn mask<'a>(
        &mut self,
        snapshot: &'r Snapshot,
        (in_base, path): (bool, &str),
        line: Span,
        raw: &'a str,
    ) -> Option<Cow<'a, str>> {
        let file = snapshot.file(path)?;
        // What did not become an object may still be a Secret.
        if !file.is_wholly_read() && file.text().is_some_and(|text| text.contains("Secret")) {
            return None;
        }
        let hidden = self.files.entry((in_base, path.to_owned()));
        let hidden = hidden.or_insert_with(|| Hidden::of(snapshot, file));
        let mut masked = mask_shapes(raw);
        for span in hidden.on(line) {
            let from = span.start.max(line.start) - line.start;
            let to = span.end.min(line.end).saturating_sub(line.start);
            let range = from as usize..to as usize;
            // The space before a value that goes on tells where it stands.
            let part = masked.get(range.clone()).unwrap_or_default();
            let blank = part.len() - part.trim_start().len();
            let range = range.start + blank..range.end;
            if range.start < range.end {
                masked = Cow::Owned(mask_range(&masked, range).into_owned());
            }
        }
        // What nothing names is seldom alone beside what something does.
        if masked != raw {
            for range in drawn_words(&masked) {
                masked = Cow::Owned(mask_range(&masked, range).into_owned());
            }
        }
        Some(masked)
    }
}
