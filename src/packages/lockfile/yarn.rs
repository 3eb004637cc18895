//! `yarn.lock`: of Yarn 1, or of Yarn 2 and later. The text decides.

use super::{Lockfile, LockfileKind, text, yarn_berry, yarn_classic};

/// Reads a lockfile of Yarn.
pub(super) fn read(text: String) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Yarn, String::new());
    if let Some(problem) = text::conflict(&text) {
        lockfile.problems.push(problem);
    } else if is_berry(&text) {
        yarn_berry::read(&text, &mut lockfile);
    } else {
        yarn_classic::read(&text, &mut lockfile);
    }
    lockfile.text = text;
    lockfile
}

/// True if a line begins with `__metadata`, which Yarn 2 and later write and Yarn 1 does not.
fn is_berry(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"__metadata").any(|at| {
        let before = bytes.get(..at).unwrap_or_default();
        let before = before.strip_suffix(b"\"").unwrap_or(before);
        before.is_empty() || before.ends_with(b"\n") || before == b"\xef\xbb\xbf"
    })
}
