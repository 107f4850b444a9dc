#!/bin/sh
# PID 1 of the container: starts Node with the arguments given, hands signals on, reaps every orphan (a shell's
# `wait` takes all children) and ends with Node's own exit code. Node itself as PID 1 would reap nobody and would
# not hear a SIGTERM before its handler is there. Node gets a session of its own, or Ctrl-C would reach it twice.

# Drain: a container's SIGINT means the same as its SIGTERM, and background children ignore SIGINT until they say.
asked=''
child=''
trap 'asked=TERM; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
trap '[ -z "$child" ] || kill -HUP "$child" 2>/dev/null' HUP

setsid node "$@" &
child=$!
[ -z "$asked" ] || kill -TERM "$child" 2>/dev/null

# `wait` returns early when a signal comes in, and its answer is then the signal's. As long as the child can be
# signalled, even as a zombie, it has not been waited for. Asked once more, the shell still knows how it ended.
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  status=$?
done
wait "$child"
again=$?
[ "$again" -eq 127 ] || status=$again
exit "$status"
