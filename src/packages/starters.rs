//! Programs that start other programs: what stands before `node` in a command.

/// What passes signals on, and reaps what is left behind.
pub(super) const INITS: [&str; 6] = [
    "tini",
    "tini-static",
    "dumb-init",
    "catatonit",
    "s6-svscan",
    "pid1",
];

/// What reads a script behind `-c`.
pub(super) const SHELLS: [&str; 5] = ["sh", "bash", "ash", "dash", "zsh"];

/// The name of a program without its folder.
pub(super) fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// `-c`, also among other letters: `-ec`.
pub(super) fn is_script_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|flags| flags.ends_with('c') && flags.bytes().all(|b| b.is_ascii_lowercase()))
}
