#!/bin/sh
# Makes a Debian root folder the sandbox's: its user and folders, nothing setuid, nothing that differs from build to build.
# usage: finish.sh <root folder>   ("" for the running system)
set -eu
root="$1"

# The sandbox's user is Debian's own `nobody`, at home in the workspace.
sed -i 's#^nobody:.*#nobody:x:65534:65534:nobody:/workspace:/bin/bash#' "$root/etc/passwd"
for folder in workspace sources opsthread tmp; do mkdir -p "$root/$folder"; done
chown 65534:65534 "$root/workspace"
chmod 0755 "$root/workspace" "$root/sources" "$root/opsthread"
# A tmpfs takes the mode of the folder that it is mounted on.
chmod 1777 "$root/tmp"

find "$root/" -xdev ! -type l -perm /6000 -exec chmod ug-s {} +

rm -rf "$root"/var/cache/apt/* "$root"/var/cache/debconf/* "$root"/var/cache/ldconfig/* \
  "$root"/var/lib/apt/lists/* "$root"/var/lib/dpkg/*-old "$root"/var/log/* "$root"/root/.[a-z]* \
  "$root"/etc/passwd- "$root"/etc/group- "$root"/etc/shadow- "$root"/etc/gshadow- "$root"/etc/.pwd.lock
: > "$root/etc/machine-id"
# Docker mounts its own over these, and refuses to change what is under a mount.
rm -f "$root/etc/hostname" "$root/etc/resolv.conf" 2>/dev/null || true
