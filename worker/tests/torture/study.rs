//! The experiment: one narrow arm, as cheap as still crosses several checkpoints, once for each seed.

use mrprism_protocol::spec::{Bundle, NamedText};

/// Its name.
pub(crate) const NAME: &str = "torture";

/// The experiment with `runs` seeds.
pub(crate) fn bundle(runs: u64) -> Bundle {
    let seeds: Vec<_> = (0..runs).map(|seed| seed.to_string()).collect();
    let text = format!(
        "name = \"{NAME}\"\nquestion = \"Is anything lost, doubled or stuck?\"\nseeds = [{}]\n\
         [base]\ndataset = \"phantom\"\nmethod = \"unet-mean\"\nsize = 32\n\
         [base.network]\nencoder_depth = 18\nencoder_width = 8\n\
         [base.train]\nsteps = 24\nbatch = 8\nlr = 1e-3\nvalidate_every_epochs = 1\n",
        seeds.join(", ")
    );
    let named = |file: &str, text: &str| NamedText {
        file: file.to_owned(),
        text: text.to_owned(),
    };
    Bundle {
        experiment: named("torture.toml", &text),
        methods: vec![named(
            "unet-mean.toml",
            include_str!("../../../experiments/methods/unet-mean.toml"),
        )],
    }
}
