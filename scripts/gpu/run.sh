#!/usr/bin/env bash
# Runs `parapilot bench gpu` from the parts that pack.mjs made, on a machine without network, Node.js or npm.
#
#   run.sh receive TO          copy the parts that lie beside this script to TO, check them, say which are missing
#   run.sh measure FROM [OUT]  assemble the parts in FROM, run doctor, cuda and webgpu, print the tables last
#
# Each policy is measured with its original network, with its graph for a GPU, and with that in float16.
# A stage that fails or runs out of time does not stop the next. Results grow in OUT (FROM/results unless told).
# Set before: STAGE_CUDA, STAGE_WEBGPU, STAGE_OPTIMIZE, STAGE_CPU  seconds of a stage, 0 leaves it out (default 330, 120, 60, 0)
#             DEADLINE                 seconds for everything; later stages get what is left (default 570)
#             BENCH                    more options of bench gpu, as "--states 4 --rounds 3"
#             CHANNELS                 of the random network (default 256,512,1024)
#             PEER                     a python3 with PyTorch (default: the first found); "none" for no peer
#             SHIPPED                  the trained policy (default: the packed one; empty leaves it out, for slow adapters)
#             BUNDLES                  more policies to measure, folders
set -u
here=$(cd "$(dirname "$0")" && pwd)
say() { printf '\n### %s\n' "$*"; }
fail() { echo "run.sh: $*" >&2; exit 1; }

missing() {
  while read -r sum name; do
    [ -f "$1/$name" ] && [ "$(sha256sum "$1/$name" | cut -d' ' -f1)" = "$sum" ] || echo "$name"
  done <"$1/SHA256SUMS"
}

receive() {
  local to=$1 part
  mkdir -p "$to" || fail "cannot make $to"
  cp "$here/run.sh" "$here/SHA256SUMS" "$to/" || fail "SHA256SUMS must lie beside run.sh"
  for part in "$here"/parapilot.part-*; do
    [ -f "$part" ] && cp "$part" "$to/"
  done
  local lacking
  lacking=$(missing "$to")
  if [ -z "$lacking" ]; then echo "all parts are in $to; next: $to/run.sh measure $to"
  else echo "$to still lacks:" $lacking; fi
}

assemble() {
  local from=$1 lacking
  [ -f "$from/SHA256SUMS" ] || fail "$from has no SHA256SUMS"
  if cmp -s "$from/SHA256SUMS" "$from/parapilot/assembled"; then return; fi
  lacking=$(missing "$from")
  [ -z "$lacking" ] || fail "parts are missing or damaged in $from:" $lacking
  rm -rf "$from/parapilot"
  cat "$from"/parapilot.part-* | unpack "$from" || fail "the parts do not unpack"
  cp "$from/SHA256SUMS" "$from/parapilot/assembled"
}

unpack() {
  if command -v xz >/dev/null; then xz -dc | tar -xf - -C "$1"
  else python3 -c 'import lzma, shutil, sys
shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer, 1 << 20)' | tar -xf - -C "$1"; fi
}

find_peer() {
  local python
  for python in "${PEER:-python3}" python3 python /opt/*/bin/python3 /opt/*/*/bin/python3 /usr/local/bin/python3; do
    [ "$python" = none ] && return
    command -v "$python" >/dev/null && "$python" -c 'import torch' 2>/dev/null && command -v "$python" && return
  done
}

# Folders with CUDA's libraries: of that Python's packages first, because they fit each other, then the machine's.
cuda_folders() {
  if [ -n "$1" ]; then
    "$1" - <<'PYTHON'
import glob, os, site, sysconfig
places = {*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
for place in sorted(places):
    for folder in sorted(glob.glob(os.path.join(place, "nvidia", "*", "lib"))):
        print(folder)
PYTHON
  fi
  local folder
  for folder in /usr/local/cuda/lib64 /usr/local/cuda-*/lib64 /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
    [ -d "$folder" ] && echo "$folder"
  done
}

check_libraries() {
  local library=$1 folder file found
  for file in $(needed_by "$library") libcudnn.so.9 libcufft.so.12 libnvrtc.so.13; do
    case $file in libcu* | libnvrtc*) ;; *) continue ;; esac
    found=
    for folder in ${LD_LIBRARY_PATH//:/ }; do [ -e "$folder/$file" ] && found=$folder && break; done
    [ -n "$found" ] || found=$(ldconfig -p 2>/dev/null | grep -F "$file " | head -1 | sed 's/.*=> //')
    printf '  %-8s %s  %s\n' "$([ -n "$found" ] && echo found || echo MISSING)" "$file" "$found"
  done
}

# Names in the file that look like libraries: readelf is not everywhere.
needed_by() {
  tr -c 'A-Za-z0-9._+-' '\n' <"$1" | grep -aE '^libcu[a-zA-Z]*\.so\.[0-9]+$' | sort -uV |
    awk -F '.so.' '{ newest[$1] = $0 } END { for (name in newest) print newest[name] }' | sort
}

find_vulkan_driver() {
  [ -n "${VK_DRIVER_FILES:-}" ] && return
  local file
  for file in /usr/share/vulkan/icd.d/nvidia_icd*.json /etc/vulkan/icd.d/nvidia_icd*.json \
    /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd*.json /usr/local/share/vulkan/icd.d/nvidia_icd*.json; do
    [ -f "$file" ] && export VK_DRIVER_FILES=$file && return
  done
}

# The folders of a policy's graphs; the policy itself where they could not be written.
graphs_of() {
  local policy=$1 into=$2 folder found=
  for folder in "$into"/original "$into"/gpu "$into"/gpu-half; do
    [ -f "$folder/policy.yaml" ] && found="$found $folder"
  done
  echo "${found:-$policy}"
}

# stage NAME SECONDS COMMAND…: its output into OUT/NAME.log, and the end of it here.
stage() {
  local name=$1 seconds=$2 began=$SECONDS code
  shift 2
  [ "$seconds" -gt 0 ] || return
  # The table needs its own few seconds.
  local left=$((${DEADLINE:-570} - 15 - SECONDS))
  [ "$seconds" -le "$left" ] || seconds=$left
  [ "$seconds" -gt 0 ] || { echo "$name: left out, the time is up"; return; }
  say "$name (at most $seconds s)"
  timeout -k 10 "$seconds" "$@" >"$out/$name.log" 2>&1 </dev/null
  code=$?
  tail -n "${TAIL:-3}" "$out/$name.log" | cut -c1-400
  case $code in
    0) echo "$name: done in $((SECONDS - began)) s" ;;
    124 | 137) echo "$name: out of time after $((SECONDS - began)) s; what it had by then is kept" ;;
    *) echo "$name: FAILED with code $code after $((SECONDS - began)) s; the whole of it: $out/$name.log" ;;
  esac
}

measure() {
  local from app node peer folders
  from=$(cd "$1" && pwd) || fail "there is no $1"
  out=${2:-$from/results}
  mkdir -p "$out" && out=$(cd "$out" && pwd) || fail "cannot make $out"
  rm -f "$out"/*.json "$out"/*.log
  assemble "$from"
  app=$from/parapilot
  node=$app/bin/node
  export HOME=${HOME:-$from} TMPDIR=${TMPDIR:-/tmp} PYTHONUNBUFFERED=1

  say "machine"
  uname -srm
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo "nvidia-smi finds no GPU"
  nproc
  peer=$(find_peer)
  echo "PyTorch: ${peer:-none found}"
  folders=$(cuda_folders "$peer" | paste -sd:)
  export LD_LIBRARY_PATH=${folders:+$folders:}${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$app/lib
  find_vulkan_driver
  echo "Vulkan driver: ${VK_DRIVER_FILES:-whatever the loader finds}"
  local provider=$app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so
  if [ -f "$provider" ]; then echo "onnxruntime's CUDA provider needs:" && check_libraries "$provider"
  else echo "packed without onnxruntime's CUDA provider"; fi

  local main=$app/dist/src/cli/main.js random=$app/random channels=${CHANNELS:-256,512,1024}
  local shipped=${SHIPPED-$app/policies/pusht}
  TAIL=12 stage doctor 60 "$node" "$main" doctor
  stage random-network 60 "$node" "$app/scripts/gpu/random-bundle.mjs" "$random" --channels "$channels"
  [ -f "$random/policy.yaml" ] || random=
  # Unquoted: one that is empty is left out.
  # shellcheck disable=SC2206
  local policies=($shipped $random ${BUNDLES:-}) graphs=() k
  rm -rf "$from/graphs"
  for k in "${!policies[@]}"; do
    stage "graphs-$k" 90 "$node" "$app/scripts/gpu/graphs.mjs" "${policies[k]}" "$from/graphs/$k"
    # shellcheck disable=SC2207
    graphs+=($(graphs_of "${policies[k]}" "$from/graphs/$k"))
  done
  local bench=("$node" "$main" bench gpu --threads 4)
  stage cuda "${STAGE_CUDA:-330}" "${bench[@]}" "${graphs[@]}" --provider cuda --seconds 20 --out "$out/cuda.json" ${BENCH:-} ${peer:+--peer "$peer"}
  stage webgpu "${STAGE_WEBGPU:-120}" "${bench[@]}" "${graphs[@]}" --provider webgpu --seconds 8 --out "$out/webgpu.json" ${BENCH:-}
  # On a CPU the graphs for a GPU are not run.
  stage cpu "${STAGE_CPU:-0}" "${bench[@]}" "${policies[@]}" --provider cpu --out "$out/cpu.json" ${BENCH:-} ${peer:+--peer "$peer"}
  # Whether float16 is kept here, and what else a user would get on this machine.
  rm -rf "$from/optimized"
  [ -z "$shipped" ] || TAIL=40 stage optimize "${STAGE_OPTIMIZE:-60}" "$node" "$main" optimize "$shipped" --threads 4 --out "$from/optimized"

  say "tables; at a glance last"
  local results=("$out"/*.json)
  if [ -f "${results[0]}" ]; then "$node" "$main" bench gpu --show "${results[@]}" | tee "$out/table.txt"
  else echo "nothing was measured"; fi
}

case ${1:-} in
  receive) [ $# = 2 ] || fail "usage: run.sh receive TO" ; receive "$2" ;;
  measure) [ $# -ge 2 ] || fail "usage: run.sh measure FROM [OUT]" ; measure "$2" "${3:-}" ;;
  *) sed -n '2,16p' "$here/run.sh"; exit 2 ;;
esac
