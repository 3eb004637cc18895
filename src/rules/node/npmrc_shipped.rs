use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::Dockerfile;

declare_rule! {
    /// An image holds the settings of npm, with what they give access to.
    ///
    /// ## Why it matters
    /// `.npmrc` is where the token of a registry stands. Copied into the stage that becomes the image, it lies in a layer
    /// that everybody who can pull the image can read, also where a later `RUN rm` takes the file away.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24-alpine
    /// WORKDIR /app
    /// COPY package.json package-lock.json .npmrc ./
    /// RUN npm ci --omit=dev --ignore-scripts
    /// COPY src src
    /// USER node
    /// CMD ["node", "src/server.js"]
    /// ```
    ///
    /// ## Instead
    /// Lend it to the one command that needs it.
    /// ```dockerfile good
    /// FROM node:24-alpine
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN --mount=type=secret,id=npmrc,target=/app/.npmrc npm ci --omit=dev --ignore-scripts
    /// COPY src src
    /// USER node
    /// CMD ["node", "src/server.js"]
    /// ```
    ///
    /// ## Limits
    /// Only a `COPY` or `ADD` that names the file, in the stages that the image is made of, or in one from which it
    /// copies the folder and which does not remove the file. Nothing is said where the file stands beside the Dockerfile, or at the root, and holds no credential, or one that is a variable. What a
    /// `COPY . .` takes along is a matter of `.dockerignore`.
    "node/npmrc-shipped",
    severity: Severity::Low,
    references: &["CWE-538", "CWE-522"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        if let Some(dockerfile) = file.dockerfile() {
            of_dockerfile(snapshot, file, dockerfile, sink);
        }
    }
}

fn of_dockerfile(
    snapshot: &Snapshot,
    file: &SourceFile,
    dockerfile: &Dockerfile,
    sink: &mut Sink<'_>,
) {
    let is_settings = |source: &str| source.rsplit('/').next() == Some(".npmrc");
    // `.npmrc*` copies it where there is one.
    let copies = dockerfile
        .context_copies(|source| is_settings(source) || source.ends_with(".npmrc*"))
        .into_iter();
    let shipped = copies.filter(|copy| {
        let path = copy.source.text.trim_end_matches('*');
        let is_there = held(snapshot, file, path).unwrap_or(is_settings(&copy.source.text));
        is_there
            && !copy
                .by_way_of
                .is_some_and(|stage| is_taken_away(dockerfile, stage))
    });
    let Some(copy) = shipped.into_iter().next() else {
        return;
    };
    sink.in_file(&file.path)
        .report_span(copy.source.span)
        .discriminator(".npmrc")
        .say(&format!(
            "{} puts .npmrc into a layer of the image, where whoever pulls it reads the tokens in it; mount it with RUN --mount=type=secret",
            copy.keyword
        ));
}

/// True if a stage removes the file again, so that it is not in the folder that another stage copies.
fn is_taken_away(dockerfile: &Dockerfile, stage: usize) -> bool {
    let stages = dockerfile.stages();
    let Some(stage) = stages.all().get(stage) else {
        return false;
    };
    let body = stages.body(stage).iter();
    body.filter(|instruction| instruction.keyword == "RUN")
        .flat_map(|instruction| dockerfile.scripts(instruction))
        .flat_map(|script| script.commands)
        .any(|command| {
            let program = command.program();
            program.is_some_and(|program| program.name() == "rm")
                && command.words.iter().any(|word| {
                    let path = &*word.text;
                    // That of the user is another one.
                    path.contains(".npmrc") && !path.starts_with("/root/") && !path.starts_with('~')
                })
        })
}

/// Whether the file holds a credential of its own; none where it is not here.
fn held(snapshot: &Snapshot, dockerfile: &SourceFile, written: &str) -> Option<bool> {
    let written = written.trim_start_matches("./").trim_start_matches('/');
    let beside = match dockerfile.folder() {
        "" => written.to_owned(),
        folder => format!("{folder}/{written}"),
    };
    let texts = [beside.as_str(), written].into_iter();
    let mut texts = texts
        .filter_map(|path| snapshot.file(path).and_then(SourceFile::lines))
        .peekable();
    texts.peek()?;
    Some(texts.any(|text| text.lines().any(holds_credential)))
}

fn holds_credential(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else {
        return false;
    };
    let name = name.trim().rsplit(':').next().unwrap_or_default();
    let names = ["_authToken", "_auth", "_password", "tokenHelper"];
    names.contains(&name) && !value.contains("${")
}
