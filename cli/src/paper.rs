//! The tables that results are held against: the MrPrism paper's, built in, or a map of the user's own.

use std::path::Path;

use include_dir::{Dir, include_dir};
use mrprism_report::against::Paper;

use crate::failure::{as_wrong_use, wrong_use};

static REFERENCE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../experiments/reference");

/// `paper` is the MrPrism paper; any other word is a map's file, whose tables lie beside it.
pub(crate) fn read(word: &str) -> anyhow::Result<Paper> {
    if word == "paper" {
        let file = |name: &str| Some(REFERENCE.get_file(name)?.contents_utf8()?.to_owned());
        let map = file("paper.toml").unwrap_or_default();
        return as_wrong_use(Paper::read("(built in) paper.toml", &map, file));
    }
    let map = std::fs::read_to_string(word).map_err(|error| {
        wrong_use(format!(
            "cannot read {word}: {error}; give 'paper', or a map like experiments/reference/paper.toml"
        ))
    })?;
    let beside = Path::new(word).parent().unwrap_or(Path::new(""));
    let file = |name: &str| std::fs::read_to_string(beside.join(name)).ok();
    as_wrong_use(Paper::read(word, &map, file))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_papers_tables_are_built_in_and_a_map_of_ones_own_is_read_beside_its_tables() {
        let built_in = super::read("paper").unwrap();
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../experiments/reference/paper.toml"
        );
        assert_eq!(super::read(folder).unwrap(), built_in);
        let told = super::read("papr").unwrap_err().to_string();
        assert!(told.contains("give 'paper'"), "{told}");
    }
}
