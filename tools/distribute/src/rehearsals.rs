//! Which targets of a run are there for the rehearsal of others.

use project::{Project, TargetSettings};

/// The targets, and those that some of them rehearse on.
pub fn with(project: &Project, mut targets: Vec<TargetSettings>) -> Vec<TargetSettings> {
    let stages: Vec<TargetSettings> =
        project.targets().into_iter().filter(|stage| real(stage, &targets).is_some()).collect();
    for stage in stages {
        if targets.iter().all(|target| target.name != stage.name) {
            targets.push(stage);
        }
    }
    targets
}

/// The targets without any rehearsal; one that is there for rehearsals alone stays where it was asked for by name.
pub fn without(mut targets: Vec<TargetSettings>, named: &[String]) -> Vec<TargetSettings> {
    let stages: Vec<String> = targets.iter().filter_map(|target| target.rehearse.clone()).collect();
    targets.retain(|target| !stages.contains(&target.name) || named.contains(&target.name));
    targets.iter_mut().for_each(|target| target.rehearse = None);
    targets
}

/// The target of a run that another one is the rehearsal for.
pub fn real<'a>(stage: &TargetSettings, targets: &'a [TargetSettings]) -> Option<&'a TargetSettings> {
    targets.iter().find(|target| target.rehearse.as_ref() == Some(&stage.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_is_dropped_where_none_is_wanted_unless_it_was_asked_for() {
        let text = "[[target]]\nname = \"pypi\"\nkind = \"pypi\"\nrehearse = \"test\"\n\
                    [[target]]\nname = \"test\"\nkind = \"pypi\"\nindex = \"testpypi\"\n";
        let targets = project::Settings::parse(text).unwrap().target;
        let names = |targets: &[TargetSettings]| -> Vec<String> {
            targets.iter().map(|target| target.name.clone()).collect()
        };
        assert_eq!(real(&targets[1], &targets).map(|real| real.name.as_str()), Some("pypi"));
        assert_eq!(real(&targets[0], &targets), None);
        let alone = without(targets.clone(), &[]);
        assert_eq!((names(&alone), &alone[0].rehearse), (vec!["pypi".to_owned()], &None));
        assert_eq!(names(&without(targets, &["pypi".to_owned(), "test".to_owned()])), ["pypi", "test"]);
    }
}
