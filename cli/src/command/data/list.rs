//! `mrprism data list`: what experiments can name.

use std::process::ExitCode;

use clap::Args;
use mrprism_settings::Flags;
use serde::Serialize;

use super::registry::Registry;
use crate::client::Client;
use crate::home::live_server;
use crate::{bundle, output};
use mrprism_report::print::plain;

/// List data sets: registered, built in, and what live workers hold.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mrprism data list\n  mrprism data list --json")]
pub(crate) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// `registered` or `built in`; none where only a worker elsewhere holds it.
    here: Option<&'static str>,
    /// Whether a worker has told the server of it; none where no server was asked.
    offered: Option<bool>,
    manifest: Option<String>,
}

impl List {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let home = flags.home.home()?;
        let registry = Registry::read(&home)?;
        let cards = if flags.access.server.is_some() || live_server(&home)?.is_some() {
            Some(Client::new(flags)?.datasets().await?)
        } else {
            None
        };
        let mut rows: Vec<Row> = Vec::new();
        let mut add = |name: &str, here| {
            if rows.iter().any(|row| row.name == name) {
                return;
            }
            let card = cards.iter().flatten().find(|card| card.name == name);
            rows.push(Row {
                name: name.to_owned(),
                here,
                offered: cards.as_ref().map(|_| card.is_some()),
                manifest: card.map(|card| card.manifest.clone()),
            });
        };
        for entry in &registry.datasets {
            add(&entry.name, Some("registered"));
        }
        for definition in bundle::datasets() {
            add(&definition.name, Some("built in"));
        }
        for card in cards.iter().flatten() {
            add(&card.name, None);
        }
        if self.json {
            output::json(&rows)?;
            return Ok(ExitCode::SUCCESS);
        }
        let lines = rows.into_iter().map(|row| {
            let offered = match row.offered {
                Some(true) => "yes",
                Some(false) => "no",
                None => "(no server asked)",
            };
            vec![
                row.name,
                row.here.unwrap_or("elsewhere").to_owned(),
                offered.to_owned(),
                row.manifest.unwrap_or_default(),
            ]
        });
        output::line(plain(&["data set", "here", "offered", "manifest"], lines));
        Ok(ExitCode::SUCCESS)
    }
}
