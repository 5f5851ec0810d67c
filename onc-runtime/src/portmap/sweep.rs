//! Finding the entries of servers that have died.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::error::Refusal;
use crate::rpc::{Netid, UniversalAddress};

use super::Process;
use super::probe::{Probe, probe};
use super::programs::Programs;
use super::table::Entry;

/// How long a server has to answer. One that does not is alive all the same: only one whose address refuses is dead.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks at every entry again and again, each time after `every`, and removes those that were found dead twice in a row:
/// a server that is being started again is not forgotten meanwhile. Never ends.
pub(super) async fn sweep(programs: Programs, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut suspects = HashSet::new();
    loop {
        ticks.tick().await;
        suspects = sweep_once(&programs, &suspects).await;
    }
}

/// Removes those of `suspects` that are still dead. Returns those that are dead for the first time.
async fn sweep_once(programs: &Programs, suspects: &HashSet<Entry>) -> HashSet<Entry> {
    let mut dead = HashSet::new();
    for entry in programs.entries() {
        if entry.program == super::PROGRAM || !is_dead(&entry).await {
            continue;
        }
        if !suspects.contains(&entry) {
            dead.insert(entry);
        } else if programs.remove(&entry) {
            let Entry { program, version, netid, address, .. } = &entry;
            tracing::info!(target: "onc::portmap", program, version, %netid, %address, "its server has died: removed");
        }
    }
    dead
}

/// Nobody is at the address of the entry; or its process has ended, and it is not its program that answers there.
async fn is_dead(entry: &Entry) -> bool {
    let orphaned = || entry.process.is_some_and(Process::has_ended);
    match look(entry).await {
        Probe::Nobody => true,
        // Somebody else has the port by now, or it cannot be tried from here.
        Probe::Refuses(Refusal::ProgramUnavailable | Refusal::ProgramMismatch { .. }) | Probe::Unreachable => {
            orphaned()
        }
        // The kernel's servers, and those that fork, outlive the process that has registered them.
        Probe::Answers(_) | Probe::Refuses(_) | Probe::Silent => false,
    }
}

async fn look(entry: &Entry) -> Probe {
    let Ok(netid) = entry.netid.parse::<Netid>() else { return Probe::Unreachable };
    let Ok(address) = UniversalAddress::parse(netid, &entry.address) else { return Probe::Unreachable };
    probe(netid, &on_this_host(address), entry.program, entry.version, PATIENCE).await
}

/// The address at which a server of this host is reached from here.
pub(super) fn on_this_host(address: UniversalAddress) -> UniversalAddress {
    match address {
        UniversalAddress::Ip(SocketAddr::V4(address)) if address.ip().is_unspecified() => {
            SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())).into()
        }
        UniversalAddress::Ip(SocketAddr::V6(address)) if address.ip().is_unspecified() => {
            SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portmap::table::Owner;
    use crate::portmap::{Daemon, Rules, Table};

    fn entry(version: u32, netid: &str, address: SocketAddr) -> Entry {
        let address = UniversalAddress::from(address).to_string();
        Entry {
            program: 7,
            version,
            netid: netid.into(),
            address: address.into(),
            owner: Owner::Unknown,
            process: None,
        }
    }

    #[tokio::test]
    async fn only_who_refuses_twice_is_dead() {
        let alive = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
        // It listens, and never answers.
        let slow = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
        // While it is connected nobody else is given its port, and nobody listens there.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let dead = listener.local_addr().expect("bound");
        let _client = std::net::TcpStream::connect(dead).expect("connected");
        let _kept = listener.accept().expect("a connection");
        drop(listener);

        let programs = Programs::new(Table::default(), Rules::default());
        let entries = [
            entry(1, "tcp", alive.local_addr()),
            entry(1, "udp", slow.local_addr().expect("bound")),
            entry(1, "ticots", dead),
            Entry { netid: "tcp".into(), address: "no address".into(), ..entry(2, "", dead) },
            entry(3, "tcp", dead),
        ];
        for entry in &entries {
            assert!(programs.set(entry.clone()).succeeded());
        }
        let suspects = sweep_once(&programs, &HashSet::new()).await;
        assert_eq!(suspects, HashSet::from([entries[4].clone()]));
        assert_eq!(programs.entries().len(), 5, "once is not enough");
        assert_eq!(sweep_once(&programs, &suspects).await, HashSet::new());
        assert_eq!(programs.entries(), entries[..4]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_end_of_a_process_counts_where_nothing_contradicts_it() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("started");
        let gone = Process::running(child.id());
        child.kill().expect("killed");
        child.wait().expect("ended");
        let running = Process::running(std::process::id());
        assert!(gone.is_some() && running.is_some());

        // It has the port mapper's program, and not that of the entries.
        let other = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
        let at_other = |version, process| Entry { process, ..entry(version, "tcp", other.local_addr()) };
        let untried = |version, process| Entry { netid: "x25".into(), ..at_other(version, process) };
        let mappers = |version| Entry { program: crate::portmap::PROGRAM, ..at_other(version, gone) };
        for (is_it, entry) in [
            (true, at_other(1, gone)),
            (false, at_other(2, running)),
            (false, at_other(3, None)),
            (true, untried(4, gone)),
            (false, untried(5, running)),
            (false, untried(6, None)),
            (true, mappers(9)),
            (false, mappers(4)),
        ] {
            assert_eq!(is_dead(&entry).await, is_it, "{entry:?}");
        }
    }
}
