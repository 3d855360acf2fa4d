"""Runs a program with only those system calls that a unit allows; all others fail with EPERM, as the unit says.

Arguments: the values of its SystemCallFilter= in order, `--`, and the program.
"""

import errno
import os
import subprocess
import sys

import seccomp


def calls_of(name):
    """The calls of a set such as @system-service."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    names = [line.strip() for line in listed.stdout.splitlines()[1:]]
    found = set()
    for one in names:
        if one.startswith("@"):
            found |= calls_of(one)
        elif one and not one.startswith("#"):
            found.add(one)
    return found


split = sys.argv.index("--")
allowed = set()
for value in sys.argv[1:split]:
    for word in value.lstrip("~").split():
        allowed = allowed - calls_of(word) if value.startswith("~") else allowed | calls_of(word)

system_filter = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
for call in sorted(allowed):
    try:
        system_filter.add_rule(seccomp.ALLOW, call)
    except (RuntimeError, ValueError):
        pass  # this machine does not have it
system_filter.load()
os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
