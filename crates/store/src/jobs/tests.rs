use std::collections::BTreeMap;

use super::*;
use crate::testing::stores;
use crate::{DocumentStatus, NewDocument};

fn document(bot_id: &str, id: &str, hash: &str) -> NewDocument {
    NewDocument {
        id: id.into(),
        bot_id: bot_id.into(),
        source: id.into(),
        title: None,
        metadata: BTreeMap::new(),
        content_hash: hash.into(),
        bytes: 7,
        media_type: "text/markdown".into(),
    }
}

fn found(hash: &str) -> JobOutcome {
    let title = Some("Found".to_owned());
    JobOutcome::Done(Some(Trained {
        content_hash: hash.into(),
        title,
        pages: 2,
        ..Trained::default()
    }))
}

fn later(not_before: Millis, counts: bool) -> JobOutcome {
    JobOutcome::Later { not_before, code: "LOCKED".into(), message: "busy".into(), counts }
}

#[tokio::test]
async fn a_document_is_trained_once_however_often_it_is_given() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        let upload = |hash| store.upload(document(&bot.id, "doc_1", hash), 1, 10);
        let first = upload("h1").await.unwrap().unwrap();
        assert!(first.job_id.is_some());
        let again = upload("h1").await.unwrap().unwrap();
        assert!(again.is_unchanged && !first.is_unchanged);
        assert_eq!(again.job_id, first.job_id, "it waits for the same job");
        let other = store.upload(document(&bot.id, "doc_2", "h1"), 1, 10).await.unwrap();
        assert!(other.is_none(), "one document is all the bot may have");
        let jobs = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert!(store.lease_jobs("you", 9, 100, 20).await.unwrap().is_empty());
        store
            .finish_jobs("me", vec![(jobs[0].clone(), found("h1"))], Vec::new(), 30)
            .await
            .unwrap();
        let trained = store.document(&bot.id, "doc_1").await.unwrap().unwrap();
        assert_eq!(trained.status, DocumentStatus::Trained);
        assert_eq!((trained.pages, trained.found_title.as_deref()), (2, Some("Found")));
        assert_eq!(upload("h1").await.unwrap().unwrap().job_id, None);
        assert!(upload("h2").await.unwrap().unwrap().job_id.is_some());
    }
}

#[tokio::test]
async fn a_lease_that_ran_out_is_anyones_and_its_owner_has_no_say() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        let lost = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        let taken = store.lease_jobs("you", 9, 300, 101).await.unwrap();
        assert_eq!((taken.len(), taken[0].attempts), (1, 2));
        let progress = vec![(lost[0].id.clone(), 1, 2)];
        assert!(!store.renew_jobs("me", progress.clone(), 400, 102).await.unwrap());
        assert!(store.renew_jobs("you", progress, 400, 102).await.unwrap());
        let failed = JobOutcome::Failed { code: "DAMAGED".into(), message: "broken".into() };
        store
            .finish_jobs("me", vec![(lost[0].clone(), failed.clone())], Vec::new(), 103)
            .await
            .unwrap();
        let job = store.job(&bot.id, &taken[0].id).await.unwrap().unwrap();
        assert_eq!((job.status, job.pages_done, job.pages_total), (JobStatus::Running, 1, 2));
        store.finish_jobs("you", vec![(taken[0].clone(), failed)], Vec::new(), 104).await.unwrap();
        let document = store.document(&bot.id, "doc_1").await.unwrap().unwrap();
        assert_eq!(document.status, DocumentStatus::Failed);
        assert_eq!(document.error_code.as_deref(), Some("DAMAGED"));
        assert!(store.retry_document(&bot.id, "doc_1", 105).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn jobs_of_one_bot_follow_one_another() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        let first = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        store.delete_document(&bot.id, "doc_1", 21).await.unwrap().unwrap();
        assert_eq!(store.leaving_documents(&bot.id).await.unwrap(), ["doc_1"]);
        assert!(store.lease_jobs("you", 9, 100, 22).await.unwrap().is_empty());
        store
            .finish_jobs("me", vec![(first[0].clone(), found("h1"))], Vec::new(), 30)
            .await
            .unwrap();
        let second = store.lease_jobs("you", 9, 100, 31).await.unwrap();
        assert_eq!(second[0].kind, JobKind::Remove);
        store
            .finish_jobs("you", vec![(second[0].clone(), JobOutcome::Done(None))], Vec::new(), 32)
            .await
            .unwrap();
        assert!(store.leaving_documents(&bot.id).await.unwrap().is_empty());
        assert!(store.document(&bot.id, "doc_1").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_is_put_off_waits() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        let jobs = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        let later = later(50, true);
        store.finish_jobs("me", vec![(jobs[0].clone(), later)], Vec::new(), 21).await.unwrap();
        assert!(store.lease_jobs("me", 9, 100, 49).await.unwrap().is_empty());
        assert_eq!(store.next_job_at(49).await.unwrap(), Some(50));
        assert_eq!(store.lease_jobs("me", 9, 100, 50).await.unwrap().len(), 1);
        assert!(store.bot(&account.id, &bot.id).await.unwrap().unwrap().is_training);
        assert!(store.delete_bot(&account.id, &bot.id, 60).await.unwrap());
        let drop = store.lease_jobs("me", 9, 100, 61).await.unwrap();
        assert_eq!(drop[0].kind, JobKind::DropBot);
    }
}

#[tokio::test]
async fn a_job_that_is_given_back_waits_again_and_has_lost_no_attempt() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        for _ in 0..3 {
            let jobs = store.lease_jobs("me", 9, 1_000, 21).await.unwrap();
            assert_eq!(jobs[0].attempts, 1);
            store.give_back_jobs("you", jobs.clone(), 21).await.unwrap();
            assert!(store.lease_jobs("you", 9, 1_000, 21).await.unwrap().is_empty());
            store.give_back_jobs("me", jobs, 21).await.unwrap();
            let given = store.document(&bot.id, "doc_1").await.unwrap().unwrap();
            assert_eq!(given.status, DocumentStatus::Queued);
        }
    }
}

fn of(jobs: &[Job]) -> Vec<(JobKind, &str)> {
    jobs.iter().map(|job| (job.kind, job.document_id.as_deref().unwrap_or_default())).collect()
}

#[tokio::test]
async fn what_was_deleted_and_given_again_is_removed_first() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_b", "h2"), 9, 10).await.unwrap();
        store.upload(document(&bot.id, "doc_a", "h1"), 9, 10).await.unwrap();
        store.delete_document(&bot.id, "doc_a", 11).await.unwrap().unwrap();
        store.upload(document(&bot.id, "doc_a", "h1"), 9, 12).await.unwrap();
        let done = |jobs: &[Job]| {
            jobs.iter().map(|job| (job.clone(), JobOutcome::Done(None))).collect::<Vec<_>>()
        };
        let first = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        assert_eq!(of(&first), [(JobKind::Train, "doc_b")]);
        store.finish_jobs("me", done(&first), Vec::new(), 21).await.unwrap();
        let second = store.lease_jobs("me", 9, 100, 22).await.unwrap();
        assert_eq!(of(&second), [(JobKind::Remove, "doc_a")]);
        store
            .finish_jobs("me", vec![(second[0].clone(), later(90, true))], Vec::new(), 23)
            .await
            .unwrap();
        assert!(
            store.lease_jobs("me", 9, 100, 24).await.unwrap().is_empty(),
            "it is not overtaken"
        );
        assert_eq!(store.next_job_at(24).await.unwrap(), Some(90));
        let again = store.lease_jobs("me", 9, 200, 90).await.unwrap();
        assert_eq!(of(&again), [(JobKind::Remove, "doc_a")]);
        store.finish_jobs("me", done(&again), Vec::new(), 91).await.unwrap();
        let last = store.lease_jobs("me", 9, 200, 92).await.unwrap();
        assert_eq!(of(&last), [(JobKind::Train, "doc_a")]);
    }
}

#[tokio::test]
async fn trainings_that_were_begun_before_are_taken_one_by_one() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        for id in ["doc_1", "doc_2", "doc_3"] {
            store.upload(document(&bot.id, id, id), 9, 10).await.unwrap();
        }
        let jobs = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        assert_eq!(jobs.len(), 3);
        let counts = [true, true, false];
        let outcomes = jobs.into_iter().zip(counts).map(|(job, counts)| (job, later(20, counts)));
        store.finish_jobs("me", outcomes.collect(), Vec::new(), 20).await.unwrap();
        let lease = || store.lease_jobs("me", 9, 100, 20);
        for (id, attempts) in [("doc_1", 2), ("doc_2", 2), ("doc_3", 1)] {
            let jobs = lease().await.unwrap();
            assert_eq!(of(&jobs), [(JobKind::Train, id)]);
            assert_eq!(jobs[0].attempts, attempts);
            let done = vec![(jobs[0].clone(), JobOutcome::Done(None))];
            store.finish_jobs("me", done, Vec::new(), 20).await.unwrap();
        }
        assert!(lease().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_idle_worker_waits_for_the_lease_of_a_bot() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        store.lease_jobs("me", 1, 100, 20).await.unwrap();
        store.upload(document(&bot.id, "doc_2", "h2"), 9, 21).await.unwrap();
        assert_eq!(store.next_job_at(22).await.unwrap(), Some(100));
        assert_eq!(store.next_job_at(101).await.unwrap(), Some(21));
    }
}

#[tokio::test]
async fn a_removal_that_is_not_done_keeps_its_document_out() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        store.delete_document(&bot.id, "doc_1", 11).await.unwrap().unwrap();
        let jobs = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        let failed = JobOutcome::Failed { code: "IO".into(), message: "full".into() };
        store.finish_jobs("me", vec![(jobs[0].clone(), failed)], Vec::new(), 21).await.unwrap();
        assert_eq!(store.leaving_documents(&bot.id).await.unwrap(), ["doc_1"]);
        let chat = store.bot_for_chat(&account.id, &bot.id, "2026-11").await.unwrap().unwrap();
        assert_eq!(chat.leaving, ["doc_1"]);
    }
}

#[tokio::test]
async fn a_title_that_was_found_is_no_owners_word() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        let jobs = store.lease_jobs("me", 9, 100, 20).await.unwrap();
        store
            .finish_jobs("me", vec![(jobs[0].clone(), found("h1"))], Vec::new(), 21)
            .await
            .unwrap();
        let next = store.upload(document(&bot.id, "doc_1", "h2"), 9, 30).await.unwrap().unwrap();
        assert_eq!(next.document.title, None, "nothing to train it under");
        let given = NewDocument { title: Some("Given".into()), ..document(&bot.id, "doc_1", "h2") };
        let titled = store.upload(given, 9, 31).await.unwrap().unwrap();
        assert!(!titled.is_unchanged);
        let kept = store.upload(document(&bot.id, "doc_1", "h3"), 9, 32).await.unwrap().unwrap();
        assert_eq!(kept.document.title.as_deref(), Some("Given"));
    }
}

#[tokio::test]
async fn jobs_that_ended_long_ago_are_forgotten() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        for id in ["doc_1", "doc_2", "doc_3"] {
            store.upload(document(&bot.id, id, id), 9, 10).await.unwrap();
        }
        let jobs = store.lease_jobs("me", 2, 100, 20).await.unwrap();
        let done = jobs.into_iter().map(|job| (job, JobOutcome::Done(None))).collect();
        store.finish_jobs("me", done, Vec::new(), 21).await.unwrap();
        assert_eq!(store.forget_jobs(21, 9).await.unwrap(), 0);
        assert_eq!(store.forget_jobs(22, 1).await.unwrap(), 1);
        assert_eq!(store.forget_jobs(99, 9).await.unwrap(), 1, "what waits stays");
        assert_eq!(store.waiting_jobs().await.unwrap(), 1);
    }
}
