//! 7. TCP, UDP, Unix sockets, memory, TLS, and several of them at once.
//!
//! [`bind`](crate::server::ServerBuilder::bind) binds TCP and UDP to one port. One server serves any number of further sockets, and
//! connections that were made elsewhere, all at the same time:
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! use onc_runtime::transport::{Peer, Sockets, memory};
//!
//! # #[cfg(unix)]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("onc-guide-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("calc.sock");
//! let mut sockets = Sockets::new();
//! sockets.bind_tcp("127.0.0.2:0".parse()?)?;          // TCP alone, at another address
//!
//! let server = Server::builder()
//!     .add(calc::CalcV1Server::new(Calculator))
//!     .listen(sockets)
//!     .listen_unix(&path)                             // /run/calc.sock, say; "@calc" is in Linux's abstract namespace
//!     .bind("127.0.0.1:0").await?;                    // TCP and UDP at one port
//! let (address, handle) = (server.local_addr()?, server.handle());
//! # let running = tokio::spawn(server.run());
//!
//! let (near, far) = memory::pair();                   // or what comes out of a TLS handshake, a pipe, …
//! handle.serve_stream(far, Peer::local(None))?;
//!
//! let clients: [calc::CalcV1Client; 4] = [
//!     Client::builder().connect_to(address).await?,
//!     Client::builder().udp().connect_to(address).await?,
//!     Client::builder().connect(format!("unix:{}", path.display())).await?,
//!     Client::builder().connect_stream(near)?,
//! ];
//! for calc in clients {
//!     assert_eq!(calc.add(2, 40).await?, 42);
//! }
//! # handle.stop();
//! # running.await??;
//! # std::fs::remove_dir(&folder)?;
//! # Ok(()) }
//! # #[cfg(not(unix))] fn main() {}
//! ```
//!
//! A [`Stream`](crate::transport::Stream) is anything that is `AsyncRead + AsyncWrite`. A client that is told
//! [how to open one](crate::client::ClientBuilder::connect_with) opens another when it is lost. Whoever accepts it says in
//! [`Peer`](crate::transport::Peer) who is at the other end. Handlers ask it, and its
//! [`netid`](crate::transport::Peer::netid) is the transport's name as port mappers know it (RFC 5665): `tcp`, `tcp6`, `udp`, `udp6`,
//! `local`.
//!
//! # Netids
//!
//! A client that is told a host takes the first address that answers. Told a netid, too, it takes that transport alone: one of IPv4 or
//! IPv6, or `local`, the Unix socket that the server has registered with the port mapper of this host.
//!
//! ```
//! use onc_runtime::Client;
//! use onc_runtime::rpc::Netid;
//!
//! let over_ipv6 = Client::builder().netid(Netid::Udp6);           // .connect("host")
//! let over_a_socket = Client::builder().netid(Netid::Local);      // .connect("localhost")
//! # drop((over_ipv6, over_a_socket));
//! ```
//!
//! # IPv6
//!
//! A server that is bound to `[::]:0` takes IPv4 too, and is registered under the netids of both. A link-local address needs the
//! interface that it is meant on: `[fe80::1%eth0]:2049` is bound and connected to like any other, `fe80::1%eth0` is a host whose port
//! mapper can be asked, and what it tells is reached by the same interface.
//!
//! # Sockets that are there already
//!
//! [`Sockets::add_tcp`](crate::transport::Sockets::add_tcp), `add_udp` and `add_unix` take sockets of the standard library, bound
//! and set up as one likes. Those that systemd hands over are taken by `Sockets::from_systemd`: see
//! [`deploying`](super::deploying).
//!
//! # Ports below 1024
//!
//! A server binds one as any other port, if it may. Clients call from one with
//! [`reserved_port`](crate::client::ClientBuilder::reserved_port): some servers take no calls from others.
//!
//! Next: [`middleware`](super::middleware).
