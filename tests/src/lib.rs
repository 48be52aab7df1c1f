//! Whole pipelines, workflows and the rules of this repository.
