#!/bin/sh
# Installs smbwarden as a service on Debian 12 or later, Ubuntu 22.04 or later, or Raspberry Pi OS 64-bit; takes it off
# again. docs/install.md says what goes where. Nothing runs before the last line: a download that was cut does nothing.
set -eu

SERVICE=smbwarden.service
UNIT=/etc/systemd/system/$SERVICE
CONFIG_DIR=/etc/smbwarden
DATA_DIR=/var/lib/smbwarden
COMMAND=/usr/local/bin/smbwarden

usage() {
  cat <<'END'
Usage: install.sh [OPTIONS]

Installs smbwarden from the release or the checkout that this script lies in. An installed smbwarden is upgraded;
configuration and history are kept.

  --dry-run                   say what would be done, and do nothing
  --yes                       ask nothing
  --prefix DIRECTORY          where the program goes (default: /opt/smbwarden, or where it is)
  --offline TARBALL           install from this release
  --mqtt-url URL              the broker, such as mqtt://192.168.1.5:1883, for a configuration that is written anew
  --mqtt-user NAME            user name at the broker
  --mqtt-password-file FILE   file that holds the password in its first line; it is copied to where only root reads it

  --rollback                  go back to the version before the last upgrade, and to the history as it was then if
                              that version cannot read the present one
  --uninstall                 remove the program and the service; configuration and history stay
  --purge                     remove everything, configuration, history and user included
  -h, --help                  show this help
END
}

main() {
  action=install dry_run=no yes=no prefix='' tarball='' mqtt_url='' mqtt_user='' mqtt_password_file='' password=''
  scratch='' stopped=no stale=no hidden=no
  umask 022
  read_options "$@"
  check_system
  [ -n "$prefix" ] || prefix=$(installed_prefix)
  check_prefix
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
  case $action in
    install) install_release ;;
    rollback) roll_back ;;
    uninstall | purge) uninstall ;;
  esac
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry_run=yes ;;
      --yes) yes=yes ;;
      --rollback | --uninstall | --purge) choose_action "${1#--}" ;;
      --prefix=* | --offline=* | --mqtt-url=* | --mqtt-user=* | --mqtt-password-file=*)
        set_option "${1%%=*}" "${1#*=}"
        ;;
      --prefix | --offline | --mqtt-url | --mqtt-user | --mqtt-password-file)
        [ $# -ge 2 ] || misuse "$1 wants a value"
        set_option "$1" "$2"
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) misuse "unknown option $1" ;;
    esac
    shift
  done
}

choose_action() {
  case $action-$1 in
    install-* | uninstall-purge | "$1-$1") action=$1 ;;
    purge-uninstall) ;;
    *) misuse "--$action and --$1 exclude each other" ;;
  esac
}

set_option() {
  [ -n "$2" ] || misuse "$1 wants a value"
  case $1 in
    --prefix) prefix=$2 ;;
    --offline) tarball=$2 ;;
    --mqtt-url) mqtt_url=$2 ;;
    --mqtt-user) mqtt_user=$2 ;;
    --mqtt-password-file) mqtt_password_file=$2 ;;
  esac
}

# --- what is here ---

check_system() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) arch=x64 ;;
    Linux-aarch64) arch=arm64 ;;
    *) fail "$(uname -s) on $(uname -m): smbwarden runs on 64-bit Linux only, x86-64 or arm64" ;;
  esac
  if [ ! -d /run/systemd/system ]; then
    fail "this system was not started by systemd. Run the daemon your own way: bin/smbwarden run"
  fi
  if [ "$(id -u)" -ne 0 ] && [ "$dry_run" = no ]; then
    fail "only root can install a service. Run: sudo sh $0, or look first with --dry-run"
  fi
}

# Where the unit says that the program is.
installed_prefix() {
  found=''
  [ ! -f "$UNIT" ] || found=$(sed -n 's|^ExecStart=\(/.*\)/current/node .*|\1|p' "$UNIT")
  echo "${found:-/opt/smbwarden}"
}

# The unit shows homes and temporary folders to nobody, so the program cannot lie there.
check_prefix() {
  prefix=${prefix%/}
  case $prefix in
    /home/* | /root/* | /tmp/* | /var/tmp/* | /run/*) misuse "--prefix $prefix: the service cannot see that folder" ;;
    */../* | */.. | */./* | *//*) misuse "--prefix $prefix: write the path in full" ;;
    *[!A-Za-z0-9/._-]*) misuse "--prefix $prefix: letters, digits, / . _ and - only" ;;
    /*/*) ;;
    *) misuse "--prefix $prefix: name a folder of its own, such as /opt/smbwarden" ;;
  esac
}

installed_release() {
  readlink "$prefix/current" 2>/dev/null | sed 's|.*/||' || true
}

previous_release() {
  readlink "$prefix/previous" 2>/dev/null | sed 's|.*/||' || true
}

is_active() {
  systemctl is-active --quiet "$SERVICE"
}

# --- installation ---

install_release() {
  find_release
  check_release
  new=$(release_id "$release")
  old=$(installed_release)
  ask_for_broker
  draft_configuration
  tell_plan
  confirm 'Go on?'
  keep_release
  make_user
  write_configuration
  if [ -n "$old" ] && [ "$old" != "$new" ]; then back_up_history; fi
  switch_to "$new" "$old"
  install_unit
  link_outside
  start_service
  drop_old_releases
  tell_end
}

# Sets `release` to a folder that holds one, unpacked.
find_release() {
  here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
  if [ -n "$tarball" ]; then
    unpack "$tarball"
  elif [ -x "$here/node" ] && [ -f "$here/SHA256SUMS" ]; then
    release=$here
  elif [ -f "$here/package.json" ] && [ -f "$here/scripts/release.ts" ]; then
    build_release "$here"
  else
    fail "there is no release beside $0. Name one: --offline smbwarden-VERSION-linux-$arch.tar.gz"
  fi
}

unpack() {
  [ -f "$1" ] || fail "$1: no such file"
  case $1 in
    *-linux-"$arch".tar.gz) ;;
    *-linux-*) fail "$1 is not for this machine, which needs linux-$arch" ;;
  esac
  sums=$(dirname -- "$1")/SHA256SUMS
  if [ -f "$sums" ]; then
    say "Checking $1 against SHA256SUMS"
    (cd "$(dirname -- "$1")" && grep "  $(basename -- "$1")\$" SHA256SUMS | sha256sum --status -c -) ||
      fail "$1 is not what SHA256SUMS says. Download both again"
  fi
  say "Unpacking $1"
  make_scratch
  tar -xzf "$1" -C "$scratch" --no-same-owner || fail "$1 cannot be unpacked"
  release=$scratch/$(basename -- "$1" .tar.gz)
  [ -x "$release/node" ] || fail "$1 holds no release of smbwarden"
}

# As whoever owns the checkout, so that no file of root's is left in it.
build_release() {
  if [ "$dry_run" = yes ]; then
    step "Building a release from $1" || true
    release=''
    return 0
  fi
  command -v npm >/dev/null || fail "a checkout needs npm to be built. Install npm, or name a release: --offline TARBALL"
  make_scratch
  owner=$(stat -c %U "$1")
  chown "$owner" "$scratch"
  if [ ! -x "$1/node_modules/.bin/node" ]; then
    say 'Fetching what the build needs (npm ci)'
    as_owner "$1" 'npm ci --no-audit --no-fund --loglevel=error --ignore-scripts'
  fi
  say 'Building a release'
  as_owner "$1" 'npm run --silent build'
  as_owner "$1" "npm run --silent release:pack -- --arch $arch --output '$scratch' >/dev/null"
  unpack "$scratch"/smbwarden-*-linux-"$arch".tar.gz
}

as_owner() {
  if [ "$owner" = root ]; then
    (cd "$1" && sh -c "$2")
  else
    (cd "$1" && runuser -u "$owner" -- sh -c "$2")
  fi
}

make_scratch() {
  [ -z "$scratch" ] || return 0
  scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/smbwarden.XXXXXX")
}

# Before anything is touched: is it complete, and does it run here?
check_release() {
  [ -n "$release" ] || return 0
  say 'Checking that the release is complete and runs on this machine'
  (cd "$release" && sha256sum --quiet -c SHA256SUMS) || fail "the release in $release is damaged"
  if ! (cd "$release" && ./node -e "new (require('better-sqlite3'))(':memory:')"); then
    fail "the runtime does not start here. It needs glibc 2.34 (Debian 12, Ubuntu 22.04 or later), and TMPDIR not mounted noexec"
  fi
}

# VERSION-xxxxxxxx, by what is in it: two builds of one version are two releases.
release_id() {
  [ -n "$1" ] || return 0
  version=$("$1/bin/smbwarden" --config /dev/null version | awk '{ print $2 }')
  echo "$version-$(sha256sum <"$1/SHA256SUMS" | cut -c 1-8)"
}

ask_for_broker() {
  [ -z "$mqtt_password_file" ] || [ -r "$mqtt_password_file" ] || fail "--mqtt-password-file $mqtt_password_file: cannot be read"
  if [ -e "$CONFIG_DIR/config.yaml" ] || [ -n "$mqtt_url" ] || ! is_interactive; then
    return 0
  fi
  ask 'MQTT broker, such as mqtt://192.168.1.5:1883 (empty: none)'
  mqtt_url=$answer
  [ -n "$mqtt_url" ] || return 0
  ask 'User name at the broker (empty: none)'
  mqtt_user=$answer
  [ -n "$mqtt_user" ] && [ -z "$mqtt_password_file" ] || return 0
  hidden=yes
  stty -echo
  ask 'Password'
  stty echo
  hidden=no
  echo
  password=$answer
}

tell_plan() {
  case $old in
    '') say "This will install smbwarden ${new:-} in $prefix" ;;
    "$new") say "smbwarden $old is installed in $prefix already: this will set right what is amiss" ;;
    *) say "This will upgrade smbwarden $old to ${new:-a new release} in $prefix" ;;
  esac
  if [ -e "$CONFIG_DIR/config.yaml" ] && [ -n "$mqtt_url$mqtt_user" ]; then
    say "The configuration is kept: set mqtt.url and mqtt.username in $CONFIG_DIR/config.yaml yourself"
  fi
}

keep_release() {
  if [ -d "$prefix/releases/$new" ] && [ -n "$new" ]; then
    (cd "$prefix/releases/$new" && sha256sum --status -c SHA256SUMS) && return 0
  fi
  step "Copying the program to $prefix/releases/$new" || return 0
  mkdir -p "$prefix/releases"
  chmod 755 "$prefix" "$prefix/releases"
  rm -rf "$prefix/releases/.incoming"
  cp -Rp "$release" "$prefix/releases/.incoming"
  chown -R root:root "$prefix/releases/.incoming"
  sync -f "$prefix"
  rm -rf "${prefix:?}/releases/$new"
  mv "$prefix/releases/.incoming" "$prefix/releases/$new"
}

make_user() {
  if id smbwarden >/dev/null 2>&1; then return 0; fi
  step 'Making the user smbwarden' || return 0
  systemd-sysusers "$prefix/releases/$new/systemd/smbwarden.sysusers"
}

# In the scratch folder and checked, so that a wrong broker is told before anything is touched.
draft_configuration() {
  config=$CONFIG_DIR/config.yaml
  if [ -f "$config" ] || [ -z "$release" ]; then return 0; fi
  make_scratch
  starter_configuration >"$scratch/config.yaml"
  if ! "$release/bin/smbwarden" --config "$scratch/config.yaml" config check >/dev/null; then
    fail "with --mqtt-url $mqtt_url the configuration would be wrong"
  fi
}

write_configuration() {
  if [ -d "$CONFIG_DIR" ] && [ -f "$config" ] && [ -f "$CONFIG_DIR/mqtt-password" ] && [ -z "$mqtt_password_file" ]; then
    return 0
  fi
  if [ -f "$config" ]; then
    step "Setting the broker's password in $CONFIG_DIR" || return 0
  else
    step "Writing $config, with every key explained and none set${mqtt_url:+ but the broker}" || return 0
  fi
  install -d -o root -g smbwarden -m 0750 "$CONFIG_DIR"
  write_password
  [ ! -f "$config" ] || return 0
  install -o root -g smbwarden -m 0640 "$scratch/config.yaml" "$config.new"
  mv "$config.new" "$config"
}

# An empty file means no password; without a file systemd would not start the service.
write_password() {
  file=$CONFIG_DIR/mqtt-password
  (
    umask 077
    if [ -n "$mqtt_password_file" ]; then
      head -n 1 "$mqtt_password_file" >"$file.new"
    elif [ -n "$password" ]; then
      printf '%s\n' "$password" >"$file.new"
    elif [ ! -f "$file" ]; then
      : >"$file.new"
    fi
  )
  [ -f "$file.new" ] || return 0
  mv "$file.new" "$file"
  stale=yes
}

# The one that "config init" writes, with what was found here as a comment, and the broker. The service gets the password
# as a credential; passwordFile is for root's "smbwarden mqtt test".
starter_configuration() {
  secret=''
  [ -z "$password$mqtt_password_file" ] || secret=$CONFIG_DIR/mqtt-password
  found=$("$release/bin/smbwarden" --config /dev/null --data-dir /nonexistent --no-color sweep --dry-run | targets)
  "$release/bin/smbwarden" --config /dev/null config init - |
    FOUND=${found:-none} URL=$mqtt_url NAME=$mqtt_user SECRET=$secret awk '
      function quoted(text) { gsub(/[\\"]/, "\\\\&", text); return "\"" text "\"" }
      /^#targets:/ { print "# At the installation these were attached: " ENVIRON["FOUND"] "." }
      ENVIRON["URL"] != "" && /^#mqtt:/ { print "mqtt:"; next }
      ENVIRON["URL"] != "" && /^#  url:/ { print "  url: " quoted(ENVIRON["URL"]); next }
      ENVIRON["NAME"] != "" && /^#  username:/ { print "  username: " quoted(ENVIRON["NAME"]); next }
      ENVIRON["SECRET"] != "" && /^#  passwordFile:/ { print "  passwordFile: " ENVIRON["SECRET"]; next }
      { print }'
}

# From what "sweep --dry-run" prints: 192.168.1.0/24, 10.0.0.0/24.
targets() {
  sed -n '1s/^A sweep of \(.*\) at level .*/\1/p'
}

has_history() {
  [ -s "$DATA_DIR/smbwarden.db" ]
}

# Before an upgrade. The installed version copies its history while it is in use; one that cannot is stopped and copied.
back_up_history() {
  has_history || return 0
  backup=$DATA_DIR/backup/before-$new.db
  step "Backing the history up to $backup" || return 0
  install -d -o smbwarden -g smbwarden -m 0750 "$DATA_DIR/backup"
  rm -f "$DATA_DIR"/backup/before-*.db
  if ! "$prefix/current/bin/smbwarden" --quiet db backup "$backup" 2>/dev/null; then
    stop_service
    cp "$DATA_DIR/smbwarden.db" "$backup"
    [ ! -s "$DATA_DIR/smbwarden.db-wal" ] || cp "$DATA_DIR/smbwarden.db-wal" "$backup-wal"
  fi
  chown smbwarden:smbwarden "$backup"*
  chmod 640 "$backup"*
}

# One rename makes the other release the current one.
switch_to() {
  [ "$1" != "$2" ] || [ -z "$1" ] || return 0
  step "Making ${1:-it} the current release" || return 0
  stop_service
  [ -z "$2" ] || point "$prefix/previous" "releases/$2"
  point "$prefix/current" "releases/$1"
}

point() {
  ln -sfn "$2" "$1.new"
  mv -T "$1.new" "$1"
}

install_unit() {
  if [ -n "$new" ] && [ -f "$UNIT" ] && unit | cmp -s - "$UNIT"; then return 0; fi
  step "Installing the service $SERVICE" || return 0
  unit >"$UNIT.new"
  mv "$UNIT.new" "$UNIT"
  systemctl daemon-reload
  stale=yes
}

unit() {
  sed "s|/opt/smbwarden/|$prefix/|g" "$prefix/current/systemd/$SERVICE" 2>/dev/null
}

# What lies outside the prefix, each with what it points to below it.
links() {
  cat <<END
$COMMAND bin/smbwarden
/usr/local/share/man/man1/smbwarden.1 share/smbwarden.1
/usr/local/share/bash-completion/completions/smbwarden share/completions/smbwarden.bash
/usr/local/share/zsh/site-functions/_smbwarden share/completions/_smbwarden
/usr/local/share/fish/vendor_completions.d/smbwarden.fish share/completions/smbwarden.fish
END
}

link_outside() {
  links | while read -r link path; do
    [ "$(readlink "$link" 2>/dev/null)" != "$prefix/current/$path" ] || continue
    step "Linking $link" || continue
    if [ -e "$link" ] && [ ! -L "$link" ]; then
      say "$link is there already and is not ours: left as it is"
      continue
    fi
    make_folder "$(dirname "$link")"
    ln -sfn "$prefix/current/$path" "$link"
  done
}

# Remembers which folders were not there, so that --uninstall takes them along.
make_folder() {
  [ ! -d "$1" ] || return 0
  make_folder "$(dirname "$1")"
  mkdir -m 755 "$1"
  echo "$1" >>"$prefix/made-folders"
}

start_service() {
  if is_active && [ "$stale" = no ] && [ "$old" = "$new" ] && systemctl is-enabled --quiet "$SERVICE"; then
    return 0
  fi
  step "Starting $SERVICE, now and at every boot" || return 0
  systemctl enable --quiet "$SERVICE"
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
  if systemctl restart "$SERVICE"; then
    stopped=no
    return 0
  fi
  journalctl -u "$SERVICE" -n 20 --no-pager -o cat >&2 || true
  stopped=no
  [ -z "$(previous_release)" ] || say "To go back to $(previous_release): sh $prefix/current/install.sh --rollback"
  fail "the service does not start. Above is what it said"
}

stop_service() {
  is_active || return 0
  systemctl stop "$SERVICE"
  stopped=yes
}

drop_old_releases() {
  [ "$dry_run" = no ] || return 0
  for each in "$prefix"/releases/*; do
    case ${each##*/} in
      "$(installed_release)" | "$(previous_release)") ;;
      *) rm -rf "$each" ;;
    esac
  done
}

tell_end() {
  [ "$dry_run" = no ] || return 0
  say "smbwarden $new is running. It sweeps: $("$COMMAND" --no-color sweep --dry-run | targets)"
  if "$COMMAND" help doctor >/dev/null 2>&1; then
    "$COMMAND" doctor || say 'Mend what doctor names; the service goes on meanwhile'
  fi
  cat <<END

  smbwarden status              what it knows
  smbwarden findings            what is exposed
  journalctl -u smbwarden       what it says
  $CONFIG_DIR/config.yaml   its configuration; after a change: systemctl reload smbwarden
END
}

# --- going back ---

roll_back() {
  new=$(previous_release)
  old=$(installed_release)
  if [ -z "$new" ] || [ ! -d "$prefix/releases/$new" ]; then
    fail "no version before this one is kept in $prefix"
  fi
  backup=''
  if has_history && [ "$(schema_of "$new")" -lt "$(schema_of "$old")" ]; then
    backup=$DATA_DIR/backup/before-$old.db
    [ -f "$backup" ] || fail "$new cannot read the present history, and $backup is not there"
  fi
  say "This will go back from smbwarden $old to $new"
  [ -z "$backup" ] || say "$new cannot read the present history: it is set aside, and the history as it was before the upgrade takes its place"
  confirm 'Go on?'
  if [ -n "$backup" ]; then put_back_history; fi
  switch_to "$new" "$old"
  install_unit
  link_outside
  start_service
  [ "$dry_run" = yes ] || say "smbwarden $new is running"
}

# The number of the last migration.
schema_of() {
  find "$prefix/releases/$1/dist/migrations" -name '*.sql' | wc -l
}

put_back_history() {
  aside=$DATA_DIR/smbwarden.db.set-aside-$(date -u +%Y-%m-%dT%H%M%SZ)
  step "Keeping the present history as $aside, and putting $backup in its place" || return 0
  stop_service
  for suffix in '' -wal -shm; do
    [ ! -e "$DATA_DIR/smbwarden.db$suffix" ] || mv "$DATA_DIR/smbwarden.db$suffix" "$aside$suffix"
  done
  for suffix in '' -wal; do
    [ ! -e "$backup$suffix" ] || cp -p "$backup$suffix" "$DATA_DIR/smbwarden.db$suffix"
  done
}

# --- taking it off ---

uninstall() {
  if [ ! -e "$UNIT" ] && [ ! -e "$prefix/current" ] && [ "$action" = uninstall ]; then
    say "smbwarden is not installed in $prefix"
    return 0
  fi
  if grep -qs '^ *url: *[^ ]' "$CONFIG_DIR/config.yaml" && [ -x "$COMMAND" ]; then
    say 'To take its devices out of Home Assistant, run this first: smbwarden mqtt remove-all'
  fi
  if [ "$action" = purge ]; then
    say "This will remove smbwarden, its configuration in $CONFIG_DIR and its history in $DATA_DIR"
  else
    say "This will remove smbwarden; $CONFIG_DIR and $DATA_DIR stay"
  fi
  confirm 'Go on?'
  remove_service
  remove_links
  remove_program
  if [ "$action" = purge ]; then purge; fi
}

remove_service() {
  [ -e "$UNIT" ] || return 0
  step "Stopping and removing $SERVICE" || return 0
  systemctl disable --quiet --now "$SERVICE"
  rm -f "$UNIT"
  systemctl daemon-reload
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
}

remove_links() {
  links | while read -r link path; do
    [ "$(readlink "$link" 2>/dev/null)" = "$prefix/current/$path" ] || continue
    step "Removing $link" || continue
    rm -f "$link"
  done
  [ "$dry_run" = no ] && [ -f "$prefix/made-folders" ] || return 0
  sort -r "$prefix/made-folders" | while read -r folder; do
    rmdir "$folder" 2>/dev/null || true
  done
}

# Only what an installation puts there; the folder itself when nothing else is in it.
remove_program() {
  [ -d "$prefix/releases" ] || return 0
  step "Removing the program from $prefix" || return 0
  rm -rf "$prefix/releases" "$prefix/current" "$prefix/previous" "$prefix/made-folders"
  rmdir "$prefix" 2>/dev/null || say "$prefix holds other files: they stay"
}

purge() {
  step "Removing $CONFIG_DIR, $DATA_DIR and the user smbwarden" || return 0
  rm -rf "$CONFIG_DIR" "$DATA_DIR" "$UNIT.d"
  if id smbwarden >/dev/null 2>&1; then userdel smbwarden; fi
  systemctl daemon-reload
}

# --- talking ---

say() {
  printf '%s\n' "$1"
}

# Says a step before it is done; false where it is not to be done.
step() {
  if [ "$dry_run" = yes ]; then
    printf '  not done: %s\n' "$1"
    return 1
  fi
  printf '  %s\n' "$1"
}

misuse() {
  printf 'install.sh: %s. See install.sh --help\n' "$1" >&2
  exit 2
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

is_interactive() {
  [ "$yes" = no ] && [ "$dry_run" = no ] && [ -t 0 ] && [ -t 1 ]
}

# Sets `answer`.
ask() {
  printf '%s: ' "$1"
  read -r answer || answer=''
}

confirm() {
  is_interactive || return 0
  ask "$1 [Y/n]"
  case $answer in
    '' | y | Y | yes) ;;
    *) fail 'nothing was done' ;;
  esac
}

clean_up() {
  [ "$hidden" = no ] || stty echo
  [ -z "$scratch" ] || rm -rf "$scratch"
  # Interrupted half-way: what was running runs again.
  [ "$stopped" = no ] || systemctl start "$SERVICE" || true
}

main "$@"
