//! Finding the entries of servers that have died.

use std::collections::HashSet;
use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::error::Refusal;
use crate::rpc::{Netid, UniversalAddress};

use super::Process;
use super::here::from_here;
use super::probe::{Probe, probe};
use super::programs::Programs;
use super::table::{Entry, Owner};

/// How long a server has to answer. One that does not is alive all the same: only one whose address refuses is dead.
const PATIENCE: Duration = Duration::from_secs(2);

/// Entries that are looked at at the same time: many may be slow.
const AT_ONCE: usize = 64;

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
    let mut entries = programs.entries().into_iter().filter(|entry| entry.program != super::PROGRAM);
    let mut dead = HashSet::new();
    let mut looking = JoinSet::new();
    loop {
        while looking.len() < AT_ONCE
            && let Some(entry) = entries.next()
        {
            looking.spawn(async move { is_dead(&entry).await.then_some(entry) });
        }
        // One that panicked has said so, and its entry stays.
        let Some(looked) = looking.join_next().await else { return dead };
        let Some(entry) = looked.ok().flatten() else { continue };
        if !suspects.contains(&entry) {
            dead.insert(entry);
        } else if programs.remove(&entry) {
            let Entry { program, version, netid, address, .. } = &entry;
            tracing::info!(target: "onc::portmap", program, version, %netid, %address, "its server has died: removed");
        }
    }
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
    let address = from_here(address);
    // Anybody here may register any address, and is not to send us to where he could not go himself.
    let may_look = match &address {
        UniversalAddress::Ip(address) => is_of_this_host(address.ip()),
        UniversalAddress::Local(_) => entry.owner == Owner::Superuser,
    };
    if may_look { probe(netid, &address, entry.program, entry.version, PATIENCE).await } else { Probe::Unreachable }
}

/// Only addresses of this host can be bound.
fn is_of_this_host(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
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
        // Where the system has more than one loopback address, nobody else is given a port of this one.
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let own = if cfg!(target_os = "linux") { [127, high | 0x80, middle, low] } else { [127, 0, 0, 1] };
        let listener = std::net::TcpListener::bind(SocketAddr::from((own, 0))).expect("a port");
        let dead = listener.local_addr().expect("bound");
        drop(listener);

        let programs = Programs::new(Table::default(), Rules::default());
        let entries = [
            entry(1, "tcp", alive.local_addr().expect("bound")),
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

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_sends_us_where_he_could_not_go_himself() {
        // A socket file that nobody listens at: whoever is looked for there is dead.
        let path = std::env::temp_dir().join(format!("onc-sweep-{}.sock", std::process::id()));
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        let local = |owner| Entry {
            netid: "local".into(),
            address: path.to_str().expect("UTF-8").into(),
            owner,
            ..entry(1, "", ([127, 0, 0, 1], 1).into())
        };
        assert!(is_dead(&local(Owner::Superuser)).await);
        assert!(!is_dead(&local(Owner::User(1000))).await, "he may not be allowed to connect there");
        std::fs::remove_file(path).expect("it is there");
        // RFC 5737: an address of no host.
        assert!(matches!(look(&entry(1, "tcp", ([192, 0, 2, 77], 1).into())).await, Probe::Unreachable));
        assert!(!is_of_this_host([192, 0, 2, 77].into()) && is_of_this_host([127, 0, 0, 9].into()));
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
        let at_other =
            |version, process| Entry { process, ..entry(version, "tcp", other.local_addr().expect("bound")) };
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
