//! Calls that a port mapper hands on: only where it is told to, only on its own host, never to itself.

mod portmap_common;

use std::time::Duration;

use onc_runtime::portmap::protocol::{CallArguments, RpcbCallArguments, pmap_v2, rpcb_v3, rpcb_v4};
use onc_runtime::portmap::{self, Daemon, Indirect, Mapper, Policy, Registrar, Rules, table};
use onc_runtime::rpc::UniversalAddress;
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::{Bytes, Error, Fault, Interface, Procedure, ProcedureInfo, Refusal, Server};

const PROGRAM: u32 = 0x2000_0034;

static INTERFACE: Interface = Interface {
    program: PROGRAM,
    version: 1,
    program_name: "TWICE",
    version_name: "TWICE_V1",
    procedures: &[ProcedureInfo { number: 1, name: "TWICE", idempotent: true }],
};

/// Doubles a number.
struct Twice;

impl Procedure for Twice {
    type Arguments = (u32,);
    type Results = u32;
    type ArgumentsShape = (onc_runtime::xdr::Plain,);
    type ResultsShape = onc_runtime::xdr::Plain;
    const INTERFACE: &'static Interface = &INTERFACE;
    const NUMBER: u32 = 1;
    const NAME: &'static str = "TWICE";
}

struct TwiceServer;

impl Program for TwiceServer {
    fn interface(&self) -> &'static Interface {
        &INTERFACE
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        if call.procedure() != 1 {
            return call.procedure_unavailable();
        }
        let service = std::sync::Arc::new(());
        call.handle::<Twice, _, _, _>(&service, |call, (number,)| async move {
            (call, number.checked_mul(2).ok_or(Fault::GarbageArguments))
        })
    }
}

/// A port mapper with such rules, a server that it knows, and the port of that.
async fn peers(indirect: Indirect) -> (Daemon, u16) {
    let rules = Rules::default().with_indirect(indirect);
    let mapper = Daemon::embedded().rules(rules).bind("127.0.0.1:0").await.expect("bound");
    let registrar = Registrar::new().mapper(mapper.local_addr().expect("bound")).policy(Policy::Require);
    let server = Server::builder().add(TwiceServer).registrar(registrar).bind("127.0.0.1:0").await.expect("bound");
    let port = server.local_addr().expect("bound").port();
    tokio::spawn(server.run());
    (mapper, port)
}

fn call(prog: u32, vers: u32, proc: u32, arguments: &[u8]) -> RpcbCallArguments {
    RpcbCallArguments { prog, vers, proc, arguments: Bytes::copy_from_slice(arguments) }
}

/// Asks over UDP, as most do who ask for calls to be handed on.
async fn asked(mapper: &Daemon) -> Mapper {
    Mapper::udp(mapper.local_addr().expect("bound")).await.expect("a socket")
}

/// Whether nothing is answered, in a time in which what comes at once would have come.
async fn is_silence<P: Procedure>(asked: &Mapper, arguments: P::Arguments) -> bool {
    let outcome = asked.client().call::<P>(arguments).timeout(Duration::from_millis(300)).await;
    matches!(outcome, Err(Error::Deadline(_)))
}

#[tokio::test]
async fn by_default_there_is_silence_and_indirect_fails() {
    let (mapper, _) = peers(Indirect::Off).await;
    let asked = asked(&mapper).await;
    assert!(is_silence::<rpcb_v3::Callit>(&asked, (call(PROGRAM, 1, 0, &[]),)).await);
    assert!(is_silence::<rpcb_v4::Bcast>(&asked, (call(PROGRAM, 1, 0, &[]),)).await);
    let arguments = CallArguments { prog: PROGRAM, vers: 1, proc: 0, arguments: Bytes::new() };
    assert!(is_silence::<pmap_v2::Callit>(&asked, (arguments,)).await);
    let outcome = asked.client().call::<rpcb_v4::Indirect>((call(PROGRAM, 1, 0, &[]),)).await;
    assert!(matches!(outcome, Err(Error::Refused(Refusal::SystemError))), "{outcome:?}");
}

#[tokio::test]
async fn procedure_0_is_handed_on_when_that_is_allowed_and_nothing_else() {
    let (mapper, port) = peers(Indirect::Null).await;
    let asked = asked(&mapper).await;
    let arguments = CallArguments { prog: PROGRAM, vers: 1, proc: 0, arguments: Bytes::new() };
    let found = asked.client().call::<pmap_v2::Callit>((arguments,)).await.expect("it is there");
    assert_eq!((found.port, found.results), (port.into(), Bytes::new()));
    let found = asked.client().call::<rpcb_v3::Callit>((call(PROGRAM, 1, 0, &[]),)).await.expect("it is there");
    let address: UniversalAddress = found.address.parse().expect("an address");
    assert_eq!(address.socket_addr().map(|address| address.port()), Some(port));

    assert!(is_silence::<rpcb_v3::Callit>(&asked, (call(PROGRAM, 1, 1, &[0, 0, 0, 4]),)).await);
    assert!(is_silence::<rpcb_v3::Callit>(&asked, (call(PROGRAM, 2, 0, &[]),)).await, "not that version");
    assert!(is_silence::<rpcb_v3::Callit>(&asked, (call(PROGRAM + 1, 1, 0, &[]),)).await, "nobody");
}

#[tokio::test]
async fn results_and_refusals_come_back() {
    let (mapper, _) = peers(Indirect::Any).await;
    // Over UDP a call may be sent twice, and would be counted twice.
    let asked = Mapper::tcp(mapper.local_addr().expect("bound")).await.expect("connected");
    let found =
        asked.client().call::<rpcb_v4::Bcast>((call(PROGRAM, 1, 1, &[0, 0, 0, 21]),)).await.expect("it is there");
    assert_eq!(&found.results[..], [0, 0, 0, 42]);
    // Refusals are told to INDIRECT alone.
    for (procedure, arguments, refusal) in [
        (1, &[0xff; 4][..], Refusal::GarbageArguments),
        (1, &[][..], Refusal::GarbageArguments),
        (9, &[][..], Refusal::ProcedureUnavailable),
    ] {
        let outcome = asked.client().call::<rpcb_v4::Indirect>((call(PROGRAM, 1, procedure, arguments),)).await;
        assert!(matches!(&outcome, Err(Error::Refused(told)) if *told == refusal), "{outcome:?}");
        assert!(is_silence::<rpcb_v4::Bcast>(&asked, (call(PROGRAM, 1, procedure, arguments),)).await);
    }
    // What is silent may still be under way.
    let v4 = loop {
        let [_, _, v4] = asked.statistics().await.expect("counted");
        if v4.handed_on.iter().map(|at| at.success + at.failure).sum::<i32>() == 7 {
            break v4;
        }
    };
    assert_eq!(v4.handed_on.iter().map(|at| at.indirect).sum::<i32>(), 3);
}

#[tokio::test]
async fn nothing_is_handed_on_to_a_port_mapper_or_to_another_host() {
    let (mapper, _) = peers(Indirect::Any).await;
    let asked = asked(&mapper).await;
    for procedure in [0, 1, 5] {
        let to_itself = call(portmap::PROGRAM, 3, procedure, &[]);
        assert!(is_silence::<rpcb_v3::Callit>(&asked, (to_itself,)).await);
    }
    let elsewhere = table::Entry {
        program: PROGRAM + 2,
        version: 1,
        netid: "udp".into(),
        address: "192.0.2.9.0.7".into(),
        owner: table::Owner::Unknown,
        process: None,
    };
    assert!(mapper.programs().set(elsewhere).succeeded());
    let outcome = asked.client().call::<rpcb_v4::Indirect>((call(PROGRAM + 2, 1, 0, &[]),)).await;
    assert!(matches!(outcome, Err(Error::Refused(Refusal::SystemError))), "at once, not after a while: {outcome:?}");
}

#[tokio::test]
async fn more_calls_than_the_rate_allows_are_not_handed_on() {
    let rules = Rules::default().with_indirect(Indirect::Any).with_indirect_per_second(1);
    let mapper = Daemon::embedded().rules(rules).bind("127.0.0.1:0").await.expect("bound");
    let registrar = Registrar::new().mapper(mapper.local_addr().expect("bound")).policy(Policy::Require);
    let server = Server::builder().add(TwiceServer).registrar(registrar).bind("127.0.0.1:0").await.expect("bound");
    tokio::spawn(server.run());

    let asked = Mapper::tcp(mapper.local_addr().expect("bound")).await.expect("connected");
    let begun = tokio::time::Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..50_u8 {
        let client = asked.client().clone();
        calls.spawn(async move {
            let arguments = call(PROGRAM, 1, 1, &[0, 0, 0, number]);
            match client.call::<rpcb_v4::Indirect>((arguments,)).await {
                Ok(found) => assert_eq!(found.results[..], [0, 0, 0, 2 * number]),
                Err(Error::Refused(Refusal::SystemError)) => return 0,
                Err(error) => panic!("{error}"),
            }
            1
        });
    }
    let handed_on: u64 = calls.join_all().await.into_iter().sum();
    let allowed = 1 + begun.elapsed().as_secs();
    assert!((1..=allowed).contains(&handed_on), "{handed_on} of 50, and {allowed} allowed");
}
