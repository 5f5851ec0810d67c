//! Events as lines of text, or as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::terminal::{Json, safe};

use super::dictionary::{Body, Dictionary};
use super::event::{Call, Counts, Event, Exchange, Reply, Way};

/// Characters of arguments or results that a line of text shows.
const SHORT: usize = 400;

/// Prints events.
#[derive(Debug)]
pub struct Printer {
    dictionary: Dictionary,
    json: bool,
    full: bool,
    /// Arguments and results that are not what the `.x` file says.
    wrong: u64,
}

impl Printer {
    /// Prints text: a line for each event, and one each for the arguments and results that the dictionary knows.
    #[must_use]
    pub fn new(dictionary: Dictionary) -> Self {
        Self { dictionary, json: false, full: false, wrong: 0 }
    }

    /// Prints JSON instead, an object a line.
    #[must_use]
    pub fn json(mut self, json: bool) -> Self {
        self.json = json;
        self
    }

    /// Text shows long arguments and results whole.
    #[must_use]
    pub fn full(mut self, full: bool) -> Self {
        self.full = full;
        self
    }

    /// Adds an event to `out`.
    pub fn event(&mut self, event: &Event, out: &mut String) {
        if self.json {
            let object = self.object(event);
            line(out, format_args!("{}", Json(&object)));
            return;
        }
        match event {
            Event::Exchange(exchange) => self.exchange(exchange, out),
            Event::Malformed { time, way, reason } => line(out, format_args!("{time:#} {way} malformed: {reason}")),
            Event::Gap { time, way, bytes } => {
                line(out, format_args!("{time:#} {way} {bytes} bytes are not in the capture"));
            }
            Event::Tls { time, way } => line(out, format_args!("{time:#} {way} TLS from here on")),
        }
    }

    /// Adds what there was in all to `out`.
    pub fn summary(&self, counts: &Counts, out: &mut String) {
        let Counts { packets, unread, calls, replies, repeats, unanswered, unasked, .. } = *counts;
        let Counts { malformed, incomplete, retransmissions, gaps, missing_bytes, .. } = *counts;
        if self.json {
            let object = json!({
                "kind": "summary", "packets": packets, "unread": unread, "calls": calls, "replies": replies,
                "repeats": repeats, "unanswered": unanswered, "unasked": unasked, "malformed": malformed,
                "undecodable": self.wrong, "incomplete": incomplete, "retransmissions": retransmissions, "gaps": gaps,
                "missing_bytes": missing_bytes,
            });
            return line(out, format_args!("{}", Json(&object)));
        }
        line(
            out,
            format_args!(
                "{packets} packets: {calls} calls, {replies} replies, {unanswered} calls without reply, {unasked} replies \
                 without call, {malformed} malformed messages"
            ),
        );
        let rest = [
            (self.wrong, "arguments or results that do not decode"),
            (repeats, "calls sent again"),
            (retransmissions, "segments sent again"),
            (gaps, "gaps in connections"),
            (missing_bytes, "bytes missing there"),
            (incomplete, "messages captured without their header"),
            (unread, "packets of a link type that is not read"),
        ];
        let rest: Vec<String> =
            rest.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !rest.is_empty() {
            line(out, format_args!("{}", rest.join(", ")));
        }
    }

    fn exchange(&mut self, exchange: &Exchange, out: &mut String) {
        let Exchange { way, xid, call, reply } = exchange;
        let time = call.as_ref().map(|call| call.message.time).or(reply.as_ref().map(|reply| reply.message.time));
        let mut text = format!("{:#} {way} ", time.unwrap_or_default());
        // A String takes everything.
        let _ = match call {
            Some(call) => write!(text, "{} xid {xid:#010x}", self.called(call)),
            None => write!(text, "reply without its call, xid {xid:#010x}"),
        };
        if let Some(Call { repeats: repeats @ 1.., .. }) = call {
            let _ = write!(text, ", sent {} times", u64::from(*repeats) + 1);
        }
        let _ = match reply {
            None => write!(text, ": no reply"),
            Some(Reply { status, message, other_sender, .. }) => {
                if let Some(call) = call {
                    let _ = write!(text, " {:.1?}", message.time.since(call.message.time));
                }
                if let Some(sender) = other_sender {
                    let _ = write!(text, " from {sender}");
                }
                write!(text, ": {status}")
            }
        };
        line(out, format_args!("{text}"));
        for (what, body) in
            [("arguments", self.dictionary.arguments(exchange)), ("results", self.dictionary.results(exchange))]
        {
            match body {
                Body::Unknown | Body::Value(Value::Null) => {}
                Body::Value(value) => line(out, format_args!("    {what} {}", self.shortened(&value))),
                Body::Incomplete => line(out, format_args!("    {what} not captured whole")),
                Body::Wrong(value, why) => {
                    self.wrong += 1;
                    if let Some(value) = value.filter(|value| !value.is_null()) {
                        line(out, format_args!("    {what} {}", self.shortened(&value)));
                    }
                    line(out, format_args!("    {what} do not decode: {why}"));
                }
            }
        }
    }

    /// Program, version and procedure, by name where they have one.
    fn called(&self, call: &Call) -> String {
        let Call { program, version, procedure, .. } = *call;
        let program_name = self.dictionary.program(program, version).map_or_else(|| program.to_string(), str::to_owned);
        let procedure_name = self.dictionary.procedure(program, version, procedure);
        let procedure_name = procedure_name.map_or_else(|| format!("procedure {procedure}"), str::to_owned);
        format!("{program_name} {version} {procedure_name}")
    }

    fn shortened(&self, value: &Value) -> String {
        let text = Json(value).to_string();
        match text.char_indices().nth(SHORT) {
            Some((end, _)) if !self.full => format!("{}… ({} characters)", &text[..end], text.chars().count()),
            _ => text,
        }
    }

    fn object(&mut self, event: &Event) -> Value {
        let (kind, time, way) = match event {
            Event::Exchange(exchange) => return self.exchange_object(exchange),
            Event::Malformed { time, way, .. } => ("malformed", time, way),
            Event::Gap { time, way, .. } => ("gap", time, way),
            Event::Tls { time, way } => ("tls", time, way),
        };
        let Way { transport, from, to } = way;
        let mut object = json!({
            "kind": kind, "time": time.to_string(), "transport": transport.name(), "from": from.to_string(),
            "to": to.to_string(),
        });
        match event {
            Event::Malformed { reason, .. } => object["reason"] = json!(reason),
            Event::Gap { bytes, .. } => object["bytes"] = json!(bytes),
            _ => {}
        }
        object
    }

    /// Everything that is known of it, and nothing else.
    fn exchange_object(&mut self, exchange: &Exchange) -> Value {
        let Exchange { way, xid, call, reply } = exchange;
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| {
            object.insert(name.to_owned(), value);
        };
        set("kind", json!("exchange"));
        set("transport", json!(way.transport.name()));
        set("caller", json!(way.from.to_string()));
        set("server", json!(way.to.to_string()));
        set("xid", json!(xid));
        if let Some(call) = call {
            let Call { message, program, version, procedure, flavour, user, repeats } = call;
            set("time", json!(message.time.to_string()));
            set("program", json!(program));
            set("version", json!(version));
            set("procedure", json!(procedure));
            if let Some(name) = self.dictionary.program(*program, *version) {
                set("program_name", json!(name));
            }
            if let Some(name) = self.dictionary.procedure(*program, *version, *procedure) {
                set("procedure_name", json!(name));
            }
            set("credential", json!(flavour.to_string()));
            if let Some((uid, gid)) = user {
                set("uid", json!(uid));
                set("gid", json!(gid));
            }
            set("call_bytes", json!(message.length));
            set("repeats", json!(repeats));
        }
        if let Some(Reply { message, success, status, other_sender }) = reply {
            set("reply_time", json!(message.time.to_string()));
            set("reply_bytes", json!(message.length));
            set("success", json!(success));
            set("status", json!(status));
            if let Some(call) = call {
                set("seconds", json!(message.time.since(call.message.time).as_secs_f64()));
            }
            if let Some(sender) = other_sender {
                set("reply_from", json!(sender.to_string()));
            }
        }
        for (what, body) in
            [("arguments", self.dictionary.arguments(exchange)), ("results", self.dictionary.results(exchange))]
        {
            match body {
                Body::Unknown => {}
                Body::Value(value) => set(what, value),
                Body::Incomplete => set(&format!("{what}_problem"), json!("not captured whole")),
                Body::Wrong(value, why) => {
                    self.wrong += 1;
                    if let Some(value) = value {
                        set(what, value);
                    }
                    set(&format!("{what}_problem"), json!(why));
                }
            }
        }
        Value::Object(object)
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} > {}", self.transport.name(), self.from, self.to)
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // What a peer sent must not reach the terminal as it is.
    out.push_str(&safe(&text.to_string()));
    out.push('\n');
}
