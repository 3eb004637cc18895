//! `bunfig.toml` of Bun.
//!
//! Format: <https://bun.com/docs/runtime/bunfig>.

use crate::packages::registry::Bunfig;

use super::{Safeguard, Said, Value, said};

/// Reads a file.
#[must_use]
pub fn read(text: &str) -> Vec<Said> {
    let bunfig = Bunfig::read(text);
    let mut found = Vec::new();
    if let Some(place) = &bunfig.registry {
        let value = Value::Word((&*place.url).into());
        found.push(said(Safeguard::Registry, "", value, "registry", place.at));
    }
    for (scope, place) in &bunfig.scopes {
        let value = Value::Word((&*place.url).into());
        let name = "install.scopes";
        found.push(said(Safeguard::Registry, scope, value, name, place.at));
    }
    if let Some(age) = &bunfig.minimum_release_age
        && let Some(minutes) = minutes(age.value)
    {
        let value = Value::Minutes(minutes);
        found.push(said(
            Safeguard::Cooldown,
            "",
            value,
            "minimumReleaseAge",
            age.at,
        ));
    }
    for name in &bunfig.excludes {
        found.push(said(
            Safeguard::Young,
            &name.value,
            Value::Listed,
            "minimumReleaseAgeExcludes",
            name.at,
        ));
    }
    for (what, name, switch) in [
        (
            Safeguard::NoScripts,
            "ignoreScripts",
            &bunfig.ignore_scripts,
        ),
        (
            Safeguard::Immutable,
            "frozenLockfile",
            &bunfig.frozen_lockfile,
        ),
        (Safeguard::Lockfile, "lockfile.save", &bunfig.saves_lockfile),
    ] {
        if let Some(switch) = switch {
            found.push(said(what, "", Value::Switch(switch.value), name, switch.at));
        }
    }
    if let Some(path) = &bunfig.lockfile_path
        && !["bun.lock", "bun.lockb"].contains(&path.value.trim_start_matches("./"))
    {
        let (what, name) = (Safeguard::OtherLockfile, "install.lockfile.path");
        found.push(said(what, &path.value, Value::Listed, name, path.at));
    }
    if let Some(scanner) = &bunfig.scanner {
        let value = Value::Word((&*scanner.value).into());
        let name = "install.security.scanner";
        found.push(said(Safeguard::Scanner, "", value, name, scanner.at));
    }
    found
}

/// Whole minutes of what Bun counts in seconds; none for what is no length of time.
fn minutes(seconds: f64) -> Option<u64> {
    // What is longer than a lifetime is no shorter for it.
    const LONGEST: f64 = 100.0 * 366.0 * 86_400.0;
    if !seconds.is_finite() || seconds < 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number was just put between zero and a hundred years"
    )]
    let whole = seconds.min(LONGEST) as u64;
    Some(whole / 60)
}
