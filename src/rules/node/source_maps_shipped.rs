use crate::packages::node_options;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::snapshot::node_starts::{is_development_image, options_of_image};
use crate::syntax::dockerfile::{Dockerfile, Origin, Stages, Word};

declare_rule! {
    /// An image holds source maps that the program in it does not use.
    ///
    /// ## Why it matters
    /// A source map holds the source that the program was made of, comments and names included. A server that gives out
    /// its folder gives it out as well, and whoever pulls the image reads it. Node.js looks at it only with
    /// `--enable-source-maps`.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24-alpine
    /// WORKDIR /app
    /// COPY dist/*.js dist/*.map ./
    /// USER node
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ## Instead
    /// Keep the maps where errors are looked into.
    /// ```dockerfile good
    /// FROM node:24-alpine
    /// WORKDIR /app
    /// COPY dist/*.js ./
    /// USER node
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ## Limits
    /// Only a `COPY` or `ADD` that names `*.map`, or the map of a script or a style sheet, in the stages that the image is
    /// made of; what the copy of a folder takes along is not seen. Silent where the image starts Node.js with
    /// `--enable-source-maps`, and for images that are for development or tests by their name.
    "node/source-maps-shipped",
    severity: Severity::Low,
    references: &["CWE-540"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let stages = dockerfile.stages();
    if is_development_image(file, &stages) || uses_maps(dockerfile, &stages) {
        return;
    }
    let mut told = false;
    stages.walk(&mut |stage, instruction, _| {
        if told || !["COPY", "ADD"].contains(&&*instruction.keyword) {
            return;
        }
        let words = dockerfile.words(instruction);
        let Some((_, sources)) = words.split_last() else {
            return;
        };
        let is_of_image = || matches!(stages.origin(stage, instruction), Origin::Image(_));
        if let Some(map) = sources.iter().find(|word| is_map(word))
            && !is_of_image()
        {
            told = true;
            sink.report_span(map.span)
                .discriminator("maps")
                .say(&format!(
                    "{} puts source maps into the image, from which whoever gets them reads the source; leave them out, or start Node.js with --enable-source-maps if it is to use them",
                    instruction.keyword
                ));
        }
    });
}

/// True for `*.map`, `server.js.map` and the like; `level1.map` is another thing.
fn is_map(word: &Word) -> bool {
    let name = word.text.rsplit('/').next().unwrap_or_default();
    let Some(stem) = name.strip_suffix(".map") else {
        return false;
    };
    let made_of = [".js", ".mjs", ".cjs", ".css"];
    stem == "*" || stem == "*.*" || made_of.iter().any(|ending| stem.ends_with(ending))
}

/// True if the image starts Node.js so that it reads maps.
fn uses_maps(dockerfile: &Dockerfile, stages: &Stages<'_>) -> bool {
    const OPTION: &str = "--enable-source-maps";
    let mut given = options_of_image(dockerfile, stages).into_iter();
    if given.any(|(.., option)| option == OPTION) {
        return true;
    }
    let scope = stages.walk(&mut |_, _, _| {});
    let variable = scope.get("NODE_OPTIONS").flatten().unwrap_or_default();
    let mut options = node_options::in_variable(variable);
    options.any(|option| option == OPTION)
}
