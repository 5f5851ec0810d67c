//! -m: what a port mapper has done.

use std::fmt::Write as _;

use onc_runtime::portmap::ProgramNames;
use onc_runtime::portmap::protocol::{AddressStatistics, CallStatistics, Statistics};

use crate::terminal::safe;

/// A version, as its tables are titled.
struct Titles {
    version: &'static str,
    handed_on: &'static str,
    addresses: &'static str,
}

const TITLES: [Titles; 3] = [
    Titles {
        version: "PORTMAP (version 2) statistics",
        handed_on: "PMAP_RMTCALL call statistics",
        addresses: "PMAP_GETPORT call statistics",
    },
    Titles {
        version: "RPCBIND (version 3) statistics",
        handed_on: "RPCB_RMTCALL (version 3) call statistics",
        addresses: "RPCB_GETADDR (version 3) call statistics",
    },
    Titles {
        version: "RPCBIND (version 4) statistics",
        handed_on: "RPCB_RMTCALL (version 4) call statistics",
        addresses: "RPCB_GETADDR (version 4) call statistics",
    },
];

/// How many procedures are counted in a row.
const ROW: usize = 9;

/// Versions 2, 3 and 4.
pub(super) fn statistics(versions: &[Statistics; 3], names: &ProgramNames) -> String {
    let mut text = String::new();
    for (at, (titles, statistics)) in TITLES.iter().zip(versions).enumerate() {
        let mut columns = columns(at, statistics);
        let second = columns.split_off(columns.len().min(ROW));
        // A String takes everything.
        let _ = writeln!(text, "{}{}", if at == 0 { "" } else { "\n" }, titles.version);
        for row in [columns, second].iter().filter(|row| !row.is_empty()) {
            let line = |cell: fn(&(&str, String)) -> String| row.iter().map(cell).collect::<String>();
            let _ = writeln!(text, "{}", line(|(name, _)| format!("{name:<8}")));
            let _ = writeln!(text, "{}", line(|(_, value)| format!("{value:<8}")));
        }
        let name = |program: u32| names.name(program).map_or_else(|| program.to_string(), str::to_owned);
        if !statistics.handed_on.is_empty() {
            // Only version 4 can be asked to hand on a call and to say what became of it.
            let indirect = at == 2;
            let title = if indirect { "indirect success failure" } else { "success\tfailure" };
            let _ = writeln!(text, "\n{}\nprog\t\tvers\tproc\tnetid\t{title}", titles.handed_on);
            for CallStatistics { prog, vers, proc, success, failure, indirect: how_many, netid } in
                &statistics.handed_on
            {
                let how_many = if indirect { format!("{how_many}\t ") } else { String::new() };
                let (name, netid) = (name(*prog), safe(netid));
                let _ = writeln!(text, "{name:<16}{vers}\t{proc}\t{netid}\t{how_many}{success}\t{failure}");
            }
        }
        if !statistics.addresses.is_empty() {
            let _ = writeln!(text, "\n{}\nprog\t\tvers\tnetid\t  success\tfailure", titles.addresses);
            for AddressStatistics { prog, vers, success, failure, netid } in &statistics.addresses {
                let (name, netid) = (name(*prog), safe(netid));
                let _ = writeln!(text, "{name:<16}{vers}\t{netid}\t  {success:<12}\t{failure}");
            }
        }
    }
    text
}

/// Of each procedure its short name, and how often it was called; of some how often with success before that.
fn columns(at: usize, statistics: &Statistics) -> Vec<(&'static str, String)> {
    let Statistics { calls, set, unset, addresses, handed_on } = statistics;
    let found: i64 = addresses.iter().map(|counted| i64::from(counted.success)).sum();
    let handed: i64 = handed_on.iter().map(|counted| i64::from(counted.success)).sum();
    let names: &[&str] = match at {
        0 => &["NULL", "SET", "UNSET", "GETPORT", "DUMP", "CALLIT"],
        1 => &["NULL", "SET", "UNSET", "GETADDR", "DUMP", "CALLIT", "TIME", "U2T", "T2U"],
        _ => &[
            "NULL", "SET", "UNSET", "GETADDR", "DUMP", "CALLIT", "TIME", "U2T", "T2U", "VERADDR", "INDRECT", "GETLIST",
            "GETSTAT",
        ],
    };
    // A list of addresses is looked up as an address is, and rpcinfo counts it with those. Nobody has called so often that
    // the sum overflows, but who knows what a peer says.
    let lookups = if at == 2 { calls[3].saturating_add(calls[11]) } else { calls[3] };
    let value = |at: usize| match at {
        1 => format!("{set}/{}", calls[at]),
        2 => format!("{unset}/{}", calls[at]),
        3 => format!("{found}/{lookups}"),
        5 => format!("{handed}/{}", calls[at]),
        _ => calls[at].to_string(),
    };
    names.iter().copied().enumerate().map(|(at, name)| (name, value(at))).collect()
}
