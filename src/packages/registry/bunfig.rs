//! `bunfig.toml`: the part of it that says where packages come from and how old they must be.
//!
//! Format: <https://bun.com/docs/runtime/bunfig>. Of TOML this reads tables, texts, numbers, lists of texts and tables
//! on one line, which is all that `[install]` holds; the rest is passed over.

/// What a `bunfig.toml` says of packages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bunfig {
    /// `install.registry`.
    pub registry: Option<Place>,
    /// `install.scopes`: the scope with its `@`, and where it comes from.
    pub scopes: Vec<(String, Place)>,
    /// `install.minimumReleaseAge`, in seconds.
    pub minimum_release_age: Option<f64>,
    /// `install.minimumReleaseAgeExcludes`: names.
    pub excludes: Vec<String>,
}

/// Where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub url: String,
    /// The token as written.
    pub token: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Install,
    Scopes,
    Other,
}

impl Bunfig {
    /// Reads a file.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut read = Self::default();
        let mut table = Table::Other;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let line = without_comment(line).trim().to_owned();
            if let Some(header) = line.strip_prefix('[') {
                table = match header.trim_end_matches(']').trim() {
                    "install" => Table::Install,
                    "install.scopes" => Table::Scopes,
                    _ => Table::Other,
                };
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let key = unquoted(key);
            let mut value = value.trim().to_owned();
            while value.starts_with('[') && !value.ends_with(']') {
                let Some(next) = lines.next() else { break };
                value.push_str(without_comment(next).trim());
            }
            read.take(table, key, &value);
        }
        read
    }

    fn take(&mut self, table: Table, key: &str, value: &str) {
        match (table, key) {
            (Table::Install, "registry") => self.registry = place(value),
            (Table::Install, "minimumReleaseAge") => {
                self.minimum_release_age = value.replace('_', "").parse().ok();
            }
            (Table::Install, "minimumReleaseAgeExcludes") => {
                let items = value.trim_matches(['[', ']']).split(',').map(unquoted);
                let items = items.filter(|item| !item.is_empty());
                self.excludes = items.map(str::to_owned).collect();
            }
            (Table::Scopes, scope) => {
                if let Some(place) = place(value) {
                    let scope = scope.trim_start_matches('@');
                    self.scopes.push((format!("@{scope}"), place));
                }
            }
            _ => {}
        }
    }
}

/// An address, or a table with one.
fn place(value: &str) -> Option<Place> {
    let Some(table) = value.strip_prefix('{') else {
        let url = unquoted(value).to_owned();
        return (!url.is_empty()).then_some(Place { url, token: None });
    };
    let mut place = Place::default();
    for pair in table.trim_end_matches('}').split(',') {
        if let Some((key, value)) = pair.split_once('=') {
            match unquoted(key) {
                "url" => unquoted(value).clone_into(&mut place.url),
                "token" => place.token = Some(unquoted(value).to_owned()),
                _ => {}
            }
        }
    }
    (!place.url.is_empty()).then_some(place)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// A line up to the `#` that stands in no text.
fn without_comment(line: &str) -> &str {
    let mut within: Option<char> = None;
    for (at, letter) in line.char_indices() {
        match (within, letter) {
            (None, '#') => return line.get(..at).unwrap_or(line),
            (None, '"' | '\'') => within = Some(letter),
            (Some(quote), _) if quote == letter => within = None,
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bun_installs_from() {
        let text = "[test]\nregistry = \"https://no.example\"\n[install] # ours\nregistry = { url = \"https://a.example\", token = \"$T\" }\n\
            minimumReleaseAge = 259_200 # 3 days\nminimumReleaseAgeExcludes = [\n  \"@acme/a\", # mine\n  'b',\n]\n\
            [install.scopes]\nacme = \"https://acme.example/#/\"\n\"@x\" = { token = \"t\", url = \"https://x.example\" }\n";
        let read = Bunfig::read(text);
        let place = |url: &str, token: Option<&str>| Place {
            url: url.to_owned(),
            token: token.map(str::to_owned),
        };
        assert_eq!(read.registry, Some(place("https://a.example", Some("$T"))));
        assert_eq!(read.minimum_release_age, Some(259_200.0));
        assert_eq!(read.excludes, ["@acme/a", "b"]);
        let scopes = [
            ("@acme".to_owned(), place("https://acme.example/#/", None)),
            ("@x".to_owned(), place("https://x.example", Some("t"))),
        ];
        assert_eq!(read.scopes, scopes);
    }
}
