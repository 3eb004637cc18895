//! Names and versions that stand in a lockfile many times, held once.

use std::collections::HashMap;
use std::sync::Arc;

/// Everything that was held so far.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(HashMap<&'a str, Arc<str>>);

impl<'a> Names<'a> {
    pub(super) fn hold(&mut self, text: &'a str) -> Arc<str> {
        Arc::clone(self.0.entry(text).or_insert_with(|| text.into()))
    }
}
