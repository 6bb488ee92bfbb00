//! The queue against a model of it: whatever is claimed, lost, cancelled, paused, preempted and restarted in whatever order, the
//! database holds what the model says, and in the end every run has ended once.

mod audit;
mod machine;
mod operation;

use std::cell::Cell;

use proptest::test_runner::{Config, TestRunner};

use self::machine::Machine;
use self::operation::{Operation, operations};

/// Sequences that `make test` tries; `PROPTEST_CASES` asks for another number.
const CASES: u32 = 40;

#[test]
#[expect(
    clippy::print_stdout,
    reason = "how much was tried belongs to the result"
)]
fn whatever_happens_the_queue_is_what_its_model_says() {
    let usual = Config::default();
    // What proptest does without being asked is too much for sequences on a database each.
    let cases = if usual.cases == 256 {
        CASES
    } else {
        usual.cases
    };
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..usual
    });
    let (tried, done) = (Cell::new(0_u32), Cell::new(0_usize));
    runner
        .run(&operations(), |operations| {
            tried.set(tried.get() + 1);
            done.set(done.get() + operations.len());
            // One a sequence: with it end the tasks and connections of a server whose sequence failed.
            runtime().block_on(case(&operations));
            Ok(())
        })
        .unwrap();
    println!(
        "model: {} sequences of {} operations in all",
        tried.get(),
        done.get()
    );
    assert!(tried.get() >= cases);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// One sequence on a database of its own.
async fn case(operations: &[Operation]) {
    let mut machine = Machine::start().await;
    for operation in operations {
        machine.apply(operation).await;
        machine.compare(operation).await;
    }
    machine.work_to_the_end().await;
}
