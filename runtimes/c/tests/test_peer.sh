#!/bin/sh
# The peer's commands work: test_peer.sh PEER
set -eu
peer=$1
segment=/zeroipc_c_$$_peer
trap 'rm -f "/dev/shm$segment"' EXIT INT TERM

expect() { # WANTED COMMAND…
    wanted=$1
    shift
    got=$("$peer" "$@") || true
    if [ "$got" != "$wanted" ]; then
        printf 'peer %s\n  wanted: %s\n  got:    %s\n' "$*" "$wanted" "$got" >&2
        exit 1
    fi
}

expect '' create $segment 65536
expect '' array-write $segment small i8 -1 2 127
expect '{"values":[-1,2,127]}' array-read $segment small i8
expect '{"value":7}' array-add $segment small i8 1 1 5
expect '' array-write $segment floats f64 0.1 -2.5
expect '{"values":[0.10000000000000001,-2.5]}' array-read $segment floats f64
expect '{"value":10000.1}' array-add $segment floats f64 0 1 10000
expect '' create-queue $segment q 100
expect '{"capacity":128,"len":0}' queue-open $segment q Item
expect '' queue-produce $segment q 3 50
expect '{"capacity":128,"len":50}' queue-open $segment q Item
"$peer" die-at queue.push.written queue-produce $segment q 4 1 && exit 1
"$peer" queue-produce $segment q 5 500000 &
expect '{"consumed":500050,"producers":{"3":{"count":50,"sum":1225},"5":{"count":500000,"sum":124999750000}}}' \
    queue-consume $segment q 500050
wait
expect '{"consumed":0,"producers":{}}' queue-drain $segment q
expect '{"status":"KIND_MISMATCH","message":"queue `small`: its kind in the segment is array; open it as that, or choose another name"}' \
    queue-open $segment small u8
expect '{"attachments":1}' attachments $segment
expect '' unlink $segment
echo "peer                                                         ok"
