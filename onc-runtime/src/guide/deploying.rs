//! 15. Port mapper, systemd, an orderly end.
//!
//! # A port, and who is told
//!
//! Servers of RPC need no port of their own: `bind("0.0.0.0:0")`, or `[::]:0` for both families, takes any that is free, and the port
//! mapper tells it. Behind a firewall a fixed one is easier. A server that is bound to a wildcard address is registered for every
//! interface, one that is bound to a single address for that. On Linux nobody need be root to register: rpcbind's Unix socket
//! knows who does.
//!
//! ```
//! # use onc_runtime::{Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {}
//! use std::time::Duration;
//! use onc_runtime::portmap::{Policy, Registrar};
//!
//! let builder = Server::builder()
//!     .add(calc::CalcV1Server::new(Calculator))
//!     // Not to start where nobody would find it; and in place of an instance that still runs.
//!     .registrar(Registrar::new().policy(Policy::Require).replace(true))
//!     .stop_timeout(Duration::from_secs(30));
//! # drop(builder);
//! ```
//!
//! The default is [`Policy::BestEffort`](crate::portmap::Policy::BestEffort): the server serves, and is registered as soon as there is
//! a port mapper, also after that was restarted and has forgotten everything.
//! [`Server::registration`](crate::Server::registration) tells how it stands. Where no port mapper runs at all, `onc portmap` is one,
//! or the program [brings one along](crate::portmap::Daemon).
//!
//! # An orderly end
//!
//! [`Server::run_until`](crate::Server::run_until) takes what ends the program. The server is then taken out of the port mapper,
//! reads no further calls, answers those that run within the
//! [time limit](crate::server::ServerBuilder::stop_timeout), and says how many it had to cut off:
//!
//! ```no_run
//! # use onc_runtime::{Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {}
//! # #[cfg(unix)]
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     use tokio::signal::unix::{SignalKind, signal};
//!
//!     let mut terminate = signal(SignalKind::terminate())?;
//!     let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("[::]:0").await?;
//!     let stopped = server.run_until(async { terminate.recv().await.unwrap_or_default() }).await?;
//!     if stopped.cut > 0 {
//!         eprintln!("{} calls were cut off", stopped.cut);
//!     }
//!     Ok(())
//! }
//! # #[cfg(not(unix))] fn main() {}
//! ```
//!
//! # Under systemd
//!
//! Sockets that a `.socket` unit has opened are there before the server is, wait while it is restarted, and may have ports below 1024
//! although the server runs as nobody in particular:
//!
//! ```text
//! # calc.socket                          # calc.service
//! [Socket]                               [Unit]
//! ListenStream=2049                      Wants=rpcbind.socket
//! ListenDatagram=2049                    After=rpcbind.socket
//! ListenStream=/run/calc.sock
//!                                        [Service]
//! [Install]                              ExecStart=/usr/local/bin/calc
//! WantedBy=sockets.target                DynamicUser=yes
//! ```
//!
//! ```
//! # use onc_runtime::{Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {}
//! # #[cfg(unix)]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use onc_runtime::transport::Sockets;
//!
//! let builder = Server::builder().add(calc::CalcV1Server::new(Calculator));
//! let handed_over = Sockets::from_systemd()?;
//! let server = match handed_over.is_empty() {
//!     true => builder.bind("127.0.0.1:0").await?,         // started by hand
//!     false => builder.listen(handed_over).build().await?,
//! };
//! # drop(server);
//! # Ok(()) }
//! # #[cfg(not(unix))] fn main() {}
//! ```
//!
//! `onc portmap` takes the place of rpcbind with the sockets that rpcbind would have, and what it knows survives a restart:
//!
//! ```text
//! # onc-portmap.socket                   # onc-portmap.service
//! [Socket]                               [Unit]
//! ListenStream=111                       Conflicts=rpcbind.service rpcbind.socket
//! ListenDatagram=111
//! ListenStream=/run/rpcbind.sock         [Service]
//! ListenStream=@/run/rpcbind.sock        Type=notify
//!                                        ExecStart=/usr/local/bin/onc portmap --state /run/onc-portmap/state
//! [Install]                              User=daemon
//! WantedBy=sockets.target                RuntimeDirectory=onc-portmap
//!                                        RuntimeDirectoryPreserve=yes
//! ```
//!
//! # Before going live
//!
//! - The [limits](super::limits): is a record as large as your largest value, and a peer's share of connections what you mean?
//! - [Who calls](super::callers): `AUTH_SYS` proves nothing on a network that is not yours alone.
//! - [What is idempotent](super::repeats), said in the build script: those calls survive a restart of the server unnoticed.
//! - [Numbers](super::observing), and a look at `onc info HOST`, which shows what the port mapper knows and whether it answers.
