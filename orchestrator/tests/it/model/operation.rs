//! What may happen to the queue.

use mrprism_orchestrator::domain::Wish;
use mrprism_protocol::state::AttemptOutcome;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

/// One thing that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    /// A worker asks for work.
    Claim(usize),
    /// A worker asks again with the nonce of its last claim: the answer was lost.
    ClaimAgain(usize),
    /// A worker is heard, for all of its leases.
    Beat(usize),
    /// The holder of a lease reports an end.
    Finish(usize, AttemptOutcome),
    /// Somebody reports an end for a lease that is gone.
    FinishLate(usize, AttemptOutcome),
    /// Time passes.
    Pass(i64),
    /// The reaper looks.
    Reap,
    /// Trainers that hang are looked for.
    EndHung,
    /// Urgent jobs are looked for.
    Preempt,
    /// A person wishes something of an experiment, or of a run.
    OfExperiment(usize, Wish),
    OfRun(usize, Wish),
    /// A person changes how many runs of the first experiment may be at work.
    Limit(Option<u32>),
    /// A person puts a run at the front.
    Front(usize),
    /// The server ends and starts again.
    Restart,
}

/// Sequences of them.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 10..70)
}

fn operation() -> impl Strategy<Value = Operation> {
    use AttemptOutcome::{Cancelled, Failed, Infrastructure, OutOfMemory, Succeeded, Yielded};
    let number = any::<usize>();
    let ends = select(vec![
        Succeeded,
        Failed,
        OutOfMemory,
        Infrastructure,
        Yielded,
        Yielded,
        Cancelled,
    ]);
    let wish = select(vec![
        Wish::Cancel,
        Wish::Pause,
        Wish::Pause,
        Wish::Drain,
        Wish::Resume,
        Wish::Resume,
        Wish::Resume,
    ]);
    // Multiples of 45 s, so that a lease of 60 s has surely run out or surely not.
    let seconds = select(vec![45, 90, 90, 900, 1800, 4500]);
    prop_oneof![
        12 => number.prop_map(Operation::Claim),
        1 => number.prop_map(Operation::ClaimAgain),
        4 => number.prop_map(Operation::Beat),
        8 => (number, ends.clone()).prop_map(|(which, end)| Operation::Finish(which, end)),
        2 => (number, ends).prop_map(|(which, end)| Operation::FinishLate(which, end)),
        6 => seconds.prop_map(Operation::Pass),
        4 => Just(Operation::Reap),
        2 => Just(Operation::EndHung),
        3 => Just(Operation::Preempt),
        2 => (number, wish.clone()).prop_map(|(which, wish)| Operation::OfExperiment(which, wish)),
        3 => (number, wish).prop_map(|(which, wish)| Operation::OfRun(which, wish)),
        1 => select(vec![None, Some(1), Some(2)]).prop_map(Operation::Limit),
        1 => number.prop_map(Operation::Front),
        1 => Just(Operation::Restart),
    ]
}
