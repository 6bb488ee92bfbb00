//! `weights import`: encoder weights from elsewhere into this home.

use std::path::{Path, PathBuf};

use mrprism_model_core::import::{Import, Matched, import};
use mrprism_settings::flags::HomeFlags;

use crate::attempt::folder::weights;
use crate::output;

/// Names printed of a list; the count says the rest.
const SHOWN: usize = 8;

/// Imports `file` into a home and says what matched.
pub(crate) fn print(file: &Path, home: &Path, json: bool) -> anyhow::Result<()> {
    let imported = import(file, &weights(home))?;
    if json {
        return output::json(&imported);
    }
    for line in said(&imported) {
        output::line(line);
    }
    Ok(())
}

fn said(imported: &Import) -> Vec<String> {
    let Matched {
        layers,
        width,
        channels,
        prefix,
        matched,
        missing,
        unused,
    } = &imported.matched;
    let behind = if prefix.is_empty() {
        String::new()
    } else {
        format!(", names behind '{prefix}'")
    };
    let mut lines = vec![format!(
        "ResNet-{layers}, width {width}, trained on {channels} channels{behind}: {matched} tensors match"
    )];
    for (what, names) in [("missing (drawn at random)", missing), ("unused", unused)] {
        if !names.is_empty() {
            let shown: Vec<_> = names.iter().take(SHOWN).map(String::as_str).collect();
            let more = if names.len() > SHOWN { ", …" } else { "" };
            lines.push(format!(
                "{} {what}: {}{more}",
                names.len(),
                shown.join(", ")
            ));
        }
    }
    lines.push(imported.path.display().to_string());
    lines.push("an experiment uses them with".to_owned());
    lines.push(format!(
        "    [base.network]\n    encoder_depth = {layers}\n    encoder_width = {width}\n    encoder_weights = \"blake3:{}\"",
        imported.hash
    ));
    lines
}

/// What to do with weights.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum WeightsCommand {
    /// Keep the encoder weights of a `.pth` (torchvision's names) or `.safetensors` file in the home
    #[command(
        after_help = "Example:\n  mrprism-worker weights import resnet34-b627a593.pth --home .mrprism"
    )]
    Import {
        #[command(flatten)]
        home: HomeFlags,
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_says_what_matched_and_how_to_use_it() {
        let imported = Import {
            hash: "ab".repeat(32),
            path: "weights/ab.safetensors".into(),
            matched: Matched {
                layers: 18,
                width: 64,
                channels: 3,
                prefix: "module.".to_owned(),
                matched: 100,
                missing: vec!["bn1.bias".to_owned()],
                unused: (0..10).map(|number| format!("fc{number}")).collect(),
            },
        };
        let text = said(&imported).join("\n");
        for part in [
            "ResNet-18, width 64, trained on 3 channels, names behind 'module.': 100 tensors match",
            "1 missing (drawn at random): bn1.bias",
            "10 unused: fc0",
            ", …",
            "encoder_weights = \"blake3:abab",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }
}
