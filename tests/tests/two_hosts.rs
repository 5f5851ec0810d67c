//! A server and its port mapper on one host, clients on another one, and a bad network in between: packets are lost, delayed,
//! doubled and overtaken by the kernel (`netem`) where it can do that, and otherwise by the proxies of `faults`.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use onc_runtime::client::ClientBuilder;
use onc_runtime::portmap::Resolver;
use onc_runtime::{Bytes, Client};
use onc_tests::dice::Dice;
use onc_tests::everything::generated::EverythingV1Client;
use onc_tests::faults::{DatagramFaults, StreamFaults, datagram_proxy, stream_proxy};
use onc_tests::ledger::Ledger;
use onc_tests::ledger::generated::LedgerV1Client;
use onc_tests::missing::leave_out;
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// The other host.
const FAR: &str = "10.78.0.2";

/// How long a call may take: longer than anything that happens to it.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What a client does in each part of the test: so many calls at once, so many times.
const WIDTH: usize = 64;
const ROUNDS: usize = 3;

const DATAGRAMS: DatagramFaults =
    DatagramFaults { lost: 40, repeated: 20, delayed: 200, delay: Duration::from_millis(20) };

/// Packets of a connection are lost below it: nothing but time passes.
const STREAMS: StreamFaults = StreamFaults { broken: 0, delayed: 40, delay: Duration::from_millis(20), piece: 2000 };

/// The same, as the kernel does it.
const NETEM: &str = "root netem loss 4% duplicate 2% delay 2ms 2ms";

fn succeeds(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let mut command = command(words.next().expect("a program"));
    command.args(words);
    Finished::run(command, PATIENCE).status.success()
}

/// A host behind a cable. False if none may be made here.
fn lay_cable() -> bool {
    [
        "ip netns add far",
        "ip link add onc0 type veth peer name onc1 netns far",
        "ip address add 10.78.0.1/24 dev onc0",
        "ip -n far address add 10.78.0.2/24 dev onc1",
        "ip link set onc0 up",
        "ip -n far link set lo up",
        "ip -n far link set onc1 up",
    ]
    .iter()
    .all(|line| succeeds(line))
}

/// Starts a program on the other host, which prints where it is.
fn start_far(program: &str, arguments: &[&str]) -> (Running, SocketAddr) {
    let mut command = command("ip");
    command.args(["netns", "exec", "far", program]).args(arguments);
    let mut running = Running::start(command);
    let address = running.wait_for_line("ready ").parse().expect("an address");
    (running, address)
}

/// Calls with one ticket each, over one connection.
async fn load(client: LedgerV1Client, tickets: &AtomicU64) {
    for _ in 0..ROUNDS {
        let mut calls = JoinSet::new();
        for _ in 0..WIDTH {
            let ticket = tickets.fetch_add(1, Ordering::Relaxed);
            let call = client.enter(ticket);
            calls.spawn(async move { (ticket, call.await) });
        }
        while let Some(call) = calls.join_next().await {
            let (ticket, outcome) = call.expect("a call does not panic");
            let receipt = outcome.unwrap_or_else(|error| panic!("ticket {ticket}: {error}: {error:?}"));
            assert_eq!((receipt.ticket, receipt.times), (ticket, 1), "its own reply, to its only execution");
        }
    }
}

/// Clients that reach the server through proxies with faults, on their own host.
async fn through_proxies(builder: ClientBuilder, server: SocketAddr) -> (LedgerV1Client, LedgerV1Client) {
    let mut dice = Dice::new(1);
    // They go on until the runtime ends.
    let (tcp, _) = stream_proxy(server, STREAMS, dice.fork()).await.expect("a proxy");
    let (udp, _) = datagram_proxy(server, DATAGRAMS, dice.fork()).await.expect("a proxy");
    let tcp = builder.clone().connect_to(tcp).await.expect("connected");
    (tcp, builder.udp().connect_to(udp).await.expect("a socket"))
}

/// Pulls the cable out, at one end and then at the other, while calls are under way, and puts it back.
fn pull_the_cable(tickets: &AtomicU64) {
    let begun = tickets.load(Ordering::Relaxed);
    for (at, down, up) in [
        (100, "ip link set onc0 down", "ip link set onc0 up"),
        (200, "ip -n far link set onc1 down", "ip -n far link set onc1 up"),
    ] {
        poll(|| (tickets.load(Ordering::Relaxed) >= begun + at).then_some(())).expect("calls are under way");
        assert!(succeeds(down), "{down}");
        // So long it is out.
        sleep(Duration::from_millis(500));
        assert!(succeeds(up), "{up}");
    }
}

#[test]
fn every_call_is_answered_and_executed_once() {
    inside(|| {
        if !lay_cable() {
            return leave_out("no second host may be made here");
        }
        let file = std::env::temp_dir().join(format!("onc-two-hosts-{}", std::process::id()));
        let _ = fs::remove_file(&file);
        let (_mapper, mapper) = start_far(env!("CARGO_BIN_EXE_port-mapper"), &["0.0.0.0:0"]);
        let own_mapper = format!("127.0.0.1:{}", mapper.port());
        let path = file.to_str().expect("a name that is text");
        let (server, address) = start_far(env!("CARGO_BIN_EXE_ledger-server"), &[&own_mapper, path, "0.0.0.0:0"]);
        let server_address = SocketAddr::new(FAR.parse().expect("an address"), address.port());

        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime");
        let tickets = Arc::new(AtomicU64::new(0));
        runtime.block_on(async {
            let builder = || Client::builder().timeout(TIMEOUT).resolver(Resolver::new().with_port(mapper.port()));
            let tcp: LedgerV1Client = builder().connect(FAR).await.expect("found over TCP");
            let udp: LedgerV1Client = builder().udp().connect(FAR).await.expect("found over UDP");
            // Before anything is lost.
            tokio::join!(load(tcp.clone(), &tickets), load(udp.clone(), &tickets));

            let netem = succeeds(&format!("tc qdisc add dev onc0 {NETEM}"))
                && succeeds(&format!("tc -n far qdisc add dev onc1 {NETEM}"));
            println!("faults by {}", if netem { "netem" } else { "proxies: this kernel has no netem" });
            let (tcp, udp) = if netem { (tcp, udp) } else { through_proxies(builder(), server_address).await };
            tokio::join!(load(tcp.clone(), &tickets), load(udp.clone(), &tickets));

            let pulled = Arc::clone(&tickets);
            let pull = tokio::task::spawn_blocking(move || pull_the_cable(&pulled));
            let (.., pulled) = tokio::join!(load(tcp, &tickets), load(udp, &tickets), pull);
            pulled.expect("the cable is back");
        });

        let (status, _) = server.terminate();
        assert!(status.success(), "the server ends in order: {status}");
        let executed = Ledger::read(&file).expect("the server's file");
        assert_eq!(executed.len() as u64, tickets.load(Ordering::Relaxed));
        assert!(executed.values().all(|times| *times == 1), "a call was executed more than once");
        let _ = fs::remove_file(file);
    });
}

#[test]
fn datagrams_longer_than_a_packet_cross_in_fragments() {
    inside(|| {
        if !lay_cable() {
            return leave_out("no second host may be made here");
        }
        // Bound to all addresses, and to one.
        for listen in ["0.0.0.0:0", "10.78.0.2:0"] {
            let (_server, address) = start_far(env!("CARGO_BIN_EXE_everything-server"), &[listen]);
            let address = SocketAddr::new(FAR.parse().expect("an address"), address.port());
            let runtime = Builder::new_current_thread().enable_all().build().expect("a tokio runtime");
            runtime.block_on(async {
                let client: EverythingV1Client = Client::builder().udp().connect_to(address).await.expect("a socket");
                // A cable carries 1500 bytes at once.
                for size in [1400, 1600, 8192, 60_000] {
                    let blob = Bytes::from(vec![0x5a; size]);
                    let echoed = client.echo_blob(blob.clone()).await;
                    let echoed = echoed.unwrap_or_else(|error| panic!("{size} bytes over UDP, {listen}: {error}"));
                    assert_eq!(echoed, blob, "{size} bytes");
                }
            });
        }
    });
}
