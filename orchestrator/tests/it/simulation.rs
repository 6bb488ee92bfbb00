//! Days of the queue in a moment: 2,000 jobs on sixteen devices, decided by the rules alone, minute by minute.

use chrono::{DateTime, TimeDelta, Utc};
use mrprism_orchestrator::domain::{Candidate, Claimer, Device, HeldDataset, Running, Waiting};
use mrprism_orchestrator::queue::preempt::{LEAST_PEACE, LEAST_WORK, preemptions};
use mrprism_orchestrator::queue::{match_worker, order};
use mrprism_protocol::state::DeviceKind;
use mrprism_protocol::wire::DeviceOffer;
use uuid::Uuid;

const JOBS: usize = 2_000;
const DEVICES: usize = 16;
const HIGH: i32 = 10;
/// Between arrivals: a tenth more work comes than the devices can do while it lasts.
const BETWEEN: TimeDelta = TimeDelta::seconds(110);
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// One job's life.
#[derive(Debug)]
struct Job {
    candidate: Candidate,
    priority: i32,
    preemptible: bool,
    arrives: DateTime<Utc>,
    left: TimeDelta,
    first_claimed: Option<DateTime<Utc>>,
    preempted: Vec<DateTime<Utc>>,
    ended: bool,
}

/// A device, and the job on it since when.
struct Place {
    claimer: Claimer,
    at_work: Option<(usize, DateTime<Utc>)>,
}

/// A number below `below`, the same for the same job and stream every time.
fn drawn(job: usize, stream: &str, below: u64) -> u64 {
    let hash = blake3::hash(format!("{job} {stream}").as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk::<8>().unwrap();
    u64::from_le_bytes(*first) % below
}

fn jobs() -> Vec<Job> {
    let job = |number: usize| {
        let priority = if drawn(number, "priority", 10) == 0 {
            0
        } else {
            HIGH
        };
        let arrives = DateTime::UNIX_EPOCH + BETWEEN * i32::try_from(number).unwrap();
        Job {
            candidate: Candidate {
                job: Uuid::from_u128(number as u128).into(),
                run: Uuid::nil().into(),
                pool: "default".to_owned(),
                place: arrives - order::head_start(priority),
                device_kind: None,
                // A sixth of all jobs fits on the large half of the devices only.
                memory_mib: if drawn(number, "memory", 6) == 0 {
                    48_000
                } else {
                    8_000
                },
                labels: Vec::new(),
                dataset: dataset(),
                science_version: None,
                infrastructure_failures_here: 0,
                another_host_fits: false,
                limit: None,
            },
            priority,
            preemptible: drawn(number, "preemptible", 2) == 0,
            arrives,
            left: TimeDelta::minutes(5 + drawn(number, "minutes", 56) as i64),
            first_claimed: None,
            preempted: Vec::new(),
            ended: false,
        }
    };
    (0..JOBS).map(job).collect()
}

fn dataset() -> HeldDataset {
    HeldDataset {
        name: "phantom".to_owned(),
        manifest: "m".to_owned(),
    }
}

fn places() -> Vec<Place> {
    let place = |index: usize| Place {
        claimer: Claimer {
            worker: Uuid::from_u128(index as u128).into(),
            host: format!("host{}", index / 8),
            pool: "default".to_owned(),
            labels: [].into(),
            science_version: "s".to_owned(),
            datasets: [dataset()].into(),
            device: DeviceOffer {
                kind: DeviceKind::Cuda,
                index: (index % 8) as u32,
                name: "a card".to_owned(),
                memory_mib: if index < DEVICES / 2 { 80_000 } else { 24_000 },
                threads: 1,
            },
        },
        at_work: None,
    };
    (0..DEVICES).map(place).collect()
}

/// One minute: work is done, free devices claim, urgent jobs preempt.
fn minute(now: DateTime<Utc>, jobs: &mut [Job], places: &mut [Place]) {
    for place in places.iter_mut() {
        if let Some((job, _)) = place.at_work {
            jobs[job].left -= MINUTE;
            if jobs[job].left <= TimeDelta::zero() {
                jobs[job].ended = true;
                place.at_work = None;
            }
        }
    }
    let at_work: Vec<_> = places
        .iter()
        .filter_map(|place| Some(place.at_work?.0))
        .collect();
    let waits = |(number, job): &(usize, &Job)| {
        job.arrives <= now && !job.ended && !at_work.contains(number)
    };
    let mut waiting: Vec<_> = jobs
        .iter()
        .enumerate()
        .filter(waits)
        .map(|(_, job)| job.candidate.clone())
        .collect();
    order::sort(&mut waiting);
    for place in places.iter_mut().filter(|place| place.at_work.is_none()) {
        let Some(taken) = match_worker::fitting(&place.claimer, &waiting)
            .next()
            .map(|taken| taken.job)
        else {
            continue;
        };
        waiting.retain(|candidate| candidate.job != taken);
        let job = taken.0.as_u128() as usize;
        jobs[job].first_claimed.get_or_insert(now);
        place.at_work = Some((job, now));
    }
    preempt(now, &waiting, jobs, places);
}

fn preempt(now: DateTime<Utc>, waiting: &[Candidate], jobs: &mut [Job], places: &mut [Place]) {
    let number = |candidate: &Candidate| candidate.job.0.as_u128() as usize;
    let mut urgent: Vec<_> = waiting
        .iter()
        .map(|candidate| Waiting {
            priority: jobs[number(candidate)].priority,
            candidate: candidate.clone(),
            room: None,
        })
        .collect();
    urgent.sort_by_key(|job| (-job.priority, job.candidate.place));
    let devices: Vec<_> = places
        .iter()
        .map(|place| Device {
            claimer: place.claimer.clone(),
            running: place.at_work.map(|(job, since)| Running {
                job: jobs[job].candidate.job,
                priority: jobs[job].priority,
                preemptible: jobs[job].preemptible,
                leaving: false,
                worked: now - since,
                in_peace: jobs[job].preempted.last().map(|at| now - *at),
            }),
        })
        .collect();
    for preemption in preemptions(&urgent, &devices) {
        let victim = preemption.victim.0.as_u128() as usize;
        let by = preemption.by.0.as_u128() as usize;
        let place = places
            .iter_mut()
            .find(|place| place.at_work.is_some_and(|(job, _)| job == victim))
            .unwrap();
        let (_, since) = place.at_work.unwrap();
        assert!(now - since >= LEAST_WORK, "it had just begun");
        jobs[victim].preempted.push(now);
        // What was moved to the front is served next.
        jobs[by].first_claimed.get_or_insert(now);
        place.at_work = Some((by, now));
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "how long the waits were belongs to the result"
)]
fn in_days_of_too_much_work_nothing_starves_and_preemption_does_not_thrash() {
    let mut jobs = jobs();
    let mut places = places();
    let mut now = DateTime::UNIX_EPOCH;
    while jobs.iter().any(|job| !job.ended) {
        minute(now, &mut jobs, &mut places);
        now += MINUTE;
        assert!(now < DateTime::UNIX_EPOCH + TimeDelta::days(30), "stuck");
    }
    let longest = |priority: i32| {
        let waited = |job: &Job| job.first_claimed.unwrap() - job.arrives;
        jobs.iter()
            .filter(|job| job.priority == priority)
            .map(waited)
            .max()
            .unwrap()
    };
    let (low, high) = (longest(0), longest(HIGH));
    println!(
        "2,000 jobs: the longest wait was {} h at priority 0 and {} h at {HIGH}; {} preemptions",
        low.num_hours(),
        high.num_hours(),
        jobs.iter().map(|job| job.preempted.len()).sum::<usize>()
    );
    // Ten hours of waiting are worth the difference; from there on it is as urgent as those that came then.
    assert!(
        low <= order::head_start(HIGH) + high + TimeDelta::hours(1),
        "{low}"
    );
    assert!(low >= TimeDelta::hours(3), "the queue was never full");
    let preempted = jobs.iter().filter(|job| !job.preempted.is_empty());
    assert!(preempted.clone().count() > 10, "preemption was never tried");
    for job in preempted {
        assert_eq!((job.priority, job.preemptible), (0, true));
        assert!(
            job.preempted
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= LEAST_PEACE)
        );
    }
}
