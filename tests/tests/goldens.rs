//! What xdrgen's golden tests expect compiles, without a warning, in a crate that wants everything documented; and does what
//! its documentation says.

#![deny(warnings, missing_docs, clippy::all)]

/// Each golden file in a module of its own, two levels down: none of it may count on being at the crate root.
// In a library they would be reached.
#[allow(unreachable_pub)]
mod goldens {
    use onc_runtime::Xdr;

    macro_rules! golden {
        ($(#[$attribute:meta])* $name:ident) => {
            $(#[$attribute])*
            pub mod $name {
                include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../xdrgen/tests/golden/", stringify!($name), ".rs"));
            }
        };
    }

    golden!(calc);
    golden!(choices);
    golden!(clashes);
    golden!(comments);
    golden!(enums);
    golden!(extern_types);
    golden!(
        // Its feature is one that this package does not have.
        #[expect(unexpected_cfgs)]
        features
    );
    golden!(
        #[expect(unexpected_cfgs)]
        feature_parts
    );
    pub mod feature_parts_on {
        include!(concat!(env!("OUT_DIR"), "/feature_parts.rs"));
    }
    golden!(keep_names);
    golden!(kept_serde);
    golden!(namespaces);
    golden!(numbers);
    golden!(recursion);
    golden!(results);
    golden!(serde);
    golden!(types);
    golden!(unions);
    golden!(users);
    golden!(versions);

    /// What `extern_types.x` calls `mode`: as little as such a type may have.
    #[derive(Clone, Debug, PartialEq, Xdr)]
    pub struct Mode(pub u32);

    /// What `extern_types.x` calls `price`.
    #[derive(Clone, Debug, PartialEq, Xdr)]
    pub struct Price {
        /// In euros.
        pub euros: f64,
    }
}

mod behaviour {
    use onc_runtime::xdr::{from_slice, to_vec};

    use super::goldens::{
        choices,
        enums::{Color, Level, Nfsstat3, Status},
        numbers::{MAP_LAST_3, MapArguments, MapCalls, MapKey},
        recursion::{Husband, Node, Tree, TwoLists},
        types::{Arrays, Texts},
        unions::{ByLetter, ByNumber, CreateRes, Entry, MaybeEntry, MaybeSize, OnlyDefault, ReadRes, Stat, WriteRes},
    };

    fn entry() -> Entry {
        Entry { name: "motd".into(), size: 286 }
    }

    #[test]
    fn enums_know_their_numbers_and_names() {
        assert_eq!(i32::from(Color::Green), 17);
        assert_eq!(Color::try_from(16).ok(), Some(Color::Blue));
        assert_eq!(Color::AZURE, Color::Blue);
        assert_eq!(Color::try_from(2).expect_err("there is none").to_string(), "2 is not a value of color");
        assert_eq!(format!("{:>12}", Nfsstat3::ErrPerm), "NFS3ERR_PERM");
        assert_eq!(Status::default(), Status::Good, "the one of value 0");
        assert_eq!(Color::default(), Color::Red, "the first");
        assert!(Level::Level1 < Level::Level3);
    }

    #[test]
    fn open_enums_keep_what_they_do_not_know() {
        let flavour: choices::Flavor = from_slice(&[0, 0, 0, 77]).expect("any number is one");
        assert_eq!(flavour, choices::Flavor(77));
        assert_eq!(flavour.to_string(), "77");
        assert_eq!(choices::Flavor::DH.to_string(), "AUTH_DH");
        assert_eq!(choices::Flavor::UNIX, choices::Flavor::SYS);
        assert_eq!(choices::Later::default(), choices::Later::A);
    }

    #[test]
    fn unions_convert_to_results_and_back() {
        assert_eq!(ReadRes::Ok(entry()).into_result(), Ok(entry()));
        assert_eq!(ReadRes::Other(Stat::Lost).into_result(), Err(Stat::Lost));
        assert_eq!(ReadRes::from(Err(Stat::Denied)), ReadRes::Other(Stat::Denied));

        assert_eq!(WriteRes::try_from(Err(Stat::Again)), Ok(WriteRes::Again(Stat::Again)));
        assert_eq!(WriteRes::try_from(Err(Stat::Lost)), Ok(WriteRes::Lost));
        assert_eq!(WriteRes::try_from(Err(Stat::Ok)), Err(Stat::Ok), "there is no void arm for it");
        assert_eq!(WriteRes::Again(Stat::Denied).into_result(), Err(Stat::Denied));

        let why = (Stat::Denied, "no".to_owned());
        assert_eq!(CreateRes::from(Err(why.clone())).into_result(), Err(why));

        assert_eq!(ByLetter::try_from(Err(i8::try_from(b'b').expect("ASCII"))), Ok(ByLetter::Case98));
    }

    #[test]
    fn numbers_of_procedures_are_cases_and_bounds() {
        let call = MapArguments::MapprocCall(vec![1, 2, 3, 4].into());
        assert_eq!(to_vec(&call).expect("an encoding"), [0, 0, 0, 5, 0, 0, 0, 4, 1, 2, 3, 4]);
        assert_eq!(from_slice::<MapArguments>(&[0, 0, 0, 6]).ok(), Some(MapArguments::MapprocTime));
        assert_eq!(MapCalls::default().len(), MAP_LAST_3 as usize + 1);
        assert!(to_vec(&MapKey { name: "sixsix".into(), ..MapKey::default() }).is_err(), "it is bound to 5");
    }

    #[test]
    fn unions_convert_to_options_and_back() {
        assert_eq!(MaybeEntry::from(Some(entry())).into_option(), Some(entry()));
        assert_eq!(MaybeEntry::from(None), MaybeEntry::False);
        assert_eq!(MaybeSize::from(None), MaybeSize::Other(false));
        assert_eq!(MaybeSize::from(Some(5)).into_option(), Some(5));
    }

    #[test]
    fn opaque_data_is_shown_in_hexadecimal_and_bytes_that_are_text_as_text() {
        let texts = Texts { bytes: vec![7; 1 << 20].into(), ..Texts::default() };
        let shown = format!("{texts:?}");
        assert!(shown.contains(" bytes: 0x07070707070707070707070707070707… 1048576 bytes,"), "{shown}");
        assert!(shown.contains(" fixed: 0x00000000,"), "{shown}");
        let all = choices::AllBytes { one: "one".into(), ..choices::AllBytes::default() };
        assert!(format!("{all:?}").starts_with("AllBytes { one: b\"one\", "), "{all:?}");
    }

    #[test]
    fn parts_are_there_with_their_feature_only() {
        use super::goldens::{feature_parts as off, feature_parts_on as on};

        let link = on::Found::Link(vec![7].into());
        let bytes = to_vec(&link).expect("it encodes");
        assert_eq!(from_slice::<on::Found>(&bytes).expect("it decodes"), link);
        let error = from_slice::<off::Found>(&bytes).expect_err("there is no such kind");
        assert_eq!(error.to_string(), "Found.discriminant: 0 is not a value of the enum (at byte 0)");
        assert_eq!(off::Kind::try_from(0).expect_err("there is none").to_string(), "0 is not a value of kind");
        assert_eq!(on::Kind::SYMLINK.to_string(), "KIND_LINK");
        assert_eq!((off::Kind::default(), on::Kind::default()), (off::Kind::File, on::Kind::File), "always the same");
        let (off_bytes, on_bytes) = (to_vec(&off::Entry::default()), to_vec(&on::Entry::default()));
        assert_eq!(off_bytes.expect("it encodes").len(), 12);
        assert_eq!(on_bytes.expect("it encodes").len(), 12 + 4 + 4 + 64 + 8);
        assert_eq!(on::Counted::Case2(3).into_result(), Err(3));
        assert_eq!(
            (on::Counted::from(Err(1)), off::Counted::from(Err(1))),
            (on::Counted::Case1, off::Counted::Other(1))
        );
        for (json, on, off) in [
            (r#"{"what":"KIND_LINK","link":"07"}"#, true, false),
            (r#"{"what":"KIND_FOLDER"}"#, true, true),
            (r#"{"what":"KIND_FOLDER","link":"07"}"#, false, false),
        ] {
            assert_eq!(serde_json::from_str::<on::Found>(json).is_ok(), on, "{json}");
            assert_eq!(serde_json::from_str::<off::Found>(json).is_ok(), off, "{json}");
        }
        assert_eq!(serde_json::to_string(&off::OpenKind(1)).expect("it is written"), "1");
        assert_eq!(serde_json::to_string(&on::OpenKind(1)).expect("it is written"), r#""OPEN_LINK""#);
    }

    #[test]
    fn a_contradiction_is_not_encoded() {
        // The status of success, with no data.
        assert!(to_vec(&ReadRes::from(Err(Stat::Ok))).is_err());
    }

    #[test]
    fn defaults_are_zero_on_the_wire() {
        assert_eq!(to_vec(&ReadRes::default()).expect("it encodes"), [0; 4 + 4 + 8]);
        assert_eq!(to_vec(&OnlyDefault::default()).expect("it encodes"), [0; 8]);
        assert_eq!(ByNumber::default(), ByNumber::Zero(0));
        assert_eq!(Texts::default().long_one, [0; 64]);
        assert_eq!(Arrays::default().many_names.len(), 33);
    }

    #[test]
    fn bounds_hold_wherever_a_type_is_reached() {
        let mut arrays = Arrays { names: vec!["12345678".into(); 3], ..Arrays::default() };
        assert!(to_vec(&arrays).is_ok());
        arrays.names[2].push('9');
        let error = to_vec(&arrays).expect_err("short_name has 8 bytes").to_string();
        assert!(error.contains("names"), "{error}");
        arrays.names = vec![String::new(); 4];
        assert!(to_vec(&arrays).is_err(), "three of them");
    }

    #[test]
    fn bytes_of_c_take_four_each() {
        let short = to_vec(&Arrays::default()).expect("it encodes").len();
        let long = to_vec(&Arrays { raw: vec![1; 5], ..Arrays::default() }).expect("it encodes").len();
        assert_eq!(long - short, 20);
    }

    #[test]
    fn lists_and_trees_come_back() {
        let lists = TwoLists {
            first: vec![Node { value: 1 }, Node { value: 2 }],
            second: vec![],
            both: [vec![Node { value: 3 }], vec![Node { value: 4 }]],
            at_least_one: vec![Node { value: 5 }],
        };
        let bytes = to_vec(&lists).expect("it encodes");
        assert_eq!(bytes.len(), (4 + 4) * 2 + 4 + 4 + (4 + 4) * 2 + (4 + 4));
        assert_eq!(from_slice::<TwoLists>(&bytes).expect("it decodes"), lists);

        let leaf = |name: &str| Some(Box::new(Tree { name: name.into(), left: None, right: None }));
        let tree = Tree { name: "root".into(), left: leaf("left"), right: leaf("right") };
        assert_eq!(from_slice::<Tree>(&to_vec(&tree).expect("it encodes")).expect("it decodes"), tree);
        assert!(Husband::default().spouse.is_none());
    }
}

/// `.serde(true)`: JSON as people would write it.
mod json {
    use serde_json::{Value, from_value, json, to_value};

    use super::goldens::serde::{Answer, Deep, Entry, Item, Kind, Labelled, Maybe, Mode, Node, Rare, Rarely};

    /// Writes a value, expects that, and reads it back.
    fn is<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: T, expected: Value) {
        assert_eq!(to_value(&value).expect("it is written"), expected);
        assert_eq!(from_value::<T>(expected).expect("it is read"), value);
    }

    fn item() -> Item {
        Item { title: "saw".into(), what: Kind::Tool, picture: vec![1, 0xab].into(), ..Item::default() }
    }

    #[test]
    fn structs_have_the_files_names_and_opaque_data_is_hexadecimal() {
        let json = to_value(item()).expect("it is written");
        assert_eq!(json["title"], "saw");
        assert_eq!(json["what"], "KIND_TOOL");
        assert_eq!(json["cents"], 0);
        assert_eq!(json["picture"], "01ab");
        assert_eq!(json["checksum"], "00".repeat(20));
        assert_eq!(json["scores"].as_array().map(Vec::len), Some(40));
        is(item(), json);
        is(
            Entry { file_name: "motd".into(), open_mode: Mode::SLOW, second_handle: None, more: Maybe::False },
            json!({ "fileName": "motd", "openMode": "MODE_SLOW", "secondHandle": null, "more": { "there": false } }),
        );
        let entry = Entry {
            file_name: vec![0xff, 0x2f].into(),
            open_mode: Mode(77),
            second_handle: Some(vec![7].into()),
            more: Maybe::True(vec![Entry::default()]),
        };
        is(
            entry,
            json!({
                "fileName": { "hex": "ff2f" },
                "openMode": 77,
                "secondHandle": "07",
                "more": {
                    "there": true,
                    "moreEntries": [
                        { "fileName": "", "openMode": "MODE_FAST", "secondHandle": null, "more": { "there": false } },
                    ],
                },
            }),
        );
    }

    #[test]
    fn unions_are_the_discriminant_and_the_arms_field() {
        is(Answer::Tool(vec![7].into()), json!({ "what": "KIND_TOOL", "body": "07" }));
        is(Answer::Fruit(item()), json!({ "what": "KIND_FRUIT", "found": item() }));
        is(Deep::Items(7, None), json!({ "level": 7, "items": null }));
        is(Deep::Items(u32::MAX, Some(item())), json!({ "level": 4_294_967_295_u32, "items": item() }));
        is(Deep::Level("two".into()), json!({ "level": 2, "level_": "two" }));
        is(Deep::Nodes(vec![Node { value: 1 }]), json!({ "level": 3, "nodes": [{ "value": 1 }] }));
        is(Deep::Body2([1, 2]), json!({ "level": 5, "body": "0102" }));
    }

    /// What a program prints can be given to `onc call`, and the other way round.
    #[test]
    fn it_is_the_json_that_onc_speaks() {
        use onc_runtime::xdr::{from_slice, to_vec};
        use onc_tools::dynamic::{decode, encode, find_type};
        use xdrgen::model::Shape;

        fn same<T: onc_runtime::Xdr + serde::Serialize + serde::de::DeserializeOwned>(type_: &str, value: &T) {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../xdrgen/tests/golden/serde.x");
            let model = xdrgen::load(&xdrgen::configure(), file.as_ref()).expect("a good file");
            let shape = Shape::Named(find_type(&model, type_).expect("it is there").0);
            let bytes = to_vec(value).expect("it encodes");
            let json = decode(&model, &shape, &bytes).expect("it decodes").value;
            assert_eq!(to_value(value).expect("it is written"), json);
            let mut again = Vec::new();
            encode(&model, &shape, &json, &mut again).expect("it encodes");
            assert_eq!(again, bytes);
            assert_eq!(to_value(from_slice::<T>(&again).expect("it decodes")).expect("it is written"), json);
        }

        same("item", &item());
        same("answer", &Answer::Fruit(item()));
        same("answer", &Answer::Tool(vec![7].into()));
        same("deep", &Deep::Items(7, Some(item())));
        same("deep", &Deep::Items(u32::MAX, None));
        same("deep", &Deep::Nodes(vec![Node { value: -1 }, Node { value: 1 }]));
        same("deep", &Deep::Body2([1, 2]));
        let entry = Entry { file_name: "motd".into(), second_handle: Some(vec![7].into()), ..Entry::default() };
        same("maybe", &Maybe::True(vec![entry, Entry::default()]));
        same("maybe", &Maybe::False);
        same("mode", &Mode::SLOW);
        let reals = vec![0.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0];
        same("rare", &Rare { reals, real: f32::NAN, first: Some(None), second: Some(Some(item())) });
        same("rarely", &Rarely::Third(Some(Some(None))));
        same("rarely", &Rarely::Real(f64::NAN));
        same("labelled", &Labelled::SomeLevel(0.5));
        same("labelled", &Labelled::Slow);
        same("labelled", &Labelled::Few(2, vec![7].into()));
    }

    #[test]
    fn which_of_two_pointers_is_null_is_seen() {
        let rare = |first, second, json: Value| {
            is(Rare { first, second, ..Rare::default() }, json);
        };
        let with = |first, second| json!({ "first": first, "second": second, "reals": [], "real": 0.0 });
        rare(None, None, with(Value::Null, Value::Null));
        rare(Some(None), Some(None), with(json!([null]), json!([null])));
        rare(Some(Some(item())), None, with(json!([item()]), Value::Null));
        is(Rarely::Third(Some(Some(None))), json!({ "kind": 0, "third": [[null]] }));
        is(Rarely::Third(None), json!({ "kind": 0, "third": null }));
        assert_eq!(from_value::<Rarely>(json!({ "kind": 0 })).expect("it is read"), Rarely::Third(None));
        let error = from_value::<Rarely>(json!({ "kind": 0, "third": [] })).expect_err("nothing is in it");
        assert_eq!(error.to_string(), "invalid length 0, expected one element, or null in place of the array");
    }

    #[test]
    fn numbers_that_are_none_have_names() {
        is(Labelled::SomeLevel(0.5), json!({ "kind": 7, "real": 0.5 }));
        is(Labelled::Slow, json!({ "kind": 16 }));
        is(Rarely::Real(f64::NEG_INFINITY), json!({ "kind": 1, "real": "-Infinity" }));
        assert_eq!(from_value::<Rarely>(json!({ "kind": 1, "real": 7 })).expect("it is read"), Rarely::Real(7.0));
        let error = from_value::<Rarely>(json!({ "kind": 1, "real": "much" })).expect_err("it is no number");
        assert_eq!(
            error.to_string(),
            "invalid value: string \"much\", expected a number, \"NaN\", \"Infinity\" or \"-Infinity\""
        );
    }

    #[test]
    fn what_may_be_absent_may_be_left_out_and_names_may_be_numbers() {
        let short = json!({ "fileName": "a", "openMode": 16, "more": { "there": false } });
        let entry = from_value::<Entry>(short).expect("it is read");
        assert_eq!((entry.open_mode, entry.second_handle), (Mode::SLOW, None));
        assert_eq!(from_value::<Deep>(json!({ "level": 7 })).expect("it is read"), Deep::Items(7, None));
        let prefixed = json!({ "body": "0xff", "what": "KIND_TOOL" });
        assert_eq!(from_value::<Answer>(prefixed).expect("it is read"), Answer::Tool(vec![0xff].into()));
    }

    #[test]
    fn what_does_not_fit_is_explained() {
        fn complaint<T: serde::de::DeserializeOwned + std::fmt::Debug>(json: Value) -> String {
            from_value::<T>(json).expect_err("it is wrong").to_string()
        }
        let answer = |json| complaint::<Answer>(json);
        assert_eq!(answer(json!({ "what": "KIND_TOOL" })), "missing field `body`");
        assert_eq!(answer(json!({ "body": "00" })), "missing field `what`");
        assert_eq!(
            answer(json!({ "what": "KIND_TOOL", "body": "00", "found": item() })),
            "the field `found` is not one of Tool"
        );
        assert_eq!(
            answer(json!({ "what": "KIND_TOOL", "bodi": "00" })),
            "unknown field `bodi`, expected one of `what`, `found`, `body`"
        );
        let odd = "opaque data is an even number of hexadecimal digits";
        for wrong in ["0", "zz", "é"] {
            assert_eq!(answer(json!({ "what": "KIND_TOOL", "body": wrong })), odd);
        }
        assert!(answer(json!({ "what": "Tool" })).starts_with("unknown variant `Tool`, expected `KIND_FRUIT` or"));
        assert_eq!(complaint::<Deep>(json!({ "level": 9 })), "the union has no arm for 9");
        assert_eq!(complaint::<Deep>(json!({ "level": 4, "body": "00" })), "1 bytes where there are always 2");
        assert_eq!(
            complaint::<Maybe>(json!({ "there": false, "moreEntries": [] })),
            "the field `moreEntries` is not one of false"
        );
        let names = "expected a number of 32 bits, or one of `MODE_FAST` `MODE_SLOW`";
        assert_eq!(complaint::<Mode>(json!("FAST")), format!("invalid value: string \"FAST\", {names}"));
        assert_eq!(complaint::<Mode>(json!(1_u64 << 40)), format!("invalid value: integer `1099511627776`, {names}"));
        let mut entry = to_value(Entry::default()).expect("it is written");
        entry["fileName"] = json!({ "hex": "0" });
        assert_eq!(complaint::<Entry>(entry), "an even number of hexadecimal digits is needed");
    }
}
