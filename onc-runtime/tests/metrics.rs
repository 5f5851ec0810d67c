//! Calls as numbers for the `metrics` facade.
#![cfg(feature = "metrics")]

mod support;

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Server};
use support::{TestV1Client, TestV1Server, Tester};

async fn connected() -> TestV1Client {
    let server = Server::builder()
        .add(TestV1Server::new(Tester::new()))
        .registration(Policy::Off)
        .bind("127.0.0.1:0")
        .await
        .expect("bound");
    let address = server.local_addr();
    tokio::spawn(server.run());
    Client::builder().connect_to(address).await.expect("connected")
}

#[tokio::test]
async fn calls_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let client = connected().await;
    for at in 0..3 {
        client.add(at, at).await.expect("answered");
    }
    client.add(i32::MAX, 1).await.expect_err("refused");

    let mut counted = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<&str> = key.key().labels().map(metrics::Label::value).collect();
        counted.insert(format!("{} {}", key.key().name(), labels.join(" ")), value);
    }
    for side in ["client", "server"] {
        let calls = |status: &str| counted.get(&format!("onc_{side}_calls TEST_PROG 1 ADD {status}"));
        assert_eq!(calls("SUCCESS"), Some(&DebugValue::Counter(3)), "{counted:?}");
        assert_eq!(calls("GARBAGE_ARGS"), Some(&DebugValue::Counter(1)), "{counted:?}");
        assert_eq!(counted.get(&format!("onc_{side}_in_flight TEST_PROG")), Some(&DebugValue::Gauge(0.0.into())));
        let seconds = counted.get(&format!("onc_{side}_call_seconds TEST_PROG 1 ADD"));
        assert!(matches!(seconds, Some(DebugValue::Histogram(values)) if values.len() == 4), "{seconds:?}");
    }
}
