//! Where this machine keeps what was fetched.

use std::path::PathBuf;

/// The folder of tidegate's own: `TIDEGATE_CACHE_DIR`, else `tidegate` below `XDG_CACHE_HOME`
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>), else `~/.cache/tidegate`. None on a machine that
/// has no such place, as an image made from scratch.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let own = variable("TIDEGATE_CACHE_DIR");
    // The specification has relative paths ignored.
    let xdg = || variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let home = || variable("HOME").map(|home| home.join(".cache"));
    own.or_else(|| Some(xdg().or_else(home)?.join("tidegate")))
}

/// The database of advisories that is used where no other is named.
#[must_use]
pub fn database() -> Option<PathBuf> {
    Some(folder()?.join("advisories.db"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: where the user keeps caches"
)]
fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name)?;
    (!value.is_empty()).then(|| value.into())
}
