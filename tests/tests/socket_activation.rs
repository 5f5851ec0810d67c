//! Sockets that systemd hands over, by its own tool: `systemd-socket-activate` binds them, and becomes the program when
//! somebody comes.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use onc_runtime::Client;
use onc_runtime::portmap::{Mapper, PROGRAM as PORT_MAPPER};
use onc_tests::everything::generated::EverythingV1Client;
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::onc::{inside, onc};
use onc_tests::process::{Running, command, poll};
use onc_tests::rpcbind::{self, SOCKET};
use tokio::runtime::Builder;

const TOOL: &str = "systemd-socket-activate";

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 111);

/// Each way to listen: the tool's options, and the netid of what it then hands over.
const WAYS: [(&[&str], &str); 3] = [
    (&["--listen", "127.0.0.1:111"], "tcp"),
    (&["--datagram", "--listen", "127.0.0.1:111"], "udp"),
    (&["--listen", SOCKET], "local"),
];

/// The tool with these options, which starts the program. `None`: it cannot be run here, which has been said.
fn activate(options: &[&str], program: &Command) -> Option<Running> {
    if let Err(missing) = need_programs(&[TOOL]) {
        leave_out(&missing);
        return None;
    }
    if rpcbind::answers() {
        leave_out("a port mapper runs here, at the port that this test needs");
        return None;
    }
    let mut tool = command(TOOL);
    tool.args(options).arg(program.get_program()).args(program.get_args());
    let mut running = Running::start(tool);
    // Bound: it waits for events from then on. The program has not been started.
    let listens = poll(|| {
        assert_eq!(running.ended(), None);
        is_bound(options.contains(&"--datagram"), options.last()?).then_some(())
    });
    assert!(listens.is_some(), "nothing is bound");
    assert_eq!(name_of(&running), TOOL[..15], "started by the first who comes, not before");
    Some(running)
}

/// Whether something is bound there, which is found out without a connection.
fn is_bound(datagram: bool, place: &str) -> bool {
    let (table, entry) = match (place.starts_with('/'), datagram) {
        (true, _) => ("unix", format!(" {place}")),
        (false, true) => ("udp", ": 0100007F:006F ".to_owned()),
        (false, false) => ("tcp", ": 0100007F:006F ".to_owned()),
    };
    fs::read_to_string(format!("/proc/self/net/{table}")).expect("a table").contains(&entry)
}

/// What the process runs, as the kernel calls it: in 15 letters.
fn name_of(running: &Running) -> String {
    let name = fs::read_to_string(format!("/proc/{}/comm", running.id())).expect("it is there");
    name.trim_end().to_owned()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().expect("a tokio runtime").block_on(future)
}

#[test]
fn the_port_mapper_serves_what_it_is_handed() {
    inside(|| {
        for (options, netid) in WAYS {
            // What it would bind itself is not on this host.
            let program = onc(&["portmap", "--listen", "192.0.2.1:111"]);
            let Some(running) = activate(options, &program) else { return };
            let list = block_on(async {
                let mut door = match netid {
                    "tcp" => Mapper::tcp(ADDRESS).await.expect("over TCP"),
                    "udp" => Mapper::udp(ADDRESS).await.expect("over UDP"),
                    _ => Mapper::unix(SOCKET).await.expect("over its socket"),
                };
                door.entries().await.expect("a list")
            });
            assert_eq!(name_of(&running), "onc");
            let own = list.iter().filter(|entry| entry.prog == PORT_MAPPER && entry.vers == 4);
            let own: Vec<(&str, &str)> = own.map(|entry| (&*entry.netid, &*entry.address)).collect();
            let address = if netid == "local" { SOCKET } else { "127.0.0.1.0.111" };
            assert_eq!(own, [(netid, address)]);
            let (status, _) = running.terminate();
            assert!(status.success(), "{netid}: {status}");
        }
    });
}

#[test]
fn a_server_serves_what_it_is_handed() {
    inside(|| {
        let mut program = command(env!("CARGO_BIN_EXE_everything-server"));
        program.arg("systemd");
        for (options, netid) in WAYS {
            let Some(running) = activate(options, &program) else { return };
            let answer = block_on(async {
                let client: EverythingV1Client = match netid {
                    "tcp" => Client::builder().connect_to(ADDRESS).await.expect("over TCP"),
                    "udp" => Client::builder().udp().connect_to(ADDRESS).await.expect("over UDP"),
                    _ => Client::builder().connect(format!("unix:{SOCKET}")).await.expect("over its socket"),
                };
                client.echo_int(42).await.expect("answered")
            });
            assert_eq!((answer, &*name_of(&running)), (42, "everything-serv"));
            let (status, lines) = running.terminate();
            assert!(status.success(), "{netid}: {status}");
            assert_eq!(lines, [if netid == "local" { "ready" } else { "ready 127.0.0.1:111" }]);
        }
    });
}
