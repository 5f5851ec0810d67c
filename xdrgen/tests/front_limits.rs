//! Input made to hurt: each ends soon, in an error or in a model, on the small stack of a test's thread.

use std::path::Path;

use xdrgen::{Error, configure};

fn compile(source: &str) -> Result<String, Error> {
    xdrgen::inspect(&configure(), Path::new("hurt.x"), Some(source))
}

fn refused(source: &str, code: &str) {
    let error = compile(source).expect_err("it is too much");
    let shown = error.to_string();
    assert!(shown.contains(&format!("error[{code}]")), "{}", shown.chars().take(2000).collect::<String>());
    // Nobody reads more, and nobody should have to render it.
    assert!(shown.len() < 200_000, "{} bytes", shown.len());
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

const MANY: usize = 3_000;

#[test]
fn depth() {
    refused(&format!("struct s {}", "{ struct ".repeat(MANY)), "nesting");
    refused(&format!("const A = {}1{};", "(".repeat(MANY), ")".repeat(MANY)), "nesting");
    refused(&format!("const A = {}1;", "-".repeat(MANY)), "nesting");
    refused(&format!("const A = 1{};", " + 1".repeat(MANY)), "nesting");
    refused(&"namespace a {".repeat(MANY), "nesting");
    refused(&format!("#if {}1\n#endif", "(".repeat(MANY)), "bad-condition");
    refused(&format!("struct s {{ int {}x; }};", "*".repeat(MANY)), "too-many-bounds");
    // Up to the limits it works.
    let deep = format!("struct s {}{{ int x; }}{};", "{ struct ".repeat(30), " a; }".repeat(30));
    assert!(compile(&deep).is_ok());
    let sum = format!("{}1{}", "(".repeat(30), format!("{})", " + 1".repeat(12)).repeat(30));
    assert!(compile(&format!("const A = {sum};")).is_ok());
    assert!(compile(&format!("const A = 1{};", " + 1".repeat(255))).is_ok());
}

#[test]
fn chains_and_circles() {
    let chain = lines(MANY, |at| format!("struct a{at} {{ a{} x; }};\n", at + 1));
    assert!(compile(&format!("{chain}struct a{MANY} {{ int x; }};")).is_ok());
    refused(&lines(MANY, |at| format!("struct a{at} {{ a{} x; }};\n", (at + 1) % MANY)), "endless-type");
    assert!(compile(&lines(MANY, |at| format!("struct a{at} {{ a{} *x; int y; }};\n", (at + 1) % MANY))).is_ok());
    refused(&lines(MANY, |at| format!("typedef a{} a{at};\n", (at + 1) % MANY)), "endless-type");
    refused(&format!("{}typedef int a{MANY};", lines(MANY, |at| format!("typedef a{} a{at};\n", at + 1))), "nesting");
    refused(&format!("{}const A{MANY} = 1;", lines(MANY, |at| format!("const A{at} = A{};\n", at + 1))), "nesting");
    refused(&lines(300, |at| format!("const A{at} = A{};\n", (at + 1) % 300)), "circular-value");
}

#[test]
fn macros() {
    let doubling = lines(64, |at| format!("#define A{at} A{0} A{0}\n", at + 1));
    refused(&format!("{doubling}#define A64 int x;\nstruct s {{ A0 }};"), "macro-limit");
    refused(&format!("#define F(x) x\nstruct s {{ int {}a{}; }};", "F(".repeat(MANY), ")".repeat(MANY)), "macro-limit");
    let pasting = lines(60, |at| format!("#define D{}(x) D{at}(x##x)\n", at + 1));
    refused(&format!("#define D0(x) x\n{pasting}struct s {{ int D60(abcdefgh); }};"), "macro-limit");
    let chain = lines(MANY, |at| format!("#define A{at} A{}\n", at + 1));
    assert!(compile(&format!("{chain}#define A{MANY} int\nstruct s {{ A0 x; }};")).is_ok());
}

#[test]
fn many_mistakes() {
    refused(&lines(MANY, |at| format!("struct a{at} {{ t{at} x; }};\n")), "unknown-type");
    refused(&lines(MANY, |at| format!("struct a{at} {{ int x }};\n")), "missing-semicolon");
    refused(&lines(MANY, |at| format!("struct a{at} {{ int x = 1; }};\n")), "syntax");
    refused(&format!("struct s {{ {} }};", "nosuch x; ".repeat(MANY)), "duplicate-field");
    refused(&"}".repeat(MANY), "unopened-brace");
    refused(&"#if 1\n".repeat(MANY), "unterminated-conditional");
    refused(&"don't\n".repeat(MANY), "unterminated-quote");
}

#[test]
fn large_and_right() {
    let members = lines(MANY, |at| format!("M{at},\n"));
    let cases = lines(MANY, |at| format!("case M{at}: int a{at};\n"));
    assert!(compile(&format!("enum e {{ {members} }}; union u switch (e x) {{ {cases} }};")).is_ok());
    let fields = lines(MANY, |at| format!("    int x{at}; // a\n             // b\n"));
    assert!(compile(&format!("struct s {{\n{fields}}};")).is_ok());
}

#[test]
fn any_cut_of_a_file_is_answered() {
    let source = "/* a */ #define N 3\n#if N > 2 && defined(X)\n#else\nconst A = (N + 1) * 'a'; /* b */\n#endif\n\
                  enum e { X = 1, Y }; union u switch (e k) { case X: string s<N>; default: void; };\n\
                  struct n { int v; n *next; }; typedef struct { opaque o[4]; } *p;\n\
                  program P { version V { n *F(p, int a<>) = 1; } = 1; } = 0x20000001;\n%x\n";
    for start in 0..source.len() {
        for end in [start + 7, start + 40, source.len()] {
            let Some(cut) = source.get(start..end.min(source.len())) else { continue };
            if let Err(error) = compile(cut) {
                assert!(error.is_input() && !error.to_string().is_empty(), "{cut}");
            }
        }
    }
}
