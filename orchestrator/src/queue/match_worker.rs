//! Which of the waiting jobs a free device may take.

use crate::domain::{Candidate, Claimer};

/// After this many infrastructure failures on one host, a job avoids it.
pub const HOST_FAILURES: u32 = 2;

/// Why a device does not get a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The job belongs to another pool.
    Pool,
    /// It needs another kind of device.
    DeviceKind,
    /// It needs more memory than the device has.
    Memory,
    /// It needs a label that the worker has not.
    Label,
    /// The worker does not hold its data set, or holds other files under that name.
    Dataset,
    /// Its numbers depend on other sources than the worker was built from.
    ScienceVersion,
    /// It was lost here twice, and another host could take it.
    Host,
}

/// Whether `claimer` may take `candidate`.
pub fn fits(claimer: &Claimer, candidate: &Candidate) -> Result<(), Misfit> {
    if candidate.pool != claimer.pool {
        return Err(Misfit::Pool);
    }
    if candidate
        .device_kind
        .is_some_and(|kind| kind != claimer.device.kind)
    {
        return Err(Misfit::DeviceKind);
    }
    if candidate.memory_mib > claimer.device.memory_mib {
        return Err(Misfit::Memory);
    }
    if !candidate
        .labels
        .iter()
        .all(|label| claimer.labels.contains(label))
    {
        return Err(Misfit::Label);
    }
    if !claimer.datasets.contains(&candidate.dataset) {
        return Err(Misfit::Dataset);
    }
    let wanted = candidate.science_version.as_ref();
    if wanted.is_some_and(|version| *version != claimer.science_version) {
        return Err(Misfit::ScienceVersion);
    }
    // On the only host that fits, avoiding it would mean never; the cap on infrastructure failures still holds.
    if candidate.infrastructure_failures_here >= HOST_FAILURES && candidate.another_host_fits {
        return Err(Misfit::Host);
    }
    Ok(())
}

/// Those of `candidates` (sorted by `order::sort`) that `claimer` may take, in order.
pub fn fitting<'a>(
    claimer: &Claimer,
    candidates: &'a [Candidate],
) -> impl Iterator<Item = &'a Candidate> {
    candidates
        .iter()
        .filter(|candidate| fits(claimer, candidate).is_ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use chrono::DateTime;
    use mrprism_protocol::state::DeviceKind;
    use mrprism_protocol::wire::DeviceOffer;
    use uuid::Uuid;

    use super::{Misfit, fits, fitting};
    use crate::domain::{Candidate, Claimer, HeldDataset};

    fn dataset(manifest: &str) -> HeldDataset {
        HeldDataset {
            name: "phantom".to_owned(),
            manifest: manifest.to_owned(),
        }
    }

    /// A job that `claimer()` may take.
    pub(crate) fn candidate() -> Candidate {
        Candidate {
            job: Uuid::nil().into(),
            run: Uuid::nil().into(),
            pool: "default".to_owned(),
            place: DateTime::UNIX_EPOCH,
            device_kind: None,
            memory_mib: 0,
            labels: Vec::new(),
            dataset: dataset("m1"),
            science_version: Some("s1".to_owned()),
            infrastructure_failures_here: 0,
            another_host_fits: false,
            limit: None,
        }
    }

    pub(crate) fn claimer() -> Claimer {
        Claimer {
            worker: Uuid::nil().into(),
            host: "here".to_owned(),
            pool: "default".to_owned(),
            labels: BTreeSet::from(["a100".to_owned(), "basement".to_owned()]),
            science_version: "s1".to_owned(),
            datasets: BTreeSet::from([dataset("m1")]),
            device: DeviceOffer {
                kind: DeviceKind::Cpu,
                index: 0,
                name: "a processor".to_owned(),
                memory_mib: 1024,
                threads: 1,
            },
        }
    }

    /// What `change` to a fitting candidate makes of the match.
    fn after(change: impl FnOnce(&mut Candidate)) -> Result<(), Misfit> {
        let mut candidate = candidate();
        change(&mut candidate);
        fits(&claimer(), &candidate)
    }

    #[test]
    fn a_job_goes_to_its_pool() {
        assert_eq!(after(|_| ()), Ok(()));
        assert_eq!(after(|c| c.pool = "big".into()), Err(Misfit::Pool));
    }

    #[test]
    fn a_job_goes_to_the_kind_of_device_it_needs() {
        assert_eq!(after(|c| c.device_kind = Some(DeviceKind::Cpu)), Ok(()));
        assert_eq!(
            after(|c| c.device_kind = Some(DeviceKind::Cuda)),
            Err(Misfit::DeviceKind)
        );
    }

    #[test]
    fn a_job_goes_to_a_device_with_enough_memory() {
        assert_eq!(after(|c| c.memory_mib = 1024), Ok(()));
        assert_eq!(after(|c| c.memory_mib = 1025), Err(Misfit::Memory));
    }

    #[test]
    fn a_job_goes_to_a_worker_that_has_all_its_labels() {
        let labelled = |labels: &[&str]| {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            after(|c| c.labels = labels)
        };
        assert_eq!(labelled(&["a100"]), Ok(()));
        assert_eq!(labelled(&["basement", "a100"]), Ok(()));
        assert_eq!(labelled(&["a100", "attic"]), Err(Misfit::Label));
    }

    #[test]
    fn a_job_goes_where_its_data_set_is_held_with_the_same_content() {
        assert_eq!(after(|c| c.dataset = dataset("m2")), Err(Misfit::Dataset));
        let other = HeldDataset {
            name: "other".to_owned(),
            ..dataset("m1")
        };
        assert_eq!(after(|c| c.dataset = other), Err(Misfit::Dataset));
    }

    #[test]
    fn a_job_goes_to_a_worker_of_its_science_version() {
        assert_eq!(
            after(|c| c.science_version = Some("s2".into())),
            Err(Misfit::ScienceVersion)
        );
        assert_eq!(after(|c| c.science_version = None), Ok(()));
    }

    #[test]
    fn a_job_avoids_a_host_after_two_infrastructure_failures() {
        let lost = |times, elsewhere| {
            after(|c| {
                c.infrastructure_failures_here = times;
                c.another_host_fits = elsewhere;
            })
        };
        assert_eq!(lost(1, true), Ok(()));
        assert_eq!(lost(2, true), Err(Misfit::Host));
        assert_eq!(lost(5, true), Err(Misfit::Host));
        assert_eq!(lost(2, false), Ok(()), "it is the only host");
    }

    #[test]
    fn jobs_that_fit_keep_their_order() {
        let misfit = Candidate {
            pool: "big".to_owned(),
            ..candidate()
        };
        let second = Candidate {
            job: Uuid::from_u128(2).into(),
            ..candidate()
        };
        let third = Candidate {
            job: Uuid::from_u128(3).into(),
            ..candidate()
        };
        let all = [misfit.clone(), second, third];
        let fitting: Vec<_> = fitting(&claimer(), &all).collect();
        assert_eq!(fitting, [&all[1], &all[2]]);
    }
}
