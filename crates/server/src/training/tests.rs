use super::*;

fn job(kind: JobKind, attempts: u64) -> Job {
    Job {
        id: "job_1".into(),
        bot_id: "bot_1".into(),
        document_id: Some("doc_1".into()),
        kind,
        status: store::JobStatus::Running,
        attempts,
        pages_done: 0,
        pages_total: 0,
        error_code: None,
        error_message: None,
        created_at: 1,
        updated_at: 1,
        finished_at: None,
    }
}

fn waits(outcome: &JobOutcome) -> Option<(Millis, bool)> {
    match outcome {
        JobOutcome::Later { not_before, counts, .. } => Some((not_before - now(), *counts)),
        _ => None,
    }
}

#[test]
fn only_a_training_that_was_alone_fails_of_its_run() {
    let crashed = never("crashed".into());
    let alone = crashed.outcome(&job(JobKind::Train, 1), true);
    assert!(matches!(alone, JobOutcome::Failed { .. }), "{alone:?}");
    let (wait, counts) = waits(&crashed.outcome(&job(JobKind::Train, 1), false)).unwrap();
    assert!(wait <= 0 && counts, "it is tried at once, alone");
    let late = |jobs: usize| overdue(vec![job(JobKind::Train, 1); jobs], Duration::from_secs(1));
    assert!(late(1).outcomes.iter().all(|(_, one)| matches!(one, JobOutcome::Failed { .. })));
    assert!(late(2).outcomes.iter().all(|(_, one)| waits(one).is_some()));
}

#[test]
fn removals_are_never_given_up() {
    for kind in [JobKind::Remove, JobKind::DropBot] {
        let crashed = never("crashed".into());
        let full = Refused::Now { code: "IO", message: "the disk is full".into() };
        for refused in [crashed, full] {
            let (wait, _) = waits(&refused.outcome(&job(kind, 1_000), true)).unwrap();
            assert!((50_000..=PUT_OFF_MS_MAX).contains(&wait), "{wait}");
        }
        let late = overdue(vec![job(kind, 9)], Duration::from_secs(1));
        assert!(waits(&late.outcomes[0].1).is_some());
    }
}

#[test]
fn a_bot_that_another_holds_costs_no_attempt() {
    for kind in [JobKind::Train, JobKind::Remove, JobKind::DropBot] {
        let (wait, counts) =
            waits(&Refused::Locked("held".into()).outcome(&job(kind, 5), true)).unwrap();
        assert!((50_000..=PUT_OFF_MS_MAX).contains(&wait) && !counts, "an old job waits long");
    }
    let young = Job { created_at: now(), ..job(JobKind::Remove, 5) };
    let (wait, _) = waits(&Refused::Locked("held".into()).outcome(&young, true)).unwrap();
    assert!((0..=PUT_OFF_MS).contains(&wait), "{wait}");
}
