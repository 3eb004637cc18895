use super::*;

fn read(text: &str) -> Dockerfile {
    Dockerfile::read(text.to_owned())
}

fn found(file: &Dockerfile) -> Vec<(&str, &str)> {
    let instructions = file.instructions().iter();
    instructions
        .map(|found| (&*found.keyword, file.slice(found.arguments)))
        .collect()
}

fn texts(words: &[Word]) -> Vec<&str> {
    words.iter().map(|word| &*word.text).collect()
}

#[test]
fn an_instruction_goes_on_over_lines_and_comments() {
    let file = read("# a\nfrom node:24\nRUN a \\\n  # b\n\n  b\nUSER node");
    let run = ("RUN", "a \\\n  # b\n\n  b");
    assert_eq!(found(&file), [("FROM", "node:24"), run, ("USER", "node")]);
    let [_, run, _] = file.instructions() else {
        panic!()
    };
    assert_eq!(file.line(run), "a   b");
    assert_eq!(texts(&file.words(run)), ["a", "b"]);
}

#[test]
fn directives_count_at_the_top_only() {
    let file = read(
        "\u{feff}# syntax=docker/dockerfile:1\r\n# escape=`\r\nRUN dir c:\\ `\r\n x\r\nUSER a",
    );
    assert_eq!(file.escape(), '`');
    assert_eq!(file.instructions().len(), 2);
    let late = read("# a comment\n# escape=`\nRUN a \\\nb");
    assert_eq!((late.escape(), late.instructions().len()), ('\\', 1));
}

#[test]
fn two_marks_do_not_go_on() {
    assert_eq!(found(&read("RUN a \\\\\nUSER b")).len(), 2);
    assert_eq!(
        found(&read("RUN\\\n a\nUSER b")),
        [("RUN", "a"), ("USER", "b")]
    );
}

#[test]
fn here_documents_belong_to_their_instruction() {
    let text = "FROM a\nRUN <<EOF\nnpm ci\n\nFROM b\nEOF\nCOPY <<-\"A\" <<B /x/\n\ta $x\n\tA\nb\nB\nUSER c\n";
    let file = read(text);
    let keywords: Vec<_> = file
        .instructions()
        .iter()
        .map(|found| &*found.keyword)
        .collect();
    assert_eq!(keywords, ["FROM", "RUN", "COPY", "USER"]);
    let bodies: Vec<_> = file
        .instructions()
        .iter()
        .flat_map(|found| &found.heredocs)
        .map(|heredoc| (file.slice(heredoc.body), heredoc.expands))
        .collect();
    assert_eq!(
        bodies,
        [
            ("npm ci\n\nFROM b\n", true),
            ("\ta $x\n", false),
            ("b\n", true)
        ]
    );
    let Command::Shell(scripts) = file.command(&file.instructions()[1]) else {
        panic!()
    };
    let script = scripts.last().unwrap();
    let range = script.commands[0].range();
    assert_eq!(file.slice(script.span(&range)), "npm ci");
    // Not one: arithmetic, a here-string, an array.
    for text in [
        "RUN a $((1<<2))\nUSER b",
        "RUN a <<< b\nUSER b",
        "RUN [\"<<EOF\"]\nUSER b",
    ] {
        assert_eq!(read(text).instructions().len(), 2, "{text}");
    }
}

#[test]
fn flags_stand_before_the_operands() {
    let file = read(
        "RUN --mount=type=secret,id=npm,target=/root/.npmrc \\\n  --network=none npm ci --x\nCOPY --chown=a:b --link . .",
    );
    let [run, copy] = file.instructions() else {
        panic!()
    };
    let names: Vec<_> = run.flags.iter().map(|flag| &*flag.name).collect();
    assert_eq!(names, ["mount", "network"]);
    let mount = run.mounts().next().unwrap();
    assert_eq!(mount.kind, "secret");
    assert_eq!(mount.field(&["target", "dst"]), Some("/root/.npmrc"));
    assert_eq!(file.slice(run.operands), "npm ci --x");
    assert_eq!(file.slice(run.flags[1].span), "--network=none");
    assert_eq!(texts(&file.words(copy)), [".", "."]);
    assert!(copy.flag("link").is_some());
}

#[test]
fn an_array_is_no_line_for_a_shell() {
    let file = read(
        "CMD [\"node\", \\\n  \"a\\\"b.js\"]\nCMD [node]\nHEALTHCHECK --interval=5s CMD [\"a\"]",
    );
    let [exec, shell, health] = file.instructions() else {
        panic!()
    };
    let Command::Exec(words) = file.command(exec) else {
        panic!()
    };
    assert_eq!(texts(&words), ["node", "a\"b.js"]);
    assert_eq!(file.slice(words[1].span), "\"a\\\"b.js\"");
    assert!(matches!(file.command(shell), Command::Shell(_)));
    assert!(matches!(file.command(health), Command::Exec(_)));
}

#[test]
fn pairs_come_in_two_forms() {
    let file = read("ENV a=b c=\"d e\" f=g\\ h\nENV path /a b\nARG x y=1\nLABEL \"a b\"=c");
    let shown: Vec<Vec<_>> = file
        .instructions()
        .iter()
        .map(|found| {
            let pairs = file.pairs(found).into_iter();
            pairs
                .map(|pair| (pair.name, pair.value.map(|value| value.text)))
                .collect()
        })
        .collect();
    let pair = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    assert_eq!(
        shown[0],
        [pair("a", "b"), pair("c", "d e"), pair("f", "g h")]
    );
    assert_eq!(shown[1], [pair("path", "/a b")]);
    assert_eq!(shown[2], [("x".to_owned(), None), pair("y", "1")]);
    assert_eq!(shown[3], [pair("a b", "c")]);
}

const STAGED: &str = "\
ARG NODE=24
ARG BASE=node:${NODE}-slim
ARG REGISTRY
FROM ${BASE} AS Base
ENV NODE_ENV=production APP=/app
USER node
CMD [\"a\"]
FROM node:${NODE:-22} AS build
USER root
ARG NODE
RUN echo $NODE
FROM ${REGISTRY}/x AS unknown
FROM base
COPY --from=build /a $APP/b
COPY --from=nginx:1 /c /d
COPY --from=1 /e /f
ENTRYPOINT [\"b\"]
WORKDIR $APP/$NODE
";

#[test]
fn stages_know_what_they_are_built_on() {
    let file = read(STAGED);
    let stages = file.stages();
    let shown: Vec<_> = stages
        .all()
        .iter()
        .map(|stage| (&*stage.image.text, stage.base))
        .collect();
    assert_eq!(
        shown,
        [
            ("node:24-slim", Base::Image),
            ("node:24", Base::Image),
            ("${REGISTRY}/x", Base::Image),
            ("base", Base::Stage(0)),
        ]
    );
    assert_eq!(stages.all()[2].image.unknown, ["REGISTRY"]);
    assert_eq!(stages.ground().unwrap().from, 3);
    let user = stages.effective("USER").unwrap();
    assert_eq!(file.slice(user.arguments), "node");
    // The entry point of a later stage takes the command of an earlier one away.
    assert!(stages.effective("CMD").is_none());
    let last = stages.last().unwrap();
    let origins: Vec<_> = stages
        .body(last)
        .iter()
        .take(3)
        .map(|copy| stages.origin(last, copy))
        .collect();
    let image = Origin::Image("nginx:1".to_owned());
    assert_eq!(origins, [Origin::Stage(1), image, Origin::Stage(1)]);
    let mut folder = None;
    let scope = stages.walk(&mut |_, instruction, scope| {
        if instruction.keyword == "WORKDIR" {
            folder = Some(scope.resolve(file.slice(instruction.arguments), '\\'));
        }
    });
    // An argument of another stage, or from before the first, is none here.
    let folder = folder.unwrap();
    assert_eq!(
        (&*folder.text, &*folder.unknown),
        ("/app/${NODE}", &["NODE".to_owned()][..])
    );
    assert_eq!(scope.environment("NODE_ENV"), Some(Some("production")));
}

#[test]
fn values_are_put_in_place_as_docker_does() {
    let mut scope = Scope::default();
    scope.set_argument("a", Some("1".to_owned()));
    scope.set_argument("none", None);
    scope.set_environment("unknown", None);
    scope.set_environment("empty", Some(String::new()));
    for (raw, text) in [
        ("x$a-${a}y", "x1-1y"),
        ("'$a'\"$a\"", "$a1"),
        ("\\$a", "$a"),
        ("${b:-${a}}", "1"),
        ("${empty:-d}${empty-d}", "d"),
        ("${a:+e}${b:+e}", "e"),
        ("$", "$"),
        ("${b}", "${b}"),
        ("${none}", "${none}"),
        ("${none:-d}${none-d}${none:+e}", "dd"),
        ("${unknown:-d}", "${unknown}"),
        ("${a", "${a"),
    ] {
        assert_eq!(scope.resolve(raw, '\\').text, text, "{raw}");
    }
}
