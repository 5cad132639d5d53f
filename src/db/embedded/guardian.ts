/**
 * PostgreSQL does not notice when its parent is killed. So a shell stands between: its standard input is a pipe whose other end only the
 * hub holds, and which the kernel closes when the hub is gone, SIGKILL included. Then the server gets SIGINT, its fast shutdown. The shell's
 * exit status is the server's, so the hub learns of a dead server from its child's exit.
 */
export const guardianScript = `
exec 3<&0 0</dev/null
"$@" 3<&- &
server=$!
( while read -r line <&3; do :; done; kill -INT $server 2>/dev/null ) &
watcher=$!
wait $server
status=$?
kill $watcher 2>/dev/null
exit $status
`
