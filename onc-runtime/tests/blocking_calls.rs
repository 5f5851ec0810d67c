//! Client and server without async.

mod support;

use std::sync::Arc;
use std::time::Duration;

use onc_runtime::blocking::Wait;
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Error, Refusal, Server};
use support::{TestV1Client, TestV1Server, Tester};

#[test]
fn threads_call_a_server_that_runs_on_a_thread() {
    let tester = Arc::new(Tester::new());
    let server = Server::builder()
        .add(TestV1Server(Arc::clone(&tester)))
        .registration(Policy::Off)
        .bind("127.0.0.1:0")
        .wait()
        .expect("bound");
    let (address, handle) = (server.local_addr().expect("bound"), server.handle());
    let serving = std::thread::spawn(move || server.run().wait());

    let client: TestV1Client = Client::builder().connect_to(address).wait().expect("connected");
    let udp: TestV1Client = Client::builder().udp().connect_to(address).wait().expect("started");
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let clients = [client.clone(), udp.clone()];
            std::thread::spawn(move || {
                for at in 0..100 {
                    for client in &clients {
                        assert_eq!(client.add(caller, at).wait().expect("answered"), caller + at);
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.join().expect("ran");
    }
    let refused = client.add(i32::MAX, 1).timeout(Duration::from_secs(60)).wait();
    assert!(matches!(refused, Err(Error::Refused(Refusal::GarbageArguments))), "{refused:?}");
    let late = client.wait(1).timeout(Duration::from_millis(1)).wait();
    assert!(matches!(late, Err(Error::Deadline(_))), "{late:?}");
    client.wait(2).one_way().wait().expect("queued");
    tester.gate.add_permits(2);
    handle.stop();
    drop((client, udp));
    serving.join().expect("ran").expect("stopped");
}
