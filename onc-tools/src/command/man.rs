//! `onc man`: the manual pages, made of what `--help` shows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, roman};

use super::outcome::say_bytes;
use super::{EXIT_STATUS, Failure, Onc};

/// Print the manual page, or write one for each subcommand
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc man | man -l -                       read it
  onc man /usr/local/share/man/man1        install onc.1, onc-call.1, ...")]
pub(super) struct Man {
    /// Folder to write the pages to; it is made if it is not there. Default: print the page of onc itself
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut command = Onc::command().disable_help_subcommand(true);
        // Gives the subcommands their names, `onc-call`.
        command.build();
        let Some(folder) = self.folder else { return say_bytes(&page(&command)?.1) };
        let failed = |path: &Path, error| Failure::new(format!("cannot write {}: {error}", path.display()));
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            let (name, text) = page(command)?;
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }
}

/// The name and the text of a command's page.
fn page(command: &Command) -> io::Result<(String, Vec<u8>)> {
    let page = Page::new(command.clone()).manual("onc");
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (mut notes, mut examples) = (Vec::new(), Vec::new());
    for paragraph in after.split("\n\n") {
        match paragraph.strip_prefix("Examples:\n") {
            Some(lines) => examples.push(lines),
            None if paragraph == EXIT_STATUS || paragraph.is_empty() => {}
            None => notes.push(paragraph),
        }
    }
    section("NOTES", &notes, Lines::Fill).to_writer(&mut text)?;
    section("EXIT STATUS", &[EXIT_STATUS.trim_start_matches("Exit status: ")], Lines::Fill).to_writer(&mut text)?;
    section("EXAMPLES", &examples, Lines::Keep).to_writer(&mut text)?;
    Ok((page.get_filename(), text))
}

/// What becomes of the lines of a text.
#[derive(PartialEq)]
enum Lines {
    /// They are joined, and broken as the page's width wants it.
    Fill,
    /// They stay as they are.
    Keep,
}

fn section(title: &str, paragraphs: &[&str], lines: Lines) -> Roff {
    let mut roff = Roff::new();
    if paragraphs.is_empty() {
        return roff;
    }
    roff.control("SH", [title]);
    for paragraph in paragraphs {
        roff.control("PP", []);
        if lines == Lines::Keep {
            roff.control("nf", []);
        }
        for line in paragraph.lines() {
            roff.text([roman(line)]);
        }
        if lines == Lines::Keep {
            roff.control("fi", []);
        }
    }
    roff
}
