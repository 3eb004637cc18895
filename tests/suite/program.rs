//! Runs the built program the way a user would, with nothing of this machine in its environment.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What a run printed and how it ended.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program in a folder, with only the given variables.
pub(crate) fn tidegate(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TIDEGATE_OFFLINE", "1")
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts");
    answer(&output)
}

fn answer(output: &Output) -> Answer {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8");
    Answer {
        code: output.status.code().expect("the program ends by itself"),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// Writes files below a folder.
pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }
}

/// git in a folder, the same on every machine.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .expect("git starts");
    let failure = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {failure}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Commits everything in a folder.
pub(crate) fn commit(folder: &Path, message: &str) -> String {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", message]);
    git(folder, &["rev-parse", "HEAD"])
}
