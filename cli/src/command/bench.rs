//! `mrprism bench`: how fast this machine trains.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::program::{self, WORKER};

/// Time what this machine can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Step(Step),
}

/// Time training steps on synthetic cases, and say where the time went.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism bench step --size 256 --batch 4\n  \
    mrprism bench step --size 64 --batch 8 --threads 1 --steps 20 --json\n\n\
    What is not given is the method's default. Seconds are medians over the steps.")]
pub(crate) struct Step {
    /// Side of the images in pixels
    #[arg(long, value_name = "PIXELS")]
    size: u32,
    /// Cases a step
    #[arg(long, value_name = "N")]
    batch: u32,
    /// The method
    #[arg(long, value_name = "NAME")]
    method: Option<String>,
    /// What to compute on: auto, cpu or cuda
    #[arg(long, value_name = "DEVICE", value_parser = ["auto", "cpu", "cuda"])]
    device: Option<String>,
    /// Processor threads
    #[arg(long, value_name = "N")]
    threads: Option<u32>,
    /// Raters (default: 7)
    #[arg(long, value_name = "N")]
    raters: Option<u32>,
    /// Structures (default: 2)
    #[arg(long, value_name = "N")]
    structures: Option<u32>,
    /// Recurrences
    #[arg(long, value_name = "N")]
    recurrences: Option<u32>,
    /// Layers of the encoder
    #[arg(long, value_name = "N")]
    encoder_depth: Option<u32>,
    /// Steps whose median counts (default: 5)
    #[arg(long, value_name = "N")]
    steps: Option<u32>,
    /// Steps before them (default: 2)
    #[arg(long, value_name = "N")]
    warmup: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Step(step) = self;
        let status = program::trainer(&step.arguments())?
            .status()
            .with_context(|| format!("starting {WORKER}"))?;
        Ok(program::code(status))
    }
}

impl Step {
    fn arguments(self) -> Vec<String> {
        let mut arguments = vec!["bench".to_owned(), "step".to_owned()];
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        for (flag, value) in [
            ("--size", number(Some(self.size))),
            ("--batch", number(Some(self.batch))),
            ("--method", self.method),
            ("--device", self.device),
            ("--threads", number(self.threads)),
            ("--raters", number(self.raters)),
            ("--structures", number(self.structures)),
            ("--recurrences", number(self.recurrences)),
            ("--encoder-depth", number(self.encoder_depth)),
            ("--steps", number(self.steps)),
            ("--warmup", number(self.warmup)),
        ] {
            if let Some(value) = value {
                arguments.extend([flag.to_owned(), value]);
            }
        }
        if self.json {
            arguments.push("--json".to_owned());
        }
        arguments
    }
}
