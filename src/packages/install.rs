//! Commands that install the packages of a project: `npm ci`, `yarn`, `pnpm install --prod`.

use crate::syntax::Tree;
use crate::syntax::shell::{Command, Program, Word};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// npm.
    Npm,
    /// Yarn, of any version.
    Yarn,
    /// pnpm.
    Pnpm,
    /// Bun.
    Bun,
}

impl Manager {
    /// The files in which it keeps the versions that it chose.
    #[must_use]
    pub fn lockfiles(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["package-lock.json", "npm-shrinkwrap.json"],
            Self::Yarn => &["yarn.lock"],
            Self::Pnpm => &["pnpm-lock.yaml"],
            Self::Bun => &["bun.lock", "bun.lockb"],
        }
    }

    fn of(name: &str) -> Option<Self> {
        // `npx pnpm@9 install`
        match name.split('@').next()? {
            "npm" => Some(Self::Npm),
            "yarn" | "yarnpkg" => Some(Self::Yarn),
            "pnpm" => Some(Self::Pnpm),
            "bun" => Some(Self::Bun),
            _ => None,
        }
    }
}

/// True for the lockfiles of all managers.
#[must_use]
pub fn is_lockfile(name: &str) -> bool {
    let managers = [Manager::Npm, Manager::Yarn, Manager::Pnpm, Manager::Bun];
    managers
        .iter()
        .any(|manager| manager.lockfiles().contains(&name))
}

/// True if a `package.json` names packages that only development needs.
#[must_use]
pub fn has_development_packages(tree: &Tree) -> bool {
    let root = tree.documents().first().map(|document| tree.root(document));
    let packages = root.and_then(|root| root.get("devDependencies"));
    packages.is_some_and(|packages| packages.entries().next().is_some())
}

/// A command that installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Install<'a> {
    /// Who installs.
    pub manager: Manager,
    /// The program with its arguments.
    pub program: Program<'a>,
    /// What it is told to do; nothing where that is to install.
    verb: &'a str,
    /// True if it installs what the lockfile says, and fails where that does not fit.
    pub frozen: bool,
    /// True if it names packages: `npm install express`.
    pub named: bool,
    /// True if it installs programs for everybody: `npm install -g`.
    pub global: bool,
    /// True if it says that no scripts run.
    pub ignores_scripts: bool,
    /// True if it says that packages for development stay away.
    pub production: bool,
    /// True if a variable stands among its arguments, so that flags may be hidden.
    pub unsure: bool,
    /// The folder that it is sent to: `--prefix api`.
    pub folder: Option<&'a str>,
}

/// Flags whose value is a word of its own.
const WITH_VALUE: [&str; 24] = [
    "--prefix",
    "-C",
    "--dir",
    "--cwd",
    "--filter",
    "-F",
    "--workspace",
    "--registry",
    "--cache",
    "--userconfig",
    "--cache-folder",
    "--network-timeout",
    "--store-dir",
    "--loglevel",
    "--omit",
    "--include",
    "--only",
    "--fetch-retries",
    "--mutex",
    "--modules-folder",
    "--mode",
    "--network-concurrency",
    "--reporter",
    "--fetch-timeout",
];

/// The other names of `npm install` and `npm ci`.
const NPM_INSTALL: [&str; 10] = [
    "install",
    "i",
    "in",
    "ins",
    "inst",
    "isntall",
    "add",
    "install-test",
    "it",
    "instal",
];
const NPM_CI: [&str; 6] = [
    "ci",
    "clean-install",
    "ic",
    "install-clean",
    "cit",
    "install-ci-test",
];

impl<'a> Install<'a> {
    /// What a message may repeat of it: flags, and what follows them, may be secret.
    #[must_use]
    pub fn written(&self) -> String {
        let name = self.program.name();
        format!("{name} {}", self.verb).trim_end().to_owned()
    }

    /// The install that a command is.
    #[must_use]
    pub fn of(command: &'a Command) -> Option<Self> {
        let mut program = command.program()?;
        if ["corepack", "npx"].contains(&program.name()) {
            program = program.started()?;
        }
        let manager = Manager::of(program.name())?;
        let mut install = Self {
            manager,
            program,
            verb: "",
            frozen: false,
            named: false,
            global: false,
            ignores_scripts: false,
            production: false,
            unsure: false,
            folder: None,
        };
        let operands = install.read_arguments();
        let verb = operands.first().map(|word| &*word.text);
        install.verb = verb.unwrap_or_default();
        match (manager, verb) {
            (Manager::Npm, Some(verb)) if NPM_CI.contains(&verb) => install.frozen = true,
            (Manager::Npm, Some(verb)) if NPM_INSTALL.contains(&verb) => {}
            (Manager::Pnpm | Manager::Bun, Some("ci")) => install.frozen = true,
            (Manager::Yarn, None) => {
                // `yarn --version` installs nothing.
                let asks = ["--version", "-v", "--help", "-h"];
                if program.has(&asks) {
                    return None;
                }
            }
            (Manager::Yarn, Some("install"))
            | (Manager::Pnpm | Manager::Bun, Some("install" | "i")) => {}
            (Manager::Pnpm | Manager::Yarn | Manager::Bun, Some("add")) => install.named = true,
            _ => return None,
        }
        // `RUN npm ci .` names its own folder.
        install.named |= operands.iter().skip(1).any(|word| {
            let text = word.text.trim_end_matches('/');
            text != "." && !text.starts_with('$')
        });
        let says = |name: &str, value: &str| {
            command.assignments.iter().any(|word| {
                let pair = word.text.split_once('=');
                pair.is_some_and(|pair| pair.0.eq_ignore_ascii_case(name) && pair.1 == value)
            })
        };
        install.production |= says("NODE_ENV", "production") || says("npm_config_omit", "dev");
        install.ignores_scripts |= says("npm_config_ignore_scripts", "true");
        install.frozen |= says("CI", "true") || says("CI", "1");
        Some(install)
    }

    /// Reads the flags, and gives back what is none.
    fn read_arguments(&mut self) -> Vec<&'a Word> {
        let mut operands = Vec::new();
        let mut arguments = self.program.arguments().iter();
        while let Some(argument) = arguments.next() {
            let text = &*argument.text;
            self.unsure |= text.starts_with('$');
            if !text.starts_with('-') {
                operands.push(argument);
                continue;
            }
            let (flag, value) = match text.split_once('=') {
                Some((flag, value)) => (flag, value),
                None if WITH_VALUE.contains(&text) => {
                    (text, arguments.next().map_or("", |value| &*value.text))
                }
                None if text == "-w" && self.manager == Manager::Npm => {
                    (text, arguments.next().map_or("", |value| &*value.text))
                }
                None => (text, ""),
            };
            let is_on = value != "false";
            match flag {
                "--frozen-lockfile" | "--immutable" | "--pure-lockfile" => self.frozen = is_on,
                "--ignore-scripts" => self.ignores_scripts = is_on,
                "--mode" => self.ignores_scripts |= value == "skip-build",
                "--production" | "--prod" => self.production = is_on,
                "-P" | "-p" => self.production |= self.manager != Manager::Npm,
                "--omit" => self.production |= value == "dev",
                "--only" => self.production |= value.starts_with("prod"),
                "-g" | "--global" => self.global = is_on,
                "--location" => self.global |= value == "global",
                "--prefix" | "-C" | "--dir" | "--cwd" => self.folder = Some(value),
                _ => {}
            }
        }
        operands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::shell;

    #[test]
    fn installs_are_known_with_their_flags() {
        for (script, shown) in [
            ("npm install", "Npm"),
            ("npm i --prefix api --omit=dev", "Npm production in api"),
            ("npm ci --ignore-scripts", "Npm frozen quiet"),
            ("npm install -g pnpm@9", "Npm named global"),
            ("npm --prefix=web install express", "Npm named in web"),
            ("NODE_ENV=production npm install", "Npm production"),
            ("yarn", "Yarn"),
            (
                "yarn install --immutable --mode=skip-build",
                "Yarn frozen quiet",
            ),
            (
                "corepack pnpm i -P --frozen-lockfile",
                "Pnpm frozen production",
            ),
            ("npx -y pnpm@9 install", "Pnpm"),
            ("bun install $FLAGS", "Bun unsure"),
            ("npm run build", ""),
            ("yarn build", ""),
            ("yarn --version", ""),
            ("pip install x", ""),
        ] {
            let commands = shell::commands(script, '\\');
            let found = commands.first().and_then(Install::of);
            let found = found.map_or_else(String::new, |found| {
                let mut words = vec![format!("{:?}", found.manager)];
                for (says, word) in [
                    (found.frozen, "frozen"),
                    (found.named, "named"),
                    (found.global, "global"),
                    (found.ignores_scripts, "quiet"),
                    (found.production, "production"),
                    (found.unsure, "unsure"),
                ] {
                    words.extend(says.then(|| word.to_owned()));
                }
                words.extend(found.folder.map(|folder| format!("in {folder}")));
                words.join(" ")
            });
            assert_eq!(found, shown, "{script}");
        }
    }
}
