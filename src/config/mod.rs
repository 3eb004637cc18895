//! The configuration that users write: `.tidegate.yaml` or `.github/tidegate.yaml`.
//!
//! [`read`] turns a file into a [`Config`] or says with places what is wrong with it; [`weakening`] tells what a
//! change takes from the gate. What a file leaves out keeps its default, and none is needed to start.

pub mod clusters;
pub mod legible;
pub mod pattern;
pub mod read;
pub mod registries;
pub mod value;
pub mod waiver;
pub mod weakening;

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::finding::Severity;
use crate::kubernetes::kinds::Declared;
use crate::kubernetes::pod_security::Level;

use pattern::{PathPattern, RulePattern};
use registries::{Registries, RegistryPattern};
use value::{Period, Setting, TargetVersion};
use waiver::Waiver;

/// Where a configuration may stand, the first that is there counts.
pub const PATHS: [&str; 2] = [".tidegate.yaml", ".github/tidegate.yaml"];

/// Names that look like [`PATHS`] and that nobody reads.
pub const UNREAD_PATHS: [&str; 4] = [
    ".tidegate.yml",
    "tidegate.yaml",
    ".github/tidegate.yml",
    ".github/.tidegate.yaml",
];

/// The least severity that blocks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Block on critical findings.
    Critical,
    /// Block on high findings and graver.
    #[default]
    High,
    /// Block on medium findings and graver.
    Medium,
    /// Block on low findings and graver.
    Low,
    /// Findings never block.
    Never,
}

impl FailOn {
    /// The least severity that blocks; none if none does.
    #[must_use]
    pub fn threshold(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Never => None,
        }
    }

    /// The word in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.threshold().map_or("never", Severity::name)
    }
}

/// What a run that could not see everything ends with.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum OnIncomplete {
    /// Fail: green never means blind.
    #[default]
    Fail,
    /// Pass, and say what was not seen.
    Pass,
}

/// The configuration of tidegate. All of it is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "tidegate configuration", rename = "Configuration")]
pub struct Config {
    /// The least severity of an introduced finding that blocks: high where it is not said.
    #[serde(deserialize_with = "or_default")]
    pub fail_on: Option<FailOn>,
    /// What a run ends with that could not see everything: it fails where it is not said.
    #[serde(deserialize_with = "or_default")]
    pub on_incomplete: Option<OnIncomplete>,
    /// What the manifests are applied to.
    #[serde(deserialize_with = "or_default")]
    pub kubernetes: KubernetesConfig,
    /// Which files are manifests.
    #[serde(deserialize_with = "or_default")]
    pub manifests: ManifestsConfig,
    /// What is asked of container images.
    #[serde(deserialize_with = "or_default")]
    pub images: ImagesConfig,
    /// What is asked of Node.js packages.
    #[serde(deserialize_with = "or_default")]
    pub packages: PackagesConfig,
    /// Severities by rule or pattern; `off` silences. Of two patterns that fit, the one that says more counts.
    #[serde(deserialize_with = "rules")]
    #[schemars(with = "BTreeMap<String, Setting>")]
    pub rules: BTreeMap<RulePattern, Setting>,
    /// Whether waivers that a pull request adds hold for that pull request already. From forks they never do.
    #[serde(deserialize_with = "or_default")]
    pub new_waivers: NewWaivers,
    /// Findings that are accepted, with a reason.
    #[serde(deserialize_with = "or_default")]
    pub waivers: Vec<Waiver>,
}

/// When a waiver that a pull request adds begins to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NewWaivers {
    /// At once; that it was added is told.
    #[default]
    Accept,
    /// Once it has been merged.
    AfterMerge,
}

/// What the manifests are applied to.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct KubernetesConfig {
    /// The versions of the target clusters, in quotes: `["1.35", "1.37"]`. Without it, the versions that Kubernetes
    /// supports.
    #[serde(deserialize_with = "or_default")]
    pub versions: Option<Vec<TargetVersion>>,
    /// The Pod Security level that workloads should meet where their namespace does not say.
    #[schemars(with = "LevelName")]
    #[serde(deserialize_with = "level")]
    pub pod_security: Level,
    /// Whether every object of a cluster stands in this repository.
    #[serde(deserialize_with = "or_default")]
    pub world: World,
    /// What is applied together. Without it, copies of an object in different folders are alternatives.
    #[serde(deserialize_with = "or_default")]
    pub clusters: Vec<Cluster>,
    /// Further kinds that make pods.
    #[serde(deserialize_with = "or_default")]
    pub workloads: Vec<WorkloadKind>,
}

impl Default for KubernetesConfig {
    fn default() -> Self {
        Self {
            versions: None,
            pod_security: Level::Restricted,
            world: World::default(),
            clusters: Vec::new(),
            workloads: Vec::new(),
        }
    }
}

impl KubernetesConfig {
    /// The kinds that are declared, or what is wrong with them.
    pub fn declared(&self) -> impl Iterator<Item = Result<Declared, &'static str>> {
        self.workloads
            .iter()
            .map(|kind| Declared::parse(&kind.kind, kind.group.as_deref(), &kind.pod_template))
    }
}

/// The names of the levels, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum LevelName {
    Privileged,
    Baseline,
    Restricted,
}

/// Whether a repository holds all that its clusters hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// There may be more in the cluster than stands here.
    #[default]
    Open,
    /// Every object of a cluster stands here.
    Closed,
}

/// What is applied together.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cluster {
    /// What the cluster is called.
    pub name: String,
    /// Its files.
    pub paths: Vec<PathPattern>,
}

/// A kind that makes pods and is not known.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WorkloadKind {
    /// `kind`.
    pub kind: String,
    /// The API group, such as `argoproj.io`. Without it, the kind of any group.
    pub group: Option<String>,
    /// Where the template of the pods stands, such as `spec.template`; `[]` behind a field is each item of a list.
    pub pod_template: String,
}

/// Which files are manifests.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ManifestsConfig {
    /// Files that are not read, such as `**/testdata/**`.
    #[serde(deserialize_with = "or_default")]
    pub exclude: Vec<PathPattern>,
}

/// What is asked of container images.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImagesConfig {
    /// Where the images of workloads may come from: registries such as `registry.example.com`, or folders of them such
    /// as `ghcr.io/acme`. Without it, from anywhere.
    #[serde(deserialize_with = "or_default")]
    pub registries: Vec<RegistryPattern>,
}

impl ImagesConfig {
    /// Where images may come from; none where nothing is said.
    #[must_use]
    pub fn registries(&self) -> Option<Registries> {
        Registries::new(&self.registries)
    }
}

/// What is asked of Node.js packages.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PackagesConfig {
    /// How old a release must be.
    pub cooldown: Period,
    /// How grave it is to be behind.
    #[serde(deserialize_with = "or_default")]
    pub outdated: Outdated,
    /// How much older dependencies may grow.
    #[serde(deserialize_with = "or_default")]
    pub drift: Drift,
    /// Which licences are accepted.
    #[serde(deserialize_with = "or_default")]
    pub licenses: Licenses,
    /// Who is asked.
    #[serde(deserialize_with = "or_default")]
    pub sources: Sources,
}

impl Default for PackagesConfig {
    fn default() -> Self {
        Self {
            cooldown: Period::days(3),
            outdated: Outdated::default(),
            drift: Drift::default(),
            licenses: Licenses::default(),
            sources: Sources::default(),
        }
    }
}

/// How grave it is to be behind by a major, minor or patch version.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Outdated {
    /// Behind by a major version.
    pub major: Setting,
    /// Behind by a minor version.
    pub minor: Setting,
    /// Behind by a patch.
    pub patch: Setting,
}

impl Default for Outdated {
    fn default() -> Self {
        Self {
            major: Setting::Severity(Severity::Low),
            minor: Setting::Severity(Severity::Note),
            patch: Setting::Off,
        }
    }
}

/// How much older dependencies may grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drift {
    /// The libyears that one pull request may add.
    #[serde(deserialize_with = "or_default")]
    pub budget: Option<Period>,
}

/// Which licences are accepted.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Licenses {
    /// SPDX identifiers; without the list, all.
    #[serde(deserialize_with = "or_default")]
    pub allow: Option<Vec<String>>,
    /// How grave it is that a licence is not known.
    pub unknown: Setting,
}

impl Default for Licenses {
    fn default() -> Self {
        Self {
            allow: None,
            unknown: Setting::Off,
        }
    }
}

/// Who is asked about packages.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sources {
    /// Where advisories come from; without the list, the database where there is one, else the API of OSV. With an
    /// empty list, nowhere. A database that `--database` names is read in any case.
    #[serde(deserialize_with = "or_default")]
    pub advisories: Option<Vec<AdvisorySource>>,
    /// Whether the registry is asked.
    pub registry: bool,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            advisories: None,
            registry: true,
        }
    }
}

/// A source of advisories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdvisorySource {
    /// The database on this machine.
    Database,
    /// The API of OSV.
    Osv,
    /// The endpoint of the configured npm registry.
    Npm,
}

/// A key with nothing behind it is as good as no key.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn rules<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<RulePattern, Setting>, D::Error> {
    or_default(deserializer)
}

/// The JSON schema of the configuration, as `schema/config.schema.json` holds it.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Config>()
}
