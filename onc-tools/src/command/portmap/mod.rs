//! `onc portmap`: the port mapper of a host.

// Apple's systems cannot give up groups for good.
#[cfg(unix)]
mod descriptors;
#[cfg(all(unix, not(target_vendor = "apple")))]
mod privileges;
#[cfg(target_os = "linux")]
mod systemd;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use onc_runtime::portmap::{Daemon, Indirect, PORT, PROGRAM, Rules, Sockets, table};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::outcome::coloured;
use super::{Failure, block_on, say};

/// Serve as this host's port mapper, in place of rpcbind
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  onc portmap                                  in place of rpcbind, as root
  onc portmap --user daemon --state /run/onc-portmap/state
  onc portmap --listen 127.0.0.1:1111 --no-socket   for tests, as anybody

Sockets that systemd hands over (LISTEN_FDS) are served instead of those that would be bound.")]
pub(super) struct Portmap {
    /// Listen at this address and port, TCP and UDP; may be given several times. Default: all addresses, port 111.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<SocketAddr>,
    /// Listen at this Unix socket; `@NAME` is a name in the abstract namespace; may be given several times. Default:
    /// `/run/rpcbind.sock` and `@/run/rpcbind.sock`.
    #[arg(long, value_name = "PATH")]
    socket: Vec<String>,
    /// No Unix socket.
    #[arg(long, conflicts_with = "socket")]
    no_socket: bool,
    /// Keep the entries in this file: when the port mapper is killed and started again nothing is lost. It is replaced from
    /// time to time, so that files can be made in its folder; with --user the folder is made for that user if there is none.
    #[arg(long, short = 'w', value_name = "FILE")]
    state: Option<PathBuf>,
    /// Look so often whether the servers are still there, and drop the entries of those that have died.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    drop_dead: Option<u32>,
    /// Become this user once all sockets are bound.
    #[arg(long, short = 'u', value_name = "USER")]
    user: Option<String>,
    /// Let other hosts have the list of entries, and other long answers, over UDP, too. It can be used to flood third parties.
    #[arg(long)]
    lists_over_udp: bool,
    /// Hand calls on to programs of this host (CALLIT, BCAST, INDIRECT): of procedure 0 only, which `rpcinfo -b` needs, or
    /// all, which lets strangers reach what believes to be called from here.
    #[arg(long, short = 'i', value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "null")]
    indirect: Option<Which>,
    /// Calls a second that are answered for one other host.
    #[arg(long, value_name = "CALLS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    calls_per_second: u32,
    /// Calls a second that are handed on for one other host, and for all programs of this one together.
    #[arg(long, value_name = "CALLS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    indirect_per_second: u32,
    /// Say more: -v what is registered and who is refused, -vv every call.
    #[arg(long, short, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Nothing: it stays in the foreground anyway. Accepted because rpcbind has it.
    #[arg(short = 'f', hide = true)]
    foreground: bool,
}

/// Calls that are handed on.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    /// Of procedure 0.
    Null,
    /// All.
    Any,
}

impl Portmap {
    fn rules(&self) -> Rules {
        let indirect = match self.indirect {
            None => Indirect::Off,
            Some(Which::Null) => Indirect::Null,
            Some(Which::Any) => Indirect::Any,
        };
        Rules::default()
            .with_lists_over_udp(self.lists_over_udp)
            .with_indirect(indirect)
            .with_calls_per_second(self.calls_per_second)
            .with_indirect_per_second(self.indirect_per_second)
    }

    pub(super) fn run(self) -> Result<(), Failure> {
        block_on(serve(self))
    }
}

/// Serves until it is told to stop.
async fn serve(options: Portmap) -> Result<(), Failure> {
    log(options.verbose);
    #[cfg(unix)]
    descriptors::raise_limit();
    let sockets = sockets(&options)?;
    #[cfg(all(unix, not(target_vendor = "apple")))]
    if let Some(user) = &options.user {
        privileges::become_user(user, options.state.as_deref())?;
    }
    #[cfg(not(all(unix, not(target_vendor = "apple"))))]
    if options.user.is_some() {
        return Err(Failure::usage("--user does not work on this system"));
    }
    let mut builder = Daemon::embedded().rules(options.rules());
    // As the user who is to write it anew later on.
    if let Some(file) = &options.state {
        let failed = |error| Failure::new(format!("the state {}: {error}", file.display()));
        builder = builder.state(file, table::Limits::default()).map_err(failed)?;
    }
    if let Some(seconds) = options.drop_dead {
        builder = builder.drop_dead(Duration::from_secs(seconds.into()));
    }
    let mapper = builder.serve(sockets)?;
    let entries = mapper.programs().entries();
    for entry in entries.iter().filter(|entry| (entry.program, entry.version) == (PROGRAM, 4)) {
        // Whether anybody reads it or not, it serves.
        let _ = say(format_args!("serving {} {}\n", entry.netid, entry.address));
    }
    let stop = stop()?;
    #[cfg(target_os = "linux")]
    systemd::notify("READY=1");
    stop.await;
    #[cfg(target_os = "linux")]
    systemd::notify("STOPPING=1");
    mapper.stop().await;
    Ok(())
}

/// Those that systemd hands over, or those that the options say.
fn sockets(options: &Portmap) -> Result<Sockets, Failure> {
    #[cfg(unix)]
    {
        let handed_over = Sockets::from_systemd()?;
        if !handed_over.is_empty() {
            return Ok(handed_over);
        }
    }
    let mut sockets = Sockets::new();
    if options.listen.is_empty() {
        sockets.bind_any(PORT).map_err(explain)?;
    }
    for address in &options.listen {
        sockets.bind(*address).map_err(explain)?;
    }
    #[cfg(unix)]
    if !options.no_socket {
        bind_unix(&mut sockets, &options.socket, &options.listen)?;
    }
    Ok(sockets)
}

#[cfg(unix)]
fn bind_unix(sockets: &mut Sockets, paths: &[String], listen: &[SocketAddr]) -> Result<(), Failure> {
    for path in paths {
        sockets.bind_unix(path).map_err(explain)?;
    }
    // A port mapper at another port than 111 is not this host's, and must not take its sockets.
    if paths.is_empty() && listen.iter().all(|address| address.port() == PORT) {
        sockets.bind_unix("/run/rpcbind.sock").map_err(explain)?;
        if cfg!(any(target_os = "linux", target_os = "android")) {
            sockets.bind_unix("@/run/rpcbind.sock").map_err(explain)?;
        }
    }
    Ok(())
}

/// Says what to do about the usual reasons.
fn explain(error: std::io::Error) -> Failure {
    let hint = match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "; only root may, others choose another port: --listen 127.0.0.1:1111 --no-socket"
        }
        std::io::ErrorKind::AddrInUse => "; does a port mapper run already (rpcbind)?",
        _ => "",
    };
    Failure::new(format!("{error}{hint}"))
}

/// Ends when the process is told to stop.
fn stop() -> Result<impl Future<Output = ()>, Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn log(verbose: u8) {
    let (of_ours, of_others) = match verbose {
        0 => (LevelFilter::INFO, LevelFilter::INFO),
        1 => (LevelFilter::DEBUG, LevelFilter::INFO),
        _ => (LevelFilter::TRACE, LevelFilter::DEBUG),
    };
    let levels = Targets::new().with_target("onc::portmap", of_ours).with_default(of_others);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(coloured(&std::io::stderr()));
    tracing_subscriber::registry().with(lines).with(levels).init();
}
