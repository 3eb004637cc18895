use crate::kubernetes::ImageReference;
use crate::kubernetes::field::shortened;
use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::syntax::dockerfile::{Base, Command, Dockerfile, Stage, Stages};
use crate::syntax::shell::{self, Program};

declare_rule! {
    /// An image runs as root unless somebody says otherwise.
    ///
    /// ## Why it matters
    /// A process that gets out of its container as root is root on the node, and inside it may change the program and
    /// install tools. Pods that must not run as root (`runAsNonRoot: true`) refuse to start such an image.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24.11.1-bookworm-slim
    /// COPY server.js .
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ## Instead
    /// The official images of Node.js bring the user `node`. A number lets Kubernetes see that it is not root.
    /// ```dockerfile good
    /// FROM node:24.11.1-bookworm-slim
    /// COPY server.js .
    /// USER 1000
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ## Limits
    /// What counts is the last `USER` of the last stage and of the stages that it is built on. Without one, the base
    /// decides: it is known of official images, distroless and a few others, and nothing is said of the rest. An entry
    /// point that gives up root itself (`gosu`, `su-exec`, `setpriv`) is silent, and so is an image whose path says
    /// that it is for development.
    "dockerfile/root-user",
    severity: Severity::Medium,
    references: &["CIS Docker 1.6: 4.1", "PSS restricted: runAsNonRoot", "CWE-250"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let stages = dockerfile.stages();
    if is_for_development(&file.path) || gives_root_up(dockerfile, &stages) {
        return;
    }
    let Some(ground) = stages.ground() else {
        return;
    };
    let advice = advice(ground);
    let mut user = None;
    stages.walk(&mut |_, instruction, scope| {
        if instruction.keyword == "USER" {
            let line = dockerfile.line(instruction);
            user = Some((instruction, scope.resolve(line.trim(), dockerfile.escape())));
        }
    });
    if let Some((instruction, value)) = user {
        let Some(name) = value.known().filter(|name| is_root(name)) else {
            return;
        };
        sink.report_span(instruction.arguments)
            .discriminator("user")
            .say(&format!(
                "USER {} is the last one of the image, so that it runs as root; {advice} behind what needs root",
                shortened(name)
            ));
        return;
    }
    let Some(last) = stages.last() else { return };
    let (Some(from), Some(written)) = (stages.from(last), &last.written) else {
        return;
    };
    let Some(base) = base_that_runs_as_root(ground) else {
        return;
    };
    let of = match last.base {
        Base::Stage(_) => format!("stands on {base}"),
        _ => format!("is {base}"),
    };
    let written = shortened(&written.text);
    sink.report_span(from.operands)
        .discriminator("user")
        .say(&format!(
            "FROM {written} {of}, which runs as root, and no USER follows, so that the image runs as root; {advice} before CMD"
        ));
}

fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or(user).trim();
    name == "root" || !name.is_empty() && name.bytes().all(|byte| byte == b'0')
}

/// What to write instead.
fn advice(ground: &Stage) -> &'static str {
    let reference = ground
        .image
        .known()
        .and_then(|image| ImageReference::parse(image).ok());
    let name = reference.map_or("", |reference| reference.last_segment());
    match name {
        "node" => "write `USER node`, or its number `USER 1000`,",
        "nginx" => "take nginxinc/nginx-unprivileged, or write `USER 101`",
        "bun" | "deno" => "write `USER 1000`",
        _ => "write a user that is not root, such as `USER 1000`,",
    }
}

/// Official images of Docker Hub that bring no user of their own.
const OFFICIAL: [&str; 25] = [
    "almalinux",
    "alpine",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "busybox",
    "caddy",
    "centos",
    "debian",
    "eclipse-temurin",
    "fedora",
    "golang",
    "httpd",
    "nginx",
    "node",
    "openjdk",
    "oraclelinux",
    "perl",
    "php",
    "python",
    "rockylinux",
    "ruby",
    "rust",
    "traefik",
    "ubuntu",
];

/// The base, where it is known to run as root.
fn base_that_runs_as_root(ground: &Stage) -> Option<String> {
    if ground.base == Base::Scratch {
        return Some("an empty image".to_owned());
    }
    let image = ground.image.known()?;
    let reference = ImageReference::parse(image).ok()?;
    let (registry, repository) = (reference.registry(), reference.repository());
    let path = match &*registry {
        // Mirrors of Docker Hub under its own names.
        "public.ecr.aws" => repository.strip_prefix("docker/"),
        "docker.io" | "mirror.gcr.io" => Some(&*repository),
        _ => None,
    };
    let official = path.and_then(|path| path.strip_prefix("library/"));
    let tag = reference.tag().unwrap_or_default();
    let is_root = official.is_some_and(|name| OFFICIAL.contains(&name))
        || *registry == *"gcr.io"
            && repository.starts_with("distroless/")
            && !tag.contains("nonroot")
            && reference.digest().is_none()
        || path.is_some_and(|path| ["oven/bun", "denoland/deno"].contains(&path))
        || *registry == *"mcr.microsoft.com" && repository.starts_with("playwright");
    is_root.then(|| format!("`{}`", shortened(&reference.familiar_name())))
}

/// True if what the image starts becomes another user by itself.
fn gives_root_up(dockerfile: &Dockerfile, stages: &Stages<'_>) -> bool {
    let gives_up = |program: Program<'_>| {
        [
            "gosu",
            "su-exec",
            "setpriv",
            "runuser",
            "su",
            "chpst",
            "s6-setuidgid",
            "setuidgid",
        ]
        .contains(&program.name())
    };
    ["ENTRYPOINT", "CMD"].iter().any(|keyword| {
        let Some(found) = stages.effective(keyword) else {
            return false;
        };
        match dockerfile.command(found) {
            Command::Exec(words) => words.iter().any(|word| {
                let commands = shell::commands(&word.text, '\\');
                commands.iter().any(|command| starts(command, &gives_up))
            }),
            Command::Shell(scripts) => scripts
                .iter()
                .flat_map(|script| &script.commands)
                .any(|command| starts(command, &gives_up)),
        }
    })
}

fn starts(command: &shell::Command, gives_up: &dyn Fn(Program<'_>) -> bool) -> bool {
    let first = command.words.iter().any(|word| {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        ["gosu", "su-exec"].contains(&name)
    });
    first || command.program().is_some_and(gives_up)
}
