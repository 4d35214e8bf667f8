//! A classifier that tries to tell two kinds of answers apart.

use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

const FOLDS: usize = 5;

/// The share of answers whose kind a random forest tells, that was trained on others: five-fold
/// cross-validation, answers dealt out in turn.
pub(crate) fn accuracy(ones: &[Vec<f64>], others: &[Vec<f64>]) -> f64 {
    let labelled = |kind: u32| move |features: &Vec<f64>| (features.clone(), kind);
    let pairs = ones.iter().map(labelled(0)).zip(others.iter().map(labelled(1)));
    let mut all: Vec<_> = pairs.flat_map(|(one, other)| [one, other]).collect();
    drop_constant(&mut all);
    if all[0].0.is_empty() {
        return 0.5;
    }
    let told = (0..FOLDS).map(|fold| {
        // Both of a pair are in one fold.
        let is_here = |(n, _): &(usize, &(Vec<f64>, u32))| n / 2 % FOLDS == fold;
        let (tested, trained): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(is_here);
        told(&trained, &tested)
    });
    told.sum::<usize>() as f64 / all.len() as f64
}

/// Features that are always the same tell nothing, and would only keep trees from looking at others.
fn drop_constant(all: &mut [(Vec<f64>, u32)]) {
    let first = all[0].0.clone();
    let varies: Vec<bool> =
        (0..first.len()).map(|at| all.iter().any(|(features, _)| features[at] != first[at])).collect();
    for (features, _) in all {
        let mut place = varies.iter();
        features.retain(|_| *place.next().unwrap());
    }
}

fn told(trained: &[(usize, &(Vec<f64>, u32))], tested: &[(usize, &(Vec<f64>, u32))]) -> usize {
    let features = |of: &[(usize, &(Vec<f64>, u32))]| {
        DenseMatrix::from_2d_vec(&of.iter().map(|(_, (features, _))| features.clone()).collect()).unwrap()
    };
    let kinds: Vec<u32> = trained.iter().map(|(_, (_, kind))| *kind).collect();
    let parameters = RandomForestClassifierParameters::default().with_n_trees(100).with_min_samples_leaf(5);
    let forest = RandomForestClassifier::fit(&features(trained), &kinds, parameters.with_seed(1)).unwrap();
    let guessed: Vec<u32> = forest.predict(&features(tested)).unwrap();
    guessed.iter().zip(tested).filter(|(guess, (_, (_, kind)))| *guess == kind).count()
}

/// What chance reaches with so many answers, and no more than once in a thousand tries.
pub(crate) fn chance(answers: usize) -> f64 {
    0.5 + 3.1 * (0.25 / answers as f64).sqrt()
}
