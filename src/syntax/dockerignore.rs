//! What a `.dockerignore` keeps out of a build.

/// True if a file or folder at the top of the build context is kept out. The last line that speaks of it counts.
#[must_use]
pub fn excludes(text: &str, name: &str) -> bool {
    let mut excluded = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (pattern, keeps_out) = match line.strip_prefix('!') {
            Some(pattern) => (pattern.trim(), false),
            None => (line, true),
        };
        if matches(pattern, name, keeps_out) {
            excluded = keeps_out;
        }
    }
    excluded
}

/// True if a pattern means something at the top, or, where it keeps out, everything below it.
fn matches(pattern: &str, name: &str, with_content: bool) -> bool {
    let mut pattern = pattern.trim_start_matches("./").trim_matches('/');
    while let Some(rest) = pattern.strip_prefix("**/") {
        pattern = rest;
    }
    if with_content {
        pattern = pattern
            .strip_suffix("/**")
            .or_else(|| pattern.strip_suffix("/*"))
            .unwrap_or(pattern);
    }
    !pattern.contains('/') && matches_segment(pattern, name)
}

/// One segment with `*`, `?` and `[…]`; a class stands for any character, so that what is hard to say is kept out.
fn matches_segment(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Where to go on if what follows the last star does not fit.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        let mut letters = pattern.chars();
        let rest = match letters.next() {
            Some('*') => {
                pattern = letters.as_str();
                retry = Some((pattern, name));
                continue;
            }
            Some('?') => Some(letters.as_str()),
            Some('[') => letters.as_str().split_once(']').map(|(_, rest)| rest),
            Some('\\') => {
                let escaped = letters.next();
                (escaped.is_some() && name.chars().next() == escaped).then_some(letters.as_str())
            }
            Some(letter) => name.starts_with(letter).then_some(letters.as_str()),
            None if name.is_empty() => return true,
            None => None,
        };
        let mut left = name.chars();
        if let Some(rest) = rest
            && left.next().is_some()
        {
            (pattern, name) = (rest, left.as_str());
            continue;
        }
        let Some((behind, from)) = retry else {
            return false;
        };
        let mut left = from.chars();
        if left.next().is_none() {
            return false;
        }
        retry = Some((behind, left.as_str()));
        (pattern, name) = (behind, left.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_speaks_of_a_name_counts() {
        for (text, name) in [
            (".env", ".env"),
            ("/.git/", ".git"),
            ("**/.env*", ".env"),
            ("*\n!src", "node_modules"),
            ("**", ".git"),
            ("node_modules/**", "node_modules"),
            (".e[nN]v", ".env"),
            ("# x\n.?nv\n!.env.example", ".env"),
        ] {
            assert!(excludes(text, name), "{text:?}");
        }
        for (text, name) in [
            ("", ".env"),
            ("#.env", ".env"),
            (".env.local", ".env"),
            (".env\n!.env", ".env"),
            ("api/.env", ".env"),
            (".gitignore", ".git"),
            ("*.md", ".git"),
        ] {
            assert!(!excludes(text, name), "{text:?}");
        }
    }
}
