//! Points of curves.

use mrprism_protocol::id::RunId;
use mrprism_protocol::wire::Curve;
use sqlx::PgPool;

/// A run's curves, by name, one or all of them.
///
/// A later attempt that has begun training replaces everything after the step it went on from, so that a curve never
/// runs twice over the same steps.
///
/// # Errors
/// The database cannot be reached.
pub async fn curves(
    pool: &PgPool,
    run: RunId,
    series: Option<&str>,
) -> Result<Vec<Curve>, sqlx::Error> {
    let rows = sqlx::query!(
        "select distinct on (p.series, p.step) p.series, p.step, p.value
         from metric_points p join attempts a on a.id = p.attempt_id
         where a.run_id = $1 and ($2::text is null or p.series = $2)
            and not exists (select from attempts later
                where later.run_id = a.run_id and later.number > a.number and later.steps is not null
                    and coalesce(later.resumed_from_step, 0) < p.step)
         order by p.series, p.step, a.number desc, p.sequence desc",
        run.0,
        series
    )
    .fetch_all(pool)
    .await?;
    let mut curves: Vec<Curve> = Vec::new();
    for row in rows {
        let point = (row.step as u64, row.value);
        match curves.last_mut().filter(|curve| curve.series == row.series) {
            Some(curve) => curve.points.push(point),
            None => curves.push(Curve {
                series: row.series,
                points: vec![point],
            }),
        }
    }
    Ok(curves)
}
