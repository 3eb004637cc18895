//! Patterns of package names, as settings of package managers write them.

/// True if a pattern takes a name; `*` stands for anything.
#[must_use]
pub fn covers(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

/// True if a list of patterns takes a name, as pnpm reads such lists: the last pattern that knows the name decides, one
/// behind a `!` takes it out, and a list of these alone takes everything else.
#[must_use]
pub fn matches(patterns: &[&str], name: &str) -> bool {
    let mut takes = !patterns.is_empty() && patterns.iter().all(|one| one.starts_with('!'));
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if covers(pattern, name) => takes = false,
            None if covers(pattern, name) => takes = true,
            _ => {}
        }
    }
    takes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_what_it_is_written_for() {
        for (pattern, name, is_taken) in [
            ("@acme/*", "@acme/a", true),
            ("@acme/*", "@acme-x/a", false),
            ("*", "left-pad", true),
            ("left-*", "left-pad", true),
            ("left-*", "right-pad", false),
            ("*-pad", "left-pad", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("left-pad", "left-pad", true),
            ("left", "left-pad", false),
        ] {
            assert_eq!(covers(pattern, name), is_taken, "{pattern} {name}");
        }
    }

    #[test]
    fn of_several_patterns_the_last_that_knows_a_name_decides() {
        for (patterns, is_taken) in [
            (&[][..], false),
            (&["a"], true),
            (&["b"], false),
            (&["*", "!a"], false),
            (&["!a", "*"], true),
            (&["!b"], true),
            (&["!a"], false),
        ] {
            assert_eq!(matches(patterns, "a"), is_taken, "{patterns:?}");
        }
    }
}
