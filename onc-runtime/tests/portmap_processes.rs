//! Entries of servers that were killed, which the port mapper knows by the process that made them.
#![cfg(target_os = "linux")]

mod portmap_common;

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use onc_runtime::portmap::{Daemon, Policy, Registrar, Sockets, table};
use onc_runtime::rpc::Netid;

use portmap_common::{Folder, own_entries_left_out, service};

const PROGRAM: u32 = 0x2000_0034;

/// Set for the process that registers: the port mapper's socket.
const SOCKET: &str = "ONC_TEST_MAPPER_SOCKET";

/// Not a test of its own: what the other process does.
#[test]
fn registers_and_stays() {
    let Some(socket) = env::var_os(SOCKET).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let registrar = Registrar::new().mapper_socket(socket).policy(Policy::Require);
        // Nobody here can try that transport: only the process tells.
        let services = vec![service(PROGRAM, 1, Netid::Sctp, "0.0.0.0.4.1")];
        let _registration = registrar.register(services).await.expect("registered");
        println!("\nregistered");
        std::future::pending::<()>().await;
    });
}

fn registered(folder: &Folder) -> Child {
    let mut child = Command::new(env::current_exe().expect("the path of the test"))
        .args(["--exact", "registers_and_stays", "--nocapture"])
        .env(SOCKET, folder.path().join("mapper.sock"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "registered"), "it has ended");
    child
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_leaves_is_removed() {
    let folder = Folder::new("processes");
    let state = folder.path().join("state");
    let serve = |every| {
        let mut sockets = Sockets::new();
        sockets.bind_unix(folder.path().join("mapper.sock")).expect("bound");
        let daemon = Daemon::embedded().state(&state, table::Limits::default()).expect("a state");
        match every {
            Some(every) => daemon.drop_dead(every),
            None => daemon,
        }
        .serve(sockets)
        .expect("serves")
    };
    let mapper = serve(None);
    let mut server = registered(&folder);
    let entry = mapper.programs().entries().into_iter().find(|entry| entry.program == PROGRAM).expect("registered");
    assert_eq!(entry.process.map(|process| process.pid), Some(server.id()));

    // Which process it was is not forgotten with the port mapper's own.
    mapper.stop().await;
    let mapper = serve(Some(Duration::from_millis(5)));
    assert_eq!(mapper.programs().entries().iter().find(|entry| entry.program == PROGRAM), Some(&entry));
    let changes = mapper.programs().changes();
    server.kill().expect("killed");
    server.wait().expect("ended");
    while mapper.programs().changes() == changes {
        tokio::task::yield_now().await;
    }
    assert_eq!(own_entries_left_out(&mapper), [""; 0]);
    mapper.stop().await;
}
