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

/// True if a file at any depth of the build context is kept out: it, or a folder that it is in. The last line that
/// speaks of one of them counts.
#[must_use]
pub fn excludes_path(text: &str, path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
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
        if keeps_out == excluded {
            continue;
        }
        let pattern = pattern.trim_start_matches("./").trim_matches('/');
        let pattern: Vec<&str> = pattern.split('/').take(DEEPEST).collect();
        let mut depths = 1..=path.len().min(DEEPEST);
        if depths.any(|depth| matches_segments(&pattern, path.get(..depth).unwrap_or_default())) {
            excluded = keeps_out;
        }
    }
    excluded
}

/// The most folders of a path or pattern that are looked at.
const DEEPEST: usize = 32;

/// True if all segments of a pattern match a path; `**` stands for any number of segments.
fn matches_segments(pattern: &[&str], path: &[&str]) -> bool {
    let (mut pattern, mut path) = (pattern, path);
    let mut retry: Option<(&[&str], &[&str])> = None;
    loop {
        match (pattern.split_first(), path.split_first()) {
            (Some((&"**", rest)), _) => {
                retry = Some((rest, path));
                pattern = rest;
                continue;
            }
            (Some((segment, rest)), Some((name, left))) if matches_segment(segment, name) => {
                (pattern, path) = (rest, left);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((behind, from)) = retry else {
            return false;
        };
        let Some((_, left)) = from.split_first() else {
            return false;
        };
        retry = Some((behind, left));
        (pattern, path) = (behind, left);
    }
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
    fn a_path_is_kept_out_with_its_folder() {
        for (text, path) in [
            ("certs", "certs/server.key"),
            ("**/*.key", "a/b/server.key"),
            ("*.key", "server.key"),
            ("certs/*", "certs/server.key"),
            ("certs/**", "certs/a/server.key"),
            ("a/**/b.key", "a/b.key"),
            ("*\n!src", "certs/server.key"),
            (".env*\n!.env.example", ".env.production"),
        ] {
            assert!(excludes_path(text, path), "{text:?}");
        }
        for (text, path) in [
            ("*.key", "certs/server.key"),
            ("cert", "certs/server.key"),
            ("*\n!certs", "certs/server.key"),
            (".env*\n!.env.production", ".env.production"),
            ("# certs", "certs/server.key"),
        ] {
            assert!(!excludes_path(text, path), "{text:?}");
        }
    }

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
