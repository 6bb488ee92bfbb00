//! `mrprism weights …`: encoder weights from elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use mrprism_settings::Flags;

use crate::program::{self, WORKER};

/// Import encoder weights.
#[derive(Debug, Args)]
pub(crate) struct Weights {
    #[command(subcommand)]
    command: WeightsCommand,
}

#[derive(Debug, Subcommand)]
enum WeightsCommand {
    /// Keep the encoder weights of a `.pth` or `.safetensors` file in the home, under their hash
    #[command(after_help = "Examples:\n  \
        mrprism weights import resnet34-b627a593.pth\n  \
        mrprism weights import runs/one/best.safetensors --json\n\n\
        A .pth is read as data, without Python: no code in it is run. It says which tensors matched and how an experiment\n\
        names the weights. Every machine that trains with them must import the same file.")]
    Import {
        /// The file, its tensors named as torchvision names a ResNet's
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Weights {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let WeightsCommand::Import { file, json } = self.command;
        let mut arguments = vec!["weights".to_owned(), "import".to_owned()];
        arguments.extend(flags.home.for_program()?);
        if json {
            arguments.push("--json".to_owned());
        }
        // After the flags and a `--`, so that no file name is taken for a flag.
        arguments.extend(["--".to_owned(), file.display().to_string()]);
        let status = program::command(WORKER, &arguments)?
            .status()
            .with_context(|| format!("starting {WORKER}"))?;
        Ok(program::code(status))
    }
}
