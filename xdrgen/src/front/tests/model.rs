//! What good files become: names resolved, numbers evaluated, lists and circles found.

use super::{model, model_with};
use crate::{
    Integer, configure,
    model::{ConstantValue, Field, Item, Model, Radix, Shape, Struct, Symbol, TypeId, TypeKind, Union},
};

fn kind<'m>(model: &'m Model, name: &str) -> &'m TypeKind {
    &model.types[id(model, name).0].kind
}

fn id(model: &Model, name: &str) -> TypeId {
    let at = model.types.iter().position(|one| one.name.ident == name);
    TypeId(at.unwrap_or_else(|| panic!("there is no type {name}")))
}

fn struct_<'m>(model: &'m Model, name: &str) -> &'m Struct {
    match kind(model, name) {
        TypeKind::Struct(body) => body,
        other => panic!("{name} is {other:?}"),
    }
}

fn union_<'m>(model: &'m Model, name: &str) -> &'m Union {
    match kind(model, name) {
        TypeKind::Union(body) => body,
        other => panic!("{name} is {other:?}"),
    }
}

fn field<'m>(model: &'m Model, owner: &str, name: &str) -> &'m Field {
    struct_(model, owner).fields.iter().find(|field| field.name == name).expect("there is such a field")
}

fn constant(model: &Model, name: &str) -> i128 {
    let constant = model.constants.iter().find(|constant| constant.name.ident == name);
    match constant.unwrap_or_else(|| panic!("there is no constant {name}")).value {
        ConstantValue::Integer(value) => value,
        ConstantValue::Text(ref text) => panic!("{name} is {text}"),
    }
}

fn bound(shape: &Shape) -> i128 {
    match shape {
        Shape::String { max: Some(number), .. }
        | Shape::Opaque(Some(number))
        | Shape::FixedOpaque(number)
        | Shape::Vector { max: Some(number), .. }
        | Shape::Array { length: number, .. } => number.value,
        other => panic!("{other:?} has no bound"),
    }
}

#[test]
fn integers_of_every_name() {
    use Integer::{I8, I16, I32, I64, U8, U16, U32, U64};
    let names = [
        ("int", I32),
        ("unsigned", U32),
        ("unsigned int", U32),
        ("signed", I32),
        ("signed int", I32),
        ("char", I8),
        ("unsigned char", U8),
        ("short", I16),
        ("unsigned short int", U16),
        ("long", I32),
        ("unsigned long", U32),
        ("long long", I64),
        ("unsigned long long int", U64),
        ("hyper", I64),
        ("unsigned hyper", U64),
        ("u_char", U8),
        ("u_short", U16),
        ("u_int", U32),
        ("u_long", U32),
        ("int8_t", I8),
        ("uint8_t", U8),
        ("int16_t", I16),
        ("u_int16_t", U16),
        ("int32_t", I32),
        ("uint32_t", U32),
        ("int64_t", I64),
        ("u_int64_t", U64),
        ("quad_t", I64),
        ("u_quad_t", U64),
        ("longlong_t", I64),
        ("u_longlong_t", U64),
    ];
    for (name, expected) in names {
        let model = model(&format!("struct s {{ {name} x; }};"));
        assert_eq!(field(&model, "s", "x").shape, Shape::Integer(expected), "{name}");
    }
    let model = model("struct s { bool_t a; bool b; };");
    assert_eq!(field(&model, "s", "a").shape, field(&model, "s", "b").shape);
}

#[test]
fn a_file_may_say_what_everyone_knows() {
    let model = model("typedef unsigned hyper uint64_t; struct s { uint64_t x; };");
    assert_eq!(model.types.len(), 1);
    assert_eq!(field(&model, "s", "x").shape, Shape::Integer(Integer::U64));
    // Said otherwise, the file is right.
    let model = super::model("typedef opaque uint64_t[8]; struct s { uint64_t x; };");
    assert_eq!(field(&model, "s", "x").shape, Shape::Named(id(&model, "uint64_t")));
}

#[test]
fn constants_are_evaluated_and_stay_symbolic() {
    let model = model(
        "const A = 10; const B = A; const C = (A + 2) * 3 - 1; const D = 1 << 4 | 3; const E = -0x10; const F = 'a';
         const G = ~0; const H = 1'000; const S = \"a\\tb\"; const L = 7 % 4 + 17 / 5;
         struct s { int x<B>; int y[C]; int z<A * 2>; };",
    );
    for (name, value) in
        [("A", 10), ("B", 10), ("C", 35), ("D", 19), ("E", -16), ("F", 97), ("G", -1), ("H", 1000), ("L", 6)]
    {
        assert_eq!(constant(&model, name), value, "{name}");
    }
    let by_name =
        |name: &str| model.constants.iter().find(|constant| constant.name.ident == name).expect("it is there");
    assert_eq!(by_name("B").alias_of.as_ref().map(|name| name.ident.as_str()), Some("A"));
    assert_eq!(by_name("F").radix, Radix::Character);
    assert_eq!(by_name("S").value, ConstantValue::Text("a\tb".to_owned()));
    let Shape::Vector { max: Some(max), .. } = &field(&model, "s", "x").shape else { panic!("no bound") };
    assert!(matches!(&max.symbol, Some(Symbol::Constant(name)) if name.ident == "B"));
    assert_eq!((bound(&field(&model, "s", "y").shape), bound(&field(&model, "s", "z").shape)), (35, 20));
}

#[test]
fn enums() {
    let model = model(
        "const BASE = 100;
         enum e { A, B, C = 7, D, E = B, F = BASE + 1, G = 0x80000000, H = 'h', };
         struct s { int x[D]; };",
    );
    let TypeKind::Enum(body) = kind(&model, "e") else { panic!("no enum") };
    let values: Vec<(&str, i32)> = body.members.iter().map(|member| (member.name.as_str(), member.value)).collect();
    let expected = [("A", 0), ("B", 1), ("C", 7), ("D", 8), ("E", 1), ("F", 101), ("G", i32::MIN), ("H", 104)];
    assert_eq!(values, expected);
    assert_eq!(body.members[4].alias_of, Some(1));
    let Shape::Array { length, .. } = &field(&model, "s", "x").shape else { panic!("no array") };
    assert_eq!(length.symbol, Some(Symbol::Member { of: id(&model, "e"), member: 3 }));
}

#[test]
fn an_enum_without_name_is_constants() {
    let model = model("enum { ONE = 1, TWO, NINE = 9 }; struct s { int x<TWO>; };");
    assert_eq!((constant(&model, "ONE"), constant(&model, "TWO"), constant(&model, "NINE")), (1, 2, 9));
}

#[test]
fn bodies_within_are_named_after_their_field_or_arm() {
    let model = model(
        "struct outer {
            struct { int a; } first;
            enum { ON = 1, OFF = 2 } state;
            union switch (int kind) { case 1: struct { int b; struct { int c; } deep; } second; default: void; } choice;
            struct named { int d; } third;
         };
         typedef struct { int e; } alias;
         typedef struct { int f; } *pointer;",
    );
    let names: Vec<&str> = model.types.iter().map(|one| one.name.ident.as_str()).collect();
    assert_eq!(
        names,
        [
            "outer_first",
            "outer_state",
            "outer_choice_second_deep",
            "outer_choice_second",
            "outer_choice",
            "named",
            "outer",
            "alias",
            "pointer_item",
            "pointer"
        ]
    );
    assert_eq!(field(&model, "outer", "third").shape, Shape::Named(id(&model, "named")));
    assert_eq!(model.order.len(), names.len());
}

#[test]
fn several_names_in_one_declaration() {
    let model = model("struct s { int a, *b, c[2], d<>; }; typedef int one, two<3>;");
    let shapes: Vec<&str> = struct_(&model, "s").fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(shapes, ["a", "b", "c", "d"]);
    assert!(matches!(field(&model, "s", "b").shape, Shape::Optional(_)));
    assert!(matches!(kind(&model, "two"), TypeKind::Alias(Shape::Vector { .. })));
}

#[test]
fn unions() {
    let model = model(
        "enum status { OK = 0, BAD = 1, WORSE = 2 };
         union u switch (status s) { case OK: int value; case BAD: case 2: string why<>; default: void; };
         union b switch (bool ok) { case TRUE: int value; case 0: void; };
         union n switch (unsigned n) { default: int any; case 'x': hyper wide; };",
    );
    let u = union_(&model, "u");
    assert_eq!(u.discriminant, "s");
    let cases = |arm: usize| u.arms[arm].cases.iter().map(|case| case.value).collect::<Vec<_>>();
    assert_eq!((cases(0), cases(1)), (vec![0], vec![1, 2]));
    // A case given by number is the member all the same.
    assert_eq!(u.arms[1].cases[1].symbol, Some(Symbol::Member { of: id(&model, "status"), member: 2 }));
    assert!(u.default.as_ref().is_some_and(|arm| arm.field.is_none()));
    assert_eq!(union_(&model, "b").discriminant_shape, Shape::Bool);
    let n = union_(&model, "n");
    assert_eq!(n.arms[0].cases[0].value, 120);
    assert_eq!(n.default.as_ref().and_then(|arm| arm.field.as_ref()).map(|field| field.name.as_str()), Some("any"));
}

#[test]
fn a_linked_list_loses_its_link() {
    let model = model(
        "struct entry { string name<255>; entry *next; /* the rest */ };
         typedef entry *entries;
         struct chained { int a; chain_ptr next; };
         typedef chained *chain_ptr;
         struct folder { entries children; entry *more; entry first; entry all<>; };
         program P { version V { entry *LIST(entry) = 1; } = 1; } = 0x20000001;",
    );
    let entry = id(&model, "entry");
    let link = struct_(&model, "entry").list.as_ref().expect("it is a list");
    assert_eq!((link.name.as_str(), link.docs.as_slice()), ("next", &["the rest".to_owned()][..]));
    assert_eq!(struct_(&model, "entry").fields.len(), 1);
    assert!(struct_(&model, "chained").list.is_some());
    assert_eq!(kind(&model, "entries"), &TypeKind::Alias(Shape::List(entry)));
    assert_eq!(field(&model, "folder", "children").shape, Shape::Named(id(&model, "entries")));
    assert_eq!(field(&model, "folder", "more").shape, Shape::List(entry));
    assert_eq!(field(&model, "folder", "first").shape, Shape::Chain(entry));
    assert_eq!(field(&model, "folder", "all").shape, Shape::Vector { item: Box::new(Shape::Chain(entry)), max: None });
    let procedure = &model.programs[0].versions[0].procedures[0];
    assert_eq!((&procedure.result, &procedure.arguments[0].shape), (&Shape::List(entry), &Shape::Chain(entry)));
}

#[test]
fn what_looks_like_a_list_and_is_none() {
    // Nothing but the link; a link that is not last; a link to another type.
    let model = model(
        "struct lone { lone *next; };
         struct tree { tree *left; int value; };
         struct ping { int a; pong *next; }; struct pong { int b; ping *next; };",
    );
    for name in ["lone", "tree", "ping", "pong"] {
        assert_eq!(struct_(&model, name).list, None, "{name}");
    }
    assert!(field(&model, "lone", "next").boxed && field(&model, "tree", "left").boxed);
    // One box breaks a circle of two.
    let boxes = [field(&model, "ping", "next").boxed, field(&model, "pong", "next").boxed];
    assert_eq!(boxes.iter().filter(|boxed| **boxed).count(), 1);
}

#[test]
fn circles_are_boxed_only_where_they_have_to_be() {
    let model = model(
        "union expression switch (int kind) {
            case 0: int number;
            case 1: pair sum;
            default: void;
         };
         struct pair { expression left; expression right; };
         struct forest { tree trees<>; };
         struct tree { int value; forest *below; };
         typedef thing *maybe; struct thing { maybe one; int n; };",
    );
    let sum = union_(&model, "expression").arms[1].field.as_ref().expect("it has a value");
    let boxed = |owner: &str, name: &str| field(&model, owner, name).boxed;
    // Either the arm, or both fields: the arm is fewer.
    assert!(sum.boxed || boxed("pair", "left") && boxed("pair", "right"));
    assert!(!(sum.boxed && boxed("pair", "left")));
    // A vector is no circle: it is somewhere else in memory.
    assert!(!boxed("forest", "trees") && !boxed("tree", "below"));
    assert!(boxed("thing", "one"));
}

#[test]
fn programs() {
    let model = model(
        "const NUMBER = 0x20000001;
         struct pair { int a; int b; };
         program CALC {
            version ONE { void NULL(void) = 0; int ADD(int, int) = 1; struct pair *SWAP(pair p, opaque) = 2; } = 1;
            version TWO { string NAME(unsigned id, string<5> what) = 0x10; int<> LIST() = 4; } = 2;
         } = NUMBER;",
    );
    let program = &model.programs[0];
    assert_eq!((program.number.value, program.versions.len()), (0x2000_0001, 2));
    assert!(matches!(&program.number.symbol, Some(Symbol::Constant(name)) if name.ident == "NUMBER"));
    let one = &program.versions[0].procedures;
    assert!(one[0].arguments.is_empty() && one[0].result == Shape::Void);
    assert_eq!(one[1].arguments.len(), 2);
    assert_eq!(one[2].arguments[0].name.as_deref(), Some("p"));
    assert_eq!(one[2].arguments[1].shape, Shape::Opaque(None));
    assert!(matches!(one[2].result, Shape::Optional(_)));
    let two = &program.versions[1].procedures;
    assert_eq!((two[0].number.value, bound(&two[0].arguments[1].shape)), (16, 5));
    assert!(matches!(two[1].result, Shape::Vector { .. }));
}

#[test]
fn numbers_of_programs_are_constants() {
    let model = model(
        "const LAST = B; const NEWEST = TWO; const CALC_NUMBER = CALC; const OTHER = SHARED;
         namespace outer { const INNER = A; const ALSO = B; program P { version V { void A(void) = 9; } = 1; } = 0x20000001; }
         enum SHARED_ENUM { SHARED = 77 };
         typedef int both<A>;
         program CALC {
            version ONE { void A(void) = 1; void SHARED(void) = 2; } = 1;
            version TWO { void A(void) = 1; void B(void) = A + 3; } = 2;
         } = 0x20000002;",
    );
    assert_eq!((constant(&model, "LAST"), constant(&model, "NEWEST")), (4, 2));
    assert_eq!(constant(&model, "OTHER"), 77, "what is defined comes before the number of a procedure");
    assert_eq!((constant(&model, "INNER"), constant(&model, "ALSO")), (9, 4), "the nearest, then outward");
    let number = model.constants.iter().find(|constant| constant.name.ident == "CALC_NUMBER").expect("there is one");
    assert_eq!((&number.value, number.radix), (&ConstantValue::Integer(0x2000_0002), Radix::Hexadecimal));
    assert_eq!(number.alias_of, None, "there need not be a constant in Rust");
    let TypeKind::Alias(Shape::Vector { max: Some(max), .. }) = kind(&model, "both") else { panic!("no vector") };
    assert_eq!((max.value, &max.symbol), (1, &Some(Symbol::Number("A".into()))));
}

#[test]
fn namespaces() {
    let model = model(
        "namespace outer {
            const SIZE = 4;
            struct point { int x[SIZE]; };
            namespace inner { struct line { point from; ::outer::point to; colour c; }; enum colour { RED, GREEN }; }
         }
         struct shape { outer::point at; outer::inner::line edge; int list<outer::inner::colour::GREEN>; };",
    );
    let line = struct_(&model, "line");
    assert_eq!(line.fields[0].shape, line.fields[1].shape);
    assert_eq!(model.types[id(&model, "line").0].name.namespace, ["outer", "inner"]);
    assert_eq!(bound(&field(&model, "shape", "list").shape), 1);
}

#[test]
fn order_is_the_files() {
    let model = model(
        "struct a { int x; };\nconst N = 1;\n#define M 2\ntypedef int b;\nprogram P { version V { } = 1; } = 9;\n",
    );
    let shown: Vec<String> = model
        .order
        .iter()
        .map(|item| match item {
            Item::Constant(at) => model.constants[*at].name.ident.clone(),
            Item::Type(id) => model.types[id.0].name.ident.clone(),
            Item::Program(at) => model.programs[*at].name.ident.clone(),
        })
        .collect();
    assert_eq!(shown, ["a", "N", "M", "b", "P"]);
    assert_eq!(model.name, "calc");
}

#[test]
fn types_of_the_configuration() {
    let config = configure().extern_type("mode", "crate::Mode").extern_type("status", "crate::Status");
    let source = "struct s { mode m; mode *more; };
                  union u switch (status st) { case 0: int a; case 5: int b; };";
    let model = model_with(&config, source);
    let mode = id(&model, "mode");
    assert_eq!(model.types[mode.0].kind, TypeKind::Extern("crate::Mode".to_owned()));
    assert_eq!(field(&model, "s", "m").shape, Shape::Named(mode));
    // On the wire an enum is four bytes, whatever Rust calls it.
    assert_eq!(union_(&model, "u").discriminant_shape, Shape::Integer(Integer::I32));
    assert!(!model.order.contains(&Item::Type(mode)));
}

#[test]
fn kernel_pragmas_and_announcements_say_nothing() {
    let model =
        model("pragma header nfs4;\npragma big_endian stat;\nstruct s;\nenum stat { A };\nstruct s { stat x; };;\n");
    assert_eq!(model.types.len(), 2);
}
