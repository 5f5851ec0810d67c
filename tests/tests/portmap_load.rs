//! How many questions a second a port mapper answers, beside rpcbind in the same run. Not run unless asked for:
//! `ONC_LOAD= cargo test --release -p onc-tests --test portmap_load -- --nocapture`; `ONC_LOAD=Unix` runs the rows of that name.

use std::env;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use onc_runtime::portmap::Mapper;
use onc_runtime::portmap::protocol::{Rpcb, rpcb_v4};
use onc_runtime::{Error, Procedure};
use onc_tests::cargo::build;
use onc_tests::missing::leave_out;
use onc_tests::namespace::inside;
use onc_tests::process::{Running, command};
use onc_tests::rpcbind::{self, Rpcbind};
use tokio::runtime::Builder;

const PROGRAM: u32 = 0x2000_0044;

/// Entries that there are beside the port mapper's own.
const ENTRIES: u32 = 100;

/// How long each is asked in a round, and how many rounds there are: the two take turns.
const TIME: Duration = Duration::from_millis(700);
const ROUNDS: usize = 5;

/// Connections, and questions in flight on each.
const CONNECTIONS: usize = 8;
const IN_FLIGHT: usize = 8;

/// A port mapper, and its doors.
struct Peer {
    address: SocketAddr,
    socket: &'static Path,
}

/// How it is asked.
#[derive(Clone, Copy, Debug)]
enum Door {
    Tcp,
    Udp,
    Unix,
}

impl Peer {
    async fn open(&self, door: Door) -> Mapper {
        // Many connections a second may fill the backlog.
        loop {
            let opened = match door {
                Door::Tcp => Mapper::tcp(self.address).await,
                Door::Udp => Mapper::udp(self.address).await,
                Door::Unix => Mapper::unix(self.socket).await,
            };
            match opened {
                Ok(mapper) => return mapper,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn beside_rpcbind() {
    if env::var_os("ONC_LOAD").is_none() {
        return;
    }
    // Before the clock of a test runs.
    let _ = onc();
    inside(|| {
        let Some(real) = Rpcbind::start() else { return };
        if !real.is_own() {
            leave_out("a port mapper runs here, and this test needs two of its own");
            return;
        }
        let mut run = onc();
        run.args(["portmap", "--listen", "127.0.0.1:1111", "--socket", "/run/onc.sock"]);
        let mut ours = Running::start(run);
        ours.wait_for_line("serving ");
        let peers = [(111, rpcbind::SOCKET), (1111, "/run/onc.sock")]
            .map(|(port, socket)| Peer { address: ([127, 0, 0, 1], port).into(), socket: Path::new(socket) });

        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime");
        runtime.block_on(async {
            for peer in &peers {
                let mapper = peer.open(Door::Unix).await;
                for version in 1..=ENTRIES {
                    let entry = rpcb(version, "0.0.0.0.8.1");
                    assert!(mapper.client().call::<rpcb_v4::Set>((entry,)).await.expect("answered"));
                }
            }
            println!("| answers a second | rpcbind | `onc portmap` | ratio |\n|---|---:|---:|---:|");
            let getaddr = || (rpcb(ENTRIES, "127.0.0.1.0.111"),);
            for door in [Door::Tcp, Door::Udp, Door::Unix] {
                compare(&format!("GETADDR, {door:?}"), &peers, async |peer| {
                    rate::<rpcb_v4::Getaddr>(peer, door, getaddr).await
                })
                .await;
            }
            for door in [Door::Tcp, Door::Unix] {
                compare(&format!("GETADDR, {door:?}, each over a connection of its own"), &peers, async |peer| {
                    lone_rate::<rpcb_v4::Getaddr>(peer, door, getaddr).await
                })
                .await;
            }
            for door in [Door::Tcp, Door::Udp, Door::Unix] {
                compare(&format!("DUMP of {ENTRIES}, {door:?}"), &peers, async |peer| {
                    rate::<rpcb_v4::Dump>(peer, door, || ()).await
                })
                .await;
            }
        });
    });
}

/// The program, as it is released.
fn onc() -> Command {
    command(build(&["--release", "-p", "onc-tools", "--bin", "onc"]))
}

/// Prints the medians of the rounds.
async fn compare(what: &str, peers: &[Peer; 2], rate: impl AsyncFn(&Peer) -> f64) {
    if env::var("ONC_LOAD").is_ok_and(|rows| !what.contains(&rows)) {
        return;
    }
    let mut rates = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (rates, peer) in rates.iter_mut().zip(peers) {
            rates.push(rate(peer).await);
        }
    }
    let [theirs, ours] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    println!("| {what} | {theirs:.0} | {ours:.0} | {:.2} |", ours / theirs);
}

fn rpcb(version: u32, address: &str) -> Rpcb {
    Rpcb { prog: PROGRAM, vers: version, netid: "tcp".into(), address: address.into(), owner: String::new() }
}

/// Answers a second.
async fn rate<P: Procedure>(
    peer: &Peer,
    door: Door,
    arguments: impl Fn() -> P::Arguments + Copy + Send + 'static,
) -> f64 {
    let mut askers = Vec::new();
    let begun = Instant::now();
    for _ in 0..CONNECTIONS {
        let client = peer.open(door).await.client().clone();
        for _ in 0..IN_FLIGHT {
            let client = client.clone();
            askers.push(tokio::spawn(async move {
                let mut answers = 0_u32;
                while begun.elapsed() < TIME {
                    match client.call::<P>(arguments()).await {
                        Ok(_) => answers += 1,
                        Err(Error::Deadline(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                answers
            }));
        }
    }
    let mut answers = 0.0;
    for asker in askers {
        answers += f64::from(asker.await.expect("it ends"));
    }
    answers / begun.elapsed().as_secs_f64()
}

/// Answers a second, each over a connection of its own, as libtirpc's programs ask.
async fn lone_rate<P: Procedure>(peer: &Peer, door: Door, arguments: impl Fn() -> P::Arguments) -> f64 {
    let begun = Instant::now();
    let ask = async || {
        let mut answers = 0_u32;
        while begun.elapsed() < TIME {
            let mapper = peer.open(door).await;
            mapper.client().call::<P>(arguments()).await.expect("answered");
            answers += 1;
        }
        answers
    };
    let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
    f64::from(one + two + three + four) / begun.elapsed().as_secs_f64()
}
