//! Out of one server and into another: the same bytes, the same table, and nothing that a worker could claim.

use mrprism_orchestrator::db::PgPool;
use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::state::{AttemptOutcome, ExperimentState, JobState};
use mrprism_protocol::wire::{
    EventBody, Imported, RunView, Score, ScoreQueued, ScoreRequest, Table, TestCase,
};
use mrprism_report::export::{Export, Packed, packed_experiment};
use mrprism_report::table;
use reqwest::multipart::{Form, Part};

use crate::support::{Answer, Server, Worker, bundle, bundle_on};

/// The three files of an export.
#[derive(Clone, PartialEq, Eq)]
struct Files([Vec<u8>; 3]);

impl Files {
    async fn of(server: &Server, experiment: &str) -> Self {
        let part = async |name: &str| {
            let path = format!("/api/v1/experiments/{experiment}/export/{name}");
            let call = server
                .http
                .get(server.url(&path))
                .bearer_auth(server.token());
            let answer = call.send().await.unwrap().error_for_status().unwrap();
            assert_eq!(answer.headers()["content-type"], "application/gzip");
            answer.bytes().await.unwrap().to_vec()
        };
        Self([
            part("experiment").await,
            part("scores").await,
            part("curves").await,
        ])
    }

    fn read(&self) -> Export {
        let [experiment, scores, curves] = &self.0;
        Export::read(Packed {
            experiment,
            scores,
            curves,
        })
        .unwrap()
    }

    async fn import(&self, server: &Server) -> Answer {
        let names = ["experiment", "scores", "curves"];
        let form = names
            .iter()
            .zip(&self.0)
            .fold(Form::new(), |form, (name, content)| {
                form.part(*name, Part::bytes(content.clone()))
            });
        post(server, form).await
    }
}

async fn post(server: &Server, form: Form) -> Answer {
    let url = server.url("/api/v1/experiments/import");
    Answer::of(
        server
            .http
            .post(url)
            .bearer_auth(server.token())
            .multipart(form),
    )
    .await
}

fn score(recurrence: u32, case: &str, reference: Reference, value: f64) -> Score {
    Score {
        output: Output::Prediction,
        recurrence: Some(recurrence),
        case: case.to_owned(),
        structure: "disc".to_owned(),
        reference,
        metric: "soft_dice@1".to_owned(),
        value,
    }
}

/// Three runs: one lost, then succeeded with scores, curves and a provenance; one failed; one still queued.
async fn study(server: &Server, name: &str) {
    let worker = Worker::new(server, "node7").await;
    let mut submitted = bundle(name, 3);
    submitted.experiment.file = format!("/home/node7/{name}.toml");
    server.submit(&submitted).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Yielded).await;
    server.pass(3600).await;
    let claim = loop {
        // The run that was given back waits at its old place.
        let next = worker.claim().await.unwrap();
        if next.run == claim.run {
            break next;
        }
        worker.finish(&next, AttemptOutcome::Failed).await;
    };
    let point = |step, value| EventBody::Metric {
        series: "train/loss".to_owned(),
        step,
        value,
    };
    let scores = [10, 2, 1]
        .into_iter()
        .flat_map(|rater| {
            [0, 1].map(|rec| {
                let value = 0.1 + 0.2 + f64::from(rater + rec) / 70.0;
                score(rec, "case b", Reference::LeaveOneOut(rater), value)
            })
        })
        .chain([score(0, "Case, \"a\"", Reference::Mean, 1.0 / 3.0)])
        .collect();
    let started = EventBody::Started {
        step: 0,
        epoch: 0,
        steps: 9,
        steps_per_epoch: 3,
    };
    let cases = [("case b", "p1"), ("Case, \"a\"", "p1")]
        .map(|(case, patient)| TestCase {
            case: case.to_owned(),
            patient: patient.to_owned(),
        })
        .to_vec();
    let bodies = vec![
        started,
        EventBody::TestCases { cases },
        point(1, 0.5),
        point(2, 0.1 + 0.2),
        EventBody::Scores { scores },
    ];
    let stored = worker.report(&claim, 0, bodies).await;
    assert!(stored.status.is_success(), "{}", stored.text);
    let provenance = r#"{"threads":1,"host":"node7","libtorch":"2"}"#;
    let stored = worker
        .upload(&claim, "provenance/provenance.json", "", provenance)
        .await;
    assert!(stored.status.is_success(), "{}", stored.text);
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
}

async fn ended(server: &Server) {
    let answer = server.post("/api/v1/experiments/study/cancel", &()).await;
    assert!(answer.status.is_success());
}

async fn table(server: &Server, experiment: &str) -> String {
    server
        .get(&format!("/api/v1/experiments/{experiment}/table"))
        .await
        .text
}

async fn rows(db: &PgPool) -> Vec<i64> {
    sqlx::query_scalar(
        "select count(*) from experiments union all select count(*) from runs union all select count(*) from jobs
         union all select count(*) from attempts union all select count(*) from scores
         union all select count(*) from metric_points union all select count(*) from workers
         union all select count(*) from artifacts",
    )
    .fetch_all(db)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_import_exports_the_same_bytes_and_prints_the_same_table() {
    let from = Server::start().await;
    study(&from, "study").await;
    ended(&from).await;
    let files = Files::of(&from, "study").await;
    assert!(files == Files::of(&from, "study").await, "twice is alike");
    let export = files.read();
    let run = &export.experiment.runs[0];
    assert_eq!((run.state, run.attempts.len()), (JobState::Succeeded, 2));
    assert_eq!(export.scores[0].len(), 7);
    assert_eq!(run.patients["case b"], "p1");
    assert_eq!(export.curves[0][0].points, [(1, 0.5), (2, 0.1 + 0.2)]);
    let text = serde_json::to_string(&export.experiment).unwrap();
    assert!(
        !text.contains("node7") && text.contains("libtorch"),
        "{text}"
    );

    let to = Server::start().await;
    let answer = files.import(&to).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let imported: Imported = answer.json();
    assert!(imported.notes.is_empty(), "{:?}", imported.notes);
    assert_eq!(imported.experiment.state, ExperimentState::Cancelled);
    assert_eq!(imported.experiment.created_at, export.experiment.created_at);
    assert!(Files::of(&to, "study").await == files, "the same bytes");
    let printed = table(&from, "study").await;
    assert_eq!(table(&to, "study").await, printed);
    // Without a server too.
    let offline = table::build(&export.results().unwrap());
    assert_eq!(serde_json::to_string(&offline).unwrap(), printed);
    assert!(
        !serde_json::from_str::<Table>(&printed)
            .unwrap()
            .cells
            .is_empty()
    );
    let views: Vec<RunView> = to.runs("study").await;
    assert_eq!(views[0].steps, Some(9));
    let gone = to
        .count("select count(*) from workers where gone_at is null")
        .await;
    assert_eq!(gone, 0, "nobody is there");
}

#[tokio::test]
async fn importing_twice_is_importing_once() {
    let from = Server::start().await;
    study(&from, "study").await;
    let files = Files::of(&from, "study").await;
    let to = Server::start().await;
    assert_eq!(files.import(&to).await.status.as_u16(), 201);
    let before = rows(to.db()).await;
    let again = files.import(&to).await;
    assert_eq!(again.status.as_u16(), 200, "{}", again.text);
    assert_eq!(rows(to.db()).await, before);
    assert_eq!(again.json::<Imported>().notes.len(), 1, "the note stays");
    // The server that ran it has it already.
    assert_eq!(files.import(&from).await.status.as_u16(), 200);
}

#[tokio::test]
async fn equal_imports_at_once_make_one_experiment() {
    let from = Server::start().await;
    study(&from, "study").await;
    let files = Files::of(&from, "study").await;
    let to = Server::start().await;
    let answers = futures::future::join_all((0..4).map(|_| files.import(&to))).await;
    let made = answers
        .iter()
        .filter(|answer| answer.status.as_u16() == 201)
        .count();
    let same = answers
        .iter()
        .filter(|answer| answer.status.as_u16() == 200)
        .count();
    assert_eq!((made, same), (1, 3));
    assert_eq!(to.count("select count(*) from runs").await, 3);
}

#[tokio::test]
async fn open_runs_become_cancelled_and_are_never_claimed() {
    let from = Server::start().await;
    let worker = Worker::new(&from, "here").await;
    from.submit(&bundle("open", 2)).await;
    worker.claim().await.unwrap();
    let files = Files::of(&from, "open").await;
    let to = Server::start().await;
    let imported: Imported = files.import(&to).await.json();
    let note = &imported.notes[0];
    assert!(
        note.starts_with("2 of 2 runs were open")
            && note.contains("open seed 0 (leased), open seed 1 (queued)"),
        "{note}"
    );
    let runs = to.runs("open").await;
    assert!(runs.iter().all(|run| run.state == JobState::Cancelled));
    let attempt = &runs[0].attempts[0];
    assert_eq!(attempt.outcome, Some(AttemptOutcome::Cancelled));
    assert!(
        attempt
            .message
            .as_ref()
            .unwrap()
            .contains("was leased when it was exported")
    );
    let worker = Worker::new(&to, "here").await;
    to.pass(86_400).await;
    assert!(worker.claim().await.is_none());
}

#[tokio::test]
async fn another_content_under_the_same_name_is_409_and_changes_nothing() {
    let from = Server::start().await;
    study(&from, "study").await;
    let files = Files::of(&from, "study").await;
    let to = Server::start().await;
    Worker::new(&to, "here").await;
    to.submit(&bundle("study", 3)).await;
    let before = rows(to.db()).await;
    let problem = files.import(&to).await.problem(409);
    assert_eq!(problem.kind, "mrprism:name-taken");
    assert!(
        problem.detail.contains("a server without it"),
        "{problem:?}"
    );
    assert_eq!(rows(to.db()).await, before);
    // The same name, imported twice with one number changed between.
    let third = Server::start().await;
    files.import(&third).await;
    let mut other = files.clone();
    other.0[1] = {
        use std::io::{Read as _, Write as _};
        let mut text = String::new();
        flate2::read::GzDecoder::new(&files.0[1][..])
            .read_to_string(&mut text)
            .unwrap();
        let changed = text.replace("0.3333333333333333", "0.3333333333333334");
        assert_ne!(changed, text);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(changed.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    assert_eq!(
        other.import(&third).await.problem(409).kind,
        "mrprism:name-taken"
    );
}

#[tokio::test]
async fn runs_that_are_there_under_another_name_are_409() {
    let server = Server::start().await;
    study(&server, "study").await;
    let files = Files::of(&server, "study").await;
    let mut renamed = files.read().experiment;
    renamed.name = "other".to_owned();
    renamed.bundle = bundle("other", 3);
    let files = Files([
        packed_experiment(&renamed).unwrap(),
        files.0[1].clone(),
        files.0[2].clone(),
    ]);
    let problem = files.import(&server).await.problem(409);
    assert_eq!(problem.kind, "mrprism:runs-taken");
    assert!(problem.detail.contains("already, in study"), "{problem:?}");
}

#[tokio::test]
async fn what_is_no_export_is_refused_and_nothing_is_written() {
    let from = Server::start().await;
    study(&from, "study").await;
    let whole = Files::of(&from, "study").await;
    let to = Server::start().await;
    for (part, told) in [
        (0, "experiment.json.gz"),
        (1, "scores.csv.gz"),
        (2, "curves.csv.gz"),
    ] {
        let mut cut = whole.clone();
        let half = cut.0[part].len() / 2;
        cut.0[part].truncate(half);
        let problem = cut.import(&to).await.problem(422);
        assert!(
            problem.detail.contains(told) && problem.detail.contains("cut"),
            "{problem:?}"
        );
    }
    // What this format allows and no database does.
    let mut nul = whole.read().experiment;
    nul.runs[0].attempts[0].message = Some("a\0b".to_owned());
    let files = Files([
        packed_experiment(&nul).unwrap(),
        whole.0[1].clone(),
        whole.0[2].clone(),
    ]);
    files.import(&to).await.problem(422);
    let mut late = whole.read().experiment;
    late.created_at = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    let files = Files([
        packed_experiment(&late).unwrap(),
        whole.0[1].clone(),
        whole.0[2].clone(),
    ]);
    let problem = files.import(&to).await.problem(422);
    assert!(problem.detail.contains("no time between"), "{problem:?}");
    let missing = Form::new().part("experiment", Part::bytes(whole.0[0].clone()));
    let problem = post(&to, missing).await.problem(422);
    assert!(problem.detail.contains("a part is missing"), "{problem:?}");
    let strange = Form::new().part("weights", Part::bytes(vec![1]));
    post(&to, strange).await.problem(422);
    let answer = to.post("/api/v1/experiments/import", &1).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text);
    assert_eq!(rows(to.db()).await.iter().sum::<i64>(), 0);
    assert_eq!(to.count("select count(*) from blobs").await, 0);
}

#[tokio::test]
async fn an_export_has_three_parts_and_names_machines_only_where_asked() {
    let server = Server::start().await;
    study(&server, "study").await;
    let path = "/api/v1/experiments/study/export";
    let problem = server.get(&format!("{path}/weights")).await.problem(404);
    assert!(
        problem.detail.contains("experiment, scores and curves"),
        "{problem:?}"
    );
    server
        .get("/api/v1/experiments/none/export/scores")
        .await
        .problem(404);
    let url = server.url(&format!("{path}/experiment?hosts=true"));
    let call = server.http.get(url).bearer_auth(server.token());
    let experiment = call.send().await.unwrap().bytes().await.unwrap();
    let mut files = Files::of(&server, "study").await;
    let hash = files.read().hash().unwrap();
    files.0[0] = experiment.to_vec();
    let named = files.read();
    assert_eq!(
        named.experiment.runs[0].attempts[0].host.as_deref(),
        Some("node7")
    );
    assert_eq!(named.hash().unwrap(), hash, "machines are no content");
}

#[tokio::test]
async fn an_experiment_without_a_result_is_exported_too() {
    let from = Server::start().await;
    Worker::new(&from, "here").await;
    from.submit(&bundle_on("phantom", "empty", 1, "")).await;
    let files = Files::of(&from, "empty").await;
    let to = Server::start().await;
    assert_eq!(files.import(&to).await.status.as_u16(), 201);
    assert_eq!(to.runs("empty").await.len(), 1);
}

#[tokio::test]
async fn scoring_again_leaves_its_scores_and_no_attempt() {
    let from = Server::start().await;
    let worker = Worker::new(&from, "here").await;
    from.submit(&bundle("study", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    let path = "/api/v1/experiments/study/score";
    let queued: ScoreQueued = from.post(path, &ScoreRequest::default()).await.json();
    assert_eq!(queued.jobs.len(), 1);
    let claim = worker.claim().await.unwrap();
    let scores = vec![score(0, "a", Reference::Staple, 0.5)];
    worker
        .report(&claim, 0, vec![EventBody::Scores { scores }])
        .await;
    // The scoring is under way: what it has written is there, and nothing of the run is open.
    let files = Files::of(&from, "study").await;
    let export = files.read();
    assert_eq!(export.experiment.runs[0].attempts.len(), 1);
    assert_eq!(export.scores[0].len(), 1);
    let to = Server::start().await;
    let imported: Imported = files.import(&to).await.json();
    assert!(imported.notes.is_empty(), "{:?}", imported.notes);
    assert!(Files::of(&to, "study").await == files);
}
