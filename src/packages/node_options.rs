//! The options that a command gives to Node.js: those before the script, and those in `NODE_OPTIONS`. What stands
//! behind the script, or before a program that is not seen to be Node.js, is for somebody else.

use crate::syntax::shell;

use super::starters::{INITS, SHELLS, base, is_script_flag};

/// A word that Node.js takes for an option, or for the value of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOption {
    /// Which word of the command holds it.
    pub word: usize,
    /// The option.
    pub text: String,
}

/// What hands its own options on to Node.js.
const RUNTIMES: [&str; 7] = [
    "node",
    "nodejs",
    "nodemon",
    "node-dev",
    "ts-node",
    "ts-node-dev",
    "tsx",
];

/// What starts another program, which stands among its arguments.
const STARTERS: [&str; 21] = [
    "exec",
    "env",
    "export",
    "command",
    "nice",
    "nohup",
    "time",
    "timeout",
    "sudo",
    "docker-entrypoint.sh",
    "cross-env",
    "cross-env-shell",
    "env-cmd",
    "dotenv",
    "npx",
    "yarn",
    "pnpm",
    "npm",
    "nyc",
    "c8",
    "then",
];

/// Options of Node.js, and of what watches it, whose value is a word of its own.
const WITH_VALUE: [&str; 26] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "-e",
    "--eval",
    "-p",
    "--print",
    "-C",
    "--conditions",
    "--env-file",
    "--env-file-if-exists",
    "--icu-data-dir",
    "--openssl-config",
    "--title",
    "--watch-path",
    "--max-old-space-size",
    "--max_old_space_size",
    "--stack-trace-limit",
    "--diagnostic-dir",
    "--dns-result-order",
    "--redirect-warnings",
    "--tls-keylog",
    "--unhandled-rejections",
    "--trace-event-categories",
];

/// The same for `nodemon` and `ts-node-dev`.
const WATCHER_WITH_VALUE: [&str; 13] = [
    "-w",
    "--watch",
    "-i",
    "--ignore",
    "--ext",
    "-d",
    "--delay",
    "--config",
    "--signal",
    "-s",
    "--cwd",
    "--project",
    "-P",
];

/// How deep scripts within scripts are followed.
const DEEPEST: usize = 4;

/// The options that a list of words gives to Node.js.
#[must_use]
pub fn of_words(words: &[&str]) -> Vec<NodeOption> {
    let words: Vec<_> = words.iter().copied().enumerate().collect();
    let mut found = Vec::new();
    read_words(&words, DEEPEST, &mut found);
    found
}

/// The options that a script gives to Node.js, which is the one word of the command.
#[must_use]
pub fn of_script(script: &str) -> Vec<NodeOption> {
    let mut found = Vec::new();
    read_script(script, 0, DEEPEST, &mut found);
    found
}

/// The options that the value of `NODE_OPTIONS` holds.
pub fn in_variable(value: &str) -> impl Iterator<Item = &str> {
    let words = value.split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\''));
    words.filter(|word| !word.is_empty())
}

fn read_script(script: &str, at: usize, depth: usize, found: &mut Vec<NodeOption>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for command in shell::commands(script, '\\') {
        let words = command.assignments.iter().chain(&command.words);
        let words: Vec<_> = words.map(|word| (at, &*word.text)).collect();
        read_words(&words, depth, found);
    }
}

fn read_words(words: &[(usize, &str)], depth: usize, found: &mut Vec<NodeOption>) {
    let mut rest = words;
    // True behind what starts another program: what is neither known nor an option belongs to that.
    let mut is_started = false;
    while let [(at, word), behind @ ..] = rest {
        rest = behind;
        let name = base(word);
        if let Some(value) = assigned(word) {
            found.extend(in_variable(value).map(|text| NodeOption {
                word: *at,
                text: text.to_owned(),
            }));
        } else if shell::is_assignment(word) {
            // A variable of another name.
        } else if RUNTIMES.contains(&name) {
            read_options(name, rest, depth, found);
            return;
        } else if name == "pm2" || name == "pm2-runtime" {
            read_handed_on(rest, found);
            return;
        } else if name == "nest" {
            read_nest(rest, found);
            return;
        } else if name == "gosu" || name == "su-exec" {
            rest = rest.get(1..).unwrap_or_default();
        } else if SHELLS.contains(&name)
            && let Some(flag) = rest.iter().position(|(_, word)| is_script_flag(word))
        {
            if let Some((at, script)) = rest.get(flag + 1) {
                read_script(script, *at, depth, found);
            }
            return;
        } else if INITS.contains(&name) || STARTERS.contains(&name) {
            is_started = true;
            // The entry point of the official image gives Node.js what starts with a dash.
            let is_option = rest.first().is_some_and(|(_, word)| word.starts_with('-'));
            if name == "docker-entrypoint.sh" && is_option {
                read_options("node", rest, depth, found);
                return;
            }
        } else if !is_started {
            return;
        }
    }
}

/// The value of `NODE_OPTIONS=…`, or of the flag by which npm sets it.
fn assigned(word: &str) -> Option<&str> {
    ["NODE_OPTIONS=", "--node-options="]
        .iter()
        .find_map(|name| word.strip_prefix(name))
}

/// Takes the options in front of the script.
fn read_options(program: &str, words: &[(usize, &str)], depth: usize, found: &mut Vec<NodeOption>) {
    let is_watcher = !["node", "nodejs", "tsx"].contains(&program);
    let mut words = words.iter();
    while let Some((at, word)) = words.next() {
        if !word.starts_with('-') || ["-", "--"].contains(word) {
            // `tsx watch --inspect server.ts`
            if program == "tsx" && *word == "watch" {
                continue;
            }
            return;
        }
        if is_watcher && ["-x", "--exec"].contains(word) {
            if let Some((at, script)) = words.next() {
                read_script(script, *at, depth, found);
            }
            continue;
        }
        found.push(NodeOption {
            word: *at,
            text: (*word).to_owned(),
        });
        let takes_value =
            WITH_VALUE.contains(word) || is_watcher && WATCHER_WITH_VALUE.contains(word);
        if takes_value && let Some((at, value)) = words.next() {
            found.push(NodeOption {
                word: *at,
                text: (*value).to_owned(),
            });
        }
    }
}

/// Takes what `nest start --debug [host:port]` makes of it: `--inspect` with that address.
fn read_nest(words: &[(usize, &str)], found: &mut Vec<NodeOption>) {
    let [(_, "start"), words @ ..] = words else {
        return;
    };
    let mut words = words
        .iter()
        .take_while(|(_, word)| *word != "--")
        .peekable();
    while let Some((at, word)) = words.next() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if !["-d", "--debug"].contains(&name) {
            continue;
        }
        let is_address = |word: &str| {
            word.contains(':') || word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        };
        let own = Some((*at, value)).filter(|_| !value.is_empty());
        let next = words.peek().filter(|(_, word)| is_address(word));
        let address = own.or_else(|| next.map(|next| **next));
        let (at, text) = match address {
            Some((at, address)) => (at, format!("--inspect={address}")),
            None => (*at, "--inspect".to_owned()),
        };
        found.push(NodeOption { word: at, text });
    }
}

/// Takes what `pm2` is told to give to Node.js: `--node-args="--inspect"`.
fn read_handed_on(words: &[(usize, &str)], found: &mut Vec<NodeOption>) {
    let mut words = words.iter().take_while(|(_, word)| *word != "--");
    while let Some((at, word)) = words.next() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if !["--node-args", "--interpreter-args"].contains(&name) {
            continue;
        }
        let own = (*at, value);
        let (at, value) = match value {
            "" => words.next().copied().unwrap_or(own),
            _ => own,
        };
        found.extend(in_variable(value).map(|text| NodeOption {
            word: at,
            text: text.to_owned(),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &[NodeOption]) -> String {
        let texts: Vec<_> = found
            .iter()
            .map(|option| format!("{}:{}", option.word, option.text))
            .collect();
        texts.join(" ")
    }

    #[test]
    fn options_stand_before_the_script() {
        for (words, wanted) in [
            (&["node", "--inspect", "server.js"][..], "1:--inspect"),
            (
                &["/usr/bin/node", "-r", "x", "--inspect"],
                "1:-r 2:x 3:--inspect",
            ),
            (&["node", "cli.js", "--inspect"], ""),
            (&["node", "-", "--inspect"], ""),
            (&["node", "--", "--inspect"], ""),
            (&["/usr/bin/proxy", "--inspect=0.0.0.0:9000"], ""),
            (&["--inspect"], ""),
            (&["tini", "--", "node", "--inspect", "."], "3:--inspect"),
            (&["gosu", "node", "server", "--inspect"], ""),
            (&["gosu", "node", "node", "--inspect"], "3:--inspect"),
            (&["docker-entrypoint.sh", "--inspect", "."], "1:--inspect"),
            (
                &["env", "NODE_OPTIONS=--inspect -r x", "a"],
                "1:--inspect 1:-r 1:x",
            ),
            (
                &["pm2-runtime", "a.js", "--node-args=--inspect"],
                "2:--inspect",
            ),
            (
                &["sh", "-ec", "cd a && node --inspect . --b"],
                "2:--inspect",
            ),
            (&["sh", "-c", "echo node --inspect"], ""),
            (
                &["nodemon", "-w", "src", "--inspect", "a.js"],
                "1:-w 2:src 3:--inspect",
            ),
            (&[], ""),
        ] {
            assert_eq!(shown(&of_words(words)), wanted, "{words:?}");
        }
    }

    #[test]
    fn scripts_are_read() {
        for (script, wanted) in [
            (
                "NODE_OPTIONS='--inspect --x' npm start",
                "0:--inspect 0:--x",
            ),
            ("cross-env A=b node --inspect a.js", "0:--inspect"),
            ("npx -y tool --inspect", ""),
            ("yarn node --inspect .", "0:--inspect"),
            (
                "a; exec node --max-old-space-size 512 . -c",
                "0:--max-old-space-size 0:512",
            ),
            ("nodemon --exec 'node --inspect' a.js", "0:--inspect"),
        ] {
            assert_eq!(shown(&of_script(script)), wanted, "{script}");
        }
    }
}
