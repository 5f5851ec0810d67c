//! A client and a server of datagrams over a network that loses, repeats and reorders them, in simulated time: the client's
//! retransmission and the server's duplicate request cache together execute each call once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::channel::{Attempts, Retransmission};
use crate::rpc::{CallHeader, CallTemplate, Credential, put_success};
use crate::service::{DuplicateCache, DuplicateLimits, Seen, Ticket};

/// What the network does to datagrams, in percent.
#[derive(Clone, Copy, Debug)]
struct Network {
    loss: u8,
    duplication: u8,
    /// A datagram takes up to so many milliseconds, each another time: that reorders them.
    delay: u16,
    /// A call takes up to so many milliseconds to execute.
    execution: u16,
}

/// What happens at some time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The next call is made.
    Call,
    /// A datagram arrives at the server.
    AtServer(Vec<u8>),
    /// The server has executed the call that it got the ticket of this number for.
    Executed(usize),
    /// A datagram arrives at the client.
    AtClient(Vec<u8>),
    /// The client looks which calls are due.
    Timer,
    /// The deadline of a call passes.
    Deadline(u32),
}

/// How long the client waits for a reply: not as long as the server remembers a call.
const DEADLINE: Duration = Duration::from_secs(100);

struct Simulation {
    network: Network,
    random: u64,
    now: Instant,
    /// What is to happen, the earliest first; the number keeps the order of what happens at the same time.
    events: BinaryHeap<Reverse<(Instant, usize, Event)>>,
    scheduled: usize,

    retransmission: Retransmission,
    calls: BTreeMap<u32, (Attempts, Vec<u8>)>,
    made: u32,
    answered: Vec<(u32, u32)>,
    given_up: usize,

    cache: Option<DuplicateCache>,
    running: Vec<Option<(Option<Ticket>, u32)>>,
    /// What the procedure does: it counts.
    counter: u32,
    /// Each call that was executed, and what it returned each time.
    executed: BTreeMap<u32, Vec<u32>>,
}

impl Simulation {
    fn new(network: Network, seed: u64, cached: bool) -> Self {
        let limits = DuplicateLimits { entries: 1024, bytes: 1 << 20, age: Duration::from_secs(120) };
        Self {
            network,
            random: seed | 1,
            now: Instant::now(),
            events: BinaryHeap::new(),
            scheduled: 0,
            retransmission: Retransmission::default(),
            calls: BTreeMap::new(),
            made: 0,
            answered: Vec::new(),
            given_up: 0,
            cache: cached.then(|| DuplicateCache::new(limits)),
            running: Vec::new(),
            counter: 0,
            executed: BTreeMap::new(),
        }
    }

    /// Makes so many calls, one after the other begun, and lets time pass until all are answered.
    fn run(mut self, calls: u32) -> Self {
        for at in 0..calls {
            self.after(u64::from(at) * 5, Event::Call);
        }
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            self.now = at;
            match event {
                Event::Call => self.call(),
                Event::AtServer(datagram) => self.serve(datagram),
                Event::Executed(ticket) => self.executed(ticket),
                Event::AtClient(datagram) => self.receive(&datagram),
                Event::Timer => self.repeat(),
                Event::Deadline(xid) => self.given_up += usize::from(self.calls.remove(&xid).is_some()),
            }
            assert!(self.scheduled < 1_000_000, "the calls never end");
        }
        self
    }

    fn after(&mut self, milliseconds: u64, event: Event) {
        self.at(self.now + Duration::from_millis(milliseconds), event);
    }

    fn at(&mut self, at: Instant, event: Event) {
        self.scheduled += 1;
        self.events.push(Reverse((at, self.scheduled, event)));
    }

    /// xorshift64.
    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        if limit == 0 { 0 } else { self.random % limit }
    }

    fn send(&mut self, event: impl Fn() -> Event) {
        let copies = 1 + u8::from(self.below(100) < u64::from(self.network.duplication));
        for _ in 0..copies {
            if self.below(100) >= u64::from(self.network.loss) {
                let delay = self.below(u64::from(self.network.delay));
                self.after(delay, event());
            }
        }
    }

    fn call(&mut self) {
        let xid = self.made;
        self.made += 1;
        let mut message = Vec::new();
        CallTemplate::new(7, 1, &Credential::None).expect("short").put_unmarked(&mut message, xid, 1);
        self.calls.insert(xid, (Attempts::new(false), message));
        self.at(self.now + DEADLINE, Event::Deadline(xid));
        self.transmit(xid);
    }

    fn transmit(&mut self, xid: u32) {
        let Some((attempts, message)) = self.calls.get_mut(&xid) else { return };
        self.retransmission.sent(attempts, self.now);
        let message = message.clone();
        self.send(|| Event::AtServer(message.clone()));
        self.set_timer();
    }

    fn set_timer(&mut self) {
        if let Some(next) = self.retransmission.next() {
            self.at(next, Event::Timer);
        }
    }

    fn repeat(&mut self) {
        if self.retransmission.next().is_none_or(|next| next > self.now) {
            return;
        }
        let mut due = Vec::new();
        let calls = &mut self.calls;
        self.retransmission.scan(self.now, |is_due| {
            due.extend(calls.iter_mut().filter_map(|(xid, (attempts, _))| is_due(attempts).then_some(*xid)));
        });
        for xid in due {
            self.transmit(xid);
        }
        self.set_timer();
    }

    fn receive(&mut self, datagram: &[u8]) {
        let word = |at: usize| u32::from_be_bytes(datagram[at..at + 4].try_into().expect("four bytes"));
        if let Some((attempts, _)) = self.calls.remove(&word(0)) {
            self.retransmission.answered(&attempts, || self.now);
            self.answered.push((word(0), word(24)));
        }
    }

    fn serve(&mut self, datagram: Vec<u8>) {
        let (header, _) = CallHeader::parse(&datagram).expect("a call");
        let client = SocketAddr::from(([192, 0, 2, 1], 700));
        let ticket = match self.cache.as_ref().map(|cache| cache.begin(self.now, client, &header, &datagram)) {
            None => None,
            Some(Seen::New(ticket)) => Some(ticket),
            Some(Seen::Running | Seen::Answered(None) | Seen::Full) => return,
            Some(Seen::Answered(Some(reply))) => return self.send(|| Event::AtClient(reply.to_vec())),
        };
        self.running.push(Some((ticket, header.xid)));
        let execution = self.below(u64::from(self.network.execution));
        self.after(execution, Event::Executed(self.running.len() - 1));
    }

    fn executed(&mut self, at: usize) {
        let (ticket, xid) = self.running[at].take().expect("executed once");
        self.counter += 1;
        self.executed.entry(xid).or_default().push(self.counter);
        let mut reply = Vec::new();
        put_success(&mut reply, xid);
        reply.extend(self.counter.to_be_bytes());
        if let Some(ticket) = ticket {
            ticket.answered(self.now, &reply);
        }
        self.send(|| Event::AtClient(reply.clone()));
    }
}

const CALLS: u32 = 100;

impl Simulation {
    /// No call was executed twice, and each that was answered got what its execution returned.
    fn check(&self) {
        assert_eq!(self.answered.len() + self.given_up, CALLS as usize);
        let twice = self.executed.iter().find(|(_, results)| results.len() != 1);
        assert_eq!(twice, None, "a call was executed more than once");
        for (xid, result) in &self.answered {
            assert_eq!(self.executed.get(xid), Some(&vec![*result]), "call {xid} got another one's result");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_call_is_executed_twice(
        loss in 0_u8..70,
        duplication in 0_u8..70,
        delay in 1_u16..5000,
        execution in 0_u16..5000,
        seed: u64,
    ) {
        Simulation::new(Network { loss, duplication, delay, execution }, seed, true).run(CALLS).check();
    }
}

#[test]
fn so_many_increments_called_so_many_counted() {
    for seed in 1..=20 {
        let network = Network { loss: 20, duplication: 20, delay: 800, execution: 800 };
        let ended = Simulation::new(network, 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed), true).run(CALLS);
        ended.check();
        assert_eq!((ended.counter, ended.given_up), (CALLS, 0), "seed {seed}");
    }
}

#[test]
fn without_the_cache_calls_are_executed_more_than_once() {
    let network = Network { loss: 30, duplication: 10, delay: 500, execution: 100 };
    let ended = Simulation::new(network, 1, false).run(CALLS);
    assert!(ended.counter > CALLS, "{}", ended.counter);
}

#[test]
fn on_a_network_without_faults_nothing_is_sent_twice() {
    let network = Network { loss: 0, duplication: 0, delay: 20, execution: 20 };
    let ended = Simulation::new(network, 1, false).run(CALLS);
    assert_eq!(ended.counter, CALLS);
    assert_eq!(ended.answered.len(), CALLS as usize);
}
