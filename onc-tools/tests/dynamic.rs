//! JSON to XDR and back.

use std::path::Path;

use onc_tools::dynamic::{Decoded, Flaw, decode, describe, encode, find_procedure, find_type, list, template};
use serde_json::{Value, json};
use xdrgen::model::{Model, Shape};

fn model() -> Model {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/x/kinds.x");
    xdrgen::load(&xdrgen::configure(), &file).expect("a good file")
}

fn shape(model: &Model, name: &str) -> Shape {
    Shape::Named(find_type(model, name).expect("there").0)
}

fn encoded(name: &str, value: &Value) -> Vec<u8> {
    let model = model();
    let mut out = Vec::new();
    encode(&model, &shape(&model, name), value, &mut out).expect("fits");
    out
}

fn refused(name: &str, value: &Value) -> String {
    let model = model();
    encode(&model, &shape(&model, name), value, &mut Vec::new()).expect_err("does not fit").to_string()
}

fn everything() -> Value {
    json!({
        "c": "BLUE", "b": true, "f": 1.5, "d": "-Infinity", "h": -9_007_199_254_740_993_i64, "s": -2, "u": 255,
        "t": "0001020304", "o": "ff", "names": ["a", "bc"], "fixed": [{"x": 1, "y": 2}, {"x": -1, "y": u64::MAX}],
        "maybe": null, "list": [{"name": "first"}, {"name": "second"}],
        "deep": {"value": 1, "left": {"value": 2, "left": null, "right": null}, "right": null},
        "one": {"kind": "RED", "at": {"x": 7, "y": 8}}, "two": {"kind": "BLUE", "weight": 0.5},
        "sc": {"d": -1, "minus": false}
    })
}

#[test]
fn every_kind_of_value_survives() {
    let model = model();
    let bytes = encoded("everything", &everything());
    let back = decode(&model, &shape(&model, "everything"), &bytes).expect("decodes");
    assert_eq!(back, Decoded { value: everything(), flaw: None });
    for length in 0..bytes.len() {
        let cut = decode(&model, &shape(&model, "everything"), &bytes[..length]);
        let told = cut.expect_err("cut").to_string();
        assert!(told.contains(&format!(" of {length}")), "cut to {length} bytes: {told}");
    }
}

#[test]
fn what_strict_decoders_refuse_is_decoded_and_told() {
    let model = model();
    let flaw = |name: &str, bytes: &[u8], value: Value| {
        let decoded = decode(&model, &shape(&model, name), bytes).expect("it can be made out");
        assert_eq!(decoded.value, value);
        decoded.flaw
    };
    assert_eq!(flaw("token", b"abcde\0\0\0", json!("6162636465")), None);
    assert_eq!(flaw("token", b"abcde\0\0\x01", json!("6162636465")), Some(Flaw::Padding { at: 5 }));
    assert_eq!(flaw("name_t", b"\0\0\0\x03gr\xfc\0", json!("gr\u{fffd}")), Some(Flaw::Text { at: 4 }));
    // Of several the first.
    assert_eq!(flaw("name_t", b"\0\0\0\x03gr\xfc\x07", json!("gr\u{fffd}")), Some(Flaw::Text { at: 4 }));
    assert_eq!(flaw("colour", &[0; 12], json!("RED")), Some(Flaw::LeftOver { count: 8 }));
    let data = [0, 0, 0, 2, 0, 0, 0, 1, 0xaa, 0, 9, 0, 0, 0, 0, 0];
    assert_eq!(flaw("signed_case", &data, json!({"d": 2, "data": "aa"})), Some(Flaw::Padding { at: 9 }));
}

#[test]
fn bytes_are_those_of_the_standard() {
    assert_eq!(encoded("point", &json!({"x": -1, "y": 258})), [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(encoded("name_t", &json!("hello")), *b"\0\0\0\x05hello\0\0\0");
    assert_eq!(encoded("token", &json!("0x0102030405")), [1, 2, 3, 4, 5, 0, 0, 0]);
    assert_eq!(encoded("token", &json!({"text": "abcde"})), *b"abcde\0\0\0");
    assert_eq!(encoded("shape", &json!({"kind": "GREEN"})), [0, 0, 0, 1]);
    assert_eq!(encoded("signed_case", &json!({"d": 3, "data": "aa"})), [0, 0, 0, 3, 0, 0, 0, 1, 0xaa, 0, 0, 0]);
    assert_eq!(encoded("colour", &json!("BLUE")), (-5_i32).to_be_bytes());
}

#[test]
fn values_may_be_written_in_several_ways() {
    let same = |name: &str, one: Value, other: Value| assert_eq!(encoded(name, &one), encoded(name, &other), "{one}");
    let point = |x: Value| json!({"x": x, "y": "18446744073709551615"});
    for x in [json!(-16), json!("-16"), json!("-0x10"), json!(-1.6e1)] {
        same("point", point(x), json!({"x": -16, "y": u64::MAX}));
    }
    for token in
        [json!("6162636465"), json!("0x6162636465"), json!({"base64": "YWJjZGU="}), json!({"base64": "YWJjZGU"})]
    {
        same("token", token, json!({"text": "abcde"}));
    }
    let mut nothing = everything();
    nothing["list"] = json!([]);
    let mut null = nothing.clone();
    null["list"] = Value::Null;
    same("everything", null.clone(), nothing.clone());
    let fields = null.as_object_mut().expect("an object");
    fields.remove("list");
    fields.remove("maybe");
    same("everything", null, nothing);
}

#[test]
fn floating_point_numbers_keep_their_value_and_their_digits() {
    let mut value = everything();
    for (text, single, double) in [
        ("0.1", 0x3dcc_cccd, 0x3fb9_9999_9999_999a),
        ("9.18355e-40", 0x000a_0000, 0x37d4_0000_0e09_aa55),
        ("5.38978641859e-312", 0, 0x0000_00fd_ff00_0000),
    ] {
        value["f"] = serde_json::from_str(text).expect("a number");
        value["d"] = value["f"].clone();
        let bytes = encoded("everything", &value);
        assert_eq!(bytes[8..12], u32::to_be_bytes(single), "{text}");
        assert_eq!(bytes[12..20], u64::to_be_bytes(double), "{text}");
        let model = model();
        let back = decode(&model, &shape(&model, "everything"), &bytes).expect("decodes").value;
        assert_eq!(back["d"].to_string(), text);
        if single != 0 {
            assert_eq!(back["f"].to_string(), text);
        }
    }
}

#[test]
fn numbers_and_bytes_that_are_none_are_refused() {
    for x in
        [json!(1e300), json!("--1"), json!("+1"), json!("0x"), json!("0x+1"), json!("1 "), json!(""), json!("0x-1")]
    {
        let told = refused("point", &json!({"x": x, "y": 0}));
        assert!(told.starts_with("x: a whole number is needed, not "), "{told}");
    }
    let told = refused("point", &json!({"x": 0, "y": 123_456_789_012_345_678_901_234_567_890_f64}));
    assert!(told.starts_with("y: a whole number is needed"), "digits were lost: {told}");
    let mut value = everything();
    value["f"] = json!(1e300);
    assert!(refused("everything", &value).contains("f: 1e300 is too large for a float"));
    for token in [
        json!("616263646"),
        json!("616263646x"),
        json!({"base64": "YWJjZGU=", "text": "abcde"}),
        json!([1, 2, 3, 4, 5]),
    ] {
        let told = refused("token", &token);
        assert!(told.starts_with("a string of hexadecimal digits, two for each byte"), "{told}");
    }
    assert!(refused("token", &json!({"base64": "YW*"})).starts_with("base64: wrong base64"));
}

#[test]
fn a_mistake_is_named_by_its_place_in_the_json() {
    let mut value = everything();
    value["list"][1]["name"] = json!("longer than sixteen bytes");
    assert!(refused("everything", &value).starts_with("list[1].name: 25 bytes"), "{}", refused("everything", &value));
    assert!(refused("point", &json!({"x": 1, "z": 2})).contains("no field \"z\"; the fields are x, y"));
    assert!(refused("point", &json!({"x": 1})).contains("\"y\" is missing"));
    assert!(refused("point", &json!({"x": 1.5, "y": 0})).starts_with("x: a whole number is needed, not 1.5"));
    assert!(refused("point", &json!({"x": 1_u64 << 40, "y": 0})).contains("is not between"));
    assert!(refused("colour", &json!("PURPLE")).contains("none of RED, GREEN, BLUE"));
    assert!(refused("signed_case", &json!({"d": 9})).starts_with("d: the union has no arm for 9"));
    assert!(refused("token", &json!("0102")).contains("2 bytes, but there must be 5"));
}

#[test]
fn a_template_is_a_value_that_encodes() {
    let model = model();
    for name in ["everything", "point", "shape", "tree", "node", "token"] {
        let shape = shape(&model, name);
        let value = template(&model, &shape);
        encode(&model, &shape, &value, &mut Vec::new()).unwrap_or_else(|error| panic!("{name}: {error}: {value}"));
    }
}

#[test]
fn procedures_are_found_by_name_number_and_version() {
    let model = model();
    let find = |name, version| find_procedure(&model, name, None, version).map(|found| found.version.number.value);
    assert_eq!(find("ADD", None).expect("there"), 2, "the highest version");
    assert_eq!(find("add", Some("1")).expect("there"), 1);
    assert_eq!(find("2", Some("KINDS_V1")).expect("there"), 1);
    let unknown = find("SUB", None).expect_err("not there").to_string();
    assert!(unknown.contains("no procedure \"SUB\"; there are ADD"), "{unknown}");
    let unknown = find("ADDD", None).expect_err("not there").to_string();
    assert!(unknown.contains("did you mean ADD?"), "{unknown}");
    let unknown = find("ADD", Some("3")).expect_err("not there").to_string();
    assert_eq!(unknown, "there is no version \"3\"; there are KINDS_V1 (1), KINDS_V2 (2)");
    let program = |name| find_procedure(&model, "ADD", Some(name), None);
    assert_eq!(program("0x20000123").expect("there").procedure.name, "ADD");
    assert_eq!(program("kinds_prog").expect("there").version.number.value, 2);
    let unknown = program("7").expect_err("not there").to_string();
    assert_eq!(unknown, "there is no program \"7\"; there are KINDS_PROG (536871203)");
}

#[test]
fn a_file_describes_itself() {
    let model = model();
    let listed = list(&model);
    assert!(listed.contains("KINDS_PROG KINDS_V1 (536871203.1)"), "{listed}");
    assert!(listed.contains("1  int ADD(int a, int b)    The sum of two numbers."), "{listed}");
    let node = describe(&model, "node").expect("there");
    assert_eq!(node, "struct node {\n    name_t name;\n    node *next;\n};\n");
    let point = describe(&model, "point").expect("there");
    assert!(point.contains("    /* across */\n    int x;"), "{point}");
    assert!(describe(&model, "ADD").expect("there").contains("int ADD(int a, int b) = 1;"));
    assert!(describe(&model, "name_t").expect("there").contains("typedef string name_t<MAXNAME>;"));
    assert_eq!(describe(&model, "MAXNAME").expect("there"), "const MAXNAME = 16;\n");
    assert!(describe(&model, "GREEN").expect("there").starts_with("enum colour {\n    RED = 0,"));
    assert!(
        describe(&model, "kinds_v2").expect("there").starts_with("KINDS_PROG KINDS_V2 (536871203.2)\n     1  int ADD(")
    );
    assert_eq!(describe(&model, "KINDS_PROG").expect("there"), listed);
    let near = describe(&model, "everythin").expect_err("not there").to_string();
    assert!(near.contains("did you mean everything?"), "{near}");
    let far = describe(&model, "xyz").expect_err("not there").to_string();
    assert!(
        far.ends_with(
            "there are ADD, ECHO, NOTHING, colour, point, token, name_t, node, tree, shape, signed_case, everything"
        ),
        "{far}"
    );
}

#[test]
fn of_several_programs_each_is_named_once() {
    let text = "program ONE { version A { int F(int) = 1; } = 1; version B { int F(int) = 1; } = 2; } = 7; \
                program TWO { version A { int F(int) = 1; } = 1; } = 8;";
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("several-{}.x", std::process::id()));
    std::fs::write(&file, text).expect("written");
    let model = xdrgen::load(&xdrgen::configure(), &file);
    std::fs::remove_file(&file).expect("removed");
    let model = model.expect("a good file");
    let told = find_procedure(&model, "f", None, None).expect_err("which one?").to_string();
    assert!(told.ends_with("say which: --prog ONE or --prog TWO"), "{told}");
    assert_eq!(find_procedure(&model, "f", Some("7"), None).expect("there").version.name, "B");
}

#[test]
fn a_value_cannot_be_made_of_more_than_its_bytes_pay_for() {
    let text = "typedef opaque nothing[0]; typedef nothing many<>; typedef many lots<>;";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("nothing-{}.x", std::process::id()));
    std::fs::write(&folder, text).expect("written");
    let model = xdrgen::load(&xdrgen::configure(), &folder);
    std::fs::remove_file(&folder).expect("removed");
    let model = model.expect("a good file");
    let count = [0xff_u8; 4];
    let told = decode(&model, &shape(&model, "many"), &count).expect_err("four thousand million").to_string();
    assert!(told.contains("more than 4194304 values"), "{told}");
    // Bytes that follow make no difference.
    let lots = [0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    decode(&model, &shape(&model, "lots"), &lots).expect_err("eight thousand million");
}
