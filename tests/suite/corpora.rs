//! Where the corpora of real data are; they are no part of the repository.

use std::path::{Path, PathBuf};

/// A folder of the corpora: below `TIDEGATE_CORPORA`, or below `../shared/corpora` beside the repository.
/// Without corpora the test is skipped, and says so.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let corpora = std::env::var_os("TIDEGATE_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    let folder = corpora.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: there is no corpus {name}; set TIDEGATE_CORPORA to the folder that holds it"
    );
    None
}
