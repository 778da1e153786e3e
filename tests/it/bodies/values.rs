//! Values for every flag of `docker run`, right ones and wrong ones. What is right is docker's to say: a value on the
//! wrong side here only shifts the mix.

/// The values of one flag.
pub struct Values {
    /// Its long name.
    pub flag: &'static str,
    /// Those that docker takes.
    pub good: &'static [&'static str],
    /// Those that it refuses.
    pub bad: &'static [&'static str],
}

const fn v(flag: &'static str, good: &'static [&'static str], bad: &'static [&'static str]) -> Values {
    Values { flag, good, bad }
}

const SWITCH: &[&str] = &["true", "true", "true", "false", "1", "F"];
const NO_SWITCH: &[&str] = &["", "yes", "TrUe", "2"];
#[rustfmt::skip]
const INTEGER: &[&str] =
    &["0", "1", "-1", "100", "0x10", "010", "1_000", "+7", "-0", "0b11", "0o17", "9223372036854775807"];
#[rustfmt::skip]
const NO_INTEGER: &[&str] = &["", "x", "1.5", "1e3", "9223372036854775808", "_1", "1_", "0x", " 1", "08"];
#[rustfmt::skip]
const SIZE: &[&str] = &["0", "512", "512b", "10k", "10KB", "10 KiB", "1.5g", "2T", "1p", ".5m", "1e3", "8388608t", "5 ", "1_0", "0x1p4", "0X1.8p4k", "0x1p-2"];
const NO_SIZE: &[&str] = &[
    "", "k", "-1", "-1b", "1x", "1kbb", "1 k b", "1ib", "nan", "inf", "--", "1e999", "0x10", "1_.5",
    "0x1p9999", "0x1p",
];
const DURATION: &[&str] =
    &["0", "0s", "1s", "1h30m", "1.5s", "100ms", "1us", "1\u{b5}s", "+2m", ".5h", "1m1m"];
const NO_DURATION: &[&str] = &["", "1", "1d", "s", "-", "1 s", "1S", "-1s", "9999999h", "1.1.1s"];
const TEXT: &[&str] = &["a", "", "A b", "=", "\u{e9}\u{4e2d}", "--rm", "a=b", "$X", "x,y"];
const DEVICE_RATE: &[&str] = &["/dev/sda:100", "/dev/x:0", "/dev/:7", "/dev/a b:1"];
#[rustfmt::skip]
const NO_DEVICE_RATE: &[&str] = &["", "/dev/sda", ":1", "sda:1", "/dev/sda:-1", "/dev/sda:x", "/dev/sda:1:2", "/dev/sda:", "/dev/sda:+1", "/dev/sda:18446744073709551616"];
const ADDRESS: &[&str] = &["192.0.2.1", "::1", "2001:db8::1", "", "x"];

/// Images that docker takes.
#[rustfmt::skip]
pub const IMAGES: &[&str] = &["bb", "bb:1.2", "r.example.com:5000/a/b:t", "amazon/aws-cli", "localhost/x_y.z-0", "run", "bb@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "bb:t@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e", "sha384:38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b", "docker.io/bb", "index.docker.io/library/bb", "docker.io/a/bb:x", "a__b", "a--b/c", "a_b.c-d/e", "UP/x", "[::1]:5000/x", "1.2.3.4/x", "a:5/x", "bb:_", "bb:A.b-c", "0", "sha256:abc", "a.b", "host:1/x:2"];
/// Images that it refuses.
#[rustfmt::skip]
pub const BAD_IMAGES: &[&str] = &["", "-", "UPPER", "bb:", "a@b", "a//b", "bb:\u{e9}", "\u{e9}", "a_-b/c", "a___b", "a..b", "/a", "a/", ":a", "@", "bb@sha256:abc", "bb@sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "bb@md5:d41d8cd98f00b204e9800998ecf8427e", "a:5/", "[::1/x", "[g]/x", "a-.b/x", "a b", "bb:a:b", "bb:.a", "x.y/UP", "bb@", "http://bb", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "bb:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "docker.io/", "localhost/", "a.b/"];
/// What stands after an image.
#[rustfmt::skip]
pub const COMMANDS: &[&[&str]] = &[&[], &[], &["true"], &["sh", "-c", "echo $X"], &["--rm", "-it"], &["--", "x"], &[""], &["s3", "ls"], &["\u{e9}", "a b"], &["--help"], &["-e"], &["a\nb", "\""]];
/// What stands where an image is asked for, and is none.
#[rustfmt::skip]
pub const TAILS: &[&[&str]] = &[&[], &["--"], &["--", "bb"], &["--", "--", "bb"], &["--", "-x"], &["-bb"], &["--bb", "bb"], &["-z", "bb"], &["--rm=maybe", "bb"], &["--rm"], &["-e"], &["--name"], &["---", "bb"], &["--=", "bb"], &["-=", "bb"], &["-i=", "bb"], &["-e=", "bb"], &["-\u{e9}", "bb"], &["--\u{e9}", "bb"], &["--mem", "1g", "bb"], &["--no-init", "bb"], &["-iq=0", "bb"], &["-h"], &["--help"]];

/// Every flag but `--disable-content-trust=false`, for which docker asks a notary on the internet, and
/// `--use-api-socket`, which has a test of its own.
#[rustfmt::skip]
pub const ALL: &[Values] = &[
    v("add-host", &["a:192.0.2.1", "a=::1", "a:[::1]", "a=host-gateway", "a:::1", "a= 192.0.2.1", "\u{e9}:::ffff:192.0.2.1"], &["", "a", "a:", ":192.0.2.1", "a:x", "a:b=192.0.2.1", "a=[::1", "a:192.0.2.256", "a:[]", "a:fe80::1%eth0"]),
    v("annotation", &["a=b", "a", "=", "", "a=b=c", "a.b/c=d"], &[]),
    v("attach", &["stdin", "STDOUT", "stderr"], &["", "foo", "stdin,stdout", " stdin"]),
    v("blkio-weight", &["0", "10", "1000", "65535", "0x10", "010", "1_0"], &["", "-1", "65536", "x", "+1", "1.5"]),
    v("blkio-weight-device", &["/dev/sda:100", "/dev/x:0", "/dev/:10", "/dev/a:1000"], &["/dev/a:9", "/dev/a:1001", "/dev/a", "a:10", "", "/dev/a:x", "/dev/a:-10", "/dev/a:0x10"]),
    v("cap-add", &["NET_ADMIN", "cap_sys_admin", "all", "ALL", "", "net_raw", "Cap_x", " a"], &[]),
    v("cap-drop", &["NET_ADMIN", "cap_sys_admin", "all", "CAP_ALL", "\u{e9}"], &[]),
    v("cgroup-parent", TEXT, &[]),
    v("cgroupns", &["", "host", "private"], &["x", "HOST", "container:x"]),
    v("cidfile", &["new.cid", "", "a b.cid"], &["there", ".", "nowhere/x.cid", "nowhere/", "there/x", "no/where/"]),
    v("cpu-count", INTEGER, NO_INTEGER),
    v("cpu-percent", INTEGER, NO_INTEGER),
    v("cpu-period", INTEGER, NO_INTEGER),
    v("cpu-quota", INTEGER, NO_INTEGER),
    v("cpu-rt-period", INTEGER, NO_INTEGER),
    v("cpu-rt-runtime", INTEGER, NO_INTEGER),
    v("cpu-shares", INTEGER, NO_INTEGER),
    v("cpus", &["1", "1.5", ".5", "1/2", "1e-1", "-1", "0", "010", "1_0", "0x10", "5.", "0x1p-1", "0b1", "1e3", "+1/+2", "0x.8p1"], &["", "x", "1/0", "1/3", "1e-10", " 1", "1/-2", "1//2", "inf", "1e", "0x", "1.2.3", "1p1"]),
    v("cpuset-cpus", TEXT, &[]),
    v("cpuset-mems", TEXT, &[]),
    v("detach", SWITCH, NO_SWITCH),
    v("detach-keys", &["", "ctrl-a,b", "ctrl-p,ctrl-q", "ctrl-@", "x"], &[]),
    v("device", &["/dev/null", "/dev/null:/dev/x", "/dev/null:r", "/dev/null:/dev/x:rwm", "/dev//a/../b", "v.com/class=d", "vendor/cc=1:2", "v/c=1", "a:/b", "/dev/a:/x:mw", "/dev/a:/b/../c:r"], &["", ":", "a", "/a:b", "/a:/b:x", "/a:/b:r:w", "1v/c=n", "/a:/b:", "/a:rr", ":/b"]),
    v("device-cgroup-rule", &["c 1:3 mr", "a *:* rwm", "b 7:* r"], &["", "c 1:3", "d 1:3 r", "c 1 r", "c 1:3 rwmr", "c  1:3 r", "c 1:3 R"]),
    v("device-read-bps", &["/dev/sda:1mb", "/dev/x:0", "/dev/:7b", "/dev/a:1.5k"], NO_DEVICE_RATE),
    v("device-read-iops", DEVICE_RATE, NO_DEVICE_RATE),
    v("device-write-bps", &["/dev/sda:1mb", "/dev/x:0", "/dev/:7b"], NO_DEVICE_RATE),
    v("device-write-iops", DEVICE_RATE, NO_DEVICE_RATE),
    v("disable-content-trust", &["true"], NO_SWITCH),
    v("dns", &["192.0.2.53", " 192.0.2.53 ", "2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1", "::192.0.2.1", "127.0.0.1", "::"], &["", "x", "192.0.2", "192.0.2.256", "[::1]", "fe80::1%eth0", "192.0.02.1"]),
    v("dns-option", TEXT, &[]),
    v("dns-search", &["example.com", ".", "a.", " a ", "a-b.c1", "::a", "1.a", "a\n"], &["", "1.2", "-a", "a-", "a..b", "a_b", ":::a", "\u{e9}"]),
    v("domainname", TEXT, &[]),
    v("entrypoint", &["sh", "", "/bin/sh -c", "\u{e9}"], &[]),
    v("env", &["A=1", "A", "HOSTV", "B=", "A=2", "C=a=b", "D=\u{e9}", "E F=1", "HOSTV=mine"], &["", "=x", "="]),
    v("env-file", &["env.txt", "bom.txt", "crlf.txt", "longest.txt", "testdata/valid.env", "testdata/utf8.env"], &["", "nowhere", "space.txt", "noname.txt", "binary.txt", "long.txt", ".", "testdata/utf16.env"]),
    v("expose", &["80", "80/udp", "80-82", "80/UDP", "80/", "80/x/y", "0", "00080", "1000-1003/sctp"], &["", "80:80", "82-80", "x", "65536", "-1", "/tcp", "80-", "80-81-82x", "1-2/"]),
    v("gpus", &["all", "2", "count=all", "driver=nvidia", "\"device=0,1\"", "device=0,count=1", "\"capabilities=a,b\"", "all,\"options=a=b,c\"", "-1"], &["", "x", "1.5", "all,all", "count=1,count=2", "zz=1", "count=", "a\"b", "\"a", "options=\"a"]),
    v("group-add", TEXT, &[]),
    v("health-cmd", &["true", "", "curl -f localhost", "\u{e9}"], &[]),
    v("health-interval", DURATION, NO_DURATION),
    v("health-retries", &["0", "3", "0x3", "010"], NO_INTEGER),
    v("health-start-interval", DURATION, NO_DURATION),
    v("health-start-period", DURATION, NO_DURATION),
    v("health-timeout", DURATION, NO_DURATION),
    v("help", &["false", "false", "false", "true"], NO_SWITCH),
    v("hostname", TEXT, &[]),
    v("init", SWITCH, NO_SWITCH),
    v("interactive", SWITCH, NO_SWITCH),
    v("io-maxbandwidth", SIZE, NO_SIZE),
    v("io-maxiops", &["0", "1", "0x10", "18446744073709551615"], &["", "-1", "x", "+1", "18446744073709551616"]),
    v("ip", ADDRESS, &[]),
    v("ip6", ADDRESS, &[]),
    v("ipc", &["", "host", "private", "shareable", "none", "container:x", "container:", "x"], &[]),
    v("isolation", &["", "default", "process", "hyperv", "zz"], &[]),
    v("kernel-memory", SIZE, NO_SIZE),
    v("label", &["a", "a=b", "a=", "a=b=c", "a.b=c", "a= b", "=\u{e9}x"], &["", "=x", "a b=c", " =x", "a\tb"]),
    v("label-file", &["labels.txt", "bom.txt", "crlf.txt", "testdata/valid.label"], &["", "nowhere", "space.txt", "noname.txt", "binary.txt"]),
    v("link", &["db", "db:x", ":", "/a:/b/c", "a:"], &["", "a:b:c", "::"]),
    v("link-local-ip", ADDRESS, &[]),
    v("log-driver", &["", "json-file", "none", "zz"], &[]),
    v("log-opt", &["a=b", "a", "", "=", "a=b=c", "max-size=10m"], &[]),
    v("mac-address", &["92:d0:c6:0a:29:33", "92-d0-c6-0a-29-33", "92d0.c60a.2933", "", " 92:d0:c6:0a:29:33", "02:00:5e:10:00:00:00:01"], &["x", "92:d0:c6:0a:29", "92:d0:c6:0a:29:3g", "92:d0:c6:0a-29:33", "92d0c60a2933"]),
    v("memory", SIZE, NO_SIZE),
    v("memory-reservation", SIZE, NO_SIZE),
    v("memory-swap", &["-1", "1g", "0", "512m"], NO_SIZE),
    v("memory-swappiness", &["-1", "0", "100", "0x10"], &["101", "-2", "x", "", "1.5"]),
    v("mount", &["type=bind,src=/a,dst=/b", "type=bind,source=./a,target=/b,readonly", "dst=/b", "type=volume,src=v,destination=/b,volume-nocopy", "TYPE=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777", "type=bind,src=/a,dst=/b,bind-propagation=rshared,bind-recursive=disabled", "type=bind,src=/a,dst=/b,ro,bind-propagation=rprivate,bind-recursive=readonly", "type=volume,src=v,dst=/b,volume-label=a=b,volume-driver=d,volume-opt=o=p,volume-subpath=s", "type=image,src=i,dst=/b,image-subpath=s", "type=zz,dst=/b", "\"src=a,b\",dst=/c", "type=bind,src=/a,dst=/b,readonly=false,consistency=Cached", "type=bind,src=/a,dst=/b,ro,bind-recursive=writable", "type=volume,dst=/b,volume-opt=a,volume-label=x", "type=bind,src=/a,dst=/b,bind-nonrecursive"], &["", "type=bind", "x", "dst=/b,zz=1", "dst=/b,readonly=x", "type=bind,src=/a,dst=/b,volume-nocopy", "type=volume,dst=/b,tmpfs-size=1m", "type=tmpfs,dst=/t,tmpfs-mode=9", "type=tmpfs,dst=/t,tmpfs-size=x", "type=bind,src=/a,dst=/b,bind-recursive=x", "type=bind,src=/a,dst=/b,bind-recursive=readonly", "a\"b", "dst=", "type=,dst=/b", "dst=/b,"]),
    v("name", &["a", "", "a-b_c.d", "\u{e9}", "a b", "a/b", "a&b=c"], &[]),
    v("network", &["foo", "host", "none", "bridge", "default", "container:x", "name=foo,alias=X", "name=foo,ip=192.0.2.3,ip6=::2", "name=Foo,driver-opt=A=b", "name=foo,gw-priority=3", "name=foo,mac-address=92:d0:c6:0a:29:33", "name=foo,link-local-ip=169.254.1.1", "bar", "name=host", "name = foo", "\u{e9}", "a=", "name=foo,alias="], &["", " ", "alias=a", "name=foo,zz=1", "name=foo,zzz", "name=foo,gw-priority=x", "name=foo,driver-opt=a", "name=host,alias=a", "name=foo,mac-address=x", "a=b", "name=foo,\"a=b"]),
    v("network-alias", &["a", "b", "", "A b"], &[]),
    v("no-healthcheck", SWITCH, NO_SWITCH),
    v("oom-kill-disable", SWITCH, NO_SWITCH),
    v("oom-score-adj", INTEGER, NO_INTEGER),
    v("pid", &["", "host", "container:x"], &["x", "container:", "HOST", "private"]),
    v("pids-limit", INTEGER, NO_INTEGER),
    v("platform", &["", "linux", "linux/amd64", "linux/arm64/v8", "linux/arm/v7", "arm", "windows/amd64", "linux/x86_64", "macos", "LINUX/AMD64", "linux/arm64/9", "windows(10.0.17763)/amd64", "wasi/wasm", "linux/amd64/v1", "linux/zz"], &["x", "a b", "linux/", "a/b/c/d", "/", "linux/a b", "linux(x", "linux/amd64/"]),
    v("privileged", SWITCH, NO_SWITCH),
    v("publish", &["80", "80:90", "127.0.0.1:80:90/udp", "[::1]:80:90", "::1:80:90", "1-3:80", "1-3:4-6", "80-82", "80/TCP", ":80", "0.0.0.0::80", "target=80,published=90,protocol=udp", "target=80", "target=80-82,published=1-3", "00080:0090", "80/tcp/udp", "[]:80:80", "target=80,zz=1"], &["", "80:", "1-3:4-5", "3-1:80", "80/foo", "abc", "70000:80", "localhost:80:80", "published=80", "target=a", "target", "80:90:100:110", "=80", "[::1]:80:90:1", "1.2.3:80:80", "-1:80", "80-:80", "80 "]),
    v("publish-all", SWITCH, NO_SWITCH),
    v("pull", &["missing", "never", "always", ""], &["x", "Always", "missing "]),
    v("quiet", SWITCH, NO_SWITCH),
    v("read-only", SWITCH, NO_SWITCH),
    v("restart", &["no", "", "no", "on-failure:0"], &["always", "on-failure:3", "unless-stopped", "x", ":", ":3", "a:b", "on-failure:x", "on-failure:1.5"]),
    v("rm", SWITCH, NO_SWITCH),
    v("runtime", TEXT, &[]),
    v("security-opt", &["no-new-privileges", "no-new-privileges:true", "apparmor=x", "label:disable", "seccomp=unconfined", "seccomp:builtin", "seccomp=seccomp.json", "systempaths=unconfined", "a=b=c", "label=user:x"], &["", "x", "a=", "seccomp=nowhere", "seccomp=bad.json", "=", ":", "seccomp="]),
    v("shm-size", SIZE, NO_SIZE),
    v("sig-proxy", SWITCH, NO_SWITCH),
    v("stop-signal", TEXT, &[]),
    v("stop-timeout", INTEGER, NO_INTEGER),
    v("storage-opt", &["size=10G", "a=", "=b", "a=b=c"], &["", "a"]),
    v("sysctl", &["net.ipv4.ip_forward=1", "kernel.msgmax=1", "fs.mqueue.x=", "net.=a=b"], &["", "net.x", "kernel.hostname=a", "=1", "net"]),
    v("tmpfs", &["/t", "/t:size=1m", "", ":", "/t:", "t"], &[]),
    v("tty", SWITCH, NO_SWITCH),
    v("ulimit", &["nofile=1024", "nofile=1024:2048", "nproc=-1", "core=0:-1", "memlock=-1:-1"], &["", "x=1", "nofile", "nofile=", "nofile=2:1", "nofile=-1:1", "nofile=1:2:3", "nofile=x", "nofile=1.5", "NOFILE=1", "nofile=0x10", "=1"]),
    v("user", TEXT, &[]),
    v("userns", &["", "host"], &["x", "private", "HOST"]),
    v("uts", &["", "host"], &["x", "container:x"]),
    v("volume", &["/a", "/a:/b", "a:/b:ro", "./a:/b", ".:/b", "../a:/b:rw", "~/a:/b", "a", "c:/d", "c:\\a:/b", "/a:/b:zz", "x:y:z", "/a:/b", "\u{e9}:/b", "/a b:/c", "/", "ab"], &["", ":", "/a:", ":/b", "a::b", "/a:/b:ro:z", "::", "a:b:c:d"]),
    v("volume-driver", TEXT, &[]),
    v("volumes-from", &["a", "a:ro", "", "a:b:c"], &[]),
    v("workdir", TEXT, &[]),
];
