//! A client and a server seen from outside: a span for each call on both sides, and what is counted, as Prometheus reads it.
//!
//! `cargo run -p onc-examples --features metrics --example observed`

use calc::{CalcV1, CalcV1Client, CalcV1Server, Quotient};
use metrics_exporter_prometheus::PrometheusBuilder;
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Context, Fault, Server, observe};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

mod calc {
    onc_runtime::include_xdr!("calc");
}

struct Calculator;

impl CalcV1 for Calculator {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        // What a handler tells is told within the span of its call.
        tracing::info!(a, b, "adding");
        a.checked_add(b).ok_or(Fault::GarbageArguments)
    }

    async fn divide(&self, _cx: &Context, a: i32, b: i32) -> Result<Quotient, Fault> {
        Ok(a.checked_div(b).into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Every call with its fields when its span closes; `onc::steps` at level TRACE would tell its ten steps.
    let printed = tracing_subscriber::fmt::layer().with_span_events(FmtSpan::CLOSE).with_ansi(false);
    let wanted = Targets::new().with_default(Level::INFO).with_target("onc::call", Level::DEBUG);
    tracing_subscriber::registry().with(printed).with(wanted).init();

    // Before the first server and client. A program that runs for years has Prometheus fetch it: `PrometheusBuilder::install`.
    let prometheus = PrometheusBuilder::new().install_recorder()?;
    observe::describe_metrics();

    let server =
        Server::builder().add(CalcV1Server::new(Calculator)).registration(Policy::Off).bind("127.0.0.1:0").await?;
    let (address, handle) = (server.local_addr()?, server.handle());
    let serving = tokio::spawn(server.run());

    let over_tcp = CalcV1Client::connect_to(address).await?;
    let over_udp: CalcV1Client = Client::builder().udp().connect_to(address).await?;
    over_tcp.add(2, 40).await?;
    over_udp.divide(84, 2).await?;
    if let Err(refused) = over_tcp.add(i32::MAX, 1).await {
        tracing::warn!(%refused, "as it should be");
    }

    drop((over_tcp, over_udp));
    handle.stop();
    serving.await??;
    println!("\n{}", prometheus.render());
    Ok(())
}
