package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// TestLitestreamRestoresWhatItHadSynced replicates the file of a server with
// Litestream while clients write, kills both, and looks in what Litestream
// restores for what the clients had been told before its last sync. It needs
// Litestream, on the PATH or where LITESTREAM says. In the long form the server
// starts its write-ahead log over several times:
//
//	go install github.com/benbjohnson/litestream/cmd/litestream@v0.5.18
//	LITESTREAM_CHANGES=3000 LITESTREAM=$(go env GOPATH)/bin/litestream go test ./cmd/userd -run Litestream -v
func TestLitestreamRestoresWhatItHadSynced(t *testing.T) {
	program, err := exec.LookPath(cmp.Or(os.Getenv("LITESTREAM"), "litestream"))
	if err != nil {
		t.Skip("Litestream is not installed")
	}
	dir := t.TempDir()
	path, restored := filepath.Join(dir, "users.db"), filepath.Join(dir, "restored.db")
	clients := seedClients(t, path)
	p := start(t, "--database-url=file:"+path, "--keep-changes=10000000")
	l := startLitestream(t, program, dir, path)
	client := clientOf(t, clients)
	writeEach(t, client, p.base, clients, number(t, "LITESTREAM_CHANGES", 100))
	before := booksOf(clients)

	var written sync.WaitGroup
	for _, w := range clients { // until the server has gone
		written.Go(func() {
			for done, err := true, error(nil); done; {
				if done, err = w.write(client, p.base); err != nil {
					t.Error(err)
				}
			}
		})
	}
	l.run(t, "sync", "-wait", "-socket", l.socket, path)
	p.stop(t, syscall.SIGKILL)
	written.Wait()
	l.stop()
	l.run(t, "restore", "-config", l.config, "-o", restored, path)
	holdsAtLeast(t, restored, before, clients)
}

// litestream is a Litestream that replicates a file.
type litestream struct {
	program, config, socket string
	stop                    func() // kills it
}

func startLitestream(t *testing.T, program, dir, path string) *litestream {
	t.Helper()
	l := &litestream{program: program, config: filepath.Join(dir, "litestream.yml"), socket: filepath.Join(dir, "socket")}
	config := fmt.Sprintf("socket: {enabled: true, path: %s}\ndbs:\n  - path: %s\n    replica: {type: file, path: %s}\n",
		l.socket, path, filepath.Join(dir, "replica"))
	if err := os.WriteFile(l.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "replicate", "-config", l.config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.stop = sync.OnceFunc(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	t.Cleanup(l.stop)
	await(t, "Litestream", func() bool {
		return exec.Command(program, "sync", "-wait", "-socket", l.socket, path).Run() == nil
	})
	return l
}

// run has Litestream do what args say.
func (l *litestream) run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(l.program, args...).CombinedOutput(); err != nil {
		t.Fatalf("litestream %s: %v, %s", args[0], err, out)
	}
}
