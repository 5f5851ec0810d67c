//! The port mapper here and rpcbind, asked the same: where the answers differ, that is wanted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use onc_runtime::portmap::protocol::{Mapping, Netbuf, Rpcb, RpcbCallArguments, pmap_v2, rpcb_v3, rpcb_v4};
use onc_runtime::portmap::{Mapper, PROGRAM as PORT_MAPPER, Probe, Version, probe};
use onc_runtime::rpc::Netid;
use onc_runtime::{Error, Procedure, Refusal};
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::onc::inside;
use onc_tests::onc_portmap::OncPortmap;
use onc_tests::process::{Finished, command, poll};
use onc_tests::rpcbind::{self, Rpcbind};
use onc_tests::users::{NOBODY, as_user, for_everybody};
use tokio::runtime::Builder;

const PROGRAM: u32 = 0x2000_0042;

/// An address of this host that is not its loopback: who calls from there counts as another host.
const OUTSIDE: &str = "192.0.2.1";

/// How long a question goes without an answer until it is taken for one that has none. What is answered is answered at once, but
/// the machine may have other things to do.
const SILENCE: Duration = Duration::from_secs(10);

/// What is asked of a port mapper, and what it answered.
type Observed = Vec<(String, String)>;

/// Runs `observe` with rpcbind and with `onc portmap` in its place. `None` where that is not possible.
fn both(observe: impl Fn() -> Observed) -> Option<(Observed, Observed)> {
    both_with(&[], &[], observe)
}

/// [`both`], with these options for one and the other.
fn both_with(theirs: &[&str], ours: &[&str], observe: impl Fn() -> Observed) -> Option<(Observed, Observed)> {
    let mut outside = command("ip");
    outside.args(["address", "add", &format!("{OUTSIDE}/32"), "dev", "lo"]);
    let _ = Finished::run(outside, Duration::from_secs(10));
    let real = Rpcbind::start_with(theirs)?;
    if !real.is_own() {
        leave_out("a port mapper runs here, and this test needs two of its own");
        return None;
    }
    let of_rpcbind = observe();
    real.kill();
    poll(|| (!rpcbind::answers()).then_some(())).expect("it has gone");
    let _ours = OncPortmap::start(ours);
    Some((of_rpcbind, observe()))
}

/// Compares answer by answer; `wanted` lists the questions that are to be answered differently, with both answers.
#[track_caller]
fn compare((real, ours): (Observed, Observed), wanted: &[(&str, &str, &str)]) {
    assert!(real.len() > 5, "something was asked");
    let mut wrong = Vec::new();
    let mut found = Vec::new();
    for ((question, real), (same, ours)) in real.iter().zip(&ours) {
        assert_eq!(question, same);
        if real == ours {
            continue;
        }
        let difference = (question.as_str(), real.as_str(), ours.as_str());
        if wanted.contains(&difference) {
            found.push(difference);
        } else {
            wrong.push(format!("{question}\n    rpcbind: {real}\n    ours:    {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    let missing: Vec<_> = wanted.iter().filter(|difference| !found.contains(difference)).collect();
    assert!(missing.is_empty(), "no longer different: {missing:#?}");
}

#[test]
fn every_call_of_libtirpc_is_answered_the_same() {
    inside(|| {
        let Some(program) = c_program("mapper_calls") else { return };
        let Some((mut real, mut ours)) = both(|| as_root_and_not(&program, &[])) else { return };
        // rpcbind takes an address for one of the transport that the question comes by, its Unix socket, whatever it says; the
        // other way round it ends the connection, and libtirpc gives out what happens to be in its memory.
        real.retain(|(question, _)| !question.contains("rpcb_taddr2uaddr"));
        let text: Vec<_> = ours.extract_if(.., |(question, _)| question.contains("rpcb_taddr2uaddr")).collect();
        assert_eq!(text.len(), 4);
        assert!(text.iter().all(|(question, answer)| question.ends_with(answer.as_str())), "{text:?}");
        let v4 = ("01 00 31 39 32 2e 30 2e 32 2e 37", "02 00 08 01 c0 00 02 07 00 00 00 00 00 00 00 00");
        let v6 = (
            "01 00 32 30 30 31 3a 64 62 38 3a 3a 37",
            "0a 00 08 01 00 00 00 00 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 07 00 00 00 00",
        );
        compare(
            (real, ours),
            &[
                ("root: rpcb_uaddr2taddr tcp 192.0.2.7.8.1", v4.0, v4.1),
                ("a user: rpcb_uaddr2taddr tcp 192.0.2.7.8.1", v4.0, v4.1),
                ("root: rpcb_uaddr2taddr udp6 2001:db8::7.8.1", v6.0, v6.1),
                ("a user: rpcb_uaddr2taddr udp6 2001:db8::7.8.1", v6.0, v6.1),
            ],
        );
    });
}

#[test]
fn servers_of_every_kind_are_made_and_found_the_same() {
    inside(|| {
        let Some(program) = c_program("mapper_servers") else { return };
        let Some(outcome) = both(|| as_root_and_not(&program, &["127.0.0.1", "::1", OUTSIDE])) else { return };
        compare(outcome, &[]);
    });
}

#[test]
fn calls_are_handed_on_the_same() {
    inside(|| {
        let Some(program) = c_program("mapper_servers") else { return };
        if let Err(missing) = need_programs(&["rpcinfo"]) {
            leave_out(&missing);
            return;
        }
        let outcome = both_with(&["-r"], &["--indirect=any"], || {
            let mut observed = as_root_and_not(&program, &["127.0.0.1", OUTSIDE]);
            let mut broadcast = command("rpcinfo");
            broadcast.args(["-b", "100000", "4"]).env("LC_ALL", "C");
            let Finished { status, stdout, stderr, .. } = Finished::run(broadcast, Duration::from_secs(60));
            observed.push(("rpcinfo -b".to_owned(), format!("{status}\n{stdout}{stderr}")));
            observed
        });
        let Some(outcome) = outcome else { return };
        compare(outcome, &[]);
    });
}

/// What a program prints that asks a port mapper, as root and as another user: its lines, up to a colon and behind it.
fn as_root_and_not(program: &Path, arguments: &[&str]) -> Observed {
    let mut observed = Vec::new();
    for (who, user) in [("root", None), ("a user", Some(NOBODY))] {
        let mut run = as_user(user, program);
        run.args(arguments).env("LC_ALL", "C");
        for line in Finished::output_of(run).lines() {
            let (question, answer) = line.split_once(": ").unwrap_or((line, ""));
            observed.push((format!("{who}: {question}"), answer.to_owned()));
        }
    }
    observed
}

/// Builds one of the C programs that ask a port mapper.
fn c_program(name: &str) -> Option<PathBuf> {
    if let Err(missing) = need_programs(&["gcc", "pkg-config", "setpriv"]) {
        leave_out(&missing);
        return None;
    }
    let mut flags = command("pkg-config");
    flags.args(["--cflags", "--libs", "libtirpc"]);
    let flags = Finished::run(flags, Duration::from_secs(10));
    if !flags.status.success() {
        leave_out("libtirpc-dev not installed (on Debian and Ubuntu, tests/run installs it)");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(name).with_extension("c");
    let program = Path::new("/run").join(name);
    let mut compile = command("gcc");
    compile.args(["-O1", "-std=gnu11", "-w", "-o"]).arg(&program).arg(source).args(flags.stdout.split_whitespace());
    let _ = Finished::output_of(compile);
    Some(for_everybody(program))
}

#[test]
fn rpcinfo_shows_the_same() {
    inside(|| {
        if let Err(missing) = need_programs(&["rpcinfo"]) {
            leave_out(&missing);
            return;
        }
        let Some(outcome) = both(|| {
            let mut observed = Vec::new();
            for line in [
                "",
                "-p",
                "-p 127.0.0.1",
                "-s",
                &format!("-s {OUTSIDE}"),
                "-l 127.0.0.1 100000 4",
                &format!("-l {OUTSIDE} 100000 3"),
                "-l 127.0.0.1 536870978 1",
                "-T tcp 127.0.0.1 100000",
                "-T udp6 ::1 100000",
                "-T tcp 127.0.0.1 100000 7",
                "-t 127.0.0.1 100000",
                "-u 127.0.0.1 100000 3",
                "-u 127.0.0.1 536870978",
                "-n 111 -t 127.0.0.1 100000 4",
                "-a 127.0.0.1.0.111 -T tcp 100000 4",
                "-d 536870978 1",
                "-d -T udp 536870978 1",
                "-m",
            ] {
                let mut rpcinfo = command("rpcinfo");
                rpcinfo.args(line.split_whitespace()).env("LC_ALL", "C");
                let Finished { status, stdout, stderr, .. } = Finished::run(rpcinfo, Duration::from_secs(60));
                let shown = if line == "-m" { without_procedure_0(&stdout) } else { stdout };
                observed.push((format!("rpcinfo {line}"), format!("{status}\n{shown}{stderr}")));
            }
            observed
        }) else {
            return;
        };
        compare(outcome, &[]);
    });
}

/// Statistics without how often procedure 0 was called: a server here answers that before the program is asked.
fn without_procedure_0(shown: &str) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let below_title = |at: usize| at > 0 && lines[at - 1].starts_with("NULL");
    let row =
        |(at, line): (usize, &&str)| if below_title(at) { line.get(8..).unwrap_or_default() } else { line }.to_owned();
    lines.iter().enumerate().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_procedure_is_answered_the_same_at_every_door() {
    inside(|| {
        let ask = || Builder::new_current_thread().enable_all().build().expect("a tokio runtime").block_on(ask_all());
        let Some(outcome) = both(ask) else { return };
        compare(outcome, WANTED);
    });
}

/// What is answered better here, where no caller relies on rpcbind's answer.
const WANTED: &[(&str, &str, &str)] = &[
    // Over UDP, whose sender anybody can forge, other hosts do not get the list.
    ("Udp(\"192.0.2.1:111\"): list in version 4", "", "Auth(TooWeak)"),
    ("Udp(\"192.0.2.1:111\"): list in version 3", "", "Auth(TooWeak)"),
    ("Udp(\"192.0.2.1:111\"): list in version 4", ENTRIES, "Auth(TooWeak)"),
    ("Udp(\"192.0.2.1:111\"): list in version 3", ENTRIES, "Auth(TooWeak)"),
    (
        "Udp(\"192.0.2.1:111\"): list in version 2",
        "1 tcp 0.0.0.0.8.1 , 3 tcp 0.0.0.0.8.3 , 1 udp 0.0.0.0.8.2 ",
        "Auth(TooWeak)",
    ),
    // rpcbind has no words for its own transport.
    (
        "Unix: GETADDRLIST of 1",
        "[]",
        "[RpcbAddressNode { entry: RpcbAddress { address: \"/run/somebody.sock\", netid: \"local\", semantics: 3, \
         family: \"loopback\", protocol: \"-\" } }]",
    ),
    // rpcbind takes the address for one of the transport that the question comes by, whatever it says.
    ("Unix: UADDR2TADDR 192.0.2.7.8.1", "Netbuf { max_length: 110, buffer: 0x01003139322e302e322e37 }", IPV4),
    ("Unix: TADDR2UADDR 192.0.2.7:2049", "the connection is closed", "\"192.0.2.7.8.1\""),
    ("Tcp(\"[::1]:111\"): UADDR2TADDR 192.0.2.7.8.1", NO_ADDRESS, IPV4),
    ("Tcp(\"[::1]:111\"): TADDR2UADDR 192.0.2.7:2049", "\"\"", "\"192.0.2.7.8.1\""),
    ("Udp(\"[::1]:111\"): UADDR2TADDR 192.0.2.7.8.1", NO_ADDRESS, IPV4),
    ("Udp(\"[::1]:111\"): TADDR2UADDR 192.0.2.7:2049", "\"\"", "\"192.0.2.7.8.1\""),
    // RFC 1833 §2.2.1: INDIRECT is answered in any case; rpcbind does so over UDP only.
    ("Tcp(\"127.0.0.1:111\"): INDIRECT of what is dead", "silence", "SystemError"),
];

const ENTRIES: &str = "1 tcp 0.0.0.0.8.1 superuser, 3 tcp 127.0.0.1.8.3 superuser, 1 udp 0.0.0.0.8.2 superuser, \
                       1 tcp6 ::.8.1 superuser, 2 udp6 ::1.8.2 superuser, 1 local /run/somebody.sock superuser";

const IPV4: &str = "Netbuf { max_length: 16, buffer: 0x02000801c00002070000000000000000 }";

const NO_ADDRESS: &str = "Netbuf { max_length: 0, buffer: 0x }";

/// The ways to a port mapper.
#[derive(Clone, Copy, Debug)]
enum Door {
    Unix,
    Tcp(&'static str),
    Udp(&'static str),
}

const DOORS: [Door; 7] = [
    Door::Unix,
    Door::Tcp("127.0.0.1:111"),
    Door::Udp("127.0.0.1:111"),
    Door::Tcp("[::1]:111"),
    Door::Udp("[::1]:111"),
    Door::Tcp("192.0.2.1:111"),
    Door::Udp("192.0.2.1:111"),
];

impl Door {
    async fn open(self) -> Mapper {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let mapper = match self {
            Self::Unix => Mapper::unix(rpcbind::SOCKET).await,
            Self::Tcp(text) => Mapper::tcp(address(text)).await,
            Self::Udp(text) => Mapper::udp(address(text)).await,
        };
        mapper.expect("somebody is there")
    }
}

/// Asks, and writes down what came of it.
struct Asking {
    door: Door,
    mapper: Mapper,
    observed: Observed,
}

impl Asking {
    async fn ask<P: Procedure>(&mut self, what: &str, arguments: P::Arguments) -> Option<P::Results>
    where
        P::Results: std::fmt::Debug,
    {
        let outcome = self.mapper.client().call::<P>(arguments).timeout(SILENCE).await;
        let text = match &outcome {
            Ok(results) => format!("{results:?}"),
            Err(Error::Refused(refusal)) => format!("{refusal:?}"),
            Err(Error::Deadline(_)) => "silence".to_owned(),
            // It does not matter how a connection ends.
            Err(_) => "the connection is closed".to_owned(),
        };
        self.observed.push((format!("{:?}: {} {what}", self.door, P::NAME), text));
        if matches!(outcome, Err(Error::Lost(_) | Error::Closed)) {
            self.mapper = self.door.open().await;
        }
        outcome.ok()
    }

    /// A list, without what the port mapper says of itself.
    async fn list(&mut self, version: Version) {
        let mut mapper = self.door.open().await.at_most(version);
        let text = match tokio::time::timeout(SILENCE, mapper.entries()).await {
            Ok(Ok(entries)) => {
                let ours = entries.iter().filter(|entry| entry.prog != PORT_MAPPER);
                let line = |entry: &Rpcb| format!("{} {} {} {}", entry.vers, entry.netid, entry.address, entry.owner);
                ours.map(line).collect::<Vec<_>>().join(", ")
            }
            Ok(Err(Error::Refused(refusal))) => format!("{refusal:?}"),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "silence".to_owned(),
        };
        self.observed.push((format!("{:?}: list in version {}", self.door, version.number()), text));
    }
}

fn rpcb(version: u32, netid: &str, address: &str) -> Rpcb {
    let (netid, address) = (netid.into(), address.into());
    Rpcb { prog: PROGRAM, vers: version, netid, address, owner: "somebody".into() }
}

fn mapping(version: u32, protocol: u32, port: u32) -> Mapping {
    Mapping { prog: PROGRAM, vers: version, prot: protocol, port }
}

async fn ask_all() -> Observed {
    let mut observed = Vec::new();
    for door in DOORS {
        let mut asking = Asking { door, mapper: door.open().await, observed: Vec::new() };
        change(&mut asking).await;
        observed.append(&mut asking.observed);
    }
    // Root's, for all to see.
    let mut root = Asking { door: Door::Unix, mapper: Door::Unix.open().await, observed: Vec::new() };
    for (version, netid, address) in [
        (1, "tcp", "0.0.0.0.8.1"),
        (3, "tcp", "127.0.0.1.8.3"),
        (1, "udp", "0.0.0.0.8.2"),
        (1, "tcp6", "::.8.1"),
        (2, "udp6", "::1.8.2"),
        (1, "local", "/run/somebody.sock"),
        (4, "x25", "whatever"),
    ] {
        root.ask::<rpcb_v4::Set>(&format!("{version} {netid} {address}"), (rpcb(version, netid, address),)).await;
    }
    observed.append(&mut root.observed);
    for door in DOORS {
        let mut asking = Asking { door, mapper: door.open().await, observed: Vec::new() };
        look(&mut asking).await;
        observed.append(&mut asking.observed);
    }
    observed
}

/// Entries made and removed.
async fn change(asking: &mut Asking) {
    asking.ask::<rpcb_v4::Set>("new", (rpcb(1, "tcp", "0.0.0.0.8.1"),)).await;
    asking.ask::<rpcb_v4::Set>("the same", (rpcb(1, "tcp", "0.0.0.0.8.1"),)).await;
    asking.ask::<rpcb_v4::Set>("another address", (rpcb(1, "tcp", "0.0.0.0.8.2"),)).await;
    asking.ask::<rpcb_v3::Set>("in version 3", (rpcb(1, "udp", "0.0.0.0.8.1"),)).await;
    asking.ask::<pmap_v2::Set>("in version 2, the same", (mapping(1, 17, 2049),)).await;
    asking.ask::<pmap_v2::Set>("in version 2, another port", (mapping(1, 17, 2050),)).await;
    asking.ask::<pmap_v2::Set>("in version 2, new", (mapping(2, 6, 2050),)).await;
    asking.ask::<pmap_v2::Set>("in version 2, another protocol", (mapping(2, 99, 2050),)).await;
    asking.list(Version::V4).await;
    asking.ask::<rpcb_v4::Unset>("what is not there", (rpcb(7, "tcp", ""),)).await;
    asking.ask::<rpcb_v4::Unset>("one netid", (rpcb(1, "tcp", ""),)).await;
    asking.list(Version::V3).await;
    asking.ask::<pmap_v2::Unset>("in version 2", (mapping(2, 17, 0),)).await;
    asking.ask::<rpcb_v4::Unset>("all netids", (rpcb(1, "", ""),)).await;
    asking.list(Version::V4).await;
}

/// Entries looked for.
async fn look(asking: &mut Asking) {
    for version in [Version::V4, Version::V3, Version::V2] {
        asking.list(version).await;
    }
    for version in [1, 2, 3, 9] {
        let what = format!("of {version}");
        asking.ask::<rpcb_v4::Getaddr>(&what, (rpcb(version, "", ""),)).await;
        asking.ask::<rpcb_v3::Getaddr>(&what, (rpcb(version, "", ""),)).await;
        asking.ask::<rpcb_v4::Getversaddr>(&what, (rpcb(version, "", ""),)).await;
        for protocol in [6, 17, 99] {
            let what = format!("of {version} over {protocol}");
            asking.ask::<pmap_v2::Getport>(&what, (mapping(version, protocol, 0),)).await;
        }
        if let Some(mut list) = asking.ask::<rpcb_v4::Getaddrlist>(&what, (rpcb(version, "", ""),)).await {
            // The order is no promise.
            list.sort_by(|one, two| one.entry.netid.cmp(&two.entry.netid));
            asking.observed.pop();
            asking.observed.push((format!("{:?}: GETADDRLIST {what}", asking.door), format!("{list:?}")));
        }
    }
    let nobody = Rpcb { prog: PROGRAM + 1, ..rpcb(1, "tcp", "") };
    asking.ask::<rpcb_v4::Getaddr>("of nobody", (nobody.clone(),)).await;
    asking.ask::<rpcb_v4::Getaddrlist>("of nobody", (nobody,)).await;
    for text in ["192.0.2.7.8.1", "nonsense", ""] {
        asking.ask::<rpcb_v4::Uaddr2Taddr>(text, (text.into(),)).await;
    }
    let netbuf = Netbuf {
        max_length: 16,
        buffer: [2, 0, 8, 1, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0].as_slice().to_vec().into(),
    };
    asking.ask::<rpcb_v4::Taddr2Uaddr>("192.0.2.7:2049", (netbuf,)).await;
    asking.ask::<rpcb_v4::Unset>("what is root's", (rpcb(4, "", ""),)).await;
    let indirect = RpcbCallArguments { prog: PROGRAM, vers: 1, proc: 0, arguments: Vec::new().into() };
    // Silence takes its time: it is listened to at few doors.
    if matches!(asking.door, Door::Tcp("127.0.0.1:111") | Door::Udp("127.0.0.1:111")) {
        asking.ask::<rpcb_v4::Indirect>("of what is dead", (indirect.clone(),)).await;
    }
    if matches!(asking.door, Door::Udp("127.0.0.1:111")) {
        asking.ask::<rpcb_v4::Bcast>("of what is dead", (indirect,)).await;
    }
    versions(asking).await;
}

/// Versions of the port mapper itself.
async fn versions(asking: &mut Asking) {
    let (netid, address) = match asking.door {
        Door::Unix => (Netid::Local, rpcbind::SOCKET.parse().expect("an address")),
        Door::Tcp(text) | Door::Udp(text) => {
            let address: SocketAddr = text.parse().expect("an address");
            let tcp = matches!(asking.door, Door::Tcp(_));
            (if tcp { Netid::tcp(&address) } else { Netid::udp(&address) }, address.into())
        }
    };
    for version in 0..6 {
        let answer = match probe(netid, &address, PORT_MAPPER, version, SILENCE).await {
            Probe::Answers(_) => "it is there".to_owned(),
            Probe::Refuses(Refusal::ProgramMismatch { low, high }) => format!("{low} to {high} only"),
            other => format!("{other:?}"),
        };
        asking.observed.push((format!("{:?}: version {version}", asking.door), answer));
    }
}
