//! The dialect that rpcgen speaks, probe by probe: what is accepted here, what is accepted with a warning, what is refused
//! and why. The third column says what rpcgen 1.4.3 does with the same.

use std::path::Path;

use xdrgen::configure;

/// What becomes of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Compiled, nothing said.
    Fine,
    /// Compiled, with this warning.
    Warns(&'static str),
    /// Refused with this error, and no other.
    Refused(&'static str),
}

use Verdict::{Fine, Refused, Warns};

const PROBES: &[(&str, Verdict, &str, &str)] = &[
    // Constants.
    ("negative constant", Fine, "ok", "const LOW = -7;"),
    ("constant with plus", Fine, "refuses", "const HIGH = +7;"),
    ("sum as constant", Fine, "refuses", "const SUM = 3 + 4;"),
    ("constant in parentheses", Fine, "refuses", "const P = (9);"),
    ("constant from constant", Fine, "ok", "const ONE = 1; const SAME = ONE;"),
    ("constant from nothing", Refused("unknown-constant"), "ok", "const LOST = NOWHERE;"),
    ("hexadecimal", Fine, "ok", "const MASK = 0xFFFFFFFF;"),
    ("hexadecimal with 0X", Fine, "refuses", "const MASK = 0XF0;"),
    ("octal", Fine, "ok", "const MODE = 0644;"),
    ("octal with an 8", Refused("bad-literal"), "ok", "const BAD = 08;"),
    ("character constant", Fine, "refuses", "const LETTER = 'q';"),
    ("text constant", Fine, "ok", "const GREETING = \"hello\";"),
    ("64 bits", Fine, "ok", "const WIDE = 0x0123456789abcdef;"),
    ("constant twice", Refused("duplicate-constant"), "ok", "const N = 1; const N = 2;"),
    // Enums.
    ("members without values", Fine, "ok", "enum colour { RED, GREEN };"),
    ("trailing comma", Fine, "refuses", "enum colour { RED = 3, };"),
    ("negative member", Fine, "ok", "enum sign { MINUS = -1 };"),
    ("member with the high bit", Fine, "ok", "enum flag { TOP = 0x80000000 };"),
    ("sum as member", Fine, "refuses", "enum sum { TWO = 1 + 1 };"),
    ("member from member", Fine, "ok", "enum pair { FIRST = 4, AGAIN = FIRST };"),
    ("enum without members", Refused("empty-enum"), "refuses", "enum nothing { };"),
    ("member twice", Refused("duplicate-member"), "ok", "enum twice { SAME, SAME };"),
    ("two members of one value", Fine, "ok", "enum alias { ONE = 1, UN = 1 };"),
    // Types of fields.
    ("bare unsigned", Fine, "ok", "struct s { unsigned count; };"),
    ("unsigned hyper", Fine, "ok", "struct s { unsigned hyper offset; };"),
    ("unsigned long long", Fine, "refuses", "struct s { unsigned long long offset; };"),
    ("long long", Fine, "refuses", "struct s { long long offset; };"),
    ("long int", Fine, "ok", "struct s { long int value; };"),
    ("short int", Fine, "ok", "struct s { short int value; };"),
    ("signed int", Fine, "refuses", "struct s { signed int value; };"),
    ("unsigned char", Fine, "ok", "struct s { unsigned char value; };"),
    ("quadruple", Fine, "ok", "struct s { quadruple value; };"),
    ("longlong_t", Fine, "ok", "struct s { longlong_t value; };"),
    ("bool", Fine, "ok", "struct s { bool value; };"),
    ("string without a bound", Fine, "refuses", "struct s { string name; };"),
    ("string of fixed length", Refused("fixed-string"), "refuses", "struct s { string name[9]; };"),
    ("string of any length", Fine, "ok", "struct s { string name<>; };"),
    ("pointer to string", Refused("pointer-to-bytes"), "refuses", "struct s { string *name; };"),
    ("hexadecimal bound", Fine, "ok", "struct s { string name<0x20>; };"),
    ("opaque without a bound", Refused("opaque-length"), "refuses", "struct s { opaque data; };"),
    ("pointer to opaque", Refused("pointer-to-bytes"), "refuses", "struct s { opaque *data; };"),
    ("product as bound", Fine, "refuses", "const N = 3; struct s { int list[N * 2]; };"),
    ("two dimensions", Refused("too-many-bounds"), "refuses", "struct s { int grid[3][4]; };"),
    ("array of pointers", Warns("pointer-and-bound"), "refuses", "struct s { int *list[3]; };"),
    ("vector of pointers", Warns("pointer-and-bound"), "refuses", "struct s { int *list<3>; };"),
    ("pointer to pointer", Refused("too-many-bounds"), "refuses", "struct s { int **value; };"),
    ("struct without fields", Fine, "refuses", "struct nothing { };"),
    ("void field", Fine, "refuses", "struct s { void; };"),
    ("array of no elements", Fine, "ok", "struct s { int list[0]; };"),
    ("negative bound", Refused("negative-bound"), "ok", "struct s { int list[-2]; };"),
    ("anonymous struct", Fine, "refuses", "struct s { struct { int a; } inner; };"),
    ("anonymous enum", Fine, "refuses", "struct s { enum { ON = 1 } state; };"),
    ("anonymous union", Fine, "refuses", "struct s { union switch (int kind) { case 0: int a; } u; };"),
    ("named struct within", Fine, "refuses", "struct s { struct part { int a; } inner; };"),
    ("two names", Fine, "refuses", "struct s { int a, b; };"),
    ("struct in itself", Refused("endless-type"), "ok", "struct s { s again; };"),
    ("struct by its keyword", Fine, "ok", "struct part { int a; }; struct s { struct part inner; };"),
    ("type from nowhere", Refused("unknown-type"), "ok", "struct s { elsewhere value; };"),
    // Typedefs.
    ("typedef of anonymous struct", Fine, "refuses", "typedef struct { int a; } part;"),
    ("typedef of struct with body", Fine, "refuses", "typedef struct tag { int a; } part;"),
    ("typedef of struct", Fine, "ok", "struct tag { int a; }; typedef struct tag part;"),
    ("typedef of enum body", Fine, "refuses", "typedef enum { A } letter;"),
    ("typedef of enum", Fine, "ok", "enum tag { A }; typedef enum tag letter;"),
    ("typedef to itself", Fine, "ok", "struct tag { int a; }; typedef struct tag tag;"),
    ("typedef twice alike", Warns("duplicate-type"), "ok", "typedef int number; typedef int number;"),
    ("typedef of void", Refused("void-name"), "refuses", "typedef void nothing;"),
    ("typedef of string", Fine, "ok", "typedef string name<>;"),
    ("typedef of what is known", Fine, "ok", "typedef int int32_t;"),
    // Unions.
    ("on int", Fine, "ok", "union u switch (int kind) { case 0: int a; };"),
    ("on unsigned", Fine, "ok", "union u switch (unsigned kind) { case 0: int a; };"),
    ("on unsigned int", Fine, "ok", "union u switch (unsigned int kind) { case 0: int a; };"),
    ("on hyper", Fine, "ok", "union u switch (hyper kind) { case 0: int a; };"),
    ("on string", Refused("bad-discriminant"), "refuses", "union u switch (string kind) { case 0: int a; };"),
    ("on bool", Fine, "ok", "union u switch (bool ok) { case TRUE: int a; case FALSE: void; };"),
    ("on enum by its keyword", Fine, "ok", "enum e { A }; union u switch (enum e kind) { case A: int a; };"),
    ("default only", Fine, "refuses", "union u switch (int kind) { default: int a; };"),
    ("default first", Fine, "refuses", "union u switch (int kind) { default: void; case 0: int a; };"),
    ("two labels", Fine, "ok", "union u switch (int kind) { case 0: case 1: int a; };"),
    ("case and default", Fine, "refuses", "union u switch (int kind) { case 0: default: int a; };"),
    ("negative case", Fine, "ok", "union u switch (int kind) { case -1: int a; };"),
    ("character case", Fine, "ok", "union u switch (int kind) { case 'x': int a; };"),
    ("range of cases", Refused("syntax"), "refuses", "union u switch (int kind) { case 0 ... 3: int a; };"),
    ("case twice", Refused("duplicate-case"), "ok", "union u switch (int kind) { case 0: int a; case 0: int b; };"),
    ("no cases", Refused("empty-union"), "refuses", "union u switch (int kind) { };"),
    ("arm called as the discriminant", Fine, "ok", "union u switch (int kind) { case 0: int kind; };"),
    ("case from nowhere", Refused("unknown-constant"), "ok", "union u switch (int kind) { case NOWHERE: int a; };"),
    (
        "two arms of one name",
        Warns("shared-arm-name"),
        "ok",
        "union u switch (int k) { case 0: int a; case 1: hyper a; };",
    ),
    // Programs.
    ("no arguments", Fine, "ok", "program P { version V { int F() = 1; } = 1; } = 1;"),
    ("void", Fine, "ok", "program P { version V { void F(void) = 1; } = 1; } = 1;"),
    ("named argument", Fine, "ok", "program P { version V { int F(int key) = 1; } = 1; } = 1;"),
    ("two arguments", Fine, "with -N", "program P { version V { int F(int, int) = 1; } = 1; } = 1;"),
    ("bare string", Fine, "ok", "program P { version V { string F(string) = 1; } = 1; } = 1;"),
    ("string of any length passed", Fine, "ok", "program P { version V { int F(string<>) = 1; } = 1; } = 1;"),
    ("named string passed", Fine, "ok", "program P { version V { int F(string key<>) = 1; } = 1; } = 1;"),
    ("bare opaque", Fine, "refuses", "program P { version V { opaque F(opaque) = 1; } = 1; } = 1;"),
    ("pointer passed", Fine, "ok", "program P { version V { int F(int *) = 1; } = 1; } = 1;"),
    ("pointer returned", Fine, "refuses", "program P { version V { int *F(int) = 1; } = 1; } = 1;"),
    ("array returned", Fine, "refuses", "program P { version V { int<5> F(int) = 1; } = 1; } = 1;"),
    ("array returned, as C would", Fine, "refuses", "program P { version V { int F<>(int) = 1; } = 1; } = 1;"),
    ("fixed array returned, as C would", Fine, "refuses", "program P { version V { int F[5](int) = 1; } = 1; } = 1;"),
    ("bounded string returned", Fine, "refuses", "program P { version V { string F<9>(int) = 1; } = 1; } = 1;"),
    (
        "result with a name",
        Refused("result-name"),
        "refuses",
        "program P { version V { int x<> F(int) = 1; } = 1; } = 1;",
    ),
    (
        "array of arrays returned",
        Refused("too-many-bounds"),
        "refuses",
        "program P { version V { int<> F<>(int) = 1; } = 1; } = 1;",
    ),
    (
        "array of nothing returned",
        Refused("void-name"),
        "refuses",
        "program P { version V { void F<>(int) = 1; } = 1; } = 1;",
    ),
    ("array passed", Fine, "refuses", "program P { version V { int F(int list<>) = 1; } = 1; } = 1;"),
    (
        "struct passed",
        Fine,
        "ok",
        "struct s { int a; }; program P { version V { struct s F(struct s) = 1; } = 1; } = 1;",
    ),
    ("procedure without number", Refused("syntax"), "refuses", "program P { version V { int F(int); } = 1; } = 1;"),
    ("number by name", Fine, "ok", "const N = 4; program P { version V { int F(int) = N; } = 1; } = 1;"),
    ("number in hexadecimal", Fine, "ok", "program P { version V { int F(int) = 0xA; } = 1; } = 1;"),
    (
        "procedure number twice",
        Refused("duplicate-procedure-number"),
        "ok",
        "program P { version V { int F(int) = 1; int G(int) = 1; } = 1; } = 1;",
    ),
    (
        "procedure name twice",
        Refused("duplicate-procedure"),
        "ok",
        "program P { version V { int F(int) = 1; int F(int) = 2; } = 1; } = 1;",
    ),
    ("negative program", Refused("number-range"), "ok", "program P { version V { int F(int) = 1; } = 1; } = -1;"),
    ("program number by name", Fine, "ok", "const N = 77; program P { version V { int F(int) = 1; } = 1; } = N;"),
    ("sum as program number", Fine, "refuses", "program P { version V { int F(int) = 1; } = 1; } = 70 + 7;"),
    ("version without procedures", Fine, "refuses", "program P { version V { } = 1; } = 1;"),
    ("program without versions", Warns("empty-program"), "refuses", "program P { } = 1;"),
    ("version alone", Refused("syntax"), "refuses", "version V { int F(int) = 1; } = 1;"),
    (
        "program without semicolon",
        Refused("missing-semicolon"),
        "refuses",
        "program P { version V { int F(int) = 1; } = 1; } = 1",
    ),
    (
        "version without semicolon",
        Refused("missing-semicolon"),
        "refuses",
        "program P { version V { int F(int) = 1; } = 1 } = 1;",
    ),
    (
        "two versions",
        Fine,
        "ok",
        "program P { version V { int F(int) = 1; } = 1; version W { int F(int) = 1; } = 2; } = 1;",
    ),
    ("unsigned passed", Fine, "ok", "program P { version V { int F(unsigned) = 1; } = 1; } = 1;"),
    // Text.
    ("comment to the end of the line", Fine, "refuses", "// hello\nconst N = 1;"),
    ("comment behind a hash", Refused("unknown-directive"), "refuses", "# hello\nconst N = 1;"),
    ("comment in a comment", Fine, "ok", "/* a /* b */ const N = 1;"),
    ("comment without an end", Refused("unterminated-comment"), "refuses", "const N = 1; /* and"),
    ("two semicolons", Fine, "refuses", "const N = 1;;"),
    ("struct without semicolon", Refused("missing-semicolon"), "refuses", "struct s { int a; } const N = 1;"),
    ("indented passthrough", Fine, "ok", " %include\nconst N = 1;"),
    ("passthrough in a struct", Fine, "ok", "struct s {\n%include\nint a;\n};"),
    ("names with underscores", Fine, "ok", "struct _s { int _a; };"),
    ("name with a dollar", Refused("foreign-letter"), "refuses", "struct a$b { int x; };"),
    ("field called program", Fine, "refuses", "struct s { int program; };"),
    ("field called version", Fine, "refuses", "struct s { int version; };"),
    ("lines of Windows", Fine, "ok", "const N = 1;\r\nstruct s { int a; };\r\n"),
    ("byte order mark", Fine, "ok", "\u{feff}const N = 1;"),
    ("empty file", Fine, "ok", ""),
    ("passthrough only", Fine, "ok", "%int x;\n"),
    ("foreign letters", Refused("foreign-letter"), "refuses", "struct é { int a; };"),
    ("vector of char", Fine, "ok", "struct s { char text<>; };"),
    ("guarded for the header", Fine, "ok", "#ifdef RPC_HDR\nconst N = 1;\n#endif\n"),
    ("macro as bound", Fine, "ok", "#define N 5\nstruct s { int list<N>; };"),
    ("bound from nowhere", Refused("unknown-constant"), "ok", "struct s { int list<NOWHERE>; };"),
    ("struct announced", Fine, "refuses", "struct s; struct s { int a; };"),
];

#[test]
fn all_probes() {
    let wrong: Vec<String> = PROBES
        .iter()
        .filter_map(|(what, expected, _, source)| {
            let seen = verdict(source);
            (seen != format!("{expected:?}"))
                .then(|| format!("{what}: expected {expected:?}, got {seen}\n    {source}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_probe_is_here() {
    assert_eq!(PROBES.len(), 143);
}

/// As a [`Verdict`] shows itself; with several codes when there are several.
fn verdict(source: &str) -> String {
    match xdrgen::inspect(&configure(), Path::new("probe.x"), Some(source)) {
        Ok(warnings) if warnings.is_empty() => "Fine".to_owned(),
        Ok(warnings) => format!("Warns({:?})", codes(&warnings, "warning").join(", ")),
        Err(error) => format!("Refused({:?})", codes(&error.to_string(), "error").join(", ")),
    }
}

fn codes(rendered: &str, severity: &str) -> Vec<String> {
    let prefix = format!("{severity}[");
    let code = |line: &str| Some(line.strip_prefix(&prefix)?.split_once(']')?.0.to_owned());
    rendered.lines().filter_map(code).collect()
}
