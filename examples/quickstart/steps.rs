//! Prints the ten steps of a call as they happen: the runtime's events of the target `onc::steps`.

use std::fmt;
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;

/// Prints the steps that this thread takes, with the time since `start`, until the guard is dropped.
pub(crate) fn print_since(start: Instant) -> DefaultGuard {
    set_default(registry().with(Printer { start }))
}

struct Printer {
    start: Instant,
}

impl<S: Subscriber> Layer<S> for Printer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut step = Step::default();
        event.record(&mut step);
        if event.metadata().target() == "onc::steps" {
            let micros = self.start.elapsed().as_micros();
            println!("  {:>2}  {micros:>6} µs  {}{}", step.number, step.text, step.details);
        }
    }
}

/// The fields of an event.
#[derive(Default)]
struct Step {
    number: u64,
    text: String,
    details: String,
}

impl Visit for Step {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "step" => self.number = value,
            _ => self.record_debug(field, &value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match (field.name(), u64::try_from(value)) {
            ("step", Ok(number)) => self.number = number,
            _ => self.record_debug(field, &value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.text = format!("{value:?}"),
            name => self.details += &format!(", {name} {value:?}"),
        }
    }
}
