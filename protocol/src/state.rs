//! States and outcomes, spelled once.

use crate::spelled::spelled_enum;

spelled_enum! {
    /// What a job does.
    JobKind {
        /// Train a method, predict the test split and score the stored predictions. Belongs to a run.
        Train = "train",
        /// Score stored predictions again.
        Score = "score",
        /// Fuse raters' masks.
        Fuse = "fuse",
        /// Index a data set.
        Index = "index",
        /// Run a run again and compare.
        Reproduce = "reproduce",
    }
}

spelled_enum! {
    /// Where a job stands in the queue. A run's state is its newest job's.
    JobState {
        /// Waits for another job.
        Blocked = "blocked",
        /// May be claimed once `not_before` has passed.
        Queued = "queued",
        /// An attempt holds its lease.
        Leased = "leased",
        /// A person stopped it at a checkpoint; it can be resumed.
        Paused = "paused",
        /// Done.
        Succeeded = "succeeded",
        /// Its own error ended it, or its attempts are spent.
        Failed = "failed",
        /// A person ended it.
        Cancelled = "cancelled",
        /// Infrastructure failed under it too often; a person must look.
        Quarantined = "quarantined",
    }
}

impl JobState {
    /// Terminal rows never change again; a retry is a new job of the same run.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Quarantined
        )
    }
}

spelled_enum! {
    /// How an attempt ended. An attempt without an outcome is live.
    AttemptOutcome {
        /// The job is done.
        Succeeded = "succeeded",
        /// The trainer's own error: trying again gives the same.
        Failed = "failed",
        /// The device ran out of memory: tried again once.
        OutOfMemory = "out_of_memory",
        /// Disk, network or process trouble that is not the job's fault.
        Infrastructure = "infrastructure",
        /// The lease expired: the worker went silent.
        Lost = "lost",
        /// The worker wrote a checkpoint and gave the job back.
        Yielded = "yielded",
        /// A person cancelled the job.
        Cancelled = "cancelled",
    }
}

spelled_enum! {
    /// What the holder of a job's lease is to do at its next heartbeat, by whose wish.
    Asked {
        /// End: a person cancelled the job, or its deadline has passed.
        Cancel = "cancel",
        /// Write a checkpoint and give the job back: a person paused it.
        Pause = "pause",
        /// The same: a job of a higher priority needs the device.
        Preempt = "preempt",
    }
}

spelled_enum! {
    /// What a heartbeat's reply asks of the worker, for one lease.
    Command {
        /// Go on.
        Continue = "continue",
        /// Write a checkpoint, upload it, give the job back.
        Yield = "yield",
        /// End the child; the job is cancelled.
        Cancel = "cancel",
        /// The lease is gone: end the child and write nothing more.
        Abandon = "abandon",
    }
}

spelled_enum! {
    /// Where an experiment stands; derived from its runs.
    ExperimentState {
        /// Some run may still change.
        Active = "active",
        /// Every run is terminal and at least one succeeded.
        Finished = "finished",
        /// Every run is terminal and none succeeded.
        Failed = "failed",
        /// A person cancelled it.
        Cancelled = "cancelled",
    }
}

spelled_enum! {
    /// What kind of device a worker offers or a job needs.
    DeviceKind {
        /// Processor cores.
        Cpu = "cpu",
        /// An NVIDIA GPU.
        Cuda = "cuda",
    }
}

spelled_enum! {
    /// What a stored file is.
    ArtifactKind {
        /// Weights, optimiser moments and position, to go on from.
        Checkpoint = "checkpoint",
        /// The weights that validation chose.
        Weights = "weights",
        /// One test case's stored prediction.
        Prediction = "prediction",
        /// Where and with what a run was made.
        Provenance = "provenance",
    }
}
