//! `onc portmap` as a program of the system: without root's rights, killed at any moment, started by systemd.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Stdio;
use std::time::Duration;

use onc_runtime::portmap::protocol::{Rpcb, rpcb_v4};
use onc_runtime::portmap::{Mapper, PROGRAM as PORT_MAPPER};
use onc_tests::missing::leave_out;
use onc_tests::onc::{inside, onc};
use onc_tests::onc_portmap::OncPortmap;
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use onc_tests::rpcbind::{self, SOCKET};
use onc_tests::users::{NOBODY, as_user, for_everybody};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const PROGRAM: u32 = 0x2000_0046;

const EVERYTHING_PROG: u32 = 0x2000_0e77;

/// A user without rights, who exists on every Debian.
const USER: &str = "daemon";

const STATE: &str = "/run/onc-portmap/state";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime").block_on(future)
}

/// Inside, where nobody has port 111.
fn alone(body: impl FnOnce()) {
    if rpcbind::answers() {
        leave_out("a port mapper runs here, at the port that this test needs");
        return;
    }
    body();
}

/// Whether one can be another user than root here, which has been said if not.
fn other_users() -> bool {
    let ids = fs::read_to_string("/proc/self/uid_map").expect("a map");
    let any = ids.lines().any(|line| line.split_whitespace().nth(2) != Some("1"));
    if !any {
        leave_out("only one user id is to be had here");
    }
    any
}

fn rpcb(version: u32) -> Rpcb {
    let [high, low] = u16::try_from(version).expect("small").to_be_bytes();
    let address = format!("0.0.0.0.{high}.{low}");
    Rpcb { prog: PROGRAM, vers: version, netid: "tcp".into(), address, owner: String::new() }
}

async fn mapper() -> Mapper {
    Mapper::unix(SOCKET).await.expect("it is there")
}

/// The versions that are registered, in order.
async fn versions() -> Vec<u32> {
    let list = mapper().await.entries().await.expect("a list");
    let mut versions: Vec<u32> = list.iter().filter(|entry| entry.prog == PROGRAM).map(|entry| entry.vers).collect();
    versions.sort_unstable();
    versions
}

async fn set(mapper: &Mapper, version: u32) -> bool {
    mapper.client().call::<rpcb_v4::Set>((rpcb(version),)).await.is_ok_and(|done| done)
}

#[test]
fn without_roots_rights_it_keeps_its_state_through_kills() {
    inside(|| {
        alone(|| {
            if !other_users() {
                return;
            }
            let passwd = fs::read_to_string("/etc/passwd").expect("users");
            let user = passwd.lines().find_map(|line| line.strip_prefix(USER)).expect("a user of that name");
            let [_, _, uid, gid, ..] = user.split(':').collect::<Vec<_>>()[..] else { panic!("{user}") };

            let options = ["--user", USER, "--state", STATE];
            let mut running = OncPortmap::start(&options);
            for _ in 0..2 {
                for thread in fs::read_dir(format!("/proc/{}/task", running.id())).expect("its threads") {
                    let status = fs::read_to_string(thread.expect("a thread").path().join("status")).expect("status");
                    let field = |name: &str| {
                        let value = status.lines().find_map(|line| line.strip_prefix(name)).expect("the field");
                        value.split_whitespace().collect::<Vec<_>>()
                    };
                    assert_eq!(field("Uid:"), [uid; 4], "real, effective, saved, of files");
                    assert_eq!(field("Gid:"), [gid; 4]);
                    assert_eq!(field("Groups:"), [gid]);
                    for set in ["CapPrm:", "CapEff:", "CapInh:", "CapAmb:"] {
                        assert_eq!(field(set), ["0000000000000000"], "{set}");
                    }
                }
                block_on(async {
                    assert!(set(&mapper().await, 1).await && set(&mapper().await, 2).await);
                    // More changes than the file keeps: it is replaced, by who has no rights.
                    let before = fs::metadata(STATE).expect("it is there").ino();
                    let mapper = mapper().await;
                    for _ in 0..3000 {
                        let unset = mapper.client().call::<rpcb_v4::Unset>((rpcb(2),));
                        assert!(unset.await.expect("answered") && set(&mapper, 2).await);
                    }
                    assert_ne!(fs::metadata(STATE).expect("it is there").ino(), before, "it was not replaced");
                });
                let state = fs::metadata(STATE).expect("it is there");
                assert_eq!((state.uid().to_string().as_str(), state.mode() & 0o777), (uid, 0o600));
                running.kill();
                running = OncPortmap::start(&options);
                assert_eq!(block_on(versions()), [1, 2]);
            }
            running.terminate();
        });
    });
}

#[test]
fn what_was_answered_survives_a_kill_at_any_moment() {
    inside(|| {
        alone(|| {
            let options = ["--state", STATE_OF_ROOT];
            let mut running = OncPortmap::start(&options);
            let mut known = Vec::new();
            for turn in 0..8_u32 {
                // Killed after the first answers, while others are on their way.
                let (first, after) = (turn * 200 + 1, 20 * turn as usize + 1);
                let (answered, killed) = block_on(async {
                    let mapper = mapper().await;
                    let mut calls = JoinSet::new();
                    for version in first..first + 200 {
                        let client = mapper.client().clone();
                        calls.spawn(async move {
                            let set = client.call::<rpcb_v4::Set>((rpcb(version),));
                            set.await.is_ok_and(|done| done).then_some(version)
                        });
                    }
                    let mut answered = Vec::new();
                    let mut running = Some(running);
                    while let Some(outcome) = calls.join_next().await {
                        answered.extend(outcome.expect("it ends"));
                        if answered.len() >= after
                            && let Some(running) = running.take()
                        {
                            running.kill();
                        }
                    }
                    (answered, running.is_none())
                });
                assert!(killed && answered.len() >= after);
                known.extend(answered);
                running = OncPortmap::start(&options);
                let there = block_on(versions());
                let lost: Vec<&u32> = known.iter().filter(|version| there.binary_search(version).is_err()).collect();
                assert!(lost.is_empty(), "answered, and lost: {lost:?}");
                // What was not heard to be answered may be there, and is not to be taken for lost.
                known = there;
            }
        });
    });
}

const STATE_OF_ROOT: &str = "/run/portmap.state";

#[test]
fn a_state_that_is_not_to_be_believed_is_said_to_be() {
    inside(|| {
        alone(|| {
            let refused = |told: &str| {
                let finished = Finished::run(onc(&["portmap", "--state", STATE_OF_ROOT]), PATIENCE);
                assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
                assert!(
                    finished.stderr.contains(STATE_OF_ROOT) && finished.stderr.contains(told),
                    "{told}: {}",
                    finished.stderr
                );
            };
            let only_ours = fs::Permissions::from_mode(0o600);
            fs::write(STATE_OF_ROOT, "my diary\n").expect("written");
            fs::set_permissions(STATE_OF_ROOT, only_ours.clone()).expect("changed");
            refused("no port mapper's state");
            assert_eq!(fs::read_to_string(STATE_OF_ROOT).expect("untouched"), "my diary\n");
            fs::remove_file(STATE_OF_ROOT).expect("removed");

            let running = OncPortmap::start(&["--state", STATE_OF_ROOT]);
            assert!(block_on(async { set(&mapper().await, 1).await }));
            let other = ["portmap", "--listen", "127.0.0.1:0", "--state", STATE_OF_ROOT];
            let finished = Finished::run(onc(&other), PATIENCE);
            assert_eq!(finished.status.code(), Some(1));
            assert!(finished.stderr.contains("another port mapper"), "{}", finished.stderr);
            running.kill();

            fs::set_permissions(STATE_OF_ROOT, fs::Permissions::from_mode(0o620)).expect("changed");
            refused("others can write to it");
            fs::set_permissions(STATE_OF_ROOT, only_ours).expect("changed");
            // A power failure may leave a part of it.
            let text = fs::read(STATE_OF_ROOT).expect("it is there");
            fs::write(STATE_OF_ROOT, &text[..text.len() - 3]).expect("written");
            let _running = OncPortmap::start(&["--state", STATE_OF_ROOT]);
            assert_eq!(block_on(versions()), [0_u32; 0], "half an entry is none");
        });
    });
}

#[test]
fn systemd_hands_over_sockets_of_every_kind() {
    inside(|| {
        alone(|| {
            let any = SocketAddr::from(([0, 0, 0, 0], 111));
            let sockets: [OwnedFd; 3] = [
                TcpListener::bind(any).expect("port 111").into(),
                UdpSocket::bind(any).expect("port 111").into(),
                UnixListener::bind(SOCKET).expect("its socket").into(),
            ];
            let notified = UnixDatagram::bind("/run/notify").expect("a socket");
            notified.set_read_timeout(Some(PATIENCE)).expect("a time limit");

            // As systemd does: the sockets are 3, 4 and 5, and meant for the process of this number.
            let script = r#"exec 3<&0 4<&1 5<&2 <&- >&- 2>/run/errors; LISTEN_PID=$$ LISTEN_FDS=3 exec "$0" portmap"#;
            let program = onc(&[]).get_program().to_owned();
            let [tcp, udp, unix] = sockets.map(Stdio::from);
            let mut start = command("sh");
            start.args(["-c", script]).arg(program).env("NOTIFY_SOCKET", "/run/notify");
            let mut child = start.stdin(tcp).stdout(udp).stderr(unix).spawn().expect("started");
            let mut said = [0; 64];
            let length = notified.recv(&mut said).unwrap_or_else(|error| {
                panic!("not ready: {error}; it says: {}", fs::read_to_string("/run/errors").unwrap_or_default())
            });
            assert_eq!(&said[..length], b"READY=1");

            block_on(async {
                let address = SocketAddr::from(([127, 0, 0, 1], 111));
                let doors = [
                    Mapper::tcp(address).await.expect("over TCP"),
                    Mapper::udp(address).await.expect("over UDP"),
                    mapper().await,
                ];
                for mut door in doors {
                    let list = door.entries().await.expect("a list");
                    let own = list.iter().filter(|entry| entry.prog == PORT_MAPPER && entry.vers == 4);
                    let own: Vec<(&str, &str)> = own.map(|entry| (&*entry.netid, &*entry.address)).collect();
                    assert_eq!(own, [("tcp", "0.0.0.0.0.111"), ("udp", "0.0.0.0.0.111"), ("local", SOCKET)]);
                }
            });
            // The sockets are systemd's: it hands them to the next one.
            let ended = command("sh").arg("-c").arg(format!("kill -s TERM {}", child.id())).status();
            assert!(ended.is_ok_and(|status| status.success()));
            let length = notified.recv(&mut said).expect("told");
            assert_eq!(&said[..length], b"STOPPING=1");
            assert!(child.wait().expect("its status").success());
            assert!(File::open(SOCKET).is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound), "it stays");
        });
    });
}

#[test]
fn anybody_can_run_one_at_another_port() {
    inside(|| {
        alone(|| {
            if !other_users() {
                return;
            }
            let program = for_everybody(onc(&[]).get_program());
            let as_nobody = |arguments: &[&str]| {
                let mut run = as_user(Some(NOBODY), &program);
                run.args(arguments);
                run
            };
            let refused = Finished::run(as_nobody(&["portmap"]), PATIENCE);
            assert_eq!(refused.status.code(), Some(1));
            assert!(
                refused.stderr.contains("only root may, others choose another port: --listen"),
                "{}",
                refused.stderr
            );
            // The well-known port and socket stay free for the host's own.
            let listen = ["portmap", "--listen", "127.0.0.1:1111", "--listen", "[::1]:1111"];
            let mut running = Running::start(as_nobody(&listen));
            for line in ["tcp6 ::1.4.87", "udp6 ::1.4.87", "tcp 127.0.0.1.4.87", "udp 127.0.0.1.4.87"] {
                assert_eq!(running.wait_for_line("serving "), line);
            }
            assert!(fs::symlink_metadata(SOCKET).is_err());
            block_on(async {
                for address in ["127.0.0.1:1111", "[::1]:1111"].map(|text| text.parse().expect("an address")) {
                    let limit = Duration::from_secs(20);
                    let set = async { set(&Mapper::tcp(address).await.expect("connected"), 7).await };
                    assert!(tokio::time::timeout(limit, set).await.expect("in time"), "{address}");
                }
            });
        });
    });
}

#[test]
fn entries_of_killed_servers_go_where_an_option_says_so() {
    inside(|| {
        alone(|| {
            let of_everything = || {
                block_on(async {
                    let list = mapper().await.entries().await.expect("a list");
                    list.into_iter().filter(|entry| entry.prog == EVERYTHING_PROG).count()
                })
            };
            for option in [&["--drop-dead", "1"][..], &[]] {
                let running = OncPortmap::start(option);
                let mut server = Running::start(command(env!("CARGO_BIN_EXE_everything-server")));
                server.wait_for_line("ready ");
                // Registered like any server's, but nobody can tell whether it is there: over that transport, and by nobody
                // who still runs.
                let other = Rpcb { netid: "x25".into(), ..rpcb(1) };
                block_on(async {
                    let address = SocketAddr::from(([127, 0, 0, 1], 111));
                    let mapper = Mapper::tcp(address).await.expect("connected");
                    assert!(mapper.client().call::<rpcb_v4::Set>((other,)).await.expect("answered"));
                });
                assert_eq!(of_everything(), 8, "two versions over four transports");
                // Killed: it takes nothing back.
                drop(server);
                if option.is_empty() {
                    assert_eq!(of_everything(), 8, "as with rpcbind");
                } else {
                    poll(|| (of_everything() == 0).then_some(())).expect("they are noticed");
                }
                assert_eq!(block_on(versions()), [1], "the other's stays");
                running.terminate();
            }
        });
    });
}

#[test]
fn its_socket_has_two_names() {
    inside(|| {
        alone(|| {
            let _running = OncPortmap::start(&[]);
            block_on(async {
                // libtirpc uses the one or the other, depending on how new it is.
                for (version, name) in [(1, SOCKET), (2, "\0/run/rpcbind.sock"), (3, "/var/run/rpcbind.sock")] {
                    if version == 3
                        && fs::canonicalize("/var/run").is_ok_and(|path| path != std::path::Path::new("/run"))
                    {
                        continue;
                    }
                    let mapper = Mapper::unix(name).await.expect("it is there");
                    assert!(set(&mapper, version).await);
                }
                let list = mapper().await.entries().await.expect("a list");
                assert!(list.iter().all(|entry| entry.owner == "superuser"), "it knows who calls: {list:?}");
                assert!(versions().await.len() >= 2);
            });
        });
    });
}

#[test]
fn it_says_what_is_registered_when_asked_to() {
    inside(|| {
        alone(|| {
            // What it says at -v, and does not otherwise; calls are another matter.
            for (option, says) in [("-v", true), ("-f", false)] {
                let mut run = onc(&["portmap", option]);
                run.stderr(File::create("/run/errors").expect("a file"));
                let mut running = Running::start(run);
                running.wait_for_line("serving ");
                assert!(block_on(async { set(&mapper().await, 77).await }));
                let (status, _) = running.terminate();
                assert!(status.success());
                let said = fs::read_to_string("/run/errors").expect("what it said");
                assert_eq!(said.contains("SET") && said.contains("version=77"), says, "{option}: {said}");
                assert!(!said.contains("the call ended"), "{said}");
            }
        });
    });
}
