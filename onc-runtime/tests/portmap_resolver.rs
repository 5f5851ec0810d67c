//! Asking port mappers: those that know all versions of the protocol, those that know old ones, and what is none.

mod portmap_common;

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::protocol::{PmapV2Server, RpcbV3Server};
use onc_runtime::portmap::{Daemon, Policy, Programs, Registrar, Resolver, Rules, Table, table};
use onc_runtime::rpc::{Netid, UniversalAddress};
use onc_runtime::service::RegistryBuilder;
use onc_runtime::{ResolveError, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use portmap_common::{free_port, service};

const PROGRAM: u32 = 0x2000_0032;

/// Versions 1 and 3 over TCP, version 1 over UDP.
fn entries() -> Vec<table::Entry> {
    [(1, "tcp", "0.0.0.0.8.1"), (3, "tcp", "192.0.2.7.8.3"), (1, "udp", "0.0.0.0.8.2"), (1, "tcp6", "::.8.6")]
        .into_iter()
        .map(|(version, netid, address)| table::Entry {
            program: PROGRAM,
            version,
            netid: netid.into(),
            address: address.into(),
            owner: table::Owner::Superuser,
            process: None,
        })
        .collect()
}

fn filled() -> Table {
    let mut table = Table::default();
    for entry in entries() {
        assert!(table.set(entry).succeeded());
    }
    table
}

/// A port mapper that speaks all versions of the protocol from 2 to this one, serving in the background.
async fn mapper(highest: u32) -> SocketAddr {
    let programs = Programs::new(filled(), Rules::default());
    let mut registry = RegistryBuilder::default();
    match highest {
        2 => {
            registry.add(PmapV2Server::new(programs));
        }
        3 => {
            registry.add(PmapV2Server::new(programs.clone())).add(RpcbV3Server::new(programs));
        }
        _ => programs.add_to(&mut registry),
    }
    let server =
        Server::builder().programs(registry).registration(Policy::Off).bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    address
}

async fn resolve(mapper: SocketAddr, program: u32, version: u32, netid: Netid) -> Result<String, ResolveError> {
    let resolver = Resolver::new().with_cache_age(Duration::ZERO);
    resolver.resolve("here", mapper, program, version, netid).await.map(|address| address.to_string())
}

#[tokio::test]
async fn every_version_of_the_protocol_tells_the_address_of_the_very_version() {
    for highest in [4, 3, 2] {
        let mapper = mapper(highest).await;
        for netid in [Netid::Tcp, Netid::Udp] {
            let port = if netid == Netid::Tcp { 2049 } else { 2050 };
            let address = resolve(mapper, PROGRAM, 1, netid).await.expect("it is there");
            assert_eq!(address, format!("127.0.0.1:{port}"), "version {highest} over {netid}: a wildcard is the host");
        }
        let third = resolve(mapper, PROGRAM, 3, Netid::Tcp).await.expect("it is there");
        // Version 2 tells ports only.
        assert_eq!(third, if highest == 2 { "127.0.0.1:2051" } else { "192.0.2.7:2051" });
    }
}

#[tokio::test]
async fn another_versions_address_is_not_taken_for_it() {
    for highest in [4, 3, 2] {
        let mapper = mapper(highest).await;
        let error = resolve(mapper, PROGRAM, 2, Netid::Tcp).await.expect_err("there is none");
        let ResolveError::VersionNotRegistered { program, version, versions, .. } = &error else { panic!("{error}") };
        assert_eq!((*program, *version, &versions[..]), (PROGRAM, 2, &[1, 3][..]), "version {highest}");
        assert!(error.to_string().contains("it has 1, 3"), "{error}");
        let error = resolve(mapper, PROGRAM, 3, Netid::Udp).await.expect_err("there is none");
        assert!(matches!(&error, ResolveError::VersionNotRegistered { versions, .. } if *versions == [1]), "{error}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_not_found() {
    for highest in [4, 3, 2] {
        let mapper = mapper(highest).await;
        for netid in [Netid::Tcp, Netid::Udp] {
            let error = resolve(mapper, PROGRAM + 1, 1, netid).await.expect_err("there is none");
            assert!(matches!(error, ResolveError::NotRegistered { version: 1, .. }), "{error}");
            assert!(error.to_string().contains(netid.as_str()), "{error}");
        }
    }
}

#[tokio::test]
async fn a_netid_other_than_the_calls_is_answered_where_the_protocol_has_it() {
    assert_eq!(resolve(mapper(4).await, PROGRAM, 1, Netid::Tcp6).await.ok().as_deref(), Some("[::1]:2054"));
    let error = resolve(mapper(2).await, PROGRAM, 1, Netid::Tcp6).await.expect_err("version 2 has no IPv6");
    assert!(matches!(error, ResolveError::NotRegistered { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_is_remembered_until_it_is_forgotten() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let at = mapper.local_addr().expect("bound");
    let register = async |port: &str| {
        let registrar = Registrar::new().mapper(at).policy(Policy::Require).check_interval(Duration::from_secs(3600));
        registrar.register(vec![service(PROGRAM, 1, Netid::Tcp, port)]).await.expect("registered")
    };
    let resolver = Resolver::new();
    let resolve = async || resolver.resolve("here", at, PROGRAM, 1, Netid::Tcp).await.map(|address| address.port());

    let first = register("0.0.0.0.8.1").await;
    assert_eq!(resolve().await.ok(), Some(2049));
    first.unregister().await;
    let second = register("0.0.0.0.8.2").await;
    assert_eq!(resolve().await.ok(), Some(2049), "the port mapper is not asked again");
    let clone = resolver.clone();
    clone.forget(at, PROGRAM, 1, Netid::Tcp);
    assert_eq!(resolve().await.ok(), Some(2050));
    second.unregister().await;
    resolver.forget(at, PROGRAM, 1, Netid::Tcp);
    assert!(matches!(resolve().await, Err(ResolveError::NotRegistered { .. })), "a failure is not remembered");
}

#[tokio::test]
async fn a_probe_finds_out_that_the_server_has_died() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let at = mapper.local_addr().expect("bound");
    let nobodys = UniversalAddress::from(free_port()).to_string().into();
    let dead = table::Entry { netid: "udp".into(), address: nobodys, ..entries().remove(0) };
    assert!(mapper.programs().set(dead).succeeded());
    let resolver = Resolver::new().with_cache_age(Duration::ZERO).with_probe(Duration::from_secs(10));
    let error = resolver.resolve("here", at, PROGRAM, 1, Netid::Udp).await.expect_err("nobody is at that port");
    assert!(matches!(error, ResolveError::Answer { .. }), "{error}");
    assert!(error.to_string().contains("nobody is there"), "{error}");

    let port_mapper = onc_runtime::portmap::PROGRAM;
    let found = resolver.resolve("here", at, port_mapper, 3, Netid::Udp).await.expect("it answers");
    assert_eq!(found, at);
}

#[tokio::test]
async fn nobody_at_the_port_is_told_apart_from_somebody_else() {
    let nobody = free_port();
    for netid in [Netid::Tcp, Netid::Udp] {
        let error = resolve(nobody, PROGRAM, 1, netid).await.expect_err("nobody is there");
        let ResolveError::NoPortMapper { tried, .. } = &error else { panic!("{error}") };
        assert_eq!(tried[0].0, format!("{netid} {nobody}"));
        assert!(tried[0].1.contains("refused"), "{error}");
    }

    // A server that has other programs only.
    let mut registry = RegistryBuilder::default();
    registry.add(Other);
    let server =
        Server::builder().programs(registry).registration(Policy::Off).bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    let error = resolve(address, PROGRAM, 1, Netid::Tcp).await.expect_err("no port mapper");
    assert!(error.to_string().contains("what is there is no port mapper"), "{error}");

    // What speaks no RPC at all.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let error = resolve(address, PROGRAM, 1, Netid::Tcp).await.expect_err("no port mapper");
    assert!(matches!(error, ResolveError::NoPortMapper { .. } | ResolveError::Answer { .. }), "{error}");
}

/// A program of no procedures.
struct Other;

impl onc_runtime::service::Program for Other {
    fn interface(&self) -> &'static onc_runtime::Interface {
        static INTERFACE: onc_runtime::Interface = onc_runtime::Interface {
            program: 0x2000_0033,
            version: 1,
            program_name: "OTHER",
            version_name: "OTHER_V1",
            procedures: &[],
        };
        &INTERFACE
    }

    fn call(&self, call: onc_runtime::service::IncomingCall<'_>) -> onc_runtime::service::Handling {
        call.procedure_unavailable()
    }
}
