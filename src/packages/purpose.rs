//! What a file or a thing is for, by the words of its name.

/// Words that say that something is for development or tests alone.
const DEVELOPMENT: [&str; 19] = [
    "ci",
    "debug",
    "dev",
    "devcontainer",
    "develop",
    "development",
    "e2e",
    "integration",
    "kind",
    "local",
    "localhost",
    "minikube",
    "playground",
    "qa",
    "sandbox",
    "skaffold",
    "test",
    "testing",
    "tests",
];

/// True if a path or a name says, as a word of its own, that it is for development or tests.
#[must_use]
pub fn is_for_development(name: &str) -> bool {
    name.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| {
            DEVELOPMENT
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_and_parts_of_words_do_not() {
        for name in [
            "overlays/dev/app.yaml",
            "Dockerfile.dev",
            "shop-test",
            ".devcontainer/Dockerfile",
        ] {
            assert!(is_for_development(name), "{name}");
        }
        for name in [
            "overlays/prod/app.yaml",
            "Dockerfile",
            "devices",
            "contest",
            "latest",
            "cicd",
        ] {
            assert!(!is_for_development(name), "{name}");
        }
    }
}
