//! Which registry serves which name, and with which token.
//!
//! Files of the repository are those of the tip of the base branch: whoever reads a pull request's own lets it send a
//! token to its own host. From the repository comes at most the *name* of a variable; the tokens themselves come from
//! the environment, or from the file of the user that the environment names. Each is bound to the host and path that
//! its line names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::address::RegistryUrl;
use super::bunfig::{Bunfig, Place};
use super::npmrc::NpmSettings;
use crate::packages::pnpm_workspace::{Served, routes};
use crate::packages::secret_name::names_secret;
use crate::syntax::{Format, Node, parse};

/// The notation of a file of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsKind {
    /// `.npmrc`.
    Npm,
    /// `.yarnrc.yml`.
    Yarn,
    /// `bunfig.toml`.
    Bun,
    /// `.yarnrc` of Yarn 1.
    YarnClassic,
    /// `pnpm-workspace.yaml`.
    Pnpm,
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The repository's, at the tip of the base branch. A token that is written out in it is not used.
    Repository,
    /// The user's, outside of the repository: part of the environment.
    User,
}

/// A file that may say where packages come from.
#[derive(Clone, Debug)]
pub struct SettingsFile<'a> {
    /// Its notation.
    pub kind: SettingsKind,
    /// Whose it is.
    pub owner: Owner,
    /// Its path, for messages.
    pub path: Arc<str>,
    /// Its text.
    pub text: &'a str,
}

/// Where packages come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    default: Registry,
    /// The same as the repository's own files say it.
    of_repository: Option<Registry>,
    scopes: BTreeMap<Arc<str>, Registry>,
    tokens: Vec<Token>,
    /// What was not heeded, in the order in which it was read.
    pub ignored: Vec<Ignored>,
}

/// A registry, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Its address; that of no host where `unread` says why.
    pub url: RegistryUrl,
    /// The file or the variable that names it; none for the default.
    pub from: Option<Arc<str>>,
    /// Why the address is not known. Names that it serves are told to nobody: they come from there, and not from
    /// where all others do.
    pub unread: Option<Why>,
}

/// A setting that is not heeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The file or the variable.
    pub from: Arc<str>,
    /// The key, without what stands behind it.
    pub key: String,
    /// Why.
    pub why: Why,
}

/// Why a setting is not heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A token is written out in a file of the repository.
    Literal,
    /// The variable that it names is not set.
    Unset,
    /// It is no address, or one that holds a password.
    Address,
    /// It would put a secret into an address.
    SecretInAddress,
    /// It belongs to no host.
    Unbound,
    /// Certificates are verified whatever it says.
    Lax,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Literal => "it is a token that is written out",
            Self::Unset => "the variable that it names is not set",
            Self::Address => "it is no address, or one with a password",
            Self::SecretInAddress => "it puts a secret into an address",
            Self::Unbound => "it belongs to no host",
            Self::Lax => "certificates are verified whatever it says",
        })
    }
}

/// What is sent to a host, for addresses below a path.
#[derive(Clone, PartialEq, Eq)]
struct Token {
    /// `host/path/`, with the port where it is written.
    below: String,
    /// The value of `Authorization`.
    value: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token for {}", self.below)
    }
}

impl Settings {
    /// Reads files and environment. Of several files the earlier one counts: the caller puts the file of the package
    /// manager first, files of inner folders before outer ones, and the user's last. The environment beats them all.
    #[must_use]
    pub fn read(files: &[SettingsFile<'_>], environment: &BTreeMap<String, String>) -> Self {
        let mut reading = Reading {
            environment,
            default: None,
            of_repository: None,
            owner: None,
            scopes: BTreeMap::new(),
            tokens: Vec::new(),
            ignored: Vec::new(),
        };
        reading.environment();
        for file in files {
            reading.owner = Some(file.owner);
            match file.kind {
                SettingsKind::Npm => reading.npm(file),
                SettingsKind::Yarn => reading.yarn(file),
                SettingsKind::Bun => reading.bun(file),
                SettingsKind::YarnClassic => reading.yarn_classic(file),
                SettingsKind::Pnpm => reading.pnpm(file),
            }
        }
        let public = || Registry {
            url: RegistryUrl::public(),
            from: None,
            unread: None,
        };
        Self {
            default: reading.default.unwrap_or_else(public),
            of_repository: reading.of_repository,
            scopes: reading.scopes,
            tokens: reading.tokens,
            ignored: reading.ignored,
        }
    }

    /// The registry that serves a name: that of its scope, else the one for all.
    #[must_use]
    pub fn registry_of(&self, name: &str) -> &Registry {
        self.registry_of_scope(name).unwrap_or(&self.default)
    }

    /// The registry that is named for the scope of a name.
    #[must_use]
    pub fn registry_of_scope(&self, name: &str) -> Option<&Registry> {
        let (scope, _) = name.split_once('/').filter(|_| name.starts_with('@'))?;
        self.scopes.get(scope)
    }

    /// The registry of names without a scope of their own.
    #[must_use]
    pub fn default_registry(&self) -> &Registry {
        &self.default
    }

    /// The registry of such names that a file of the repository names, whatever the environment puts in its place.
    #[must_use]
    pub fn registry_of_repository(&self) -> Option<&Registry> {
        self.of_repository.as_ref()
    }

    /// The value of `Authorization` for a registry; none if there is none, or if somebody between could read it.
    #[must_use]
    pub fn authorization(&self, registry: &RegistryUrl) -> Option<&str> {
        let address = format!("{}{}", registry.host(), registry.path());
        let fits = |token: &&Token| address.starts_with(&token.below);
        let tokens = self.tokens.iter().filter(fits);
        // Of equally long ones the first, which was read from where counts more.
        let longest = tokens.rev().max_by_key(|token| token.below.len());
        longest
            .filter(|_| registry.is_private())
            .map(|token| token.value.as_str())
    }
}

struct Reading<'a> {
    environment: &'a BTreeMap<String, String>,
    default: Option<Registry>,
    of_repository: Option<Registry>,
    /// Whose file is read; none for the environment.
    owner: Option<Owner>,
    scopes: BTreeMap<Arc<str>, Registry>,
    tokens: Vec<Token>,
    ignored: Vec<Ignored>,
}

impl Reading<'_> {
    fn environment(&mut self) {
        let variables = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let npm = NpmSettings::of_environment(variables);
        self.npm_settings(&npm, &Arc::from("the environment"), Owner::User);
        for key in ["YARN_NPM_REGISTRY_SERVER", "YARN_REGISTRY", "yarn_registry"] {
            if let Some(url) = self.environment.get(key) {
                self.take_default(key, url, &Arc::from("the environment"));
            }
        }
    }

    fn npm(&mut self, file: &SettingsFile<'_>) {
        self.npm_settings(&NpmSettings::read(file.text), &file.path, file.owner);
    }

    fn npm_settings(&mut self, npm: &NpmSettings, from: &Arc<str>, owner: Owner) {
        let mut seen: Vec<&str> = Vec::new();
        let entries: Vec<_> = npm.iter().collect();
        // Of equal keys the last one counts.
        for (key, value) in entries.into_iter().rev() {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            if key == "registry" {
                self.take_default(key, value, from);
            } else if let Some(scope) = key.strip_suffix(":registry") {
                self.take_scope(scope, key, value, from);
            } else if let Some(below) = key.strip_suffix(":_authToken") {
                self.take_token(below, key, value, from, owner, "Bearer");
            } else if let Some(below) = key.strip_suffix(":_auth") {
                self.take_token(below, key, value, from, owner, "Basic");
            } else if ["_auth", "_authToken", "_password"].contains(&key) {
                self.ignore(from, key, Why::Unbound);
            } else if key == "strict-ssl" && value == "false" {
                self.ignore(from, key, Why::Lax);
            }
        }
    }

    fn yarn(&mut self, file: &SettingsFile<'_>) {
        let tree = parse(Format::Yaml, file.text.to_owned());
        let Some(document) = tree.documents().first() else {
            return;
        };
        let root = tree.root(document);
        let text = |node: Node<'_>, key: &str| {
            let value = node.get(key)?.as_str()?;
            Some(value.to_owned())
        };
        let from = &file.path;
        if let Some(url) = text(root, "npmRegistryServer") {
            self.take_default("npmRegistryServer", &url, from);
        }
        if let Some(token) = text(root, "npmAuthToken") {
            let own = self
                .default
                .as_ref()
                .map(|registry| registry.url.as_str().to_owned());
            let below = own.unwrap_or_else(|| super::DEFAULT.to_owned());
            self.take_token(&below, "npmAuthToken", &token, from, file.owner, "Bearer");
        }
        let scopes = root.get("npmScopes");
        for entry in scopes.into_iter().flat_map(Node::entries) {
            let scope = format!("@{}", entry.key.key_text().trim_start_matches('@'));
            let url = text(entry.value, "npmRegistryServer");
            if let Some(url) = &url {
                self.take_scope(&scope, "npmRegistryServer", url, from);
            }
            if let (Some(url), Some(token)) = (url, text(entry.value, "npmAuthToken")) {
                self.take_token(&url, "npmAuthToken", &token, from, file.owner, "Bearer");
            }
        }
        let registries = root.get("npmRegistries");
        for entry in registries.into_iter().flat_map(Node::entries) {
            if let Some(token) = text(entry.value, "npmAuthToken") {
                let below = entry.key.key_text();
                self.take_token(below, "npmAuthToken", &token, from, file.owner, "Bearer");
            }
        }
        if root.get("enableStrictSsl").and_then(Node::as_bool) == Some(false) {
            self.ignore(from, "enableStrictSsl", Why::Lax);
        }
    }

    /// Lines of `key value`, either of them in quotes or not.
    /// <https://classic.yarnpkg.com/lang/en/docs/yarnrc/>
    fn yarn_classic(&mut self, file: &SettingsFile<'_>) {
        let lines = file.text.trim_start_matches('\u{feff}').lines();
        let entries: Vec<(&str, &str)> = lines.filter_map(classic_entry).collect();
        // Of equal keys the last one counts.
        for (key, value) in entries.into_iter().rev() {
            if key == "registry" {
                self.take_default(key, value, &file.path);
            } else if let Some(scope) = key.strip_suffix(":registry") {
                self.take_scope(scope, key, value, &file.path);
            }
        }
    }

    /// `registry` and `registries`.
    fn pnpm(&mut self, file: &SettingsFile<'_>) {
        let tree = parse(Format::Yaml, file.text.to_owned());
        let Some(document) = tree.documents().first() else {
            return;
        };
        let root = tree.root(document);
        let registries = root.get("registries");
        for route in registries.into_iter().flat_map(routes) {
            match route.served {
                Served::Default => self.take_default("registries", route.url, &file.path),
                Served::Scope(scope) => {
                    self.take_scope(scope, &format!("registries.{scope}"), route.url, &file.path);
                }
                // What comes by a prefix is no name of a registry that everybody knows.
                Served::Prefix(_) => {}
            }
        }
        if let Some(url) = root.get("registry").and_then(Node::as_str) {
            self.take_default("registry", url, &file.path);
        }
    }

    fn bun(&mut self, file: &SettingsFile<'_>) {
        let bunfig = Bunfig::read(file.text);
        if let Some(place) = &bunfig.registry {
            self.take_default("registry", &place.url, &file.path);
            self.bun_token(place, file);
        }
        for (scope, place) in &bunfig.scopes {
            self.take_scope(scope, scope, &place.url, &file.path);
            self.bun_token(place, file);
        }
    }

    fn bun_token(&mut self, place: &Place, file: &SettingsFile<'_>) {
        let Some(token) = &place.token else { return };
        // Bun writes `$NAME` where npm writes `${NAME}`.
        let token = match token.strip_prefix('$') {
            Some(name) if !name.starts_with('{') => format!("${{{name}}}"),
            _ => token.clone(),
        };
        self.take_token(
            &place.url, "token", &token, &file.path, file.owner, "Bearer",
        );
    }

    fn ignore(&mut self, from: &Arc<str>, key: &str, why: Why) {
        self.ignored.push(Ignored {
            from: Arc::clone(from),
            key: key.to_owned(),
            why,
        });
    }

    fn take_default(&mut self, key: &str, value: &str, from: &Arc<str>) {
        if value.trim().is_empty() {
            return;
        }
        let registry = self.address(key, value, from);
        if self.owner == Some(Owner::Repository) {
            self.of_repository.get_or_insert_with(|| registry.clone());
        }
        self.default.get_or_insert(registry);
    }

    fn take_scope(&mut self, scope: &str, key: &str, value: &str, from: &Arc<str>) {
        if !scope.starts_with('@') || value.trim().is_empty() {
            return;
        }
        let registry = self.address(key, value, from);
        self.scopes.entry(Arc::from(scope)).or_insert(registry);
    }

    fn address(&mut self, key: &str, value: &str, from: &Arc<str>) -> Registry {
        let read = self.read_address(value);
        if let Err(why) = &read {
            self.ignore(from, key, *why);
        }
        Registry {
            unread: read.as_ref().err().copied(),
            url: read.unwrap_or_default(),
            from: Some(Arc::clone(from)),
        }
    }

    fn read_address(&self, value: &str) -> Result<RegistryUrl, Why> {
        let mut secret = false;
        let expanded = expanded(value, &mut |name| {
            secret |= names_secret(name);
            self.environment.get(name).cloned()
        });
        if secret {
            return Err(Why::SecretInAddress);
        }
        let expanded = expanded.ok_or(Why::Unset)?;
        RegistryUrl::parse(&expanded).ok_or(Why::Address)
    }

    fn take_token(
        &mut self,
        below: &str,
        key: &str,
        value: &str,
        from: &Arc<str>,
        owner: Owner,
        scheme: &str,
    ) {
        let below = below
            .strip_prefix("https:")
            .or_else(|| below.strip_prefix("http:"))
            .unwrap_or(below);
        let bound = RegistryUrl::parse(&format!("https:{below}"));
        let bound = bound.filter(|_| below.starts_with("//"));
        let Some(bound) = bound else {
            self.ignore(from, key, Why::Unbound);
            return;
        };
        // A file of the repository names a variable and nothing else: whatever stands beside it is written out.
        let is_reference = value.starts_with("${")
            && value.ends_with('}')
            && value.matches('$').count() == 1
            && value.matches('}').count() == 1;
        if owner == Owner::Repository && !is_reference {
            self.ignore(from, key, Why::Literal);
            return;
        }
        // A default that is written beside the name would be a token that is written out.
        let value_of = |name: &str| self.environment.get(name).cloned();
        let token = expanded(value, &mut |name| Some(value_of(name).unwrap_or_default()));
        let Some(token) = token.filter(|token| is_token(token)) else {
            self.ignore(from, key, Why::Unset);
            return;
        };
        let below = format!("{}{}", bound.host(), bound.path());
        self.tokens.push(Token {
            below,
            value: format!("{scheme} {token}"),
        });
    }
}

/// The key and the value of a line of `.yarnrc`; none where it holds no setting.
fn classic_entry(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (key, value) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_once([' ', '\t'])?,
    };
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => value
            .split_once(" #")
            .map_or(value, |(value, _)| value.trim_end()),
    };
    Some((key, value))
}

/// True if a text can stand in a header.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
}

/// A text with its `${NAME}`, `${NAME?}` (npm), `${NAME-default}` and `${NAME:-default}` (Yarn) put in; none if one of
/// them is not set.
fn expanded(text: &str, value_of: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (reference, after) = behind.split_once('}')?;
        let end = reference.find(['?', '-', ':']).unwrap_or(reference.len());
        let (name, modifier) = reference.split_at_checked(end)?;
        let fallback = match modifier.trim_start_matches(':') {
            "?" => Some(""),
            modifier => modifier.strip_prefix('-'),
        };
        whole.push_str(before);
        // With a colon the default stands for what is empty as well.
        let falls_back = |value: &String| value.is_empty() && modifier.starts_with(":-");
        match value_of(name).filter(|value| !falls_back(value)) {
            Some(value) => whole.push_str(&value),
            None => whole.push_str(fallback?),
        }
        rest = after;
    }
    whole.push_str(rest);
    Some(whole)
}
