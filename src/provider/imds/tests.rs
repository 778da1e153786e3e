use super::*;
use crate::provider::loopback::{Reply, http, server};
use crate::provider::profile::tests::load;

const KEYS: &str = r#"{"AccessKeyId":"ASIAIMDS","SecretAccessKey":"MARK","Token":"MARK","Expiration":"2090-01-01T00:00:00Z"}"#;

async fn ask(
    answers: fn(usize) -> Reply,
    section: &str,
    variables: &[(&str, &str)],
) -> Result<String, String> {
    let server = server(answers).await;
    let profile = load(&format!("[profile a]\n{section}"), "a").await;
    let named = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.address.as_str())];
    let environment = named.iter().chain(variables).copied().collect();
    let metadata = InstanceMetadata::new(&profile, &environment).expect("settings");
    match metadata.provide().await {
        Ok(got) => Ok(got.access_key_id().to_owned()),
        Err(ProvideError::NotConfigured(reason)) => Err(reason),
        Err(ProvideError::Failed(error)) => panic!("{error}"),
    }
}

fn ok(body: &str) -> Reply {
    http("200 OK", "", body)
}

#[tokio::test]
async fn version_2_and_version_1_where_there_is_no_token() {
    let two = |count| ok(["token", "role", KEYS][count]);
    assert_eq!(ask(two, "", &[]).await.as_deref(), Ok("ASIAIMDS"));
    let one = |count| if count == 0 { http("404 Not Found", "", "") } else { ok(["", "role", KEYS][count]) };
    assert_eq!(ask(one, "", &[]).await.as_deref(), Ok("ASIAIMDS"));
    for (section, variables) in
        [("ec2_metadata_v1_disabled = true\n", &[][..]), ("", &[("AWS_EC2_METADATA_V1_DISABLED", "True")])]
    {
        let reason = ask(one, section, variables).await.expect_err("no version 1");
        assert!(reason.contains("version 1 is switched off"), "{reason}");
    }
}

#[tokio::test]
async fn each_question_is_asked_as_often_as_the_settings_say() {
    // The token at the second try, the role at the second, the keys at the second.
    let halting = |count| match count {
        1 => ok("token"),
        3 => ok("role"),
        5 => ok(KEYS),
        _ => http("500 Internal Server Error", "", "MARK"),
    };
    let twice = [("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2")];
    assert_eq!(ask(halting, "", &twice).await.as_deref(), Ok("ASIAIMDS"));
    assert_eq!(ask(halting, "metadata_service_num_attempts = 2\n", &[]).await.as_deref(), Ok("ASIAIMDS"));
    assert!(ask(halting, "", &[]).await.is_err());
    assert!(ask(halting, "", &[("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "0")]).await.is_err());
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_the_answer() {
    type Case = (fn(usize) -> Reply, &'static str);
    let cases: [Case; 5] = [
        (|_| http("400 Bad Request", "", "MARK"), "HTTP status 400"),
        (|count| if count == 0 { ok("token") } else { http("404 Not Found", "", "MARK") }, "HTTP status 404"),
        (|count| ok(["token", "role", "MARK"][count]), "not the JSON"),
        (|count| ok(["token", "role", r#"{"Code":"Failed","Message":"MARK"}"#][count]), "`Code` is `Failed`"),
        (|count| ok(["token", ""][count]), "the answer is empty"),
    ];
    for (answers, part) in cases {
        let reason = ask(answers, "", &[]).await.expect_err(part);
        assert!(reason.contains(part) && !reason.contains("MARK"), "{reason}");
    }
}

#[tokio::test]
async fn settings_are_botocore_s() {
    let profile = load("[profile a]\nmetadata_service_timeout = 7\n", "a").await;
    let new = |pairs: &[(&str, &str)]| InstanceMetadata::new(&profile, &pairs.iter().copied().collect());
    let plain = new(&[]).expect("settings");
    assert_eq!((plain.timeout, plain.attempts, plain.base.as_str()), (7, 1, IPV4));
    const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
    for (variables, base) in [
        (&[(MODE, "IPv6")][..], IPV6),
        (&[("AWS_IMDS_USE_IPV6", "true")], IPV6),
        (&[("AWS_IMDS_USE_IPV6", "true"), (MODE, "ipv4")], IPV4),
        (&[(ENDPOINT, "")], IPV4),
        (&[(ENDPOINT, "http://localhost:1/x"), (MODE, "ipv6")], "http://localhost:1/x"),
    ] {
        assert_eq!(new(variables).expect("settings").base.as_str(), base, "{variables:?}");
    }
    for pair in [
        (MODE, "ipv5"),
        (MODE, ""),
        (ENDPOINT, "MARK"),
        (ENDPOINT, "http://a_b"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "MARK"),
        ("AWS_METADATA_SERVICE_TIMEOUT", ""),
        ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1.5"),
    ] {
        let error = new(&[pair]).expect_err(pair.1);
        assert!(error.to_string().contains(pair.0) && !error.to_string().contains("MARK"), "{error}");
    }
    let never = new(&[("AWS_METADATA_SERVICE_TIMEOUT", "0")]).expect("settings").provide().await;
    assert!(matches!(never, Err(ProvideError::NotConfigured(reason)) if reason.contains("timeout")));
}
