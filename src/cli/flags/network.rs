//! Networks, ports and names. The flags of the first network are weighed together with `--network`.

use super::{Completion, Flag, list, scalar, switch};
use crate::cli::values::{dns_search, extra_host, ip_address, network};
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    list("add-host", "NAME:ADDRESS", "Add a line to the container's /etc/hosts", "--add-host db:192.0.2.10")
        .check(|value| extra_host::parse(value).map(drop))
        .each(effects::add_host)
        .agent(),
    list("dns", "ADDRESS", "Set a DNS server", "--dns 192.0.2.53")
        .check(|value| ip_address::parse(value).map(drop))
        .each(effects::dns)
        .agent(),
    list("dns-option", "OPTION", "Set a DNS option", "--dns-option ndots:2")
        .aliases(&["dns-opt"])
        .sets("HostConfig.DnsOptions")
        .agent(),
    list("dns-search", "DOMAIN", "Set a DNS search domain (`.` for none)", "--dns-search example.com")
        .check(|value| dns_search::parse(value).map(drop))
        .each(effects::dns_search)
        .agent(),
    list(
        "publish",
        "[[IP:]PORT:]PORT[/PROTOCOL]",
        "Publish a port of the container on the host",
        "--publish 127.0.0.1:8080:80",
    ).note("`8080:80` publishes port 80 of the container as 8080 on all addresses of the host, `127.0.0.1:8080:80` on one; ranges (`8000-8010:80`), `/udp`, and `target=80,published=8080` are other forms")
    .short('p')
    .each(effects::publish)
    .agent(),
    list("expose", "PORT[-PORT][/PROTOCOL]", "Expose a port to linked containers", "--expose 8080")
        .each(effects::expose)
        .agent(),
    switch("publish-all", "Publish all exposed ports on ports that are free", "--publish-all")
        .short('P')
        .sets("HostConfig.PublishAllPorts")
        .agent(),
    list("network", "NETWORK", "Connect to a network", "--network backend").completes(Completion::Networks).note("the long form sets an endpoint: `name=NET,alias=A,ip=ADDRESS,mac-address=M,driver-opt=K=V,gw-priority=N`; several networks need an engine with API 1.44")
        .aliases(&["net"])
        .check(|value| network::parse(value).map(drop))
        .agent(),
    list(
        "network-alias",
        "NAME",
        "Give it another name in the network",
        "--network backend --network-alias tool",
    )
    .aliases(&["net-alias"])
    .agent(),
    scalar("ip", "ADDRESS", "Set the IPv4 address in the network", "--network backend --ip 192.0.2.30")
        .agent(),
    scalar("ip6", "ADDRESS", "Set the IPv6 address in the network", "--network backend --ip6 2001:db8::33")
        .agent(),
    list(
        "link-local-ip",
        "ADDRESS",
        "Add a link-local address",
        "--network backend --link-local-ip 169.254.8.8",
    )
    .agent(),
    scalar("mac-address", "ADDRESS", "Set the MAC address", "--mac-address 92:d0:c6:0a:29:33")
        .agent(),
];
