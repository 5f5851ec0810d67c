//! Calls seen from outside: spans and steps.
//!
//! Alone in its file: what `tracing` remembers of a place in the code, other tests would change.

mod support;

use std::net::SocketAddr;

use onc_runtime::{Client, Server};
use support::seen::Seen;
use support::serving::serving;
use support::{TestV1Client, TestV1Server, Tester};

async fn connected() -> (TestV1Client, SocketAddr) {
    let address = serving(Server::builder().add(TestV1Server::new(Tester::new()))).await.address;
    (Client::builder().connect_to(address).await.expect("connected"), address)
}

#[tokio::test]
async fn a_call_has_a_span_on_each_side_and_ten_steps() {
    let seen = Seen::default();
    let _seeing = seen.see();
    let (client, address) = connected().await;
    client.add(2, 40).await.expect("answered");
    client.add(i32::MAX, 1).await.expect_err("refused");

    let log = seen.log();
    let of = |kind: &str| -> Vec<&String> { log.spans.values().filter(|span| span.contains(kind)).collect() };
    let (client, server) = (of("otel.kind=\"client\""), of("otel.kind=\"server\""));
    assert_eq!((client.len(), server.len()), (2, 2), "{:?}", log.spans);
    for span in client.iter().chain(&server) {
        for field in [
            "otel.name=TEST_PROG/ADD",
            "rpc.system=\"onc_rpc\"",
            "rpc.system.name=\"onc_rpc\"",
            "rpc.service=\"TEST_PROG\"",
            "rpc.method=\"ADD\"",
            "onc_rpc.version=1",
            "onc_rpc.procedure.number=1",
            "onc_rpc.xid=",
        ] {
            assert!(span.contains(field), "{field} in {span}");
        }
    }
    let told = format!("server.address=\"127.0.0.1\" server.port={}", address.port());
    assert!(client[0].contains(&told), "{}", client[0]);
    assert!(server[0].contains("network.peer.address=\"127.0.0.1\" network.peer.port="), "{}", server[0]);
    for side in [&client, &server] {
        assert!(side[0].contains("rpc.response.status_code=\"SUCCESS\""), "{}", side[0]);
        assert!(!side[0].contains("ERROR"), "{}", side[0]);
        assert!(side[1].contains("rpc.response.status_code=\"GARBAGE_ARGS\""), "{}", side[1]);
    }
    // The caller's fault is an error where the caller looks.
    assert!(client[1].contains("otel.status_code=\"ERROR\" error.type=\"GARBAGE_ARGS\""), "{}", client[1]);
    assert!(!server[1].contains("ERROR"), "{}", server[1]);

    let steps: Vec<String> = log
        .events
        .iter()
        .filter(|event| event.starts_with("onc::steps"))
        .filter_map(|event| event.split("step=").nth(1)?.split(' ').next().map(ToOwned::to_owned))
        .collect();
    let first: Vec<&str> = steps.iter().map(String::as_str).take(10).collect();
    assert_eq!(first, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
}
