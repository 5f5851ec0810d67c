//! The preprocessor, seen through what it leaves.

use std::fs;

use super::{model, model_with};
use crate::{
    Config, Includes, configure, front,
    model::{ConstantValue, Model, Shape, Symbol, TypeKind},
};

fn types(model: &Model) -> Vec<&str> {
    model.types.iter().map(|one| one.name.ident.as_str()).collect()
}

fn constants(model: &Model) -> Vec<(&str, i128)> {
    let value = |value: &ConstantValue| match value {
        ConstantValue::Integer(value) => *value,
        ConstantValue::Text(_) => panic!("a text"),
    };
    model.constants.iter().map(|constant| (constant.name.ident.as_str(), value(&constant.value))).collect()
}

#[test]
fn numeric_macros_are_constants() {
    let model = model(
        "#define N 5 /* five */\n#define M (N * 2)\n#define EMPTY\n#define NAME x\nstruct s { int list<M>; int NAME; };\n",
    );
    assert_eq!(constants(&model), [("N", 5), ("M", 10)]);
    assert_eq!(model.constants[0].docs, ["five"]);
    let TypeKind::Struct(body) = &model.types[0].kind else { panic!("no struct") };
    let Shape::Vector { max: Some(max), .. } = &body.fields[0].shape else { panic!("no vector") };
    assert!(matches!(&max.symbol, Some(Symbol::Constant(name)) if name.ident == "M"));
    assert_eq!(body.fields[1].name, "x");
}

#[test]
fn a_macro_of_two_values_is_no_constant() {
    let model = model("#define N 5\nstruct a { int x[N]; };\n#undef N\n#define N 6\nstruct b { int x[N]; };\n");
    let lengths: Vec<i128> = model
        .types
        .iter()
        .map(|one| match &one.kind {
            TypeKind::Struct(body) => match &body.fields[0].shape {
                Shape::Array { length, .. } => length.value,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lengths, [5, 6]);
    assert_eq!(constants(&model), []);
}

#[test]
fn macros_expand_as_in_c() {
    let model = model(
        "#define PAIR(type, name) type name##_1; type name##_2\n\
         #define TWICE(x) x; PAIR(int, x)\n\
         #define u32 unsigned int\n\
         #define self self\n\
         #define LONG(a, \\\n             b) a \\\n  b\n\
         struct s { PAIR(u32, a); LONG(int,\n c); hyper TWICE(d); int self; };\n",
    );
    let TypeKind::Struct(body) = &model.types[0].kind else { panic!("no struct") };
    let names: Vec<&str> = body.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["a_1", "a_2", "c", "d", "d_1", "d_2", "self"]);
}

#[test]
fn conditions() {
    let source = |condition: &str| {
        format!(
            "#define TWO 2\n#define F(x) ((x) + 1)\n#if {condition}\nconst YES = 1;\n#else\nconst NO = 0;\n#endif\n"
        )
    };
    for (condition, expected) in [
        ("1", true),
        ("0", false),
        ("TWO == 2 && F(TWO) > 2", true),
        ("defined(TWO) && !defined THREE", true),
        ("defined THREE || UNKNOWN", false),
        ("1 ? 0 : 1", false),
        ("(1 << 3 | 1) == 9 && 7 % 4 == 3 && ~0 == -1 && 'a' == 97", true),
        ("0x10 == 020", true),
        ("10L > 9U", true),
        ("2 - 1 - 1", false),
    ] {
        let names: Vec<String> = constants(&model(&source(condition))).iter().map(|one| one.0.to_owned()).collect();
        assert_eq!(names.contains(&"YES".to_owned()), expected, "{condition}");
    }
}

#[test]
fn branches() {
    let source = "#ifdef A\nconst A1 = 1;\n#elif defined B\nconst B1 = 1;\n#else\nconst C1 = 1;\n#endif\n\
                  #ifndef A\nenum e {\n#if 0\n  SKIPPED, don't\n#endif\n  KEPT\n};\n#endif\n";
    let with = |define: Option<&str>| {
        let config = define.map_or(configure(), |define| configure().define(define));
        let model = model_with(&config, source);
        let mut names: Vec<String> = model.constants.iter().map(|one| one.name.ident.clone()).collect();
        names.extend(model.types.iter().map(|one| one.name.ident.clone()));
        names
    };
    assert_eq!(with(None), ["C1", "e"]);
    assert_eq!(with(Some("A")), ["A1"]);
    assert_eq!(with(Some("B=7")), ["B1", "e"]);
}

#[test]
fn what_other_passes_declare_is_found_too() {
    let model = model(
        "#ifdef RPC_HDR\nstruct shown { int a; };\n#else\nstruct shown { int a; int b; };\n#endif\n\
         #ifdef RPC_XDR\nstruct hidden { int a; };\n%#include \"x.h\"\n#endif\n\
         #if defined(RPC_SVC) || defined(RPC_CLNT)\ntypedef hidden both;\nconst N = 3;\n#endif\n\
         #ifndef RPC_HDR\nstruct third { both x<N>; };\n#endif\n",
    );
    assert_eq!(types(&model), ["shown", "hidden", "third", "both"]);
    let TypeKind::Struct(body) = &model.types[0].kind else { panic!("no struct") };
    assert_eq!(body.fields.len(), 1, "the header comes first");
    assert_eq!(constants(&model), [("N", 3)]);
}

#[test]
fn passthrough_lines_are_kept_apart() {
    let model = model("%#include <stdio.h>\nstruct s {\n  %int c;\n  int a;\n%\n};\n#ifdef NEVER\n%gone\n#endif\n");
    assert_eq!(model.passthrough, ["#include <stdio.h>", "int c;", ""]);
}

#[test]
fn what_lines_for_c_define_can_be_a_bound() {
    let model =
        model("%#define MAXNAME 255\n%#define UNUSED 3\n%#define F(x) x\nstruct s { string name<MAXNAME>; };\n");
    assert_eq!(constants(&model), [("MAXNAME", 255)]);
}

#[test]
fn bytes_and_lines_of_other_systems() {
    let model = model("\u{feff}const N = 1;\r\nstruct s {\r\n  int a; /* Gr\u{f6}\u{df}e */\r\n};\r\n");
    assert_eq!(types(&model), ["s"]);
    let TypeKind::Struct(body) = &model.types[0].kind else { panic!("no struct") };
    assert_eq!(body.fields[0].docs, ["Größe"]);
}

#[test]
fn files_are_included_or_used() {
    let folder = std::env::temp_dir().join(format!("xdrgen-front-{}", std::process::id()));
    fs::create_dir_all(folder.join("inc")).expect("a folder can be made");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("it can be written");
    write("inc/types.x", "#ifndef TYPES\n#define TYPES\nconst SIZE = 9;\nstruct shared { int a; };\n#endif\n");
    write(
        "main.x",
        "#include <types.x>\n#include \"types.x\"\n#include <rpc/rpc.h>\nstruct own { shared x<SIZE>; };\n",
    );
    let config = configure().include_path(folder.join("inc"));
    let load = |config: &Config| front::load(&folder.join("main.x"), &config.options).expect("it is right").model;

    let inline = load(&config);
    assert_eq!(types(&inline), ["shared", "own"]);
    assert!(inline.uses.is_empty() && inline.types.iter().all(|one| one.module.is_none()));
    assert_eq!(inline.sources.len(), 2);

    let used = load(&config.includes(Includes::Use));
    assert_eq!(used.uses, ["types"]);
    assert_eq!(used.types[0].module.as_deref(), Some("types"));
    assert_eq!(used.types[1].module, None);
    assert_eq!(used.order.len(), 1, "only what is this file's own");
    fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn features_guard_definitions() {
    let config = configure().feature("NEXT");
    let source = "struct a { int x; };\n#ifdef NEXT\nstruct b { int x; };\n#endif\n";
    let model = model_with(&config, source);
    let features: Vec<Option<&str>> = model.types.iter().map(|one| one.feature.as_deref()).collect();
    assert_eq!(features, [None, Some("NEXT")]);
    // Without being asked for it is any other symbol.
    assert_eq!(types(&super::model(source)), ["a"]);
}

#[test]
fn features_guard_fields_members_and_arms() {
    let config = configure().feature("NEXT");
    let model = model_with(
        &config,
        "enum e { A = 1,\n#ifdef NEXT\nB = 2,\n#endif\nC = 3 };\n\
         struct s { int x;\n#ifdef NEXT\nstruct { int z; } y;\n#endif\n};\n\
         union u switch (e on) { case A: int x;\n#ifdef NEXT\ncase B: void;\n#endif\ndefault: void; };\n\
         struct node { int x;\n#ifdef NEXT\nnode *next;\n#endif\n};\n",
    );
    let guarded = |features: Vec<Option<&str>>| features.iter().map(Option::is_some).collect::<Vec<_>>();
    let kind = |name: &str| model.types.iter().find(|one| one.name.ident == name).map(|one| &one.kind);
    let Some(TypeKind::Enum(e)) = kind("e") else { panic!("{model:?}") };
    assert_eq!(guarded(e.members.iter().map(|one| one.feature.as_deref()).collect()), [false, true, false]);
    let Some(TypeKind::Struct(s)) = kind("s") else { panic!("{model:?}") };
    assert_eq!(guarded(s.fields.iter().map(|one| one.feature.as_deref()).collect()), [false, true]);
    let Some(TypeKind::Union(u)) = kind("u") else { panic!("{model:?}") };
    assert_eq!(guarded(u.arms.iter().map(|one| one.feature.as_deref()).collect()), [false, true]);
    let body = model.types.iter().find(|one| one.name.ident == "s_y").expect("the body of the field");
    assert_eq!(body.feature.as_deref(), Some("NEXT"));
    let Some(TypeKind::Struct(node)) = kind("node") else { panic!("{model:?}") };
    assert!(node.list.is_none() && node.fields[1].boxed, "a list without its link would be another type");
}

#[test]
fn features_that_leave_something_wrong_behind_are_refused() {
    for (source, message) in [
        ("struct s { int\n#ifdef NEXT\nx;\n#endif\nint y; };\n", "feature `NEXT` guards a part of a definition"),
        ("#ifdef NEXT\nstruct\n#endif\ns { int x; };\n", "feature `NEXT` guards a part of a definition"),
        (
            "union u switch (int on) { case 1:\n#ifdef NEXT\ncase 2:\n#endif\nint x; };\n",
            "feature `NEXT` guards a part of a definition",
        ),
        (
            "program P { version V { void A(void) = 1;\n#ifdef NEXT\nvoid B(void) = 2;\n#endif\n} = 1; } = 0x20000001;\n",
            "feature `NEXT` guards a part of a definition",
        ),
        ("enum e { A = 1,\n#ifdef NEXT\nB,\n#endif\nC };\n", "the number of `C` depends on feature `NEXT`"),
        ("enum e { A = 1,\n#ifdef NEXT\nB = 2,\n#endif\nC = 2 };\n", "`C` has a number that is not always free"),
        ("enum e {\n#ifdef NEXT\nB = 2\n#endif\n};\n", "without its features this enum has no members"),
        ("#ifdef NEXT\nstruct a { int x; };\n#endif\nstruct b { a x; };\n", "`a` is there only with feature `NEXT`"),
        (
            "enum e { A = 1,\n#ifdef NEXT\nB = 2\n#endif\n};\nunion u switch (e on) { case B: int x; default: void; };\n",
            "`B` is there only with feature `NEXT`",
        ),
        ("#ifdef NEXT\nconst N = 2;\n#endif\nstruct b { int x<N>; };\n", "`N` is there only with feature `NEXT`"),
        (
            "#ifdef NEXT\nstruct a { int x; };\n#endif\nprogram P { version V { int A(a) = 1; } = 1; } = 0x20000001;\n",
            "`a` is there only with feature `NEXT`",
        ),
    ] {
        let config = configure().feature("NEXT");
        let error = config.compile_str("next.x", source).expect_err(source).to_string();
        assert!(error.contains(message), "{source}:\n{error}");
        assert!(error.contains("1 error;"), "{source}:\n{error}");
    }
    let right = "#ifdef NEXT\nstruct a { int x; };\n#endif\nstruct b { int y;\n#ifdef NEXT\na x;\n#endif\n};\n";
    configure().feature("NEXT").compile_str("next.x", right).expect("both are guarded");
}

#[test]
fn headers_for_c_are_the_modules_they_are_made_of() {
    let folder = std::env::temp_dir().join(format!("xdrgen-front-c-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder can be made");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("it can be written");
    write("types.x", "%#include \"other.h\"\nenum state { ON = 1 };\n");
    write("other.x", "%#include \"types.h\"\nstruct other { int a; };\n");
    write("main.x", "%#include \"xdr/types.h\"\nstruct own { state s; other o; };\n");
    let model = |includes: Includes| {
        front::load(&folder.join("main.x"), &configure().includes(includes).options).map(|loaded| loaded.model)
    };
    let used = model(Includes::Use).expect("both are found");
    assert_eq!(used.uses, ["other", "types"]);
    assert_eq!(used.passthrough, ["#include \"xdr/types.h\""]);
    let error = model(Includes::Inline).expect_err("it is not asked for").to_string();
    assert!(error.contains("2 types are defined nowhere: `state`, `other`"), "{error}");
    assert!(error.contains("Includes::Use"), "{error}");
    fs::remove_dir_all(&folder).expect("it can be removed");
}
