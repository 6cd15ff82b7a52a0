//! Man pages: one for each program, and one for each verb of `github-pm`.

use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, roman};

/// Writes every page into a folder.
pub(crate) fn write(commands: &[Command], folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let tools: Vec<_> = commands.iter().map(Command::get_name).collect();
    for command in commands {
        let mut command = command.clone().disable_help_subcommand(true);
        command.build();
        write_below(&command, command.get_name(), &tools, folder)?;
    }
    Ok(())
}

/// Writes the page of a command, and of what is below it; `typed` is how it is called.
fn write_below(command: &Command, typed: &str, tools: &[&str], folder: &Path) -> io::Result<()> {
    let name = typed.replace(' ', "-");
    std::fs::write(folder.join(format!("{name}.1")), page(command, typed, &name)?)?;
    for below in command.get_subcommands() {
        // A tool has a page of its own under its own name.
        if !below.get_display_name().is_some_and(|own| tools.contains(&own)) {
            write_below(below, &format!("{typed} {}", below.get_name()), tools, folder)?;
        }
    }
    Ok(())
}

fn page(command: &Command, typed: &str, name: &str) -> io::Result<Vec<u8>> {
    let version = command.get_version().unwrap_or(env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone().display_name(name).bin_name(typed));
    let man = man.title(name.to_uppercase()).source(format!("github-pm {version}")).manual("github-pm");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut page)?;
    }
    if command.has_subcommands() {
        let mut below = Vec::new();
        man.render_subcommands_section(&mut below)?;
        page.extend(own_names(command, name, &String::from_utf8_lossy(&below)).into_bytes());
    }
    sections(command).to_writer(&mut page)?;
    Ok(page)
}

/// Pages that are referred to by the names that their files have, those of tools too.
fn own_names(command: &Command, name: &str, text: &str) -> String {
    let written = |name: &str| format!("{}(1)", name.replace('-', "\\-"));
    let names =
        command.get_subcommands().filter_map(|below| Some((below.get_name(), below.get_display_name()?)));
    names.fold(text.to_owned(), |text, (word, own)| {
        text.replace(&written(&format!("{name}-{word}")), &written(own))
    })
}

/// What stands behind the flags in `--help`, its headings as sections and its lines as they are.
fn sections(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut has_status = false;
    for paragraph in text.split("\n\n").map(str::trim_end).filter(|paragraph| !paragraph.is_empty()) {
        let headed = paragraph.split_once('\n');
        if let Some((heading, lines)) =
            headed.and_then(|(first, lines)| Some((first.strip_suffix(':')?, lines)))
        {
            roff.control("SH", [heading.to_uppercase().as_str()]);
            literal(&mut roff, lines);
        } else if let Some(status) = paragraph.strip_prefix("Exit status: ") {
            has_status = true;
            roff.control("SH", ["EXIT STATUS"]).text([roman(status.replace('\n', " "))]);
        } else {
            roff.control("PP", []).text([roman(paragraph)]);
        }
    }
    if !has_status {
        roff.control("SH", ["EXIT STATUS"]);
        for (status, meaning) in STATUSES {
            roff.control("TP", []).text([roman(*status)]).text([roman(*meaning)]);
        }
    }
    roff
}

/// What every tool's status means: `Exit` of pm-cli, in words.
const STATUSES: &[(&str, &str)] = &[
    ("0", "Done; also when the reader of the output left early."),
    ("1", "The answer that --exit-code asked about is yes: an alert fired, a regression is certain."),
    ("2", "Wrong usage or configuration; trying again is useless."),
    ("3", "The answer that --exit-code asked about is not known."),
    ("4", "Files, network or permissions; trying again may help."),
    ("5", "Bad input, with --strict."),
];

fn literal(roff: &mut Roff, lines: &str) {
    roff.control("EX", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("EE", []);
}
