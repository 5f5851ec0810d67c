//! What the configuration says of single items.

use std::path::Path;

use crate::{
    front::{Loaded, load_source},
    model::{Field, Integer, Shape, TypeKind},
    options::{Options, PathOptions},
};

const SOURCE: &str = "enum kind { FILE = 1 };
    struct entry { string name<9>; int size; hyper offset; kind what; string list<3>; };
    typedef string path<>;
    program CALC { version ONE { string NAME(string) = 1; int ADD(int) = 2; } = 1; } = 0x20000001;";

fn load(paths: &[(&str, PathOptions)]) -> Result<Loaded, String> {
    let paths = paths.iter().map(|(path, wishes)| ((*path).to_owned(), wishes.clone())).collect();
    let options = Options { paths, ..Options::default() };
    load_source(Path::new("calc.x"), SOURCE, &options).map_err(|error| error.to_string())
}

fn field<'l>(loaded: &'l Loaded, name: &str) -> &'l Field {
    let TypeKind::Struct(entry) = &loaded.model.types[1].kind else { panic!("no struct") };
    entry.fields.iter().find(|field| field.name == name).expect("there is such a field")
}

fn bytes(shape: &Shape) -> bool {
    matches!(shape, Shape::String { as_bytes: true, .. })
}

#[test]
fn each_reaches_its_item() {
    let attributes = vec!["#[derive(Hash)]".to_owned()];
    let loaded = load(&[
        ("kind", PathOptions { open: true, ..PathOptions::default() }),
        ("entry", PathOptions { attributes: attributes.clone(), ..PathOptions::default() }),
        ("entry.name", PathOptions { bytes: true, boxed: true, ..PathOptions::default() }),
        ("entry.size", PathOptions { integer: Some(Integer::U32), ..PathOptions::default() }),
        ("path", PathOptions { bytes: true, ..PathOptions::default() }),
        ("CALC.ONE.ADD", PathOptions { idempotent: true, ..PathOptions::default() }),
    ])
    .expect("all fit");
    assert!(loaded.unmatched.is_empty());
    assert!(loaded.model.types[0].options.open && !loaded.model.types[1].options.open);
    assert_eq!(loaded.model.types[1].options.attributes, attributes);
    let name = field(&loaded, "name");
    assert!(bytes(&name.shape) && name.boxed);
    assert!(!bytes(&field(&loaded, "list").shape));
    assert_eq!(field(&loaded, "size").shape, Shape::Integer(Integer::U32));
    assert!(matches!(&loaded.model.types[2].kind, TypeKind::Alias(shape) if bytes(shape)));
    let procedures = &loaded.model.programs[0].versions[0].procedures;
    assert_eq!(procedures.iter().map(|one| one.idempotent).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_star_reaches_everything() {
    let wishes = PathOptions { bytes: true, idempotent: true, open: true, ..PathOptions::default() };
    let loaded = load(&[("*", wishes)]).expect("it fits");
    assert!(bytes(&field(&loaded, "name").shape) && bytes(&field(&loaded, "list").shape));
    assert!(loaded.model.types[0].options.open);
    let procedures = &loaded.model.programs[0].versions[0].procedures;
    assert!(procedures.iter().all(|one| one.idempotent) && bytes(&procedures[0].result));
}

#[test]
fn a_program_or_a_version_reaches_its_procedures() {
    for path in ["CALC", "CALC.ONE"] {
        let loaded = load(&[(path, PathOptions { idempotent: true, ..PathOptions::default() })]).expect("it fits");
        assert!(loaded.model.programs[0].versions[0].procedures.iter().all(|one| one.idempotent), "{path}");
    }
}

#[test]
fn what_fits_nothing_is_told() {
    let loaded =
        load(&[("entry.nane", PathOptions { bytes: true, ..PathOptions::default() })]).expect("others may have it");
    assert_eq!(loaded.unmatched, ["entry.nane"]);
    let message = crate::check::unmatched_message("entry.nane", &[&loaded.model]);
    assert!(message.contains("did you mean `entry.name`?"), "{message}");
}

#[test]
fn what_cannot_be_is_misuse() {
    let refused = |path: &str, wishes: PathOptions, expected: &str| {
        let error = load(&[(path, wishes)]).expect_err("it cannot be");
        assert!(error.contains(expected), "{error}");
    };
    let none = PathOptions::default();
    refused("entry.size", PathOptions { bytes: true, ..none.clone() }, "`entry.size` cannot be bytes");
    refused("entry.offset", PathOptions { integer: Some(Integer::U32), ..none.clone() }, "another size on the wire");
    refused("entry.name", PathOptions { integer: Some(Integer::U32), ..none.clone() }, "it is none");
    refused("entry", PathOptions { open: true, ..none.clone() }, "it is no enum");
    refused("entry", PathOptions { boxed: true, ..none.clone() }, "cannot be boxed");
    refused("entry.what", PathOptions { open: true, ..none.clone() }, "name its enum instead");
    refused("entry", PathOptions { integer: Some(Integer::U32), ..none.clone() }, "it is none");
    refused("kind", PathOptions { bytes: true, ..none.clone() }, "`kind` cannot be bytes: it has no string");
    refused("CALC.ONE.ADD", PathOptions { boxed: true, ..none.clone() }, "is a procedure");
    let attribute = PathOptions { attributes: vec!["#[must_use]".to_owned()], ..none };
    refused("CALC", attribute, "`CALC` has procedures: they can only be idempotent");
}
