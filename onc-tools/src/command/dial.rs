//! Calling procedures that are known at run time only.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use onc_runtime::client::Request;
use onc_runtime::rpc::{AuthSys, Credential};
use onc_runtime::{Client, Interface, ProcedureInfo};
use xdrgen::model::{Model, Program, Version};

use crate::dynamic::{Decoded, Found, decode, find_procedure, procedures};
use crate::terminal::Json;

use super::input;
use super::outcome::tell;
use super::{Failure, say};

/// Where a server is, and how it is called.
#[derive(Args, Debug)]
pub(super) struct Dial {
    /// HOST, HOST:PORT, a universal address, or unix:PATH
    #[arg(value_name = "HOST")]
    host: String,
    /// Call over UDP
    #[arg(short, long)]
    udp: bool,
    /// Send an AUTH_SYS credential with this user and group
    #[arg(long, value_name = "UID:GID", value_parser = user)]
    auth_sys: Option<AuthSys>,
    /// Seconds that a call may take
    #[arg(long, value_name = "SECONDS", default_value = "25", value_parser = input::seconds)]
    timeout: Duration,
    /// The largest call and the largest reply, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_record_size: usize,
}

/// Which procedures are meant.
#[derive(Args, Debug)]
pub(super) struct Which {
    /// The program's name or number, where several have a procedure of that name
    #[arg(long, value_name = "NAME")]
    pub(super) prog: Option<String>,
    /// The version's name or number; without it the highest that has the procedure
    #[arg(long, value_name = "NAME")]
    pub(super) vers: Option<String>,
}

/// The server, with a client for each version of a program that was called.
pub(super) struct Server<'m> {
    dial: Dial,
    model: &'m Model,
    clients: HashMap<(i128, i128), (Client, &'static Interface)>,
}

/// What came back.
pub(super) struct Answer {
    result: Decoded,
    took: Duration,
}

impl Which {
    /// The procedure of that name or number.
    pub(super) fn find<'m>(&self, model: &'m Model, name: &str) -> Result<Found<'m>, Failure> {
        find_procedure(model, name, self.prog.as_deref(), self.vers.as_deref()).map_err(Failure::usage)
    }

    /// All that there are to choose from.
    pub(super) fn procedures<'m>(&self, model: &'m Model) -> impl Iterator<Item = Found<'m>> {
        procedures(model, self.prog.as_deref(), self.vers.as_deref())
    }
}

impl<'m> Server<'m> {
    pub(super) fn new(dial: Dial, model: &'m Model) -> Self {
        Self { dial, model, clients: HashMap::new() }
    }

    /// Where it is, as it was given.
    pub(super) fn host(&self) -> &str {
        &self.dial.host
    }

    /// Calls a procedure with encoded arguments; connects before the first call of each version of a program.
    pub(super) async fn call(&mut self, found: Found<'_>, arguments: Vec<u8>) -> Result<Answer, Failure> {
        let (client, interface) = self.client(found.program, found.version).await?;
        let number = u32::try_from(found.procedure.number.value)?;
        let begun = Instant::now();
        let response = client.call_raw(Request::new(interface, number, Bytes::from(arguments))).await;
        let took = begun.elapsed();
        let response = response.map_err(|error| Failure::call(&error))?;
        let result = decode(self.model, &found.procedure.result, &response.results);
        Ok(Answer { result: result.map_err(undecodable)?, took })
    }

    async fn client(&mut self, program: &Program, version: &Version) -> Result<(Client, &'static Interface), Failure> {
        let key = (program.number.value, version.number.value);
        if let Some((client, interface)) = self.clients.get(&key) {
            return Ok((client.clone(), interface));
        }
        let mut builder = Client::builder().timeout(self.dial.timeout).max_record_size(self.dial.max_record_size);
        if self.dial.udp {
            builder = builder.udp();
        }
        if let Some(user) = &self.dial.auth_sys {
            builder = builder.credential(Credential::Sys(user.clone()));
        }
        let interface = interface(program, version)?;
        let client = builder.connect_interface(interface, self.dial.host.as_str()).await;
        let client = client.map_err(|error| Failure::call(&error))?;
        self.clients.insert(key, (client.clone(), interface));
        Ok((client, interface))
    }
}

impl Answer {
    /// Prints the result, and how long it took if that is wanted. A failure if its encoding has a flaw.
    pub(super) fn show(&self, time: bool) -> Result<(), Failure> {
        say(format_args!("{:#}\n", Json(&self.result.value)))?;
        if time {
            tell(format_args!("{:.1?}", self.took));
        }
        self.result.flaw.map_or(Ok(()), |flaw| Err(undecodable(flaw)))
    }
}

fn undecodable(why: impl fmt::Display) -> Failure {
    Failure::new(format!("the results do not decode: {why}"))
}

/// A version of a program, as generated code would say it. Each lives as long as the process, which calls and ends.
fn interface(program: &Program, version: &Version) -> Result<&'static Interface, Failure> {
    let number = |value: i128| u32::try_from(value);
    let text = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let mut procedures = Vec::new();
    for procedure in &version.procedures {
        procedures.push(ProcedureInfo {
            number: number(procedure.number.value)?,
            name: text(&procedure.name),
            idempotent: procedure.idempotent,
        });
    }
    Ok(Box::leak(Box::new(Interface {
        program: number(program.number.value)?,
        version: number(version.number.value)?,
        program_name: text(&program.name.ident),
        version_name: text(&version.name),
        procedures: Box::leak(procedures.into_boxed_slice()),
    })))
}

/// `UID:GID`, both as numbers.
fn user(text: &str) -> Result<AuthSys, String> {
    let ids = text.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
    let (uid, gid) = ids.ok_or("a user's and a group's number are needed, as in 1000:100")?;
    Ok(AuthSys { uid, gid, ..AuthSys::default() })
}
