"""Know what package managers print when an update fails, by what is wrong.

Texts as apt, dnf, yum and zypper write them; ``{p}`` is a package, ``{n}`` a number.
"""

from __future__ import annotations

MANAGERS = {"ubuntu20": "apt", "ubuntu22": "apt", "rhel8": "dnf", "centos7": "yum", "sles15": "zypper"}
NEITHER = (
    "Update run finished with errors. Check the streams of the job for details.",
    "Exit code {n}",
    None,
)
TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    "dependencies_unresolved": {
        "apt": (
            "The following packages have unmet dependencies:\n {p} : Depends: libssl3 (= 3.0.2-0ubuntu1.{n}) "
            "but 3.0.2-0ubuntu1.18 is to be installed\nE: Unable to correct problems, you have held broken "
            "packages.",
            "E: Held packages were changed and -y was used without --allow-change-held-packages.",
        ),
        "dnf": (
            "Error: \n Problem: cannot install the best update candidate for package {p}-4.18.0-{n}.x86_64\n"
            "  - nothing provides linux-firmware >= 20230824 needed by {p}-4.18.0-{n}.1.x86_64",
            "Error: \n Problem: package {p}-1.{n}-4.el8.x86_64 requires libcrypto.so.1.1, but none of the "
            "providers can be installed",
        ),
        "yum": (
            "Error: Package: {p}-2.4.6-{n}.el7.centos.x86_64 (updates)\n           Requires: {p}-libs = "
            "2.4.6-{n}.el7.centos\n You could try using --skip-broken to work around the problem",
        ),
        "zypper": (
            "Problem: nothing provides 'libsystemd0 = 249.{n}' needed by the to be installed {p}-249.{n}\n"
            " Solution 1: do not install {p}",
        ),
    },
    "package_manager_unhealthy": {
        "apt": (
            "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the "
            "problem.",
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process {n} (unattended-upgr)\n"
            "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process "
            "using it?",
            "E: Failed to fetch http://azure.archive.ubuntu.com/ubuntu/dists/jammy-updates/InRelease  "
            "Could not connect to azure.archive.ubuntu.com:80 (20.50.1.{n}), connection timed out",
        ),
        "dnf": (
            "Error: Failed to download metadata for repo 'rhel-8-for-x86_64-baseos-rhui-rpms': Cannot "
            "download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried",
            "error: rpmdb: BDB0113 Thread/process {n}/140 failed: BDB1507 Thread died in Berkeley DB "
            "library\nerror: db5 error(-30973) from dbenv->failchk: BDB0087 DB_RUNRECOVERY: Fatal "
            "error, run database recovery",
        ),
        "yum": (
            "Existing lock /var/run/yum.pid: another copy is running as pid {n}.\nAnother app is currently "
            "holding the yum lock; waiting for it to exit...",
            "Cannot retrieve repository metadata (repomd.xml) for repository: updates. Please verify its "
            "path and try again",
        ),
        "zypper": (
            "System management is locked by the application with pid {n} (zypper).\nClose this application "
            "before trying again.",
        ),
    },
    "package_interferes": {
        "apt": (
            "dpkg: error processing package {p} (--configure):\n installed {p} package post-installation "
            "script subprocess returned error exit status {n}\nErrors were encountered while "
            "processing:\n {p}",
            "dpkg: error processing archive /var/cache/apt/archives/{p}_1.{n}_amd64.deb (--unpack):\n trying "
            "to overwrite '/usr/share/man/man8/{p}.8.gz', which is also in package {p}-common 1.{n}",
        ),
        "dnf": (
            "error: %prein({p}-1.{n}.el8.x86_64) scriptlet failed, exit status 1\nError: Transaction failed",
        ),
        "yum": (
            "Transaction check error:\n  file /usr/lib64/lib{p}.so from install of {p}-1.{n}.el7.x86_64 "
            "conflicts with file from package {p}-compat-1.0-2.el7.x86_64",
        ),
        "zypper": (
            "Installation of {p}-1.{n}.x86_64 failed:\nError: Subprocess failed. Error: RPM failed: error: "
            "%pre({p}-1.{n}.x86_64) scriptlet failed, exit status 1",
        ),
    },
}  # fmt: skip


def package_text(trouble: str | None, os: str, turn: int, package: str) -> str | None:
    """Return what a distribution's package manager says of this trouble; a plain word of none."""
    texts = NEITHER if trouble is None else TEXTS[trouble][MANAGERS[os]]
    text = texts[turn % len(texts)]
    return None if text is None else text.format(p=package, n=7 + 31 * turn)
