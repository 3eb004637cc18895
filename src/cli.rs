//! The command line: subcommands and flags, and nothing that acts on them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::access::question::Question;
use crate::access::subject::Subject;
use crate::init::Part;
use crate::init::action_reference::Commit;
use crate::kubernetes::pod_security::{Level, Version};
use crate::network::explain::Asked as End;
use crate::report::review::sticky::SummaryWhen;
use crate::report::terminal::Detail;
use crate::verdict::{FailOn, OnIncomplete};

/// The pull-request gate for JavaScript microservices on Kubernetes.
///
/// Reads what a change does to manifests, judges base and head, and blocks what it introduces.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes, the same for every format:
  0  passed, or nothing in scope
  1  blocked by findings, or --level refuses a workload
  2  usage: a flag, path or revision that does not fit
  3  incomplete: something that changed could not be read (0 with --on-incomplete pass)";

/// A subcommand.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a change, or everything where no base is given
    Check(CheckArgs),
    /// Tell which Pod Security level each workload meets, and what stops the next
    PodSecurity(PodSecurityArgs),
    /// Tell who can do what, and which ways lead to the cluster; with a base, what changed
    Access(PermissionsArgs),
    /// Tell who can reach whom; with a base, what changed
    Network(NetworkArgs),
    /// Tell what is installed and by whom it comes in; with a base, what changed
    Packages(PackagesArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Explain one rule
    Explain(ExplainArgs),
    /// Write a workflow that runs the gate, and a configuration to start from
    Init(InitArgs),
    /// Keep the local database of advisories about packages
    Advisories(AdvisoriesArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Run as a container action (GITHUB_* and INPUT_* variables)
    Action,
    /// Post a saved report to the pull request that it is about
    Publish(PublishArgs),
}

/// Flags that decide how things look.
#[derive(Debug, Args, Clone, Copy)]
#[command(next_help_heading = "Display")]
pub struct Display {
    /// Print nothing but what blocks
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print what is no news as well, and all that was passed over
    #[arg(long, short)]
    pub verbose: bool,

    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

impl Display {
    /// How much is printed.
    #[must_use]
    pub fn detail(self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that knows colours, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` also elsewhere.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tidegate check                                   every finding of the working tree
  tidegate check --base origin/main                what this branch introduces
  tidegate check --base main --head feature        the same for two revisions
  tidegate check --base old/ --head new/           the same for two folders
  tidegate check deploy/ --output sarif=out.sarif  one folder, with a file for code scanning")]
pub struct CheckArgs {
    /// Show and gate only what lies below these paths; the whole revision is read all the same. Outside a
    /// repository, these paths are also all that is read
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// What to compare with: a revision (its merge base with the head is taken) or a folder. Without it,
    /// every finding counts as introduced
    #[arg(long, value_name = "REV|DIR", help_heading = "Change")]
    pub base: Option<String>,

    /// What to judge: a revision or a folder [default: the working tree]
    #[arg(long, value_name = "REV|DIR", help_heading = "Change")]
    pub head: Option<String>,

    /// The format of standard output
    #[arg(long, value_enum, default_value = "terminal", help_heading = "Output")]
    pub format: Format,

    /// Write a further report to a file, such as sarif=tidegate.sarif; may be given many times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_output, help_heading = "Output")]
    pub output: Vec<(Format, PathBuf)>,

    /// The configuration to obey [default: .tidegate.yaml or .github/tidegate.yaml of the base, or of the head
    /// where there is no base]
    #[arg(long, value_name = "FILE", help_heading = "Verdict")]
    pub config: Option<PathBuf>,

    /// The least severity of an introduced finding that blocks [default: as configured, else high]
    #[arg(long, value_enum, help_heading = "Verdict")]
    pub fail_on: Option<FailOn>,

    /// Let findings block that the base has already
    #[arg(long, help_heading = "Verdict")]
    pub fail_on_existing: bool,

    /// What a run ends with that could not read something that changed [default: as configured, else fail]
    #[arg(long, value_enum, help_heading = "Verdict")]
    pub on_incomplete: Option<OnIncomplete>,

    /// Where facts come from.
    #[command(flatten)]
    pub access: AccessArgs,

    /// How it looks.
    #[command(flatten)]
    pub display: Display,
}

/// Arguments of `publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
It runs in a workflow `on: workflow_run`, with GITHUB_TOKEN and `pull-requests: write`, after the workflow that judged
the pull request of a fork and kept its report.")]
pub struct PublishArgs {
    /// The report, as `--output json=FILE` or the action wrote it
    #[arg(value_name = "REPORT.json")]
    pub report: PathBuf,

    /// What tells several reports about one commit apart: the `category` of the action
    #[arg(long, default_value = "check")]
    pub category: String,

    /// Do not comment on the changed lines
    #[arg(long)]
    pub no_review: bool,

    /// When one comment sums up
    #[arg(long, value_enum, default_value = "auto")]
    pub summary: SummaryWhen,
}

/// Flags that decide who is asked about packages.
#[derive(Debug, Args, Clone)]
#[command(next_help_heading = "Sources")]
pub struct AccessArgs {
    /// Use no network: rules that need it are skipped, which is asked for and so not incomplete
    #[arg(long, env = "TIDEGATE_OFFLINE", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,

    /// The database of advisories, read beside whatever sources the configuration names [default: the one that
    /// `tidegate advisories update` wrote]
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
}

/// A report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Format {
    /// For people, on a terminal.
    Terminal,
    /// For programs; see schema/report.schema.json.
    Json,
    /// For code scanning.
    Sarif,
    /// For the log of a GitHub workflow: annotations, as workflow commands.
    Github,
    /// For a job summary or a comment.
    Markdown,
}

fn parse_output(argument: &str) -> Result<(Format, PathBuf), String> {
    let (format, path) = argument
        .split_once('=')
        .ok_or_else(|| "write it as FORMAT=FILE, such as sarif=tidegate.sarif".to_owned())?;
    if path.is_empty() {
        return Err("the file name is missing after `=`".to_owned());
    }
    Ok((Format::from_str(format, false)?, path.into()))
}

/// Arguments of `pod-security`.
#[derive(Debug, Args)]
pub struct PodSecurityArgs {
    /// Files or folders to judge [default: everything around the current directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Exit with 1 if a workload does not meet this level
    #[arg(long)]
    pub level: Option<Level>,

    /// The version of the standards, such as 1.36 or latest
    #[arg(long, value_name = "VERSION", default_value = "latest")]
    pub kubernetes_version: Version,

    /// The format of standard output
    #[arg(long, value_enum, default_value = "terminal")]
    pub format: AnswerFormat,

    /// How it looks.
    #[command(flatten)]
    pub display: Display,
}

/// What questions look at, and what they compare it with.
#[derive(Debug, Args)]
pub struct Revisions {
    /// What to compare with: a revision (its merge base with the head is taken) or a folder
    #[arg(long, value_name = "REV|DIR")]
    pub base: Option<String>,

    /// What to look at: a revision or a folder [default: the working tree]
    #[arg(long, value_name = "REV|DIR")]
    pub head: Option<String>,
}

/// Arguments of `access`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tidegate access                                          who holds what, and which ways lead to the cluster
  tidegate access --base origin/main                       what this branch changes
  tidegate access --who-can \"get secrets\" -n prod         who can read the secrets of a namespace
  tidegate access --subject ServiceAccount/shop/cart       what one subject holds
  tidegate access --format mermaid                         the ways, as a picture")]
pub struct PermissionsArgs {
    /// Show only what stands below these paths [default: everything around the current directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Which revisions it is about.
    #[command(flatten)]
    pub revisions: Revisions,

    /// Show who can do this: a verb and a resource, with its API group and its subresource where it has them, such as
    /// "patch deployments.apps/scale", and the name of an object
    #[arg(long, value_name = "VERB RESOURCE")]
    pub who_can: Option<Question>,

    /// Show what counts in this namespace
    #[arg(long, short, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Show one subject: ServiceAccount/NAMESPACE/NAME, User/NAME or Group/NAME
    #[arg(long, value_name = "SUBJECT", value_parser = parse_subject)]
    pub subject: Option<Subject>,

    /// The format of standard output
    #[arg(long, value_enum, default_value = "terminal")]
    pub format: PermissionsFormat,

    /// How it looks.
    #[command(flatten)]
    pub display: Display,
}

fn parse_subject(argument: &str) -> Result<Subject, String> {
    Subject::parse(argument).ok_or_else(|| {
        "write it as ServiceAccount/NAMESPACE/NAME, User/NAME or Group/NAME".to_owned()
    })
}

/// A format of `access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PermissionsFormat {
    /// For people.
    #[value(alias = "text")]
    Terminal,
    /// For programs.
    Json,
    /// A picture of the ways, which GitHub draws.
    Mermaid,
}

/// Arguments of `network`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tidegate network                                         who can reach whom
  tidegate network --base origin/main                      what this branch opens and closes
  tidegate network --explain shop/web shop/payments        which policies let it through, and which do not
  tidegate network --explain shop/web 169.254.169.254      the same for an address outside of the cluster
  tidegate network --format mermaid                        as a picture")]
pub struct NetworkArgs {
    /// Show only what stands below these paths [default: everything around the current directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Which revisions it is about.
    #[command(flatten)]
    pub revisions: Revisions,

    /// Show why a connection passes or does not: NAMESPACE/NAME, NAMESPACE/NAME[KIND] or an address, twice
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], value_parser = parse_end)]
    pub explain: Vec<End>,

    /// Whether policies reach pods that share the network of their node
    #[arg(long, value_enum, default_value = "exempt")]
    pub host_network: HostNetworkArg,

    /// The format of standard output
    #[arg(long, value_enum, default_value = "terminal")]
    pub format: NetworkFormat,

    /// How it looks.
    #[command(flatten)]
    pub display: Display,
}

fn parse_end(argument: &str) -> Result<End, String> {
    End::parse(argument).ok_or_else(|| {
        "write it as NAMESPACE/NAME, NAMESPACE/NAME[KIND] or as an IP address".to_owned()
    })
}

/// How pods that share the network of their node are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HostNetworkArg {
    /// Policies do not reach them, as with most network plugins
    Exempt,
    /// As other pods
    Policied,
}

/// A format of `network`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NetworkFormat {
    /// One line a pair, as other tools for network policies write them.
    #[value(alias = "text")]
    Terminal,
    /// For programs.
    Json,
    /// A picture that GitHub draws.
    Mermaid,
    /// A picture for Graphviz.
    Dot,
}

/// Arguments of `packages`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tidegate packages                                what is installed, and by whom it comes in
  tidegate packages --base origin/main             what this branch changes
  tidegate packages services/cart --format json    one service, all of it")]
pub struct PackagesArgs {
    /// Show only what lies below these paths: lockfiles, or workspaces [default: everything around the current
    /// directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Which revisions it is about.
    #[command(flatten)]
    pub revisions: Revisions,

    /// The format of standard output
    #[arg(long, value_enum, default_value = "terminal")]
    pub format: PackagesFormat,

    /// What may be asked about advisories, newer versions and ages.
    #[command(flatten)]
    pub access: AccessArgs,

    /// How it looks.
    #[command(flatten)]
    pub display: Display,
}

/// A format of `packages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PackagesFormat {
    /// For people.
    Terminal,
    /// For programs; see schema/packages.schema.json.
    Json,
    /// For a job summary or a comment.
    Markdown,
}

/// A format of the commands that answer a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// For people.
    Terminal,
    /// For programs.
    Json,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// The format of standard output
    #[arg(long, value_enum, default_value = "terminal")]
    pub format: AnswerFormat,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The id of a rule, such as pod-security/privileged
    #[arg(value_name = "RULE")]
    pub rule: String,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Both go to the root of the repository: .github/workflows/tidegate.yml and .tidegate.yaml. Where one is there already, \
nothing is written, and the exit code is 2.")]
pub struct InitArgs {
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,

    /// Write one of the files alone
    #[arg(long, value_enum, value_name = "FILE")]
    pub only: Option<Part>,

    /// The full commit of the action that the workflow names, of the release that this program is of [default: the
    /// newest that is known, else its tag]
    #[arg(long, value_name = "COMMIT")]
    pub pin: Option<Commit>,
}

/// Arguments of `advisories`.
#[derive(Debug, Args)]
#[command(after_help = "\
The database is advisories.db in TIDEGATE_CACHE_DIR, in XDG_CACHE_HOME/tidegate or in ~/.cache/tidegate, the first that
is set; --database names another one.")]
pub struct AdvisoriesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: AdvisoriesCommand,
}

/// What can be done with the database of advisories.
#[derive(Debug, Subcommand)]
pub enum AdvisoriesCommand {
    /// Make the database anew from all that OSV knows of npm, or add what changed since
    Update(UpdateArgs),
    /// Tell where the database is, what is in it and how old that is
    Status(DatabaseArgs),
}

/// Which database is meant.
#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// The database [default: advisories.db in the user's folder for caches]
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
}

/// Arguments of `advisories update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tidegate advisories update                       from OSV, over the network
  tidegate advisories update --source all.zip      from a file that was brought here
  tidegate advisories update --source own.jsonl    from own entries in the form of OSV, one a line")]
pub struct UpdateArgs {
    /// Which one.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// Where the entries come from: a ZIP archive of them, or a file with one a line
    #[arg(long, value_name = "URL|FILE", default_value = crate::packages::advisory::update::OSV_DUMP)]
    pub source: String,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tidegate completions bash > ~/.local/share/bash-completion/completions/tidegate
  tidegate completions zsh > \"${fpath[1]}/_tidegate\"
  tidegate completions fish > ~/.config/fish/completions/tidegate.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
