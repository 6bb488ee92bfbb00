//! `mrprism-worker`: claims runs from a server and trains each in a process of its own.

mod attempt;
mod bench;
mod child;
mod claim;
mod client;
mod clock;
mod data_root;
mod device;
mod lease;
mod leftovers;
mod output;
mod process_id;
mod register;
mod relay;
mod run;
mod supervise;
mod weights;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mrprism_settings::flags::{HomeFlags, TrainerFlags};
use mrprism_settings::worker::{ServeFlags, Settings};
use tracing_subscriber::EnvFilter;

use crate::data_root::Holdings;

/// Trains runs, from a server's queue or alone.
#[derive(Debug, Parser)]
#[command(version = VERSION, about, after_help = "Examples:\n  \
    mrprism-worker serve --home .mrprism --data-root data=/srv/data\n  \
    mrprism-worker devices --json")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (science version ",
    env!("MRPRISM_SCIENCE_VERSION"),
    ")"
);

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a server's queue until a signal asks to end
    #[command(
        after_help = "Examples:\n  mrprism-worker serve --home .mrprism --data-root data=/srv/data\n  \
        mrprism-worker serve --server http://lab:8080 --token T --device cuda\n\n\
        SIGTERM or SIGINT writes a checkpoint of each run and gives it back; a second signal ends at once."
    )]
    Serve {
        #[command(flatten)]
        home: HomeFlags,
        #[command(flatten)]
        trainer: TrainerFlags,
        #[command(flatten)]
        serve: ServeFlags,
    },
    /// One run of a supervisor: a job on standard input, events on standard output
    #[command(hide = true)]
    Child,
    /// Train one run without a server
    Train {
        #[command(flatten)]
        home: HomeFlags,
        #[command(flatten)]
        trainer: TrainerFlags,
        #[command(flatten)]
        train: run::train::TrainArgs,
    },
    /// Time what this machine can do
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Say what libtorch this is and what it can compute on
    #[command(after_help = "Example:\n  mrprism-worker devices --json")]
    Devices {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Encoder weights from elsewhere
    Weights {
        #[command(subcommand)]
        command: weights::WeightsCommand,
    },
    /// List the data sets that a worker with these settings would offer
    #[command(after_help = "Example:\n  mrprism-worker datasets --data-root data=/srv/data --json")]
    Datasets {
        #[command(flatten)]
        home: HomeFlags,
        #[command(flatten)]
        trainer: TrainerFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(matches!(cli.command, Command::Serve { .. }));
    match run_command(cli.command) {
        Ok(code) => code,
        Err(error) => {
            output::note(format_args!("mrprism-worker: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run_command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve {
            home,
            trainer,
            serve,
        } => {
            let settings = Settings::read(&home, &trainer, &serve)?;
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            // A task of the runtime, so that children are started by threads that live as long as it does.
            let code = runtime.block_on(supervise::serve(settings));
            runtime.shutdown_background();
            code
        }
        Command::Child => child::main(),
        Command::Train {
            home,
            trainer,
            train,
        } => {
            let settings = Settings::read(&home, &trainer, &ServeFlags::default())?;
            run::train::main(&train, &settings)
        }
        Command::Bench { bench } => bench::main(&bench),
        Command::Devices { json } => device::print(json).map(|()| ExitCode::SUCCESS),
        Command::Weights {
            command: weights::WeightsCommand::Import { home, file, json },
        } => weights::print(&file, &home.home()?, json).map(|()| ExitCode::SUCCESS),
        Command::Datasets {
            home,
            trainer,
            json,
        } => {
            let settings = Settings::read(&home, &trainer, &ServeFlags::default())?;
            list_datasets(&Holdings::index(&settings), json).map(|()| ExitCode::SUCCESS)
        }
    }
}

fn list_datasets(holdings: &Holdings, json: bool) -> anyhow::Result<()> {
    let cards = holdings.cards();
    if json {
        return output::json(&cards);
    }
    for card in cards {
        let cases: Vec<_> = card
            .cases
            .iter()
            .map(|(split, count)| format!("{count} {split}"))
            .collect();
        output::line(format_args!(
            "{}  {} raters, {}, {}, manifest {}",
            card.name,
            card.raters,
            card.structures.join("+"),
            cases.join(" "),
            card.manifest
        ));
    }
    Ok(())
}

/// The log goes to standard error; a child's becomes log lines of its run.
fn start_log(is_server: bool) {
    let filter = EnvFilter::try_new(mrprism_settings::log_filter())
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if is_server {
        builder.with_target(false).init();
    } else {
        builder.without_time().with_target(false).init();
    }
}
