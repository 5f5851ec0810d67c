//! `onc trace`: captures of packets.

use std::io::{self, Read};
use std::sync::LazyLock;

use allocation_counter::measure;
use onc_runtime::portmap::ProgramNames;
use onc_tools::trace::{CaptureError, Counts, Dictionary, Event, Packet, Printer, Sink, Tracer, read};
use serde_json::Value;
use xdrgen::model::Model;

/// What the tracer may take in memory: buffers of a capture, tables, and so much for each byte of it.
const MEMORY: u64 = 8 << 20;
const MEMORY_A_BYTE: u64 = 4096;

/// The first byte says in what pieces the capture is read, the others are the capture.
///
/// Any file is read to its end or to where it is damaged, in bounded memory. What is told adds up, is the same however the
/// file comes, is text without control characters, or a JSON object a line.
pub fn capture(input: &[u8]) -> bool {
    let Some((&piece, capture)) = input.split_first() else { return false };
    let mut whole = None;
    let memory = measure(|| whole = Some(trace(capture)));
    let whole = whole.expect("it was run");
    let most = MEMORY + MEMORY_A_BYTE * capture.len() as u64;
    assert!(memory.bytes_max <= most, "{} bytes of memory for {} of a capture", memory.bytes_max, capture.len());
    let in_pieces = trace(Pieces { rest: capture, length: usize::from(piece) + 1 });
    assert_eq!(in_pieces, whole, "in pieces of {}", usize::from(piece) + 1);
    whole.counts.calls > 0
}

/// All that is seen of a capture.
#[derive(Debug, PartialEq)]
struct Seen {
    text: String,
    json: String,
    counts: Counts,
    /// Why it was not read to its end.
    error: Option<String>,
}

fn trace(capture: impl Read + Send) -> Seen {
    let mut watcher = Watcher {
        tracer: Tracer::new(),
        text: printer(),
        json: printer().json(true),
        events: Vec::new(),
        told: Counts::default(),
        seen: Seen { text: String::new(), json: String::new(), counts: Counts::default(), error: None },
    };
    let outcome = read(capture, &mut watcher);
    watcher.tracer.finish(&mut watcher.events);
    watcher.events();
    let Watcher { tracer, text, json, told, mut seen, .. } = watcher;
    let counts = tracer.counts();
    // What was told, one by one, is what was counted.
    let sums = |counts: &Counts| {
        let Counts { calls, replies, unanswered, unasked, malformed, gaps, missing_bytes, repeats, .. } = *counts;
        [calls, replies, unanswered, unasked, malformed, gaps, missing_bytes, repeats]
    };
    assert_eq!(sums(&told), sums(&counts));
    text.summary(&counts, &mut seen.text);
    json.summary(&counts, &mut seen.json);
    assert!(seen.text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", seen.text);
    for line in seen.json.lines() {
        assert!(matches!(serde_json::from_str(line), Ok(Value::Object(_))), "{line}");
    }
    seen.counts = counts;
    seen.error = outcome.err().map(|error| error.to_string());
    seen
}

fn printer() -> Printer {
    static MODEL: LazyLock<Model> = LazyLock::new(|| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../onc-tools/tests/x/kinds.x");
        xdrgen::load(&xdrgen::configure(), file.as_ref()).expect("a good file")
    });
    Printer::new(Dictionary::new(vec![MODEL.clone()], ProgramNames::parse("")))
}

struct Watcher {
    tracer: Tracer,
    text: Printer,
    json: Printer,
    events: Vec<Event>,
    /// Counted here.
    told: Counts,
    seen: Seen,
}

impl Watcher {
    fn events(&mut self) {
        for event in self.events.drain(..) {
            self.text.event(&event, &mut self.seen.text);
            self.json.event(&event, &mut self.seen.json);
            match event {
                Event::Exchange(exchange) => {
                    let (call, reply) = (exchange.call, exchange.reply);
                    self.told.calls += u64::from(call.is_some());
                    self.told.replies += u64::from(reply.is_some());
                    self.told.unanswered += u64::from(reply.is_none());
                    self.told.unasked += u64::from(call.is_none());
                    self.told.repeats += call.as_ref().map_or(0, |call| u64::from(call.repeats));
                    for message in call.map(|call| call.message).into_iter().chain(reply.map(|reply| reply.message)) {
                        assert!(message.bytes.len() as u64 <= message.length && message.body <= message.bytes.len());
                    }
                }
                Event::Malformed { reason, .. } => {
                    assert!(!reason.is_empty(), "malformed without a reason");
                    self.told.malformed += 1;
                }
                Event::Gap { bytes, .. } => {
                    self.told.gaps += 1;
                    self.told.missing_bytes += bytes;
                }
                _ => {}
            }
        }
    }
}

impl Sink for Watcher {
    type Error = CaptureError;

    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), CaptureError> {
        self.tracer.packet(packet, &mut self.events);
        self.events();
        Ok(())
    }

    fn caught_up(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }
}

/// A file that comes in pieces, as a pipe's does.
struct Pieces<'a> {
    rest: &'a [u8],
    length: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.length.min(buffer.len());
        self.rest.read(&mut buffer[..most])
    }
}
