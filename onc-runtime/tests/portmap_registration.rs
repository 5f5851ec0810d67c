//! Servers in the port mapper: registered, in one another's way, healed, removed.

mod portmap_common;

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::{Daemon, Holder, Policy, RegisterError, Registrar, Registration, Service, Status, table};
use onc_runtime::rpc::Netid;

use portmap_common::{free_port, listed, mapper_at, own_entries_left_out, service};

const PROGRAM: u32 = 0x2000_0031;

fn registrar(mapper: &Daemon) -> Registrar {
    Registrar::new().mapper(mapper.local_addr().expect("bound")).policy(Policy::Require)
}

#[tokio::test]
async fn entries_are_made_and_exactly_those_are_removed() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let before = mapper.programs().entries();
    let other = table::Entry {
        program: PROGRAM,
        version: 1,
        netid: "udp".into(),
        address: "0.0.0.0.4.5".into(),
        owner: table::Owner::Unknown,
        process: None,
    };
    assert!(mapper.programs().set(other.clone()).succeeded());

    let services = vec![
        service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1"),
        service(PROGRAM, 2, Netid::Tcp, "0.0.0.0.4.1"),
        service(PROGRAM, 2, Netid::Udp6, "::.4.1"),
    ];
    let registration = registrar(&mapper).register(services.clone()).await.expect("registered");
    assert!(matches!(registration.status(), Status::Registered));
    let mut expected: Vec<String> = services.iter().map(ToString::to_string).collect();
    expected.insert(0, listed(&other));
    let entries = own_entries_left_out(&mapper);
    assert_eq!(entries, expected);

    let gone = registration.unregister().await;
    assert_eq!(gone.removed, services);
    assert!(gone.left.is_empty());
    assert_eq!(mapper.programs().entries(), [before, vec![other]].concat());
}

#[tokio::test]
async fn dropped_the_entries_are_removed_in_the_background() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let services = vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1")];
    let registration = registrar(&mapper).register(services).await.expect("registered");
    let changes = mapper.programs().changes();
    drop(registration);
    while mapper.programs().changes() == changes {
        tokio::task::yield_now().await;
    }
    assert_eq!(own_entries_left_out(&mapper), [""; 0]);
}

#[tokio::test]
async fn an_entry_that_others_have_taken_over_is_not_removed() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let ours = service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1");
    let registrar = registrar(&mapper).check_interval(Duration::from_secs(3600));
    let registration = registrar.register(vec![ours.clone()]).await.expect("registered");
    let entry = mapper.programs().entries().into_iter().find(|entry| entry.program == PROGRAM).expect("it is there");
    assert!(mapper.programs().remove(&entry));
    let theirs = table::Entry { address: "0.0.0.0.4.2".into(), ..entry };
    assert!(mapper.programs().set(theirs.clone()).succeeded());

    assert!(registration.unregister().await.removed.is_empty());
    assert_eq!(own_entries_left_out(&mapper), [listed(&theirs)]);
}

#[tokio::test]
async fn a_living_server_in_the_way_is_named_and_left_alone_unless_it_is_to_be_replaced() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    // The port mapper itself is a server that answers, and its entries are root's.
    let entry = mapper
        .programs()
        .entries()
        .into_iter()
        .find(|entry| entry.version == 4 && &*entry.netid == "tcp")
        .expect("its own");
    let wanted = service(onc_runtime::portmap::PROGRAM, 4, Netid::Tcp, "0.0.0.0.4.1");
    let error = registrar(&mapper).register(vec![wanted.clone()]).await.expect_err("taken");
    let RegisterError::Taken { service: refused, address, owner, holder: Holder::Alive } = &error else {
        panic!("{error}")
    };
    assert_eq!((refused, &**address, &**owner), (&wanted, &*entry.address, "superuser"));
    assert!(error.to_string().contains("that server answers"), "{error}");

    // Root's entry is not ours to remove, whatever we wish.
    let error = registrar(&mapper).replace(true).register(vec![wanted]).await.expect_err("not ours");
    assert!(matches!(error, RegisterError::Taken { .. }), "{error}");
    assert!(mapper.programs().entries().contains(&entry));
}

#[tokio::test]
async fn a_living_server_of_our_own_is_replaced_when_asked() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    // It listens and accepts, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let theirs = Service {
        program: PROGRAM,
        version: 1,
        netid: Netid::Tcp,
        address: silent.local_addr().expect("bound").into(),
    };
    let _first = registrar(&mapper).register(vec![theirs.clone()]).await.expect("registered");
    let ours = service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1");
    let error = registrar(&mapper).register(vec![ours.clone()]).await.expect_err("taken");
    assert!(matches!(error, RegisterError::Taken { holder: Holder::Unknown, .. }), "{error}");
    let _second = registrar(&mapper).replace(true).register(vec![ours.clone()]).await.expect("replaced");
    assert_eq!(own_entries_left_out(&mapper), [ours.to_string()]);
}

#[tokio::test]
async fn the_entry_of_a_dead_server_is_replaced() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let port = free_port();
    let dead = table::Entry {
        program: PROGRAM,
        version: 1,
        netid: "tcp".into(),
        address: onc_runtime::rpc::UniversalAddress::from(port).to_string().into(),
        owner: table::Owner::Unknown,
        process: None,
    };
    // One of the same version over another transport is none of our business.
    let other = table::Entry { netid: "udp".into(), address: "0.0.0.0.4.9".into(), ..dead.clone() };
    assert!(mapper.programs().set(dead.clone()).succeeded() && mapper.programs().set(other.clone()).succeeded());
    let ours = service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1");
    let _registration = registrar(&mapper).register(vec![ours.clone()]).await.expect("registered");
    assert_eq!(own_entries_left_out(&mapper), [listed(&other), ours.to_string()]);

    // Unless it is somebody else's to remove.
    let roots = table::Entry { version: 2, owner: table::Owner::Superuser, ..dead };
    assert!(mapper.programs().set(roots.clone()).succeeded());
    let wanted = service(PROGRAM, 2, Netid::Tcp, "0.0.0.0.4.1");
    let error = registrar(&mapper).register(vec![wanted]).await.expect_err("root's");
    assert!(matches!(error, RegisterError::Taken { holder: Holder::Dead, .. }), "{error}");
    assert!(error.to_string().contains("rpcinfo -d 536870961 2"), "{error}");
    assert!(mapper.programs().entries().contains(&roots));
}

#[tokio::test]
async fn an_entry_at_our_own_port_is_a_dead_servers_even_while_we_do_not_answer_yet() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let ours = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = ours.local_addr().expect("bound").port();
    let old = table::Entry {
        program: PROGRAM,
        version: 1,
        netid: "tcp".into(),
        address: onc_runtime::rpc::UniversalAddress::from(SocketAddr::from(([0, 0, 0, 0], port))).to_string().into(),
        owner: table::Owner::Unknown,
        process: None,
    };
    assert!(mapper.programs().set(old).succeeded());
    let service =
        Service { program: PROGRAM, version: 1, netid: Netid::Tcp, address: ours.local_addr().expect("bound").into() };
    let _registration = registrar(&mapper).register(vec![service.clone()]).await.expect("registered");
    assert_eq!(own_entries_left_out(&mapper), [service.to_string()]);
}

#[tokio::test]
async fn without_a_port_mapper_it_says_where_it_looked_or_waits_for_one() {
    let nowhere = free_port();
    let services = vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1")];
    let require = Registrar::new().mapper(nowhere).policy(Policy::Require);
    let error = require.clone().register(services.clone()).await.expect_err("nobody is there");
    let RegisterError::NoPortMapper { tried } = &error else { panic!("{error}") };
    assert_eq!(*tried, [(format!("tcp {nowhere}"), "connection refused".to_owned())]);

    let registration = require.policy(Policy::BestEffort).register(services).await.expect("it may wait");
    let Status::Incomplete { registered, error } = registration.status() else { panic!("not registered yet") };
    assert!(registered.is_empty());
    assert!(matches!(*error, RegisterError::NoPortMapper { .. }));
    let gone = registration.unregister().await;
    assert!(gone.removed.is_empty() && gone.left.is_empty());
}

#[tokio::test]
async fn off_means_that_nobody_is_told() {
    let registrar = Registrar::new().policy(Policy::Off);
    assert!(registrar.is_off());
    let registration = registrar.register(vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1")]).await.expect("off");
    assert!(matches!(registration.status(), Status::Off));
    assert!(registration.unregister().await.removed.is_empty());
}

/// Registers and then lets the port mapper go away and come back at the same port, empty.
async fn healed(registration: &Registration, mapper: Daemon, services: &[Service]) -> Daemon {
    let address = mapper.local_addr().expect("bound");
    mapper.stop().await;
    let error = registration.lost().await;
    assert!(matches!(*error, RegisterError::NoPortMapper { .. } | RegisterError::Call { .. }), "{error}");
    let mapper = mapper_at(address).await;
    registration.registered().await;
    let expected: Vec<String> = services.iter().map(ToString::to_string).collect();
    assert_eq!(own_entries_left_out(&mapper), expected);
    mapper
}

#[tokio::test]
async fn a_port_mapper_that_comes_later_or_again_is_told() {
    let address = free_port();
    let services = vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1"), service(PROGRAM, 1, Netid::Udp, "0.0.0.0.4.1")];
    // So long that only the end of the connection tells.
    let registrar = Registrar::new().mapper(address).check_interval(Duration::from_secs(3600));
    let registration = registrar.register(services.clone()).await.expect("it may wait");
    assert!(matches!(registration.status(), Status::Incomplete { .. }));

    let mut mapper = mapper_at(address).await;
    registration.registered().await;
    assert_eq!(own_entries_left_out(&mapper).len(), 2);
    for _ in 0..2 {
        mapper = healed(&registration, mapper, &services).await;
    }
    assert_eq!(registration.unregister().await.removed, services);
    assert_eq!(own_entries_left_out(&mapper), [""; 0]);
}

#[tokio::test]
async fn a_port_mapper_that_loses_its_memory_is_told_again() {
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let services = vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1")];
    let registrar = registrar(&mapper).check_interval(Duration::from_millis(20));
    let registration = registrar.register(services.clone()).await.expect("registered");
    let entry = mapper.programs().entries().into_iter().find(|entry| entry.program == PROGRAM).expect("it is there");
    assert!(mapper.programs().remove(&entry));
    let changes = mapper.programs().changes();
    while mapper.programs().changes() == changes {
        tokio::task::yield_now().await;
    }
    assert_eq!(own_entries_left_out(&mapper), [services[0].to_string()]);
    drop(registration);
}

#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket_entries_belong_to_the_user() {
    use std::os::unix::fs::MetadataExt;

    let folder = portmap_common::Folder::new("registration");
    let path = folder.path().join("mapper.sock");
    let mapper = Daemon::embedded().bind(format!("unix:{}", path.display())).await.expect("bound");
    assert!(mapper.local_addr().is_err(), "it has no other socket");
    let services = vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1")];
    let registrar = Registrar::new().mapper_socket(&path).policy(Policy::Require);
    let registration = registrar.register(services).await.expect("registered");
    let entry = mapper.programs().entries().into_iter().find(|entry| entry.program == PROGRAM).expect("it is there");
    let expected = match std::fs::metadata("/proc/self").map(|folder| folder.uid()) {
        Ok(0) => table::Owner::Superuser,
        Ok(uid) => table::Owner::User(uid),
        Err(_) => entry.owner,
    };
    assert_eq!(entry.owner, expected);
    assert_eq!(registration.unregister().await.removed.len(), 1);
    mapper.stop().await;
}

#[test]
fn a_runtime_that_ends_leaves_nothing_behind() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let of_mapper = runtime();
    let mapper = of_mapper.block_on(Daemon::embedded().bind("127.0.0.1:0")).expect("bound");
    let services = vec![service(PROGRAM, 1, Netid::Tcp, "0.0.0.0.4.1"), service(PROGRAM, 2, Netid::Udp, "0.0.0.0.4.2")];
    for dropped_before in [true, false] {
        let of_server = runtime();
        let registration = of_server.block_on(registrar(&mapper).register(services.clone())).expect("registered");
        assert_eq!(own_entries_left_out(&mapper).len(), 2);
        if dropped_before {
            drop(registration);
            drop(of_server);
        } else {
            drop(of_server);
            drop(registration);
        }
        assert_eq!(own_entries_left_out(&mapper), [""; 0]);
    }
}
