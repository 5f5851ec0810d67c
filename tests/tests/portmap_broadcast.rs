//! The port mapper asked by broadcast.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use onc_runtime::Procedure;
use onc_runtime::portmap::protocol::{
    CallArguments, CallResults, Mapping, RpcbCallArguments, RpcbCallResults, pmap_v2, rpcb_v3,
};
use onc_runtime::portmap::{Daemon, Indirect, Rules, table};
use onc_runtime::rpc::{
    AcceptStatus, CallHeader, CallTemplate, Credential, Reply, UniversalAddress, parse_reply, put_success,
};
use onc_runtime::xdr::{self, Xdr};
use onc_tests::missing::leave_out;
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, command};
use tokio::runtime::Builder;

const PROGRAM: u32 = 0x2000_0043;

#[test]
fn who_asks_by_broadcast_is_answered_by_the_hosts_own_address() {
    inside(|| {
        if !network() {
            leave_out("no pair of network interfaces may be made here");
            return;
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a tokio runtime");
        let rules = Rules::default().with_indirect(Indirect::Null);
        let mapper = runtime.block_on(Daemon::embedded().rules(rules).bind("0.0.0.0:0")).expect("bound");
        let served = Server::start();
        let entry = table::Entry {
            program: PROGRAM,
            version: 1,
            netid: "udp".into(),
            address: UniversalAddress::from(SocketAddr::from(([0, 0, 0, 0], served.port))).to_string().into(),
            owner: table::Owner::Unknown,
            process: None,
        };
        assert!(mapper.programs().set(entry).succeeded());

        let socket = UdpSocket::bind((Ipv4Addr::new(10, 77, 0, 1), 0)).expect("a port");
        socket.set_broadcast(true).expect("a broadcast socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let port = mapper.local_addr().expect("bound").port();
        for destination in [Ipv4Addr::new(10, 77, 0, 255), Ipv4Addr::BROADCAST, Ipv4Addr::new(10, 77, 0, 1)] {
            let to = SocketAddr::from((destination, port));
            let mapping = Mapping { prog: PROGRAM, vers: 1, prot: 17, port: 0 };
            let (found, from) = ask::<pmap_v2::Getport, u32>(&socket, to, &mapping);
            assert_eq!(
                (found, from.ip()),
                (u32::from(served.port), Ipv4Addr::new(10, 77, 0, 1).into()),
                "{destination}"
            );
            let call = RpcbCallArguments { prog: PROGRAM, vers: 1, proc: 0, ..RpcbCallArguments::default() };
            let (found, _) = ask::<rpcb_v3::Callit, RpcbCallResults>(&socket, to, &call);
            let [high, low] = served.port.to_be_bytes();
            assert_eq!(found.address, format!("10.77.0.1.{high}.{low}"), "{destination}");
            let call = CallArguments { prog: PROGRAM, vers: 1, proc: 0, ..Default::default() };
            let (found, _) = ask::<pmap_v2::Callit, CallResults>(&socket, to, &call);
            assert_eq!(found.port, u32::from(served.port), "{destination}");
        }
    });
}

/// An interface that can broadcast.
fn network() -> bool {
    let ip = |line: &str| {
        let mut ip = command("ip");
        ip.args(line.split_whitespace());
        Finished::run(ip, Duration::from_secs(10)).status.success()
    };
    ip("link add onc0 type veth peer name onc1")
        && ip("address add 10.77.0.1/24 broadcast + dev onc0")
        && ip("link set onc0 up")
        && ip("link set onc1 up")
        && ip("route add default dev onc0")
}

/// Sends a call, and reads its results and who sent them.
fn ask<P: Procedure, R: Xdr>(socket: &UdpSocket, to: SocketAddr, arguments: &impl Xdr) -> (R, SocketAddr) {
    let interface = P::INTERFACE;
    let mut message = Vec::new();
    CallTemplate::new(interface.program, interface.version, &Credential::None).expect("a header").put_unmarked(
        &mut message,
        7,
        P::NUMBER,
    );
    message.extend(xdr::to_vec(arguments).expect("arguments"));
    socket.send_to(&message, to).expect("sent");
    let mut buffer = [0; 9000];
    let (length, from) = socket.recv_from(&mut buffer).unwrap_or_else(|error| panic!("{} to {to}: {error}", P::NAME));
    let (xid, reply, results) = parse_reply(&buffer[..length]).expect("a reply");
    assert!(xid == 7 && matches!(reply, Reply::Accepted { status: AcceptStatus::Success, .. }), "{reply:?}");
    (xdr::from_slice(&buffer[results..length]).expect("results"), from)
}

/// Answers every datagram as a call of procedure 0 that succeeds.
struct Server {
    port: u16,
}

impl Server {
    fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
        let port = socket.local_addr().expect("bound").port();
        std::thread::spawn(move || {
            let mut buffer = [0; 9000];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let (call, _) = CallHeader::parse(&buffer[..length]).expect("a call");
                let mut reply = Vec::new();
                put_success(&mut reply, call.xid);
                socket.send_to(&reply, from).expect("sent");
            }
        });
        Self { port }
    }
}
