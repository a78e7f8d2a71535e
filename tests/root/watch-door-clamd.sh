#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Side by side with clamd itself: the same bytes in, the same bytes out, for every command in every
# framing; and clamdscan says the same in every mode. What differs on purpose is in the manual.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need clamd clamdscan python3
chmod 755 "$scratch" "$scratch/w"
mkdir -p files/deep/er files/hidden-dir files/none files/skipped files/exclude/skipped-dir
cd files
echo clean >clean
echo clean >deep/er/clean
make_eicar eicar deep/er/eicar skipped/eicar 'with blanks'
: >empty
echo secret >hidden && chmod 600 hidden
chmod 700 hidden-dir
echo x >exclude/a
echo x >exclude/skipped-file
mkfifo fifo
mkdir -p mixed/mounted
echo clean >mixed/clean
mount -t tmpfs none mixed/mounted
mounted+=("$PWD/mixed/mounted")
make_eicar mixed/mounted/eicar
chmod 755 mixed/mounted
cd ..
printf 'Second:0:*:%s\n' "$(printf 'EICAR-STANDARD' | od -An -v -tx1 | tr -d ' \n')" >>"$db/test.ndb"
configuration() { # NAME PORT
    cat <<CONF
LogFile $scratch/$1.log
LocalSocket $scratch/$1.sock
LocalSocketMode 666
TCPSocket $2
TCPAddr 127.0.0.1
DatabaseDirectory $db
TemporaryDirectory $scratch/temporary
User nobody
StreamMaxLength 1M
CommandReadTimeout 3
ReadTimeout 3
MaxThreads 20
ExcludePath skipped
CrossFilesystems no
CONF
}
sock=$scratch/ours.sock log=$scratch/ours.log
configuration ours 13397 >"$conf"
configuration clamd 13396 >"$scratch/clamd.conf"
echo 'Foreground yes' >>"$scratch/clamd.conf"
install -o nobody -m 600 /dev/null "$scratch/clamd.log"
chmod 777 "$scratch" # for clamd's socket
mkdir -m 1777 "$scratch/temporary"
setsid timeout 120 clamd -c "$scratch/clamd.conf" >"$scratch/clamd.out" 2>&1 &
started+=($!)
start_watch
answers() { clamdscan -c "$scratch/clamd.conf" --ping 1 >/dev/null 2>&1; }
eventually answers || skip "clamd does not start: $(tail -n 1 "$scratch/clamd.out")"

cat >"$scratch/ask.py" <<'PY'
import array, os, re, socket, struct, sys, time
scratch, files = sys.argv[1], sys.argv[2].encode()
class Rights:
    def __init__(self, data, *names):
        self.data = data
        self.fds = [os.open(files + b'/' + name, os.O_RDONLY | os.O_NONBLOCK) for name in names]
def ask(name, port, steps):
    if port: s = socket.create_connection(('127.0.0.1', port))
    else:
        s = socket.socket(socket.AF_UNIX)
        s.connect(f'{scratch}/{name}.sock')
    s.settimeout(10)
    got = b''
    try:
        for step in steps:
            if isinstance(step, float): time.sleep(step)
            elif step == 'end': s.shutdown(socket.SHUT_WR)
            elif isinstance(step, Rights):
                s.sendmsg([step.data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', step.fds))])
            else: s.sendall(step)
    except BrokenPipeError: pass
    try:
        while piece := s.recv(65536): got += piece
    except ConnectionResetError: pass
    s.close()
    # The descriptor's number is each daemon's own, and lines come in the order of the directory.
    got = re.sub(rb'fd\[\d+\]', b'fd[N]', got)
    return sorted(re.findall(rb'[^\0\n]*[\0\n]', got)) if any(isinstance(x, bytes) and b'SCAN' in x for x in steps) else got
bad = count = 0
def same(*steps, port=False):
    global bad, count
    count += 1
    theirs, ours = ask('clamd', port and 13396, steps), ask('ours', port and 13397, steps)
    if theirs != ours:
        bad += 1
        print('asked', [x.data if isinstance(x, Rights) else x for x in steps], 'clamd', theirs, 'ours', ours)
def sized(data): return struct.pack('>I', len(data)) + data
end = bytes(4)
eicar = open(files + b'/eicar', 'rb').read()
for port in (False, True):
    for word in b'PING VERSION VERSIONCOMMANDS RELOAD DETSTATS DETSTATSCLEAR END STREAM SESSION ping SCAN ALLMATCHSCAN'.split():
        for framed in (word, word + b'\n', word + b'\r\n', b'n' + word + b'\n', b'n' + word + b'\r\n',
                       b'z' + word + b'\0', b'n' + word + b'\0\n'):
            same(framed, port=port)
for word in b'PING VERSION RELOAD END FILDES INSTREAM STATS IDSESSION'.split():
    same(b'n' + word + b' \n')
    same(b'z' + word + b'x\0')
for data in (b'IDSESSION', b'INSTREAM', b'STATS', b'VERSIONCOMMANDS', b'\n', b'\0', b'n\n', b'z\0', b'PING\0', b'PING\nPING\n',
             b'GET / HTTP/1.1\r\n\r\n', b'zPING\0zVERSION\0', b'zPING\n', b'n' + b'A' * 4096 + b'\n', b'A' * 4096):
    same(data)
same(b'zPI', .2, b'NG\0')
same(b'PI', .2, b'NG')
same(b'zPING\0', 'end')
same(b'zPI', 'end')
same(b'end', 'end')
same(b'zSCAN ' + files + b'/eicar\0', 'end')
same(b'n' + b'A' * 5000) # closed, no reply
for command in b'SCAN CONTSCAN MULTISCAN ALLMATCHSCAN'.split():
    for path in (b'clean', b'eicar', b'empty', b'hidden', b'nothing', b'clean/nothing', b'with blanks', b'deep', b'deep/',
                 b'skipped/eicar', b'exclude', b'mixed', b'mixed/mounted', b'mixed/mounted/eicar', b'a' * 300, b'a/' * 1900):
        for before, after in ((b'z', b'\0'), (b'n', b'\n')):
            same(before + command + b' ' + files + b'/' + path + after)
    for argument in (b' ', b'  /', b' relative', b'\t' + files + b'/eicar'):
        same(b'z' + command + argument + b'\0')
    same(command + b' ' + files + b'/eicar')
    same(command + b' ' + files + b'/eicar\r\n')
for command in (b'zINSTREAM\0', b'nINSTREAM\n'):
    for port in (False, True):
        same(command + sized(b'clean') + end, port=port)
        same(command + sized(eicar) + end, port=port)
        same(command, .1, sized(eicar[:30]), .1, sized(eicar[30:]), .1, end, port=port)
        same(command + b''.join(sized(eicar[i:i + 1]) for i in range(68)) + end, port=port)
        same(command + end, port=port)
        same(command + struct.pack('>I', 0xffffffff), port=port)
        same(command + struct.pack('>I', (1 << 20) + 1), port=port)
        same(command + sized(bytes(1 << 20)) + end, port=port)
        same(command + sized(bytes(1 << 20)) + sized(b'x'), port=port)
        same(command + struct.pack('>I', 9) + b'half', 'end', port=port)
for command in (b'zFILDES\0', b'nFILDES\n', b'FILDES\n'):
    for name in (b'clean', b'eicar', b'empty', b'', b'fifo'):
        same(command, .1, Rights(b'x', name))
    same(command, .1, b'x')
    same(command, .1, Rights(b'x', b'eicar', b'eicar'))
same(Rights(b'zFILDES\0x', b'eicar'))
same(Rights(b'zPING\0', b'eicar'))
session = b'zIDSESSION\0'
for word in b'PING VERSION VERSIONCOMMANDS RELOAD DETSTATS IDSESSION CONTSCAN MULTISCAN ALLMATCHSCAN NONSENSE SCAN'.split():
    same(session + b'z' + word + b'\0zEND\0')
    same(b'nIDSESSION\nn' + word + b'\nnEND\n')
    same(session + b'z' + word + b' ' + files + b'/eicar\0zEND\0')
same(session + b'zPING\0' * 300 + b'zEND\0')
same(session + b'zPING\0nPING\nzPING\0zEND\0')
same(session + b'zEND\0zPING\0')
same(session + b'zPING\0', 'end')
same(session, .1, b'zSCAN ' + files + b'/eic', .1, b'ar\0zEND\0')
same(session + b'zSCAN ' + files + b'/deep\0zSCAN ' + files + b'/clean\0zEND\0')
same(session + b'zINSTREAM\0' + sized(eicar) + end + b'zEND\0')
same(session + b'zINSTREAM\0' + struct.pack('>I', 2 << 20))
same(session, .1, b'zFILDES\0', .1, Rights(b'x', b'eicar'), .1, b'zEND\0')
same(session, .1, Rights(b'zPING\0', b'eicar')) # ends it
print(count, 'asked,', bad, 'differ')
sys.exit(bad > 0 or count < 440)
PY
run timeout 110 python3 "$scratch/ask.py" "$scratch" "$scratch/w/files"
[[ $status -eq 0 ]] || fail "the answers are not clamd's"

# clamdscan: what it prints, what it does to files, and its status.
said() { # CONF OPTION…
    local code=0 conf=$1
    shift
    LC_ALL=C timeout 60 clamdscan -c "$conf" "$@" 2>&1 | sed -E 's/^(Time|Start Date|End Date):.*//' | sort || true
    code=${PIPESTATUS[0]}
    echo "status $code"
}
same_scan() { # OPTION…
    said "$scratch/clamd.conf" "$@" >"$scratch/theirs"
    said "$conf" "$@" >"$scratch/ours"
    expect_same "$scratch/theirs" "$scratch/ours" "what clamdscan $* says"
    grep -q '^status' "$scratch/ours" || fail "nothing was said"
}
f=$scratch/w/files
printf '%s\n' "$f/clean" "$f/eicar" "$f/none" >list
for mode in '' --multiscan --fdpass '--fdpass --multiscan' --stream '--stream --multiscan' '-i' '--quiet' '--no-summary' '-v'; do
    # shellcheck disable=SC2086
    {
        same_scan $mode "$f/clean"
        same_scan $mode "$f/clean" "$f/eicar" "$f/with blanks"
        same_scan $mode "$f/deep" "$f/hidden" "$f/nothing"
        same_scan $mode --file-list=list
    }
done
same_scan --allmatch "$f/eicar"
same_scan --allmatch --fdpass "$f/eicar"
same_scan --ping 1
same_scan --version
same_scan --reload
same_scan --wait --ping 2:1 "$f/eicar"
same_scan --log="$scratch/scan.log" "$f/eicar"
for action in --move= --copy=; do
    for mode in '' --fdpass --stream --multiscan; do
        for who in clamd watch; do
            rm -rf "$scratch/kept" "$scratch/$who.kept"
            mkdir "$scratch/kept"
            make_eicar "$f/one"
            # shellcheck disable=SC2086
            said "$scratch/$who.conf" $mode "$action$scratch/kept" "$f/one" >"$scratch/$who.said"
            ls "$scratch/kept" "$f" >"$scratch/$who.kept"
        done
        expect_same "$scratch/clamd.said" "$scratch/watch.said" "what clamdscan $mode $action says"
        expect_same "$scratch/clamd.kept" "$scratch/watch.kept" "what clamdscan $mode $action does"
        grep -qx one "$scratch/watch.kept" || fail "clamdscan $mode $action keeps nothing"
    done
done
make_eicar "$f/one"
said "$conf" --remove "$f/one" >"$scratch/ours"
[[ ! -e $f/one ]] || fail "clamdscan --remove leaves the file"
