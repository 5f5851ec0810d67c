//! `onc completions`: the command line, as a shell completes it.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::outcome::say_bytes;
use super::{Failure, Onc};

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc completions bash > ~/.local/share/bash-completion/completions/onc
  onc completions zsh > ~/.zfunc/_onc
  onc completions fish > ~/.config/fish/completions/onc.fish")]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Onc::command(), "onc", &mut script);
        say_bytes(&script)
    }
}
