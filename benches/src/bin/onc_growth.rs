//! How cost grows with connections, payloads and lists: `onc_growth measure FOLDER` writes the numbers, `onc_growth plot FOLDER`
//! draws them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use bytes::Bytes;
use clap::{Parser, ValueEnum};
use onc_benches::bench::BenchV1Client;
use onc_benches::{data, plot};
use onc_runtime::Client;
use onc_runtime::xdr::{Decoder, Limits, Xdr};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long each point is measured at least.
const TIME: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Step {
    Measure,
    Plot,
}

#[derive(Debug, Parser)]
struct Arguments {
    step: Step,
    /// Where the numbers and the pictures are.
    folder: PathBuf,
}

fn main() -> Result<(), Failure> {
    let Arguments { step, folder } = Arguments::parse();
    match step {
        Step::Measure => measure(&folder),
        Step::Plot => plot::all(&folder),
    }
}

fn measure(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    onc_benches::raise_open_files()?;
    let server = Server::start()?;
    let runtime = onc_benches::runtime(0)?;
    let mut lines = String::from("connections\tcalls a second\tmicroseconds a call\n");
    for connections in [1, 10, 100, 1000, 10_000] {
        let rate = runtime.block_on(rate(server.port, connections))?;
        lines += &format!("{connections}\t{rate:.0}\t{:.2}\n", 1e6 / rate);
    }
    fs::write(folder.join("connections.tsv"), lines)?;

    let mut lines = String::from("bytes\tmicroseconds a call\tMB a second both ways\n");
    for power in (2..=26).step_by(2) {
        let size = 1_usize << power;
        let micros = runtime.block_on(echo(server.port, size))?;
        lines += &format!("{size}\t{micros:.1}\t{:.2}\n", 2.0 * size as f64 / micros);
    }
    fs::write(folder.join("payload.tsv"), lines)?;

    let mut lines = String::from("entries\tmicroseconds to encode\tmicroseconds to decode\n");
    for entries in [1, 10, 100, 1000, 10_000, 100_000] {
        let (encode, decode) = list(entries);
        lines += &format!("{entries}\t{encode:.3}\t{decode:.3}\n");
    }
    fs::write(folder.join("list.tsv"), lines)?;
    plot::all(folder)
}

/// Calls a second over so many connections, one call in flight on each.
async fn rate(port: u16, connections: usize) -> Result<f64, Failure> {
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(connect(port).await?);
    }
    let end = Instant::now() + 2 * TIME;
    let start = Instant::now();
    let callers = clients.into_iter().map(|client| {
        tokio::spawn(async move {
            let mut calls = 0_u64;
            // At least once each: with many connections a round takes long.
            while calls == 0 || Instant::now() < end {
                assert_eq!(client.add(1, 2).await?, 3);
                calls += 1;
            }
            Ok::<_, onc_runtime::Error>(calls)
        })
    });
    let mut calls = 0;
    for caller in callers.collect::<Vec<_>>() {
        calls += caller.await??;
    }
    Ok(calls as f64 / start.elapsed().as_secs_f64())
}

/// Microseconds of a call with so many bytes both ways.
async fn echo(port: u16, size: usize) -> Result<f64, Failure> {
    let client = connect(port).await?;
    let payload = Bytes::from(vec![0x33; size]);
    let mut calls = 0;
    let mut start = Instant::now();
    while calls < 3 || start.elapsed() < TIME {
        if calls == 1 {
            // The first one found memory for all.
            start = Instant::now();
        }
        assert_eq!(client.echo(payload.clone()).await?.len(), size);
        calls += 1;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls - 1))
}

/// Microseconds to encode and to decode a page of a directory.
fn list(entries: usize) -> (f64, f64) {
    let page = data::page(entries);
    let record = Bytes::from(onc_runtime::xdr::to_vec(&page).expect("within its bounds"));
    let encode = repeat(|| onc_runtime::xdr::to_vec(&page).expect("within its bounds").len());
    let limits = Limits::default().with_memory(1 << 30);
    let decode = repeat(|| {
        onc_benches::codec::Page::decode(&mut Decoder::shared(&record, limits)).expect("what was encoded").entries.len()
    });
    (encode, decode)
}

fn repeat(mut run: impl FnMut() -> usize) -> f64 {
    let (mut runs, start) = (0_u32, Instant::now());
    while runs < 2 || start.elapsed() < TIME {
        std::hint::black_box(run());
        runs += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
}

async fn connect(port: u16) -> Result<BenchV1Client, onc_runtime::Error> {
    Client::builder().max_record_size(80 << 20).connect_to(([127, 0, 0, 1], port).into()).await
}

/// The contender's server in a process of its own, ended when this is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Result<Self, Failure> {
        let program = env::current_exe()?.with_file_name("onc_server");
        let mut process =
            Command::new(program).args(["--port", "0", "--max-record", "83886080"]).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let port = loop {
            let line = lines.next().ok_or("the server ended")??;
            if let Some(port) = line.strip_prefix("PORT ") {
                break port.parse()?;
            }
        };
        Ok(Self { process, port })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
