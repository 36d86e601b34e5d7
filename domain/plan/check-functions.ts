/** Seconds that one look at the host, and one read of a disk, may take. */
export const lookSeconds = { look: 20, readDisk: 60 };
/** MiB that are read of a disk to measure it. */
const readMiB = 512;

/**
 * Shell functions that look at a host and change nothing: one for each kind of check, with the check's name as its first
 * argument; '' or 0 where the check does not ask. Each calls `report` once. Programs may hang, and hosts
 * write anything into what they are called: each has a time-out, and `report` lets only printable characters pass.
 */
export const checkFunctions = `failed=0
plain() { LC_ALL=C tr '\\n\\t' '  ' | LC_ALL=C tr -cd '\\040-\\176'; }
# name, pass or fail, what was measured, message
report() {
  [ "$2" = pass ] || failed=1
  measured=$(printf '%s' "$3" | plain | cut -c 1-100)
  message=$(printf '%s' "$4" | plain | cut -c 1-200)
  printf 'ironloom-check\\t%s\\t%s\\t%s\\t%s\\n' "$1" "$2" "$measured" "$message" >>"$lines"
}
look() { timeout -k 5 ${lookSeconds.look} "$@" 2>/dev/null </dev/null; }
# Of a file with one number; 0 where it has none.
number() {
  { IFS= read -r value <"$1"; } 2>/dev/null || value=0
  case $value in '' | *[!0-9]*) value=0 ;; esac
  echo "$value"
}
# Whether version $1 is $2 or a later one, number by number.
at_least() {
  have=\${1#v}
  want=\${2#v}
  while [ -n "$want" ]; do
    a=\${have%%[!0-9]*}
    b=\${want%%[!0-9]*}
    if [ "\${a:-0}" -ne "\${b:-0}" ]; then
      [ "\${a:-0}" -gt "\${b:-0}" ]
      return
    fi
    case $have in *.*) have=\${have#*.} ;; *) have= ;; esac
    case $want in *.*) want=\${want#*.} ;; *) want= ;; esac
  done
}
check_version() {
  if [ -z "$2" ]; then report "$1" fail '' "it does not tell its version; $3 is asked for"
  elif at_least "$2" "$3" 2>/dev/null; then report "$1" pass "$2" ''
  else report "$1" fail "$2" "older than $3"
  fi
}
# Hundredths of a second.
uptime() { IFS=' ' read -r up _ <"$root/proc/uptime" && echo "\${up%.*}\${up#*.}"; }
# MB a second; nothing where the disk cannot be read.
measure_disk() {
  from=$(uptime)
  run ${lookSeconds.readDisk} dd if="$1" of=/dev/null bs=1M count=${readMiB} iflag=direct || return
  spent=$(($(uptime) - from))
  [ "$spent" -gt 0 ] || spent=1
  echo $((${readMiB} * 1048576 / 10000 / spent))
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
    disk=$(printf '%s' "\${block##*/}" | tr '!' /)
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
      told="$told \${speed:-?} MB/s"
      if [ -z "$speed" ]; then wanted="$wanted, $disk cannot be read in time"
      elif [ "$speed" -lt "$5" ]; then wanted="$wanted, $disk reads less than $5 MB/s"
      else fit=$((fit + 1))
      fi
    fi
  done
  if [ "$fit" -ge "$2" ]; then report "$1" pass "\${told#, }" ''
  else report "$1" fail "\${told#, }" "$fit of $2 disks are as asked for\${wanted:+: \${wanted#, }}"
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
    name=\${card##*/}
    speed=$(number "$card/speed")
    if [ "$(number "$card/carrier")" != 1 ]; then told="$told, $name no link"
    else
      told="$told, $name $speed Mbit/s"
      [ "$speed" -lt "$3" ] || up=$((up + 1))
    fi
  done
  if [ "$up" -ge "$2" ]; then report "$1" pass "\${told#, }" ''
  elif [ "$3" -gt 0 ]; then report "$1" fail "\${told#, }" "$up of $2 links of at least $3 Mbit/s are up"
  else report "$1" fail "\${told#, }" "$up of $2 links are up"
  fi
}
# name, version
check_agent() {
  version=
  for agent in elemental-system-agent rancher-system-agent /opt/rancher-system-agent/bin/rancher-system-agent; do
    command -v "$agent" >/dev/null || continue
    version=$(look "$agent" --version | head -c 400 | plain |
      sed 's/^[^0-9]*\\([0-9]\\{1,\\}\\.[0-9A-Za-z.+-]*\\).*/\\1/; /^[0-9]/!d') || version=
    break
  done
  check_version "$1" "$version" "$2"
}
# Of the image that runs; each name is one word of ours.
os_release() { (. "$root/etc/os-release" >/dev/null 2>&1 && eval "printf '%s' \\"\\\${$1:-}\\"") || :; }
# name, id, version
check_os() {
  id=$(os_release ID)
  if [ -n "$2" ] && [ "$id" != "$2" ]; then report "$1" fail "\${id:-unknown}" "not $2"
  elif [ -n "$3" ]; then check_version "$1" "$(os_release VERSION_ID)" "$3"
  else report "$1" pass "$id" ''
  fi
}
# name, version
check_image() {
  tag=$(os_release IMAGE_TAG)
  image=$(os_release IMAGE)
  case \${image##*/} in *:*) [ -n "$tag" ] || tag=\${image##*:} ;; esac
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
}`;
