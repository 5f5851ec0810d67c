//! `xdrgen ast`, from outside.

mod command;

use std::collections::BTreeSet;

use command::{Folder, run, run_in};
use serde_json::{Value, json};

fn ast(text: &str) -> Value {
    let folder = Folder::new();
    folder.write("a.x", text);
    let ended = run_in(&folder, &["ast", "a.x"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("it is JSON")
}

#[test]
fn everything_is_there() {
    let whole = ast("/* Two. */\nconst A = 0x10;\nstruct s { string t<A>; int *p, q[2]; };\nenum e { X = -1 };\n\
         union u switch (e d) { case X: void; default: hyper h; };\ntypedef unsigned int n;\n%c\n\
         program P { version V { s F(n a) = 1; } = 2; } = 3;\nnamespace m { const B = A + 1; }\n");
    assert_eq!(whole["format"], 1);
    assert_eq!(whole["files"], json!(["a.x"]));
    assert_eq!(whole["passthrough"], json!(["c"]));
    let items = whole["items"].as_array().expect("a list");
    let kinds: Vec<&Value> = items.iter().map(|item| &item["kind"]).collect();
    assert_eq!(json!(kinds), json!(["constant", "type", "type", "type", "typedef", "program", "namespace"]));
    assert_eq!(items[0]["docs"], json!(["Two."]));
    assert_eq!(items[0]["name"]["text"], "A");
    assert_eq!(items[0]["name"]["place"]["line"], 2);
    assert_eq!(items[0]["name"]["place"]["column"], 7);
    assert_eq!((&items[0]["value"]["value"], &items[0]["value"]["radix"]), (&json!("16"), &json!(16)));
    let fields = &items[1]["type"]["fields"];
    assert_eq!(fields[0]["type"]["kind"], "string");
    assert_eq!(fields[0]["declarators"][0]["suffixes"][0]["fixed"], false);
    assert_eq!(fields[0]["declarators"][0]["suffixes"][0]["bound"]["path"][0]["text"], "A");
    assert_eq!(fields[1]["declarators"][0]["pointers"], 1);
    assert_eq!(fields[1]["declarators"][1]["suffixes"][0]["fixed"], true);
    assert_eq!(items[2]["type"]["members"][0]["value"]["operator"], "-");
    let union_ = &items[3]["type"];
    assert_eq!(union_["discriminant"]["name"]["text"], "d");
    assert_eq!(union_["arms"][0]["declaration"]["declarators"], json!([]));
    assert_eq!(union_["arms"][1]["labels"][0]["value"], Value::Null);
    assert_eq!(items[4]["declaration"]["type"]["bits"], 32);
    assert_eq!(items[4]["declaration"]["type"]["signed"], false);
    let procedure = &items[5]["versions"][0]["procedures"][0];
    assert_eq!(procedure["arguments"][0]["declarator"]["name"]["text"], "a");
    assert_eq!(procedure["number"]["value"], "1");
    assert_eq!(items[6]["items"][0]["value"]["operator"], "+");
}

/// The fields of all objects, and what kinds of them there are.
fn words(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| self::words(item, words)),
        Value::Object(fields) => {
            words.extend(fields.keys().cloned());
            words.extend(fields.get("kind").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| self::words(field, words));
        }
        _ => {}
    }
}

#[test]
fn everything_is_documented() {
    let whole = ast("#define M 5\nconst A = 0x10 + B; const B = -'a'; const T = \"t\";\npragma big_endian;\n\
         struct s { string t<A>; float f; double d; quadruple q; bool b; opaque o[M]; s *p; };\nenum e { X = 1 };\n\
         union u switch (e d) { case X: void; };\ntypedef unsigned int n;\n%c\n\
         program P { version V { s F(n a) = 1; } = 2; } = 3;\nnamespace m { const C = 1; }\n");
    let mut seen = BTreeSet::new();
    words(&whole, &mut seen);
    assert!(seen.len() > 60, "{seen:?}");
    let help = run(&["ast", "--help"]).stdout;
    let known: BTreeSet<&str> = help.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let missing: Vec<&String> = seen.iter().filter(|word| !known.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?} in:\n{help}");
}

#[test]
fn a_file_that_does_not_parse_is_1() {
    let folder = Folder::new();
    folder.write("a.x", "struct {");
    let ended = run_in(&folder, &["ast", "a.x"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (1, ""));
    assert!(ended.stderr.contains("a.x:1:"), "{}", ended.stderr);
    assert_eq!(run_in(&folder, &["ast", "missing.x"]).status, 2);
}
