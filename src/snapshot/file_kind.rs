//! What a file is by its name: which reader takes it.

use crate::config;
use crate::kubernetes::kustomization::is_kustomization_name;
use crate::packages::lockfile::LockfileKind;
use crate::syntax::Format;
use crate::workflow::is_workflow;

/// What a file is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// YAML, and everything that is nothing else.
    Yaml,
    /// JSON.
    Json,
    /// `kustomization.yaml` and its other names.
    Kustomization,
    /// The configuration of this program.
    Configuration,
    /// A GitHub workflow.
    Workflow,
    /// `Dockerfile`, `Containerfile`, with anything before or behind.
    Dockerfile,
    /// `.dockerignore`, of a folder or of one Dockerfile.
    DockerIgnore,
    /// `package.json`.
    PackageJson,
    /// `.nvmrc` or `.node-version`.
    NodeVersion,
    /// `.tool-versions`, as asdf and mise read it.
    ToolVersions,
    /// `mise.toml`, with a dot before it or without.
    MiseSettings,
    /// `.npmrc`.
    NpmSettings,
    /// `.yarnrc.yml`.
    YarnSettings,
    /// `.yarnrc` of Yarn 1.
    YarnClassicSettings,
    /// `bunfig.toml`.
    BunSettings,
    /// `renovate.json` and its other names.
    Renovate,
    /// `pnpm-workspace.yaml`: workspaces, catalogues and settings of pnpm.
    PnpmWorkspace,
    /// A lockfile.
    Lockfile(LockfileKind),
    /// `.env`, `.env.production`, `.envrc`, `env.production` and the like.
    Environment,
    /// What may hold a private key: `id_rsa` and its kin, `*.key`, `*.pem`.
    KeyFile,
    /// `*.conf`, `*.properties`, `*.txt`, `.dockerconfigjson`, `password` and the like: settings of a program, read where
    /// a kustomization puts them into an object.
    Settings,
    /// Code that package managers run: `.pnpmfile.cjs`, a release or a plugin of Yarn in `.yarn`. It is not read.
    InstallCode,
    /// A file with the name of a patch. It is not read.
    CodePatch,
}

impl FileKind {
    /// What a path is.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_kustomization_name(path) {
            return Self::Kustomization;
        }
        if config::PATHS.contains(&path) {
            return Self::Configuration;
        }
        if is_workflow(path) {
            return Self::Workflow;
        }
        if let Some(lockfile) = LockfileKind::of(name) {
            return Self::Lockfile(lockfile);
        }
        match name {
            "package.json" => Self::PackageJson,
            "pnpm-workspace.yaml" => Self::PnpmWorkspace,
            ".nvmrc" | ".node-version" => Self::NodeVersion,
            ".tool-versions" => Self::ToolVersions,
            "mise.toml" | ".mise.toml" => Self::MiseSettings,
            ".npmrc" => Self::NpmSettings,
            ".yarnrc.yml" => Self::YarnSettings,
            ".yarnrc" => Self::YarnClassicSettings,
            ".pnpmfile.cjs" | ".pnpmfile.mjs" | ".pnpmfile.js" => Self::InstallCode,
            "bunfig.toml" => Self::BunSettings,
            "renovate.json" | "renovate.json5" | ".renovaterc" | ".renovaterc.json"
            | ".renovaterc.json5" => Self::Renovate,
            _ => Self::by_extension(path, name),
        }
    }

    fn by_extension(path: &str, name: &str) -> Self {
        let extension = Extension::of(name);
        match name {
            _ if is_code_of_yarn(path, extension) => Self::InstallCode,
            _ if extension.is("patch") => Self::CodePatch,
            _ if extension.is("dockerignore") => Self::DockerIgnore,
            _ if is_environment(name, extension) => Self::Environment,
            _ if is_dockerfile(name) => Self::Dockerfile,
            _ if extension.is("env") => Self::Environment,
            _ if extension.is("json") => Self::Json,
            _ if is_kubeconfig(path) => Self::Yaml,
            _ if is_key_file(name, extension) => Self::KeyFile,
            _ if is_settings(extension) => Self::Settings,
            _ => Self::Yaml,
        }
    }

    /// True if a file is read whatever its extension, and matters whatever stands in it.
    #[must_use]
    pub fn is_known_by_name(self) -> bool {
        !matches!(
            self,
            Self::Yaml | Self::Json | Self::Configuration | Self::Workflow | Self::KeyFile
        )
    }

    /// The notation of a file that is read as a tree.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::Json | Self::PackageJson => Format::Json,
            _ => Format::Yaml,
        }
    }
}

/// True for a script below `.yarn/releases` or `.yarn/plugins`.
fn is_code_of_yarn(path: &str, extension: Extension<'_>) -> bool {
    let is_script = extension.is_one_of(&["cjs", "js", "mjs"]);
    let is_below = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    is_script && (is_below(".yarn/releases/") || is_below(".yarn/plugins/"))
}

/// True for the names that Docker, Podman and editors take for a Dockerfile: the word alone, before a dot, or as an
/// extension. Documents about one, and templates of one, are none.
fn is_dockerfile(name: &str) -> bool {
    const OTHERS: [&str; 8] = ["md", "txt", "j2", "tmpl", "tpl", "template", "erb", "bak"];
    let is_word = |part: &str| {
        let mut words = part.split(['-', '_']);
        let is_first = words
            .next()
            .is_some_and(|word| ["Dockerfile", "dockerfile", "Containerfile"].contains(&word));
        is_first && !words.any(|word| OTHERS.contains(&word))
    };
    let Some((first, _)) = name.split_once('.') else {
        return is_word(name);
    };
    let extension = name.rsplit('.').next().unwrap_or_default();
    is_word(extension) || is_word(first) && !OTHERS.contains(&extension)
}

/// True for the names that programs load variables from: `.env` with anything behind a mark, `.envrc` of direnv, and
/// `env` with the name of a stage behind it.
fn is_environment(name: &str, extension: Extension<'_>) -> bool {
    const STAGES: [&str; 21] = [
        "ci",
        "default",
        "dev",
        "development",
        "dist",
        "docker",
        "example",
        "live",
        "local",
        "preprod",
        "preview",
        "prod",
        "production",
        "qa",
        "sample",
        "stage",
        "staging",
        "template",
        "test",
        "testing",
        "uat",
    ];
    // What is encrypted as a whole is made to be committed.
    const ENCRYPTED: [&str; 4] = ["age", "asc", "gpg", "pgp"];
    if extension.is_one_of(&ENCRYPTED) {
        return false;
    }
    if let Some(rest) = name.strip_prefix(".env") {
        return rest.is_empty() || rest == "rc" || rest.starts_with(['.', '-', '_']);
    }
    let stages = name.strip_prefix("env.");
    stages.is_some_and(|stages| stages.split('.').all(|stage| STAGES.contains(&stage)))
}

/// True for the names of private keys of SSH and of files in PEM.
fn is_key_file(name: &str, extension: Extension<'_>) -> bool {
    ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].contains(&name)
        || extension.is_one_of(&["key", "pem"])
}

/// True for the usual names of what kubectl is configured by, which is YAML under another name.
pub(super) fn is_kubeconfig(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "kubeconfig" || path.ends_with(".kube/config") || Extension::of(name).is("kubeconfig")
}

/// True for what generators are fed with: settings of programs, lines of variables, and files that hold one value alone,
/// whose names most often have no extension.
fn is_settings(extension: Extension<'_>) -> bool {
    const EXTENSIONS: [&str; 32] = [
        "acl",
        "bash",
        "cer",
        "cfg",
        "cnf",
        "conf",
        "credentials",
        "creds",
        "crt",
        "dockercfg",
        "dockerconfigjson",
        "envs",
        "git-credentials",
        "hcl",
        "htpasswd",
        "ini",
        "list",
        "netrc",
        "p8",
        "password",
        "pgpass",
        "properties",
        "s3cfg",
        "secret",
        "secrets",
        "sh",
        "sql",
        "token",
        "toml",
        "txt",
        "vars",
        "xml",
    ];
    extension.is_missing() || extension.is_one_of(&EXTENSIONS)
}

/// What stands behind the last dot of a name. Of every file of a repository it is asked what it is, so that the dot is
/// looked for once.
#[derive(Clone, Copy)]
struct Extension<'n> {
    text: Option<&'n str>,
    /// True where nothing stands before the dot: such names are told apart by case.
    is_whole: bool,
}

impl<'n> Extension<'n> {
    fn of(name: &'n str) -> Self {
        let parts = name.rsplit_once('.');
        Self {
            text: parts.map(|(_, own)| own),
            is_whole: parts.is_some_and(|(stem, _)| stem.is_empty()),
        }
    }

    fn is_missing(self) -> bool {
        self.text.is_none()
    }

    fn is(self, extension: &str) -> bool {
        self.text.is_some_and(|own| {
            own == extension || !self.is_whole && own.eq_ignore_ascii_case(extension)
        })
    }

    fn is_one_of(self, extensions: &[&str]) -> bool {
        extensions.iter().any(|extension| self.is(extension))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_is() {
        for (path, kind) in [
            ("Dockerfile", FileKind::Dockerfile),
            ("api/Dockerfile.prod", FileKind::Dockerfile),
            ("api/prod.Dockerfile", FileKind::Dockerfile),
            ("Containerfile", FileKind::Dockerfile),
            ("Dockerfile.md", FileKind::Yaml),
            ("Dockerfile.j2", FileKind::Yaml),
            ("Dockerfile-web", FileKind::Dockerfile),
            ("Dockerfile_worker", FileKind::Dockerfile),
            ("MyDockerfile", FileKind::Settings),
            (".dockerignore", FileKind::DockerIgnore),
            ("Dockerfile.dockerignore", FileKind::DockerIgnore),
            ("api/package.json", FileKind::PackageJson),
            ("package-lock.json", FileKind::Lockfile(LockfileKind::Npm)),
            (".nvmrc", FileKind::NodeVersion),
            ("api/.mise.toml", FileKind::MiseSettings),
            ("web/.pnpmfile.cjs", FileKind::InstallCode),
            (".yarn/releases/yarn-4.1.0.cjs", FileKind::InstallCode),
            ("a/.yarn/plugins/@yarnpkg/x.cjs", FileKind::InstallCode),
            ("a.yarn/plugins/x.cjs", FileKind::Yaml),
            ("patches/a@1.0.0.patch", FileKind::CodePatch),
            (".yarnrc", FileKind::YarnClassicSettings),
            (".env", FileKind::Environment),
            (".env.production", FileKind::Environment),
            ("deploy/prod.env", FileKind::Environment),
            (".envrc", FileKind::Environment),
            ("api/.env-prod", FileKind::Environment),
            (".env_production", FileKind::Environment),
            ("env.production", FileKind::Environment),
            ("env.prod.local", FileKind::Environment),
            (".envoy", FileKind::Yaml),
            ("env.ts", FileKind::Yaml),
            ("env.yaml", FileKind::Yaml),
            ("env.json", FileKind::Json),
            ("deploy/redis.conf", FileKind::Settings),
            ("deploy/POSTGRES_PASSWORD", FileKind::Settings),
            ("deploy/dbPassword", FileKind::Settings),
            ("deploy/.git-credentials", FileKind::Settings),
            ("deploy/prod", FileKind::Settings),
            ("deploy/kubeconfig", FileKind::Yaml),
            (".kube/config", FileKind::Yaml),
            ("deploy/prod.sh", FileKind::Settings),
            (".github/workflows/ci.yml", FileKind::Workflow),
            ("deploy/kustomization.yaml", FileKind::Kustomization),
            (".tidegate.yaml", FileKind::Configuration),
            ("deploy/.tidegate.yaml", FileKind::Yaml),
            ("a.yaml", FileKind::Yaml),
            ("a.JSON", FileKind::Json),
            ("certs/server.key", FileKind::KeyFile),
            ("id_rsa", FileKind::KeyFile),
            ("id_rsa.pub", FileKind::Yaml),
        ] {
            assert_eq!(FileKind::of(path), kind, "{path}");
        }
    }
}
