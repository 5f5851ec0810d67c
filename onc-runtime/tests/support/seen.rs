//! What is told to `tracing`.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Metadata, Subscriber};

/// What was seen: finished descriptions of spans by their number, and the events.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Log>>);

#[derive(Default)]
pub struct Log {
    pub spans: BTreeMap<u64, String>,
    pub events: Vec<String>,
}

impl Seen {
    /// Sees what the tests on this thread do, for as long as what it returns is kept.
    pub fn see(&self) -> DefaultGuard {
        set_default(self.clone())
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().expect("not poisoned")
    }

    /// The events of which `text` is a part.
    pub fn events(&self, text: &str) -> Vec<String> {
        self.log().events.iter().filter(|event| event.contains(text)).cloned().collect()
    }
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a String takes everything");
    }
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("onc::")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut log = self.log();
        let number = log.spans.len() as u64 + 1;
        let mut text = attributes.metadata().name().to_owned();
        attributes.record(&mut Text(&mut text));
        log.spans.insert(number, text);
        Id::from_u64(number)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut log = self.log();
        values.record(&mut Text(log.spans.get_mut(&span.into_u64()).expect("known")));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = event.metadata().target().to_owned();
        event.record(&mut Text(&mut text));
        self.log().events.push(text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
