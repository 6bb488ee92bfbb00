//! Whose run is stopped at a checkpoint, so that a more urgent one begins.
//!
//! A waiting job may take the device of a running one only by its base priority (what it gained by waiting never counts),
//! only from a job that is marked preemptible, only after ten minutes of work, and from the same job at most once in thirty
//! minutes. A free device that fits, or one that is about to become free, comes first.

use chrono::TimeDelta;

use super::match_worker::fits;
use crate::domain::{Device, Running, Waiting};
use mrprism_protocol::id::JobId;

/// A run is left alone until it has worked this long.
pub const LEAST_WORK: TimeDelta = TimeDelta::minutes(10);
/// And for this long after it was stopped for another.
pub const LEAST_PEACE: TimeDelta = TimeDelta::minutes(30);

/// A job that is to be stopped for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preemption {
    /// Who gives its device back.
    pub victim: JobId,
    /// Who is to have it.
    pub by: JobId,
}

/// Decides, for the waiting jobs in their order. The victim is of the lowest priority; of several, the one that began last.
pub fn preemptions(waiting: &[Waiting], devices: &[Device]) -> Vec<Preemption> {
    let mut devices: Vec<&Device> = devices.iter().collect();
    let mut preemptions = Vec::new();
    for job in waiting.iter().filter(|job| job.room != Some(0)) {
        let fitting = |device: &&&Device| fits(&device.claimer, &job.candidate).is_ok();
        let taken = devices
            .iter()
            .filter(fitting)
            .copied()
            .find(|device| is_coming_free(device));
        let taken = taken.or_else(|| {
            let victims = devices.iter().filter(fitting).copied();
            let victim = victims
                .filter_map(|device| Some((device, victim(device, job.priority)?)))
                .min_by_key(|(_, running)| (running.priority, running.worked))?;
            preemptions.push(Preemption {
                victim: victim.1.job,
                by: job.candidate.job,
            });
            Some(victim.0)
        });
        if let Some(taken) = taken {
            devices.retain(|device| !std::ptr::eq(*device, taken));
        }
    }
    preemptions
}

fn is_coming_free(device: &Device) -> bool {
    device.running.is_none_or(|running| running.leaving)
}

/// Who is at work on the device, where a job of this priority may have it stopped.
fn victim(device: &Device, priority: i32) -> Option<Running> {
    device.running.filter(|running| {
        running.preemptible
            && running.priority < priority
            && running.worked >= LEAST_WORK
            && running.in_peace.is_none_or(|peace| peace >= LEAST_PEACE)
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::{Preemption, preemptions};
    use crate::domain::{Device, Running, Waiting};
    use crate::queue::match_worker::tests::{candidate, claimer};

    fn waiting(name: u128, priority: i32) -> Waiting {
        let mut candidate = candidate();
        candidate.job = Uuid::from_u128(name).into();
        Waiting {
            candidate,
            priority,
            room: None,
        }
    }

    fn running(name: u128, priority: i32, minutes: i64) -> Running {
        Running {
            job: Uuid::from_u128(name).into(),
            priority,
            preemptible: true,
            leaving: false,
            worked: TimeDelta::minutes(minutes),
            in_peace: None,
        }
    }

    fn busy(running: Running) -> Device {
        Device {
            claimer: claimer(),
            running: Some(running),
        }
    }

    /// (victim, by) by name.
    fn decided(waiting: &[Waiting], devices: &[Device]) -> Vec<(u128, u128)> {
        let name = |p: Preemption| (p.victim.0.as_u128(), p.by.0.as_u128());
        preemptions(waiting, devices)
            .into_iter()
            .map(name)
            .collect()
    }

    #[test]
    fn only_a_higher_base_priority_preempts() {
        let device = [busy(running(1, 0, 11))];
        assert_eq!(decided(&[waiting(9, 1)], &device), [(1, 9)]);
        // However long the other has waited: its place is no argument here.
        assert_eq!(decided(&[waiting(9, 0)], &device), []);
        assert_eq!(decided(&[waiting(9, -1)], &device), []);
    }

    #[test]
    fn only_what_is_marked_preemptible_is_preempted() {
        let firm = Running {
            preemptible: false,
            ..running(1, 0, 600)
        };
        assert_eq!(decided(&[waiting(9, 100)], &[busy(firm)]), []);
    }

    #[test]
    fn a_run_is_preempted_only_after_ten_minutes_of_work() {
        assert_eq!(decided(&[waiting(9, 1)], &[busy(running(1, 0, 9))]), []);
        assert_eq!(
            decided(&[waiting(9, 1)], &[busy(running(1, 0, 10))]),
            [(1, 9)]
        );
    }

    #[test]
    fn the_same_run_is_preempted_at_most_once_in_thirty_minutes() {
        let peace = |minutes| Running {
            in_peace: Some(TimeDelta::minutes(minutes)),
            ..running(1, 0, 20)
        };
        assert_eq!(decided(&[waiting(9, 1)], &[busy(peace(29))]), []);
        assert_eq!(decided(&[waiting(9, 1)], &[busy(peace(30))]), [(1, 9)]);
    }

    #[test]
    fn a_free_device_that_fits_comes_first() {
        let free = Device {
            claimer: claimer(),
            running: None,
        };
        assert_eq!(
            decided(&[waiting(9, 1)], &[busy(running(1, 0, 11)), free.clone()]),
            []
        );
        // It is one device, and two wait.
        let both = [waiting(8, 1), waiting(9, 1)];
        assert_eq!(
            decided(&both, &[busy(running(1, 0, 11)), free.clone()]),
            [(1, 9)]
        );
        let small = Device {
            claimer: crate::domain::Claimer {
                device: mrprism_protocol::wire::DeviceOffer {
                    memory_mib: 1,
                    ..claimer().device
                },
                ..claimer()
            },
            ..free
        };
        let mut large = waiting(9, 1);
        large.candidate.memory_mib = 2;
        assert_eq!(
            decided(&[large], &[busy(running(1, 0, 11)), small]),
            [(1, 9)]
        );
    }

    #[test]
    fn a_device_that_is_about_to_be_given_back_is_not_asked_for_twice() {
        let leaving = Running {
            leaving: true,
            ..running(1, 0, 11)
        };
        let devices = [busy(leaving), busy(running(2, 0, 11))];
        assert_eq!(decided(&[waiting(9, 1)], &devices), []);
    }

    #[test]
    fn the_least_urgent_gives_way_and_of_several_the_one_that_began_last() {
        let devices = [
            busy(running(1, 1, 12)),
            busy(running(2, 0, 50)),
            busy(running(3, 0, 11)),
        ];
        let all = [waiting(7, 2), waiting(8, 2), waiting(9, 2)];
        assert_eq!(decided(&all, &devices), [(3, 7), (2, 8), (1, 9)]);
    }

    #[test]
    fn who_may_have_no_more_at_work_preempts_nobody() {
        let full = Waiting {
            room: Some(0),
            ..waiting(9, 5)
        };
        assert_eq!(decided(&[full], &[busy(running(1, 0, 11))]), []);
    }
}
