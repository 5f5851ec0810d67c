//! `onc portmap`, `onc info` and `onc ping`, as programs.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use onc_runtime::portmap;
use onc_runtime::portmap::protocol::{Rpcb, rpcb_v4};
use onc_runtime::rpc::{Netid, UniversalAddress};

const PROGRAM: u32 = 0x2000_0051;

fn onc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onc"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// `onc portmap`, at a free port.
struct Mapper {
    child: Child,
    address: SocketAddr,
}

impl Mapper {
    fn start(more: &[&str]) -> Self {
        let mut command = onc(&["portmap", "--listen", "127.0.0.1:0", "--no-socket"]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut serving = || {
            let line = lines.next().expect("a line").expect("text");
            let (netid, address) =
                line.strip_prefix("serving ").expect("what it serves").split_once(' ').expect("both");
            let netid: Netid = netid.parse().expect("a netid");
            (netid, UniversalAddress::parse(netid, address).expect("an address").socket_addr().expect("an IP address"))
        };
        let (tcp, udp) = (serving(), serving());
        assert_eq!((tcp.0, udp.0), (Netid::Tcp, Netid::Udp));
        assert_eq!(tcp.1, udp.1, "one port for both");
        Self { child, address: tcp.1 }
    }

    /// As a crash: without a chance to tidy up.
    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("waited for");
    }

    /// What `onc info --json` shows, without the port mapper itself: version, netid, address, and whether it answers.
    fn entries(&self) -> Vec<(u64, String, String, bool)> {
        let output = run(&["info", "--json", &self.address.to_string()]);
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let list = list.as_array().expect("a list").iter();
        list.filter(|entry| entry["program"] == PROGRAM)
            .map(|entry| {
                let text = |key: &str| entry[key].as_str().expect(key).to_owned();
                let answers = entry["answers"].as_bool().expect("it can be tried");
                (entry["version"].as_u64().expect("a number"), text("netid"), text("address"), answers)
            })
            .collect()
    }
}

impl Drop for Mapper {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn terminate(child: &mut Child) -> ExitStatus {
    // The shell's own: not every system has a program of that name.
    let killed = Command::new("sh").args(["-c", &format!("kill {}", child.id())]).status();
    assert!(killed.expect("a shell").success());
    child.wait().expect("waited for")
}

fn run(arguments: &[&str]) -> Output {
    onc(arguments).output().expect("it runs")
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Registers, and leaves the entry behind.
fn register(mapper: SocketAddr, version: u32, address: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a tokio runtime");
    runtime.block_on(async {
        let address = UniversalAddress::from(address).to_string();
        let entry = Rpcb { prog: PROGRAM, vers: version, netid: "tcp".into(), address, owner: String::new() };
        let mapper = portmap::Mapper::tcp(mapper).await.expect("connected");
        assert!(mapper.client().call::<rpcb_v4::Set>((entry,)).await.expect("answered"));
    });
}

#[test]
fn killed_and_started_again_it_has_lost_nothing() {
    let folder = Folder::new("state");
    let state = folder.0.join("state");
    let state = ["--state", state.to_str().expect("UTF-8")];
    let mut mapper = Mapper::start(&state);
    let mut expected = Vec::new();
    for version in 1..4 {
        register(mapper.address, version, ([0, 0, 0, 0], 2048 + u16::try_from(version).expect("small")).into());
        expected.push((u64::from(version), "tcp".to_owned(), format!("0.0.0.0.8.{version}"), false));
        assert_eq!(mapper.entries(), expected);
        mapper.kill();
        // At another port: this one's is anybody's from now on.
        mapper = Mapper::start(&state);
        assert_eq!(mapper.entries(), expected);
    }
    assert!(terminate(&mut mapper.child).success());
}

#[test]
fn without_a_file_it_forgets() {
    let mapper = Mapper::start(&[]);
    register(mapper.address, 1, ([0, 0, 0, 0], 2049).into());
    assert_eq!(mapper.entries().len(), 1);
    mapper.kill();
    let mapper = Mapper::start(&[]);
    assert_eq!(mapper.entries(), []);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let output = run(&["portmap", "--listen", &address, "--no-socket"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(&address) && told.contains("does a port mapper run already"), "{told}");
}

#[test]
fn who_answers_is_seen() {
    let mapper = Mapper::start(&[]);
    let host = mapper.address.to_string();
    let output = run(&["info", &host]);
    assert!(output.status.success());
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown.lines().count(), 7, "three versions over two transports, and the titles:\n{shown}");
    let is_time = |text: &str| text.ends_with('s') && text.as_bytes()[0].is_ascii_digit();
    assert!(shown.lines().skip(1).all(|line| line.rsplit(' ').next().is_some_and(is_time)), "{shown}");

    let output = run(&["ping", &host, "100000"]);
    assert!(output.status.success());
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown.lines().filter(|line| line.contains("answers in")).count(), 3, "{shown}");

    let output = run(&["ping", &host, "100000", "7", "-T", "udp"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("versions 2 to 4 only"));

    // An instance of rpcinfo's options, at a port that the port mapper need not be asked for.
    let port = mapper.address.port().to_string();
    let output = run(&["info", "-n", &port, "-u", "127.0.0.1", "100000"]);
    let ready = [2, 3, 4].map(|version| format!("program 100000 version {version} ready and waiting\n")).concat();
    assert_eq!(String::from_utf8_lossy(&output.stdout), ready);
}

#[test]
fn what_makes_no_sense_is_status_2() {
    for arguments in [
        &["info", "-p", "-s"][..],
        &["info", "one", "two"],
        &["info", "-t", "host"],
        &["info", "-l", "host"],
        &["info", "--json", "-p"],
        &["ping", "host", "100000", "nonsense"],
        &["portmap", "--listen", "nowhere"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn it_serves_whether_anybody_reads_where_or_not() {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let name = format!("onc-tools-{}", std::process::id());
    let systemd = SocketAddr::from_abstract_name(&name).and_then(|address| UnixDatagram::bind_addr(&address));
    let systemd = systemd.expect("a socket");
    systemd.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a time limit");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = onc(&["portmap", "--listen", "127.0.0.1:0", "--no-socket"]);
    let mut child = command.env("NOTIFY_SOCKET", format!("@{name}")).stdout(writer).spawn().expect("it starts");
    let mut told = [0; 100];
    let (received, status) = (systemd.recv(&mut told), terminate(&mut child));
    assert_eq!(&told[..received.expect("it says that it serves")], b"READY=1");
    assert!(status.success());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mapper = Mapper::start(&[]);
    let mut command = onc(&["info", &mapper.address.to_string()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("waited for");
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
