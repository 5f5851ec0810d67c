//! rpcinfo's ways to print.

use std::fmt::Write as _;

use onc_runtime::portmap::ProgramNames;
use onc_runtime::portmap::protocol::{Rpcb, RpcbAddress};
use onc_runtime::rpc::{Netid, UniversalAddress};

use crate::terminal::safe;

/// All entries.
pub(super) fn entries(entries: &[Rpcb], names: &ProgramNames) -> String {
    let mut text = String::from("   program version netid     address                service    owner\n");
    for Rpcb { prog, vers, netid, address, owner } in entries {
        let (name, owner) = (names.name(*prog).unwrap_or("-"), or(owner, "unknown"));
        let (netid, address) = (safe(netid), safe(address));
        let _ = writeln!(text, "{prog:>10}{vers:>5}    {netid:<9} {address:<22} {name:<10} {}", safe(owner));
    }
    text
}

/// -p: what version 2 knows.
pub(super) fn mappings(entries: &[Rpcb], names: &ProgramNames) -> String {
    let mut text = String::from("   program vers proto   port  service\n");
    for Rpcb { prog, vers, netid, address, .. } in entries {
        let port = address.parse::<UniversalAddress>().ok().and_then(|address| address.socket_addr());
        let port = port.map(|address| address.port()).unwrap_or_default();
        let name = names.name(*prog).map(|name| format!("  {name}")).unwrap_or_default();
        let _ = writeln!(text, "{prog:>10}{vers:>5}{:>6}{port:>7}{name}", safe(netid));
    }
    text
}

/// -s: a line for each program.
pub(super) fn short(entries: &[Rpcb], names: &ProgramNames) -> String {
    let mut text = String::from("   program version(s) netid(s)                         service     owner\n");
    let mut programs: Vec<u32> = Vec::new();
    for entry in entries {
        if !programs.contains(&entry.prog) {
            programs.push(entry.prog);
        }
    }
    for program in programs {
        let of_it = || entries.iter().filter(|entry| entry.prog == program);
        let versions = last_first(of_it().map(|entry| entry.vers.to_string()));
        let netids = last_first(of_it().map(|entry| safe(&entry.netid)));
        let owner = of_it().next().map(|entry| safe(or(&entry.owner, "unknown"))).unwrap_or_default();
        let name = names.name(program).unwrap_or("-");
        let _ = writeln!(text, "{program:>10}  {versions:<10}{netids:<32} {name:<11} {owner}");
    }
    text
}

/// -l: the addresses of a program.
pub(super) fn addresses(program: u32, version: u32, found: &[RpcbAddress], names: &ProgramNames) -> String {
    let mut text = String::from("   program vers  tp_family/name/class    address\t\t  service\n");
    let name = names.name(program).unwrap_or("-");
    for RpcbAddress { address, netid: _, semantics, family, protocol } in found {
        let class = match semantics {
            1 => "clts",
            2 => "cots",
            3 => "cots_ord",
            _ => "raw",
        };
        let transport = format!("{}/{}/{class}", safe(family), safe(protocol));
        let _ = writeln!(text, "{program:>10}{version:>3}    {transport:<23} {:<24} {name:<13}", safe(address));
    }
    text
}

/// Each once, the one that comes last as the first.
fn last_first(all: impl Iterator<Item = String>) -> String {
    let mut once: Vec<String> = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.insert(0, one);
        }
    }
    once.join(",")
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// The netid of an entry, if it is a known one.
pub(super) fn netid(entry: &Rpcb) -> Option<Netid> {
    entry.netid.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(prog: u32, vers: u32, netid: &str, address: &str, owner: &str) -> Rpcb {
        Rpcb { prog, vers, netid: netid.into(), address: address.into(), owner: owner.into() }
    }

    fn some() -> (Vec<Rpcb>, ProgramNames) {
        let entries = vec![
            entry(100_000, 4, "tcp6", "::.0.111", "superuser"),
            entry(100_000, 2, "tcp", "0.0.0.0.0.111", "superuser"),
            entry(100_000, 4, "local", "/run/rpcbind.sock", "superuser"),
            entry(0x2000_0001, 1, "tcp", "0.0.0.0.200.7", "1000"),
        ];
        (entries, ProgramNames::parse("portmapper 100000 rpcbind\n"))
    }

    #[test]
    fn lists_look_as_rpcinfos_do() {
        let (list, names) = some();
        assert_eq!(
            entries(&list, &names),
            "   program version netid     address                service    owner\n\
             \x20   100000    4    tcp6      ::.0.111               portmapper superuser\n\
             \x20   100000    2    tcp       0.0.0.0.0.111          portmapper superuser\n\
             \x20   100000    4    local     /run/rpcbind.sock      portmapper superuser\n\
             \x20536870913    1    tcp       0.0.0.0.200.7          -          1000\n"
        );
        assert_eq!(
            short(&list, &names),
            "   program version(s) netid(s)                         service     owner\n\
             \x20   100000  2,4       local,tcp,tcp6                   portmapper  superuser\n\
             \x20536870913  1         tcp                              -           1000\n"
        );
        assert_eq!(
            mappings(&[list[1].clone(), list[3].clone()], &names),
            "   program vers proto   port  service\n\
             \x20   100000    2   tcp    111  portmapper\n\
             \x20536870913    1   tcp  51207\n"
        );
    }

    #[test]
    fn what_a_peer_sends_does_not_reach_the_terminal_as_it_is() {
        let (_, names) = some();
        let text = entries(&[entry(1, 1, "\u{1b}[2J", "a\nb", "\u{7}")], &names);
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains(['\u{1b}', '\u{7}']));
    }
}
