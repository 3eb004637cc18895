//! Files that a container is told to write its log to.

use crate::syntax::{Node, shell};

use super::container::Container;
use super::field::Field;

/// Options that name the file of a log, without dashes before them and with dashes between their words.
const OPTIONS: [&str; 8] = [
    "log-dir",
    "log-file",
    "log-file-path",
    "log-filename",
    "log-path",
    "logdir",
    "logfile",
    "logpath",
];

/// Variables of the environment that do.
const VARIABLES: [&str; 9] = [
    "LOGFILE",
    "LOGGING_FILE_NAME",
    "LOGGING_FILE_PATH",
    "LOG_DIR",
    "LOG_FILE",
    "LOG_FILENAME",
    "LOG_FILE_NAME",
    "LOG_FILE_PATH",
    "LOG_PATH",
];

/// A file that a container is told to log to.
#[derive(Clone, Copy, Debug)]
pub struct LogFile<'a> {
    /// What says so: the option or the variable.
    pub name: &'a str,
    /// The path as it is written.
    pub path: &'a str,
    /// Where it is written.
    pub node: Node<'a>,
}

/// The absolute paths that a container is told to log to. What stands for the standard streams is none.
#[must_use]
pub fn log_files(container: Container<'_>) -> Vec<LogFile<'_>> {
    let mut files = Vec::new();
    for field in [container.field(&["command"]), container.field(&["args"])] {
        let mut before: Option<&str> = None;
        for item in field.items() {
            let Some(text) = item.as_str() else {
                before = None;
                continue;
            };
            match text.split_once('=') {
                Some((name, path)) if is_option(name) => add(&mut files, name, path, item),
                _ => {
                    if let Some(name) = before.filter(|name| is_option(name)) {
                        add(&mut files, name, text, item);
                    }
                }
            }
            before = Some(text);
        }
    }
    add_redirected(&mut files, container);
    for variable in container.field(&["env"]).items() {
        let text = |path| Field::follow(variable, path);
        let (name, value) = (text(&["name"]).as_str(), text(&["value"]));
        if let (Some(name), Some(path), Some(node)) = (name, value.as_str(), value.node())
            && VARIABLES.contains(&name)
        {
            add(&mut files, name, path, node);
        }
    }
    files
}

/// Adds the logs that the scripts of a container redirect output to.
fn add_redirected<'a>(files: &mut Vec<LogFile<'a>>, container: Container<'a>) {
    let mut shows_shell = false;
    let mut is_script = false;
    let fields = [container.field(&["command"]), container.field(&["args"])];
    for item in fields.into_iter().flat_map(Field::items) {
        let text = item.as_str().unwrap_or_default();
        if shows_shell && is_script {
            for command in shell::commands(text, '\\') {
                for (operator, word) in &command.redirections {
                    let path = text.get(word.range.clone()).unwrap_or_default();
                    let path = path.trim_matches(['"', '\'']);
                    if operator.contains('>') && is_log(path) {
                        add(files, REDIRECTION, path, item);
                    }
                }
            }
            return;
        }
        shows_shell |= shell::is_shell(text.rsplit('/').next().unwrap_or(text));
        is_script = text.starts_with('-') && !text.starts_with("--") && text.ends_with('c');
    }
}

/// What a redirection is called.
const REDIRECTION: &str = "the file that the shell redirects output to";

/// True if the name of a file says that it is a log: a script writes other files as well.
fn is_log(path: &str) -> bool {
    path.strip_suffix(".log").is_some() || path.starts_with("/var/log/") || path.contains("/logs/")
}

fn is_option(text: &str) -> bool {
    let name = text.strip_prefix('-');
    let name = name.map(|name| name.strip_prefix('-').unwrap_or(name));
    name.is_some_and(|name| OPTIONS.contains(&&*name.replace('_', "-")))
}

fn add<'a>(files: &mut Vec<LogFile<'a>>, name: &'a str, path: &'a str, node: Node<'a>) {
    let streams = ["/dev/", "/proc/"];
    let known = path.starts_with('/') && !path.contains(['$', '{']);
    if known && !streams.iter().any(|stream| path.starts_with(stream)) {
        files.push(LogFile { name, path, node });
    }
}
