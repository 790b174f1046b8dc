package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"net/http"
)

// TestBackupUnderLoadHoldsEveryAcknowledgedUser takes a backup while clients
// write, and looks in it for what they had been told before it began.
func TestBackupUnderLoadHoldsEveryAcknowledgedUser(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "users.db"), filepath.Join(dir, "backup.db")
	clients := seedClients(t, path)
	p := start(t, "--database-url=file:"+path, "--keep-changes=10000000")
	client := &http.Client{Timeout: deadline, Transport: &http.Transport{MaxIdleConnsPerHost: len(clients)}}
	defer client.CloseIdleConnections()

	round := func(writes int) {
		var wg sync.WaitGroup
		for _, w := range clients {
			wg.Go(func() {
				for range writes {
					if done, err := w.write(client, p.base); err != nil || !done {
						t.Errorf("the server answered: %v, %v", done, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	round(10)
	var before []map[string]person
	for _, w := range clients {
		known := make(map[string]person)
		for id, u := range w.users {
			known[id] = u
		}
		before = append(before, known)
	}
	var loaded sync.WaitGroup
	loaded.Go(func() { round(40) })
	status, stdout, stderr := runHere(t, nil, "backup", "--database-url=file:"+path, backup)
	loaded.Wait()
	if status != exitOK || !strings.Contains(stdout, "users written to "+backup) {
		t.Fatalf("status %d, %q, %q", status, stdout, stderr)
	}
	p.stop(t, syscall.SIGTERM)

	store := openFile(t, backup)
	defer store.Close()
	there := peopleIn(t, store)
	checkLog(t, store, there)
	for c, known := range before {
		for id, u := range known {
			got, ok := there[id]
			_, kept := clients[c].users[id]
			if ok && got.Version < u.Version || !ok && kept {
				t.Errorf("user %s was at version %d before the backup and is %+v in it", id, u.Version, got)
			}
		}
	}
}

func TestRestoringIsStartingOnTheBackup(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "users.db"), filepath.Join(dir, "backup.db")
	clients := seedClients(t, path)
	if status, _, stderr := runHere(t, nil, "backup", "--database-url=file:"+path, backup); status != exitOK {
		t.Fatal(stderr)
	}
	p := start(t, "--database-url=file:"+backup)
	for id := range clients[0].users {
		status, _, err := sendJSON(http.DefaultClient, http.MethodGet, p.base+"/users/"+id, nil)
		if err != nil || status != http.StatusOK {
			t.Errorf("status %d, %v", status, err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestBackupSaysInOneSentenceWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, says string
		args       []string
		status     int
	}{
		{"a service that forgets", "only a file can be backed up", []string{"--database-url=memory:", there + "2"}, exitFailure},
		{"a file that is there", "exists already", []string{"--database-url=file:" + there, there}, exitFailure},
		{"no file to read", "nothing to back up", []string{"--database-url=file:" + there + "3", there + "2"}, exitFailure},
		{"no file to write", "<file>", nil, exitUsage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, stderr := runHere(t, nil, append([]string{"backup"}, tt.args...)...)
			if status != tt.status || !strings.Contains(stderr, tt.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, stderr %q, want status %d and one line with %q", status, stderr, tt.status, tt.says)
			}
		})
	}
}
