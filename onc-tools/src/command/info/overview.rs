//! `onc info` on its own: every entry, and whether its server answers.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::protocol::Rpcb;
use onc_runtime::portmap::{Probe, ProgramNames, probe};
use onc_runtime::rpc::UniversalAddress;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::print::netid;
use crate::command::outcome::coloured;
use crate::command::place::{is_this_host, mapper_of, mappers};
use crate::command::{Failure, say};
use crate::terminal::{Json, safe};

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
    let overview = Overview { host, json, names: &names };
    match watch {
        None => say(overview.text().await?),
        Some(seconds) => overview.watch(Duration::from_secs(seconds.into())).await,
    }
}

/// What is shown, and how.
struct Overview<'a> {
    host: Option<&'a str>,
    json: bool,
    names: &'a ProgramNames,
}

impl Overview<'_> {
    /// Shows it again and again, whether the port mapper is there or not, until an interrupt, which is no failure.
    async fn watch(&self, interval: Duration) -> Result<(), Failure> {
        let clear = if io::stdout().is_terminal() && !self.json { "\u{1b}[2J\u{1b}[H" } else { "" };
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let show = async {
            loop {
                ticks.tick().await;
                match self.text().await {
                    Ok(text) => say(format_args!("{clear}{text}"))?,
                    // A target that means nothing will mean nothing later.
                    Err(failure) if failure.is_misuse() => return Err(failure),
                    Err(failure) => {
                        say(clear)?;
                        failure.tell();
                    }
                }
            }
        };
        tokio::select! {
            outcome = show => outcome,
            Ok(()) = tokio::signal::ctrl_c() => Ok(()),
        }
    }

    async fn text(&self) -> Result<String, Failure> {
        let rows = rows(self.host).await?;
        if !self.json {
            return Ok(table(&rows, self.names, coloured(&io::stdout())));
        }
        let list: Value = rows.iter().map(|row| row.json(self.names)).collect();
        Ok(format!("{:#}\n", Json(&list)))
    }
}

/// The entries of a host's port mapper, called.
async fn rows(host: Option<&str>) -> Result<Vec<Row>, Failure> {
    let mut entries = mapper_of(host).await?.entries().await?;
    entries.sort_by(|one, two| (one.prog, one.vers, &one.netid).cmp(&(two.prog, two.vers, &two.netid)));
    let seen = match host {
        Some(host) if !host.starts_with("unix:") => mappers(host, None).await?,
        _ => Vec::new(),
    };
    Ok(call_all(entries, &seen).await)
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

/// All rows under their titles, each column as wide as it has to be. In colours, what does not answer is red.
fn table(rows: &[Row], names: &ProgramNames, coloured: bool) -> String {
    let titles = ["PROGRAM", "NAME", "VERSION", "NETID", "ADDRESS", "OWNER", "ANSWERS IN"].map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(titles).chain(rows.iter().map(|row| row.cells(names))).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    let problems = std::iter::once(false).chain(rows.iter().map(|row| row.problem().is_some()));
    for (cells, is_problem) in lines.iter().zip(problems) {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = widths[column];
                // Numbers stand to the right.
                if matches!(column, 0 | 2) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            })
            .collect();
        let mut line = padded.join("  ");
        line.truncate(line.trim_end().len());
        if is_problem && coloured {
            // The answer is the last cell.
            line.insert_str(line.len() - cells[6].len(), "\u{1b}[31m");
            line += "\u{1b}[0m";
        }
        text += &line;
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
        let names = ProgramNames::parse("portmapper 100000");
        assert_eq!(
            table(&rows, &names, false),
            "PROGRAM  NAME        VERSION  NETID  ADDRESS        OWNER  ANSWERS IN\n\
             \x20100000  portmapper        1  tcp    0.0.0.0.0.111  0      120.0µs\n\
             \x20     7  -                 1  local  /run/a.sock    0      nobody is there\n\
             \x20     8  -                 1  x25    ?              0      -\n"
        );
        let coloured = table(&rows, &names, true);
        assert_eq!(coloured.matches('\u{1b}').count(), 2);
        assert!(coloured.contains("  0      \u{1b}[31mnobody is there\u{1b}[0m\n"), "{coloured}");
    }
}
