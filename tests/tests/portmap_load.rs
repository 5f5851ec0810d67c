//! How many questions a second a port mapper answers, beside rpcbind in the same run. Not run unless asked for:
//! `ONC_LOAD=1 cargo test --release -p onc-tests --test portmap_load -- --nocapture`

use std::env;
use std::time::{Duration, Instant};

use onc_runtime::portmap::protocol::{Rpcb, rpcb_v4};
use onc_runtime::portmap::{Daemon, Mapper, Sockets};
use onc_runtime::{Error, Procedure};
use onc_tests::missing::leave_out;
use onc_tests::namespace::inside;
use onc_tests::process::poll;
use onc_tests::rpcbind::{self, Rpcbind};
use tokio::runtime::Builder;

const PROGRAM: u32 = 0x2000_0044;

/// Entries that there are beside the port mapper's own.
const ENTRIES: u32 = 100;

/// How long each is asked.
const TIME: Duration = Duration::from_secs(3);

/// Connections, and questions in flight on each.
const CONNECTIONS: usize = 8;
const IN_FLIGHT: usize = 8;

#[test]
fn beside_rpcbind() {
    inside(|| {
        if env::var_os("ONC_LOAD").is_none() {
            return;
        }
        let Some(real) = Rpcbind::start() else { return };
        if !real.is_own() {
            leave_out("a port mapper runs here, and this test needs two of its own");
            return;
        }
        let theirs = measure();
        real.kill();
        poll(|| (!rpcbind::answers()).then_some(())).expect("it has gone");

        // One thread, as rpcbind.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a tokio runtime");
        let inside = runtime.enter();
        let mut sockets = Sockets::new();
        sockets.bind_any(111).expect("port 111");
        sockets.bind_unix(rpcbind::SOCKET).expect("the Unix socket");
        let mapper = Daemon::embedded().serve(sockets).expect("serves");
        drop(inside);
        let ours = measure();
        drop(mapper);
        for ((what, theirs), (_, ours)) in theirs.iter().zip(&ours) {
            println!("{what:<28} rpcbind {theirs:>9.0}/s  ours {ours:>9.0}/s  ratio {:.2}", ours / theirs);
        }
    });
}

fn measure() -> Vec<(&'static str, f64)> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime");
    runtime.block_on(async {
        let mapper = Mapper::unix(rpcbind::SOCKET).await.expect("it is there");
        for version in 1..=ENTRIES {
            let entry = rpcb(version, "0.0.0.0.8.1");
            assert!(mapper.client().call::<rpcb_v4::Set>((entry,)).await.expect("answered"));
        }
        let address = "127.0.0.1:111".parse().expect("an address");
        let getaddr = || (rpcb(ENTRIES, "127.0.0.1.0.111"),);
        vec![
            ("GETADDR over TCP", rate::<rpcb_v4::Getaddr>(async || Mapper::tcp(address).await, getaddr).await),
            ("GETADDR over UDP", rate::<rpcb_v4::Getaddr>(async || Mapper::udp(address).await, getaddr).await),
            ("DUMP of 100 over TCP", rate::<rpcb_v4::Dump>(async || Mapper::tcp(address).await, || ()).await),
        ]
    })
}

fn rpcb(version: u32, address: &str) -> Rpcb {
    Rpcb { prog: PROGRAM, vers: version, netid: "tcp".into(), address: address.into(), owner: String::new() }
}

/// Answers a second.
async fn rate<P: Procedure>(
    open: impl AsyncFn() -> std::io::Result<Mapper>,
    arguments: impl Fn() -> P::Arguments + Copy + Send + 'static,
) -> f64 {
    let mut askers = Vec::new();
    let begun = Instant::now();
    for _ in 0..CONNECTIONS {
        let client = open().await.expect("it is there").client().clone();
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
