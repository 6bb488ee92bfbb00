//! Experiments as algebra: sweeps by operator, derived keys and rules, with every number counted by hand.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input fails"
)]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mrprism_protocol::spec::{
    ArmFile, Dropped, ExperimentFile, MethodSpec, Resolved, RunSpec, Seed, SpecError, resolve,
};
use proptest::prelude::*;

use self::support::{bundle, card};

const HEAD: &str = "name = \"x\"\nquestion = \"?\"\nseeds = [0]\n";
const BASE: &str = "[base]\ndataset = \"phantom\"\nmethod = \"mrprism\"\nsize = 64\n";
/// Four components with keys of mrprism's definition, which has attention, the shuffle loss and three recurrences, and no
/// multi-head loss.
const COMPONENTS: &str = "[components]\n\
    attention = { off = { \"network.integration\" = \"concat\" } }\n\
    heads = { on = { \"loss.multi_head\" = 0.3 } }\n\
    recurrence = { on = { \"network.recurrences\" = 3 }, off = { \"network.recurrences\" = 1 } }\n\
    shuffle = { on = { \"loss.shuffle\" = 0.3 }, off = { \"loss.shuffle\" = 0.0 } }\n";

fn resolve_text(text: &str) -> Result<Resolved, Vec<SpecError>> {
    let methods = [
        (
            "mrprism.toml",
            include_str!("../../experiments/methods/mrprism.toml"),
        ),
        (
            "unet.toml",
            include_str!("../../experiments/methods/unet-mean.toml"),
        ),
    ];
    let bundle = bundle("study.toml", text, &methods);
    resolve(&bundle, &[card("phantom"), card("phantom-over")])
}

#[track_caller]
fn resolved(text: &str) -> Resolved {
    resolve_text(text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn arms_of(text: &str) -> Vec<ArmFile> {
    let file: ExperimentFile = toml::from_str(text).unwrap();
    file.every_arm().unwrap()
}

fn names(text: &str) -> Vec<String> {
    arms_of(text).into_iter().map(|arm| arm.name).collect()
}

fn cell_names(resolved: &Resolved) -> Vec<&str> {
    resolved
        .cells
        .iter()
        .map(|cell| cell.arm.as_str())
        .collect()
}

fn first_fault(text: &str) -> String {
    match resolve_text(text) {
        Ok(_) => "accepted".to_owned(),
        Err(faults) => faults[0].to_string(),
    }
}

fn with_sweep(sweep: &str) -> String {
    format!("{HEAD}{BASE}{COMPONENTS}[sweep]\n{sweep}\n")
}

#[test]
fn every_operator_names_its_arms_so_that_tables_read_well() {
    let mut told = String::new();
    let three = "[\"shuffle\", \"heads\", \"attention\"]";
    for operator in ["one_out", "one_in", "cumulative", "factorial"] {
        let arms = names(&with_sweep(&format!("{operator} = {three}")));
        writeln!(told, "{operator}\n  {}", arms.join("\n  ")).unwrap();
    }
    let written = "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\nset = { size = 32 }\n";
    let text = with_sweep("one_out = [\"heads\"]")
        .replace("[components]", &format!("{written}[components]"));
    writeln!(told, "on top of arms\n  {}", names(&text).join("\n  ")).unwrap();
    let all = names(&with_sweep("cumulative = \"all\""));
    writeln!(told, "all, in alphabetical order\n  {}", all.join("\n  ")).unwrap();
    let random = "random = { points = 4, seed = 7, axes = { \"train.lr\" = { log_uniform = [1e-5, 1e-2] }, \
        \"train.batch\" = { integers = [2, 16] }, \"loss.shuffle\" = { uniform = [0, 1] }, \
        \"network.integration\" = [\"concat\", \"attentive\"] } }";
    writeln!(
        told,
        "random\n  {}",
        names(&with_sweep(random)).join("\n  ")
    )
    .unwrap();
    insta::assert_snapshot!(told);
}

#[test]
fn a_component_sets_its_side_and_a_missing_side_leaves_the_base() {
    let resolved = resolved(&with_sweep("factorial = [\"heads\", \"shuffle\"]"));
    let losses = resolved.cells.iter().map(|cell| {
        let MethodSpec::Mrprism(method) = &cell.spec.method else {
            panic!("the study names mrprism");
        };
        (
            cell.arm.as_str(),
            method.loss.multi_head,
            method.loss.shuffle,
        )
    });
    assert_eq!(
        losses.collect::<Vec<_>>(),
        [
            ("none", 0.0, 0.0),
            ("shuffle", 0.0, 0.3),
            ("heads", 0.3, 0.0),
            ("heads + shuffle", 0.3, 0.3),
        ]
    );
}

#[test]
fn an_experiment_file_is_written_as_it_is_read() {
    let random = "random = { points = 2, seed = 3, axes = { size = { integers = [1, 9] } } }";
    let study = include_str!("../../experiments/studies/ablation-algebra.toml");
    let texts = [
        study.to_owned(),
        with_sweep(random),
        with_sweep("one_in = \"all\""),
    ];
    for text in texts {
        let file: ExperimentFile = toml::from_str(&text).unwrap();
        let written = toml::to_string(&file).unwrap();
        assert_eq!(
            toml::from_str::<ExperimentFile>(&written).unwrap(),
            file,
            "{written}"
        );
    }
}

/// Sixteen combinations of attention (a), heads (h), recurrence (r) and shuffle (s). The first rule leaves out those with r but
/// neither h nor s: r, ar. The second leaves out those with a and not r: a, as, ah, ahs. No combination meets both, so 16 − 2 − 4 = 10 stay.
#[test]
fn a_factorial_of_four_with_two_rules_leaves_ten() {
    let rules = "[[rule]]\ndrop = \"recurrence and not (heads or shuffle)\"\nreason = \"nothing ties heads to raters\"\n\
        [[rule]]\ndrop = \"attention and not recurrence\"\nreason = \"attention needs a second pass\"\n";
    let text =
        with_sweep("factorial = [\"attention\", \"heads\", \"recurrence\", \"shuffle\"]") + rules;
    let resolved = resolved(&text);
    assert_eq!(
        cell_names(&resolved),
        [
            "none",
            "shuffle",
            "recurrence + shuffle",
            "heads",
            "heads + shuffle",
            "heads + recurrence",
            "heads + recurrence + shuffle",
            "attention + recurrence + shuffle",
            "attention + heads + recurrence",
            "attention + heads + recurrence + shuffle",
        ]
    );
    let dropped = |arm: &str, reason: &str| Dropped {
        arm: arm.into(),
        dataset: None,
        reason: reason.into(),
    };
    let (ties, pass) = (
        "nothing ties heads to raters",
        "attention needs a second pass",
    );
    assert_eq!(
        resolved.dropped,
        [
            dropped("recurrence", ties),
            dropped("attention", pass),
            dropped("attention + shuffle", pass),
            dropped("attention + recurrence", ties),
            dropped("attention + heads", pass),
            dropped("attention + heads + shuffle", pass),
        ]
    );
    let told = resolved.cell("attention", None, Seed(0), None).unwrap_err();
    assert_eq!(
        told,
        "arm 'attention' is left out: attention needs a second pass"
    );
}

#[test]
fn a_rule_by_data_set_leaves_the_arm_on_the_others() {
    let text = format!(
        "{HEAD}datasets = [\"phantom\", \"phantom-over\"]\n{}\
         [[arm]]\nname = \"plain\"\nset = {{ method = \"unet-mean\" }}\n[[arm]]\nname = \"long\"\n[[arm]]\nname = \"short\"\nset = {{ \"network.recurrences\" = 1 }}\n\
         [[rule]]\ndrop = 'dataset == \"phantom-over\" and method == \"mrprism\" and network.recurrences > 1'\nreason = \"too slow there\"\n\
         [[rule]]\ndrop = 'method != \"mrprism\"'\nreason = \"not now\"\n",
        BASE.replace("dataset = \"phantom\"\n", "")
    );
    let resolved = resolved(&text);
    let cells = resolved
        .cells
        .iter()
        .map(|cell| (cell.arm.as_str(), cell.spec.dataset.name.as_str()));
    assert_eq!(
        cells.collect::<Vec<_>>(),
        [
            ("long", "phantom"),
            ("short", "phantom"),
            ("short", "phantom-over")
        ]
    );
    let dropped = |arm: &str, dataset: Option<&str>, reason: &str| Dropped {
        arm: arm.into(),
        dataset: dataset.map(Into::into),
        reason: reason.into(),
    };
    assert_eq!(
        resolved.dropped,
        [
            dropped("plain", None, "not now"),
            dropped("long", Some("phantom-over"), "too slow there"),
        ]
    );
    assert_eq!(
        resolved.dropped[1].to_string(),
        "long on phantom-over: too slow there"
    );
}

#[test]
fn derived_keys_follow_from_others_and_from_each_other() {
    let text = format!(
        "{HEAD}{BASE}[base.train]\nbatch = 8\n[derive]\n\"train.lr\" = \"1e-4 * train.batch / 16\"\n\
         \"evaluation.recurrences\" = \"network.recurrences + 1\"\n\"train.steps\" = \"train.epochs * evaluation.recurrences\"\n\
         [sweep.grid]\n\"network.recurrences\" = [1, 2]\n"
    );
    let resolved = resolved(&text);
    let values = |spec: &RunSpec| {
        (
            spec.train.lr,
            spec.evaluation.recurrences,
            spec.train.steps,
            spec.train.epochs,
        )
    };
    let found: Vec<_> = resolved
        .cells
        .iter()
        .map(|cell| values(&cell.spec))
        .collect();
    // 150 epochs are mrprism.toml's; derived steps take their place.
    assert_eq!(
        found,
        [(5e-5, 2, Some(300), None), (5e-5, 3, Some(450), None)]
    );
}

#[test]
fn mistakes_of_derived_keys_and_rules_are_named_with_file_line_and_key() {
    let derive = |lines: &str| format!("{HEAD}{BASE}[derive]\n{lines}\n");
    let rule = |drop: &str| {
        with_sweep("one_out = [\"heads\"]")
            + &format!("[[rule]]\nreason = \"r\"\ndrop = '{drop}'\n")
    };
    let texts = [
        derive("\"train.lr\" = \"1e-4 * train.bach\""),
        derive("\"train.lr\" = \"1e-4 *\""),
        derive("\"train.lr\" = \"bach\""),
        derive("\"train.lr\" = \"train.augment\""),
        derive("\"train.lr\" = \"train.betas\""),
        derive("\"train.lr\" = \"train.update + 1\""),
        derive("\"train.lr\" = \"train.batch > 1\""),
        derive("\"train.lr\" = \"train.batch - 16\""),
        derive("\"train.lr\" = \"1 / (train.batch - 16)\""),
        derive("\"train.lr\" = 1e-4"),
        derive("\"train.batch\" = \"network.recurrences / 2\""),
        derive("\"train.batch\" = \"-1\""),
        derive("\"train.bach\" = \"1\""),
        derive("\"train.augment\" = \"1\""),
        derive("\"method\" = \"1\""),
        derive("\"train\" = \"1\""),
        derive("\"train.a.b.c.d.e.f.g.h\" = \"1\""),
        derive(
            "\"train.lr\" = \"train.eps\"\n\"train.eps\" = \"train.weight_decay\"\n\"train.weight_decay\" = \"train.eps * 2\"",
        ),
        derive("\"train.lr\" = \"train.lr * 2\""),
        derive("\"size\" = \"32\""),
        derive("\"train.lr\" = \"1e-4\"")
            + "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\nset = { \"train.lr\" = 1.0 }\n",
        derive("\"train.lr\" = \"1e-4\"") + "[sweep.grid]\n\"train.lr\" = [1.0]\n",
        derive("\"loss.shuffle\" = \"0.1\"") + COMPONENTS + "[sweep]\none_out = [\"shuffle\"]\n",
        rule("heds"),
        rule("shuffle"),
        rule("not heads and loss.alpha > 1"),
        rule("heads and false and loss.alpha > 1"),
        rule("heads = true"),
        rule("heads + 1 > 2"),
        rule("loss.shuffle"),
        rule("true"),
        rule("heads").replace("reason = \"r\"", "reason = \" \""),
        rule("heads").replace("drop =", "dorp ="),
        rule("heads").replace(
            "[base]",
            "table = { rows = \"arm\", columns = \"reference\", baseline = \"full\" }\n[base]",
        ),
    ];
    insta::assert_snapshot!(first_faults(&texts));
}

#[test]
fn mistakes_of_sweeps_and_components_are_named_with_file_line_and_key() {
    let component = |line: &str| format!("{HEAD}{BASE}[components]\n{line}\n");
    let random = |lines: &str| format!("{HEAD}{BASE}[sweep.random]\n{lines}\n");
    let axis = |axis: &str| {
        random(&format!(
            "points = 2\n[sweep.random.axes]\n\"train.lr\" = {axis}"
        ))
    };
    let texts = [
        with_sweep("one_out = [\"heds\"]"),
        with_sweep("one_out = []"),
        with_sweep("one_out = [\"heads\", \"heads\"]"),
        with_sweep("one_out = \"some\""),
        with_sweep("one_out = 3"),
        with_sweep("one_off = [\"heads\"]"),
        with_sweep("one_out = [\"heads\"]\none_in = [\"heads\"]"),
        with_sweep(""),
        format!("{HEAD}sweep = 3\n{BASE}"),
        with_sweep("factorial = \"all\"").replace(COMPONENTS, &many_components(11)),
        with_sweep("one_out = \"all\"").replace("0.3 } }", "-0.3 } }"),
        component("heads = { on = { \"loss.multi_head\" = 0.3 }, of = {} }"),
        component("heads = {}"),
        component("not = { on = { \"loss.multi_head\" = 0.3 } }"),
        component("loss = { on = { \"loss.multi_head\" = 0.3 } }"),
        component("\"multi-head\" = { on = { \"loss.multi_head\" = 0.3 } }"),
        component(
            "a = { on = { \"loss.shuffle\" = 0.3 } }\nb = { off = { loss = { shuffle = 0.0 } } }",
        ),
        component(
            "a = { on = { \"train.augment.flip\" = \"both\" } }\nb = { off = { \"train.augment\" = 0.0 } }",
        ),
        random("points = 2"),
        random("points = 0\naxes = { size = [32] }"),
        random("points = 100_000\naxes = { size = [32] }"),
        random("points = 2\naxes = {}"),
        random("points = 2\nseeds = 3\naxes = { size = [32] }"),
        random("points = 3\naxes = { size = [32, 64] }"),
        axis("1.0"),
        axis("[]"),
        axis("{ uniform = [1, 1] }"),
        axis("{ uniform = [1, inf] }"),
        axis("{ log_uniform = [0, 1] }"),
        axis("{ integers = [1, 2.5] }"),
        axis("{ normal = [0, 1] }"),
        axis("{ uniform = [0, 1], integers = [0, 1] }"),
        axis("[\"fast\"]"),
        format!("{HEAD}{BASE}[sweep.grid]\nsize = 32\n"),
        format!("{HEAD}{BASE}[sweep]\nlist = [{{ \"train.eps\" = 1 }}, {{ \"loss.eps\" = 1 }}]\n"),
        format!(
            "{HEAD}{BASE}[[arm]]\nname = \"a\"\nset = {{ \"{}b\" = 1 }}\n",
            "a.".repeat(8)
        ),
        with_sweep("one_out = [\"heads\"]").replace(
            "[base]",
            "table = { rows = \"arm\", columns = \"reference\", baseline = \"fool\" }\n[base]",
        ),
    ];
    insta::assert_snapshot!(first_faults(&texts));
}

fn first_faults(texts: &[String]) -> String {
    let told = texts.iter().map(|text| first_fault(text));
    told.collect::<Vec<_>>().join("\n")
}

fn many_components(count: usize) -> String {
    let lines = (0..count).map(|at| format!("c{at} = {{ on = {{ \"loss.k{at}\" = 1 }} }}\n"));
    "[components]\n".to_owned() + &lines.collect::<String>()
}

#[test]
fn what_would_fill_the_memory_is_refused() {
    let ten: Vec<_> = (0..10)
        .map(|at| format!("\"loss.k{at}\" = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"))
        .collect();
    let grid = format!("{HEAD}{BASE}[sweep.grid]\n{}\n", ten.join("\n"));
    assert_eq!(
        first_fault(&grid),
        "study.toml:13: `sweep.grid.loss.k4`: makes 100000 points: at most 10000 are allowed"
    );
    let list = |count: u32| {
        (0..count)
            .map(|at| at.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let seeds = format!(
        "name = \"x\"\nquestion = \"?\"\nseeds = [{}]\nfolds = [{}]\n{BASE}",
        list(1000),
        list(101)
    );
    assert_eq!(
        first_fault(&seeds),
        "study.toml:3: `seeds`: arms, data sets, folds and seeds make 101000 cells: at most 100000"
    );
    let deep = format!(
        "{HEAD}{BASE}[[arm]]\nname = \"a\"\nset = {{ \"{}b\" = 1 }}\n",
        "a.".repeat(100_000)
    );
    assert!(first_fault(&deep).ends_with("has more parts than any key of a run"));
    let axes = "points = 1000\naxes = { \"train.lr\" = { integers = [-1000000000, -1] } }";
    let text = format!("{HEAD}{BASE}[sweep.random]\n{axes}\n");
    assert_eq!(resolve_text(&text).unwrap_err().len(), 200);
    let crowd = with_sweep("one_out = \"all\"").replace(COMPONENTS, &many_components(101));
    assert_eq!(
        first_fault(&crowd),
        "study.toml:8: `components`: 101 are declared: at most 100"
    );
}

fn listed(count: usize) -> String {
    let names: Vec<_> = (0..count).map(|at| format!("\"c{at}\"")).collect();
    format!("[{}]", names.join(", "))
}

fn arms_of_many(operator: &str, count: usize) -> Vec<ArmFile> {
    let sweep = format!("{operator} = {}", listed(count));
    arms_of(&with_sweep(&sweep).replace(COMPONENTS, &many_components(count)))
}

fn distinct(arms: &[ArmFile]) -> (usize, usize) {
    let names: BTreeSet<_> = arms.iter().map(|arm| arm.name.clone()).collect();
    let sets: BTreeSet<_> = arms.iter().map(|arm| arm.set.to_string()).collect();
    (names.len(), sets.len())
}

fn random_arms(points: u32, seed: u64, axes: &str) -> Vec<toml::Table> {
    let text = format!(
        "{HEAD}{BASE}[sweep.random]\npoints = {points}\nseed = {seed}\n[sweep.random.axes]\n{axes}\n"
    );
    arms_of(&text).into_iter().map(|arm| arm.set).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn operators_make_as_many_different_arms_as_they_say(count in 1_usize..9) {
        for operator in ["one_out", "one_in", "cumulative"] {
            let arms = arms_of_many(operator, count);
            prop_assert_eq!(arms.len(), count + 1);
            prop_assert_eq!(distinct(&arms), (count + 1, count + 1));
        }
        let arms = arms_of_many("factorial", count);
        prop_assert_eq!(arms.len(), 1 << count);
        prop_assert_eq!(distinct(&arms), (1 << count, 1 << count));
    }

    #[test]
    fn random_points_stay_when_points_or_axes_are_added(points in 1_u32..40, more in 1_u32..40, seed in 0_u64..1 << 40) {
        let lr = "\"train.lr\" = { log_uniform = [1e-6, 1e-1] }";
        let few = random_arms(points, seed, lr);
        prop_assert_eq!(&few, &random_arms(points, seed, lr));
        let many = random_arms(points + more, seed, lr);
        prop_assert_eq!(&few[..], &many[..points as usize]);
        let wider = format!("{lr}\n\"loss.shuffle\" = {{ uniform = [0, 1] }}\nsize = [32, 64]");
        let wide = random_arms(points, seed, &wider);
        for (narrow, wide) in few.iter().zip(&wide) {
            prop_assert_eq!(&narrow["train.lr"], &wide["train.lr"]);
        }
    }

    #[test]
    fn random_values_lie_within_their_ends(seed in 0_u64..1 << 40, low in -50_i64..50, span in 1_i64..100) {
        let high = low + span;
        let axes = format!(
            "a = {{ integers = [{low}, {high}] }}\nb = {{ uniform = [{low}.123456, {high}.654321] }}\n\
             c = {{ log_uniform = [0.00012345678, 0.00012345679] }}\nd = [true, false]"
        );
        for set in random_arms(20, seed, &axes) {
            let whole = set["a"].as_integer().unwrap();
            prop_assert!((low..=high).contains(&whole));
            let float = set["b"].as_float().unwrap();
            let ends: (f64, f64) = (format!("{low}.123456").parse().unwrap(), format!("{high}.654321").parse().unwrap());
            prop_assert!((ends.0..=ends.1).contains(&float), "{float}");
            prop_assert!((0.000_123_456_78..=0.000_123_456_79).contains(&set["c"].as_float().unwrap()));
        }
    }

    #[test]
    fn derived_values_equal_direct_computation(batch in 1_u32..4096, recurrences in 1_u32..=3, lr in 1e-8..1.0_f64) {
        let text = format!(
            "{HEAD}{BASE}[base.train]\nbatch = {batch}\n[base.network]\nrecurrences = {recurrences}\n\
             [derive]\n\"train.lr\" = \"{lr} * train.batch / 16\"\n\
             \"evaluation.recurrences\" = \"max(network.recurrences * 2 - 1, 2)\"\n"
        );
        let spec = &resolved(&text).cells[0].spec;
        prop_assert_eq!(spec.train.lr.to_bits(), (lr * f64::from(batch) / 16.0).to_bits());
        prop_assert_eq!(spec.evaluation.recurrences, (recurrences * 2 - 1).max(2));
    }

    /// A definition with bytes changed is resolved or refused; nothing panics.
    #[test]
    fn no_broken_definition_panics(
        changes in prop::collection::vec((0.0..1.0_f64, prop::sample::select(vec![
            "", "\"", "[", "]", "{", "}", "=", "\n", "-", "9", "e9", ".", "not ", "(", "shuffle", "null", "é", ",", "[sweep]\n",
        ])), 1..6)
    ) {
        let mut text = include_str!("../../experiments/studies/ablation-algebra.toml").to_owned()
            + "[[rule]]\ndrop = \"network.recurrences * 2 > min(train.batch, 9) and not shuffle\"\nreason = \"r\"\n";
        for (place, what) in changes {
            let mut at = (place * text.len() as f64) as usize;
            while !text.is_char_boundary(at) { at -= 1; }
            let end = text[at..].char_indices().nth(1).map_or(text.len(), |(next, _)| at + next);
            text.replace_range(at..end, what);
        }
        let _ = resolve_text(&text);
    }
}
