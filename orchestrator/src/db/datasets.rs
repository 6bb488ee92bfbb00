//! Data sets: what workers hold, by name and content.

use mrprism_protocol::id::WorkerId;
use mrprism_protocol::spec::DatasetCard;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// Replaces what a worker holds.
///
/// # Errors
/// The database cannot be reached.
pub async fn hold(
    db: &mut PgConnection,
    worker: WorkerId,
    cards: &[DatasetCard],
) -> Result<(), sqlx::Error> {
    // In order of name, so that two workers that report the same sets wait for each other and do not deadlock.
    let mut cards: Vec<_> = cards.iter().collect();
    cards.sort_by_key(|card| (&card.name, &card.manifest));
    cards.dedup_by_key(|card| &card.name);
    let names: Vec<_> = cards.iter().map(|card| card.name.clone()).collect();
    let manifests: Vec<_> = cards.iter().map(|card| card.manifest.clone()).collect();
    let texts: Vec<_> = cards.iter().map(|card| Json(*card)).collect();
    sqlx::query!(
        "insert into datasets (name, manifest, card)
         select * from unnest($1::text[], $2::text[], $3::jsonb[])
         on conflict (name, manifest) do update set card = excluded.card, reported_at = mrprism_now()",
        &names,
        &manifests,
        &texts as _
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from worker_datasets where worker_id = $1 and not name = any($2)",
        worker.0,
        &names
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into worker_datasets (worker_id, name, manifest)
         select $1, * from unnest($2::text[], $3::text[])
         on conflict (worker_id, name) do update set manifest = excluded.manifest",
        worker.0,
        &names,
        &manifests
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// One card a name: what a worker that is there holds, else what was last held; among several the newest.
///
/// # Errors
/// The database cannot be reached.
pub async fn list(pool: &PgPool) -> Result<Vec<DatasetCard>, sqlx::Error> {
    let cards = sqlx::query_scalar!(
        r#"select distinct on (d.name) d.card as "card: Json<DatasetCard>"
           from datasets d
           order by d.name,
                exists (select from worker_datasets h join workers w on w.id = h.worker_id
                    where h.name = d.name and h.manifest = d.manifest and w.gone_at is null) desc,
                d.reported_at desc, d.manifest"#
    )
    .fetch_all(pool)
    .await?;
    Ok(cards.into_iter().map(|card| card.0).collect())
}
