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

/// The table of features in ARCHITECTURE.md: its files, chapters and examples are there, and none is left out.
#[test]
fn each_feature_has_a_place_a_chapter_and_where_it_can_an_example() {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let sources = workspace().join("onc-runtime/src");
    let manifest = fs::read_to_string(workspace().join("examples/Cargo.toml")).expect("examples/Cargo.toml");
    let rows = text.lines().skip_while(|line| !line.starts_with("| feature |")).skip(2);
    let (mut chapters, mut examples) = (Vec::new(), Vec::new());
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<Vec<&str>> =
            row.split('|').skip(1).map(|cell| cell.split('`').skip(1).step_by(2).collect()).collect();
        let [_, files, of_guide, of_examples, ..] = &cells[..] else { panic!("{row}") };
        assert!(!files.is_empty() && !of_guide.is_empty(), "{row}");
        for file in files {
            assert!(sources.join(file).exists(), "{file}, in {row}");
        }
        chapters.extend(of_guide.iter().copied());
        examples.extend(of_examples.iter().copied());
    }
    for file in fs::read_dir(sources.join("guide")).expect("the guide") {
        let name = file.expect("a file of the guide").file_name().into_string().expect("text");
        let chapter = name.strip_suffix(".rs").expect("Rust");
        // The two that come before any feature.
        if !["mod", "hello", "values"].contains(&chapter) {
            assert!(chapters.contains(&chapter), "no feature has the chapter {chapter}");
        }
    }
    for chapter in chapters {
        assert!(sources.join(format!("guide/{chapter}.rs")).exists(), "there is no chapter {chapter}");
    }
    let names = manifest.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    for name in names.filter(|name| *name != "onc-examples") {
        assert!(examples.contains(&name), "no feature has the example {name}");
    }
    for example in examples {
        assert!(manifest.contains(&format!("name = \"{example}\"")), "there is no example {example}");
    }
}
