//! What happens to a handler when its client leaves: it finishes.

mod support;

use std::sync::Arc;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Context, Fault, Server};
use support::{TestV1, TestV1Client, TestV1Server};
use tokio::sync::Notify;

#[derive(Default)]
struct Patient {
    begun: Notify,
    goes_on: Notify,
    finished: Notify,
}

impl TestV1 for Patient {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a + b)
    }

    async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.begun.notify_one();
        self.goes_on.notified().await;
        self.finished.notify_one();
        Ok(ticket)
    }
}

#[tokio::test]
async fn a_handler_finishes_though_its_client_is_gone() {
    let patient = Arc::new(Patient::default());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&patient))).registration(Policy::Off);
    let server = builder.bind("127.0.0.1:0").await.expect("bound");
    let (address, handle) = (server.local_addr().expect("bound"), server.handle());
    let running = tokio::spawn(server.run());
    for builder in [Client::builder(), Client::builder().udp()] {
        let client: TestV1Client = builder.connect_to(address).await.expect("connected");
        let call = tokio::spawn(client.wait(1));
        patient.begun.notified().await;
        call.abort();
        assert!(call.await.expect_err("dropped").is_cancelled());
        drop(client);
        // The server has seen the end of the connection when it has answered another one.
        let other: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
        assert_eq!(other.add(1, 1).await.expect("answered"), 2);
        patient.goes_on.notify_one();
        patient.finished.notified().await;
    }
    handle.stop();
    assert_eq!(running.await.expect("ran").expect("an orderly end").cut, 0);
}
