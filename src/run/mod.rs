//! The pipeline: the one place where all stages meet, in order.

mod access;
mod asked;
mod by_lockfile;
mod cause;
mod cause_built;
mod coverage;
mod differences;
mod folded;
pub mod gather;
pub mod governance;
pub mod init;
mod levels;
mod network;
mod packages;
pub(crate) mod settings_files;
pub mod sides;
mod stretches;
mod undated;
mod unpublished;
pub mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::change::compare::{Change, Changes};
use crate::change::{Side, SideLabel};
use crate::config::value::Day;
use crate::connectivity;
use crate::error::Error;
use crate::evaluate::{Evaluation, evaluate, evaluate_arrivals};
use crate::facts::{Absence, Facts};
use crate::finding::{Finding, Status};
use crate::fix::{Trial, prove};
use crate::inventory;
use crate::kubernetes::pod_security::{Level, Version};
use crate::permissions;
use crate::pod_security::{Answer, answer};
use crate::rule::{Check, Context, Pair, Rule, Sink};
use crate::rules;
use crate::shown;
use crate::snapshot::Snapshot;
use crate::snapshot::load::{Loaded, load};
use crate::snapshot::pairs::Pairs;
use crate::syntax::Span;
use crate::verdict::{PassedOver, Report, SkippedRule};
use crate::waivers::added::added;
use crate::waivers::stated;
use crate::waivers::uses::Force;

use coverage::{coverage, incomplete};
use differences::of_change;
use gather::{Access, gather};
use governance::{Governance, Governing, Overrides};
use sides::{Sides, is_in_scope};
use undated::undated;
use unpublished::{ignorance, unpublished};
use wanted::{add_local_names, wanted};

/// What is to be judged.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Show and gate only what lies below these paths.
    pub paths: Vec<PathBuf>,
    /// A revision or folder to compare with.
    pub base: Option<String>,
    /// A revision or folder to judge; the working tree where it is not given.
    pub head: Option<String>,
    /// The configuration, where it is not the one of the base.
    pub config: Option<PathBuf>,
    /// What counts for more than the configuration.
    pub overrides: Overrides,
    /// The day of the run; none where nothing is to expire.
    pub today: Option<Day>,
    /// What may be used to learn of the outside world; without it, nobody is asked.
    pub access: Option<Access>,
    /// True if somebody is offered what mends a finding that the change brings, which takes judging the head again for
    /// each; without a base, nothing is.
    pub fixes: bool,
}

/// What a run does at the moment, for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding out which files there are.
    Listing,
    /// Reading so many files.
    Reading(usize),
    /// Asking about so many packages.
    Asking(usize),
    /// Judging so many of them.
    Judging(usize),
    /// Comparing the findings.
    Comparing,
    /// Nothing but a hint: no file of the base lies within the paths that are asked for, so that all of it is new.
    NothingBefore,
}

/// Runs everything, from two places to a report.
///
/// # Errors
/// What keeps a run from being carried out at all; see [`Error`].
pub fn run(request: &Request) -> Result<Report, Error> {
    run_watched(request, &|_| {})
}

/// The same, and tells what it does.
///
/// # Errors
/// The same.
pub fn run_watched(request: &Request, watch: &dyn Fn(Stage)) -> Result<Report, Error> {
    let given = request
        .config
        .as_deref()
        .map(Governing::given)
        .transpose()?;
    watch(Stage::Listing);
    let sides = sides::find(
        &request.paths,
        request.base.as_deref(),
        request.head.as_deref(),
    )?;
    if request.head.is_none() && sides.is_nothing_before() {
        watch(Stage::NothingBefore);
    }
    let file = match given {
        Some(given) => Some(given),
        None => Governance::find(&sides)?,
    };
    let governance = Governance {
        file,
        overrides: request.overrides,
        is_fork: false,
        today: request.today,
    };
    Ok(judge_watched(
        &sides,
        &governance,
        request.access.as_ref(),
        request.fixes,
        watch,
    ))
}

/// The day, in the time zone that all runs share.
#[must_use]
pub fn today() -> Day {
    Day(jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date())
}

/// Answers which Pod Security level each workload of the working tree meets.
///
/// # Errors
/// A path that does not exist, or a repository that cannot be read.
pub fn pod_security(
    paths: &[PathBuf],
    asked: Option<Level>,
    version: Version,
) -> Result<Answer, Error> {
    let sides = sides::find(paths, None, None)?;
    let governance = Governance {
        file: Governance::find(&sides)?,
        ..Governance::default()
    };
    let head = load(None, &sides.head, &governance.intake()).head;
    let mut answer = answer(head, asked, version, |path| sides.holds(path));
    shown::answer(&mut answer);
    Ok(answer)
}

/// The sides of a question, and what governs how they are read.
fn asked_about(
    paths: &[PathBuf],
    base: Option<&str>,
    head: Option<&str>,
) -> Result<(Sides, Governance), Error> {
    let sides = sides::find(paths, base, head)?;
    if let Some(why) = sides.history_missing {
        return Err(Error::HistoryMissing(why));
    }
    let governance = Governance {
        file: Governance::find(&sides)?,
        ..Governance::default()
    };
    Ok((sides, governance))
}

/// Answers who may do what in a revision, and with a base what a change does to that.
///
/// # Errors
/// A place that does not exist, a repository that cannot be read, or a history that is not here.
pub fn access(
    paths: &[PathBuf],
    base: Option<&str>,
    head: Option<&str>,
    asked: &permissions::Asked,
) -> Result<permissions::Answer, Error> {
    let (sides, governance) = asked_about(paths, base, head)?;
    let loaded = load(sides.base.as_ref(), &sides.head, &governance.intake());
    let context = governance.context();
    let mut answer = access::answer(loaded, asked, &context, &|path| sides.holds(path));
    shown::permissions(&mut answer);
    Ok(answer)
}

/// Answers who can reach whom in a revision, and with a base what a change does to that.
///
/// # Errors
/// A place that does not exist, a repository that cannot be read, or a history that is not here.
pub fn network(
    paths: &[PathBuf],
    base: Option<&str>,
    head: Option<&str>,
    asked: &connectivity::Asked,
) -> Result<connectivity::Answer, Error> {
    let (sides, governance) = asked_about(paths, base, head)?;
    let loaded = load(sides.base.as_ref(), &sides.head, &governance.intake());
    let context = governance.context();
    let mut answer = network::answer(loaded, asked, &context, &|path| sides.holds(path))?;
    shown::connectivity(&mut answer);
    Ok(answer)
}

/// Answers what a revision installs, and with a base what a change does to it.
///
/// # Errors
/// A place that does not exist, a repository that cannot be read, or a history that is not here.
pub fn packages(
    paths: &[PathBuf],
    base: Option<&str>,
    head: Option<&str>,
    access: Option<&Access>,
) -> Result<inventory::Answer, Error> {
    let (sides, governance) = asked_about(paths, base, head)?;
    let loaded = load(sides.base.as_ref(), &sides.head, &governance.intake());
    let facts = facts_of(access, &sides, &governance, &loaded, &|_| {});
    let mut answer = packages::answer(loaded, &facts, |path| sides.holds(path));
    let unavailable = asked::unavailable(&facts);
    // Whoever names a source wants to hear from it; what is asked without being named is told.
    let is_named = |access: &Access| {
        let sources = &governance.config().packages.sources;
        access.database.is_some() || sources.advisories.is_some()
    };
    answer.is_incomplete = !unavailable.is_empty() && access.is_some_and(is_named);
    answer.not_looked_at.extend(unavailable);
    shown::packages(&mut answer);
    Ok(answer)
}

/// From two sides to a report: reads, evaluates, compares and sums up. Never fails.
#[must_use]
pub fn judge(sides: &Sides, governance: &Governance, access: Option<&Access>) -> Report {
    judge_watched(sides, governance, access, true, &|_| {})
}

fn judge_watched(
    sides: &Sides,
    governance: &Governance,
    access: Option<&Access>,
    fixes: bool,
    watch: &dyn Fn(Stage),
) -> Report {
    let listed = |side: &Side| side.files().len();
    watch(Stage::Reading(
        sides.base.as_ref().map_or(0, listed) + listed(&sides.head),
    ));
    let loaded = load(sides.base.as_ref(), &sides.head, &governance.intake());
    let facts = facts_of(access, sides, governance, &loaded, watch);
    let asked = Asked {
        base: sides.base.as_ref().map(|base| base.label().clone()),
        head: sides.head.label().clone(),
        scope: sides.scope.clone(),
        history_missing: sides.history_missing.clone(),
        facts,
        fixes,
    };
    judge_loaded(loaded, asked, governance, watch)
}

/// What the outside world says of what both sides install; nothing where nobody may be asked.
/// The rule for which registries are told of names that come from none.
const PUBLIC_NAME: &str = "package/public-name";

fn facts_of(
    access: Option<&Access>,
    sides: &Sides,
    governance: &Governance,
    loaded: &Loaded,
    watch: &dyn Fn(Stage),
) -> Facts {
    let Some(access) = access else {
        return Facts::default();
    };
    let mut wanted = wanted(loaded.base.as_ref(), &loaded.head);
    let snapshots: Vec<&Snapshot> = loaded.base.iter().chain([&loaded.head]).collect();
    let context = governance.context();
    if rules::find(PUBLIC_NAME).is_some_and(|rule| !context.is_off(rule)) {
        add_local_names(&mut wanted, snapshots.iter().copied());
    }
    let packages = wanted.values().map(|wanted| wanted.installed.len());
    watch(Stage::Asking(packages.sum()));
    let config = &governance.config().packages;
    gather(access, sides, wanted, &snapshots, config)
}

/// What is said of two sides beside what they hold.
#[derive(Debug)]
pub struct Asked {
    /// What head is compared with.
    pub base: Option<SideLabel>,
    /// What is judged.
    pub head: SideLabel,
    /// Prefixes of paths below the root; empty for everything.
    pub scope: Vec<String>,
    /// Why the base could not be found in this clone; the head then stands in its place.
    pub history_missing: Option<String>,
    /// What the outside world said.
    pub facts: Facts,
    /// True if fixes are to be proven; none is told otherwise.
    pub fixes: bool,
}

/// The paths that are new or have another content.
fn touched(changes: &Changes) -> BTreeSet<Arc<str>> {
    let paths = changes.paths().iter();
    paths
        .filter(|(_, change)| matches!(change, Change::Added | Change::Modified))
        .map(|(path, _)| Arc::clone(path))
        .collect()
}

/// The same of what was read already: touches neither disk nor clock.
#[must_use]
pub fn judge_loaded(
    mut loaded: Loaded,
    asked: Asked,
    governance: &Governance,
    watch: &dyn Fn(Stage),
) -> Report {
    let context = &Context {
        facts: Arc::new(asked.facts),
        ..governance.context()
    };
    let changes = loaded.changes();
    let Loaded { base, head, .. } = loaded;
    let read = |snapshot: &Snapshot| snapshot.files().len();
    watch(Stage::Judging(base.as_ref().map_or(0, read) + read(&head)));
    let (base_evaluation, head_evaluation) = rayon::join(
        || base.as_ref().map(|base| evaluate(base, context)),
        || evaluate(&head, context),
    );
    let (rules_run, containers) = (head_evaluation.rules_run, head_evaluation.containers);
    watch(Stage::Comparing);
    let touched = touched(&changes);
    let in_scope = |path: &str| is_in_scope(&asked.scope, path);
    let pairs = base.as_ref().map_or_else(Pairs::default, |base| {
        Pairs::between(base, &head, changes.renamed())
    });
    let pair = base.as_ref().map(|base| Pair {
        base,
        head: &head,
        changed: &touched,
        renames: changes.renamed(),
        moved: changes.moved(),
        pairs: &pairs,
    });
    // Without a base everything would be new, and nobody is asked to mend all of it at once.
    let found = to_prove(asked.fixes && pair.is_some(), &head_evaluation);
    let mut all;
    let mut packages = Vec::new();
    if let (Some(pair), Some(before)) = (&pair, base_evaluation) {
        packages = packages::changes(pair, in_scope);
        all = of_change(pair, before, head_evaluation, context);
    } else {
        all = head_evaluation.findings;
        all.extend(evaluate_arrivals(&head, context));
    }
    let told = waive(
        &mut all,
        base.as_ref(),
        &head,
        changes.renamed(),
        governance,
    );
    all.extend(settled(told, context));
    all.extend(broken_at_tip(governance, &all));
    // What is done to the gate itself is shown whatever paths are asked for: else naming some would turn it off.
    all.retain(|finding| finding.rule.starts_with("gate/") || in_scope(&finding.location.path));
    all = folded::fold(all);
    sort(&mut all);
    let trial = Trial {
        head: &head,
        pair: pair.as_ref(),
        context,
        declared: &governance.intake().declared,
    };
    prove(&mut all, found.as_deref(), &trial);
    let ways = pair
        .as_ref()
        .map(|pair| access::ways_told(pair, context, &all, &in_scope))
        .unwrap_or_default();
    let is_changed = |path: &Arc<str>| base.is_none() || touched.contains(path);
    let mut incomplete = incomplete(&all, base.as_ref(), &head, is_changed, in_scope);
    incomplete.splice(..0, asked.history_missing.clone());
    let unknown = governance
        .file
        .as_ref()
        .and_then(|file| file.missing.clone());
    incomplete.splice(..0, unknown);
    incomplete.extend(asked::unavailable(&context.facts));
    incomplete.extend(ignorance(&head, context));
    let levels = base
        .as_ref()
        .map(|base| levels::changes(base, &head, &pairs, context, in_scope))
        .unwrap_or_default();
    let mut coverage = coverage(&all, &head, containers, rules_run, in_scope);
    coverage.sources = asked::asked(&context.facts);
    coverage.rules_skipped = skipped_rules(context, base.is_some());
    let unheard = unheard(base.as_ref(), &head, context, in_scope);
    coverage.skipped.extend(unheard);
    coverage.skipped.sort();
    coverage.rules_run = rules_run.saturating_sub(coverage.rules_skipped.len());
    let mut report = Report {
        access: access::changes(pair.as_ref(), context, &in_scope),
        network: network::changes(pair.as_ref(), context, &in_scope),
        // Nothing was compared where the head stood in for the base.
        base: asked.base.filter(|_| asked.history_missing.is_none()),
        head: asked.head,
        configuration: governance.label(),
        policy: governance.policy(),
        findings: all,
        paths: asked.scope,
        levels,
        ways,
        packages,
        coverage,
        incomplete,
        base_snapshot: base,
        head_snapshot: head,
    };
    shown::report(&mut report);
    report
}

/// What the rules found in the head by itself, where somebody is offered what mends it.
fn to_prove(is_asked: bool, evaluation: &Evaluation) -> Option<Vec<Finding>> {
    let has_fix = |finding: &Finding| finding.fix.is_some();
    (is_asked && evaluation.findings.iter().any(has_fix)).then(|| evaluation.findings.clone())
}

/// Marks what waivers cover, and says which of them would cover more than they were written for.
fn waive(
    findings: &mut [Finding],
    base: Option<&Snapshot>,
    head: &Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
    governance: &Governance,
) -> Vec<Finding> {
    let config = governance.config();
    let in_head = stated(head);
    let new = base
        .map(|base| added(base, head, renames))
        .unwrap_or_default();
    let source = governance
        .file
        .as_ref()
        .map_or_else(|| "".into(), |file| Arc::clone(&file.path));
    let accepts_new = governance.accepts_new_waivers();
    let today = governance.today;
    let force = Force::new(&config.waivers, &source, &in_head, &new, accepts_new, today);
    let stretched = force.mark(findings, base.is_some());
    stretches::tell(&stretched, findings, accepts_new)
}

fn settled(mut findings: Vec<Finding>, context: &Context) -> Vec<Finding> {
    context.settle(&mut findings);
    findings
}

/// What there is to say of a configuration that is broken where it counts, and of which neither side shows it.
fn broken_at_tip(governance: &Governance, findings: &[Finding]) -> Option<Finding> {
    const RULE: &str = "gate/invalid-configuration";
    let label = governance.label()?;
    let problem = label.problem?;
    if findings.iter().any(|finding| finding.rule == RULE) {
        return None;
    }
    let mut told = Vec::new();
    Sink::new(rules::find(RULE)?, &label.path, None, &mut told)
        .report_span(Span::default())
        .discriminator("tip")
        .say(&format!(
            "the configuration of {} cannot be read, so that the defaults hold: {problem}",
            label.from
        ));
    let mut finding = told.pop()?;
    finding.status = Status::Existing;
    Some(finding)
}

/// What the registry leaves unsaid of packages that a change brings in.
fn unheard(
    base: Option<&Snapshot>,
    head: &Snapshot,
    context: &Context,
    in_scope: impl Fn(&str) -> bool + Copy,
) -> Vec<PassedOver> {
    let mut all = undated(base, head, context, in_scope);
    all.extend(unpublished(base, head, context, in_scope));
    all
}

fn skipped_rules(context: &Context, has_base: bool) -> Vec<SkippedRule> {
    let why = |rule: &Rule| {
        if rule.opt_in && !context.settings.contains_key(rule.id) {
            Some("as the configuration does not ask for it")
        } else if context.is_off(rule) {
            Some("as configured")
        } else if !has_base && matches!(rule.check, Check::Change(_)) {
            Some("as there is no base")
        } else {
            context.lacks(rule).map(Absence::reason)
        }
    };
    let skipped = rules::ALL.iter().filter_map(|rule| {
        let reason = why(rule)?;
        Some(SkippedRule {
            rule: rule.id,
            reason,
        })
    });
    skipped.collect()
}

/// Findings of the head by path and place, then the fixed ones.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| {
            (
                finding.status == Status::Fixed,
                finding.location.span,
                finding.rule,
            )
        };
        let (fixed, span, rule) = key(one);
        let (other_fixed, other_span, other_rule) = key(other);
        fixed
            .cmp(&other_fixed)
            .then_with(|| one.location.path.cmp(&other.location.path))
            .then_with(|| span.cmp(&other_span))
            .then_with(|| rule.cmp(other_rule))
            .then_with(|| one.subject.cmp(&other.subject))
    });
}
