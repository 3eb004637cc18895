//! What a file or a thing is for, by the words of its name.

use crate::folders::folder;

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

/// True if a folder of a path holds what tests or examples work on: it has a life of its own.
#[must_use]
pub fn is_specimen(path: &str) -> bool {
    const FOLDERS: [&str; 11] = [
        "e2e",
        "example",
        "examples",
        "fixture",
        "fixtures",
        "__fixtures__",
        "sample",
        "samples",
        "test",
        "testdata",
        "tests",
    ];
    lies_in_one_of(path, &FOLDERS)
}

/// True if a folder of a path holds data of tests, which are read and not installed: `test/fixtures/old/package.json`.
/// What lies in `test` or `examples` itself is a project that somebody installs, if on CI alone.
#[must_use]
pub fn is_test_data(path: &str) -> bool {
    lies_in_one_of(path, &["fixture", "fixtures", "__fixtures__", "testdata"])
}

fn lies_in_one_of(path: &str, folders: &[&str]) -> bool {
    folder(path).split('/').any(|part| folders.contains(&part))
}

/// True if a path is one of an installed package: what it says is its author's business.
#[must_use]
pub fn is_installed(path: &str) -> bool {
    path.split('/').any(|part| part == "node_modules")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_tests_is_no_project() {
        for path in [
            "test/fixtures/a/package.json",
            "testdata/yarn.lock",
            "a/__fixtures__/b.json",
        ] {
            assert!(is_test_data(path) && is_specimen(path), "{path}");
        }
        for path in [
            "test/package.json",
            "e2e/yarn.lock",
            "examples/a/package.json",
        ] {
            assert!(!is_test_data(path) && is_specimen(path), "{path}");
        }
        for path in [
            "fixtures.json",
            "api/package.json",
            "my-fixtures/package.json",
        ] {
            assert!(!is_test_data(path) && !is_specimen(path), "{path}");
        }
    }

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
