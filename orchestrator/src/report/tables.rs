//! Tables as they were last made: one that nothing has been added to is not made again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::wire::Table;

use crate::db::PgPool;
use crate::{db, report};

/// Experiments whose tables are kept.
const MOST: usize = 32;

/// Experiment, what its results were, and the table they made.
type Kept = (ExperimentId, String, Arc<Table>);

/// The tables that were asked for last.
#[derive(Debug, Clone, Default)]
pub struct Tables(Arc<Mutex<VecDeque<Kept>>>);

impl Tables {
    /// An experiment's table as of now.
    ///
    /// # Errors
    /// The database cannot be reached, or there is no such experiment.
    pub async fn of(
        &self,
        pool: &PgPool,
        experiment: ExperimentId,
    ) -> Result<Arc<Table>, sqlx::Error> {
        // Read before the results: what is added in between is then made again rather than missed.
        let standing = db::scores::standing(pool, experiment).await?;
        if let Some(table) = self.kept(experiment, &standing) {
            return Ok(table);
        }
        let results = report::read(pool, experiment).await?;
        let made =
            tokio::task::spawn_blocking(move || mrprism_report::table::build(&results)).await;
        let table = Arc::new(made.map_err(|error| sqlx::Error::Decode(Box::new(error)))?);
        self.keep((experiment, standing, Arc::clone(&table)));
        Ok(table)
    }

    fn kept(&self, experiment: ExperimentId, standing: &str) -> Option<Arc<Table>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept
            .iter()
            .find(|(of, then, _)| *of == experiment && then == standing)?;
        Some(Arc::clone(&found.2))
    }

    fn keep(&self, made: Kept) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, ..)| *of != made.0);
        kept.push_back(made);
        if kept.len() > MOST {
            kept.pop_front();
        }
    }
}
