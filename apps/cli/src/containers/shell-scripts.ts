/**
 * Two small scripts for a POSIX shell. They get everything as arguments; nothing is ever put
 * together into a command.
 */

export const SHELL = '/bin/sh';

/**
 * Runs a container under a name of its own and stays as long as it does. A server that is process 1
 * of its container ignores SIGTERM unless it says otherwise, and killing the engine's program would
 * leave it running: so the container is stopped by its name.
 *
 * `program name engine-remove-arguments… -- run-arguments…`; the name is completed by the shell's pid.
 */
export const RUN_SCRIPT = `
program=$1 name=$2-$$
shift 2
remove=
while [ "$1" != -- ]; do remove="$remove $1"; shift; done
shift 2
end() {
  trap '' TERM INT HUP
  "$program" stop -t 1 "$name" >/dev/null 2>&1 </dev/null
  "$program" $remove "$name" >/dev/null 2>&1 </dev/null
}
trap end TERM INT HUP
# A shell takes stdin from what it starts in the background, before it looks at a redirection.
exec 3<&0 </dev/null
"$program" run --name "$name" "$@" <&3 3<&- &
child=$!
exec 3<&-
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
exit "$code"
`;

/**
 * Waits until thv lets go of its stdin, by word or by dying, and removes the containers that carry its
 * label. After a death it looks again: a container may have been on its way.
 *
 * `program label engine-remove-arguments…`
 */
export const REAPER_SCRIPT = `
program=$1 label=$2
shift 2
rounds=1
read -r word || rounds=4
while [ "$rounds" -gt 0 ]; do
  for id in $("$program" ps --all --quiet --filter "label=$label"); do
    "$program" "$@" "$id" >/dev/null 2>&1
  done
  rounds=$((rounds - 1))
  [ "$rounds" -eq 0 ] || sleep 1
done
`;
