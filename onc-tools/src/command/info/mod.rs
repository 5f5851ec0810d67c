//! `onc info`, and `rpcinfo`: what a port mapper knows.

mod broadcast;
mod call;
mod classic;
mod overview;
mod print;
mod statistics;

use std::process::ExitCode;

use clap::{Args, Parser};
use onc_runtime::rpc::Netid;

use super::{Failure, block_on};

/// Show what a host's port mapper knows, and whether each server answers
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  onc info                       this host
  onc info nas --json
  onc info --watch nas
  onc info -t nas nfs 3          as rpcinfo: does version 3 of nfs answer over TCP?
  onc info -d 0x20000001 1       take the entries of a program out of this host's port mapper

The host is HOST, HOST:PORT where its port mapper is at another port than 111, or unix:PATH. Each entry's procedure 0 is called;
what cannot be reached from here, as the Unix sockets of another host, has a dash. Called by the name rpcinfo, it takes that
command's options alone, and prints what that prints.")]
pub(super) struct Info {
    #[command(flatten)]
    classic: Classic,
    /// Print JSON, an array of entries
    #[arg(long)]
    json: bool,
    /// Show it again every so many seconds, 2 if none are given, until interrupted
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2",
          value_parser = clap::value_parser!(u32).range(1..))]
    watch: Option<u32>,
}

/// `rpcinfo`
#[derive(Debug, Parser)]
#[command(
    name = "rpcinfo",
    version,
    about = "Reports what a host's port mapper knows.",
    override_usage = "\
rpcinfo [-s | -m | -p] [HOST]
       rpcinfo -T NETID HOST PROGRAM [VERSION]
       rpcinfo -T NETID -a ADDRESS PROGRAM [VERSION]
       rpcinfo -t | -u [-n PORT] HOST PROGRAM [VERSION]
       rpcinfo -l HOST PROGRAM VERSION
       rpcinfo -b PROGRAM VERSION
       rpcinfo -d [-T NETID] PROGRAM VERSION"
)]
pub(super) struct Rpcinfo {
    #[command(flatten)]
    options: Classic,
}

/// The options of rpcinfo.
#[derive(Debug, Args)]
pub(crate) struct Classic {
    /// List the entries that version 2 of the port mapper's protocol knows: [HOST]
    #[arg(short = 'p', group = "mode")]
    pub(crate) portmap: bool,
    /// List the programs, one a line: [HOST]
    #[arg(short = 's', group = "mode")]
    pub(crate) short: bool,
    /// Show what the port mapper has done: [HOST]
    #[arg(short = 'm', group = "mode")]
    pub(crate) statistics: bool,
    /// List the addresses of a program and version: HOST PROGRAM VERSION
    #[arg(short = 'l', group = "mode")]
    pub(crate) addresses: bool,
    /// Ask by broadcast which hosts have a program and version: PROGRAM VERSION
    #[arg(short = 'b', group = "mode")]
    pub(crate) broadcast: bool,
    /// Take the entries of a program and version out of this host's port mapper: PROGRAM VERSION
    #[arg(short = 'd', group = "mode")]
    pub(crate) delete: bool,
    /// Call procedure 0 over TCP: HOST PROGRAM [VERSION]
    #[arg(short = 't', group = "mode")]
    pub(crate) tcp: bool,
    /// Call procedure 0 over UDP: HOST PROGRAM [VERSION]
    #[arg(short = 'u', group = "mode")]
    pub(crate) udp: bool,
    /// Call procedure 0 over this transport: HOST PROGRAM [VERSION]
    #[arg(short = 'T', value_name = "NETID",
          conflicts_with_all = ["portmap", "short", "statistics", "addresses", "broadcast", "tcp", "udp"])]
    pub(crate) netid: Option<Netid>,
    /// With -t and -u: at this port, without asking the port mapper
    #[arg(short = 'n', value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// With -T: at this universal address, without asking the port mapper: PROGRAM [VERSION]
    #[arg(short = 'a', value_name = "ADDRESS", requires = "netid")]
    pub(crate) address: Option<String>,
    /// Host, program and version, as the option wants them; programs by number or name
    #[arg(value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<String>,
}

impl Info {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.classic.asks_for_something() {
            if self.json || self.watch.is_some() {
                return Err(Failure::usage("--json and --watch are for the overview, without rpcinfo's options"));
            }
            return block_on(classic::run(self.classic));
        }
        block_on(overview::run(self.classic.arguments, self.json, self.watch))
    }
}

impl Rpcinfo {
    /// Does what this process was called for, and ends as rpcinfo does: with 1 whatever goes wrong.
    pub(super) fn main() -> ExitCode {
        let parsed = match Self::try_parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                // Nobody is left to be told that standard output or standard error is closed.
                let _ = error.print();
                return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
            }
        };
        let done = block_on(classic::run(parsed.options));
        done.map_or_else(|failure| failure.refused().end("rpcinfo"), |()| ExitCode::SUCCESS)
    }
}

impl Classic {
    fn asks_for_something(&self) -> bool {
        let Self { portmap, short, statistics, addresses, broadcast, delete, tcp, udp, netid, port, address, .. } =
            self;
        [*portmap, *short, *statistics, *addresses, *broadcast, *delete, *tcp, *udp].contains(&true)
            || netid.is_some()
            || port.is_some()
            || address.is_some()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn rpcinfos_ways_to_write_options_are_understood() {
        Rpcinfo::command().debug_assert();
        let parse = |line: &str| Rpcinfo::try_parse_from(line.split(' ')).map(|parsed| parsed.options);
        let options = parse("rpcinfo -n 111 -u localhost 100000 4").expect("understood");
        assert!(options.udp && options.port == Some(111) && options.arguments.len() == 3);
        let options = parse("rpcinfo -T tcp host nfs").expect("understood");
        assert!(options.netid == Some(Netid::Tcp) && options.arguments == ["host", "nfs"]);
        let options = parse("rpcinfo -a 127.0.0.1.0.111 -T udp 100000").expect("understood");
        assert_eq!(options.address.as_deref(), Some("127.0.0.1.0.111"));
        assert!(parse("rpcinfo -p -s").is_err(), "one thing at a time");
        assert!(parse("rpcinfo -z").is_err());
        assert!(!parse("rpcinfo host").expect("understood").asks_for_something());
    }
}
