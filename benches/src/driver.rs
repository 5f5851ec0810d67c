//! The load: callers that call again as soon as they are answered, and what is counted of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use onc_runtime::{Call, Client, Error, Procedure};
use tokio::time::sleep;

use crate::arguments::{ClientArguments, Operation, Workload};
use crate::bench::{BenchV1Client, Words};
use crate::report::Report;

/// Answered calls of one caller, on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Count(AtomicU64);

impl Count {
    fn add_one(&self) {
        // Only its caller writes it.
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// A connection as the workload wants it.
///
/// # Errors
///
/// The server is not there.
pub async fn connect(arguments: &ClientArguments, workload: Workload) -> Result<BenchV1Client, Error> {
    let builder = Client::builder();
    let builder = if workload.datagrams { builder.udp() } else { builder };
    builder.connect_to(arguments.address()).await
}

/// Makes the connections of an idle workload, and one call on each.
///
/// # Errors
///
/// A call fails.
pub async fn establish(arguments: &ClientArguments, workload: Workload) -> Result<Vec<BenchV1Client>, Error> {
    let mut clients = Vec::with_capacity(workload.connections);
    for _ in 0..workload.connections {
        let client = connect(arguments, workload).await?;
        client.null().await?;
        clients.push(client);
    }
    Ok(clients)
}

/// Runs one caller and takes the time of each call.
///
/// # Errors
///
/// A call fails.
pub async fn alone(arguments: &ClientArguments, workload: Workload) -> Result<Report<'_>, Error> {
    let client = connect(arguments, workload).await?;
    let call = Caller::new(client, workload.operation, arguments.size);
    let (warmup, measured) = (seconds(arguments.warmup), seconds(arguments.seconds));
    let mut before = 0;
    let start = Instant::now();
    while start.elapsed() < warmup {
        call.once().await?;
        before += 1;
    }
    let mut latencies = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    let mut last = start;
    while last - start < measured {
        call.once().await?;
        let now = Instant::now();
        latencies.push(u32::try_from((now - last).as_nanos()).unwrap_or(u32::MAX));
        last = now;
    }
    let calls = latencies.len() as u64;
    Ok(Report {
        workload: &arguments.workload,
        calls,
        calls_total: calls + before,
        time: last - start,
        bytes: call.bytes() * calls,
        latencies,
    })
}

/// Runs as many callers as the workload has, each in a task of its own, and counts their calls.
///
/// # Errors
///
/// A connection fails. A call that fails ends the process.
pub async fn together(arguments: &ClientArguments, workload: Workload) -> Result<Report<'_>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut counts = Vec::new();
    let mut bytes = 0;
    for _ in 0..workload.connections {
        let client = connect(arguments, workload).await?;
        for _ in 0..workload.depth {
            let (stop, count) = (Arc::clone(&stop), Arc::new(Count::default()));
            counts.push(Arc::clone(&count));
            let caller = Caller::new(client.clone(), workload.operation, arguments.size);
            bytes = caller.bytes();
            tokio::spawn(async move {
                let Err(error) = caller
                    .repeat(|| {
                        count.add_one();
                        !stop.load(Ordering::Relaxed)
                    })
                    .await
                else {
                    return;
                };
                eprintln!("a call failed: {error}");
                std::process::exit(1);
            });
        }
    }
    let answered = || counts.iter().map(|count| count.0.load(Ordering::Relaxed)).sum::<u64>();
    sleep(seconds(arguments.warmup)).await;
    let (before, start) = (answered(), Instant::now());
    sleep(seconds(arguments.seconds)).await;
    let (after, time) = (answered(), start.elapsed());
    stop.store(true, Ordering::Relaxed);
    let calls = after - before;
    Ok(Report {
        workload: &arguments.workload,
        calls,
        calls_total: after,
        time,
        bytes: bytes * calls,
        latencies: Vec::new(),
    })
}

/// Makes one kind of call and checks what comes back.
struct Caller {
    client: BenchV1Client,
    operation: Operation,
    words: Words,
    payload: Bytes,
    size: usize,
}

impl Caller {
    fn new(client: BenchV1Client, operation: Operation, size: usize) -> Self {
        let sends = matches!(operation, Operation::Write | Operation::Echo);
        Self {
            client,
            operation,
            words: Words { narrow: [1, 2, 3, 4, 5, 6, 7, 8], wide: [9, 10, 11, 12] },
            payload: Bytes::from(vec![0x33; if sends { size } else { 0 }]),
            size,
        }
    }

    /// Bytes of payload a call.
    fn bytes(&self) -> u64 {
        match self.operation {
            Operation::Read | Operation::Write => self.size as u64,
            Operation::Echo => 2 * self.size as u64,
            _ => 0,
        }
    }

    async fn once(&self) -> Result<(), Error> {
        self.repeat(|| false).await
    }

    /// Calls until `more` says that it was the last time.
    async fn repeat(&self, more: impl Fn() -> bool) -> Result<(), Error> {
        let Self { client, words, payload, size, .. } = self;
        match self.operation {
            Operation::Null => repeat(more, || client.null(), |()| true).await,
            Operation::Add => repeat(more, || client.add(1, 2), |sum| sum == 3).await,
            Operation::Small => repeat(more, || client.small(words.clone()), |words| words.wide[0] == 10).await,
            Operation::Read => repeat(more, || client.read(*size as u32), |read| read.len() == *size).await,
            Operation::Write => repeat(more, || client.write(payload.clone()), |written| written == *size as u32).await,
            Operation::Echo => repeat(more, || client.echo(payload.clone()), |echoed| echoed.len() == *size).await,
        }
    }
}

/// One loop for each operation: a choice made anew for each call would be counted with it.
async fn repeat<P: Procedure>(
    more: impl Fn() -> bool,
    call: impl Fn() -> Call<P>,
    is_right: impl Fn(P::Results) -> bool,
) -> Result<(), Error> {
    loop {
        assert!(is_right(call().await?), "another answer than expected");
        if !more() {
            return Ok(());
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
