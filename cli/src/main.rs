//! `mrprism`: the command people type.

mod bundle;
mod client;
mod command;
mod failure;
mod foreground;
mod home;
mod output;
mod paper;
mod process;
mod program;
mod select;
mod source;
mod watch;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use mrprism_settings::Flags;
use nix::sys::signal::{SigHandler, Signal, signal};

use crate::failure::WrongUse;

/// Schedules, runs and reports experiments on learning segmentation from several raters.
#[derive(Debug, Parser)]
#[command(
    name = "mrprism",
    version,
    about,
    after_help = "Examples:\n  \
    mrprism up\n  \
    mrprism submit experiments/studies/quickstart.toml --wait\n  \
    mrprism table quickstart\n  \
    mrprism down\n\n\
    Exit code 0: done, 1: failed, 2: wrong use."
)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(command::up::Up),
    Down(command::down::Down),
    Status(command::status::Status),
    Plan(command::planning::plan::Plan),
    Submit(command::submit::Submit),
    Extend(command::planning::extend::Extend),
    Retry(command::planning::retry::Retry),
    Diff(command::planning::diff::Diff),
    Experiments(command::experiments::Experiments),
    Table(command::table::Table),
    Figure(command::figure::Figure),
    Rescore(command::rescore::Rescore),
    Freeze(command::archive::freeze::Freeze),
    Export(command::archive::export::Export),
    Import(command::archive::import::Import),
    Bundle(command::archive::bundle::Bundle),
    Check(command::check::Check),
    Logs(command::logs::Logs),
    Queue(command::control::queue::Queue),
    Pause(command::control::pausing::Pause),
    Drain(command::control::pausing::Drain),
    Resume(command::control::pausing::Resume),
    Cancel(command::control::cancel::Cancel),
    Workers(command::control::workers::Workers),
    Train(command::train::Train),
    Methods(command::methods::Methods),
    Data(command::data::Data),
    Fuse(command::fuse::Fuse),
    Score(command::score::Score),
    Weights(command::weights::Weights),
    Devices(command::devices::Devices),
    #[command(subcommand)]
    Bench(command::bench::Bench),
    Worker(command::worker::Worker),
    Config(command::config::Settings),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime
        .context("starting")
        .and_then(|runtime| runtime.block_on(run(cli.command, &cli.flags)));
    match result {
        Ok(code) => code,
        Err(error) if error.is::<WrongUse>() => {
            // Faults of a file begin with the file's name, so that an editor can follow them.
            output::note(error);
            ExitCode::from(2)
        }
        Err(error) => {
            output::note(format_args!("mrprism: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(up) => up.run(flags).await,
        Command::Down(down) => down.run(flags).await,
        Command::Status(status) => status.run(flags).await,
        Command::Plan(plan) => plan.run(flags).await,
        Command::Submit(submit) => submit.run(flags).await,
        Command::Extend(extend) => extend.run(flags).await,
        Command::Retry(retry) => retry.run(flags).await,
        Command::Diff(diff) => diff.run(flags).await,
        Command::Experiments(experiments) => experiments.run(flags).await,
        Command::Table(table) => table.run(flags).await,
        Command::Figure(figure) => figure.run(flags).await,
        Command::Rescore(rescore) => rescore.run(flags).await,
        Command::Freeze(freeze) => freeze.run(flags).await,
        Command::Export(export) => export.run(flags).await,
        Command::Import(import) => import.run(flags).await,
        Command::Bundle(bundle) => bundle.run(flags).await,
        Command::Check(check) => check.run(flags).await,
        Command::Logs(logs) => logs.run(flags).await,
        Command::Queue(queue) => queue.run(flags).await,
        Command::Pause(pause) => pause.run(flags).await,
        Command::Drain(drain) => drain.run(flags).await,
        Command::Resume(resume) => resume.run(flags).await,
        Command::Cancel(cancel) => cancel.run(flags).await,
        Command::Workers(workers) => workers.run(flags).await,
        Command::Train(train) => train.run(flags),
        Command::Methods(methods) => methods.run(),
        Command::Data(data) => data.run(flags).await,
        Command::Fuse(fuse) => fuse.run(flags),
        Command::Score(score) => score.run(),
        Command::Weights(weights) => weights.run(flags),
        Command::Devices(devices) => devices.run(),
        Command::Bench(bench) => bench.run(),
        Command::Worker(worker) => worker.run(flags),
        Command::Config(settings) => settings.run(flags),
    }
}

/// Leaves Ctrl-C to the program that this one waits for.
fn ignore_interrupts() -> anyhow::Result<()> {
    // SAFETY: ignoring a signal installs no handler that could run.
    unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }
        .context("leaving Ctrl-C to the worker")?;
    Ok(())
}
