//! Which comment becomes the documentation of what.

use super::model;
use crate::model::TypeKind;

#[test]
fn before_and_behind() {
    let model = model(
        r"/* The licence. */

/*
 * How long
 *   a name is.
 */
const LENGTH = 8; /* at most */

// Two lines,
// one comment.
typedef int number;

/* Not about what follows. */

struct point { // where
    int x;      /* to the right,
                 * in metres */
    /** up */
    int y;
    int z, w;   // deep
                // and deeper
    int last;
};
",
    );
    assert_eq!(model.docs, ["The licence."]);
    assert_eq!(model.constants[0].docs, ["How long", "  a name is.", "at most"]);
    assert_eq!(model.types[0].docs, ["Two lines,", "one comment."]);
    assert_eq!(model.types[1].docs, ["where"]);
    let TypeKind::Struct(point) = &model.types[1].kind else { panic!("no struct") };
    let docs: Vec<(&str, String)> =
        point.fields.iter().map(|field| (field.name.as_str(), field.docs.join("|"))).collect();
    assert_eq!(
        docs,
        [
            ("x", "to the right,|in metres".to_owned()),
            ("y", "up".to_owned()),
            ("z", "deep|and deeper".to_owned()),
            ("w", String::new()),
            ("last", String::new()),
        ]
    );
}

#[test]
fn members_arms_and_procedures() {
    let model = model(
        "enum kind {\n\
             FILE = 1,   /* a file */\n\
             FOLDER = 2  /* a folder */,\n\
             // anything\n\
             OTHER = 3   // else\n\
         };\n\
         union entry switch (kind k) { /* one of a folder */\n\
         /* bytes */\n\
         case FILE:\n\
             hyper size; /* how many */\n\
         case FOLDER:    /* no size */\n\
             void;\n\
         default:        // whatever\n\
             void;\n\
         };\n\
         /* adds */\n\
         program CALC {\n\
             version ONE { /* the first */\n\
                 int ADD(int, int) = 1; /* sum */\n\
                 /* difference */\n\
                 int SUB(int /* from */, int) = 2;\n\
             } = 1;\n\
         } = 0x20000001; /* ours */\n",
    );
    let TypeKind::Enum(kind) = &model.types[0].kind else { panic!("no enum") };
    let docs: Vec<String> = kind.members.iter().map(|member| member.docs.join("|")).collect();
    assert_eq!(docs, ["a file", "a folder", "anything|else"]);
    let TypeKind::Union(entry) = &model.types[1].kind else { panic!("no union") };
    assert_eq!(model.types[1].docs, ["one of a folder"]);
    let docs: Vec<String> = entry.arms.iter().map(|arm| arm.docs.join("|")).collect();
    assert_eq!(docs, ["bytes|how many", "no size"]);
    assert_eq!(entry.default.as_ref().map(|arm| arm.docs.join("|")).as_deref(), Some("whatever"));
    let program = &model.programs[0];
    assert_eq!(
        (program.docs.join("|"), program.versions[0].docs.join("|")),
        ("adds".to_owned(), "the first".to_owned())
    );
    let docs: Vec<String> = program.versions[0].procedures.iter().map(|one| one.docs.join("|")).collect();
    assert_eq!(docs, ["sum", "difference"]);
}

#[test]
fn behind_a_body_on_one_line() {
    let model = model(
        "struct one { int x; }; /* of one */\n\
         enum two { A, B }; // of two\n\
         typedef struct { int x; /* of x */ } three; /* of three */\n\
         struct four {\n    int x;\n}; /* four ends */\n\
         program P {\n    version V { void F(void) = 1; } = 1; /* of V */\n} = 0x20000001;\n",
    );
    let docs: Vec<String> = model.types.iter().map(|one| one.docs.join("|")).collect();
    assert_eq!(docs, ["of one", "of two", "of three", ""]);
    assert_eq!(model.programs[0].versions[0].docs, ["of V"]);
}

#[test]
fn a_comment_right_before_the_first_definition_is_its_own() {
    let model = model("/* one */\nconst ONE = 1;\n");
    assert!(model.docs.is_empty());
    assert_eq!(model.constants[0].docs, ["one"]);
}

#[test]
fn left_out_parts_have_no_comments() {
    let model = model("#if 0\n/* gone */\n#endif\nconst ONE = 1;\n/* behind */\n#if 0\n#endif\nconst TWO = 2;\n");
    assert!(model.docs.is_empty() && model.constants.iter().all(|constant| constant.docs.is_empty()));
}

#[test]
fn a_file_without_definitions_has_a_head_too() {
    assert_eq!(model("/* The licence. */\n").docs, ["The licence."]);
    assert_eq!(model("/* The licence. */\n#include <stdio.h>\n/* one */\nconst ONE = 1;\n").docs, ["The licence."]);
}

#[test]
fn columns_are_those_that_people_see() {
    let model = model("struct s {\n\tint a;\t/* one */\n                /* goes on */\n\tint b;\n};\n");
    let TypeKind::Struct(body) = &model.types[0].kind else { panic!("no struct") };
    assert_eq!(body.fields[0].docs, ["one", "goes on"]);
    assert!(body.fields[1].docs.is_empty());
}

fn fields(source: &str) -> Vec<(String, String)> {
    let model = model(source);
    let TypeKind::Struct(body) = &model.types[0].kind else { panic!("no struct") };
    let own = (String::new(), model.types[0].docs.join("|"));
    let docs = body.fields.iter().map(|field| (field.name.clone(), field.docs.join("|")));
    std::iter::once(own).chain(docs).filter(|(_, docs)| !docs.is_empty()).collect()
}

fn of<const N: usize>(docs: [(&str, &str); N]) -> Vec<(String, String)> {
    docs.map(|(name, docs)| (name.to_owned(), docs.to_owned())).into()
}

#[test]
fn between_two_on_one_line() {
    assert_eq!(fields("struct a { int x; /* x */ int y; /* y */ };"), of([("x", "x"), ("y", "y")]));
    assert_eq!(fields("struct a { int x; /* x */ /* too */ int y; };"), of([("x", "x|too")]));
    assert_eq!(fields("struct a { /* x */ int x; /* x,\n too */ int y; };"), of([("x", "x|x,|too")]));
    assert_eq!(fields("struct a { /* a */\n int x; };"), of([("", "a")]));
    assert_eq!(fields("struct a { int x; }; /* a */ const B = 1;"), of([("", "a")]));
    assert_eq!(fields("struct a { int x; } /* a\n*/; const B = 1;"), of([("", "a")]));
}

#[test]
fn before_the_mark_that_ends_it() {
    assert_eq!(fields("struct a { int x /* x */; int y\n  /* y */\n; };"), of([("x", "x"), ("y", "y")]));
    let model = model("enum e { A /* a */, B\n /* b */\n, C = 1 /* c */, /* of c */ D };");
    let TypeKind::Enum(body) = &model.types[0].kind else { panic!("no enum") };
    let docs: Vec<String> = body.members.iter().map(|member| member.docs.join("|")).collect();
    assert_eq!(docs, ["a", "b", "c|of c", ""]);
}

/// A comment in the column of another does not go on with it when either is followed by something.
#[test]
fn what_goes_on() {
    assert_eq!(fields("struct a {\n int x; /* x */\n        /* y */ int y; };"), of([("x", "x"), ("y", "y")]));
    assert_eq!(fields("struct  /**/ a {\n\t/* x */\n int x; };"), of([("x", "x")]));
    assert_eq!(
        fields("struct a {\n int x; /* x */\n        /* on */ /* and on */\n int y; };"),
        of([("x", "x|on|and on")])
    );
}

#[test]
fn within_a_declaration_they_are_left_out() {
    assert_eq!(fields("struct /* 1 */ a /* 2 */ { int /* 3 */ x /* 4 */ <5>; /* x */ };"), of([("x", "x")]));
}
