//! Which reply belongs to which call.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;

use onc_runtime::rpc::{self, AcceptStatus, AuthFlavour, AuthSysView, CallError, CallHeader, ReplyError, parse_reply};

use super::event::{Call, Counts, Event, Exchange, Message, Reply, Transport, Way};
use super::records::Record;
use super::time::Time;

/// How many calls may wait for their replies, and how many bytes of them are kept. Beyond that the oldest are given out
/// without one.
const MAX_WAITING: usize = 1 << 16;
const MAX_HELD: usize = 64 << 20;

/// How many servers are remembered, by which messages that are none are told from what is no RPC.
const MAX_SERVERS: usize = 1 << 16;

/// The port mapper's port.
const PORTMAP: u16 = 111;

/// Calls that wait for their replies.
#[derive(Debug)]
pub(super) struct Pairing {
    /// By age.
    waiting: BTreeMap<u64, Waiting>,
    /// Where in `waiting` the calls of a caller with an xid are; to several servers there may be several.
    by_xid: HashMap<Key, Vec<u64>>,
    next: u64,
    held: usize,
    servers: HashSet<(Transport, SocketAddr)>,
    max_waiting: usize,
    max_held: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    transport: Transport,
    caller: SocketAddr,
    xid: u32,
}

#[derive(Debug)]
struct Waiting {
    key: Key,
    server: SocketAddr,
    call: Call,
}

impl Pairing {
    pub(super) fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            by_xid: HashMap::new(),
            next: 0,
            held: 0,
            servers: HashSet::new(),
            max_waiting: MAX_WAITING,
            max_held: MAX_HELD,
        }
    }

    /// Takes a message. Over TCP it comes from a stream that has shown to be one of records; a datagram may be anything.
    pub(super) fn message(&mut self, time: Time, way: Way, record: Record, told: &mut Told<'_>) {
        let is_cut = (record.bytes.len() as u64) < record.length;
        let kind = record.bytes.get(4..8).and_then(|word| word.first_chunk()).map(|word| u32::from_be_bytes(*word));
        let outcome = match kind {
            Some(0) => self.call(time, way, record, told),
            Some(1) => self.reply(time, way, record, told),
            Some(other) => Err(Defect::Content(format!("{other} is not a type of message"))),
            None => Err(Defect::Short("it ends within its header".into())),
        };
        match outcome {
            Err(Defect::Short(_)) if is_cut => told.counts.incomplete += 1,
            Err(Defect::Short(reason) | Defect::Content(reason))
                if way.transport == Transport::Tcp || self.is_rpc(way) =>
            {
                told.malformed(time, way, reason);
            }
            _ => {}
        }
    }

    /// Whether one end is known to be a server of RPC.
    pub(super) fn is_rpc(&self, way: Way) -> bool {
        let known = |end: SocketAddr| end.port() == PORTMAP || self.servers.contains(&(way.transport, end));
        known(way.from) || known(way.to)
    }

    /// The capture has ended: gives out the calls without replies.
    pub(super) fn finish(&mut self, told: &mut Told<'_>) {
        while self.give_up_oldest(told) {}
    }

    fn call(&mut self, time: Time, way: Way, record: Record, told: &mut Told<'_>) -> Result<(), Defect> {
        let Record { bytes, length } = record;
        let (header, body) = CallHeader::parse(&bytes)?;
        if self.servers.len() < MAX_SERVERS {
            self.servers.insert((way.transport, way.to));
        }
        let key = Key { transport: way.transport, caller: way.from, xid: header.xid };
        let (program, version, procedure) = (header.program, header.version, header.procedure);
        let flavour = header.credential.flavour;
        let user = (flavour == AuthFlavour::SYS).then(|| AuthSysView::parse(header.credential.body).ok()).flatten();
        let user = user.map(|user| (user.uid, user.gid));
        let ids = self.by_xid.entry(key).or_default();
        for id in &*ids {
            if let Some(known) = self.waiting.get_mut(id)
                && known.server == way.to
                && (known.call.program, known.call.version, known.call.procedure) == (program, version, procedure)
            {
                known.call.repeats = known.call.repeats.saturating_add(1);
                told.counts.repeats += 1;
                return Ok(());
            }
        }
        ids.push(self.next);
        told.counts.calls += 1;
        self.held += bytes.len();
        let message = Message { time, bytes, length, body };
        let call = Call { message, program, version, procedure, flavour, user, repeats: 0 };
        self.waiting.insert(self.next, Waiting { key, server: way.to, call });
        self.next += 1;
        while self.waiting.len() > self.max_waiting || self.held > self.max_held {
            self.give_up_oldest(told);
        }
        Ok(())
    }

    fn reply(&mut self, time: Time, way: Way, record: Record, told: &mut Told<'_>) -> Result<(), Defect> {
        let Record { bytes, length } = record;
        let (xid, reply, body) = parse_reply(&bytes)?;
        let (success, status) = match reply {
            rpc::Reply::Accepted { status, .. } => (status == AcceptStatus::Success, status.to_string()),
            rpc::Reply::Denied(status) => (false, status.to_string()),
        };
        let waiting = self.take(Key { transport: way.transport, caller: way.to, xid }, way.from);
        if waiting.is_none() && way.transport == Transport::Udp && !self.is_rpc(way) {
            // Whatever it is, it only looks like a reply.
            return Ok(());
        }
        told.counts.replies += 1;
        let call_way = Way { transport: way.transport, from: way.to, to: way.from };
        let (call_way, call) = match waiting {
            Some(Waiting { server, call, .. }) => (Way { to: server, ..call_way }, Some(call)),
            None => {
                told.counts.unasked += 1;
                (call_way, None)
            }
        };
        let other_sender = (call_way.to != way.from).then_some(way.from);
        let message = Message { time, bytes, length, body };
        let reply = Some(Reply { message, success, status, other_sender });
        told.events.push(Event::Exchange(Box::new(Exchange { way: call_way, xid, call, reply })));
        Ok(())
    }

    /// The call that a reply is to: one to its sender, or over UDP, where replies may come from another address than was
    /// asked, any of that xid.
    fn take(&mut self, key: Key, from: SocketAddr) -> Option<Waiting> {
        let ids = self.by_xid.get(&key)?;
        let to =
            |server: SocketAddr| ids.iter().find(|id| self.waiting.get(id).is_some_and(|one| one.server == server));
        let first = || ids.first().filter(|_| key.transport == Transport::Udp);
        let id = *to(from).or_else(first)?;
        self.remove(id)
    }

    fn give_up_oldest(&mut self, told: &mut Told<'_>) -> bool {
        let Some(&oldest) = self.waiting.keys().next() else { return false };
        if let Some(Waiting { key: Key { transport, caller, xid }, server, call }) = self.remove(oldest) {
            told.counts.unanswered += 1;
            let way = Way { transport, from: caller, to: server };
            told.events.push(Event::Exchange(Box::new(Exchange { way, xid, call: Some(call), reply: None })));
        }
        true
    }

    fn remove(&mut self, id: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        self.held -= waiting.call.message.bytes.len();
        if let Some(ids) = self.by_xid.get_mut(&waiting.key) {
            ids.retain(|one| *one != id);
            if ids.is_empty() {
                self.by_xid.remove(&waiting.key);
            }
        }
        Some(waiting)
    }
}

/// Where it is told what was seen.
pub(super) struct Told<'a> {
    pub(super) events: &'a mut Vec<Event>,
    pub(super) counts: &'a mut Counts,
}

impl Told<'_> {
    /// Counts it, and tells it.
    pub(super) fn malformed(&mut self, time: Time, way: Way, reason: String) {
        self.counts.malformed += 1;
        self.events.push(Event::Malformed { time, way, reason });
    }
}

/// What is wrong with a message.
enum Defect {
    /// It ends too soon, which may be the capture's fault.
    Short(String),
    Content(String),
}

impl From<CallError> for Defect {
    fn from(error: CallError) -> Self {
        match error {
            CallError::TooShort | CallError::BadCredential { .. } => Self::Short(error.to_string()),
            _ => Self::Content(error.to_string()),
        }
    }
}

impl From<ReplyError> for Defect {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::TooShort | ReplyError::Truncated { .. } | ReplyError::BadVerifier { .. } => {
                Self::Short(error.to_string())
            }
            _ => Self::Content(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use onc_runtime::rpc::{CallTemplate, Credential, put_success};

    use super::*;

    struct Run {
        pairing: Pairing,
        events: Vec<Event>,
        counts: Counts,
    }

    impl Run {
        fn new() -> Self {
            Self { pairing: Pairing::new(), events: Vec::new(), counts: Counts::default() }
        }

        fn message(&mut self, transport: Transport, from: u16, to: u16, bytes: Vec<u8>) {
            let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
            let way = Way { transport, from: address(from), to: address(to) };
            let record = Record { length: bytes.len() as u64, bytes };
            let mut told = Told { events: &mut self.events, counts: &mut self.counts };
            self.pairing.message(Time::default(), way, record, &mut told);
        }

        fn finish(&mut self) {
            self.pairing.finish(&mut Told { events: &mut self.events, counts: &mut self.counts });
        }

        /// Caller's and server's port, xid, and whether there were call and reply.
        fn exchanges(&self) -> Vec<(u16, u16, u32, bool, bool)> {
            let all = self.events.iter().filter_map(|event| match event {
                Event::Exchange(one) => Some(one),
                _ => None,
            });
            all.map(|one| (one.way.from.port(), one.way.to.port(), one.xid, one.call.is_some(), one.reply.is_some()))
                .collect()
        }
    }

    fn call(xid: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        CallTemplate::new(7, 1, &Credential::None).expect("short").put_unmarked(&mut bytes, xid, 2);
        bytes
    }

    fn reply(xid: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_success(&mut bytes, xid);
        bytes
    }

    #[test]
    fn replies_find_their_calls_by_peers_and_xid() {
        for transport in [Transport::Tcp, Transport::Udp] {
            let mut run = Run::new();
            for (from, to, xid) in [(1, 9, 5), (2, 9, 5), (1, 8, 5), (1, 9, 6)] {
                run.message(transport, from, to, call(xid));
            }
            for (from, to, xid) in [(9, 1, 6), (8, 1, 5), (9, 2, 5), (9, 1, 5)] {
                run.message(transport, from, to, reply(xid));
            }
            let expected =
                [(1, 9, 6), (1, 8, 5), (2, 9, 5), (1, 9, 5)].map(|(from, to, xid)| (from, to, xid, true, true));
            assert_eq!(run.exchanges(), expected);
            assert_eq!((run.counts.calls, run.counts.replies, run.counts.unasked), (4, 4, 0));
            assert_eq!((run.pairing.held, run.pairing.by_xid.len()), (0, 0));
        }
    }

    #[test]
    fn over_udp_a_reply_may_come_from_elsewhere() {
        let mut run = Run::new();
        run.message(Transport::Udp, 1, 111, call(5));
        run.message(Transport::Udp, 700, 1, reply(5));
        run.message(Transport::Tcp, 1, 111, call(5));
        run.message(Transport::Tcp, 700, 1, reply(5));
        run.finish();
        let expected = [(1, 111, 5, true, true), (1, 700, 5, false, true), (1, 111, 5, true, false)];
        assert_eq!(run.exchanges(), expected);
    }

    #[test]
    fn a_call_that_comes_again_is_one_call() {
        let mut run = Run::new();
        for _ in 0..3 {
            run.message(Transport::Udp, 1, 9, call(5));
        }
        run.message(Transport::Udp, 9, 1, reply(5));
        run.message(Transport::Udp, 9, 1, reply(5));
        assert_eq!((run.counts.calls, run.counts.repeats, run.counts.replies, run.counts.unasked), (1, 2, 2, 1));
        let Event::Exchange(first) = &run.events[0] else { panic!("an exchange") };
        assert_eq!(first.call.as_ref().map(|call| call.repeats), Some(2));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut run = Run::new();
        run.pairing.max_waiting = 10;
        for xid in 0..1000 {
            run.message(Transport::Tcp, 1, 9, call(xid));
            assert!(run.pairing.waiting.len() <= 10 && run.pairing.by_xid.len() <= 10);
        }
        assert_eq!(run.counts.unanswered, 990);
        run.pairing.max_held = 100;
        run.message(Transport::Tcp, 1, 9, call(5000));
        assert_eq!(run.pairing.held, 80, "two calls of 40 bytes");
    }

    #[test]
    fn datagrams_are_malformed_only_where_a_server_is() {
        let mut run = Run::new();
        let wrong = |word: u32| [7_u32, word, 9, 9, 9].map(u32::to_be_bytes).concat();
        for word in 0..4 {
            run.message(Transport::Udp, 1, 9, wrong(word));
        }
        run.message(Transport::Udp, 9, 1, reply(77));
        assert_eq!(run.counts, Counts::default());
        run.message(Transport::Udp, 2, 9, call(1));
        for word in 0..4 {
            run.message(Transport::Udp, 1, 9, wrong(word));
        }
        assert_eq!(run.counts.malformed, 4);
        run.message(Transport::Tcp, 1, 10, wrong(2));
        assert_eq!(run.counts.malformed, 5);
        assert!(matches!(&run.events[4], Event::Malformed { reason, .. } if reason == "2 is not a type of message"));
    }
}
