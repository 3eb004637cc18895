//! Programs and scripts that settings put between a package manager and what it runs: options of Node.js that load
//! code, a shell, a git.

use crate::packages::node_options;

/// Options of Node.js that load the file, or the module, behind them.
const LOADERS: [&str; 5] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
];

/// What is a shell by its name.
const SHELLS: [&str; 10] = [
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "ksh",
    "fish",
    "cmd",
    "powershell",
    "pwsh",
];

/// Where systems keep the programs that they come with, or that were installed on them.
const HOMES: [&str; 8] = [
    "/bin/",
    "/usr/bin/",
    "/usr/local/bin/",
    "/usr/local/git/bin/",
    "/opt/homebrew/bin/",
    "c:/windows/",
    "c:/program files/",
    "c:/program files (x86)/",
];

/// The first file or module that options of Node.js load.
pub(super) fn loaded_code(options: &str) -> Option<&str> {
    let mut words = node_options::in_variable(options);
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((name, value)) if LOADERS.contains(&name) => return Some(value),
            None if LOADERS.contains(&word) => return words.next(),
            _ => {}
        }
    }
    None
}

/// A shell that is none of the usual ones, by its name and its place.
pub(super) fn other_shell(path: &str) -> Option<&str> {
    is_other(path, &SHELLS).then_some(path)
}

/// A git that is not the one of the system, by its name and its place.
pub(super) fn other_git(path: &str) -> Option<&str> {
    is_other(path, &["git"]).then_some(path)
}

fn is_other(path: &str, names: &[&str]) -> bool {
    let path = path.trim().replace('\\', "/").to_ascii_lowercase();
    let (home, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_of_system = home.is_empty() && !path.starts_with('/')
        || !path.split('/').any(|part| part == "..")
            && HOMES.iter().any(|known| path.starts_with(known));
    let name = name.strip_suffix(".exe").unwrap_or(name);
    // Nothing, and a variable, say nothing of what is run.
    let is_known = !matches!(&*path, "" | "null" | "true" | "false") && !path.contains("${");
    is_known && !(is_of_system && names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_told_from_what_lies_elsewhere() {
        for (path, is_told) in [
            ("bash", false),
            ("/bin/bash", false),
            ("C:\\Program Files\\Git\\bin\\bash.exe", false),
            ("pwsh.exe", false),
            ("", false),
            ("${SHELL}", false),
            ("./bash", true),
            ("./evil.sh", true),
            ("/usr/bin/../../tmp/bash", true),
            ("/tmp/bash", true),
            ("python3", true),
        ] {
            assert_eq!(other_shell(path).is_some(), is_told, "{path}");
        }
        assert_eq!(other_git("/usr/bin/git"), None);
        assert_eq!(other_git("/tmp/git"), Some("/tmp/git"));
    }

    #[test]
    fn options_load_code_or_do_not() {
        for (options, code) in [
            ("--require ./evil.js", Some("./evil.js")),
            (
                "--max-old-space-size=4096 --import=./a.mjs",
                Some("./a.mjs"),
            ),
            ("--max-old-space-size=4096", None),
            ("--enable-source-maps --trace-warnings", None),
            ("--require", None),
        ] {
            assert_eq!(loaded_code(options), code, "{options}");
        }
    }
}
