//! README.md says what is so: its code is the examples', its commands are there.

use std::fs;

use onc_tests::cargo::workspace;

fn readme() -> String {
    fs::read_to_string(workspace().join("README.md")).expect("README.md")
}

/// The fenced blocks of a language, each with the line of text before it.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<(&'a str, String)> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{language}") {
            let code: String = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
            blocks.push((before, code));
        } else if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

#[test]
fn its_code_is_the_examples() {
    let readme = readme();
    let mut shown = Vec::new();
    for (language, path) in [
        ("c", "examples/proto/calc.x"),
        ("rust", "examples/build.rs"),
        ("rust", "examples/calc/server.rs"),
        ("rust", "examples/calc/client.rs"),
    ] {
        let blocks = blocks(&readme, language);
        let (_, code) = blocks
            .iter()
            .find(|(before, _)| before.contains(&format!("({path})")))
            .unwrap_or_else(|| panic!("README.md shows no {path}"));
        let file = fs::read_to_string(workspace().join(path)).expect(path);
        assert_eq!(*code, file, "README.md shows another {path}");
        shown.push(code.clone());
    }
    for (before, code) in blocks(&readme, "rust") {
        assert!(shown.contains(&code), "code in README.md that is in no example, after `{before}`");
    }
}

#[test]
fn its_links_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(workspace().join(document)).expect(document);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let path = target.split('#').next().expect("a path");
            assert!(workspace().join(path).exists(), "{document} links to {path}, which is not there");
        }
    }
}

#[test]
fn its_commands_are_there() {
    let commands: Vec<String> = blocks(&readme(), "sh")
        .into_iter()
        .flat_map(|(_, code)| code.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.split('#').next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    assert!(commands.contains(&"cargo run --example quickstart".to_owned()), "{commands:?}");
    assert!(commands.contains(&"tests/run".to_owned()), "{commands:?}");
    let manifest = fs::read_to_string(workspace().join("examples/Cargo.toml")).expect("examples/Cargo.toml");
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["cargo", "run", "--example", name, ..] => {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "no example {name}");
            }
            [program, ..] if program.contains('/') => {
                assert!(workspace().join(program).is_file(), "no program {program}");
            }
            _ => {}
        }
    }
}
