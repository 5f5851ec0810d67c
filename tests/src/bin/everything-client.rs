//! `everything-client HOST NETID WHO`: calls every procedure of both versions of everything.x, found through the port
//! mapper, on a server that calls itself WHO. Prints `ok NAME` for each answer that is right and `all ok` at the end; ends
//! with 1 at the first that is not.

use std::process::ExitCode;

use onc_runtime::client::{ClientBuilder, Stub};
use onc_runtime::{Client, Error, Interface, ResolveError};
use onc_tests::everything::calls::{Difference, compute_all, echo_all};
use onc_tests::everything::generated::{EVERYTHING_PROG, EverythingV1Client, EverythingV2Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, netid, who] = arguments.as_slice() else {
        eprintln!("usage: everything-client HOST NETID WHO");
        return ExitCode::from(2);
    };
    match call_all(host, netid, who).await {
        Ok(()) => {
            println!("all ok");
            ExitCode::SUCCESS
        }
        Err(Difference { procedure, what }) => {
            println!("FAILED {procedure}: {what}");
            ExitCode::FAILURE
        }
    }
}

async fn call_all(host: &str, netid: &str, who: &str) -> Result<(), Difference> {
    let datagrams = netid.starts_with("udp");
    let builder = || -> ClientBuilder { if datagrams { Client::builder().udp() } else { Client::builder().tcp() } };
    let failed = |error: Error| Difference { procedure: "connecting", what: error.to_string() };

    let echo: EverythingV1Client = builder().connect(host).await.map_err(failed)?;
    echo_all(&echo, datagrams).await?;
    let compute: EverythingV2Client = builder().connect(host).await.map_err(failed)?;
    compute_all(&compute, who).await?;

    let what = match builder().connect::<Version99>(host).await {
        Err(Error::Resolve(error)) => match &*error {
            ResolveError::VersionNotRegistered { versions, .. } if versions == &[1, 2] => return Ok(()),
            other => other.to_string(),
        },
        Err(other) => other.to_string(),
        Ok(_) => "it is there".to_owned(),
    };
    Err(Difference { procedure: "an unknown version", what })
}

/// A version that no server has.
#[derive(Debug)]
struct Version99(Client);

impl Stub for Version99 {
    const INTERFACE: &'static Interface = &Interface {
        program: EVERYTHING_PROG,
        version: 99,
        program_name: "EVERYTHING_PROG",
        version_name: "EVERYTHING_V99",
        procedures: &[],
    };

    fn from_client(client: Client) -> Self {
        Self(client)
    }

    fn client(&self) -> &Client {
        &self.0
    }
}
