//! A server and its clients under load, over a network with faults, for as long as `ONC_SOAK_SECONDS` says (10): no call is
//! lost, none is executed twice, memory and descriptors stay flat.
//!
//! `tests/soak/run` lets it run for ten minutes. `ONC_SOAK_SEED` chooses another chance.

use std::collections::HashSet;
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use onc_runtime::portmap::Policy;
use onc_runtime::{Bytes, Client, Error, Server};
use onc_tests::dice::Dice;
use onc_tests::faults::{DatagramFaults, StreamFaults, datagram_proxy, stream_proxy, unix_proxy};
use onc_tests::ledger::Ledger;
use onc_tests::ledger::generated::{LedgerV1Client, LedgerV1Server};
use onc_tests::missing::leave_out;
use onc_tests::process::poll;
use onc_tests::vitals::Vitals;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// So many clients on each transport.
const CLIENTS: usize = 4;

/// How long a call over UDP may take. With [`PAUSE`] it also bounds how many calls the server has to remember: fewer than the
/// 8192 that it does by default.
const UDP_TIMEOUT: Duration = Duration::from_secs(8);

/// How long one over a stream may take: longer than anything that happens to it, so that it is answered or its connection lost.
const STREAM_TIMEOUT: Duration = Duration::from_secs(60);

/// A client rests up to so long, in milliseconds, between two bursts of calls.
const PAUSE: u64 = 60;

const DATAGRAMS: DatagramFaults =
    DatagramFaults { lost: 50, repeated: 50, delayed: 200, delay: Duration::from_millis(300) };

const STREAMS: StreamFaults =
    StreamFaults { broken: 2, delayed: 30, delay: Duration::from_millis(40), piece: 16 << 10 };

/// What a client calls through.
#[derive(Clone, Debug)]
enum Way {
    Udp(SocketAddr),
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// What all clients share.
struct Soak {
    ledger: Ledger,
    /// No further calls are begun.
    ends: AtomicBool,
    tickets: AtomicU64,
}

/// What became of a client's calls.
#[derive(Debug, Default)]
struct Tally {
    /// Executed once, and answered.
    answered: u64,
    /// Failed; nothing of them had left.
    not_sent: u64,
    /// Failed, and nobody knows whether they were executed.
    unknown: HashSet<u64>,
    /// Idempotent calls that were answered, and that were not.
    echoed: u64,
    not_echoed: u64,
    /// Clients, and those that could not connect.
    clients: u64,
    not_connected: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.not_sent += other.not_sent;
        self.unknown.extend(other.unknown);
        self.echoed += other.echoed;
        self.not_echoed += other.not_echoed;
        self.clients += other.clients;
        self.not_connected += other.not_connected;
    }
}

impl Soak {
    /// Clients that come and go until the end.
    async fn client(self: Arc<Self>, way: Way, mut dice: Dice) -> Tally {
        let mut tally = Tally::default();
        while !self.ends.load(Ordering::Relaxed) {
            let builder = Client::builder().timeout(STREAM_TIMEOUT);
            let connected: Result<LedgerV1Client, Error> = match &way {
                Way::Udp(proxy) => builder.timeout(UDP_TIMEOUT).udp().connect_to(*proxy).await,
                Way::Tcp(proxy) => builder.connect_to(*proxy).await,
                Way::Unix(proxy) => builder.connect(format!("unix:{}", proxy.display())).await,
            };
            let Ok(client) = connected else {
                tally.not_connected += 1;
                continue;
            };
            tally.clients += 1;
            for _ in 0..20 + dice.below(80) {
                if self.ends.load(Ordering::Relaxed) {
                    break;
                }
                self.burst(&client, &way, &mut dice, &mut tally).await;
                sleep(Duration::from_millis(dice.below(PAUSE))).await;
            }
        }
        tally
    }

    /// Some calls at once.
    async fn burst(self: &Arc<Self>, client: &LedgerV1Client, way: &Way, dice: &mut Dice, tally: &mut Tally) {
        let udp = matches!(way, Way::Udp(_));
        let may_happen = |error: &Error| match error {
            // On a stream nothing is lost but with its connection.
            Error::Deadline(_) => assert!(udp, "a call was lost: {error}"),
            Error::Lost(_) | Error::Connect(_) => {}
            _ => panic!("{error}: {error:?}"),
        };
        let largest = if udp { 8000 } else { 100_000 };
        let mut calls = JoinSet::new();
        for _ in 0..=dice.below(3) {
            let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
            let call = client.enter(ticket);
            calls.spawn(async move { (ticket, call.await) });
        }
        let size = dice.below(largest) as usize;
        let payload = Bytes::from(vec![size as u8; size]);
        match client.echo(payload.clone()).idempotent().await {
            Ok(echoed) => {
                assert!(echoed == payload, "another call's reply");
                tally.echoed += 1;
            }
            Err(error) => {
                may_happen(&error);
                tally.not_echoed += 1;
            }
        }
        while let Some(call) = calls.join_next().await {
            let (ticket, outcome) = call.expect("a call does not panic");
            match outcome {
                Ok(receipt) => {
                    assert_eq!((receipt.ticket, receipt.times), (ticket, 1), "its own reply, to its only execution");
                    assert_eq!(self.ledger.take(ticket), 1, "an answered call was executed once");
                    tally.answered += 1;
                }
                Err(error) => {
                    may_happen(&error);
                    if error.maybe_executed() {
                        tally.unknown.insert(ticket);
                    } else {
                        tally.not_sent += 1;
                    }
                }
            }
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect(name))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_and_nothing_grows() {
    let (seconds, seed) = (number("ONC_SOAK_SECONDS", 10), number("ONC_SOAK_SEED", 1));
    let Some(_) = Vitals::own() else { return leave_out("this system does not say what a process takes") };
    let mut dice = Dice::new(seed);
    let folder = env::temp_dir().join(format!("onc-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for sockets");
    let sockets = [folder.join("server"), folder.join("proxy")];

    let ledger = Ledger::default();
    let builder = Server::builder().add(LedgerV1Server::new(ledger.clone())).registration(Policy::Off);
    let server = builder.listen_unix(&sockets[0]).bind("127.0.0.1:0").await.expect("a bound server");
    let (address, handle) = (server.local_addr().expect("bound"), server.handle());
    let serving = tokio::spawn(server.run());
    let bare = Vitals::own().expect("as before");

    let (udp, udp_proxy) = datagram_proxy(address, DATAGRAMS, dice.fork()).await.expect("a proxy");
    let (tcp, tcp_proxy) = stream_proxy(address, STREAMS, dice.fork()).await.expect("a proxy");
    let unix_proxy = unix_proxy(sockets[1].clone(), sockets[0].clone(), STREAMS, dice.fork()).await.expect("a proxy");
    let soak = Arc::new(Soak { ledger: ledger.clone(), ends: AtomicBool::new(false), tickets: AtomicU64::new(0) });
    let mut clients = JoinSet::new();
    for way in [Way::Udp(udp), Way::Tcp(tcp), Way::Unix(sockets[1].clone())] {
        for _ in 0..CLIENTS {
            clients.spawn(Arc::clone(&soak).client(way.clone(), dice.fork()));
        }
    }

    let samples = observe(Duration::from_secs(seconds), &soak).await;
    soak.ends.store(true, Ordering::Relaxed);
    let mut tally = Tally::default();
    while let Some(client) = clients.join_next().await {
        tally.add(client.expect("every answer was right"));
    }
    let in_vain = tally.unknown.len();
    println!(
        "seed {seed}, {seconds} s, {} clients: {} calls answered, {} not sent, {in_vain} unknown; {} echoed, {} not; {} could not connect",
        tally.clients, tally.answered, tally.not_sent, tally.echoed, tally.not_echoed, tally.not_connected
    );

    // What was executed and not answered is among what the clients were told of.
    for (ticket, times) in ledger.rest() {
        assert_eq!(times, 1, "ticket {ticket} was executed more than once");
        assert!(tally.unknown.contains(&ticket), "ticket {ticket} was executed, and its client told that it was not");
    }
    assert!(tally.answered > 10 * in_vain as u64, "few calls are in vain");
    assert!(tally.echoed > 10 * tally.not_echoed, "what may be repeated comes through");
    are_flat(&samples, Duration::from_secs(seconds));

    for proxy in [udp_proxy, tcp_proxy, unix_proxy] {
        proxy.abort();
        assert!(proxy.await.expect_err("it ran to the end").is_cancelled());
    }
    let left = tokio::task::spawn_blocking(move || {
        let descriptors = || Vitals::own().expect("as before").descriptors;
        poll(|| (descriptors() <= bare.descriptors).then_some(())).ok_or_else(descriptors)
    });
    left.await.expect("it ran").unwrap_or_else(|left| panic!("{left} descriptors left of {}", bare.descriptors));
    handle.stop();
    let stopped = serving.await.expect("it ran").expect("an orderly end");
    assert_eq!((stopped.cut, stopped.connections), (0, 0));
    let _ = std::fs::remove_dir_all(folder);
}

/// Looks at this process four times a second, once it has warmed up.
async fn observe(time: Duration, soak: &Soak) -> Vec<Vitals> {
    let warm_up = (time / 4).min(Duration::from_secs(60));
    let (begun, mut told) = (Instant::now(), 0);
    let mut samples = Vec::new();
    while begun.elapsed() < time {
        sleep(Duration::from_millis(250)).await;
        let vitals = Vitals::own().expect("as before");
        if begun.elapsed() > warm_up {
            samples.push(vitals);
        }
        let seconds = begun.elapsed().as_secs();
        if seconds >= told + 10 {
            told = seconds;
            let tickets = soak.tickets.load(Ordering::Relaxed);
            println!(
                "{seconds:>5} s {tickets:>9} tickets {:>9} KiB {:>5} descriptors",
                vitals.memory >> 10,
                vitals.descriptors
            );
        }
    }
    samples
}

/// By then everything that the runtime keeps is kept: buffers of large records, and the calls of two minutes.
const SETTLED: Duration = Duration::from_secs(300);

/// The last third takes no more than the first did; in a short run, no more than what may still be kept.
fn are_flat(samples: &[Vitals], time: Duration) {
    let third = samples.len() / 3;
    assert!(third > 0, "too short a time to tell");
    let [first, last] = [&samples[..third], &samples[samples.len() - third..]];
    let mean = |samples: &[Vitals], of: fn(&Vitals) -> usize| samples.iter().map(of).sum::<usize>() / third;
    let [before, after] = [first, last].map(|samples| mean(samples, |vitals| vitals.memory));
    let slack = if time < SETTLED { 24 << 20 } else { before / 10 + (4 << 20) };
    assert!(after <= before + slack, "memory grows: {before} bytes, then {after}");
    let [before, after] = [first, last].map(|samples| mean(samples, |vitals| vitals.descriptors));
    assert!(after <= before + before / 4 + 10, "descriptors grow: {before}, then {after}");
    println!("flat: in the middle of the first third {:?}, of the last {:?}", first[third / 2], last[third / 2]);
}
