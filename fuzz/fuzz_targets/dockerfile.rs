#![no_main]
//! Any text as a Dockerfile: instructions in order, every place in the text, and every question answered.

use libfuzzer_sys::fuzz_target;
use tidegate::syntax::dockerfile::{Command, Dockerfile};
use tidegate_fuzz::lies_within;

fuzz_target!(|text: &str| {
    let file = Dockerfile::read(text.to_owned());
    let mut end = 0;
    for instruction in file.instructions() {
        assert!(instruction.span.start >= end);
        end = instruction.span.end;
        lies_within(instruction.span, text);
        lies_within(instruction.keyword_span, text);
        lies_within(instruction.operands, text);
        instruction.flags.iter().for_each(|flag| lies_within(flag.span, text));
        instruction.heredocs.iter().for_each(|heredoc| lies_within(heredoc.body, text));
        file.words(instruction).iter().for_each(|word| lies_within(word.span, text));
        file.pairs(instruction).iter().for_each(|pair| lies_within(pair.span, text));
        let _ = instruction.mounts().count();
        match file.command(instruction) {
            Command::Exec(words) => words.iter().for_each(|word| lies_within(word.span, text)),
            Command::Shell(scripts) => {
                for script in &scripts {
                    for command in &script.commands {
                        lies_within(script.span(&command.range()), text);
                    }
                }
            }
        }
    }
    let stages = file.stages();
    for stage in stages.all() {
        stages.body(stage).iter().for_each(|instruction| drop(stages.origin(stage, instruction)));
    }
    stages.walk(&mut |_, instruction, scope| {
        let _ = scope.resolve(&file.line(instruction), file.escape());
    });
});
