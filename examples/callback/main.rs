//! Calls both ways on one connection: a server that calls its clients back.
//!
//! `cargo run --example callback`

use std::sync::Mutex;

use news::{NewsV1, NewsV1Client, NewsV1Server, ReaderV1, ReaderV1Client, ReaderV1Server};
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Context, Fault, Server};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

mod news {
    onc_runtime::include_xdr!("news");
}

/// The server: knows who wants to be told of what.
#[derive(Default)]
struct News {
    subscribers: Mutex<Vec<(String, ReaderV1Client)>>,
}

impl NewsV1 for News {
    async fn subscribe(&self, cx: &Context, topic: String) -> Result<(), Fault> {
        // The caller as a server, over the connection that its call came by.
        let reader: ReaderV1Client = cx.client().ok_or(Fault::SystemError)?;
        self.subscribers.lock().map_err(Fault::system)?.push((topic, reader));
        Ok(())
    }

    async fn publish(&self, _cx: &Context, topic: String, headline: String) -> Result<i32, Fault> {
        let subscribers = self.subscribers.lock().map_err(Fault::system)?.clone();
        let mut told = 0;
        for (_, reader) in subscribers.iter().filter(|(wanted, _)| *wanted == topic) {
            // One whose connection is gone is not told.
            told += i32::from(reader.headline(headline.clone()).await.is_ok());
        }
        Ok(told)
    }
}

/// A subscriber: passes on what it is told.
struct Reader(UnboundedSender<String>);

impl ReaderV1 for Reader {
    async fn headline(&self, _cx: &Context, headline: String) -> Result<(), Fault> {
        self.0.send(headline).map_err(Fault::system)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder()
        .add(NewsV1Server::new(News::default()))
        .callbacks(true)
        .registration(Policy::Off)
        .bind("127.0.0.1:0")
        .await?;
    let (address, handle) = (server.local_addr()?, server.handle());
    let serving = tokio::spawn(server.run());

    let (tell, mut told) = unbounded_channel();
    let reader: NewsV1Client = Client::builder().serve(ReaderV1Server::new(Reader(tell))).connect_to(address).await?;
    reader.subscribe("weather".into()).await?;

    let editor = NewsV1Client::connect_to(address).await?;
    let count = editor.publish("weather".into(), "It rains.".into()).await?;
    println!("{count} told: {}", told.recv().await.ok_or("nobody was told")?);
    let count = editor.publish("sports".into(), "Nobody won.".into()).await?;
    println!("{count} told of sports");

    drop((reader, editor));
    handle.stop();
    serving.await??;
    Ok(())
}
