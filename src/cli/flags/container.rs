//! The container as a whole: its name, image, life.

use super::{Completion, Flag, list, scalar, switch};
use crate::cli::values::{key_value, link};
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    list(
        "annotation",
        "NAME=VALUE",
        "Annotate the container, for the OCI runtime",
        "--annotation com.example.team=tools",
    )
    .since((1, 43))
    .each(|request, value, _| {
        let (name, text) = key_value::split(value);
        request.spec.object("HostConfig.Annotations").insert(name.to_owned(), text.into());
        Ok(())
    }),
    scalar("cidfile", "FILE", "Write the container's id to a file", "--cidfile container.id").completes(Completion::Files)
        .each(effects::cidfile),
    switch(
        "disable-content-trust",
        "Skip the verification of the image's signature (default: true; credrun verifies none)",
        "--disable-content-trust",
    )
    .client(),
    scalar("domainname", "NAME", "Set the container's NIS domain name", "--domainname example.com")
        .inherited()
        .sets("Domainname"),
    scalar("entrypoint", "COMMAND", "Replace the image's entry point", "--entrypoint sh")
        .each(effects::entrypoint),
    switch("help", "Print this help", "--help").client(),
    scalar("hostname", "NAME", "Set the container's host name", "--hostname tool")
        .short('h')
        .inherited()
        .sets("Hostname"),
    switch("init", "Run an init that forwards signals and reaps processes", "--init").sets("HostConfig.Init"),
    scalar("isolation", "TECHNOLOGY", "Set the isolation technology (Windows)", "--isolation process")
        .sets("HostConfig.Isolation"),
    list("link", "CONTAINER[:ALIAS]", "Link to another container", "--link db:database").completes(Completion::Containers)
        .check(link::check)
        .refused("the variables of a link on the default network come to the one container that asks for it; on a network \
             of your own it works")
        .sets("HostConfig.Links"),
    scalar("log-driver", "DRIVER", "Set the logging driver", "--log-driver local").completes(Completion::Words(&["json-file", "local", "journald", "syslog", "fluentd", "awslogs", "none"]))
        .sets("HostConfig.LogConfig.Type"),
    list("log-opt", "NAME=VALUE", "Set an option of the logging driver", "--log-opt max-size=10m"),
    scalar("name", "NAME", "Name the container", "--name tool").each(effects::name),
    scalar(
        "platform",
        "OS[/ARCH[/VARIANT]]",
        "Set the platform (default: $DOCKER_DEFAULT_PLATFORM)",
        "--platform linux/arm64",
    ).completes(Completion::Words(&["linux/amd64", "linux/arm64", "linux/arm/v7"])),
    scalar(
        "pull",
        "always|missing|never",
        "Pull the image before the run (default: missing)",
        "--pull always",
    ).completes(Completion::Words(&["always", "missing", "never"])).note("`missing` pulls what the engine does not have; images of Amazon ECR are pulled with your own AWS credentials")
    .client()
    .each(effects::pull),
    switch("quiet", "Show neither the pull nor the credentials' source", "--quiet")
        .short('q')
        .client()
        .each(effects::quiet),
    scalar(
        "restart",
        "POLICY[:COUNT]",
        "Restart the container when it ends (no, on-failure, always, unless-stopped)",
        "--restart on-failure:3",
    ).completes(Completion::Words(&["no", "on-failure", "always", "unless-stopped"])).note("credentials are those of the first start: after their expiry a restarted container has none")
    .refused("the credentials and the network end with credrun: a container that is started again would have neither"),
    switch("rm", "Remove the container when it ends (implied, unless --rm=false or --restart)", "--rm=false")
        .refused("a stopped container could not be started again: its network ends with credrun"),
    scalar("runtime", "NAME", "Set the OCI runtime", "--runtime runsc").both().sets("HostConfig.Runtime"),
    scalar("stop-signal", "SIGNAL", "Set the signal that stops the container", "--stop-signal SIGINT").completes(Completion::Words(&["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGKILL"]))
        .sets("StopSignal"),
    scalar("stop-timeout", "SECONDS", "Wait so long for it to stop before it is killed", "--stop-timeout 30")
        .integer("StopTimeout"),
    list("storage-opt", "NAME=VALUE", "Set an option of the storage driver", "--storage-opt size=10G")
        .each(effects::storage_opt),
    switch(
        "use-api-socket",
        "Give the container the engine's socket and the registry logins",
        "--use-api-socket",
    ),
];
