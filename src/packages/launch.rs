//! How a program of Node.js is started: by `node` itself, by a package manager, under a shell.

use crate::syntax::shell;

use super::node_options;
use super::starters::{INITS, SHELLS, base, is_script_flag};

/// What a container starts, taken apart as far as that decides who gets its signals and what Node.js is told.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The shell that reads the commands, where one does.
    shell: Option<String>,
    /// True if an init process such as `tini` stands before it.
    has_init: bool,
    /// The commands, in order; one where no shell reads them.
    commands: Vec<Vec<String>>,
}

/// Who stands between the container's signals and Node.js.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// A package manager, with the script that it runs.
    PackageManager(String),
    /// A shell.
    Shell(String),
}

/// The inspector of Node.js, as a flag opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspector {
    /// The flag as it is written.
    pub flag: String,
    /// The port; 9229 where none is written.
    pub port: u16,
    /// The address, where it is another than the machine's own.
    pub beyond_loopback: Option<String>,
}

const MANAGERS: [&str; 4] = ["npm", "yarn", "pnpm", "npx"];

/// What runs JavaScript under Node.js.
const RUNTIMES: [&str; 9] = [
    "node",
    "nodejs",
    "nodemon",
    "pm2-runtime",
    "pm2",
    "ts-node",
    "ts-node-dev",
    "tsx",
    "next",
];

impl Launch {
    /// What a list of words starts.
    #[must_use]
    pub fn of_words(words: &[&str]) -> Self {
        let mut launch = Self::default();
        let mut words = words;
        while let Some((first, rest)) = words.split_first() {
            let name = base(first);
            if INITS.contains(&name) {
                launch.has_init = true;
                let flags = rest.iter().take_while(|word| word.starts_with('-')).count();
                words = rest.get(flags..).unwrap_or_default();
            } else if name == "docker-entrypoint.sh" || name == "env" || shell::is_assignment(first)
            {
                words = rest;
            } else if name == "gosu" || name == "su-exec" {
                words = rest.get(1..).unwrap_or_default();
            } else if SHELLS.contains(&name)
                && let Some(at) = rest.iter().position(|word| is_script_flag(word))
            {
                let script = rest.get(at + 1).copied().unwrap_or_default();
                launch.commands = commands(script);
                launch.shell = Some((*first).to_owned());
                return launch;
            } else {
                launch.commands = vec![words.iter().map(|word| (*word).to_owned()).collect()];
                return launch;
            }
        }
        launch
    }

    /// What a script starts that a shell reads.
    #[must_use]
    pub fn of_script(script: &str) -> Self {
        Self {
            shell: Some("/bin/sh".to_owned()),
            has_init: false,
            commands: commands(script),
        }
    }

    /// The command that stays: the last one.
    fn last(&self) -> Option<(&str, &[String])> {
        let words = self.commands.last()?;
        let (first, rest) = words.split_first()?;
        Some((base(first), rest))
    }

    /// True if it starts Node.js, by itself or by a package manager.
    #[must_use]
    pub fn is_node(&self) -> bool {
        let is_known = |words: &Vec<String>| {
            let names: Vec<_> = words.iter().map(|word| base(word)).collect();
            let first = match names.as_slice() {
                ["exec", second, ..] => second,
                [first, ..] => first,
                [] => return false,
            };
            RUNTIMES.contains(first) || MANAGERS.contains(first)
        };
        self.commands.iter().any(is_known)
    }

    /// Who keeps the signals of the container from Node.js, if anybody.
    #[must_use]
    pub fn wrapper(&self) -> Option<Wrapper> {
        let (name, rest) = self.last().filter(|_| self.is_node() && !self.has_init)?;
        let (name, rest, is_exec) = match (name, rest.split_first()) {
            ("exec", Some((second, rest))) => (base(second), rest, true),
            _ => (name, rest, false),
        };
        // Words behind these may be anything, secrets too: what is shown ends with the name of the script.
        let word = |at: usize| rest.get(at).map_or("", String::as_str);
        let script = |at: usize| [word(at)].into_iter().filter(|word| is_script_name(word));
        let shown = match name {
            "npm" | "pnpm" => rest
                .iter()
                .position(|word| ["start", "run", "run-script", "exec"].contains(&&**word))
                .map(|at| match word(at) {
                    "start" => vec![name, "start"],
                    verb => [name, verb].into_iter().chain(script(at + 1)).collect(),
                }),
            "yarn" => match word(0) {
                "" | "node" => None,
                "run" => Some([name, "run"].into_iter().chain(script(1)).collect()),
                _ => Some([name].into_iter().chain(script(0)).collect()),
            },
            "npx" => Some([name].into_iter().chain(script(0)).collect()),
            _ => None,
        };
        if let Some(shown) = shown {
            return Some(Wrapper::PackageManager(shown.join(" ")));
        }
        let shell = self
            .shell
            .as_ref()
            .filter(|_| !is_exec && RUNTIMES.contains(&name))?;
        Some(Wrapper::Shell(shell.clone()))
    }

    /// The script of `package.json` that a package manager starts.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        self.commands.iter().find_map(|words| {
            let words: Vec<_> = words
                .iter()
                .map(String::as_str)
                .filter(|word| *word != "exec")
                .collect();
            let (first, rest) = words.split_first()?;
            let mut plain = rest.iter().filter(|word| !word.starts_with('-'));
            match (base(first), *plain.next()?) {
                ("npm" | "pnpm" | "yarn", "run" | "run-script") => plain.next().copied(),
                ("npm" | "pnpm" | "yarn", "start") => Some("start"),
                ("yarn" | "pnpm", name) => Some(name),
                _ => None,
            }
        })
    }
}

impl Inspector {
    /// The inspectors that the value of `NODE_OPTIONS` opens.
    pub fn all(text: &str) -> impl Iterator<Item = Self> {
        node_options::in_variable(text).filter_map(Self::of_word)
    }

    /// The inspector that a word opens.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        // Node.js takes an underscore for a hyphen.
        let name = name.replace('_', "-");
        if !["--inspect", "--inspect-brk", "--inspect-wait"].contains(&&*name) {
            return None;
        }
        let (host, port) = match value.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None if value.bytes().all(|b| b.is_ascii_digit()) => ("", value),
            None if value.starts_with('$') => ("", ""),
            None => (value, ""),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback =
            bare.is_empty() || bare == "localhost" || bare == "::1" || bare.starts_with("127.");
        Some(Self {
            flag: word.to_owned(),
            port: port.parse().unwrap_or(9229),
            beyond_loopback: (!is_loopback).then(|| bare.to_owned()),
        })
    }
}

/// True for what a script or a program may be called.
fn is_script_name(word: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:./@".contains(&byte);
    !word.is_empty() && word.len() <= 40 && !word.starts_with('-') && word.bytes().all(is_part)
}

/// The words of each command of a script, assignments in front taken away.
fn commands(script: &str) -> Vec<Vec<String>> {
    shell::commands(script, '\\')
        .into_iter()
        .map(|command| command.words.into_iter().map(|word| word.text).collect())
        .filter(|words: &Vec<String>| !words.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_the_signals_is_known() {
        let wrapper = |words: &[&str]| match Launch::of_words(words).wrapper() {
            Some(Wrapper::PackageManager(name) | Wrapper::Shell(name)) => name,
            None => String::new(),
        };
        for (words, wanted) in [
            (&["node", "server.js"][..], ""),
            (&["npm", "start"], "npm start"),
            (&["npm", "--prefix", "api", "run", "serve"], "npm run serve"),
            (&["npm", "start", "--", "--db-password", "x"], "npm start"),
            (&["yarn", "start", "--api-key", "x"], "yarn start"),
            (&["yarn", "--api-key", "x", "start"], "yarn"),
            (&["npm", "ci"], ""),
            (&["yarn", "start"], "yarn start"),
            (&["yarn", "node", "x"], ""),
            (&["tini", "--", "npm", "start"], ""),
            (&["/usr/bin/dumb-init", "--", "npm", "start"], ""),
            (&["sh", "-c", "node server.js"], "sh"),
            (&["/bin/sh", "-ec", "migrate && exec node server.js"], ""),
            (&["sh", "-c", "migrate; npm run start"], "npm run start"),
            (&["sh", "-c", "exec npm start"], "npm start"),
            (&["sh", "-c", "python app.py"], ""),
            (&["sh", "-c", "NODE_ENV=production node ."], "sh"),
            (&["./entrypoint.sh"], ""),
            (&[], ""),
        ] {
            assert_eq!(wrapper(words), wanted, "{words:?}");
        }
    }

    #[test]
    fn scripts_are_named() {
        let script = |text: &str| Launch::of_script(text).script().map(str::to_owned);
        assert_eq!(script("npm start").as_deref(), Some("start"));
        assert_eq!(
            script("cd a && npm run -s start:prod").as_deref(),
            Some("start:prod")
        );
        assert_eq!(script("yarn dev").as_deref(), Some("dev"));
        assert_eq!(script("npm ci"), None);
        assert_eq!(script("node ."), None);
    }

    #[test]
    fn inspectors_bind_loopback_unless_told_otherwise() {
        let of = |word: &str| {
            Inspector::of_word(word)
                .map(|found| (found.port, found.beyond_loopback.unwrap_or_default()))
        };
        let local = |port| Some((port, String::new()));
        let open = |port, host: &str| Some((port, host.to_owned()));
        assert_eq!(of("--inspect"), local(9229));
        assert_eq!(of("--inspect-brk=9230"), local(9230));
        assert_eq!(of("--inspect=127.0.0.1:9229"), local(9229));
        assert_eq!(of("--inspect=0.0.0.0:9229"), open(9229, "0.0.0.0"));
        assert_eq!(of("--inspect=0.0.0.0"), open(9229, "0.0.0.0"));
        assert_eq!(of("--inspect=[::]:9229"), open(9229, "::"));
        assert_eq!(of("--inspect=$PORT"), local(9229));
        assert_eq!(of("--inspect_brk=0.0.0.0"), open(9229, "0.0.0.0"));
        assert_eq!(of("--inspect-publish-uid=http"), None);
        assert_eq!(of("inspect"), None);
    }
}
