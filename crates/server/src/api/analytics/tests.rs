use serde_json::json;

use super::*;

const NOW: Millis = 1_796_000_000_123;

fn query(start: Option<&str>, end: Option<&str>) -> AnalyticsQuery {
    let (start_date, end_date) = (start.map(str::to_owned), end.map(str::to_owned));
    AnalyticsQuery { start_date, end_date, metrics: None }
}

fn problem(error: &ApiError) -> serde_json::Value {
    serde_json::to_value(error.body(None)).unwrap()
}

fn figures() -> Figures {
    let day = DayFigures {
        starts_at: 20_000 * 86_400_000,
        messages: 4,
        unique_users: 2,
        answered: 2,
        unanswered: 1,
        response_ms: Some(1_249.0),
        rating: None,
    };
    Figures {
        messages: 4,
        unique_users: 2,
        answered: 2,
        unanswered: 1,
        response_ms: Some(1_249.0),
        rating: Some(13.0 / 3.0),
        top_questions: vec![TopQuestion { question: "When?".into(), count: 2 }],
        unanswered_questions: vec![UnansweredQuestion {
            question: "Who?".into(),
            count: 1,
            last_at: NOW,
        }],
        documents: vec![UsedDocument { document_id: "doc_1".into(), title: None, replies: 2 }],
        days: vec![day],
    }
}

#[test]
fn figures_are_written_as_promised() {
    let all = body_of(figures(), Metrics::read(None).unwrap());
    let text = serde_json::to_string(&all).unwrap();
    let expected = r#"{"totalMessages":4,"uniqueUsers":2,"averageSatisfaction":4.33,"#.to_owned()
        + r#""responseTime":"1.2s","topQuestions":[{"question":"When?","count":2}],"#
        + r#""unansweredQuestions":[{"question":"Who?","count":1,"#
        + r#""lastAskedAt":"2026-11-30T00:53:20.123Z"}],"answerRate":0.6667,"#
        + r#""documentsUsed":[{"documentId":"doc_1","title":null,"count":2}],"#
        + r#""responseTimeMs":1249.0,"daily":[{"date":"2024-10-04","totalMessages":4,"#
        + r#""uniqueUsers":2,"averageSatisfaction":null,"answered":2,"unanswered":1,"#
        + r#""responseTime":"1.2s"}]}"#;
    assert_eq!(text, expected);
    let none = body_of(Figures::default(), Metrics::read(None).unwrap());
    let none = serde_json::to_value(none).unwrap();
    for name in ["averageSatisfaction", "responseTime", "answerRate", "responseTimeMs"] {
        assert_eq!(none.get(name), Some(&json!(null)), "{name}");
    }
}

#[test]
fn only_the_metrics_that_are_named_are_told() {
    let told = |metrics: &str| {
        let body = body_of(figures(), Metrics::read(Some(metrics)).unwrap());
        serde_json::to_value(body).unwrap()
    };
    let day = json!({"date": "2024-10-04", "uniqueUsers": 2, "averageSatisfaction": null});
    let expected = json!({"uniqueUsers": 2, "averageSatisfaction": 4.33, "daily": [day]});
    assert_eq!(told("users, satisfaction"), expected);
    assert_eq!(told("messages")["totalMessages"], 4);
    assert_eq!(told("messages").get("uniqueUsers"), None);
    assert_eq!(told("messages,users,satisfaction"), told(""));
    let error = problem(&Metrics::read(Some("messages,clicks")).unwrap_err());
    assert_eq!(error["error"]["statusCode"], 400);
    assert_eq!(error["error"]["details"][0]["field"], "metrics");
    assert_eq!(
        error["error"]["details"][0]["problem"],
        "expected some of messages, users, satisfaction, found \"clicks\""
    );
}

#[test]
fn a_range_is_thirty_days_unless_told_otherwise() {
    let found = |start, end| range(&query(start, end), NOW).map(|range| (range.start, range.end));
    let end = NOW + 1;
    assert_eq!(found(None, None).unwrap(), (end - RANGE_DEFAULT_MS, end));
    let (start, end) = found(Some("2026-11-01"), Some("2026-12-01T00:00:00+01:00")).unwrap();
    assert_eq!((iso(start), iso(end)).0, "2026-11-01T00:00:00.000Z");
    assert_eq!(iso(end), "2026-11-30T23:00:00.000Z");
    let (start, _) = found(None, Some("2026-03-31")).unwrap();
    assert_eq!(iso(start), "2026-03-01T00:00:00.000Z");
    // The `+` was read as a space.
    assert_eq!(found(None, Some("2026-12-01T00:00:00 01:00")).unwrap().1, end);
    assert!(found(Some("2026-11-01"), Some("2026-11-01")).is_ok());
}

#[test]
fn bad_and_reversed_dates_are_refused_by_name() {
    let field = |start, end| {
        let error = problem(&range(&query(start, end), NOW).unwrap_err());
        assert_eq!(error["error"]["code"], "INVALID_REQUEST");
        error["error"]["details"][0]["field"].clone()
    };
    for bad in ["", "yesterday", "2026-13-01", "2026-02-30", "01.11.2026", "2026-11-01T25:00:00Z"] {
        assert_eq!(field(Some(bad), None), "startDate", "{bad}");
        assert_eq!(field(None, Some(bad)), "endDate", "{bad}");
    }
    assert_eq!(field(Some("2026-11-02"), Some("2026-11-01T23:59:59.999Z")), "endDate");
    assert_eq!(field(Some("2030-01-01"), None), "startDate");
}
