//! A port mapper, a server and clients, each a process that is killed and started again at random while the others go on:
//! nothing but the killed one has to be started anew, and no call that was answered is lost.
//!
//! For as long as `ONC_KILLS_SECONDS` says (8); `ONC_KILLS_SEED` chooses another chance.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use onc_tests::dice::Dice;
use onc_tests::ledger::Ledger;
use onc_tests::process::{Running, command, poll};

/// The transports of the clients.
const TRANSPORTS: [&str; 4] = ["tcp", "udp", "tcp", "udp"];

/// How many calls of a client have to be answered for it to have recovered.
const RECOVERED: usize = 50;

/// What became of the calls of a client, in all its lives.
#[derive(Debug, Default)]
struct Outcomes {
    answered: Vec<u64>,
    not_executed: Vec<u64>,
    unknown: Vec<u64>,
}

impl Outcomes {
    fn read(file: &Path) -> Self {
        let mut outcomes = Self::default();
        for line in fs::read_to_string(file).unwrap_or_default().lines() {
            let (outcome, ticket) = line.split_once(' ').expect("an outcome and a ticket");
            let ticket = ticket.parse().expect("a ticket");
            match outcome {
                "answered" => outcomes.answered.push(ticket),
                "not-executed" => outcomes.not_executed.push(ticket),
                "unknown" => outcomes.unknown.push(ticket),
                other => panic!("{other}?"),
            }
        }
        outcomes
    }
}

/// All processes, and where they leave what they did.
struct Stage {
    folder: PathBuf,
    /// The port mapper forgets when it is killed.
    forgets: bool,
    mapper_address: String,
    mapper: Option<Running>,
    server: Option<Running>,
    clients: Vec<Option<Running>>,
    /// Clients so far: each life has tickets of its own.
    lives: u64,
}

impl Stage {
    fn set(forgets: bool) -> Self {
        let folder = env::temp_dir().join(format!("onc-kills-{}-{forgets}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let mut stage = Self {
            folder,
            forgets,
            // While it is down, none of the others' sockets gets its port.
            mapper_address: "127.0.0.7:0".to_owned(),
            mapper: None,
            server: None,
            clients: TRANSPORTS.map(|_| None).into(),
            lives: 0,
        };
        stage.start_mapper();
        stage.start_server();
        for client in 0..TRANSPORTS.len() {
            stage.start_client(client);
        }
        stage
    }

    fn start_mapper(&mut self) {
        let mut command = command(env!("CARGO_BIN_EXE_port-mapper"));
        command.arg(&self.mapper_address);
        if !self.forgets {
            command.arg(self.folder.join("mapper"));
        }
        let mut mapper = Running::start(command);
        // From the second time on it is the same.
        self.mapper_address = mapper.wait_for_line("ready ");
        self.mapper = Some(mapper);
    }

    fn start_server(&mut self) {
        let mut command = command(env!("CARGO_BIN_EXE_ledger-server"));
        command.arg(&self.mapper_address).arg(self.ledger());
        self.server = Some(Running::start(command));
    }

    fn start_client(&mut self, client: usize) {
        let mut command = command(env!("CARGO_BIN_EXE_ledger-client"));
        self.lives += 1;
        let first_ticket = (self.lives << 32).to_string();
        command.args([TRANSPORTS[client], &self.mapper_address, &first_ticket]).arg(self.outcomes(client));
        self.clients[client] = Some(Running::start(command));
    }

    fn ledger(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    fn outcomes(&self, client: usize) -> PathBuf {
        self.folder.join(format!("client-{client}"))
    }

    /// Kills one process, and starts it again after a while.
    fn strike(&mut self, dice: &mut Dice) {
        let down = Duration::from_millis(dice.below(400));
        match dice.below(4) {
            0 => {
                self.mapper = None;
                sleep(down);
                self.start_mapper();
            }
            1 | 2 => {
                self.server = None;
                sleep(down);
                self.start_server();
            }
            _ => {
                let client = dice.below(TRANSPORTS.len() as u64) as usize;
                self.clients[client] = None;
                sleep(down);
                self.start_client(client);
            }
        }
    }

    /// No process has ended by itself.
    fn all_run(&mut self) {
        let all = [&mut self.mapper, &mut self.server].into_iter().chain(&mut self.clients);
        for process in all.flatten() {
            assert_eq!(process.ended(), None, "a process has ended without being killed");
        }
    }

    /// Without anything being started anew, the calls of every client are answered again.
    fn recovers(&mut self) {
        let answered = |stage: &Self, client| Outcomes::read(&stage.outcomes(client)).answered.len();
        let before: Vec<usize> = (0..TRANSPORTS.len()).map(|client| answered(self, client)).collect();
        for (client, before) in before.into_iter().enumerate() {
            let recovered = poll(|| (answered(self, client) >= before + RECOVERED).then_some(()));
            assert!(recovered.is_some(), "client {client} ({}) does not recover", TRANSPORTS[client]);
        }
        self.all_run();
    }

    /// Ends all of it, and compares what the clients were told with what the server has done.
    fn compare(mut self) {
        self.clients.clear();
        if let Some(server) = self.server.take() {
            let (status, _) = server.terminate();
            assert!(status.success(), "the server ends in order: {status}");
        }
        let executed = Ledger::read(&self.ledger()).expect("the server's file");
        let times = |ticket: &u64| executed.get(ticket).copied().unwrap_or(0);
        for (client, transport) in TRANSPORTS.into_iter().enumerate() {
            let Outcomes { answered, not_executed, unknown } = Outcomes::read(&self.outcomes(client));
            for ticket in &answered {
                assert!(times(ticket) >= 1, "{transport}: {ticket} was answered, and is lost");
            }
            for ticket in &not_executed {
                assert_eq!(times(ticket), 0, "{transport}: {ticket} was executed after all");
            }
            // Over UDP a server that was killed has forgotten what it had executed.
            if transport == "tcp" {
                for ticket in answered.iter().chain(&unknown) {
                    assert!(times(ticket) <= 1, "{transport}: {ticket} was executed {} times", times(ticket));
                }
            }
            println!(
                "client {client} ({transport}): {} answered, {} not executed, {} unknown",
                answered.len(),
                not_executed.len(),
                unknown.len()
            );
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect(name))
}

fn run(forgets: bool) {
    let time = Duration::from_secs(number("ONC_KILLS_SECONDS", 8));
    let mut dice = Dice::new(number("ONC_KILLS_SEED", 1));
    let mut stage = Stage::set(forgets);
    stage.recovers();
    let (begun, mut strikes) = (Instant::now(), 0);
    while begun.elapsed() < time {
        sleep(Duration::from_millis(dice.below(600)));
        stage.all_run();
        stage.strike(&mut dice);
        strikes += 1;
    }
    stage.recovers();
    println!("{strikes} processes were killed");
    stage.compare();
}

#[test]
fn everything_goes_on_with_a_port_mapper_that_remembers() {
    run(false);
}

#[test]
fn everything_goes_on_with_a_port_mapper_that_forgets() {
    run(true);
}
