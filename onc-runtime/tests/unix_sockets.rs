//! Unix sockets, in the file system and in the abstract namespace.
#![cfg(unix)]

mod support;

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::{Netid, UniversalAddress};
use onc_runtime::server::{ServerBuilder, ServerHandle, Stopped};
use onc_runtime::{Client, Error, Server};
use support::{TestV1Client, TestV1Server, Tester};
use tokio::task::JoinHandle;

/// A name that no other test uses.
fn name() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("onc-unix-{}-{count}.sock", std::process::id()))
}

fn builder() -> ServerBuilder {
    Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off)
}

fn start(server: Server) -> (ServerHandle, JoinHandle<std::io::Result<Stopped>>) {
    (server.handle(), tokio::spawn(server.run()))
}

async fn stop((handle, running): (ServerHandle, JoinHandle<std::io::Result<Stopped>>)) {
    handle.stop();
    assert_eq!(running.await.expect("ran").expect("stopped"), Stopped::default());
}

#[tokio::test]
async fn a_path_is_bound_served_and_removed() {
    let name = name();
    let server = builder().listen_unix(&name).build().await.expect("bound");
    let address = UniversalAddress::from_path(&name).expect("a universal address");
    assert_eq!(server.addresses(), [(Netid::Local, address)]);
    let none = server.local_addr().expect_err("no address of IP");
    assert!(none.to_string().contains("no IP address"), "{none}");
    let running = start(server);
    let target = format!("unix:{}", name.display());
    let client: TestV1Client = Client::builder().connect(target.as_str()).await.expect("connected");
    assert_eq!(client.add(2, 40).await.expect("answered"), 42);
    let data = Bytes::from(vec![7; 3_000_000]);
    assert_eq!(client.echo(data.clone()).await.expect("answered"), data);
    stop(running).await;
    assert!(!name.exists());
    let refused = Client::builder().connect::<TestV1Client>(target.as_str()).await;
    assert!(matches!(&refused, Err(Error::Connect(error)) if error.address == target), "{refused:?}");
}

#[tokio::test]
async fn a_client_finds_a_server_that_comes_back() {
    let name = name();
    let running = start(builder().listen_unix(&name).build().await.expect("bound"));
    let client: TestV1Client = Client::builder().connect(format!("unix:{}", name.display())).await.expect("connected");
    assert_eq!(client.add(1, 1).await.expect("answered"), 2);
    stop(running).await;
    let running = start(builder().listen_unix(&name).build().await.expect("bound"));
    assert_eq!(client.add(2, 2).idempotent().await.expect("answered"), 4);
    stop(running).await;
}

#[tokio::test]
async fn what_a_killed_server_left_is_removed_and_nothing_else() {
    let name = name();
    drop(std::os::unix::net::UnixListener::bind(&name).expect("bound"));
    assert!(std::fs::symlink_metadata(&name).expect("still there").file_type().is_socket());
    let running = start(builder().listen_unix(&name).build().await.expect("bound in its place"));

    let taken = builder().listen_unix(&name).build().await.expect_err("somebody listens");
    assert!(taken.to_string().contains(&name.display().to_string()), "{taken}");
    stop(running).await;

    std::fs::write(&name, "precious").expect("written");
    builder().listen_unix(&name).build().await.expect_err("there is a file of that name");
    assert_eq!(std::fs::read_to_string(&name).expect("not touched"), "precious");
    std::fs::remove_file(&name).expect("removed");
}

#[tokio::test]
async fn the_file_of_a_successor_is_left_alone() {
    let name = name();
    let running = start(builder().listen_unix(&name).build().await.expect("bound"));
    std::fs::remove_file(&name).expect("removed");
    let successor = std::os::unix::net::UnixListener::bind(&name).expect("bound");
    stop(running).await;
    assert!(name.exists());
    drop(successor);
    std::fs::remove_file(&name).expect("removed");
}

#[tokio::test]
async fn the_server_knows_the_clients_user() {
    use onc_runtime::{Context, Fault};
    use std::sync::Arc;
    use support::TestV1;

    struct Uid;
    impl TestV1 for Uid {
        async fn add(&self, _cx: &Context, _a: i32, _b: i32) -> Result<i32, Fault> {
            Err(Fault::ProcedureUnavailable)
        }
        async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
            Ok(data)
        }
        async fn wait(&self, cx: &Context, ticket: u32) -> Result<u32, Fault> {
            assert!(cx.peer().is_local() && cx.peer().netid() == Netid::Local);
            let asked = match ticket {
                0 => cx.peer().uid(),
                1 => cx.peer().gid(),
                _ => cx.peer().pid(),
            };
            asked.ok_or(Fault::SystemError)
        }
    }
    let name = name();
    let server = Server::builder().add(TestV1Server(Arc::new(Uid))).registration(Policy::Off).listen_unix(&name);
    let running = start(server.build().await.expect("bound"));
    // Who made the file is who runs this test.
    let file = std::fs::symlink_metadata(&name).expect("there");
    let client: TestV1Client = Client::builder().connect(format!("unix:{}", name.display())).await.expect("connected");
    assert_eq!(client.wait(0).await.expect("answered"), file.uid());
    assert_eq!(client.wait(1).await.expect("answered"), file.gid());
    if cfg!(target_os = "linux") {
        assert_eq!(client.wait(2).await.expect("answered"), std::process::id());
    }
    stop(running).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_abstract_name_is_served_and_has_no_file() {
    let name = format!("@onc-test-{}", std::process::id());
    let server = builder().listen_unix(&name).build().await.expect("bound");
    assert_eq!(server.addresses(), [(Netid::Local, name.parse().expect("a universal address"))]);
    let running = start(server);
    let client: TestV1Client = Client::builder().connect(format!("unix:{name}")).await.expect("connected");
    assert_eq!(client.add(2, 40).await.expect("answered"), 42);
    builder().listen_unix(&name).build().await.expect_err("taken");
    stop(running).await;
}
