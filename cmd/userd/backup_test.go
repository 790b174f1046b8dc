package main

import (
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestBackupUnderLoadHoldsEveryAcknowledgedUser takes a backup while clients
// write, and looks in it for what they had been told before it began.
func TestBackupUnderLoadHoldsEveryAcknowledgedUser(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "users.db"), filepath.Join(dir, "backup.db")
	clients := seedClients(t, path)
	p := start(t, "--database-url=file:"+path, "--keep-changes=10000000")
	client := clientOf(t, clients)
	writeEach(t, client, p.base, clients, 10)
	before := booksOf(clients)
	var loaded sync.WaitGroup
	loaded.Go(func() { writeEach(t, client, p.base, clients, 40) })
	status, stdout, stderr := runHere(t, nil, "backup", "--database-url=file:"+path, backup)
	loaded.Wait()
	if status != exitOK || !strings.Contains(stdout, "users written to "+backup) {
		t.Fatalf("status %d, %q, %q", status, stdout, stderr)
	}
	p.stop(t, syscall.SIGTERM)
	holdsAtLeast(t, backup, before, clients)
}

// clientOf is an HTTP client that all the writers share.
func clientOf(t *testing.T, clients []*writer) *http.Client {
	client := &http.Client{Timeout: deadline, Transport: &http.Transport{MaxIdleConnsPerHost: len(clients)}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// writeEach has each of the clients make so many changes.
func writeEach(t *testing.T, client *http.Client, base string, clients []*writer, changes int) {
	t.Helper()
	var wg sync.WaitGroup
	for _, w := range clients {
		wg.Go(func() {
			for range changes {
				if done, err := w.write(client, base); err != nil || !done {
					t.Errorf("the server answered: %v, %v", done, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// booksOf is what each of the clients has been told by now.
func booksOf(clients []*writer) (books []map[string]person) {
	for _, w := range clients {
		books = append(books, maps.Clone(w.users))
	}
	return books
}

// holdsAtLeast fails unless the file has all that was in the books, as it was or
// as the clients have changed it since.
func holdsAtLeast(t *testing.T, path string, books []map[string]person, clients []*writer) {
	t.Helper()
	store := openFile(t, path)
	defer store.Close()
	there := peopleIn(t, store)
	checkLog(t, store, there)
	for c, known := range books {
		for id, u := range known {
			got, ok := there[id]
			if ok && got.Version < u.Version || !ok && !clients[c].mayHaveDeleted(id) {
				t.Errorf("user %s was at version %d before the copy and is %+v in it", id, u.Version, got)
			}
		}
	}
}

// mayHaveDeleted tells whether the client has deleted a user it knew, or asked
// for it and got no answer.
func (w *writer) mayHaveDeleted(id string) bool {
	_, kept := w.users[id]
	return !kept || w.pending != nil && w.pending.id == id && w.pending.after == nil
}
