//! `.npmrc`, as npm and pnpm read it: lines of `key = value`.
//!
//! Format: <https://docs.npmjs.com/cli/v11/configuring-npm/npmrc>, in the notation of the `ini` package.

/// The settings of one `.npmrc`, in the order in which they are written and with variables not yet put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NpmSettings {
    entries: Vec<(String, String)>,
}

impl NpmSettings {
    /// Reads a file. What stands below a `[section]` is no setting of npm.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut entries = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            if line.starts_with('[') && line.ends_with(']') {
                break;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            let (key, value) = (unquoted(key), unquoted(value));
            if !key.is_empty() {
                entries.push((key, value));
            }
        }
        Self { entries }
    }

    /// The settings of an environment: `npm_config_min_release_age` is `min-release-age`.
    #[must_use]
    pub fn of_environment<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = variables
            .into_iter()
            .filter_map(|(name, value)| Some((environment_key(name)?, value.to_owned())));
        Self {
            entries: entries.filter(|(_, value)| !value.is_empty()).collect(),
        }
    }

    /// The value of a key; of several the last one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut entries = self.entries.iter().rev();
        let (_, value) = entries.find(|(known, _)| known == key)?;
        Some(value)
    }

    /// All values of a list: `key[] = value`, or `key = value`.
    pub fn list<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let is_of = move |known: &str| known.strip_suffix("[]").unwrap_or(known) == key;
        let of_key = self.entries.iter().filter(move |(known, _)| is_of(known));
        of_key.map(|(_, value)| value.as_str())
    }

    /// All keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// The key that a variable sets. Keys of addresses are left as they are; in others `_` stands for `-`.
fn environment_key(name: &str) -> Option<String> {
    let (prefix, key) = name.split_at_checked("npm_config_".len())?;
    if !prefix.eq_ignore_ascii_case("npm_config_") || key.is_empty() {
        return None;
    }
    if key.starts_with("//") {
        return Some(key.to_owned());
    }
    let (first, rest) = key.split_at_checked(1)?;
    Some(format!("{first}{}", rest.replace('_', "-")).to_ascii_lowercase())
}

/// A text without its quotes, or without the comment behind it.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner.to_owned();
        }
    }
    let mut value = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ';' | '#' => break,
            '\\' => match letters.next() {
                Some(next @ (';' | '#' | '\\')) => value.push(next),
                Some(next) => value.extend(['\\', next]),
                None => value.push('\\'),
            },
            _ => value.push(letter),
        }
    }
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_settings() {
        let text = "\u{feff}; a comment\n registry = https://npm.example/ ; ours\n@acme:registry='https://acme.example/a'\n\
            key[]=one\nkey[]=two\nengine-strict\nregistry=https://last.example/#x\nx=a\\;b\n[section]\nregistry=https://no.example/\n";
        let settings = NpmSettings::read(text);
        assert_eq!(settings.get("registry"), Some("https://last.example/"));
        assert_eq!(
            settings.get("@acme:registry"),
            Some("https://acme.example/a")
        );
        assert_eq!(settings.list("key").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(settings.get("engine-strict"), Some("true"));
        assert_eq!(settings.get("x"), Some("a;b"));
        assert_eq!(settings.get("section"), None);
    }

    #[test]
    fn variables_are_settings() {
        let settings = NpmSettings::of_environment([
            ("NPM_CONFIG_REGISTRY", "https://a.example/"),
            ("npm_config_min_release_age", "3"),
            ("npm_config_@acme:registry", "https://acme.example/"),
            ("npm_config_//a.example/:_authToken", "t"),
            ("npm_config_empty", ""),
            ("NPM_TOKEN", "t"),
        ]);
        for (key, value) in [
            ("registry", "https://a.example/"),
            ("min-release-age", "3"),
            ("@acme:registry", "https://acme.example/"),
            ("//a.example/:_authToken", "t"),
        ] {
            assert_eq!(settings.get(key), Some(value), "{key}");
        }
        assert_eq!(settings.iter().count(), 4);
    }
}
