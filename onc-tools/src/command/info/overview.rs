//! `onc info` on its own: every entry, and whether its server answers.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::protocol::Rpcb;
use onc_runtime::portmap::{Probe, ProgramNames, probe};
use onc_runtime::rpc::UniversalAddress;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::print::netid;
use crate::command::place::{is_this_host, mapper_of, mappers};
use crate::command::{Failure, say};
use crate::terminal::safe;

/// How long a server has to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Servers that are called at the same time.
const AT_ONCE: usize = 64;

/// An entry, and whether its server answers; `None`: that cannot be tried from here.
struct Row {
    entry: Rpcb,
    answer: Option<Probe>,
}

/// Prints the overview once, or again and again.
pub(super) async fn run(arguments: Vec<String>, json: bool, watch: Option<u32>) -> Result<(), Failure> {
    let host = match &arguments[..] {
        [] => None,
        [host] => Some(host.as_str()),
        _ => return Err(Failure::usage("one host at most is expected here")),
    };
    let names = ProgramNames::of_this_host();
    let Some(seconds) = watch else { return show(host, json, &names, "").await };
    let clear = if std::io::stdout().is_terminal() && !json { "\u{1b}[2J\u{1b}[H" } else { "" };
    loop {
        show(host, json, &names, clear).await?;
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    }
}

async fn show(host: Option<&str>, json: bool, names: &ProgramNames, clear: &str) -> Result<(), Failure> {
    let mut entries = mapper_of(host).await?.entries().await?;
    entries.sort_by(|one, two| (one.prog, one.vers, &one.netid).cmp(&(two.prog, two.vers, &two.netid)));
    let seen = match host {
        Some(host) if !host.starts_with("unix:") => mappers(host, None).await?,
        _ => Vec::new(),
    };
    let rows = call_all(entries, &seen).await;
    if json {
        let list: Vec<Value> = rows.iter().map(|row| row.json(names)).collect();
        return say(format_args!("{:#}\n", Value::Array(list)));
    }
    say(format_args!("{clear}{}", table(&rows, names)))
}

/// Calls procedure 0 of every entry. `seen`: the addresses of the host; none, it is this one.
async fn call_all(entries: Vec<Rpcb>, seen: &[SocketAddr]) -> Vec<Row> {
    let mut rows: Vec<Row> = entries.into_iter().map(|entry| Row { entry, answer: None }).collect();
    let mut calls = JoinSet::new();
    let mut next = 0;
    while next < rows.len() || !calls.is_empty() {
        if next < rows.len() && calls.len() < AT_ONCE {
            if let Some(call) = call(&rows[next].entry, seen) {
                let at = next;
                calls.spawn(async move { (at, call.await) });
            }
            next += 1;
        } else if let Some(Ok((at, answer))) = calls.join_next().await {
            rows[at].answer = Some(answer);
        }
    }
    rows
}

/// The call of an entry's procedure 0, if its address can be reached from here.
fn call(entry: &Rpcb, seen: &[SocketAddr]) -> Option<impl Future<Output = Probe> + Send + 'static> {
    let netid = netid(entry)?;
    let address = match UniversalAddress::parse(netid, &entry.address).ok()? {
        UniversalAddress::Ip(address) if address.ip().is_unspecified() => {
            let loopback: std::net::IpAddr =
                if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
            let there = seen.iter().find(|seen| seen.is_ipv4() == address.is_ipv4()).map(SocketAddr::ip);
            let ip = if seen.is_empty() { loopback } else { there? };
            SocketAddr::new(ip, address.port()).into()
        }
        // Another host's own loopback and Unix sockets are not ours.
        UniversalAddress::Ip(address) if address.ip().is_loopback() && !is_this_host(seen) => return None,
        UniversalAddress::Local(_) if !is_this_host(seen) => return None,
        address => address,
    };
    let (program, version) = (entry.prog, entry.vers);
    Some(async move { probe(netid, &address, program, version, PATIENCE).await })
}

impl Row {
    fn json(&self, names: &ProgramNames) -> Value {
        let Rpcb { prog, vers, netid, address, owner } = &self.entry;
        let time = match &self.answer {
            Some(Probe::Answers(took)) => json!(took.as_secs_f64() * 1000.0),
            _ => Value::Null,
        };
        json!({
            "program": prog,
            "name": names.name(*prog),
            "version": vers,
            "netid": netid,
            "address": address,
            "owner": owner,
            "answers": self.answer.as_ref().map(|answer| matches!(answer, Probe::Answers(_))),
            "milliseconds": time,
            "problem": self.problem(),
        })
    }

    /// Why it does not answer.
    fn problem(&self) -> Option<String> {
        match self.answer.as_ref()? {
            Probe::Answers(_) => None,
            Probe::Refuses(refusal) => Some(refusal.to_string()),
            Probe::Nobody => Some("nobody is there".into()),
            Probe::Silent => Some(format!("no answer within {PATIENCE:?}")),
            _ => Some("cannot be reached".into()),
        }
    }

    fn cells(&self, names: &ProgramNames) -> [String; 7] {
        let Rpcb { prog, vers, netid, address, owner } = &self.entry;
        let answer = match &self.answer {
            Some(Probe::Answers(took)) => format!("{took:.1?}"),
            _ => self.problem().unwrap_or_else(|| "-".into()),
        };
        let name = names.name(*prog).unwrap_or("-").to_owned();
        [prog.to_string(), name, vers.to_string(), safe(netid), safe(address), safe(owner), answer]
    }
}

/// All rows under their titles, each column as wide as it has to be.
fn table(rows: &[Row], names: &ProgramNames) -> String {
    let titles = ["PROGRAM", "NAME", "VERSION", "NETID", "ADDRESS", "OWNER", "ANSWERS IN"].map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(titles).chain(rows.iter().map(|row| row.cells(names))).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> = line
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = widths[column];
                // Numbers stand to the right.
                if matches!(column, 0 | 2) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            })
            .collect();
        text += padded.join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_have_to_be() {
        let entry = |prog, netid: &str, address: &str| Rpcb {
            prog,
            vers: 1,
            netid: netid.into(),
            address: address.into(),
            owner: "0".into(),
        };
        let rows = [
            Row {
                entry: entry(100_000, "tcp", "0.0.0.0.0.111"),
                answer: Some(Probe::Answers(Duration::from_micros(120))),
            },
            Row { entry: entry(7, "local", "/run/a.sock"), answer: Some(Probe::Nobody) },
            Row { entry: entry(8, "x25", "?"), answer: None },
        ];
        assert_eq!(
            table(&rows, &ProgramNames::parse("portmapper 100000")),
            "PROGRAM  NAME        VERSION  NETID  ADDRESS        OWNER  ANSWERS IN\n\
             \x20100000  portmapper        1  tcp    0.0.0.0.0.111  0      120.0µs\n\
             \x20     7  -                 1  local  /run/a.sock    0      nobody is there\n\
             \x20     8  -                 1  x25    ?              0      -\n"
        );
    }
}
