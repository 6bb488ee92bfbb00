//! How many of an experiment's runs are at work at a time.

/// Whether one more may begin where `at_work` hold a lease and the experiment allows `most`.
pub const fn has_room(at_work: u32, most: u32) -> bool {
    at_work < most
}

#[cfg(test)]
mod tests {
    use super::has_room;

    #[test]
    fn an_experiment_has_no_more_runs_at_work_than_it_allows() {
        assert!(has_room(0, 1));
        assert!(!has_room(1, 1));
        // Its limit was lowered meanwhile.
        assert!(!has_room(3, 1));
        assert!(has_room(3, 4));
    }
}
