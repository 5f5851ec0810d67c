//! `onc-runtime/src/portmap/protocol.rs` is what xdrgen makes of the `portmap.x` beside it.
//!
//! After a change of either, `ONC_BLESS=1 cargo test -p onc-tests --test portmap_drift` writes it anew.

use std::fs;
use std::path::Path;

use xdrgen::{Choice, Services};

/// Handing calls on is the one thing that must not be done twice; everything else may be.
const IDEMPOTENT: [(&str, &[&str]); 3] = [
    ("PMAP_V2", &["SET", "UNSET", "GETPORT", "DUMP"]),
    ("RPCB_V3", &["SET", "UNSET", "GETADDR", "DUMP", "GETTIME", "UADDR2TADDR", "TADDR2UADDR"]),
    (
        "RPCB_V4",
        &[
            "SET",
            "UNSET",
            "GETADDR",
            "DUMP",
            "GETTIME",
            "UADDR2TADDR",
            "TADDR2UADDR",
            "GETVERSADDR",
            "GETADDRLIST",
            "GETSTAT",
        ],
    ),
];

#[test]
fn the_protocol_is_what_xdrgen_makes_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("onc-runtime/src/portmap");
    let source = fs::read_to_string(folder.join("portmap.x")).expect("portmap.x");
    // Generated clients belong to a higher floor than the port mapper.
    let mut config = xdrgen::configure().services(Services::Server);
    for (version, procedures) in IDEMPOTENT {
        for procedure in procedures {
            config = config.with(format!("PORTMAPPER.{version}.{procedure}"), Choice::Idempotent);
        }
    }
    let made = config.compile_str("portmap.x", &source).unwrap_or_else(|error| panic!("{error}"));
    let path = folder.join("protocol.rs");
    if std::env::var_os("ONC_BLESS").is_some() {
        fs::write(&path, &made).expect("protocol.rs is writable");
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == made, "protocol.rs is not what xdrgen makes of portmap.x; ONC_BLESS=1 writes it anew");
}
