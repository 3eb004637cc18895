//! A step that runs tidegate, with everything that decides whether its verdict counts.

use std::sync::Arc;

use crate::syntax::{Entry, Node, Span};

use super::checkout::Checkout;
use super::disarm::Disarm;
use super::needs::{Needed, needed};
use super::pin::Program;
use super::scalar;
use super::script::{Around, Call, calls, disarms};
use super::scripted::{Side, side};
use super::shell::Shell;
use super::trigger::{self, Trigger};

/// The most steps that are told apart in one revision. A repository has a handful.
pub const MOST_STEPS: usize = 256;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) value: String,
    pub(super) at: Span,
}

/// A step of a job that runs tidegate.
#[derive(Clone, Debug)]
pub struct Step {
    /// The workflow file.
    pub path: Arc<str>,
    /// The id of the job.
    pub job: String,
    /// The step's `id`, else its `name`; empty where it has neither.
    pub name: String,
    pub(super) at: Span,
    /// The action or image; none where a script calls a program.
    pub(super) program: Option<Program>,
    pub(super) job_if: Option<Setting>,
    pub(super) own_if: Option<Setting>,
    pub(super) job_tolerates: Option<Setting>,
    pub(super) own_tolerates: Option<Setting>,
    pub(super) fail_on: Option<Setting>,
    pub(super) fail_on_existing: Option<Setting>,
    pub(super) on_incomplete: Option<Setting>,
    /// What is gated, from the workspace on; an empty path is everything.
    pub(super) paths: Vec<String>,
    pub(super) paths_at: Span,
    /// The jobs without which its own is skipped, and those that these wait for.
    pub(super) needs: Vec<Needed>,
    /// What a script says of the call; none for an action.
    pub(super) script: Option<Script>,
    /// Other settings that decide what is run: the environment of the shell, arguments of a container.
    pub(super) others: Vec<(String, Setting)>,
    pub(super) triggers: Vec<Trigger>,
    pub(super) on_at: Span,
}

/// A call of tidegate in a script, with what decides on it.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The program as it is written; empty for an image with a version, which is a program of its own.
    pub(super) program: Setting,
    /// The revision that the change is compared with. Without it everything is judged.
    pub(super) base: Option<Setting>,
    pub(super) head: Option<Setting>,
    pub(super) config: Option<Setting>,
    /// True for `tidegate action`, which finds the change by itself.
    pub(super) is_action: bool,
    pub(super) idle: Option<Setting>,
    pub(super) flags: Vec<Setting>,
    pub(super) swallowed: Option<Setting>,
    pub(super) avoided: Option<Setting>,
    pub(super) shell: Option<Setting>,
    pub(super) around: Around,
    /// What stands before the call in the script and disarms it.
    pub(super) disarms: Vec<Disarm>,
    /// The same of the steps before its own, with the places.
    pub(super) earlier: Vec<(Disarm, Span)>,
    /// What the job has checked out by then.
    pub(super) checkout: Option<Checkout>,
    /// Where each line of the script stands.
    pub(super) lines: Arc<[Span]>,
}

impl Step {
    /// Where the call stands.
    pub(super) fn at(&self) -> Span {
        self.at
    }
}

impl Script {
    /// True if a change is judged, rather than everything.
    pub(super) fn compares(&self) -> bool {
        self.is_action || self.base.is_some()
    }

    /// True if what is judged is a commit that the event names, whatever files stand in the workspace.
    pub(super) fn reads_commits(&self) -> bool {
        let head = self.head.as_ref();
        self.is_action
            || head.is_some_and(|head| {
                !matches!(&*head.value, "HEAD" | "@") && side(&head.value) == Side::Head
            })
    }

    pub(super) fn line(&self, number: usize) -> Option<Span> {
        self.lines.get(number).copied()
    }
}

/// The steps of a workflow that run tidegate.
pub(super) fn all(root: Node<'_>, path: &Arc<str>) -> Vec<Step> {
    let (triggers, on_at) = trigger::read(root);
    let mut found = Vec::new();
    for job in root.get("jobs").into_iter().flat_map(Node::entries) {
        let steps = job.value.get("steps").into_iter().flat_map(Node::items);
        let mut before = Before::default();
        for step in steps.filter(|step| step.is_mapping()) {
            let place = Place {
                root,
                job,
                step,
                path,
                triggers: &triggers,
                on_at,
                before: &before,
            };
            place.read(&mut found);
            let disarms = place.disarms();
            before.disarms.extend(disarms);
            if let Some((last, _)) = before.disarms.get_mut(MOST_DISARMS) {
                last.text = format!("more than {MOST_DISARMS} commands that change files");
                last.is_known = true;
                before.disarms.truncate(MOST_DISARMS + 1);
            }
            before.checkout = Checkout::of(step).or(before.checkout);
            if found.len() > MOST_STEPS {
                return found;
            }
        }
    }
    found
}

/// The most commands of a job that are held against those of another.
const MOST_DISARMS: usize = 64;

/// What the steps of a job have done so far.
#[derive(Default)]
struct Before {
    disarms: Vec<(Disarm, Span)>,
    checkout: Option<Checkout>,
}

/// A step and what stands around it.
struct Place<'a> {
    root: Node<'a>,
    job: Entry<'a>,
    step: Node<'a>,
    path: &'a Arc<str>,
    triggers: &'a [Trigger],
    on_at: Span,
    before: &'a Before,
}

impl Place<'_> {
    /// What the script of this step takes from those behind it.
    fn disarms(&self) -> Vec<(Disarm, Span)> {
        let Some(run) = self.step.entry("run") else {
            return Vec::new();
        };
        let Some(script) = run.value.as_str() else {
            return Vec::new();
        };
        let disarms = disarms(script);
        if disarms.is_empty() {
            return Vec::new();
        }
        let lines = places_of_lines(&run, script);
        let place = |line: usize| lines.get(line).copied().unwrap_or(run.key.span());
        let placed = disarms.into_iter().map(|disarm| {
            let at = place(disarm.line);
            (disarm, at)
        });
        placed.collect()
    }

    fn read(&self, found: &mut Vec<Step>) {
        if let Some(uses) = self.step.entry("uses") {
            let program = scalar(uses.value)
                .and_then(|text| Program::of_uses(text, comment_behind(uses.value), line(&uses)));
            if let Some(program) = program {
                found.push(self.action(&uses, program));
            }
        } else if let Some(run) = self.step.entry("run")
            && let Some(script) = run.value.as_str()
        {
            let shell = self.of_runs("shell");
            let kind = Shell::of(shell.as_ref().map(|shell| shell.value.as_str()));
            let calls = calls(script, kind);
            let lines: Arc<[Span]> = if calls.is_empty() {
                Arc::default()
            } else {
                places_of_lines(&run, script).into()
            };
            found.extend(calls.into_iter().map(|call| self.call(&run, &lines, call)));
        }
    }

    fn bare(&self, at: Span) -> Step {
        let name = setting(self.step, "id").or_else(|| setting(self.step, "name"));
        Step {
            path: Arc::clone(self.path),
            job: self.job.key.key_text().to_owned(),
            name: name.map(|name| name.value).unwrap_or_default(),
            at,
            program: None,
            job_if: condition(self.job.value),
            own_if: condition(self.step),
            job_tolerates: tolerance(self.job.value),
            own_tolerates: tolerance(self.step),
            fail_on: None,
            fail_on_existing: None,
            on_incomplete: None,
            paths: vec![String::new()],
            paths_at: at,
            needs: needed(self.root, self.job),
            script: None,
            others: self.environment(),
            triggers: self.triggers.to_vec(),
            on_at: self.on_at,
        }
    }

    fn action(&self, uses: &Entry<'_>, program: Program) -> Step {
        let with = self.step.get("with");
        let input = |name: &str| setting(with?, name).filter(|input| !input.value.is_empty());
        let folder = input("working-directory");
        let path = input("path");
        let inside = folder.as_ref().map_or("", |folder| &folder.value);
        let written = path.as_ref().map_or(".", |path| &path.value);
        let lines = written.lines().filter(|line| !line.trim().is_empty());
        let bare = self.bare(line(uses));
        // What a container is started with, where the step names one.
        let arguments = ["entrypoint", "args"]
            .into_iter()
            .filter_map(|name| Some((format!("with.{name}"), input(name)?)));
        Step {
            program: Some(program),
            fail_on: input("fail-on"),
            fail_on_existing: input("fail-on-existing"),
            on_incomplete: input("on-incomplete"),
            paths: lines.map(|line| below(inside, line.trim())).collect(),
            paths_at: path.or(folder).map_or(line(uses), |input| input.at),
            others: bare.others.into_iter().chain(arguments).collect(),
            ..bare
        }
    }

    fn call(&self, run: &Entry<'_>, lines: &Arc<[Span]>, call: Call) -> Step {
        let place = |number: usize| lines.get(number).copied().unwrap_or(run.key.span());
        let at = place(call.line);
        let here = |value: String| Setting { value, at };
        let folder = self.of_runs("working-directory");
        let folder = folder.map(|folder| folder.value).unwrap_or_default();
        let paths = call.paths.iter().map(|path| below(&folder, path));
        let program =
            Program::of_image(&call.program, at).filter(|image| !image.version.is_empty());
        let name = if program.is_some() {
            String::new()
        } else {
            call.program
        };
        Step {
            program,
            fail_on: call.fail_on.map(here),
            fail_on_existing: call.fail_on_existing.then(|| here("true".to_owned())),
            on_incomplete: call.on_incomplete.map(here),
            // Without any, everything around the current folder is gated.
            paths: if call.paths.is_empty() {
                vec![String::new()]
            } else {
                paths.collect()
            },
            script: Some(Script {
                program: here(name),
                base: call.base.map(here),
                head: call.head.map(here),
                config: call.config.map(here),
                is_action: call.is_action,
                idle: call.idle.map(here),
                flags: call.others.into_iter().map(here).collect(),
                swallowed: call.swallowed.map(here),
                avoided: call.avoided.map(|(value, number)| Setting {
                    value,
                    at: place(number),
                }),
                shell: self.of_runs("shell"),
                around: call.around,
                disarms: call.disarms,
                earlier: self.before.disarms.clone(),
                checkout: self.before.checkout.clone(),
                lines: Arc::clone(lines),
            }),
            ..self.bare(at)
        }
    }

    /// A setting of scripts: the step's own, else the job's, else the workflow's.
    fn of_runs(&self, key: &str) -> Option<Setting> {
        let default = |node: Node<'_>| setting(node.get("defaults")?.get("run")?, key);
        setting(self.step, key)
            .or_else(|| default(self.job.value))
            .or_else(|| default(self.root))
    }

    /// Variables with which a shell runs other programs, or other code before the script.
    fn environment(&self) -> Vec<(String, Setting)> {
        const TELLING: [&str; 6] = [
            "PATH",
            "BASH_ENV",
            "ENV",
            "SHELLOPTS",
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
        ];
        let mut found = Vec::new();
        for name in TELLING {
            let places = [self.step, self.job.value, self.root].into_iter();
            let mut set = places.filter_map(|node| setting(node.get("env")?, name));
            if let Some(set) = set.next() {
                found.push((format!("env.{name}"), set));
            }
        }
        found
    }
}

pub(super) fn setting(node: Node<'_>, key: &str) -> Option<Setting> {
    let entry = node.entry(key)?;
    Some(Setting {
        value: scalar(entry.value)?.to_owned(),
        at: line(&entry),
    })
}

/// The key with its value: a reporter shows the first line.
pub(super) fn line(entry: &Entry<'_>) -> Span {
    entry.key.span().to(entry.value.span())
}

/// An `if` that may skip something, without the marks of an expression. What never skips more than no `if` at all
/// counts as none.
pub(super) fn condition(node: Node<'_>) -> Option<Setting> {
    let found = setting(node, "if")?;
    let bare = found
        .value
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .unwrap_or(&found.value);
    let value = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let never_skips = [
        "",
        "true",
        "always()",
        "success()",
        "!cancelled()",
        "! cancelled()",
    ];
    (!never_skips.contains(&value.as_str())).then_some(Setting { value, ..found })
}

/// A `continue-on-error` that is not false.
fn tolerance(node: Node<'_>) -> Option<Setting> {
    let found = setting(node, "continue-on-error")?;
    (!matches!(found.value.as_str(), "false" | "")).then_some(found)
}

/// A path from the workspace on; empty for the workspace itself.
fn below(folder: &str, path: &str) -> String {
    let parts = folder.split('/').chain(path.split('/'));
    let parts: Vec<&str> = parts
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts.join("/")
}

/// The comment behind a value on its line.
fn comment_behind(value: Node<'_>) -> &str {
    let rest = value.tree().text().get(value.span().range().end..);
    let line = rest
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    line.split_once('#').map_or("", |(_, comment)| comment)
}

/// Where each line of a script stands in the file; the key where that cannot be told.
fn places_of_lines(run: &Entry<'_>, script: &str) -> Vec<Span> {
    let key = run.key.span();
    let source = run.value.source();
    let start = run.value.span().range().start;
    let mut from = Some(0_usize);
    let place = |line: &str| {
        let wanted = line.trim();
        let rest = from.and_then(|from| source.get(from..));
        if wanted.is_empty() || rest.is_none() {
            return key;
        }
        // Where one line is written otherwise, so may be all behind it.
        let found = rest.and_then(|rest| rest.find(wanted));
        let begin = from.zip(found).map(|(from, found)| from + found);
        from = begin.map(|begin| begin + wanted.len());
        begin.map_or(key, |begin| {
            Span::new(start + begin, start + begin + wanted.len())
        })
    };
    script.lines().map(place).collect()
}
