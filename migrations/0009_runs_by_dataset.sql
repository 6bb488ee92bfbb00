-- An arm may run on several data sets: a cell is an arm on a data set with a seed and a fold.

drop index runs_one_a_cell;
-- Is this cell there already?
create unique index runs_one_a_cell on runs (experiment_id, arm, dataset_name, seed, fold) nulls not distinct;
