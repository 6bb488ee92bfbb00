//! `mrprism queue`: what waits, in order, and how that is changed.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use mrprism_protocol::spec::QueueFile;
use mrprism_protocol::state::DeviceKind;
use mrprism_protocol::wire::{Place, QueuedJob};
use mrprism_report::print::plain;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::wrong_use;
use crate::{output, select};

/// List what has not ended, in the order in which it will be served; change that order.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  mrprism queue\n  mrprism queue --pool big --json\n  mrprism queue set quickstart --priority 5\n  \
    mrprism queue move quickstart/tau-3/0 --front"
)]
pub(crate) struct Queue {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only this pool
    #[arg(long)]
    pool: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    Set(Box<Set>),
    Move(Move),
}

/// Change where and how urgently an experiment's runs wait, and those to come.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a flag for each thing that may be taken away"
)]
#[command(
    after_help = "Examples:\n  mrprism queue set quickstart --priority 5 --pool big\n  mrprism queue set quickstart --max-parallel 4\n  \
    mrprism queue set quickstart --deadline 2027-01-31T18:00:00Z\n  mrprism queue set quickstart --no-max-parallel --no-deadline\n\n\
    Without anything to change it prints what holds now, as the [queue] table of an experiment file has it. What runs goes on."
)]
struct Set {
    /// An experiment's name or id
    experiment: String,
    /// Which workers may take its runs
    #[arg(long)]
    pool: Option<String>,
    /// -1000 to 1000: higher is sooner; an hour of waiting is worth one
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i32>,
    /// Labels that a worker must have; give it once a label
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// No labels
    #[arg(long, conflicts_with = "labels")]
    no_labels: bool,
    /// The kind of device its runs need
    #[arg(long, value_name = "cpu|cuda")]
    device: Option<DeviceKind>,
    /// Any kind of device
    #[arg(long, conflicts_with = "device")]
    no_device: bool,
    /// The device memory a run needs
    #[arg(long, value_name = "MIB")]
    memory_mib: Option<u64>,
    /// At most this many of its runs at a time
    #[arg(long, value_name = "N")]
    max_parallel: Option<u32>,
    /// As many as there are devices
    #[arg(long, conflicts_with = "max_parallel")]
    no_max_parallel: bool,
    /// How often a run whose own error ended it is tried again
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// When what has not ended is cancelled
    #[arg(long, value_name = "TIME")]
    deadline: Option<DateTime<Utc>>,
    /// No deadline
    #[arg(long, conflicts_with = "deadline")]
    no_deadline: bool,
    /// A trainer that reports nothing new for so long is taken for hung
    #[arg(long, value_name = "MINUTES")]
    progress_minutes: Option<u32>,
    /// Whether its runs may be stopped at a checkpoint for more urgent ones
    #[arg(long, value_name = "true|false")]
    preemptible: Option<bool>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Put a waiting run elsewhere in the queue.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism queue move quickstart/tau-3/0 --front\n  mrprism queue move quickstart/tau-3/0 --before quickstart/tau-1/0"
)]
struct Move {
    /// A run's id or the beginning of it, or EXPERIMENT/ARM/SEED
    run: String,
    #[command(flatten)]
    place: WherePlace,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WherePlace {
    /// Before every other of its pool
    #[arg(long)]
    front: bool,
    /// After every other of its pool
    #[arg(long)]
    back: bool,
    /// Just before this run
    #[arg(long, value_name = "RUN")]
    before: Option<String>,
}

impl Queue {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        match self.action {
            None => {
                let jobs = client.queue(self.pool.as_deref()).await?;
                if self.json {
                    output::json(&jobs)?;
                } else {
                    output::line(listed(&jobs));
                }
            }
            Some(Action::Set(set)) => set.run(&client).await?,
            Some(Action::Move(this)) => this.run(&client).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn listed(jobs: &[QueuedJob]) -> String {
    if jobs.is_empty() {
        return "nothing waits and nothing runs".to_owned();
    }
    let rows = jobs.iter().map(|job| {
        let fold = job.fold.map(|fold| format!(" fold {fold}"));
        let asked = job.asked.map(|asked| format!(", asked to {asked}"));
        let until = job
            .not_before
            .map(|at| format!(", not before {}", at.format("%H:%M:%S")));
        vec![
            format!(
                "{}/{}/{}{}",
                job.experiment_name,
                job.arm,
                job.seed,
                fold.unwrap_or_default()
            ),
            job.kind.to_string(),
            format!(
                "{}{}{}",
                job.state,
                asked.unwrap_or_default(),
                until.unwrap_or_default()
            ),
            job.pool.clone(),
            job.priority.to_string(),
            job.host
                .clone()
                .or_else(|| job.reason.clone())
                .unwrap_or_default(),
        ]
    });
    plain(&["run", "kind", "state", "pool", "priority", "where"], rows)
}

impl Set {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let experiment = select::experiment(client, &self.experiment).await?;
        let id = experiment.id.to_string();
        let json = self.json;
        let now = client.experiment_queue(&id).await?;
        let wanted = self.onto(now.clone());
        let holds = if wanted == now {
            now
        } else {
            if let Some((key, message)) = wanted.faults().first() {
                return Err(wrong_use(format!("{key}: {message}")));
            }
            client.change_queue(&id, &wanted).await?
        };
        if json {
            return output::json(&holds);
        }
        let table = toml::to_string(&holds).context("printing the [queue] table")?;
        output::line(format_args!(
            "[queue]  # {}\n{}",
            experiment.name,
            table.trim_end()
        ));
        Ok(())
    }

    fn onto(self, now: QueueFile) -> QueueFile {
        QueueFile {
            pool: self.pool.unwrap_or(now.pool),
            priority: self.priority.unwrap_or(now.priority),
            labels: match (self.no_labels, self.labels.is_empty()) {
                (true, _) => Vec::new(),
                (false, true) => now.labels,
                (false, false) => self.labels,
            },
            device: self.device.or(now.device).filter(|_| !self.no_device),
            memory_mib: self.memory_mib.unwrap_or(now.memory_mib),
            max_parallel: self
                .max_parallel
                .or(now.max_parallel)
                .filter(|_| !self.no_max_parallel),
            retries: self.retries.unwrap_or(now.retries),
            deadline: self.deadline.or(now.deadline).filter(|_| !self.no_deadline),
            progress_minutes: self.progress_minutes.or(now.progress_minutes),
            preemptible: self.preemptible.unwrap_or(now.preemptible),
        }
    }
}

impl Move {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let run = select::run(client, &self.run).await?;
        let place = match &self.place.before {
            Some(other) => Place::Before(select::run(client, other).await?.id),
            None if self.place.front => Place::Front,
            None => Place::Back,
        };
        client.move_run(&run.id.to_string(), place).await?;
        output::line(format_args!("{} moved", select::label(&run)));
        Ok(())
    }
}
