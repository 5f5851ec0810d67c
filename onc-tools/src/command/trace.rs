//! `onc trace`: calls and replies in captured packets.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;
use onc_runtime::portmap::ProgramNames;

use crate::trace::{CaptureError, Dictionary, Event, Packet, Printer, Sink, Tracer, read};

use super::input::Preprocessor;
use super::{Failure, block_on, say};

/// What is printed at once.
const BATCH: usize = 64 << 10;

/// Show the calls and replies in captured packets, paired, with their times
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  tcpdump -i any -w - port 2049 | onc trace -
  onc trace capture.pcapng nfs3.x mount.x      with arguments and results
  dumpcap -i lo -P -w - | onc trace - calc.x --json | jq 'select(.seconds > 0.1)'

Reads pcap and pcapng of Ethernet, Linux's `any` interface, loopback and raw IP. RPC is found on all ports, over TCP and UDP.
A reply is shown with its call when it is there; a call without reply at the end. Times are UTC.

What is malformed in the capture is counted, and is no failure of this command.")]
pub(super) struct Trace {
    /// The capture, or - for standard input; then .x files, by which arguments and results are shown
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    preprocessor: Preprocessor,
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
    /// Show long arguments and results whole
    #[arg(long, conflicts_with = "json")]
    full: bool,
}

impl Trace {
    pub(super) fn run(self) -> Result<(), Failure> {
        let is_source = |path: &Path| path.extension().is_some_and(|extension| extension == "x");
        // Without a capture, standard input is meant.
        let (capture, sources) = match &self.files[..] {
            [first, rest @ ..] if !is_source(first) => (first.clone(), rest),
            sources => ("-".into(), sources),
        };
        let models = sources.iter().map(|file| self.preprocessor.model(file)).collect::<Result<_, _>>()?;
        let dictionary = Dictionary::new(models, ProgramNames::of_this_host());
        let output = Output {
            tracer: Tracer::new(),
            printer: Printer::new(dictionary).json(self.json).full(self.full),
            events: Vec::new(),
            text: String::new(),
        };
        if capture.as_os_str() == "-" {
            if io::stdin().is_terminal() {
                return Err(Failure::usage("standard input is a terminal; give a file, or pipe from tcpdump -w -"));
            }
            return uninterrupted(move || output.trace(io::stdin(), "standard input"));
        }
        let name = capture.display().to_string();
        let file = File::open(&capture).map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
        output.trace(file, &name)
    }
}

/// Goes on through the first SIGINT: it ends the program that captures, too, and what that wrote is still to be read. The
/// second ends this one.
fn uninterrupted(work: impl FnOnce() -> Result<(), Failure> + Send + 'static) -> Result<(), Failure> {
    let (done, mut end) = tokio::sync::oneshot::channel();
    thread::spawn(move || done.send(work()));
    block_on(async {
        let ended = |outcome: Result<_, _>| outcome.unwrap_or_else(|_| Err(Failure::new("the trace failed")));
        tokio::select! {
            outcome = &mut end => return ended(outcome),
            // Without a handler, an interrupt ends the process as ever.
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
        tokio::select! {
            outcome = &mut end => ended(outcome),
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
        }
    })
}

/// From packets to what is printed.
struct Output {
    tracer: Tracer,
    printer: Printer,
    events: Vec<Event>,
    text: String,
}

impl Output {
    fn trace(mut self, capture: impl Read + Send, name: &str) -> Result<(), Failure> {
        let outcome = read(capture, &mut self);
        if let Err(End::Output(failure)) = outcome {
            return Err(failure);
        }
        // What came before the damage is shown.
        self.tracer.finish(&mut self.events);
        self.print();
        let counts = self.tracer.counts();
        if outcome.is_ok() || counts.packets > 0 {
            self.printer.summary(&counts, &mut self.text);
        }
        self.flush()?;
        match outcome {
            Err(End::Capture(error)) => Err(Failure::new(format!("{name}: {error}"))),
            _ => Ok(()),
        }
    }

    fn print(&mut self) {
        for event in self.events.drain(..) {
            self.printer.event(&event, &mut self.text);
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if !self.text.is_empty() {
            say(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }
}

impl Sink for Output {
    type Error = End;

    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), End> {
        self.tracer.packet(packet, &mut self.events);
        self.print();
        if self.text.len() > BATCH { self.flush().map_err(End::Output) } else { Ok(()) }
    }

    fn caught_up(&mut self) -> Result<(), End> {
        self.flush().map_err(End::Output)
    }
}

/// Why it ended early.
enum End {
    Capture(CaptureError),
    Output(Failure),
}

impl From<CaptureError> for End {
    fn from(error: CaptureError) -> Self {
        Self::Capture(error)
    }
}
