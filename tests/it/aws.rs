//! Against an emulator that checks signatures and policies: the container acts as who it should, and as no more.

use super::harness::emulator::{Emulator, aws_in_container, caller, names};

#[test]
fn the_endpoint_s_credentials_list_a_bucket() {
    let emulator = Emulator::of_the_tests();
    let (role, bucket) = names();
    let arn = emulator.role(&role, r#"["s3:*"]"#);
    emulator.aws(&["s3", "mb", &format!("s3://{bucket}")]);
    let (host, endpoint) = emulator.host(&arn);
    let listed = aws_in_container(&host, &[], &["s3", "ls"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.text().contains(&bucket), "{listed:?}");
    assert_eq!(caller(&host, &[]), format!("arn:aws:sts::123456789012:assumed-role/{role}/shell"));
    assert_eq!(endpoint.hits(), 2);
    emulator.aws(&["s3", "rb", &format!("s3://{bucket}")]);
}

#[test]
fn an_assumed_role_may_do_what_it_may_and_no_more() {
    let emulator = Emulator::of_the_tests();
    let (role, bucket) = names();
    let shell = emulator.role(&format!("{role}-s"), r#"["sts:AssumeRole","s3:*"]"#);
    let list = emulator.role(&role, r#"["s3:ListAllMyBuckets"]"#);
    emulator.aws(&["s3", "mb", &format!("s3://{bucket}")]);
    let (host, _endpoint) = emulator.host(&shell);
    let options = ["--role-arn", &list, "--role-session-name", "only-list"];
    let listed = aws_in_container(&host, &options, &["s3", "ls"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.text().contains(&bucket), "{listed:?}");
    let made = aws_in_container(&host, &options, &["s3", "mb", &format!("s3://{bucket}-2")]);
    assert_eq!(made.code, 1, "{made:?}");
    assert!(made.stderr.contains("AccessDenied"), "{made:?}");
    let arn = format!("arn:aws:sts::123456789012:assumed-role/{role}/only-list");
    assert_eq!(caller(&host, &options), arn);
    // By default the session says what it is and when it began.
    assert!(caller(&host, &options[..2]).contains(&format!("/{role}/credrun-")));
    emulator.aws(&["s3", "rb", &format!("s3://{bucket}")]);
}

#[test]
fn a_role_that_may_not_be_assumed_is_explained() {
    let emulator = Emulator::of_the_tests();
    let (role, _) = names();
    let shell = emulator.role(&role, r#"["sts:AssumeRole"]"#);
    let (host, _endpoint) = emulator.host(&shell);
    let missing = "arn:aws:iam::123456789012:role/no-such-role";
    let outcome = aws_in_container(&host, &["--role-arn", missing], &["s3", "ls"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains(missing), "{outcome:?}");
}
