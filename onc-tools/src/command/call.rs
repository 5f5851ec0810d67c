//! `onc call`: any procedure of any server.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use onc_runtime::client::Request;
use onc_runtime::rpc::{AuthSys, Credential};
use onc_runtime::{Client, Interface, ProcedureInfo};
use serde_json::Value;
use xdrgen::model::Model;

use crate::dynamic::{Found, arguments_template, decode, encode_arguments, find_procedure};

use super::input::{self, Source};
use super::{Failure, block_on, say};

/// Call a procedure of a server: arguments from JSON, result as JSON
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc call localhost calc.x ADD '{\"a\":2,\"b\":40}'
  onc call localhost calc.x ADD '[1,2]' '[3,4]'
  onc call server:2049 nfs3.x NFSPROC3_GETATTR @handle.json --time
  jq -c .[] calls.json | onc call localhost calc.x ADD -
  onc call - calc.x ADD --template

One argument: the JSON is that argument. Several: an object with their names, or an array in their order. None: leave it out.
A file and standard input may hold several JSON values one after the other, a call each. All are checked before the first call
is made.")]
pub(super) struct Call {
    /// HOST, HOST:PORT, a universal address, or unix:PATH
    #[arg(value_name = "HOST")]
    host: String,
    #[command(flatten)]
    source: Source,
    /// The procedure's name or number
    #[arg(value_name = "PROC")]
    procedure: String,
    /// The arguments of a call as JSON, @FILE, or - for standard input; a call for each
    #[arg(value_name = "JSON")]
    arguments: Vec<String>,
    /// As JSON
    #[arg(short = 'd', long = "data", value_name = "JSON")]
    data: Vec<String>,
    /// The program's name or number, where several have the procedure
    #[arg(long, value_name = "NAME")]
    prog: Option<String>,
    /// The version's name or number; without it the highest that has the procedure
    #[arg(long, value_name = "NAME")]
    vers: Option<String>,
    /// Call over UDP
    #[arg(short, long)]
    udp: bool,
    /// Send an AUTH_SYS credential with this user and group
    #[arg(long, value_name = "UID:GID", value_parser = user)]
    auth_sys: Option<AuthSys>,
    /// Seconds that a call may take
    #[arg(long, value_name = "SECONDS", default_value = "25", value_parser = input::seconds)]
    timeout: Duration,
    /// Say how long each call took
    #[arg(long)]
    time: bool,
    /// Print the JSON to fill in, and call nothing
    #[arg(long)]
    template: bool,
}

impl Call {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        let found = find_procedure(&model, &self.procedure, self.prog.as_deref(), self.vers.as_deref())
            .map_err(Failure::usage)?;
        if self.template {
            return say(format_args!("{:#}\n", arguments_template(&model, found.procedure)));
        }
        let mut calls = Vec::new();
        for text in self.arguments.iter().chain(&self.data) {
            for document in input::json(text)? {
                let encoded = encode_arguments(&model, found.procedure, document.value());
                calls.push(encoded.map_err(|error| document.wrong(&error))?);
            }
        }
        if calls.is_empty() {
            calls.push(encode_arguments(&model, found.procedure, &Value::Null).map_err(Failure::usage)?);
        }
        block_on(self.call(&model, found, calls))
    }

    async fn call(&self, model: &Model, found: Found<'_>, calls: Vec<Vec<u8>>) -> Result<(), Failure> {
        let interface = interface(found)?;
        let mut builder = Client::builder().timeout(self.timeout);
        if self.udp {
            builder = builder.udp();
        }
        if let Some(user) = &self.auth_sys {
            builder = builder.credential(Credential::Sys(user.clone()));
        }
        let client = builder.connect_interface(interface, self.host.as_str()).await;
        let client = client.map_err(|error| Failure::call(&error))?;
        let number = interface.procedures[0].number;
        for arguments in calls {
            let begun = Instant::now();
            let response = client.call_raw(Request::new(interface, number, Bytes::from(arguments))).await?;
            let took = begun.elapsed();
            let mut rest = &response.results[..];
            let value = decode(model, &found.procedure.result, &mut rest)
                .map_err(|error| Failure::new(format!("the results do not decode: {error}")))?;
            say(format_args!("{value:#}\n"))?;
            if !rest.is_empty() {
                return Err(Failure::new(format!("the results have {} bytes too many", rest.len())));
            }
            if self.time {
                eprintln!("{took:.1?}");
            }
        }
        Ok(())
    }
}

/// The interface with this one procedure. It lives as long as the program, which calls and ends.
fn interface(found: Found<'_>) -> Result<&'static Interface, Failure> {
    let number = |value: i128| u32::try_from(value);
    let text = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let procedure = ProcedureInfo {
        number: number(found.procedure.number.value)?,
        name: text(&found.procedure.name),
        idempotent: found.procedure.idempotent,
    };
    Ok(Box::leak(Box::new(Interface {
        program: number(found.program.number.value)?,
        version: number(found.version.number.value)?,
        program_name: text(&found.program.name.ident),
        version_name: text(&found.version.name),
        procedures: Box::leak(Box::new([procedure])),
    })))
}

/// `UID:GID`, both as numbers.
fn user(text: &str) -> Result<AuthSys, String> {
    let ids = text.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
    let (uid, gid) = ids.ok_or("a user's and a group's number are needed, as in 1000:100")?;
    Ok(AuthSys { uid, gid, ..AuthSys::default() })
}
