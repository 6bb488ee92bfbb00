//! `mrprism-worker bench`: how fast the programs are on this machine.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use include_dir::{Dir, include_dir};
use mrprism_model_core::bench::{StepBench, StepTimes};
use mrprism_model_core::device::DeviceChoice;
use mrprism_protocol::spec::{Bundle, DatasetCard, NamedText, RaterIdentity, RunSpec, resolve};

use mrprism_settings::flags::{HomeFlags, TrainerFlags};
use mrprism_settings::worker::{ServeFlags, Settings};

use crate::{device, output};

/// Every method's defaults, so that a bare `bench step` times what a bare study trains.
static METHODS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../experiments/methods");
const DATASET: &str = "noise";

/// What to time.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Time training steps on synthetic cases
    #[command(after_help = "Example:\n  mrprism-worker bench step --size 256 --batch 4 --json")]
    Step {
        #[command(flatten)]
        home: HomeFlags,
        #[command(flatten)]
        trainer: TrainerFlags,
        #[command(flatten)]
        step: StepArgs,
    },
}

/// A step's shapes; what is not given is the method's default.
#[derive(Debug, Args)]
pub(crate) struct StepArgs {
    /// Side of the images in pixels
    #[arg(long)]
    size: u32,
    /// Cases a step
    #[arg(long)]
    batch: u32,
    /// The method
    #[arg(long, default_value = "mrprism")]
    method: String,
    /// Raters
    #[arg(long, default_value_t = 7)]
    raters: u32,
    /// Structures
    #[arg(long, default_value_t = 2)]
    structures: u32,
    /// Recurrences
    #[arg(long)]
    recurrences: Option<u32>,
    /// Layers of the encoder
    #[arg(long)]
    encoder_depth: Option<u32>,
    /// Steps whose median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Steps before them
    #[arg(long, default_value_t = 2)]
    warmup: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Times what was asked for. Exit code 0: done; 1: failed; 2: wrong use.
pub(crate) fn main(bench: &Bench) -> anyhow::Result<ExitCode> {
    let Bench::Step {
        home,
        trainer,
        step: args,
    } = bench;
    let settings = Settings::read(home, trainer, &ServeFlags::default())?;
    let spec = match spec(args) {
        Ok(spec) => spec,
        Err(message) => {
            output::note(message);
            return Ok(ExitCode::from(2));
        }
    };
    let offers = device::offers(&settings)?;
    let device = offers.first().context("there is no device to train on")?;
    let times = StepBench {
        spec: &spec,
        device: DeviceChoice {
            kind: device.kind,
            index: device.index,
        },
        threads: device.threads,
        steps: args.steps,
        warmup: args.warmup,
    }
    .run()?;
    if args.json {
        output::json(&times)?;
    } else {
        print(&times);
    }
    Ok(ExitCode::SUCCESS)
}

/// The specification of a study that names these shapes and leaves the rest to the method's file.
fn spec(args: &StepArgs) -> Result<RunSpec, String> {
    let network: String = [
        ("recurrences", args.recurrences),
        ("encoder_depth", args.encoder_depth),
    ]
    .iter()
    .filter_map(|(key, value)| value.map(|value| format!("{key} = {value}\n")))
    .collect();
    let StepArgs {
        size,
        batch,
        method,
        ..
    } = args;
    let experiment = NamedText {
        file: "bench".to_owned(),
        text: format!(
            "name = \"bench\"\nquestion = \"How fast?\"\ntable = {{ rows = \"arm\", columns = \"reference\" }}\nseeds = [0]\n\
             [base]\ndataset = \"{DATASET}\"\nmethod = \"{method}\"\nsize = {size}\n\
             [base.network]\n{network}[base.train]\nbatch = {batch}\n"
        ),
    };
    let methods = METHODS
        .files()
        .filter_map(|file| {
            Some(NamedText {
                file: file.path().display().to_string(),
                text: file.contents_utf8()?.to_owned(),
            })
        })
        .collect();
    let bundle = Bundle {
        experiment,
        methods,
    };
    let resolved = resolve(&bundle, &[card(args)]).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let cell = resolved.cells.into_iter().next();
    cell.map(|cell| cell.spec)
        .ok_or_else(|| "the study has no run".to_owned())
}

/// A data set of `batch` cases, of which nothing but the numbers is real.
fn card(args: &StepArgs) -> DatasetCard {
    DatasetCard {
        name: DATASET.to_owned(),
        manifest: String::new(),
        raters: args.raters,
        rater_identity: RaterIdentity::Stable,
        structures: (1..=args.structures)
            .map(|number| format!("structure-{number}"))
            .collect(),
        channels: 3,
        arbitrated: None,
        diagnoses: true,
        cases: BTreeMap::from([("train".to_owned(), args.batch)]),
        folds: 0,
        crop: None,
        licence: None,
        source: None,
    }
}

fn print(times: &StepTimes) {
    let line = |name: &str, value: String| output::line(format_args!("{name:<30}{value}"));
    line("seconds_per_step", format!("{:.3}", times.seconds_per_step));
    line(
        "cpu_seconds_per_step",
        format!("{:.3}", times.cpu_seconds_per_step),
    );
    line(
        "seconds_per_image_recurrence",
        format!("{:.4}", times.seconds_per_image_recurrence),
    );
    line("peak_rss_mib", times.peak_rss_mib.to_string());
    line(
        "multiply_adds",
        format!("{:.1} G", times.multiply_adds as f64 / 1e9),
    );
    line("gemm_share", format!("{:.3}", times.gemm_share));
    let parts = times.breakdown;
    for (name, seconds) in [
        ("data", parts.data),
        ("encoder forward", parts.encoder_forward),
        ("encoder backward", parts.encoder_backward),
        ("ConP", parts.conp),
        ("DivP", parts.divp),
        ("losses", parts.losses),
        ("optimizer", parts.optimizer),
        ("other", parts.other),
    ] {
        line(&format!("  {name}"), format!("{seconds:.3}"));
    }
}
