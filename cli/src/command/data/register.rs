//! `mrprism data register`: this home's worker offers a folder from now on.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use mrprism_protocol::spec::DatasetCard;
use mrprism_raters::dataset::Dataset;
use mrprism_raters::read::parse_definition;
use mrprism_settings::Flags;

use super::registry::{Entry, Registry};
use crate::client::Client;
use crate::failure::as_wrong_use;
use crate::home::{live_server, live_worker};
use crate::output;

const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Offer a folder with a dataset.toml to experiments.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism data register /srv/cfos\n  mrprism data check /srv/cfos   # look first\n\n\
    Every file is hashed into the manifest; files that change later make a worker refuse the runs defined on them."
)]
pub(crate) struct Register {
    /// The data set's folder, with its dataset.toml
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print the data set's card as JSON
    #[arg(long)]
    json: bool,
}

impl Register {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let folder = std::path::absolute(&self.folder).context("the current folder is gone")?;
        let definition = as_wrong_use(parse_definition(&folder))?;
        let card = as_wrong_use(Dataset::open(&definition, Some(&folder)))?.card();
        let home = flags.home.home()?;
        let mut registry = Registry::read(&home)?;
        registry.add(Entry {
            name: card.name.clone(),
            folder,
            manifest: card.manifest.clone(),
        });
        registry.write(&home)?;
        if self.json {
            output::json(&card)?;
        } else {
            output::line(format_args!(
                "{} registered, manifest {}",
                card.name, card.manifest
            ));
        }
        if live_server(&home)?.is_some() && live_worker(&home).is_some() {
            wait_until_listed(&Client::new(flags)?, &card).await?;
        } else {
            output::note("experiments can name it after the next `mrprism up`");
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn wait_until_listed(client: &Client, card: &DatasetCard) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let listed = client.datasets().await?;
        if listed
            .iter()
            .any(|known| known.name == card.name && known.manifest == card.manifest)
        {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            bail!(
                "'{}' is registered, but the server has not heard of it from the worker: look at the worker's log",
                card.name
            );
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
