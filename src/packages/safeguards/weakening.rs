//! What a change of the settings lets in that was kept out before.

use crate::finding::Severity;

use super::manifest::TRUSTED;
use super::{DAY, Safeguard, Safeguards, Said, bun_trusted};
use crate::packages::name_patterns::covers;

/// A setting that keeps out less than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakening {
    /// How much it matters.
    pub severity: Severity,
    /// What tells it from others of its project: the matter and its key.
    pub discriminator: String,
    /// What happened, why it matters, what to do.
    pub sentence: String,
    /// Where it is to be seen.
    pub place: Place,
}

/// Where a weakening is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// What the head says: the number of the file, and the bytes.
    Head(usize, crate::syntax::Span),
    /// The file of the base that said it.
    Base(usize),
}

/// The host that the packages of a scope came from, as far as lockfiles of the base tell; none where there are none.
pub type Home<'h> = &'h dyn Fn(&str) -> Option<String>;

/// Compares what the files of one project say.
#[must_use]
pub fn weakenings(before: &Safeguards, after: &Safeguards, home: Home<'_>) -> Vec<Weakening> {
    let mut found = Found {
        before,
        after,
        home,
        weakenings: Vec::new(),
    };
    found.cooldown();
    found.day();
    found.scripts();
    found.single_scripts();
    found.list_of_bun();
    found.registries();
    found.sources();
    found.switches();
    found.trust();
    found.plugins();
    found.code();
    found.own_packages();
    found.other_lockfiles();
    found.release();
    found.proposals();
    found.weakenings
}

pub(super) struct Found<'a> {
    pub(super) before: &'a Safeguards,
    pub(super) after: &'a Safeguards,
    pub(super) home: Home<'a>,
    weakenings: Vec<Weakening>,
}

impl Found<'_> {
    pub(super) fn push(
        &mut self,
        severity: Severity,
        what: Safeguard,
        key: &str,
        sentence: String,
    ) {
        let about = |(_, said): &&(usize, Said)| *said.key == *key;
        let in_head = self.after.all(what).find(about);
        let in_base = self.before.all(what).find(about);
        let place = match (in_head, in_base) {
            (Some((file, said)), _) => Place::Head(*file, said.at),
            (None, Some((file, _))) => Place::Base(*file),
            (None, None) => return,
        };
        self.weakenings.push(Weakening {
            severity,
            discriminator: format!("{what:?}\0{key}"),
            sentence,
            place,
        });
    }

    /// What a setting is called where it stands.
    pub(super) fn name(&self, what: Safeguard) -> &str {
        let mut said = self.after.all(what).chain(self.before.all(what));
        said.next().map_or("the setting", |(_, said)| &said.name)
    }

    fn cooldown(&mut self) {
        let (old, new) = (self.before.cooldown(), self.after.cooldown());
        if new < old {
            let (was, name) = (length(old), self.name(Safeguard::Cooldown));
            let change = if self.after.all(Safeguard::Cooldown).next().is_none() {
                format!("{name} of {was} is gone")
            } else {
                format!("{name} goes from {was} to {}", length(new))
            };
            let sentence = format!(
                "{change}, so that releases are installed before anybody can have found out that they are bad; keep {was}, and exempt the one package that cannot wait"
            );
            self.push(Severity::Medium, Safeguard::Cooldown, "", sentence);
        }
        if old == 0 {
            return;
        }
        self.exempted(Safeguard::Young, |name, whom| {
            format!(
                "{name} now exempts {whom} from the cooldown of {}; name the one version that cannot wait, and take it out afterwards",
                length(old)
            )
        });
    }

    fn scripts(&mut self) {
        if self.after.switch(Safeguard::AllScripts) == Some(true)
            && self.before.switch(Safeguard::AllScripts) != Some(true)
        {
            let name = self.name(Safeguard::AllScripts);
            let sentence = format!(
                "{name} lets every package run its scripts when it is installed, which is how most malicious packages take hold; name those that need it"
            );
            self.push(Severity::High, Safeguard::AllScripts, "", sentence);
            return;
        }
        let asks = self.before.asks_before_scripts();
        let is_asked = |what: &Said| asks || is_of_bun(self.before, what);
        if self.before.leaves_scripts() && !self.after.leaves_scripts() {
            if !self.after.asks_before_scripts() {
                let sentence = format!(
                    "{} no longer keeps packages from running their scripts when they are installed, which is how most malicious packages take hold; keep it, and run the few scripts that are needed by hand",
                    self.name(Safeguard::NoScripts)
                );
                self.push(Severity::Medium, Safeguard::NoScripts, "", sentence);
            }
        } else if !self.after.leaves_scripts() {
            for key in self.new_keys(Safeguard::Script) {
                let mut said = self.after.all(Safeguard::Script);
                let is_let_in = said.any(|(_, said)| said.key == key && is_asked(said));
                // What was kept out by its name is told by itself.
                if !is_let_in || self.is_kept_out(&key) {
                    continue;
                }
                let is_everything = key.trim_matches(['*', '/', '@']).is_empty();
                let (severity, sentence) = if is_everything {
                    let sentence = format!(
                        "{} lets every package run its scripts when it is installed; name those that need it",
                        self.name(Safeguard::Script)
                    );
                    (Severity::High, sentence)
                } else {
                    let sentence = format!(
                        "{} lets `{}` run scripts on every machine that installs it; keep it out unless it does not work without",
                        self.name(Safeguard::Script),
                        shown(&key)
                    );
                    (Severity::Low, sentence)
                };
                self.push(severity, Safeguard::Script, &key, sentence);
            }
        }
    }

    /// The list of Bun that takes the place of one that is gone.
    fn list_of_bun(&mut self) {
        let has_list = |side: &Safeguards| {
            let mut lists = side.all(Safeguard::List);
            lists.any(|(_, said)| *said.key == *TRUSTED)
        };
        if !self.before.is_of_bun || !has_list(self.before) || has_list(self.after) {
            return;
        }
        let was_named = |name: &str| {
            let mut named = self.before.all(Safeguard::Script);
            named.any(|(_, said)| *said.key == *name)
        };
        let now = self.after.trusted_by_bun.iter();
        let now: Vec<&str> = now
            .map(|name| &**name)
            .filter(|name| !was_named(name))
            .collect();
        let Some((first, more)) = now.split_first() else {
            return;
        };
        let who = match more.len() {
            0 => format!("`{}`", shown(first)),
            more => format!("`{}` and {more} more", shown(first)),
        };
        let sentence = format!(
            "{TRUSTED} is gone, and Bun has a list of its own where there is none, so that it runs scripts of {who} that it did not run; keep the list"
        );
        self.push(Severity::Low, Safeguard::List, TRUSTED, sentence);
    }

    /// The keys of the head that no key of the base stands for.
    pub(super) fn new_keys(&self, what: Safeguard) -> Vec<Box<str>> {
        let is_known = |key: &str| {
            self.before
                .all(what)
                .any(|(_, said)| *said.key == *key || covers(&said.key, key))
        };
        let mut keys: Vec<Box<str>> = self
            .after
            .all(what)
            .map(|(_, said)| said.key.clone())
            .filter(|key| !is_known(key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn sources(&mut self) {
        if self.before.blocks_exotic() && !self.after.blocks_exotic() {
            let sentence = format!(
                "{} no longer keeps dependencies of dependencies to registries, so that they may come from git or any address; keep it",
                self.name(Safeguard::NoExotic)
            );
            self.push(Severity::Medium, Safeguard::NoExotic, "", sentence);
        }
        for (what, from) in [(Safeguard::Git, "git"), (Safeguard::Remote, "any address")] {
            let rank = |side: &Safeguards| match side.word(what, "") {
                Some("none") => 0,
                Some("root") => 1,
                _ => 2,
            };
            if rank(self.after) > rank(self.before) {
                let sentence = format!(
                    "{} lets more packages come from {from} than before; keep it as it was",
                    self.name(what)
                );
                self.push(Severity::Medium, what, "", sentence);
            }
        }
        // A list that is written for the first time may narrow what was open.
        if self.before.names_git_repositories() {
            for key in self.new_keys(Safeguard::GitRepository) {
                let sentence = format!(
                    "{} lets packages come from the git repositories {}; name one repository, or take the package from a registry",
                    self.name(Safeguard::GitRepository),
                    shown(&key)
                );
                let is_open = key.contains("**");
                let severity = if is_open {
                    Severity::Medium
                } else {
                    Severity::Low
                };
                self.push(severity, Safeguard::GitRepository, &key, sentence);
            }
        }
        for key in self.new_keys(Safeguard::PlainHttp) {
            let sentence = format!(
                "{} lets packages come from {} without TLS, so that whoever sits between can exchange them; serve them over https",
                self.name(Safeguard::PlainHttp),
                shown(&key)
            );
            self.push(Severity::Medium, Safeguard::PlainHttp, &key, sentence);
        }
    }

    fn switches(&mut self) {
        for (what, effect) in [
            (
                Safeguard::Immutable,
                "lets an installation change the lockfile, so that a build may install what nobody looked at",
            ),
            (
                Safeguard::StoreVerified,
                "no longer holds what is taken from the store against its hash",
            ),
            (
                Safeguard::StrictTls,
                "no longer asks registries to prove who they are, so that whoever sits between can exchange what is installed",
            ),
            (
                Safeguard::Lockfile,
                "turns the lockfile off, so that each installation may bring other versions",
            ),
        ] {
            if self.after.switch(what) == Some(false) && self.before.switch(what) != Some(false) {
                let sentence = format!("{} {effect}; take it out", self.name(what));
                self.push(Severity::Medium, what, "", sentence);
            }
        }
        if self.before.switch(Safeguard::Hardened) == Some(true)
            && self.after.switch(Safeguard::Hardened) != Some(true)
            || self.before.switch(Safeguard::Hardened).is_none()
                && self.after.switch(Safeguard::Hardened) == Some(false)
        {
            let sentence = format!(
                "{} no longer holds the lockfile against the registry, so that an entry that somebody wrote by hand is installed as it stands; keep it",
                self.name(Safeguard::Hardened)
            );
            self.push(Severity::Medium, Safeguard::Hardened, "", sentence);
        }
        if let Some(scanner) = self.before.word(Safeguard::Scanner, "")
            && self.after.word(Safeguard::Scanner, "").is_none()
        {
            let sentence = format!(
                "{} is gone, so that {} no longer looks at packages before they are installed; keep it",
                self.name(Safeguard::Scanner),
                shown(scanner)
            );
            self.push(Severity::Medium, Safeguard::Scanner, "", sentence);
        }
        let rank = |side: &Safeguards| match side.word(Safeguard::Checksums, "") {
            Some("ignore") => 2,
            Some("update" | "reset") => 1,
            _ => 0,
        };
        let now = rank(self.after);
        if now > rank(self.before) {
            let severity = if now == 2 {
                Severity::High
            } else {
                Severity::Medium
            };
            let sentence = format!(
                "{} lets a package in that is not the one that the lockfile holds; keep throw",
                self.name(Safeguard::Checksums)
            );
            self.push(severity, Safeguard::Checksums, "", sentence);
        }
    }
}

/// True if Bun ran no script of a package that its list now names: as long as there is no list, it has one of its own.
fn is_of_bun(before: &Safeguards, said: &Said) -> bool {
    before.is_of_bun && *said.name == *TRUSTED && !bun_trusted::is_trusted(&said.key)
}

/// A length of time as a person says it.
pub(super) fn length(minutes: u64) -> String {
    let (number, unit) = match minutes {
        0 => return "nothing".to_owned(),
        minutes if minutes % DAY == 0 => (minutes / DAY, "day"),
        minutes if minutes % 60 == 0 => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// What a message may repeat of a file: short, and without control characters.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    text.chars()
        .filter(|letter| !letter.is_control() && *letter != '`')
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::safeguards::{Pinned, of_npmrc, of_pnpm_workspace, of_yarnrc};
    use crate::syntax::{Format, parse};

    fn side(npmrc: &str, yaml: &str, manager: &str) -> Safeguards {
        let tree = parse(Format::Yaml, yaml.to_owned());
        let of_yaml = if manager.starts_with("yarn") {
            of_yarnrc(&tree)
        } else {
            of_pnpm_workspace(&tree)
        };
        let said = of_npmrc(npmrc).into_iter().chain(of_yaml);
        Safeguards {
            said: said.map(|said| (0, said)).collect(),
            pinned: Pinned::parse(manager),
            is_of_bun: manager.starts_with("bun"),
            ..Safeguards::default()
        }
    }

    /// The severities of what changes; the text before the first `|` is `.npmrc`, behind it YAML.
    fn weakened(manager: &str, before: &str, after: &str) -> Vec<Severity> {
        let [before, after] = [before, after].map(|text| {
            let (npmrc, yaml) = text.split_once('|').unwrap_or((text, ""));
            side(npmrc, yaml, manager)
        });
        let home = |scope: &str| (scope == "@used").then(|| "npm.used.example".to_owned());
        let found = weakenings(&before, &after, &home);
        found.iter().map(|one| one.severity).collect()
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn what_keeps_out_less_is_told() {
        use Severity::{High, Low, Medium};
        let none: [Severity; 0] = [];
        for (manager, before, after, told) in [
            (
                "npm@11.0.0",
                "min-release-age=7",
                "min-release-age=1",
                &[Medium][..],
            ),
            ("npm@11.0.0", "min-release-age=7", "", &[Medium]),
            (
                "npm@11.0.0",
                "min-release-age=1",
                "min-release-age=7",
                &none,
            ),
            // The same in another file, and what is the default anyway.
            (
                "pnpm@10.20.0",
                "minimum-release-age=1440",
                "|minimumReleaseAge: 1440",
                &none,
            ),
            ("pnpm@11.0.0", "|minimumReleaseAge: 1440", "", &none),
            ("pnpm@11.0.0", "", "|minimumReleaseAge: 0", &[Medium]),
            (
                "yarn@4.15.0",
                "|npmMinimalAgeGate: 3d",
                "|npmMinimalAgeGate: 4320",
                &none,
            ),
            (
                "pnpm@10.20.0",
                "|minimumReleaseAge: 1440",
                "|minimumReleaseAge: 1440\nminimumReleaseAgeExclude: ['*', a, 'b@1.2.3']",
                &[Medium, Low],
            ),
            // A cooldown that comes with its exceptions.
            (
                "pnpm@10.20.0",
                "",
                "|minimumReleaseAge: 1440\nminimumReleaseAgeExclude: [a]",
                &none,
            ),
            (
                "npm@10.0.0",
                "ignore-scripts=true",
                "ignore-scripts=false",
                &[Medium],
            ),
            ("npm@10.0.0", "ignore-scripts=true", "", &[Medium]),
            ("npm@10.0.0", "", "ignore-scripts=false", &none),
            ("yarn@4.14.0", "", "|enableScripts: true", &[Medium]),
            ("yarn@4.12.0", "", "|enableScripts: true", &none),
            (
                "pnpm@10.20.0",
                "",
                "|onlyBuiltDependencies: [esbuild]",
                &[Low],
            ),
            ("pnpm@9.1.0", "", "|onlyBuiltDependencies: [esbuild]", &none),
            (
                "pnpm@11.0.0",
                "|onlyBuiltDependencies: [esbuild]",
                "|allowBuilds: {esbuild: true, sharp: false}",
                &none,
            ),
            (
                "pnpm@10.20.0",
                "",
                "|dangerouslyAllowAllBuilds: true",
                &[High],
            ),
            ("", "", "registry=https://npm.evil.example/", &[High]),
            ("", "", "registry=https://registry.yarnpkg.com", &none),
            ("", "", "registry=${REGISTRY}", &none),
            ("", "@acme:registry=https://npm.acme.example/", "", &[High]),
            (
                "",
                "@acme:registry=https://npm.acme.example/a",
                "@acme:registry=https://npm.acme.example/b",
                &none,
            ),
            ("", "", "@acme:registry=https://npm.acme.example/", &none),
            // What the lockfile has from elsewhere, what it has from there, and what is no longer named.
            ("", "", "@used:registry=https://npm.evil.example/", &[High]),
            ("", "", "@used:registry=https://npm.used.example/", &none),
            (
                "",
                "registry=https://npm.acme.example/\n@acme:registry=https://npm.acme.example/",
                "registry=https://npm.acme.example/",
                &none,
            ),
            ("npm@10.0.0", "", "strict-ssl=false", &[Medium]),
            ("npm@10.0.0", "strict-ssl=false", "strict-ssl=false", &none),
            ("yarn@4.12.0", "", "|enableStrictSsl: false", &[Medium]),
            (
                "yarn@4.12.0",
                "|yarnPath: .yarn/releases/yarn-4.11.0.cjs",
                "|yarnPath: .yarn/releases/yarn-4.12.0.cjs",
                &[Low],
            ),
            ("yarn@4.12.0", "", "|yarnPath: tools/yarn.js", &[Medium]),
            ("pnpm@10.0.0", "", "pnpmfile=hooks.cjs", &[Medium]),
            ("pnpm@10.0.0", "", "pnpmfile=.pnpmfile.cjs", &none),
            ("pnpm@11.0.0", "", "|blockExoticSubdeps: false", &[Medium]),
            ("pnpm@10.26.0", "", "|blockExoticSubdeps: false", &none),
            // Less proof of an origin is overlooked sooner.
            (
                "pnpm@10.27.0",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 525600",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 1440",
                &[Medium],
            ),
            (
                "pnpm@10.27.0",
                "|trustPolicy: no-downgrade",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 525600",
                &[Medium],
            ),
            (
                "pnpm@10.27.0",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 1440",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 525600",
                &none,
            ),
            (
                "pnpm@10.27.0",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 1440",
                "|trustPolicy: no-downgrade",
                &none,
            ),
            (
                "pnpm@10.27.0",
                "",
                "|trustPolicy: no-downgrade\ntrustPolicyIgnoreAfter: 1440",
                &none,
            ),
            (
                "pnpm@10.26.0",
                "|trustPolicy: no-downgrade",
                "|trustPolicy: off",
                &[Medium],
            ),
            ("yarn@4.12.0", "", "|checksumBehavior: ignore", &[High]),
            (
                "yarn@4.12.0",
                "",
                "|enableImmutableInstalls: false",
                &[Medium],
            ),
            (
                "yarn@4.12.0",
                "",
                "|unsafeHttpWhitelist: [npm.acme.example]",
                &[Medium],
            ),
            (
                "yarn@4.12.0",
                "",
                "|plugins: [.yarn/plugins/x.cjs]",
                &[Medium],
            ),
            ("", "", "package-lock=false", &[Medium]),
            ("npm@11.12.0", "allow-git=none", "allow-git=all", &[Medium]),
        ] {
            assert_eq!(
                weakened(manager, before, after),
                told,
                "{manager}: {before} -> {after}"
            );
        }
    }
}
