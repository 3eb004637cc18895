//! `.npmrc`: what npm reads, and pnpm up to version 10.
//!
//! Format: <https://docs.npmjs.com/cli/v11/configuring-npm/npmrc>, lines of `key = value`.

use crate::syntax::Span;

use super::install_tools::{loaded_code, other_git, other_shell};
use super::{BY_BRANCH, DAY, Safeguard, Said, Value, lines, replace, said};

/// Reads a file. Of a key that stands in it twice the last one counts.
#[must_use]
pub fn read(content: &str) -> Vec<Said> {
    let mut found: Vec<Said> = Vec::new();
    for (line, at) in lines(content) {
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if line.starts_with('[') && line.ends_with(']') {
            break;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, "true"));
        let (key, value) = (unquoted(key), unquoted(value));
        let Some(one) = understood(key, value, at) else {
            continue;
        };
        if one.value == Value::Listed {
            found.push(one);
        } else {
            replace(&mut found, one);
        }
    }
    found
}

fn understood(written: &str, value: &str, at: Span) -> Option<Said> {
    let name = written.trim_end_matches("[]");
    let word = || Value::Word(value.into());
    let switch = |is_on: bool| Value::Switch(is_on);
    let is_true = value == "true";
    let (what, key, value) = match name {
        "registry" => (Safeguard::Registry, "", word()),
        // npm counts in days, pnpm in minutes.
        "min-release-age" => {
            let days: u64 = value.parse().ok()?;
            (
                Safeguard::Cooldown,
                "",
                Value::Minutes(days.saturating_mul(DAY)),
            )
        }
        "minimum-release-age" => (Safeguard::Cooldown, "", Value::Minutes(value.parse().ok()?)),
        "min-release-age-exclude" | "minimum-release-age-exclude" => {
            (Safeguard::Young, value, Value::Listed)
        }
        "before" => (Safeguard::Before, "", word()),
        "node-options" => (Safeguard::Code, loaded_code(value)?, Value::Listed),
        "script-shell" => (Safeguard::Code, other_shell(value)?, Value::Listed),
        "git" => (Safeguard::Code, other_git(value)?, Value::Listed),
        "trust-policy-exclude" => (Safeguard::Untrusted, value, Value::Listed),
        "strict-dep-builds" => (Safeguard::StrictScripts, "", switch(is_true)),
        "ignore-scripts" => (Safeguard::NoScripts, "", switch(is_true)),
        "dangerously-allow-all-builds" | "dangerously-allow-all-scripts" => {
            (Safeguard::AllScripts, "", switch(is_true))
        }
        "only-built-dependencies" => (Safeguard::Script, value, Value::Listed),
        "strict-ssl" => (Safeguard::StrictTls, "", switch(value != "false")),
        "pnpmfile" | "global-pnpmfile" => (Safeguard::Code, value, Value::Listed),
        "trust-policy" => (Safeguard::TrustPolicy, "", word()),
        "trust-policy-ignore-after" => (
            Safeguard::TrustIgnored,
            "",
            Value::Minutes(value.parse().ok()?),
        ),
        "block-exotic-subdeps" => (Safeguard::NoExotic, "", switch(is_true)),
        "allow-git" => (Safeguard::Git, "", word()),
        "allow-remote" => (Safeguard::Remote, "", word()),
        "verify-store-integrity" => (Safeguard::StoreVerified, "", switch(value != "false")),
        "git-branch-lockfile" if is_true => (Safeguard::OtherLockfile, BY_BRANCH, Value::Listed),
        "lockfile-dir" if value.trim_end_matches('/') != "." => {
            (Safeguard::OtherLockfile, value, Value::Listed)
        }
        "package-lock" | "lockfile" => (Safeguard::Lockfile, "", switch(value != "false")),
        _ => {
            let scope = name.strip_suffix(":registry")?;
            let is_scope = scope.starts_with('@') && !scope.contains('/');
            is_scope.then_some((Safeguard::Registry, scope, word()))?
        }
    };
    Some(said(what, key, value, name, at))
}

/// A text without its quotes, or without the comment behind it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    text.split([';', '#']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_settings_in_one_measure() {
        let text = "# ours\nmin-release-age=3\nignore-scripts\n@acme:registry=https://npm.acme.example/ ; ours\n\
            only-built-dependencies[]=esbuild\nonly-built-dependencies[]=sharp\nignore-scripts = false\n\
            //npm.acme.example/:_authToken=${T}\n";
        let found = read(text);
        let shown: Vec<_> = found
            .iter()
            .map(|said| (said.what, &*said.key, &said.value, &text[said.at.range()]))
            .collect();
        assert_eq!(
            shown,
            [
                (
                    Safeguard::Cooldown,
                    "",
                    &Value::Minutes(3 * DAY),
                    "min-release-age=3"
                ),
                (
                    Safeguard::Registry,
                    "@acme",
                    &Value::Word("https://npm.acme.example/".into()),
                    "@acme:registry=https://npm.acme.example/ ; ours"
                ),
                (
                    Safeguard::Script,
                    "esbuild",
                    &Value::Listed,
                    "only-built-dependencies[]=esbuild"
                ),
                (
                    Safeguard::Script,
                    "sharp",
                    &Value::Listed,
                    "only-built-dependencies[]=sharp"
                ),
                (
                    Safeguard::NoScripts,
                    "",
                    &Value::Switch(false),
                    "ignore-scripts = false"
                ),
            ]
        );
    }
}
