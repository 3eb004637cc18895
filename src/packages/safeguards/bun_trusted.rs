//! The packages whose scripts Bun runs where nobody names any.
//!
//! The names are generated: `data/bun_trusted.txt`, by `data/bun_trusted.py`.

static NAMES: &str = include_str!("../../../data/bun_trusted.txt");

/// True if a package is one of those that Bun trusts by itself. A `trustedDependencies` takes their place
/// (<https://bun.com/docs/pm/lifecycle>).
#[must_use]
pub fn is_trusted(package: &str) -> bool {
    let mut names = NAMES.lines().filter(|line| !line.starts_with('#'));
    names.any(|name| name == package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_stands_above_them() {
        for name in ["@prisma/client", "esbuild", "zopflipng-bin"] {
            assert!(is_trusted(name), "{name}");
        }
        for name in ["", "left-pad", "# Licence: MIT."] {
            assert!(!is_trusted(name), "{name}");
        }
    }
}
