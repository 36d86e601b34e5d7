exec 2>&1
set -eu
root="${IRONLOOM_ROOT:-}"
state="$root/var/lib/elemental/ironloom"
marker="$root/oem/99_ironloom-cleanup.yaml"
seed="$root/var/lib/cloud/seed/nocloud"
log=/dev/null
step=prepare
logged=0
undo() { :; }
begin() {
  step=$1
  logged=$(wc -c <"$log") || logged=0
}
run() {
  limit=$1
  shift
  timeout -k 30 "$limit" "$@" >>"$log" 2>&1 </dev/null
}
open_log() { mkdir -p "$state" && true >"$state/validate.log" && log="$state/validate.log"; }
finish() {
  code=$?
  trap - EXIT
  set +e
  if [ "$code" -ne 0 ]; then undo; else logged=0; fi
  if [ -s "$log" ]; then tail -c "+$((logged + 1))" "$log" | tail -c 32768 | tail -n 40 | cut -c 1-400; fi
  if [ "$code" -ne 0 ]; then printf 'ironloom: step %s failed with exit code %s\n' "$step" "$code"; fi
  exit "$code"
}
trap finish EXIT

attempt='validate-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c.6f0d'
record="$state/validated"
lines="$state/validated.lines"

# Looked already: says the same again.
seen=''
failed=''
if [ -f "$record" ]; then { read -r seen && read -r failed; } <"$record" || :; fi
if [ "$seen" = "$attempt" ] && [ -n "$failed" ]; then
  begin check
  tail -n +3 "$record"
  exit "$failed"
fi
open_log
rm -f "$record"
mkdir -p "$state/checks"
true >"$lines"

failed=0
plain() { LC_ALL=C tr '\n\t' '  ' | LC_ALL=C tr -cd '\040-\176'; }
# name, pass or fail, what was measured, message
report() {
  [ "$2" = pass ] || failed=1
  measured=$(printf '%s' "$3" | plain | cut -c 1-100)
  message=$(printf '%s' "$4" | plain | cut -c 1-200)
  printf 'ironloom-check\t%s\t%s\t%s\t%s\n' "$1" "$2" "$measured" "$message" >>"$lines"
}
look() { timeout -k 5 20 "$@" 2>/dev/null </dev/null; }
# Of a file with one number; 0 where it has none.
number() {
  { IFS= read -r value <"$1"; } 2>/dev/null || value=0
  case $value in '' | *[!0-9]*) value=0 ;; esac
  echo "$value"
}
# Whether version $1 is $2 or a later one, number by number.
at_least() {
  have=${1#v}
  want=${2#v}
  while [ -n "$want" ]; do
    a=${have%%[!0-9]*}
    b=${want%%[!0-9]*}
    if [ "${a:-0}" -ne "${b:-0}" ]; then
      [ "${a:-0}" -gt "${b:-0}" ]
      return
    fi
    case $have in *.*) have=${have#*.} ;; *) have= ;; esac
    case $want in *.*) want=${want#*.} ;; *) want= ;; esac
  done
}
check_version() {
  if [ -z "$2" ]; then report "$1" fail '' "it does not tell its version; $3 is asked for"
  elif at_least "$2" "$3" 2>/dev/null; then report "$1" pass "$2" ''
  else report "$1" fail "$2" "older than $3"
  fi
}
# Hundredths of a second.
uptime() { IFS=' ' read -r up _ <"$root/proc/uptime" && echo "${up%.*}${up#*.}"; }
# MB a second; nothing where the disk cannot be read.
measure_disk() {
  from=$(uptime)
  run 60 dd if="$1" of=/dev/null bs=1M count=512 iflag=direct || return
  spent=$(($(uptime) - from))
  [ "$spent" -gt 0 ] || spent=1
  echo $((512 * 1048576 / 10000 / spent))
}
# name, count, size in GB, rotational 0 or 1, MB a second. No more disks are measured than it takes.
check_disk() {
  fit=0
  told=
  wanted=
  for block in "$root"/sys/block/*; do
    [ -e "$block/device" ] && [ "$(number "$block/removable")" = 0 ] && [ "$(number "$block/hidden")" = 0 ] || continue
    gb=$(($(number "$block/size") * 512 / 1000000000))
    [ "$gb" -gt 0 ] || continue
    disk=$(printf '%s' "${block##*/}" | tr '!' /)
    turns=$(number "$block/queue/rotational")
    told="$told, $disk $gb GB"
    if [ "$gb" -lt "$3" ]; then
      wanted="$wanted, $disk is smaller than $3 GB"
    elif [ -n "$4" ] && [ "$turns" != "$4" ]; then
      if [ "$4" = 0 ]; then wanted="$wanted, $disk turns"; else wanted="$wanted, $disk does not turn"; fi
    elif [ "$5" -eq 0 ] || [ "$fit" -ge "$2" ]; then
      fit=$((fit + 1))
    else
      speed=$(measure_disk "$root/dev/$disk") || speed=
      told="$told ${speed:-?} MB/s"
      if [ -z "$speed" ]; then wanted="$wanted, $disk cannot be read in time"
      elif [ "$speed" -lt "$5" ]; then wanted="$wanted, $disk reads less than $5 MB/s"
      else fit=$((fit + 1))
      fi
    fi
  done
  if [ "$fit" -ge "$2" ]; then report "$1" pass "${told#, }" ''
  else report "$1" fail "${told#, }" "$fit of $2 disks are as asked for${wanted:+: ${wanted#, }}"
  fi
}
# name, GiB
check_memory() {
  kb=0
  while IFS=' ' read -r key value _; do
    [ "$key" != MemTotal: ] || kb=$value
  done <"$root/proc/meminfo"
  if [ "$kb" -ge $(($2 * 1048576)) ]; then report "$1" pass "$((kb / 1024)) MiB" ''
  else report "$1" fail "$((kb / 1024)) MiB" "less than $2 GiB"
  fi
}
# name, threads
check_cpu() {
  threads=$(look grep -c '^processor' "$root/proc/cpuinfo") || threads=0
  if [ "$threads" -ge "$2" ]; then report "$1" pass "$threads threads" ''
  else report "$1" fail "$threads threads" "less than $2"
  fi
}
# name, count, Mbit a second
check_nic() {
  up=0
  told=
  for card in "$root"/sys/class/net/*; do
    [ -e "$card/device" ] && [ ! -e "$card/device/physfn" ] || continue
    name=${card##*/}
    speed=$(number "$card/speed")
    if [ "$(number "$card/carrier")" != 1 ]; then told="$told, $name no link"
    else
      told="$told, $name $speed Mbit/s"
      [ "$speed" -lt "$3" ] || up=$((up + 1))
    fi
  done
  if [ "$up" -ge "$2" ]; then report "$1" pass "${told#, }" ''
  elif [ "$3" -gt 0 ]; then report "$1" fail "${told#, }" "$up of $2 links of at least $3 Mbit/s are up"
  else report "$1" fail "${told#, }" "$up of $2 links are up"
  fi
}
# name, version
check_agent() {
  version=
  for agent in elemental-system-agent rancher-system-agent /opt/rancher-system-agent/bin/rancher-system-agent; do
    command -v "$agent" >/dev/null || continue
    version=$(look "$agent" --version | head -c 400 | plain |
      sed 's/^[^0-9]*\([0-9]\{1,\}\.[0-9A-Za-z.+-]*\).*/\1/; /^[0-9]/!d') || version=
    break
  done
  check_version "$1" "$version" "$2"
}
# Of the image that runs; each name is one word of ours.
os_release() { (. "$root/etc/os-release" >/dev/null 2>&1 && eval "printf '%s' \"\${$1:-}\"") || :; }
# name, id, version
check_os() {
  id=$(os_release ID)
  if [ -n "$2" ] && [ "$id" != "$2" ]; then report "$1" fail "${id:-unknown}" "not $2"
  elif [ -n "$3" ]; then check_version "$1" "$(os_release VERSION_ID)" "$3"
  else report "$1" pass "$id" ''
  fi
}
# name, version
check_image() {
  tag=$(os_release IMAGE_TAG)
  image=$(os_release IMAGE)
  case ${image##*/} in *:*) [ -n "$tag" ] || tag=${image##*:} ;; esac
  check_version "$1" "$tag" "$2"
}
# name, seconds. Who goes on in the background holds the pipe, and is not waited for.
check_script() {
  rm -f "$state/checks/code"
  {
    code=0
    timeout -k 10 "$2" sh "$state/checks/$1.sh" </dev/null 2>&1 || code=$?
    echo "$code" >"$state/checks/code"
  } | timeout -k 5 "$(($2 + 20))" tail -c 200 >"$state/checks/said" || :
  code=$(cat "$state/checks/code" 2>/dev/null) || code=unknown
  said=$(cat "$state/checks/said")
  case $code in
    0) report "$1" pass 'exit code 0' "$said" ;;
    124 | 137) report "$1" fail "exit code $code" "it did not end within $2 seconds. $said" ;;
    *) report "$1" fail "exit code $code" "$said" ;;
  esac
}

begin check
check_disk 'disk' '1' '900' '0' '500'
check_disk 'turning' '1' '4000' '1' '0'
check_disk 'twodisks' '2' '0' '' '0'
check_memory 'memory' '250'
check_cpu 'cpu' '64'
check_nic 'nic' '2' '10000'
check_nic 'links' '2' '0'
check_agent 'agent' '0.3.9'
check_os 'os' 'sl-micro' '6.0'
check_image 'image' '2.2'
check_script 'own' '60'

{ printf '%s\n%s\n' "$attempt" "$failed" && cat "$lines"; } >"$record.new"
mv "$record.new" "$record"
rm -f "$state/checks/code" "$state/checks/said"
cat "$lines"
exit "$failed"
