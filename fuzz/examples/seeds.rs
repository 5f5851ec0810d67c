//! Writes the seeds that are made from code, over those of the same names.

#[path = "support/captures.rs"]
mod captures;

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;
use onc_runtime::rpc::{
    AcceptStatus, AuthFlavour, AuthStatus, AuthSys, CallTemplate, Credential, OpaqueAuth, RejectStatus, put_accepted,
    put_denied,
};
use onc_runtime::xdr;
use onc_tools::dynamic::{encode, find_type, template};
use xdrgen::model::Shape;

fn main() -> io::Result<()> {
    let made = [calls(), replies(), others(), connections(), journals(), values(), captures::captures()];
    for (target, name, bytes) in made.into_iter().flatten() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

/// The target, a name, and the input.
type Seed = (&'static str, String, Vec<u8>);

fn sys() -> AuthSys {
    AuthSys { stamp: 1, machine_name: "client".into(), uid: 1000, gid: 100, gids: (1..=16).collect() }
}

fn calls() -> Vec<Seed> {
    let call = |name, credential: Credential, arguments: &[u8]| {
        let mut message = Vec::new();
        let template = CallTemplate::new(100_003, 3, &credential).expect("a short credential");
        template.put_unmarked(&mut message, 7, 6);
        message.extend_from_slice(arguments);
        ("call", String::from(name), message)
    };
    let opaque = |flavour, body: &'static [u8]| Credential::Opaque { flavour, body: Bytes::from_static(body) };
    let none = call("none", Credential::None, b"");
    let with = |name, word: usize, value: u32| {
        let mut message = none.2.clone();
        message[4 * word..][..4].copy_from_slice(&value.to_be_bytes());
        ("call", String::from(name), message)
    };
    vec![
        with("reply", 1, 1),
        with("rpc-version-3", 2, 3),
        with("credential-beyond-the-message", 7, 400),
        with("credential-too-long", 7, 401),
        with("verifier-of-4-gib", 9, u32::MAX),
        call("sys", sys().into(), b"arguments..."),
        call("gss", opaque(AuthFlavour::GSS, b"\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0\0\x04ctx1"), b""),
        call("padded", opaque(AuthFlavour::SHORT, b"short"), b"args"),
        none,
    ]
}

fn replies() -> Vec<Seed> {
    let accepted = |name, verifier, status, results: &[u8]| {
        let mut message = Vec::new();
        put_accepted(&mut message, 7, verifier, status);
        message.extend_from_slice(results);
        ("reply", String::from(name), message)
    };
    let denied = |name, status| {
        let mut message = Vec::new();
        put_denied(&mut message, 7, status);
        ("reply", String::from(name), message)
    };
    let short = OpaqueAuth { flavour: AuthFlavour::SHORT, body: b"short" };
    vec![
        accepted("success", OpaqueAuth::NONE, AcceptStatus::Success, b"results."),
        accepted("short-verifier", short, AcceptStatus::Success, b""),
        accepted("prog-mismatch", OpaqueAuth::NONE, AcceptStatus::ProgramMismatch { low: 2, high: 4 }, b""),
        accepted("garbage-args", OpaqueAuth::NONE, AcceptStatus::GarbageArguments, b""),
        denied("rpc-mismatch", RejectStatus::RpcMismatch { low: 2, high: 2 }),
        denied("auth-error", RejectStatus::AuthError(AuthStatus::TooWeak)),
    ]
}

fn others() -> Vec<Seed> {
    let everything = xdr::to_vec(&onc_fuzz::everything()).expect("within the bounds");
    let codec = |name, which: u8, bytes: &[u8]| ("codec", String::from(name), [&[which], bytes].concat());
    vec![
        ("auth_sys", "sixteen-groups".into(), xdr::to_vec(&sys()).expect("within the bounds")),
        ("auth_sys", "empty".into(), xdr::to_vec(&AuthSys::default()).expect("within the bounds")),
        codec("everything", 0, &everything),
        codec("numbers", 1, &everything[..92]),
        codec("sequences", 2, &[0; 52]),
        codec("list-of-2", 3, b"\0\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0\0\0\0\0\x09"),
        codec("list-promised-by-its-length", 2, &[0xff; 4]),
        codec("chain-of-1", 4, &[0; 12]),
        codec("union-default", 5, b"\xff\xff\xff\xff\0\0\0\x01\0\0\0\x05"),
        codec("union-two-labels", 6, b"\0\0\0\x02\0\0\0\x03two\0"),
        codec("tree", 7, &[0; 16]),
        codec("numbers-promised-by-their-length", 8, b"\x0f\xff\xff\xff"),
        codec("optional-union", 9, b"\0\0\0\x01a\0\0\0\0\0\0\x01\0\0\0\x07\0\0\0\0"),
        ("records", "two".into(), b"\x20\x00\x02\x80\0\0\x03one\0\0\0\x01t\x80\0\0\x02wo".to_vec()),
        ("records", "empty-fragments".into(), [&b"\x10\x03"[..], &[0; 80]].concat()),
        ("records", "two-gib".into(), b"\x10\x00\xff\xff\xff\xffxyz".to_vec()),
        ("records", "large".into(), b"\x35\x00\xff\x13\x3f\xff\x03\x3f\xff\x01\xbf\xff\x02\x80\x01\x00".to_vec()),
        ("records", "unmarked".into(), b"\x12\x01\0\0\0\x02ab\0\0\0\0\0\0\0\x01c".to_vec()),
        ("universal_address", "ipv4".into(), b"192.0.2.7.8.1".to_vec()),
        ("universal_address", "ipv6".into(), b"2001:db8::7.0.111".to_vec()),
        ("universal_address", "mapped".into(), b"::ffff:192.0.2.7.0.111".to_vec()),
        ("universal_address", "path".into(), b"/run/rpcbind.sock".to_vec()),
        ("universal_address", "abstract".into(), b"@/run/rpcbind.sock".to_vec()),
        ("universal_address", "scope".into(), b"fe80::1%eth0.0.111".to_vec()),
    ]
}

/// Settings and a script: see the targets.
fn connections() -> Vec<Seed> {
    let server = |name, script: &[u8]| ("server_connection", String::from(name), script.to_vec());
    let client = |name, script: &[u8]| ("client_connection", String::from(name), script.to_vec());
    // What a step reads: xid, program, version, procedure, flavour, arguments, fragments.
    const ADD: [u8; 8] = [1, 1, 0, 0, 1, 0, 9, 0];
    const WAIT: [u8; 8] = [1, 1, 0, 0, 3, 0, 200, 0];
    const ECHO: [u8; 9] = [1, 1, 0, 0, 2, 2, 0xab, 255, 30];
    const TURN: [u8; 1] = [6];
    const DEAF: [u8; 1] = [7];
    let pause = |which: u8| [5, which];
    let calls = [&ADD[..], &WAIT, &ECHO, &TURN, &ADD].concat();
    vec![
        server("calls", &[&[0, 0, 0][..], &calls].concat()),
        server("calls-byte-by-byte", &[&[6, 0, 0][..], &calls].concat()),
        server("every-limit", &[&[2, 0b11_1001, 0][..], &calls.repeat(3)].concat()),
        server("repeats", &[&[0, 2, 0][..], &[1, 0, 0, 0, 3, 0, 200, 0].repeat(3), &TURN, &calls].concat()),
        server("both-ways", &[&[0, 4, 0][..], &calls, b"\x00\x0c\x80\0\0\x08\0\0\0\x07\0\0\0\x01", &ADD].concat()),
        server("a-peer-that-does-not-read", &[&[3, 16, 1][..], &DEAF, &ECHO.repeat(9), &pause(5)].concat()),
        server(
            "a-record-that-stalls",
            &[&[0, 0, 1][..], &ADD, &[4, 0x80, 0x1f, 0xff, 0, 3, 1, 2, 3], &pause(4)].concat(),
        ),
        server("too-large", &[&[0, 1, 0][..], &ADD, &[4, 0x80, 0x1f, 0xff], &ADD].concat()),
        server("promises-4-mib", &[&[0, 0, 1][..], &ADD, b"\x00\x06\x80\x3f\xff\xff\0\0", &TURN, &pause(4)].concat()),
        server("empty-fragments", &[&[0, 0, 0][..], &ADD, &[4, 0, 0, 0].repeat(17), &ADD].concat()),
        server("no-message", &[&[0, 0, 0][..], &ADD, &TURN, &[4, 0x80, 0, 0], &ADD].concat()),
        server("hangs-up", &[&[1, 0, 2][..], &WAIT.repeat(5), &TURN].concat()),
        server(
            "every-refusal",
            &[
                &[0, 0, 0][..],
                &[1, 1, 3, 0, 1, 0, 9, 0],
                &[1, 1, 0, 3, 1, 0, 9, 0],
                &[1, 1, 0, 0, 5, 0, 0],
                &[1, 1, 0, 0, 4, 0, 0],
                &[1, 1, 0, 0, 1, 3, 6, 4, 1, 2, 3, 4, 9, 0],
                &[1, 1, 0, 0, 1, 3, 1, 2, 1, 2, 9, 0],
            ]
            .concat(),
        ),
        client(
            "answered",
            &[0, 0, 1, 0, 3, 1, 5, 3, 1, 2, 5, 7, 0, 7, 0, 0, 5, 7, 1, 7, 0, 0, 9, 5, 1, 4, 0, 5, 7, 2, 7, 0, 0, 0, 5],
        ),
        client("answered-byte-by-byte", &[6, 0, 1, 0, 3, 5, 7, 0, 7, 0, 0, 5, 5]),
        client("garbage", &[0, 0, 1, 0, 3, 5, 0, 4, 0x80, 0, 0, 3, 5]),
        client("wrong-replies", &[0, 0, 1, 0, 3, 1, 0, 3, 5, 7, 0, 0, 3, 0, 0, 0, 7, 1, 7, 22, 200, 0, 5]),
        client("never-answered", &[0, 2, 1, 0, 3, 1, 2, 0, 5, 4, 4]),
        client("hung-up", &[3, 1, 1, 0, 3, 1, 1, 3, 5]),
        client("given-up", &[0, 0, 1, 0, 3, 1, 4, 3, 5, 9, 0, 5, 7, 0, 7, 0, 0, 0, 7, 1, 7, 0, 0, 0, 5]),
    ]
}

/// Changes behind a first line that is added, or whole files.
fn journals() -> Vec<Seed> {
    let changes = |name, lines: &[u8]| ("journal", String::from(name), [b"\0", lines].concat());
    let file = |name, text: &[u8]| ("journal", String::from(name), [b"\x01", text].concat());
    vec![
        changes("nothing", b""),
        changes("entries", b"set\t7\t1\ttcp\t0.0.0.0.8.1\tsuperuser\nset\t7\t1\tlocal\t/run/a b.sock\t1000\t42\t98765\n"),
        changes(
            "every-change",
            b"set\t7\t1\ttcp\ta\t1000\nset\t7\t1\ttcp\ta\t1000\t42\t1\nset\t7\t2\tudp\ta\tunknown\nset\t7\t3\tudp\ta\t0\n\
              unset\t7\t2\t\tsuperuser\nremove\t7\t3\tudp\ta\tsuperuser\n",
        ),
        changes("half-a-line", b"set\t7\t1\ttcp\ta\t1000\nset\t7\t2\ttc"),
        changes("lines-without-sense", b"\n\xff\xfe\nset\t-1\t1\ttcp\ta\t0\nget\t7\nset\t7\t1\ttcp\ta\t0\tmore\nset\t7\t1\t\t\t0\n"),
        file("of-another-start", b"onc-portmap 1 another\nset\t7\t1\ttcp\ta\t1000\n"),
        file("another-program", b"my diary\n"),
        file("empty", b""),
    ]
}

/// What `onc encode` makes of templates, and of a few values.
fn values() -> Vec<Seed> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/x/everything.x");
    let model = xdrgen::load(&xdrgen::configure(), file.as_ref()).expect("a good file");
    let mut seeds = Vec::new();
    let names = [
        "everything",
        "integers",
        "scalars",
        "opaques",
        "arrays",
        "optionals",
        "tree",
        "expression",
        "unions",
        "by_unsigned",
    ];
    for (which, name) in (0..).zip(names) {
        let shape = Shape::Named(find_type(&model, name).expect("it is in the file").0);
        let mut bytes = vec![which];
        encode(&model, &shape, &template(&model, &shape), &mut bytes).expect("a template is a value");
        seeds.push(("values", format!("{name}-template"), bytes));
    }
    let tree = b"\x06\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0".to_vec();
    let floats = b"\x02\x3d\xcc\xcc\xcd\x7f\xf0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x02\xff\xff\xff\xd8".to_vec();
    let text = b"\x09\xff\xff\xff\xff\0\0\0\x03gr\xff\x01".to_vec();
    seeds.extend([
        ("values", "tree-of-2".into(), tree),
        ("values", "a-tenth-and-infinity".into(), floats),
        ("values", "no-text-and-no-padding".into(), text),
    ]);
    seeds
}
